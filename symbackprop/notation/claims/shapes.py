r"""Which bracketing and which meaning fit the shapes, and what each assumes.

A product is kept as a row of factors; every bracketing of it that fits is a sense (a table over stretches, as Cocke, Younger and
Kasami fill it). A sense costs what it takes for granted; equal values are one, the cheapest.

| cost | what is taken for granted |
|------|---------------------------|
| 0    | linear algebra as written; entry by entry where \odot says so; juxtaposition before \odot |
| 0.3  | juxtaposition after an open \odot: an outer product binds last, h \odot (1 - h) x^T is (h \odot (1 - h)) x^T |
| 0.8  | a vector added to every row of a matrix, as a bias is |
| 1    | u \cdot v of two columns is u^T v; a vector \odot a matrix; * entry by entry; a vector added to every column |
| 2    | two vectors or matrices side by side, multiplied entry by entry: h (1 - h); a / b c read as a / (b c) |
| 3    | a row beside a column in a sum or a \odot: one is taken as the other; a vector that scales rows or columns |
| 5    | a missing transpose beside a matrix: y X for y^T X |
| 6    | a missing transpose in an outer product: u v for u v^T; right only if so read |
| 6    | a product of matrices over an index whose factors stand in the other order; right only if so read |
| 7    | vectors that are declared without a second axis are rows: x^T y is an outer product; right only if so read |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product as combinations
from typing import NamedTuple

import numpy as np
from sympy import Expr

from symbackprop.formulas.told import Told, told
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.errors import Fault, Unfit
from symbackprop.notation.claims.nodes import DOWN, MATRIX, RIGHT, Misfit, Node
from symbackprop.notation.claims.windows import slid

STARS, LOOSE, ROW_BIAS, COLUMN_BIAS, INNER, SPREAD, STAR, BESIDE, UNDER = 0.1, 0.3, 0.8, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0
MIXED, SCALED, MISSING, OUTER, AS_ROWS = 3.0, 3.0, 5.0, 6.0, 7.0
NOTHING = Told()
ROWS = told("vectors are read as rows, so that x^T y is an outer product")
NO_TRANSPOSE = told("a transpose is missing: two columns side by side are read as u v^T")
SLIDES = told("⋆ between equal shapes is taken entry by entry")
SPACE = 3  # the size of the vectors that have a cross product
CROSSED = told("× between two vectors of three entries is read as their cross product")
STARRED = told("a transpose is missing: * between a vector and a matrix is read as their product")
EACH_COLUMN = told("a vector scales a matrix, one number for each column")
EACH_ROW = told("a vector scales a matrix, one number for each row")
TURNED = told("the factors of the product stand in the other order, the last one first")
A_ROW = told("a row of a matrix is taken as a row, not as a column")
DOT = told("the dot of two vectors is their inner product")
DOTTED = told("a dot between vectors is a product entry by entry, as for the numbers of one entry")
BOLD = frozenset([ROWS, NO_TRANSPOSE, STARRED, TURNED])  # what no claim is right by without being told
KEPT = 10  # readings of one stretch
FEW = 4  # readings of a factor, of which none can have been left out
MOST_FACTORS = 16


def number_turned(name: str = "") -> Told:
    """What is said of u_k^\\top where u_k is a number: a letter of the network may stand for another vector of a person's."""
    return told("{} is transposed as a vector is, and is a number of this network: say what it is", name)


class Sense(NamedTuple):
    """A meaning, its cost, and in words what costs."""

    node: Node
    cost: float = 0.0
    notes: tuple[Told, ...] = ()


Senses = list[Sense]
Sizes = Mapping[int, Expr]  # what the whole numbers of the probe stand for

_weights = np.random.default_rng(5).standard_normal(1 << 16)


def sure(node: Node) -> Senses:
    """What can be meant in one way only."""
    return [Sense(node)]


def made(build: Callable[..., Node], *operands: Senses, cost: float = 0.0, note: Told = NOTHING) -> Senses:
    """One operation over all readings of its operands; those whose shapes do not fit fall away."""
    found = []
    for several in combinations(*operands):
        try:
            node = build(*(r.node for r in several))
        except (Misfit, np.linalg.LinAlgError):
            continue
        notes = tuple(dict.fromkeys([n for r in several for n in r.notes] + ([note] if note else [])))
        found.append(Sense(node, cost + sum(r.cost for r in several), notes))
    return found


def over_all(x: Node, build: Callable[[Node, tuple[str, ...]], Node]) -> Node:
    """What a function builds of a value along its rows, its columns and its batch; a number as it is."""
    axes = tuple(a for a in x.axes if a in MATRIX or a[0] == "b")
    return build(x, axes) if axes else x


