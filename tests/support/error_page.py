"""Writes ``docs/errors.md`` from the codes; run it after a change there. A test compares the page."""

from pathlib import Path

from keepclear_protocol.errors import CODES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"

_HEAD = """\
# Errors

Every refusal, of the service and of the command line, carries one of these codes. A code never changes its meaning;
the words beside it may. Over HTTP it stands in a problem document (RFC 9457, `application/problem+json`) as `code` and
at the end of `type`; on the command line in brackets after the words. Codes with "again" are about the mediator, not
about what was sent: sending the same bytes again is safe, and can succeed.

| code | status | again | meaning |
|---|---|---|---|
"""


def render() -> str:
    """Return the page's text."""
    rows = (
        f"| `{name}` | {code.status} | {'again' if code.status == 503 else ''} | {code.meaning} |\n"
        for name, code in CODES.items()
    )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
