r"""What is asked of names that nobody declared: x is not declared. Declare it in lines of their own: x: data[n]."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from symbackprop.notation.claims.errors import Fault, Unknown
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import GREEK, bare
from symbackprop.notation.claims.words import described
from symbackprop.notation.inference import kind_of
from symbackprop.notation.latex.naming import spelled

MARGIN = "Delta"
CLASSES = "K"  # how many there are of what a label names, in an example


def asked(missing: Iterable[Unknown], several: Sequence[Word] = (), sizes: Mapping[str, str] | None = None) -> Fault:
    r"""What is said of names that nobody declared, each with a declaration for an example.

    several   all words of the formulas; what stands below them tells r: data[n, K] for r_{ik}, y: integers[n, K] for w_{y_i}.
    sizes     how far each index runs that a sum or the text is over; its own letter where nothing says how far.
    """
    first, *_ = missing = list(missing)
    listed = dict(_declaration(u.key, several, sizes or {}) for u in missing)
    names, declarations = " and ".join(listed), "; ".join(listed.values())
    said = f"{names} is not declared." if len(listed) == 1 else f"{names} are not declared."
    alone, beside = f"Declare it in a line of its own: {declarations}.", f"Declare them in lines of their own: {declarations}."
    mend = alone if len(listed) == 1 else beside
    called = next((u.key for u in missing if re.fullmatch(r"phi|psi|rho|f|g|varphi", u.key)), None)
    if called:
        mend += f" A function is written out, \\{called}(z) = \\tanh(z), or declared: {called}: function."
    return Fault(said, mend, first.at)


def declared_name(key: str) -> str:
    """The name of a word that names nothing: hat y_1 is yhat_1."""
    accent, _, base = key.rpartition(" ")
    letter, *below = re.sub(r"\W", "_", base).strip("_").split("_")
    return "_".join([spelled(letter) + accent, *below])


def scripted(several: Iterable[Word]) -> set[str]:
    """The words that stand with something below, without it."""
    return {described(replace(word, sub=(), sup=())) for word in several if word.sub}


def _declaration(key: str, several: Sequence[Word], sizes: Mapping[str, str]) -> tuple[str, str]:
    """What is not declared, and a declaration of it: two sizes for a capital letter, none for a Greek one alone, else one."""
    for word in several:
        below = _letters(word.sub)
        whole = described(replace(word, sub=(), sup=()))
        if below and sizes.keys() >= {*below} and key in (whole, described(replace(word, sup=()))):
            name = declared_name(whole)
            return whole, f"{name}: {kind_of(name)}[{', '.join(sizes[c] for c in below)}]"
    base, name = key.rpartition(" ")[2], declared_name(key)
    if name == "eps":
        return key, "eps = 1e-5"
    for word in several:
        below = _letters(word.sub)
        if base in below and base not in sizes:  # w_{y_i}: a label of the sample i
            rows = [sizes[c] for c in below[below.index(base) + 1 :] if c in sizes]
            return key, f"{name}: integers[{', '.join([*rows[:1], CLASSES])}]"
    is_number = base in GREEK and (base[0].islower() or base == MARGIN) and base not in scripted(several)
    counted = "" if is_number else "[h, n]" if base[:1].isupper() else "[n]"
    return key, f"{name}: {kind_of(base)}{counted}"


def _letters(below: Tokens) -> list[str]:
    """What stands below a word, without commas and braces."""
    return [t.text for t in bare(below) if t.text.isalnum()]
