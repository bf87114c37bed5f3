"""Blocks of addresses: what counts as one place from which somebody connects."""

import contextlib
import socket


def block_of(address: str) -> bytes | None:
    """Return what counts as one place: an IPv4 address, or the first 64 bits of another; None where it is neither."""
    with contextlib.suppress(OSError):
        if ":" not in address:
            return socket.inet_pton(socket.AF_INET, address)
        packed = socket.inet_pton(socket.AF_INET6, address.partition("%")[0])
        return packed[12:] if packed.startswith(bytes(10) + b"\xff\xff") else packed[:8]
    return None


def is_loopback(block: bytes) -> bool:
    """Whether a block is this machine's own."""
    return block[:1] == b"\x7f" if len(block) == 4 else block == bytes(8)
