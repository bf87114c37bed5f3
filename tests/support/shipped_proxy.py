"""The proxy as it is shipped, its own file, as a process of the tests' own before services on this machine."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .patience import PATIENCE_S
from .tls import Authority

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "proxy"


@dataclass(frozen=True, slots=True)
class ShippedProxy:
    """Where it listens, its certificate's authority, and its first process."""

    port: int
    authority: Path
    pid: int

    @property
    def url(self) -> str:
        """Where a client reaches it."""
        return f"https://127.0.0.1:{self.port}"


def nginx() -> str | None:
    """Return the program, where this machine has it with the module that the file wants."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    module = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
    return found if found and module.exists() else None


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@contextlib.contextmanager
def shipped_proxy(folder: Path, service_port: int, changes: dict[str, str] | None = None) -> Iterator[ShippedProxy]:
    """Run it until the block ends. ``changes``: words of its file, each there once, and what stands in their place."""
    program = nginx()
    assert program is not None
    folder.mkdir(parents=True, exist_ok=True)
    authority = Authority(folder, "authority")
    certificate, key = authority.issue("server")
    port, inner = free_port(), free_port()
    text = (SHIPPED / "nginx.conf").read_text("utf-8")
    here = {
        "/tmp/": f"{folder}/",  # noqa: S108 - in that file; first, since our own folder may lie there
        "listen 8443 ": f"listen 127.0.0.1:{port} ",
        "127.0.0.1:8444": f"127.0.0.1:{inner}",
        "http://$first:8700": f"http://127.0.0.1:{service_port}",
        "http://$other:8700": f"http://127.0.0.1:{service_port}",
        "/tls/server.pem": str(certificate),
        "/tls/server.key": str(key),
        "/tls/authority.pem": str(authority.file),
        "/etc/keepclear/clients.conf": str(SHIPPED / "clients-optional.conf"),
        "/etc/keepclear/known.conf": str(SHIPPED / "known.conf"),
        "/dev/stdout": str(folder / "access.log"),
    }
    for said, ours in {**here, **(changes or {})}.items():
        assert said in text, said
        text = text.replace(said, ours)
    (folder / "nginx.conf").write_text(text)
    words = [program, "-e", "stderr", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    with (folder / "error.log").open("wb") as log:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert process.poll() is None and time.monotonic() < deadline, (folder / "error.log").read_text()
            time.sleep(0.02)
        yield ShippedProxy(port, authority.file, process.pid)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
