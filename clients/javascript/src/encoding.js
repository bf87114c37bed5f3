// base64url, base32, digests and ids in their one spelling.
import { createHash, randomBytes } from "node:crypto";
import { ensure } from "./refusal.js";

export const encode = (bytes) => Buffer.from(bytes).toString("base64url");
export const sha256 = (data) => createHash("sha256").update(data).digest();
export const sha512 = (data) => createHash("sha512").update(data).digest();
export const digest = (data) => encode(sha256(data));
export const newId = () => encode(randomBytes(16));

/** The bytes of `text`, or a refusal: Buffer is lenient, so only what encodes to the same text again is taken. */
export function decode(text, code = "base64url") {
  const bytes = Buffer.from(typeof text === "string" ? text : "", "base64url");
  ensure(typeof text === "string" && encode(bytes) === text, code, "not the one base64url spelling of its bytes");
  return bytes;
}

const spells = (count, length) => (text) =>
  typeof text === "string" && text.length === length && encode(Buffer.from(text, "base64url")) === text
  && Buffer.from(text, "base64url").length === count;

export const isDigest = spells(32, 43);
export const isId = spells(16, 22);

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

export function base32(bytes) {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) text += BASE32[(held >> (bits -= 5)) & 31];
  }
  return bits ? text + BASE32[(held << (5 - bits)) & 31] : text;
}

/** The bytes that lower-case base32 stands for; stray bits are left to whoever encodes again and compares. */
export function unbase32(text) {
  const bytes = [];
  let bits = 0;
  let held = 0;
  for (const symbol of text) {
    const value = BASE32.indexOf(symbol);
    ensure(value >= 0, "key", "not base32");
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) bytes.push((held >> (bits -= 8)) & 255);
  }
  return Buffer.from(bytes);
}
