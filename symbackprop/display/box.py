r"""The box of a derivation as formulas: \delta_{2} = \hat{y} - y, \frac{\partial L}{\partial W_{2}} = \delta_{2} a^{\top}."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import sympy as sp

from symbackprop.algebra.box import Box
from symbackprop.algebra.lines import Line
from symbackprop.algebra.matrix import Form, Front, is_decimal, is_swallowed, leaves
from symbackprop.algebra.positions import View
from symbackprop.core.derivation import Derivation
from symbackprop.core.functions import known, matrix_function, reduction
from symbackprop.core.program import Program, Ref
from symbackprop.display.body import function_formula, scalar
from symbackprop.display.index_form import index_equation
from symbackprop.display.matrix_form import matrix_equation
from symbackprop.display.names import Names
from symbackprop.display.notation import applied
from symbackprop.display.update import rate_formula, update_formula, updated
from symbackprop.display.views import ViewNames
from symbackprop.formulas import build as f
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import Name, letter
from symbackprop.formulas.plain import plain
from symbackprop.formulas.tree import Atom, Binds, Fence, Grid, Node, Script, split, walk

_DELTAS = ("delta", "eta", "xi", "zeta", "omega")  # for gradients that have a name; a letter of the author's is left alone


class Printer:
    """Writes forms, with the names that a box gives to gradients."""

    def __init__(self, names: Names) -> None:
        self.names, self.views = names, ViewNames(names)

    def tensor(self, name: str | View, subscripts: tuple[str, ...] = ()) -> Node:
        if isinstance(name, View):
            return self.views.formula(name, subscripts)
        return self.names.entry(name, [letter(x) for x in subscripts])

    def formula(self, x: Form) -> Node:
        """A form on paper."""
        return known(FORMULAS, x.op, "the formulas of forms (display.box.FORMULAS)")(self, x)

    def parts(self, x: Form, level: Binds = Binds.SUM) -> list[Node]:
        return [f.within(self.formula(part), level) for part in x.parts]


def _leaf(to: Printer, x: Form) -> Node:
    return to.tensor(x.given.name, x.given.subscripts)


def _onehot(to: Printer, x: Form) -> Node:
    tensor = to.tensor(x.given.name, x.given.subscripts)
    return f.call(f.function("onehot"), [tensor]) if x.given.matrix else Script(f.letter("e"), tensor)


def _transpose(to: Printer, x: Form) -> Node:
    (part,) = x.parts
    if part.op == "inverse":
        return f.power(to.parts(part)[0], f.negative(f.TOP))
    return f.power(to.formula(part), f.TOP)


def _power(to: Printer, x: Form) -> Node:
    base = to.formula(x.parts[0])
    if x.given == sp.S.Half:
        return f.root(base)
    exponent = scalar(_rational(x.given))
    return f.power(base, f.beside(f.ODOT, exponent) if x.op == "power" else exponent)


def _rational(c: Fraction | int) -> sp.Expr:
    return sp.Rational(c.numerator, c.denominator)


def _raised(to: Printer, x: Form) -> Node:
    base, exponent = to.parts(x)
    return f.power(base, f.beside(f.ODOT, exponent))


def _scaled(to: Printer, x: Form) -> Node:
    front: Front = x.given
    if front.coefficient < 0:
        positive = Form("scaled", x.parts, Front(-front.coefficient, front.tops, front.bottoms))
        return f.negative(f.within(_scaled(to, positive), Binds.HADAMARD))
    body = to.formula(x.parts[0]) if x.parts else None
    if front.is_line and body is not None and is_swallowed(x):
        return f.over(body, _below(to, front))
    before = _before(to, front)
    if body is None:
        return before or f.ONE
    if before is None:
        return f.within(body, Binds.HADAMARD)
    return f.juxtapose([before, f.within(body, Binds.PRODUCT)])


def _before(to: Printer, front: Front) -> Node | None:
    """The scalars before a form; None for 1."""
    c = front.coefficient
    whole = is_decimal(c) and not front.bottoms
    number = _rational(c) if whole else sp.Integer(c.numerator)
    above = [scalar(number)] if number != 1 else []
    above += [f.within(to.formula(top), Binds.PRODUCT) for top in front.tops]
    if front.is_line:
        return f.over(f.juxtapose(above) if above else f.ONE, _below(to, front))
    return f.juxtapose(above) if above else None


def _below(to: Printer, front: Front) -> Node:
    c = front.coefficient
    below = [f.number(c.denominator)] if c.denominator != 1 else []
    return f.juxtapose([*below, *(to.formula(part) for part in front.bottoms)] if len(front.bottoms) + len(below) == 1 else
                       [*below, *(f.within(to.formula(part), Binds.PRODUCT) for part in front.bottoms)])  # fmt: skip


def _function(to: Printer, x: Form) -> Node:
    arguments = to.parts(x)
    if x.given == "clip":
        bound = f.negative(f.within(arguments[1], Binds.PRODUCT))
        return f.call(f.function("clip"), [arguments[0], bound, arguments[1]])
    if x.given == "softmax":
        return f.call(f.function("softmax"), arguments)
    if isinstance(x.given, str):
        return applied(reduction(x.given).latex, arguments)
    return function_formula(x.given, arguments)


def _determinant(to: Printer, x: Form) -> Node:
    return applied(matrix_function(x.given).latex, to.parts(x))


def _norm(to: Printer, x: Form) -> Node:
    sub = f.letter(x.given) if x.given else None
    return Script(Fence("‖", to.formula(x.parts[0]), "‖"), sub, f.number(2))


def _indexsum(to: Printer, x: Form) -> Node:
    return f.over_letters(f.SUM, [letter(c) for c, _ in x.given], f.within(to.formula(x.parts[0]), Binds.HADAMARD))


def _blocks(to: Printer, x: Form) -> Node:
    parts = to.parts(x)
    return Grid("bmatrix", tuple((part,) for part in parts) if x.given == 0 else (tuple(parts),))


def _triangle(name: str) -> Callable[[Printer, Form], Node]:
    return lambda to, x: f.call(f.function(name), [*to.parts(x), *([f.number(x.given)] if x.given else [])])


def _called(name: str) -> Callable[[Printer, Form], Node]:
    return lambda to, x: f.call(f.function(name), to.parts(x))


def _test(sign: str) -> Callable[[Printer, Form], Node]:
    return lambda to, x: f.indicator(f.relation(to.formula(x.parts[0]), f.symbol(sign), f.ZERO))


FORMULAS: dict[str, Callable[[Printer, Form], Node]] = {
    "leaf": _leaf,
    "onehot": _onehot,
    "number": lambda to, x: scalar(_rational(x.given)),
    "size": lambda to, x: scalar(x.given),
    "ones": lambda to, x: Script(f.bold("1"), scalar(x.given)),
    "identity": lambda to, x: Script(f.letter("I"), scalar(x.given)),
    "blocks": _blocks,
    "tril": _triangle("tril"),
    "triu": _triangle("triu"),
    "zeros": lambda to, x: f.ZERO,
    "transpose": _transpose,
    "inverse": lambda to, x: f.power(to.formula(x.parts[0]), f.number(-1)),
    "matrixpower": lambda to, x: f.power(to.formula(x.parts[0]), f.number(x.given)),
    "power": _power,
    "scalarpower": _power,
    "raised": _raised,
    "product": lambda to, x: f.juxtapose(to.parts(x, Binds.PRODUCT)),
    "hadamard": lambda to, x: f.hadamard(to.parts(x, Binds.PRODUCT)),
    "over": lambda to, x: f.over(*to.parts(x)),
    "scaled": _scaled,
    "sum": lambda to, x: f.add(to.parts(x)),
    "function": _function,
    "positive": _test(">"),
    "zero": _test("="),
    "diag": _called("diag"),
    "rowsum": _called("rowsum"),
    "colsum": _called("colsum"),
    "rowmean": _called("rowmean"),
    "colmean": _called("colmean"),
    "total": _called("sum"),
    "mean": _called("mean"),
    "trace": _called("tr"),
    "norm": _norm,
    "determinant": _determinant,
    "indexsum": _indexsum,
}


@dataclass(frozen=True)
class ShownLine:
    """One line: the tensor that it says, and its formula. `needs`: the lines that it reads, in order."""

    name: str
    formula: Node
    needs: tuple[str, ...]

    def latex(self) -> str:
        return latex(self.formula)

    def __str__(self) -> str:
        return plain(self.formula)


@dataclass(frozen=True)
class ShownBox:
    """The gradients as a table of definitions: each name is defined before it is used.

    lines     in that order.
    missing   gradients that have no short form: the name of what it is by -> why.
    assumed   labels whose entries were taken to sum to one.
    updates   the step of descent of each parameter, where it was asked for; each needs the gradient.
    names     the names of the program, with those that the lines give to gradients.
    """

    lines: tuple[ShownLine, ...]
    missing: Mapping[str, str]
    assumed: tuple[str, ...]
    updates: tuple[ShownLine, ...]
    names: Names

    @cached_property
    def by_name(self) -> dict[str, ShownLine]:
        return {line.name: line for line in self.lines}

    def definitions(self, name: str) -> tuple[ShownLine, ...]:
        """The lines that a line needs, in order."""
        wanted: set[str] = set()
        waiting = [name]
        while waiting:
            for n in self.by_name[waiting.pop()].needs:
                if n not in wanted:
                    wanted.add(n)
                    waiting.append(n)
        return tuple(line for line in self.lines if line.name in wanted)

    def latex(self) -> str:
        """All lines, aligned."""
        sides = [split(line.formula) for line in (*self.lines, *self.updates)]
        rows = " \\\\\n".join(f"{latex(left)} &{latex(right) if right else ''}" for left, right in sides)
        return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"

    def __str__(self) -> str:
        lines = [str(line) for line in (*self.lines, *self.updates)]
        lines += [f"The gradient by {name} has no short form: {why}. Its step gives it." for name, why in self.missing.items()]
        return "\n".join(lines)


def shown_box(derivation: Derivation, box: Box, names: Names | None = None) -> ShownBox:
    """The lines of a box as formulas, in the names of a program."""
    names = names or Names(derivation.program)
    rate = () if derivation.update is None else (rate_formula(derivation.update),)
    to = Printer(names.labelled(_labels(names, derivation.program, box, rate)))
    order = [line.name for line in box.lines]
    lines: dict[str, ShownLine] = {}
    for line in box.lines:
        legend = _legend(to, derivation.program, line)
        lines |= {shown.name: shown for shown in legend if shown.name not in lines}
        needs = (*(shown.name for shown in legend), *(n for n in order if n in line.tensors))
        lines[line.name] = ShownLine(line.name, _equation(to, line), needs)
    by = {derivation.gradient(wrt): wrt for wrt in derivation.wrt}
    missing = {by[n]: why for n, why in box.missing.items()}
    return ShownBox(tuple(lines.values()), missing, box.assumed, _updates(names, derivation), to.names)


def _updates(names: Names, derivation: Derivation) -> tuple[ShownLine, ...]:
    if derivation.update is None:
        return ()
    formulas = {n: update_formula(names, derivation.gradient(n), n, derivation.update) for n in updated(derivation)}
    return tuple(ShownLine(n, formula, (derivation.gradient(n),)) for n, formula in formulas.items())


def _equation(to: Printer, line: Line) -> Node:
    if line.pieces:
        parts = [f.equation(to.tensor(piece.view, piece.subscripts), to.formula(piece.form)) for piece in line.pieces]
        return f.beside(f.listed(parts), *([] if line.whole else [f.COMMA, f.words(" 0 elsewhere")]))
    if line.form is None:
        own = to.names.written[line.written]
        equation = replace(own, target=Ref(line.name, own.target.index))
        return matrix_equation(to.names, equation) or index_equation(to.names, equation)
    return f.equation(to.tensor(line.name, line.subscripts), to.formula(line.form))


def _legend(to: Printer, program: Program, line: Line) -> list[ShownLine]:
    """What the short names of views in a line stand for; the part of a gradient is the gradient by the part."""
    views = [(piece.view, piece.subscripts) for piece in line.pieces]
    forms = [piece.form for piece in line.pieces] if line.form is None else [line.form]
    views += [(leaf.name, leaf.subscripts) for form in forms for leaf in leaves(form)]
    found: dict[str, ShownLine] = {}
    for view, subscripts in views:
        if not isinstance(view, View):
            continue
        role = program.tensors[view.tensor].role
        own = view if role is None else replace(view, tensor=role.wrt)
        equation = to.views.definition(own, subscripts)
        if equation is not None:
            found.setdefault(latex(equation), ShownLine(latex(equation), equation, ()))
    return list(found.values())


def _labels(names: Names, program: Program, box: Box, rate: tuple[Node, ...]) -> dict[str, Name]:
    r"""\delta with the name of what the gradient is by, or numbered in the order of the forward pass where that has none."""
    order = {n: k for k, n in enumerate(program.tensors)}
    deltas = [line.name for line in box.lines if program.tensors[line.name].role and line.name not in program.outputs]
    by = {n: role.wrt for n in deltas if (role := program.tensors[n].role)}
    head = _free_letter(names, program, rate)
    deltas = [n for n in deltas if not names.is_called(n)]
    if len(deltas) == 1 and not program.tensors[by[deltas[0]]].named:
        return {deltas[0]: Name(head)}
    if all(program.tensors[by[n]].named for n in deltas):
        return {n: Name(head, (names.tensor(by[n]),)) for n in deltas}
    deltas.sort(key=lambda n: order[by[n]])
    return {n: Name(head, (f.number(k),)) for k, n in enumerate(deltas, 1)}


def _free_letter(names: Names, program: Program, rate: tuple[Node, ...]) -> Node:
    named = [*rate, *(names.tensor(n) for n in program.tensors if names.is_called(n))]
    heads = {part for name in named for part in walk(name) if isinstance(part, Atom)}
    return next((f.symbol(n) for n in _DELTAS if f.symbol(n) not in heads), f.word("grad"))
