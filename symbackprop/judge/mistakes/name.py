"""Which mistakes give just the claimed value: edits of the right backward pass, tried at one point and verified at others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from symbackprop.judge.mistakes.catalogue import MISTAKES, RANK, edits
from symbackprop.judge.mistakes.edit import Backward, Edit, Finding, close

VERIFIED = 4  # further points at which an edit must give the claim
SHOWN = 3
RARER = 0.7  # what a mistake may be heavier by than the likeliest, to be named beside it
USUAL = 0.35  # heavier edits are not made everywhere at once, nor in pairs
PAIRS = 150
PAIRED = ("path left out", "wrong sign", "slope missing", "2 or 1/2", "1/N", "slope at the wrong place", "paths averaged")

Key = tuple[str, str, str, int]
Changes = Mapping[str, Edit]


@dataclass(frozen=True)
class Match:
    """An edit, or several at once, that give the claim."""

    name: str
    place: str
    sentence: str
    weight: float

    @property
    def order(self) -> tuple[float, int]:
        return self.weight, RANK[self.name]


def likeliest(matches: Iterable[Match]) -> tuple[Finding, ...]:
    """At most three of the mistakes that give the claim, each by its likeliest form; none that is far rarer than the first."""
    ordered = sorted(matches, key=lambda m: m.order)
    out: dict[str, Finding] = {}
    for m in ordered:
        if m.weight <= ordered[0].weight + RARER:
            out.setdefault(m.name, Finding(m.name, m.sentence, m.place, MISTAKES[m.name].family))
    return tuple(out.values())[:SHOWN]


def all_matches(trials: Sequence[tuple[Backward, ndarray]], in_pairs: bool = True) -> list[Match]:
    """Every mistake that gives the claim at every point.

    trials   the right backward pass at each point, with the claimed value; the first is one where the claim is wrong.
    in_pairs whether two mistakes at once are tried where none alone gives the claim.
    """
    lists = [keyed(edits(backward)) for backward, _ in trials]
    found = [Match(e.name, e.place, e.sentence, e.weight) for k, e in lists[0].items() if _holds(trials, lists, [k])]
    found += _everywhere(trials, lists)
    return found or (_pairs(trials, lists) if in_pairs else [])


def keyed(several: Iterable[Edit]) -> dict[Key, Edit]:
    """Edits by what they are, so that the same one is found again at another point."""
    out: dict[Key, Edit] = {}
    count: dict[tuple[str, str, str], int] = {}
    for e in several:
        own = e.name, e.place, e.sentence
        count[own] = count.get(own, 0) + 1
        out[*own, count[own]] = e
    return out


def _holds(trials: Sequence[tuple[Backward, ndarray]], lists: Sequence[Mapping[Key, Edit]], keys: Sequence[Key]) -> bool:
    """Whether edits made at once give the claim wherever it is known, and not the truth at the first point."""
    for k, ((backward, claim), known) in enumerate(zip(trials, lists, strict=True)):
        if any(key not in known for key in keys):
            return False
        value = backward.apply({known[key].place: known[key].how for key in keys})
        if value is None or not np.isfinite(value).all() or not close(value, claim):
            return False
        if k == 0 and close(value, backward.values[backward.goal]):
            return False
    return True


def _everywhere(trials: Sequence[tuple[Backward, ndarray]], lists: Sequence[Mapping[Key, Edit]]) -> list[Match]:
    """The same mistake made at every place alike."""
    groups: dict[tuple[str, float], dict[str, Key]] = {}
    for key, e in lists[0].items():
        if MISTAKES[e.name].often and e.weight <= USUAL:
            groups.setdefault((e.name, e.weight), {}).setdefault(e.place, key)
    out = []
    for (name, _), places in groups.items():
        if len(places) > 1 and _holds(trials, lists, list(places.values())):
            first = lists[0][next(iter(places.values()))]
            out.append(Match(name, "everywhere", f"everywhere alike: {first.sentence}", 0.5))
    return out


def _pairs(trials: Sequence[tuple[Backward, ndarray]], lists: Sequence[Mapping[Key, Edit]]) -> list[Match]:
    """Two of the commonest mistakes at different places."""
    usual = [(k, e) for k, e in lists[0].items() if e.name in PAIRED and e.weight <= USUAL]
    usual.sort(key=lambda pair: RANK[pair[1].name])
    tried = 0
    for i, (a, x) in enumerate(usual):
        for b, y in usual[i + 1 :]:
            if x.place == y.place:
                continue
            tried += 1
            if tried > PAIRS:
                return []
            if _holds(trials, lists, [a, b]):
                return [Match(e.name, e.place, f"one of two mistakes: {e.sentence}", 1.0) for e in (x, y)]
    return []
