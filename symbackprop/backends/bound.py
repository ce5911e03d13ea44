"""The step that a compiled network is bound to: by a plan, in NumPy or C, by JAX, or by loops that compute their steps again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

import numpy as np

from symbackprop.backends.arguments import CompileError
from symbackprop.backends.c.library import NativeError
from symbackprop.backends.dialect import JAX
from symbackprop.backends.executed import executed
from symbackprop.backends.jax.devices import Devices, Sharded
from symbackprop.backends.numpy.source import source
from symbackprop.backends.printed import code_of
from symbackprop.backends.recomputed import Recomputed
from symbackprop.backends.step import Exact, Step
from symbackprop.core.errors import shown
from symbackprop.core.loops.segments import SegmentError
from symbackprop.core.machine.garbage import without_collections
from symbackprop.core.program import Program
from symbackprop.plan.handed import layout_of
from symbackprop.plan.node import PlanError
from symbackprop.plan.schedule import plan


class Compiled(Protocol):
    """What is bound: its equations of any sizes, the name of its value, those of its gradients, its numbers."""

    program: Program
    value_name: str
    gradients: dict[str, str]
    dtype: str


@without_collections()
def planned(compiled: Compiled, program: Program, backend: str, shared: Step | None, exact: Exact) -> Step:
    """The step of a program at its sizes; `exact` computes what no plan can hold."""
    found = None
    sizes = {n for t in program.tensors.values() for n in t.shape}
    if not any(n.is_Integer and n <= 0 for n in sizes):  # what is empty has no plan
        with suppress(PlanError):
            found = plan(program, compiled.value_name, compiled.gradients)
    layout = found.layout if found else layout_of(program, compiled.gradients)
    if backend == "c" and found is None:
        raise NativeError('this network has no plan of fixed positions, which C is printed from; backend="numpy" computes it')
    if found and backend != "numpy":
        try:
            return Step(layout, code_of(found, compiled.dtype, "c"), compiled.dtype, exact, shared)
        except (NativeError, PlanError) as fault:
            if backend == "c":
                raise NativeError(str(fault)) from None
    return Step(layout, code_of(found, compiled.dtype) if found else None, compiled.dtype, exact, shared)


def divided(
    compiled: Compiled, program: Program, devices: int | None, samples: Mapping[str, int], shared: Step | None
) -> Step:  # fmt: skip
    """The step on so many devices of JAX, which divide the samples; `samples`: the axis of them in each input that has one."""
    text = source(compiled.program, compiled.value_name, compiled.gradients, "value_and_grad", JAX.of(compiled.dtype))
    exact = (
        shared.exact
        if shared
        else Sharded(executed(text.text, text.name), text.arguments, samples, Devices(devices, compiled.dtype))
    )
    return Step(layout_of(program, compiled.gradients), None, compiled.dtype, exact, shared)


def recomputed(compiled: Compiled, program: Program, steps: int, backend: str, shared: Step | None, exact: Exact) -> Step:
    """A step that keeps the values of so many steps of the loop."""
    if not isinstance(steps, int | np.integer) or isinstance(steps, bool) or steps < 1:
        raise CompileError(f"recompute={shown(steps)}: give a whole number of steps from 1 on")
    if backend == "jax":
        raise CompileError(f'recompute={steps}: JAX keeps what it wants to; give backend="numpy", "c" or "auto" as well')
    try:
        again = Recomputed(program, compiled.value_name, compiled.gradients, int(steps), compiled.dtype, backend, exact)
    except (SegmentError, PlanError) as fault:
        raise CompileError(f"recompute={steps}: {fault}") from None
    step = Step(layout_of(program, compiled.gradients), None, compiled.dtype, again, shared)
    step.bytes += again.bytes
    return step
