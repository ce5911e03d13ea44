"""What a person calls the loss: R, where \nabla R(w) stands on a left side and the network has no R."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_NAME = r"(?:\\mathcal\s*\{?\s*(?P<set>[A-Z])\s*\}?|(?P<letter>[A-Z])|\\(?P<word>ell))"
_LEFT = re.compile(
    rf"\s*(?:\\nabla\s*(?:_\s*(?:\w|\\[A-Za-z]+|\{{[^{{}}]*\}})\s*)?|\\[dt]?frac\s*\{{\s*(?:\\partial|d)\s*|\\partial\s*){_NAME}"
    r"\s*(?:\}|\(|/|(?==))"
)

_NO_OTHER = r"(?<![A-Za-z\\^])(?<!\^\{)(?<!\\mathbb\{)(?<!\\mathbb )"  # of X^T, \mathbb{E} no letter


def with_losses(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps, in which a letter of which one says the gradient, and which names nothing else, is the loss on its right side."""
    given = {_plain(name) for name, _, _ in steps}
    return [(name, _with_loss(truth, claim, given), what) for name, claim, what in steps]


def _with_loss(truth: Truth, claim: Any, given: set[str]) -> Any:
    found = _LEFT.match(claim) if isinstance(claim, str) else None
    own = (found["set"] or found["letter"] or found["word"]) if found is not None else None
    taken = {*given, *truth.network.aliases, *map(str, truth.program.sizes())}
    if own is None or own in taken or spelled(truth, own) is not None or truth.program.shape(truth.of):
        return claim
    left, sign, right = claim.partition("=")
    letter = re.compile(rf"\\mathcal\s*\{{?\s*{own}\s*\}}?|{_NO_OTHER}\\?{own}(?![A-Za-z_^'])")
    loss = latex(parse_name(truth.of).formula())
    text = left + sign + letter.sub(lambda _: loss, right)
    return reworded(claim, text)


def _plain(name: str) -> str:
    return re.sub(r"\\mathcal|[\\{}\s]", "", name)
