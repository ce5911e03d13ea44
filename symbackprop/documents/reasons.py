"""Why a line of the backward pass is what it is, in words: each reason is found in the equations, never in names."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import sympy as sp

from symbackprop.core.derivation import Derivation
from symbackprop.core.guards import fixed_letters
from symbackprop.core.letters import LETTERS
from symbackprop.core.program import Carry, Equation, Gradient, Ref, Step, Sum, slot
from symbackprop.display.names import Names, shape_formula
from symbackprop.display.softmax import softmaxes
from symbackprop.display.vanishing import vanishes
from symbackprop.documents.layers import Line
from symbackprop.documents.parts import are_apart, in_order, reads_each_once, windows
from symbackprop.documents.recognised import CANCELLED, Reason, recognised
from symbackprop.documents.step_block import Untied, local_lines, untied
from symbackprop.documents.ties import Ties, same, ties
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter
from symbackprop.formulas.told import Told, listed, several, told
from symbackprop.formulas.tree import Node

LARGE = 10**5
"""A Jacobian of numbers with so many entries is told by how many they are."""

MOST_SERVING = 6
"""Parameters that are named where all are used for every sample."""

MOST_MET = 50
"""Values that are looked at for whether they are made of another."""


class Reasons:
    """What there is to say of the lines of one derivation.

    names      the names of its program.
    softmaxes  the logsumexp of each softmax that has a name -> what it is taken of, and that name.
    told_by    the steps of a line put together, by its name, where it is not told by the equations of its sweep.
    onward     what the values that no step speaks of are read by.
    inside     what is written out in entries.
    several    values, each with one that it reads in several ways.
    here       what the lines that are told go back to.
    """

    def __init__(self, derivation: Derivation, names: Names, softmaxes: dict[str, tuple[str, str]]) -> None:
        self.derivation, self.names, self.softmaxes = derivation, names, softmaxes
        self.told: set[Hashable] = set()
        self.told_by: dict[str, tuple[Equation, ...]] = {}
        self.onward: Mapping[str, str] = {}
        self.inside: frozenset[str] = frozenset()
        self.several: set[tuple[str, str]] = set()
        self.here: set[str] = set()

    def path(self, line: Line) -> tuple[Equation, ...]:
        """The equations by which a line is told: those of its sweep, or steps put together."""
        return self.told_by.get(line.name, line.path)

    def of(self, lines: Sequence[Line]) -> Iterator[Told]:
        """The sentences of some lines, each once on a page."""
        steps = [e.step for line in lines for e in self.path(line)]
        self.here = {step.wrt.name for step in steps if step is not None and step.wrt is not None}
        yield from self._side_by_side(lines)
        yield from self._uses(lines)
        for line in lines:
            known = list(recognised(self.derivation, self.names, line))
            found = [reason for equation in self.path(line) for reason in self._of_equation(equation)]
            through = [] if CANCELLED in dict(known) else self._softmax(line)
            told_first = [] if self._is_apart(line) else [one for one in known if one[0] in (CANCELLED, "labels")]
            yield from self._new((*told_first, *found, *self._routed(line), *through, *known))

    def _is_apart(self, line: Line) -> bool:
        """Whether a softmax is gone back through part by part, so that nothing cancels before all parts are there."""
        steps = [e.step for e in line.path if e.step is not None]
        return not any(map(self.total, steps)) and any(step.rule == "copy" for step in steps)

    def recognised(self, line: Line, names: Names | None = None) -> Iterator[Told]:
        """What a line is known as, said once on a page; with other names where its formula has others."""
        yield from self._new(recognised(self.derivation, names or self.names, line))

    def _new(self, reasons: Iterable[Reason]) -> Iterator[Told]:
        for key, sentence in reasons:
            if key not in self.told:
                self.told.add(key)
                yield sentence

    def is_told(self, step: Step) -> bool:
        """Whether a step is told by itself: none through a logsumexp is, where that is a part of a softmax."""
        ends = [ref.name for ref in (step.through, step.wrt) if ref is not None]
        return step.rule in ("chain", "onward") and not any(n in self.softmaxes for n in ends)

    def total(self, step: Step) -> str:
        """The logsumexp of the softmax that a step goes back through; "" where it goes through none."""
        ends = tuple(ref.name if ref is not None else "" for ref in (step.wrt, step.through))
        return next((total for total, pair in self.softmaxes.items() if pair == ends), "")

    # Of all lines of a step

    def _side_by_side(self, lines: Iterable[Line]) -> Iterator[Told]:
        """What is read in parts that do not overlap, as the gates of a cell are, has their gradients side by side."""
        for line in lines:
            path = self.path(line)
            copies = [e.step for e in path if e.step and e.step.rule == "copy" and e.step.wrt and e.target.name == line.name]
            for wrt in (step.wrt for step in copies if step.wrt is not None and ("copy", step.wrt) not in self.told):
                to = [e for e in path if e.step and e.step.rule == "chain" and e.step.wrt and e.step.wrt.name == wrt.name]
                steps = [e.step for e in in_order(to) if e.step]
                if steps and are_apart(self.names.program, steps):
                    self.told.add(("copy", wrt))
                    own = self.names.tensor(wrt.name)
                    readers = several([self.names.tensor(step.through.name) for step in steps if step.through is not None])
                    known = "side by side" in self.told
                    self.told |= {"side by side", "part", "select"}
                    if not known:
                        yield told("{} read parts of {} that do not overlap: their gradients stand side by side.", readers, own)

    def _uses(self, lines: Iterable[Line]) -> Iterator[Told]:
        """What is used more than once acts through each of its uses: one sentence, with the reason where it is the first one."""
        uses: dict[tuple[str, ...], list[Node]] = {}
        for step, operands in ((e.step, e.operands) for line in lines for e in self.path(line)):
            if step is None or step.rule != "copy" or step.wrt is None or ("copy", step.wrt) in self.told:
                continue
            roles = [self.names.signature(r.name).role for r in operands]
            uses_of = tuple(dict.fromkeys(role.via for role in roles if role and role.via))
            ways = tuple(dict.fromkeys(self.onward.get(via, via) for via in uses_of))
            if ways != uses_of and len(ways) == 1:  # told as one
                continue
            if not any(via in self.softmaxes for via in ways):
                self.told.add(("copy", step.wrt))
                uses.setdefault(ways, []).append(self.names.tensor(step.wrt.name))
        if not uses:
            return
        acts = [self._act(own, [self.names.tensor(via) for via in ways]) for ways, own in uses.items()]
        is_one = len(acts) == len(next(iter(uses.values()))) == 1
        (own, *_), *_ = uses.values()
        if "copies" in self.told:
            yield told("{}: the gradients of its uses add." if is_one else "{}: the gradients of the uses add.", listed(acts, "; "))
        else:
            self.told.add("copies")
            yield told(
                "{}: the gradients of the uses add, since a small change of {} moves {} along every path at once; they are not "
                "averaged.",
                listed(acts, "; "), own, self.names.tensor(self.derivation.of),
            )  # fmt: skip

    def _act(self, own: list[Node], ways: list[Node]) -> Told:
        of = self.names.tensor(self.derivation.of)
        if ways == [of]:
            return told(
                "{} acts on {} itself, in several places" if len(own) == 1 else "{} act on {} themselves, in several places",
                several(own), of,
            )  # fmt: skip
        if of not in ways:
            return told("{} acts through {}" if len(own) == 1 else "{} act through {}", several(own), several(ways))
        through = several([way for way in ways if way != of])
        return told(
            "{} acts on {} itself and through {}" if len(own) == 1 else "{} act on {} themselves and through {}",
            several(own), of, through,
        )  # fmt: skip

    # Of one line

    def _free(self, letters: str, taken: Collection[str] = ()) -> Node:
        """The first of some letters that nothing is called, and that no position has; the first where all are taken."""
        return f.letter(next((c for c in letters if c not in self.names.words and c not in taken), letters[0]))

    def _softmax(self, line: Line) -> Iterator[Reason]:
        """How a gradient goes back through a softmax that is not cancelled."""
        for step in (e.step for e in line.path):
            if step is None or step.through is None or not self.total(step):
                continue
            own = self.names.tensor(step.through.name)
            is_row = len(self.names.signature(step.through.name).shape) > 1
            p, g = self._free(LETTERS.partition("m")[2], step.through.index) if is_row else own, self._free("gvuh")
            jacobian = f.add([f.call(f.function("diag"), [p]), f.negative(f.juxtapose([p, f.power(p, f.TOP)]))])
            back = f.hadamard([p, f.bracket(f.add([g, f.negative(f.juxtapose([f.power(g, f.TOP), p]))]))])
            is_down = softmaxes(self.names).is_down(self.total(step))
            of = told("a column {} of {}" if is_down else "a row {} of {}", p, own) if is_row else told("{}", own)
            if step.through.name != self.derivation.of:
                yield "softmax", told("The Jacobian of {} is {}: what comes to it as {} goes back as {}.", of, jacobian, g, back)
            elif not self._is_jacobian:  # the line is what goes back
                yield "softmax", told("The Jacobian of {} is {}.", of, jacobian)

    def _routed(self, line: Line) -> Iterator[Reason]:
        """How a gradient goes back through a maximum that is told together with the windows that it is taken of."""
        path = self.path(line)
        for step in (e.step for e in line.path if e.step is not None and e.step.pattern == "max" and e not in path):
            ends = (e.step for e in path if e.step is not None and e.step.through is not None and e.step.wrt is not None)
            whole = next(
                (s.wrt for s in ends if step.through is not None and s.through and s.through.name == step.through.name), None
            )
            if whole is not None and step.through is not None and step.wrt is not None and step.through.index != step.wrt.index:
                x, y = self.names.tensor(whole.name), self.names.tensor(step.through.name)
                yield (
                    "max",
                    told("Of each window of {} only the entry that {} was taken from receives the gradient of {}.", x, y, y),
                )

    # Of one equation

    @property
    def _is_jacobian(self) -> bool:
        """Whether derivatives keep the axes of what is differentiated: what is said of a gradient's shape does not hold."""
        return self.derivation.mode == "jacobian"

    def _of_equation(self, equation: Equation) -> Iterator[Reason]:
        step = equation.step
        if step is None:
            return
        if step.rule == "zero":
            yield "zero", told("No slope leads from one to the other: the derivative is zero.")
        elif step.rule == "both" and step.through is not None:
            through = self.names.tensor(step.through.name)
            yield "both", told("Each operand of {} changes it by its own part; to first order the parts add.", through)
        elif self.is_told(step) and not self.total(step):
            yield from self._of_chain(equation, step)

    def _of_chain(self, equation: Equation, step: Step) -> Iterator[Reason]:
        through, wrt, op = step.through, step.wrt, equation.op
        assert through is not None
        assert wrt is not None
        if isinstance(op, Carry):
            return
        assert isinstance(op, Sum)
        if vanishes(self.names.program, equation):
            zero = f.equation(local_lines(self.names, equation)[0], f.ZERO)
            own, via = self.names.tensor(wrt.name), self.names.tensor(through.name)
            yield ("nothing", through.name, wrt.name), told("{}: nothing comes back to {} through {}.", zero, own, via)
            return
        is_several = (through.name, wrt.name) in self.several
        if step.pattern == "map" and through.index == wrt.index and not op.over and through.index:
            if any(n != 1 for n in self.names.signature(through.name).shape) and not self._acts_through_others(through, wrt):
                yield "map", self._diagonal(through, wrt)
        elif step.rule == "chain" and not is_several and not self._is_jacobian:  # X U U^T is not linear in U
            yield from self._pattern(step, through, wrt)
        apart = None if is_several else untied(self.names, equation, step, self.inside)
        if apart is not None:
            yield "jacobian", self._never_formed(step, apart)
        served = self._served(equation)
        if served and ("served" not in self.told or self.names.signature(wrt.name).kind == "parameter"):
            self.told.add("served")
            yield ("served", served), self._serving(wrt.name, served)

    def _served(self, equation: Equation) -> tuple[str, ...]:
        """The letters of what is used for each of them anew: its gradient is the sum over them."""
        step, op = equation.step, equation.op
        if step is None or step.rule != "chain" or step.through is None or step.wrt is None or not isinstance(op, Sum):
            return ()
        is_weight = step.pattern in ("product", "") and self.names.signature(step.wrt.name).kind == "parameter"
        if step.pattern not in ("add", "multiply", "map", "scale") and not is_weight:
            return ()
        fixed, _ = fixed_letters(self.names.program, equation, scatter=False)  # of c_{i + 2h} the sum over i is one term
        found = tuple(c for c, n in op.over if n != 1 and c in step.through.index and c not in {*step.wrt.index, *fixed})
        lead = equation.target.index[: len(equation.target.index) - len(step.wrt.index)]
        return found if not lead else tuple(c for c in found if not any(same(self._ties, equation, c, own) for own in lead))

    @cached_property
    def _ties(self) -> Ties:
        """The axes of the derivatives of a Jacobian that its identity holds together: no sum is over these."""
        return ties(self.derivation.backward) if self._is_jacobian else {}

    def _serving(self, name: str, served: tuple[str, ...]) -> Told:
        """What is used for all of some letters: of a parameter with the others that are."""
        letters = several(list(map(letter, served)))
        parameters = {t.name for t in self.derivation.forward.inputs if t.kind == "parameter"}
        joined = [e for path in self.told_by.values() for e in path]
        told_ = {e.step.wrt.name for e in joined if e.step and e.step.wrt}
        plain = [e for e in self.derivation.backward if not (e.step and e.step.wrt and e.step.wrt.name in told_)]
        ends = [e.step.wrt.name for e in (*joined, *plain) if self._served(e) == served and e.step and e.step.wrt]
        own = [n for n in self.derivation.wrt if n in ends and n in parameters]
        if name not in own or len(own) == 1:
            return told(
                "{} is used for every {}: the derivative by it is the sum over {}." if self._is_jacobian
                else "{} is used for every {}: its gradient is the sum over {}.", self.names.tensor(name), letters, letters,
            )  # fmt: skip
        if len(own) > MOST_SERVING and {*own} == parameters:
            return told("All parameters are used for every {}: their gradients are sums over {}.", letters, letters)
        named = several(list(map(self.names.tensor, own)))
        return told("{} are used for every {}: their gradients are sums over {}.", named, letters, letters)

    def _acts_through_others(self, through: Ref, wrt: Ref) -> bool:
        """Whether what a value is computed of besides is made of the same, as the mean in (x - m)/s is made of x."""
        written = self.names.written
        waiting = [r.name for r in written[through.name].operands if r.name != wrt.name] if through.name in written else []
        seen = set(waiting)
        while waiting and len(seen) <= MOST_MET:
            equation = written.get(waiting.pop())
            for ref in () if equation is None else equation.operands:
                if ref.name == wrt.name:
                    return True
                waiting += [ref.name] if ref.name not in seen else []
                seen.add(ref.name)
        return False

    def _pattern(self, step: Step, through: Ref, wrt: Ref) -> Iterator[Reason]:
        """What the kind of a step says, of the values that it goes through."""
        y, x = self.names.tensor(through.name), self.names.tensor(wrt.name)
        own = self.names.written.get(through.name)
        itself = own is not None and any(ref.name == wrt.name for ref in own.operands)  # L + max(x) is no maximum of x
        match step.pattern:
            case "product":
                yield from self._product(step, through, wrt)
            case "multiply" if itself:
                alone = [r.name for r in step.local_operands if step.local is not None and step.local.body == slot(0)]
                is_one = len(alone) == 1 and self.names.signature(alone[0]).has_name
                other = self.names.tensor(alone[0]) if is_one else told("the other factors")
                yield step.pattern, told("{} is a product: the gradient of {} is that of {} times {}.", y, x, y, other)
            case "max" if itself and not {*wrt.index} <= {*through.index}:  # entry by entry the local derivative says it
                yield (
                    step.pattern,
                    told(
                        "Of the entries of {} only the one that {} was taken from receives the gradient of {}.",
                        x,
                        y,
                        y,
                    ),
                )
            case "sum" if step.local is None or step.local.body == 1:  # of a mean the local derivative says it
                yield step.pattern, told("{} adds entries of {}: each receives its gradient unchanged.", y, x)
            case "repeat":
                yield (
                    step.pattern,
                    told("Entries of {} stand in several places of {}: each collects the gradients of them all.", x, y),
                )
            case "select":
                yield self._read(through, wrt)
            case "along":
                yield step.pattern, told("{} is a primary function of {}: the adjoint of L_f(X, E) is L_f(X^T, G).", y, x)
            case _:
                return

    def _read(self, through: Ref, wrt: Ref) -> Reason:
        """What reading entries by their position is: another shape, a part, a choice by numbers in the data, windows."""
        y, x, written = self.names.tensor(through.name), self.names.tensor(wrt.name), self.names.written.get(through.name)
        if written is None or not reads_each_once(self.names.program, written):
            return "select", told(
                "{} reads entries of {}: the gradient goes back to those that were read; one that was read more often collects "
                "more, one that was not read receives zero.", y, x,
            )  # fmt: skip
        ours, theirs = (sp.Mul(*self.names.signature(ref.name).shape) for ref in (through, wrt))
        if sp.expand(ours - theirs) == 0:
            return "reshape", told("{} is {} in another shape: the gradient is put back into the shape of {}.", y, x, x)
        return "part", told("{} reads a part of {}: its gradient goes back to that part; the rest receives nothing from it.", y, x)

    def _product(self, step: Step, through: Ref, wrt: Ref) -> Iterator[Reason]:
        """A matrix product is linear in each of its factors; a convolution goes back by the kernel turned round."""
        if len(step.local_operands) != 1 or step.local_operands[0].name == wrt.name:  # of X^T X is said that the uses of X add
            return
        y, x, other = (self.names.tensor(ref.name) for ref in (through, wrt, step.local_operands[0]))
        written = self.names.written.get(through.name)
        part = None if written is None else windows(written, wrt)
        if part == "input":
            yield (
                "convolution",
                told("The gradient by {} is a convolution of that by {} with the kernel {} turned round.", x, y, other),
            )
        elif part == "kernel":
            yield "correlation", told("The gradient by the kernel {} is {} held against that by {}, window by window.", x, other, y)
        else:
            second = step.local_operands[0].name
            if second not in self.onward and second in self.here:
                said = told("{} is linear in {} and in {}: the gradient of each is that of {} times the other.", y, x, other, y)
                yield "product", said
            elif "product" not in self.told:
                yield "linear", told("{} is linear in {}: its gradient is that of {} times {}.", y, x, y, other)

    def _diagonal(self, through: Ref, wrt: Ref) -> Told:
        shape = self.names.signature(through.name).shape
        return told(
            "{} is computed entry by entry from {}: its Jacobian, {}, is diagonal." if self._is_jacobian  # it scales rows
            else "{} is computed entry by entry from {}: its Jacobian, {}, is diagonal, so the product is elementwise.",
            self.names.tensor(through.name), self.names.tensor(wrt.name), _size(shape, shape),
        )  # fmt: skip

    def _never_formed(self, step: Step, apart: Untied) -> Told:
        assert step.wrt is not None
        jacobian = self.names.quotient(Gradient(apart.through.name, step.wrt.name))
        size = _size(self.names.signature(apart.through.name).shape, self.names.signature(step.wrt.name).shape)
        delta = [f.indicator(f.equation(letter(new), letter(old))) for old, new in apart.new.items()]
        letters = several(list(map(letter, apart.new.values())))
        return told(
            "The Jacobian {}, {}, is never formed: {} leaves one term of the sum over {}.",
            jacobian,
            size,
            f.juxtapose(delta),
            letters,
        )


def _size(of: Sequence[sp.Expr], wrt: Sequence[sp.Expr]) -> Told:
    """How large a Jacobian is, rows by columns; where that is large, how many entries it has."""
    rows, columns = sp.Mul(*of), sp.Mul(*wrt)
    entries = rows * columns
    if entries.is_Integer and entries >= LARGE:
        return told("of {} entries", f"{int(entries):,}")
    return told("of size {}", shape_formula((rows, columns)))
