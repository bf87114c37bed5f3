// The picture of a desk: what holds of each conflict, and the steps that every alert object goes
// through before it changes that. What fails is thrown as a Refusal and leaves the picture as it was.
import { checkKeyAt, partyKeys } from "./agreement.js";
import { alertJti, conflictId, readAlert } from "./alert.js";
import { readInstant, seconds, SECOND } from "./instant.js";
import { readNotice } from "./notice.js";
import { anyAhead, recompute, windowsOf } from "./recompute.js";
import { ensure, Refusal, under } from "./refusal.js";
import { readWithdrawal } from "./withdrawal.js";

const AHEAD_S = 60;
const evidence = (holds, what) => ensure(holds, "evidence", what);
const nameOf = ({ party, id }) => `${party} ${id}`;

export class Picture {
  /**
   * `agreements` are those installed, oldest first; more may be pushed. `own` is the party's statements by identity.
   */
  constructor(party, agreements, own = new Map()) {
    this.party = party;
    this.agreements = agreements;
    this.own = own;
    this.theirs = new Map(); // party and id: identities by revision, as alerts have told them
    this.conflicts = new Map(); // id: held and lastOpen (alerts that verified), newest (with its verdict), answers
    this.seenTerms = []; // [rank, at] of verified alerts, each of higher terms than those before
  }

  /** The newest receipted statement of that notice of ours, among entries of the log up to `seq`. */
  newestOwn(id, seq = Infinity) {
    const of = [...this.own.values()].filter(
      (statement) => statement.id === id && statement.seq !== null && statement.seq <= seq,
    );
    return of.reduce(
      (best, statement) => (best === null || statement.revision > best.revision ? statement : best),
      null,
    );
  }

  /**
   * Takes an alert object: the conflict's record as it is then, or a Refusal. One that is refused after it was
   * found to be the newest stands as that, with its code for a verdict, beside what held before.
   */
  take(object, now) {
    const alert = readAlert(object, this.agreements);
    this.checkAddress(alert);
    const id = alert.payload.conflict;
    const before = this.conflicts.get(id) ?? { id, held: null, newest: null, lastOpen: null, basis: null };
    this.checkOrder(alert, before);
    const repeated = before.newest?.sha256 === alert.sha256;
    const basis = repeated ? before.basis : { held: before.held, lastOpen: before.lastOpen };
    if (repeated && before.newest.verdict === "verified") {
      this.judge(alert, basis, now);
      return before;
    }
    const record = repeated ? before : { ...before, basis, answers: new Map(), signed: false };
    record.newest = { version: alert.payload.version, sha256: alert.sha256, verdict: null, alert };
    this.conflicts.set(id, record);
    try {
      const { standing, lastOpen, theirs } = this.judge(alert, basis, now);
      record.newest.verdict = "verified";
      record.held = { version: alert.payload.version, sha256: alert.sha256, alert, standing, theirs };
      record.lastOpen = lastOpen ?? basis.lastOpen;
      this.learn(alert);
      return record;
    } catch (error) {
      if (error instanceof Refusal) record.newest.verdict = error.code;
      throw error;
    }
  }

  /** Steps 4 to 9. `before` is what held, and the last open alert, when this one first came. */
  judge(alert, before, now) {
    ensure(alert.rank >= 0, "wrong_terms", "the alert is under terms that are not installed");
    const own = this.checkFrame(alert);
    const verdict = alert.payload.state === "open" ? this.checkOpen(alert, own) : this.checkClosing(alert, own, before);
    ensure(alert.at <= now + seconds(AHEAD_S), "clock", "the alert is dated ahead of this machine's clock");
    return verdict;
  }

  learn({ payload: { other }, rank, at }) {
    const known = this.theirs.get(nameOf(other)) ?? new Map();
    this.theirs.set(nameOf(other), known.set(other.revision, other.sha256));
    if (!this.seenTerms.some(([higher]) => higher >= rank)) this.seenTerms.push([rank, at]);
  }

  /** Takes over what another picture has made of a conflict, unless this one is as far or farther. */
  adopt(record) {
    const mine = this.conflicts.get(record.id);
    if (mine && mine.newest.version >= record.newest.version) return;
    this.conflicts.set(record.id, { ...record, answers: new Map(record.answers) });
    if (record.newest.verdict === "verified") this.learn(record.held.alert);
  }

  checkAddress({ payload }) {
    const { aud, jti, to, own, other, conflict, version } = payload;
    evidence(
      aud === this.agreements[0].id && to === this.party && own.party === this.party,
      "not of this agreement, or not to us",
    );
    evidence(other.party !== this.party, "the other side is another party");
    evidence(conflict === conflictId(aud, [own.party, own.id], [other.party, other.id]), "not the id of this conflict");
    evidence(jti === alertJti(conflict, version, to), "not the jti of this alert");
  }

