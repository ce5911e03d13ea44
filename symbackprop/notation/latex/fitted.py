r"""Shapes for names that nobody declared, from how formulas use them: of z = W x + b, L = \|z - y\|^2 that b and y are alike.

Each way to give the names axes is walked through, the likeliest first, and a way is proposed where the text reads with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from itertools import islice

from symbackprop.notation.claims.given import GAUSSIAN
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.limits import LABELS, words
from symbackprop.notation.claims.norms import of_two_meanings
from symbackprop.notation.claims.syntax import (
    Big,
    Cases,
    Fraction,
    Group,
    Number,
    Over,
    Product,
    Relation,
    Root,
    Scripted,
    Syntax,
    Terms,
    Tokens,
    Word,
)  # fmt: skip
from symbackprop.notation.claims.tokens import GREEK, bare, plain
from symbackprop.notation.claims.words import TRANSPOSES, described
from symbackprop.notation.latex.equations import Line
from symbackprop.notation.latex.mentioned import holds_identity
from symbackprop.notation.latex.stepped import entry_of, several
from symbackprop.notation.unified import ONE, Misfit, Unified, cheapest

MOST = 1000  # ways that are walked
READ = 8  # ways that are read
LETTERS = "ndhmkpqrcuv"
BROADCAST = DEMOTED = 3  # the cost of a number that is added to an array, and of axes that letters of that size do not have
VECTOR = 12  # the cost of a vector under a Frobenius norm: no way with one is taken before a way without
LAYERS = ("l", "ell", "\\ell")  # letters that number layers
SCALAR = ("det", "tr", "sum", GAUSSIAN)  # functions of arrays whose values are numbers
_DECLARED = re.compile(r"(\w+): (data|parameter)(?:\[([^\]]*)\])?$")

Shape = tuple[int, ...] | None  # sizes, each a number in `Unified`, of a row (1, n); None: nothing is known


def fitted(
    lines: Sequence[Line], proposed: Sequence[str], known: Mapping[str, Sequence[object]], named: Callable[[Word], str | None],
    sizes: Mapping[str, str], told: Collection[str], lengths: Mapping[str, str], reads: Callable[..., bool],
    samples: str | None = None, count: str = "", scalar: bool = True,
) -> list[str] | None:  # fmt: skip
    """Declarations with which the text reads, in the place of what is proposed; None where none was found.

    lines     the equations, in the order in which they are read.
    proposed  a declaration for each name that has none.
    known     the shapes of what is declared.
    named     the name of a word among all of these, and among the values that are defined.
    sizes     how far each index runs; `told`: the sizes that the text says, others are customary.
    lengths   what the last size of some is called.
    reads     whether the text reads with declarations.
    samples   how many samples there are, of a^{(i)}: no parameter is as long.
    count     a letter that counts the samples, 1/m.
    scalar    whether the last value is a number, as a loss is.
    """
    parts = [m for one in proposed if (m := _DECLARED.match(one))]
    kinds, free = {m[1]: m[2] for m in parts}, {m[1]: [n for n in (m[3] or "").split(", ") if n] for m in parts}
    ways = [
        sorted((abs(len(own) - k) + _uncustomary(name, kinds[name], own, sizes, k), k) for k in range(max(4, len(own) + 1)))
        for name, own in free.items()
    ]
    found: list[tuple[int, dict[str, str]]] = []
    for cost, chosen in islice(cheapest([[cost for cost, _ in row] for row in ways]), MOST):
        ranks = {name: row[k][1] for name, row, k in zip(free, ways, chosen, strict=True)}
        walk = _Walk(known, ranks, free, named, sizes, lengths, kinds, count)
        walk.sizes.customary = {size for size in sizes.values() if size not in told}
        with suppress(Misfit):
            walk.through(lines, scalar)
            if cost == 0 and walk.twofold is not None:
                raise of_two_meanings("1", walk.twofold)
            axes = walk.axes()
            if samples is None or not any(kinds[name] == "parameter" and samples in own.split(", ") for name, own in axes.items()):
                found.append((cost + walk.odd + VECTOR * walk.along_samples(), axes | walk.classes()))
    for _, axes in sorted(found, key=lambda one: one[0])[:READ]:
        said = {name: f"{name}: {kinds[name]}" + (f"[{own}]" if own else "") for name, own in axes.items() if name in kinds}
        several_said = ((one, one.partition(":")[0]) for one in proposed)
        declarations = [said.get(own, re.sub(r"\bK\]$", f"{axes.get(own, 'K')}]", one)) for one, own in several_said]
        if reads(declarations, scalar):
            return declarations
    return None


def _uncustomary(name: str, kind: str, said: Sequence[str], sizes: Mapping[str, str], axes: int) -> int:
    """What it costs that a letter has so many axes: a capital letter is a matrix, small weights are none, beside what has an index.

    said    axes that are likely.
    """
    own = axes - len({*said} & {*sizes.values()})
    strange = own > 2 and axes > len(said)
    if kind == "data":
        return DEMOTED * (strange or (axes < 2 and name[:1].isupper() and name not in GREEK and len(said) == 2))
    return DEMOTED * (strange or (own > 1 and len(name) == 1 and name.islower()))


def _is_turned(sup: Tokens) -> bool:
    return any(t.text in (*TRANSPOSES, r"\intercal") for t in bare(sup)[-1:])


class _Walk:
    """Formulas, walked with shapes in the place of values."""

    def __init__(
        self, known: Mapping[str, Sequence[object]], ranks: Mapping[str, int], free: Mapping[str, Sequence[str]],
        named: Callable[[Word], str | None], indices: Mapping[str, str], lengths: Mapping[str, str], kinds: Mapping[str, str],
        count: str,
    ) -> None:  # fmt: skip
        self.kinds, self.samples, self.count = kinds, set[int](), count  # sizes of the samples, and the letter that counts them
        self.sizes, self.named, self.indices = Unified(), named, indices
        self.shapes: dict[str, Shape] = {n: tuple(self.sizes.new(str(e)) for e in shape) for n, shape in known.items()}
        for name, rank in ranks.items():  # an index says how far its axis runs, the other sizes are open
            said = [n for n in free[name] if n in indices.values()]
            self.shapes[name] = tuple(self.sizes.new(said[k] if k < len(said) else "") for k in range(rank))
        for name, length in lengths.items():
            if last := self.shapes.get(name):
                self.sizes.equal(last[-1], self.sizes.new(length))
        self.given, self.letters = {name: self.shapes[name] for name in ranks}, free
        self.odd, self.bases = 0, set[str]()  # what speaks against it, and letters that are no sizes
        self.lettered: set[str] = set()  # values with an index
        self.picked: dict[str, int] = {}  # how many entries there are of what a label picks
        self.twofold: int | None = None  # where the norm of a matrix has two meanings

    def through(self, lines: Sequence[Line], scalar: bool) -> None:
        for line in lines:  # theta_t is as theta_0
            start = self.shapes.get(f"{line.name}_0")
            if start is not None and line.letters:
                own = tuple(self.sizes.new(self.indices.get(letter, letter)) for letter in line.letters)
                self.shapes.setdefault(line.name, (*own, *start))
        self.walked(lines)
        if early := {name for k in range(len(lines)) for name in self.read_early(lines, k)}:
            self.odd = 0
            for line in lines:
                if line.name in early and self.shapes[line.name] is None:  # h_t of [h_{t-1}, x_t] alone: a vector
                    own = (self.sizes.new(self.indices.get(letter, letter)) for letter in line.letters)
                    self.shapes[line.name] = (*own, self.sizes.new(""))
            self.walked(lines)  # i_t of h_{t-1}, which comes later
        if scalar and lines and self.shapes[lines[-1].name]:  # what is read last is most often the loss
            raise Misfit

    def walked(self, lines: Sequence[Line]) -> None:
        for line in lines:
            shape = self.of(line.right)
            own = tuple(self.sizes.new(self.indices.get(letter, letter)) for letter in line.letters)
            before = self.shapes.get(line.name)
            self.shapes[line.name] = None if shape is None else (*own, *self.column(shape))
            self.lettered |= {line.name} if own else set()
            if before is not None and self.shapes[line.name] is not None:
                self.alike([before, self.shapes[line.name]])

    def read_early(self, lines: Sequence[Line], k: int) -> set[str]:
        """The values with an index that a line reads, and gives itself, or a later one does."""
        later = {line.name for line in lines[k:]} & self.lettered
        return {word.base for word, _ in words(lines[k].right) if word.sub} & later

    def column(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape[:-1] if len(shape) == 2 and shape[1] == ONE else shape

    def of(self, node: Syntax) -> Shape:
        """The shape of a formula."""
        match node:
            case Number():
                return ()
            case Word():
                return self.word(node)
            case Group(items=items, bracket=bracket):
                inner = [self.of(item) for item in items]
                if bracket in ("\\langle", "\\|", "|"):
                    self.alike(inner)
                    self.odd += BROADCAST * (bracket != "|" and () in inner)  # of numbers nobody writes one
                    return ()
                return inner[0] if len(inner) == 1 else self.joined(inner) if bracket == "[" else None
            case Scripted(body=body, sup=sup, sub=sub):
                shape = self.of(body)
                if plain(sub) in ("F", "1") and isinstance(body, Group) and body.bracket == "\\|":
                    matrices = [len(one) == 2 and ONE not in one for item in body.items if (one := self.of(item)) is not None]
                    self.odd += VECTOR * (plain(sub) == "F" and not all(matrices))
                    self.twofold = body.at if plain(sub) == "1" and any(matrices) else self.twofold
                if _is_turned(sup):
                    return self.turned(shape)
                if plain(sup) == "-1" and shape:
                    self.square(shape)
                if not shape or plain(sub) not in self.indices:
                    return shape
                is_row = len(shape) == 2 and self.sizes.root(shape[0]) == ONE
                self.sizes.equal(shape[is_row], self.sizes.new(self.indices[plain(sub)]))
                return shape[1 + is_row :]
            case Over(body=body) | Root(body=body):
                return self.of(body)
            case Fraction(over=over, under=under):
                return self.met(self.of(over), self.of(under))
            case Big(body=body):
                return self.of(body)
            case Terms(parts=parts):
                shapes = [self.of(part) for _, part in parts]
                shapes = [self.spread(part, own, shapes) for (_, part), own in zip(parts, shapes, strict=True)]
                self.odd += BROADCAST * (() in shapes and any(shapes) and not any(isinstance(part, Number) for _, part in parts))
                if any(shapes) and any(own == () and self.is_target(part) for (_, part), own in zip(parts, shapes, strict=True)):
                    raise Misfit  # no target is one number for all samples
                whole = self.alike(shapes)
                if whole and any(holds_identity(part) for _, part in parts):
                    self.square(whole)
                return whole
            case Product(factors=factors, ops=ops):
                return self.product(factors, ops)
            case Cases(rows=rows):
                return self.alike([self.of(value) for value, _ in rows])
            case Relation(sides=sides):
                return self.alike([self.of(side) for side in sides])
            case _:
                return None

    def joined(self, inner: Sequence[Shape]) -> Shape:
        """[h, x]: a vector as long as both."""
        lengths = [one[0] for one in inner if one is not None and len(one) == 1]
        self.odd += VECTOR * any(one is not None and len(one) != 1 for one in inner)
        return (self.sizes.joined(lengths),) if len(lengths) == len(inner) else None

    def word(self, word: Word) -> Shape:
        if word.base == "e" and word.sup:
            return self.of(syntax(word.sup))
        name = self.named(word)
        self.bases.add(word.base)
        if name is None or (shape := self.shapes.get(name)) is None:
            is_size = described(word) in self.sizes.called.values()
            return () if is_size or word.base in {"pi", self.count, *self.indices, *self.indices.values()} else None
        below = bare(word.sub)
        if shape and name in self.lettered and below and (below[0].text in self.indices.values() or below[0].text.isdigit()):
            shape = shape[1:]  # h_T, one of them, and a^L_j
        sample = [t.text for t in bare(word.sup)] if [t.text for t in bare(word.sup)[:1]] == ["("] else []
        for letter, label in (*map(entry_of, several(word.sub)), *((c, "") for c in sample)):
            if (
                not label
                and letter in LABELS
                and letter not in self.indices
                and name not in self.given
                and name not in self.lettered
            ):
                label = letter  # s_y, of the scores s
            if (letter not in self.indices and not label) or name.endswith(f"_{letter}"):
                continue
            if not shape:
                raise Misfit
            is_row = len(shape) == 2 and self.sizes.root(shape[0]) == ONE
            if label:
                self.picked[label] = shape[is_row]
            else:
                self.sizes.equal(shape[is_row], self.sizes.new(self.indices[letter]))
            shape = () if is_row else shape[1:]
        if word.sub and shape and shape is self.shapes[name] and name in self.lettered:
            shape = shape[1:]  # h_T, one of them
        sup = plain(word.sup)
        if sup == "-1" and shape:
            self.square(shape)
        self.odd += VECTOR * (_is_turned(word.sup) and not shape)  # nobody turns a number
        return self.turned(shape) if _is_turned(word.sup) and shape else shape

    def product(self, factors: Sequence[Syntax], ops: Sequence[str]) -> Shape:
        found: Shape = ()
        prior: Syntax | None = None  # the factor before, and before the function that is applied
        signs = ["", *ops]
        for k, factor in enumerate(factors):
            if isinstance(factor, Word) and self.named(factor) is None and k + 1 < len(factors) and factor.base not in self.indices:
                signs[k + 1] = signs[k + 1] or signs[k]  # of o \odot \tanh(c)
                continue  # a function: its value has the shape of its argument, as a rule
            before = factors[k - 1] if k else None
            shape = self.of(factor)
            if isinstance(before, Word) and self.named(before) is None and before.base in (*SCALAR, "max", "min", "log"):
                shape = self.arguments(factor, 2 if before.base == GAUSSIAN else None)
                shape = () if before.base in SCALAR else shape
            if isinstance(prior, Word) and not signs[k]:  # W x, W \tanh(z) and w^l a^{l-1} are of matrices
                weight = VECTOR if plain(prior.sub) in LAYERS else BROADCAST if prior.base[:1].isupper() and shape else 0
                self.odd += weight if weight and self.of(prior) == () else 0
            prior = factor
            if before is not None and not signs[k]:
                self.weighed(factors, k, found, shape)
            starred = signs[k] == "star" and len(found or ()) == len(shape or ()) == 1  # entry by entry
            found = self.met(found, shape) if starred or signs[k] in ("had", "over") else self.times(found, shape)
        return found

    def arguments(self, node: Syntax, first: int | None = None) -> Shape:
        several = node.items[:first] if isinstance(node, Group) and len(node.items) > 1 else (node,)
        shapes = [self.of(one) for one in several]
        self.odd += BROADCAST * (first is not None and () in shapes and any(shapes))
        return self.alike(shapes)

    def kind(self, node: Syntax) -> str:
        """Whether a factor is learnt or given; "" where it is neither's name."""
        return self.kinds.get(self.named(node) or "", "") if isinstance(node, Word) else ""

    def is_target(self, node: Syntax) -> bool:
        return isinstance(node, Word) and node.base.lower() in ("y", "t") and self.kind(node) == "data"

    def weighed(self, factors: Sequence[Syntax], k: int, a: Shape, b: Shape) -> None:
        r"""Data at an end of a product with weights, w^\top X and X W, has its samples along the axis that is left."""
        match self.kind(factors[k - 1]), self.kind(factors[k]):
            case "parameter", "data" if b and len(b) == 2 and k + 1 == len(factors):
                self.samples.add(b[1])
            case "data", "parameter" if a and len(a) == 2 and k == 1:
                self.samples.add(a[0])

    def spread(self, node: Syntax, shape: Shape, beside: Sequence[Shape]) -> Shape:
        """The shape of a term, of a bias that of the matrix to whose samples it is added."""
        matrix = next((one for one in beside if one is not None and len(one) == 2), None)
        if matrix is None or shape is None or len(shape) != 1 or self.kind(node) != "parameter":
            return shape
        if ONE in map(self.sizes.root, matrix):
            return shape
        rows = self.sizes.root(matrix[0]) in map(self.sizes.root, self.samples)
        self.sizes.equal(shape[0], matrix[rows])
        self.odd += 1
        return matrix

    def along_samples(self) -> int:
        """How many parameters are as long as there are samples."""
        roots = {self.sizes.root(n) for n in self.samples} - {self.sizes.root(ONE)}
        learnt = (shape for name, shape in self.given.items() if self.kinds[name] == "parameter")
        return sum(any(self.sizes.root(n) in roots for n in shape or ()) for shape in learnt)

    def classes(self) -> dict[str, str]:
        """How many entries there are of what labels pick, where the axes have names."""
        called = {self.sizes.root(n): text for n, text in self.sizes.called.items()}
        return {label: called[root] for label, n in self.picked.items() if (root := self.sizes.root(n)) in called}

    # -- rules ------------------------------------------------------------------------------------------------------------

    def alike(self, shapes: Sequence[Shape]) -> Shape:
        first = shapes[0] if shapes else None
        for other in shapes[1:]:
            first = self.met(first, other)
        return first

    def met(self, a: Shape, b: Shape) -> Shape:
        """Term by term: of one shape, or one of them a number."""
        if a is None or b is None:
            return a or b or None  # beside a number it may have any shape
        if not a or not b:
            return a or b
        if len(a) != len(b):
            raise Misfit
        for one, other in zip(a, b, strict=True):
            self.sizes.equal(one, other)
        return a

    def times(self, a: Shape, b: Shape) -> Shape:
        if a is None or b is None:
            return None
        if not a or not b:
            self.odd += BROADCAST * (len(a) > 1)  # W x: a number stands before a matrix, not behind it
            return a or b
        rows, columns = a if len(a) == 2 else (*a, ONE), b if len(b) == 2 else (*b, ONE)
        if len(rows) != 2 or len(columns) != 2:
            return None
        if (self.sizes.root(rows[1]) == ONE) != (self.sizes.root(columns[0]) == ONE):
            raise Misfit
        self.sizes.equal(rows[1], columns[0])
        found = (rows[0], columns[1])
        return () if found == (ONE, ONE) else (found[0],) if found[1] == ONE else found

    def turned(self, a: Shape) -> Shape:
        if a is None or len(a) > 2:
            return None
        return (ONE, *a) if len(a) == 1 else a[1:] if a[:1] == (ONE,) else a[::-1]

    def square(self, a: tuple[int, ...]) -> None:
        if len(a) != 2:
            raise Misfit
        self.sizes.equal(*a)

    def axes(self) -> dict[str, str]:
        """The axes of each name; sizes that nothing names get letters, that of the samples the one that counts them."""
        roots = {self.sizes.root(n) for n in self.samples if self.count} - {self.sizes.root(ONE)}
        if len(roots) == 1 and self.count not in self.sizes.called.values():
            self.sizes.called.setdefault(roots.pop(), self.count)
        called = {self.sizes.root(n): text for n, text in self.sizes.called.items()}
        taken = {*called.values(), *self.shapes, *self.indices, *self.bases}
        sums = self.sizes.sums()
        for name, shape in self.given.items():
            for root, own in zip(map(self.sizes.root, shape or ()), (*self.letters[name], *LETTERS), strict=False):
                if root not in called and root not in sums:
                    called[root] = next(c for c in (own, *LETTERS, *(f"n_{k}" for k in range(1, 100))) if c and c not in taken)
                    taken.add(called[root])
        called = self.sizes.with_sums(called)
        return {name: ", ".join(called.get(self.sizes.root(n), "n") for n in shape or ()) for name, shape in self.given.items()}
