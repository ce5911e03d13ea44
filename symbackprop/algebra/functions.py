"""Functions of entries in normal form: the rows of identities.

A row is a function's name and a rewriting that gives None where it says nothing. The rows are tried in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from symbackprop.algebra.normal import REDUCED, Algebra
from symbackprop.algebra.poly import ONE, ZERO, Factor, Poly, const, exact, is_summed, place, summed_letters
from symbackprop.core.crossed import THREE
from symbackprop.core.functions import FUNCTIONS

Rewriting = Callable[[Algebra, Poly], Poly | None]


@dataclass(frozen=True)
class Identity:
    """f(x) = what `form` gives, where it gives something.

    function  the name of f.
    says      the identity as mathematics.
    """

    function: str
    says: str
    form: Rewriting


def applied(algebra: Algebra, function: Any, *args: Poly) -> Poly:
    """A function of entries: a class of SymPy, "positive" and "zero" for indicators."""
    for row in ROWS.get(function, ()):
        found = row.form(algebra, args[0])
        if found is not None:
            return found
    if function in ("positive", "zero"):
        return algebra.closed(function, "", args)
    return algebra.closed("function", function, args)


def pow_of(algebra: Algebra, base: Poly, exponent: Poly) -> Poly:
    """base to an exponent that is no number."""
    return algebra.closed("function", "pow", (base, exponent))


def clip_of(algebra: Algebra, x: Poly, bound: Poly) -> Poly:
    """x between -bound and bound, which is not negative."""
    return algebra.closed("function", "clip", (x, bound))


def logistic_of(algebra: Algebra, base: Poly) -> Poly | None:
    """1/(1 + exp(x)) = sigmoid(-x), by the base of the power."""
    for term, c in base.terms.items():
        found = term[0] if len(term) == 1 and c == 1 else None
        if found and _is_exponential(found) and base - Poly({term: 1}) == ONE:
            return applied(algebra, FUNCTIONS["sigmoid"], -algebra.at(found.atom.args[0], found.letters))
    return None


def _is_exponential(found: Factor) -> bool:
    """Whether a factor is one exponential, not a sum of several."""
    return found.atom.name is FUNCTIONS["exp"] and found.exponent == 1 and not any(map(is_summed, found.letters))


def reduction_of(algebra: Algebra, kind: str, x: Poly, over: Sequence[str]) -> Poly:
    """max, min, logsumexp, prod over letters."""
    if kind == "prod" and len(over) == 1:
        found = _product_of_others(algebra, x, over[0])
        if found is not None:
            return found
    inner = algebra.renamed(x, {y: f"{REDUCED}{k}" for k, y in enumerate(over)})
    return algebra.closed("reduction", kind, (inner,))


def _product_of_others(a: Algebra, x: Poly, y: str) -> Poly | None:
    """The product of all entries but some, over the letter y, as that of all over those: of what is not 0."""
    for i in sorted(x.letters() - {y}):
        whole = _filled(a, x, i, y)
        below = None if whole is None else _inverse(a, a.renamed(whole, {y: i}))
        if whole is not None and below is not None:
            return a.times(reduction_of(a, "prod", whole, [y]), below)
    return None


def _filled(a: Algebra, x: Poly, i: str, y: str) -> Poly | None:
    """What x is but at y = i, where it is 1."""
    tied = {term for term in x.terms for f in term if f.atom.kind == "delta" and {*f.letters} == {i, y}}
    rest = Poly({term: c for term, c in x.terms.items() if term not in tied})
    if not tied:
        return None
    return rest if x == rest + a.times(a.delta(x.sizes()[y], i, y), ONE - rest) else None


def _inverse(a: Algebra, x: Poly) -> Poly | None:
    """1/x of a product of what is not 0, which may be 1 where two letters are equal."""
    found = x.single()
    if found is not None:
        return a.power(x, -1) if found[1] > 0 and all(f.atom.positive for f in found[0]) else None
    for tie in sorted({f for term in x.terms for f in term if f.atom.kind == "delta"}, key=place):
        rest = _filled(a, x, *tie.letters)
        below = None if rest is None else _inverse(a, rest)
        if below is not None:
            return below + a.times(a.make(1, [tie]), ONE - below)
    return None


def _odd(name: str) -> Identity:
    return Identity(name, f"{name}(-x) = -{name}(x)", lambda a, x: -applied(a, FUNCTIONS[name], -x) if a.is_turned(x) else None)


def _even(name: str) -> Identity:
    return Identity(name, f"{name}(-x) = {name}(x)", lambda a, x: applied(a, FUNCTIONS[name], -x) if a.is_turned(x) else None)


def _at_zero(name: str, value: Poly) -> Identity:
    return Identity(name, f"{name}(0) = {value}", lambda a, x: None if x.terms else value)


def _known_sign(a: Algebra, x: Poly) -> Poly | None:
    number = x.number()
    return None if number is None else const(int(number > 0))


def _of_positive(a: Algebra, x: Poly) -> Poly | None:
    return ONE if all(c > 0 and all(f.atom.positive for f in term) for term, c in x.terms.items()) else None


def _scaled_sign(a: Algebra, x: Poly) -> Poly | None:
    size = abs(x.leading())
    return None if size == 1 else applied(a, "positive", x.scaled(1 / Fraction(size)))


def _turned_zero(a: Algebra, x: Poly) -> Poly | None:
    number = x.number()
    if number is not None:
        return const(int(number == 0))
    return applied(a, "zero", -x) if a.is_turned(x) else None


def _log_of_exp(a: Algebra, x: Poly) -> Poly | None:
    found = x.only()
    if found is None or not _is_exponential(found):
        return None
    return a.at(found.atom.args[0], found.letters)


def _exp_of_difference(a: Algebra, x: Poly) -> Poly | None:
    """exp(o - logsumexp(o)), the logsumexp by its name or as it stands."""
    for term, c in x.terms.items():
        if len(term) != 1 or c != -1:
            continue
        found, rest = term[0], x + Poly({term: 1})
        for y in sorted(rest.letters() - set(found.letters)):
            if found.exponent == 1 and _is_logsumexp(a, found, rest, y):
                return a.softmax(rest, y)
    return None


def _is_logsumexp(a: Algebra, found: Factor, x: Poly, y: str) -> bool:
    if found.atom in a.logsums:
        inner, places = a.logsums[found.atom]
        swap = {str(k): found.letters[place] for place, k in enumerate(places)} | {f"{REDUCED}0": y}
        return a.renamed(inner, swap) == x
    return (
        found.atom.kind == "reduction" and found.atom.name == "logsumexp" and reduction_of(a, "logsumexp", x, [y]).only() == found
    )


def _relu(a: Algebra, x: Poly) -> Poly | None:
    return a.times(x, applied(a, "positive", x))


def _softplus(a: Algebra, x: Poly) -> Poly | None:
    return -applied(a, FUNCTIONS["log"], applied(a, FUNCTIONS["sigmoid"], -x)) if x.leading() < 0 else None


def _exp_of_log(a: Algebra, x: Poly) -> Poly | None:
    """exp(x + n log(y)) = y^n exp(x), of whole n; y is positive where it has a logarithm."""
    for term, n in x.terms.items():
        is_log = len(term) == 1 and term[0].atom.name is FUNCTIONS["log"] and term[0].exponent == 1
        if is_log and n.denominator == 1 and not any(map(is_summed, term[0].letters)):
            y = a.at(term[0].atom.args[0], term[0].letters)
            return a.times(a.power(y, n), applied(a, FUNCTIONS["exp"], x - Poly({term: n})))
    return None


def _density(a: Algebra, x: Poly) -> Poly | None:
    """exp(-(z^2 + log(2 pi))/2) is the normal density at z."""
    half = Fraction(-1, 2)
    constant = [t for t, c in x.terms.items() if c == half and len(t) == 1 and (t[0].atom.kind, t[0].atom.name) == LOG_2PI]
    found = (x - Poly({constant[0]: half})).single() if constant and constant[0][0].exponent == 1 else None
    if found is None or found[1] != half or summed_letters(found[0]) or any(f.exponent % 2 for f in found[0]):
        return None
    return applied(a, FUNCTIONS["normal_pdf"], a.make(1, [f._replace(exponent=exact(Fraction(f.exponent) / 2)) for f in found[0]]))


def _sigmoid(a: Algebra, x: Poly) -> Poly | None:
    return ONE - applied(a, FUNCTIONS["sigmoid"], -x) if a.is_turned(x) else None


LOG_2PI = ("number", sp.log(2 * sp.pi))
_ODD = ("tanh", "sin", "tan", "sinh", "arcsin", "arctan", "arcsinh", "arctanh", "erf", "sign")
_EVEN = ("cos", "cosh", "abs")

IDENTITIES: tuple[Identity, ...] = (
    *[_at_zero(name, ZERO) for name in _ODD],
    *map(_odd, _ODD),
    *map(_even, _EVEN),
    _at_zero("exp", ONE),
    Identity("sigmoid", "sigmoid(0) = 1/2", lambda a, x: None if x.terms else const(Fraction(1, 2))),
    Identity("sigmoid", "sigmoid(-x) = 1 - sigmoid(x)", _sigmoid),
    Identity("softplus", "softplus(-x) = -log(sigmoid(x))", _softplus),
    Identity("relu", "relu(x) = x [x > 0]", _relu),
    Identity("identity", "identity(x) = x", lambda a, x: x),
    Identity("step", "step(x) = [x > 0]", lambda a, x: applied(a, "positive", x)),
    Identity("log", "log(exp(x)) = x", _log_of_exp),
    Identity("exp", "exp(x - logsumexp(x)) = softmax(x)", _exp_of_difference),
    Identity("exp", "exp(x + log(y)) = y exp(x)", _exp_of_log),
    Identity("exp", "exp(-(x^2 + log(2 pi))/2) = normal_pdf(x)", _density),
    Identity("positive", "[number > 0]", _known_sign),
    Identity("positive", "[y > 0] = 1 for y > 0", _of_positive),
    Identity("positive", "[c x > 0] = [x > 0] for c > 0", _scaled_sign),
    Identity("zero", "[-x = 0] = [x = 0]", _turned_zero),
)
"""All identities, in the order in which they are tried."""

ROWS: dict[Any, tuple[Identity, ...]] = {
    FUNCTIONS.get(name, name): tuple(row for row in IDENTITIES if row.function == name)
    for name in sorted({row.function for row in IDENTITIES})
}


def turn_of(a: Algebra, letters: Sequence[str]) -> Poly:
    """e_ijk, by which a cross product is a sum."""
    return a.factor(a.atom("turn", "e", (), (THREE, THREE, THREE)), letters)
