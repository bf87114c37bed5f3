// Positions in a party's stream: an epoch and a number.
import { isText } from "./json.js";
import { refuse } from "./refusal.js";

const POSITION = /^([0-9a-f]{32})-(0|[1-9][0-9]{0,15})$/;

export function readPosition(text) {
  const parts = isText(text) ? POSITION.exec(text) : null;
  if (!parts) refuse("cursor", "not a position");
  return { epoch: parts[1], number: BigInt(parts[2]) };
}
