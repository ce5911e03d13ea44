"""Which mistakes give just the claimed value: edits of the right backward pass, tried at one point and verified at others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heappop, heappush
from itertools import islice
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.evaluate.magnitude import largest_of
from symbackprop.formulas.told import Formula, Piece, Told
from symbackprop.judge.mistakes.catalogue import MISTAKES, RANK, edits
from symbackprop.judge.mistakes.edit import ONE, Backward, Edit, Finding, Says, close
from symbackprop.judge.mistakes.shadow import Shadow, Shadows, agree, agree_beside
from symbackprop.judge.weighing.conventions import Convention, convention, factors

VERIFIED = 4  # further points at which an edit must give the claim
SHOWN = 3
RARER = 0.7  # what a mistake may be heavier by than the likeliest, to be named beside it
USUAL = 0.35  # heavier edits are not made everywhere at once, nor in pairs
BESIDE = 0.5  # heavier edits are not looked for beside a factor of the result
NEAR = 1e-6
MANY = 8  # places beyond which no one of them is left out
PAIRS = 400
WIDE = 10_000  # entries of a gradient above which a tenth of them is tried
PAIRED = (
    "path left out", "wrong sign", "slope missing", "2 or 1/2", "1/N", "slope at the wrong place", "paths averaged",
    "transpose missing", "indicator missing", "matrix assumed symmetric", "chain factor missing",
)  # fmt: skip
BY_CONVENTION = {
    "sign": "wrong sign", "2": "2 or 1/2", "N": "1/N", "transpose": "order or layout", "layout": "order or layout",
}  # fmt: skip

EVERYWHERE, SEVERAL = "everywhere alike: {}", "at several places alike: {}"

Key = tuple[str, str, Says, int]
Part = Callable[[ndarray], "ndarray | None"]


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
            out.setdefault(m.name, Finding(m.name, m.said, m.where, MISTAKES[m.name].family, m.weight))
    return tuple(out.values())[:SHOWN]


class Made:
    """What every mistake makes of a right backward pass at one point, worked out when it is asked for.

    part   the part of the goal that is claimed: some steps of a loop, or all of it.
    """

    def __init__(self, backward: Backward, part: Part = lambda value: value) -> None:
        self.backward, self.part = backward, part
        self._values: dict[tuple[Key, ...], ndarray | None] = {}
        self._shadows: dict[Key, Shadow | None] = {}
        self._after: dict[Key, Any] = {}
        self._claimed: tuple[ndarray | None, tuple[Shadow, ...]] = None, ()

    @cached_property
    def edits(self) -> dict[Key, Edit]:
        return keyed(edits(self.backward))

    def value(self, keys: tuple[Key, ...]) -> ndarray | None:
        """The goal with edits made at once; None where one does not fit, or the value is not finite."""
        if keys not in self._values:
            chosen = [self.edits[key] for key in keys if key in self.edits]
            value = self.backward.apply({e.place: e.how for e in chosen}) if len(chosen) == len(keys) else None
            self._values[keys] = self.part(value) if value is not None and np.isfinite(value).all() else None
        return self._values[keys]

    @cached_property
    def shadows(self) -> Shadows | None:
        """What the values are looked through by; None where a mistake is made anew at every step."""
        whole = np.shape(self.truth) == np.shape(self.backward.values[self.backward.goal])
        return Shadows(self.backward) if whole and not self.backward.again else None

    def shadow(self, key: Key) -> Shadow | None:
        """Of the goal with an edit; None where that does not fit. Raises KeyError where it has none."""
        if self.shadows is None:
            raise KeyError(key)
        if key not in self._shadows:
            edit = self.edits.get(key)
            self._shadows[key] = None if edit is None else self.shadows.moved(edit.place, edit.how, self.backward.values)
        return self._shadows[key]

    def may_be(self, keys: tuple[Key, ...], claim: ndarray) -> bool:
        """Whether edits may give a claim: by its shadow, which costs little, for one edit or two."""
        if self.shadows is None or np.shape(claim) != np.shape(self.truth) or not 1 <= len(keys) <= 2:
            return True
        try:
            found = self.shadow(*keys) if len(keys) == 1 else self._shadow_of_two(*keys)
        except KeyError:
            return True
        return found is not None and agree(self.laid(claim)[0], found)

    def may_be_beside(self, key: Key, claim: ndarray, sizes: ndarray) -> bool:
        """Whether a sign, a size as a factor or a layout of what an edit gives may be the claim."""
        if self.shadows is None or np.size(claim) != np.size(self.truth):
            return True
        try:
            found = self.shadow(key)
        except KeyError:
            return True
        return found is not None and any(agree_beside(one, found, sizes) for one in self.laid(claim))

    def laid(self, claim: ndarray) -> tuple[Shadow, ...]:
        """The shadow of a claim, and that of its transpose."""
        assert self.shadows is not None
        if self._claimed[0] is not claim:
            ways = [claim, claim.swapaxes(-1, -2)] if claim.ndim > 1 else [claim]
            self._claimed = claim, tuple(self.shadows.of(one.reshape(np.shape(self.truth))) for one in ways)
        return self._claimed[1]

    def _shadow_of_two(self, one: Key, other: Key) -> Shadow | None:
        """Of the goal with two edits; the later is made of what the earlier left."""
        assert self.shadows is not None
        order = self.backward.position
        first, last = sorted((one, other), key=lambda key: order[self.edits[key].place])
        if first not in self._after:
            edit = self.edits[first]
            self._after[first] = self.backward.after({edit.place: edit.how})
        after, edit = self._after[first], self.edits[last]
        return self.shadows.moved(edit.place, edit.how, after) if isinstance(after, dict) else None

    def can_have(self, shape: tuple[int, ...], keys: tuple[Key, ...]) -> bool:
        """Whether edits may give the goal such a shape: one that is not its own comes of an edit of the goal alone."""
        return shape == self.truth.shape or any(self.edits[k].place == self.backward.goal for k in keys if k in self.edits)

    def match(self, edit: Edit, weight: float, opening: str = "") -> Match:
        """An edit that gives a claim, in words."""
        names = self.backward.names
        said = edit.says.told(names)
        said = Told(opening, (said,)) if opening else said
        where = Formula(edit.place, names.in_line(edit.place))
        return Match(edit.name, where, said, weight, frozenset(edit.says.mentions(names.program)))

    def scaled(self, kind: str, said: Told) -> Match:
        """A sign, a factor or a layout of the result, as a mistake."""
        goal = self.backward.goal
        return Match(BY_CONVENTION[kind], Formula(goal, self.backward.names.in_line(goal)), said, 1.0)

    @cached_property
    def truth(self) -> ndarray:
        claimed = self.part(self.backward.values[self.backward.goal])
        assert claimed is not None  # a place has the steps that are claimed
        return claimed


Trials = Sequence[tuple[Made, ndarray]]


def all_matches(trials: Trials) -> list[Match]:
    """Every mistake that gives the claim at every point; where none does, two of them at once."""
    return single(trials) or several(trials)


def single(trials: Trials) -> list[Match]:
    """Every mistake that gives the claim at every point, at one place or at all alike.

    trials   the right backward pass at each point, with the claimed value; the first is one where the claim is wrong.
    """
    known = trials[0][0].edits
    return [trials[0][0].match(e, e.weight) for k, e in known.items() if _holds(trials, (k,))] + _everywhere(trials)


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
        value = made.value(keys) if made.can_have(np.shape(claim), keys) and made.may_be(keys, claim) else None
        if value is None or not close(value, claim) or (k == 0 and close(value, made.truth)):
            return False
    return True


def _everywhere(trials: Trials) -> list[Match]:
    """The same mistake made at every place alike, or at every place but one."""
    known, first = trials[0][0].edits, trials[0][0]
    groups: dict[tuple[str, float, str], dict[str, Key]] = {}
    for key, e in known.items():
        if MISTAKES[e.name].often and e.weight <= USUAL:
            for alike in dict.fromkeys(("", e.alike)):
                groups.setdefault((e.name, e.weight, alike), {}).setdefault(e.place, key)
    out = []
    for places in groups.values():
        keys = tuple(places.values())
        if len(keys) > 1 and _holds(trials, keys):
            out.append(replace(first.match(known[keys[0]], 0.5, EVERYWHERE), where="everywhere"))
        for left_out in keys if 2 < len(keys) <= MANY else ():
            others = tuple(key for key in keys if key != left_out)
            if _holds(trials, others):
                out.append(replace(first.match(known[others[0]], 0.7, SEVERAL), where="everywhere"))
    return out


def several(trials: Trials) -> list[Match]:
    """Two mistakes at once: one beside a sign, a factor or a layout of the result, or two of the commonest at different places."""
    usual = [(k, e) for k, e in trials[0][0].edits.items() if e.weight <= BESIDE]
    usual.sort(key=lambda pair: (pair[1].weight, RANK[pair[1].name]))
    made, claim = trials[0]
    sizes = np.unique([factor.values[0] for factor in factors([made.backward.sizes])])
    for key in [(), *((k,) for k, _ in usual if made.may_be_beside(k, claim, sizes))]:
        value = made.value(key) if key else made.truth
        if value is None or not any(abs(largest_of(claim) - c * largest_of(value)) <= NEAR * largest_of(claim) for c in sizes):
            continue
        found = _beside(trials, key)
        if found and (key or len(found.kinds) > 1):
            own = [trials[0][0].match(trials[0][0].edits[k], 1.0, ONE) for k in key]
            return own + [trials[0][0].scaled(kind, Told(ONE, (found.says,))) for kind in found.kinds]
    return _pairs(trials)


def _beside(trials: Trials, keys: tuple[Key, ...]) -> Convention | None:
    """The convention by which the claim is what an edit gives, or without one the truth."""
    values = [made.value(keys) if keys else made.truth for made, _ in trials]
    pairs = [(claim, value) for (_, claim), value in zip(trials, values, strict=True) if value is not None]
    sizes = [made.backward.sizes for made, _ in trials]
    return convention(pairs, sizes) if len(pairs) == len(trials) else None


def _pairs(trials: Trials) -> list[Match]:
    """Two of the commonest mistakes at different places, the commonest pairs first."""
    known = trials[0][0].edits
    usual = [(k, e) for k, e in known.items() if e.name in PAIRED and e.weight <= USUAL]
    usual.sort(key=lambda pair: (pair[1].weight, RANK[pair[1].name]))
    pairs = ((usual[i], usual[j]) for i, j in in_order([(e.weight, RANK[e.name]) for _, e in usual]))
    most = PAIRS if trials[0][0].truth.size <= WIDE else PAIRS // 10
    for (a, x), (b, y) in islice((pair for pair in pairs if pair[0][1].place != pair[1][1].place), most):
        if _holds(trials, (a, b)):
            return [trials[0][0].match(e, 1.0, ONE) for e in (x, y)]
    return []


def in_order(costs: Sequence[tuple[float, ...]]) -> Iterator[tuple[int, int]]:
    """All i < j of costs in ascending order, the cheapest sum first."""
    waiting: list[tuple[tuple[float, ...], int, int]] = []

    def wait(i: int, j: int) -> None:
        if j < len(costs):
            heappush(waiting, (tuple(a + b for a, b in zip(costs[i], costs[j], strict=True)), i, j))

    wait(0, 1)
    while waiting:
        _, i, j = heappop(waiting)
        yield i, j
        wait(i, j + 1)
        if j == i + 1:
            wait(j, j + 1)
