"""Writes ``docs/errors.md`` from the codes; run it after a change there. A test compares the page.

``WHAT_TO_DO`` has one line for each code, for whoever met it: an officer, or who keeps the desk or the service.
"""

from pathlib import Path

from keepclear_protocol.errors import CODES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"

_HEAD = """\
# Errors

Every refusal, of the service and of the command line, carries one of these codes. A code never changes its meaning;
the words beside it may. Over HTTP it stands in a problem document (RFC 9457, `application/problem+json`) as `code` and
at the end of `type`; on the command line in brackets after the words. Codes with "again" are about the mediator, not
about what was sent: sending the same bytes again is safe, and can succeed. Where and in which order each is said is in
[the specification](../protocol/SPEC.md).

| code | status | again | meaning | what to do |
|---|---|---|---|---|
"""

_BUG = "A fault of the sending program: compare it with SPEC.md and the vectors."
_VOLUME = "Mend the flight plan; `submit --dry-run` shows what would be filed."
_AMEND = "Read the notice as the service has it and amend that."
_LIMIT = "Keep within the agreement's limit, or agree on another in a new revision."
_BUDGET = (
    "Send the same again (`keepclear send CODE`) from `again_at` on; until then call the other side: the line does not "
    "know it."
)

WHAT_TO_DO = {
    "not_authenticated": "Is the key enrolled in this agreement, and has nothing changed the bytes on their way?",
    "base64url": _BUG,
    "json": _BUG,
    "json_number": _BUG,
    "too_large": "Split the flight into several notices.",
    "claims": _BUG,
    "crit": "Update: the sender uses a newer version of the protocol.",
    "content_type": "Send application/sd-jwt to notices and application/jwt to the other doors.",
    "request": "Mend the URL or the headers; does a proxy change them?",
    "request_slow": "Send it again, over a better line; ours takes 10 s for a head and 60 s for a body.",
    "head_too_large": _BUG,
    "not_found": "Is the id right, and is it a notice of your own?",
    "method": "Use the method that SPEC.md gives for this door.",
    "cursor": "Start without a cursor: everything is read again.",
    "volume_shape": _VOLUME,
    "volume_position": "Are latitude and longitude swapped? At most nine decimals.",
    "volume_polygon": "List the corners once, in order round the area; do not close the ring.",
    "volume_edge": "Put points between the ends, at most 1 000 km apart.",
    "volume_extent": "Give the volume a width, a height and a duration.",
    "volume_size": "Split it into several volumes.",
    "volume_band": _VOLUME,
    "volume_window": "Write times in UTC with Z, the earlier one first.",
    "key": "Take the text again from who made the key; never mend it by hand.",
    "agreement": "Ask who drafted it; `agreement show` says which member is wrong.",
    "agreement_signatures": "Let those who are named sign, or take the whole document again.",
    "agreement_successor": "Install the revisions one after the other; draft the next from the one in force.",
    "fingerprint": "Do not sign. Call again, on a number that you knew before, and compare digit by digit.",
    "disclosure": _BUG,
    "disclosure_unmatched": _BUG,
    "disclosure_repeated": _BUG,
    "disclosure_missing": _BUG,
    "manifest": "File what was signed, all of it, as it was signed.",
    "notice": _BUG,
    "limit_area": "Split the volume; the category's minimum is added all round.",
    "limit_band": "Split the volume by height; the category's minimum is added above and below.",
    "limit_duration": "Split the volume in time; the category's lead and tail are added.",
    "limit_horizon": "File it nearer to its time.",
    "limit_volumes": "Split the flight into several notices.",
    "limit_vertices": "Use fewer points, or several notices.",
    "limit_revisions": "Withdraw the notice and file a new one.",
    "limit_answers": "Nothing: this version has been answered often enough.",
    "limit_retention": "Nothing can be deconflicted so long after; report it another way.",
    "outside_area": _LIMIT,
    "category": "Use a category of the agreement; `agreement show` lists them.",
    "budget_live_notices": _BUDGET + " A withdrawal makes room at once.",
    "budget_submits_a_minute": _BUDGET,
    "budget_acknowledgements_a_minute": "Acknowledge again from `again_at` on, or answer by voice.",
    "budget_stored_bytes": _BUDGET,
    "budget_pairs_an_hour": _BUDGET,
    "budget_alerts_an_hour": _BUDGET,
    "budget_volume_time_a_day": _BUDGET,
    "budget_streams": "Close streams of your own; the oldest may be one that nobody reads any more.",
    "wrong_party": "Sign with a key of the party in whose name it is.",
    "wrong_role": "Use a key with the role, or enrol one in a new revision.",
    "wrong_agreement": "Use the agreement of this hotline.",
    "wrong_terms": "Install the agreement's newest revision, then sign anew.",
    "key_revoked": "Use another key. If nobody of yours revoked it, call the other roots at once.",
    "key_not_valid": "Use a key that is valid now; is the machine's clock right?",
    "admitted_too_late": "Sign anew; the SDK does so.",
    "not_yet": "Set the machine's clock.",
    "proof_request": "Is the origin the agreement's? A proxy must not change path or query.",
    "proof_expired": "Set the machine's clock; a slow line needs a fresh proof.",
    "proof_replayed": "Make a fresh proof for each read. If you did, somebody copies your requests.",
    "revision_conflict": _AMEND,
    "revision_order": _AMEND,
    "prev_mismatch": _AMEND,
    "notice_unknown": "File it as a new notice.",
    "notice_withdrawn": "File it as a new notice.",
    "jti_conflict": _BUG,
    "conflict_unknown": "Read the conflicts again.",
    "alert_mismatch": "Sign of the alert as it came: its own.sha256 and other.sha256.",
    "version_stale": "Look at the newest alert and acknowledge that.",
    "store_unavailable": "The operator: start the store. Until then nothing is deconflicted.",
    "store_unsafe": "The operator: make the store durable (appendfsync always, noeviction), or restore what it lost.",
    "store_full": "The operator: make room (docs/operating.md). Withdraw and acknowledge as ever, and send again.",
    "store_clock": "The operator: set the clocks by NTP (operating.md, A clock that is off). Send the same again.",
    "busy": "Send the same bytes again in a moment.",
    "unreachable": "Check the line; meanwhile you are NOT DECONFLICTED. Send the same bytes again.",
    "internal": "The operator: see the service's log. Send the same bytes again.",
    "evidence": "Show it to the officer; keep it, and ask the mediator.",
    "recompute": "Do not rely on the alert's figures; ask the mediator, and compare versions.",
    "over_disclosed": "Tell your side what was shown; ask the mediator why.",
    "rollback": "Assume what you knew before; ask the mediator whether a store was restored.",
    "closed_without_cause": "The conflict stays open for you; call the other side.",
    "stale_picture": "You are NOT DECONFLICTED until the picture is fresh again.",
    "client_certificate": "Has it run out? `KEEPCLEAR_TLS_CERT` and `KEEPCLEAR_TLS_KEY` name it.",
    "reference_conflict": "`--amend` files it as the next revision; or choose another reference.",
    "clock": "Set this machine's clock; the alert is judged again then. If the clock is right, ask the mediator.",
    "journal": "Make room on its disk; what was not written comes again. If damaged: filing.md, A damaged journal.",
    "key_file": "Mode 0600, one key in its one spelling; take it again from its backup.",
    "input_file": "Mend the file at the place that is named.",
    "usage": "See `--help` of the command.",
}


def render() -> str:
    """Return the page's text."""
    assert WHAT_TO_DO.keys() == CODES.keys(), WHAT_TO_DO.keys() ^ CODES.keys()
    rows = (
        f"| `{name}` | {code.status} | {'again' if code.status == 503 else ''} | {code.meaning} | {todo} |\n"
        for (name, code), todo in zip(CODES.items(), map(WHAT_TO_DO.get, CODES), strict=True)
    )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
