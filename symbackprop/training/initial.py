"""Where training begins: weights by their fan-in and the activation behind them, biases zero, gains one; or as a person says.

behind ReLU and its kin   normal, variance 2 / fan_in                          He et al. 2015, equation 10
otherwise                 uniform within sqrt(6 / (fan_in + fan_out))          Glorot and Bengio 2010, equation 16
added to a value          0
multiplied entry by entry 1
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import mend
from symbackprop.core.errors import shown
from symbackprop.core.program import Program
from symbackprop.evaluate.extents import shape_of
from symbackprop.evaluate.matrices import of_kind
from symbackprop.training.errors import TrainingError

Init = str | Mapping[str, str] | None


@dataclass(frozen=True)
class Role:
    """What a parameter is for: "weight", "bias", "gain" or "other", with the sizes that its scale depends on."""

    kind: str
    fan_in: int = 1
    fan_out: int = 1
    rectified: bool = False


def drawn(
    program: Program, roles: Mapping[str, Role], sizes: Mapping[str, int], seed: int = 0, dtype: str = "float64", init: Init = None
) -> dict[str, ndarray]:  # fmt: skip
    """A starting value for every parameter, by the table above.

    roles   what the parameters are for.
    sizes   the sizes by name.
    init    a name of INITIALISERS for all weights, or one for each of some parameters, whatever they are for.
    Returns an array of its shape for each parameter; the same seed gives the same arrays.
    """
    return {
        tensor.name: _draw(
            roles[tensor.name],
            shape_of(tensor, sizes),
            tensor.domain,
            np.random.default_rng([seed, k]),
            init.get(tensor.name) if isinstance(init, Mapping) else init,
            isinstance(init, Mapping),
        ).astype(dtype)
        for k, tensor in enumerate(program.parameters)
    }


def require_initialisers(init: Init, program: Program) -> None:
    """Raise TrainingError for a name that is no initialiser, or no parameter."""
    names = [t.name for t in program.parameters]
    if init is not None and not isinstance(init, str | Mapping):
        raise TrainingError(f"init={shown(init)}: give a name, such as init='he', or a dict: init={{{names[0]!r}: 'he'}}")
    for parameter in init if isinstance(init, Mapping) else ():
        if parameter not in names:
            raise TrainingError(f"init: {parameter} is no parameter of the network; {mend(str(parameter), names)}")
    for name in init.values() if isinstance(init, Mapping) else [init] if init else ():
        if name not in INITIALISERS:
            raise TrainingError(f"init={shown(name)}: {mend(str(name), INITIALISERS)}")


def _draw(
    role: Role, shape: tuple[int, ...], domain: str | None, rng: np.random.Generator, name: str | None = None, own: bool = False
) -> ndarray:
    """A starting value; `own` says that `name` is meant for this parameter, and not for weights alone."""
    if name and (own or role.kind in ("weight", "other")):
        return of_kind(domain, INITIALISERS[name](role, shape, rng))
    if domain in ("positive", "unit"):
        return np.full(shape, 1.0 if domain == "positive" else 0.5)
    if role.kind == "bias":
        return np.zeros(shape)
    if role.kind == "gain":
        return np.ones(shape)
    return of_kind(domain, (_he if role.rectified and domain is None else _xavier)(role, shape, rng))


def _he(role: Role, shape: tuple[int, ...], rng: np.random.Generator) -> ndarray:
    return rng.normal(0, np.sqrt(2 / role.fan_in), shape)


def _xavier(role: Role, shape: tuple[int, ...], rng: np.random.Generator) -> ndarray:
    bound = np.sqrt(6 / (role.fan_in + role.fan_out))
    return rng.uniform(-bound, bound, shape)


def _lecun(role: Role, shape: tuple[int, ...], rng: np.random.Generator) -> ndarray:
    return rng.normal(0, np.sqrt(1 / role.fan_in), shape)


def _orthogonal(role: Role, shape: tuple[int, ...], rng: np.random.Generator) -> ndarray:
    """Orthonormal rows, or columns where there are fewer of them; of more axes, the first against all others."""
    rows = shape[0] if shape else 1
    tall = rng.normal(size=(rows, prod(shape) // rows))
    q, r = np.linalg.qr(tall if tall.shape[0] >= tall.shape[1] else tall.T)
    q = q * np.where(np.diag(r) < 0, -1, 1)
    return (q if tall.shape[0] >= tall.shape[1] else q.T).reshape(shape)


INITIALISERS: dict[str, Callable[[Role, tuple[int, ...], np.random.Generator], ndarray]] = {
    "he": _he,  # variance 2 / fan_in: He et al. 2015, equation 10
    "xavier": _xavier,  # uniform within sqrt(6 / (fan_in + fan_out)): Glorot and Bengio 2010, equation 16
    "lecun": _lecun,  # variance 1 / fan_in: LeCun et al. 1998, section 4.6
    "normal": lambda role, shape, rng: rng.normal(0, 0.01, shape),  # Krizhevsky et al. 2012, section 5
    "zeros": lambda role, shape, rng: np.zeros(shape),
    "orthogonal": _orthogonal,  # Saxe et al. 2014
}
