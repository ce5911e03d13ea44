r"""Names of best values: \hat\beta, w^*, \sigma^2_{ML}, a parameter by its own name, and left sides that are equations."""

from __future__ import annotations

import re

from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import tokens
from symbackprop.notation.claims.words import bases

_BASE = r"(?P<base>\\?[A-Za-z]+)"
_ENDS = r"(?:ML|MLE|MAP|OLS|LS|opt|ridge|\*|\\star|\\ast)"
_LABEL = rf"(?:\\(?:text|mathrm|textrm)\s*\{{\s*{_ENDS}\s*\}}|{_ENDS})"
_HAT = rf"(?:\{{\s*{_BASE}\s*\}}|{_BASE.replace('base', 'other')})(?P<power>\^2)?"
_NAMES = [
    re.compile(rf"\s*\\(?:wide)?hat\s*{_HAT}(?:_\{{?(?:{_LABEL}|[a-z]|\\[a-z]+|(?P<number>\d+))\}}*)?\s*$"),
    re.compile(rf"\s*{_BASE}(?P<power>)\s*(?:\^|_)\s*\{{?\s*{_LABEL}\s*\}}*\s*$"),
    re.compile(r"\s*(?P<base>[A-Za-z]\w*?)(?P<power>)_(?:hat|star|opt|mle?|map|ols)\s*$"),
    re.compile(r"hat (?P<base>\w+?)(?P<power>\^2)?(?:_(?P<number>\d+)|_\w+)?$"),
]


def parameter_named(truth: Truth, own: str) -> str | None:
    """The parameter whose best value a name says; None for any other name."""
    own = own if own.isascii() else "".join(token.text for token in tokens(own))  # β̂ as \hat{\beta}
    match = next((found for pattern in _NAMES if (found := pattern.match(own))), None)
    if match is None:
        return None
    groups = match.groupdict()
    base = (groups["base"] or groups.get("other") or "").lstrip("\\")
    letters = bases(Word(base, 0))  # lambda as lam
    names = [f"{base}^2", f"{base}2", "var", "v", "s2"] if groups["power"] else letters
    if number := groups.get("number"):
        names = [f"{one}{mark}{number}" for one in letters for mark in ("_", "")]
    found = (spelled(truth, one) for one in names)
    return next((one for one in found if one and truth.program.tensors[one].kind == "parameter"), None)


def is_spelled(wrt: str, left: str) -> bool:
    r"""Whether the left side of a claim is the name of a parameter and no derivative by it: \beta_0, w_j, \mathbf{w}."""
    left = re.sub(r"\\(?:mathbf|boldsymbol|bm|vec|mathrm)(?![A-Za-z])|[\s{}]", "", left)
    base = re.match(r"\\?([A-Za-z]+)", left)
    own = wrt.rstrip("0123456789").partition("_")[0]
    return base is not None and (own in bases(Word(base[1], 0)) or (own == base[1].upper() and "_" in left))  # u_i, a row of U


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
    hat = re.sub(r"\\(?:wide)?hat\s*\{?\s*\\?([A-Za-z]+)\s*\}?", r"hat \1", own)
    return {own, re.sub(r"[\\{}\s]", "", own), hat, hat.partition("_")[0]}
