"""What came back: of a call, or of a glance at a door that is open to all."""

import ssl
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx2
from keepclear_protocol.errors import KeepclearError

from ..wire.problems import media_type

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """What became of a call: its answer, or the error. ``lost``: the outcome of an earlier attempt is not known."""

    answer: T | None
    error: KeepclearError | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Glance:
    """What a door answered, whoever that was; ``tls`` is the version that was spoken, ``None`` without.

    ``certified_until`` is when the certificate that was shown runs out, in seconds since 1970.
    """

    status: int
    media: str
    body: bytes
    tls: str | None
    certified_until: int | None


def glanced(response: httpx2.Response, body: bytes) -> Glance:
    """Return what an answer whose body was read says, and over which TLS."""
    spoken = response.extensions["network_stream"].get_extra_info("ssl_object")
    shown = None if spoken is None else spoken.getpeercert()
    until = ssl.cert_time_to_seconds(shown["notAfter"]) if shown else None
    version = None if spoken is None else spoken.version()
    return Glance(response.status_code, media_type(response.headers.get("content-type")), body, version, until)
