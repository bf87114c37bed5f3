/** What the head says in one glance each: the link, the picture's age, the clocks, what waits, whether it sounds. */

import { SILENT_MS } from "../desk/feed.js";
import { age, arrived, counts, heardDesk, link, now, quiet } from "../desk/picture.js";
import { glyph } from "../glyph.js";
import { html } from "../html.js";
import { ahead, span } from "../measures.js";
import { ringing, sounds } from "../sound.js";
import { isolated, say, t } from "../words.js";

/** The service gives a sign of life every five seconds: after eight one is missing. */
const QUIET_MS = 8000;
/** Clocks that differ by more make an officer's "now" another one than the hotline's. */
const CLOCK_S = 2;

/** @param {{level: "" | "good" | "warning" | "danger", sign: string, name: string, children: any}} props */
function Chip({ level, sign, name, children }) {
  return html`<span class=${`badge chip ${level}`} data-chip=${name}>${glyph(sign)} <span>${children}</span></span>`;
}

export function LinkState() {
  const at = link.value;
  if (heardDesk.value >= SILENT_MS) return html`<${Chip} level="danger" sign="cut" name="link">${t("header.desk_silent")}<//>`;
  if (at === null) return html`<${Chip} level="warning" sign="cut" name="link">${t("header.link.never")}<//>`;
  const lasts = span(now.value - at.since_ms);
  const heard = at.heard_at_ms ?? null;
  if (at.up && heard !== null && quiet.value) {
    return html`<${Chip} level="danger" sign="cut" name="link">${t("header.link.quiet", { span: span(now.value - heard) })}<//>`;
  }
  if (at.up) return html`<${Chip} level="good" sign="link" name="link">${t("header.link.up")}<//>`;
  const words = at.heard_at === null ? t("header.link.not_connected", { span: lasts }) : t("header.link.lost", { span: lasts });
  return html`<${Chip} level="danger" sign="cut" name="link">${words}<//>`;
}

export function Age() {
  const heard = age.value?.heard_at_ms ?? null;
  if (!arrived.value || heard === null) return html`<${Chip} level="danger" sign="clock" name="age">${t("header.age.none")}<//>`;
  const old = Math.max(0, now.value - heard);
  const level = age.value?.stale !== false ? "danger" : old > QUIET_MS ? "warning" : "";
  return html`<${Chip} level=${level} sign="clock" name="age">${t("header.age.old", { span: span(old) })}<//>`;
}

export function Clocks() {
  const by = link.value?.clock_ahead_s ?? null;
  if (by === null) return null;
  const level = Math.abs(by) > CLOCK_S ? "danger" : "";
  return html`<${Chip} level=${level} sign="clock" name="clock">${t("header.clock", { by: ahead(by) })}<//>`;
}

export function Waiting() {
  const { unanswered, oldest_unanswered_at_ms: oldest, not_sent: notSent, lost } = counts.value;
  const since = oldest === null || oldest === undefined ? null : say("header.oldest", { span: span(now.value - oldest) });
  return html`
    <${Chip} level=${unanswered > 0 ? "danger" : ""} sign=${unanswered > 0 ? "danger" : "good"} name="unanswered">
      ${t("header.unanswered", { n: unanswered })} ${since && isolated(since)}<//>
    ${notSent > 0 && html`<${Chip} level="warning" sign="warning" name="not_sent">${t("header.not_sent", { n: notSent })}<//>`}
    ${lost > 0 && html`<${Chip} level="danger" sign="unverified" name="lost">${t("header.lost", { n: lost })}<//>`}`;
}

export function Sound() {
  if (ringing.value !== null) {
    const { rhythm, test } = ringing.value;
    return html`<${Chip} level=${test ? "" : "warning"} sign="sound" name="sound">${t(`header.${test ? "tests" : "rings"}.${rhythm}`)}<//>`;
  }
  return sounds.value
    ? html`<${Chip} level="" sign="sound" name="sound">${t("header.sound_on")}<//>`
    : html`<${Chip} level="warning" sign="mute" name="sound">${t("header.sound_off")} <kbd>S</kbd><//>`;
}
