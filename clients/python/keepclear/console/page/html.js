/** What every room draws with: htm bound to preact, with signals taken up by preact's own rendering. */

import htm from "./vendor/htm.js";
import { Component, Fragment, h, render } from "./vendor/preact.js";
import "./vendor/signals.js";

export { Component, Fragment, render };

export const html = htm.bind(h);
