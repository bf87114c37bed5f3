/**
 * Begins the page, and begins it anew where one of its modules could not be fetched.
 *
 * A browser gives up every request, loopback's too, when an interface of the machine comes or goes; without this such a
 * moment, a tunnel that comes up, leaves a blank page. A fault in a module itself is not tried again.
 */

const AGAIN_MS = 700;

import("./app.js").catch((fault) => {
  if (!(fault instanceof TypeError)) throw fault;
  // The token of a start link stands in the fragment until the page has exchanged it, and a reload keeps that.
  setTimeout(() => location.reload(), AGAIN_MS);
});
