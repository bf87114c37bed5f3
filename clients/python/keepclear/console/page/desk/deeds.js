/**
 * What can be asked of the desk. The page holds no key: it asks, and the desk on this machine signs or refuses.
 *
 * Guaranteed: every answer is the desk's own or an error with `code`, `detail` and `hint`; a page whose session is over
 * says so (`locked`) and asks nothing more by itself.
 */

import { signal } from "../vendor/signals.js";

/** @typedef {{code: string, detail: string, hint: string}} Problem */

const SESSION = "/api/session";
/** Where the browser keeps each role's page key, and the tab that it is a wall's. */
const KEPT = { officer: "keepclear.page", wall: "keepclear.page.wall" };
const WALL = "keepclear.wall";
const TRIES = 5;
const AGAIN_MS = 300;
const MOST_WAIT_MS = 30_000;

/** Whether the desk does not know this page (any more): it needs a new start link. */
export const locked = signal(false);

/** Counts how often this page was let in anew: its stream is then to be one of its new session. */
export const entered = signal(0);

/**
 * The key of this page's session: the officer's, if the browser has one, and in a tab that was opened as a wall that.
 * @returns {string}
 */
export function pageKey() {
  const held = heldKeys();
  return (sessionStorage.getItem(WALL) === null ? held.officer ?? held.wall : held.wall) ?? "";
}

function heldKeys() {
  return { officer: localStorage.getItem(KEPT.officer), wall: localStorage.getItem(KEPT.wall) };
}

/** Exchange the one-time token of the start link for this page's session, and take it out of the address. */
export async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get("start");
  if (token === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  for (let left = TRIES; left > 0; left--) {
    try {
      // What the browser holds is told, too: it goes on with a session that it has, as do its other pages.
      const answer = await ask(SESSION, { token, held: heldKeys() });
      localStorage.setItem(KEPT[/** @type {"officer" | "wall"} */ (answer.role)], answer.page_key);
      if (answer.role === "wall") sessionStorage.setItem(WALL, "");
      else sessionStorage.removeItem(WALL);
      locked.value = false;
      entered.value += 1;
      return;
    } catch (fault) {
      // A link that is used up is no harm to a page that has its session; one that has none is told so by the stream.
      if (/** @type {Problem} */ (fault).code !== "desk_silent") return;
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }
}

/** Take up start links that are opened in this page, and what another page of this desk was let in by. */
export function keepEntered() {
  addEventListener("hashchange", enter);
  addEventListener("storage", (event) => {
    if (event.key !== KEPT.officer && event.key !== KEPT.wall) return;
    locked.value = false;
    entered.value += 1;
  });
}

/**
 * Ask the desk: POST with a body, as JSON or, of a file, its bytes; GET without. Throws a `Problem`.
 * @param {string} path
 * @param {object | Blob} [body]
 * @param {{wait_ms?: number}} [how] for how long an answer is waited for
 * @returns {Promise<any>}
 */
export async function ask(path, body, { wait_ms = MOST_WAIT_MS } = {}) {
  const isFile = body instanceof Blob;
  const type = isFile ? "application/octet-stream" : "application/json";
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: { "Keepclear-Page": pageKey(), ...(body === undefined ? {} : { "Content-Type": type }) },
      body: body === undefined ? null : isFile ? body : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(wait_ms),
    });
  } catch (fault) {
    throw problem("desk_silent", String(fault), "");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  // A start link that is used up says nothing of the session that this page may have.
  if (response.status === 401 && path !== SESSION) locked.value = true;
  throw problem(answer?.code ?? `http_${response.status}`, answer?.detail ?? response.statusText, answer?.hint ?? "");
}

/**
 * Read data that is not JSON, such as a chart; the answer is the caller's to judge.
 * @param {string} path
 * @param {{headers?: Record<string, string>}} [options]
 */
export function fetchData(path, options = {}) {
  return fetch(path, { headers: { ...options.headers, "Keepclear-Page": pageKey() }, credentials: "same-origin" });
}

/**
 * @param {string} code
 * @param {string} detail
 * @param {string} hint
 * @returns {Problem}
 */
function problem(code, detail, hint) {
  return { code, detail, hint };
}
