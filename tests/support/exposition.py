"""What a scraper gets, read by Prometheus's own parsers and held against the rules that ``promtool`` checks."""

import re
from collections import Counter
from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

UNITS = ("seconds", "bytes")
NO_BASE_UNIT = re.compile(r"_(ms|milliseconds|minutes|hours|days|kb|mb|kilobytes|percent)(_|$)")
SUFFIXES = re.compile(r"_(total|bucket|count|sum|created)$")

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def families(text: str) -> dict[str, Metric]:
    """Return the families of an exposition, in either format."""
    read = read_openmetrics if text.rstrip().endswith("# EOF") else read_text
    return {family.name: family for family in read(text)}


def series(text: str) -> Series:
    """Return each sample by its name and labels."""
    found: Series = {}
    for family in families(text).values():
        for sample in family.samples:
            found[sample.name, frozenset(sample.labels.items())] = sample.value
    return found


def total(found: Series, name: str, **labels: str) -> float:
    """Return the sum of the samples of a name that bear ``labels``."""
    wanted = frozenset(labels.items())
    return sum(value for (sample, given), value in found.items() if sample == name and wanted <= given)


def faults(text: str, words: Iterable[str]) -> list[str]:
    """Return what is wrong with an exposition, in ``promtool``'s manner; ``words`` are all values that labels may have
    but figures: bounds of buckets and versions."""
    known = set(words)
    found: list[str] = []
    counted = Counter(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    found += [f"{name} is told of twice" for name, count in counted.items() if count > 1]
    seen: Counter[tuple[str, frozenset[tuple[str, str]]]] = Counter()
    for family in families(text).values():
        if not family.documentation:
            found.append(f"{family.name} has no help")
        if family.type in ("unknown", "untyped"):
            found.append(f"{family.name} has no type")
        if NO_BASE_UNIT.search(family.name):
            found.append(f"{family.name} is not in a base unit")
        if family.type not in ("counter", "histogram") and SUFFIXES.search(family.name):
            found.append(f"{family.name} has the suffix of another type")
        if family.type == "counter" and not all(sample.name.endswith("_total") for sample in family.samples):
            found.append(f"{family.name} is a counter without _total")
        if family.type == "histogram":
            found += _histogram_faults(family)
        for sample in family.samples:
            seen[sample.name, frozenset(sample.labels.items())] += 1
            if sample.name.endswith("_build_info"):
                continue
            odd = [value for label, value in sample.labels.items() if label != "le" and value not in known]
            found += [f"{sample.name} has a label that is none of our words: {value}" for value in odd]
    found += [f"{name} {dict(labels)} stands twice" for (name, labels), count in seen.items() if count > 1]
    return found


def _histogram_faults(family: Metric) -> list[str]:
    rows: dict[frozenset[tuple[str, str]], list[tuple[float, float]]] = {}
    counts: dict[frozenset[tuple[str, str]], float] = {}
    for sample in family.samples:
        labels = frozenset(item for item in sample.labels.items() if item[0] != "le")
        if sample.name.endswith("_bucket"):
            rows.setdefault(labels, []).append((float(sample.labels["le"]), sample.value))
        elif sample.name.endswith("_count"):
            counts[labels] = sample.value
    found = []
    for labels, buckets in rows.items():
        if buckets != sorted(buckets) or [value for _, value in buckets] != sorted(value for _, value in buckets):
            found.append(f"{family.name} {dict(labels)} does not go up")
        if buckets[-1][0] != float("inf") or buckets[-1][1] != counts.get(labels):
            found.append(f"{family.name} {dict(labels)} does not end with all that was counted")
    return found
