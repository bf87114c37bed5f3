/**
 * The page's line to its own desk: one stream of events, read with fetch since it needs a header.
 *
 * Guaranteed: a stream that ends or goes quiet is opened again for as long as the page stands; whatever then comes is a
 * whole picture. How long nothing was heard is told by `heardDesk` in any case, for silence must be seen.
 */

import { effect, signal } from "../vendor/signals.js";
import { fault } from "../broken.js";
import { entered, locked, pageKey } from "./deeds.js";
import { happened, heard, heardDesk, take, tick } from "./picture.js";

/** After this the page says that it does not hear its desk: three beats are missing. */
export const SILENT_MS = 3000;
/** After this the stream is given up: a desk that lives beats each second. */
const GIVE_UP_MS = 6000;
const AGAIN_MS = [250, 500, 1000, 2000];

/** The last ring that the desk asked for. @type {import("../types.js").Signal<import("../types.js").Ring | null>} */
export const ring = signal(null);

/** Why the desk does not feed this page, where it said so. @type {import("../types.js").Signal<import("./deeds.js").Problem | null>} */
export const refusal = signal(null);

/** Follow the desk until the page is closed. */
export async function follow() {
  setInterval(tick, 250);
  // A tab that was hidden or asleep learns at once how long.
  document.addEventListener("visibilitychange", tick);
  for (let failed = 0; ; ) {
    if (locked.peek()) {
      await unlocked();
      failed = 0;
    }
    const opened = performance.now();
    await listen().catch(() => {});
    failed = performance.now() - opened > GIVE_UP_MS ? 0 : failed + 1;
    await new Promise((done) => setTimeout(done, AGAIN_MS[Math.min(failed, AGAIN_MS.length - 1)]));
  }
}

function unlocked() {
  return new Promise((done) => {
    const stop = effect(() => {
      if (!locked.value) queueMicrotask(() => (stop(), done(undefined)));
    });
  });
}

async function listen() {
  const given = new AbortController();
  const began = entered.peek();
  const stop = effect(() => {
    if (entered.value !== began) given.abort();
  });
  const watching = setInterval(() => {
    if (heardDesk.peek() > GIVE_UP_MS) given.abort();
  }, 1000);
  try {
    const opening = setTimeout(() => given.abort(), GIVE_UP_MS);
    const response = await fetch("/api/stream", {
      headers: { "Keepclear-Page": pageKey(), Accept: "text/event-stream" },
      credentials: "same-origin",
      cache: "no-store",
      signal: given.signal,
    });
    clearTimeout(opening);
    if (response.status === 401) locked.value = true;
    refusal.value = response.ok ? null : await response.json().catch(() => null);
    if (!response.ok || response.body === null) return;
    heard();
    for await (const { event, data } of events(response.body)) {
      try {
        said(event, JSON.parse(data));
      } catch (error) {
        // What is said next may be a danger: it is taken in whatever became of this.
        fault(error);
      }
    }
  } finally {
    stop();
    clearInterval(watching);
    given.abort();
  }
}

/**
 * @param {string} event
 * @param {any} data
 */
function said(event, data) {
  if (event === "beat") heard(data.now);
  else if (event === "picture") take(data, true);
  else if (event === "change") take(data, false);
  else if (event === "ring") ring.value = data;
  else if (event === "event") happened(data);
}

/**
 * Read server-sent events: only what the desk sends of them.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<{event: string, data: string}>}
 */
async function* events(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += decoder.decode(value, { stream: true });
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      let event = "message";
      const data = [];
      for (const line of block.split(/\r?\n/)) {
        if (line.startsWith("event:")) event = line.slice(6).trim();
        else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      }
      if (data.length > 0) yield { event, data: data.join("\n") };
    }
  }
}
