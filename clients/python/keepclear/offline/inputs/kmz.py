"""KMZ: a zip archive whose first KML file is the document; the pictures and models beside it are left out.

Nothing is unpacked to disk, so a path in the archive leads nowhere. What the archive says of sizes is not believed: at
most ``MAX_INPUT_BYTES`` are unpacked, however small the archive is.
"""

import io
import zipfile
import zlib
from dataclasses import replace

from .content import MAX_INPUT_BYTES, Content
from .flight import Flight, Options, unreadable
from .kml import kml_flights

MAX_ENTRIES = 10_000

_ARCHIVE = b"PK\x03\x04"


def recognise(content: Content) -> bool:
    """Whether it is a zip archive that names a KML file."""
    return content.data.startswith(_ARCHIVE) and bool(_documents(content.data))


def read(content: Content, options: Options) -> list[Flight]:
    """Return the flights of the archive's document; raise ``LocalError`` with ``input_file``."""
    names = _documents(content.data)
    name = "doc.kml" if "doc.kml" in names else names[0]
    flights = kml_flights(_unpacked(content.data, name), options)
    if len(names) > 1:
        note = f"only {name:.60} is read; left out: {', '.join(other[:60] for other in names if other != name)[:200]}"
        flights[0] = replace(flights[0], notes=[*flights[0].notes, note])
    return flights


def _documents(data: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise unreadable("", f"an archive of {len(entries)} files; at most {MAX_ENTRIES}")
            return [entry.filename for entry in entries if entry.filename.lower().endswith(".kml")]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):  # the second: of a later zip format
        return []


def _unpacked(data: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(name) as file:
            found = file.read(MAX_INPUT_BYTES + 1)
    except NotImplementedError:  # a kind of RuntimeError, so it stands before that
        raise unreadable(f"{name:.60}", "packed in a way that is not known", hint="make it a plain zip") from None
    except RuntimeError:
        raise unreadable(f"{name:.60}", "the archive is encrypted") from None
    except (zipfile.BadZipFile, EOFError, ValueError, OSError, zlib.error) as error:
        raise unreadable(f"{name:.60}", f"cannot be unpacked: {error}") from None
    if len(found) > MAX_INPUT_BYTES:
        raise unreadable(f"{name:.60}", f"larger than {MAX_INPUT_BYTES // 1024} KiB when unpacked")
    return found
