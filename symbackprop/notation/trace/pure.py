"""Python's own words that would make a plain number of a traced one, and its module math, as a person's modules see them."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterator
from functools import reduce
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from symbackprop.language.operations import TABLE
from symbackprop.notation.trace import functions
from symbackprop.notation.trace.sizes import Size, Sized, SizedFloat, expr_of, sized
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

OF_NUMPY = {name: name for name in (
    "sqrt", "exp", "log2", "log10", "log1p", "expm1", "tanh", "sin", "cos", "tan", "sinh", "cosh", "fabs", "exp2", "cbrt",
    "copysign", "fmod", "degrees", "radians", "isnan", "isinf", "isfinite", "isclose", "trunc",
)} | {
    "pow": "power", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip
"""Functions of math that NumPy has, by its name."""
OF_TABLE = {"erf": "erf", "erfc": "erfc", "lgamma": "gammaln"}
"""Functions of math that the language has and NumPy has not."""


def _log(x: Any, base: Any = None) -> Any:
    return np.log(x) if base is None else np.log(x) / np.log(base)


COMPOSED: dict[str, Callable[..., Any]] = {
    "log": _log,
    "hypot": lambda *xs: np.sqrt(sum(x * x for x in xs)),
    "fsum": lambda xs: builtins.sum(xs),
    "prod": lambda xs, start=1: reduce(lambda a, b: a * b, xs, start),
    "dist": lambda p, q: np.sqrt(sum((a - b) ** 2 for a, b in zip(p, q, strict=True))),
    "sumprod": lambda p, q: sum(a * b for a, b in zip(p, q, strict=True)),
    "gamma": lambda x: np.exp(_of_table(math.lgamma, "lgamma")(x)),  # where it is positive
}


def replaced() -> Iterator[tuple[Any, Any]]:
    """math and its functions, and what a module gets instead of each."""
    ours = {name: _first(getattr(math, name), row) for name, row in COMPOSED.items() if hasattr(math, name)}
    ours |= {name: _first(getattr(math, name), getattr(np, own)) for name, own in OF_NUMPY.items() if hasattr(math, name)}
    ours |= {name: _first(getattr(math, name), _of_table(getattr(math, name), name)) for name in OF_TABLE}
    stand = ModuleType("math")
    vars(stand).update(vars(math) | ours)
    yield math, stand
    for name, row in ours.items():
        yield getattr(math, name), row


def _first(original: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    """A function of math that knows traced numbers, also in what it is given several of."""

    def function(*args: Any, **options: Any) -> Any:
        several = [list(a) if not isinstance(a, Traced | str | list | tuple) and hasattr(a, "__next__") else a for a in args]
        traced = any(_is_traced(a) or (isinstance(a, list | tuple) and any(map(_is_traced, a))) for a in several)
        return (ours if traced else original)(*several, **options)

    return function


def _is_traced(x: Any) -> bool:
    return isinstance(x, Traced | Sized)


def _of_table(original: Callable[..., Any], name: str) -> Callable[[Any], Any]:
    row = TABLE[OF_TABLE[name]]

    def function(x: Any) -> Any:
        if not isinstance(x, Traced):
            return original(float(x))
        return x.run.made(np.float64(original(float(np.squeeze(x.value)))), lambda: row(x.reshape(()).tensor))

    return function


def words(run: Run) -> dict[str, Any]:
    """The words by name."""
    return {
        "float": kind(float, real),
        "int": kind(int, _whole),
        "bool": kind(bool, lambda x: x != 0 if run.depends(x) else bool(x)),
        "len": lambda x: x.shape[0] if isinstance(x, Traced) and x.ndim else builtins.len(x),
        "max": _extreme(builtins.max, np.maximum),
        "min": _extreme(builtins.min, np.minimum),
        "any": _every(run, builtins.any, np.logical_or),
        "all": _every(run, builtins.all, np.logical_and),
        "sorted": _sorted,
    }


def real(x: Any) -> Any:
    """float(x): of a number that carries its size, a float that does so too."""
    return x.item() if type(x) is Traced else sized(float(x), expr_of(x), x.sizes)


def _whole(x: Any) -> Any:
    """int(x): a truth is 0 or 1, a number loses what stands behind the point; of a size, the whole part carries it."""
    if type(x) is not Traced:
        return int(x) if x < 0 else sized(int(x), sp.floor(expr_of(x)), x.sizes)
    if x.dtype.kind in "iu":
        return x.item()
    one = x.reshape(())
    row = (lambda t: t * 1) if x.dtype.kind == "b" else TABLE["trunc"]
    return x.run.made(np.int64(one.value), lambda: row(one.tensor))


def _extreme(original: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    def chosen(*args: Any, **options: Any) -> Any:
        several = list(args[0] if len(args) == 1 else args)
        if options or not any(isinstance(x, Traced) for x in several) or any(np.ndim(x) for x in several):
            return original(*(args if len(args) > 1 else (several,)), **options)
        found = several[0]
        for x in several[1:]:
            found = ours(found, x)
        return found

    return chosen


def _every(run: Run, original: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    """any and all of truths: entry by entry, where one of them is known at run time alone."""

    def joined(several: Any) -> Any:
        truths = list(several)
        return reduce(ours, truths) if any(map(run.chooses, truths)) else original(truths)

    return joined


def _sorted(several: Any, *, key: Any = None, reverse: bool = False) -> Any:
    """sorted of traced numbers: their order is kept by np.sort."""
    values = list(several)
    if key is not None or not any(isinstance(x, Traced) for x in values) or any(np.ndim(x) for x in values):
        return builtins.sorted(values, key=key, reverse=reverse)
    found = list(np.sort(np.stack(values)))  # type: ignore[arg-type]
    return found[::-1] if reverse else found


def of_sizes(run: Run, original: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    """np.prod(x.shape): of sizes it is one."""

    def function(x: Any, *args: Any, **options: Any) -> Any:
        plain = isinstance(x, list | tuple) and not args and not options and any(isinstance(n, Sized) for n in x)
        return ours(x) if plain else original(functions.array(run, x) if isinstance(x, list | tuple) else x, *args, **options)

    return function


def kind(original: type, convert: Callable[[Any], Any]) -> type:
    """A type of numbers that leaves traced ones traced, and is the original for everybody else."""

    class Kind(type):
        def __instancecheck__(cls, value: Any) -> bool:
            return isinstance(value, original)

        def __subclasscheck__(cls, kind: type) -> bool:
            return issubclass(kind, original)

        def __call__(cls, *args: Any, **options: Any) -> Any:
            carries = bool(args) and type(args[0]) in ((Traced,) if original is bool else (Traced, Size, SizedFloat))
            return convert(args[0]) if carries else original(*args, **options)

        def __getattr__(cls, name: str) -> Any:
            return getattr(original, name)

        def __eq__(cls, other: object) -> bool:
            return other is cls or other is original

        def __hash__(cls) -> int:
            return hash(original)

    return Kind(original.__name__, (), {"dtype": np.dtype(original)})
