"""What a printed index formula means: LaTeX in, numbers out, with no rule shared with the printers.

Tensors are printed by number here (`Numbered`), since how names look is another test's matter.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from symbackprop.core.functions import ELEMENTWISE
from symbackprop.core.program import Equation, Program, letter_sizes
from symbackprop.display.body import scalar
from symbackprop.display.index_form import index_form
from symbackprop.display.names import Names
from symbackprop.display.views import ViewNames
from symbackprop.evaluate.extents import extent
from symbackprop.evaluate.rules.primary import VALUES
from symbackprop.formulas import build as f
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import Letter, letter, parse_name
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import Accent, Atom, Fence, Fraction, Grid, Node, Root, Row, Script, prime_count, walk
from tests.display.witness import NUMPY, value

RELATIONS = {"=": np.equal, "≠": np.not_equal, ">": np.greater, "<": np.less, "≥": np.greater_equal, "≤": np.less_equal}
AXES = 16


class Numbered(Names):
    """Names that a machine can read: T3 with its positions between semicolons."""

    def entry(self, name: str, letters: Sequence[Letter]) -> Node:
        if letters and isinstance(letters[0], Row) and len(letters[0].items) == 1:  # the name of a block
            letters = self.within_block(name, letters[0], [c for c in items_of(letters[1]) if c != f.COMMA])
        tensor = f.word(f"T{list(self.program.tensors).index(name)}")
        return f.scripted(tensor, sub=f.joined(f.symbol(";"), [c or f.ZERO for c in letters])) if letters else tensor

    def within_block(self, name: str, label: Node, letters: list[Node]) -> list[Node]:
        """The entry of a tensor that an entry of one of its blocks is: n, m + 2 h of g, n m, where g begins at 2 h."""
        role = self.signature(name).role
        size = self.program.shape(role.wrt if role else name)[-1]
        ((start, _),) = [
            cut for cut, own in ViewNames(self).labels.items() if cut[1] == size and parse_name(own).formula() in items_of(label)
        ]
        return [*letters[:-1], f.add([letters[-1], scalar(start)]) if start != 0 else letters[-1]]


def formula_value(
    names: Numbered,
    equation: Equation,
    arrays: Mapping[str, np.ndarray],
    sizes: Mapping[str, int],
    inline: Collection[str] = (),
) -> np.ndarray:
    """The value of an equation's index form, read from its LaTeX."""
    return latex_value(names, latex(index_form(names, equation, inline)), equation, arrays, sizes, inline)


def latex_value(
    names: Numbered,
    text: str,
    equation: Equation,
    arrays: Mapping[str, np.ndarray],
    sizes: Mapping[str, int],
    inline: Collection[str] = (),
) -> np.ndarray:
    """The value of the right side of an equation as it is printed.

    inline   values that are written out; a letter of theirs that was not renamed keeps its range.
    """
    reader = Reader(names.program, arrays, sizes)
    for source in (equation, *[names.written[name] for name in inline]):
        for c, e in letter_sizes(names.program, source).items():
            reader.extents.setdefault(text_of(letter(c)), extent(e, sizes))
    for c in equation.target.index:
        reader.bind(text_of(letter(c)))
    shape = np.shape(arrays[equation.target.name])
    result = reader.read(parse(text).items)
    return np.broadcast_to(result, shape + (1,) * (AXES - len(shape)) if np.ndim(result) else shape).reshape(shape)


def text_of(node: Node | None) -> str:
    """A letter as text: i, i_1."""
    match node:
        case Atom(text):
            return text
        case Script(base, sub, None):
            return f"{text_of(base)}_{text_of(sub)}"
        case Row(items):
            return "".join(map(text_of, items))
        case Accent(name, body):
            return f"{name} {text_of(body)}"
    raise ValueError(f"no letter: {node}")


