/**
 * The map's room: what the desk's picture is, where it is; by hand, by keyboard, and in words for who cannot see it.
 *
 * Guaranteed: it is never mirrored; nothing on it can only be had by hovering; what is chosen in the queue is chosen
 * here. It draws anew when the picture, the selection or the slider's time changes what is flown, never by the clock.
 */

import { lookAt, view } from "../address.js";
import { bullseye, now, shownAt } from "../desk/picture.js";
import { html } from "../html.js";
import { bind } from "../keys.js";
import { useEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { effect } from "../vendor/signals.js";
import { say } from "../words.js";
import { crosshair, fineCoast, plainPosition, pointer, ringed } from "./aids.js";
import { Chart } from "./chart.js";
import { loadCoast } from "./coasts.js";
import { onTheme } from "./colours.js";
import { MapControls } from "./controls.js";
import { MapWords } from "./description.js";
import { showCrosshair } from "./crosshair.js";
import { mapKeys } from "./mapkeys.js";
import { keepUnder } from "./basemap.js";
import { ReadOut } from "./readout.js";
import { boxRound } from "./shapes.js";
import { extentsOf } from "./scene.js";
import { choose, moveOn, scene } from "./shown.js";
import { draft, fit, picking } from "./sketch.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./mercator.js").Box} Box */

/** Own volumes from which the map follows the clock only so often: a repaint costs a tenth of a second then. */
const MANY = 2_000;
const PAUSE_MS = 5_000;

export function MapRoom() {
  const element = useRef(/** @type {HTMLElement|null} */ (null));
  const [chart, setChart] = useState(/** @type {Chart|null} */ (null));
  useEffect(() => {
    const made = new Chart(/** @type {HTMLElement} */ (element.current));
    const ends = [keepScene(made), keepView(made), keepCoast(made), keepAids(made), keepHand(made), showCrosshair(made)];
    ends.push(keepUnder(made), onTheme(() => made.recolour()), ...mapKeys(made, fits(made)).map(bind));
    setChart(made);
    return () => {
      for (const end of ends) end();
      made.remove();
    };
  }, []);
  return html`
    <div
      class="map-ground"
      ref=${element}
      tabindex="0"
      role="application"
      data-keys="map"
      dir="ltr"
      aria-label=${say("map.label")}
      aria-describedby="map-words"
    ></div>
    ${chart && html`<div class="map-foot"><${MapControls} chart=${chart} fits=${fits(chart)} /><${ReadOut} chart=${chart} /></div>`}
    <${MapWords} />`;
}

/** What the map can be fitted to. @param {Chart} chart */
function fits(chart) {
  return {
    all: () => fitTo(chart, everything(scene.peek())),
    chosen: () => fitTo(chart, boxOfClash(scene.peek().chosen)),
  };
}

/** @param {Chart} chart @param {Box|null} box */
function fitTo(chart, box) {
  if (box) chart.fit(box);
}

/** @param {string} conflict */
function clashOf(conflict) {
  return scene.peek().clashes.find((clash) => clash.conflict.conflict === conflict) ?? null;
}

/** @param {import("./scene.js").Clash|null} clash */
function boxOfClash(clash) {
  return clash && (boxRound(extentsOf(clash, scene.peek().at_ms)) ?? boxAt(clash.where));
}

/** @param {Scene} shown @returns {Box|null} */
function everything(shown) {
  const place = bullseye.peek();
  return boxRound([...shown.own, ...shown.other].map(({ extent }) => extent)) ?? boxAt(place && [place.lat, place.lng]);
}

/** @param {import("./sphere.js").Position|null} position */
function boxAt(position) {
  return position && boxRound([{ shape: "circle", points: [position], radius_m: 50_000 }]);
}

/** Draw what changes, when it changes. @param {Chart} chart */
function keepScene(chart) {
  let first = view.peek() === "";
  const ends = [
    effect(() => {
      chart.show(scene.value);
      if (!first) return;
      const box = everything(scene.value);
      if (!box) return;
      first = false;
      chart.fit(box);
    }),
    effect(() => {
      const { next_ms, at_ms, own } = scene.peek();
      if (shownAt.value !== null || now.value < next_ms) return;
      // Of thousands of volumes one begins or ends every second: then a few at once.
      if (own.length < MANY || now.value - at_ms >= PAUSE_MS) moveOn();
    }),
    effect(() => {
      const asked = lookAt.value;
      if (asked) queueMicrotask(() => fitTo(chart, boxOfClash(clashOf(asked.conflict))));
    }),
  ];
  return () => ends.forEach((end) => end());
}

/** Keep the address up with where the map stands, and stand where the address says. @param {Chart} chart */
function keepView(chart) {
  const [zoom, lat, lng] = view.peek().split(",").map(Number);
  if ([zoom, lat, lng].every(Number.isFinite)) chart.map.setView([lat, lng], zoom, { animate: false });
  const told = () => {
    const center = chart.map.getCenter();
    view.value = `${chart.map.getZoom()},${center.lat.toFixed(4)},${center.lng.toFixed(4)}`;
  };
  chart.map.on("moveend", told);
  return () => chart.map.off("moveend", told);
}

/** Have both coasts before they are needed: the fine one would take its time just as the first danger is looked at. @param {Chart} chart */
function keepCoast(chart) {
  void loadCoasts(chart);
  return effect(() => {
    chart.wantsFine = fineCoast.value;
    chart.sheet.repaint(true);
  });
}

/** @param {Chart} chart */
async function loadCoasts(chart) {
  chart.coarse = await loadCoast("land-50m.json");
  chart.sheet.repaint(true);
  chart.fine = await loadCoast("land-10m.json");
  chart.sheet.repaint(true);
  // For whoever waits for it from outside: nothing is left to be loaded.
  chart.map.getContainer().dataset.coast = chart.fine ? "fine" : "none";
}

/** @param {Chart} chart */
function keepAids(chart) {
  const ends = [
    effect(() => {
      chart.ringed = ringed.value;
      chart.drafts = draft.value;
      chart.sheet.repaint();
    }),
    effect(() => {
      if (fit.value) fitTo(chart, boxRound((draft.peek() ?? []).filter(({ points }) => points.length)));
    }),
    effect(() => {
      chart.map.getContainer().classList.toggle("picking", picking.value !== null);
      chart.map.doubleClickZoom[picking.value ? "disable" : "enable"]();
    }),
  ];
  return () => ends.forEach((end) => end());
}

/** What the pointer does: tell where it is, choose a conflict, put the cross-hair, pick points. @param {Chart} chart */
function keepHand(chart) {
  const { map } = chart;
  let frame = 0;
  let dragged = false;
  map.on("dragstart", () => {
    dragged = true;
    pointer.value = null;
  });
  map.on("dragend", () => {
    dragged = false;
  });
  map.on("mousemove", ({ latlng }) => {
    cancelAnimationFrame(frame);
    if (dragged) return;
    frame = requestAnimationFrame(() => {
      pointer.value = [latlng.lat, latlng.lng];
    });
  });
  map.on("mouseout", () => {
    cancelAnimationFrame(frame);
    pointer.value = null;
  });
  map.on("click", ({ latlng }) => {
    const position = /** @type {import("./sphere.js").Position} */ ([latlng.lat, latlng.lng]);
    const picks = picking.peek();
    if (picks) picks.point(...plainPosition(position));
    else choose(position, map.getZoom());
    crosshair.value = position;
  });
  map.on("dblclick", () => picking.peek()?.finish());
  return () => cancelAnimationFrame(frame);
}