  checkOrder({ payload, sha256, rank }, before) {
    const fail = (holds, what) => ensure(holds, "rollback", what);
    const { version, own, other } = payload;
    const last = before.newest;
    fail(
      !last || version > last.version || (version === last.version && sha256 === last.sha256),
      "an older version, or another one",
    );
    const newest = this.newestOwn(own.id, version);
    fail(!newest || own.revision >= newest.revision, "an older revision of ours");
    fail(
      !newest || own.revision !== newest.revision || own.sha256 === newest.sha256,
      "another statement of ours at one revision",
    );
    const known = this.theirs.get(nameOf(other));
    fail(!known || other.revision >= Math.max(...known.keys()), "an older revision of theirs");
    fail((known?.get(other.revision) ?? other.sha256) === other.sha256, "another statement of theirs at one revision");
    fail(!last || rank < 0 || rank >= last.alert.rank, "older terms than before");
  }

  checkFrame({ payload, at, rank }) {
    const { own, other, rules, iat } = payload;
    evidence(
      !this.seenTerms.some(([higher, since]) => higher > rank && since < at),
      "newer terms were in force before",
    );
    evidence(rules === "1", "rules that cannot be recomputed");
    evidence(at / SECOND === BigInt(iat), "iat is not the second of at");
    evidence(
      [own, other].every((side) => at >= readInstant(side.received_at)),
      "dated before what it is about was received",
    );
    const statement = this.own.get(own.sha256) ?? null;
    if (statement === null) {
      const gone = payload.state !== "open" && own.revision < (this.newestOwn(own.id)?.revision ?? 0);
      evidence(gone, "of a statement that this desk does not have");
      return null;
    }
    evidence(statement.id === own.id && statement.revision === own.revision, "of another statement than it says");
    evidence(this.rankOf(statement.terms) <= rank, "under older terms than our statement");
    return statement;
  }

  rankOf(terms) {
    return this.agreements.findIndex((agreement) => agreement.terms === terms);
  }

  /**
   * A statement of the counterpart's that is just `other`, verified under a key that was its own with role submit when
   * it was received, by the newest revision that lists it (R-074, step 6). `~` tells a notice from a withdrawal.
   */
  readTheirs(text, { payload: { other }, rank }) {
    return under("evidence", () => {
      const isNotice = text.includes("~");
      const keys = new Map(this.agreements.flatMap((agreement) => [...partyKeys(agreement)]));
      const statement = isNotice ? readNotice(text, keys, false) : readWithdrawal(text, keys);
      const entry = this.agreements
        .findLast(({ operational }) => operational.has(statement.kid))
        .operational.get(statement.kid);
      checkKeyAt(entry, readInstant(other.received_at), "submit");
      const theirs =
        entry.party === other.party && statement.iss === other.party && statement.aud === this.agreements[0].id;
      evidence(theirs && this.rankOf(statement.terms) <= rank, "not the counterpart's, or under newer terms");
      const same =
        statement.id === other.id && statement.revision === other.revision && statement.sha256 === other.sha256;
      evidence(same, "not the statement that the alert names");
      const previous = this.theirs.get(nameOf(other))?.get(other.revision - 1);
      evidence(!previous || statement.prev === previous, "does not follow the revision before");
      return statement;
    });
  }

  checkOpen(alert, own) {
    const { disclosed } = alert.payload;
    evidence(alert.cause === null && alert.presentation !== null, "open: their notice and no cause");
    const theirs = this.readTheirs(alert.presentation, alert);
    evidence(theirs.kind === "notice", "open: their notice");
    const shown = theirs.volumes.map(({ digest }) => digest).sort();
    evidence(
      shown.length > 0 && shown.length === disclosed.length && shown.every((own_, index) => own_ === disclosed[index]),
      "not exactly disclosed",
    );
    evidence(own.kind === "notice", "open against our withdrawal");
    recompute(alert, own, theirs, this.agreements[alert.rank]);
    return { standing: "OPEN", lastOpen: { alert, own, theirs }, theirs };
  }

  checkClosing(alert, own, before) {
    const { payload, presentation, cause } = alert;
    const { state, reason, disclosed, shown, pairs, lead } = payload;
    evidence(disclosed.length + shown.length + pairs.length === 0, "what is not open has no figures");
    evidence(presentation === null || state === "past", "a closing shows no presentation");
    const theirs = state === "past" ? this.readPast(alert) : null;
    ensure(
      lead === (state === "past" ? "RETROACTIVE" : null),
      "recompute",
      "what is past is RETROACTIVE, what is closed is nothing",
    );
    evidence(cause === null || ["withdrawn", "amended"].includes(reason), "a cause that needs none");
    const closing = { alert, own, before, theirs, lastOpen: before.lastOpen, agreement: this.agreements[alert.rank] };
    if (cause !== null) closing.cause = this.readTheirs(cause, alert);
    if (own === null && !closing.cause) return { standing: NOT_CONFIRMED };
    return CLOSINGS[state === "past" ? "past" : reason].call(this, closing);
  }

