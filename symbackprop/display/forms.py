r"""Matrix formulas on paper: W_{2}^{\top} \delta_{2} \odot a \odot \left(1 - a\right). One row writes each kind of form.

Conventions: a vector is a column; functions, powers and fractions act entry by entry; \odot is the product entry by entry and binds
less tightly than the matrix product; \mathbf{1}_{n} is the column of n ones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from fractions import Fraction

import sympy as sp

from symbackprop.algebra.blocks import is_wide_zero
from symbackprop.algebra.matrix import Form, Front, Level, is_decimal, is_swallowed
from symbackprop.algebra.positions import View
from symbackprop.algebra.turned import transpose
from symbackprop.core.functions import known, matrix_function, reduction
from symbackprop.display.body import function_formula, logarithm, relation_sign, scalar
from symbackprop.display.decimals import decimal_root, typed_below_a_root
from symbackprop.display.names import Names
from symbackprop.display.notation import applied
from symbackprop.display.standing import below_a_sum, condition, count
from symbackprop.display.views import ViewNames
from symbackprop.formulas import build as f
from symbackprop.formulas.names import index, letter
from symbackprop.formulas.tree import Binds, Fence, Grid, Node, Root, Script, binds, items_of
from symbackprop.formulas.tree import Fraction as Line


class Printer:
    """Writes forms, with the names that a box gives to gradients.

    views     how parts of tensors are written; by short names, which the box defines, where not given.
    leading   the scalars 1/N that stand before a sum or a product in a table: in all of it they stand before what they divide.
    """

    def __init__(self, names: Names, views: ViewNames | None = None, leading: Collection[Front] = ()) -> None:
        self.names, self.views, self.leading = names, views or ViewNames(names), leading

    def tensor(self, name: str | View, subscripts: tuple[str, ...] = ()) -> Node:
        if isinstance(name, View):
            return self.views.formula(name, subscripts)
        return self.names.entry(name, [letter(x) for x in subscripts])

    def formula(self, x: Form) -> Node:
        """A form on paper."""
        return known(FORMULAS, x.op, "the formulas of forms (display.forms.FORMULAS)")(self, x)

    def parts(self, x: Form, level: Binds = Binds.SUM) -> list[Node]:
        return [f.within(self.formula(part), level) for part in x.parts]


def _leaf(to: Printer, x: Form) -> Node:
    return to.tensor(x.given.name, x.given.subscripts)


def _onehot(to: Printer, x: Form) -> Node:
    tensor = to.tensor(x.given.name, x.given.subscripts)
    return f.call(f.function("onehot"), [tensor]) if x.given.matrix else Script(f.letter("e"), tensor)


def _positions(to: Printer, x: Form) -> Node:
    return f.indicator(condition(x.given))


def _count(to: Printer, x: Form) -> Node:
    return count(x.given)


def _entry(to: Printer, x: Form) -> Node:
    (part,) = x.parts
    own = to.formula(part)
    base = own if part.op in ("function", "factor") else f.bracket(own)
    return Script(base, index([letter(c) for c in x.given]))


def _transpose(to: Printer, x: Form) -> Node:
    (part,) = x.parts
    if part.op == "inverse":
        return f.power(to.parts(part)[0], f.negative(f.TOP))
    if part.op == "power" and part.given == sp.S.Half:  # no mark stands beside a root: sqrt(v^T + c)
        (inner,) = part.parts
        within = Form("sum", tuple(map(transpose, inner.parts)), inner.given) if inner.op == "sum" else transpose(inner)
        return to.formula(Form("power", (within,), part.given))
    return f.power(to.formula(part), f.TOP)


def _power(to: Printer, x: Form) -> Node:
    if x.given == sp.S.Half and x.parts[0].op == "number":
        return decimal_root(_rational(x.parts[0].given))
    base = to.formula(x.parts[0])
    if x.given == sp.S.Half:
        return f.root(base)
    exponent = scalar(_rational(x.given))
    return f.power(base, f.beside(f.ODOT, exponent) if x.op == "power" else exponent)


def _rational(c: Fraction | int) -> sp.Expr:
    return sp.Rational(c.numerator, c.denominator)


def _raised(to: Printer, x: Form) -> Node:
    """Entry by entry, or a number to a number."""
    base, exponent = to.parts(x)
    return f.power(base, f.beside(f.ODOT, f.within(exponent, Binds.PRODUCT)) if x.given else exponent)


def _scaled(to: Printer, x: Form) -> Node:
    front: Front = _with_roots(x.given)
    x = Form("scaled", x.parts, front)
    if front.coefficient < 0:
        positive = Form("scaled", x.parts, Front(-front.coefficient, front.tops, front.bottoms))
        inner = _scaled(to, positive)
        return f.negative(inner if _ends_in_a_sum(x) else f.within(inner, Binds.HADAMARD))
    body = to.formula(x.parts[0]) if x.parts else None
    if body is not None and front.is_line and is_swallowed(x) and not _is_tall(body) and front not in to.leading:
        return f.over(body, _below(to, front))
    before = _before(to, front, beside=body is not None)
    if body is None:
        return f.juxtapose(before)
    if not before:
        return f.within(body, Binds.HADAMARD)
    inner = body if _ends_in_a_sum(x) else f.within(body, Binds.HADAMARD)
    return f.juxtapose([*before, inner], min(binds(inner), Binds.PRODUCT))


def _ends_in_a_sum(x: Form) -> bool:
    """Whether scalars stand before a sum over letters of what is no sum itself: 2 sum_j A_ij x_j."""
    return bool(x.parts) and x.parts[0].op == "indexsum" and x.parts[0].parts[0].level >= Level.PRODUCT


def leading(table: Iterable[Form]) -> set[Front]:
    """The scalars 1/N, of sizes, that stand before what they divide somewhere in a table."""
    found, waiting = set[Front](), list(table)
    while waiting:
        x = waiting.pop()
        waiting += x.parts
        if x.op == "scaled" and x.parts and x.given.bottoms and not is_swallowed(x):
            own = Front(abs(x.given.coefficient), x.given.tops, x.given.bottoms)
            found |= {own} if own.is_bare and all(part.op == "size" for part in own.bottoms) else set()
    return found


def _with_roots(front: Front) -> Front:
    """The scalars with a decimal below a root where it was typed there: sqrt(6.28318), not sqrt(1570795)/500."""
    number = _rational(front.coefficient)
    for above, parts in ((True, front.tops), (False, front.bottoms)):
        for k, part in enumerate(parts):
            root = _as_size(part)
            found = typed_below_a_root(number, root) if above else None
            turned = None if found or root is None else typed_below_a_root(1 / (number * root**2) if above else 1 / number, root)
            if found is None and turned is None:
                continue
            c, radicand = (Fraction(int(x.p), int(x.q)) for x in found or turned or ())
            own = (Form("scalarpower", (Form("number", (), radicand),), Fraction(1, 2)),)
            left = (*parts[:k], *parts[k + 1 :])
            tops, bottoms = (left, front.bottoms) if above else (front.tops, left)
            return Front(c, (*tops, *own), bottoms) if found else Front(1 / c, tops, (*bottoms, *own))
    return _with_one_root(front)


def _with_one_root(front: Front) -> Front:
    """The roots of numbers as one, and below the line where a person writes it: 1 over sqrt(2 pi), not sqrt(2) over 2 sqrt(pi)."""
    c, tops, bottoms = front.coefficient, list(front.tops), list(front.bottoms)
    for part in front.tops:
        inside = _below_a_root(part)
        if inside is not None and inside.is_Integer and Fraction(c).denominator % int(inside) == 0:
            c *= int(inside)
            tops.remove(part)
            bottoms.append(part)
    return Front(c, _one_root(tops), _one_root(bottoms))


def _one_root(parts: list[Form]) -> tuple[Form, ...]:
    inside = {k: own for k, part in enumerate(parts) if (own := _below_a_root(part)) is not None}
    if len(inside) < 2:
        return tuple(parts)
    root = Form("scalarpower", (Form("size", (), sp.Mul(*inside.values())),), Fraction(1, 2))
    return (root, *(part for k, part in enumerate(parts) if k not in inside))


def _below_a_root(x: Form) -> sp.Expr | None:
    """The number that a scalar is the root of; None where it is none."""
    root = _as_size(x)
    return root.base if isinstance(root, sp.Pow) and root.exp == sp.S.Half and root.base.is_number else None


def _as_size(x: Form) -> sp.Expr | None:
    """What a scalar is in numbers and sizes alone, a root among them."""
    if x.op == "scalarpower" and x.parts[0].op == "size":
        return x.parts[0].given ** _rational(x.given)
    return x.given if x.op == "size" else None


def _before(to: Printer, front: Front, beside: bool) -> list[Node]:
    """The scalars before a form: a number and what is short as one fraction, then what has a fraction in it.

    beside   whether the form stands beside them: 2 (a^T x) a.
    """
    c = front.coefficient
    whole = is_decimal(c) and not front.bottoms
    number = _rational(c) if whole else sp.Integer(c.numerator)
    alone = front.is_line and number == 1 and len(front.tops) == 1  # above a line it needs no brackets
    level = Binds.SUM if alone else Binds.PRODUCT
    tops = [
        f.bracket(to.formula(top)) if top.op == "product" and beside and not front.is_line else f.within(to.formula(top), level)
        for top in front.tops
    ]
    tall = [top for top in tops if _is_tall(top)] if front.is_line else []
    above = [*([scalar(number)] if number != 1 else []), *(top for top in tops if top not in tall)]
    if front.is_line:
        return [f.over(f.juxtapose(above), _below(to, front)), *tall]
    return above


def _below(to: Printer, front: Front) -> Node:
    c = front.coefficient
    below = [f.number(c.denominator)] if c.denominator != 1 else []
    level = Binds.PRODUCT if len(front.bottoms) + len(below) > 1 else Binds.SUM
    return f.juxtapose([*below, *(f.within(to.formula(part), level) for part in front.bottoms)])


def _over(to: Printer, x: Form) -> Node:
    """A fraction; what has one in it stands before the line."""
    top, below = x.parts
    nodes = [to.formula(part) for part in (top.parts if top.op == "hadamard" else (top,))]
    tall = [node for node in nodes if _is_tall(node)]
    if not tall:
        return f.over(to.formula(top), to.formula(below))
    rest = _entrywise([node for node in nodes if node not in tall])
    return _entrywise([*tall, f.over(rest, to.formula(below))])


def _is_tall(node: Node) -> bool:
    """Whether a fraction is among the factors, so that the product does not stand on the line of another one."""
    return binds(node) > Binds.SUM and any(f.holds(item, Line) for item in items_of(node) if not isinstance(item, Fence | Root))


def _entrywise(nodes: Sequence[Node]) -> Node:
    if len(nodes) < 2:
        return nodes[0] if nodes else f.ONE
    return f.hadamard([f.within(node, Binds.PRODUCT) for node in nodes])


def _product(to: Printer, x: Form) -> Node:
    """Factors side by side; log x without brackets only at the end."""
    *first, last = to.parts(x)
    return f.juxtapose([*(f.within(node, Binds.POWER) for node in first), f.within(last, Binds.PRODUCT)])


def _compare(to: Printer, x: Form) -> Node:
    return f.indicator(_relation(to, x))


def _relation(to: Printer, x: Form) -> Node:
    first, *rest = to.parts(x)
    return f.relation(first, *(node for side in rest for node in (relation_sign(x.given), side)))


def _cases(to: Printer, x: Form) -> Node:
    test, first, second = x.parts
    return f.cases(to.formula(first), _relation(to, test), to.formula(second))


def _inner(to: Printer, x: Form) -> Node:
    return Script(Fence("⟨", f.listed(to.parts(x)), "⟩"), f.letter("F"))


def _function(to: Printer, x: Form) -> Node:
    arguments = to.parts(x)
    if x.given is sp.log and x.parts[0].op == "leaf":
        return logarithm(arguments[0])
    if x.given == "clip" and len(arguments) == 3:
        return f.call(f.function("clip"), arguments)
    if x.given == "clip":
        bound = f.negative(f.within(arguments[1], Binds.PRODUCT))
        return f.call(f.function("clip"), [arguments[0], bound, arguments[1]])
    if x.given == "softmax":
        return f.call(f.function("softmax"), arguments)
    if isinstance(x.given, str):
        return applied(reduction(x.given).latex or rf"\operatorname{{{x.given}}}", arguments)
    return function_formula(x.given, arguments)


def _function_of_matrix(to: Printer, x: Form) -> Node:
    return applied(matrix_function(x.given).written(len(x.parts) - 1), to.parts(x))


def _norm(to: Printer, x: Form) -> Node:
    body, sub = Fence("‖", to.formula(x.parts[0]), "‖"), f.letter(x.given) if x.given else None
    sup = f.number(2) if x.op == "norm" else None
    return Script(body, sub, sup) if sub or sup else body


def _indexsum(to: Printer, x: Form) -> Node:
    below, summed = below_a_sum(x.parts[0], [c for c, _ in x.given])
    return f.over_letters(f.SUM, below, f.within(to.formula(summed), Binds.HADAMARD))


def _blocks(to: Printer, x: Form) -> Node:
    """Side by side or below each other; where nothing stands but zeros, a bold one, since it is as large as it has to be."""
    parts = [f.bold("0") if is_wide_zero(part) else node for part, node in zip(x.parts, to.parts(x), strict=True)]
    return Grid("bmatrix", tuple((part,) for part in parts)) if x.given == 0 else f.block_row(parts)


def _grid(to: Printer, x: Form) -> Node:
    """Numbers in rows of so many columns as are given."""
    parts = to.parts(x)
    return Grid("bmatrix", tuple(tuple(parts[k : k + x.given]) for k in range(0, len(parts), x.given)))


def _triangle(name: str) -> Callable[[Printer, Form], Node]:
    return lambda to, x: f.call(f.function(name), [*to.parts(x), *([f.number(x.given)] if x.given else [])])


def _called(name: str) -> Callable[[Printer, Form], Node]:
    return lambda to, x: f.call(f.function(name), to.parts(x))


def _correlation(to: Printer, x: Form) -> Node:
    """The second tensor slides over the first."""
    wide, slid = to.parts(x)
    wide = _every("pad", [-n for n in x.given.offsets], wide, 0)
    parts = [f.within(part, Binds.PRODUCT) for part in (wide, _every("spread", x.given.spreads, slid, 1))]
    return _every("stride", x.given.steps, f.joined(f.symbol("star"), parts, Binds.HADAMARD), 1)


def _convolution(to: Printer, x: Form) -> Node:
    """The full convolution: what each entry of the one adds to a window of the other."""
    one, other = to.parts(x)
    parts = [_every("spread", x.given.steps, one, 1), _every("spread", x.given.spreads, other, 1)]
    full = f.joined(f.symbol("ast"), [f.within(part, Binds.PRODUCT) for part in parts], Binds.HADAMARD)
    return _every("crop", [-n for n in x.given.offsets], full, 0)


def _every(name: str, numbers: Sequence[sp.Expr], body: Node, none: int) -> Node:
    """pad_{1}(X), pad_{1 x 0}(X): what is done along each axis; nothing where each number says so."""
    if all(n == none for n in numbers):
        return body
    shown = [scalar(n) for n in (numbers[:1] if len(set(numbers)) == 1 else numbers)]
    return f.call(Script(f.function(name), f.joined(f.symbol("times"), shown, Binds.PRODUCT)), [body])


FORMULAS: dict[str, Callable[[Printer, Form], Node]] = {
    "leaf": _leaf,
    "shifted": lambda to, x: to.views.entry(x.given.name, x.given.subscripts),
    "onehot": _onehot,
    "number": lambda to, x: scalar(_rational(x.given)),
    "size": lambda to, x: scalar(x.given),
    "positions": _positions,
    "count": _count,
    "entry": _entry,
    "ones": lambda to, x: Script(f.bold("1"), scalar(x.given)),
    "identity": lambda to, x: Script(f.letter("I"), scalar(x.given)),
    "blocks": _blocks,
    "grid": _grid,
    "tril": _triangle("tril"),
    "triu": _triangle("triu"),
    "zeros": lambda to, x: f.ZERO,
    "transpose": _transpose,
    "inverse": lambda to, x: f.power(to.formula(x.parts[0]), f.number(-1)),
    "matrixpower": lambda to, x: f.power(to.formula(x.parts[0]), f.number(x.given)),
    "power": _power,
    "scalarpower": _power,
    "raised": _raised,
    "product": _product,
    "hadamard": lambda to, x: _entrywise(to.parts(x)),
    "over": _over,
    "scaled": _scaled,
    "sum": lambda to, x: f.add(to.parts(x)),
    "function": _function,
    "compare": _compare,
    "cases": _cases,
    "diag": _called("diag"),
    "diagonal": _called("diag"),
    "rowsum": _called("rowsum"),
    "colsum": _called("colsum"),
    "rowmean": _called("rowmean"),
    "colmean": _called("colmean"),
    "total": _called("sum"),
    "mean": _called("mean"),
    "trace": _called("tr"),
    "norm": _norm,
    "length": _norm,
    "inner": _inner,
    "factor": _function_of_matrix,
    "correlation": _correlation,
    "convolution": _convolution,
    "cross": lambda to, x: f.joined(f.symbol("times"), to.parts(x, Binds.PRODUCT), Binds.HADAMARD),
    "skew": lambda to, x: Script(Fence("[", to.formula(x.parts[0]), "]"), f.symbol("times")),
    "indexsum": _indexsum,
}
