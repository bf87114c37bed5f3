"""A service on a disk of its own that fills up: run as a program where such a disk is mounted. See test_full.

Says ``scarce``, ``none`` and ``back`` as it has seen them.
"""

import asyncio
import os
import sys
from pathlib import Path

from keepclear_service.process.disk import SCARCE_BYTES
from keepclear_service.process.embedded import embedded_store

from support.line import RunningLine, found_line, write_files
from support.operating import once, status
from support.service import running_service
from support.world import World, box


def fill(filler: Path, left: int) -> None:
    """Leave so many bytes of room on the disk."""
    with filler.open("ab") as file:
        room = os.statvfs(filler).f_bavail * os.statvfs(filler).f_frsize
        if room > left:
            os.posix_fallocate(file.fileno(), file.tell(), room - left)


def main(folder: Path) -> None:
    """Play the story on ``folder``."""
    world, filler = World(), folder / "filler"
    words = [*write_files(world, folder), "--embedded", str(folder / "store"), "--port", "0"]

    async def found() -> None:
        async with embedded_store(folder / "store") as store:
            await asyncio.to_thread(found_line, world.agreement, store.url)

    asyncio.run(found())
    with running_service(folder / "service.log", "run", *words) as service:
        line = RunningLine(world, service)

        def look() -> str:
            return str(line.http.get("/readyz").json()["state"])

        standing = [world.opened(line.file("north", box(48.0 + n))["sent"]) for n in range(2)]
        once(look, lambda state: state == "ok")

        fill(filler, SCARCE_BYTES // 2)
        once(look, lambda state: state == "full")
        told = line.post("notices", world.submission("north"))
        assert (told.status_code, told.json()["code"]) == (503, "store_full"), told.text
        assert line.post("withdrawals", world.withdrawal("north", standing[0])).status_code == 201
        assert line.get("north", "/v1/conflicts").status_code == 200
        assert "the store's disk is full" in status(line).stdout
        sys.stdout.write("scarce\n")

        fill(filler, 0)
        # A page of the log may still have room: what is small may be taken a few times.
        last = world.withdrawal("north", standing[1])
        told = line.post("withdrawals", last)
        while told.status_code == 201:
            told = line.get("north", "/v1/conflicts")
            told = line.post("withdrawals", last) if told.status_code == 200 else told
        assert told.status_code in (200, 503), told.text
        line.service.wait_for("store_died", timeout_s=60)
        seen = {look() for _ in range(30)}
        assert seen == {"full"}, seen
        sys.stdout.write("none\n")

        filler.unlink()
        once(look, lambda state: state == "ok", within_s=60)
        assert line.post("withdrawals", last).status_code in (200, 201)
        line.file("north", box(-20))
        assert line.service.wait_for("store_died")
        sys.stdout.write("back\n")
        line.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
