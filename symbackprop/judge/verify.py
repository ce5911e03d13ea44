"""`verify`: a person's gradients against the truth, each with a verdict and, where it is wrong, why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from symbackprop.core.derivation import DerivationError
from symbackprop.core.network import Network
from symbackprop.formulas.told import listed, name, told
from symbackprop.judge.followed.whole import followed_whole
from symbackprop.judge.question import Question, answered
from symbackprop.judge.sides.aliases_said import aliases_said
from symbackprop.judge.sides.announced import as_announced
from symbackprop.judge.sides.at_values import Step
from symbackprop.judge.sides.diagonals_said import diagonals_said
from symbackprop.judge.sides.goals import steps_of
from symbackprop.judge.sides.numbered import numbered
from symbackprop.judge.sides.own_samples import as_given, own_samples
from symbackprop.judge.sides.primed_losses import primed_losses
from symbackprop.judge.sides.sums_said import sums_said
from symbackprop.judge.sides.symmetric_said import symmetric_said
from symbackprop.judge.sides.true_class import of_true_class
from symbackprop.judge.steps.updated import moved_parameters
from symbackprop.judge.texts.arrays import Whole
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.capitals import capitals, with_capitals
from symbackprop.judge.verdicts.case import behind, title_of
from symbackprop.judge.verdicts.labels import because_of_sums
from symbackprop.judge.verdicts.report import report
from symbackprop.judge.verdicts.verdict import Judged, Verification
from symbackprop.judge.weighing.conventions import ALLOWED
from symbackprop.judge.worked_example import with_examples

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
    given, unsure = ([], set[str]()) if isinstance(claims, Mapping) else as_announced(judge.truth, steps_of(claims))
    texts = [*claims.values()] if isinstance(claims, Mapping) else [claim for _, claim, _ in given]
    given, label, before = of_true_class(judge.truth, given)
    for respelled in (own_samples, primed_losses, diagonals_said):
        given, changed = respelled(judge.truth, given)
        before = as_given(before, changed)
    symmetric, given, since = symmetric_said(judge.truth, given)
    summed, given = sums_said(judge.truth, given)
    domains = dict.fromkeys(symmetric, "symmetric") | dict.fromkeys(summed, "labels") | ({label: "binary"} if label else {})
    if domains:
        question = question._replace(domains=domains)
        judge = question.judge()
    question = question._replace(symbols={**aliases_said(judge.truth, given), **question.symbols})
    capital = capitals(judge.truth, texts, question.symbols)
    question = question._replace(symbols={**capital, **question.symbols})
    if isinstance(claims, Mapping):
        if not claims:
            raise DerivationError('there is no claim; write {"W_1": "..."}')
        found = answered(question, [(name, claim, "") for name, claim in claims.items()], alone=True)
    elif not given:
        raise DerivationError(r'there is no claim; write "\partial L/\partial W_1 = ..."')
    else:
        found = _steps_judged(question, given)
        if since and len(found) >= len(given):  # what stands before "If A is symmetric" holds of any A, or is wrong
            any_matrix = question._replace(domains={own: one for own, one in domains.items() if own not in symmetric})
            before_it = _steps_judged(any_matrix, given[:since])
            found = (*before_it, *found[since:]) if len(before_it) == since else found
    found = tuple(_of_no_sure_sentence(one) if one.given in unsure else one for one in found) if unsure else found
    found = tuple(with_capitals(one, capital) for one in found) if capital else found
    found = tuple(_of_symmetric(one, symmetric) if k >= since else one for k, one in enumerate(found)) if symmetric else found
    found = tuple(_of_sums(one, summed) for one in found) if summed else found
    found = tuple(replace(one, given=str(before.get(one.given, one.given))) for one in found) if before else found
    inputs = frozenset(one.name for one in judge.truth.program.inputs)
    return Verification(found, bool(given), title_of(network), behind(judge.truth, found), inputs, report)


def _steps_judged(question: Question, given: Sequence[Step]) -> tuple[Judged, ...]:
    """The verdicts on steps, those of whole functions behind the others."""
    judge = question.judge()
    followed = tuple(one for _, claim, _ in given if isinstance(claim, Whole) for one in followed_whole(judge, claim))
    lines = moved_parameters(judge.truth, [step for step in given if not isinstance(step[1], Whole)], question.symbols)
    return (*(_with_entries(question, lines) if lines else ()), *followed)


def _of_no_sure_sentence(judged: Judged) -> Judged:
    """The verdict on what a sentence says to be a derivative, without saying of what: it may be of something else."""
    if judged.right:
        return judged
    because = told("a sentence does not say of what this is the derivative. Write: the gradient of the loss with respect to ...")
    return replace(judged, kind="undecided", because=because, mistakes=(), corrected=(), counterexample=None, convention=None)


def _of_symmetric(judged: Judged, names: Sequence[str]) -> Judged:
    """The verdict on a claim that was judged of matrices that are symmetric by a person's word, which it says."""
    said = told("of symmetric {}, as it is said", listed([name(one) for one in names]))
    return replace(judged, remarks=(*judged.remarks, said)) if judged.right or judged.wrong else judged


def _of_sums(judged: Judged, names: Sequence[str]) -> Judged:
    """The verdict on a claim that was judged of data that sum to one by a person's word, in place of a declaration."""
    kept = tuple(one for one in judged.remarks if one.pattern != because_of_sums("").pattern)
    said = told("where every {} sums to 1, as it is said", listed([name(one) for one in names]))
    return replace(judged, remarks=(*kept, said)) if judged.right and judged.asked is not None else judged


def _with_entries(question: Question, steps: Sequence[Step]) -> tuple[Judged, ...]:
    """The verdicts on steps, where entries are numbered as these tell, and else as it makes more of them right."""
    truth = question.judge().truth
    told_by_steps = numbered(truth, steps)
    others = [own for own, tensor in truth.program.tensors.items() if tensor.shape and told_by_steps.get(own) is None]
    by = [own for own in others if own in told_by_steps]
    best: tuple[Judged, ...] = ()
    for from_zero in dict.fromkeys(((), tuple(by), tuple(others))):
        said = {own: first for own, first in told_by_steps.items() if first is not None}
        said |= {own: 0 if own in from_zero else 1 for own in others}
        found = with_examples(question._replace(numbered=said), steps)
        if not best or sum(one.right for one in found) > sum(one.right for one in best):
            named = [own for own in from_zero if own in truth.named]
            remark = told("the entries of {} are numbered from 0", listed([written(own) for own in named]))
            best = tuple(replace(one, remarks=(*one.remarks, remark)) if from_zero and one.right else one for one in found)
        if not any(one.wrong or one.kind == "not understood" for one in found):
            break
    return best
