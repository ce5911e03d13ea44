"""What a reader must know beside the equations, in words: zeros and their reasons, uses that add, layers that collapse, kinks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import assert_never

import sympy as sp

from symbackprop.core.derivation import Derivation
from symbackprop.core.functions import (
    ELEMENTWISE,
    TableFunction,
    Where,
    declared_names,
    held,
    kinks,
    matrix_function,
    reduction,
    stop_gradient,
)
from symbackprop.core.program import Carry, Equation, Matrix, Program, Reduce, Ref, Sum, describe, is_product, size
from symbackprop.display.index_form import index_form
from symbackprop.display.names import Names
from symbackprop.display.softmax import softmaxes
from symbackprop.display.units import units_said
from symbackprop.display.unread import unread
from symbackprop.formulas import build as f
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.plain import plain
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.told import Formula, Said, Told, listed, name, several, told
from symbackprop.formulas.tree import Node, rebuilt

SHARED = 6
"""Names of values that are used more than once which are listed."""

_CALL = re.compile(r"(\w+)('?)\(([-\w]+)\)")

COMPARISON = "<"
"""What stops a gradient where no function does."""

SG = "stop_gradient"


def remarks(derivation: Derivation) -> tuple[Told, ...]:
    """What a reader must know beside the equations, one paragraph each."""
    return (*beside_steps(derivation), *_copies(derivation))


def beside_steps(derivation: Derivation) -> Iterator[Told]:
    """The same without what the steps say: that the gradients of several uses add."""
    program = derivation.forward
    if derivation.network:
        yield from (told("{}", Said(note)) for note in derivation.network.notes)
        yield from units_said(derivation.network)
    yield from _declared(program)
    yield from _layers(program)
    yield from _independent(derivation)
    yield from _zeros(derivation)
    yield from _held(program)
    yield from _collapses(program)
    yield from unread(program)
    chosen: dict[str, None] = {}
    for equation in program.equations:
        op = equation.op
        match op:
            case Sum():
                chosen |= dict.fromkeys(kinks(_with_signs(program, equation)))
            case Reduce():
                kink = reduction(op.kind).kink
                chosen |= {kink: None} if kink else {}
            case Matrix():  # a matrix without an inverse is refused, not given a slope
                matrix_function(op.kind)
            case Carry():
                pass
            case _:
                assert_never(op)
    names = Names(derivation.program)
    needed = (_of_matrix(names, e) for e in derivation.program.equations if isinstance(e.op, Matrix))
    yield from dict.fromkeys(said for said in needed if said)
    if chosen:
        yield told("Where a function has no slope, a subgradient is chosen: {}.", listed(list(map(_chosen, chosen)), "; "))


def _of_matrix(names: Names, equation: Equation) -> Told:
    """What its row says of a function of a matrix: of this matrix, where it is called by a letter with that below."""
    assert isinstance(equation.op, Matrix)
    row = matrix_function(equation.op.kind)
    if row.said is None:
        return Told()
    own = names.tensor(equation.operands[0].name) if row.letter else f.letter("X")

    def of_own(node: Node) -> Node:
        return own if node == f.letter("X") else rebuilt(node, of_own)

    pattern, formulas = row.said
    return Told(pattern, tuple(Formula(plain(shown), shown) for shown in map(of_own, map(parse, formulas))))


def _with_signs(program: Program, equation: Equation) -> sp.Expr:
    """The body of an equation with what is known of its operands: the values of numbers, the signs of what is positive."""
    assert isinstance(equation.op, Sum)
    known: dict[sp.Expr, sp.Expr] = {}
    for slot, operand in zip(equation.op.slots, equation.operands, strict=True):
        tensor = program.tensors[operand.name]
        if tensor.value is not None:
            known[slot] = tensor.value
        elif tensor.domain == "positive":
            known[slot] = sp.Dummy(slot.name, positive=True)
    return equation.op.body.xreplace(known)  # type: ignore[return-value]  # of an expression it is one


def _chosen(kink: str) -> Told:
    """What a row chooses where there is no slope: relu'(0) = 0 as a formula, sentences as they are."""
    equations = [[_kink_side(part) for part in text.split(" = ")] for text in kink.split(", ")]
    if any(None in sides for sides in equations):
        return Told(kink)
    return told("{}", f.listed([f.joined(f.EQUALS, [side for side in sides if side]) for sides in equations]))