class Reader:
    """Reads rows of a formula: sums of products, with letters as axes of arrays."""

    def __init__(self, program: Program, arrays: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> None:
        self.tensors = [arrays.get(name) for name in program.tensors]
        self.sizes = sizes
        self.extents: dict[str, int] = {}
        self.letters: dict[str, np.ndarray] = {}
        self.along: list[str] = []  # the axes of a norm, which have no letters
        self.items: Sequence[Node] = ()
        self.place = 0

    def bind(self, letter: str, items: Sequence[Node] = ()) -> int:
        """Give a letter the next axis; its range is that of an axis where it stands alone, or else the equation's."""
        axis = len(self.letters)
        count = self.axis_of(letter, items) or self.extents[letter]
        self.letters[letter] = np.arange(count).reshape([count if k == axis else 1 for k in range(AXES)])
        return axis

    def axis_of(self, letter: str, items: Sequence[Node]) -> int:
        for node in items:
            if isinstance(node, Script) and isinstance(node.base, Atom) and node.base.text.startswith("T"):
                for axis, piece in enumerate(split_at(node.sub, ";")):
                    if "".join(map(text_of, piece)) == letter:
                        return np.shape(self.tensors[int(node.base.text[1:])])[axis]
            if isinstance(node, Script) and node.base == Atom("ε", "letter") and letter in map(text_of, items_of(node.sub)):
                return 3
            for part in vars(node).values():
                if isinstance(part, Node | tuple):
                    found = self.axis_of(letter, [p for p in (part if isinstance(part, tuple) else (part,)) if isinstance(p, Node)])
                    if found:
                        return found
        return 0

    def read(self, items: Sequence[Node]) -> np.ndarray:
        """The value of a row."""
        before = self.items, self.place
        self.items, self.place = [i for i in items if not (isinstance(i, Atom) and i.kind == "space")], 0
        total = self.sum()
        assert self.place == len(self.items), f"{self.items[self.place :]} is left over"
        self.items, self.place = before
        return total

    def peek(self) -> Node | None:
        return self.items[self.place] if self.place < len(self.items) else None

    def at(self, *texts: str) -> bool:
        node = self.peek()
        return isinstance(node, Atom) and node.text in texts and not node.alphabet

    def take(self) -> Node:
        self.place += 1
        return self.items[self.place - 1]

    def sum(self) -> np.ndarray:
        sign = -1.0 if self.at("−") and self.take() else 1.0
        total = sign * self.term()
        while self.at("+", "−"):
            sign = -1.0 if text_of(self.take()) == "−" else 1.0
            total = total + sign * self.term()
        return total

    def term(self) -> np.ndarray:
        product = np.float64(1.0)
        first = True
        while not self.ends():
            product = product * self.factor()
            first = False
        assert not first, "an empty term"
        return product

    def ends(self) -> bool:
        """Whether a term ends here."""
        node = self.peek()
        return node is None or (isinstance(node, Atom) and node.kind in ("binary", "relation", "punctuation", "close"))

    def factor(self) -> np.ndarray:
        node = self.take()
        match node:
            case Script(Atom("∑"), sub, None):
                return self.added(sub)
            case Script(Atom("∏"), sub, None):
                return self.multiplied(sub)
            case Script(Atom("max" | "min" as kind), sub, None):
                axes = self.opened(sub)
                result = getattr(np, kind)(self.factor(), axis=tuple(axes), keepdims=True)
                for letter in list(self.letters)[axes[0] :]:
                    del self.letters[letter]
                return result
            case Script(Atom("ε"), sub, None):  # of a cross product: the determinant of three unit vectors
                unit = [np.eye(3)[self.letters[text_of(c)]] for c in items_of(sub)]
                return np.sum(unit[0] * np.cross(unit[1], unit[2]), axis=-1)
            case Script(Atom("erf"), None, Row((Atom("−"), Atom("1")))):
                return self.function("erfinv")
            case Script(Atom(text), None, sup) if primes := prime_count(sup):
                return self.function(text + "'" * primes)
            case Script(Atom("e", alphabet=""), None, sup) if sup is not None:
                return np.exp(self.read(items_of(sup)))
            case Script(base, None, sup) if sup is not None:
                return self.read([base]) ** self.read(items_of(sup))
            case Script(base, sub, sup) if sup is not None:
                return self.read([Script(base, sub)]) ** self.read(items_of(sup))
            case Script(Atom(text), sub, None) if text.startswith("T"):
                return self.tensor(int(text[1:]), split_at(sub, ";"))
            case Script(Fence("(", Row((Atom(kind), Fence(_, Script(Atom(text)), _))), _), sub, None) if kind in FACTORS:
                factor = FACTORS[kind](np.asarray(self.tensors[int(text[1:])]))  # one entry of what is a function of the whole
                return factor[tuple(self.letters[text_of(c)] for c in items_of(sub) if text_of(c) != ",")].squeeze(-1)
            case Script(Atom("F" | "E" | "D" as kind), sub, None) if text_of(sub).startswith("T"):
                return GAPS[kind](self.read(items_of(sub)))
            case Script(Atom("L"), Atom(kind), None) if kind in PRIMARY:
                return self.function(f"L_{kind}")
            case Fence("‖", body, "‖") | Script(Fence("‖", body, "‖"), Atom("F"), None):
                return self.norm(body)
            case Script():
                return self.letters[text_of(node)]
            case Fraction(over, under):
                return self.read(items_of(over)) / self.read(items_of(under))
            case Root(body, None):
                return np.sqrt(self.read(items_of(body)))
            case Fence("|", body, "|"):
                return np.abs(self.read(items_of(body)))
            case Fence("⌊", body, "⌋"):
                return np.floor(self.read(items_of(body)))
            case Fence(_, body, _):
                return self.read(items_of(body))
            case Grid("cases", ((a, test), (b, _))):
                condition = [i for i in items_of(test) if not (isinstance(i, Atom) and i.kind == "text")]
                return np.where(self.condition(condition), self.read(items_of(a)), self.read(items_of(b)))
            case Atom(text, "number", ""):
                return np.float64(text)
            case Atom("1", alphabet="mathbf"):
                start = self.place + 1
                while not self.at("]"):
                    self.take()
                self.take()
                return self.condition(self.items[start : self.place - 1]).astype(float)
            case Atom(text) if text[0] == "T" and text[1:].isdigit():
                return self.tensor(int(text[1:]), [])
            case Atom(text, "letter"):
                if text not in self.letters and text not in self.sizes:
                    return np.float64(np.pi) if text == "π" else self.function(text)
                return self.letters[text] if text in self.letters else np.float64(self.sizes[text])
            case Atom(text):
                return self.function(text)
        raise ValueError(f"cannot read {node}")

    def norm(self, body: Node) -> np.ndarray:
        """Of a row, or of the whole: over all axes that have no letter."""
        first = next(n for n in walk(body) if isinstance(n, Atom) and n.text[0] == "T" and n.text[1:].isdigit())
        script = next((n for n in walk(body) if isinstance(n, Script) and n.base == first), None)
        shape = np.shape(self.tensors[int(first.text[1:])])[len(split_at(script.sub, ";")) if script is not None else 0 :]
        for k, count in enumerate(shape):
            self.along.append(f"along {k}")
            self.extents[f"along {k}"] = count
        axes = [self.bind(c) for c in self.along]
        result = np.sqrt(np.sum(self.read(items_of(body)) ** 2, axis=tuple(axes), keepdims=True))
        for c in self.along:
            del self.letters[c]
        self.along = []
        return result

    def multiplied(self, sub: Node | None) -> np.ndarray:
        """A product over the letters below it, or over those of the conditions there, where they hold."""
        axes, holds = self.among(sub)
        result = np.where(holds, self.term(), 1.0)
        for c, axis in axes.items():
            count = self.letters.pop(c).size
            repeated = np.ndim(result) == 0 or result.shape[axis] == 1
            result = result**count if repeated else np.prod(result, axis=axis, keepdims=True)
        return result

    def added(self, sub: Node | None) -> np.ndarray:
        """A sum over the letters below it, or over those of the conditions there, where they hold."""
        axes, holds = self.among(sub)
        term = self.term()
        with np.errstate(all="ignore"):
            result = np.where(holds, term, 0.0) if np.ndim(holds) else term
        for c, axis in axes.items():
            count = self.letters.pop(c).size
            repeated = np.ndim(result) == 0 or result.shape[axis] == 1
            result = result * count if repeated else np.sum(result, axis=axis, keepdims=True)
        return result

    def among(self, sub: Node | None) -> tuple[dict[str, int], np.ndarray]:
        """The axes of the letters below a sign, and where the conditions there hold."""
        pieces = split_at(sub, ",")
        tests = [p for p in pieces if any(isinstance(i, Atom) and i.text in RELATIONS for i in p)]
        named = [text_of(i) for test in tests for i in test if isinstance(i, Atom | Script) and text_of(i) in self.extents]
        free = dict.fromkeys([*("".join(map(text_of, p)) for p in pieces if p not in tests), *named])
        axes = {c: self.bind(c, self.items[self.place :]) for c in free if c not in self.letters}
        holds = np.asarray(True)
        for test in tests:
            either = [self.condition(part) for part in split_at(Row(tuple(test)), "∨")]
            holds = holds & np.logical_or.reduce(np.broadcast_arrays(*either))
        return axes, holds

    def opened(self, letters: Node | None) -> list[int]:
        """The axes of the letters below a sum or a maximum."""
        return [self.bind("".join(map(text_of, letter)), self.items[self.place :]) for letter in split_at(letters, ",")]

    def tensor(self, number: int, pieces: Sequence[Sequence[Node]]) -> np.ndarray:
        array = self.tensors[number]
        assert array is not None
        where = [np.asarray(self.read(piece)).astype(int) for piece in pieces]
        where += [self.letters[c] for c in self.along[: array.ndim - len(pieces)]]
        where = [np.clip(w, 0, n - 1) for w, n in zip(where, array.shape, strict=True)]  # what is out of range meets an indicator
        return array[tuple(where)]

    def function(self, name: str) -> np.ndarray:
        if name == "softmax":
            fence, index = self.take(), None
            if isinstance(fence, Script):
                fence, index = fence.base, fence.sub
            assert isinstance(fence, Fence)
            turned = isinstance(fence.body, Script) and fence.body.sup is not None  # softmax(S^T)
            whole = self.tensors[int(text_of(fence.body.base if turned else fence.body)[1:])]
            whole = whole.T if turned else whole  # type: ignore[union-attr]
            powers = np.exp(whole - np.max(whole, axis=-1, keepdims=True))  # type: ignore[operator]
            whole = powers / powers.sum(axis=-1, keepdims=True)
            where = [self.letters[text_of(c)] for c in items_of(index) if text_of(c) != ","]
            return (whole if len(where) == whole.ndim else np.squeeze(whole))[tuple(where)]
        node = self.peek()
        sup: Node | None = None
        if isinstance(node, Script) and isinstance(node.base, Fence):
            node, sup = node.base, node.sup
        if isinstance(node, Fence):
            self.take()
            arguments = [self.read(p) for p in split_at(node.body, ",")]
        elif isinstance(node, Script) and isinstance(node.base, Atom) and node.base.text == "∑":
            arguments = [self.term()]
        else:
            arguments = [self.factor()]
        result = FUNCTIONS[name](*arguments)
        return result if sup is None else self.power(result, sup)

    def power(self, base: np.ndarray, sup: Node) -> np.ndarray:
        return base ** self.read(items_of(sup))

    def condition(self, items: Sequence[Node]) -> np.ndarray:
        parts, relations = [[]], []
        holds: np.ndarray = np.asarray(True)
        for item in [*items, Atom("∧", "binary")]:
            if isinstance(item, Atom) and item.text in RELATIONS:
                relations.append(RELATIONS[item.text])
                parts.append([])
            elif isinstance(item, Atom) and item.text == "∧":
                values = [self.read(p) for p in parts]
                for relation, a, b in zip(relations, values, values[1:], strict=False):
                    holds = holds & relation(a, b)
                parts, relations = [[]], []
            else:
                parts[-1].append(item)
        return np.asarray(holds)


def items_of(node: Node | None) -> Sequence[Node]:
    return () if node is None else node.items if isinstance(node, Row) else (node,)


def split_at(node: Node | None, mark: str) -> list[list[Node]]:
    parts: list[list[Node]] = [[]]
    for item in items_of(node):
        if isinstance(item, Atom) and item.text == mark:
            parts.append([])
        elif not (isinstance(item, Atom) and item.kind == "space"):
            parts[-1].append(item)
    return parts if parts != [[]] else []


def _row(name: str) -> Callable[..., np.ndarray]:
    row = ELEMENTWISE[name]
    return lambda *arguments: value(row.formula, dict(zip(row.args, arguments, strict=True)))


def _symmetric(x: np.ndarray) -> np.ndarray:
    return (x + np.swapaxes(x, -1, -2)) / 2


def _primary(kind: str, x: np.ndarray, *along: np.ndarray) -> np.ndarray:
    """A primary function, or the upper right block of it of [X, D; 0, X], its derivative along D."""
    whole = np.block([[x, along[0]], [0 * x, x]]) if along else x
    return VALUES[kind](whole, np.linalg.inv)[: len(x), -len(x) :]


def _gaps(w: np.ndarray) -> np.ndarray:
    """1/(w_j - w_i), and 0 where i = j."""
    apart = w[None, :] - w[:, None] + np.eye(len(w))
    return (1 - np.eye(len(w))) / apart


FACTORS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "chol": lambda x: np.linalg.cholesky(_symmetric(x)),
    "eigvals": lambda x: np.linalg.eigvalsh(_symmetric(x))[:, None],
    "eigvecs": lambda x: np.linalg.eigh(_symmetric(x))[1],
    "svdvals": lambda x: np.linalg.svd(x, compute_uv=False)[:, None],
    "left": lambda x: np.linalg.svd(x, full_matrices=False)[0],
    "right": lambda x: np.linalg.svd(x, full_matrices=False)[2].T,
    "orth": lambda x: np.linalg.qr(x)[0],
    "tri": lambda x: np.linalg.qr(x)[1],
    "expm": lambda x: _primary("expm", x),
    "logm": lambda x: _primary("logm", x),
}
PRIMARY = ("expm", "sqrtm", "logm")
GAPS = {
    "F": lambda x: _gaps(np.linalg.eigvalsh(_symmetric(x))),
    "E": lambda x: _gaps(np.linalg.svd(x, compute_uv=False) ** 2),
    "D": lambda x: 1 / np.linalg.svd(x, compute_uv=False)[:, None],
}
FUNCTIONS: dict[str, Callable[..., np.ndarray]] = {
    **FACTORS,
    **{f"L_{kind}": lambda x, d, kind=kind: _primary(kind, x, d) for kind in PRIMARY},
    "sg": np.asarray,
    **{
        text_of(parse(row.latex).items[0]): _row(name)
        for name, row in ELEMENTWISE.items()
        if not any(mark in row.latex for mark in ("{0}", "^"))
    },
    **NUMPY,
    "arctan": np.arctan,
    "erfinv": _row("erfinv"),
}
