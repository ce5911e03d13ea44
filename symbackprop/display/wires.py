r"""What stands on the wires of a graph: what each equation makes of the gradient from above for each tensor that it reads.

Every equation is a small network of its own: what it reads is given, and \delta, the gradient from above, comes to what it writes.
The chain rule and the box of that network are the local derivatives. A factor without \delta multiplies it entry by entry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from symbackprop.algebra.box import Line
from symbackprop.algebra.matrix import Form, Front, leaves, number, scaled
from symbackprop.algebra.matrix_product import product
from symbackprop.algebra.positions import View, tensor_of
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.loops.recursion import Recursion
from symbackprop.core.program import Carry, Equation, Gradient, Program, Ref, Signature, Sum, slot
from symbackprop.display.body import slope_formula
from symbackprop.display.box import free_letter, with_outside
from symbackprop.display.forms import Printer
from symbackprop.display.index_form import entry, equation_letters, index_form
from symbackprop.display.matrix_form import matrix_form
from symbackprop.display.names import Names
from symbackprop.display.step_forms import step_said
from symbackprop.display.views import ViewNames
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Name, at_steps, letter
from symbackprop.formulas.tree import Fence, Node, Script

FIXED = ("integers", "constant")  # kinds of tensors that have no gradient


def role_above(asked: Derivation, target: str) -> Gradient:
    """What the gradient is that comes to a value from above."""
    return Gradient(asked.of, target, upstream=asked.upstream)


def above(asked: Derivation, target: str) -> str:
    """Its name."""
    return role_above(asked, target).name


def reads(program: Program, target: str, hidden: Collection[str]) -> tuple[list[Equation], list[str]]:
    """The equation of a value, after those of the hidden values in it; and the tensors that they read, in reading order.

    What is carried from another step is none of them: its formula says so, and wires do not go round.
    """
    written = program.equation_of()
    inside: dict[str, Equation] = {}
    sources: dict[str, None] = {}

    def visit(name: str) -> None:
        carried = isinstance(written[name].op, Carry)
        for operand in written[name].operands[1 if carried else 0 :]:
            if operand.name not in hidden:
                sources[operand.name] = None
            elif operand.name not in inside:
                visit(operand.name)
        inside[name] = written[name]

    visit(target)
    return list(inside.values()), list(sources)


def wired(asked: Derivation, target: str, hidden: Collection[str]) -> Derivation | None:
    """The network of one equation: its outputs are what goes back to each of its operands; None where nothing can."""
    program, name = asked.forward, above(asked, target)
    inside, sources = reads(program, target, hidden)
    real = [n for n in sources if program.tensors[n].kind not in FIXED]
    if not real:
        return None
    free = ("value", "labels")  # what is given here is any array
    given = {r.name for e in inside for r in e.operands} - {e.target.name for e in inside}
    tensors = {n: replace(t, kind="data") if n in given and t.kind in free else t for n, t in program.tensors.items()}
    tensors[name] = Signature(name, program.shape(target), "data", role=role_above(asked, target))
    pair = next(n for k in range(len(tensors) + 1) if (n := f"{asked.of}{'_' * k}paired") not in tensors)
    tensors[pair] = Signature(pair)
    index = inside[-1].target.index
    over = tuple(zip(index, program.shape(target), strict=True))
    paired = Equation(Ref(pair), Sum(slot(0) * slot(1), (slot(0), slot(1)), over), (Ref(name, index), Ref(target, index)))
    whole = differentiate(Program(tensors, (*inside, paired), (pair,), program.conditions), pair, real)
    return replace(whole, program=_read_directly(whole.program, whole.gradient(target), name, pair))


def _read_directly(program: Program, passed: str, given: str, pair: str) -> Program:
    """The program without the pairing: what merely hands the gradient from above on is read as that gradient itself."""

    def direct(ref: Ref) -> Ref:
        return ref._replace(name=given) if ref.name == passed else ref

    kept = [e for e in program.equations if e.target.name not in (passed, pair)]
    return replace(program, equations=tuple(replace(e, operands=tuple(map(direct, e.operands))) for e in kept))


def letter_above(names: Names) -> Name:
    """How the gradient from above is written on wires."""
    return Name(free_letter(names, names.program))


class Told(NamedTuple):
    r"""What is said of a wire.

    local   its local derivative: W_{2}^{\\top} \\delta, \\sigma'(z) = a \\odot (1 - a), 2 (\\hat{y} - y).
    back    what goes back along it, made of the gradient by the value that it leads to.
    part    what that is added to: the tensor, or one of its matrices; None where `back` says it.
    """

    local: Node
    back: Node
    part: Node | None


def told(asked: Derivation, wire: Derivation, line: Line | None, source: str, target: str) -> Told:
    """What is said of one wire.

    wire   the network of the equation of `target`.
    line   the line of its box for `source`, proved; None where it has none that can stand alone.
    """
    plain = Names(wire.program)
    names = plain.labelled({above(asked, target): letter_above(plain)})
    if line is None or line.form is None:
        local, back = (_in_parts(each, wire, line, source) for each in (names, plain))
        whole_matrix = line is not None and not line.pieces and matrix_form(plain, plain.written[line.written]) is not None
        return Told(local, back, plain.tensor(source) if whole_matrix else None)
    part = names.entry(source, [letter(x) for x in line.subscripts])
    whole, back = (with_outside(to, line.form, to.formula(line.form)) for to in (_printer(names), _printer(plain)))
    bare = without(line.form, above(asked, target), not asked.forward.shape(target))
    if bare is None:
        return Told(whole, back, part)
    local = _printer(names).formula(bare)
    slope = _slope(wire, part)
    starts = target == asked.of and not asked.upstream  # what comes from above is 1
    return Told(local if slope in (None, local) else f.equation(slope, local), local if starts else back, part)


def carried_told(asked: Derivation, carry: Equation) -> Iterator[tuple[str, Told]]:
    r"""What goes back from the next step, \delta_{t+1}, to what is carried, and at the start to what that is."""
    own, names = Recursion(asked.forward).carried(carry), Names(asked.program)
    role = role_above(asked, carry.target.name)
    steps = (own.axis.step + own.step, own.start)
    for ref, step in zip(carry.operands, steps, strict=False):
        if asked.forward.tensors[ref.name].kind not in FIXED:
            back = Script(Fence("", names.derivative(role, []), "|"), step_said(step))
            yield ref.name, Told(at_steps(letter_above(names), [(own.axis.letter, step_said(step))]), back, names.tensor(ref.name))


def _in_parts(names: Names, wire: Derivation, line: Line | None, source: str) -> Node:
    r"""The parts of a tensor that something goes back to, or its entries: \delta \to X_{:,0}."""
    to = _printer(names)
    if line is not None and line.pieces:
        parts = [piece for piece in line.pieces if piece.form.op != "zeros"]
        goes = [(to.formula(p.form), to.tensor(_of(p.view, source), p.subscripts)) for p in parts]
        return f.listed([f.relation(form, f.symbol("to"), view) for form, view in goes])
    own = names.written[line.written if line is not None else wire.gradient(source)]
    matrix = None if line is None else matrix_form(names, own)
    if matrix is not None:
        return to.formula(matrix)
    inline = frozenset(names.written) - {own.target.name, *(e.target.name for e in wire.forward.equations[-2:-1])}
    entries = entry(names, Ref(source, own.target.index), equation_letters(names, own))
    return f.relation(index_form(names, own, inline), f.symbol("to"), entries)


def _printer(names: Names) -> Printer:
    to = Printer(names)
    to.views = _Cut(names)
    return to


class _Cut(ViewNames):
    """Views by their slices: a short name would need a line that defines it."""

    def short(self, view: View, subscripts: Sequence[str]) -> Node | None:
        return None


def _of(view: str | View, tensor: str) -> str | View:
    """The same entries of another tensor."""
    return replace(view, tensor=tensor) if isinstance(view, View) else tensor


def _slope(wire: Derivation, argument: Node) -> Node | None:
    r"""\sigma'(z) where the equation is one function of one tensor, entry by entry."""
    own, *others = wire.forward.equations[:-1]
    if others or not isinstance(own.op, Sum) or own.op.over or own.op.body.args != own.op.slots[:1] or len(own.operands) > 1:
        return None
    return slope_formula(type(own.op.body), argument)


