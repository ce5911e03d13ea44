"""Tensor polynomials: sums of products of entries in index letters.

    Poly   = sum of coefficient * Term
    Term   = a sorted tuple of factors; a letter that begins with ~ is summed over the whole term
    Factor = (atom, letters, exponent), a power taken entry by entry
    Atom   = a tensor, a number, a Kronecker delta, or a function, a power, an inverse of polynomials

Coefficients and exponents are exact. The free letters of an atom's polynomials are the numbers of its axes, "0", "1", ...
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any, Literal, NamedTuple

from sympy import Expr

from symbackprop.algebra.positions import View, tensor_of

Number = int | Fraction
HALVES_OR_THIRDS = 3
ONLY = "•"  # the only position of an axis of size 1: no letter, neither free nor summed

Kind = Literal[
    "leaf",  # a tensor, by name
    "number",  # a size, pi, or a whole number to a broken power
    "delta",  # 1 where its two letters are equal
    "onehot",  # 1 where its last letter is the integer that stands in the named tensor
    "function",  # a function of entries: a class of SymPy, "softmax" along the last axis, "clip", "pow"
    "positive",  # 1 where its argument is above 0
    "zero",  # 1 where its argument is 0
    "cases",  # its second argument where the first is "positive" or "zero", by name; otherwise its third
    "group",  # a sum as the base of a power
    "inverse",
    "factor",  # another function of a matrix, by name, of the letters *0 and *1 of its argument
    "reduction",  # max, min, logsumexp, prod over the letters *0, *1, ... of its argument
    "ones",  # only says that its letter is summed
    "tie",  # 1 where a form of its letters' positions is 0 (positions.Linear)
    "order",  # 1 where such a form is at least 0
    "turn",  # e_ijk of a cross product: it changes its sign where two letters are exchanged
]


@dataclass(eq=False, slots=True)
class Atom:
    """What a factor is a power of; equal atoms of one algebra are one object.

    name       what tells atoms of one kind apart.
    args       its polynomials.
    shape      the size of each axis.
    id         its place in the order in which atoms were met.
    symmetric  whether its two axes may be exchanged: the order of its letters says nothing.
    turns      whether it changes its sign where two axes are exchanged: e_ijk, sin(x_i - x_j).
    positive   whether all its entries are positive; `never_negative`: positive or 0.
    orthogonal whether its inverse is its transpose.
    is_binary  whether its entries are 0 or 1: a power of it is itself.
    is_hollow  whether its diagonal is 0.
    is_sign    whether they are -1 or 1: its square is 1.
    inner      the atoms in its arguments, and in theirs.
    lead       its axes that are written as subscripts.
    is_deep    whether a tensor with such axes is in it.
    """

    kind: Kind
    name: Any
    args: tuple[Poly, ...]
    shape: tuple[Expr, ...]
    id: int
    symmetric: bool = False
    turns: bool = False
    positive: bool = False
    never_negative: bool = False
    orthogonal: bool = False
    is_binary: bool = False
    is_sign: bool = False
    is_hollow: bool = False
    inner: frozenset[Atom] = field(default=frozenset(), repr=False)
    lead: tuple[int, ...] = field(default=(), repr=False)
    is_deep: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        self.symmetric = self.symmetric or self.kind == "delta"
        self.turns = self.turns or self.kind == "turn"
        own = {factor.atom for p in self.args for term in p.terms for factor in term}
        self.inner = frozenset(own.union(*[atom.inner for atom in own]))
        self.lead = self._lead()
        self.is_deep = bool(self.lead) or any(atom.is_deep for atom in own)

    def _lead(self) -> tuple[int, ...]:
        """All but the last two axes of a tensor; beyond two, those of size 1 are not written at all."""
        if isinstance(self.name, View):
            return tuple(range(self.name.lead))
        if self.kind in ("leaf", "onehot"):
            return tuple(k for k, n in enumerate(self.shape) if len(self.shape) < 3 or n != 1)[:-2]
        inner = (f.letters[k] for p in self.args for term in p.terms for f in term for k in f.atom.lead)
        return tuple(sorted({int(x) for x in inner if x.isdigit()}))


class Factor(NamedTuple):
    """A power of an atom's entry."""

    atom: Atom
    letters: tuple[str, ...]
    exponent: Number

    def renamed(self, swap: Mapping[str, str]) -> Factor:
        if swap.keys().isdisjoint(self.letters):
            return self
        get = swap.get
        return Factor(self.atom, tuple([get(x, x) for x in self.letters]), self.exponent)


@dataclass(frozen=True)
class Named:
    """What an atom is called: leaf[letters at `places`] to `exponent`."""

    leaf: Atom
    exponent: Number
    places: tuple[int, ...]


Term = tuple[Factor, ...]


def at_axes(letters: Iterable[str], own: tuple[str, ...]) -> tuple[str, ...]:
    """The letters of an argument, which are numbers of axes, at the letters of these axes."""
    return tuple(x if x == ONLY else own[int(x)] for x in letters)


def place(f: Factor) -> tuple[Any, ...]:
    """Where a factor stands among others."""
    return f[0].id, f[1], f[2]


