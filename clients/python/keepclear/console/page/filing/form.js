/** The form of a notice: drawn, from a file, or one that stands, moved in time; then what goes with it. */

import { agreement, now } from "../desk/picture.js";
import { Foreign } from "../foreign.js";
import { html } from "../html.js";
import { useKeys } from "../keys.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { say, t } from "../words.js";
import { busy, discardDraft, failed, faults, mend, readBack } from "./actions.js";
import { aside, change, changeOption, draft } from "./draft.js";
import { Field, Problem, UNASKED, Wrong, focusOn, idOf } from "./field.js";
import { stopDrawing } from "./places.js";
import { Shapes } from "./shapes.js";
import { Source, sendAgain, whenTaken } from "./source.js";
import { endOf, startOf } from "./times.js";

/** @typedef {import("./draft.js").Draft} Draft */

const REFERENCES = ["FL", "AMSL", "W84", "AGL"];
/** Fields that stand where a file lacks what they say. */
const BESIDE_A_FILE = ["from", "to", "lower", "upper", "half_width", "time_margin", "altitude_reference", "points"];

export function FilingForm() {
  useKeys([{ key: "Escape", where: "filing", words: "keys.filing_aside", does: setAside }]);
  const said = draft.value;
  useEffect(() => {
    const first = draft.peek();
    if (first !== null) focusOn(first.kind === "notice" ? "shift" : first.kind === "file" ? "source" : first.shapes.length > 0 ? "shapes.0.points.0" : "shapes");
  }, []);
  if (said === null) return null;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void check();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && event.ctrlKey) submit(event);
  };
  return html`<form class="filing form" action=${UNASKED} onSubmit=${submit} onKeyDown=${onKey} noValidate>
    <div class="form-title"><h2>${said.amends === null ? t("filing.new") : t("filing.amend", { code: said.amends.code, revision: said.amends.revision + 1 })}
      ${said.amends?.callsign && html` <${Foreign} text=${said.amends.callsign} most=${24} fixed />`}</h2>
      <button type="button" onClick=${throwAway}>${t("filing.throw_away")}</button></div>
    <${Summary} />
    <${Kinds} said=${said} />
    ${said.kind === "drawn" && html`<${Shapes} shapes=${said.shapes} /><${Window} said=${said} named=${false} /><${Band} said=${said} named=${false} />`}
    ${said.kind === "file" && html`<${Source} said=${said} /><${BesideAFile} said=${said} />`}
    ${said.kind === "notice" && html`<${Moved} said=${said} />`}
    <${Details} said=${said} />
    <div class="buttons end">
      <button type="submit" class="primary" disabled=${busy.value !== ""}>${t(busy.value === "reading" ? "filing.reading" : "filing.read_back")} <kbd>Ctrl Enter</kbd></button>
      <button type="button" onClick=${setAside}>${t("filing.set_aside")} <kbd>Esc</kbd></button>
    </div>
    <p class="hint">${t("filing.nothing_signed")}</p>
  </form>`;
}

async function check() {
  stopDrawing();
  if (draft.peek()?.kind === "file") await whenTaken();
  const fine = await readBack();
  sendAgain();
  if (fine) return;
  requestAnimationFrame(() => {
    const wrong = faults.peek().find((fault) => fault.at !== "");
    if (failed.peek() !== null || wrong === undefined || !focusOn(wrong.at)) document.getElementById("filing-wrong")?.focus();
  });
}

function setAside() {
  stopDrawing();
  aside.value = true;
}

function throwAway() {
  stopDrawing();
  discardDraft();
}

/** What is wrong with the whole of it, and how much is wrong at all. */
function Summary() {
  const all = faults.value, whole = all.filter((fault) => fault.at === "");
  const problem = failed.value;
  if (all.length === 0 && problem === null) return null;
  return html`<div class="problem summary" role="alert" id="filing-wrong" tabindex="-1">
    ${problem !== null && html`<p class="strong">${t("filing.failed")}</p><${Problem} problem=${problem} />`}
    ${all.length > 0 && html`<p class="strong">${t("filing.wrong", { n: all.length })}</p>`}
    ${whole.map((fault) => html`<${Problem} key=${fault.place + fault.detail} problem=${fault} place=${fault.place} />`)}
  </div>`;
}

/** @param {{said: Draft}} props */
function Kinds({ said }) {
  /** @type {Draft["kind"][]} */
  const kinds = said.amends === null ? ["drawn", "file"] : said.amends.drawable ? ["notice", "drawn", "file"] : ["notice", "file"];
  return html`<div class="kinds" role="radiogroup" aria-label=${say("filing.kind")}>
    <span class="quiet" aria-hidden="true">${t("filing.kind")}</span>
    ${kinds.map((kind) => html`<label key=${kind}>
      <input type="radio" name="filing-kind" value=${kind} checked=${said.kind === kind} onChange=${() => choose(kind)} />
      ${t(`filing.kind.${kind}`)}</label>`)}
  </div>`;
}

/** @param {Draft["kind"]} kind */
function choose(kind) {
  stopDrawing();
  faults.value = [];
  change({ kind });
}

