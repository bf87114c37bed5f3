/** Buttons at the map's corner for what its keys do: each with its key printed on it, none explained by hovering alone. */

import { html } from "../html.js";
import { say, t } from "../words.js";
import { fineCoast, picked, ringed } from "./aids.js";
import { measureFrom, ringsHere, zoom } from "./mapkeys.js";
import { scene } from "./shown.js";

/** @typedef {import("./chart.js").Chart} Chart */

/** @param {{chart: Chart, fits: {all: () => void, chosen: () => void}}} props */
export function MapControls({ chart, fits }) {
  return html`
    <div class="map-controls" role="group" aria-label=${say("map.controls")} dir="ltr">
      <button type="button" aria-label=${say("map.key.nearer")} onClick=${() => zoom(chart, 1)}><kbd>+</kbd></button>
      <button type="button" aria-label=${say("map.key.farther")} onClick=${() => zoom(chart, -1)}><kbd>−</kbd></button>
      <button type="button" onClick=${fits.all}><span class="word">${t("map.all")}</span> <kbd>0</kbd></button>
      ${scene.value.chosen && html`<button type="button" onClick=${fits.chosen}><span>${t("map.chosen")}</span></button>`}
      <button type="button" aria-pressed=${String(ringed.value !== null)} onClick=${() => ringsHere(chart)}>
        <span class="word">${t("map.rings")}</span> <kbd>R</kbd>
      </button>
      <button type="button" aria-pressed=${String(picked.value !== null)} onClick=${() => measureFrom(chart)}>
        <span class="word">${t("map.measure")}</span> <kbd>D</kbd>
      </button>
      <button type="button" aria-pressed=${String(fineCoast.value)} onClick=${() => (fineCoast.value = !fineCoast.value)}>
        <span class="word">${t("map.coast")}</span> <kbd>G</kbd>
      </button>
    </div>`;
}
