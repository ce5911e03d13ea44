"""Backward passes as people code them, judged by running them: verify_function and verify_layer.

A backward pass is run on copies of its arguments and compared with the slopes of the person's own loss. Nothing of it is read, so
that any Python will do; what holds it are differences with an error estimate, and the complex step wherever the code takes complex
numbers. A verdict is "right, numeric" at best: agreement at generic points, no proof of identity.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symbackprop.formulas.tree import Node
from symbackprop.judge.functions.calls import CallFailed, FunctionJudgeError, Scene, call, scene_of
from symbackprop.judge.functions.judging import Passes, in_doubles, judge
from symbackprop.judge.functions.leaves import is_float, is_number
from symbackprop.judge.functions.match import variables, wished
from symbackprop.judge.functions.second import declarations, of_layer, of_loss
from symbackprop.judge.functions.verdict import Finding, FunctionVerdict
from symbackprop.judge.written import of_function

__all__ = ["Finding", "FunctionJudgeError", "FunctionVerdict", "verify_function", "verify_layer"]


def verify_function(
    loss: Callable[..., Any], gradient: Callable[..., Any] | None, *args: Any, wrt: Any = None, allow: Collection[str] = ()
) -> FunctionVerdict:
    """Whether `gradient(*args)` is the gradient of `loss(*args)`.

    loss       gives one number, or (number, anything).
    gradient   gives an array, tuple, list, dict or nested containers of gradients, or writes them beside its arguments
               (self.dW for self.W); None: `loss` returns (number, gradients) itself.
    args       arrays, numbers, dicts, lists, objects with arrays; copied before each call, and never changed.
    wrt        names or paths of the variables ("W1", 'params["W1"]'), or a function of the arguments that gives them by name;
               None: what the returned names, order or shapes say.
    allow      conventions that count as right: "transpose", "shape", "sign", "factor 2", "1/N".
    Returns a FunctionVerdict. Raises FunctionJudgeError where there is nothing to judge: no finite loss, no matching arrays.
    """
    scene = scene_of({"loss": loss, "gradient": gradient}, args, loss)

    def value(at: Scene) -> tuple[Any, str]:
        result, printed = call("loss", loss, at, *at.arguments)
        return (result[0] if isinstance(result, tuple) and result else result), printed

    def both(at: Scene) -> tuple[Any, str]:
        result, printed = call("loss", loss, at, *at.arguments)
        if not isinstance(result, tuple) or len(result) != 2:
            raise FunctionJudgeError("gradient=None asks of the loss that it returns (number, gradients)")
        return result[1], printed

    def backward(at: Scene) -> tuple[Any, str]:
        assert gradient is not None
        kept = at.copied()
        value(at)  # a backward pass may read what the forward pass left on its object
        if _moved(kept, at):
            at = kept
        result, printed = call("gradient", gradient, at, *at.arguments)
        return _without_value(result), printed

    start = in_doubles(scene.copied())
    passes = Passes(value, both if gradient is None else backward, of_loss(loss, start))
    verdict = judge(passes, scene, wished(start, wrt), allow)
    return replace(verdict, written=_written(scene, {"loss": loss, "gradient": gradient}))


def _written(scene: Scene, functions: Mapping[str, Callable[..., Any] | None]) -> tuple[tuple[str, tuple[Node, ...]], ...]:
    """The formulas of functions as they were written, by what they are to the judge; those that formulas can show."""
    given = declarations(in_doubles(scene.copied()))
    found = {name: of_function(function, given) for name, function in functions.items() if function is not None}
    return tuple((name, formulas) for name, formulas in found.items() if formulas)


def _moved(before: Scene, after: Scene) -> bool:
    """Whether a forward pass changed the float arrays that it was given."""
    old = {leaf.name: leaf.value for leaf in variables(before)}
    new = {leaf.name: leaf.value for leaf in variables(after)}
    return any(name not in new or not np.array_equal(value, new[name], equal_nan=True) for name, value in old.items())


def _without_value(result: Any) -> Any:
    """The gradients of (value, gradients), where a gradient function returns the loss as well."""
    if isinstance(result, tuple) and len(result) == 2 and np.shape(result[0]) == () and isinstance(result[1], dict | list | tuple):
        return result[1]
    return result


def verify_layer(
    forward: Callable[..., Any], backward: Callable[..., Any], *inputs: Any, wrt: Any = None, allow: Collection[str] = ()
) -> FunctionVerdict:
    """Whether `backward` is the vector-Jacobian product of `forward` at `inputs`.

    forward    gives `out`, several outs, or these followed by a cache.
    backward   backward(dout, cache), or backward(dout) where the layer keeps its cache on itself; it gives the gradients in the
               order of the inputs or by name. dout, of the shape of `out`, is drawn here.
    inputs     as `args` of verify_function; whole numbers and flags are passed on.
    Returns a FunctionVerdict: of sum(out * dout). Raises FunctionJudgeError as verify_function does.
    """
    scene = scene_of({"loss": forward, "gradient": backward}, inputs, forward)
    count = _outputs(forward, backward, scene)
    shapes = [np.shape(out) for out in count.outs]
    rng = np.random.default_rng(5)
    upstream = [rng.standard_normal(shape) for shape in shapes]

    def total(result: Any) -> Any:
        return sum(np.sum(out * dout) for out, dout in zip(count.split(result)[0], upstream, strict=True))

    def value(at: Scene) -> tuple[Any, str]:
        result, printed = call("loss", forward, at, *at.arguments)
        return total(result), printed

    def pull(at: Scene) -> tuple[Any, str]:
        result, first = call("loss", forward, at, *at.arguments)
        rest = count.split(result)[1]
        given = [dout.copy() if shape else float(dout) for dout, shape in zip(upstream, shapes, strict=True)]
        gradients, second = call("gradient", backward, at, *given, *rest)
        return gradients, first + second

    start = in_doubles(scene.copied())
    passes = Passes(value, pull, of_layer(forward, total, start))
    verdict = judge(passes, scene, wished(start, wrt), allow)
    return replace(verdict, written=_written(scene, {"forward": forward}))


class _Outputs:
    """How many of what a forward pass returns are outs; the rest is its cache."""

    def __init__(self, result: Any, takes: int | None) -> None:
        parts = result if isinstance(result, tuple) else (result,)
        self.count = len(parts) - 1 if len(parts) > 1 else 1
        self.caches = len(parts) > 1
        if takes is not None and takes < len(parts):
            self.count, self.caches = takes, False  # the layer keeps its cache on itself
        self.outs = parts[: self.count]
        if not all(is_number(out) and (is_float(out) or np.shape(out) == ()) for out in self.outs):
            raise FunctionJudgeError("forward must return an array of floats, or (out, cache); write a function that does")

    def split(self, result: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        parts = result if isinstance(result, tuple) else (result,)
        return parts[: self.count], parts[self.count :] if self.caches else ()


def _outputs(forward: Callable[..., Any], backward: Callable[..., Any], scene: Scene) -> _Outputs:
    at = in_doubles(scene.copied())
    try:
        result = call("loss", forward, at, *at.arguments)[0]
    except CallFailed as failed:
        raise FunctionJudgeError(f"the forward pass has no value at the given inputs: {failed}") from None
    try:
        parameters = inspect.signature(backward).parameters.values()
        required = [p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        takes = None if any(p.kind == p.VAR_POSITIONAL for p in parameters) else len(required)
    except (TypeError, ValueError):
        takes = None
    return _Outputs(result, takes)
