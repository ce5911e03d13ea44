"""The grad of autograd and its like within a traced function: a derivative of the network, by the chain rule of the language."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.language import derivatives
from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor, number_of
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

FIRST = ("grad", "elementwise_grad", "jacobian", "value_and_grad")
HOMES = ("autograd.wrap_util", "autograd.differential_operators")
STEP = 1e-3  # of the differences that the example's value of a derivative is; the network has the derivative itself
MOST = 200  # entries that differences are taken by


def staged(run: Run, value: Any) -> Any:
    """What stands in the place of a function of autograd that derives functions, or of what it gave; None for anything else."""
    name, home = getattr(value, "__name__", ""), str(getattr(value, "__module__", ""))
    if not callable(value) or home not in HOMES:
        return None
    if name in WORDS:
        return lambda fun, argnum=0, argname=None, **_: derived(run, name, fun, argnum if argname is None else argname)
    code = getattr(value, "__code__", None)
    held = dict(zip(code.co_freevars, value.__closure__ or (), strict=True)) if code else {}
    if not {"fun", "argnum", "unary_operator"} <= held.keys():
        return None
    made = {key: cell.cell_contents for key, cell in held.items()}  # slope = grad(f), outside of what is traced
    asked = made["unary_operator"].__name__
    return derived(run, asked, made["fun"], made["argnum"]) if asked in WORDS else None


def derived(run: Run, name: str, fun: Callable[..., Any], argnum: Any) -> Callable[..., Any]:
    """What `name` of autograd gives of a function, by the argument at a place, or by those at several."""
    if name in FURTHER:
        return FURTHER[name](run, fun, argnum)
    if not isinstance(argnum, int):
        return _by_several(run, name, fun, tuple(argnum))

    def derivative(*args: Any, **options: Any) -> Any:
        given = list(args)
        given[argnum], leaves = _apart(run, args[argnum])
        y = run.lift(fun(*given, **options))
        found = [_by(run, name, fun, (args, options, argnum), y, k, *leaf) for k, leaf in enumerate(leaves)]
        whole = _put(args[argnum], iter(found))
        return (y, whole) if name == "value_and_grad" else whole

    return derivative


def _by_several(run: Run, name: str, fun: Callable[..., Any], places: tuple[int, ...]) -> Callable[..., Any]:
    """The derivatives by several arguments, which are those by one that holds them."""

    def packed(several: Any, *args: Any, **options: Any) -> Any:
        by = dict(zip(places, several, strict=True))
        return fun(*[by.get(k, arg) for k, arg in enumerate(args)], **options)

    derivative = derived(run, name, packed, 0)
    return lambda *args, **options: derivative(tuple(args[k] for k in places), *args, **options)


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


# -- what is made of them -------------------------------------------------------------------------------------------------


def _hessian(run: Run, fun: Callable[..., Any], argnum: Any) -> Callable[..., Any]:
    return derived(run, "jacobian", derived(run, "jacobian", fun, argnum), argnum)


def _hessian_product(run: Run, fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    slope = derived(run, "grad", fun, argnum)
    return derived(run, "grad", lambda *given, **options: np.sum(slope(*given[:-1], **options) * given[-1]), argnum)


def _jacobian_product(run: Run, fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    def along(*given: Any, **options: Any) -> Any:
        return np.tensordot(given[-1], fun(*given[:-1], **options), axes=np.ndim(given[-1]))

    return derived(run, "jacobian", along, argnum)


def _make_vjp(run: Run, fun: Callable[..., Any], argnum: Any) -> Callable[..., Any]:
    def made(*args: Any, **options: Any) -> tuple[Callable[[Any], Any], Any]:
        def vjp(g: Any) -> Any:
            return derived(run, "grad", lambda *own, **settings: np.sum(fun(*own, **settings) * g), argnum)(*args, **options)

        return vjp, fun(*args, **options)

    return made


def _make_hvp(run: Run, fun: Callable[..., Any], argnum: Any) -> Callable[..., Any]:
    return _make_vjp(run, derived(run, "grad", fun, argnum), argnum)


def _make_jvp(run: Run, fun: Callable[..., Any], argnum: Any) -> Callable[..., Any]:
    def made(*args: Any, **options: Any) -> Callable[[Any], tuple[Any, Any]]:
        def jvp(v: Any) -> tuple[Any, Any]:
            jacobian = derived(run, "jacobian", fun, argnum)(*args, **options)
            return fun(*args, **options), np.tensordot(jacobian, v, axes=np.ndim(v))

        return jvp

    return made


def _deriv(run: Run, fun: Callable[..., Any], argnum: Any) -> Callable[..., Any]:
    jvp = _make_jvp(run, fun, argnum)
    return lambda *args, **options: jvp(*args, **options)(np.ones(np.shape(args[argnum])))[1]


def _by_name(run: Run, fun: Callable[..., Any], argname: Any) -> Callable[..., Any]:
    return derived(run, "grad", fun, list(signature(fun).parameters).index(argname))


FURTHER: dict[str, Callable[[Run, Callable[..., Any], Any], Callable[..., Any]]] = {
    "hessian": _hessian,
    "hessian_tensor_product": _hessian_product,
    "tensor_jacobian_product": _jacobian_product,
    "make_vjp": _make_vjp,
    "make_hvp": _make_hvp,
    "make_jvp": _make_jvp,
    "make_jvp_reversemode": _make_jvp,
    "deriv": _deriv,
    "grad_named": _by_name,
}
WORDS = (*FIRST, *FURTHER)
