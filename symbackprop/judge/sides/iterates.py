r"""Iterates of parameters in numbers, w_0 = 1, w_1 = w_0 - 0.1 f'(w_0) = 1.4: each step beside the iterates of which it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from symbackprop.core.loops import has_loops
from symbackprop.core.program import Program
from symbackprop.judge.sides.at_values import Step, input_named, number_of, parts_of, rate_of
from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.texts.arrays import Code, reworded
from symbackprop.judge.texts.numbers import is_of_numbers
from symbackprop.judge.weighing.truth import Truth

Firsts = Mapping[str, int]  # the number of the first iterate of each parameter that has some

_BASE = r"(?:\\(?:mathbf|boldsymbol|bm|vec)\s*\{?\s*\\?[A-Za-z]+\s*\}?|\\?[A-Za-z]+(?:_(?:\w|\{\w+\}))?)"
_COUNT = r"(?:\s*_\s*(?:(?P<below>\d+)(?![\d.])|\{\s*(?P<braced>\d+)\s*\})|\s*\^\s*(?:\{\s*)?\(\s*(?P<above>\d+)\s*\)(?:\s*\})?)"
_ITERATE = re.compile(rf"(?<![A-Za-z\\])(?P<base>{_BASE}){_COUNT}(?!\w)")
_NEXT = re.compile(
    rf"(?<![A-Za-z\\])(?P<base>{_BASE})\s*(?:_\s*\{{\s*|\^\s*\{{?\s*\(?\s*)(?P<k>[a-z])\s*\+\s*1\s*\)?\s*\}}?\s*=\s*(?P=base)\s*"
    r"(?:_\s*\{?\s*|\^\s*\{?\s*\(?\s*)(?P=k)(?![A-Za-z])"
)
_DECIMAL = re.compile(r"(?<![\w.])\d*\.\d+(?![\w.])")
_FONTS = re.compile(r"\\(?:mathbf|boldsymbol|bm|vec)(?![A-Za-z])|[\\{}\s]")


class At(NamedTuple):
    """A step over the parameters themselves, and at which of their iterates it stands.

    moment   how many updates stand before it; None where it speaks of no iterate, or of several.
    new      the parameter whose next iterate it gives, "" where it gives none.
    """

    step: Step
    moment: int | None
    new: str


def firsts_of(truth: Truth, steps: Sequence[Step], symbols: Mapping[str, str]) -> Firsts:
    """The parameters of which a step gives an iterate in numbers, with the number of the first."""
    found: dict[str, int] = {}
    for _, claim, _ in steps:
        for part in parts_of(claim) if isinstance(claim, str) else ():
            left, _, right = part.partition("=")
            one = _iterate(truth, left.strip(), symbols)
            if one is not None and number_of(truth, one[0], right) is not None:
                found[one[0]] = min(one[1], found.get(one[0], one[1]))
    return found


def at_iterates(truth: Truth, steps: Sequence[Step], symbols: Mapping[str, str], firsts: Firsts) -> list[At]:
    r"""The steps with iterates as the parameters themselves: at w_0, "w_1 = w_0 - 0.1 f'(w_0)" says w = w - 0.1 f'(w)."""
    out: list[At] = []
    for name, claim, what in steps:
        if not isinstance(claim, str) or isinstance(claim, Code):
            out.append(At((name, claim, what), None, ""))
            continue
        left, equals, right = claim.partition("=")
        own = _iterate(truth, left.strip(), symbols) if equals else None
        new = own[0] if own is not None and own[0] in firsts and own[1] > firsts[own[0]] else ""
        spoken = {k - firsts[one] for one, k in _spoken(truth, right if new else claim, symbols, firsts)}
        if new and own is not None:
            spoken = spoken or {own[1] - 1 - firsts[new]}
        if len(spoken) > 1:  # f(x_1) < f(x_0)
            out.append(At((name, claim, what), None, ""))
            continue
        text = _plain(truth, claim, symbols, firsts)
        said = reworded(claim, text)
        out.append(At((_plain(truth, name, symbols, firsts), said, what), next(iter(spoken), None), new))
    return out


