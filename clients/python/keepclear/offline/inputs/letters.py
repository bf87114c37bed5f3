"""Text in whatever encoding a spreadsheet or an old planner wrote.

UTF-8, or UTF-16 with its mark; else each byte is a letter, as in Latin-1. Only numbers and names in ASCII are read of
such files, so a wrong guess of an umlaut changes nothing that is claimed.
"""

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def any_text(data: bytes) -> str:
    """Return the text of bytes, whatever they are, with line feeds alone as line ends."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(name, "replace")
            break
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")
