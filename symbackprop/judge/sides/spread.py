r"""Values of several parameters in one equation, x = y = 5 and (x^*, y^*) = (1, 2), and several of one, x = \pm 2: a step each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.best_names import is_spelled, parameter_named
from symbackprop.judge.sides.goals import tensor_of
from symbackprop.judge.sides.listed import OR, TUPLE, points
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.texts.sentences import AMONG, ASIDE, GIVEN
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.side import is_best, word_of

Step = tuple[str, Any, str]

_TUPLES = re.compile(
    r"\s*(?:\\left)?\((?P<names>[^()]*)(?:\\right)?\)\s*=\s*(?:(?:\\left)?\((?P<values>[^()=]*)(?:\\right)?\)"
    r"|\\begin\{pmatrix\}(?P<column>[^&=]*)\\end\{pmatrix\})\s*[.,;]?\s*"
)


def spread(truth: Truth, step: Step) -> list[Step]:
    """The steps that one says of several parameters at once, or of several values; any other as it is."""
    _, claim, what = step
    if not isinstance(claim, str) or "\n" in claim or what not in ("", AMONG):
        return [step]
    several = _listed(truth, claim, what == AMONG)
    if several:
        return [(own, reworded(claim, f"{own} = {value}"), AMONG) for own, value in several]
    if what == AMONG:  # a list that is not read is one of data, or says so
        names = re.findall(r"\\?[A-Za-z]+", claim.partition(r"\in")[0])
        return [(step[0], claim, "")] if r"\in" in claim and any(_parameter(truth, one) for one in names) else []
    found = _TUPLES.fullmatch(claim)
    if found is not None:
        names = [part.removesuffix("\\right") for part in found["names"].split(",")]
        values = found["values"].removesuffix("\\right").split(",") if found["values"] else found["column"].split(r"\\")
        pairs = list(zip(names, values, strict=True)) if len(names) == len(values) else []
    else:
        *several, value = claim.split("=")
        pairs = [(own, value) for own in several] if len(several) > 1 else []
    meant = [_parameter(truth, own) for own, _ in pairs]
    if not meant or None in meant or len({*meant}) < len(meant):
        return [step]
    return [(own.strip(), f"{own.strip()} = {value.strip()}", what) for own, value in pairs]


def points_alone(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps without the names and numbers that sentences give where they say where the loss is stationary: these claim it."""
    said = {claim for name, claim, what in steps if what == AMONG and spread(truth, (name, claim, what))}
    return [step for step in steps if step[2] not in (ASIDE, GIVEN) or step[1] not in said]


def _listed(truth: Truth, claim: str, alone: bool) -> list[tuple[str, str]]:
    """The values of parameters that a line lists; none where it lists those of something else."""
    parameters = [tensor.name for tensor in truth.program.parameters]
    out: list[tuple[str, str]] = []
    for name, value in points(claim, alone):
        entries = TUPLE.fullmatch(value) if not name else None
        own = entries[1].split(",") if entries and len(parameters) > 1 else [value]
        if not name and len(own) == len(parameters):
            out += [(wrt, one.strip()) for wrt, one in zip(parameters, own, strict=True)]
            continue
        wrt = next((one for one in parameters if name and (is_spelled(one, name) or _parameter(truth, name) == one)), None)
        if wrt is None and not (name and OR.search(claim)):
            return []
        is_numbered = wrt is not None and re.search(r"_\s*\{?\d", name)  # x_2 is no iterate
        out.append((latex(parse_name(wrt).formula()) if wrt is not None and is_numbered else name, value))
    return out if any(_parameter(truth, name) for name, _ in out) else []


def _parameter(truth: Truth, name: str) -> str | None:
    """The parameter that a name says, or the best value of; None where it says none."""
    word = word_of(name.strip())
    if word is None or word.accent or (word.sup and not is_best(word)):
        return None
    own = parameter_named(truth, name.strip()) or tensor_of(truth, replace(word, sup=()))
    return own if own is not None and truth.program.tensors[own].kind == "parameter" else None
