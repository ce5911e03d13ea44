r"""Einstein's convention: an index that stands twice in a term, and not on the left-hand side, is summed over: X_{ai} D_{aj}."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from symbackprop.formulas.told import told
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.syntax import Syntax
from symbackprop.notation.claims.tokens import Token
from symbackprop.notation.claims.words import indices

SUMMED = told("an index that stands twice in a term is summed over")


def with_sums(node: Syntax, free: frozenset[str]) -> Syntax:
    """The same with a sum before each term over the indices that stand twice in it and are not free."""
    match node:
        case sx.Terms(parts=parts):
            return replace(node, parts=tuple((sign, with_sums(part, free)) for sign, part in parts))
        case sx.Group(items=(inner,), bracket="(" | "[" | "{"):
            return replace(node, items=(with_sums(inner, free),))
        case sx.Big(under=under, body=body):
            return replace(node, body=with_sums(body, free | {t.text for t in under}))
        case sx.Product() | sx.Fraction() | sx.Word() | sx.Scripted():
            several = _count(node)
            own = [letter for letter, count in several.items() if count > 1 and letter not in free]
            inner = _within(node, free | several.keys())
            for letter in reversed(own):
                inner = sx.Big((Token(letter, node.at),), (), inner, node.at)
            return inner
    return node


def _within(node: Syntax, free: frozenset[str]) -> Syntax:
    """A term whose factors have the sums of their own."""
    match node:
        case sx.Product(factors=factors):
            return replace(node, factors=tuple(with_sums(one, free) if isinstance(one, sx.Group) else one for one in factors))
        case sx.Fraction(over=over, under=under):
            return replace(node, over=with_sums(over, free), under=with_sums(under, free))
    return node


def _count(node: object) -> Counter[str]:
    """How often each letter stands as an index in a term; what stands twice within brackets is summed over there."""
    match node:
        case sx.Word(sub=sub):
            return Counter(part[0].text for part in indices(sub) or [] if len(part) == 1 and part[0].text.isalpha())
        case sx.Scripted(body=body, sub=sub):
            return _count(body) + _count(sx.Word("", 0, sub=sub))
        case sx.Terms(parts=parts):
            return _open(part for _, part in parts)
        case sx.Group(items=several):
            return _open(several)
        case sx.Product(factors=several):
            return sum(map(_count, several), Counter[str]())
        case sx.Fraction(over=over, under=under):
            return _count(over) + _count(under)
        case sx.Root(body=body) | sx.Over(body=body):
            return _open((body,))
        case sx.Partial(of=of) | sx.Nabla(of=of) if of is not None:
            return _count(of)
        case sx.Big(under=under, body=body):
            bound = {t.text for t in under}
            return Counter({letter: count for letter, count in _open((body,)).items() if letter not in bound})
    return Counter()


def _open(terms: Iterable[object]) -> Counter[str]:
    """The letters that stand once in a term: those of the whole."""
    found = Counter[str]()
    for term in terms:
        found |= Counter({letter: 1 for letter, count in _count(term).items() if count == 1})
    return found
