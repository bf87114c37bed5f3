/**
 * Beneath the map: where the pointer or cross-hair is, in degrees and MGRS, how far and which way from where one
 * measures, what is flown there, and the scale.
 */

import { Foreign, foreignText } from "../foreign.js";
import { glyph } from "../glyph.js";
import { heights, latlng } from "../measures.js";
import { html } from "../html.js";
import { useEffect, useState } from "../vendor/preact-hooks.js";
import { t } from "../words.js";
import { crosshair, origin, plainPosition, pointer, told } from "./aids.js";
import { trouble } from "./basemap.js";
import { mgrs } from "./mgrs.js";
import { metresPerPixel, miles, roundBelow } from "./scale.js";
import { scene } from "./shown.js";
import { MILE_M } from "./sphere.js";
import { volumesAt } from "./under.js";

/** @typedef {import("./chart.js").Chart} Chart */
/** @typedef {import("./sphere.js").Position} Position */

/** Widest scale bar. */
const BAR_PX = 120;

/** Volumes at one place that are named; the rest is counted. */
const NAMED = 3;

/** @param {{chart: Chart}} props */
export function ReadOut({ chart }) {
  const center = useCenter(chart);
  const at = pointer.value ?? crosshair.value ?? center;
  const what = pointer.value ? "pointer" : crosshair.value ? "crosshair" : "centre";
  const [lat, lng] = plainPosition(at);
  const from = origin.value;
  return html`
    <div class="map-readout">
      <${ScaleBar} chart=${chart} lat=${center[0]} />
      <span class="what quiet">${t(WHAT[what])}</span>
      <span class="figure">${latlng(lat, lng)}</span>
      <span class="figure">${mgrs(lat, lng)}</span>
      ${from && html`<${Measured} from=${from} to=${at} />`}
      ${what !== "centre" && html`<${Flown} at=${at} />`}
      ${trouble.value && html`<span class="badge warning" role="note">${glyph("warning")} ${troubleWords(trouble.value)}</span>`}
    </div>`;
}

/** @param {import("./basemap.js").Trouble} told */
function troubleWords(told) {
  if ("none" in told) return t("map.chart.none", { reason: foreignText(told.none) });
  if ("part" in told) return t("map.chart.part", { reason: foreignText(told.part) });
  return "full" in told ? t("map.chart.full") : t("map.chart.unread", { n: told.unread });
}

const WHAT = { pointer: "map.pointer", crosshair: "map.crosshair", centre: "map.centre" };

/** @param {{from: {position: Position, name: string}, to: Position}} props */
function Measured({ from, to }) {
  const { bearing, range, here } = told(from.position, to);
  const name = from.name ? html`<${Foreign} text=${from.name} fixed />` : t("map.picked");
  return html`<span class="measured">
    ${here ? t("map.at_origin", { name }) : t("map.from_origin", { bearing, range, name })}
  </span>`;
}

/** @param {{at: Position}} props */
function Flown({ at }) {
  const volumes = volumesAt(scene.value, at);
  return html`<span class="flown">
    ${volumes.slice(0, NAMED).map(
      ({ extent, owner, id, name }) => html`<span class=${`flown-one ${owner}`} key=${id}>
        <${Foreign} text=${name} absent=${t("map.unnamed")} most=${20} fixed />
        <bdi dir="ltr" class="figure"> ${heights(extent.lower_m, extent.upper_m, extent.reference)}</bdi>
      </span>`,
    )}
    ${volumes.length > NAMED && t("map.more", { n: volumes.length - NAMED })}
  </span>`;
}

/** @param {{chart: Chart, lat: number}} props */
function ScaleBar({ chart, lat }) {
  const per = metresPerPixel(lat, 256 * 2 ** chart.map.getZoom());
  const metres = roundBelow((BAR_PX * per) / MILE_M) * MILE_M;
  return html`<span class="map-scale">
    <span class="bar" style=${{ width: `${metres / per}px` }}></span>
    <span class="figure">${miles(metres)} NM</span>
  </span>`;
}

/** The middle of the view, as of when it last stood still. @param {Chart} chart @returns {Position} */
function useCenter(chart) {
  const middle = () => /** @type {Position} */ ([chart.map.getCenter().lat, chart.map.getCenter().lng]);
  const [center, setCenter] = useState(middle);
  useEffect(() => {
    const moved = () => setCenter(middle());
    chart.map.on("moveend", moved);
    return () => {
      chart.map.off("moveend", moved);
    };
  }, [chart]);
  return center;
}