def _kink_side(text: str) -> Node | None:
    """A slope at a point, ReLU'(0), or a number or a name."""
    call = _CALL.fullmatch(text)
    if call is None:
        return f.number(text) if re.fullmatch(r"-?[\d.]+", text) else parse_name(text).formula() if text.isidentifier() else None
    row, prime, at = call.groups()
    written = re.search(r"\\operatorname\{(\w+)\}", ELEMENTWISE[row].latex)
    head = f.function(written[1] if written else row)
    argument = _kink_side(at.lstrip("-"))
    if argument is None:
        return None
    return f.call(f.primed(head, len(prime)), [f.negative(argument) if at.startswith("-") else argument])


def _declared(program: Program) -> Iterator[Told]:
    names = sorted({n for e in program.equations if isinstance(e.op, Sum) for n in declared_names(e.op.body)})
    for n in names:
        yield told(
            "{} is any function with a slope: what is derived holds for all of them. The check and the picture compute with a sum "
            "of sines and a line that is drawn from its name.", parse_name(n).formula(),
        )  # fmt: skip


def _layers(program: Program) -> Iterator[Told]:
    """That layers differ in width, and what a width without a number is."""
    bases = {one.base for t in program.inputs for n in t.widths if n is not None for one in n.atoms(sp.Indexed)}
    for base in sorted(bases, key=str):
        own = name(str(base))
        yield told("The layers differ in width: {} stands with the number of the layer, and the lines hold at any widths. They are "
                   "compiled and trained at given ones, {} = 4, 5, 3, layer by layer.", own, own)  # fmt: skip
        plain = size(str(base))
        if any(isinstance(e.op, Sum) and e.op.body.has(plain) for e in program.equations):
            yield told("In a factor, {} without a number is the width of the layer whose entries it counts.", own)


def _independent(derivation: Derivation) -> Iterator[Told]:
    for wrt in derivation.wrt:
        if derivation.program.tensors[wrt].is_symmetric:
            yield told(
                "The gradient by {} takes its entries as independent, as that of any matrix; along symmetric changes its symmetric "
                "part counts.", name(wrt),
            )  # fmt: skip
        if derivation.program.tensors[wrt].is_orthogonal:
            q, g = name(wrt), f.letter("G")
            turned = f.negative(f.juxtapose([q.node, f.power(g, f.TOP), q.node]))
            tangent = f.juxtapose([f.over(f.ONE, f.number(2)), f.bracket(f.add([g, turned]))])
            yield told(
                "The gradient by {}, G, takes its entries as independent, as that of any matrix; along orthogonal changes only its "
                "tangent part {} counts.", q, tangent,
            )  # fmt: skip


def _zeros(derivation: Derivation) -> Iterator[Told]:
    """Why gradients are zero, or a part of them: of all that are so for the same reason in one sentence."""
    program, of = derivation.forward, derivation.of
    by_name = derivation.program.equation_of()
    flat = _flat_functions(program, of)
    alike: dict[tuple[bool, tuple[str, ...]], list[Formula]] = {}
    for wrt in derivation.wrt:
        is_zero, stops = _is_zero(by_name[derivation.gradient(wrt)]), tuple(flat.get(wrt, ()))
        alike.setdefault((is_zero, stops), []).append(name(wrt))
    for (is_zero, stops), names in sorted(alike.items(), key=lambda item: item[0][0] and not item[0][1]):
        loss, own, is_one = name(of), several(names), len(names) == 1
        stopping = [told("a comparison") if one == COMPARISON else Formula(one, f.function(one)) for one in stops if one != SG]
        stopped = several(stopping) if stopping else Told()
        flatness = told("{}, which are flat", stopped) if len(stopping) > 1 else told("{}, which is flat", stopped)
        if not is_zero:
            if stopped:
                yield told("No gradient comes to {} through {} almost everywhere; what is shown comes by the other paths.",
                           own, flatness)  # fmt: skip
        elif SG in stops:
            yield told("{} reaches {} only through what stop_gradient holds: the gradient is zero.", loss, own)
        elif stopped:
            sloped = [one for one, stop in zip(stopping, stops, strict=True) if stop != COMPARISON]
            yield _never_moved(loss, own, flatness, several(sloped) if sloped else None, is_one)
        else:
            yield told(
                "{} does not depend on {}: its gradient is zero."
                if is_one
                else "{} does not depend on {}: their gradients are zero.",
                loss,
                own,
            )


