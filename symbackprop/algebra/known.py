"""The atoms of one program, what is known of them, and what was worked out by it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from sympy import Expr

from symbackprop.algebra.poly import Atom, Factor, Kind, Named, Number, Poly, Term, is_summed
from symbackprop.algebra.positions import Conditions, View, tensor_of

Known = TypeVar("Known")


@dataclass(frozen=True)
class Choice:
    """What a value is where `by`, at the letters of the value's axes in `places`, is 0 and where it is 1."""

    by: Atom
    places: tuple[int, ...]
    values: tuple[Poly, Poly]


@dataclass(frozen=True)
class Relation:
    """term[letters] = poly, wherever the term stands.

    worth   how many tokens more the right side may have, since it is what a reader expects.
    """

    term: Term
    letters: tuple[str, ...]
    poly: Poly
    worth: int = 0

    @cached_property
    def atoms(self) -> set[Atom]:
        return {f.atom for f in self.term}

    @cached_property
    def is_whole(self) -> bool:
        """Whether each of its letters is one of its term."""
        return {x for f in self.term for x in f.letters}.issuperset(self.letters)


@dataclass
class Knowledge:
    """The atoms of one program and what is known of them.

    sums     (atom, axis) -> the number that its entries sum to along the axis.
    wide     an atom -> several axes along which its entries sum to a number together, and to none along one.
    names    an atom -> the tensor that a person gave that value to; `called` is the other way round.
    used     atoms whose sums were used.
    choices  a tensor -> what it is where a number that is 0 or 1 has each of the two.
    masks    a tensor -> a number that is 0 or 1 of which it is a multiple, and the tensor's axes that are its own.
    logsums  a tensor that is a logsumexp -> its argument, and the axes of the atom by the tensor's axes.
    oriented differences that stand in odd and even functions, as they were met first.
    products what products of values with names are, by their definitions: P P = P, X^T r = 0.
    sided    what is asked to be above 0 -> the two sides of the comparison, as they were written.
    made     what was worked out, as far as is known now: products and renamed sums in normal form, what atoms satisfy.
    conditions   expressions of sizes that are not negative.
    reserved     what no letter is called: the sizes and the tensors.
    """

    sums: dict[tuple[Atom, int], Number] = field(default_factory=dict)
    wide: dict[Atom, dict[tuple[int, ...], Number]] = field(default_factory=dict)
    names: dict[Atom, Named] = field(default_factory=dict)
    called: dict[Atom, list[Atom]] = field(default_factory=dict)
    choices: dict[Atom, Choice] = field(default_factory=dict)
    masks: dict[Atom, tuple[Atom, tuple[int, ...]]] = field(default_factory=dict)
    logsums: dict[Atom, tuple[Poly, tuple[int, ...]]] = field(default_factory=dict)
    oriented: set[Hashable] = field(default_factory=set)
    products: list[Relation] = field(default_factory=list)
    sided: dict[Poly, tuple[Poly, Poly]] = field(default_factory=dict)
    used: dict[Atom, None] = field(default_factory=dict)
    table: dict[tuple[Any, ...], Atom] = field(default_factory=dict)
    made: dict[Hashable, Any] = field(default_factory=dict)
    conditions: Conditions = ()
    reserved: frozenset[str] = frozenset()

    def atom(self, kind: Kind, name: Any = "", args: tuple[Poly, ...] = (), shape: Sequence[Expr] = ()) -> Atom:
        """The one atom of that kind, name, arguments and shape."""
        key = kind, name, args, tuple(shape)
        if key not in self.table:
            self.table[key] = Atom(kind, name, args, tuple(shape), len(self.table))
        return self.table[key]

    def part(self, name: str | View, shape: Sequence[Expr]) -> Atom:
        """The atom of a tensor's entries; of all of them, in their order, that of the tensor."""
        is_all = isinstance(name, View) and name.is_from_start and ("leaf", name.tensor, (), tuple(shape)) in self.table
        return self.atom("leaf", tensor_of(name) if is_all else name, (), shape)

    def is_turned(self, x: Poly) -> bool:
        """Whether -x stands for x in odd and even functions: y - x where x - y was met first; else what begins with a minus."""
        own, other = (
            frozenset((tuple((f.atom.id, f.exponent) for f in term), sign * c) for term, c in x.terms.items()) for sign in (1, -1)
        )
        if own == other or len({c > 0 for c in x.terms.values()}) < 2:
            return x.leading() < 0
        if other not in self.oriented:
            self.oriented.add(own)
        return own not in self.oriented

    def learn_sum(self, atom: Atom, axis: int, total: Number) -> None:
        """The entries of an atom sum to a number along an axis."""
        if (atom, axis) not in self.sums:
            self.made.clear()
        self.sums[atom, axis] = total

    def learn_wide(self, atom: Atom, axes: tuple[int, ...], total: Number) -> None:
        """The entries of an atom sum to a number along several axes together."""
        if axes not in self.wide.setdefault(atom, {}):
            self.made.clear()
        self.wide[atom][axes] = total

    def may_be_known(self, factors: Sequence[Factor]) -> bool:
        """Whether an inverse, an orthogonal matrix, or an atom whose sum is known, is summed."""
        for f in factors:
            for axis, x in enumerate(f.letters):
                known = f.atom.kind == "inverse" or f.atom.orthogonal or (f.atom, axis) in self.sums or f.atom in self.wide
                if known and is_summed(x):
                    return True
        return False

    def wide_sum(self, factors: Sequence[Factor], alone: set[str]) -> tuple[int, set[str], Number] | None:
        """The place of a factor whose sum over several letters is known, these letters, and the sum.

        alone   the summed letters that one factor has.
        """
        for k, f in enumerate(factors):
            for axes, total in self.wide.get(f.atom, {}).items() if f.exponent == 1 else ():
                over = {f.letters[axis] for axis in axes}
                if len(over) == len(axes) and over <= alone:
                    self.used[f.atom] = None
                    return k, over, total
        return None

    def learn_name(self, atom: Atom, named: Named) -> None:
        """A person gave the value of an atom a name."""
        self.made.clear()
        if atom in self.names:
            self.called[self.names[atom].leaf].remove(atom)
        self.names[atom] = named
        self.called.setdefault(named.leaf, []).append(atom)

    @contextmanager
    def without_name(self, leaf: Atom) -> Iterator[None]:
        """As if nobody had given this name."""
        names, called, made = self.names, self.called, self.made
        self.names, self.made = {atom: named for atom, named in names.items() if named.leaf is not leaf}, {}
        self.called = {other: atoms for other, atoms in called.items() if other is not leaf}
        try:
            yield
        finally:
            self.names, self.called, self.made = names, called, made

    def once(self, key: Hashable, work: Callable[[], Known]) -> Known:
        """What was worked out before, as far as nothing new was learnt since."""
        if key not in self.made:
            self.made[key] = work()
        return self.made[key]