/** @param {{said: Draft, named?: boolean}} props */
function Window({ said, named = true }) {
  const { from = "", to = "" } = said.options;
  return html`<div class="pair">
    <${Option} at="from" said=${said} named=${named} example="1405" onLeave=${() => from && changeOption("from", startOf(from, now.peek()))} />
    <${Option} at="to" said=${said} named=${named} example="1435" onLeave=${() => to && changeOption("to", endOf(to, from, now.peek()))} />
  </div>
  <p class="hint">${t("filing.time.how")}</p>`;
}

/** @param {{said: Draft, named?: boolean}} props */
function Band({ said, named = true }) {
  return html`<div class="pair">
    <${Option} at="lower" said=${said} named=${named} example="FL245" />
    <${Option} at="upper" said=${said} named=${named} example="FL285" />
  </div>
  <p class="hint">${t("filing.height.how")}</p>`;
}

/**
 * What a file lacks goes by its option's name as well, for that stands in the readers' words.
 * @param {{at: string, said: Draft, example?: string, onLeave?: () => void, numeric?: boolean, named?: boolean}} props
 */
function Option({ at, said, example, onLeave, numeric = false, named = true }) {
  return html`<${Field}
    at=${at}
    label=${t(`filing.option.${at}`)}
    option=${named ? `--${at.replaceAll("_", "-")}` : ""}
    value=${said.options[at] ?? ""}
    example=${example}
    numeric=${numeric}
    onLeave=${onLeave}
    onText=${(/** @type {string} */ text) => changeOption(at, text)}
  />`;
}

/** @param {{said: Draft}} props */
function BesideAFile({ said }) {
  const needed = BESIDE_A_FILE.some((at) => said.options[at] || faults.value.some((fault) => fault.at === at));
  return html`<details open=${needed}>
    <summary>${t("filing.beside")}</summary>
    <p class="hint">${t("filing.beside.how")}</p>
    <${Window} said=${said} />
    <${Band} said=${said} />
    <div class="pair">
      <${Option} at="half_width" said=${said} example="2NM" />
      <${Option} at="time_margin" said=${said} example="15" numeric />
    </div>
    <div class="field">
      <label for=${idOf("altitude_reference")}>${t("filing.option.altitude_reference")} <span class="figure quiet">--altitude-reference</span></label>
      <select id=${idOf("altitude_reference")} value=${said.options["altitude_reference"] ?? ""} onChange=${picked("altitude_reference")}>
        <option value="">${say("filing.not_said")}</option>
        ${REFERENCES.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select>
      <${Wrong} at="altitude_reference" />
    </div>
    <div class="field">
      <label for=${idOf("points")}>${t("filing.option.points")} <span class="figure quiet">--points</span></label>
      <textarea id=${idOf("points")} dir="ltr" class="low" spellcheck=${false} placeholder="name,latitude,longitude" value=${said.options["points"] ?? ""} onInput=${picked("points")}></textarea>
      <${Wrong} at="points" />
    </div>
  </details>`;
}

/** @param {string} at */
function picked(at) {
  return (/** @type {Event} */ event) => {
    mend(at);
    changeOption(at, /** @type {HTMLInputElement} */ (event.target).value);
  };
}

/** @param {{said: Draft}} props */
function Moved({ said }) {
  return html`<${Field}
    at="shift"
    label=${t("filing.shift")}
    value=${said.shift}
    example="15"
    numeric
    hint=${t("filing.shift.how")}
    onText=${(/** @type {string} */ shift) => change({ shift })}
  />`;
}

/** @param {{said: Draft}} props */
function Details({ said }) {
  const categories = (agreement.value?.categories ?? []).map((one) => String(typeof one === "string" ? one : (one.name ?? one.category)));
  const only = categories.length === 1 ? (categories[0] ?? "") : "";
  useEffect(() => {
    if (only !== "" && said.category === "") change({ category: only });
  }, [only]);
  return html`
    <div class="pair">
      <${Field} at="callsign" label=${t("filing.callsign")} value=${said.callsign} onText=${(/** @type {string} */ callsign) => change({ callsign })} />
      <div class="field">
        <label for=${idOf("category")}>${t("filing.category")}</label>
        <select id=${idOf("category")} value=${said.category} aria-invalid=${String(faults.value.some(({ at }) => at === "category"))}
          onChange=${(/** @type {Event} */ event) => {
            mend("category");
            change({ category: /** @type {HTMLSelectElement} */ (event.target).value });
          }}>
          <option value="">${say("filing.not_chosen")}</option>
          ${categories.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
        </select>
        <${Wrong} at="category" />
      </div>
    </div>
    <${Field} at="remarks" label=${t("filing.remarks")} value=${said.remarks} hint=${t("filing.hidden")} onText=${(/** @type {string} */ remarks) => change({ remarks })} />
    ${said.amends === null && html`<${Field} at="reference" label=${t("filing.reference")} value=${said.reference} hint=${t("filing.reference.how")}
      onText=${(/** @type {string} */ reference) => change({ reference })} />`}`;
}
