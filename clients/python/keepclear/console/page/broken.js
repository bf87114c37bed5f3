/**
 * Faults of the page itself: what cannot be drawn is said, never left out in silence.
 *
 * Guaranteed: a part that fails is replaced by words, and it alone; whatever failed, here or unseen, makes the page
 * `broken` until it is loaded again: it may then lack something, and says so. Faults of the network are none of these.
 */

import { Component } from "./html.js";
import { signal } from "./vendor/signals.js";

/** Whether this page has failed at something by itself. */
export const broken = signal(false);

/** Of the browser about the network, or about what it does not allow. */
const NAMES = /^(Abort|Timeout|Network|NotAllowed)Error$/;
const MESSAGES = /failed to fetch|networkerror|network error|load failed|dynamically imported/i;

/** Take in a fault, if it is the page's own. @param {unknown} error */
export function fault(error) {
  if (!(error instanceof Error) || NAMES.test(error.name) || MESSAGES.test(error.message)) return;
  console.error(error);
  broken.value = true;
}

/** Hear of the faults that nobody has taken in. */
export function listenToFaults() {
  addEventListener("error", ({ error }) => fault(error));
  addEventListener("unhandledrejection", ({ reason }) => fault(reason));
}

/**
 * Draws what stands in it; where that fails, `instead`, until `of` is another value.
 * @extends {Component<{of?: unknown, instead: () => any, children?: any}, {failed?: unknown[]}>}
 */
export class Guard extends Component {
  /** @param {unknown} error */
  componentDidCatch(error) {
    this.setState({ failed: [this.props.of] });
    fault(error);
    // Whatever it was that is thrown, a part is missing.
    broken.value = true;
  }

  render() {
    const { failed } = this.state;
    return failed !== undefined && failed[0] === this.props.of ? this.props.instead() : this.props.children;
  }
}
