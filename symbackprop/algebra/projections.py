"""What projections do, by their definitions: P P = P, P X = X, P r = 0 and X^T r = 0 where P = X (X^T X)^-1 X^T, r = y - P y.

With a penalty, b = (X^T X + l I)^-1 X^T y and r = y - X b, it is X^T r = l b. Of one vector, where e = x - (s^T x)/(s^T s) s, it is
s^T e = 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import NamedTuple

from sympy import Expr

from symbackprop.algebra.known import Relation
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONE, ZERO, Factor, Poly, Term
from symbackprop.algebra.reading import NoFormError, Values
from symbackprop.algebra.relations import ROWS, replaced
from symbackprop.core.program import Equation, Matrix, Program, same_size

MOST_VALUES = 20  # of a larger program nothing is looked for
ROUNDS = 6
SOLVERS = ("inverse", "pinv")
SOLVED = ("inverse", "factor", "group")


class Beside(NamedTuple):
    """A product that meets a value: the factors, and the letter that it shares with the value; its own one is "0"."""

    factors: tuple[Factor, ...]
    letter: str


def learn_projections(program: Program, algebra: Algebra, kept: Collection[str]) -> None:
    """Enter what products of named values are that hold an inverse of a product, a pseudoinverse."""
    forward = [e for e in program.equations if program.tensors[e.target.name].role is None]
    if len(forward) > MOST_VALUES:
        return
    solvers = [e for e in forward if isinstance(e.op, Matrix) and e.op.kind in SOLVERS]
    values = Values(program, algebra, kept)
    lengths = dict(_lengths([e for e in forward if e.target.name in kept], values))
    beside = [*(found for e in solvers for found in _beside(e, values)), *dict.fromkeys(lengths.values())]
    if not beside:
        return
    scratch = Algebra(conditions=tuple(program.conditions))
    whole = Values(program, scratch, ())
    for tensor in program.inputs:
        whole.leaf(tensor.name).symmetric = tensor.is_symmetric
    solved = _made_of({*(e.target.name for e in solvers), *lengths}, forward)
    named = [e.target.name for e in forward if e.target.name in kept and e.target.name in solved]
    for name in named:
        algebra.products += dict.fromkeys(_met(algebra, scratch, values, whole, name, beside, named))
    others = [*named, *(t.name for t in program.inputs if t.name not in named)]
    for name in named:
        shape = program.shape(name)
        if len(shape) == 2 and same_size(*shape):
            algebra.products += _kept(algebra, scratch, values, whole, name, others)


def _made_of(names: set[str], forward: list[Equation]) -> set[str]:
    """The values that are made of some, themselves included."""
    found = set(names)
    for e in forward:
        if any(r.name in found for r in e.operands):
            found.add(e.target.name)
    return found


def _lengths(equations: list[Equation], values: Values) -> Iterator[tuple[str, Beside]]:
    """The values over s^T s, each with s."""
    for e in equations:
        try:
            atoms = values.definition(e.target.name).atoms()
        except NoFormError:
            continue
        for base in sorted((x.args[0] for x in atoms if x.kind == "group"), key=Poly.key):
            found = base.single()
            s = found[0][0] if found is not None and len(found[0]) == 1 else None
            if s is not None and s.exponent == 2 and len(s.letters) == 1 and isinstance(s.atom.name, str) and s.atom.kind == "leaf":
                yield e.target.name, Beside((Factor(s.atom, ("m",), 1),), "m")


def _beside(e: Equation, values: Values) -> Iterator[Beside]:
    """X^T of (X^T X)^-1, (X^T X + l I)^-1 and X^+, X^T W of (X^T W X)^-1."""
    try:
        p = values.ref(e.operands[0].name, ("0", "1"))
    except NoFormError:
        return
    for term in p.terms:
        yield from _ends(term, e.op.kind)  # type: ignore[union-attr]


def _ends(term: Term, kind: str) -> Iterator[Beside]:
    """A product without its last factor, and without its first."""
    if any(f.atom.kind != "leaf" or not isinstance(f.atom.name, str) or f.exponent != 1 for f in term):
        return
    if kind == "pinv":
        if len(term) == 1:
            yield Beside((term[0].renamed({"0": "m", "1": "0"}),), "m")
        return
    for end, start in (("1", "0"), ("0", "1")):
        last = [f for f in term if end in f.letters]
        rest = [f for f in term if f not in last]
        letter = next((x for x in last[0].letters if x not in (start, end)), "") if len(last) == 1 else ""
        if any(letter in f.letters for f in rest):  # of s A, s is no matrix
            yield Beside(tuple(f.renamed({start: "0", letter: "m"}) for f in rest), "m")
            if term == tuple(f.renamed({"0": "1", "1": "0"}) for f in term):
                return


def _met(
    a: Algebra, scratch: Algebra, values: Values, whole: Values, name: str, ways: list[Beside], named: list[str]
) -> Iterator[Relation]:
    """X^T r = 0, or a multiple of another value, for each product that r may stand beside."""
    leaf = values.leaf(name)
    for way in ways:
        size = next(n for f in way.factors for x, n in zip(f.letters, f.atom.shape, strict=True) if x == way.letter)
        for axis, n in enumerate(leaf.shape):
            if len(leaf.shape) > 2 or not same_size(n, size):
                continue
            own = tuple("m" if k == axis else "1" for k in range(len(leaf.shape)))
            if any(f.atom is leaf for f in way.factors):
                continue
            p = _product(scratch, whole, [*((f.atom.name, f.letters) for f in way.factors), (name, own)], n)
            right = None if p is None else ZERO if not p.terms else _multiple(a, values, whole, p, tuple(own), named)
            if right is not None:
                yield from _relation(a, [*way.factors, Factor(leaf, own, 1)], right)


def _multiple(a: Algebra, values: Values, whole: Values, p: Poly, own: tuple[str, ...], named: list[str]) -> Poly | None:
    """A number that a person named times a value, as l b; None where the product is none."""
    found, letters = p.single(), tuple("0" if x == "m" else x for x in own)
    if found is None:
        return None
    for other in named:
        it = whole.ref(other, letters).single() if len(values.leaf(other).shape) == len(letters) else None
        front = [] if it is None else [f for f in found[0] if not f.letters and f not in it[0]]
        if it is not None and p == whole.algebra.make(Fraction(found[1]) / it[1], [*it[0], *front]):
            plain = all(f.atom.kind == "leaf" for f in front)
            scale = [f._replace(atom=values.leaf(str(f.atom.name))) for f in front]
            return a.make(Fraction(found[1]) / it[1], [Factor(values.leaf(other), letters, 1), *scale]) if plain else None
    return None


def _kept(a: Algebra, scratch: Algebra, values: Values, whole: Values, name: str, others: list[str]) -> Iterator[Relation]:
    """P P = P, P X = X, P r = 0, for each value beside which P may stand."""
    leaf = values.leaf(name)
    for other in others:
        it = values.leaf(other)
        for axis, n in enumerate(it.shape):
            if len(it.shape) > 2 or not same_size(n, leaf.shape[0]) or (other == name and axis):
                continue
            own = tuple("m" if k == axis else "1" for k in range(len(it.shape)))
            for turned in (("0", "m"),) if leaf.symmetric else (("0", "m"), ("m", "0")):
                p = _product(scratch, whole, [(name, turned), (other, own)], n)
                if p is None:
                    continue
                swap = tuple("0" if x == "m" else x for x in own)
                for letters in dict.fromkeys((swap, swap[::-1])) if other == name else (swap,):
                    if p == whole.ref(other, letters):
                        yield from _relation(a, [Factor(leaf, turned, 1), Factor(it, own, 1)], a.factor(it, letters))
                if not p.terms:
                    yield from _relation(a, [Factor(leaf, turned, 1), Factor(it, own, 1)], ZERO)


def _product(scratch: Algebra, whole: Values, parts: list[tuple[str, tuple[str, ...]]], n: Expr) -> Poly | None:
    """The product of values, summed over m and over what is summed already, written out and reduced; None where one has no form."""
    out, over = ONE, {"m": n}
    try:
        for name, letters in parts:
            own = tuple(x.replace("~", "^") for x in letters)
            over |= {x: size for x, size in zip(own, whole.program.shape(name), strict=True) if x[0] == "^"}
            out = scratch.times(out, whole.ref(name, own))
    except NoFormError:
        return None
    for x, size in over.items():
        out = scratch.summed(out, x, size)
    return _reduced(scratch, out)


def _reduced(a: Algebra, p: Poly) -> Poly:
    """p with each inverse beside what it is of as the identity, and s^T s over itself as 1."""
    for _ in range(ROUNDS):
        before = p
        for atom in sorted((x for x in p.atoms() if x.kind in SOLVED), key=lambda x: x.id):
            for relation in a.once(("solver", atom), lambda atom=atom: tuple(ROWS[atom.kind](a, atom))):
                if atom.kind != "inverse" or len(relation.term) > 2:  # l (X^T X + l I)^-1 stays
                    p = replaced(a, p, relation) or p
        if p == before:
            break
    return p


def _relation(a: Algebra, left: list[Factor], right: Poly) -> Iterator[Relation]:
    found = a.make(1, [f.renamed({"m": "~m"}) for f in left]).single()
    if found is not None:
        free = tuple(sorted({x for f in found[0] for x in f.letters if x[0] != "~"}))
        yield Relation(found[0], free, right)
