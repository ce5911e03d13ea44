r"""Arrays that are given entry by entry, x_1 = 1, x_2 = 2 and w_{11} = 0.15, w_{12} = 0.2: each said whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from symbackprop.judge.sides.at_values import Step, input_named, parts_of
from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.texts.arrays import Code, reworded
from symbackprop.judge.texts.numbers import PLAIN
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.side import word_of
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import bare
from symbackprop.notation.claims.words import described

Entries = dict[str, dict[tuple[int, ...], str]]  # of each array the numbers by their indices

ARRAY = re.compile(r"matrix|array|[\[(][^()\[\]]*,")


def with_arrays(truth: Truth, steps: Sequence[Step], symbols: Mapping[str, str]) -> list[Step]:
    """The steps; where they give every entry of an input a number, it is said whole in each place of one."""
    found: Entries = {}
    for step in steps:
        for own, index, number in _entries(truth, step, symbols):
            found.setdefault(own, {}).setdefault(index, number)
    whole = {own: text for own, entries in found.items() if (text := _array(entries))}
    return [_said_whole(truth, step, symbols, whole) for step in steps]


def _said_whole(truth: Truth, step: Step, symbols: Mapping[str, str], whole: Mapping[str, str]) -> Step:
    name, claim, what = step
    own = dict.fromkeys(own for own, _, _ in _entries(truth, step, symbols) if own in whole)
    if not own:
        return step
    others = [part.strip(" .,;") for part in parts_of(claim) if _entry(truth, part, symbols) is None]
    text = r", \quad ".join([*(f"{one} = {whole[one]}" for one in own), *others])
    return name, reworded(claim, text), what


def _entries(truth: Truth, step: Step, symbols: Mapping[str, str]) -> Iterator[tuple[str, tuple[int, ...], str]]:
    """The entries to which a step gives numbers, where it gives numbers alone."""
    claim = step[1]
    parts = parts_of(claim) if isinstance(claim, str) and not isinstance(claim, Code) else []
    if all(PLAIN.match(part.partition("=")[2].strip(" .,;")) for part in parts):
        yield from (found for part in parts if (found := _entry(truth, part, symbols)) is not None)


def _entry(truth: Truth, part: str, symbols: Mapping[str, str]) -> tuple[str, tuple[int, ...], str] | None:
    left, _, right = part.partition("=")
    if ARRAY.search(right):  # x_0 = (1, 2)^T is an iterate
        return None
    named = entry_named(truth, word_of(left.strip(" $,")) if "_" in left else None, symbols)
    return None if named is None else (*named, right.strip(" $.,;"))


def entry_named(truth: Truth, word: Word | None, symbols: Mapping[str, str]) -> tuple[str, tuple[int, ...]] | None:
    """The input with axes of which a name is that of an entry, and its indices as they are written; None for any other."""
    digits = [token.text for token in bare(word.sub) if token.text != ","] if word is not None else []
    if word is None or word.accent or word.sup or not digits or not all(map(str.isdigit, digits)):
        return None
    own = input_named(truth, symbols.get(word.base, word.base), symbols)
    if own is None and len(word.base) == 1:
        own = input_named(truth, word.base.upper(), symbols)  # the w_{12} of W
    rank, whole = 0 if own is None else len(truth.program.shape(own)), described(word)
    if own is None or not rank or spelled(truth, symbols.get(whole, whole)) is not None:
        return None
    several = list(digits[0]) if len(digits) == 1 and rank > 1 else digits
    return (own, tuple(map(int, several))) if len(several) == rank else None


def _array(entries: Mapping[tuple[int, ...], str]) -> str:
    """The array of all entries, counted from 1 or from 0; "" where some are missing, or all that there is may be an iterate."""
    if len(entries) < 2:
        return ""
    first = min(map(min, entries))
    lengths = [max(index[k] for index in entries) for k in range(len(next(iter(entries))))]
    places = list(product(*(range(first, n + 1) for n in lengths)))
    if first > 1 or len(places) != len(entries) or not all(place in entries for place in places):
        return ""
    rows = (
        [places[k : k + lengths[-1] + 1 - first] for k in range(0, len(places), lengths[-1] + 1 - first)]
        if len(lengths) == 2
        else []
    )
    if len(lengths) > 2:
        return ""
    lines = [" & ".join(entries[place] for place in row) for row in rows] or [entries[place] for place in places]
    return r"\begin{pmatrix}" + r" \\ ".join(lines) + r"\end{pmatrix}"
