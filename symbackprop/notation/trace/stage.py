"""The stage of a traced call: NumPy's ways to make arrays, and Python's to make numbers, as the person's modules see them."""

from __future__ import annotations

import builtins
import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CellType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.language import operations as ops
from symbackprop.notation.composed.further import linspace as grid
from symbackprop.notation.trace import autograd, courses, functions, pure, scipy, shaping, strided
from symbackprop.notation.trace.drawing import Drawing
from symbackprop.notation.trace.mapped import vectorized
from symbackprop.notation.trace.pure import kind, of_sizes, real
from symbackprop.notation.trace.sizes import Size, Sized, expr_of
from symbackprop.notation.trace.stands import Stand
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

IMPORT = builtins.__import__
ALIKE = ("numpy", "jax.numpy", "autograd.numpy")  # modules that are written with NumPy's words
SEVERAL = (
    "concatenate",
    "concat",
    "stack",
    "vstack",
    "hstack",
    "dstack",
    "column_stack",
    "row_stack",
    "block",
    "select",
    "choose",
    "ix_",
    "broadcast_arrays",
    "reshape",
    "transpose",
    "full",
    "tile",
    "pad",
    "ndindex",
    "unravel_index",
    "moveaxis",
    "einsum",
    "broadcast_to",
    "random",
    "errstate",
    "printoptions",
    "seterr",
    "array_equal",
    "allclose",
    "array_split",
    "piecewise",
)  # functions of several arrays, or of shapes
KINDS = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool_")


@contextlib.contextmanager
def staged(run: Run, modules: Iterable[dict[str, Any]], cells: Iterable[CellType]) -> Iterator[None]:
    """While it lasts, modules and closures see a NumPy whose new arrays can take traced values; afterwards all is as it was."""
    replaced = {id(original): ours for original, ours in _replacements(run)}
    kept: list[tuple[dict[str, Any], dict[str, Any]]] = []
    missing, modules, held = object(), list(modules), [(cell, cell.cell_contents) for cell in cells]
    words = pure.words(run) | courses.words(run)
    try:
        for scope in modules:
            new = {name: ours for name, value in scope.items() if (ours := _stand(run, replaced, value)) is not None}
            new |= {name: word for name, word in words.items() if name not in scope}
            kept.append((scope, {name: scope.get(name, missing) for name in new}))
            scope.update(new)
        for cell, value in held:
            ours = _stand(run, replaced, value)
            if ours is not None:
                cell.cell_contents = ours
        builtins.__import__ = _importing(run, {id(scope) for scope in modules}, replaced)
        yield
    finally:
        builtins.__import__ = IMPORT
        for cell, value in held:
            cell.cell_contents = value
        for scope, old in kept:
            for name, value in old.items():
                if value is missing:
                    scope.pop(name, None)
                else:
                    scope[name] = value


def _stand(run: Run, replaced: Mapping[int, Any], value: Any) -> Any:
    """What stands in the place of a value that a module or a closure holds; None where it stays."""
    if id(value) in replaced:
        return replaced[id(value)]
    if isinstance(value, ModuleType) and value.__name__ in ALIKE:
        return _numpy(run)
    if value is np.random or isinstance(value, np.random.Generator | np.random.RandomState):
        return Drawing(run, value)
    ours = _of_jax(run, value)
    if ours is None and _is_of_autograd(value):
        ours = autograd.staged(run, _numpy(run), value)
    return scipy.staged(run, value) if ours is None else ours