def places(term: Iterable[Factor]) -> tuple[Any, ...]:
    """Where a product stands among others."""
    return tuple([(atom.id, letters, exponent) for atom, letters, exponent in term])


class Ratio(Fraction):
    """A fraction that remembers its hash: exponents are hashed far more often than they are made."""

    __slots__ = ("_hash",)
    _hash: int

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            self._hash = super().__hash__()
            return self._hash


def exact(x: Number) -> Number:
    """A number whose hash is quick: a whole one as an int."""
    if x.__class__ is int or x.__class__ is Ratio:
        return x
    return int(x) if x.denominator == 1 else Ratio(x)


def is_summed(letter: str) -> bool:
    """Whether a letter is summed over its term."""
    return letter[0] == "~"


class Poly:
    """An immutable sum of terms; equal sums are equal objects to a dictionary."""

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: Mapping[Term, Number]) -> None:
        self.terms: dict[Term, Number] = {term: c if c.__class__ is int else exact(c) for term, c in terms.items() if c}
        self._hash: int | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Poly) and self.terms == other.terms

    def __add__(self, other: Poly) -> Poly:
        if not (self.terms and other.terms):
            return self if self.terms else other
        out = dict(self.terms)
        for term, c in other.terms.items():
            out[term] = out.get(term, 0) + c
        return Poly(out)

    def __neg__(self) -> Poly:
        return self.scaled(-1)

    def __sub__(self, other: Poly) -> Poly:
        return self + -other

    def scaled(self, k: Number) -> Poly:
        """k times it."""
        return Poly({term: c * k for term, c in self.terms.items()})

    def key(self) -> tuple[Any, ...]:
        """What tells it from others in a fixed order."""
        return tuple(sorted([(places(term), c) for term, c in self.terms.items()]))

    def letters(self) -> set[str]:
        """The free letters."""
        return {x for term in self.terms for f in term for x in f.letters if not is_summed(x) and x != ONLY}

    def sizes(self) -> dict[str, Expr]:
        """The size of each letter."""
        return {x: n for term in self.terms for f in term for x, n in zip(f.letters, f.atom.shape, strict=True)}

    def number(self) -> Number | None:
        """The number that it is, or None."""
        if not self.terms:
            return 0
        return self.terms.get(()) if len(self.terms) == 1 else None

    def single(self) -> tuple[Term, Number] | None:
        """Its only term with its coefficient, or None."""
        return next(iter(self.terms.items())) if len(self.terms) == 1 else None

    def only(self) -> Factor | None:
        """Its only factor, where it is one factor with the coefficient 1."""
        found = self.single()
        return found[0][0] if found and len(found[0]) == 1 and found[1] == 1 else None

    def leading(self) -> Number:
        """The coefficient of the first term that is not a number; 0 for nothing."""
        return min(self.terms.items(), key=lambda pair: (not pair[0], places(pair[0])))[1] if self.terms else 0

    def content(self) -> Fraction:
        """The number that comes out of the base of a power, so that what is left is the same of every multiple; 1 for nothing.

        That is the first coefficient, or half or a third of it, where halves or thirds would be left: a^2 - 2 a b + b^2.
        """
        first = abs(Fraction(self.leading())) or Fraction(1)
        parts = lcm(*((c / first).denominator for c in self.terms.values()))
        return first / parts if parts <= HALVES_OR_THIRDS else first

    def tensors(self) -> frozenset[str]:
        """The tensors that it reads."""
        return frozenset(tensor_of(a.name) for a in self.atoms() if a.kind in ("leaf", "onehot"))

    def atoms(self) -> set[Atom]:
        """The atoms in it and in their arguments."""
        own = {f.atom for term in self.terms for f in term}
        return own.union(*[atom.inner for atom in own])

    def __repr__(self) -> str:
        shown = [
            " ".join([str(c), *(f"{f.atom.name}[{' '.join(f.letters)}]^{f.exponent}" for f in t)]) for t, c in self.terms.items()
        ]
        return " + ".join(shown) or "0"


def const(k: Number) -> Poly:
    """A number as a polynomial."""
    return Poly({(): k})


ONE, ZERO = const(1), Poly({})


def summed_letters(factors: Term | list[Factor]) -> dict[str, Expr]:
    """The summed letters of a product with their sizes."""
    return {x: n for atom, letters, _ in factors for x, n in zip(letters, atom.shape) if x[0] == "~"}  # noqa: B905 (often asked)


def instances(p: Poly, swap: Mapping[str, str], beside: Iterable[Factor]) -> Iterator[tuple[Term, Number]]:
    """The terms of p with their coefficients, to go into a product beside factors; the summed letters of these may stand in `swap`.

    A free letter of a closed polynomial is never renamed to a summed one: that would close its scope. This is the way in.
    """
    taken = {x for f in beside for x in f.letters} | set(swap.values())
    for term, c in p.terms.items():
        own, mark = summed_letters(term), "'"
        if not (own or swap):
            yield term, c
            continue
        while any(x + mark in taken for x in own):
            mark += "'"
        names = {**swap, **{x: x + mark for x in own}}
        yield tuple([f.renamed(names) for f in term]) if names else term, c
