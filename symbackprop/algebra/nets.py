"""Networks: products of factors and of sums of networks, in index letters. The letters that are not free outside are summed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from sympy import Expr

from symbackprop.algebra.poly import ONLY, Atom, Number

ALONG = ("softmax",)  # functions of all entries along the last axis


class Entry(NamedTuple):
    """A power of an atom in a network."""

    atom: Atom
    letters: tuple[str, ...]
    exponent: Number


class Inner(NamedTuple):
    """A sum of networks as a factor of a network; its letters are those that go in from outside."""

    nets: Nets
    letters: tuple[str, ...]


class _Product(NamedTuple):
    coefficient: Number
    items: tuple[Entry | Inner, ...]


class Net(_Product):
    """A coefficient times factors."""

    @cached_property
    def sizes(self) -> dict[str, Expr]:
        """The size of each letter; those that inner sums use up are not among them."""
        out: dict[str, Expr] = {}
        for item in self.items:
            if isinstance(item, Entry):
                out.update(zip(item.letters, item.atom.shape, strict=True))
            else:
                out.update({x: n for x, n in item.nets.sizes.items() if x in item.letters})
        return out

    @cached_property
    def is_deep(self) -> bool:
        """Whether letters are written as subscripts in it, sums inside of it included."""
        for item in self.items:
            if item.nets.is_deep if isinstance(item, Inner) else item.atom.is_deep or item.atom.kind == "tie":
                return True
        return False

    @cached_property
    def subscripts(self) -> frozenset[str]:
        """The letters that are written as subscripts."""
        out = set[str]()
        if not self.is_deep:
            return frozenset()
        for item in self.items:
            if isinstance(item, Entry):
                out |= {item.letters[k] for k in item.atom.lead}
            else:
                out |= {x for x in item.nets.subscripts if x in item.letters}
        moved = {x for item in self.items if isinstance(item, Entry) and item.atom.kind == "tie" for x in item.letters}
        if moved:  # what slides over what has an axis for each window, and no other
            out |= {x for item in self.items for x in item.letters if x not in moved}
        return frozenset(out - {ONLY})


class Nets(tuple[Net, ...]):
    """A sum of networks."""

    @cached_property
    def sizes(self) -> dict[str, Expr]:
        """The size of each letter; those that inner sums use up are not among them."""
        return {x: n for net in self for x, n in net.sizes.items()}

    @cached_property
    def subscripts(self) -> frozenset[str]:
        """The letters that are written as subscripts."""
        return frozenset().union(*[net.subscripts for net in self])

    @cached_property
    def is_deep(self) -> bool:
        """Whether letters are written as subscripts in it, sums inside of it included."""
        return any(net.is_deep for net in self)


def renamed(net: Net, swap: dict[str, str]) -> Net:
    """A network with other letters, in its inner sums as well."""
    items: list[Entry | Inner] = []
    for item in net.items:
        letters = tuple(swap.get(x, x) for x in item.letters)
        if isinstance(item, Entry):
            items.append(item._replace(letters=letters))
        else:
            own = {x: y for x, y in swap.items() if x in item.letters}
            items.append(Inner(Nets(renamed(n, own) for n in item.nets) if own else item.nets, letters))
    return Net(net.coefficient, tuple(items))


def oriented(net: Net) -> Net:
    """A network without its minus, where a factor changes its sign as it is turned round: sin(x_j - x_i) for -sin(x_i - x_j)."""
    for k, item in enumerate(net.items) if net.coefficient < 0 else ():
        if isinstance(item, Entry) and item.atom.turns and item.atom.kind != "turn" and item.exponent % 2 == 1:
            return Net(-net.coefficient, (*net.items[:k], item._replace(letters=item.letters[::-1]), *net.items[k + 1 :]))
    return net


def shown_axes(atom: Atom, letters: Sequence[str]) -> tuple[str, ...]:
    """The letters of a tensor as it is written: beyond two axes, those of size 1 are left out."""
    return tuple(x for x, n in zip(letters, atom.shape, strict=True) if len(letters) < 3 or n != 1)
