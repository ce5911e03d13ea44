r"""New numbers of parameters, w = 0.5 - 0.1 \cdot 0.3 = 0.47: the arithmetic, and that the step goes against the gradient there."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.told import name as named
from symbackprop.formulas.told import told
from symbackprop.judge.sides.at_values import Step, number_of, parts_of
from symbackprop.judge.sides.entry_values import ARRAY, entry_named
from symbackprop.judge.sides.goals import spelled, stepped, tensor_of
from symbackprop.judge.steps.rounded import CARRIED, TURNED, digits_leave
from symbackprop.judge.texts.arrays import Code
from symbackprop.judge.texts.numbers import is_of_numbers
from symbackprop.judge.verdicts.judge import ROUNDED
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.conventions import convention
from symbackprop.judge.weighing.counterexample import plain
from symbackprop.judge.weighing.reading import CLAIM
from symbackprop.judge.weighing.truth import WITNESSES, Truth
from symbackprop.judge.weighing.weigh import goal_of
from symbackprop.notation.claims.bracketed import sides
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.side import now, word_of
from symbackprop.notation.claims.syntax import Word

_NUMBER = re.compile(r"(?<![\w.^])(?:\d*\.\d+|\d+)(?!\w|\.\d)")
_RATIO = re.compile(r"\\[dt]?frac\s*\{?\s*(\d+)\s*\}?\s*\{?\s*(\d+)\s*\}?|(\d+)\s*/\s*(\d+)")


class Given(NamedTuple):
    """What a step gives a value to: a parameter, or an entry of it, as its indices are written; and the step with its number."""

    own: str | None
    entry: tuple[int, ...]
    claim: str

    def places(self, truth: Truth, spoken: Collection[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """The places that the entry may have, () of all of a parameter; none where it has no such entry.

        spoken   the indices of all entries that steps speak of: they count from 0 where one is 0, from 1 where one is the last.
        """
        if not self.own or not self.entry:
            return [()]
        shape = truth.places.first(1)[0].values[self.own].shape
        is_last = any(k == n for index in spoken for k, n in zip(index, shape, strict=True))
        firsts = (0,) if any(0 in index for index in spoken) else (1,) if is_last else (1, 0)
        several = [tuple(k - first for k in self.entry) for first in firsts]
        return [place for place in several if all(0 <= k < n for k, n in zip(place, shape, strict=True))]


def entries_told(truth: Truth, steps: Sequence[Step], symbols: Mapping[str, str]) -> dict[str, set[tuple[int, ...]]]:
    """The indices, as they are written, of the entries of each input that steps give numbers to, new ones as well."""
    found: dict[str, set[tuple[int, ...]]] = {}
    for _, claim, _ in steps:
        for part in parts_of(claim) if isinstance(claim, str) and not isinstance(claim, Code) else ():
            left, _, right = part.partition("=")
            entry = None if ARRAY.search(right) else entry_named(truth, _now(left), symbols)
            if entry is not None:
                found.setdefault(entry[0], set()).add(entry[1])
    return found


def _now(left: str) -> Word | None:
    """The name on a left side, without what says that it is new."""
    word = word_of(left.strip(" $,"))
    return None if word is None else now(word) or word


def number_given(truth: Truth, claim: str, symbols: Mapping[str, str]) -> Given:
    r"""What a step gives a value to, w, w_{new}, w_1^{new}; of a number, with what it was in place of its name."""
    left, equals, right = claim.partition("=")
    word = _now(left)
    own = spelled(truth, left.strip()) if word is None else tensor_of(truth, word)
    is_settled = bool(truth.pinned) and truth.places.is_settled
    if own is None:
        named = entry_named(truth, word, symbols) if is_settled else None
        return Given(*named, claim) if named is not None else Given(None, (), claim)
    place = truth.places.first(1)[0] if own in truth.pinned and is_settled else None
    if place is None or place.values[own].shape:
        return Given(own, (), claim)
    number = f"({place.values[own]:.17g})"
    right = re.sub(rf"(?<![A-Za-z\\]){re.escape(own)}(?![A-Za-z_^])", lambda _: number, right)
    return Given(own, (), left + equals + right)


def is_new_number(claim: str) -> bool:
    """Whether all that a step says on its right is made of numbers."""
    return "=" in claim and all(map(is_of_numbers, claim.split("=")[1:]))


def not_judged(own: str) -> Judged:
    """The verdict on a new number of a parameter that is held against nothing."""
    return Judged(own, None, "undecided", told("a new number for {}, which is not judged", named(own)))


def of_new_number(truth: Truth, own: str, claim: str, rates: Sequence[float], carried: bool, at: tuple[int, ...] = ()) -> Judged:
    """The verdict on a step that gives a parameter a new number, at the numbers that are given.

    own      the parameter.
    at       the entry of it that is given one; (): all of it.
    rates    the numbers that steps before gave to what may be the rate.
    carried  whether a step before claimed a wrong gradient by it.
    """
    try:
        several = [one for side in sides(claim)[1:] if (one := _array(truth, own, side, bool(at))) is not None]
    except Fault:
        several = []
    goal = stepped(truth, own, own)
    if not several or len(several) < len(claim.split("=")) - 1 or not truth.places.is_settled:
        return not_judged(own)
    *before, last = several
    room = digits_leave(claim.rpartition("=")[2])
    for one in before:
        if one.shape != last.shape or (np.abs(one - last) > 1.01 * room + 1e-9 * np.abs(one)).any():
            return Judged(own, goal, "wrong", told("it comes to {} there", plain(one)))
    place = truth.places.first(1)[0]
    gradient = np.asarray(goal_of(truth, own, truth.of).at(place), float)[at].reshape(last.shape)
    moved = several[0] - np.asarray(place.values[own], float)[at]
    rate, error = _rate(moved, gradient, 0.0 if before else room)
    known = [1.0, *rates, *_numbers(claim)]
    about_it: dict[str, Any] = {"points": 1, "witnesses": WITNESSES, "truth": truth.formula(own, truth.of)}

    def is_known(rate: float, *factors: float) -> bool:
        return any(abs(rate - c * one) <= error + CARRIED * rate for one in known for c in factors)

    is_bare = not (before or rates or len(_numbers(claim)) > last.size)
    if is_bare and rate > 0:
        said = told("a step against the gradient at the rate {}", f"{rate:.4g}")
        return Judged(own, None, "abbreviation", remarks=(said,))
    if is_known(rate, 1.0) or not (gradient.any() or moved.any()):
        return Judged(own, goal, "right, numeric", remarks=(told("a step against the gradient at these numbers"),), **about_it)
    if carried:
        follows = told("right if the steps before it were right: no second mistake")
        return Judged(own, goal, "wrong, carried forward", remarks=(follows,), **about_it)
    if is_known(-rate, 1.0) or (is_bare and rate < 0):
        up = told("it goes along the gradient, by which {} grows: descent goes against it", named(truth.of))
        return Judged(own, goal, "up to convention", up, convention=convention([(-TURNED, TURNED)], [{}]), **about_it)
    why = told("the gradient is {} there, and the step goes by {}", plain(gradient), plain(moved))
    is_open = is_bare or is_known(rate, 2.0, 0.5)  # momentum, or a rate that takes up a factor
    return Judged(own, goal, "undecided" if is_open else "wrong", why, **about_it)


def _rate(moved: ndarray, gradient: ndarray, room: float) -> tuple[float, float]:
    """How many times the gradient a step goes against it, and what that may be off by; nan where it goes elsewhere."""
    square = float((gradient * gradient).sum())
    if square == 0.0:
        return (0.0 if not moved.any() else np.nan), 0.0
    rate = -float((moved * gradient).sum()) / square
    is_along = (np.abs(moved + rate * gradient) <= room + ROUNDED * largest_of(moved)).all()
    return (rate if is_along else np.nan), room / np.sqrt(square)


def _numbers(claim: str) -> list[float]:
    """The numbers in a claim, those with digits above one another among them."""
    ratios = [[float(one) for one in found.groups() if one] for found in _RATIO.finditer(claim)]
    return [float(one) for one in _NUMBER.findall(claim)] + [a / b for a, b in ratios if b]


def _array(truth: Truth, own: str, side: str, is_entry: bool) -> ndarray | None:
    """What a side comes to."""
    found = number_of(truth, own, side, 0 if is_entry else None)
    try:
        return None if found is None else np.asarray(walk(found, {}, {}, FLOATS)[CLAIM], float)
    except (PointError, ArithmeticError):
        return None
