"""What a person calls the loss: R, where \nabla R(w) stands on a left side and the network has no R."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.core.program import Sum
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_NAME = r"(?:\\mathcal\s*\{?\s*(?P<set>[A-Z])\s*\}?|(?P<letter>[A-Z])|\\(?P<word>ell))"
_OPERATOR = r"\s*(?:\\nabla\s*(?:_\s*(?:\w|\\[A-Za-z]+|\{[^{}]*\})\s*)?|\\[dt]?frac\s*\{\s*(?:\\partial|d)\s*(?:\\,)?|\\partial\s*)"
_END = r"\s*(?:\}|\(|/|(?==))"
_LEFT = re.compile(rf"{_OPERATOR}{_NAME}{_END}")
_SET = r"\\(?:mathrm|text|operatorname)\s*\{\s*"
_WORD = re.compile(rf"{_OPERATOR}(?:{_SET}(?P<set>[A-Za-z]{{2,}})\s*\}}|(?P<caps>[A-Z]{{2,}})){_END}")
_LOSSES = frozenset(["MSE", "BCE", "CE", "NLL", "SSE", "RSS", "SSR", "MAE", "Loss", "loss", "Cost", "cost", "Error", "error"])

_NO_OTHER = r"(?<![A-Za-z\\^])(?<!\^\{)(?<!\\mathbb\{)(?<!\\mathbb )"  # of X^T, \mathbb{E} no letter


def with_losses(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps, in which a letter of which one says the gradient, and which names nothing else, is the loss on its right side."""
    given = {_plain(name) for name, _, _ in steps}
    return [(name, _with_loss(truth, claim, given), what) for name, claim, what in steps]


def _with_loss(truth: Truth, claim: Any, given: set[str]) -> Any:
    claim = _without_word(truth, claim, given) if isinstance(claim, str) else claim
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


def _without_word(truth: Truth, claim: str, given: set[str]) -> str:
    r"""A claim with the name that the network has for a word that is differentiated: kl for \mathrm{KL}, the loss for MSE."""
    found = _WORD.match(claim)
    word = (found["set"] or found["caps"]) if found is not None else ""
    if not word or word in given or spelled(truth, word) is not None:
        return claim
    is_loss = word in _LOSSES and _is_alone(truth)
    alike = [name for name in truth.named if name.lower() == word.lower()]
    own = alike[0] if len(alike) == 1 else truth.of if is_loss else None
    name = latex(parse_name(own).formula()) if own is not None else ""
    word_set = rf"{_SET}{word}\s*\}}|(?<![A-Za-z\\{{]){word}(?![A-Za-z])"
    return re.sub(word_set, lambda _: f" {name}", claim) if own is not None else claim


def _is_alone(truth: Truth) -> bool:
    """Whether the loss has no term beside another, as a penalty is."""
    made, name = truth.program.equation_of(), truth.of
    while name in made and isinstance(op := made[name].op, Sum) and not op.over:
        if op.body.is_Add:
            return False
        if len(op.slots) != 1 or op.body.diff(op.slots[0]).has(op.slots[0]):
            return True
        name = made[name].operands[0].name
    return True


def _plain(name: str) -> str:
    return re.sub(r"\\(?:mathcal|mathrm|text|operatorname)|[\\{}\s]|\([^()]*\)$", "", name)
