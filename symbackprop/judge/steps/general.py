r"""Claims about every layer, \delta^l = (W^{l+1})^T \delta^{l+1} \odot \sigma'(z^l), in a network whose layers are written out.

They are said at each layer at which all that they read is there, judged there, and answered together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from symbackprop.formulas.told import Told, several, told
from symbackprop.judge.sides.scripts import ended, labels, said_at, scripts
from symbackprop.judge.steps.known import spelled
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_NUMBERED = re.compile(r"(.*?[^\W\d_])_?(\d+)")
_END = r"(?:\d+|[A-Za-z](?:\s*[-+]\s*\d+)?)"
_RANGE = re.compile(  # for l = 1, \ldots, L - 1
    rf"(?:\\q?quad|\\text\s*\{{[^}}]*\}}|\\forall|[,;:(])(?:\\q?quad|\\text\s*\{{[^}}]*\}}|\\forall|[\s,;:(]|\\[,;:! ])*"
    r"(?P<letter>\\ell|[A-Za-z])\s*=\s*"
    rf"(?P<ends>{_END}(?:\s*,\s*{_END})*(?:\s*,\s*\\[lc]?dots\s*,\s*{_END})?)[\s).]*$"
)
_LAST = "L"
_ENTRIES = "ijkmnst"  # letters of entries and of samples
_WORST = (  # the verdicts, by how much they tell of what stands for several layers
    "wrong region", "wrong shape", "wrong", "up to convention", "right result, wrong step", "not understood", "undecided",
    "wrong, carried forward", "right, numeric", "right, identity", "abbreviation",
)  # fmt: skip


@dataclass
class Families:
    """The tensors of a network that are numbered by layers, W_1, W_2, ...: their numbers, by the letter before them."""

    truth: Truth
    numbers: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.truth.named:
            base, number = _numbered(name)
            if number is not None:
                self.numbers.setdefault(base, set()).add(number)
        self.numbers = {base: own for base, own in self.numbers.items() if len(own) > 1 and base not in self.truth.named}

    @cached_property
    def last(self) -> int:
        """The number of the last layer, of parameters where they are numbered."""
        learnt = {_numbered(t.name)[0] for t in self.truth.program.parameters} & {*self.numbers}
        return max(max(self.numbers[base]) for base in learnt or self.numbers)

    def has(self, base: str, number: int) -> bool:
        """Whether a letter has a layer; what the first one reads counts as the layer before it."""
        reads = number == 0 and base in "aAhH" and bool({"x", "X"} & {*self.truth.named})
        return number in self.numbers[base] or reads


def _numbered(name: str) -> tuple[str, int | None]:
    found = _NUMBERED.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, None)


class General:
    """The steps of a derivation, of which those about every layer are said at each.

    steps    as they are judged.
    places   of each step as it was written, the places of those that stand for it.
    layers   of each, the layers at which these stand; none where it is about no other than it says.
    """

    def __init__(self, truth: Truth, steps: Sequence[Step]) -> None:
        self.families = Families(truth)
        self.steps: list[Step] = [*steps]
        self.places = [[k] for k in range(len(steps))]
        self.layers: list[list[int]] = [[] for _ in steps]
        if not self.families.numbers or truth.loops:
            return
        self.ranges = [self._range(step[1]) for step in steps]
        named = [self._with_last(_without_range(step) if own else step) for step, own in zip(steps, self.ranges, strict=True)]
        letters = [self._letter(claim) if isinstance(claim, str) else "" for _, claim, _ in named]
        own = self._own(named, letters)
        self.steps, self.places, self.layers = [], [], []
        run: list[tuple[int, int, Step]] = []  # general steps beside one another: they go down together, layer by layer
        for place, (before, step, letter) in enumerate(zip(steps, named, letters, strict=True)):
            layers = self._layers(place, step, letter, own) if letter else []
            self.places.append([])
            self.layers.append(layers)
            if layers:
                run += [(_first_number(one), place, one) for one in (_at(step, letter, n) for n in layers)]
                continue
            self._put(run)
            run = [(0, place, before if letter else step)]
            self._put(run)
            run = []
        self._put(run)

    def _put(self, run: list[tuple[int, int, Step]]) -> None:
        for _, place, step in sorted(run, key=lambda one: -one[0]):
            self.places[place].append(len(self.steps))
            self.steps.append(step)

    def together(self, found: Sequence[Judged], steps: Sequence[Step]) -> tuple[Judged, ...]:
        """A verdict for each step as it was written."""
        return tuple(
            found[where[0]] if self.steps[where[0]] == step else _of_layers(step, [found[k] for k in where], layers)
            for step, where, layers in zip(steps, self.places, self.layers, strict=True)
        )

    def stated(self, found: Sequence[Judged]) -> bool:
        """Whether names of several layers are found to claim what they are at others: where not all is right, they do from now on.

        What a step at one layer, or what is right, says of a name goes before what it turned out to be elsewhere.
        """
        if not any(one.wrong or one.open for one in found):
            return False
        truth, changed = self.families.truth, False
        general = {k for where, layers in zip(self.places, self.layers, strict=True) if layers for k in where}
        for places in self._named().values():
            shifts = {k: self._shift(found[k], number) for k, number in places.items()}
            alone = {shift for k, shift in shifts.items() if shift and k not in general}
            known = alone or {shift for k, shift in shifts.items() if shift and found[k].right}
            if len(known) != 1:
                continue
            ((family, shift),) = known
            for k, number in places.items():
                wrt = next((own for own in truth.named if _numbered(own) == (family, number + shift)), None)
                name, claim, what = self.steps[k]
                if wrt is not None and not what and shifts[k] != (family, shift) and (k in general or found[k].open):
                    self.steps[k] = name, claim, f"d{truth.of}/d{wrt}"
                    changed = True
        return changed

    def _named(self) -> dict[str, dict[int, int]]:
        """The names of the derivation's own with the steps that say them at numbers."""
        found: dict[str, dict[int, int]] = {}
        for k, step in enumerate(self.steps):
            one = next((one for side in _lefts(step) for one in scripts(side)), None)
            if one is not None and one.number is not None and one.base not in self.families.numbers:
                found.setdefault(one.base, {})[k] = one.number
        return found

    def _shift(self, judged: Judged, number: int) -> tuple[str, int] | None:
        """By which family a name was found to be the gradient, and how far from its own number."""
        truth = self.families.truth
        if judged.asked is None or judged.asked.of != truth.of:
            return None
        family, layer = _numbered(judged.asked.wrt)
        return None if layer is None else (family, layer - number)

    def _with_last(self, step: Step) -> Step:
        r"""A step in which the last layer has its number: \delta^L, \nabla_a C."""
        if not isinstance(step[1], str):
            return step
        return self._last(step[0]), self._last(step[1]), step[2]

    def _last(self, text: str) -> str:
        text = said_at(text, self.families.last, lambda one: one.letter == _LAST and one.above)
        for one in sorted(scripts(text), reverse=True):
            own = self.families.numbers.get(one.inner.strip().lstrip("\\"))
            if one.base in ("nabla", "partial") and own and not one.above:
                text = f"{text[: one.begin]}{{{one.inner}^{{({max(own)})}}}}{text[one.end :]}"
        return text

    def _letter(self, text: str) -> str:
        """The letter of a step that stands for every layer; "" where there is none."""
        bound = {
            one.inner.partition("=")[0].strip() for one in scripts(text) if one.base in ("sum", "prod", "limits") and not one.above
        }
        names = {spelled(name) for name in self.families.truth.named}  # W_q beside W_1 and W_2 is a name of its own
        bound |= {one.letter for one in labels(text) if spelled(f"{one.base}{one.letter}") in names}
        bound |= self._of_entries(text)
        found = [one for one in labels(text) if one.letter not in bound and one.letter != _LAST]
        of_families = [one for one in found if one.base in self.families.numbers]
        return next((one.letter for one in (*of_families, *found) if one.above or one.base in self.families.numbers), "")

    def _of_entries(self, text: str) -> set[str]:
        """The letters that stand above names with the number of their layer below, z_2^{(i)}, and never above one without."""
        several, families = list(scripts(text)), self.families.numbers
        numbered = {
            one.end
            for one in several
            if not one.above and one.number is not None and one.number in families.get(one.base, {one.number})
        }
        found: dict[str, list[bool]] = {}
        for one in several:
            label, is_numbered = one.label, ended(text, one.begin) in numbered
            if one.above and label is not None and (is_numbered or one.base in families):
                found.setdefault(label.letter, []).append(is_numbered)
        return {letter for letter, own in found.items() if letter in _ENTRIES and all(own)}

    def _own(self, steps: Sequence[Step], letters: Sequence[str]) -> dict[str, set[int]]:
        """The letters of the derivation's own that have numbers of layers, with those at which they are said."""
        own: dict[str, set[int]] = {}
        lefts = [[*_lefts(step)] for step in steps]
        for side in (side for sides in lefts for side in sides):
            one = next(scripts(side), None)
            if one is not None and one.base not in self.families.numbers and (one.number is not None or one.label):
                own.setdefault(one.base, set()).update([] if one.number is None else [one.number])
        for _ in range(self.families.last):
            for place, (step, letter, sides) in enumerate(zip(steps, letters, lefts, strict=True)):
                layers = self._layers(place, step, letter, own) if letter else []
                for one in (label for side in sides for label in labels(side)[:1]):
                    if one.letter == letter and one.base in own:
                        own[one.base] |= {n + one.shift for n in layers}
        return own

    def _layers(self, place: int, step: Step, letter: str, own: Mapping[str, set[int]]) -> list[int]:
        """The layers at which a step applies, the last first: those that it says, where all that it reads is there."""
        said = {label[:4] for side in _lefts(step) for label in labels(side)[:1]}
        several = [one for one in labels(step[1]) if one.letter == letter]
        families = [one for one in several if one.base in self.families.numbers]
        names = [one for one in several if one.base in own and one[:4] not in said]
        wanted = self.ranges[place]
        layers = [
            n
            for n in range(self.families.last, -1, -1)
            if (wanted is None or n in wanted) and all(self.families.has(one.base, n + one.shift) for one in families)
        ]
        known = [n for n in layers if all(n + one.shift in own[one.base] for one in names)]
        return (known or layers) if families else known if names else []

    def _range(self, claim: Any) -> range | None:
        """The layers that a step says, l = 1, ..., L - 1."""
        found = _RANGE.search(claim) if isinstance(claim, str) else None
        if found is None or found["letter"] not in {one.letter for one in labels(claim)}:
            return None
        ends = [self._number(end) for end in re.findall(_END, re.sub(r"\\[lc]?dots", "", found["ends"]))]
        known = [end for end in ends if end is not None]
        return range(min(known), max(known) + 1) if known == ends else None

    def _number(self, text: str) -> int | None:
        letter, sign, shift = re.fullmatch(r"(\w+)\s*([-+]?)\s*(\d*)", text).groups()  # type: ignore[union-attr]
        number = int(letter) if letter.isdigit() else self.families.last if letter in (_LAST, "n", "N", "H", "K") else None
        return None if number is None else number + int(f"{sign}{shift or 0}")


