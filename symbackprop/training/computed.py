"""The compiled network as training asks for it: a step at some shapes, values by name; as it was kept, or compiled now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.c.library import NativeError
from symbackprop.backends.called import Called
from symbackprop.backends.code import Code
from symbackprop.backends.executed import Source
from symbackprop.backends.step import Step
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program

if TYPE_CHECKING:  # it is compiled where something was not kept
    from symbackprop.backends.function import Compiled

Arrays = Mapping[str, ndarray]


class Computed:
    """The loss of a network with its gradients, at the sizes of one layout.

    program   its declarations, by which values are called that were kept.
    derive    compiles it.
    loss      the name of the loss.
    dtype     "float32" or "float64", and `backend` what computes it.
    told      what was kept, as JSON tells it: steps and the sources of values; what is made now is written there. None: nothing is.
    """

    def __init__(
        self, program: Program, derive: Callable[[], Compiled], loss: str, dtype: str, backend: str, told: Any = None
    ) -> None:
        self.loss, self.dtype, self.backend = loss, dtype, backend
        self._program, self._derive, self._told = program, derive, told
        self._called: dict[tuple[str, ...], Called] = {}

    @cached_property
    def compiled(self) -> Compiled:
        """The network itself."""
        return self._derive()

    @cached_property
    def _alone(self) -> Compiled:
        """The loss alone."""
        from symbackprop.backends.function import Compiled
        from symbackprop.core.passes.simplify import without_dead

        program = replace(without_dead(self.compiled.program, {self.loss}), outputs=(self.loss,))
        return Compiled(program, self.loss, {}, (), self.dtype, refuse_nan=False)

    def bind(self, params: Arrays, data: Arrays, shared: Step | None = None, **how: Any) -> Step:
        """A step of the loss and its gradients, as `Compiled.bind` makes it."""
        how = {name: value for name, value in how.items() if value is not None}
        plain = self.backend != "jax" and "recompute" not in how
        return self._bound("step", lambda: self.compiled, params, data, shared, self.backend, how, plain)

    def bind_loss(self, params: Arrays, data: Arrays, shared: Step, by_numpy: bool) -> Step:
        """A step of the loss alone; `by_numpy`: of so few samples that it is not worth a compiler."""
        backend = "numpy" if by_numpy else self.backend
        return self._bound("loss", lambda: self._alone, params, data, shared, backend, {}, backend != "jax")

    def _bound(
        self, kind: str, compiled: Callable[[], Compiled], params: Arrays, data: Arrays, shared: Step | None, backend: str,
        how: Mapping[str, Any], plain: bool,
    ) -> Step:  # fmt: skip
        if self._told is None or not plain:
            return compiled().bind(params, data, backend=backend, shared=shared, **how)
        steps, shapes = self._told["steps"], [[name, *np.shape(array)] for name, array in sorted({**params, **data}.items())]
        key = f"{kind} {backend} {shapes}"
        if key in steps:
            with suppress(NativeError):  # the compiler that was there is gone, say
                step = Step((code := Code.of(steps[key])).layout, code, self.dtype, partial(_exact, compiled), shared)
                step.put({name: a for name, a in {**params, **data}.items() if name in {**step.parameters, **step.data}})
                return step
        step = compiled().bind(params, data, backend=backend, shared=shared, **how)
        if step.code is not None:
            steps[key] = step.code.told()
        return step

    def outputs(self, params: Arrays, data: Arrays, names: Iterable[str]) -> dict[str, ndarray]:
        """These values, as `Compiled.outputs` computes them."""
        asked = tuple(names)
        if self._told is None:
            return self.compiled.outputs(params, data, asked)
        sources = self._told["sources"]
        if asked not in self._called:
            key = " ".join(asked)
            if key not in sources:
                sources[key] = asdict(self.compiled.source_of(asked))
            text, name, arguments = sources[key].values()
            self._called[asked] = Called(Source(text, name, tuple(arguments)), self._program, self.dtype, refuse_nan=False)
        found = self._called[asked]({**params, **data})
        return {name: np.asarray(found[name]) for name in asked}


def _exact(compiled: Callable[[], Compiled], params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
    """The value and gradients by the network itself; NaN where it can no longer be read, as a file that was changed."""
    try:
        network = compiled()
    except SymbackpropError:
        return np.nan, {}
    return network._exact(params, data)
