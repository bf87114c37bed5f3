import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../src/encoding.js";
import { readInstant, writeInstant } from "../src/instant.js";
import { parse, Real } from "../src/json.js";
import { publicKey, sign, signingKey, verifies } from "../src/keys.js";

const refusesWith = (code, act) => assert.throws(act, (error) => error.code === code);
const json = (text) => parse(Buffer.from(text));

test("base64url has one spelling", () => {
  assert.equal(decode("AQ").toString("hex"), "01");
  for (const text of ["AR", "AQ==", "AQ\n", "A", "A+/A"]) refusesWith("base64url", () => decode(text));
});

test("JSON has one reading, and 1.0 is no whole number", () => {
  assert.equal(json('{"__proto__":1}').__proto__, 1);
  assert.ok(json("1.0") instanceof Real && json("1e0") instanceof Real && json("1") === 1);
  for (const text of ["", "{", '{"a":1,"\\u0061":2}', '"\\ud800"', "01", "1.", "[1,]", "\ufeff1", "1 2", "nul"]) {
    refusesWith("json", () => json(text));
  }
  for (const text of ["NaN", "-Infinity", "1e999", "9007199254740992"]) refusesWith("json_number", () => json(text));
  refusesWith("json", () => json("[".repeat(17) + "]".repeat(17)));
});

test("times are read to a microsecond, and a volume's end is rounded up", () => {
  assert.equal(writeInstant(readInstant("2026-11-22T13:00:00.1234567Z")), "2026-11-22T13:00:00.123456Z");
  assert.equal(
    writeInstant(readInstant("2026-11-22T13:00:00.1234567Z", "claims", true)),
    "2026-11-22T13:00:00.123457Z",
  );
  for (const text of ["2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z", "1969-12-31T23:59:59Z", "2026-11-22T13:00:00z"]) {
    refusesWith("claims", () => readInstant(text));
  }
});

test("a signature with a neutral R, and a key of small order, are refused", () => {
  const key = signingKey(Buffer.alloc(32, 7));
  const bytes = Buffer.from("said");
  const signature = sign(key, bytes);
  assert.ok(verifies(key.public, bytes, signature));
  assert.ok(!verifies(key.public, bytes, Buffer.concat([Buffer.from([1]), Buffer.alloc(31), signature.subarray(32)])));
  refusesWith("key", () => publicKey(Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])));
  refusesWith("key", () => publicKey(Buffer.alloc(32)));
});
