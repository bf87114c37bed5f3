"""Keepclear for a party: sign and file flight intents, follow the hotline, verify everything that it says.

``Desk`` and ``AsyncDesk`` keep a journal and a verified picture; ``Client`` and ``AsyncClient`` are the bare doors,
which verify receipts but no alerts. The names are loaded when the first of them is used, so that offline commands do
not wait for an HTTP library.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .names import *  # noqa: F403
    from .names import __all__ as __all__


def __dir__() -> list[str]:
    import keepclear.names as names

    return list(names.__all__)


def __getattr__(name: str) -> Any:
    import keepclear.names as names

    if name == "__all__" or name in names.__all__:
        return getattr(names, name)
    raise AttributeError(f"module {__name__} has no attribute {name}")
