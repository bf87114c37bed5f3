"""What went wrong on the way, in plain words: nothing of an HTTP library's, and nothing that accuses the hotline."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx2
from keepclear_protocol.errors import KeepclearError, Unavailable
from keepclear_protocol.instant import SECOND

SILENT = "silent"
"""The start of the detail when nothing came for the time that it should have."""

_ALERTS = {
    "CERTIFICATE_REQUIRED": "asks for a certificate of this machine's, and none is named",
    "HANDSHAKE_FAILURE": "asks for a certificate of this machine's, or for another TLS than it speaks",
    "CERTIFICATE_EXPIRED": "does not take this machine's certificate: it has run out",
    "CERTIFICATE_REVOKED": "does not take this machine's certificate: it was revoked",
    "UNKNOWN_CA": "does not take this machine's certificate: it does not know who has issued it",
    "BAD_CERTIFICATE": "does not take this machine's certificate",
    "CERTIFICATE_UNKNOWN": "does not take this machine's certificate",
    "UNSUPPORTED_CERTIFICATE": "does not take this machine's certificate: it is of another kind",
    "ACCESS_DENIED": "does not take this machine's certificate: it is not let in",
}
"""TLS alerts (RFC 8446, section 6.2) of a door that does not take what we show, and what they say of it."""

CLOCK_HINT = "is this machine's clock right?"
CLOCK_CODES = frozenset({"admitted_too_late", "not_yet", "proof_expired", "key_not_valid"})
"""Refusals that a wrong clock causes."""

OFF_S = 5
"""Seconds by which the hotline's ``Date`` may differ from this machine's clock without being worth a word: it is in
whole seconds, and the answer took its time."""


class NeverSent(Unavailable):
    """No connection was made: not a byte has left this machine."""


class CutShort(Unavailable):
    """The time that a caller gives was over before the hotline had answered all: it may yet, if it is asked again."""


def silent(within_s: float) -> Unavailable:
    """Return the error of a hotline from which nothing that counts came for a time."""
    return Unavailable("unreachable", f"{SILENT}: nothing came from the hotline for {within_s:.2g} s")


@contextmanager
def faults(within_s: float) -> Iterator[None]:
    """Turn a transport's faults into ``Unavailable``; ``within_s`` is for how long it was waited."""
    try:
        yield
    except (httpx2.ReadTimeout, httpx2.WriteTimeout):
        raise silent(within_s) from None
    except (httpx2.ConnectTimeout, httpx2.PoolTimeout):
        raise _out_of_reach("nobody answers there", kind=NeverSent) from None
    except (httpx2.ConnectError, httpx2.ProxyError) as error:
        raise _fault(error, NeverSent) from None
    except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
        raise _fault(error) from None
    except TimeoutError:
        raise silent(within_s) from None
    except OSError as error:
        raise _fault(error) from None


def clock_hint(error: KeepclearError, date: str | None, now: int) -> None:
    """Where a wrong clock may be why the hotline refused, say so, and by how much if the answer's ``Date`` tells."""
    off_s = _off_s(date, now)
    if error.code == "store_clock":
        return  # the hotline has said that it is its own that is off
    if off_s is not None and abs(off_s) > OFF_S:
        way = "ahead of" if off_s > 0 else "behind"
        error.hint = f"this machine's clock is {abs(off_s)} s {way} the hotline's: set whichever is wrong"
    elif error.code in CLOCK_CODES and off_s is None:
        error.hint = CLOCK_HINT


def _off_s(date: str | None, now: int) -> int | None:
    """By how much this machine's clock is ahead of the ``Date`` of an answer that just came."""
    try:
        return (
            None if date is None else now // SECOND - int(parsedate_to_datetime(date).replace(tzinfo=UTC).timestamp())
        )
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _out_of_reach(why: str, hint: str = "", *, kind: type[Unavailable] = Unavailable) -> Unavailable:
    return kind("unreachable", f"the hotline cannot be reached: {why}", hint=hint)


def _fault(error: BaseException, kind: type[Unavailable] = Unavailable) -> Unavailable:
    """Return what a fault is in our words. A door that refuses our certificate has read nothing of what was sent."""
    text = str(error)
    if "ALERT" in text and (alert := next((word for word in _ALERTS if word in text), "")):
        hint = "KEEPCLEAR_TLS_CERT and KEEPCLEAR_TLS_KEY, or Tls(cert=, key=), name what the operator gave"
        return NeverSent("client_certificate", f"the hotline's door {_ALERTS[alert]}", hint=hint)
    return _out_of_reach(*_words(error), kind=kind)


def _words(error: BaseException) -> tuple[str, str]:
    text, cause = str(error), _cause(error)
    if "CERTIFICATE" in text:
        return "its certificate is not trusted", "name the authority that signed it with --ca"
    if isinstance(error, httpx2.ProxyError):
        return (
            "the proxy refuses to connect to it",
            "the proxy is the environment's: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY",
        )
    if isinstance(cause, socket.gaierror) or "name resolution" in text or "Name or service" in text:
        return "its name is not known", ""
    if "SSL" in text or "TLS" in text:
        return "TLS could not be agreed on", "is it http or https, and is the port right?"
    if isinstance(cause, ConnectionRefusedError) or "refused" in text or isinstance(error, httpx2.ConnectError):
        number = getattr(cause, "errno", None)
        unreached = number in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN)
        return "there is no way to it from here" if unreached else "nobody listens there", ""
    return "the connection broke off before the answer was whole", ""


def _cause(error: BaseException) -> BaseException | None:
    """The innermost cause: libraries wrap an operating system's error some times over."""
    seen: BaseException | None = error
    while seen is not None and (inner := seen.__cause__ or seen.__context__) is not None:
        seen = inner
    return seen
