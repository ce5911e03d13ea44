"""A plan printed as NumPy calls: its statements as straight lines over memory that is allocated once."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import assert_never

from symbackprop.backends.code import Code
from symbackprop.backends.numpy.chosen import LEAST
from symbackprop.core.functions import MATRIX_HELPERS, matrix_function
from symbackprop.plan.entries import FUNCTIONS
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
from symbackprop.plan.turning import turned_once

UFUNCS = sorted({row.numpy for row in FUNCTIONS.values()} | {"add", "subtract", "multiply", "negative", "square"})
WORDS = {*UFUNCS, *MATRIX_HELPERS, "dot", "matmul", "copyto", "take", "add_at", "choose", "np", "math"} | {
    f"{name}_reduce" for name in ("add", "multiply", "maximum", "minimum")
}
LONGEST = 1 << 16  # entries of an array of one number


def for_numpy(plan: Plan) -> Plan:
    """The plan as its statements are printed."""
    return in_tiles(in_pieces(turned_once(plan)))


def step(plan: Plan) -> Code:
    """The calls of a plan, and what they are bound to."""
    quiet = all(isinstance(s, Compute | Combine | Copy) for s in every(plan.statements))
    plan = for_numpy(plan)
    printed = Printed(plan)
    words = sorted(set(re.findall(r"\w+", "\n".join(printed.lines))) & WORDS)
    return Code(
        plan.layout, "numpy", printed.source(words), quiet, {name: (b.length, b.kind) for name, b in plan.buffers.items()},
        plan.fixed, {name: w for w, name in printed.windows.items()}, printed.counts,
        {name: number for number, name in printed.numbers.items()}, {name: shape for shape, name in printed.works.items()},
        words, "\n\n\n".join(MATRIX_HELPERS.values()) if MATRIX_HELPERS.keys() & set(words) else "",
    )  # fmt: skip


class Printed:
    """The source of a step, and what its names stand for: windows and numbers, each bound once.

    A window that moves with loops is bound as rows, one for each turn of the outermost, of rows for the next.
    """

    def __init__(self, plan: Plan) -> None:
        self.windows: dict[Window, str] = {}
        self.numbers: dict[tuple[float, tuple[int, ...]], str] = {}  # and the shape of an array of each
        self.works: dict[tuple[int, ...], str] = {}  # memory that no statement leaves anything in, by its shape
        self.counts: dict[int, int] = {}  # of turns, by the numbers of loops
        self.lines = [*self._lines(plan.statements), f"return {self._text(plan.value)}"]

    def source(self, words: Sequence[str]) -> str:
        """The function, with its names bound as arguments."""
        windows = [f"{name}_rows" if w.moves else name for w, name in self.windows.items()]
        bound = ", ".join(f"{name}={name}" for name in (*windows, *self.numbers.values(), *self.works.values(), *words))
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

    def _name(self, operand: Operand, shape: tuple[int, ...] = ()) -> str:
        """An array, or a number that arrays meet."""
        match operand:
            case Window():
                return self.windows.setdefault(operand, f"v{len(self.windows)}")
            case Scalar(name):
                return name
            case _:
                return self.numbers.setdefault((operand, shape), f"c{len(self.numbers)}")

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
            case Apply("maximum" | "minimum"):  # no vector instructions are there for those of an array and a number
                ((n, step), *rest) = s.out.dims
                shape = (n,) if not rest and step == 1 and n <= LONGEST else ()
                return f"{s.function}({', '.join(name(o, shape) for o in s.operands)}, out={name(s.out)})"
            case Apply():
                return f"{s.function}({', '.join(map(name, s.operands))}, {name(s.out)})"
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


def number(value: float) -> str:
    """A number among Python numbers."""
    return repr(value) if math.isfinite(value) else f"float({str(value)!r})"


def _rows(name: str, window: Window, loop: int, inner: bool = False) -> str:
    """The name of a window's rows for the turns of a loop, or of one of them; the window's own is that of the last ones."""
    loops = list(dict.fromkeys(m.loop for m in window.moves))
    k = loops.index(loop) + inner
    return name if k == len(loops) else f"{name}_rows{k or ''}"
