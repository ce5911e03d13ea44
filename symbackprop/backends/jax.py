"""A generated function run by JAX: compiled by XLA, on one device, or on several with the samples divided among them.

NumPy arrays go in and come out. JAX is an extra, and is imported when a function is first run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from symbackprop.core.errors import SymbackpropError

if TYPE_CHECKING:
    from jax.sharding import Mesh, NamedSharding

Function = Callable[..., Any]


class DeviceError(SymbackpropError):
    """What JAX cannot run as asked: it is not installed, or there are not so many devices; the message says the mend."""


class Sharded:
    """A function whose samples are divided among devices: each computes its part, and XLA adds up what belongs together.

    function   of arrays, by JAX.
    arguments  the names of its arguments, in order.
    axes       for each argument that differs from sample to sample, the axis of its samples; the others are on every device whole.
    devices    how many, out of those of all processes; None: the first alone, or all where there are several processes.
    dtype      "float64" or "float32".

    Of several processes (`jax.distributed`) each gives the same arrays, and each receives the whole results.
    """

    def __init__(
        self, function: Function, arguments: Sequence[str], axes: Mapping[str, int], devices: int | None, dtype: str
    ) -> None:
        self.function, self.arguments, self.axes, self.dtype = function, tuple(arguments), dict(axes), dtype
        self.mesh = _mesh(devices)
        self._whole = _placed(self.mesh, None)
        self._run = require_jax().jit(function, out_shardings=self._whole)

    def __call__(self, params: Mapping[str, ndarray], data: Mapping[str, ndarray]) -> Any:
        """The results as NumPy arrays."""
        given = {**params, **data}
        with wide(self.dtype):
            return _as_numpy(self._run(*[self._put(name, given[name]) for name in self.arguments]))

    def _put(self, name: str, array: ndarray) -> Any:
        """The array on the devices: a part of the samples on each, where they can be divided evenly."""
        axis = self.axes.get(name)
        divided = axis is not None and array.shape[axis] % self.mesh.size == 0
        sharding = _placed(self.mesh, axis) if divided else self._whole
        return require_jax().make_array_from_callback(array.shape, sharding, lambda index: array[index])


def on_one_device(function: Function, dtype: str) -> Function:
    """The function, compiled by XLA, of NumPy arrays."""
    compiled = require_jax().jit(function)

    def run(*arrays: ndarray) -> Any:
        with wide(dtype):
            return _as_numpy(compiled(*arrays))

    return run


def wide(dtype: str) -> AbstractContextManager[Any]:
    """Within `with`, JAX has float64 where that is asked for: it has float32 alone where nobody does."""
    return require_jax().enable_x64(True) if dtype == "float64" else nullcontext()


def is_first_process() -> bool:
    """Whether this is the process, of several, that writes files and tells how far things are."""
    return require_jax().process_index() == 0


def _as_numpy(result: Any) -> Any:
    """The result with arrays that are a caller's own."""
    return require_jax().tree.map(np.array, result)


def _mesh(devices: int | None) -> Mesh:
    found, alone = require_jax().devices(), require_jax().process_count() == 1
    if not alone and devices not in (None, len(found)):
        raise DeviceError(f"devices={devices}: of several processes every device takes part, {len(found)} here; give that, or none")
    count = devices or (1 if alone else len(found))
    if count > len(found):
        kind = found[0].platform
        raise DeviceError(
            f"devices={devices}, and JAX finds {len(found)} ({kind}): give devices={len(found)}, or start more processes; "
            f"XLA_FLAGS=--xla_force_host_platform_device_count={devices} divides one processor"
        )
    automatic = (require_jax().sharding.AxisType.Auto,)  # XLA decides how a value in between is divided
    return require_jax().make_mesh((count,), ("samples",), devices=found[:count], axis_types=automatic)


def _placed(mesh: Mesh, axis: int | None) -> NamedSharding:
    """Along which axis an array is divided."""
    sharding = require_jax().sharding
    return sharding.NamedSharding(mesh, sharding.PartitionSpec(*([None] * axis + ["samples"] if axis is not None else [])))


@cache
def require_jax() -> Any:
    """The module. Raises DeviceError where it is not installed."""
    try:
        import jax
    except ImportError:
        raise DeviceError("backend='jax' needs JAX: pip install 'symbackprop[jax]'") from None
    return jax
