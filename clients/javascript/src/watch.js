// Follows a party's stream: keeps what comes, signs `delivered`, reads everything anew
// after a gap, and comes back when the line is lost, each time a little later.
import { makeAcknowledgement } from "./acknowledgement.js";
import { now, SECOND } from "./instant.js";
import { readPosition } from "./position.js";
import { Refusal } from "./refusal.js";
import { newClaims } from "./statement.js";
import { mayAgain } from "./hotline.js";

const SILENCE_MS = 15_000;
const LONGEST_STREAM_MS = 11 * 60_000;
const LONGEST_PAUSE_MS = 30_000;
export const ADMIT_S = 600;

const pause = (milliseconds, signal) => new Promise((resolve) => {
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
});

/** Files a statement, and writes down its answer or its refusal. */
export async function fileAndKeep(journal, hotline, kind, statement) {
  let answer;
  try {
    answer = await hotline.file(kind, statement.text);
  } catch (error) {
    if (error instanceof Refusal && !mayAgain(error)) journal.append({ do: "refused", sha256: statement.sha256 });
    throw error;
  }
  const { receipt, alerts, again } = answer;
  return {
    receipt: journal.append({ do: "sent", kind, statement: statement.text, receipt, alerts }),
    alerts: alerts.length,
    again,
  };
}

/** Signs and files an answer to the newest alert of a conflict. */
export async function acknowledge(
  journal,
  hotline,
  record,
  { stage, verdict, oursNewest, officer = null, readBack = null },
) {
  const { desk } = journal;
  const claims = newClaims(desk.party, desk.agreement, Number(now() / SECOND), ADMIT_S);
  const text = makeAcknowledgement(hotline.key, claims, {
    alert: record.newest.alert,
    stage,
    verdict,
    oursNewest,
    officer,
    readBack,
  });
  return fileAndKeep(journal, hotline, "acknowledgement", { text, sha256: null });
}

export class Watch {
  /** `tell` is told { event, ... } of what happens; `signs` whether this desk's key may acknowledge. */
  constructor(journal, hotline, tell, signs) {
    Object.assign(this, { journal, hotline, tell, signs });
    this.caughtUp = false;
  }

  /** Runs until `signal` aborts, or, with `once`, until all that there was is kept. */
  async run(signal, once = false) {
    for (let losses = 0; !signal.aborted; ) {
      try {
        const good = await this.connection(signal, once);
        if (once && this.caughtUp) return;
        losses = good ? 0 : losses + 1;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (signal.aborted) return;
        losses += 1;
        this.tell({ event: "line", state: "lost", code: error.code, message: error.message });
        if (!mayAgain(error) && error.code !== "wrong_terms") throw error;
      }
      await pause(Math.min(LONGEST_PAUSE_MS, 250 * 2 ** losses), signal);
    }
  }

  async readEverything() {
    const { budgets, ...everything } = await this.hotline.everything();
    this.journal.append({ do: "read", ...everything });
    const { desk } = this.journal;
    for (const budget of budgets) {
      const spent = desk.loudly(() => desk.overBudget({ budget }));
      if (!(spent instanceof Refusal)) this.tell({ event: "budget", ...spent });
    }
  }

  /** One connection: whether anything came behind its `open`. */
  async connection(signal, once) {
    const { desk } = this.journal;
    this.journal.refresh();
    if (this.journal.incomplete) {
      await this.readEverything();
      this.journal.incomplete = false;
    }
    await this.settle();
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, ended.signal, AbortSignal.timeout(LONGEST_STREAM_MS)]);
    let heard = setTimeout(() => ended.abort(), SILENCE_MS);
    const { body, request } = await this.hotline.stream(desk.cursor, stop);
    desk.connect(request);
    const text = new TextDecoder("utf-8", { ignoreBOM: true });
    let alive = 0;
    let told = false;
    let { slowUntil } = desk;
    try {
      for await (const chunk of body) {
        const before = this.journal.desk.cursor;
        desk.feed(text.decode(chunk, { stream: true }), now(), (event) => this.keep(event));
        if (desk.follower.lost) throw new Refusal("unreachable", "the stream does not begin as the hotline's");
        if (desk.slowUntil !== slowUntil) this.tell({ event: "line", state: "slow" });
        ({ slowUntil } = desk);
        const { opened } = desk.follower;
        if (opened && !told) this.tell({ event: "line", state: "open", at: desk.owed, position: desk.cursor });
        told ||= opened;
        if (desk.gap) {
          this.tell({ event: "gap", reason: desk.gap });
          await this.readEverything();
          await this.settle();
          ended.abort();
          return true;
        }
        const moved = before !== desk.cursor;
        if (opened && desk.events.alive > alive && (moved || !this.owes())) {
          clearTimeout(heard);
          heard = setTimeout(() => ended.abort(), SILENCE_MS);
        }
        alive = desk.events.alive;
        if (moved) await this.settle();
        if (opened && !this.owes()) this.caughtUp = true;
        if (once && this.caughtUp) return true;
      }
    } catch (error) {
      if (error instanceof Refusal) throw error;
      if (!signal.aborted) throw new Refusal("unreachable", "the stream broke off, or nothing was heard for 15 s");
    } finally {
      clearTimeout(heard);
      ended.abort();
    }
    return alive > 1;
  }

  /** Whether the hotline has said that there is more than what was kept. */
  owes() {
    const { cursor, owed } = this.journal.desk;
    if (!owed) return true;
    const there = readPosition(owed);
    return cursor === null ? there.number > 0n : readPosition(cursor).number < there.number;
  }

  keep({ name, data, id }) {
    const outcome = this.journal.append({ do: "event", name, data, position: id });
    if (name === "alert" && !(outcome instanceof Refusal)) this.tell({ event: "alert", ...this.describe(outcome) });
    if (name === "acknowledgement" && !(outcome instanceof Refusal)) {
      const { iss, stage, verdict, officer, conflict, version, matches } = outcome;
      this.tell({ event: "acknowledgement", from: iss, stage, verdict, officer, conflict, version, verified: matches,
        standing: this.journal.desk.shown.conflicts.get(conflict)?.held?.standing ?? null });
    }
    if (name === "budget" && !(outcome instanceof Refusal)) this.tell({ event: "budget", ...outcome });
    if (name === "notice" && !(outcome instanceof Refusal))
      this.tell({ event: "notice", id: outcome.id, revision: outcome.revision, kind: outcome.kind });
  }

  describe(record) {
    const { payload } = record.held.alert;
    return {
      conflict: record.id,
      version: record.held.version,
      standing: record.held.standing,
      severity: payload.severity,
      reason: payload.reason,
      with: payload.other.party,
      pairs: payload.pairs,
    };
  }

  /** Sends again what has no receipt yet, and signs `delivered` where it is owed. */
  async settle() {
    const { journal, hotline } = this;
    for (const statement of journal.desk.outbox()) {
      await this.attempt(() => fileAndKeep(journal, hotline, statement.kind, statement));
    }
    if (!this.signs) return;
    for (const { record, verdict, oursNewest } of journal.desk.unsigned()) {
      const said = { stage: "delivered", verdict, oursNewest };
      record.signed = await this.attempt(() => acknowledge(journal, hotline, record, said));
    }
  }

  /** Whether it was said, or refused for good: if not, it is still owed. */
  async attempt(act) {
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.tell({ event: "not_sent", code: error.code, message: error.message });
      return !mayAgain(error);
    }
  }
}
