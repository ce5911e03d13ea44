"""Functions of all parameters one after the other, for JAX: one vector crosses to a device, and one is moved by an optimiser."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from symbackprop.backends.bound import Compiled
from symbackprop.backends.dialect import JAX
from symbackprop.backends.executed import executed
from symbackprop.backends.jax.devices import require_jax
from symbackprop.backends.numpy.source import source
from symbackprop.plan.handed import Flat, Layout

Function = Callable[[Any, Mapping[str, Any]], Any]


def value_and_gradient(compiled: Compiled, layout: Layout) -> Function:
    """(flat, data) -> the value, and all gradients one after the other: `layout` says where each array stands."""
    run = _of_names(compiled, layout, "value_and_grad", compiled.value_name, compiled.gradients)

    def over_flat(flat: Any, data: Mapping[str, Any]) -> tuple[Any, Any]:
        value, gradients = run(flat, data)
        return value, _together(gradients, layout.gradients, flat.dtype)

    return over_flat


def values(compiled: Compiled, layout: Layout, names: Iterable[str]) -> Function:
    """(flat, data) -> the values of these names."""
    return _of_names(compiled, layout, "outputs", None, {name: name for name in names})


def _of_names(compiled: Compiled, layout: Layout, name: str, value: str | None, outputs: Mapping[str, str]) -> Function:
    text = source(compiled.program, value, outputs, name, JAX.of(compiled.dtype))
    function = executed(text.text, text.name)

    def over_flat(flat: Any, data: Mapping[str, Any]) -> Any:
        given = {**_apart(flat, layout.parameters), **data}
        return function(*[given[name] for name in text.arguments])

    return over_flat


def _apart(flat: Any, places: Flat) -> dict[str, Any]:
    return {name: flat[at : at + math.prod(shape)].reshape(shape) for name, (at, shape) in places.places.items()}


def _together(arrays: Mapping[str, Any], places: Flat, dtype: Any) -> Any:
    jnp, parts, end = require_jax().numpy, [], 0
    for name, (at, shape) in places.places.items():
        parts += [jnp.zeros(at - end, dtype), jnp.asarray(arrays[name], dtype).reshape(-1)]
        end = at + math.prod(shape)
    return jnp.concatenate([*parts, jnp.zeros(places.length - end, dtype)])
