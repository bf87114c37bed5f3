"""The origin of a hotline: scheme, host and port, in the one spelling of RFC 6454 section 6.2.

Request proofs are bound to these bytes, so one place must have one spelling: lower case, no user, no path, no default
port. Plain http is taken, because a desk on the same machine or behind its own proxy may need it; who signs an
agreement with an http origin on an open network shows everyone who listens what it files.
"""

import ipaddress
import re

from .fields import refusal

MAX_ORIGIN_CHARACTERS = 255
"""The longest host name of RFC 1035, roughly."""

_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:]{2,39}\]|[a-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?\Z")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_DEFAULT_PORT = {"http": "80", "https": "443"}
_HIGHEST_PORT = 65_535


def read_origin(value: object, place: str) -> str:
    """Return an origin such as ``https://hotline.example:8443``; raise ``Malformed`` with ``agreement``."""
    match = _ORIGIN.match(value) if isinstance(value, str) and len(value) <= MAX_ORIGIN_CHARACTERS else None
    if match is None or not _is_host(match[2]):
        raise refusal(f"{place} must be an origin such as https://hotline.example, lower case and without a path")
    if match[3] is not None and (match[3] == _DEFAULT_PORT[match[1]] or int(match[3]) > _HIGHEST_PORT):
        raise refusal(f"{place} must not name the scheme's own port, nor one above {_HIGHEST_PORT}")
    return match[0]


def _is_host(host: str) -> bool:
    try:
        if host.startswith("["):
            return _ipv6(ipaddress.IPv6Address(host[1:-1])) == host[1:-1]
        # A host whose last label is a number is an IPv4 address to every URL parser, or to none of them.
        if _NUMBER.match(host.rpartition(".")[2]):
            return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False
    return all(_LABEL.match(label) for label in host.split("."))


def _ipv6(address: ipaddress.IPv6Address) -> str:
    """The address as RFC 5952 section 4 has it, in hexadecimal throughout: from 3.13 on Python mixes in decimals."""
    mapped = address.ipv4_mapped
    if mapped is None:
        return str(address)
    return f"::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}"