  readPast(alert) {
    if (alert.presentation === null) return null; // the service has let it go
    const theirs = this.readTheirs(alert.presentation, alert);
    evidence(
      theirs.kind === "notice" && theirs.volumes.length === 0 && theirs.category === null,
      "past: nothing disclosed",
    );
    return theirs;
  }

  /**
   * Takes a verified acknowledgement: whether it is of the newest alert and of just its two statements. The
   * counterpart's may confirm a closing; our own, from any desk, tells that `delivered` was said.
   */
  answer(acknowledgement) {
    const record = this.conflicts.get(acknowledgement.conflict);
    if (!record || record.newest.version !== acknowledgement.version) return false;
    const { own, other } = record.newest.alert.payload;
    const theirs = acknowledgement.iss === other.party;
    const [ours, others] = theirs ? [other, own] : [own, other];
    if (acknowledgement.ours !== ours.sha256 || acknowledgement.theirs !== others.sha256) return false;
    if (!theirs) {
      if (acknowledgement.iss !== this.party || acknowledgement.alert !== record.newest.sha256) return false;
      record.signed = true;
      return true;
    }
    record.answers.set(acknowledgement.stage, acknowledgement);
    const confirms = acknowledgement.verdict === "verified" && acknowledgement.ours_newest === acknowledgement.ours;
    const of = record.held?.version === record.newest.version ? record.held : null;
    if (confirms && of?.standing === NOT_CONFIRMED) of.standing = "CLOSED";
    return true;
  }
}

export const NOT_CONFIRMED = "CLOSED NOT CONFIRMED";
const without = (holds, what) => ensure(holds, "closed_without_cause", what);

/** The last open alert, if it was of just these two revisions. */
const ofThese = (lastOpen, { own, other }) =>
  lastOpen && lastOpen.alert.payload.own.sha256 === own.sha256 && lastOpen.alert.payload.other.sha256 === other.sha256
    ? lastOpen
    : null;

const shownOf = ({ alert, own }) => ({
  ...own,
  volumes: own.volumes.filter(({ digest }) => alert.payload.shown.includes(digest)),
});

/** What each closing proves. Called on the picture; `cause`, where there is one, was read and is `other`. */
const CLOSINGS = {
  withdrawn({ own, cause }) {
    without((cause ?? own).kind === "withdrawal", "no withdrawal is shown");
    return { standing: "CLOSED" };
  },

  amended({ alert, own, before, lastOpen, agreement, cause }) {
    if (cause) {
      without(cause.kind === "notice", "the cause is no notice");
      without(cause.volumes.length === 0 && cause.category === null, "a cause discloses nothing");
      const last = before.held?.alert.payload.other.revision ?? 1;
      without(cause.revision > last, "no higher revision is shown");
      return { standing: NOT_CONFIRMED };
    }
    without(own.kind === "notice" && own.revision > (lastOpen?.own.revision ?? 1), "no higher revision is shown");
    if (!lastOpen) return { standing: NOT_CONFIRMED };
    without(!anyAhead(own, lastOpen.theirs, agreement, alert.at), "recomputed, our revision is still in conflict");
    return { standing: lastOpen.theirs.sha256 === alert.payload.other.sha256 ? "CLOSED" : NOT_CONFIRMED };
  },

  ended({ alert, own, lastOpen, agreement }) {
    const open = ofThese(lastOpen, alert.payload);
    if (open) {
      without(!anyAhead(shownOf(open), open.theirs, agreement, alert.at), "recomputed, a pair is still ahead");
      return { standing: "CLOSED" };
    }
    const over = own.kind === "notice" && windowsOf(own, agreement).last < alert.at;
    return { standing: over ? "CLOSED" : NOT_CONFIRMED };
  },

  terms({ alert, lastOpen, agreement }) {
    const open = ofThese(lastOpen, alert.payload);
    if (!open) return { standing: NOT_CONFIRMED };
    without(open.alert.payload.terms !== alert.payload.terms, "the terms are not new");
    const pairs = !anyAhead(shownOf(open), open.theirs, agreement, alert.at);
    without(pairs, "recomputed under the new terms, a pair is still ahead");
    return { standing: "CLOSED" };
  },

  past({ alert, own, before, lastOpen, agreement }) {
    if (before.held?.standing === "OPEN") {
      const over = !anyAhead(shownOf(lastOpen), lastOpen.theirs, agreement, alert.at);
      without(over, "an open conflict is not over");
    }
    without(own.kind === "notice" && windowsOf(own, agreement).first <= alert.at, "nothing of ours had begun");
    return { standing: "PAST" };
  },
};