def _never_moved(loss: Formula, own: Told, flatness: Told, sloped: Told | None, is_one: bool) -> Told:
    """That what flat functions alone read is never trained, and what trains it: such a function has others that are like it."""
    said = told(
        "{} reaches {} only through {}: the gradient is zero wherever it exists, so gradient descent never moves {}."
        if is_one
        else "{} reaches {} only through {}: their gradients are zero wherever they exist, so gradient descent never moves them.",
        loss, own, flatness, *([own] if is_one else []),
    )  # fmt: skip
    if sloped is None:
        return said
    return told(
        "{} To train it, replace {} by a function with a slope, such as sigmoid."
        if is_one
        else "{} To train them, replace {} by a function with a slope, such as sigmoid.",
        said, sloped,
    )  # fmt: skip


def _held(program: Program) -> Iterator[Told]:
    """What stop_gradient holds, and estimators whose slope is that of another function than their value."""
    holding = [e for e in program.equations if isinstance(e.op, Sum) and e.op.body.has(stop_gradient)]
    if holding:
        held_x = f.call(f.function("sg"), [f.letter("x")])
        yield told("{} is {}, and a constant to the chain rule: nothing comes back through it (stop_gradient).",
                   Formula("sg(x)", held_x), Formula("x", f.letter("x")))  # fmt: skip
    for equation in holding:
        value, slope = _straight_through(equation.op.body)  # type: ignore[union-attr]
        if slope != 0:
            forward, backward = (_right_side(program, _with_body(equation, body)) for body in (value, slope))
            yield told(
                "{} is a straight-through estimator: forwards it is {}, backwards it has the slope of {} (Bengio, Leonard and "
                "Courville 2013).", name(equation.target.name), forward, backward,
            )  # fmt: skip


