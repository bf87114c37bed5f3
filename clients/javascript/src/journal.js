// The journal of a desk: a folder whose file holds, a JSON line each, everything that the desk took in. The desk is
// what these lines make of it, each verified again, so that a restart forgets nothing and trusts nothing (R-078,
// R-100). Several processes may share it: each appends whole lines and reads the others' before it goes on.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readSync, fstatSync, writeSync } from "node:fs";
import { join } from "node:path";
import { newId } from "./encoding.js";
import { Desk } from "./desk.js";
import { isObject, parse } from "./json.js";
import { now, readInstant, writeInstant } from "./instant.js";
import { ensure, Refusal, refuse } from "./refusal.js";

const DEEPEST = 32;

export class Journal {
  /** `tell` is told { code, message, conflict } of what this process finds not to hold. */
  constructor(folder, tell = () => {}) {
    this.path = join(folder, "journal.jsonl");
    this.tell = tell;
    this.loud = false;
    this.read = 0;
    this.rest = Buffer.alloc(0);
    this.desk = null;
    this.outcomes = new Map();
    this.mine = new Set();
    /** Whether a line could not be read: then what the hotline holds has to be read anew. */
    this.incomplete = false;
    if (existsSync(this.path)) this.refresh();
    this.loud = true;
  }

  /** Begins a journal: this party's desk, under these agreements. */
  static begin(folder, party, documents) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const journal = new Journal(folder);
    ensure(journal.desk === null, "journal", "the folder holds a desk already");
    journal.append({ do: "begin", party, documents });
    return journal;
  }

  static resume(folder, tell) {
    const journal = new Journal(folder, tell);
    return journal.desk ? journal : refuse("journal", "no desk in this folder: install an agreement with check");
  }

  /** Writes a record down, then makes of it what it says: its outcome, or a Refusal where it says nothing. */
  append(record) {
    const id = newId();
    const line = `${this.torn() ? "\n" : ""}${JSON.stringify({ id, now: writeInstant(now()), ...record })}\n`;
    this.mine.add(id);
    const file = openSync(this.path, "a", 0o600);
    try {
      const bytes = Buffer.from(line);
      ensure(writeSync(file, bytes) === bytes.length, "journal", "the journal could not be written");
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.refresh();
    const { outcome, refusal } = this.outcomes.get(id);
    this.outcomes.delete(id);
    if (refusal) throw refusal;
    return outcome;
  }

  /** Whether a crash left half a line at the end. */
  torn() {
    this.refresh();
    return this.rest.length > 0;
  }

  /** Takes in what is new in the file. */
  refresh() {
    if (!existsSync(this.path)) return;
    const file = openSync(this.path, "r");
    try {
      const more = Buffer.alloc(fstatSync(file).size - this.read);
      this.read += readSync(file, more, 0, more.length, this.read);
      this.rest = Buffer.concat([this.rest, more]);
    } finally {
      closeSync(file);
    }
    for (let end = this.rest.indexOf(10); end >= 0; end = this.rest.indexOf(10)) {
      const line = this.rest.subarray(0, end);
      this.rest = this.rest.subarray(end + 1);
      if (line.length) this.apply(line);
    }
  }

  apply(line) {
    let record;
    try {
      record = parse(line, Infinity, DEEPEST);
      ensure(isObject(record), "journal", "a line that is no record");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // Cut off by a crash, or spoilt since: whatever it told is not known here any more.
      this.incomplete = true;
      const message = "a line cannot be read: what it told is missing until a watch has read everything anew";
      this.tell({ code: "journal", message });
      return;
    }
    const made = { outcome: null, refusal: null };
    try {
      made.outcome = this.make(record);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      made.refusal = error;
    }
    if (this.mine.delete(record.id)) this.outcomes.set(record.id, made);
  }

  make(record) {
    const at = readInstant(record.now);
    const { desk } = this;
    if (record.do === "begin") {
      const alarm = (found) => this.loud && this.tell(found);
      this.desk = new Desk(record.party, record.documents, alarm);
      return this.desk;
    }
    ensure(desk !== null, "journal", "a record before the desk begins");
    desk.judgeAgain(at);
    if (record.do === "install") return desk.install(record.document, at);
    if (record.do === "note") return desk.note(record.kind, record.text);
    if (record.do === "sent") return desk.sent(record, at);
    if (record.do === "read") return desk.read(record, at);
    if (record.do === "refused") return desk.refused(record.sha256);
    if (record.do === "event") return desk.take({ name: record.name, data: record.data, id: record.position }, at);
    return refuse("journal", `an unknown record ${record.do}`);
  }
}
