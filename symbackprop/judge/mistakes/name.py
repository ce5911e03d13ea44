"""Which mistakes give just the claimed value: edits of the right backward pass, tried at one point and verified at others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy import ndarray

from symbackprop.formulas.told import Formula, Piece, Told, told
from symbackprop.judge.mistakes.catalogue import MISTAKES, RANK, edits
from symbackprop.judge.mistakes.edit import Backward, Edit, Finding, Says, close

VERIFIED = 4  # further points at which an edit must give the claim
SHOWN = 3
RARER = 0.7  # what a mistake may be heavier by than the likeliest, to be named beside it
USUAL = 0.35  # heavier edits are not made everywhere at once, nor in pairs
PAIRS = 150
PAIRED = ("path left out", "wrong sign", "slope missing", "2 or 1/2", "1/N", "slope at the wrong place", "paths averaged")

Key = tuple[str, str, Says, int]


@dataclass(frozen=True)
class Match:
    """An edit, or several at once, that give the claim."""

    name: str
    where: Piece
    said: Told
    weight: float
    mentions: frozenset[str] = frozenset()

    @property
    def order(self) -> tuple[float, int]:
        return self.weight, RANK[self.name]


def likeliest(matches: Iterable[Match]) -> tuple[Finding, ...]:
    """At most three of the mistakes that give the claim, each by its likeliest form; none that is far rarer than the first."""
    ordered = sorted(matches, key=lambda m: m.order)
    out: dict[str, Finding] = {}
    for m in ordered:
        if m.weight <= ordered[0].weight + RARER:
            out.setdefault(m.name, Finding(m.name, m.said, m.where, MISTAKES[m.name].family))
    return tuple(out.values())[:SHOWN]


class Made:
    """What every mistake makes of a right backward pass at one point, worked out when it is asked for."""

    def __init__(self, backward: Backward) -> None:
        self.backward = backward
        self._values: dict[tuple[Key, ...], ndarray | None] = {}

    @cached_property
    def edits(self) -> dict[Key, Edit]:
        return keyed(edits(self.backward))

    def value(self, keys: tuple[Key, ...]) -> ndarray | None:
        """The goal with edits made at once; None where one does not fit, or the value is not finite."""
        if keys not in self._values:
            known = all(key in self.edits for key in keys)
            value = self.backward.apply({self.edits[k].place: self.edits[k].how for k in keys}) if known else None
            self._values[keys] = value if value is not None and np.isfinite(value).all() else None
        return self._values[keys]

    def match(self, edit: Edit, weight: float, opening: str = "") -> Match:
        """An edit that gives a claim, in words."""
        names = self.backward.names
        said = told(opening + "{}", edit.says.told(names))
        where = Formula(edit.place, names.in_line(edit.place))
        return Match(edit.name, where, said, weight, frozenset(edit.says.mentions(names.program)))

    @property
    def truth(self) -> ndarray:
        return self.backward.values[self.backward.goal]


Trials = Sequence[tuple[Made, ndarray]]


def all_matches(trials: Trials, in_pairs: bool = True) -> list[Match]:
    """Every mistake that gives the claim at every point.

    trials   the right backward pass at each point, with the claimed value; the first is one where the claim is wrong.
    in_pairs whether two mistakes at once are tried where none alone gives the claim.
    """
    known = trials[0][0].edits
    found = [trials[0][0].match(e, e.weight) for k, e in known.items() if _holds(trials, (k,))]
    found += _everywhere(trials)
    return found or (_pairs(trials) if in_pairs else [])


def keyed(several: Iterable[Edit]) -> dict[Key, Edit]:
    """Edits by what they are, so that the same one is found again at another point."""
    out: dict[Key, Edit] = {}
    count: dict[tuple[str, str, Says], int] = {}
    for e in several:
        own = e.name, e.place, e.says
        count[own] = count.get(own, 0) + 1
        out[*own, count[own]] = e
    return out


def _holds(trials: Trials, keys: tuple[Key, ...]) -> bool:
    """Whether edits made at once give the claim wherever it is known, and not the truth at the first point."""
    for k, (made, claim) in enumerate(trials):
        value = made.value(keys)
        if value is None or not close(value, claim) or (k == 0 and close(value, made.truth)):
            return False
    return True


def _everywhere(trials: Trials) -> list[Match]:
    """The same mistake made at every place alike."""
    known = trials[0][0].edits
    groups: dict[tuple[str, float, str], dict[str, Key]] = {}
    for key, e in known.items():
        if MISTAKES[e.name].often and e.weight <= USUAL:
            for alike in dict.fromkeys(("", e.alike)):
                groups.setdefault((e.name, e.weight, alike), {}).setdefault(e.place, key)
    out = []
    for places in groups.values():
        if len(places) > 1 and _holds(trials, tuple(places.values())):
            first = known[next(iter(places.values()))]
            out.append(replace(trials[0][0].match(first, 0.5, "everywhere alike: "), where="everywhere"))
    return out


def _pairs(trials: Trials) -> list[Match]:
    """Two of the commonest mistakes at different places, the commonest pairs first."""
    known = trials[0][0].edits
    usual = [(k, e) for k, e in known.items() if e.name in PAIRED and e.weight <= USUAL]
    usual.sort(key=lambda pair: RANK[pair[1].name])
    pairs = [(a, b) for i, a in enumerate(usual) for b in usual[i + 1 :] if a[1].place != b[1].place]
    pairs.sort(key=lambda pair: sum(RANK[e.name] for _, e in pair))
    for (a, x), (b, y) in pairs[:PAIRS]:
        if _holds(trials, (a, b)):
            return [trials[0][0].match(e, 1.0, "one of two mistakes: ") for e in (x, y)]
    return []
