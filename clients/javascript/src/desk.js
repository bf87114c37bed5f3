// A desk without I/O: what a party knows, from what it filed, what its stream brought and what it read (R-074 to
// Two pictures: `line` is what the stream has brought so far, against which the stream's
// alerts are held; `shown` may be ahead of it by an answer's alerts.
import { readAcknowledgement } from "./acknowledgement.js";
import { checkSuccessor, partyKeys, readAgreement } from "./agreement.js";
import { later, SECOND } from "./instant.js";
import { spokenCode } from "./alert.js";
import { isText } from "./json.js";
import { jwtPart, readNotice } from "./notice.js";
import { readOpening } from "./opening.js";
import { NOT_CONFIRMED, Picture } from "./picture.js";
import { readPosition } from "./position.js";
import { readReceipt } from "./receipt.js";
import { ensure, Refusal, refuse, under } from "./refusal.js";
import { readSpent } from "./spent.js";
import { KINDS, peek } from "./statement.js";
import { dataOf, Events, Follower } from "./stream.js";
import { readWithdrawal } from "./withdrawal.js";

const WAITING = ["wrong_terms", "clock"];
const SLOW = 3n * SECOND; // for how long the hotline's word holds that it is

export class Desk {
  /**
   * `documents` are the agreements installed, oldest first. `alarm` is told { code, message, conflict } of what
   * fails.
   */
  constructor(party, documents, alarm = () => {}) {
    this.party = party;
    this.agreements = documents.map(readAgreement);
    this.agreements.slice(1).forEach((next, index) => checkSuccessor(this.agreements[index], next));
    this.own = new Map();
    this.line = new Picture(party, this.agreements, this.own);
    this.shown = new Picture(party, this.agreements, this.own);
    this.lost = new Set(); // ids of own notices that the hotline has fallen behind
    this.cursor = null;
    this.slowUntil = null; // until when a danger filed just now may not have been told yet
    this.alarm = alarm;
    this.disconnect();
  }

  get agreement() {
    return this.agreements.at(-1);
  }

