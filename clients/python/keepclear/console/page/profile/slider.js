/**
 * The time slider beneath the profile: now, or what is filed for a later time, or what was known at an earlier one.
 *
 * It says in words when what is shown is not now, snaps to now near it, and never moves while it is held.
 */

import { now, shownAt } from "../desk/picture.js";
import { html } from "../html.js";
import { bind } from "../keys.js";
import { span as lasting, stampOf } from "../measures.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { bare, say, t } from "../words.js";
import { REACHES_H } from "./span.js";
import { held, reach, showAt } from "./time.js";

/** Nearer to now than this share of the span, it is now. */
const SNAP = 0.008;

/** Steps of an arrow key in a span; PageUp and PageDown go ten. */
const STEPS = 240;

/** Ten times a second at most while it is dragged. */
const PAUSE_MS = 100;

/** @param {{span: import("./span.js").Span}} props */
export function Slider({ span }) {
  const input = useRef(/** @type {HTMLInputElement|null} */ (null));
  const wait = useRef(0);
  useEffect(() => {
    const ends = keysOf(() => input.current).map(bind);
    return () => ends.forEach((end) => end());
  }, []);
  const { from_ms, to_ms } = span;
  const at = shownAt.value;
  const value = at ?? now.value;
  const moved = (/** @type {Event} */ event) => {
    const ms = Number(/** @type {HTMLInputElement} */ (event.target).value);
    clearTimeout(wait.current);
    wait.current = setTimeout(() => go(ms, to_ms - from_ms), held.peek() ? PAUSE_MS : 0);
  };
  const hold = (/** @type {boolean} */ is) => () => (held.value = is);
  return html`
    <form class="time-slider" action="/search" data-keys="profile" dir="ltr" onSubmit=${(/** @type {Event} */ e) => e.preventDefault()}>
      <input
        ref=${input}
        type="range"
        min=${from_ms}
        max=${to_ms}
        step=${1000}
        value=${value}
        aria-label=${say("profile.slider")}
        aria-valuetext=${bare(timeWords(at, now.value))}
        onInput=${moved}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => step(event, value, to_ms - from_ms)}
        onPointerDown=${hold(true)}
        onPointerUp=${hold(false)}
        onPointerCancel=${hold(false)}
        onBlur=${hold(false)}
      />
    </form>
    <div class="time-words" data-keys="profile" dir="auto">
      <p>
        <span class=${at === null ? "badge info" : "badge warning"}>${at === null ? t("profile.now_shown") : t("profile.not_now")}</span>
        <span>${sentence(at, now.value)}</span>
      </p>
      <button type="button" disabled=${at === null} onClick=${() => showAt(null)}>${t("profile.to_now")} <kbd>N</kbd></button>
      <div class="time-reach" dir="ltr">
        <button type="button" aria-label=${say("profile.shorter")} disabled=${reach.value === 0} onClick=${() => change(-1)}><kbd>[</kbd></button>
        <span class="figure">${REACHES_H[reach.value]} h</span>
        <button type="button" aria-label=${say("profile.longer")} disabled=${reach.value === REACHES_H.length - 1} onClick=${() => change(1)}><kbd>]</kbd></button>
      </div>
    </div>`;
}

/** @param {() => HTMLElement|null} slider @returns {import("../keys.js").Binding[]} */
function keysOf(slider) {
  const where = "profile";
  return [
    { key: "p", words: "profile.key.slider", does: () => slider()?.focus() },
    { key: "n", where, words: "profile.key.now", does: () => showAt(null) },
    { key: "[", words: "profile.key.shorter", does: () => change(-1) },
    { key: "]", words: "profile.key.longer", does: () => change(1) },
    {
      key: "Escape",
      where,
      words: "profile.key.leave",
      does: () => {
        showAt(null);
        slider()?.blur();
      },
    },
  ];
}

/** @param {number} by */
function change(by) {
  reach.value = Math.max(0, Math.min(REACHES_H.length - 1, reach.peek() + by));
}

/** Arrows go on by the span's own step, whatever the browser would do. @param {KeyboardEvent} event @param {number} value @param {number} length */
function step(event, value, length) {
  const by = STEP_KEYS[event.key];
  if (by === undefined) return;
  event.preventDefault();
  const unit = Math.max(1000, Math.round(length / STEPS / 1000) * 1000);
  go(Math.round((value + by * unit) / unit) * unit, length);
}

/** @type {Record<string, number>} */
const STEP_KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

/** @param {number} ms @param {number} length */
function go(ms, length) {
  showAt(Math.abs(ms - now.peek()) < SNAP * length / 2 ? null : ms);
}

/** @param {number|null} at @param {number} now_ms */
function sentence(at, now_ms) {
  if (at === null) return html`<span class="figure">${stampOf(now_ms, now_ms)}</span>`;
  const values = { time: stampOf(at, now_ms), span: lasting(Math.abs(at - now_ms)) };
  return t(at > now_ms ? "profile.ahead" : "profile.back", values);
}

/** @param {number|null} at @param {number} now_ms */
function timeWords(at, now_ms) {
  if (at === null) return say("profile.is_now", { time: stampOf(now_ms, now_ms) });
  return say(at > now_ms ? "profile.ahead" : "profile.back", { time: stampOf(at, now_ms), span: lasting(Math.abs(at - now_ms)) });
}
