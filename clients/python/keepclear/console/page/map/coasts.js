/** Loads the coastline beside the page, each file once; it tries again where the network of this machine just changed. */

/** @typedef {import("./coast.js").Coast} Coast */

/** Pauses before each further try; after the last one the map has no coast until the page is loaded again. */
const PAUSES_MS = [500, 2_000, 5_000, 15_000, 60_000];

/** @param {"land-50m.json" | "land-10m.json"} name @returns {Promise<Coast|null>} null where it cannot be had */
export async function loadCoast(name) {
  for (const pause of [0, ...PAUSES_MS]) {
    await new Promise((done) => setTimeout(done, pause));
    const coast = await tried(name);
    if (coast) return coast;
  }
  return null;
}

/** @param {string} name @returns {Promise<Coast|null>} */
function tried(name) {
  return new Promise((resolve) => {
    const worker = new Worker(new URL("./coast-worker.js", import.meta.url), { type: "module" });
    const end = (/** @type {Coast|null} */ coast) => {
      worker.terminate();
      resolve(coast);
    };
    worker.onmessage = ({ data }) => end("fault" in data ? null : data);
    worker.onerror = () => end(null);
    worker.postMessage(new URL(`../vendor/${name}`, import.meta.url).href);
  });
}
