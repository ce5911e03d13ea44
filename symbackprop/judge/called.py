"""A gradient of a network that a person coded, as a function of the network's tensors: called at the judge's points."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.derivation import DerivationError
from symbackprop.core.network import Network
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.told import told
from symbackprop.judge.asked import Asked
from symbackprop.judge.claims import WITNESSES, Judge, behind, case_of, title_of
from symbackprop.judge.counterexample import Both, Counterexample, smallest
from symbackprop.judge.diagnose import reads
from symbackprop.judge.functions.calls import CallFailed, FunctionJudgeError, call, random_numbers_kept, scene_of
from symbackprop.judge.functions.compare import SMALL_AGREES, SMALL_DIFFERS
from symbackprop.judge.goals import PREFIXES, asked
from symbackprop.judge.points import Coverage, Side, enough, noted
from symbackprop.judge.report import report
from symbackprop.judge.truth import Truth
from symbackprop.judge.verdict import Judged, Verification
from symbackprop.judge.weigh import AGREES, DIFFERS, Goal, Sample, Weighed, goal_of, measured

Values = Mapping[str, ndarray]


def verify_called(
    network: Network,
    wrt: str | Sequence[str],
    function: Callable[..., Any],
    of: str | None = None,
    allow: Iterable[str] = (),
    sizes: Mapping[str, int] | None = None,
    taken: type[Taker] | None = None,
) -> Verification:
    """Whether a function computes the gradient of a network, at the judge's points.

    wrt        the tensor, or several.
    function   its parameters are tensors of the network by name, inputs or values, which it is given as arrays; it returns the
               gradient, or of several a tuple in their order or a dict by name.
    of, allow, sizes   as for verify.
    taken      how the function is called, where it is not in this process.

    Raises SymbackpropError for a tensor that is not there, and for a parameter that is no tensor of the network.
    """
    target = network.aliases.get(of, of) if of is not None else network.loss
    judge = Judge(case_of(network, target, sizes or {}), {}, tuple(allow))
    truth = judge.truth
    names = [wrt] if isinstance(wrt, str) else list(wrt)
    if not names:
        raise DerivationError('wrt names no tensor; write wrt="W_1" or wrt=["W_1", "b_1"]')
    goals = [asked(truth, name) for name in names]
    taker = (taken or Taker)(truth, function)
    with random_numbers_kept():
        found = tuple(_judged(judge, goal, k, names, taker) for k, goal in enumerate(goals))
    return Verification(found, title=title_of(network), derived=behind(truth, found), shown_by=report)


class Taker:
    """A function whose parameters are tensors of a network by name."""

    def __init__(self, truth: Truth, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise FunctionJudgeError(f"give a function of arrays, not {type(function).__name__}; a formula is judged by sb.verify")
        self.function, self.name = function, getattr(function, "__name__", "the function")
        try:
            self.signature = inspect.signature(function)
        except (TypeError, ValueError):
            raise FunctionJudgeError("the function has no signature; wrap it in a def with tensors for parameters") from None
        self.tensors: dict[str, str] = {}
        for p in self.signature.parameters.values():
            name = truth.network.aliases.get(p.name, p.name)
            if name in truth.named:
                self.tensors[p.name] = name
            elif p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                raise FunctionJudgeError(f"{p.name} is no tensor of the network; it has {', '.join(truth.named)}")

    def __call__(self, values: Values) -> Any:
        """What it returns, of copies of the arrays."""
        given = self.signature.bind_partial()
        given.arguments.update({p: np.array(values[name])[()] for p, name in self.tensors.items()})
        return self.called(*given.args, **given.kwargs)

    def called(self, *args: Any, **named: Any) -> Any:
        """What the function returns. Raises CallFailed."""
        scene = scene_of({"gradient": self.function}, (), self.function).copied()
        return call("gradient", self.function, scene, *args, **named)[0]


def _judged(judge: Judge, what: Asked, k: int, names: list[str], taker: Taker) -> Judged:
    goal = goal_of(judge.truth, what.wrt, what.of)
    small: set[str] = set()  # the types of floats that are coarser than the judge's

    def claimed(values: Values) -> ndarray:
        value = _picked(taker(values), k, names)
        small.update([value.dtype.name] if _unit(value) else ())
        return value

    try:
        if doubt := judge.truth.doubt(what.wrt, what.of):
            return Judged(what.name, what, "undecided", doubt)
        found = _weighed(goal, claimed)
    except (CallFailed, FunctionJudgeError) as failed:
        return Judged(what.name, what, "not understood", told("{}", str(failed)))
    if found.agrees is None:
        return Judged(what.name, what, "undecided", found.why, points=len(found.samples))
    about: dict[str, Any] = {"points": len(found.samples), "error": found.margin, "witnesses": WITNESSES, "given": taker.name}
    about["truth"] = judge.truth.formula(what.wrt, what.of)
    about["remarks"] = tuple(told("what was returned in {} is held to the digits that this has", kind) for kind in sorted(small))
    if found.agrees:
        return Judged(what.name, what, "right, numeric", **about)
    return judge.differing(what, goal, found, about, lambda: _fails(goal, claimed))


def _picked(result: Any, k: int, names: list[str]) -> ndarray:
    """The k-th gradient of what a function returned, as an array of floats."""
    chosen = result
    if isinstance(result, Mapping):
        chosen = next((result[p + names[k]] for p in PREFIXES if p + names[k] in result), None)
        if chosen is None:
            raise FunctionJudgeError(f"the function returned a dict without {names[k]}; it has {', '.join(map(str, result))}")
    elif len(names) > 1:
        if not isinstance(result, tuple | list) or len(result) != len(names):
            raise FunctionJudgeError(f"the function must return {len(names)} gradients, of {', '.join(names)}, or a dict by name")
        chosen = result[k]
    if chosen is None:
        raise FunctionJudgeError(f"the function returned None for the gradient by {names[k]}; let it return the array")
    try:
        found = np.asarray(chosen)
    except ValueError:  # lists of several lengths
        found = np.array(chosen, dtype=object)
    if found.dtype.kind == "c" and np.imag(found).any():
        raise FunctionJudgeError(f"the function returned complex numbers for the gradient by {names[k]}; let it return real ones")
    try:
        return found if found.dtype.kind == "f" else np.real(found).astype(float)
    except (TypeError, ValueError):
        raise FunctionJudgeError(f"the function returned a {type(chosen).__name__} for the gradient by {names[k]}") from None


def _unit(value: ndarray) -> float:
    """What floats of the value's type cannot tell from 1, where they are coarser than float64; else 0."""
    return float(np.finfo(value.dtype).eps) if value.dtype.itemsize < 8 else 0.0


