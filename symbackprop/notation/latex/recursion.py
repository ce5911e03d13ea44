r"""A network of recursions in LaTeX, h_t = \tanh(W h_{t-1} + U x_t) for t = 1, ..., T, as loops of the network language.

What each formula means at one step is found once, by shapes. The loops around the formulas are text of the language,

    for t in 1..T:
        h[t] = formula_3(h[t-1], x[t], W, U)

which is read as any other, kept or written out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import Signature, rewritten, size, substituted
from symbackprop.language.tensors import Tensor, as_number, as_tensor
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault, Unknown
from symbackprop.notation.claims.fitting import Fitted
from symbackprop.notation.claims.lower import lowered_tensor
from symbackprop.notation.claims.probe import Probe
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.errors import NotationError
from symbackprop.notation.functions import Helper
from symbackprop.notation.grammar import parsed
from symbackprop.notation.latex.courses import Bounds, Course, Courses, spelt
from symbackprop.notation.latex.fitted import LAYERS
from symbackprop.notation.latex.meaning import Scope
from symbackprop.notation.latex.ranges import Range
from symbackprop.notation.latex.recurrent import Line, Lines, Read
from symbackprop.notation.latex.sums import Apart
from symbackprop.notation.loops.prepared import prepared
from symbackprop.notation.reader import Reader
from symbackprop.notation.statements import statement

FORMULA = "formula_"


class Recursion:
    """The lines of a text with recursions, and what they mean.

    text     the loops, in the network language.
    places   where in the LaTeX each line of that text comes from.
    notes    what the readings take for granted.
    """

    def __init__(
        self, reader: Reader, lines: Lines, ranges: Sequence[Range], signatures: Mapping[str, Signature], sums: Mapping[str, str]
    ) -> None:
        self.reader, self.names = reader, lines.names
        self.scope = Scope(signatures, lines.names, reader.evaluator.functions)
        self.steps: dict[str, tuple[Expr, ...]] = {}  # how many steps a name has
        self.starts: dict[str, list[Line]] = {}  # those that are numbers, whose shapes the formulas tell
        self.formulas: list[tuple[Line, Fitted, Probe]] = []
        self.rows: list[str] = []
        self.places: list[int] = []
        self.notes: list[str] = []
        courses = Courses(lines.lines, ranges, self.extent, sums)
        order = courses.ordered()
        if Apart(lines, courses.known)():
            order = Courses(lines.lines, ranges, self.extent, sums).ordered()
            self.names = lines.names
            self.scope = Scope(signatures, lines.names, reader.evaluator.functions)
        self.read_by = {name for line in lines.lines for name in line.same | line.earlier.keys()}
        for one in order:
            if isinstance(one, Course):
                self._course(one)
            elif one.is_start and _number(one) is not None:
                self.starts.setdefault(one.name, []).append(one)
            else:
                self._row(0, one, self._meant(one))
                if one.is_start:
                    self.steps.setdefault(one.name, ())

    @property
    def text(self) -> str:
        return "\n".join(self.rows) + "\n"

    def extent(self, name: str, axis: int) -> Expr | None:
        """How many entries a declared tensor has along an axis."""
        known = self.scope.signatures.get(name)
        return known.shape[axis] if known is not None and axis < len(known.shape) else None

    # ---- what the lines mean
    def _meant(self, line: Line) -> Fitted:
        """What a line means, where all that it reads is known."""
        for name, read in line.reads.items():
            if name != read.name:
                self._enter(name, self._shape(line, read), read.name)
        try:
            return self.scope.meant(line.name, line.letters, line.right)
        except Unknown:
            raise
        except Fault as fault:
            raise Fault(_told(fault.fault, line), fault.mend, fault.at) from None

    def _enter(self, name: str, shape: tuple[Expr, ...], like: str) -> None:
        known = self.scope.signatures.get(like)
        whole = known is not None and known.kind in ("integers", "labels", "data", "parameter")
        own = Signature(name, shape, known.kind, known.domain, known.bound) if whole and known else Signature(name, shape)
        self.scope.add(name, own)
        self.names.enter(name, name)

    def _shape(self, line: Line, read: Read) -> tuple[Expr, ...]:
        if not read.name:
            return ()
        if read.name in self.steps:
            own = self.scope.signatures[f"{read.name} at a step"].shape
            return own if read.places is not None else (*self.steps[read.name], *own)
        known = self.scope.signatures.get(read.name)
        if known is None and read.name in self.reader.steps.opens and read.places is not None:
            opened = self.reader.steps.opens[read.name]
            whole = opened.input(tuple(sp.S.One for _ in range(opened.rank))).shape
            return whole[opened.rank :]
        if known is None:
            fault = f"{read.name} is read before its first step, and no start of it is given."
            raise Fault(fault, f"Write {read.name}_0 = 0, or declare {read.name}_0: data[n].", line.at)
        places = read.places if read.places is not None else ()
        return tuple(n for k, n in enumerate(known.shape) if k not in places)

    def _state(self, name: str, shape: tuple[Expr, ...], bounds: tuple[Bounds, ...]) -> None:
        """One step of a name has a shape, from now on."""
        self.steps[name] = tuple(b.extent for b in bounds)
        self.scope.signatures[f"{name} at a step"] = Signature(name, shape)

    def _course(self, course: Course) -> None:
        """Loops and their lines."""
        own = {line.name: line for line in course.lines}
        waiting = [n for n in own if any(n in line.earlier for line in course.lines) and not self._begins(n, course)]
        found = self._shapes(course, waiting)
        for name, shape in found.items():
            self._state(name, shape, course.bounds)
        for line in course.lines:
            self._state(line.name, self._meant(line).shape, course.bounds)
        for name in own:
            for line in self.starts.pop(name, ()):
                self._zeros(line, self.scope.signatures[f"{name} at a step"].shape)
        for depth, bounds in enumerate(course.bounds):
            self.rows.append("    " * depth + bounds.header())
            self.places.append(course.lines[0].at)
            for line in course.begun if depth < len(course.bounds) - 1 else ():
                number = _number(line)
                if number is not None:
                    self._zeros(line, self.scope.signatures[f"{line.name} at a step"].shape, depth + 1)
                else:
                    self._row(depth + 1, line, self._meant(line))
        for line in course.lines:
            self._row(len(course.bounds), line, self._meant(line))

    def _begins(self, name: str, course: Course) -> bool:
        """Whether the shape of a step is known by what it begins with."""
        if name in self.steps and f"{name} at a step" in self.scope.signatures:
            self._state(name, self.scope.signatures[f"{name} at a step"].shape, course.bounds)
            return True
        if name not in self.starts and not any(line.name == name for line in course.begun):
            start = f"{name}_{{{course.bounds[0].low}-1}}".replace("{1-1}", "0")
            layers = course.bounds[0].letter in LAYERS
            raise Fault(
                f"{name} is read before its first step, and no start of it is given.",
                f"Write {start} = x, of the input." if layers else f"Write {start} = 0, or declare {start}: data[n].",
                next(line.at for line in course.lines if line.name == name),
            )
        return False

    def _shapes(self, course: Course, waiting: Sequence[str]) -> dict[str, tuple[Expr, ...]]:
        """The shapes of one step of names that begin with a number: of fewest axes, as their formulas have them."""
        if not waiting:
            return {}
        sizes = sorted({n for s in self.scope.signatures.values() for n in s.shape}, key=str)
        rooms = [shape for rank in (0, 1, 2) for shape in product(sizes, repeat=rank)]
        faults: list[Fault] = []
        found = list(self._fitting(course, course.lines, {}, waiting, rooms, faults))
        least = min((sum(map(len, one.values())) for one in found), default=0)
        several = [one for one in found if sum(map(len, one.values())) == least]
        if len(several) == 1:
            return several[0]
        if not several and faults:
            raise faults[0]
        names = " and ".join(f"{n}_0" for n in waiting)
        raise Fault(
            f"the shape of {names} is not told by the formulas.", f"Declare it: {waiting[0]}_0: data[n].", course.lines[0].at
        )

    def _fitting(
        self, course: Course, lines: Sequence[Line], given: Mapping[str, tuple[Expr, ...]], waiting: Sequence[str],
        rooms: Sequence[tuple[Expr, ...]], faults: list[Fault],
    ) -> Iterator[dict[str, tuple[Expr, ...]]]:  # fmt: skip
        """The shapes that starts may have: those that the lines of the loop give back."""
        if not lines:
            yield dict(given)
            return
        first, *rest = lines
        open_ = next((n for n in waiting if n in first.earlier and n not in given), None)
        if open_ is not None:
            for shape in rooms:
                yield from self._fitting(course, lines, {**given, open_: shape}, waiting, rooms, faults)
            return
        for name, shape in given.items():
            self._state(name, shape, course.bounds)
        for line in course.lines[: len(course.lines) - len(lines)]:  # those of this way, not of one before
            self._state(line.name, self._meant(line).shape, course.bounds)
        try:
            shape = self._meant(first).shape
        except Fault as fault:
            faults.append(fault)
            return
        if given.get(first.name, shape) == shape:
            own = {first.name: shape} if first.name in waiting else {}
            yield from self._fitting(course, rest, {**given, **own}, waiting, rooms, faults)

    # ---- the text
    def _row(self, depth: int, line: Line, one: Fitted) -> None:
        given = ", ".join(dict.fromkeys(read.text for read in line.reads.values()))
        self.rows.append("    " * depth + f"{line.target} = {FORMULA}{len(self.formulas)}({given})")
        self.places.append(line.at)
        self.formulas.append((line, one, self.scope.probe))
        self.notes += [f"{line.name}: {note}" for note in one.notes]
        if line.is_start:
            self._state(line.name, one.shape[sum(1 for i in line.steps if i.letter and line.steps[0].letter is None) :], ())
        elif not line.steps:
            self.scope.add(line.name, Signature(line.name, one.shape))

    def _zeros(self, line: Line, shape: tuple[Expr, ...], depth: int = 0) -> None:
        number = _number(line)
        inner = spelt(shape[0]) if len(shape) == 1 else f"({', '.join(map(spelt, shape))})"
        value = {"0": f"zeros({inner})", "1": f"ones({inner})"}.get(str(number), f"{number}*ones({inner})")
        self.rows.append("    " * depth + f"{line.target} = {value if shape else number}")
        self.places.append(line.at)

    # ---- what is read
    def into(self, reader: Reader) -> None:
        """Read the text, whose formulas are those of the LaTeX, into a reader that knows the declarations."""
        tree, source = parsed(self.text, reader.source.file)
        before, reader.source = reader.source, source
        reader.evaluator.source = source
        stub = ast.parse("def f(): pass").body[0]
        assert isinstance(stub, ast.FunctionDef)
        reader.evaluator.helpers |= {f"{FORMULA}{k}": Helper(stub, source) for k in range(len(self.formulas))}
        reader.evaluator.inlined = lambda node, helper: self._value(reader, node)
        try:
            body = prepared(reader, tree.body)
            reader.foresee(body)
            for node in body:
                statement(reader, node)
            reader.steps.finish()
        except NotationError as error:
            if error.place is None:
                raise
            raise Fault(_paper(error.fault), _paper(error.mend), self.places[min(error.place.line, len(self.places)) - 1]) from None
        finally:
            reader.source = reader.evaluator.source = before

    def _value(self, reader: Reader, node: ast.Call) -> Any:
        """What a formula is of what it reads."""
        assert isinstance(node.func, ast.Name)
        line, one, probe = self.formulas[int(node.func.id.removeprefix(FORMULA))]
        texts = list(dict.fromkeys(read.text for read in line.reads.values()))
        values = dict(zip(texts, (as_tensor(reader.evaluator.operand(argument)) for argument in node.args), strict=True))
        known = {str(t.name): t for t in reader.inputs} | {name: values[read.text] for name, read in line.reads.items()}
        found = lowered_tensor(one.node, one.axes, one.extents, probe, known)
        if reader.numbers and isinstance(found, Tensor):
            _at_numbers(found, known, {size(n): sp.Integer(k) for n, k in reader.numbers.items() if isinstance(k, int)})
        return found if isinstance(found, Tensor) else as_number(found)


def _at_numbers(tensor: Tensor, known: Mapping[str, Tensor], numbers: Mapping[Expr, Expr]) -> None:
    """Put numbers in the place of sizes, in what was made of known tensors."""

    def at(value: Expr) -> Expr:
        return substituted(value, numbers)

    for one in _made(tensor, {id(t) for t in known.values()}):
        one.shape = tuple(map(at, one.shape))
        if one.op is not None:
            one.op = rewritten(one.op, tuple((c, at(n)) for c, n in getattr(one.op, "over", ())), at)


def _made(tensor: Tensor, given: set[int]) -> Iterator[Tensor]:
    """The tensors between a value and what it was made of."""
    seen, waiting = set(given), [tensor]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [operand for operand, _ in one.operands]


def _number(line: Line) -> str | None:
    """The number that a start is, whatever its shape."""
    match line.right:
        case sx.Number(text=text):
            return text
        case Word(base="0" | "1" as text, sub=(), sup=()):
            return text
    return None


def _told(text: str, line: Line) -> str:
    """A message in which what stands for a value at a step is that value."""
    for name, read in line.reads.items():
        text = text.replace(name, _paper(read.text))
    return text


def _paper(text: str) -> str:
    """A message about loops of the language as one about recursions: h[t-1] is h_{t-1}."""
    return re.sub(r"(\w+)\[([^\[\]]*)\]", r"\1_{\2}", text)
