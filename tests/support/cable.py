"""A cable between a desk and the hotline: TCP from a port of its own to the service's, which can be cut and mended.

Deaf it carries nothing and ends nothing, as a radio does whose other end is gone.
"""

import contextlib
import socket
import threading


class Cable:
    """Carries whatever is connected to ``port`` to the port ``to`` of this machine, until it is cut or closed."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._ends: list[socket.socket] = []
        self._whole = True
        self._hears = threading.Event()
        self._hears.set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and whichever is made until ``mend``."""
        self._whole = False
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def deafen(self) -> None:
        """Hold back whatever comes, until ``mend``."""
        self._hears.clear()

    def mend(self) -> None:
        """Carry again."""
        self._whole = True
        self._hears.set()

    def close(self) -> None:
        """Cut it for good."""
        self.cut()
        self._hears.set()
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                self._join(near)

    def _join(self, near: socket.socket) -> None:
        try:
            if not self._whole:
                raise ConnectionRefusedError
            far = socket.create_connection(("127.0.0.1", self._to))
        except OSError:
            near.close()
            return
        self._ends += [near, far]
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._hears.wait()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
