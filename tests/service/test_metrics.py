"""The board: counts that outlive the process that makes them, on a fixed number of series."""

import itertools
import json

import msgspec
from keepclear_service import metrics
from keepclear_service.line.ports import Line
from keepclear_service.metrics import Board, Layout, shared_memory
from keepclear_service.observer import Observer
from keepclear_service.process.note import LineNote, Note, read_note


def test_a_successor_goes_on_with_the_counts_and_the_reader_sees_them() -> None:
    shared = shared_memory(Layout(2).bytes)
    reader = Board(2, shared)
    for _ in range(2):  # two processes, one after the other
        board = Board(2, shared)
        board.counters(metrics.ADMISSIONS)["1", "notice"].add()
        histogram = board.histograms(metrics.RECEIPT)["1",]
        for seconds in (0.025, 0.03, 0.0301, 11.0):
            histogram.observe(seconds)
    at = dict(reader.layout.series(metrics.ADMISSIONS))["1", "notice"]
    assert reader.cells(at, 1) == [2.0]
    cells = reader.cells(dict(reader.layout.series(metrics.RECEIPT))["1",], metrics.RECEIPT.width)
    counted = dict(zip((*metrics.ANSWER_S, "beyond"), cells, strict=False))
    assert {bound: count for bound, count in counted.items() if count} == {0.03: 4.0, 0.05: 2.0, "beyond": 2.0}
    assert cells[-1] == 2 * (0.025 + 0.03 + 0.0301 + 11.0)


def test_no_two_series_share_a_cell_and_none_is_beyond_the_board() -> None:
    layout = Layout(3)
    used = [
        cell
        for family in metrics.FAMILIES
        for _, at in layout.series(family)
        for cell in range(at, at + family.width)
    ]
    assert sorted(used) == list(range(layout.cells))


def test_the_number_of_series_follows_from_the_settings_alone() -> None:
    """Whatever is sent: two agreements have so many more series than one, and a code of a later version has one."""
    sizes = [Layout(agreements).cells for agreements in (1, 2, 3)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0] < 120
    board = Board(1)
    observer = Observer(board, None)
    for code in ("a_new_code", "another", "not_found"):
        observer.refused("other", code, dict)
    found = {values: board.cells(at, 1)[0] for values, at in board.layout.series(metrics.REFUSALS)}
    assert {values: count for values, count in found.items() if count} == {
        ("other", metrics.UNKNOWN_CODE): 2.0, ("other", "not_found"): 1.0,
    }  # fmt: skip


def test_a_note_is_read_whole_or_not_at_all() -> None:
    shared = shared_memory(Layout(1).bytes)
    writer, reader = Board(1, shared), Board(1, shared)
    assert read_note(reader) is None
    for size in (0, 3, 900, 1):
        streams = {f"party-{number}": number for number in range(size)}
        note = Note(12.5, (LineNote("ok", "e", 7, 1, streams),))
        writer.write_note(msgspec.json.encode(note))
        assert read_note(reader) == note
    torn = json.dumps(["x"] * 40).encode()
    writer.write_note(torn)
    cells = 8 * reader.layout.cells
    writer._memory[cells + 20 : cells + 30] = b"-" * 10  # half of the next one
    assert reader.read_note() == b"" and read_note(reader) is None
    writer.write_note(b"x" * (metrics.NOTE_BYTES + 1))
    assert reader.read_note() == b""


def test_the_values_of_labels_are_words_of_our_tables() -> None:
    words = set(itertools.chain.from_iterable(metrics.VALUES.values()))
    assert all(word.replace("_", "").isalnum() and word.isascii() for word in words)


def test_every_call_of_a_line_is_noted_in_one_group() -> None:
    asked = sorted(name for name in vars(Line) if not name.startswith("_"))
    assert sorted(itertools.chain.from_iterable(metrics.STORE_CALLS.values())) == asked
