"""`verify`: a person's gradients against the truth, each with a verdict and, where it is wrong, why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from symbackprop.core.derivation import DerivationError
from symbackprop.core.network import Network
from symbackprop.core.progress import counted
from symbackprop.judge.followed.judged import in_order
from symbackprop.judge.followed.sources import by_source
from symbackprop.judge.followed.whole import followed_whole
from symbackprop.judge.sides.by_entries import by_entries
from symbackprop.judge.sides.goals import asked, steps_of
from symbackprop.judge.sides.probabilities import with_probabilities
from symbackprop.judge.sides.respelled import respelled
from symbackprop.judge.steps.derivations import judge_steps
from symbackprop.judge.steps.differentiated import with_names, with_notes
from symbackprop.judge.steps.own_values import with_own_values
from symbackprop.judge.steps.used import as_used
from symbackprop.judge.steps.written_out import without_own_functions
from symbackprop.judge.texts.arrays import Whole
from symbackprop.judge.verdicts.case import behind, case_of, title_of
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.places import in_places
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
    judge = Judge(case_of(network, target, sizes or {}), dict(symbols or {}), permitted)
    truth = judge.truth
    if isinstance(claims, Mapping) and not claims:
        raise DerivationError('there is no claim; write {"W_1": "..."}')
    steps = not isinstance(claims, Mapping)
    given = [(name, claim, "") for name, claim in claims.items()] if isinstance(claims, Mapping) else steps_of(claims)
    followed = tuple(one for _, claim, _ in given if isinstance(claim, Whole) for one in followed_whole(judge, claim))
    given = [step for step in given if not isinstance(step[1], Whole)]
    given = by_entries(truth, given) if steps else given
    further = with_names(truth, with_probabilities(truth, respelled(truth, given)), judge.symbols, alone=not steps)
    written = [step[:2] for step in further.steps]
    if further.values:
        judge = Judge(case_of(network, target, sizes or {}, further.values), judge.symbols, permitted)
    steps = steps and bool(given)
    if steps:
        found = without_own_functions(judge.truth, further.steps, lambda own: judge_steps(judge, own))
        if (own := with_own_values(truth, judge.by_own)) is not None:
            return verify(own, claims, of, symbols, allow, sizes)
    else:
        found = tuple(judge.alone(asked(truth, name), claim) for name, claim in counted(written))
    if len(found) == len(given):
        found = tuple(replace(one, given=str(claim)) if one.given else one for one, (_, claim, _) in zip(found, given, strict=True))
    found = tuple(with_notes(further, k, one) for k, one in enumerate(found))
    found = as_used(judge.truth, by_source(judge, in_order(judge, found, written), written), written)
    found = (*in_places(found, written), *followed)
    inputs = frozenset(one.name for one in truth.program.inputs)
    return Verification(found, steps, title_of(network), behind(truth, found), inputs, report)
