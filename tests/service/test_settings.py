"""Settings come from words and variables, refuse nonsense in one line, and never show a secret."""

from pathlib import Path

import pytest
from keepclear_protocol.errors import LocalError
from keepclear_service.__main__ import main
from keepclear_service.process.settings import ENV_PREFIX, Settings, load_settings

REPOSITORY = Path(__file__).resolve().parents[2]


def test_words_win_over_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPCLEAR_WORKERS", "3")
    monkeypatch.setenv("KEEPCLEAR_AGREEMENTS", "a.json:b.json")
    settings = load_settings(workers=None, agreements=())
    assert settings.workers == 3
    assert settings.agreements == (Path("a.json"), Path("b.json"))
    assert load_settings(workers=2, agreements=(Path("c"),)).workers == 2
    assert load_settings(agreements=(Path("c"),)).agreements == (Path("c"),)


def test_settings_survive_the_way_to_a_worker() -> None:
    settings = load_settings(store="redis://:secret@host:6379/0", agreements=(Path("a"), Path("b")), volatile=True)
    assert Settings(**settings.model_dump(mode="json")) == settings


def test_no_secret_in_repr() -> None:
    settings = load_settings(store="rediss://service:hunter2@store.example:6379/0")
    assert "hunter2" not in repr(settings) and "hunter2" not in str(settings)


def test_no_secret_in_errors() -> None:
    with pytest.raises(LocalError) as caught:
        load_settings(store="http://service:hunter2@store.example")
    assert caught.value.code == "usage"
    assert "hunter2" not in caught.value.detail + caught.value.hint


@pytest.mark.parametrize(
    "given",
    [{"workers": 0}, {"workers": 65}, {"port": -1}, {"port": 65536}, {"store": "unix://"}, {"store": "memory://x"},
     {"log_level": "loud"}, {"drain_s": 0}, {"host": ""}, {"colour": "blue"}],
)
def test_nonsense_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(LocalError) as caught:
        load_settings(**given)
    assert caught.value.code == "usage"
    assert next(iter(given)) in caught.value.detail


def test_password_comes_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    file.chmod(0o600)
    settings = load_settings(store_password_file=file)
    assert settings.store_password() == "hunter2"
    assert load_settings().store_password() is None
    with pytest.raises(LocalError):
        load_settings(store_password_file=tmp_path / "absent").store_password()


def test_every_setting_is_documented() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"`{ENV_PREFIX}{name.upper()}`" in page, name


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run"], "name at least one --agreement"),
        (["run", "--agreement", "a"], "name the service's --key"),
        (["run", "--agreement", "a", "--store", "unix:///x", "--embedded", "y"], "exclude each other"),
        (["run", "--workers", "many"], "not a valid integer"),
        (["adopt"], "name at least one --agreement"),
        (["fly"], "No such command"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.environ", {"HOME": "/nonexistent"})
    assert main(words) == 2
    output = capsys.readouterr()
    assert output.out == ""
    error, hint = output.err.splitlines()
    assert error.startswith("keepclear-service: error: ") and says in error
    assert hint.startswith("keepclear-service: hint: ")


@pytest.mark.parametrize(
    ("port", "named", "at"), [(8700, None, 9700), (0, None, 0), (64_536, None, 0), (8700, -1, None)]
)
def test_the_operators_doors_take_no_neighbouring_port(port: int, named: int | None, at: int | None) -> None:
    assert load_settings(port=port, metrics_port=named).operator_port() == at
