// Server-sent events, as bytes become events, and what a position makes of them.
import { isObject, isText, parse } from "./json.js";
import { readPosition } from "./position.js";
import { Refusal, refuse } from "./refusal.js";

const FIELDS = ["event", "data", "id", "retry"];
const KEPT = ["alert", "acknowledgement", "notice", "budget"];
export const LARGEST_EVENT = 1_048_576;

/** Turns text into events; `alive` counts the lines that are signs of life. */
export class Events {
  constructor() {
    this.rest = "";
    this.alive = 0;
    this.begun = false;
    this.clear();
  }

  clear() {
    this.event = { name: "message", data: [], id: null };
  }

  /** The events that are whole now. */
  feed(text) {
    this.rest += text;
    if (!this.begun && this.rest) {
      this.begun = true;
      if (this.rest.startsWith("\ufeff")) this.rest = this.rest.slice(1);
    }
    const events = [];
    const lines = this.rest.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop();
    if (this.rest.length > LARGEST_EVENT) refuse("unreachable", "a line that does not end");
    for (const line of lines) this.line(line, events);
    return events;
  }

  line(line, events) {
    if (line === "") {
      const { name, data, id } = this.event;
      if (data.length) {
        events.push({ name, data: data.join("\n"), id });
        this.alive += 1;
      }
      this.clear();
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field !== "" && !FIELDS.includes(field)) return;
    this.alive += 1;
    if (field === "event") this.event.name = value;
    if (field === "data") this.event.data.push(value);
    if (field === "id") this.event.id = value;
  }
}

/** The members of an event's data, or null if it is no object. */
export function dataOf(event) {
  try {
    const value = parse(Buffer.from(event.data), LARGEST_EVENT);
    return isObject(value) ? value : null;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

/**
 * Where a reader is that has kept `cursor` (null: nothing). `take` says what an event is to it: "open", "keep", "pass"
 * or "drop"; after a `gap` ("trimmed", "epoch", "ahead", "hole") nothing counts until everything was read again.
 */
export class Follower {
  constructor(cursor) {
    this.cursor = cursor;
    this.gap = null;
    this.opened = false;
    this.lost = false;
    this.foretold = false; // the first word said already that there is a gap
  }

  take(event) {
    if (event.name === "gap" && this.foretold) {
      this.foretold = false;
      return "drop";
    }
    if (this.gap || this.lost) return "drop";
    if (!this.opened) {
      this.opened = event.name === "open";
      this.lost = !this.opened;
      return this.opened ? "open" : "drop";
    }
    if (event.name === "gap") return this.lose(dataOf(event)?.reason);
    if (event.id === null)
      return event.name === "drain" || event.name === "open" || !KEPT.includes(event.name) ? "pass" : this.lose("hole");
    let position;
    try {
      position = readPosition(event.id);
    } catch {
      return this.lose("hole");
    }
    const before = this.cursor === null ? { epoch: position.epoch, number: 0n } : readPosition(this.cursor);
    if (position.epoch === before.epoch && position.number <= before.number) return "drop";
    if (position.epoch !== before.epoch) return this.lose("epoch");
    if (position.number !== before.number + 1n) return this.lose("hole");
    this.foretold = false;
    return KEPT.includes(event.name) ? "keep" : "move";
  }

  /** Moves behind an event that was kept, or passed over with a position. */
  move(event) {
    this.cursor = event.id;
  }

  /** The gap that the first word is: the hotline's own, right behind it, says nothing more. */
  foretell(reason) {
    this.foretold = true;
    return this.lose(reason);
  }

  lose(reason) {
    this.gap = ["trimmed", "epoch", "ahead"].includes(reason) ? reason : "hole";
    this.cursor = null;
    return "drop";
  }
}

/** What of a whole body is kept behind `cursor`: for the vectors. */
export function follow(cursor, text) {
  const follower = new Follower(cursor);
  const kept = [];
  for (const event of new Events().feed(text)) {
    const what = follower.take(event);
    if (what === "keep" && isText(event.id)) kept.push([event.id, event.name]);
    if (what === "keep" || what === "move") follower.move(event);
  }
  const lost = follower.lost || !follower.opened;
  return { kept, cursor: follower.cursor, gap: follower.gap, lost };
}
