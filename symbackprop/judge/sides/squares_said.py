r"""Values that a person has as a square, s = \sigma^2: \sigma is its root, and \partial/\partial\sigma^2 is by the value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_named
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_WORD = r"\\?[A-Za-z]+"
_SAID = re.compile(
    rf"\s*(?:(?P<own>{_WORD})\s*=\s*(?P<root>{_WORD})\s*\^\s*\{{?2\}}?|(?P<a>{_WORD})\s*\^\s*\{{?2\}}?\s*=\s*(?P<b>{_WORD}))\s*[.,;]?\s*"
)
_BY = r"(?P<by>\\partial\s*|\\nabla\s*_\s*\{?\s*|\\mathrm\s*\{\s*d\s*\}\s*|\bd\s*|\\(?:wide)?hat\s*\{?\s*)"


def with_squares(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps, in which what is said to be the square of a letter is that value where it is differentiated by, or is best."""
    out, roots = list[Step](), dict[str, str]()
    for name, claim, what in steps:
        found = _SAID.fullmatch(claim) if isinstance(claim, str) else None
        own, root = (found["own"] or found["b"], found["root"] or found["a"]) if found else ("", "")
        if found and tensor_named(truth, own) is not None and tensor_named(truth, root) is None:
            roots[root] = own
            out.append((root, reworded(claim, rf"{root} = \sqrt{{{own}}}"), what))
        else:
            out.append((name, claim, what))
    return [
        (_written(name, roots), _written(claim, roots), what) if isinstance(claim, str) else (name, claim, what)
        for name, claim, what in out
    ]


def _written(claim: str, roots: dict[str, str]) -> str:
    for root, own in roots.items():
        square = rf"{_BY}{re.escape(root)}(?P<shut>\s*\}}?)\s*\^\s*(?:2|\{{\s*2\s*\}})"
        claim = reworded(claim, re.sub(square, lambda one, own=own: f"{one['by']} {own}{one['shut'].strip()}", claim))
    return claim
