/**
 * The page: header above, map and profile, at the end side the queue or the room that takes its place.
 *
 * Guaranteed: whatever is wrong with the link, the desk or this page's session is on the screen in words, and then the
 * root bears `data-stale` (all that is shown may be old), `data-silent` (this page does not hear its own desk) or both.
 */

import { go, keepAddress, room, theme, toggleTheme } from "./address.js";
import { Guard, broken, listenToFaults } from "./broken.js";
import { enter, keepEntered, locked } from "./desk/deeds.js";
import { SILENT_MS, follow } from "./desk/feed.js";
import { age, arrived, counts, heardDesk, link, session, whole } from "./desk/picture.js";
import { HeaderRoom, Whole } from "./header/header.js";
import { PastBanner } from "./history/banner.js";
import { openIncident } from "./history/incident.js";
import { keepPast } from "./history/past.js";
import { html, render } from "./html.js";
import { listenToKeys, useKeys } from "./keys.js";
import { NewDanger } from "./card/danger.js";
import { Calling } from "./queue/calling.js";
import { chosen, toWorst } from "./queue/queue.js";
import { alone, regions, sides } from "./rooms.js";
import { Strip } from "./log/strip.js";
import { keepSounding, soundTest } from "./sound.js";
import { effect } from "./vendor/signals.js";
import { HelpPage, openHelp } from "./watch/help.js";
import { WatchDialog, openWatch } from "./watch/watch.js";
import { direction, lang, loadWords, say, t } from "./words.js";

function Page() {
  useKeys([
    { key: "q", words: "keys.queue", does: toWorst },
    { key: "f", words: "keys.filing", does: () => files() && go("filing") },
    { key: "h", words: "keys.history", does: () => sides.history && go("history") },
    { key: "i", words: "keys.incident", does: () => openIncident(chosen.peek()) },
    { key: "l", words: "keys.log", does: () => go("log") },
    { key: "s", words: "keys.sound", does: () => void soundTest() },
    { key: "b", words: "keys.watch", does: openWatch },
    { key: "t", words: "keys.theme", does: toggleTheme },
    { key: "?", words: "keys.help", does: openHelp },
    { key: "Escape", words: "keys.back", does: () => go("queue") },
  ]);
  if (locked.value) return html`<${Locked} />`;
  const name = sides[room.value] === undefined ? "queue" : room.value;
  const Side = sides[name];
  if (alone.includes(name)) {
    return html`
      <main class="alone"><div class="header"><${Whole} /></div><${Calling} /><${Side} /></main>
      <${NewDanger} /><${WatchDialog} /><${HelpPage} />`;
  }
  return html`
    <div class="desk" data-room=${name}>
      ${guarded("header", html`<${HeaderRoom} />`)}
      <section class="map" dir="ltr" aria-label=${say("page.map")}>${region("map")}</section>
      ${guarded("banner", html`<${PastBanner} />`)}
      <section class="profile" dir="ltr" aria-label=${say("page.profile")}>${region("profile")}</section>
      <main class="side" aria-label=${say(`page.${name}`)}>
        ${name !== "queue" && html`<${Calling} />`}
        ${arrived.value ? guarded(name, html`<${Side} key=${name} />`) : html`<p class="waiting">${t("page.waiting")}</p>`}
      </main>
      ${guarded("strip", html`<${Strip} />`)}
      <${NewDanger} />
      <${WatchDialog} />
      <${HelpPage} />
    </div>`;
}

/** Whether this page may file: a wall only shows. */
function files() {
  return sides.filing !== undefined && session.peek()?.role === "officer";
}

/** @param {"map" | "profile"} name */
function region(name) {
  const Region = regions[name];
  return Region && guarded(name, html`<${Region} />`);
}

/** Draw a part of the page, or say in its place that it cannot be drawn. @param {string} name @param {any} part */
function guarded(name, part) {
  return html`<${Guard} key=${name} instead=${() => html`<p class="undrawn" data-part=${name}>${t("page.undrawn")}</p>`}>${part}<//>`;
}

function Locked() {
  return html`
    <main class="locked">
      <h1>${t("page.locked")}</h1>
      <p>${t("page.locked_how", { command: "keepclear console --link" })}</p>
      <p>${t("page.locked_why")}</p>
    </main>`;
}

/** Whether what is shown may be old: then nothing of it looks as if it were now. */
function isStale() {
  return broken.value || !arrived.value || !whole.value.is || age.value?.stale !== false || link.value?.up !== true || heardDesk.value >= SILENT_MS;
}

function keepRoot() {
  const root = document.documentElement;
  effect(() => {
    const attributes = {
      lang: lang.value,
      dir: direction.value,
      "data-theme": theme.value,
      "data-stale": isStale() ? "" : null,
      "data-silent": heardDesk.value >= SILENT_MS ? "" : null,
      "data-link": link.value?.up ? "up" : "down",
      "data-role": session.value?.role ?? "",
    };
    for (const [name, value] of Object.entries(attributes)) {
      // A browser looks for what a direction changes in the whole page, also where it is the one that was there.
      if (root.getAttribute(name) === value) continue;
      if (value === null) root.removeAttribute(name);
      else root.setAttribute(name, value);
    }
  });
  effect(() => {
    // What a tab says while another one is looked at.
    const waits = counts.value.unanswered;
    document.title = `${waits > 0 ? `(${waits}) ` : ""}${isStale() && arrived.value ? "⚠ " : ""}Keepclear`;
  });
}

listenToFaults();
await loadWords();
await enter();
keepEntered();
keepAddress();
keepRoot();
listenToKeys();
keepSounding();
keepPast();
const place = /** @type {HTMLElement} */ (document.getElementById("page"));
place.replaceChildren();
render(html`<${Page} />`, place);
void follow();
