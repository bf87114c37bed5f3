"""A service's state as a screenful for a tired operator: what is wrong first, then line by line, party by party."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from .span import span

NAMED = 3
"""Codes of unanswered alerts on a party's line, the oldest."""

SHOWN_SHARE = 10
"""A budget is shown once a tenth of it is used; ``--json`` has all."""

_STAGES = {"delivered": "delivery", "displayed": "display", "acknowledged": "answer of an officer"}
"""What an acknowledgement is called: the first is a desk's own."""


def status_text(state: Mapping[str, Any]) -> list[str]:
    """Return the lines of a ``status`` document."""
    return list(_lines(state))


def _lines(state: Mapping[str, Any]) -> Iterator[str]:
    service, store, at = state["service"], state["store"], state["at"]
    head = "NOT HEALTHY" if state["wrong"] else "healthy"
    since = "" if service["since"] is None else f", up for {_since(service['since'], at)}"
    yield f"keepclear {state['versions']['keepclear']}: {head} at {_clock(at)} UTC{since}"
    for wrong in state["wrong"]:
        yield f"  !! {wrong}"
    kept = "keeps what it is given" if store["durable"] else f"{store['code']}: {store['fault']}"
    if store["durable"] and store["code"]:
        kept = f"FULL, takes no notices, {kept}"
    yield f"store    {store['version'] or 'unknown'}: {kept}{_own_store(store['own'])}{_memory(store['memory'])}"
    if service["up"]:
        yield f"workers  {'; '.join(_worker(worker) for worker in service['workers'])}"
    else:
        yield "workers  not known: read from the store alone"
    for line in state["agreements"]:
        yield from _agreement(line, at, up=service["up"])


def _memory(room: Mapping[str, int] | None) -> str:
    if room is None:
        return ""
    if not room["most"]:
        return f"; {room['used'] >> 20} MiB of memory, WITHOUT A BOUND"
    return f"; {room['used'] >> 20} of {room['most'] >> 20} MiB, notices up to {room['mark'] >> 20}"


def _own_store(own: Mapping[str, Any] | None) -> str:
    if own is None:
        return ""
    again = f", started {own['starts']} times" if own["starts"] > 1 else ""
    return f" (DOWN{again})" if own["pid"] is None else f" (pid {own['pid']}{again})"


def _worker(worker: Mapping[str, Any]) -> str:
    if worker["pid"] is None:
        return f"{worker['worker']} DOWN"
    again = f", started {worker['starts']} times" if worker["starts"] > 1 else ""
    again += f", {worker['replaced']} of them for its silence" if worker["replaced"] else ""
    silent = worker["silent_s"]
    hangs = ", SAYS NOTHING" if silent is None else f", SILENT for {span(silent)}" if silent > 5 else ""
    return f"{worker['worker']} runs (pid {worker['pid']}{again}{hangs})"


def _agreement(line: Mapping[str, Any], at: str, *, up: bool) -> Iterator[str]:
    yield ""
    yield f"{line['name']}, revision {line['revision'] or 'unknown'}  ({line['id'][:12]})"
    if line["fault"]:
        yield f"  !! {line['fault']}"
        return
    ready = "not asked" if not up else "yes" if line["ready"] == "ok" else f"NO: {line['ready']}"
    lag = line["head"] - line["matched_through"]
    matched = "all matched" if not lag else f"{lag} wait for their alerts"
    yield f"  ready      {ready}; {line['head']} entries, {matched}; epoch {line['epoch'][:8]}"
    if line["slowest_turn_s"]:
        took = f"a turn took {line['slowest_turn_s']} s in the last minute"
        yield f"  SLOW       {took}; desks may have said HOTLINE SLOW"
    worst = ", ".join(f"{count} {name}" for name, count in line["conflicts"].items() if count)
    least = "at least " if line["more_conflicts"] else ""
    yield f"  conflicts  {least}{sum(line['conflicts'].values())} open{f' ({worst})' if worst else ''}"
    for party in line["parties"]:
        yield from _party(party, at)
    for end in line["ends"]:
        yield f"  {'!!' if end['roles'] else ' -'} {end['says']}"
    if not line["ends"]:
        yield f"  keys       none ends within 30 days; the first that counts on {line['end'][:10]}"


def _party(party: Mapping[str, Any], at: str) -> Iterator[str]:
    streams = party["streams"]
    if streams is None:
        listens = "streams not known"
    elif streams:
        listens = f"{streams} stream{'s' if streams > 1 else ''}"
    else:
        listens = f"NO STREAM for {_since(party['no_stream_since'], at)}"
    last = party["last"]
    said = "has said nothing lately" if last is None else f"last {_called(last)} {_since(last['at'], at)} ago"
    yield (
        f"  {party['id']:<10} {listens}; {party['live']} live; {said} (seq {last['seq']})"
        if last
        else (f"  {party['id']:<10} {listens}; {party['live']} live; {said}")
    )
    for one in party["budgets"]:
        if one["used"] * SHOWN_SHARE >= one["agreed"]:
            yield f"  {'':<10} {_budget(one)}"
    waiting = ", ".join(f"{count} {name}" for name, count in party["unanswered"].items() if count)
    if waiting:
        oldest = party["oldest_unanswered_s"]
        least = "at least " if any(one["at_least"] for one in party["waiting"][:1]) else ""
        age = "" if oldest is None else f", the oldest for {least}{span(oldest)}"
        codes = ", ".join(one["code"] for one in party["waiting"][:NAMED])
        more = " ..." if len(party["waiting"]) > NAMED else ""
        marks = "".join(
            f"; {party[name]} {word}"
            for name, word in (("overdue", "OVERDUE"), ("undelivered", "NOT DELIVERED"))
            if party[name]
        )
        yield f"  {'':<10} UNANSWERED: {waiting}{age}{marks} ({codes}{more})"


def _budget(one: Mapping[str, Any]) -> str:
    back = "" if one["back_at"] is None else f", {'back' if one['over'] else 'all back'} {one['back_at'][11:19]}"
    other = f" with {one['with']}" if one["with"] else ""
    over = "OVER " if one["over"] else ""
    return f"{over}{one['budget']}{other}: {one['used'] * 100 // one['agreed']} % of {one['agreed']}{back}"


def _called(last: Mapping[str, Any]) -> str:
    return _STAGES.get(last["stage"], str(last["kind"]))


def _since(then: str, now: str) -> str:
    return span((_read(now) - _read(then)).total_seconds())


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def _clock(text: str) -> str:
    return text[:19].replace("T", " ")
