"""Processes of tests that are listed as alike measure no coverage, all others' do."""

import os
from pathlib import Path

import pytest
from support.alike import ASKED, UNMEASURED, pytest_runtest_logfinish, pytest_runtest_logstart

REPOSITORY = Path(__file__).resolve().parents[1]


def test_what_is_listed_is_there() -> None:
    assert [name for name in UNMEASURED if not (REPOSITORY / name).is_file()] == []


def test_only_what_is_listed_measures_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ASKED:
        monkeypatch.setenv(name, "as asked")
    for nodeid, asked in (
        (f"{UNMEASURED[0]}::test_it[1]", []),
        ("tests/service/test_app.py::test_it", ["as asked"] * len(ASKED)),
    ):
        pytest_runtest_logstart(nodeid)
        assert [os.environ[name] for name in ASKED if name in os.environ] == asked
        pytest_runtest_logfinish()
        assert [os.environ.get(name) for name in ASKED] == ["as asked"] * len(ASKED)
