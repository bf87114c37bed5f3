/** Loads the coastline beside the page, each file once; where that cannot be, the map has none and says nothing else. */

/** @typedef {import("./coast.js").Coast} Coast */

/** @param {"land-50m.json" | "land-10m.json"} name @returns {Promise<Coast>} */
export function loadCoast(name) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./coast-worker.js", import.meta.url), { type: "module" });
    const end = (/** @type {() => void} */ then) => () => {
      worker.terminate();
      then();
    };
    worker.onmessage = ({ data }) => end(() => resolve(data))();
    worker.onerror = end(() => reject(new Error(`no coast of ${name}`)));
    worker.postMessage(new URL(`../vendor/${name}`, import.meta.url).href);
  });
}