def _straight_through(body: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The value of a body, and what its slope is the slope of where nothing of that is left in the value; 0 elsewhere."""
    value: sp.Expr = sp.expand(body.xreplace({part: part.args[0] for part in held(body)}))
    slope: sp.Expr = sp.expand(body.xreplace(dict.fromkeys(held(body), sp.S.Zero)))
    left = set(sp.Add.make_args(value)) & set(sp.Add.make_args(slope))
    return value, sp.S.Zero if left or not body.is_Add else slope


def _with_body(equation: Equation, body: sp.Expr) -> Equation:
    assert isinstance(equation.op, Sum)
    return replace(equation, op=replace(equation.op, body=body))


def _right_side(program: Program, equation: Equation) -> Formula:
    return Formula(describe(equation), index_form(Names(program), equation))


def _is_zero(equation: Equation) -> bool:
    return isinstance(equation.op, Sum) and equation.op.body == 0


def _flat_functions(program: Program, of: str) -> dict[str, dict[str, None]]:
    """For each tensor, the flat functions between it and `of`, whose slope is zero almost everywhere."""
    above = {of}
    found: dict[str, dict[str, None]] = {}
    for equation in reversed(program.equations):
        if equation.target.name not in above:
            continue
        passed = found.get(equation.target.name, {})
        for k, operand in enumerate(equation.operands):
            if isinstance(equation.op, Sum) and not equation.op.body.has(equation.op.slots[k]):  # multiplied by 0
                continue
            above.add(operand.name)
            stopping = _stopping(equation.op.body, equation.op.slots[k]) if isinstance(equation.op, Sum) else ()
            if stopping or passed:
                found.setdefault(operand.name, {}).update(dict.fromkeys(stopping) | passed)
    return found


@cache
def _stopping(body: sp.Expr, s: sp.Symbol) -> tuple[str, ...]:
    """The flat functions through which alone a body reads a slot."""
    if not body.has(TableFunction, Where, stop_gradient) or sp.diff(body, s) != 0:
        return ()
    if any(part.has(s) for part in held(body)):
        return (SG,)
    names = sorted({f.row.name for f in body.atoms(TableFunction) if f.row.flat and f.has(s)})
    return tuple(names) or ((COMPARISON,) if any(part.args[0].has(s) for part in body.atoms(Where)) else ())


def _copies(derivation: Derivation) -> Iterator[Told]:
    tensors, of = derivation.forward.tensors, derivation.of
    copies = (
        e.step for e in derivation.program.equations if e.step and e.step.rule == "copy" and not _is_of_a_softmax(derivation, e)
    )
    shared = [s.wrt.name for s in copies if s.wrt is not None and s.wrt.name in tensors and tensors[s.wrt.name].named]
    if shared:
        names = listed([*map(name, shared[:SHARED]), *(["..."] if len(shared) > SHARED else [])])
        used = told("{} is used more than once.", names) if len(shared) == 1 else told("{} are used more than once.", names)
        yield told(
            "{} The gradients of the uses add: a small change moves {} along every path at once, and to first order the changes "
            "sum. "
            "They are not averaged.", used, name(of),
        )  # fmt: skip


def _is_of_a_softmax(derivation: Derivation, equation: Equation) -> bool:
    """Whether a value is used more than once by its softmax alone, which is a value and its logsumexp in the equations."""
    tensors, names = derivation.program.tensors, Names(derivation.program)
    vias = {role.via for r in equation.operands if (role := tensors[r.name].role)}
    wrt = equation.step.wrt if equation.step else None
    return wrt is not None and any(o == wrt.name and vias == {p, total} for (o, total), p in softmaxes(names).named.items())


def _collapses(program: Program) -> Iterator[Told]:
    """Two linear layers with nothing between them are one linear layer."""
    affine: dict[str, tuple[str, str]] = {}
    for equation in program.equations:
        target, op = equation.target.name, equation.op
        if not isinstance(op, Sum):
            continue
        weights = [r for r in equation.operands if program.tensors[r.name].kind == "parameter" and len(r.index) > 1]
        others = [r for r in equation.operands if r not in weights]
        if is_product(op) and len(weights) == 1 and len(others) == 1:
            before = affine.get(others[0].name)
            if before is not None and before[0] != weights[0].name:  # F P F^T and a step taken twice are no layers
                first, second = before[0], weights[0].name
                side = before[1] if before[1] == _side(weights[0], op) else ""
                ordered = {"left": (second, first), "right": (first, second)}.get(side, ())
                product = told("{} {}", *map(name, ordered)) if ordered else told("of the two")
                yield told(
                    "{} follows {} with no activation between them: together they are one linear layer, whose matrix is the "
                    "product {}. "
                    "The second layer adds no expressive power; put an activation between "
                    "them.", name(second), name(first), product,
                )  # fmt: skip
            affine[target] = weights[0].name, _side(weights[0], op)
        elif not op.over and op.body.is_Add and all(t in op.slots for t in op.body.args):  # a bias is added
            linear = [r for r in equation.operands if r.name in affine]
            biases = [r for r in equation.operands if program.tensors[r.name].kind == "parameter"]
            if len(linear) == 1 and len(linear) + len(biases) == len(equation.operands):
                affine[target] = affine[linear[0].name]


def _side(weight: Ref, op: Sum) -> str:
    """Where a matrix stands in a product: "left" in W x, "right" in x W, "" elsewhere."""
    summed = [letter for letter, _ in op.over]
    if len(weight.index) != 2 or len(summed) != 1 or summed[0] not in weight.index:
        return ""
    return "left" if weight.index[1] == summed[0] else "right"
