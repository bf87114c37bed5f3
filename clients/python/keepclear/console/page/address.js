/**
 * What is looked at, as the page's address has it: selection, time, room, language, theme, and where the map stands.
 *
 * Guaranteed: a reload, or the address opened in another page of this desk, shows the same; nothing secret stands in
 * it. A change of room is a step that the browser's Back undoes; all else replaces the address in place.
 */

import { effect, signal } from "./vendor/signals.js";

/** @typedef {"queue" | "filing" | "history" | "incident" | "report" | "log"} Room */

const ROOMS = ["queue", "filing", "history", "incident", "report", "log"];
export const LANGUAGES = ["en", "he", "ar", "tr", "ru"];
const REMEMBERED = "keepclear.look";

const first = read();

/** The room at the end side, in the queue's place. */
export const room = signal(first.room);
/** The selected conflict: its code, or its id where two share a code; "" for none. */
export const selected = signal(first.selected);
/** The slider's time as the address has it, RFC 3339 or ""; `picture.js` gives it as `shownAt`. */
export const time = signal(first.time);
export const lang = signal(first.lang);
/** @type {import("./types.js").Signal<"dark" | "day">} */
export const theme = signal(first.theme);
/** Where the map stands: "zoom,lat,lng" or "". */
export const view = signal(first.view);

/**
 * What the map is asked to show: set by Enter on a card.
 * @type {import("./types.js").Signal<{conflict: string, at: number} | null>}
 */
export const lookAt = signal(null);

/**
 * Go to a room; `sel`, where given, is selected there.
 * @param {Room} to
 * @param {string} [sel]
 */
export function go(to, sel) {
  const moved = room.peek() !== to;
  if (sel !== undefined) selected.value = sel;
  room.value = to;
  if (moved) history.pushState(null, "", written());
}

export function toggleTheme() {
  theme.value = theme.peek() === "day" ? "dark" : "day";
}

function read() {
  const asked = new URLSearchParams(location.search);
  const remembered = recall();
  const asRoom = asked.get("room") ?? "";
  const asLang = asked.get("lang") ?? remembered.lang ?? navigator.language.slice(0, 2);
  return {
    room: /** @type {Room} */ (ROOMS.includes(asRoom) ? asRoom : "queue"),
    selected: asked.get("sel") ?? "",
    time: asked.get("t") ?? "",
    lang: LANGUAGES.includes(asLang) ? asLang : "en",
    theme: /** @type {"dark" | "day"} */ ((asked.get("theme") ?? remembered.theme) === "day" ? "day" : "dark"),
    view: asked.get("z") ?? "",
  };
}

/** @returns {{lang?: string, theme?: string}} */
function recall() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

function written() {
  /** @type {[string, string][]} */
  const said = [
    ["sel", selected.value],
    ["t", time.value],
    ["room", room.value === "queue" ? "" : room.value],
    ["lang", lang.value],
    ["theme", theme.value === "dark" ? "" : theme.value],
    ["z", view.value],
  ];
  const query = new URLSearchParams(said.filter(([, value]) => value !== "")).toString();
  return `${location.pathname}${query ? `?${query.replaceAll("%2C", ",").replaceAll("%3A", ":")}` : ""}`;
}

/** Keep the address bar up with the signals, and the signals up with Back and Forward. */
export function keepAddress() {
  effect(() => {
    const address = written();
    if (address !== location.pathname + location.search) history.replaceState(null, "", address);
  });
  effect(() => localStorage.setItem(REMEMBERED, JSON.stringify({ lang: lang.value, theme: theme.value })));
  addEventListener("popstate", () => {
    const now = read();
    room.value = now.room;
    selected.value = now.selected;
    time.value = now.time;
    lang.value = now.lang;
    theme.value = now.theme;
    view.value = now.view;
  });
}
