"""Shorter networks: what two factors beside each other come to. A fold gives None where it finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symbackprop.algebra.functions import pow_of
from symbackprop.algebra.nets import Entry, Inner, Net, Nets
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import Factor, Poly, at_axes, const, exact, summed_letters
from symbackprop.core.functions import FUNCTIONS

SUMMED = "~@"  # begins the letters that a network sums
Factorise = Callable[[Poly], Nets]
Fold = Callable[[Algebra, Factorise, Net], Net | None]


def relu_of(a: Algebra, factorise: Factorise, net: Net) -> Net | None:
    """x [x > 0] = relu(x), and (m - D) [m > D] = relu(m - D)."""
    for test in net.items:
        if not isinstance(test, Entry) or test.atom.kind != "positive":
            continue
        atom = a.atom("function", FUNCTIONS["relu"], test.atom.args, test.atom.shape)
        found = _value_of(a, net, test)
        if found is not None:
            item, scale = found
            rest = tuple(other for other in net.items if other not in (test, item))
            return Net(exact(net.coefficient * scale), (*rest, Entry(atom, test.letters, 1)))
    return None


def _value_of(a: Algebra, net: Net, test: Entry) -> tuple[Entry | Inner, Fraction] | None:
    """The factor of a product that is a multiple of what a test asks to be above 0, a tensor or a sum, and how many times it."""
    gap = test.atom.args[0]
    inside = gap.only()
    if inside is not None:
        if inside.exponent != 1 or summed_letters((inside,)) or inside.atom.kind != "leaf":
            return None
        wanted = Entry(inside.atom, at_axes(inside.letters, test.letters), 1)
        return (wanted, Fraction(1)) if wanted in net.items else None
    swap = {x: f"%{k}" for k, x in enumerate(test.letters)}
    base = a.renamed(gap, {str(k): f"%{k}" for k in range(len(test.letters))})
    for item in net.items:
        opened = _opened(a, item, swap) if isinstance(item, Inner) and {*item.letters} <= {*test.letters} else None
        if opened is not None and opened.terms and base.terms:
            scale = Fraction(opened.leading()) / Fraction(base.leading())
            if opened == base.scaled(scale):
                return item, scale
    return None


def merged_power(a: Algebra, factorise: Factorise, net: Net) -> Net | None:
    """B B^e = B^(e + 1), where B is a sum: (1 - p) (1 - p)^(g - 1) = (1 - p)^g."""
    for entry in net.items:
        if not isinstance(entry, Entry) or not (entry.atom.kind == "group" or entry.atom.name == "pow"):
            continue
        for sign in (1, -1):
            base = a.renamed(entry.atom.args[0].scaled(sign), {str(k): f"%{k}" for k in range(len(entry.letters))})
            for other in net.items:
                if isinstance(other, Inner) and sorted(other.letters) == sorted(entry.letters):
                    swap = {x: f"%{entry.letters.index(x)}" for x in other.letters}
                    if _opened(a, other, swap) == base:
                        rest = tuple(item for item in net.items if item not in (entry, other))
                        return Net(net.coefficient * sign, (*_one_more(a, entry), *rest))
    return None


def of_deviations(a: Algebra, factorise: Factorise, net: Net) -> Net | None:
    """x (x - m) = (x - m)^2, summed over what m lacks, where x - m adds up to nothing: a variance."""
    for entry in net.items:
        if not isinstance(entry, Entry) or entry.exponent != 1 or entry.atom.kind != "leaf":
            continue
        swap = {x: f"%{k}" for k, x in enumerate(entry.letters)}
        for inner in net.items:
            if not isinstance(inner, Inner) or not {*inner.letters} <= {*entry.letters}:
                continue
            gap, over = _opened(a, inner, swap), [x for x in entry.letters if _is_alone(net, x, entry, inner)]
            sign = _sign_of(a, gap, entry, over, swap) if gap is not None and over else 0
            if gap is None or not sign:
                continue
            base = a.renamed(gap.scaled(sign), {y: y[1:] for y in swap.values()})
            square = Entry(a.atom("group", "", (base,), entry.atom.shape), entry.letters, 2)
            return Net(net.coefficient * sign, (square, *(item for item in net.items if item not in (entry, inner))))
    return None


def _is_alone(net: Net, x: str, *items: Entry | Inner) -> bool:
    """Whether a letter is summed over these factors alone."""
    return x[0] in SUMMED and not any(x in item.letters for item in net.items if item not in items)


def _sign_of(a: Algebra, gap: Poly, entry: Entry, over: list[str], swap: dict[str, str]) -> int:
    """1 where gap = x - m, -1 where it is m - x, with a sum of 0 over letters that m lacks; else 0."""
    value, below = a.make(1, [Factor(*entry).renamed(swap)]), {swap[x] for x in over}
    sign = next((k for k in (1, -1) if not (value - gap.scaled(k)).letters() & below), 0)
    if not sign:
        return 0
    for x, n in zip(entry.letters, entry.atom.shape, strict=True):
        gap = a.summed(gap, swap[x], n) if x in over else gap
    return 0 if gap.terms else sign


def _opened(a: Algebra, inner: Inner, swap: dict[str, str]) -> Poly | None:
    """A sum of plain products as a polynomial again."""
    out = Poly({})
    for net in inner.nets:
        if not all(isinstance(item, Entry) for item in net.items):
            return None
        factors = [Factor(*item).renamed(swap) for item in net.items if isinstance(item, Entry)]
        out += a.make(net.coefficient, factors)
    return out


def _one_more(a: Algebra, entry: Entry) -> tuple[Entry, ...]:
    if entry.atom.kind == "group":
        e = exact(Fraction(entry.exponent) + 1)
        return (entry._replace(exponent=e),) if e else ()
    base, exponent = entry.atom.args
    found = pow_of(a, base, exponent + const(1)).only()
    assert found is not None
    return (Entry(found.atom, at_axes(found.letters, entry.letters), 1),)


FOLDS: tuple[Fold, ...] = (relu_of, merged_power, of_deviations)
"""All folds, in the order in which they are tried."""