  quietly(act, refused) {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused(error);
    }
  }

  /** Runs `act`; what it refuses is told as an alarm, and null returned. */
  loudly(act, conflict = null) {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.alarm({ code: error.code, message: error.message, conflict });
      return error;
    }
  }

  // Agreements.

  /** Goes over to a successor; what waited for it is judged again. */
  install(document, now) {
    const next = readAgreement(document);
    checkSuccessor(this.agreement, next);
    this.agreements.push(next);
    this.judgeAgain(now);
  }

  /** Judges again what waited for terms or for the clock. */
  judgeAgain(now) {
    for (const picture of [this.line, this.shown]) {
      for (const { id, newest } of [...picture.conflicts.values()]) {
        if (!WAITING.includes(newest.verdict)) continue;
        const { verdict, alert } = newest;
        this.quietly(
          () => picture.take(alert.object, now),
          ({ code, message }) => {
            if (picture === this.shown && code !== verdict) this.alarm({ code, message, conflict: id });
          },
        );
      }
    }
  }

  // Own statements.

  /** A statement of this party's, read by its kind: notice, withdrawal or acknowledgement. */
  readOwn(kind, text) {
    const read = {
      notice: (jws, keys) => readNotice(jws, keys, true),
      withdrawal: readWithdrawal,
      acknowledgement: readAcknowledgement,
    }[kind];
    const { terms } = peek(kind === "notice" ? jwtPart(text) : text, KINDS[kind]);
    const agreement = this.agreements.find((installed) => installed.terms === terms) ?? this.agreement;
    const statement = read(text, partyKeys(agreement));
    const entry = agreement.operational.get(statement.kid);
    ensure(entry.party === this.party && statement.iss === this.party, "evidence", "not our own statement");
    ensure(entry.roles.includes(KINDS[kind].role), "evidence", "its key lacks the role");
    return { kind, ...statement };
  }

  /** Notes a statement before it is sent: an alert may name it before its receipt is there. */
  note(kind, text) {
    const statement = this.readOwn(kind, text);
    if (kind !== "acknowledgement" && !this.own.has(statement.sha256))
      this.own.set(statement.sha256, { ...statement, seq: null });
    return statement;
  }

  /** What was noted and then refused was never filed. */
  refused(sha256) {
    if (this.own.get(sha256)?.seq === null) this.own.delete(sha256);
  }

  /** What was noted and neither receipted nor refused: the same bytes may be sent again. */
  outbox() {
    return [...this.own.values()].filter(({ seq }) => seq === null);
  }

  /** A receipt for what was sent, verified. */
  receipted(kind, text, receipt) {
    const statement = this.readOwn(kind, text);
    const read = readReceipt(receipt, statement, this.agreements);
    if (kind !== "acknowledgement") this.own.set(statement.sha256, { ...statement, seq: read.seq, receipt: read });
    return read;
  }

  /** The 201 to an own statement: its receipt and the alerts beside it. */
  sent({ kind, statement, receipt, alerts }, now) {
    const read = receipt === null ? null : this.receipted(kind, statement, receipt);
    if (kind === "acknowledgement") this.shown.answer(this.readOwn(kind, statement));
    for (const object of alerts) this.loudly(() => this.shown.take(object, now));
    return read;
  }

  // The stream.

  disconnect() {
    this.events = new Events();
    this.follower = new Follower(this.cursor);
    this.gap = null;
  }

  /** A new connection behind the cursor, opened by a proof of identity `request`. */
  connect(request) {
    this.disconnect();
    this.request = request;
  }

  /**
   * More of the stream came. `keep` is told of each event with a position, in order, and must keep it before it
   * returns.
   */
  feed(text, now, keep = (event) => this.take(event, now)) {
    for (const event of this.events.feed(text)) {
      const what = this.follower.take(event);
      if (what === "open")
        this.quietly(
          () => this.opened(event, now),
          () => (this.follower.lost = true),
        );
      if (what === "keep" || what === "move") {
        keep(event);
        this.follower.move(event);
      }
      if (what === "pass" && event.name === "slow") this.slowUntil = now + SLOW;
      if (this.follower.gap) this.gap = this.follower.gap;
    }
    if (this.gap) this.cursor = null;
  }

  /** An event that follows what was kept: the cursor moves behind it, whatever it holds. */
  take({ name, data, id }, now) {
    const outcome = name in EVENTS ? this.loudly(() => this.keep(name, data, now)) : null;
    this.cursor = id;
    return outcome;
  }

  /**
   * The first word of a connection: who does not say it rightly is not the hotline, and that is no evidence against
   * it.
   */
  opened(event, now) {
    this.owed = readOpening(dataOf(event)?.open, this.agreements, this.party, this.request, now).at;
    if (this.cursor === null) return;
    const [here, there] = [readPosition(this.cursor), readPosition(this.owed)];
    if (here.epoch !== there.epoch) this.follower.foretell("epoch");
    else if (there.number < here.number) this.follower.foretell("ahead");
  }

  keep(name, data, now) {
    const value = dataOf({ data });
    ensure(value, "evidence", `the data of ${name} is no object`);
    return EVENTS[name].call(this, value, now);
  }

  /**
   * An alert object of the stream, held against what the stream brought before; the picture takes over what it is
   * then.
   */
  alerted(object, now) {
    try {
      return this.line.take(object, now);
    } finally {
      const record = [...this.line.conflicts.values()].find(({ newest }) => newest.alert.text === object.alert);
      if (record) this.shown.adopt(record);
    }
  }

  /** An acknowledgement, the counterpart's or our own, if it is one that a desk may read. */
  acknowledged({ acknowledgement: text }) {
    ensure(isText(text), "evidence", "no acknowledgement");
    return under("evidence", () => {
      const { terms } = peek(text, KINDS.acknowledgement);
      const agreement = this.agreements.find((installed) => installed.terms === terms) ?? this.agreement;
      const read = readAcknowledgement(text, partyKeys(agreement));
      const entry = agreement.operational.get(read.kid);
      ensure(entry.party === read.iss && read.aud === agreement.id, "evidence", "not of whose key signed");
      ensure(entry.roles.includes("acknowledge"), "evidence", "its key lacks the role");
      return { ...read, matches: this.shown.answer(read) };
    });
  }

  /** The service's word that a party's budget is spent: until then what that party files may be refused. */
  overBudget({ budget: text }) {
    ensure(isText(text), "evidence", "no word of a budget");
    return readSpent(text, this.agreements);
  }

  filed({ notice, withdrawal, receipt }) {
    const kind = isText(notice) ? "notice" : "withdrawal";
    ensure(
      isText(notice) !== isText(withdrawal) && isText(receipt),
      "evidence",
      "a notice or a withdrawal, and its receipt",
    );
    return under("evidence", () => this.receipted(kind, notice ?? withdrawal, receipt));
  }

  // Everything read anew.

  /** The answers of /v1/conflicts and /v1/notices, in full: what should be in them and is not is ROLLBACK. */
  read({ at, conflicts, notices }, now) {
    readPosition(at);
    const there = new Map();
    for (const { notice, withdrawal = null, receipt } of notices) {
      const kind = notice === null ? "withdrawal" : "notice";
      const own = this.loudly(() => under("evidence", () => this.receipted(kind, notice ?? withdrawal, receipt)));
      if (!(own instanceof Refusal)) there.set(own.id, own.revision);
    }
    for (const entry of conflicts) {
      const { alert, presentation, cause } = entry;
      this.loudly(() => this.shown.take({ alert, presentation, cause }, now), entry.conflict);
      const record = this.shown.conflicts.get(entry.conflict);
      if (record) this.line.adopt(record);
      const answers = Array.isArray(entry.acknowledgements) ? entry.acknowledgements : [];
      for (const acknowledgement of answers) this.loudly(() => this.acknowledged({ acknowledgement }));
    }
    this.missConflicts(new Set(conflicts.map(({ conflict }) => conflict)));
    this.missNotices(there, now);
    this.cursor = at;
    this.gap = null;
    Object.assign(this.follower, { cursor: at, gap: null });
  }

  missConflicts(there) {
    for (const { id, held } of this.shown.conflicts.values()) {
      if (held?.standing !== "OPEN" || there.has(id)) continue;
      this.alarm({ code: "rollback", message: "an open conflict that the hotline no longer holds", conflict: id });
    }
  }

  missNotices(there, now) {
    for (const newest of this.newestOwn()) {
      const isOver = newest.kind === "withdrawal" || newest.volumes.map(({ end }) => end).reduce(later) < now;
      const has = there.get(newest.id) ?? 0;
      if ((isOver && !there.has(newest.id)) || has >= newest.revision) this.lost.delete(newest.id);
      else {
        this.lost.add(newest.id);
        this.alarm({
          code: "rollback",
          message: `the hotline no longer holds revision ${newest.revision} of our notice ${newest.id}`,
        });
      }
    }
  }

  // What it knows.

  /** The newest receipted statement of each own notice, by id. */
  newestOwn() {
    const ids = new Set([...this.own.values()].filter(({ seq }) => seq !== null).map(({ id }) => id));
    return [...ids].sort().map((id) => this.shown.newestOwn(id));
  }

  /** The newest read statement of that own notice, or a refusal: what an amendment or withdrawal follows. */
  current(id) {
    const newest = this.shown.newestOwn(id);
    if (!newest) refuse("not_found", "no receipted notice of ours under this id");
    ensure(newest.kind === "notice", "notice_withdrawn", "the notice was withdrawn");
    return newest;
  }

  /** What a desk says of the newest alert of a conflict. */
  verdictOf({ held, newest }) {
    const stands = held?.sha256 === newest.sha256;
    return stands && held.standing === NOT_CONFIRMED ? "closed_without_cause" : newest.verdict;
  }

  /** What is to be signed `delivered` and was not: { record, verdict, oursNewest }. */
  unsigned() {
    const owed = [...this.shown.conflicts.values()].filter(
      ({ signed, newest }) => !signed && !WAITING.includes(newest.verdict),
    );
    return owed
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((record) => ({ record, verdict: this.verdictOf(record), oursNewest: this.oursNewest(record) }));
  }

  oursNewest({ newest: { alert } }) {
    const { own } = alert.payload;
    return this.shown.newestOwn(own.id)?.sha256 ?? own.sha256;
  }

  /** The conflict of that id, or of that code to say aloud. */
  find(name) {
    const found = [...this.shown.conflicts.values()].filter(
      ({ id }) => id === name || spokenCode(id) === name.toUpperCase(),
    );
    return found.length === 1
      ? found[0]
      : refuse("conflict_unknown", "no such conflict, or more than one of that code");
  }
}

const EVENTS = {
  budget: Desk.prototype.overBudget,
  alert: Desk.prototype.alerted,
  acknowledgement: Desk.prototype.acknowledged,
  notice: Desk.prototype.filed,
};