def without_moments(truth: Truth, steps: Sequence[Step], symbols: Mapping[str, str]) -> list[Step]:
    r"""The steps, where one is an update x_{k+1} = x_k + \alpha r_k, with what is at its k without it: x_{k+1} = x + \alpha r."""
    letters = {k for _, claim, _ in steps if isinstance(claim, str) for k in _moments(truth, claim, symbols)}
    if not letters or has_loops(truth.program):
        return list(steps)
    one_of = "|".join(sorted(letters))
    at = re.compile(
        rf"(?<![A-Za-z\\])(?P<base>{_BASE})\s*(?:_\s*(?:(?:{one_of})(?![A-Za-z])|\{{(?:{one_of})\}})|\^\s*\{{?\s*\((?:{one_of})\)\s*\}}?)"
    )

    def own(found: re.Match[str]) -> str:
        base = _FONTS.sub("", found["base"])
        tensor = spelled(truth, symbols.get(base, base))
        is_at_sample = tensor is not None and truth.program.tensors[tensor].kind not in ("parameter", "value")
        return found[0] if is_at_sample else found["base"]

    out: list[Step] = []
    for name, claim, what in steps:
        if isinstance(claim, str) and not isinstance(claim, Code):
            text = at.sub(own, claim)
            claim = reworded(claim, text)
            name = at.sub(own, name)
        out.append((name, claim, what))
    return out


def _moments(truth: Truth, claim: str, symbols: Mapping[str, str]) -> Iterator[str]:
    """The letters that count the updates of parameters in a claim: k of x_{k+1} = x_k + ..."""
    for found in _NEXT.finditer(claim):
        base = _FONTS.sub("", found["base"])
        own = input_named(truth, symbols.get(base, base), symbols)
        if own is not None and truth.program.tensors[own].kind == "parameter" and spelled(truth, found["k"]) is None:
            yield found["k"]


def new_number(truth: Truth, at: At) -> Program | None:
    """The number that a step gives to the next iterate of a parameter, as a program."""
    claim: Any = at.step[1]
    last = claim.rpartition("=")[2] if at.new else ""
    return number_of(truth, at.new, last) if is_of_numbers(last) else None


def rates_in(truth: Truth, at: At) -> list[float]:
    r"""The numbers in a step that may be the rate: of \eta = 0.1, and in x - 0.1 f'(x) the decimal ones."""
    own = rate_of(truth, at.step)
    if own is not None:
        return [own]
    reckoned = at.step[1].rpartition("=")[0] if at.new and isinstance(at.step[1], str) else ""
    return [float(one) for one in _DECIMAL.findall(reckoned)]


def _iterate(truth: Truth, text: str, symbols: Mapping[str, str]) -> tuple[str, int] | None:
    """The parameter of which a text is an iterate, and which."""
    found = _ITERATE.fullmatch(text)
    return _named(truth, found, symbols) if found is not None else None


def _named(truth: Truth, found: re.Match[str], symbols: Mapping[str, str]) -> tuple[str, int] | None:
    base, whole = (_FONTS.sub("", one) for one in (found["base"], found[0]))
    own = input_named(truth, symbols.get(base, base), symbols)
    if own is None or truth.program.tensors[own].kind != "parameter" or spelled(truth, symbols.get(whole, whole)) is not None:
        return None
    return own, int(found["below"] or found["braced"] or found["above"])


def _spoken(truth: Truth, text: str, symbols: Mapping[str, str], firsts: Firsts) -> Iterator[tuple[str, int]]:
    for found in _ITERATE.finditer(text):
        one = _named(truth, found, symbols)
        if one is not None and one[0] in firsts:
            yield one


def _plain(truth: Truth, text: str, symbols: Mapping[str, str], firsts: Firsts) -> str:
    """A text in which iterates are the parameters themselves."""

    def own(found: re.Match[str]) -> str:
        one = _named(truth, found, symbols)
        return found["base"] if one is not None and one[0] in firsts else found[0]

    return _ITERATE.sub(own, text)
