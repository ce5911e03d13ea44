"""The atoms of one program, what is known of them, and what was worked out by it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sympy import Expr

from symbackprop.algebra.poly import Atom, Kind, Named, Number, Poly
from symbackprop.algebra.positions import Conditions

Known = TypeVar("Known")


@dataclass(frozen=True)
class Choice:
    """What a value is where `by`, at the letters of the value's axes in `places`, is 0 and where it is 1."""

    by: Atom
    places: tuple[int, ...]
    values: tuple[Poly, Poly]


@dataclass
class Knowledge:
    """The atoms of one program and what is known of them.

    sums     (atom, axis) -> the number that its entries sum to along the axis.
    names    an atom -> the tensor that a person gave that value to.
    used     atoms whose sums were used.
    choices  a tensor -> what it is where a number that is 0 or 1 has each of the two.
    masks    a tensor -> a number that is 0 or 1 of which it is a multiple, and the tensor's axes that are its own.
    logsums  a tensor that is a logsumexp -> its argument, and the axes of the atom by the tensor's axes.
    made     what was worked out, as far as is known now: products and renamed sums in normal form, what atoms satisfy.
    conditions   expressions of sizes that are not negative.
    reserved     what no letter is called: the sizes and the tensors.
    """

    sums: dict[tuple[Atom, int], Number] = field(default_factory=dict)
    names: dict[Atom, Named] = field(default_factory=dict)
    choices: dict[Atom, Choice] = field(default_factory=dict)
    masks: dict[Atom, tuple[Atom, tuple[int, ...]]] = field(default_factory=dict)
    logsums: dict[Atom, tuple[Poly, tuple[int, ...]]] = field(default_factory=dict)
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

    def learn_sum(self, atom: Atom, axis: int, total: Number) -> None:
        """The entries of an atom sum to a number along an axis."""
        if (atom, axis) not in self.sums:
            self.made.clear()
        self.sums[atom, axis] = total

    def learn_name(self, atom: Atom, named: Named) -> None:
        """A person gave the value of an atom a name."""
        self.made.clear()
        self.names[atom] = named

    @contextmanager
    def without_name(self, leaf: Atom) -> Iterator[None]:
        """As if nobody had given this name."""
        names, made = self.names, self.made
        self.names, self.made = {atom: named for atom, named in names.items() if named.leaf is not leaf}, {}
        try:
            yield
        finally:
            self.names, self.made = names, made

    def once(self, key: Hashable, work: Callable[[], Known]) -> Known:
        """What was worked out before, as far as nothing new was learnt since."""
        if key not in self.made:
            self.made[key] = work()
        return self.made[key]
