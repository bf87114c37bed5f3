#!/usr/bin/env node
// Answers protocol/conformance: a question a line on stdin, an answer a line on stdout.
import { createInterface } from "node:readline";
import { OPERATIONS } from "../src/conformance.js";
import { parse } from "../src/json.js";
import { Refusal } from "../src/refusal.js";

const DEEPEST = 1000;

function answer(question) {
  const operation = Object.hasOwn(OPERATIONS, question.do) ? OPERATIONS[question.do] : null;
  if (!operation) return { unsupported: true };
  try {
    return { ok: operation(question) };
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code };
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const question = parse(Buffer.from(line), Infinity, DEEPEST);
  process.stdout.write(`${JSON.stringify({ id: question.id, ...answer(question) })}\n`);
}
