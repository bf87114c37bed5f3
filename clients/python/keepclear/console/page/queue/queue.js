/**
 * What is open, the worst and soonest first; the chosen one is opened in its place.
 *
 * Guaranteed: what calls for somebody stands before all else; what was closed stays until it has stood in view for a
 * minute, and what nobody of ours had answered until somebody has; whatever is left out is counted in words, with how
 * many of it wait. The focus stays where it was when rows come, go or move.
 */

import { go, lookAt, room, selected } from "../address.js";
import { Guard } from "../broken.js";
import { ask } from "../card/acknowledge.js";
import { Card, Undrawn } from "../card/card.js";
import { seenFor } from "../card/seen.js";
import { conflicts, find, link, nameOf } from "../desk/picture.js";
import { html } from "../html.js";
import { pressedAt, useKeys } from "../keys.js";
import { SinceBlind } from "../log/since.js";
import { asks, calls, isOver, lookOf, signOf } from "../signs.js";
import { useEffect, useLayoutEffect } from "../vendor/preact-hooks.js";
import { computed, signal } from "../vendor/signals.js";
import { t } from "../words.js";
import { Calling } from "./calling.js";
import { Finder, finding, finds, openFinder } from "./finder.js";

/** @typedef {import("../types.js").Conflict} Conflict */

/** Time in view after which what is over leaves: to read it to somebody, twice. */
const OVER_STAYS_MS = 60_000;
/** Time without a key after which the choice turns to the top again, where the worst is. */
const CHOICE_STAYS_MS = 60_000;
/** More rows than this are counted: nobody reads them, and each costs the page time. */
const MOST_ROWS = 100;

/** Whether what is over and was seen is listed too. */
const withOver = signal(false);
const more = signal(1);

/** What is listed: the desk has put what calls for somebody first. */
export const listed = computed(() => {
  const found = conflicts.value.filter(finds);
  return withOver.value ? found : found.filter((one) => !leaves(one));
});

/** The one that keys act on: the selected one, or the worst. */
export const chosen = computed(() => find(listed.value, selected.value) ?? listed.value[0] ?? null);

/** @param {Conflict} conflict */
function leaves(conflict) {
  // Read once a minute at most: `now` is not asked for, so that a list of thousands is not made anew each second.
  return isOver(conflict) && !calls(conflict) && !asks(conflict) && seenFor(conflict) > OVER_STAYS_MS;
}