def _is_of_autograd(value: Any) -> bool:
    """Whether a module or a function is one of autograd's."""
    return str(value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")).startswith("autograd")


def _importing(run: Run, scopes: set[int], replaced: dict[int, Any]) -> Callable[..., Any]:
    """What `import numpy as np` gives inside of a person's function: what their modules see."""

    def imported(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        found = IMPORT(name, globals, locals, fromlist, level)
        if id(globals) not in scopes:
            return found
        stand = _stand(run, replaced, found)
        return found if stand is None else stand

    return imported


def _numpy(run: Run) -> ModuleType:
    """NumPy, with our own ways to make arrays; its functions take lists of traced values as arrays."""
    module = Stand(np, lambda name, found: found if name in SEVERAL or isinstance(found, ModuleType) else _Called(run, found))
    vars(module).update(_made(run))
    vars(module)["random"] = Drawing(run, np.random)
    vars(module)["lib"] = lib = Stand(np.lib)
    vars(lib)["stride_tricks"] = _tricks(run)
    return module


def _tricks(run: Run) -> ModuleType:
    """numpy.lib.stride_tricks, whose as_strided takes traced arrays."""
    module = Stand(np.lib.stride_tricks)
    vars(module)["as_strided"] = _strided(run)
    return module


def _strided(run: Run) -> Callable[..., Any]:
    original = np.lib.stride_tricks.as_strided

    def as_strided(x: Any, *args: Any, **options: Any) -> Any:
        return strided.as_strided(run, x, *args, **options) if isinstance(x, Traced) else original(x, *args, **options)

    return as_strided


def _of_jax(run: Run, value: Any) -> Any:
    """jax, jax.lax and stop_gradient of it, which know traced arrays; None for anything else."""
    name = getattr(value, "__name__", "")
    if name == "stop_gradient" and str(getattr(value, "__module__", "")).startswith("jax."):
        return lambda x: x.detach() if isinstance(x, Traced) else value(x)
    if not isinstance(value, ModuleType) or name not in ("jax", "jax.lax"):
        return None
    stand = Stand(value)
    inner = {"numpy": _numpy(run), "lax": _of_jax(run, value.lax)} if name == "jax" else {"stop_gradient": None}
    vars(stand).update({key: own if own is not None else _of_jax(run, getattr(value, key)) for key, own in inner.items()})
    return stand


class _Called:
    """A function of NumPy that takes lists and tuples of traced values as arrays."""

    def __init__(self, run: Run, function: Any) -> None:
        self._run, self._function = run, function

    def __call__(self, *args: Any, **options: Any) -> Any:
        given = [self._array(a) if isinstance(a, list | tuple) else a for a in args]
        try:
            return self._function(*given, **options)
        except (TypeError, AttributeError):
            if not any(isinstance(a, Sized) for a in (*given, *options.values())):
                raise
        return self._function(*self._run.bare(given), **self._run.bare(options))  # tables of sizes, which are plain

    def _array(self, several: list[Any] | tuple[Any, ...]) -> Any:
        """Written values as an array; axes, shifts and the like stay as they are."""
        return several if all(type(x) is int for x in several) else functions.array(self._run, several)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


def _replacements(run: Run) -> Iterator[tuple[Any, Any]]:
    """What a module may have imported by its own name, and what it gets instead."""
    for name, ours in _made(run).items():
        yield getattr(np, name), ours
    yield np.lib.stride_tricks, _tricks(run)
    yield np.lib.stride_tricks.as_strided, _strided(run)
    yield from pure.replaced()


def _made(run: Run) -> dict[str, Any]:
    """NumPy's ways to make an array, for arrays that take traced values; a way that is not here makes plain ones."""

    def constant(value: float) -> Callable[..., Any]:
        return lambda shape, dtype=float, *_, **__: shaping.filled(run, shape, value, _dtype(dtype))

    def full(shape: Any, fill_value: Any, dtype: Any = None, **_: Any) -> Any:
        return shaping.filled(run, shape, fill_value, dtype if dtype is None else _dtype(dtype))

    def eye(N: Any, M: Any = None, k: int = 0, dtype: Any = float, **_: Any) -> Any:
        value = np.eye(run.bare(N), run.bare(M), k, _dtype(dtype))
        return run.made(value, lambda: ops.eye(expr_of(N))) if M is None and not k else value

    def arange(*args: Any, **options: Any) -> Any:
        value = np.arange(*run.bare(args), **options)
        start, stop = (0, args[0]) if len(args) == 1 else args[:2]
        if set(options) - {"dtype"} or len(args) > 2 or not value.size or Size not in (type(start), type(stop)):
            return value
        first, end = expr_of(start), expr_of(stop)
        return run.made(value, lambda: ops.arange(end - first) + first if first != 0 else ops.arange(end))

    def linspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, **options: Any) -> Any:
        first, last, count = run.bare((start, stop, num))
        value: Any = np.linspace(first, last, count, endpoint, **options)
        ends = (start, stop)
        if type(num) is not Size or options or any(isinstance(end, Traced | np.ndarray) for end in ends) or len(value) < 2:
            return value
        return run.made(value, lambda: grid(expr_of(start), expr_of(stop), expr_of(num), endpoint))

    def array(object: Any, dtype: Any = None, *_: Any, **__: Any) -> Any:
        return functions.array(run, object, None if dtype is None else _dtype(dtype))

    def asarray(a: Any, dtype: Any = None, *_: Any, **__: Any) -> Any:
        return a if isinstance(a, Traced) and dtype is None else array(a, dtype)

    def like(name: str) -> Callable[..., Any]:
        def made(x: Any, *args: Any, **options: Any) -> Any:
            return getattr(np, name)(run.lift(x), *args, **options)

        return made

    def ndenumerate(arr: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
        return ((at, arr[at]) for at in np.ndindex(*np.shape(run.bare(arr)))) if isinstance(arr, Traced) else np.ndenumerate(arr)

    def number(name: str) -> type:
        original = getattr(np, name)
        return kind(
            original, lambda x: x.astype(original) if isinstance(x, Traced) else real(x) if name == "float64" else original(x)
        )

    return {name: number(name) for name in KINDS} | {
        "prod": of_sizes(run, np.prod, math.prod), "sum": of_sizes(run, np.sum, sum),
        "zeros": constant(0), "ones": constant(1), "empty": constant(0), "full": full, "eye": eye, "identity": eye,
        "arange": arange, "linspace": linspace,
        "array": array, "asarray": asarray, "asanyarray": asarray, "ascontiguousarray": asarray,
        "zeros_like": like("zeros_like"), "ones_like": like("ones_like"), "empty_like": like("empty_like"),
        "full_like": like("full_like"), "ndenumerate": ndenumerate,
         "vectorize": vectorized(run), "c_": _Joined(column=True), "r_": _Joined(column=False),
    }  # fmt: skip


def _dtype(kind: Any) -> Any:
    return kind.dtype if isinstance(kind, type) and isinstance(vars(kind).get("dtype"), np.dtype) else kind


class _Joined:
    """np.c_[a, b] and np.r_[a, b] of arrays."""

    def __init__(self, column: bool) -> None:
        self.column = column

    def __getitem__(self, several: Any) -> Any:
        parts = several if isinstance(several, tuple) else (several,)
        if not any(isinstance(p, Traced) for p in parts):
            return (np.c_ if self.column else np.r_)[several]
        return np.column_stack(parts) if self.column else np.concatenate([np.atleast_1d(p) for p in parts])
