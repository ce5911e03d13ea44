"""A program run at numbers, and its gradients by reverse accumulation: a witness that shares no rule with `chain_rule`.

Every equation is code of the array operations of `primitives`, written once for its letters and sizes. A tensor may have one axis
more, along which several points lie; differences use it. A loop runs step by step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy import ndarray

from symbackprop.core.functions import stop_gradient
from symbackprop.core.loops import For, Item, schedule
from symbackprop.core.loops.turns import Turn, as_sum
from symbackprop.core.program import Carry, Equation, Program, Sum, letter_sizes
from symbackprop.evaluate.bodies.code import Code
from symbackprop.evaluate.bodies.equations import code_of
from symbackprop.evaluate.bodies.scope import MANY
from symbackprop.evaluate.branches import Branches, Held
from symbackprop.evaluate.computed import computed
from symbackprop.evaluate.extents import extent, shape_of
from symbackprop.evaluate.faults import fault
from symbackprop.evaluate.points import Jitter, PointError
from symbackprop.evaluate.rules import primitives as pr
from symbackprop.evaluate.rules.primitives import Tape, Value
from symbackprop.evaluate.same import Same
from symbackprop.evaluate.sizes import sizes_of
from symbackprop.evaluate.steps import stepwise


@dataclass(frozen=True)
class Computed:
    """An equation as it was run: its value, what the tape recorded for it, and its operands."""

    equation: Equation
    value: Value
    made: Sequence[Value]
    operands: Sequence[Value]


class Written:
    """The code of a program's equations at given sizes, each found when it is first run.

    items     the program's equations and loops, in the order in which they run.
    numbers   the sizes.
    holds     whether there are values that no derivative passes.
    """

    def __init__(self, program: Program, sizes: Mapping[str, int]) -> None:
        self.program, self.sizes = program, sizes
        self.items = schedule(program)
        self.numbers = tuple((s, sizes[str(s)]) for s in program.sizes())
        self.holds = any(isinstance(e.op, Sum) and e.op.body.has(stop_gradient) for e in program.equations)
        self._known: dict[tuple[Same[Equation], Same[Program], tuple[bool, ...]], Code] = {}

    def code(self, equation: Equation, program: Program, operands: Sequence[Value]) -> Code:
        """The code of an equation, of this program or of a turn of one of its loops."""
        many = tuple(x.data.ndim > len(ref.index) for x, ref in zip(operands, equation.operands, strict=True))
        key = Same(equation), Same(program), many
        if key not in self._known:
            self._known[key] = self._written(equation, program, many)
        return self._known[key]

    def _written(self, equation: Equation, program: Program, many: tuple[bool, ...]) -> Code:
        if isinstance(equation.op, Carry):
            equation = as_sum(program, equation)
        assert not isinstance(equation.op, Carry)
        letters = tuple((MANY, *r.index) if m else r.index for m, r in zip(many, equation.operands, strict=True))
        extents = tuple((c, extent(n, self.sizes)) for c, n in letter_sizes(program, equation).items())
        return code_of(equation.op, letters, equation.target.index, extents, self.numbers)


@lru_cache(maxsize=8)
def _written(same: Same[Program], sizes: tuple[tuple[str, int], ...]) -> Written:
    return Written(same.thing, dict(sizes))


class Run:
    """A program at one point: `values` by name, on a tape.

    program, point, sizes   what to run, arrays by name, sizes by name.
    wanted                  the tensors that a derivative is to reach.
    shifts                  arrays to add to tensors, also to those that an equation writes; with a further first axis,
                            the tensor has several values at once. What stop_gradient holds is then that of the point itself.
    jitter                  moves every rounded result in its last digits.
    branches                where choices are noted or compared, if anybody asks.
    """

    def __init__(
        self,
        program: Program,
        point: Mapping[str, ndarray],
        sizes: Mapping[str, int],
        wanted: Iterable[str] = (),
        shifts: Mapping[str, ndarray] | None = None,
        jitter: Jitter | None = None,
        branches: Branches | None = None,
    ) -> None:
        program = computed(program)
        self.program, self.sizes, self.shifts = program, sizes, shifts or {}
        self.written = _written(Same(program), tuple(sizes.items()))
        self.wanted = set(wanted)
        self.tape = Tape(jitter, branches, _held(program, point, sizes) if self.shifts and self.written.holds else None)
        self.values: dict[str, Value] = {}
        self.moves: dict[str, Value] = {}  # what is added to the tensors of loops, at every step its part
        self.origin: dict[str, Equation] = {}  # the equation of a tensor that stands at a step
        for tensor in program.inputs:
            if tensor.kind == "constant" and tensor.name not in point:
                data = np.full([extent(n, sizes) for n in tensor.shape], float(tensor.value))  # type: ignore[arg-type]
            else:
                data = np.asarray(point[tensor.name])
            exact = tensor.kind == "integers"
            self.keep(tensor.name, Value(data if np.iscomplexobj(data) else data.astype(float), exact=exact))

    def keep(self, name: str, value: Value) -> None:
        """Put a tensor's value on the tape, shifted where that was asked for."""
        if name in self.moves:
            value = pr.add(self.tape, [value, self.moves[name]])
        elif name in self.shifts:
            value = self.tape.record("shift", value.data + self.shifts[name], [value], [lambda g: g])
        if name in self.wanted:  # a node of its own: an equation y = x shares the value of x, not its gradient
            value = self.tape.record("name", value.data, [value], [lambda g: g])
            value.needs = True
        self.values[name] = value

    def all(self, finite: bool = True, keep_tape: bool = True) -> Run:
        """Run every equation.

        Raises PointError at the first value that is not finite, unless `finite` is False.
        """
        with np.errstate(all="ignore"):
            for computed in self.computed():
                if finite and not np.isfinite(computed.value.data).all():
                    raise PointError(fault(self.program, computed.equation, computed.made))
                if not keep_tape:
                    self.tape.values.clear()
        return self

    def computed(self) -> Iterator[Computed]:
        """Run every equation, those of a loop once a step, and tell of each."""
        for item in self.written.items:
            yield from self.item(self.program, item)

    def item(self, program: Program, item: Item) -> Iterator[Computed]:
        if isinstance(item, For):
            yield from stepwise(program, item, self.sizes, self.values, self, self.item, self.entered)
            return
        start = len(self.tape.values)
        value = self.equation(item, program)
        name = item.target.name
        yield Computed(self.origin.get(name, item), value, self.tape.values[start:], [self.values[r.name] for r in item.operands])
        self.keep(name, value)

    def entered(self, turn: Turn, k: int) -> None:
        """As a turn of a loop begins: what its tensors are shifted by, and where a derivative reaches them."""
        for equation in turn.loop.equations():
            name = equation.target.name
            self.origin[turn.members[name]] = self.origin.get(name, equation)
            if name not in self.moves and (name in self.shifts or name in self.wanted):
                signature = turn.program.tensors[name]
                shape = shape_of(signature, self.sizes)
                self.moves[name] = Value(self.shifts.get(name, np.zeros(shape)), needs=name in self.wanted, exact=False)
            if name in self.moves:
                rank = turn.program.tensors[name].rank
                self.moves[turn.members[name]] = self.part(self.moves[name], rank, turn.loop.axes[name], k)

    def part(self, value: Value, rank: int, axis: int, k: int) -> Value:
        return pr.part(self.tape, value, axis + value.data.ndim - rank, k)

    def stacked(self, values: list[Value], rank: int, axis: int) -> Value:
        """Values as one along a new axis; where any lies at several points, all do."""
        most = max(v.data.ndim for v in values)
        shape = np.broadcast_shapes(*(v.data.shape for v in values))
        return pr.stack(self.tape, [pr.repeat(self.tape, v, shape) for v in values], axis + most - rank)

    def target(self, name: str) -> Value:
        """The place on the tape at which the derivative by a tensor is taken."""
        return self.moves.get(name, self.values[name])

    def equation(self, equation: Equation, program: Program) -> Value:
        operands = [self.values[ref.name] for ref in equation.operands]
        return self.written.code(equation, program, operands).run(self.tape, operands)