/** @param {number} by */
function move(by) {
  const all = listed.peek().slice(0, shownRows());
  const at = all.findIndex((one) => one.conflict === chosen.peek()?.conflict);
  const next = all[selected.peek() === "" && at <= 0 && by > 0 && all.length === 1 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
  if (next !== undefined) choose(next);
}

/** @param {Conflict} conflict */
function choose(conflict) {
  go("queue", nameOf(conflict));
  queueMicrotask(() => focusRow(conflict.conflict));
}

/** @param {string} id */
function focusRow(id) {
  requestAnimationFrame(() => {
    const row = document.getElementById(`row-${id}`);
    row?.focus({ preventScroll: true });
    row?.closest("li")?.scrollIntoView({ block: "nearest" });
    // A card that is taller than the list: its head is what must be in view.
    row?.scrollIntoView({ block: "nearest" });
  });
}

/** Go to the worst from wherever one is: it is what is chosen, framed and in view, and stays so when another is worse. */
export function toWorst() {
  go("queue", "");
  queueMicrotask(() => listed.peek()[0] && focusRow(listed.peek()[0].conflict));
}

function shownRows() {
  return MOST_ROWS * more.value;
}

export function QueueRoom() {
  const all = listed.value;
  const open = chosen.value;
  useKeys([
    { key: "j", where: "queue", words: "keys.next", does: () => move(1) },
    { key: "ArrowDown", where: "queue", words: "keys.next", silent: true, does: () => move(1) },
    { key: "k", where: "queue", words: "keys.previous", does: () => move(-1) },
    { key: "ArrowUp", where: "queue", words: "keys.previous", silent: true, does: () => move(-1) },
    { key: "w", where: "queue", words: "keys.worst", does: () => listed.peek()[0] && choose(listed.peek()[0]) },
    { key: "Enter", where: "queue", words: "keys.show", does: () => open && (lookAt.value = { conflict: open.conflict, at: performance.now() }) },
    { key: "a", where: "queue", words: "keys.acknowledge", does: () => open && ask(open) },
    { key: "o", where: "queue", words: "keys.over", does: () => (withOver.value = !withOver.value) },
    { key: "/", where: "queue", words: "keys.find", does: openFinder },
  ]);
  const held = document.activeElement?.id ?? "";
  useLayoutEffect(() => {
    // A row that moved has lost it to nobody; what somebody has gone to since keeps it.
    if (!held.startsWith("row-") || document.activeElement !== document.body) return;
    document.getElementById(held)?.focus({ preventScroll: true });
  });
  useTurnsBack();
  useEffect(() => {
    if (selected.peek() !== "" && open !== null) focusRow(open.conflict);
  }, []);
  const shown = all.slice(0, shownRows());
  const rest = all.slice(shown.length);
  return html`
    <div class="queue">
      <${Heading} all=${all} />
      <${SinceBlind} />
      <${Finder} found=${() => all[0] && choose(all[0])} />
      ${finding.value && conflicts.value.some((one) => calls(one) && !finds(one)) && html`<${Calling} />`}
      ${all.length === 0 && html`<${Nothing} />`}
      <ul class="list rows" aria-label=${t("queue.title")}>
        ${shown.map((one) => html`
          <${Guard} key=${one.conflict} of=${one} instead=${() => html`<${Undrawn} conflict=${one} />`}>
            <${Card} conflict=${one} open=${one.conflict === open?.conflict} /><//>`)}
      </ul>
      ${rest.length > 0 && html`<button type="button" class="button" onClick=${() => (more.value += 1)}>
        ${t("queue.more", { n: rest.length, waiting: rest.filter(calls).length })}</button>`}
      <${Over} />
    </div>`;
}

/** How many wait, and the worst where another one is opened: it is never out of sight. @param {{all: Conflict[]}} props */
function Heading({ all }) {
  const top = all[0] ?? null;
  const worst = top !== null && calls(top) && top.conflict !== chosen.value?.conflict ? top : null;
  const waiting = conflicts.value.filter(calls).length;
  return html`<h2 class="title" data-waits=${waiting > 0}>
    <span>${waiting > 0 ? t("queue.waiting", { n: waiting }) : t("queue.title")}</span>
    ${worst !== null && html`<button type="button" class="button" onClick=${() => choose(worst)}>
      ${signOf(lookOf(worst))} <span class="figure">${worst.code}</span> ${t("queue.worst")} <kbd>W</kbd></button>`}
    ${worst === null && html`<span class="quiet">${t("queue.listed", { n: all.length })}</span>`}</h2>`;
}

function Nothing() {
  return html`<div class="nothing">
    <p><b>${t("queue.nothing")}</b></p>
    ${link.value?.up !== true && html`<p class="problem">${t("queue.deaf")}</p>`}
  </div>`;
}

/** What has left, and the way to see it. */
function Over() {
  const gone = conflicts.value.length - listed.value.length;
  if (gone === 0 && !withOver.value) return null;
  return html`<button type="button" class="button over" aria-pressed=${withOver.value} onClick=${() => (withOver.value = !withOver.value)}>
    ${withOver.value ? t("queue.without_over") : t("queue.with_over", { n: gone })} <kbd>O</kbd></button>`;
}

/** Turn to the top where nobody has pressed a key for a while and something calls that is not the chosen one. */
function useTurnsBack() {
  useEffect(() => {
    const timer = setInterval(() => {
      if (room.peek() !== "queue" || selected.peek() === "" || performance.now() - pressedAt.peek() < CHOICE_STAYS_MS) return;
      const top = listed.peek()[0];
      if (top !== undefined && calls(top) && top.conflict !== chosen.peek()?.conflict) selected.value = "";
    }, 5000);
    return () => clearInterval(timer);
  }, []);
}
