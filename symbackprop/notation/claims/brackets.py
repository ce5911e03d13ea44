"""Brackets, fractions, roots, norms, means, matrices of written entries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symbackprop.formulas.told import told
from symbackprop.notation.claims import calls, derivatives, naming, norms, sums
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault, Unfit, Unknown
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.indices import powered
from symbackprop.notation.claims.naming import ASSUMED
from symbackprop.notation.claims.nodes import DOWN, RIGHT, Node
from symbackprop.notation.claims.shapes import Senses, best, made, product, quotient, shape_words, sure
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Syntax, Word
from symbackprop.notation.claims.tokens import plain
from symbackprop.notation.claims.words import described


def group(state: State, node: sx.Group) -> Senses:
    """What stands in a bracket: a formula, a condition, a magnitude, a norm, an inner product."""
    if node.bracket == r"\langle":
        return inner(state, node)
    if len(node.items) != 1 and node.bracket == "[":
        return side_by_side([state.read(one) for one in node.items], node.at)
    if len(node.items) != 1:
        raise Fault("several things in one bracket.", "A comma stands between the arguments of a function.", node.at)
    (one,) = node.items
    if isinstance(one, sx.Relation):
        return sums.condition(state, one)
    readings = state.read(one)
    if node.bracket == "|":
        square = made(lambda x: nd.matrix_of("det", x), [r for r in readings if r.node.matrix == nd.MATRIX], cost=ASSUMED)
        if square and state.context.is_network:  # |A| is a determinant on paper, but where entries are summed
            matrices = [r for r in readings if r.node.matrix == nd.MATRIX]
            square = made(lambda x: nd.matrix_of("det", x), matrices)
            readings = [*(r for r in readings if r not in matrices), *(r._replace(cost=r.cost + ASSUMED) for r in matrices)]
        vectors = [r for r in readings if r.node.matrix and r.node.matrix != nd.MATRIX and not state.context.is_network]
        lengths = made(calls.norm, vectors, cost=ASSUMED, note=told("bars around a vector are its length"))
        return best([*made(lambda x: nd.applied("abs", x), readings), *square, *lengths])
    if node.bracket == r"\|":
        return best(made(calls.norm, readings))
    return readings


def scripted(state: State, node: sx.Scripted) -> Senses:
    """Anything but a word, with its scripts."""
    body = node.body
    if isinstance(body, sx.Group) and body.bracket == r"\|":
        return norms.norm(state, node, body)
    if isinstance(body, sx.Group) and body.bracket == r"\langle" and plain(node.sub) == "F":
        found = inner(state, body)
        return powered(state, found, node.sup, node.at) if node.sup else found
    return after(state, state.read(body), node)


def after(state: State, readings: Senses, node: sx.Scripted) -> Senses:
    """The scripts that stand after a bracket; [x]_+ is the positive part."""
    if plain(node.sub) == "+" and isinstance(node.body, sx.Group):
        readings = best(made(lambda x: nd.applied("relu", x), readings))
        node = replace(node, sub=())
    if node.primes == 1:
        return best(made(nd.transposed, naming.scripts(state, readings, node.sub, node.sup, node.at)))
    return naming.scripts(state, readings, node.sub, node.sup, node.at)


def inner(state: State, node: sx.Group) -> Senses:
    """\\langle a, b \\rangle: the sum of the products of the entries."""
    if len(node.items) != 2:
        raise Fault("an inner product has two sides.", r"Write \langle a, b \rangle.", node.at)
    a, b = (state.read(item) for item in node.items)
    return best(made(calls.total, product("had", a, b)))


def fraction(state: State, node: sx.Fraction) -> Senses:
    """A derivative, or a quotient."""
    found = derivatives.derivative(state, node)
    if found is not None:
        return derivatives.true_derivative(state, found)
    top = state.read(node.over)
    with state.dividing():
        below = state.read(node.under)
    result = quotient(top, below)
    if not result:
        sizes = state.probe.expression
        raise Fault(f"{shape_words(top, sizes)} over {shape_words(below, sizes)} has no meaning.", "Check their shapes.", node.at)
    return result


def root(state: State, node: sx.Root) -> Senses:
    """The root of every entry."""
    degree = 2
    if node.degree is not None:
        if not isinstance(node.degree, sx.Number) or not node.degree.text.isdigit() or not 1 < int(node.degree.text) < 20:
            raise Fault("the degree of a root is a small whole number.", "", node.at)
        degree = int(node.degree.text)
    return made(lambda x: calls.root(x, degree), state.read(node.body))


def nabla(state: State, node: sx.Nabla) -> Senses:
    """The true gradient that a nabla names."""
    found = derivatives.derivative(state, node)
    assert found is not None
    return derivatives.true_derivative(state, found)


def mean(state: State, body: Syntax, accent: str, at: int, word: Word | None = None) -> Senses:
    r"""\bar g: the mean over the rows, where no such name is declared."""
    if accent != "bar":
        raise Fault(f"{accent} stands over more than a name.", "Give it a name of its own.", at)
    readings = state.read(_with_rows(state, body))

    def mean(x: Node) -> Node:
        axis = DOWN if DOWN in x.axes else (x.letters or [""])[0]
        if axis not in x.axes:
            raise nd.Misfit("a mean of a scalar")
        extent = state.probe.expression[x.extent(axis)]
        total = nd.summed(x, axis)
        return nd.arithmetic("/", total, nd.const(extent, state.probe.value(extent)))

    found = made(mean, readings, cost=ASSUMED, note=told("a bar is read as the mean over rows"))
    found = made(lambda x: nd.renamed(x, [(RIGHT, DOWN)]) if x.matrix == {RIGHT} else x, found)
    if not found:
        key = described(word) if word else "bar"
        raise Unknown(key, "a bar over what is no vector and no name.", naming.mend(state, key), at)
    return naming.scripts(state, found, word.sub, word.sup, at) if word else found


def _with_rows(state: State, body: Syntax) -> Syntax:
    r"""X for the x of \bar x, where x_n is a row of X and nothing is called x."""
    if not isinstance(body, Word) or len(body.base) > 1 or not body.base.islower() or state.names.lookup(body) is not None:
        return body
    whole = replace(body, base=body.base.upper())
    found = state.names.lookup(whole)
    return body if found is None or len(state.probe.shapes[found.name]) != 2 else whole


def matrix(state: State, node: sx.Grid) -> Senses:
    """A matrix of written entries, each a scalar, or of blocks."""
    rows = [[state.read(syntax(cell)) for cell in row] for row in node.rows]
    if not rows or len({len(r) for r in rows}) > 1:
        raise Fault("the rows of this matrix have different lengths.", "", node.at)
    if any(all(sense.node.matrix for sense in cell) for row in rows for cell in row):
        return blocks(state, rows, node.at)
    built = []
    for row in rows:
        entries = [scalar(state, cell, node.at) for cell in row]
        built.append(nd.stacked(tuple(entries), RIGHT))
    whole = nd.stacked(tuple(built), DOWN)
    for extent in whole.value.shape:
        if extent not in state.probe.expression:
            raise Fault("no axis of the network has the size of this matrix.", "Write it with the tensors' names.", node.at)
    if len(rows[0]) == 1:
        return sure(nd.stacked(tuple(scalar(state, r[0], node.at) for r in rows), DOWN))
    if len(rows) == 1:
        return sure(built[0])
    return sure(whole)


def side_by_side(parts: list[Senses], at: int) -> Senses:
    """[h, x]: vectors one below the other, matrices beside each other, numbers as the entries of a vector; 0 as its neighbours."""
    if all(not sense.node.axes for part in parts for sense in part):
        return sure(nd.stacked(tuple(naming.near(part)[0].node for part in parts), DOWN))
    parts = _with_zeros([parts])[0]
    found = _side_by_side(parts, RIGHT if all(sense.node.matrix == nd.MATRIX for part in parts for sense in part) else DOWN)
    if not found:
        raise Unfit(
            "these do not fit beside each other.", "Vectors stand below each other, matrices of equally many rows beside.", at
        )
    return found


def blocks(state: State, rows: list[list[Senses]], at: int) -> Senses:
    """Matrices or columns side by side, and below each other; a 0 is one of the size of its neighbours."""
    rows = _with_zeros(rows)
    lines = [_side_by_side(row, RIGHT) for row in rows]
    found = [s for s in _side_by_side(lines, DOWN) if set(s.node.value.shape) <= state.probe.expression.keys()]
    if not found:
        raise Fault("these blocks do not fit beside each other.", "Check their shapes.", at)
    return found


def _with_zeros(rows: list[list[Senses]]) -> list[list[Senses]]:
    """Blocks, of which a 0 is of the size of the first that is a vector or a matrix."""
    whole = next((cell for row in rows for cell in row if all(sense.node.matrix for sense in cell)), None)
    if whole is None:
        return rows
    none = made(lambda x: nd.arithmetic("*", nd.const(0), x), whole)
    return [[none if _is_zero(cell) else cell for cell in row] for row in rows]


def _is_zero(cell: Senses) -> bool:
    return all(isinstance(sense.node.op, nd.Const) and sense.node.op.value == 0 for sense in cell)


def _side_by_side(cells: list[Senses], axis: str) -> Senses:
    several = [naming.near(cell)[:2] for cell in cells if cell]
    return [] if len(several) < len(cells) else several[0] if len(several) == 1 else made(lambda *x: _joined(x, axis), *several)


def _joined(several: tuple[Node, ...], axis: str) -> Node:
    """Operands one after the other along an axis that each of them has."""
    axes = nd.ordered(several[0].axes)
    if axis not in axes or any(nd.ordered(x.axes) != axes for x in several):
        raise nd.Misfit("blocks of different axes")
    values = [x.value.transpose([x.axes.index(a) for a in axes]) for x in several]
    if len({tuple(n for a, n in zip(axes, v.shape, strict=True) if a != axis) for v in values}) > 1:
        raise nd.Misfit("blocks of different sizes")
    return Node(nd.Stacked(axis), several, axes, np.concatenate(values, axis=axes.index(axis)))


def scalar(state: State, readings: Senses, at: int) -> Node:
    """The one meaning without axes."""
    found = [r for r in readings if not r.node.axes]
    if not found:
        raise Fault("an entry of a matrix is no scalar.", "Write blocks by their names.", at)
    return found[0].node
