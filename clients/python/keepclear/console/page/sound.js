/**
 * The page's tones: danger, what cannot be excluded, and a link that is lost, each of its own pitch and rhythm.
 *
 * Guaranteed: a page that cannot sound says so (`sounds`). A browser lets no page sound before somebody has pressed
 * something in it: beginning a watch, or a sound test, unlocks it. When to ring is the desk's to say; only that the
 * desk itself is not heard the page must ring for by itself.
 */

import { SILENT_MS, ring } from "./desk/feed.js";
import { heardDesk } from "./desk/picture.js";
import { effect, signal } from "./vendor/signals.js";

/** @typedef {"danger" | "possible" | "blind"} Rhythm */

/** Whether a tone would be heard. */
export const sounds = signal(false);
/** What rings now, for those who do not hear. @type {import("./types.js").Signal<{rhythm: Rhythm, test: boolean} | null>} */
export const ringing = signal(null);

/** Two tones a stroke: danger falls from high, what is possible is one soft tone, blindness a low warble. */
const TONES = /** @type {const} */ ({
  danger: { wave: "square", pitches: [1175, 880], stroke_s: 0.22, loud: 0.35 },
  possible: { wave: "sine", pitches: [660, 660], stroke_s: 0.3, loud: 0.3 },
  blind: { wave: "sawtooth", pitches: [330, 247], stroke_s: 0.36, loud: 0.4 },
});
/** The rhythms of the desk's bell, for the sound test and for a desk that is not heard. */
const STROKES = { danger: [0.3, 0.3], possible: [0.9], blind: [0.3, 0.9, 0.3] };
const AGAIN_MS = 10_000;
const BETWEEN_S = 1;

/** @type {AudioContext | null} */
let context = null;

/** Unlock the sound: only somebody's press can. */
export async function unlock() {
  context ??= new AudioContext();
  context.onstatechange = () => {
    sounds.value = context?.state === "running";
  };
  try {
    await context.resume();
  } catch {
    // Said by `sounds`, which stays false.
  }
  sounds.value = context.state === "running";
}

/** Sound every rhythm once, worst first; resolves when the last has sounded. */
export async function soundTest() {
  await unlock();
  for (const rhythm of /** @type {Rhythm[]} */ (["danger", "possible", "blind"])) {
    const lasts = play(rhythm, STROKES[rhythm], true);
    await new Promise((done) => setTimeout(done, (lasts + BETWEEN_S) * 1000));
  }
}

/** Ring as the desk says, and by this page's own when the desk is not heard. */
export function keepSounding() {
  // Any press will do, not only the one that begins a watch; to ask before one is a complaint on the browser's console.
  for (const press of ["keydown", "pointerdown"]) addEventListener(press, () => void unlock(), { once: true });
  effect(() => {
    const asked = ring.value;
    if (asked !== null) play(asked.rhythm, asked.strokes);
  });
  let rungAt = -Infinity;
  effect(() => {
    if (heardDesk.value < SILENT_MS) rungAt = -Infinity;
    else if (performance.now() - rungAt >= AGAIN_MS) {
      rungAt = performance.now();
      play("blind", STROKES.blind);
    }
  });
}

/**
 * @param {Rhythm} rhythm
 * @param {number[]} pauses
 * @param {boolean} [test]
 * @returns {number} how long it lasts in seconds
 */
function play(rhythm, pauses, test = false) {
  const tone = TONES[rhythm] ?? TONES.danger;
  let at = 0;
  for (const pause of [...pauses, 0]) {
    stroke(tone, at);
    at += tone.stroke_s + pause;
  }
  const rings = { rhythm, test };
  ringing.value = rings;
  setTimeout(() => {
    if (ringing.peek() === rings) ringing.value = null;
  }, at * 1000);
  return at;
}

/** @param {typeof TONES[Rhythm]} tone @param {number} after_s */
function stroke(tone, after_s) {
  if (context === null || context.state !== "running") return;
  const at = context.currentTime + after_s;
  const source = context.createOscillator(), loudness = context.createGain();
  source.type = tone.wave;
  source.frequency.setValueAtTime(tone.pitches[0], at);
  source.frequency.setValueAtTime(tone.pitches[1], at + tone.stroke_s / 2);
  // Without these ramps each stroke begins and ends in a click.
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(tone.loud, at + 0.01);
  loudness.gain.setValueAtTime(tone.loud, at + tone.stroke_s - 0.03);
  loudness.gain.linearRampToValueAtTime(0, at + tone.stroke_s);
  source.connect(loudness).connect(context.destination);
  source.start(at);
  source.stop(at + tone.stroke_s);
}
