"""What both readings of a loop share: names that are written step by step, and declarations whose size a loop tells."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import position
from symbackprop.core.widths import along
from symbackprop.language.tensors import Tensor
from symbackprop.notation.declarations import Reading, input_tensor
from symbackprop.notation.entered import arrays, require_own, root_of, with_entries
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grown import Grown
from symbackprop.notation.identifiers import names_in
from symbackprop.notation.loops.filled import Filled, filled
from symbackprop.notation.loops.header import Header, counter, header, is_dotted
from symbackprop.notation.loops.indices import Counting, Open, items_of, mentions, targets
from symbackprop.notation.loops.widths import Widths
from symbackprop.notation.rounds import Comprehension, List
from symbackprop.notation.vocabulary import MATRICES
from symbackprop.notation.words import STATEMENTS

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader

Statements = Callable[[ast.stmt], None]


class Stepwise(ABC):
    """Loops of one text.

    reader    reads it.
    lines     the names that loops write step by step, and the line of the first such loop.
    depths    how many loops' letters stand between their brackets.
    late      lines behind a loop that set an entry of what it writes, by name and index: z[0] = x below its loop.
    opens     declarations such as W[l]: parameter[h, h], until a loop reads them.
    bounds    the sizes that tell how many steps loops have.
    rows      arrays that a loop fills, by name: h = np.zeros((T + 1, d)).
    begun     arrays in which rows were set above the loop that fills them, by name, and as they were before.
    turned    arrays whose steps do not stand first, h[:, t], by name the axes along which they do.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.counting = Counting(reader)
        self.widths = Widths(reader, apart=reader.numbers is not None)
        self.lines: dict[str, int] = {}
        self.depths: dict[str, int] = {}
        self.late: dict[tuple[str, str], int] = {}
        self.opens: dict[str, Open] = {}
        self.rows: dict[str, Filled] = {}
        self.begun: dict[str, tuple[Tensor, Tensor]] = {}
        self.bounds: set[str] = set()
        self.turned: dict[str, tuple[int, ...]] = {}

    def apart(self) -> Stepwise:
        """The loops of a helper, whose names are its own."""
        return type(self)(self.reader)

    def foresee(self, statements: Sequence[ast.stmt]) -> None:
        """Note what loops write step by step, and how they count."""
        self.counting.foresee(statements)
        for statement in statements:
            self.widths.foresee(statement)
            self._foreseen(statement, [])

    def _foreseen(self, statement: ast.stmt, around: list[ast.For]) -> None:
        """Note the targets of a statement that stands in loops."""
        if isinstance(statement, ast.While):
            raise self.reader.evaluator.unread(statement, *STATEMENTS[ast.While])
        if isinstance(statement, ast.For):
            for inner in statement.body:
                self._foreseen(inner, [*around, statement])
            return
        if not around:
            for target in targets([statement]) if self.lines else ():
                if isinstance(target.value, ast.Name) and target.value.id in self.lines:
                    self.late.setdefault((target.value.id, ast.unparse(target.slice)), self.line(statement))
            return
        letters = [letter for loop in around if (letter := counter(loop)) is not None]
        for target in targets([statement]):
            assert isinstance(target.value, ast.Name)
            name, depth = target.value.id, sum(mentions(item, letters) for item in items_of(target))
            if depth:
                self.depths[name] = max(depth, self.depths.get(name, 0))
                self.lines.setdefault(name, self.line(around[0]))

    def line(self, node: ast.AST) -> int:
        return self.reader.source.place(node).line

    def spelt(self, name: str, numbers: Iterable[object]) -> str:
        """An entry as its author writes it: z[l-1], h[:, t] of an array whose steps stand second."""
        several = list(map(str, numbers))
        axes = self.turned.get(name, tuple(range(len(several))))
        inside = [":"] * (max(axes[: len(several)], default=-1) + 1)
        for axis, one in zip(axes, several, strict=False):
            inside[axis] = one
        return f"{name}[{', '.join(inside)}]"

    def place(self, head: Header) -> str:
        """A loop, as messages call it."""
        return f"the loop over {head.letter} (line {self.line(head.node)})"

    @property
    @abstractmethod
    def letters(self) -> list[str]:
        """The letters of the loops whose blocks are being read, outermost first."""

    @abstractmethod
    def keeps(self, node: ast.For) -> bool:
        """Whether a loop is read here, and not written out as Python's over several values is."""

    def is_over(self, node: ast.For) -> bool:
        """Whether all steps of a loop were written out, as those that differ from the others are, and none is left."""
        found = header(self.reader, node, fixed=True) if getattr(node, "may_be_empty", False) else None
        return found is not None and found.extent.is_nonpositive is True

    @abstractmethod
    def loop(self, node: ast.For, read: Statements) -> None:
        """Read a loop; `read` reads one statement of its block."""

    @abstractmethod
    def value(self, node: ast.Subscript) -> Any:
        """What z[l-1], W[l] or z[n] stands for; None where the index has nothing to do with a loop."""

    @abstractmethod
    def write(self, target: ast.Subscript, value: Any) -> bool:
        """z[l] = value, or z[0] = value above the loop; False where the target is none of these."""

    def held(self, name: str) -> Tensor | None:
        """An array as it is while a loop fills it; None where it is none."""
        return None

    def forget(self, name: str) -> None:  # noqa: B027  # what is written out has nothing to forget
        """Let go of what loops wrote to a name, which is given another value."""

    def append(self, statement: ast.stmt) -> bool:
        """hs.append(h), hs = hs + [h] in the loop in which the list grows by one value in each step; else False."""
        return False

    def collect(self, node: Comprehension) -> Any:
        """[f(h) for h in hs] of a list as long as a size; None where its values are written out one by one."""
        return None

    @abstractmethod
    def unready(self, node: ast.Name) -> NotationError | None:
        """What is said of a name that stands alone while a loop writes it step by step."""

    def writes_steps(self, node: ast.For) -> bool:
        """Whether a loop sets entries by the numbers of its steps, or of those of a loop within: z[l] = ..."""
        held, loops = self.reader.names, [n for n in ast.walk(node) if isinstance(n, ast.For)]
        letters = names_in(*(loop.target for loop in loops))
        written = [t for t in targets(node.body) if not isinstance(held.get(ast.unparse(t.value)), dict | List)]
        return is_dotted(node) or any(mentions(item, letters) for t in written for item in items_of(t))

    def head(self, node: ast.For) -> Header:
        """The header of a loop that is read here."""
        found = header(self.reader, node, fixed=True)
        if found is None:
            letter = node.target.id if isinstance(node.target, ast.Name) else "l"
            last = node.iter.id if isinstance(node.iter, ast.Name) and node.iter.id in self.reader.sizes else "n"
            fault = f"a loop that writes z[{letter}] goes over numbers."
            raise self.reader.fault(node.iter, fault, f"Write for {letter} in 1..{last}:")
        if found.extent.is_nonpositive:
            raise self.reader.fault(node.iter, f"the loop has {found.extent} steps.", "A loop has one step at least.")
        if abs(found.step) != 1 and self.reader.numbers is None:
            raise self.reader.fault(node.iter, f"the loop goes in steps of {found.step}.", "Write steps of 1, or of -1.")
        self.bounds |= {str(s) for s in found.extent.free_symbols}
        letter = node.target.id if isinstance(node.target, ast.Name) else ""
        if letter in self.reader.sizes or letter in self.reader.called or any(t.name == letter for t in self.reader.inputs):
            is_size = letter in self.reader.sizes or letter in self.reader.called
            fault = f"{letter} is a size already." if is_size else f"{letter} is a tensor already."
            raise self.reader.fault(node.target, fault, "Give the loop another letter.")
        return found

    # Arrays that a loop fills

    def emptied(self, node: ast.AST, name: str, low: Expr, high: Expr) -> Filled | None:
        """Let go of an array that a loop fills from one number to another; None where it is none.

        Arrays of zeros are filled in every text, others in functions, where what they hold is there until the loop has written it.
        """
        reader, held = self.reader, self.reader.names.get(name)
        is_list = isinstance(held, Grown)
        held = held.values if isinstance(held, Grown) else held
        if not isinstance(held, Tensor) or not held.shape:
            return None
        changed, begun = self.begun.get(name, (None, None))
        begun = begun if changed is held else None
        found = filled(held, begun, low, high)
        if found is None or (not found.empty and reader.function is None):
            return None
        self._require_own(node, name, held)
        found = replace(found, list=is_list)
        self.rows[name], self.counting.bases[name, 0] = found, sp.S.Zero
        own = str((held if begun is None else begun).name)
        del reader.names[name]
        if found.empty and own in reader.outputs:
            reader.outputs.pop(own).name = None
            reader.lines.pop(own, None)
        return found

    def _require_own(self, node: ast.AST, name: str, held: Tensor) -> None:
        """Raise NotationError where a loop fills an array that another name shows as well, or a part of."""
        root = root_of(held)
        for other, value in self.reader.names.items():
            if other != name and any(root_of(one) is root for one in arrays(value)):
                fault = f"the loop fills {name}, whose entries {other} shows as well: NumPy changes both."
                raise self.reader.fault(node, fault, f"Write {name} = {name}.copy() above the loop.")

    def begin(self, target: ast.Subscript, name: str, number: Expr, value: Any) -> Expr:
        """Set a row of an array above the loop that fills it; the row's number, from 0."""
        held = self.reader.names.get(name)
        if self.reader.function is None or not isinstance(held, Tensor) or not held.shape:
            return number
        changed, begun = self.begun.get(name, (None, held))
        require_own(self.reader, target, held)
        new = with_entries(self.reader, target, held, items_of(target), value, lambda part: value)
        self.begun[name] = new, begun if changed is held and begun is not None else held
        self.reader.exchange(held, new)
        return sp.expand(number + held.shape[0]) if number.is_negative else number

    def is_step(self, target: ast.Subscript) -> bool:
        """Whether a target is what a loop that is being read writes at its step."""
        name = target.value.id if isinstance(target.value, ast.Name) else ""
        return name in self.lines and bool(self.letters) and mentions(items_of(target)[0], self.letters)

    # Declarations whose number of entries a loop tells

    def declare(self, target: ast.Subscript, annotation: ast.expr) -> None:
        """W[l]: parameter[h, h]."""
        reader = self.reader
        name, letters = self.declared(target)
        widths = len(self.widths.read)
        kind = Reading(reader.source, reader.size_named, lambda node: self.widths.size(node, letters)).kind(annotation)
        sizes = kind.sizes or ()
        if kind.domain in MATRICES and len(sizes) == 1:
            sizes *= 2

        def made(lead: tuple[Expr, ...]) -> Tensor:
            whole = replace(kind, sizes=(*lead, *sizes))
            return input_tensor(name, whole, lambda fault, mend: reader.fault(annotation, fault, mend))

        reader.note(target, name)
        self.opens[name] = Open(target, len(letters), made, annotation, tuple(self.widths.read[widths:]))

    def stacked(self, node: ast.AST, name: str, annotation: ast.expr, letters: list[str], each: ast.expr) -> None:
        """Declare parameter[n, h[l+1], h[l]], as many arrays as the first size says, each of its own widths.

        each   the declaration of one of them.
        """
        reader, widths = self.reader, len(self.widths.read)
        kind = Reading(reader.source, reader.size_named, lambda size: self.widths.size(size, letters)).kind(annotation)
        tensor = input_tensor(name, kind, lambda fault, mend: reader.fault(annotation, fault, mend))
        last: dict[Expr, Expr] = {position(letters[0]): tensor.shape[0] - 1}
        for width, at in self.widths.read[widths:]:
            self.widths.reach(width, sp.expand(at.xreplace(last)))
        assert tensor.signature is not None
        own = self.widths.on_paper(annotation, {letters[0]: along(0)})
        tensor.signature = replace(tensor.signature, widths=own)
        reader.declare(node, tensor)

    def declared(self, target: ast.Subscript) -> tuple[str, list[str]]:
        """The name and the letters of W[l]. Raises NotationError where others than letters stand in the brackets."""
        assert isinstance(target.value, ast.Name)
        name, letters = target.value.id, [i.id for i in items_of(target) if isinstance(i, ast.Name)]
        self.reader.fresh(target, name)
        if len(letters) < len(items_of(target)) or len(set(letters)) < len(letters):
            raise self.reader.fault(target, "a declaration has letters of loops in its brackets.", "Write W[l]: parameter[h, h].")
        return name, letters

    def told(self, name: str, extents: Sequence[Expr]) -> Tensor:
        """The input of such a declaration, now that loops tell how many entries it has."""
        opened = self.opens.pop(name)
        tensor = opened.input(tuple(extents[: opened.rank]))
        letters = [ast.unparse(item) for item in items_of(opened.target)]
        steps = {c: along(axis) + self.counting.bases.get((name, axis), sp.S.Zero) for axis, c in enumerate(letters)}
        if own := self.widths.on_paper(opened.annotation, steps):
            assert tensor.signature is not None
            tensor.signature = replace(tensor.signature, widths=(*(None for _ in letters), *own))
        self.reader.declare(opened.target, tensor)
        return tensor

    def finish(self) -> None:
        """Raise NotationError for what was begun and never came to a loop."""
        for name, opened in self.opens.items():
            fault = f"no loop reads {self.reader.source.segment(opened.target)}: nothing tells how many there are."
            raise self.reader.fault(opened.target, fault, f"Declare {name} with that size, or leave it out.")
