"""The page that describes the doors: valid, complete, and no more and no less than what the hostile tables see.

That a running service keeps it is shown by ``test_schemathesis``.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute
from jsonschema_rs import Draft202012Validator
from keepclear_protocol.budgets import SPENT
from keepclear_protocol.errors import CODES, budget_code
from keepclear_protocol.kinds import EVERY_KIND
from keepclear_protocol.schema import schema_names
from keepclear_service.http import health, openapi, reads, refusals, stream, submits
from keepclear_service.http.openapi import page
from keepclear_service.http.operations import OPERATIONS, Operation, methods_at
from keepclear_service.http.problems import MEDIA_TYPE, document
from support.hostile_checks import check_order_cases
from support.hostile_http import http_cases
from support.hostile_order import order_cases
from support.hostile_statements import statement_cases
from support.hostile_volumes import volume_cases
from support.world import ORIGIN

PAGE = page([ORIGIN], "1.2.3")
OUTAGES = {*refusals.STORE, *refusals.CLOCK, *refusals.BUSY, *refusals.FAULT}
"""What no hostile input can bring about; ``test_store_down`` and the turn's tests do."""


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": PAGE["components"]})


def below(value: Any, name: str) -> Iterator[Any]:
    """Yield every member of that name, however deep."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key == name:
                yield member
            yield from below(member, name)
    elif isinstance(value, list):
        for item in value:
            yield from below(item, name)


def test_the_page_is_valid_openapi() -> None:
    schemathesis.openapi.from_dict(PAGE).validate()
    broken = {**PAGE, "paths": {"/healthz": {"get": {"responses": {"200": {}}}}}}
    with pytest.raises(Exception, match="description"):
        schemathesis.openapi.from_dict(broken).validate()
    for ref in below(PAGE, "$ref"):
        place: Any = PAGE
        for step in ref.removeprefix("#/").split("/"):
            place = place[step]


def test_every_door_is_on_it_and_nothing_else() -> None:
    routed = {
        (method, route.path)
        for router in (submits.router, reads.router, stream.router, health.router)
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    described = {(method.upper(), path) for path, door in PAGE["paths"].items() for method in door}
    assert described == routed == {(one.method, one.path) for one in OPERATIONS}
    ids = list(below(PAGE["paths"], "operationId"))
    assert len(set(ids)) == len(ids)
    assert {tag for tags in below(PAGE["paths"], "tags") for tag in tags} == {tag["name"] for tag in PAGE["tags"]}


def test_a_door_in_two_places_takes_the_methods_of_both() -> None:
    assert methods_at("/v1/notices") == ["GET", "POST"] and methods_at("/healthz") == ["GET", "HEAD"]
    assert methods_at("/v1/notices/x") == ["GET"]
    for nowhere in ("/v1/notices/", "//healthz", "/healthz/", "/v1/notices/a/b", "/docs", ""):
        assert methods_at(nowhere) == []


def test_the_schemas_are_the_protocols() -> None:
    there = PAGE["components"]["schemas"]
    assert set(schema_names()) <= there.keys()
    kinds = {kind.event for kind in EVERY_KIND if kind.event}
    (events,) = below(PAGE["paths"], "x-events")
    told = {name[6:] for name in there if name.startswith("event-")}
    assert events.keys() == kinds | {"superseded", "gap", "drain", "slow"} == told


def test_the_examples_are_of_their_schemas() -> None:
    shown = 0
    for content in below(PAGE["paths"], "content"):
        for media in content.values():
            named = [PAGE["components"]["examples"][name]["value"] for name in media.get("examples", ())]
            for example in [*named, *([media["example"]] if "example" in media else [])]:
                validator(media["schema"]).validate(example)
                shown += 1
    assert shown > 200
    without = {
        one.name for one in OPERATIONS if not list(below(PAGE["paths"][one.path][one.method.lower()], "example"))
    }
    assert without == {"healthz_head", "readyz_head"}


def test_each_refusal_takes_the_codes_of_its_door_and_status_alone() -> None:
    for one in OPERATIONS:
        answers = PAGE["paths"][one.path][one.method.lower()]["responses"]
        for code in one.refusals:
            problem = document(code)
            assert validator(answers[str(problem["status"])]["content"][MEDIA_TYPE]["schema"]).is_valid(problem)
    refused = PAGE["paths"]["/v1/withdrawals"]["post"]["responses"]["409"]["content"]
    assert not validator(refused[MEDIA_TYPE]["schema"]).is_valid(document("version_stale"))


def test_no_page_sends_its_reader_elsewhere() -> None:
    text = openapi._written(frozenset({ORIGIN}), "1.2.3").decode()
    urls = set(re.findall(r"https?://[a-z.:0-9-]+", text))
    assert urls == {ORIGIN, "https://hotline.example"}  # the second is the origin in the vectors' agreement


def seen() -> dict[str, set[str]]:
    """Return by method and path the codes that the hostile tables get from a running service."""
    found: dict[str, set[str]] = defaultdict(set)
    for case in (*statement_cases(), *order_cases(), *check_order_cases(), *volume_cases()):
        found[f"POST /v1/{case.door}"].add(case.code)
    for exchange in http_cases():
        door = exchange.name.partition(":")[0]
        if door != "body":
            found[door].add(exchange.code)
        elif exchange.code != "request":  # which is the parser's, before there is a door
            found["POST /v1/notices"].add(exchange.code)
    return found


BESIDES = {
    # A media type is looked at before the kind of statement.
    "POST /v1/withdrawals": {"content_type"},
    # 65 acknowledgements of one alert: tests/store and tests/decide. Budgets: test_budgets, there and here.
    "POST /v1/acknowledgements": {"content_type", "limit_answers", "budget_acknowledgements_a_minute"},
    "POST /v1/notices": {
        budget_code(name) for name in SPENT if name not in ("acknowledgements_a_minute", "streams")
    },
}
READ = {"proof_replayed", "too_large", "request", "cursor", "budget_streams"}
"""Shown by tests of their own (``test_hostile``, ``test_wire``, ``test_stream_budget``), not by the tables' names."""


@pytest.mark.parametrize("one", [one for one in OPERATIONS if one.refusals], ids=lambda one: one.name)
def test_a_door_names_the_codes_that_it_gives_and_no_other(one: Operation) -> None:
    door = f"{one.method} {one.path}"
    found = seen()[door]
    assert found <= set(one.refusals) <= CODES.keys()
    if one.method == "POST":
        assert set(one.refusals) - found == OUTAGES | BESIDES.get(door, set())
    elif "{" not in one.path:
        assert set(one.refusals) - found - OUTAGES <= READ
