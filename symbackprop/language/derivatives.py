"""Derivatives inside a network: the chain rule on what was written so far, its equations as ordinary values to go on with."""

from __future__ import annotations

from typing import Any

from sympy import S

from symbackprop.core.program import Sum, same_size, shape_text
from symbackprop.language.lower.inner import are_apart, derivatives
from symbackprop.language.lower.nodes import replaced
from symbackprop.language.operations import TABLE, einsum, eye, inverse
from symbackprop.language.tensors import Index, LanguageError, Tensor, as_tensor, label, letters, number_of, permute, product, total

stop_gradient = TABLE["stop_gradient"]
Value = Any  # a tensor, or a number
Values = Any  # a tensor, or several

__all__ = ["grad", "jacobian", "hessian", "laplacian", "divergence", "jvp", "vjp", "fixed_point"]


_OF_TEXT = {
    "grad": 'sb.derive(net, "x")', "jacobian": 'sb.derive(net, "x", of="y")', "hessian": 'sb.derive(sb.derive(net, "x"), "x")',
    "vjp": 'sb.derive(net, "x", of="y", upstream="v")', "jvp": 'sb.derive(net, "x", of="y", vector="v")',
}  # fmt: skip
"""What does the same of a network that is text, as somebody writes who comes from another library."""


def _taken(word: str, value: Any) -> Tensor:
    """What a derivative is taken of, as a tensor."""
    if isinstance(value, str) or hasattr(value, "program"):
        raise LanguageError(f"{word} stands within a network and takes its tensors; of a whole network write {_OF_TEXT[word]}")
    return as_tensor(value)


def grad(f: Value, x: Values) -> Any:
    """g = df/dx, of the shape of x: the gradient of a scalar by what it was computed from.

    x   a tensor, or several: grad(L, [W, b]).
    Returns the gradient, or one for each. Raises LanguageError where f is no scalar, or does not depend on x.
    """
    of, by = _taken("grad", f), _several("grad", x)
    if of.shape:
        name, listed = label(of), label(by[0]) if len(by) == 1 else f"[{', '.join(map(label, by))}]"
        raise LanguageError(
            f"grad: {name} is {shape_text(of.shape)}, a gradient is of a scalar; write grad(sum({name}), {listed}), or "
            f"jacobian({name}, {listed}) for the derivative of every entry"
        )
    found = derivatives("grad", of, by)
    return found if isinstance(x, tuple | list) else found[0]


def jacobian(y: Value, x: Values) -> Any:
    """J = dy/dx, of the shape of y followed by that of x: the derivative of every entry of y by every entry of x.

    x   a tensor, or several. Returns the Jacobian, or one for each. Raises LanguageError where y does not depend on x.
    """
    found = derivatives("jacobian", _taken("jacobian", y), _several("jacobian", x))
    return found if isinstance(x, tuple | list) else found[0]


def hessian(f: Value, x: Value) -> Tensor:
    """H = d^2 f / dx dx, of the shape of x twice. Raises LanguageError where f is no scalar, or is linear in x."""
    of, x = _taken("hessian", f), as_tensor(x)
    if of.shape:
        name = label(of)
        raise LanguageError(
            f"hessian: {name} is {shape_text(of.shape)}, a Hessian is of a scalar; write hessian(sum({name}), {label(x)})"
        )
    (first,) = derivatives("hessian", of, (x,))
    return derivatives("hessian", _said(first, of), (x,))[0]


def vjp(y: Value, x: Value, v: Value) -> Tensor:
    """g[i] = sum_k v[k] dy[k]/dx[i], of the shape of x: a vector times the Jacobian, in one sweep back.

    v   of the shape of y. Raises LanguageError for another shape, and where y does not depend on x.
    """
    y, x, v = _taken("vjp", y), as_tensor(x), as_tensor(v)
    _require_shape("vjp", "v", v, y)
    if isinstance(v.op, Sum) and v.op == Sum(S.One):  # ones: the gradient of the sum
        return derivatives("vjp", total(y), (x,))[0]
    return derivatives("vjp", y, (x,), upstream=v)[0]


def jvp(y: Value, x: Value, v: Value) -> Tensor:
    """t[k] = sum_i dy[k]/dx[i] v[i], of the shape of y: the change of y as x moves along v, in one sweep onward.

    v   of the shape of x. Raises LanguageError for another shape, and where y does not depend on x.
    """
    y, x, v = _taken("jvp", y), as_tensor(x), as_tensor(v)
    _require_shape("jvp", "v", v, x)
    return derivatives("jvp", y, (x,), vector=v)[0]


