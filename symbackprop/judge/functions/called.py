"""A gradient of a network that a person coded, as a function of the network's tensors: called at the judge's points."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.derivation import DerivationError
from symbackprop.core.network import Network
from symbackprop.judge.functions.calls import CallFailed, FunctionJudgeError, call, random_numbers_kept, scene_of
from symbackprop.judge.functions.numbered import Values, judged_numbers
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import PREFIXES, asked
from symbackprop.judge.verdicts.case import behind, case_of, title_of
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.report import report
from symbackprop.judge.verdicts.verdict import Judged, Verification
from symbackprop.judge.weighing.truth import Truth


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
    return judged_numbers(
        judge, what, lambda values: _picked(taker(values), k, names), taker.name, (CallFailed, FunctionJudgeError)
    )


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
