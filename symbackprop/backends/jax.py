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
ROOM = 2  # data may take this part of a device's memory


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
        self.whole = _placed(self.mesh, None)
        self._run = require_jax().jit(function, out_shardings=self.whole)

    def __call__(self, params: Mapping[str, ndarray], data: Mapping[str, ndarray]) -> Any:
        """The results as NumPy arrays."""
        given = {**params, **data}
        with wide(self.dtype):
            return _as_numpy(self._run(*[self._put(name, given[name]) for name in self.arguments]))

    def resident(self, arrays: Mapping[str, ndarray], axes: Mapping[str, int]) -> Resident | None:
        """The function of samples of these arrays, which are put on the devices now and stay there; None where they have no room.

        axes   for each array that differs from sample to sample the axis of its samples.
        """
        told = self.mesh.local_devices[0].memory_stats() or {}  # the limit is one of the kind: all processes decide alike
        room = told.get("bytes_limit", np.inf) / ROOM
        return Resident(self, arrays, axes) if sum(array.nbytes for array in arrays.values()) <= room else None

    def put(self, array: ndarray) -> Any:
        """The array on every device whole."""
        return require_jax().make_array_from_callback(array.shape, self.whole, lambda index: array[index])

    def _put(self, name: str, array: ndarray) -> Any:
        """The array on the devices: a part of the samples on each, where they can be divided evenly."""
        axis = self.axes.get(name)
        divided = axis is not None and array.shape[axis] % self.mesh.size == 0
        sharding = _placed(self.mesh, axis) if divided else self.whole
        return require_jax().make_array_from_callback(array.shape, sharding, lambda index: array[index])


class Resident:
    """The value and gradients on samples that are chosen among arrays which lie on the devices."""

    def __init__(self, sharded: Sharded, arrays: Mapping[str, ndarray], axes: Mapping[str, int]) -> None:
        jax = require_jax()
        names = [name for name in sharded.arguments if name in arrays]
        self.sharded = sharded

        def chosen(params: Mapping[str, Any], arrays: Mapping[str, Any], index: Any) -> Any:
            given = dict(params)
            for name in names:
                given[name] = jax.numpy.take(arrays[name], index, axes[name], mode="clip") if name in axes else arrays[name]
                if name in sharded.axes and index.shape[0] % sharded.mesh.size == 0:
                    divided = _placed(sharded.mesh, sharded.axes[name])
                    given[name] = jax.lax.with_sharding_constraint(given[name], divided)
            return sharded.function(*[given[name] for name in sharded.arguments])

        self._run = jax.jit(chosen, out_shardings=sharded.whole)
        with wide(sharded.dtype):
            self._arrays = {name: sharded.put(arrays[name]) for name in names}

    def __call__(self, params: Mapping[str, ndarray], index: ndarray | int) -> Any:
        """The results as NumPy arrays; `index` are the places of the samples, or that of one."""
        put = self.sharded.put
        with wide(self.sharded.dtype):
            given = {name: put(params[name]) for name in self.sharded.arguments if name in params}
            return _as_numpy(self._run(given, self._arrays, put(np.asarray(index, np.int32))))


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
