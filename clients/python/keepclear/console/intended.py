"""What an officer means to file, as the page says it: a file, a drawing, or a notice that stands, moved in time.

Guaranteed: the same readers, options and limits as those of ``keepclear submit`` and ``amend``, and all that is wrong
told at once, each fault with the field of the form that mends it. Nothing here signs or sends.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import KeepclearError, LocalError
from keepclear_protocol.filing import Content
from keepclear_protocol.limits import Fault
from keepclear_protocol.separation import Uncertainty

from keepclear.cli.input_options import MAX_MARGIN_MIN, OPTION_TEXTS
from keepclear.offline.filing import Batch, judge_all
from keepclear.offline.inputs import Flight, Options, load
from keepclear.offline.inputs.flight import shifted
from keepclear.offline.inputs.points import points_of

from .drawn import FieldFault, read_drawn

REFERENCES = ("FL", "AMSL", "W84", "AGL")

MAX_SHIFT_MIN = 366 * 24 * 60
"""A year: an agreement's horizon is shorter."""

_OPTIONS = {
    "--from": "from", "--to": "to", "--lower": "lower", "--upper": "upper", "--half-width": "half_width",
    "--time-margin": "time_margin", "--altitude-reference": "altitude_reference", "--points": "points",
    "--callsign": "callsign",
}  # fmt: skip
"""The fields of the form by the option that says the same: its name is in the readers' words, and beside the field."""

_OF_DRAWN = {"limit_band": "upper", "limit_duration": "to", "limit_horizon": "from", "limit_retention": "to"}
"""Which field of a drawing mends a limit that its volumes break."""


