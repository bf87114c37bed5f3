/**
 * The shapes of a drawing: each point a line that can be typed, or clicked on the map; both are the same text.
 *
 * Enter in a point's line goes on to the next; behind the last there is always an empty one, which is no point.
 */

import { html } from "../html.js";
import { latlng } from "../measures.js";
import { mgrs } from "../map/mgrs.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { say, t } from "../words.js";
import { faults, mend } from "./actions.js";
import { addShape, changeShape, removeShape } from "./draft.js";
import { Field, Problem, Wrong, focusOn, idOf } from "./field.js";
import { drawOnMap, drawing, placesOf, stopDrawing } from "./places.js";
import { Said } from "./said.js";

/** @typedef {import("./draft.js").Shape} Shape */

/** @param {{shapes: Shape[]}} props */
export function Shapes({ shapes }) {
  const added = useRef(-1);
  useEffect(() => {
    if (added.current >= 0) focusOn(`shapes.${added.current}.points.0`);
    added.current = -1;
  }, [shapes.length]);
  const add = (/** @type {import("./draft.js").Kind} */ kind) => {
    mend("shapes");
    added.current = addShape(kind);
    drawOnMap(added.current);
  };
  return html`
    ${shapes.map((shape, at) => html`<${OneShape} key=${shape.key} shape=${shape} at=${at} />`)}
    <div class="buttons" role="group" aria-label=${say("filing.add")} id=${idOf("shapes")} tabindex="-1">
      <button type="button" onClick=${() => add("corridor")}>${t("filing.add.corridor")}</button>
      <button type="button" onClick=${() => add("polygon")}>${t("filing.add.polygon")}</button>
      <button type="button" onClick=${() => add("circle")}>${t("filing.add.circle")}</button>
    </div>
    <${Wrong} at="shapes" />`;
}

/** @param {{shape: Shape, at: number}} props */
function OneShape({ shape, at }) {
  const places = placesOf(shape);
  const onMap = drawing.value === at;
  const remove = () => {
    stopDrawing();
    removeShape(at);
  };
  return html`<fieldset class="shape" id=${idOf(`shapes.${at}`)} tabindex="-1">
    <legend>${t(`filing.shape.${shape.shape}`, { number: at + 1 })}</legend>
    <${Wrong} at=${`shapes.${at}`} />
    ${at === 0 && html`<p class="hint">${t("filing.point.how")}</p>`}
    <ol class="points">
      ${shape.points.map((text, number) => html`<${Point} key=${number} shape=${shape} at=${at} number=${number} text=${text} place=${places[number] ?? null} />`)}
    </ol>
    <${Wrong} at=${`shapes.${at}.points`} />
    <div class="buttons">
      <button type="button" aria-pressed=${String(onMap)} onClick=${() => (onMap ? stopDrawing() : drawOnMap(at))}>${t("filing.on_map")}</button>
      <button type="button" onClick=${remove}>${t("filing.remove_shape")}</button>
    </div>
    ${onMap && html`<p class="hint" role="status">${t("filing.on_map_how")}</p>`}
    ${shape.shape !== "polygon" && html`<${Field}
      at=${`shapes.${at}.size`}
      label=${t(`filing.size.${shape.shape}`)}
      value=${shape.size}
      example="2NM"
      hint=${at === 0 ? t("filing.size.how") : null}
      onText=${(/** @type {string} */ size) => changeShape(at, { size })}
    />`}
  </fieldset>`;
}

/**
 * @param {{shape: Shape, at: number, number: number, text: string, place: import("./places.js").Found | null}} props
 */
function Point({ shape, at, number, text, place }) {
  const name = `shapes.${at}.points.${number}`;
  const wrong = faults.value.some((fault) => fault.at === name);
  const last = number === shape.points.length - 1;
  const away = number > 0 && !last && html`<button type="button" class="away" aria-label=${say("filing.remove_point", { number: number + 1 })}
    onClick=${() => changeShape(at, { points: shape.points.filter((_, one) => one !== number) })}>${t("filing.remove")}</button>`;
  return html`<li>
    <${Field}
      at=${name}
      label=${t(shape.shape === "circle" ? "filing.point.centre" : "filing.point", { number: number + 1 })}
      value=${text}
      example=${number === 0 ? "47.3683, 8.5408" : "090/12NM"}
      after=${away}
      onText=${(/** @type {string} */ typed) => changeShape(at, { points: withPoint(shape, number, typed) })}
      onKey=${(/** @type {KeyboardEvent} */ event) => onKey(event, shape, at, number)}
    >
      ${place?.at && html`<p class="found"><span class="figure">${latlng(...place.at)}</span> <span class="figure quiet">${mgrs(...place.at)}</span>
        ${place.note !== "" && html`<span class="doubt"><${Said} text=${place.note} /></span>`}</p>`}
      ${place?.problem && !wrong && html`<div class="problem"><${Problem} problem=${place.problem} /></div>`}
    <//>
  </li>`;
}

/** @param {KeyboardEvent} event @param {Shape} shape @param {number} at @param {number} number */
function onKey(event, shape, at, number) {
  if (event.key !== "Enter" || event.ctrlKey) return;
  event.preventDefault();
  if (number < shape.points.length - 1) focusOn(`shapes.${at}.points.${number + 1}`);
  else if (!focusOn(`shapes.${at}.size`)) focusOn("from");
}

/**
 * The points with one of them typed. Behind the last there is always an empty line: whoever types on fast must not
 * find the next point in the field before.
 * @param {Shape} shape @param {number} number @param {string} typed
 */
function withPoint(shape, number, typed) {
  const points = shape.points.map((point, one) => (one === number ? typed : point));
  return shape.shape !== "circle" && points.at(-1)?.trim() !== "" ? [...points, ""] : points;
}
