"""A plan as a NumPy step: its statements as straight lines over memory that is allocated once."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, assert_never
from weakref import WeakSet

import numpy as np
from numpy import ndarray

from symbackprop.backends.arguments import ArgumentError
from symbackprop.backends.c_library import native
from symbackprop.backends.executed import executed
from symbackprop.backends.numpy_chosen import BITS, LEAST, choose
from symbackprop.backends.numpy_windows import bound_window
from symbackprop.core.functions import MATRIX_HELPERS, matrix_function
from symbackprop.core.network import listed
from symbackprop.plan.entries import FUNCTIONS
from symbackprop.plan.memory import GRADIENTS, PARAMETERS, Flat, Layout
from symbackprop.plan.node import PlanError
from symbackprop.plan.pieces import in_pieces
from symbackprop.plan.schedule import Plan
from symbackprop.plan.statements import (
    AddAt,
    Apply,
    Combine,
    Compute,
    Copy,
    Factor,
    Inner,
    Look,
    Loop,
    Operand,
    Product,
    Reduced,
    Scalar,
    Statement,
    Window,
    WindowProduct,
    every,
)  # fmt: skip
from symbackprop.plan.tiles import in_tiles

UFUNCS = sorted({row.numpy for row in FUNCTIONS.values()} | {"add", "subtract", "multiply", "negative", "square"})
WORDS: dict[str, Any] = (
    {name: getattr(np, name) for name in (*UFUNCS, "dot", "matmul", "copyto", "take")}
    | {f"{name}_reduce": getattr(np, name).reduce for name in ("add", "multiply", "maximum", "minimum")}
    | {"add_at": np.add.at, "choose": choose, "np": np, "math": math}
    | {name: executed("\n\n\n".join(MATRIX_HELPERS.values()), name, {"np": np}) for name in MATRIX_HELPERS}
)
Exact = Callable[[Mapping[str, ndarray], Mapping[str, ndarray]], tuple[Any, Mapping[str, ndarray]]]
STEPS: WeakSet[Step] = WeakSet()  # all that there are
BUSY = "this step runs in another thread, and both would write into its memory: bind one for each"
ALIGNED = 64  # bytes: where buffers begin, so that vector instructions need no other path


class Printed:
    """The source of a step, and what its names stand for: windows and numbers, each bound once.

    A window that moves with loops is bound as rows, one for each turn of the outermost, of rows for the next.
    """

    def __init__(self, plan: Plan) -> None:
        self.windows: dict[Window, str] = {}
        self.numbers: dict[float, str] = {}
        self.works: dict[tuple[int, ...], str] = {}  # memory that no statement leaves anything in, by its shape
        self.counts: dict[int, int] = {}  # of turns, by the numbers of loops
        self.lines = [*self._lines(plan.statements), f"return {self._text(plan.value)}"]

    def source(self, names: Mapping[str, Any]) -> str:
        """The function, with its names bound as arguments."""
        bound = ", ".join(f"{name}={name}" for name in names)
        return f"def step({bound}):\n" + "".join(f"    {line}\n" for line in self.lines)

    def _lines(self, statements: Sequence[Statement]) -> list[str]:
        return [line for s in statements for line in (self._loop(s) if isinstance(s, Loop) else [self._line(s)])]

    def _loop(self, loop: Loop) -> list[str]:
        """A `for` over the rows of all windows that move with the loop."""
        self.counts[loop.number] = loop.count
        body = self._lines(loop.body)
        moving = {name: w for w, name in self.windows.items() if any(m.loop == loop.number for m in w.moves)}
        into = {name: _rows(name, w, loop.number, inner=True) for name, w in moving.items()}
        rows = [_rows(name, w, loop.number) for name, w in moving.items()]
        match list(into.values()):
            case []:
                head = f"for _ in range({loop.count}):"
            case [one]:
                head = f"for {one} in {rows[0]}:"
            case several:
                head = f"for {', '.join(several)} in zip({', '.join(rows)}):"
        return [head, *(f"    {line}" for line in body or ["pass"])]

    def _name(self, operand: Operand) -> str:
        """An array, or a number that arrays meet."""
        match operand:
            case Window():
                return self.windows.setdefault(operand, f"v{len(self.windows)}")
            case Scalar(name):
                return name
            case _:
                return self.numbers.setdefault(operand, f"c{len(self.numbers)}")

    def _work(self, shape: tuple[int, ...]) -> str:
        return self.works.setdefault(shape, f"w{len(self.works)}")

    def _text(self, operand: Operand) -> str:
        """A number among Python numbers."""
        match operand:
            case Window():
                return f"{self._name(operand)}.item()"
            case Scalar(name):
                return name
            case _:
                return number(operand)

    def _line(self, s: Statement) -> str:
        name, text = self._name, self._text
        match s:
            case Apply("where"):
                return f"copyto({name(s.out)}, where({', '.join(map(name, s.operands))}))"
            case Apply():
                out = f"out={name(s.out)}" if s.function in ("maximum", "minimum") else name(s.out)
                return f"{s.function}({', '.join(map(name, s.operands))}, {out})"
            case Compute():
                row = FUNCTIONS["select" if s.function == "where" else s.function]
                inner = [text(o) if isinstance(o, Window | Scalar) else f"({text(o)})" for o in s.operands]
                return f"{s.target.name} = {row.python.format(*inner)}"
            case Combine():
                return f"{s.target.name} = {self._combined(s)}"
            case Product():
                return f"{'dot' if s.whole else 'matmul'}({name(s.a)}, {name(s.b)}, {name(s.out)})"
            case Inner():
                return f"{s.target.name} = float(dot({name(s.a)}, {name(s.b)}))"
            case Reduced():
                axes = s.axes if len(s.axes) != 1 else s.axes[0]
                if isinstance(s.out, Scalar):
                    return f"{s.out.name} = float({s.function}_reduce({name(s.a)}, {axes}))"
                return f"{s.function}_reduce({name(s.a)}, {axes}, None, {name(s.out)})"
            case Copy():
                if not isinstance(s.a, Window) and s.where is None:
                    return f"{name(s.out)}.fill({text(s.a)})"
                if s.where is not None and (shape := tuple(n for n, _ in s.out.dims)) and math.prod(shape) >= LEAST:
                    return f"choose({name(s.out)}, {name(s.a)}, {name(s.where)}, {self._work(shape)})"
                where = f", where={name(s.where)}" if s.where else ""
                return f"copyto({name(s.out)}, {name(s.a)}, 'unsafe'{where})"
            case Look():
                return f"take({name(s.a)}, {name(s.index)}, 0, {name(s.out)}, 'clip')"
            case AddAt():
                return f"add_at({name(s.out)}, {name(s.index)}, {name(s.a)})"
            case Loop() | WindowProduct():
                raise PlanError("a loop and a product of windows are several lines")
            case Factor():
                value = matrix_function(s.kind).called(name(s.a), *map(name, s.along))
                return f"{s.out.name} = float({value})" if isinstance(s.out, Scalar) else f"copyto({name(s.out)}, {value})"
            case _:
                assert_never(s)

    def _combined(self, s: Combine) -> str:
        names = [self._text(o) for o in s.operands]
        if not s.scales:
            return " * ".join([*names, *([number(s.plus)] if s.plus != 1 else [])])
        text = " ".join(
            f"{'-' if scale < 0 else '+'} {name}" if abs(scale) == 1 else f"+ {number(scale)} * {name}"
            for scale, name in zip(s.scales, names, strict=True)
        )
        return f"{number(s.plus)} {text}" if s.plus else text.removeprefix("+ ")


class Step:
    """One evaluation of a loss and its gradients at fixed sizes, which reads and writes its own memory.

    parameters, data   an array for each input: write into it.
    gradients          an array for each name, written by a call.
    flat, flat_gradient   all parameters, and all gradients, one after the other; the arrays of the names are views of them.
    source             of the function that is run; "" where the network has no plan, and `exact` is called.
    native             the function of C, where C computes it.
    layout             where each array stands in `flat` and in `flat_gradient`.
    quiet              whether NumPy need not be kept from warning: nothing does, or the caller has seen to it.
    exact              the function of dicts of both, whose results stand for those of a plan.
    again              binds it once more: a copy, which may go to another process, has memory of its own.

    Memory is not shared between threads: bind a step for each. One that runs in another refuses; in a process that was forked it
    is idle.
    """

    again: Callable[[Mapping[str, ndarray], Mapping[str, ndarray]], Step] | None = None

    def __init__(
        self, layout: Layout, plan: Plan | None, dtype: str, exact: Exact, shared: Step | None = None, backend: str = "numpy"
    ) -> None:
        kinds = {"real": np.dtype(dtype), "boolean": np.dtype(bool), "integer": np.dtype(np.int64)}
        self.flat = shared.flat if shared else _aligned(layout.parameters.length, kinds["real"])
        self.flat_gradient = shared.flat_gradient if shared else _aligned(layout.gradients.length, kinds["real"])
        self.parameters = _views(self.flat, layout.parameters)
        self.gradients = _views(self.flat_gradient, layout.gradients)
        own = {name: _aligned(max(1, flat.length), kinds[layout.kind(name)]) for name, flat in layout.held.items()}
        held = {name: array for buffer, flat in layout.held.items() for name, array in _views(own[buffer], flat).items()}
        self.data = {name: held[name] for name in layout.data}
        self.exact, self.layout = exact, layout
        memory = {PARAMETERS: self.flat, GRADIENTS: self.flat_gradient, **own}
        self.source, self._run, self.native = "", None, None
        self.quiet = backend == "c" or (
            plan is not None and all(isinstance(s, Compute | Combine | Copy) for s in every(plan.statements))
        )
        if plan and backend == "c":
            self.source, self.native = native(plan, dtype, memory)
            self._run = self.native
        elif plan:
            self.source, self._run = _planned(plan, memory, kinds)
        self.bytes = sum(array.nbytes for array in memory.values())
        self._idle = Lock()
        STEPS.add(self)

    def __call__(self) -> float:
        """The value of the loss; `gradients` then holds the gradients."""
        idle = self._idle  # a process that is forked in the midst has another
        if not idle.acquire(False):
            raise ArgumentError(BUSY)
        try:
            if self._run is not None:
                try:
                    if self.quiet:
                        return self._run()
                    with np.errstate(all="ignore"):  # a branch that is not taken may overflow
                        return self._run()
                except (ArithmeticError, ValueError):
                    pass  # Python's numbers raise where NumPy's are infinite or NaN
            return self.written(*self.exact(self.parameters, self.data))
        finally:
            idle.release()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While its function is called by another way than by a call of the step."""
        idle = self._idle
        if not idle.acquire(False):
            raise ArgumentError(BUSY)
        try:
            yield
        finally:
            idle.release()

    def __reduce__(self) -> tuple[Any, ...]:
        if self.again is None:
            raise TypeError("a part of a step is not copied: copy the step that `bind` returned")
        return _bound_again, (self.again, self.parameters, self.data, self.flat_gradient)

    def __repr__(self) -> str:
        by = "C" if self.native else "NumPy"
        return f"<Step of {listed(self.parameters)} and {listed(self.data) or 'no data'} by {by}: {self.bytes:,} bytes>"

    def written(self, value: Any, gradients: Mapping[str, ndarray]) -> float:
        """The value, with the gradients in their places."""
        for name, array in gradients.items():
            self.gradients[name][...] = array
        return float(value)

    def like(self, arrays: Mapping[str, ndarray]) -> ndarray:
        """Arrays of the shapes of the parameters, one after the other as `flat` holds them; 0 where none is given."""
        flat = np.zeros_like(self.flat)
        for name, array in self.parts(flat).items():
            array[...] = arrays.get(name, 0)
        return flat

    def parts(self, flat: ndarray) -> dict[str, ndarray]:
        """The parts of an array as `like` makes one, by the names of the parameters: they share its memory."""
        return _views(flat, self.layout.parameters)

    def put(self, arrays: Mapping[str, ndarray]) -> None:
        """Write arrays into the step's own, where they are others."""
        for name, array in arrays.items():
            own = self.parameters[name] if name in self.parameters else self.data[name]
            if own is not array:
                own[...] = array


