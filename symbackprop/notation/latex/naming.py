r"""The names of words in LaTeX: \hat y is yhat, W^{(1)} is W_1, \lambda is lam, h_{t-1} is h_prev."""

from __future__ import annotations

from collections.abc import Iterable

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import Token, bare, plain, tokens
from symbackprop.notation.claims.words import BEFORE

_SPELLINGS = {"lambda": "lam", "epsilon": "eps", "varepsilon": "eps", "varphi": "phi", "vartheta": "theta", "varrho": "rho"}


def spelled(base: str) -> str:
    """A letter as the network language spells it: lambda is a word of Python."""
    return _SPELLINGS.get(base, base)


def joined(word: Word, label: str, below: Iterable[Tokens]) -> str:
    """The name of a word with a label and what stands below it, its indices left out."""
    base = spelled(word.base) + word.accent
    return "_".join(filter(None, (base, label, *("".join(t.text.lstrip("\\") for t in part) for part in below))))


def name_of(word: Word) -> str | None:
    """The name of a word all of whose scripts belong to it; None where they are no part of a name."""
    label, below = plain(bare(word.sup)).strip("()[]"), plain(bare(word.sub))
    if below in BEFORE:
        name = joined(word, label, [(Token("prev", word.at),)])
    else:
        parts = " ".join(t.text for t in bare(word.sub)).split(",")
        name = joined(word, label, [tuple(Token(piece, word.at) for piece in part.split()) for part in parts])
    return name if name.isidentifier() and not word.primes else None


def word_of(several: Tokens) -> Word | None:
    """The tokens as one word with its scripts; None for anything else."""
    try:
        read = syntax(several)
    except Fault:
        return None
    return read if isinstance(read, Word) and read.base[0].isalpha() else None


def name_in(latex: str) -> str | None:
    """The name that a piece of LaTeX is; None where it is none."""
    try:
        word = word_of(tuple(tokens(latex)))
    except Fault:
        return None
    return name_of(word) if word else None
