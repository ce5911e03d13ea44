"""Derivatives inside a network, in JAX: the text above is run once more as a function of what is differentiated by."""

import ast
from collections.abc import Callable, Sequence
from itertools import product as products
from typing import Any

import jax
import jax.numpy as jnp

INNER = ("grad", "jacobian", "hessian", "laplacian", "divergence", "jvp", "vjp", "fixed_point")
CALL = "_derivative"


def rewritten(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, with every derivative as a call that is given what stands above it."""
    done: list[ast.stmt] = []
    for statement in unrolled(statements):
        done.append(ast.fix_missing_locations(_Inner(done).visit(statement)))
    return done


def unrolled(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The rounds of `for k in range(3)`, one after the other, each value under a name of its own, as the reader writes them."""
    done: list[ast.stmt] = []
    for statement in statements:
        if isinstance(statement, ast.For) and isinstance(statement.iter, ast.Call) and len(statement.iter.args) == 1:
            assert isinstance(statement.iter.args[0], ast.Constant)
            for _ in range(statement.iter.args[0].value):
                done += [ast.parse(ast.unparse(s)).body[0] for s in statement.body]
        else:
            done.append(statement)
    return done


class _Inner(ast.NodeTransformer):
    def __init__(self, above: Sequence[ast.stmt]) -> None:
        self.above = list(above)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id not in INNER:
            return node
        of, wrt, *more = node.args
        by = [n.id for n in (wrt.elts if isinstance(wrt, ast.List) else [wrt]) if isinstance(n, ast.Name)]
        found = Derivative(node.func.id, self.above, of, by, isinstance(wrt, ast.List))
        TABLE.append(found)
        scope = ast.Call(ast.Name("globals", ast.Load()), [], [])
        return ast.Call(ast.Name(CALL, ast.Load()), [ast.Constant(len(TABLE) - 1), scope, *more], [])


class Derivative:
    """One call: the function that the text above it is, of the values of `by`.

    What a derivative further out is differentiated by keeps its value here: each is told by its name and the statement that writes it.
    """

    def __init__(self, kind: str, above: Sequence[ast.stmt], of: ast.expr, by: list[str], several: bool) -> None:
        self.kind, self.by, self.several = kind, by, several
        self.above = [compile(ast.fix_missing_locations(ast.Module([s], [])), "<above>", "exec") for s in above]
        self.of = compile(ast.fix_missing_locations(ast.Expression(of)), "<of>", "eval")
        self.last = {name: max((k for k, s in enumerate(above) if _writes(s, name)), default=-1) for name in by}

    def __call__(self, scope: dict[str, Any], *more: Any) -> Any:
        start, outside = scope["_start"], scope.get("_given", {})

        def f(*values: Any) -> Any:
            given = {**outside, **{(self.last[n], n): v for n, v in zip(self.by, values, strict=True)}}
            names = {**start, "_start": start, "_given": given}
            for k in range(-1, len(self.above)):
                if k >= 0:
                    exec(self.above[k], names)
                names.update({n: v for (place, n), v in given.items() if place == k})
            return eval(self.of, names)

        found = KINDS[self.kind](f, [scope[n] for n in self.by], *more)
        return found if self.several else found[0] if self.kind in ("grad", "jacobian") else found


def _writes(statement: ast.stmt, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in ast.walk(statement))


def divergence(f: Callable[[Any], Any], x: list[Any]) -> Any:
    flat = x[0].reshape(-1, x[0].shape[-1])
    own = jax.jacfwd(lambda v: f(v.reshape(x[0].shape)).reshape(flat.shape))(flat)
    return jnp.einsum("ndnd->n", own).reshape(x[0].shape[:-1])


def laplacian(f: Callable[[Any], Any], x: list[Any]) -> Any:
    """Second derivatives of each sample's value by its own coordinates, one after the other."""
    (x0,) = x
    value = f(x0)
    total = jnp.zeros(value.size)
    coordinates = list(products(*map(range, x0.shape[value.ndim :])))
    for sample, at in enumerate(products(*map(range, value.shape))):
        for c in coordinates:
            along = lambda t, at=at, c=c: f(x0.at[(*at, *c)].add(t))[at]  # noqa: E731
            total = total.at[sample].add(jax.grad(jax.grad(along))(0.0))
    return total.reshape(value.shape)


def fixed_point(f: Callable[[Any], Any], z: list[Any]) -> Any:
    """s of s - f(s) = 0 to first order about z, by solving with the matrix of the linear system."""
    (z0,) = z
    J = jax.lax.stop_gradient(jax.jacfwd(f)(z0))
    return z0 + jnp.linalg.solve(jnp.eye(z0.size) - J, f(z0) - z0)


KINDS: dict[str, Callable[..., Any]] = {
    "grad": lambda f, x: jax.grad(f, tuple(range(len(x))))(*x),
    "jacobian": lambda f, x: jax.jacrev(f, tuple(range(len(x))))(*x),
    "hessian": lambda f, x: jax.hessian(f)(*x),
    "jvp": lambda f, x, v: jax.jvp(f, tuple(x), (v,))[1],
    "vjp": lambda f, x, v: jax.vjp(f, *x)[1](v)[0],
    "laplacian": laplacian, "divergence": divergence, "fixed_point": fixed_point,
}  # fmt: skip
TABLE: list[Derivative] = []
