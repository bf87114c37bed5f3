import assert from "node:assert/strict";
import { test } from "node:test";
import { between, coreOf, distance, inside, pointOf, RADIUS_M, touchesItself } from "../src/sphere.js";

const near = (a, b, metres = 1e-6) => assert.ok(Math.abs(a - b) <= metres, `${a} is not ${b}`);
const path = (...places) => coreOf(places.map(([lat, lng]) => pointOf(lat, lng)), false);
const ring = (...places) => coreOf(places.map(([lat, lng]) => pointOf(lat, lng)), true);
const degree = (RADIUS_M * Math.PI) / 180;

test("a pole has one longitude and the antimeridian one sign", () => {
  assert.equal(between(pointOf(90, 12), pointOf(90, -170)), 0);
  assert.equal(between(pointOf(10, 180), pointOf(10, -180)), 0);
  near(between(pointOf(89, 0), pointOf(89, 180)), 2 * degree);
});

test("what is nearest may be within an edge, and edges are geodesics", () => {
  near(distance(path([1, 0]), path([0, -3], [0, 3])), degree);
  const bulge = distance(path([50, 4]), path([50, 0], [50, 8]));
  assert.ok(bulge > 7_500 && bulge < 7_800, `${bulge}`);
});

test("what crosses or is inside is at no distance", () => {
  assert.equal(distance(path([0, -1], [0, 1]), path([-1, 0], [1, 0])), 0);
  const square = ring([-1, 179], [-1, -179], [1, -179], [1, 179]);
  assert.ok(inside(square, pointOf(0, 180)) && !inside(square, pointOf(0, 0)));
  assert.equal(distance(path([0.2, 179.9]), square), 0);
  near(distance(path([0, 177]), square), 2 * degree);
});

test("a ring that crosses or touches itself is told", () => {
  assert.ok(touchesItself(ring([0, 0], [1, 1], [1, 0], [0, 1]), 0));
  assert.ok(!touchesItself(ring([0, 0], [0, 1], [1, 1], [1, 0]), 0.001));
  const beside = (metres) => ring([0, 0], [0, 1], [1, 1], [metres / degree, 0.5], [1, 0]);
  assert.ok(touchesItself(beside(0.0009), 0.001) && !touchesItself(beside(0.0011), 0.001));
});
