"""The way to the hotline: its address, and the proxy between; each from an option or the environment.

Guaranteed: an address is a scheme, a host and a port and nothing else; what is not needed is not looked at; what is
needed and unusable is a ``LocalError`` that names the option or the variable.

Proxies of the environment are for addresses out there, never for one that was named or is this machine.
"""

import importlib.util
import ipaddress
import os
import re
from dataclasses import dataclass
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

import httpx2
from keepclear_protocol.errors import LocalError

from .tls import find_trust

_ADDRESS = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:/]+)(?::(?P<port>[0-9]{1,5}))?/?\Z"
)
_FOREIGN = re.compile(r"[\s\x00-\x20\x7f-\xa0?#\\@%]")
_USER = re.compile(r"(?P<before>(?:[A-Za-z][A-Za-z0-9+.-]*://)?)(?:.*@)?(?P<after>.*)\Z", re.DOTALL)
_PROXIES = ("http", "https", "socks5", "socks5h")
_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect to."""

    scheme: str
    host: str
    port: int | None

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"{self.scheme}://{self.host}" + ("" if self.port is None else f":{self.port}")

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine."""
        host = self.host.strip("[]").lower()
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


def read_address(text: str, scheme: str) -> Address:
    """Return the address that somebody named, ``scheme`` where it names none; raise ``LocalError`` with ``usage``."""
    address = _address(text, scheme, ("http", "https"))
    if address is None:
        why = "an address has no user" if "@" in text else "not an address to connect to"
        hint = "an address is scheme, host and port and nothing else, such as http://127.0.0.1:8080"
        raise LocalError("usage", f"{why}: {_without_user(text)}", hint=hint)
    return address


def find_proxy(to: Address) -> httpx2.Proxy | None:
    """Return the proxy that the environment has for an address; raise ``LocalError`` with ``usage``."""
    proxies = getproxies_environment()
    scheme = to.scheme if proxies.get(to.scheme) else "all"
    text = proxies.get(scheme)
    if not text or _is_bypassed(to, proxies):
        return None
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
    variable = next((name for name in names if os.environ.get(name) == text), names[-1])
    address = _address(_without_user(text), "http", _PROXIES)
    wrong = LocalError(
        "usage",
        f"{variable} names no proxy that can be used: {_without_user(text)}",
        hint=f"a proxy is such as http://proxy.example:3128; mend {variable} or unset it",
    )
    if address is None:
        raise wrong
    if address.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        hint = f"name an http proxy, install the package socksio, or unset {variable}"
        raise LocalError("usage", f"{variable} names a SOCKS proxy, and here is no library for those", hint=hint)
    trust = find_trust(None, "https") if address.scheme == "https" else None
    try:
        return httpx2.Proxy(text if "://" in text else f"http://{text}", ssl_context=trust)
    except (ValueError, TypeError, httpx2.InvalidURL):
        raise wrong from None


def _address(text: str, scheme: str, schemes: tuple[str, ...]) -> Address | None:
    match = None if _FOREIGN.search(text) else _ADDRESS.match(text)
    if match is None:
        return None
    port = None if match["port"] is None else int(match["port"])
    address = Address((match["scheme"] or scheme).lower(), match["host"], port)
    if address.scheme not in schemes or port == 0 or (port or 1) > _HIGHEST_PORT:
        return None
    try:
        return address if httpx2.URL(f"http://{address.host}").host else None
    except (httpx2.InvalidURL, ValueError):
        return None


def _without_user(text: str) -> str:
    """Return an address without what may be a password."""
    match = _USER.match(text)
    return text if match is None else match["before"] + match["after"]


def _is_bypassed(to: Address, proxies: dict[str, str]) -> bool:
    host = to.host.strip("[]")
    names = (host, f"{host}:{to.port or (443 if to.scheme == 'https' else 80)}")
    return any(proxy_bypass_environment(name, proxies) for name in names) or _in_networks(host, proxies.get("no", ""))


def _in_networks(host: str, listed: str) -> bool:
    try:
        own = ipaddress.ip_address(host)
    except ValueError:
        return False
    for name in listed.split(","):
        try:
            if own in ipaddress.ip_network(name.strip().strip("[]"), strict=False):
                return True
        except ValueError:
            continue  # a name
    return False
