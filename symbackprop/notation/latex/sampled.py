r"""Values at samples: f(x_n) = \tanh(w x_n) is f_n, f(x^{(i)}) f_i, k(x_i, x_j) k_{ij}, P(y = k | x_n) P_{kn}."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from symbackprop.notation.claims.bracketed import behind
from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import Token, plain
from symbackprop.notation.latex.extents import group_at
from symbackprop.notation.latex.units import units

BARS = ("|", r"\mid")


class At(NamedTuple):
    """An argument: what stands without its index, and the letters of that."""

    base: str
    letters: tuple[str, ...]


def at(argument: Tokens, counted: Collection[str] = ()) -> At | None:
    """x_n and x^{(n)} in their parts, x without index; None for anything else, x_1 and x + y among it.

    counted   letters that are indices: one alone is an index as well.
    """
    several = units(argument)
    if not several or not several[0].letter:
        return None
    base, rest = plain(argument[: several[0].end]), argument[several[0].end :]
    if not rest:
        return At("", (base,)) if base in counted else At(base, ())
    inner = group_at(rest, 1)
    if rest[0].text == "^" and [t.text for t in inner[:1]] == ["("] and inner[-1].text == ")" and len(inner) == 3:
        return At(base, (inner[1].text,)) if inner[1].text.isalpha() and len(rest) == 6 else None
    if rest[0].text != "_" or len(rest) != len(inner) + (3 if rest[1].text == "{" else 1):
        return None
    letters = [t.text for t in inner if t.text != ","]
    return At(base, tuple(letters)) if letters and all(len(c) == 1 and c.isalpha() for c in letters) else None


def indices(defined: Sequence[Tokens], called: Sequence[Tokens], counted: Collection[str]) -> list[tuple[str, ...]] | None:
    """The indices of the samples that a call is at, c_n among them; None where it is not one of the value that is defined so."""
    own, other = ([at(one, counted) for one in several] for several in (defined, called))
    if len(own) != len(other) or not any(one is not None and one.base and one.letters for one in own):
        return None
    found: list[tuple[str, ...]] = []
    for one, two in zip(own, other, strict=True):
        if one is not None and two is not None and not one.base and two.base and two.letters:
            found.append(
                (two.base, "_", *(two.letters if len(two.letters) == 1 else ("{", *two.letters, "}")))
            )  # the label of a sample, where an index stands
            continue
        if one is None or two is None or one.base != two.base or len(one.letters) != len(two.letters):
            return None
        found += [(letter,) for letter in two.letters]
    return list(dict.fromkeys(found))


def without_names(piece: Tokens) -> Tokens:
    """P(y_n = k | x_n) as P(k | x_n): what is drawn is said by its value."""
    out: list[Token] = []
    k = 0
    while k < len(piece):
        out.append(piece[k])
        if piece[k].text == "(":
            end = behind(piece, k) - 1
            inner = [t.text for t in piece[k + 1 : end]]
            bars = [j for j, text in enumerate(inner) if text in BARS]
            if len(bars) == 1 and "=" in inner[: bars[0]] and "(" not in inner[: bars[0]]:  # two are around a value: (y = |x|)
                k += 1 + inner.index("=")
        k += 1
    return tuple(out)


def indexed(head: Tokens, several: Sequence[tuple[str, ...]]) -> list[Token]:
    """The name with indices below it."""
    place = head[0].at
    below = [Token(text, place) for k, one in enumerate(several) for text in ((",", *one) if k else one)]
    return [*head, Token("_", place), Token("{", place), *below, Token("}", place)]
