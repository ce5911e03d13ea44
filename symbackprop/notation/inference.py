"""Shapes for names that nobody declared, from how a program uses them: `W_1 @ X + b_1` makes W_1 h x d, X d x n and b_1 h x 1.

Each way to give the names axes is walked through; sizes that must be equal are made one, and what does not fit is left out. Of
what fits, the likeliest is proposed: capital letters are matrices, small ones vectors where an array is needed, biases and targets
beside a product arrays as well, other names numbers. It is a proposal, which a person is asked to write down.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from symbackprop.notation.unified import ONE, Misfit, cheapest
from symbackprop.notation.walked import PRODUCTS, UNEVEN, Walk, called

MOST = 2_000  # ways that are walked
FEW = 24  # ways that are read, to see whether one alone can be
LETTERS = "hndmkpqrcuv"
WANTED = {
    ("parameter", 1): "d",
    ("parameter", 2): "hd",
    ("data", 1): "n",
    ("data", 2): "nd",
    ("integers", 2): "nk",
}  # letters for the axes
COUNTS = ("n", "N", "m", "M", "T", "B")  # numbers that most likely say how many samples there are

_MATRIX = re.compile(r"[A-Z]\w*$|inputs|features|images")
_WEIGHT = re.compile(r"[WVUwvu]")
_RATE = re.compile(r"(lam\w*|alpha|eta|eps\w*|reg\w*|lr|rate)(_?\d+)?$")
_SCALE = re.compile(r"gamma(_?\d+)?$")  # of a normalisation, where it has axes
_NUMBER = re.compile(r"(lam\w*|L|loss|J|alpha|eta|eps\w*|reg\w*|lr|rate|rho|tau|kappa|gamma|c|k|p|q|r|n|N)(_?\d+)?$")
_BESIDE = re.compile(r"(b|bias|c|t|y|yhat|y_?true|targets?|labels?)(_?\d+)?$")
_WAYS = {
    "matrix": {"2": 0, "1": 3, "": 6},
    "number": {"": 0, "1": 4, "2": 6},
    "beside": {"1": 0, "column": 1, "2": 2, "": 3},
    "other": {"": 0, "1": 1, "2": 5},
}


class Proposal(NamedTuple):
    """A declaration that would fit a name: its kind, and its sizes by name, of integers with the one that they count along."""

    kind: str
    sizes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}[{', '.join(self.sizes)}]" if self.sizes else self.kind


class Sought(NamedTuple):
    """What the shapes of some names are sought in.

    statements   of the text or of the function.
    declared     the shapes that are known.
    undeclared   the names.
    described    sizes that a person said of some, "" where without a name.
    helpers      the functions beside it.
    entries      of dicts whose entries are inputs, by key the name of each.
    """

    statements: Sequence[ast.stmt]
    declared: Mapping[str, Sequence[Any]]
    undeclared: Sequence[str]
    described: Mapping[str, Sequence[str]]
    helpers: Mapping[str, ast.FunctionDef]
    entries: Mapping[str, Mapping[str, str]]


def proposed(sought: Sought) -> dict[str, Proposal]:
    """A declaration for each name that nobody declared; {} where no way fits, or there are too many."""
    found: tuple[int, Walk] | None = None
    for cost, total, walk in _fitting(sought):
        if found is not None and cost >= found[0]:
            break
        if found is None or total < found[0]:
            found = total, walk
    return _named(found[1], sought.undeclared) if found else {}


def mostly_arrays(name: str) -> bool:
    """Whether what is called so has axes as a rule, y or X: where it is proposed as a number, its use says so."""
    return bool(_MATRIX.match(name) or _BESIDE.match(name))


def others(sought: Sought) -> list[dict[str, Proposal]] | None:
    """Every way that fits, where what is called a rate is a number; None where there are too many to try."""
    rates = {name: () for name in sought.undeclared if _RATE.match(name)}
    found = list(islice(_fitting(sought._replace(described=rates | {**sought.described})), FEW + 1))
    return None if len(found) > FEW else [_named(walk, sought.undeclared) for _, _, walk in found]


def _fitting(sought: Sought) -> Iterator[tuple[int, int, Walk]]:
    """The ways that fit, by their cost: that, what speaks against each as well, and the walk."""
    names, bodies = sought.undeclared, [*sought.statements, *sought.helpers.values()]
    products = any(_is_product(node) for statement in bodies for node in ast.walk(statement))
    ways = [sorted(_WAYS[_kind(name, products)].items(), key=lambda way: way[1]) for name in names]
    ways = [[(way, 0)] if (way := sought.described.get(name)) is not None else row for name, row in zip(names, ways, strict=True)]
    for cost, chosen in islice(cheapest([[c for _, c in row] for row in ways]), MOST):
        axes = {name: row[k][0] for name, row, k in zip(names, ways, chosen, strict=True)}
        walk = Walk(sought.declared, axes, sought.helpers, sought.entries)
        try:
            walk.through(sought.statements)
        except Misfit:
            continue
        yield cost, cost + _strange(walk), walk


def _kind(name: str, products: bool) -> str:
    if _NUMBER.match(name):
        return "number"
    if _MATRIX.match(name):
        return "matrix"
    return "beside" if products and _BESIDE.match(name) else "other"


def _is_product(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(op=ast.MatMult()):
            return True
        case ast.Call():
            return called(node) in PRODUCTS
    return False


def _strange(walk: Walk) -> int:
    """What speaks against it: a bias along an axis that no weight has, a last value that is no number."""
    weights = {walk.sizes.root(n) for name, shape in walk.given.items() if _WEIGHT.match(name) for n in shape or ()}
    along = [n for name in walk.axes if name[0] == "b" for n in walk.given[name] or () if n != ONE]
    lost = UNEVEN * any(walk.sizes.root(n) not in weights for n in along) if weights else 0
    return walk.odd + lost + (UNEVEN if walk.last else 0)


def _named(walk: Walk, names: Iterable[str]) -> dict[str, Proposal]:
    """The shapes, with a letter for each size; a number that counts, as in sum(x)/n, is the size of the data."""
    called = {walk.sizes.root(n): text for n, text in walk.sizes.called.items()}
    counts = [name for name in names if not walk.given[name] and name in COUNTS]
    taken = {*called.values(), *walk.shapes}
    result = {}
    for name in names:
        shape = walk.given[name] or ()
        shape += (walk.places[name],) if name in walk.places else ()
        if counts and shape and kind_of(name) == "data":
            called.setdefault(walk.sizes.root(shape[0]), counts[0])
        kind = "integers" if name in walk.places else "parameter" if shape and _SCALE.match(name) else kind_of(name)
        wanted = WANTED.get((kind, len(shape)), "")
        for root, letter in zip(map(walk.sizes.root, shape), wanted + LETTERS, strict=False):
            if root not in called:
                called[root] = next(c for c in (letter, *LETTERS, *(f"n_{k}" for k in range(1, 100))) if c not in taken)
                taken.add(called[root])
        result[name] = Proposal(kind, tuple(called[walk.sizes.root(n)] for n in shape))
    return {name: proposal for name, proposal in result.items() if name not in called.values()}


def kind_of(name: str) -> str:
    """What a name most likely is: a weight, or data."""
    learnt = re.match(r"(w|b|v|u)(_?\d*|eights?|ias(es)?)$|theta|beta|phi", name, re.IGNORECASE)
    labelled = re.match(r"[WU]_?[a-zA-Z]{1,2}\d?$|b_?[hyxofigc]$|b_[a-zA-Z]{1,2}$|E$|embeddings?$", name)
    return "parameter" if learnt or labelled else "data"
