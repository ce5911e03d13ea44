"""The grad of autograd and its like within a traced function: a derivative of the network, by the chain rule of the language."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.language import derivatives
from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor, number_of
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

WORDS = ("grad", "elementwise_grad", "jacobian", "value_and_grad")
STEP = 1e-3  # of the differences that the example's value of a derivative is; the network has the derivative itself
MOST = 200  # entries that differences are taken by


def staged(run: Run, value: Any) -> Any:
    """What stands in the place of a function of autograd that derives functions; None for anything else."""
    name, home = getattr(value, "__name__", ""), str(getattr(value, "__module__", ""))
    if not callable(value) or not (home == "autograd" or home.startswith("autograd.")) or name not in WORDS:
        return None
    return lambda fun, argnum=0, **_: _derived(run, name, fun, argnum)


def _derived(run: Run, name: str, fun: Callable[..., Any], argnum: Any) -> Callable[..., Any]:
    if not isinstance(argnum, int):
        raise run.refusal(f"{name} by several arguments at once is not traced.", "Take one argnum after another.")

    def derivative(*args: Any, **options: Any) -> Any:
        given = list(args)
        given[argnum], leaves = _apart(run, args[argnum])
        y = run.lift(fun(*given, **options))
        found = [_by(run, name, fun, (args, options, argnum), y, k, *leaf) for k, leaf in enumerate(leaves)]
        whole = _put(args[argnum], iter(found))
        return (y, whole) if name == "value_and_grad" else whole

    return derivative


def _apart(run: Run, value: Any) -> tuple[Any, list[tuple[Traced, Traced]]]:
    """An argument in arrays of its own, so that what the function reads elsewhere is a constant; and each beside its own."""
    leaves: list[tuple[Traced, Traced]] = []

    def own(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: own(inner) for key, inner in part.items()}
        if isinstance(part, list | tuple):
            return type(part)(map(own, part))
        x = run.lift(part)
        copy = run.made(np.copy(x.value), lambda: ops.identity(run.settled(x.tensor)))  # type: ignore[attr-defined]  # of the table
        leaves.append((x, copy))
        return copy

    return own(value), leaves


def _put(like: Any, found: Any) -> Any:
    """What was found, in the form of an argument."""
    if isinstance(like, dict):
        return {key: _put(inner, found) for key, inner in like.items()}
    if isinstance(like, list | tuple):
        return type(like)(_put(inner, found) for inner in like)
    return next(found)


def _leaves(value: Any) -> Iterator[Any]:
    """The arrays of an argument, in its order."""
    if isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield value


def _by(run: Run, name: str, fun: Any, call: Any, y: Traced, k: int, x: Traced, copy: Traced) -> Traced:
    """The derivative by one array."""
    value = _differences(run, name, fun, call, k)

    def tensor() -> Tensor:
        if run.sizes.learning:
            shape = (*run.settled(y.tensor).shape, *x.tensor.shape) if name == "jacobian" else x.tensor.shape
            return Tensor(shape, None, ((run.settled(y.tensor), ()), (run.settled(x.tensor), ())))
        of = y.tensor
        if number_of(of) is not None:
            return ops.zeros_like(x.tensor)
        if name == "jacobian":
            return derivatives.jacobian(of, copy.tensor)
        return derivatives.grad(ops.sum(of) if name == "elementwise_grad" else of, copy.tensor)

    return run.made(value, tensor)


def _differences(run: Run, name: str, fun: Any, call: Any, k: int) -> Any:
    """The derivative in the example, to some digits: what branches look at, and nothing else."""
    args, options, argnum = call
    leaves = list(map(run.lift, _leaves(args[argnum])))
    at, tensor = np.asarray(leaves[k].value, float), leaves[k].tensor
    if at.size > MOST:
        raise run.refusal(f"{name} by {at.size} entries is not traced.", f"Give a smaller example, with {MOST} entries or fewer.")

    def value(moved: np.ndarray) -> np.ndarray:
        parts = [Traced(run, moved if at.ndim else moved[()], tensor) if j == k else leaf for j, leaf in enumerate(leaves)]
        given = [*args[:argnum], _put(args[argnum], iter(parts)), *args[argnum + 1 :]]
        found = np.asarray(run.bare(fun(*given, **options)), float)
        return found if name == "jacobian" else np.asarray(found.sum())

    watching = sys.gettrace()
    sys.settrace(None)  # what the variables hold meanwhile has no name
    try:
        columns = []
        for place in np.ndindex(*at.shape):
            step = np.zeros(at.shape)
            step[place] = STEP
            columns.append((value(at + step) - value(at - step)) / (2 * STEP))
    finally:
        sys.settrace(watching)
    stacked = np.stack(columns, axis=-1)
    found = stacked.reshape(*stacked.shape[:-1], *at.shape)
    return found if found.ndim else found[()]