def best(readings: Iterable[Sense], kept: int = KEPT) -> Senses:
    """One reading for each value, the cheapest first."""
    found: dict[object, Sense] = {}
    for reading in sorted(readings, key=lambda r: r.cost):
        node = reading.node
        order = sorted(range(len(node.axes)), key=lambda k: node.axes[k])
        flat = node.value.transpose(order).ravel()[: len(_weights)]
        total = complex(_weights[: flat.size] @ flat)
        key = (tuple(node.axes[k] for k in order), tuple(node.value.shape[k] for k in order), f"{total:.7g}")
        found.setdefault(key, reading)
    return list(found.values())[:kept]


def shape_words(readings: Senses, sizes: Sizes) -> str:
    """The shapes of what was read, for a message."""
    several = list(dict.fromkeys(_shape(r.node, sizes) for r in readings))
    return " or ".join(several[:2]) if several else "nothing"


def _shape(node: Node, sizes: Sizes) -> str:
    extents = {a: str(sizes.get(n, n)) for a, n in zip(node.axes, node.value.shape, strict=True)}
    match [a for a in (DOWN, RIGHT) if a in extents]:
        case [] if not extents:
            return "a scalar"
        case [one] if len(extents) == 1:
            return f"a {'column' if one == DOWN else 'row'} of {extents[one]}"
        case [down, right] if len(extents) == 2:
            return f"a matrix ({extents[down]}, {extents[right]})"
    return f"an array over {', '.join(f'{a} ({n})' if a not in MATRIX else n for a, n in extents.items())}"


def unfit(fault: str, mend: str, at: int, parts: Iterable[Senses]) -> Fault:
    """What to raise where shapes do not fit: Unfit where whole vectors and matrices stand there, which have no other meaning."""
    sure_of = all(len(part) <= FEW and all(MATRIX.issuperset(r.node.axes) for r in part) for part in parts)
    return (Unfit if sure_of else Fault)(fault, mend, at)


# ---- sums


def added(sign: str, left: Senses, right: Senses, at: int, sizes: Sizes) -> Senses:
    """left + right in every way that fits."""
    found: Senses = []
    for x, y in combinations(left, right):
        found += _added(sign, [x], [y])
    if not found:
        words = f"{shape_words(left, sizes)} and {shape_words(right, sizes)} cannot be added."
        raise unfit(words, "Check the shapes of both terms: one may need a transpose.", at, (left, right))
    return best(found)


def _added(sign: str, left: Senses, right: Senses) -> Senses:
    def total(a: Senses, b: Senses, cost: float = 0.0, note: Told = NOTHING) -> Senses:
        return made(lambda p, q: nd.arithmetic(sign, p, q), a, b, cost=cost, note=note)

    xs, ys = left[0].node.matrix, right[0].node.matrix
    if xs == ys or not left[0].node.axes or not right[0].node.axes:
        return total(left, right)
    if xs == MATRIX and len(ys) == 1:
        return _bias(right, lambda v, c, n: total(left, v, c, n))
    if ys == MATRIX and len(xs) == 1:
        return _bias(left, lambda v, c, n: total(v, right, c, n))
    if len(xs) == len(ys):
        return total(left, _transposed(right), MIXED, told("a row and a column are added as columns"))
    return total(left, right)


def _bias(vector: Senses, place: Callable[[Senses, float, Told], Senses]) -> Senses:
    kept = isinstance(vector[0].node.op, nd.Summed)  # a sum over columns stays a column
    row = _transposed(vector)
    return place(vector, COLUMN_BIAS, told("a vector is added to every column")) + place(
        row, 1.2 if kept else ROW_BIAS, told("a vector is added to every row")
    )


def _transposed(readings: Senses) -> Senses:
    return made(nd.transposed, readings)


# ---- products


def times(left: Senses, right: Senses, cost: float = 0.0, note: Told = NOTHING) -> Senses:
    """Entry by entry, as it stands."""
    return made(lambda p, q: nd.arithmetic("*", p, q), left, right, cost=cost, note=note)


def matrix_product(left: Senses, right: Senses, cost: float = 0.0, note: Told = NOTHING) -> Senses:
    """Rows against columns, or the outer product."""
    return made(nd.matmul, left, right, cost=cost, note=note)