@dataclass(frozen=True, slots=True)
class Intended:
    """The flights that are meant, judged: drafts of all, or faults; ``notes`` are losses and doubts, to be told."""

    batch: Batch
    flights: tuple[Flight, ...]
    notes: tuple[str, ...]
    faults: tuple[FieldFault, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """What a form names and does not hold: the bytes of its file, what the notice says that it is made of."""

    data: bytes | None = None
    stands: Content | None = None


def intended(body: Mapping[str, Any], beside: Beside, agreement: Agreement, party: str, now: int) -> Intended:
    """Return what the form in ``body`` means, as it would be judged at the instant ``now``."""
    said = _texts(body.get("options"))
    options, faults = read_options(said, agreement.uncertainty)
    flights: Sequence[Flight] = ()
    kind = text(member(body, "source").get("kind"))
    try:
        found, wrong = _flights(body, beside, options, said)
        faults += wrong
        flights = found if wrong else _moved(found, body)
    except LocalError as error:
        faults.append(FieldFault(_field_of(error, kind), error.code, error.detail, error.hint))
    category, callsign, remarks = (text(body.get(name)) or None for name in ("category", "callsign", "remarks"))
    if category is None:
        known = ", ".join(sorted(agreement.categories))
        faults.append(FieldFault("category", "category", "no category is chosen", f"the agreement's are {known}"))
    if callsign and len(flights) > 1:
        faults.append(FieldFault("callsign", "usage", f"a callsign is for one flight; there are {len(flights)}"))
        callsign = None
    if body.get("amends") and len(flights) > 1:
        faults.append(FieldFault("", "usage", f"a notice is of one flight; there are {len(flights)}"))
    batch = Batch((), (), ())
    if category is not None:
        batch = judge_all(flights, category, agreement, party=party, callsign=callsign, remarks=remarks, now=now)
    faults += [_fault(fault, kind) for fault in batch.faults]
    notes = [note for flight in flights for note in flight.notes]
    return Intended(batch, tuple(flights), tuple(dict.fromkeys([*notes, *batch.notes])), tuple(dict.fromkeys(faults)))


def read_options(said: Mapping[str, str], uncertainty: Uncertainty) -> tuple[Options, list[FieldFault]]:
    """Return what the form's texts say beside a file, and a fault for each that cannot be read."""
    found: dict[str, Any] = {"uncertainty": uncertainty}
    faults: list[FieldFault] = []
    for name, read, option in OPTION_TEXTS:
        at = _OPTIONS[option]
        if said.get(at):
            try:
                found[name] = read(said[at], option)
            except LocalError as error:
                faults.append(FieldFault.of(at, error))
    if "route_half_width_m" in found:
        found["half_width_m"] = found["route_half_width_m"]
    if margin := said.get("time_margin"):
        if re.fullmatch(r"\d{1,4}", margin, re.ASCII) and 1 <= int(margin) <= MAX_MARGIN_MIN:
            found["margin_s"] = found["route_margin_s"] = int(margin) * 60
        else:
            detail = f"--time-margin: {margin!r:.40} is no number of minutes from 1 to {MAX_MARGIN_MIN}"
            faults.append(FieldFault("time_margin", "usage", detail))
    if reference := said.get("altitude_reference"):
        if reference in REFERENCES:
            found["reference"] = reference
        else:
            faults.append(FieldFault("altitude_reference", "usage", f"one of {', '.join(REFERENCES)}"))
    if points := said.get("points"):
        try:
            found["points"] = points_of(points)
        except LocalError as error:
            faults.append(FieldFault.of("points", error))
    try:
        return Options(**found), faults
    except LocalError as error:
        faults.append(FieldFault.of("to", error))
        return Options(**{name: value for name, value in found.items() if name != "end"}), faults


def _flights(
    body: Mapping[str, Any], beside: Beside, options: Options, said: Mapping[str, str]
) -> tuple[list[Flight], Sequence[FieldFault]]:
    source = member(body, "source")
    if source.get("kind") == "drawn":
        flight, faults = read_drawn(source.get("shapes"), options, said)
        return ([] if flight is None else [flight]), faults
    if beside.data is not None:
        flights = load(beside.data, options)
        if not flights:
            raise LocalError("input_file", "no flight in it")
        return flights, ()
    if beside.stands is not None:
        # Without its callsign: the form says it, and one that was taken out there is to be gone.
        return [Flight(None, [dict(volume) for volume in beside.stands.volumes])], ()
    raise LocalError("usage", "there is nothing to be read yet", hint="draw, choose a file, or paste one")


def _moved(flights: Sequence[Flight], body: Mapping[str, Any]) -> list[Flight]:
    """Return the flights with their times moved by what the form says, in minutes."""
    shift_min = body.get("shift_min") or 0
    if type(shift_min) is not int or abs(shift_min) > MAX_SHIFT_MIN:
        hint = "how many minutes later, or with a minus earlier, such as 15"
        raise LocalError("usage", f"shift: {shift_min!r:.40} is no whole number of minutes", hint=hint)
    if not shift_min:
        return list(flights)
    return [replace(one, volumes=[shifted(volume, shift_min * 60) for volume in one.volumes]) for one in flights]


def _field_of(error: KeepclearError, kind: str) -> str:
    """Return which field of the form mends what a reader says: the first option that it asks for."""
    said = f"{error.detail} {error.hint}"
    if error.detail.startswith(("shift", "a shift")):
        return "shift"
    if asked := re.search(r"needs (--[a-z-]+)", said):
        return _OPTIONS.get(asked[1], "source")
    options = (option for option in re.findall(r"--[a-z-]+", said) if option in _OPTIONS)
    return next((_OPTIONS[option] for option in options), "shapes" if kind == "drawn" else "source")


def _fault(fault: Fault, kind: str) -> FieldFault:
    at = fault.field if fault.field in ("callsign", "remarks", "category") and not fault.place else ""
    if not at and kind == "drawn":
        number = re.search(r"volume (\d+)", fault.place)
        at = _OF_DRAWN.get(fault.code, f"shapes.{int(number[1]) - 1}" if number else "shapes")
    told = f"{fault.field} {fault.detail}" if fault.field else fault.detail
    return FieldFault(at, fault.code, told, fault.hint, fault.place)


def member(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a member that is an object; an empty one where it is not."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> dict[str, str]:
    given = value if isinstance(value, dict) else {}
    return {str(name): said for name, value in given.items() if (said := text(value))}


def text(value: object) -> str:
    """Return a text without the space around it; an empty one for what is none."""
    return value.strip() if isinstance(value, str) else ""
