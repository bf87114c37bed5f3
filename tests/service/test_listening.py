"""The service's address: what the kernel may keep of each connection is bounded, whoever is at its other end."""

import contextlib
import socket

import pytest
from keepclear_service.process.listening import KERNEL_BYTES, Listening


@pytest.mark.parametrize("workers", [1, 2])
def test_a_reader_that_takes_nothing_makes_the_kernel_keep_little(workers: int) -> None:
    address = Listening("127.0.0.1", 0, workers=workers)
    with contextlib.closing(address), address.for_worker() as listener, socket.socket() as reader:
        listener.listen()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect((address.host, address.port))
        accepted, _ = listener.accept()
        with accepted:
            accepted.setblocking(False)
            kept = 0
            with contextlib.suppress(BlockingIOError):
                while kept < 64 * KERNEL_BYTES:
                    kept += accepted.send(b"y" * KERNEL_BYTES)
            assert 0 < kept <= 4 * KERNEL_BYTES
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 2 * KERNEL_BYTES