def quotient(left: Senses, right: Senses) -> Senses:
    """left / right in every way that fits."""
    found: Senses = []
    for x, y in combinations(left, right):
        a, b = [x], [y]
        xs, ys = x.node.matrix, y.node.matrix

        def over(p: Senses, q: Senses, cost: float = 0.0, note: Told = NOTHING) -> Senses:
            return made(lambda s, t: nd.arithmetic("/", s, t), p, q, cost=cost, note=note)

        if not ys or xs == ys:
            found += over(a, b)
        elif not xs or xs < ys or ys < xs:
            found += over(a, b, SPREAD, told("a quotient is taken entry by entry"))
            if xs and ys < xs:
                found += over(a, _transposed(b), SPREAD, told("a quotient is taken entry by entry, one number for each column"))
            elif xs:
                found += over(_transposed(a), b, SPREAD, told("a quotient is taken entry by entry, one number for each column"))
    return best(found)


def product(op: str, left: Senses, right: Senses) -> Senses:
    """Two factors in every way that fits the sign between them."""
    if op == "div":
        return quotient(left, right)
    if op == "over":  # entry by entry, and said so
        alike = [(x, y) for x, y in combinations(left, right) if x.node.matrix == y.node.matrix]
        return best([one for x, y in alike for one in made(lambda s, t: nd.arithmetic("/", s, t), [x], [y])])
    found: Senses = []
    for x, y in combinations(left, right):
        found += _product(op, [x], [y])
    return best(found)


def _product(op: str, a: Senses, b: Senses) -> Senses:
    x, y = a[0].node, b[0].node
    xs, ys = x.matrix, y.matrix
    if not xs or not ys:
        return times(a, b)
    if op == "times":
        is_cross = xs == ys == {DOWN} and x.extent(DOWN) == y.extent(DOWN) == SPACE
        return [*(made(_cross, a, b, note=CROSSED) if is_cross else []), *_product("star", a, b)]
    if op == "had":
        return _hadamard(a, b, xs, ys)
    if op == "slide":  # of equal shapes it may be entry by entry
        same = xs == ys and all(x.extent(c) == y.extent(c) for c in xs)
        return [*(times(a, b, STAR, SLIDES) if same else []), *_slid("correlation", a, b)]
    if op == "outer":
        if xs == {DOWN} and len(ys) == 1:
            return matrix_product(a, b if ys == {RIGHT} else _transposed(b))
        return []
    dotted = op == "dot" and xs == {DOWN} and ys == {RIGHT} and A_ROW in b[0].notes  # w . x_i is a number, not w x_i^T
    found = matrix_product(a, b, OUTER if dotted else 0.0)
    if op == "dot" and xs == ys == {DOWN}:
        found += matrix_product(_transposed(a), b, INNER, DOT)
    if xs == ys:
        note = DOTTED if op == "dot" else told("two factors side by side are multiplied entry by entry")
        note = told("* is taken entry by entry") if op == "star" else note
        found += times(a, b, (STARS if xs == {DOWN} else STAR) if op == "star" else BESIDE, note)
    elif op == "star" and len(xs) != len(ys):
        found += times(a, b, STAR, told("* is taken entry by entry"))
    if op == "star" and xs == ys and any(x.extent(c) != y.extent(c) for c in xs):
        found += [*_slid("convolution", a, b), *_slid("correlation", a, b, LOOSE)]
    missing = STARRED if op == "star" else told("a transpose is missing and was put in")
    if xs == {DOWN} and DOWN in ys:
        found += matrix_product(_transposed(a), b, MISSING, missing)
    if ys == {RIGHT} and RIGHT in xs:
        found += matrix_product(a, _transposed(b), MISSING, missing)
    if xs == ys == {DOWN}:
        found += matrix_product(a, _transposed(b), OUTER, NO_TRANSPOSE)
    if xs == {RIGHT} and ys == {DOWN}:
        found += matrix_product(_transposed(a), _transposed(b), AS_ROWS, ROWS)
    if xs < ys or ys < xs:
        v, m, first = (a, b, True) if xs < ys else (b, a, False)
        columns = next(iter(v[0].node.matrix)) == DOWN
        for vector, note in ((_transposed(v), EACH_COLUMN if columns else EACH_ROW), (v, EACH_ROW)):
            found += times(vector, m, SCALED, note) if first else times(m, vector, SCALED, note)
    return found


