"""`verify`: a person's gradients against the truth, each with a verdict and, where it is wrong, why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from symbackprop.core.derivation import DerivationError
from symbackprop.core.network import Network
from symbackprop.judge.followed.whole import followed_whole
from symbackprop.judge.in_numbers import with_numbers
from symbackprop.judge.question import Question, answered
from symbackprop.judge.sides.goals import steps_of
from symbackprop.judge.texts.arrays import Whole
from symbackprop.judge.verdicts.case import behind, title_of
from symbackprop.judge.verdicts.report import report
from symbackprop.judge.verdicts.verdict import Verification
from symbackprop.judge.weighing.conventions import ALLOWED

Steps = Sequence[tuple[str, Any] | tuple[str, Any, str]]


def verify(
    network: Network,
    claims: Mapping[str, Any] | Steps,
    of: str | None = None,
    symbols: Mapping[str, str] | None = None,
    allow: Iterable[str] = (),
    sizes: Mapping[str, int] | None = None,
) -> Verification:
    """Whether gradients that a person derived are right; where one is wrong, where, with the smallest example, and why.

    claims   {"W_1": claim}: the gradient of the loss by each name; or the steps of a derivation, (name, claim) or
             (name, claim, what) with `what` one of "dL/da", "da/dz", "abbreviation", of which later ones may use earlier ones.
    of       what is differentiated; None: the loss. A tensor with axes has a Jacobian, of shape of.shape + w.shape.
    symbols  what the claims call otherwise: {"m": "n", "delta": "z_2"}.
    allow    conventions by which a claim still counts as right: "transpose", "layout", "sign", "N", "2", "left".
    sizes    sizes by name that are settled.

    Raises SymbackpropError where the network cannot be read, or a claim is about what is not there.
    """
    permitted = tuple(allow)
    if strange := [kind for kind in permitted if kind not in ALLOWED]:
        raise DerivationError(f'allow="{strange[0]}": there is no such convention; the conventions are {", ".join(ALLOWED)}')
    target = network.aliases.get(of, of) if of is not None else network.loss
    question = Question(network, target, dict(symbols or {}), permitted, dict(sizes or {}))
    judge = question.judge()
    if isinstance(claims, Mapping):
        if not claims:
            raise DerivationError('there is no claim; write {"W_1": "..."}')
        found = answered(question, [(name, claim, "") for name, claim in claims.items()], alone=True)
        given = []
    else:
        given = steps_of(claims)
        followed = tuple(one for _, claim, _ in given if isinstance(claim, Whole) for one in followed_whole(judge, claim))
        given = [step for step in given if not isinstance(step[1], Whole)]
        found = (*(with_numbers(question, given) if given else ()), *followed)
    inputs = frozenset(one.name for one in judge.truth.program.inputs)
    return Verification(found, bool(given), title_of(network), behind(judge.truth, found), inputs, report)
