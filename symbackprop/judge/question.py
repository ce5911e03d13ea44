"""What claims are held against, and the verdicts on steps that are about all numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from symbackprop.core.machine.progress import counted
from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.judge.followed.judged import in_order
from symbackprop.judge.followed.sources import by_source
from symbackprop.judge.sides.at_values import Numbers, Step
from symbackprop.judge.sides.goals import asked
from symbackprop.judge.sides.index_sets import without_sets
from symbackprop.judge.sides.labels_compared import with_labels
from symbackprop.judge.sides.log_variances import with_log_variances
from symbackprop.judge.sides.losses_called import with_losses
from symbackprop.judge.sides.probabilities import with_probabilities
from symbackprop.judge.sides.respelled import respelled
from symbackprop.judge.steps.differentiated import with_names, with_notes
from symbackprop.judge.steps.later import judge_derivation
from symbackprop.judge.steps.own_derivatives import differentiated
from symbackprop.judge.steps.own_values import called_otherwise, with_own_values
from symbackprop.judge.steps.sample_losses import with_sample_losses
from symbackprop.judge.steps.unplaced import BEHIND, SIGN, sign_of, tail_of, without_places
from symbackprop.judge.steps.unused import not_passed_over
from symbackprop.judge.steps.used import as_used
from symbackprop.judge.steps.written_out import without_own_functions
from symbackprop.judge.verdicts.case import case_of
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.places import in_places
from symbackprop.judge.verdicts.verdict import Judged


class Question(NamedTuple):
    """What claims are held against: of which network and which of its values, as `verify` has them.

    pinned    inputs that are given numbers.
    numbered  from where the entries of tensors are numbered, where the claims tell.
    domains   inputs that are by a person's word in one: symmetric matrices, labels that are 0 or 1, data that are labels.
    """

    network: Network
    of: str
    symbols: dict[str, str]
    allow: tuple[str, ...]
    sizes: dict[str, int]
    pinned: Mapping[str, Program] = {}
    numbered: Mapping[str, int] = {}
    domains: Mapping[str, str] = {}

    def judge(self, further: Mapping[str, Program] | None = None) -> Judge:
        case = case_of(self.network, self.of, self.sizes, further, self.pinned, self.numbered, self.domains)
        return Judge(case, self.symbols, self.allow)

    def at(self, numbers: Numbers) -> Question:
        """The same where inputs have numbers."""
        symbols = {**{size: str(n) for size, n in numbers.sizes.items()}, **self.symbols}
        return self._replace(pinned={**self.pinned, **numbers.values}, sizes={**self.sizes, **numbers.sizes}, symbols=symbols)


def answered(question: Question, given: list[Step], alone: bool = False) -> tuple[Judged, ...]:
    """The verdicts on steps, or on claims alone, each the gradient of the loss by its name."""
    judge = question.judge()
    truth = judge.truth
    said = without_sets(given)
    given = with_log_variances(truth, with_losses(truth, said))
    signs = [sign_of(claim) for _, claim, _ in given]
    tails = [one or ("" if alone or question.pinned else tail_of(claim)) for one, (_, claim, _) in zip(signs, given, strict=True)]
    cut = [claim.removesuffix(tail) if tail else claim for (_, claim, _), tail in zip(given, tails, strict=True)]
    given = [(name, claim, what) for (name, _, what), claim in zip(given, cut, strict=True)]
    sampled = with_sample_losses(truth, given, judge.symbols)
    read = with_labels(truth, with_probabilities(truth, respelled(truth, sampled.steps, judge.symbols)))
    further = with_names(truth, read, judge.symbols, alone, sampled.values)
    written = [step[:2] for step in further.steps]
    if further.values:
        judge = question.judge(further.values)
    if alone:
        found = tuple(judge.alone(asked(truth, name), claim) for name, claim in counted(written))
    else:
        found = without_own_functions(judge, further.steps, lambda own: judge_derivation(judge, own))
        if names := called_otherwise(truth, judge.by_own):
            return answered(question._replace(symbols={**names, **question.symbols}), said)
        if (with_own := with_own_values(truth, judge.by_own)) is not None:
            return answered(question._replace(network=with_own), said)
        own = {**judge.losses, **differentiated(truth, judge.given, further.steps)}
        if own:
            judge = question.judge({**further.values, **own})
            again = without_own_functions(judge, further.steps, lambda own: judge_derivation(judge, own))
            named = [one.kind == "abbreviation" and bool(one.remarks) for one in found]  # "it is another than the loss"
            found = tuple(one if is_named else other for one, other, is_named in zip(found, again, named, strict=True))
    found = tuple(replace(one, remarks=(*one.remarks, *sampled.notes.get(k, ()))) for k, one in enumerate(found))
    if len(found) == len(given) and not alone:
        found = not_passed_over(truth, found, said, judge.given)
    if len(found) == len(given):
        found = tuple(replace(one, given=str(claim)) if one.given else one for one, (_, claim, _) in zip(found, said, strict=True))
    found = tuple(with_notes(further, k, one) for k, one in enumerate(found))
    found = as_used(judge.truth, by_source(judge, in_order(judge, found, written), written), written)
    if len(found) == len(given):
        behind = [(SIGN,) if sign else (BEHIND,) if tail else () for sign, tail in zip(signs, tails, strict=True)]
        found = tuple(replace(one, remarks=(*one.remarks, *more)) for one, more in zip(found, behind, strict=True))
    return in_places(found if question.pinned else without_places(truth, found, written), written)
