import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Journal } from "../src/journal.js";

const vectors = JSON.parse(readFileSync(new URL("../../../protocol/vectors/alerts.json", import.meta.url), "utf8"));

function begun() {
  const folder = mkdtempSync(join(tmpdir(), "keepclear-js-"));
  const journal = Journal.begin(folder, "south", vectors.agreements.slice(0, 1));
  journal.append({ do: "note", kind: "notice", text: vectors.statements["south one"] });
  return { folder, journal };
}

test("a desk is what its journal holds, after a restart and in another process", () => {
  const { folder, journal } = begun();
  const again = Journal.resume(folder);
  assert.deepEqual([...again.desk.own.keys()], [...journal.desk.own.keys()]);
  const position = "0123456789abcdef0123456789abcdef-1";
  const { object } = vectors.cases.find(({ name }) => name === "opened");
  again.append({ do: "event", name: "alert", data: JSON.stringify(object), position });
  journal.refresh();
  assert.equal(journal.desk.cursor, position);
  assert.equal([...journal.desk.shown.conflicts.values()][0].held.standing, "OPEN");
});

test("a line that a crash cut off is passed over, and loudly", () => {
  const { folder } = begun();
  appendFileSync(join(folder, "journal.jsonl"), '{"id":"cut');
  const told = [];
  const journal = Journal.resume(folder, (found) => told.push(found.code));
  journal.append({ do: "event", name: "later", data: "{}", position: "0123456789abcdef0123456789abcdef-1" });
  assert.deepEqual(told, ["journal"]);
  assert.equal(journal.desk.cursor, "0123456789abcdef0123456789abcdef-1");
});

test("an altered alert is no part of the picture", () => {
  const { journal } = begun();
  const { object } = vectors.cases.find(({ name }) => name === "opened");
  const told = [];
  journal.tell = (found) => told.push(found.code);
  const alert = object.alert.replace(/.(?=.{100}$)/, (symbol) => (symbol === "A" ? "B" : "A"));
  journal.append({
    do: "event",
    name: "alert",
    data: JSON.stringify({ ...object, alert }),
    position: "0123456789abcdef0123456789abcdef-1",
  });
  assert.deepEqual(told, ["evidence"]);
  assert.equal(journal.desk.shown.conflicts.size, 0);
});

test("whatever line is spoilt, the rest is read, and that something is missing is known", () => {
  const { folder } = begun();
  const path = join(folder, "journal.jsonl");
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  for (const bad of ["null", "[]", '"x"', "{", '{"do": 1}', "\u0000"]) {
    for (let at = 0; at < lines.length; at += 1) {
      writeFileSync(path, [...lines.slice(0, at), bad, ...lines.slice(at + 1), ""].join("\n"));
      const told = [];
      const journal = new Journal(folder, (found) => told.push(found.code));
      assert.equal(journal.incomplete || journal.desk === null || bad === '{"do": 1}', true, `${bad} at ${at}`);
    }
  }
});