def _held(program: Program, point: Mapping[str, ndarray], sizes: Mapping[str, int]) -> Held:
    """The values that no derivative passes, at a point."""
    run, held = Run(program, point, sizes), Held()
    run.tape.held = held
    run.all(finite=False, keep_tape=False)
    return held.again()


def forward(
    program: Program,
    point: Mapping[str, ndarray],
    sizes: Mapping[str, int] | None = None,
    jitter: Jitter | None = None,
) -> dict[str, ndarray]:
    """Every tensor of the program at a point.

    point    an array for each input (constants may be left out); complex arrays are carried through.
    sizes    by name; None: as the arrays have them.
    jitter   moves every rounded result in its last digits.
    Raises PointError where a value is not finite, naming the equation and why.
    """
    run = Run(program, point, sizes_of(program, point, sizes), jitter=jitter).all(keep_tape=False)
    return {name: value.data for name, value in run.values.items()}


def gradients(
    program: Program,
    of: str,
    wrt: Iterable[str],
    point: Mapping[str, ndarray],
    sizes: Mapping[str, int] | None = None,
    jitter: Jitter | None = None,
) -> dict[str, ndarray]:
    """d of / d w for each w by reverse accumulation: of the shape of w, or of the shape of `of` followed by w's.

    A Jacobian takes one walk for each entry of `of`. A tensor that `of` does not depend on has the gradient 0.
    The other arguments are those of `forward`.
    Raises PointError where a value or a gradient is not finite.
    """
    names = list(wrt)
    run = Run(program, point, sizes_of(program, point, sizes), names, jitter=jitter).all()
    result, wanted = run.values[of], [run.target(name) for name in names]
    shape = result.data.shape
    rows: list[list[ndarray]] = []
    with np.errstate(all="ignore"):
        for place in np.ndindex(shape):
            seed = np.zeros(shape)
            seed[place] = 1
            rows.append(run.tape.pull(result, seed, wanted))
    found = {name: np.reshape([row[k] for row in rows], shape + wanted[k].data.shape) for k, name in enumerate(names)}
    for name, gradient in found.items():
        if not np.isfinite(gradient).all():  # sqrt, or a norm, at 0
            raise PointError(f"{of} has no slope by {name} at the tested point; choose another point")
    return found
