/** The party's own chart under everything (to come). */

/** @param {import("./chart.js").Chart} _chart @returns {() => void} */
export function keepUnder(_chart) {
  return () => {};
}
