"""How well one number tells two cases apart: the best threshold, cross-validated, and how many tries make it sure."""

import math
import random
import statistics
from collections.abc import Sequence
from statistics import NormalDist

FOLDS = 5
SURE = 0.95
"""Chance that the guess is right, of both cases equally often."""


def accuracy(near: Sequence[float], far: Sequence[float], seed: int = 1) -> float:
    """Return how often a threshold on one value is right on values that it was not chosen from.

    In each of ``FOLDS`` folds threshold and direction are those that are right most often on the other folds.
    """
    rng = random.Random(seed)
    labelled = [(value, True) for value in near] + [(value, False) for value in far]
    rng.shuffle(labelled)
    right = 0
    for fold in range(FOLDS):
        held = labelled[fold::FOLDS]
        above, threshold = _best([pair for at, pair in enumerate(labelled) if at % FOLDS != fold])
        right += sum((value > threshold) is (is_near is above) for value, is_near in held)
    return right / len(labelled)


def _best(labelled: Sequence[tuple[float, bool]]) -> tuple[bool, float]:
    """Return whether near is above the threshold, and the threshold, that are right most often."""
    ordered = sorted(labelled)
    nears = sum(is_near for _, is_near in ordered)
    below_near = below_far = 0
    best, found = -1, (True, ordered[0][0])
    for at, (value, is_near) in enumerate(ordered):
        below_near, below_far = below_near + is_near, below_far + (not is_near)
        if at + 1 < len(ordered) and ordered[at + 1][0] == value:
            continue
        above = nears - below_near + below_far
        for right, direction in ((above, True), (len(ordered) - above, False)):
            if right > best:
                best, found = right, (direction, value)
    return found


def auc(near: Sequence[float], far: Sequence[float]) -> float:
    """Return the chance that a value of ``near`` is the larger one; ties count half."""
    ordered = sorted([(value, 1) for value in near] + [(value, 0) for value in far])
    rank_sum, at = 0.0, 0
    while at < len(ordered):
        last = at
        while last + 1 < len(ordered) and ordered[last + 1][0] == ordered[at][0]:
            last += 1
        rank_sum += sum(label for _, label in ordered[at : last + 1]) * ((at + last) / 2 + 1)
        at = last + 1
    return (rank_sum - len(near) * (len(near) + 1) / 2) / (len(near) * len(far))


def separation(near: Sequence[float], far: Sequence[float]) -> tuple[float, float]:
    """Return d-prime, the larger of that by ranks and that by means, and its standard error.

    By ranks: the distance between two normal distributions of equal width that have this AUC. By means: their
    difference over the common deviation.
    """
    share = min(max(auc(near, far), 0.5 / len(near)), 1 - 0.5 / len(near))
    ranks = math.sqrt(2) * NormalDist().inv_cdf(share)
    spread = math.sqrt((statistics.variance(near) + statistics.variance(far)) / 2)
    means = (statistics.fmean(near) - statistics.fmean(far)) / spread if spread else 0.0
    return max(abs(ranks), abs(means)), math.sqrt(1 / len(near) + 1 / len(far))


def tries_to_be_sure(d_prime: float) -> float:
    """Return how many tries of each case, averaged, make the guess right ``SURE`` of the time.

    The mean of n independent tries separates by d-prime times the root of n, and the best threshold between two normal
    distributions d apart is right with the chance Phi(d / 2).
    """
    return (2 * NormalDist().inv_cdf(SURE) / d_prime) ** 2 if d_prime > 0 else math.inf