def stands_alone(asked: Derivation, line: Line, target: str, shown: Collection[str]) -> bool:
    """Whether a reader of the graph knows all that a line reads."""
    return not line.missing and all(n in shown or n == above(asked, target) for n in map(tensor_of, line.tensors))


def without(x: Form, name: str, scalar: bool) -> Form | None:
    """A form without the tensor that it is multiplied by, entry by entry; None where it is no such factor.

    scalar   whether the tensor is a number, which multiplies every product.
    """
    if sum(leaf.name == name for leaf in leaves(x)) != 1:
        return None
    match x.op:
        case "leaf":
            return number(1)
        case "scaled":
            front: Front = x.given
            tops = tuple(top for top in front.tops if top.op != "leaf" or top.given.name != name)
            body = x.parts[0] if x.parts else None
            if len(tops) < len(front.tops):
                return scaled(replace(front, tops=tops), body)
            inner = without(body, name, scalar) if body is not None else None
            return None if inner is None else scaled(front, inner)
        case "hadamard":
            found = [without(part, name, scalar) if _holds(part, name) else part for part in x.parts]
            if None in found:
                return None
            left = [part for part in found if part != number(1)]
            return number(1) if not left else left[0] if len(left) == 1 else Form("hadamard", tuple(left))  # type: ignore[arg-type]
        case "over":
            inner = without(x.parts[0], name, scalar) if _holds(x.parts[0], name) else None
            return None if inner is None else Form("over", (inner, x.parts[1]))
        case "product" if scalar:
            found = [without(part, name, scalar) if _holds(part, name) else part for part in x.parts]
            left = [part for part in found if part is not None and part != number(1) and not _is_ones(part)]
            return None if None in found else product(left) if left else number(1)
    return None


def _is_ones(x: Form) -> bool:
    return x.op == "ones" or (x.op == "transpose" and _is_ones(x.parts[0]))


def _holds(x: Form, name: str) -> bool:
    return any(leaf.name == name for leaf in leaves(x))
