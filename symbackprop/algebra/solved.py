"""What the definition of a value says of what it is made of: from xhat = (x - mu)/s, x = xhat s + mu."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symbackprop.algebra.normal import Algebra, axes
from symbackprop.algebra.poly import ZERO, Atom, Factor, Poly, instances, summed_letters


@dataclass(frozen=True)
class Solved:
    """atom = value, whose letters are the atom's axes; `below` is what stands below a line in it."""

    atom: Atom
    value: Poly
    below: frozenset[Atom]


def solved(a: Algebra, leaf: Atom, own: tuple[str, ...], definition: Poly) -> tuple[Solved, ...]:
    """The leaf's definition, solved for each tensor that can be: from xhat = (x - mu)/s, x = xhat s + mu."""
    found = []
    for f in dict.fromkeys(f for term in definition.terms for f in term):
        parts = {term: c for term, c in definition.terms.items() if f in term}
        if any(map(summed_letters, parts)) or not _may_go(f, own, definition, len(parts)):
            continue
        beside = a.added((c, [g for g in term if g != f]) for term, c in parts.items())
        inverse = a.power(beside, -1)
        if len(parts) > 1 and any(g.atom.kind == "group" for term in inverse.terms for g in term):
            continue
        value = a.times(a.factor(leaf, own) - Poly({u: d for u, d in definition.terms.items() if u not in parts}), inverse)
        down = [g.atom for g in next(iter(parts)) if g != f and g.exponent > 0] if len(parts) == 1 else []
        low = frozenset(atom for atom in down if atom.kind not in SAID_BELOW)
        found.append(Solved(f.atom, a.renamed(value, {x: str(n) for n, x in enumerate(f.letters)}), low))
    return tuple(found)


def _may_go(f: Factor, own: tuple[str, ...], definition: Poly, parts: int) -> bool:
    """Whether a factor that stands in some terms stands nowhere else in a definition, and is a value at its own letters."""
    atoms = [g.atom for term in definition.terms for g in term]
    once = sum(atom is f.atom for atom in atoms) == parts and not any(f.atom in atom.inner for atom in atoms)
    whole = sorted(f.letters) == sorted(own) and len(set(f.letters)) == len(f.letters)
    return f.atom.kind in ("leaf", "function", "onehot") and f.exponent == 1 and once and whole


def eliminated(a: Algebra, p: Poly, found: Solved) -> Poly | None:
    """p with an atom's value in its place; None where the atom stands nowhere, or what p has above a line would come below one."""
    stands = False
    low = below(p) if found.below else frozenset()
    for term in p.terms:
        exponents = [f.exponent for f in term if f.atom is found.atom]
        stands = stands or 1 in exponents
        if any(e > 0 for e in exponents) and not found.below <= low | {f.atom for f in term}:
            return None
    return written(a, p, found.atom, found.value) if stands else None


SAID_BELOW = ("number", "group")  # what a relation may bring below a line


def below(p: Poly) -> frozenset[Atom]:
    """The atoms below a line, in functions as well; a relation that brings new ones there writes what nobody would.

    But s^(1/r - 1) is s^(1/r)/s, and 1 - tanh(z/c)^2 is 1 - S^2/c^2 where S = c tanh(z/c).
    """
    low = {f.atom for term in p.terms for f in term if f.exponent < 0}
    products = [atom.args[0].single() for atom in low if atom.kind == "group"]  # 1/(x^T e) may become 1/x
    low = low.union(f.atom for found in products if found is not None for f in found[0])
    low = low.union(*(below(q) for term in p.terms for f in term if f.atom.kind == "function" for q in f.atom.args))
    raised = (f.atom.args[0].only() for term in p.terms for f in term if f.atom.name == "pow")
    return frozenset(a for a in low | {f.atom for f in raised if f is not None} if a.kind not in SAID_BELOW)


def written(a: Algebra, p: Poly, atom: Atom, value: Poly) -> Poly:
    """p with the whole positive powers of an atom written as a sum, whose letters are the atom's axes."""
    out = ZERO
    for term, c in p.terms.items():
        gone = [f for f in term if f.atom is atom and f.exponent > 0 and f.exponent.denominator == 1]
        made: list[tuple[list[Factor], Fraction]] = [([f for f in term if f not in gone], Fraction(c))]
        for f in gone:
            for _ in range(int(f.exponent)):
                made = [
                    ([*left, *inner], d * e) for left, d in made for inner, e in instances(value, axes(f.letters), [*term, *left])
                ]
        for left, d in made:
            out += a.make(d, left, summed_letters(term))
    return out
