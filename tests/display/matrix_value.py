"""What a printed matrix formula means: LaTeX in, a matrix out, with no rule shared with the printers.

Products bind in the order that the report states: powers, matrix products, products entry by entry, sums.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np

from symbackprop.core.program import Program
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import Atom, Fence, Grid, Node, Script, prime_count
from tests.formulas.latex_value import FUNCTIONS, Reader, items_of, split_at, text_of


def matrix_value(
    program: Program,
    latex: str,
    arrays: Mapping[str, np.ndarray],
    sizes: Mapping[str, int],
    at: Mapping[str, int] = MappingProxyType({}),
    shape: Sequence[int] = (),
) -> np.ndarray:
    """The value of the right side of an equation in matrix notation, with tensors printed by number.

    at      where the letters stand that are below names.
    shape   of the value, for blocks of zeros, which say nothing of how large they are.
    """
    reader = _MatrixReader(program, arrays, sizes)
    reader.shape = (*shape, 1, 1)[:2]
    reader.places = dict(at)
    reader.letters = {c: np.asarray(k) for c, k in at.items()}
    return np.asarray(reader.read(parse(latex).items))


ZEROS = Atom("0", "letter", alphabet="mathbf")


def _column(array: np.ndarray) -> np.ndarray:
    return array.reshape((*array.shape, 1, 1)[:2]) if array.ndim < 2 else array


def crossed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The cross product of columns of three entries, or of matrices row by row."""
    assert np.shape(a) == np.shape(b)
    return np.cross(a, b, axis=0 if np.shape(a)[1] == 1 else 1)


