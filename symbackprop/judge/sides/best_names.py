r"""Names of best values: \hat\beta, w^*, \sigma^2_{ML}, a parameter by its own name, and left sides that are equations."""

from __future__ import annotations

import re
from dataclasses import replace

from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.side import is_best, labels, word_of
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import plain
from symbackprop.notation.claims.words import bases, described


def parameter_named(truth: Truth, own: str) -> str | None:
    """The parameter whose best value a text names; None for any other."""
    word = word_of(own)
    return None if word is None else best_of(truth, word)


def best_of(truth: Truth, word: Word) -> str | None:
    """The parameter whose best value a name says; None for any other name."""
    power = plain(word.sup)
    if not is_best(word) or not (power in ("", "2") or is_best(replace(word, accent="", sub=()))):
        return None
    number = next((one for one in labels(replace(word, sup=())) if one.isdigit()), "")
    letters = bases(replace(word, accent=""))  # lambda as lam
    names = [f"{one}{mark}{number}" for one in letters for mark in ("_", "")] if number else letters
    names = [f"{word.base}^2", f"{word.base}2", "var", "v", "s2"] if power == "2" else names
    found = (spelled(truth, one) for one in names)
    return next((one for one in found if one and truth.program.tensors[one].kind == "parameter"), None)


def is_spelled(wrt: str, left: str) -> bool:
    r"""Whether the left side of a claim is the name of a parameter and no derivative by it: \beta_0, w_j, \mathbf{w}."""
    word = word_of(left)
    own = wrt.rstrip("0123456789").partition("_")[0]
    return (
        word is not None and not word.accent and (own in bases(word) or (own == word.base.upper() and bool(word.sub)))
    )  # u_i of U


def is_product(truth: Truth, own: str) -> bool:
    """Whether a left side is tensors side by side, Ax: an equation, and no name."""
    letters = own.replace(" ", "")
    return len(letters) > 1 and letters.isalpha() and all(spelled(truth, c) is not None for c in letters)


def follows(truth: Truth, own: str) -> bool:
    """Whether a step may follow from a gradient that is 0: it gives a parameter its best value, or is an equation."""
    is_value = parameter_named(truth, own) or any(is_spelled(tensor.name, own) for tensor in truth.program.parameters)
    is_gradient = re.match(r"\s*-?\s*(?:\\[dt]?frac|\\nabla|\\partial|d(?![a-z]))", own)
    return bool(is_value or is_product(truth, own) or (not is_gradient and re.search(r"[-+]|\\top|\\sum", own)))


def spellings(own: str) -> set[str]:
    r"""The ways in which a reader of claims may have called a name: \hat\beta is hat beta."""
    word = word_of(own)
    several = () if word is None else (described(word), described(replace(word, sub=())))
    return {own, re.sub(r"[\\{}\s]", "", own), *several}
