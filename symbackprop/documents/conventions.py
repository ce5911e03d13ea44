"""What a reader must know of the notation, said once, and only where it occurs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType

from symbackprop.core.derivation import Mode
from symbackprop.display.box import OUTSIDE
from symbackprop.documents.document import Content
from symbackprop.formulas import build as f
from symbackprop.formulas.names import index
from symbackprop.formulas.told import told
from symbackprop.formulas.tree import Atom, Fence, Node, Row, Script, items_of, walk

_A, _B, _KERNEL, _L, _M, _X = map(f.letter, "ABKLMX")
_SMALL_A, _B_ROW, _I, _J, _K, _N, _O, _Q, _T, _V, _SMALL_X, _Y = map(f.letter, "abijknoqtvxy")
_ONES = Script(f.bold("1"), _N)
_ZEROS = f.bold("0")
_ROWSUM, _COLSUM, _ROWMEAN, _COLMEAN = map(f.function, ("rowsum", "colsum", "rowmean", "colmean"))
_CLIP, _DIAG, _ONEHOT, _SOFTMAX, _TRIL, _TRIU = map(f.function, ("clip", "diag", "onehot", "softmax", "tril", "triu"))
_E = f.letter("e")
_STAR, _AST, _COLON = f.symbol("star"), f.symbol("ast"), f.symbol(":")
_PAD, _CROP, _SPREAD, _STRIDE = (f.call(Script(f.function(name), _K), [_X]) for name in ("pad", "crop", "spread", "stride"))


def _entry(power_of: Node) -> Node:
    """e^{o_i}"""
    return f.power(f.letter("e"), f.scripted(_O, sub=power_of))


_SQUARES = Script(Fence("‖", _A, "‖"), f.letter("F"), f.number(2))
_INNER = Script(Fence("⟨", f.listed([_A, _B]), "⟩"), f.letter("F"))
_PART = Script(Fence("", f.over(f.partial(_L), f.partial(_SMALL_X)), "|"), _Q)
_SHARE = f.beside(_entry(_K), f.symbol("/"), f.over_letters(f.SUM, [_I], _entry(_I)))


def _has(*marks: Node) -> Callable[[Node], bool]:
    return lambda node: node in marks


def _fenced(left: str, right: str) -> Callable[[Node], bool]:
    """Brackets of some kind with a script."""

    def is_fenced(node: Node) -> bool:
        base = node.base if isinstance(node, Script) else None
        return isinstance(base, Fence) and (base.left, base.right) == (left, right)

    return is_fenced


_TIES = Script(f.word("ties"), _M)


def _begins(call: Node) -> Callable[[Node], bool]:
    """A script on the same word as that of a call."""
    head = items_of(call)[0]
    assert isinstance(head, Script)
    return lambda node: isinstance(node, Script) and node.base == head.base


_TIMES = f.symbol("times")
_TURN = Script(f.symbol("varepsilon"), index([_I, _J, _K]))
_SKEW = Script(Fence("[", _V, "]"), _TIMES)
_BY_MATRIX = f.equation(f.juxtapose([_SKEW, _B_ROW]), f.joined(_TIMES, [_V, _B_ROW]))


def _is_crossed(node: Node) -> bool:
    """Whether factors stand side by side with a cross between them, and are no numbers: 2 x 3."""
    items = node.items if isinstance(node, Row) else ()
    return _TIMES in items and not any(isinstance(item, Atom) and item.kind == "number" for item in items)


_ROWS: tuple[tuple[Callable[[Node], bool], Content], ...] = (
    (_has(f.TOP), told("A vector is a column.")),
    (
        _has(f.ODOT),
        told(
            "{} multiplies entry by entry, after all matrix products. Functions, fractions and powers such as {} act on every "
            "entry as well, and a number that is added is added to every "
            "entry.",
            f.hadamard([_A, _B]),
            f.power(f.letter("a"), f.beside(f.ODOT, f.number(2))),
        ),
    ),
    (
        lambda node: isinstance(node, Script) and node.base == _ONES.base,
        told(
            "{} is the column of {} ones: {} sums each row of {}, and {} repeats {} in every row.",
            _ONES,
            _N,
            f.juxtapose([_X, _ONES]),
            _X,
            f.juxtapose([_ONES, f.power(_B_ROW, f.TOP)]),
            _B_ROW,
        ),
    ),
    (_has(_ZEROS), told("{} is a vector or a matrix of zeros, as large as its place.", _ZEROS)),
    (_has(_ROWSUM), told("{} is the column of the sums of the rows of {}.", f.call(_ROWSUM, [_X]), _X)),
    (_has(_COLSUM), told("{} is the row of the sums of the columns of {}.", f.call(_COLSUM, [_X]), _X)),
    (_has(_ROWMEAN), told("{} is the column of the means of the rows of {}.", f.call(_ROWMEAN, [_X]), _X)),
    (_has(_COLMEAN), told("{} is the row of the means of the columns of {}.", f.call(_COLMEAN, [_X]), _X)),
    (
        _has(_ROWSUM, _COLSUM, _ROWMEAN, _COLMEAN),
        told("Beside a matrix, such a column or row stands for the matrix that repeats it."),
    ),
    (
        lambda node: isinstance(node, Row) and _ONES.base in node.items,
        told("{} is 1 where the condition holds, otherwise 0.", f.indicator(f.equation(_K, _I))),
    ),
    (
        _has(OUTSIDE),
        told("{} outside: an entry before the first or after the last of an axis counts as 0.", f.equation(_V, f.ZERO)),
    ),
    (
        _has(f.symbol("leftarrow")),
        told(
            "{} is a step of gradient descent: {} takes the value {}; what stands before the gradient is the learning rate.",
            f.relation(_A, f.symbol("leftarrow"), _B),
            _A,
            _B,
        ),
    ),
    (_has(f.BOLD_PI), told("{} is a tensor of the network, {} the number 3.14159….", f.BOLD_PI, f.symbol("pi"))),
    (
        _has(_DIAG),
        told("{} is the diagonal matrix of a vector, {} the diagonal of a matrix.", f.call(_DIAG, [_V]), f.call(_DIAG, [_M])),
    ),
    (_has(_TRIL), told("{} keeps the entries of {} on and below its diagonal; the others are 0.", f.call(_TRIL, [_A]), _A)),
    (_has(_TRIU), told("{} keeps the entries of {} on and above its diagonal; the others are 0.", f.call(_TRIU, [_A]), _A)),
    (
        _has(_CLIP),
        told("{} is {}, but never below {} nor above {}.", f.call(_CLIP, [_SMALL_X, _SMALL_A, _B_ROW]), _SMALL_X, _SMALL_A, _B_ROW),
    ),
    (
        _has(_ONEHOT),
        told("{} has a row for each entry of {}: 1 at the position that the entry says, otherwise 0.", f.call(_ONEHOT, [_T]), _T),
    ),
    (
        _has(_COLON),
        told(
            "{} stands for the positions from {} to {}, {} alone for all of an axis.",
            f.beside(_SMALL_A, _COLON, _B_ROW),
            _SMALL_A,
            f.add([_B_ROW, f.negative(f.ONE)]),
            _COLON,
        ),
    ),
    (
        _has(_STAR),
        told(
            "{} holds {} against {}, window by window: an entry for each place where it fits.",
            f.joined(_STAR, [_X, _KERNEL]),
            _KERNEL,
            _X,
        ),
    ),
    (
        _has(_AST),
        told(
            "{} is the full convolution: each entry of {}, times {}, is added where it stands.",
            f.joined(_AST, [_X, _KERNEL]),
            _X,
            _KERNEL,
        ),
    ),
    (
        _is_crossed,
        told("{} is the cross product of vectors of three entries; of matrices, row by row.", f.joined(_TIMES, [_SMALL_A, _B_ROW])),
    ),
    (
        lambda node: isinstance(node, Script) and node.base == _TURN.base,
        told(
            "{} is 1 where {} are 0, 1, 2 or begin elsewhere in that circle, −1 the other way round, and 0 where two are equal.",
            _TURN,
            f.listed([_I, _J, _K]),
        ),
    ),
    (
        lambda node: isinstance(node, Script) and node.sub == _TIMES,
        told("{} is the matrix of the cross product with {}: {}.", _SKEW, _V, _BY_MATRIX),
    ),
    (_begins(_PAD), told("{} is {} with {} zeros round it.", _PAD, _X, _K)),
    (_begins(_CROP), told("{} is {} without its {} outer entries on each side.", _CROP, _X, _K)),
    (_begins(_SPREAD), told("{} is {} with its entries {} apart and zeros between them.", _SPREAD, _X, _K)),
    (_begins(_STRIDE), told("{} is one entry of {} in {}, along each axis.", _STRIDE, _X, _K)),
    (
        _begins(f.call(_TIES, [])),
        told("{} is the number of entries that are equal to the extreme one, {}.", _TIES, _M),
    ),
    (
        lambda node: _fenced("‖", "‖")(node) and isinstance(node, Script) and node.sub is not None,
        told("{} is the sum of the squares of all entries of a matrix.", _SQUARES),
    ),
    (
        _fenced("⟨", "⟩"),
        told("{} is the sum of the products of all entries of two matrices.", _INNER),
    ),
    (
        _has(_SOFTMAX),
        told("{}; for a matrix, in every row.", f.equation(f.scripted(f.call(_SOFTMAX, [_O]), sub=_K), _SHARE)),
    ),
    (
        _fenced("", "|"),
        told("{} is the part of the gradient that comes back through {}.", _PART, _Q),
    ),
    (
        lambda node: isinstance(node, Fence) and isinstance(node.body, Row) and node.body.items[0] == f.PARTIAL,
        told("A derivative that is itself differentiated is written in one line, with a slash."),
    ),
)
_ROW = told("{} is row {} of {}, as a vector.", Script(_SMALL_X, _I), _I, _SMALL_X)
_MATRICES = told("{} is the matrix along the last two axes of {}, at the position {} of those before.", Script(_X, _N), _X, _N)
_UNIT = told("{} is the column that is 1 at position {}, otherwise 0.", Script(_E, _K), _K)
_GRADIENT = told("A gradient has the shape of the tensor that it belongs to.")
_JACOBIAN = told("The derivative of {} by {} has the axes of {}, followed by those of {}.", _Y, _SMALL_X, _Y, _SMALL_X)
_CHANGE = told("A change has the shape of what changes.")
_SHAPES: dict[Mode, Content] = {"gradient": _GRADIENT, "jacobian": _JACOBIAN, "upstream": _GRADIENT, "vector": _CHANGE}
_POSITIONS = told("Positions count from 0, as in NumPy.")
_STEPS = told("Steps count from 1, other positions from 0, as in NumPy.")
_BOTH = told("Steps count from 1 where a line stands at one, and from 0, as all positions in NumPy, where entries have letters.")


def _is_of_a_row(node: Node, own: Collection[Node]) -> bool:
    """Whether it is the norm of x_i, or of a difference with it, of a tensor x and none that is called so itself."""
    parts = items_of(node.body) if isinstance(node, Fence) and node.left == "‖" else ()
    return any(isinstance(x, Script) and x.sub and not x.sup and x not in own and x.base in own for x in parts)


def conventions(
    formulas: Iterable[Node], mode: Mode, positions: bool, at_steps: bool = False, also_entries: bool = False,
    own: Collection[Node] = (), deep: Mapping[Node, int] = MappingProxyType({}),
) -> tuple[Content, ...]:  # fmt: skip
    """The sentences that these formulas need.

    mode        what kind of derivative is shown.
    positions   whether a formula shows a position as a number.
    at_steps    whether a loop is told at its steps; `also_entries`: and its equations entry by entry as well.
    own         the letters of the network's own names, which mean what it says.
    deep        the tensors with more than two axes, and how many each has.
    """
    parts = {part for formula in formulas for part in walk(formula)}
    found = [sentence for is_used, sentence in _ROWS if any(map(is_used, parts))]
    if _E not in own and any(isinstance(part, Script) and part.base == _E and part.sub and not part.sup for part in parts):
        found.append(_UNIT)
    matrices = {part.base for part in parts if isinstance(part, Script) and part.sub == f.letter("F")}
    if not at_steps and any(_is_of_a_row(part, own) for part in parts - matrices):
        found.append(_ROW)
    marked = ((part, part.sub) for part in parts - {*own} if isinstance(part, Script) and part.sub is not None)
    if any(len(items_of(below)) + 2 == deep.get(part.base) for part, below in marked):
        found.append(_MATRICES)
    counted = (_BOTH if also_entries else _STEPS) if at_steps else _POSITIONS
    return (_SHAPES[mode], *found, *([counted] if positions else []))
