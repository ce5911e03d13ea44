"""autograd on traced arrays: what its modules and functions are while a function is traced.

Its functions are NumPy's and SciPy's with slopes of their own, `primitive.fun` is the function itself; what derives functions is a
derivative of the network (`derived`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.notation.trace import derived, scipy
from symbackprop.notation.trace.drawing import Drawing
from symbackprop.notation.trace.frames import is_own
from symbackprop.notation.trace.stands import Stand
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

NUMPY = "autograd.numpy"
OWN_SLOPE = "{}: its slope is that of what it computes; what defvjp says of it is not read."


def staged(run: Run, numpy: ModuleType, value: Any) -> Any:
    """What stands in the place of a module or a function of autograd; None for anything else.

    numpy   what stands in the place of NumPy.
    """
    if isinstance(value, ModuleType):
        return _module(run, numpy, value)
    home = str(getattr(value, "__module__", ""))
    if not callable(value) or isinstance(value, type) or not home.startswith("autograd"):
        return None
    if (ours := derived.staged(run, value)) is not None:
        return ours
    name = getattr(value, "__name__", "")
    if name in OWN and home in (f"autograd.{module}" for module in OWN[name][0]):
        return OWN[name][1](run)
    known = sys.modules.get(NUMPY)
    word = next((key for key, found in vars(known).items() if found is value), None) if known else None
    if word is not None and hasattr(np, word):
        return getattr(numpy, word)
    function = getattr(value, "fun", None)
    return None if function is None else _primitive(run, function)


def _module(run: Run, numpy: ModuleType, value: ModuleType) -> ModuleType | None:
    name = value.__name__
    if name == "autograd.numpy.random":
        return Drawing(run, np.random)  # type: ignore[return-value]
    if name.startswith(f"{NUMPY}."):
        return getattr(np, name.removeprefix(f"{NUMPY}."), None)
    if name == NUMPY:
        return numpy
    if name != "autograd" and not name.startswith("autograd."):
        return None

    def change(_: str, found: Any) -> Any:
        ours = staged(run, numpy, found)
        return found if ours is None else ours

    return Stand(value, change)


def _primitive(run: Run, function: Any) -> Any:
    """What stands in the place of a function that has a slope of its own in autograd."""
    if getattr(function, "__name__", "") == "convolve" and str(function.__module__).startswith("autograd."):
        return _convolve
    owner = getattr(function, "__self__", None)
    if owner is not None and (distribution := scipy.staged(run, owner)) is not None:
        return getattr(distribution, function.__name__)
    if (ours := scipy.staged(run, function)) is not None:
        return ours
    code = getattr(function, "__code__", None)
    if code is None or not is_own(code.co_filename):
        return function

    def own(*args: Any, **options: Any) -> Any:
        run.remarks[OWN_SLOPE.format(function.__name__)] = None
        return function(*args, **options)

    return own


def _flatten(run: Run) -> Callable[[Any], tuple[Any, Callable[[Any], Any]]]:
    """autograd.misc.flatten.flatten: all numbers of containers as one vector, keys in their order, and the way back."""

    def leaves(value: Any) -> Iterator[Any]:
        if isinstance(value, dict | list | tuple):
            for inner in (value[key] for key in sorted(value)) if isinstance(value, dict) else value:
                yield from leaves(inner)
        else:
            yield run.lift(value)

    def taken(like: Any, vector: Any, at: list[int]) -> Any:
        if isinstance(like, dict):
            found = {key: taken(like[key], vector, at) for key in sorted(like)}
            return {key: found[key] for key in like}
        if isinstance(like, list | tuple):
            return type(like)(taken(inner, vector, at) for inner in like)
        array = run.lift(like)
        begin = at[0]
        at[0] += array.size
        return np.reshape(vector[begin : at[0]], array.shape)

    def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
        parts = [np.ravel(part) for part in leaves(value)]  # type: ignore[arg-type]
        return np.concatenate(parts), lambda vector: taken(value, vector, [0])

    return flatten


def _convolve(
    A: Any, B: Any, axes: Sequence[Sequence[int]] | None = None, dot_axes: Sequence[Sequence[int]] = ((), ()), mode: str = "full"
) -> Any:
    """autograd.scipy.signal.convolve: along some axes of both, summed over pairs of others.

    Returns the axes of A and of B that are in neither, then those of the convolution.
    """
    along, summed = axes or (range(A.ndim), range(B.ndim)), dot_axes
    middle = [slice((B.shape[b] - 1) // 2, (B.shape[b] - 1) // 2 + A.shape[a]) for a, b in zip(*along, strict=True)]
    swapped = any(B.shape[b] < A.shape[a] for a, b in zip(*along, strict=True))
    if swapped:
        A, B, along, summed = B, A, along[::-1], summed[::-1]
    kernel = A[tuple(slice(None, None, -1) if k in along[0] else slice(None) for k in range(A.ndim))]
    if mode != "valid":
        wide = {b: A.shape[a] - 1 for a, b in zip(*along, strict=True)}
        B = np.pad(B, [(wide.get(k, 0), wide.get(k, 0)) for k in range(B.ndim)])
    sizes = tuple(A.shape[a] for a in along[0])
    windows = np.lib.stride_tricks.sliding_window_view(B, sizes, axis=tuple(along[1]))
    inner = range(B.ndim, B.ndim + len(sizes))
    found = np.tensordot(kernel, windows, axes=([*along[0], *summed[0]], [*inner, *summed[1]]))
    rest = [k for k in range(B.ndim) if k not in summed[1]]
    alone = A.ndim - len(along[0]) - len(summed[0])
    moving = [alone + rest.index(b) for b in along[1]]
    still = [k for k in range(alone, alone + len(rest)) if k not in moving]
    own = list(range(alone))
    whole = np.transpose(found, [*(still if swapped else own), *(own if swapped else still), *moving])
    return whole[(..., *middle)] if mode == "same" else whole


OWN: dict[str, tuple[tuple[str, ...], Callable[[Run], Any]]] = {
    "flatten": (("misc.flatten",), _flatten),
    "getval": (("tracer",), lambda run: lambda x: x.detach() if isinstance(x, Traced) else x),
    "checkpoint": (("differential_operators",), lambda run: lambda fun: fun),
}
