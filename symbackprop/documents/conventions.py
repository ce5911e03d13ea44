"""What a reader must know of the notation, said once, and only where it occurs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from symbackprop.core.derivation import Mode
from symbackprop.documents.document import Content, Math
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Fence, Node, Row, Script, walk

_A, _B, _L, _M, _X = map(f.letter, "ABLMX")
_B_ROW, _I, _K, _N, _O, _Q, _V, _SMALL_X, _Y = map(f.letter, "biknoqvxy")
_ONES = Script(f.bold("1"), _N)
_DIAG, _SOFTMAX = f.function("diag"), f.function("softmax")


def _entry(power_of: Node) -> Node:
    """e^{o_i}"""
    return f.power(f.letter("e"), f.scripted(_O, sub=power_of))


def _said(*pieces: str | Node) -> Content:
    return tuple(piece if isinstance(piece, str) else Math(piece) for piece in pieces)


def _has(*marks: Node) -> Callable[[Node], bool]:
    return lambda node: node in marks


def _fenced(left: str, right: str) -> Callable[[Node], bool]:
    """Brackets of some kind with a script."""

    def is_fenced(node: Node) -> bool:
        base = node.base if isinstance(node, Script) else None
        return isinstance(base, Fence) and (base.left, base.right) == (left, right)

    return is_fenced


_ROWS: tuple[tuple[Callable[[Node], bool], Content], ...] = (
    (_has(f.TOP), _said("A vector is a column.")),
    (
        _has(f.ODOT),
        _said(
            f.hadamard([_A, _B]),
            " multiplies entry by entry, after all matrix products. Functions, fractions and powers such as ",
            f.power(f.letter("a"), f.beside(f.ODOT, f.number(2))),
            " act on every entry as well, and a number that is added is added to every entry.",
        ),
    ),
    (
        lambda node: isinstance(node, Script) and node.base == _ONES.base,
        _said(
            _ONES, " is the column of ", _N, " ones: ", f.juxtapose([_X, _ONES]), " sums each row of ", _X, ", and ",
            f.juxtapose([_ONES, f.power(_B_ROW, f.TOP)]), " repeats ", _B_ROW, " in every row.",
        ),
    ),
    (
        lambda node: isinstance(node, Row) and _ONES.base in node.items,
        _said(f.indicator(f.equation(_K, _I)), " is 1 where the condition holds, otherwise 0."),
    ),
    (
        _has(f.symbol("leftarrow")),
        _said(
            f.relation(_A, f.symbol("leftarrow"), _B), " is a step of gradient descent: ", _A, " takes the value ", _B,
            "; what stands before the gradient is the learning rate.",
        ),
    ),
    (
        _has(_DIAG),
        _said(
            f.call(_DIAG, [_V]), " is the diagonal matrix of a vector, ", f.call(_DIAG, [_M]), " the diagonal of a matrix.",
        ),
    ),
    (
        lambda node: _fenced("‖", "‖")(node) and isinstance(node, Script) and node.sub is not None,
        _said(Script(Fence("‖", _A, "‖"), f.letter("F"), f.number(2)), " is the sum of the squares of all entries of a matrix."),
    ),
    (
        _fenced("⟨", "⟩"),
        _said(
            Script(Fence("⟨", f.listed([_A, _B]), "⟩"), f.letter("F")),
            " is the sum of the products of all entries of two matrices.",
        ),
    ),
    (
        _has(_SOFTMAX),
        _said(
            f.equation(
                f.scripted(f.call(_SOFTMAX, [_O]), sub=_K),
                f.beside(_entry(_K), f.symbol("/"), f.over_letters(f.SUM, [_I], _entry(_I))),
            ),
            "; for a matrix, in every row.",
        ),
    ),
    (
        _fenced("", "|"),
        _said(
            Script(Fence("", f.over(f.partial(_L), f.partial(_SMALL_X)), "|"), _Q),
            " is the part of the gradient that comes back through ", _Q, ".",
        ),
    ),
    (
        lambda node: isinstance(node, Fence) and isinstance(node.body, Row) and node.body.items[0] == f.PARTIAL,
        _said("A derivative that is itself differentiated is written in one line, with a slash."),
    ),
)  # fmt: skip
_GRADIENT = _said("A gradient has the shape of the tensor that it belongs to.")
_JACOBIAN = _said("The derivative of ", _Y, " by ", _SMALL_X, " has the axes of ", _Y, ", followed by those of ", _SMALL_X, ".")
_CHANGE = _said("A change has the shape of what changes.")
_SHAPES: dict[Mode, Content] = {"gradient": _GRADIENT, "jacobian": _JACOBIAN, "upstream": _GRADIENT, "vector": _CHANGE}
_POSITIONS = _said("Positions count from 0, as in NumPy.")


def conventions(formulas: Iterable[Node], mode: Mode, positions: bool) -> tuple[Content, ...]:
    """The sentences that these formulas need.

    mode        what kind of derivative is shown.
    positions   whether a formula shows a position as a number.
    """
    parts = {part for formula in formulas for part in walk(formula)}
    found = [sentence for is_used, sentence in _ROWS if any(map(is_used, parts))]
    return (_SHAPES[mode], *found, *([_POSITIONS] if positions else []))
