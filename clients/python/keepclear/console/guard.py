"""What stands before every door of the console: whom a request is for, where it comes from, and who asks.

Guaranteed: nothing behind it is reached by a request for another host (a name that was made to point here), from a
page of another origin, or, where there is data, without a session; a wall screen changes nothing. Every answer, also
a refusal, carries the headers that keep a page of ours from loading anything from elsewhere, and any other page from
showing or reading ours. Files that are the same for everybody are public on loopback: they hold nothing.
"""

from keepclear_protocol.errors import KeepclearError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .access import MAX_COOKIES, ROLES, Access, Role, Session
from .assets import script_sources
from .refusals import Refusal, problem_json

PAGE_KEY = "keepclear-page"
EXCHANGE = "/api/session"
GUARDED = ("/api/", "/basemap")
"""What begins so is data, and asks for a session; only the exchange of a start token does not."""

_READS = frozenset(("GET", "HEAD"))

POLICY = (
    f"default-src 'none'; script-src {script_sources()}; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def cookie_name(port: int, role: Role = "officer") -> str:
    """Return the cookie's name: a host's ports share their cookies, and several consoles may run.

    A wall has its own: opened in the officer's browser it leaves the officer's pages what they are.
    """
    return f"keepclear-{port}" if role == "officer" else f"keepclear-{role}-{port}"


def cookies_of(headers: Headers, port: int) -> list[str]:
    """Return all cookies that may prove a session, in each role's own name."""
    lines = headers.getlist("cookie")
    return [value for role in ROLES for value in _cookies(lines, cookie_name(port, role))[: MAX_COOKIES // len(ROLES)]]


def is_guarded(path: str) -> bool:
    """Whether a path asks for a session."""
    return path.startswith(GUARDED) and path != EXCHANGE


class Guard:
    """The application behind the guard of a console on ``port``."""

    def __init__(self, app: ASGIApp, access: Access, port: int) -> None:
        self._app = app
        self._access = access
        self._port = port
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            raise RuntimeError(f"the console speaks HTTP alone, not {scope['type']}")

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            self._check_origin(scope)
            if is_guarded(scope["path"]):
                scope.setdefault("state", {})["session"] = self._session(scope)
        except KeepclearError as error:
            answer = JSONResponse(problem_json(error), error.status, media_type="application/problem+json")
            await answer(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)

    def _check_origin(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            raise Refusal("host")
        if any(origin != f"http://{hosts[0]}" for origin in headers.getlist("origin")):
            raise Refusal("origin")
        site, dest = headers.get("sec-fetch-site", "same-origin"), headers.get("sec-fetch-dest", "")
        # A link to the page itself may stand anywhere, such as in the file that opens the browser.
        opens = scope["method"] == "GET" and dest == "document" and scope["path"] == "/"
        if site != "same-origin" and not opens and not (site == "none" and scope["method"] in _READS):
            raise Refusal("origin")

    def _session(self, scope: Scope) -> Session:
        headers = Headers(scope=scope)
        session = self._access.session(cookies_of(headers, self._port), headers.get(PAGE_KEY, ""))
        if session.role == "wall" and scope["method"] not in _READS:
            raise Refusal("wall")
        return session


def _cookies(lines: list[str], name: str) -> list[str]:
    pairs = [pair.strip().partition("=") for line in lines for pair in line.split(";")]
    return [value for key, _, value in pairs if key == name]