def _weighed(goal: Goal, claimed: Callable[[Values], ndarray]) -> Weighed:
    """The function's values against the truth; of a function that computes in float32, as closely as float32 can tell."""
    found, coverage, unit = Weighed(), Coverage(), 0.0
    for place in goal.truth.places:
        true, value = goal.at(place), claimed(place.values)
        if value.shape != true.shape:
            found.shapes = tuple(map(sp.Integer, value.shape)), tuple(map(sp.Integer, true.shape))
        unit = max(unit, _unit(value))
        found.samples.append(Sample(place, value.astype(float), true, [], 0.0))
        coverage.add(place.sides, place.labels())
        if enough(len(found.samples), coverage):
            break
    found.samples = measured(found.samples)
    if found.margin <= max(AGREES, SMALL_AGREES * unit):
        found.agrees = True
    elif found.margin >= max(DIFFERS, SMALL_DIFFERS * unit):
        found.agrees = False
    else:
        found.why = told("the values differ by {}, which floats cannot settle", f"{found.margin:.0e}")
    return found


def _fails(goal: Goal, claimed: Callable[[Values], ndarray]) -> Counterexample | None:
    """The smallest point found at which the function fails."""
    truth = goal.truth

    def evaluate(point: Values, at: Mapping[str, int]) -> Both:
        sides: list[Side] = []
        values = walk(goal.program, point, at, FLOATS, noted(sides))
        try:
            value, true = claimed(values), values[goal.name]
            off = SMALL_DIFFERS * _unit(value) * np.abs(true).max(initial=0.0)  # what rounds is no counterexample
            close = value.shape == true.shape and np.abs(value - true) <= off
            return np.where(close, true, value), true, sides
        except (CallFailed, FunctionJudgeError) as failed:
            raise PointError(str(failed)) from None

    try:
        return smallest(truth.program, evaluate, reads(goal), truth.sizes)
    except PointError:
        return None
