/**
 * Reads the party's own chart beside the page, from this desk alone: what it takes or does to its reader stalls no page.
 *
 * Is told `{path, headers, kind}` first; answers `{ready: "geojson", strokes, full, unread}` or
 * `{ready: "pmtiles", minZoom, maxZoom}` or `{problem}`. A PMTiles chart is then asked for tiles by `{z, x, y}`.
 */

import { takenApart } from "./geojson.js";
import { strokesOf } from "./mvt.js";
import { Archive, PICTURES } from "./pmtiles.js";
import { buffersOf } from "./strokes.js";

/** A file of GeoJSON is taken apart as a whole; a larger chart belongs into PMTiles. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Pixels of a tile of pictures: a tile says nothing of its size before it is unpacked. */
const TILE_PX = 512;

/** @type {Archive|null} */
let archive = null;

onmessage = async ({ data }) => {
  try {
    if ("kind" in data) await opened(data);
    else await answered(data);
  } catch (error) {
    postMessage({ problem: error instanceof Error ? error.message : String(error), ...("z" in data ? { tile: data } : {}) });
  }
};

/** @param {{path: string, headers: Record<string, string>, kind: string}} chart */
async function opened({ path, headers, kind }) {
  if (kind === "geojson") {
    const answer = await fetch(path, { headers, credentials: "same-origin" });
    if (!answer.ok) throw new Error(`the desk answers ${answer.status}`);
    const taken = takenApart(JSON.parse(await textOf(answer)));
    postMessage({ ready: "geojson", ...taken }, { transfer: buffersOf(taken.strokes) });
    return;
  }
  archive = new Archive(async (from, length) => {
    const answer = await fetch(path, {
      headers: { ...headers, Range: `bytes=${from}-${from + length - 1}` },
      credentials: "same-origin",
    });
    if (answer.status !== 206) throw new Error(`the desk answers ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  });
  const { minZoom, maxZoom } = await archive.open();
  postMessage({ ready: "pmtiles", minZoom, maxZoom });
}

/** @param {{z: number, x: number, y: number}} tile */
async function answered(tile) {
  const bytes = await archive?.tile(tile.z, tile.x, tile.y);
  const type = PICTURES[archive?.head?.kind ?? 0];
  if (!bytes) postMessage({ tile });
  else if (type) {
    const size = { resizeWidth: TILE_PX, resizeHeight: TILE_PX };
    const picture = await createImageBitmap(new Blob([/** @type {BlobPart} */ (bytes)], { type }), size);
    postMessage({ tile, picture }, { transfer: [picture] });
  } else {
    const strokes = strokesOf(bytes, tile.z, tile.x, tile.y);
    postMessage({ tile, strokes }, { transfer: buffersOf(strokes) });
  }
}

/** @param {Response} answer @returns {Promise<string>} */
async function textOf(answer) {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for (const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.length;
    if (length > MOST_BYTES) {
      await reader.cancel();
      throw new Error(`it has more than ${MOST_BYTES / 1024 / 1024} MiB; make it PMTiles`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
