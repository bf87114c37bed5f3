/** Every signed statement of an incident: whose key, whether it holds now, and what was noted when it came. */

import { now } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { glyph } from "../glyph.js";
import { html } from "../html.js";
import { stampOf } from "../measures.js";
import { signal } from "../vendor/signals.js";
import { isolated, say, t } from "../words.js";

/**
 * @typedef {object} Signature
 * @property {string} kind
 * @property {number | null} number
 * @property {number | null} at_ms
 * @property {string} sha256
 * @property {boolean} holds
 * @property {string} verdict
 * @property {string} detail
 * @property {string | null} noted
 * @property {{owner: string, kid: string, fingerprint: string, revision: number} | null} signer
 */

/** Whether hashes and fingerprints are shown whole. */
export const wholeHashes = signal(false);

/** @type {Record<string, string>} */
const KINDS = {
  notice: "report.sig_notice",
  withdrawal: "report.sig_withdrawal",
  receipt: "report.sig_receipt",
  alert: "report.sig_alert",
  presentation: "report.sig_presentation",
  cause: "report.sig_cause",
  delivered: "report.sig_delivered",
  displayed: "report.sig_displayed",
  acknowledged: "report.sig_acknowledged",
};
const SHORT = 8;

/** @param {{signatures: Signature[]}} props */
export function Signatures({ signatures }) {
  return html`<ul class="list signatures">${signatures.map((one, at) => html`<${Row} key=${at} one=${one} />`)}</ul>`;
}

/** @param {{one: Signature}} props */
function Row({ one }) {
  const signer = one.signer;
  const whole = wholeHashes.value;
  return html`<li class="signature" data-holds=${one.holds}>
    <p>${glyph(one.holds ? "good" : "unverified")} <b>${one.holds ? t("report.holds") : t("report.fails")}</b>${" "}
      <span>${t(KINDS[one.kind] ?? "report.sig_alert", { number: one.number ?? "?" })}</span></p>
    ${!one.holds && html`<p class="fault"><bdi dir="ltr">${one.verdict}</bdi>: ${isolated(foreignText(one.detail, 300))}</p>`}
    ${one.noted !== null && html`<p>${t("report.noted", { verdict: one.noted })}</p>`}
    <p class="quiet">${one.at_ms !== null && html`<span class="figure">${stampOf(one.at_ms, now.value)}</span>${" "}`}
      ${signer === null
        ? html`<b>${t("report.nobody")}</b>`
        : html`${isolated(signer.owner === "service" ? say("report.hotline") : foreignText(signer.owner))}, ${t("incident.key", {
            fingerprint: whole ? signer.fingerprint : signer.fingerprint.slice(0, 11),
          })}`}</p>
    <p class=${whole ? "hash whole" : "hash"}><bdi dir="ltr">${whole ? one.sha256 : one.sha256.slice(0, SHORT)}</bdi></p>
  </li>`;
}