def divergence(v: Value, x: Value) -> Tensor:
    """div v = sum_i dv[i]/dx[i] along the last axis; axes before it are samples, each with a divergence of its own.

    x   of the shape of v. Raises LanguageError for another shape, for scalars, and where v does not depend on x.
    """
    v, x = as_tensor(v), as_tensor(x)
    if not v.ndim:
        raise LanguageError(f"divergence: {label(v)} is a scalar; write grad({label(v)}, {label(x)})")
    _require_shape("divergence", "x", x, v)
    lead = v.ndim - 1
    J = _of_samples("divergence", v, x, lead)
    index = letters(lead)
    return _along(J, (*index, "d", "d"), index)


def laplacian(u: Value, x: Value) -> Tensor:
    """sum_i d^2 u / dx[i]^2 over the axes that x has beside those of u, which are samples: (n,) of x (n, d); one of x (d,).

    Raises LanguageError where x lacks an axis of u, and where u is linear in x.
    """
    u, x = as_tensor(u), as_tensor(x)
    lead = u.ndim
    if lead > x.ndim or not all(map(same_size, u.shape, x.shape[:lead])):
        raise LanguageError(
            f"laplacian: {label(u)} is {shape_text(u.shape)}, {label(x)} is {shape_text(x.shape)}; the first axes of "
            f"{label(x)} must be those of {label(u)}, such as (n, d) and (n,)"
        )
    J = _of_samples("laplacian", _said(_of_samples("laplacian", u, x, lead), u), x, lead)
    index, own = letters(lead), letters(x.ndim - lead, lead)
    return _along(J, (*index, *own, *own), index)


def fixed_point(f: Value, z: Value, steps: int = 0) -> Tensor:
    """s = f(s), the fixed point near z, with ds = (1 - df/dz)^-1 df along its last axis: the implicit function theorem.

    f      a value that was computed from z, of its shape (..., h); axes before the last are samples.
    z      where the solution is sought; what comes back to it is zero.
    steps  how often f is applied to z first; with 0, z is the solution already, as a solver found it. One step of Newton follows,
           s = z + (1 - J)^-1 (f - z) with J held: at a solution it stands still, and its derivative is that of the solution.
    First derivatives are those of the solution, as far as it is one. Raises LanguageError where f lacks z or its shape.
    Source: Bai, Kolter, Koltun 2019.
    """
    f, z = as_tensor(f), as_tensor(z)
    _require_shape("fixed_point", "f", f, z)
    if not z.ndim:
        raise LanguageError(f"fixed_point: {label(z)} is a scalar; give it an axis of size 1")
    here = z
    for _ in range(steps):
        here = stop_gradient(replaced(f, z, here))
    value = replaced(f, z, here) if steps else f
    J = stop_gradient(_of_samples("fixed_point", value, here, z.ndim - 1))
    return here + einsum("...ij,...j->...i", inverse(eye(z.shape[-1]) - J), value - here)


def _of_samples(what: str, y: Tensor, x: Tensor, lead: int) -> Tensor:
    """dy[b ...]/dx[b ...], of the shape of y followed by what x has beside its first `lead` axes b.

    Where every sample b depends on its own alone, the derivative of their sum holds all of it: n times less than the Jacobian.
    """
    index, rows, columns = letters(lead), letters(y.ndim - lead, lead), letters(x.ndim - lead, y.ndim)
    if lead and are_apart(what, y, x, lead):
        (J,) = derivatives(what, total(y, tuple(range(lead))), (x,))
        own = (*rows, *index, *columns)
        return permute(J, tuple(map(own.index, (*index, *rows, *columns))))
    (J,) = derivatives(what, y, (x,))
    return _along(J, (*index, *rows, *index, *columns), (*index, *rows, *columns)) if lead else J


def _said(gradient: Tensor, of: Tensor) -> Tensor:
    """A gradient that nobody wrote, with the words that an error message calls it by."""
    if gradient.name is None:
        gradient.written = f"the gradient of {label(of)}"
    return gradient


def _along(x: Tensor, index: Index, kept: Index) -> Tensor:
    """The sum of x over the letters of its axes that are not kept; a letter that stands twice is a diagonal."""
    return product([(x, index)], kept, dict(zip(index, x.shape, strict=True)))


def _several(what: str, x: Values) -> tuple[Tensor, ...]:
    several = tuple(map(as_tensor, x)) if isinstance(x, tuple | list) else (as_tensor(x),)
    if not several:
        raise LanguageError(f"{what}: there is nothing to differentiate by; write {what}(L, [W, b])")
    number = next((t for t in several if number_of(t) is not None), None)
    if number is not None:
        raise LanguageError(f"{what}: {number_of(number)} is a number; differentiate by a tensor that the value was computed from")
    return several


def _require_shape(what: str, name: str, v: Tensor, like: Tensor) -> None:
    if len(v.shape) != len(like.shape) or not all(map(same_size, v.shape, like.shape)):
        raise LanguageError(
            f"{what}: {name} must have the shape {shape_text(like.shape)} of {label(like)}; {label(v)} is {shape_text(v.shape)}"
        )
