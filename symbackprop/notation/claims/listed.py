r"""Sums and products over numbers that are written down: \sum_{y \in \{-1, 1\}} f(y) is f(-1) + f(1)."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import Token

MOST = 20
"""Numbers that are written out."""

PLAIN = frozenset(["", "dot", "times", "star"])
"""Signs of products in which a number may stand anywhere."""

_NUMBER = re.compile(r"\d+(\.\d+)?")
_OPENING, _CLOSING = (r"\{", r"\lbrace"), (r"\}", r"\rbrace")


def written_out(node: sx.Big) -> Syntax:
    """The body at each of the numbers, added or multiplied; the node itself where it goes over anything else."""
    letter, numbers = _members(node.under)
    if letter is None or node.kind == "mean":
        return node
    each = [_at(node.body, letter, number) for number in numbers]
    if node.kind == "sum":
        whole: Syntax = sx.Terms(tuple((1, one) for one in each), node.at)
    else:
        whole = sx.Product(tuple(sx.Group((one,), "(", node.at) for one in each), ("",) * (len(each) - 1), node.at)
    return sx.Group((whole,), "(", node.at)


def _members(under: Tokens) -> tuple[str | None, list[str]]:
    r"""The letter and the numbers of j \in \{-1, 1\}; None where it is none."""
    several = [t.text for t in under if t.text not in ("{", "}", "", r"\,", " ")]
    if len(several) < 5 or several[1] != r"\in" or several[2] not in _OPENING or several[-1] not in _CLOSING:
        return None, []
    letter = several[0].lstrip("\\")
    numbers = "".join(several[3:-1]).split(",")
    plain = [number.lstrip("+") for number in numbers]
    known = all(_NUMBER.fullmatch(number.removeprefix("-")) for number in plain)
    return (letter, plain) if known and letter.isalpha() and len(plain) <= MOST else (None, [])


def _at(node: Any, letter: str, number: str) -> Any:
    """The same syntax with a number in the place of a letter."""
    if isinstance(node, sx.Big) and letter in sx.bound(replace(node, body=sx.Number("0", node.at), over=())):
        return node  # the letter of a sum of its own
    if isinstance(node, Word) and node.base == letter and not (node.accent or node.sub or node.primes):
        plain = _value(number, node.at)
        return sx.Scripted(plain, node.at, sup=_tokens(node.sup, letter, number)) if node.sup else plain
    if isinstance(node, sx.Product):
        node = _factored(node, letter, number)
    if isinstance(node, tuple):
        if any(isinstance(part, Token) for part in node):
            return _tokens(node, letter, number)
        return tuple(_at(part, letter, number) for part in node)
    if is_dataclass(node) and not isinstance(node, type):
        return replace(node, **{f.name: _at(getattr(node, f.name), letter, number) for f in fields(node)})
    return node


def _factored(node: sx.Product, letter: str, number: str) -> Syntax:
    """A product in which the letter is a factor, with the number as its first: 2 c w for c = -1 is -2 w."""
    factors, ops, value = list(node.factors), list(node.ops), Fraction(1)
    for k in reversed(range(len(factors))):
        one = factors[k]
        beside = [*ops[k - 1 : k], *ops[k : k + 1]]
        is_letter = isinstance(one, Word) and one == Word(letter, one.at)
        if not (is_letter or isinstance(one, sx.Number)) or not set(beside) <= PLAIN:
            continue
        value *= Fraction(number if is_letter else one.text)  # type: ignore[union-attr]
        del factors[k], ops[max(k - 1, 0) : max(k - 1, 0) + 1]
    if not any(one == Word(letter, one.at) for one in node.factors) or not _is_plain(value):
        return node
    if value and abs(value) == 1 and factors:
        whole: Syntax = factors[0] if len(factors) == 1 else sx.Product(tuple(factors), tuple(ops), node.at)
    else:
        first = sx.Number(_decimal(abs(value)), node.at)
        whole = sx.Product((first, *factors), ("", *ops), node.at) if factors else first
    return whole if value >= 0 else sx.Group((sx.Terms(((-1, whole),), node.at),), "(", node.at)


def _is_plain(value: Fraction) -> bool:
    """Whether a number has an end as a decimal."""
    return Fraction(_decimal(abs(value))) == abs(value)


def _decimal(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.12f}".rstrip("0")


def _value(number: str, at: int) -> Syntax:
    plain = sx.Number(number.removeprefix("-"), at)
    return sx.Group((sx.Terms(((-1, plain),), at),), "(", at) if number.startswith("-") else plain


def _tokens(several: Tokens, letter: str, number: str) -> Tokens:
    found: list[Token] = []
    for token in several:
        if token.text.lstrip("\\") != letter:
            found.append(token)
            continue
        found += [Token(part, token.at) for part in (("-", number[1:]) if number.startswith("-") else (number,))]
    return tuple(found)
