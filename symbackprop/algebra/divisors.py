"""What terms share, and when it is taken out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from sympy import Expr

from symbackprop.algebra.nets import Entry, Inner, Net, Nets
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONLY, Atom, Factor, Number, Poly, Term, exact, summed_letters
from symbackprop.algebra.positions import View, tensor_of
from symbackprop.core.letters import pool

PLACES = 3  # of a second difference
ADDED = "@+"  # begins a letter whose sum was taken out
REPEATED = ""  # in the place of a summed letter: the term is the sum of as many equal ones


class Use(NamedTuple):
    """A term, and the place of its factor or the name of its summed letter, or that it is repeated."""

    term: Term
    place: int | str


How = tuple[tuple[str, str | int], ...]


class Divisor(NamedTuple):
    """A factor that terms share.

    how   for each of its letters: ("free", the letter), ("shared" or "inside", the axis where the letter stands first).
    """

    atom: Atom
    above: bool
    how: How
    uses: tuple[Use, ...]


def divisors(a: Algebra, p: Poly, free: set[str], adds: bool) -> list[Divisor]:
    """What several terms share, the most shared first.

    adds   whether a sum over a letter may be taken out of them; no more than one is, one after the other has too many ways.
    """
    found: dict[tuple[Atom, bool, How], list[Use]] = {}
    adds = adds and not any(x.startswith(ADDED) for x in free)
    for term in p.terms:
        for key, at in _attached(a, term, free, adds).items():
            found.setdefault(key, []).append(Use(term, at))
    for key in found:
        atom, above, how = key
        if atom.kind == "ones":
            found[key] += [Use(term, REPEATED) for term in repeated(p, atom.name)]
        elif any(kind == "shared" for kind, _ in how):  # sum_i X_ij (y_i - 1) for sum_i X_ij y_i - sum_i X_ij
            closer = [uses for other, uses in found.items() if other[:2] == (atom, above) and _is_closed(other[2], how)]
            have = {use.term: use for uses in reversed(closer) for use in uses} | {use.term: use for use in found[key]}
            found[key] = list(have.values())
    many = [Divisor(*key, tuple(uses)) for key, uses in found.items() if len(uses) > 1]
    rank = {"number": 0, "ones": 2}
    return sorted(many, key=lambda d: (-len(d.uses), rank.get(d.atom.kind, 1), -len(d.atom.shape), d.atom.id, d.how))


def _attached(a: Algebra, term: Term, free: set[str], adds: bool) -> dict[tuple[Atom, bool, How], int | str]:
    """The factors of a term by how they are attached, and, where asked for, the sums over a letter as factors of ones."""
    out: dict[tuple[Atom, bool, How], int | str] = {}
    holders = Counter([x for f in term for x in dict.fromkeys(f.letters)])
    for k, f in enumerate(term):
        how = tuple(
            [
                ("free", x) if x in free or x == ONLY else ("shared" if holders[x] > 1 else "inside", f.letters.index(x))
                for x in f.letters
            ]
        )
        out.setdefault((f.atom, f.exponent > 0, how), k)
    summed = summed_letters(term) if adds else {}
    for n in dict.fromkeys(summed.values()):
        ones = a.atom("ones", n, (), (n,))
        out.setdefault((ones, True, (("shared", 0),)), min(x for x, size in summed.items() if size == n))
    return out


def _is_closed(how: How, other: How) -> bool:
    """Whether a factor is attached as another, but for letters that are summed within it and shared there."""
    return how != other and all(one == two or one == ("inside", two[1]) for one, two in zip(how, other, strict=True))


def letters_of(d: Divisor, free: set[str]) -> tuple[str, ...]:
    """The letters of a divisor in a network: the free ones as they are, names of their own for the others."""
    names: dict[str | int, str] = {}
    mark = ADDED if d.atom.kind == "ones" else "@"
    inner = (y for y in map(f"{mark}{{}}".format, pool()) if y not in free)
    out = []
    for kind, x in d.how:
        if kind != "free" and x not in names:
            names[x] = next(inner)
        out.append(str(x) if kind == "free" else names[x])
    return tuple(out)


def without(term: Term, k: int, d: Divisor, letters: tuple[str, ...], e: Number) -> list[Factor]:
    """What is left of a term without the divisor, its shared letters named as the divisor names them."""
    f = term[k]
    own = zip(f.letters, letters, d.how, strict=True)
    swap = {x: y for x, y, (kind, _) in own if kind == "shared" or (kind == "inside" and f.exponent != e)}
    left = [g.renamed(swap) for m, g in enumerate(term) if m != k]
    if f.exponent != e:
        left.append(f.renamed(swap)._replace(exponent=exact(f.exponent - e)))
    return left


def has_several_powers(d: Divisor) -> bool:
    """Whether a factor stands in its terms to more than one power, all of them whole."""
    powers = {use.term[int(use.place)].exponent for use in d.uses}
    return len(powers) > 1 and all(e.denominator == 1 for e in powers)


def leaves_ones(d: Divisor, free: set[str]) -> bool:
    """Whether ones are left of an outer product, and it itself elsewhere: diag(x) (1 s^T - diag(x) V) for x s^T - diag(x^2) V."""
    if len(free) != 2 or len(d.how) != 1 or d.how[0][0] != "free" or d.how[0][1] not in free or not has_several_powers(d):
        return False
    (_, x), (y,) = d.how[0], free - {d.how[0][1]}
    left = [{c for k, f in enumerate(use.term) if k != use.place for c in f.letters} for use in d.uses]
    return any(x not in letters and y in letters for letters in left)


def is_rest(d: Divisor, p: Poly) -> bool:
    """Whether a tensor stands alone in one term and with others in another: x - x z = x (1 - z), as gates are written, D + e D.

    And a number beside what has axes: m + m log(x) = m (1 + log(x)).
    """
    alone = [p.terms[use.term] for use in d.uses if len(use.term) == 1]
    if not (all(kind == "free" for kind, _ in d.how) and len(d.uses) == 2 and len(alone) == 1) or d.atom.kind == "ones":
        return False
    one, other = (p.terms[use.term] for use in d.uses)
    is_number = all(f.atom is d.atom or not f.letters for use in d.uses for f in use.term)
    if not d.how:
        return d.above and abs(one) == abs(other) and not is_number
    return one + other == 0 or (one == other and is_number)


def repeated(p: Poly, n: Expr) -> list[Term]:
    """The terms that are the sum over n positions of what lacks them, beside others that are one of what has them: N m + sum x."""
    own = [(term, c, sum(f.exponent for f in term if f.atom.name == n)) for term, c in p.terms.items()]
    depths = {depth + 1 for term, _, depth in own if n in summed_letters(term).values()}
    return [
        term
        for term, c, depth in own
        if n not in summed_letters(term).values() and (depth in depths if n.is_Symbol else n.is_Integer and c % int(n) == 0)
    ]


def one_of_them(a: Algebra, term: Term, c: Number, ones: Atom) -> tuple[Number, Term]:
    """A term over how many equal ones it is the sum of."""
    n = ones.name
    return (Fraction(c) / int(n), term) if n.is_Integer else (c, (*term, Factor(a.atom("number", n), (), -1)))


def opened(nets: Nets, letter: str) -> Nets:
    """Networks, or one that is what lacks a letter times a sum of them as these."""
    sums = [item for item in nets[0].items if isinstance(item, Inner)]
    beside = [item for item in nets[0].items if item not in sums]
    if len(nets) > 1 or len(sums) != 1 or any(letter in item.letters for item in beside):
        return nets
    return Nets(Net(exact(nets[0].coefficient * net.coefficient), (*beside, *net.items)) for net in sums[0].nets)


def stands_before_a_sum(net: Net, letter: str) -> bool:
    """Whether what lacks the letter of a sum is said as often before it, N/b; a tensor or a number is a part of it, sum(m - x)."""
    is_plain = not net.items or (len(net.items) == 1 and isinstance(net.items[0], Entry) and net.items[0].exponent == 1)
    return letter not in net.sizes and not (is_plain and abs(net.coefficient) == 1)


def as_often(a: Algebra, net: Net, ones: Atom) -> Net:
    """What is the same at each position, summed over all of them."""
    n, below = ones.name, Entry(a.atom("number", ones.name), (), -1)
    if n.is_Integer:
        return Net(exact(net.coefficient * int(n)), net.items)
    rest = tuple(item for item in net.items if item != below)
    return Net(net.coefficient, rest if len(rest) < len(net.items) else (below._replace(exponent=1), *net.items))


def has_number_alone(d: Divisor) -> bool:
    """Whether a number stands alone in a term, and beside others elsewhere: (e^s - 1)/n + m, not e^s/n + m - 1/n."""
    return d.atom.kind == "number" and any(len(use.term) == 1 for use in d.uses)


def is_all_but_a_number(d: Divisor, p: Poly) -> bool:
    """Whether a tensor stands beside others in every term but a number: 1 - y X w - y b = 1 - y (X w + b)."""
    return () in p.terms and len(d.uses) == len(p.terms) - 1 and all(len(use.term) > 1 for use in d.uses)


def is_stencil(d: Divisor) -> bool:
    """Whether what is left of terms is one tensor at places beside each other: 2 n (r_j - 2 r_{j-1} + r_{j-2})/h^2 is one thing.

    So is l (d_{j-1} - d_j), where l is the author's.
    """
    left = [[f for k, f in enumerate(use.term) if k != use.place and f.letters] for use in d.uses]
    tensors = {tensor_of(f.atom.name) for rest in left for f in rest if isinstance(f.atom.name, View)}
    return (
        len(left) >= (2 if d.atom.kind == "leaf" and not d.how else PLACES)
        and len(tensors) == 1
        and all(len(rest) == 1 and isinstance(rest[0].atom.name, View) for rest in left)
    )


def is_deeper(d: Divisor) -> bool:
    """Whether a number stands below the lines of some terms alone, deeper in one: a/h^2 + b/h + c is not (a/h + b)/h + c."""
    return not d.above and not d.how and has_several_powers(d)


def taken(d: Divisor, power: Callable[..., Any]) -> Factor:
    """A factor that terms share at their free letters, to the least or the greatest of the powers that it has in them."""
    e = power((use.term[int(use.place)].exponent for use in d.uses), key=abs)
    return Factor(d.atom, tuple(str(x) for _, x in d.how), exact(e))


def line_of_all(p: Poly, everywhere: Sequence[Divisor], free: set[str]) -> list[Factor]:
    """What all terms of a sum share, and what else than sizes stands below the line of one of them, by its deepest power.

    Nothing where they share nothing there, or have nothing of their own there. And nothing where they are no 1 - y/a without what
    they share, and a is not in that: (p - y/a)/b is no shorter as (p a - y)/(a b), but (p - y/a)/(1 - a) as (p a - y)/(a (1 - a)).
    """
    powers = dict[tuple[Atom, tuple[str, ...]], list[Number]]()
    for f in (f for term in p.terms for f in term if f.atom.kind != "number"):
        powers.setdefault((f.atom, f.letters), []).append(f.exponent)
    low = {
        key: exact(min(own))
        for key, own in powers.items()
        if max(own) < 0 and {*key[1]} <= free | {ONLY} and all(e.denominator == 1 for e in own)
    }
    shared = {(f.atom, f.letters): f for f in (taken(d, min) for d in everywhere)}
    has_number = any(set(term) <= set(shared.values()) for term in p.terms)
    inner = frozenset[Atom]().union(*[atom.inner for atom, _ in low.keys() & shared.keys()])
    is_within = {atom for atom, _ in low.keys() - shared.keys()} <= inner
    if low.keys() <= shared.keys() or low.keys().isdisjoint(shared) or not (has_number or is_within):
        return []
    return [*(f for key, f in shared.items() if key not in low), *(Factor(*key, e) for key, e in low.items())]