class _MatrixReader(Reader):
    shape: Sequence[int] = (1, 1)
    places: dict[str, int] | None = None  # of letters below names, where they are read one after the other

    def rows(self, rows: Sequence[Sequence[Node]]) -> np.ndarray:
        if len(rows) == 1:
            return self.blocks([items_of(cell) for cell in rows[0]], 1)
        return np.block([[self.read(items_of(cell)) for cell in row] for row in rows])

    def blocks(self, cells: Sequence[Sequence[Node]], axis: int) -> np.ndarray:
        """Cells along an axis; bold zeros fill what the others leave."""
        own = [None if [*cell] == [ZEROS] else _column(np.asarray(self.read(cell))) for cell in cells]
        assert sum(cell is None for cell in own) < 2, "blocks of zeros do not say how large they are"
        left = self.shape[axis] - sum(cell.shape[axis] for cell in own if cell is not None)
        fill = [left if k == axis else n for k, n in enumerate(self.shape)]
        return np.concatenate([np.zeros(fill) if cell is None else cell for cell in own], axis)

    def below(self, sub: Node | None) -> list[str]:
        return ["".join(map(text_of, piece)) for piece in split_at(sub, ";")]

    def summed(self, sub: Node | None) -> np.ndarray:
        """What stands behind a sum, at each position of the letters below it."""
        letters = ["".join(map(text_of, piece)) for piece in split_at(sub, ",")]
        counts, start, total = [self.axis_of(c, self.items[self.place :]) for c in letters], self.place, np.zeros((1, 1))
        for places in np.ndindex(*counts):
            self.place = start
            self.places |= dict(zip(letters, places, strict=True))
            total = total + self.term()
        return total

    def term(self) -> np.ndarray:
        """Factors entry by entry, or crossed; each is a matrix product."""
        result = self.product()
        while self.at("⊙", "×"):
            sign, factor = text_of(self.take()), self.product()
            if sign == "×":
                result = crossed(result, factor)
                continue
            along = {1 in pair for pair in zip(np.shape(result), np.shape(factor), strict=True) if len({*pair}) > 1}
            assert 1 in (np.size(result), np.size(factor)) or along <= {True}
            result = result * factor
        return result

    def product(self) -> np.ndarray:
        result = self.factor()
        while not self.ends():
            factor = self.factor()
            result = result * factor if 1 in (np.size(result), np.size(factor)) else result @ factor
        return result

    def factor(self) -> np.ndarray:
        node = self.take()
        match node:
            case Script(Fence("‖", body, "‖"), _, Atom("2")):
                return np.sum(self.read(items_of(body)) ** 2).reshape(1, 1)
            case Script(Fence("‖", body, "‖"), Atom("F"), None) | Fence("‖", body, "‖"):
                return np.sqrt(np.sum(self.read(items_of(body)) ** 2)).reshape(1, 1)
            case Script(Fence("⟨", body, "⟩"), Atom("F"), None):
                a, b = (self.read(part) for part in split_at(body, ","))
                return np.sum(a * b).reshape(1, 1)
            case Script(Atom("1", alphabet="mathbf"), sub, None):
                return np.ones((self.count(sub), 1))
            case Script(Atom("∑"), sub, None) if self.places is not None:
                return self.summed(sub)
            case Script(Atom(text), sub, None) if self.places is not None and {*self.below(sub)} <= {*self.places}:
                array = self.tensors[int(text[1:])]
                assert array is not None
                return _column(array[tuple(self.places[c] for c in self.below(sub))])
            case Grid("bmatrix", rows):
                columns = [items_of(row[0]) for row in rows]
                return self.blocks(columns, 0) if len(rows[0]) == 1 else self.rows(rows)
            case Fence("[", body, "]") if len(blocks := list(split_at(body, ","))) > 1:
                return self.blocks(blocks, 1)
            case Script(Fence("[", body, "]"), Atom("×"), None):  # its columns are those of v x I
                return np.cross(np.ravel(self.read(items_of(body))), np.eye(3)).T
            case Script(Atom("I"), sub, None):
                return np.eye(self.count(sub))
            case Script(Atom("e", alphabet=""), None, sup) if sup is not None:
                return np.exp(self.read(items_of(sup)))
            case Script(base, sub, sup) if sup is not None and not prime_count(sup):
                return self.power(self.read([base if sub is None else Script(base, sub)]), sup)
            case Atom(name) if name in _WHOLE or name in _TRIANGLES or name == "det":
                return self.whole(name)
            case Atom("log") if self.at("det"):
                self.take()
                return np.linalg.slogdet(self.factor())[1].reshape(1, 1)
            case Atom(text) if text[0] == "T" and text[1:].isdigit():
                array = self.tensors[int(text[1:])]
                assert array is not None
                return _column(np.asarray(array, float))
        self.place -= 1
        return super().factor()

    def tensor(self, number: int, pieces: Sequence[Sequence[Node]]) -> np.ndarray:
        """A row or a column that stands alone, x_{4} or X_{:,4}, which is a column; a part of a matrix, X_{:,h:2h}."""
        array = np.asarray(self.tensors[number], float)
        places = [self.place_of(piece) for piece in pieces]
        for place, n in zip(places, array.shape, strict=False):
            whole = isinstance(place, slice)
            assert all(0 <= k <= n for k in ((place.start or 0, place.stop or 0) if whole else (place, place + 1)))
        return _column(array[tuple(places)])

    def place_of(self, piece: Sequence[Node]) -> slice | int:
        """A position, or the positions from a to b - 1: a:b."""
        texts = [text_of(part) for part in piece]
        if ":" not in texts:
            return int(self.read(piece))
        ends = [list(piece)]
        while ":" in (left := [text_of(part) for part in ends[-1]]):
            ends[-1:] = ends[-1][: left.index(":")], ends[-1][left.index(":") + 1 :]
        return slice(*(int(self.read(end)) if end else None for end in ends))

    def count(self, node: Node | None) -> int:
        return int(self.read(items_of(node)))

    def power(self, base: np.ndarray, sup: Node) -> np.ndarray:
        items = items_of(sup)
        match [item.text for item in items if isinstance(item, Atom)]:
            case ["⊤"]:
                return base.T
            case ["−", "⊤"]:
                return np.linalg.inv(base).T
            case ["−", "1"]:
                return np.linalg.inv(base)
            case ["⊙", *_]:
                return base ** self.read(items[1:])
        if np.size(base) > 1:  # of a matrix its products with itself
            return np.linalg.matrix_power(base, int(self.read(items)))
        return base ** self.read(items)

    def whole(self, name: str) -> np.ndarray:
        """A function of a matrix as a whole; with two arguments it is one of entries."""
        if name == "det":
            return np.linalg.det(self.factor()).reshape(1, 1)
        fence = self.take()
        power: Sequence[Node] = ()
        if isinstance(fence, Script):
            assert fence.sub is None
            assert fence.sup is not None
            fence, power = fence.base, [fence.sup]
        assert isinstance(fence, Fence)
        arguments = [self.read(part) for part in split_at(fence.body, ",")]
        if name in _TRIANGLES:
            result = _TRIANGLES[name](arguments[0], *(int(k) for k in arguments[1:]))
        else:
            result = FUNCTIONS[name](*arguments) if len(arguments) > 1 else _WHOLE[name](arguments[0])
        return self.power(result, power[0]) if power else result


def _softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x)
    return powers / powers.sum(axis=0 if x.shape[1] == 1 else 1, keepdims=True)


_TRIANGLES = {"tril": np.tril, "triu": np.triu}
_WHOLE = {
    "diag": lambda x: np.diag(x[:, 0]) if x.shape[1] == 1 else np.diag(x)[:, None],
    "tr": lambda x: np.trace(x).reshape(1, 1),
    "sum": lambda x: np.sum(x).reshape(1, 1),
    "mean": lambda x: np.mean(x).reshape(1, 1),
    **{
        f"{over}{name}": partial(fold, axis=axis, keepdims=True)
        for over, axis in (("row", 1), ("col", 0))
        for name, fold in (("sum", np.sum), ("mean", np.mean))
    },
    "softmax": _softmax,
    "logsumexp": lambda x: np.log(np.sum(np.exp(x))).reshape(1, 1),
    "max": lambda x: np.max(x).reshape(1, 1),
    "min": lambda x: np.min(x).reshape(1, 1),
}
