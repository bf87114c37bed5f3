"""The hostile table on the level of HTTP: proofs, cursors, URLs, methods, headers and bodies, sent byte by byte."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.encoding import digest, dump_json
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import NOTICE, REQUEST
from keepclear_protocol.statement import protected_header

from support.forge import proof_payload, sign_bytes, with_members
from support.hostile_world import HostileLine
from support.rawhttp import request
from support.world import ORIGIN

READS = ("/v1/notices", "/v1/conflicts", "/v1/agreement", "/v1/stream")
EPOCH = "0" * 32


@dataclass(frozen=True)
class Exchange:
    """What goes over the wire, and the status and code that must come back."""

    name: str
    make: Callable[[HostileLine], list[bytes]]
    status: int
    code: str

    def __str__(self) -> str:
        return self.name


def proof(line: HostileLine, target: str, key: PrivateKey | None = None, **changed: Any) -> str:
    """Return an Authorization header line of north for GET ``target``, with changed claims."""
    payload = proof_payload(line.world, "north", target, **changed)
    made = {name: value for name, value in payload.items() if value is not ...}
    return header(sign_bytes(key or line.world.parties["north"].key, REQUEST.typ, dump_json(made)))


def header(credentials: str, scheme: str = "Keepclear ") -> str:
    return f"Authorization: {scheme}{credentials}"


def http_cases() -> Iterator[Exchange]:
    """Yield every case."""
    for target in READS:
        yield from _proofs(target)
    yield from _cursors()
    yield from _targets()
    yield from _methods()
    yield from _bodies()
    yield from _heads()


def _read(
    name: str, status: int, code: str, make: Callable[[HostileLine], str | None], target: str = "/v1/conflicts"
) -> Exchange:
    def pieces(line: HostileLine) -> list[bytes]:
        made = make(line)
        return [request("GET", target, *([] if made is None else [made]))]

    return Exchange(f"GET {target[:60]}: {name}", pieces, status, code)


def _proofs(target: str) -> Iterator[Exchange]:
    def case(name: str, status: int, code: str, make: Callable[[HostileLine], str | None]) -> Exchange:
        return _read(name, status, code, make, target)

    def signed(name: str, status: int, code: str, key: str | None = None, **changed: Any) -> Exchange:
        return case(
            name, status, code, lambda line: proof(line, target, line.world.keys[key] if key else None, **changed)
        )

    def raw(name: str, code: str, edit: Callable[[dict[str, Any]], bytes]) -> Exchange:
        return case(
            name,
            400,
            code,
            lambda line: header(
                sign_bytes(
                    line.world.parties["north"].key, REQUEST.typ, edit(proof_payload(line.world, "north", target))
                )
            ),
        )

    strange: dict[str, Callable[[HostileLine], str | None]] = {
        "no proof": lambda line: None,
        "an empty header": lambda line: "Authorization:",
        "another scheme": lambda line: proof(line, target).replace("Keepclear ", "Bearer "),
        "the scheme in lower case": lambda line: proof(line, target).replace("Keepclear ", "keepclear "),
        "no scheme": lambda line: proof(line, target).replace("Keepclear ", ""),
        "two blanks": lambda line: proof(line, target).replace("Keepclear ", "Keepclear  "),
        "rubbish": lambda line: header("a.b.c"),
        "rubbish behind": lambda line: proof(line, target) + "A",
        "a list": lambda line: proof(line, target) + ", Keepclear x",
        "a stranger's": lambda line: proof(line, target, line.world.stranger),
        "a root key's": lambda line: proof(line, target, line.world.parties["north"].root),
        "the service's": lambda line: proof(line, target, line.world.service),
        "a notice": lambda line: header(
            sign_bytes(
                line.world.parties["north"].key, NOTICE.typ, dump_json(proof_payload(line.world, "north", target))
            )
        ),
        "alg none": lambda line: header(
            sign_bytes(
                line.world.parties["north"].key,
                REQUEST.typ,
                b"{}",
                header=protected_header(line.world.parties["north"].key.kid, REQUEST.typ).replace(b"Ed25519", b"none"),
            )
        ),
        "twice": lambda line: proof(line, target) + "\r\n" + proof(line, target),
        "right, with a second header": lambda line: proof(line, target) + "\r\nAuthorization: Basic bm9ydGg6",
        "right, behind a first header": lambda line: "Authorization: Basic bm9ydGg6\r\n" + proof(line, target),
        "in another header": lambda line: "Proxy-" + proof(line, target),
        "as a cookie": lambda line: "Cookie: " + proof(line, target),
        "of 5 KB": lambda line: proof(line, target, x="x" * 5_000),
    }
    for name, make in strange.items():
        yield case(name, 401, "not_authenticated", make)
    yield raw("NaN", "json_number", lambda payload: with_members(payload, '"x":NaN'))
    yield raw("htm twice", "json", lambda payload: with_members(payload, '"htm":"GET"'))
    yield raw("a list for a payload", "json", lambda payload: b"[]")
    for claim in ("iss", "aud", "terms", "iat", "jti", "htm", "htu"):
        yield signed(f"without {claim}", 400, "claims", None, **{claim: ...})
        yield signed(f"{claim} a list", 400, "claims", None, **{claim: []})
    yield signed("admit_by", 400, "claims", admit_by=2**33)
    yield signed("crit", 400, "crit", crit=["x"])
    yield signed("wrong party", 403, "wrong_party", iss="south")
    yield signed("wrong agreement", 403, "wrong_agreement", aud=digest("another"))
    yield case(
        "the other agreement's",
        403,
        "wrong_agreement",
        lambda line: proof(line, target, aud=line.other.world.agreement.id, terms=line.other.world.agreement.terms),
    )
    if target != "/v1/agreement":  # which anyone of the parties may read, under any terms
        yield signed("wrong terms", 409, "wrong_terms", terms=digest("older"))
        for role in ("submits", "acknowledges", "administers"):
            yield signed(f"wrong role: {role}", 403, "wrong_role", role)
    yield signed("revoked key", 403, "key_revoked", "revoked")
    yield signed("expired key", 403, "key_not_valid", "expired")
    yield signed("key to come", 403, "key_not_valid", "to come")

    def now() -> int:
        return int(time.time())

    yield case("31 s old", 403, "proof_expired", lambda line: proof(line, target, iat=now() - 32))
    yield case("32 s ahead", 403, "proof_expired", lambda line: proof(line, target, iat=now() + 32))
    for name, htu in (
        ("another path", ORIGIN + "/v1/other"),
        ("a query", ORIGIN + target + "?x"),
        ("a slash more", ORIGIN + target + "/"),
        ("a fragment", ORIGIN + target + "#x"),
        ("upper case", ORIGIN + target.upper()),
        ("another origin", "http://evil.test" + target),
        ("another scheme", "https://hotline.test" + target),
        ("a port", "http://hotline.test:80" + target),
        ("no origin", target),
        ("nothing", ""),
    ):
        yield signed(f"for {name}", 403, "proof_request", htu=htu)
    for method in ("POST", "get", "HEAD", ""):
        yield signed(f"for {method or 'no method'}", 403, "proof_request", htm=method)


def _cursors() -> Iterator[Exchange]:
    for cursor in (
        "",
        "0",
        "-1",
        EPOCH,
        f"{EPOCH}-",
        f"{EPOCH}--1",
        f"{EPOCH}-01",
        f"{EPOCH}-1.0",
        f"{EPOCH}-1e3",
        f"{EPOCH}-{'9' * 17}",
        f"{EPOCH}-{'9' * 400}",
        f"{'0' * 31}-1",
        f"{'0' * 33}-1",
        f"{'G' * 32}-1",
        f"{'A' * 32}-1",
        f"{EPOCH}-1%0A",
        f"{EPOCH}-1%00",
        f"{EPOCH}-%31%FF",
        f"{EPOCH}-%D9%A1",
        f"{EPOCH}+1",
        "NaN",
        "1e999",
        "*",
        "%7B%7D",
        "a" * 2_000,
    ):
        target = f"/v1/stream?cursor={cursor}"
        pieces = lambda line, target=target: [request("GET", target, proof(line, target))]  # noqa: E731
        yield Exchange(f"cursor {cursor[:44]}", pieces, 400, "cursor")
    for value in ("x", "", "\u00e9", f"{EPOCH}-01"):
        yield Exchange(
            f"Last-Event-ID {value!a}",
            lambda line, value=value: [
                request("GET", "/v1/stream", proof(line, "/v1/stream"), b"Last-Event-ID: " + value.encode())
            ],
            400,
            "cursor",
        )
    target = f"/v1/stream?cursor={EPOCH}-0"
    yield _read("a proof for the bare stream", 403, "proof_request", lambda line: proof(line, "/v1/stream"), target)
    yield _read("a proof for a cursor", 403, "proof_request", lambda line: proof(line, target), "/v1/stream")
    yield _read(
        "a proof in another spelling",
        403,
        "proof_request",
        lambda line: proof(line, target),
        target.replace("cursor", "%63ursor"),
    )
    yield _read("a proof for one of two", 403, "proof_request", lambda line: proof(line, target), target + "&cursor=x")


def _targets() -> Iterator[Exchange]:
    for target in (
        "/",
        "/v1",
        "/v1/",
        "/v1/streams",
        "/V1/notices",
        "//v1/notices",
        "/v1//notices",
        "/v1/notices/",
        "/v1/conflicts/",
        "/v1/notices/../conflicts",
        "/v1/notices/..%2fconflicts",
        "/v1/./notices",
        "/v1/notices/%2e%2e",
        "/v1/notices/%00",
        "/v1/notices/%ff%fe",
        "/v1/notices/" + "a" * 22,
        "/v1/notices/" + "a" * 65,
        "/v1/notices/" + "a" * 2_000,
        "/v1/notices/*",
        "/v1/notices/notices",
        "/v1/notices/conflicts",
        "/v1/notices;x=1",
        "/v1/agreement/1",
        "/docs",
        "/redoc",
        "/metrics",
        "/.env",
        "/v1%2fnotices%2f",
    ):
        yield _read("nothing there", 404, "not_found", lambda line, target=target: proof(line, target), target)
    yield Exchange(
        "the other party's notice",
        lambda line: [request("GET", f"/v1/notices/{line.theirs.id}", proof(line, f"/v1/notices/{line.theirs.id}"))],
        404,
        "not_found",
    )
    yield _read("an encoded slash", 403, "proof_request", lambda line: proof(line, "/v1/conflicts"), "/v1%2fconflicts")
    yield _read("a query nobody signed", 403, "proof_request", lambda line: proof(line, "/v1/notices"), "/v1/notices?a")
    for strange in (b"/v1/notices/\xc3\xa9", b"/v1/\xff", b"v1/notices", b"/v1/stream?\xc3\xa9", b"/v1/\x00"):
        yield Exchange(f"target {strange!r}", lambda line, t=strange: [request("GET", t)], 400, "request")


def _methods() -> Iterator[Exchange]:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        for target in READS[1:]:
            yield Exchange(
                f"{method} {target}", lambda _, m=method, t=target: [request(m, t, "Content-Length: 0")], 405, "method"
            )
    for target in ("/v1/withdrawals", "/v1/acknowledgements"):
        for method in ("GET", "PUT", "DELETE"):
            yield Exchange(
                f"{method} {target}", lambda _, m=method, t=target: [request(m, t, "Content-Length: 0")], 405, "method"
            )
    for line in (
        b"FOO / HTTP/1.1",
        b"GET /v1/notices HTTP/9.9",
        b"GET",
        b"\x16\x03\x01\x02\x00\x01",
        b"PRI * HTTP/2.0",
    ):
        yield Exchange(f"line {line!r}", lambda _, line=line: [line + b"\r\nHost: x\r\n\r\n"], 400, "request")


def _bodies() -> Iterator[Exchange]:
    def post(name: str, status: int, code: str, *headers: str, pieces: tuple[bytes, ...] = ()) -> Exchange:
        head = request("POST", "/v1/notices", *headers)
        return Exchange(f"body: {name}", lambda _: [head, *pieces], status, code)

    sd_jwt = "Content-Type: application/sd-jwt"
    for name, media_type in (
        ("no media type", ()),
        ("JSON", ("Content-Type: application/json",)),
        ("a form", ("Content-Type: application/x-www-form-urlencoded",)),
        ("parts", ("Content-Type: multipart/form-data; boundary=x",)),
        ("withdrawals' type", ("Content-Type: application/jwt",)),
        ("a list of types", ("Content-Type: application/json, application/sd-jwt",)),
        ("an empty type", ("Content-Type:",)),
    ):
        yield post(name, 415, "content_type", *media_type, "Content-Length: 2", pieces=(b"{}",))
    unauthentic = (401, "not_authenticated")
    yield post("a charset", *unauthentic, sd_jwt + "; charset=utf-16", "Content-Length: 2", pieces=(b"{}",))
    yield post("none", *unauthentic, sd_jwt, "Content-Length: 0")
    yield post("no length at all", *unauthentic, sd_jwt)
    yield post("compressed", *unauthentic, sd_jwt, "Content-Encoding: gzip", "Content-Length: 2", pieces=(b"\x1f\x8b",))
    full = 512 * 1024
    yield post("512 KiB", *unauthentic, sd_jwt, f"Content-Length: {full}", pieces=(b"x" * full,))
    too_large = (413, "too_large")
    yield post("512 KiB and one", *too_large, sd_jwt, f"Content-Length: {full + 1}", pieces=(b"x" * (full + 1),))
    yield post("513 KiB", *too_large, sd_jwt, "Content-Length: 525312", pieces=(b"x" * 525_312,))
    yield post("a terabyte announced", *too_large, sd_jwt, "Content-Length: 1099511627776")
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    chunked = "Transfer-Encoding: chunked"
    yield post("10 MB in chunks", *unauthentic, sd_jwt, chunked, pieces=(*[chunk] * 320, b"0\r\n\r\n"))
    yield post("chunks without end", *unauthentic, sd_jwt, chunked, pieces=(chunk,) * 20)
    yield post("chunks", *unauthentic, sd_jwt, chunked, pieces=(b"1\r\nx\r\n", b"0\r\n\r\n"))
    for name, headers in (
        ("a length below nought", ("Content-Length: -1",)),
        ("a length that is none", ("Content-Length: x",)),
        ("two lengths", ("Content-Length: 1", "Content-Length: 2")),
        ("a length and chunks", ("Content-Length: 1", chunked)),
        ("an unknown coding", ("Transfer-Encoding: gzip",)),
        ("a length beyond counting", ("Content-Length: " + "9" * 30,)),
    ):
        yield post(name, 400, "request", sd_jwt, *headers, pieces=(b"0\r\n\r\n",))
    yield post("a chunk that is none", 400, "request", sd_jwt, chunked, pieces=(b"zz\r\n",))


def _heads() -> Iterator[Exchange]:
    large = 1_000_000
    for name, pieces in (
        ("a header of a megabyte", ["GET /v1/notices HTTP/1.1\r\nX: ", "x" * large]),
        ("an Authorization of a megabyte", ["GET /v1/notices HTTP/1.1\r\nAuthorization: Keepclear ", "x" * large]),
        ("a name of a megabyte", ["GET /v1/notices HTTP/1.1\r\n", "x" * large]),
        ("a target of a megabyte", ["GET /", "x" * large]),
        ("a megabyte of headers", ["GET /v1/notices HTTP/1.1\r\n", "x: y\r\n" * (large // 6)]),
    ):
        said = [piece.encode() for piece in pieces]
        yield Exchange(f"head: {name}", lambda _, said=said: said, 431, "head_too_large")
    for name, line in (
        ("a null", "X: a\x00b"),
        ("a line feed alone", "X: a\nb"),
        ("a blank in a name", "X Y: a"),
        ("no colon", "Keepclear"),
    ):
        yield Exchange(f"head: {name}", lambda _, line=line: [request("GET", "/v1/notices", line)], 400, "request")
    yield _read("an upgrade", 401, "not_authenticated", lambda _: "Connection: Upgrade\r\nUpgrade: websocket")
    for name in (
        "X-Forwarded-Host: evil",
        "X-Original-URL: /v1/agreement",
        "X-HTTP-Method-Override: POST",
        "Client-Cert: :AA=:",
    ):
        yield _read(name, 401, "not_authenticated", lambda _, name=name: name)
