"""Terms of a sum put together: over one line, and under one logarithm."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from symbackprop.algebra.functions import applied
from symbackprop.algebra.normal import Algebra, axes
from symbackprop.algebra.poly import ZERO, Factor, Poly, Term, instances, is_summed, summed_letters
from symbackprop.core.functions import FUNCTIONS


def over_one_line(a: Algebra, p: Poly) -> Iterator[Poly]:
    """p with each of its terms over the same line: 1 - y/(a + b) = (a + b - y)/(a + b)."""
    below_line = {f.atom: f for term in p.terms for f in term if f.atom.kind == "group" and f.exponent == -1}
    for f in sorted(below_line.values(), key=lambda f: f.atom.id):
        out, base = ZERO, f.atom.args[0]
        for term, c in p.terms.items():
            letters = None if any(g.atom is f.atom and g.exponent < 0 for g in term) else _as_in(f, term)
            if letters is None:
                out += Poly({term: c})
                continue
            rest = [*term, f._replace(letters=letters)]
            more = instances(base, axes(letters), rest)
            out += a.added(((c * d, [*rest, *inner]) for inner, d in more), summed_letters(term))
        if out != p:
            yield out


def with_one_log(a: Algebra, p: Poly) -> Iterator[Poly]:
    """p with log(x/y) for log(x) - log(y)."""
    log = FUNCTIONS["log"]
    logs = [(term, k) for term in p.terms for k, f in enumerate(term) if f.atom.name is log and f.exponent == 1]
    for (one, k), (other, m) in permutations(logs, 2):
        c, (f, g) = p.terms[one], (one[k], other[m])
        is_bound = any(map(is_summed, (*f.letters, *g.letters)))
        if c <= 0 or p.terms[other] != -c or one[:k] + one[k + 1 :] != other[:m] + other[m + 1 :] or is_bound:
            continue
        x, y = (a.at(h.atom.args[0], h.letters) for h in (f, g))
        made = applied(a, log, a.times(x, a.power(y, -1)))
        yield p - Poly({one: c, other: -c}) + a.times(made, a.make(c, one[:k] + one[k + 1 :]))


def _as_in(f: Factor, term: Term) -> tuple[str, ...] | None:
    """The letters that a factor would have beside a term, where the summed ones of its sizes are one each; otherwise None."""
    sizes = summed_letters(term)
    out = []
    for x, n in zip(f.letters, f.atom.shape, strict=True):
        same = [y for y, m in sizes.items() if m == n] if is_summed(x) else [x]
        if len(same) != 1:
            return None
        out += same
    return tuple(out)
