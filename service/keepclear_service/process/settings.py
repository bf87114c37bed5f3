"""Every knob of the service, typed and documented; from the command line or ``KEEPCLEAR_*`` variables.

Guarantees: nothing secret stands in a ``repr`` or a log line, since keys are named by file and the store's URL, which
may hold a password, is left out. Does not read the files it names: whoever uses a key or an agreement says what is
wrong with it.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from keepclear_protocol.errors import LocalError
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .files import read_password
from .memory import STORE_LEAST_MIB

ENV_PREFIX = "KEEPCLEAR_"

MAX_WORKERS = 64
"""More processes than any machine we know would give one mediator; a slip such as ``--workers 8000`` is caught."""

_STORE_SCHEME = re.compile(r"(redis|rediss|redis\+cluster|rediss\+cluster|unix)://.", re.ASCII)


def default_embedded() -> Path:
    """Return where the embedded store keeps its files when neither a store nor a folder is named."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "keepclear" / "store"


METRICS_AWAY = 1000
"""From a service's port to the one of its operator's doors, where none is named."""


class Settings(BaseSettings):
    """What one service is told. Lists in variables are separated as ``PATH`` is."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    key: Path | None = Field(default=None, description="The service's secret key file, mode 0600.")
    agreements: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), description="The signed agreements that this service hosts, strictly apart from one another."
    )
    store: str | None = Field(
        default=None,
        repr=False,
        description="URL of the store: redis://, rediss://, unix:// or redis+cluster://. Without it: the embedded one.",
    )
    store_password_file: Path | None = Field(
        default=None,
        description="File with the store's password, mode 0600, so that it stands in no URL and no variable.",
    )
    embedded: Path = Field(
        default_factory=default_embedded, description="Folder of the embedded store, used where no store is named."
    )
    store_memory_mib: int | None = Field(
        default=None,
        ge=STORE_LEAST_MIB,
        le=1 << 24,
        description="MiB that the embedded store holds at most. Without it: a quarter of the memory, up to 4096.",
    )
    heads: Path | None = Field(
        default=None,
        description="Folder that keeps how far each line has come, by which a store that was put back is found out. "
        "Without it: beside the embedded store's; for another store none.",
    )
    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address to listen on; a proxy with TLS stands before it."
    )
    port: int = Field(default=8700, ge=0, le=65535, description="Port to listen on; 0 takes a free one and says which.")
    workers: int = Field(
        default=1, ge=1, le=MAX_WORKERS, description="Processes that share the port; at most one per core."
    )
    volatile: bool = Field(
        default=False, description="Accept a store that could lose a receipted notice. For trials, never for duty."
    )
    drain_s: int = Field(
        default=5,
        ge=1,
        le=600,
        description="Seconds that requests and streams have to end after SIGTERM, before they are cut.",
    )
    tick_ms: int = Field(
        default=25,
        ge=0,
        le=10_000,
        description="Milliseconds of a tick, for each 16 volumes begun: a receipt leaves whole ticks after its notice.",
    )
    limit_connections: int = Field(
        default=8000,
        ge=10,
        le=1_000_000,
        description="Connections of one worker at once; for one more, a stranger's that waits longest is closed.",
    )
    limit_address: int | None = Field(
        default=None,
        ge=1,
        description="Of these for one address, or IPv6 /64. Without it: 256, but none behind a proxy or on loopback.",
    )
    limit_unproved_mb: int | None = Field(
        default=None,
        ge=1,
        le=65_536,
        description="Megabytes of requests that one worker holds of strangers. Without it: by the container's memory.",
    )
    head_s: int = Field(
        default=10,
        ge=1,
        le=600,
        description="Seconds for a request's whole head, and for a new connection's first byte.",
    )
    body_s: int = Field(default=60, ge=1, le=3600, description="Seconds for a request's whole body.")
    metrics_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address for /metrics and /status, which ask nobody who they are.",
    )
    metrics_port: int | None = Field(
        default=None,
        ge=-1,
        le=65535,
        description="Port for them; -1 for none, 0 takes a free one. Without it: the service's own plus 1000.",
    )
    proxy_names_requests: bool = Field(
        default=False,
        description="Take X-Request-ID for the log: a proxy of ours sets it, and is the only way to this address.",
    )
    log_level: str = Field(
        default="info", pattern="^(debug|info|warning|error)$", description="Least level that is logged."
    )

    @field_validator("agreements", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part for part in value.split(os.pathsep) if part) if isinstance(value, str) else value

    @field_validator("store")
    @classmethod
    def _scheme(cls, value: str | None) -> str | None:
        if value is not None and _STORE_SCHEME.match(value) is None:
            raise ValueError("a store's URL begins with redis://, rediss://, unix://, redis+cluster:// or rediss+cluster://")
        return value

    def store_password(self) -> str | None:
        """Return the password of ``store_password_file``, without the line's end; raise ``LocalError``."""
        if self.store_password_file is None:
            return None
        return read_password(self.store_password_file)

    def store_name(self) -> str:
        """Return what the store is called where it is told: its address, without user and password."""
        if self.store is None:
            return f"the store in {self.embedded}"
        parts = urlsplit(self.store)
        return f"the store {parts.scheme}://{parts.netloc.rpartition('@')[2]}{unquote(parts.path)}"

    def heads_folder(self) -> Path | None:
        """Return where the lines' heads are kept: never in the store's own folder, which is put back as one."""
        if self.heads is not None or self.store is not None:
            return self.heads
        return self.embedded.with_name(f"{self.embedded.name}-heads")

    def operator_port(self) -> int | None:
        """Return the port of the operator's doors: 0 for a free one, None for none."""
        if self.metrics_port is not None:
            return None if self.metrics_port < 0 else self.metrics_port
        # The ports next to a service's are others': a second service's, or a gate's before it.
        return self.port + METRICS_AWAY if 0 < self.port <= 65535 - METRICS_AWAY else 0

    def with_store(self, url: str) -> "Settings":
        """Return these settings with the store at ``url``; the heads stay where they are."""
        return self.model_copy(update={"store": url, "heads": self.heads_folder()})


def load_settings(**given: Any) -> Settings:
    """Return settings from what was ``given`` (``None`` and ``()`` mean not given) and the environment.

    Raises ``LocalError`` with ``usage`` and without the offending value, which might be a secret.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value not in (None, ())})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"][:1]) or "settings"
        raise LocalError(
            "usage",
            f"{name}: {first['msg'].removeprefix('Value error, ')}",
            hint=f"--{name.replace('_', '-')} or {ENV_PREFIX}{name.upper()}; see docs/settings.md",
        ) from None
