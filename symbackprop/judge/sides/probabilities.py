r"""Probabilities by what they are of, P(y^{(i)} = k \mid x^{(i)}; \theta), as entries of the value that holds them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symbackprop.evaluate.points import PointError
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

TRIED = 2  # points at which probabilities sum to 1
_SAID = re.compile(
    r"(?<![A-Za-z\\])(?:\\Pr|[Pp]|\\(?:mathbb|mathrm|mathbf)\s*\{?\s*P\s*\}?)\s*(?:\\left)?\("
    r"\s*(?P<label>[A-Za-z])(?:\s*[_^]\s*(?:(?P<short>\w)|\{\s*\(?\s*(?P<long>\w)\s*\)?\s*\}))?\s*=\s*(?P<class>\w)\s*"
    r"(?:\||\\mid\b|\\vert\b)(?P<given>(?:[^()]|\((?:[^()])*\))*?)(?:\\right)?\)"
)
_DEFINES = re.compile(rf"\s*{_SAID.pattern}\s*=")
_FREE = "qrgukmvs"  # letters for those that a step defines
_SAMPLE = re.compile(r"[_^]\s*(?:(?P<short>[a-z])(?![A-Za-z])|\{\s*\(?\s*(?P<long>[a-z])\s*\)?\s*\})")  # of x_n and x^{(i)}


def with_probabilities(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps, in which a probability is the entry of the value that it is of, or a letter where a step says what it is.

    As they are where no value holds it and no step says it.
    """
    if not any(isinstance(claim, str) and _SAID.search(claim) for _, claim, _ in steps):
        return list(steps)
    classes, signs = _value(truth, _sums_to_one), _value(truth, _is_between)

    def of_network(found: re.Match[str]) -> str:
        at, k = found["short"] or found["long"] or _sample(found["given"]), found["class"]
        if classes is not None and (spelled(truth, found["label"]) or spelled(truth, found["label"].upper())) is not None:
            rank = truth.program.tensors[classes].rank
            return f"{_shown(classes)}_{{{at}{k}}}" if bool(at) == (rank == 2) else found[0]
        if signs is not None and k in "01" and bool(at) == bool(truth.program.shape(signs)):
            own = _shown(signs) + (f"_{{{at}}}" if at else "")
            return own if k == "1" else f"(1 - {own})"
        return found[0]

    steps = _replaced(steps, of_network)
    letters = _own_letters(truth, steps)

    def of_a_step(found: re.Match[str]) -> str:
        letter, at = letters.get(_of(found)), found["short"] or found["long"]
        return found[0] if letter is None else f"{letter}_{{{at}}}" if at else letter

    return _replaced(steps, of_a_step)


def _replaced(steps: Sequence[Step], entry: Callable[[re.Match[str]], str]) -> list[Step]:
    """The steps with something else for each probability."""
    said = [_SAID.sub(entry, claim) if isinstance(claim, str) else claim for _, claim, _ in steps]
    return [step if step[1] == claim else (step[0], claim, step[2]) for step, claim in zip(steps, said, strict=True)]


def _own_letters(truth: Truth, steps: Sequence[Step]) -> dict[tuple[str, str, str], str]:
    r"""A letter for each probability that a step says, p(h_i = 1 \mid v) = \sigma(b_i + W_i v), by what it is of."""
    text = " ".join(claim for _, claim, _ in steps if isinstance(claim, str))
    free = [c for c in _FREE if c not in truth.program.tensors and not re.search(rf"(?<![A-Za-z\\]){c}(?![A-Za-z])", text)]
    said = [found for _, claim, _ in steps if isinstance(claim, str) and (found := _DEFINES.match(claim))]
    return dict(zip(dict.fromkeys(map(_of, said)), free, strict=False))


def _of(found: re.Match[str]) -> tuple[str, str, str]:
    """What a probability is of, and under what condition."""
    return found["label"], found["class"], re.sub(r"\s", "", found["given"])


def _sample(given: str) -> str:
    """The index of what a probability is conditioned on, x_n; "" where it has none."""
    found = _SAMPLE.search(given)
    return "" if found is None else found["short"] or found["long"]


def _shown(name: str) -> str:
    return latex(parse_name(name).formula())


def _value(truth: Truth, holds: Callable[[np.ndarray], bool]) -> str | None:
    """The one value that somebody named whose entries are so at all points; None where there is none, or are several."""
    try:
        places = truth.places.first(TRIED)
    except PointError:
        return None
    named = [n for n in truth.named if truth.program.tensors[n].kind == "value"]
    found = [n for n in named if all(holds(np.asarray(place.values[n])) for place in places)]
    return found[0] if len(found) == 1 and places else None


def _sums_to_one(array: np.ndarray) -> bool:
    return array.ndim in (1, 2) and bool((array > 0).all()) and bool(np.allclose(array.sum(axis=-1), 1.0))


def _is_between(array: np.ndarray) -> bool:
    return array.ndim < 2 and bool(((array > 0) & (array < 1)).all())
