"""What a value is where a number that is 0 or 1 has each of the two: f(y) = f(0) + y (f(1) - f(0)).

So -1/q with q = y p + (1 - y) (1 - p) is -1/p where y is 1 and -1/(1 - p) where it is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from symbackprop.algebra.functions import applied, clip_of, pow_of
from symbackprop.algebra.known import Choice
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONE, ZERO, Atom, Factor, Poly, Term, const, summed_letters

MOST_CHOICES = 2  # terms of what a value is in each case


@dataclass(frozen=True)
class Split:
    """p = zero + one - none: what p is where y is 0, y times what it is where y is 1, y times what it is where y is 0."""

    zero: Poly
    one: Poly
    none: Poly


def choice_of(a: Algebra, p: Poly, own: Sequence[str]) -> Choice | None:
    """How a number that is 0 or 1 chooses among short values of p, whose letters are `own`; None where none does."""
    each = [atom for atom in p.atoms() if atom.is_binary]
    found = {(by, letters) for by in each for term in p.terms for f in term for letters in _places(a, f, by)}
    if len(found) != 1 or any(map(summed_letters, p.terms)):
        return None
    ((by, letters),) = found
    values = [_at(a, p, by, letters, v) for v in (0, 1)]
    if not set(letters) <= set(own) or any(len(q.terms) > MOST_CHOICES for q in values):
        return None
    swap = {x: str(k) for k, x in enumerate(own)}
    zero, one = (a.renamed(q, swap) for q in values)
    return Choice(by, tuple(list(own).index(x) for x in letters), (zero, one))


def splits(a: Algebra, p: Poly) -> Iterator[Split]:
    """p by its cases, for each number that is 0 or 1 and stands in p within something else than a product."""
    atoms = p.atoms()
    chosen = {a.choices[atom].by for atom in atoms if atom in a.choices}
    for by in sorted({atom for atom in atoms if atom.is_binary} | chosen, key=lambda b: b.id):
        found = _split(a, p, by)
        if found is not None:
            yield found


def _split(a: Algebra, p: Poly, by: Atom) -> Split | None:
    out = [ZERO, ZERO, ZERO]
    is_split = False
    for term, c in p.terms.items():
        factors = _open(term)
        hidden = sorted({x for f in factors if f.atom is not by for x in _places(a, f, by)})
        if not hidden:
            out[0] += Poly({term: c})
            continue
        is_split, letters = True, hidden[0]
        none, one = (_product(a, factors, by, letters, v).scaled(c) for v in (0, 1))
        y = a.factor(by, letters)
        for k, part in enumerate((none, a.times(y, one), a.times(y, none))):
            out[k] += _closed(a, part, term)
    return Split(*out) if is_split else None


def _open(term: Term) -> list[Factor]:
    """A product with letters that are free, as long as it is taken apart, for those that are summed over all of it."""
    swap = {x: f"^{x[1:]}" for x in summed_letters(term)}
    return [f.renamed(swap) for f in term]


def _closed(a: Algebra, p: Poly, term: Term) -> Poly:
    """What was made of an opened product, with its sums."""
    for x, n in summed_letters(term).items():
        p = a.summed(p, f"^{x[1:]}", n)
    return p


def _product(a: Algebra, factors: Iterable[Factor], by: Atom, letters: tuple[str, ...], v: int) -> Poly:
    """A product where y at some letters is a number."""
    out = ONE
    for f in factors:
        out = a.times(out, _factor(a, f, by, letters, v))
    return out


def _at(a: Algebra, p: Poly, by: Atom, letters: tuple[str, ...], v: int) -> Poly:
    parts = (_closed(a, _product(a, _open(term), by, letters, v).scaled(c), term) for term, c in p.terms.items())
    return sum(parts, ZERO)


def _places(a: Algebra, f: Factor, by: Atom) -> set[tuple[str, ...]]:
    """The letters at which a factor depends on y."""
    if f.atom is by:
        return {f.letters}
    if f.atom in a.choices and a.choices[f.atom].by is by:
        return {tuple(f.letters[k] for k in a.choices[f.atom].places)}
    inner = {x for p in f.atom.args for term in p.terms for g in term for x in _places(a, g, by)} if _may_open(f.atom) else set()
    return {tuple(f.letters[int(x)] for x in place) for place in inner if all(x.isdigit() for x in place)}


def _may_open(atom: Atom) -> bool:
    return atom.kind in ("group", "positive", "zero") or (atom.kind == "function" and atom.name != "softmax")


def _factor(a: Algebra, f: Factor, by: Atom, letters: tuple[str, ...], v: int) -> Poly:
    """A factor where y at some letters is a number; as it stands where that is 0 below a line."""
    whole = a.make(1, [f])
    if letters not in _places(a, f, by):
        return whole
    if f.atom is by:
        value = const(v)
    elif f.atom in a.choices:
        value = a.at(a.choices[f.atom].values[v], f.letters)
    else:
        own = tuple(str(f.letters.index(x)) for x in letters)
        value = a.at(_applied(a, f.atom, [_at(a, p, by, own, v) for p in f.atom.args]), f.letters)
    return whole if f.exponent < 0 and not value.terms else a.power(value, f.exponent)


def _applied(a: Algebra, atom: Atom, args: list[Poly]) -> Poly:
    """An atom of other arguments."""
    if atom.kind == "group":
        return args[0]
    if atom.name == "clip":
        return clip_of(a, *args)
    if atom.name == "pow":
        number = args[1].number()
        return pow_of(a, *args) if number is None else a.power(args[0], number)
    return applied(a, atom.kind if atom.kind != "function" else atom.name, *args)
