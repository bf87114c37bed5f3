/**
 * Takes the coastline of a file apart beside the page: rings and lines of the plane, sent by transfer.
 *
 * The file is the world's land without borders and without names, on purpose: any border takes a side.
 */

import feature from "../vendor/topojson-client/feature.js";
import { coastOf } from "./coast.js";

onmessage = async ({ data }) => {
  try {
    const answer = await fetch(data);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const topology = await answer.json();
    const coast = coastOf(/** @type {any} */ (feature(topology, topology.objects.land)));
    const parts = [...coast.land, ...coast.shores].map((part) => /** @type {ArrayBuffer} */ (part.buffer));
    postMessage(coast, { transfer: parts });
  } catch (fault) {
    postMessage({ fault: String(fault) });
  }
};
