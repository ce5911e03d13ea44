"""A generated function run by JAX: compiled by XLA, on one device, or on several with the samples divided among them.

NumPy arrays go in and come out. JAX is an extra, and is imported when a function is first run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
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


class Devices:
    """The devices of JAX that divide samples among them.

    count   how many, out of those of all processes; None: the first alone, or all where there are several processes.
    dtype   "float64" or "float32", of what is computed there.
    """

    def __init__(self, count: int | None, dtype: str) -> None:
        self.dtype, self.mesh = dtype, _mesh(count)
        self._whole = _placed(self.mesh, None)

    def compiled(self, function: Function) -> Function:
        """The function of arrays on the devices, compiled by XLA; its results are on every device whole."""
        run = require_jax().jit(function, out_shardings=self._whole)

        def called(*arrays: Any) -> Any:
            with exactly(self.dtype):
                return run(*arrays)

        return called

    def put(self, array: ndarray, axis: int | None = None) -> Any:
        """The array on the devices: a part of the samples on each, where there is an axis that is divided evenly; else whole."""
        sharding = _placed(self.mesh, axis) if self._divides(array, axis) else self._whole
        with exactly(self.dtype):
            return require_jax().make_array_from_callback(array.shape, sharding, lambda index: array[index])

    def divided(self, array: Any, axis: int | None) -> Any:
        """Within a compiled function: the array, of whose samples each device has a part, where they are divided evenly."""
        if not self._divides(array, axis):
            return array
        return require_jax().lax.with_sharding_constraint(array, _placed(self.mesh, axis))

    @property
    def room(self) -> float:
        """How many bytes of data may stay there."""
        told = self.mesh.local_devices[0].memory_stats() or {}  # the limit is one of the kind: all processes decide alike
        return told.get("bytes_limit", np.inf) / ROOM

    def _divides(self, array: Any, axis: int | None) -> bool:
        return axis is not None and array.shape[axis] % self.mesh.size == 0


class Sharded:
    """A function whose samples are divided among devices: each computes its part, and XLA adds up what belongs together.

    function   of arrays, by JAX.
    arguments  the names of its arguments, in order.
    axes       for each argument that differs from sample to sample, the axis of its samples; the others are on every device whole.
    devices    those that compute it.

    Of several processes (`jax.distributed`) each gives the same arrays, and each receives the whole results.
    """

    def __init__(self, function: Function, arguments: Sequence[str], axes: Mapping[str, int], devices: Devices) -> None:
        self.arguments, self.axes, self.devices = tuple(arguments), dict(axes), devices
        self._run = devices.compiled(function)

    def __call__(self, params: Mapping[str, ndarray], data: Mapping[str, ndarray]) -> Any:
        """The results as NumPy arrays, which nobody may write to."""
        given = {**params, **data}
        placed = [self.devices.put(given[name], self.axes.get(name)) for name in self.arguments]
        return require_jax().device_get(self._run(*placed))


def on_one_device(function: Function, dtype: str) -> Function:
    """The function, compiled by XLA, of NumPy arrays."""
    compiled = require_jax().jit(function)

    def run(*arrays: ndarray) -> Any:
        with exactly(dtype):
            return _as_numpy(compiled(*arrays))

    return run


@contextmanager
def exactly(dtype: str) -> Iterator[None]:
    """Within `with`, JAX computes in this type, as NumPy does.

    Left alone it has float32 at most, and on a GPU multiplies numbers of 10 binary digits (TF32): gradients are then off by a
    thousandth. What a person has set as `jax_default_matmul_precision` stays.
    """
    jax = require_jax()
    with ExitStack() as stack:
        if dtype == "float64":
            stack.enter_context(jax.enable_x64(True))
        if jax.config.jax_default_matmul_precision is None:
            stack.enter_context(jax.default_matmul_precision("highest"))
        yield


def is_first_process() -> bool:
    """Whether this is the process, of several, that writes files and tells how far things are."""
    return require_jax().process_index() == 0


def _as_numpy(result: Any) -> Any:
    """The result with arrays that are a caller's own."""
    return require_jax().tree.map(np.array, require_jax().device_get(result))


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
