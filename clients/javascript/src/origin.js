// Origins, in their one spelling: request proofs are bound to these bytes.
import { isText } from "./json.js";

const ORIGIN = /^(https?):\/\/(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const NUMBER = /^(0|[1-9][0-9]{0,2})$/;
const OWN_PORTS = { http: "80", https: "443" };

function isIpv6(host) {
  try {
    return new URL(`http://${host}`).hostname === host;
  } catch {
    return false;
  }
}

function isHost(host) {
  if (host.startsWith("[")) return isIpv6(host);
  const labels = host.split(".");
  if (labels.length === 4 && labels.every((label) => NUMBER.test(label) && Number(label) <= 255)) return true;
  return (
    host.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^([0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1))
  );
}

export function isOrigin(text) {
  const parts = isText(text) && text.length <= 255 ? ORIGIN.exec(text) : null;
  if (!parts) return false;
  const [, scheme, host, port] = parts;
  return isHost(host) && (port === undefined || (Number(port) <= 65_535 && port !== OWN_PORTS[scheme]));
}
