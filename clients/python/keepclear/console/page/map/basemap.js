/**
 * The party's own chart under everything, if the desk was given one: from this desk alone, read beside the page.
 *
 * Tiles of a PMTiles chart are asked for as they come into view, some are kept. What cannot be read is said once, in
 * words, and the map goes on without.
 */

import { basemap } from "../desk/picture.js";
import { pageKey } from "../desk/deeds.js";
import { foreignText } from "../foreign.js";
import { effect, signal } from "../vendor/signals.js";
import { bare } from "../words.js";
import { isIn } from "./mercator.js";
import { paintStrokes } from "./strokes.js";

/** @typedef {import("./chart.js").Chart} Chart */
/** @typedef {import("./mercator.js").Box} Box */
/** @typedef {import("./strokes.js").Strokes} Strokes */
/** @typedef {import("./trace.js").View} View */
/** @typedef {{none: string} | {part: string} | {full: true} | {unread: number}} Trouble */
/** @typedef {{strokes?: Strokes, picture?: ImageBitmap, used: number}} Tile an empty one has neither */

const PATH = "/basemap";

/** Tiles in one view: of a lower zoom, where it would take more. */
const MOST_TILES = 40;
const KEPT_TILES = 160;

const NAME_LETTERS = 24;

/** Milliseconds in which tiles gather before the ground is painted anew. */
const GATHER_MS = 150;

/** A name of the chart as it is drawn. @param {string} name */
const told = (name) => bare(foreignText(name, NAME_LETTERS));

/** What is wrong with the chart: null, or what is to be said of it. @type {import("../types.js").Signal<Trouble|null>} */
export const trouble = signal(null);

/** @param {Chart} chart @returns {() => void} */
export function keepUnder(chart) {
  let end = () => {};
  const stop = effect(() => {
    const kind = basemap.value;
    end();
    chart.under = null;
    if (kind) end = follow(chart, kind);
  });
  return () => {
    stop();
    end();
  };
}

/** @param {Chart} chart @param {string} kind @returns {() => void} */
function follow(chart, kind) {
  const worker = new Worker(new URL("./basemap-worker.js", import.meta.url), { type: "module" });
  /** @type {Tiles|null} */
  let tiles = null;
  worker.onmessage = ({ data }) => {
    if (data.tile) tiles?.take(data);
    else if (data.ready === "geojson") {
      chart.under = { paint: (context, view) => paintStrokes(context, view, data.strokes, chart.colours, { edged: true, told }) };
      chart.sheet.repaint(true);
    } else if (data.ready === "pmtiles") {
      tiles = new Tiles(chart, worker, data);
      chart.under = tiles;
      chart.sheet.repaint(true);
    }
    if (data.problem) trouble.value = data.tile ? { part: data.problem } : { none: data.problem };
    else if (data.full) trouble.value = { full: true };
    else if (data.unread) trouble.value = { unread: data.unread };
  };
  worker.postMessage({ path: new URL(PATH, location.href).href, headers: { "Keepclear-Page": pageKey() }, kind });
  return () => worker.terminate();
}

class Tiles {
  /** @param {Chart} chart @param {Worker} worker @param {{minZoom: number, maxZoom: number}} zooms */
  constructor(chart, worker, { minZoom, maxZoom }) {
    this.chart = chart;
    this.worker = worker;
    this.minZoom = minZoom;
    this.maxZoom = maxZoom;
    /** @type {Map<string, Tile|null>} null while it is on its way */
    this.tiles = new Map();
    this.gathering = 0;
    this.clock = 0;
  }

  /** @param {CanvasRenderingContext2D} context @param {View} view */
  *paint(context, view) {
    for (const { z, x, y, turn } of this.inView(view)) {
      const key = `${z}/${x}/${y}`;
      const tile = this.tiles.get(key);
      if (tile === undefined) {
        this.tiles.set(key, null);
        this.worker.postMessage({ z, x, y });
      } else if (tile) {
        tile.used = ++this.clock;
        yield* this.paintTile(context, view, tile, { z, x: x + turn * 2 ** z, y });
      }
    }
    yield;
  }

  /** @param {CanvasRenderingContext2D} context @param {View} view @param {Tile} tile @param {{z: number, x: number, y: number}} at */
  *paintTile(context, view, { strokes, picture }, { z, x, y }) {
    const size = view.scale / 2 ** z;
    const [left, top] = [x * size - view.left * view.scale, y * size - view.top * view.scale];
    if (picture) context.drawImage(picture, left, top, size + 0.5, size + 0.5);
    if (!strokes) return;
    context.save();
    // What a tile draws beyond its rim, its neighbour draws too.
    context.beginPath();
    context.rect(left, top, size, size);
    context.clip();
    const pieces = paintStrokes(context, view, strokes, this.chart.colours, { edged: false, told });
    while (!pieces.next().done);
    context.restore();
    yield;
  }

  /** @param {View} view */
  inView({ box, zoom }) {
    let z = Math.max(this.minZoom, Math.min(this.maxZoom, Math.round(zoom)));
    let found = tilesOf(box, z);
    while (found.length > MOST_TILES && z > this.minZoom) found = tilesOf(box, --z);
    return found.slice(0, MOST_TILES);
  }

  /** @param {{tile: {z: number, x: number, y: number}, strokes?: Strokes, picture?: ImageBitmap}} told */
  take({ tile: { z, x, y }, strokes, picture }) {
    this.tiles.set(`${z}/${x}/${y}`, { strokes, picture, used: ++this.clock });
    if (this.tiles.size > KEPT_TILES) this.forget();
    clearTimeout(this.gathering);
    this.gathering = setTimeout(() => this.chart.sheet.repaint(true), GATHER_MS);
  }

  /** Let go of those that were used longest ago. */
  forget() {
    const known = [...this.tiles].filter(([, tile]) => tile !== null);
    known.sort(([, a], [, b]) => (a?.used ?? 0) - (b?.used ?? 0));
    for (const [key, tile] of known.slice(0, known.length / 4)) {
      tile?.picture?.close();
      this.tiles.delete(key);
    }
  }
}

/** @param {Box} box @param {number} z @returns {{z: number, x: number, y: number, turn: number}[]} */
function tilesOf(box, z) {
  const count = 2 ** z;
  const found = [];
  for (let y = Math.max(0, Math.floor(box[1] * count)); y <= Math.min(count - 1, Math.floor(box[3] * count)); y++) {
    for (let x = Math.floor(box[0] * count); x <= Math.floor(box[2] * count); x++) {
      if (found.length > MOST_TILES) return found;
      const turn = Math.floor(x / count);
      if (isIn([x / count, y / count, (x + 1) / count, (y + 1) / count], box)) found.push({ z, x: x - turn * count, y, turn });
    }
  }
  return found;
}
