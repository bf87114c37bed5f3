// Instants: whole microseconds since 1970, as BigInt, and how they are written.
import { ensure } from "./refusal.js";

const WRITTEN = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?Z$/;
export const SECOND = 1_000_000n;

export const seconds = (count) => BigInt(count) * SECOND;
export const now = () => BigInt(Date.now()) * 1000n;
export const later = (a, b) => (a > b ? a : b);
export const earlier = (a, b) => (a < b ? a : b);

/** The instant that `text` says; finer digits are dropped, or lead to the next microsecond with `up`. */
export function readInstant(text, code = "claims", up = false) {
  const parts = typeof text === "string" ? WRITTEN.exec(text) : null;
  ensure(parts, code, "not an RFC 3339 time with T and Z");
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const milliseconds = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(milliseconds).toISOString();
  ensure(year >= 1970 && back.slice(0, 19) === text.slice(0, 19), code, "no such time, or before 1970");
  const digits = (parts[7] ?? "").padEnd(9, "0");
  const finer = up && Number(digits.slice(6)) > 0 ? 1n : 0n;
  return BigInt(milliseconds) * 1000n + BigInt(digits.slice(0, 6)) + finer;
}

export function writeInstant(instant) {
  const whole = new Date(Number(instant / 1000n)).toISOString();
  if (instant % SECOND === 0n) return `${whole.slice(0, 19)}Z`;
  if (instant % 1000n === 0n) return whole;
  return `${whole.slice(0, 23)}${String(instant % 1000n).padStart(3, "0")}Z`;
}