def _cross(x: nd.Node, y: nd.Node) -> nd.Node:
    """(x_1 y_2 - x_2 y_1, x_2 y_0 - x_0 y_2, x_0 y_1 - x_1 y_0)."""
    (a, b, c), (u, v, w) = ([nd.picked(z, DOWN, (), k) for k in range(SPACE)] for z in (x, y))
    pairs = (((b, w), (c, v)), ((c, u), (a, w)), ((a, v), (b, u)))
    parts = [nd.arithmetic("-", nd.arithmetic("*", *plus), nd.arithmetic("*", *minus)) for plus, minus in pairs]
    return nd.stacked(tuple(parts), DOWN)


def _slid(kind: str, a: Senses, b: Senses, cost: float = 0.0) -> Senses:
    """One tensor slides over the other."""
    notes = (told("* is read as a correlation: nothing is turned round"),) if cost else ()
    (x,), (y,) = a, b
    return [Sense(node, x.cost + y.cost + cost, (*x.notes, *y.notes, *notes)) for node in slid(kind, x.node, y.node)]


def _hadamard(a: Senses, b: Senses, xs: frozenset[str], ys: frozenset[str]) -> Senses:
    if xs == ys:
        return times(a, b)
    if xs < ys or ys < xs:
        note = told("a vector multiplies every column of a matrix entry by entry")
        other = told("a vector multiplies every row of a matrix entry by entry")
        if xs < ys:
            return times(a, b, SPREAD, note) + times(_transposed(a), b, SPREAD, other)
        return times(a, b, SPREAD, note) + times(a, _transposed(b), SPREAD, other)
    return times(a, _transposed(b), MIXED, told("a row and a column are multiplied entry by entry, as columns"))


def chain(factors: Sequence[Senses], ops: Sequence[str], at: int, sizes: Sizes) -> Senses:
    """Every bracketing of a row of factors that fits."""
    several, signs = _joined(list(factors), list(ops))
    n = len(several)
    if n > MOST_FACTORS:
        raise Fault(f"a product of {n} factors; at most {MOST_FACTORS} are read.", "Name a part of it in a step of its own.", at)
    scalar = [all(not r.node.matrix for r in f) for f in several]
    signs = ["star" if op == "times" and sizes.get(SPACE) != SPACE else op for op in signs]  # d = 3 at the probe alone
    signs = ["" if op == "dot" and (scalar[k] or scalar[k + 1]) else op for k, op in enumerate(signs)]  # u . (-1/2) v
    cell: dict[tuple[int, int], Senses] = {(k, k + 1): f for k, f in enumerate(several)}
    for width in range(2, n + 1):
        for a in range(n - width + 1):
            b = a + width
            found: Senses = []
            for m in range(a + 1, b):
                if not cell[a, m] or not cell[m, b]:
                    continue
                op = signs[m - 1]
                extra = LOOSE if op not in ("had", "over", "div") and "had" in signs[a : b - 1] else 0.0
                if op == "div" and b - m > 1:
                    extra = UNDER
                found += [r._replace(cost=r.cost + extra) for r in product(op, cell[a, m], cell[m, b])]
            cell[a, b] = best(found)
    if not cell[0, n]:
        _require_one_range(several, at, sizes)
        shapes = ", ".join(shape_words(f, sizes) for f in several)
        fault = f"no bracketing of this product fits the shapes: {shapes}."
        raise unfit(fault, "Check transposes and the order of the factors.", at, several)
    return cell[0, n]


def _require_one_range(factors: Sequence[Senses], at: int, sizes: Sizes) -> None:
    """Raises Unfit for an index that runs over one axis in a factor and over one of another size in the next."""
    ranges: dict[str, set[int]] = {}
    for senses in factors:
        for c in {c for s in senses for c in s.node.axes if c not in MATRIX and c.isalpha()}:
            own = {s.node.extent(c) for s in senses if c in s.node.axes}
            if len(senses) > FEW or any(c not in s.node.axes for s in senses):
                continue
            if c in ranges and not ranges[c] & own:
                one, other = (" or ".join(str(sizes.get(n, n)) for n in several) for several in (ranges[c], own))
                raise Unfit(f"the index {c} runs over {one} in one factor and over {other} in another.", "Check the index.", at)
            ranges[c] = ranges.get(c, own) & own


def _joined(factors: list[Senses], ops: list[str]) -> tuple[list[Senses], list[str]]:
    """Neighbouring scalars are one factor, so that the table stays small."""
    out, signs = [factors[0]], []
    for op, factor in zip(ops, factors[1:], strict=True):
        alone = all(not r.node.axes for r in factor) and all(not r.node.axes for r in out[-1])
        if alone and op not in ("div", "outer") and (not signs or signs[-1] != "div"):
            out[-1] = best(times(out[-1], factor))
        else:
            out.append(factor)
            signs.append(op)
    return out, signs