def _first_number(step: Step) -> int:
    """The layer that the left side of a step says first."""
    left = step[1].partition("=")[0]
    return next((one.number for one in scripts(left) if one.number is not None), 0)


def _without_range(step: Step) -> Step:
    return step[0], _RANGE.sub("", step[1]), step[2]


def _lefts(step: Step) -> Iterator[str]:
    """The sides of a step before its last that are a name."""
    sides = (step[1] if isinstance(step[1], str) else "").split("=")
    for side in sides[:-1] if len(sides) > 1 else [step[0]]:
        if not re.search(r"\\(?:[dt]?frac|nabla|partial)|[-+(*]", re.sub(r"[_^]\s*\{[^{}]*\}", "", side)):
            yield side


def _at(step: Step, letter: str, number: int) -> Step:
    """A step at one layer."""
    return (
        said_at(step[0], number, lambda one: one.letter == letter),
        said_at(step[1], number, lambda one: one.letter == letter),
        step[2],
    )


def _of_layers(step: Step, found: Sequence[Judged], layers: Sequence[int]) -> Judged:
    """The verdict on a step about every layer: that which tells most, at the last layer that has it."""
    worst = min(found, key=lambda one: _WORST.index(one.kind))
    remarks: list[Told] = []
    if layers and worst.kind != "abbreviation":
        remarks.append(told("shown at layer {}", str(layers[found.index(worst)])))
    for kind in dict.fromkeys(one.kind for one in found) if len(found) > 1 else ():
        own = [str(n) for n, one in zip(layers, found, strict=True) if one.kind == kind]
        if kind != "abbreviation":
            remarks.append(told("{} at the layers {}" if len(own) > 1 else "{} at layer {}", Told(kind), several(own[::-1])))
    return replace(worst, name=step[0], given=str(step[1]), remarks=(*worst.remarks, *remarks))
