"""Rules that a person gave, custom_jvp and custom_vjp: passed over where they are the derivatives of what is computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.jax.walk import CALLS, is_of_jax, place

ALIKE, TRIES, SCALES = 1e-6, 2, (1.0, 1e3)  # of slopes in float64; points; of what comes from above
RULED = {"custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"}
MEND = "Write a value y that is to have the slope of f as f + lax.stop_gradient(y - f); clip gradients after they are derived."


def require_derivatives(jax: Any, jaxpr: Any) -> None:
    """Raise NotationError where a rule that a person gave is another than the derivative of what its function computes."""
    rng = np.random.default_rng(0)
    for eqn in ruled(jaxpr):
        if not all(_is_derivative(jax, eqn, rng, scale) for _ in range(TRIES) for scale in SCALES):
            raise NotationError(
                f"{eqn.primitive.name}: its rule is another than the derivative of what it computes.", MEND, place(eqn)
            )


def _inner(eqn: Any) -> Any:
    found: Any = next((eqn.params[key] for key in CALLS if eqn.params.get(key) is not None), None)
    return (found.jaxpr, found.consts) if hasattr(found, "consts") else (found, ())


def ruled(jaxpr: Any) -> Iterator[Any]:
    """The calls with a person's rules, those within loops and branches among them."""
    for eqn in jaxpr.eqns:
        inner = _inner(eqn)[0] if eqn.primitive.name in RULED else None
        if inner is not None and not is_of_jax(inner):
            yield eqn
        for value in eqn.params.values():
            for one in value if isinstance(value, tuple | list) else (value,):
                held = getattr(one, "jaxpr", one)
                if hasattr(held, "eqns"):
                    yield from ruled(held)


def _is_derivative(jax: Any, eqn: Any, rng: np.random.Generator, scale: float) -> bool:
    """Whether both slopes agree at a random point, against random weights from above."""
    jaxpr, constants = _inner(eqn)
    real = [k for k, v in enumerate(eqn.invars) if v.aval.dtype.kind == "f"]
    point = [_drawn(v.aval, rng) for v in eqn.invars]
    variables = [jax.core.Var(v.aval) if hasattr(v, "val") else v for v in eqn.invars]
    alone = jaxpr.replace(eqns=[eqn.replace(invars=variables)], invars=variables, outvars=eqn.outvars, constvars=[])

    def slopes(body: Any, constants: Any) -> Any:
        def function(*reals: Any) -> Any:
            given = list(point)
            for k, x in zip(real, reals, strict=True):
                given[k] = x
            return [y for y in jax.core.eval_jaxpr(body, constants, *given) if y.dtype.kind == "f"]

        values, back = jax.vjp(function, *(point[k] for k in real))
        return back([scale * weight.astype(y.dtype) for weight, y in zip(weights, values, strict=True)])

    weights = [jax.numpy.asarray(_drawn(v.aval, rng)) for v in eqn.outvars if v.aval.dtype.kind == "f"]
    try:
        own, ruled = slopes(jaxpr, constants), slopes(alone, ())
    except Exception:  # what JAX cannot differentiate without the rule
        return True
    return all(np.allclose(a, b, rtol=ALIKE, atol=ALIKE * scale, equal_nan=True) for a, b in zip(own, ruled, strict=True))


def _drawn(aval: Any, rng: np.random.Generator) -> Any:
    return rng.standard_normal(aval.shape).astype(aval.dtype) if aval.dtype.kind == "f" else np.zeros(aval.shape, aval.dtype)
