/** The help page: every key that is bound now, and what signs, phases and tones mean. */

import { html } from "../html.js";
import { bound, useKeys } from "../keys.js";
import { signOf, wordOf } from "../signs.js";
import { signal } from "../vendor/signals.js";
import { isolated, say, t } from "../words.js";
import { Dialog } from "./dialog.js";

const open = signal(false);
const LOOKS = ["overlap", "proximity", "possible", "unverified", "unconfirmed", "past", "closed"];
const SAID = ["help.order", "help.acknowledge", "help.closed", "help.theirs", "help.silence"];
/** @type {Record<string, string>} */
const SHOWN = { Escape: "Esc", " ": "Space", ArrowUp: "\u2191", ArrowDown: "\u2193", Backspace: "Back" };
/** What goes everywhere comes first, then what goes in the list; the keys of a part of the page come last. */
const FIRST = ["*", "queue"];

export function openHelp() {
  open.value = true;
}

export function HelpPage() {
  return open.value ? html`<${Opened} />` : null;
}

function Opened() {
  const leave = () => {
    open.value = false;
  };
  useKeys([
    { key: "?", where: "help", words: "keys.help", silent: true, does: leave },
    { key: "Escape", where: "help", words: "keys.help", silent: true, does: leave },
  ]);
  const rank = (/** @type {string | undefined} */ where) => (FIRST.indexOf(where ?? "*") + FIRST.length + 1) % (FIRST.length + 1);
  const keys = bound.value.filter((one) => !one.silent && one.where !== "help").sort((one, other) => rank(one.where) - rank(other.where));
  return html`<${Dialog} name="help" label=${say("help.title")} leave=${leave}>
    <h2 tabindex="-1" autofocus>${t("help.title")}</h2>
    <dl class="keys">${keys.map((one) => html`<div key=${`${one.where} ${one.key}`}>
      <dt><kbd>${SHOWN[one.key] ?? (one.key.length === 1 ? one.key.replace(/[a-z]/, (letter) => LETTERS[letter]) : one.key)}</kbd></dt>
      <dd>${t(one.words)}</dd></div>`)}</dl>
    <h3>${t("help.signs")}</h3>
    <dl class="signs">${LOOKS.map((look) => html`<div key=${look} data-look=${look}>
      <dt>${signOf(look)} ${isolated(wordOf(look))}</dt><dd>${t(`help.look.${look}`)}</dd></div>`)}</dl>
    <h3>${t("help.tones")}</h3>
    <p>${t("help.tones_are")}</p>
    ${SAID.map((key) => html`<p key=${key}>${t(key)}</p>`)}
    <button type="button" class="button" onClick=${leave}>${t("help.close")} <kbd>Esc</kbd></button>
  <//>`;
}

/** Keys are named as they are printed on them; no text is upper-cased. @type {Record<string, string>} */
const LETTERS = Object.fromEntries([..."abcdefghijklmnopqrstuvwxyz"].map((letter, at) => [letter, "ABCDEFGHIJKLMNOPQRSTUVWXYZ".charAt(at)]));
