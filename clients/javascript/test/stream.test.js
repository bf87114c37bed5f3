import assert from "node:assert/strict";
import { test } from "node:test";
import { Events, Follower, follow } from "../src/stream.js";

const EPOCH = "0123456789abcdef0123456789abcdef";
const body = `event: open\r\ndata: {"open": "a.b.c"}\r\n\r\nid: ${EPOCH}-5\revent: alert\rdata: {}\r\r: alive\n\n`;

test("events are the same wherever the bytes are cut", () => {
  const whole = new Events().feed(body);
  assert.deepEqual(whole.map(({ name }) => name), ["open", "alert"]);
  for (let cut = 1; cut < body.length; cut += 1) {
    const events = new Events();
    assert.deepEqual([...events.feed(body.slice(0, cut)), ...events.feed(body.slice(cut))], whole, `cut at ${cut}`);
  }
});

test("a line that is no event stream's is no sign of life", () => {
  const events = new Events();
  events.feed("<html>\n\n<p>sign in</p>\n");
  assert.equal(events.alive, 0);
  events.feed(": here\n");
  assert.equal(events.alive, 1);
});

test("a jump is a gap, and nothing counts behind it", () => {
  const alerts = [5, 7, 8].map((number) => `id: ${EPOCH}-${number}\nevent: alert\ndata: {}\n\n`);
  const said = `event: open\ndata: {}\n\n${alerts.join("")}`;
  assert.deepEqual(follow(`${EPOCH}-4`, said), {
    kept: [[`${EPOCH}-5`, "alert"]],
    cursor: null,
    gap: "hole",
    lost: false,
  });
  assert.equal(new Follower(`${EPOCH}-4`).take({ name: "alert", data: "{}", id: `${EPOCH}-5` }), "drop");
});