def _all_idle() -> None:
    """In a process that was forked, no thread goes on with a step that one of the other process was in."""
    for step in STEPS:
        step._idle = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_all_idle)


def _bound_again(
    again: Callable[[Mapping[str, ndarray], Mapping[str, ndarray]], Step],
    parameters: Mapping[str, ndarray],
    data: Mapping[str, ndarray],
    gradient: ndarray,
) -> Step:
    step = again(parameters, data)
    step.flat_gradient[...] = gradient
    return step


def number(value: float) -> str:
    """A number among Python numbers."""
    return repr(value) if math.isfinite(value) else f"float({str(value)!r})"


def _rows(name: str, window: Window, loop: int, inner: bool = False) -> str:
    """The name of a window's rows for the turns of a loop, or of one of them; the window's own is that of the last ones."""
    loops = list(dict.fromkeys(m.loop for m in window.moves))
    k = loops.index(loop) + inner
    return name if k == len(loops) else f"{name}_rows{k or ''}"


def _planned(plan: Plan, memory: dict[str, ndarray], kinds: Mapping[str, np.dtype]) -> tuple[str, Callable[[], float]]:
    """The source of a plan's function, and the function; the plan's buffers are added to the memory."""
    plan = in_tiles(in_pieces(plan))
    memory |= {name: _aligned(b.length, kinds[b.kind]) for name, b in plan.buffers.items() if name not in memory}
    memory |= {name: array.astype(kinds["real"]) if array.dtype.kind == "f" else array for name, array in plan.fixed.items()}
    printed = Printed(plan)
    bound: dict[str, Any] = {}
    for window, name in printed.windows.items():
        bound[f"{name}_rows" if window.moves else name] = bound_window(memory[window.buffer], window, printed.counts)
    bound |= {name: np.asarray(number, kinds["real"]) for number, name in printed.numbers.items()}
    work = _aligned(max(map(math.prod, printed.works), default=0), np.dtype(BITS[kinds["real"].name]))
    memory |= {"work": work} if len(work) else {}
    bound |= {name: work[: math.prod(shape)].reshape(shape) for shape, name in printed.works.items()}
    words = set(re.findall(r"\w+", "\n".join(printed.lines)))
    bound |= {name: value for name, value in WORDS.items() if name in words}
    source = printed.source(bound)
    return source, executed(source, "step", bound)


def _aligned(length: int, dtype: np.dtype) -> ndarray:
    raw = np.zeros(length + ALIGNED // dtype.itemsize, dtype)
    skip = (-raw.ctypes.data % ALIGNED) // dtype.itemsize
    return raw[skip : skip + length]


def _views(flat: ndarray, layout: Flat) -> dict[str, ndarray]:
    return {name: flat[at : at + math.prod(shape)].reshape(shape) for name, (at, shape) in layout.places.items()}
