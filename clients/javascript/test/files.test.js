// Files at hand: no pipe makes anybody wait, and no secret is read that others can touch.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readOrdinary } from "../src/files.js";

const folder = mkdtempSync(join(tmpdir(), "kc-files-"));
const code = (act) => {
  try {
    act();
  } catch (error) {
    return error.code;
  }
  return "taken";
};

test("an ordinary file for its owner alone is read, whole", () => {
  const path = join(folder, "key");
  writeFileSync(path, "secret\n", { mode: 0o600 });
  assert.equal(readOrdinary(path, 7, "key_file", { secret: true }).toString(), "secret\n");
  assert.equal(code(() => readOrdinary(path, 6, "key_file")), "key_file");
  chmodSync(path, 0o640);
  assert.equal(code(() => readOrdinary(path, 7, "key_file", { secret: true })), "key_file");
  assert.equal(code(() => readOrdinary(path, 7, "key_file")), "taken");
});

test("a pipe or a folder in its place is refused at once", () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", ["-m", "600", pipe]);
  for (const path of [pipe, folder]) assert.equal(code(() => readOrdinary(path, 9, "key_file")), "key_file");
});
