"""The verdict on one step that is no update: what it says is read, and held against what it may be about."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from symbackprop.core.program import Program
from symbackprop.formulas.told import Told, listed, told
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about, asked, named_by_step, spelled, tensor_of
from symbackprop.judge.steps.at_best import best_step
from symbackprop.judge.steps.differentials import differential_step
from symbackprop.judge.steps.differentiated import another_loss, loss_step
from symbackprop.judge.steps.equalities import chained, identity
from symbackprop.judge.steps.following import in_place, reading_of, spared
from symbackprop.judge.steps.known import Known, Used
from symbackprop.judge.steps.own_slopes import formula_slope
from symbackprop.judge.steps.rounded import entry_in_numbers, number_said, value_in_numbers, wrong_value
from symbackprop.judge.steps.sample_losses import of_sample
from symbackprop.judge.steps.samples import gradient_times, shared_out
from symbackprop.judge.steps.slopes import function_step, slope_step
from symbackprop.judge.steps.step_jacobians import step_jacobian
from symbackprop.judge.steps.step_products import step_product
from symbackprop.judge.steps.step_reading import read_or_restated, refitted_step, said_left, says_the_network, value_said
from symbackprop.judge.steps.turned_out import no_hessian, turned_out
from symbackprop.judge.steps.viewed import blocks_named, by_blocks, legend_of
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import CLAIM, NotUnderstood
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.side import word_of

A_NAME = "abbreviation"  # a step that says what a name stands for, and nothing of a gradient


class SingleStep:
    """A step under judgement: `name` = `claim`, said to be `what`; what was found of it so far.

    goal         the gradient that it is about; None where it may be a name for something.
    value        the value of the network that its left side is.
    view         blocks that it is read by.
    understood   its claim, as it is read.
    """

    def __init__(self, judge: Judge, known: Known, place: int, name: str, claim: Any, what: str) -> None:
        self.judge, self.known, self.truth, self.place = judge, known, judge.truth, place
        self.name, self.claim, self.what = name, claim, what
        self.goal: Asked | None = None
        self.value: str | None = None
        self.view: Any = None
        self.understood: Any = None

    def judged(self) -> Judged:
        """The verdict."""
        if (found := self.of_its_own_kind() or self.naming_blocks()) is not None:
            return found
        if self.what != A_NAME:
            self.goal = asked(self.truth, self.name, self.what) if self.what else named_by_step(self.truth, self.name)
        try:
            found = self.read()
        except NotUnderstood as fault:
            return self.not_understood(fault)
        return found or self.weighed()

    def of_its_own_kind(self) -> Judged | None:
        """The verdict on a step of a kind that has a reader of its own: a differential, a slope, a best value."""
        judge, known, name, claim = self.judge, self.known, self.name, self.claim
        judged = differential_step(judge, known, name, claim, self.what) if known.differentials else None
        if judged is None and not self.what:
            judged = (
                best_step(judge, known, name, claim)
                or slope_step(judge, name, claim)
                or formula_slope(judge, name, claim)
                or function_step(judge, name, claim)
                or step_product(judge, known, name, claim)
                or step_jacobian(judge, known, name, claim)
                or loss_step(judge, known, name, claim)
            )
        if judged is not None:
            known.unread |= judged.open
        return judged

    def naming_blocks(self) -> Judged | None:
        """A step that gives names to blocks of a value."""
        blocks = blocks_named(self.known, self.claim)
        for block, program in (blocks or {}).items():
            self.known.bind([block], program, program, program.shape(CLAIM))
        return Judged(self.name, None, A_NAME) if blocks else None

    def read(self) -> Judged | None:
        """Read the claim; the verdict, where that is no gradient. Raises NotUnderstood where it is not read."""
        judge, known, name, claim, truth = self.judge, self.known, self.name, self.claim, self.truth
        if self.what in ("", A_NAME) and _names_itself(truth, claim):
            return Judged(name, None, A_NAME, remarks=(told("as the network has it"),))
        view = legend_of(known, claim)
        if view is not None:
            known.see(view)
            return Judged(name, None, A_NAME)
        of_blocks = by_blocks(judge, known, name, claim, self.goal)
        if of_blocks is not None:
            self.view, self.goal, self.understood = of_blocks
            return None
        understood, self.goal = read_or_restated(judge, known, name, claim, self.goal, self.what)
        value = self.value = value_said(truth, name, understood) if not self.what else None
        self.understood = understood
        if value is not None and says_the_network(judge, known, name, claim, understood, value):
            return self.as_the_network()
        if value is not None and (judged := value_in_numbers(judge, known, name, claim, understood, value)) is not None:
            return judged
        if value is not None and value in truth.further and not understood.unknown:  # the loss of a sample, L_i
            return of_sample(truth, name, value, understood, known.written)
        if value in truth.named and self.goal is None and not understood.left.stepped:  # L(w, b) of another loss
            self.goal = about(truth, name, truth.of, value)
        return None

    def as_the_network(self) -> Judged:
        """A step that says a value as the network has it; what nobody named has a name from now on."""
        left = self.understood.left
        if not left.stepped and self.value not in self.truth.named:
            own = self.understood.readings[0].program
            self.known.bind([self.name, left.name], own, own, own.shape(CLAIM))
        remarks = () if self.value in self.truth.further else (told("as the network has it"),)
        return Judged(self.name, None, A_NAME, formulas=self.understood.formulas, remarks=remarks)

    def not_understood(self, fault: NotUnderstood) -> Judged:
        """The verdict on a claim that is not read; later steps go on with the truth, where its left side says which."""
        judge, known, name, claim = self.judge, self.known, self.name, self.claim
        said, left = said_left(judge, known, name, claim, self.what)
        goal = self.goal or said
        if goal is None:
            equation = identity(judge, known, name, claim) if not self.truth.pinned else None
            known.unread |= equation is None
            return equation or Judged(name, None, "not understood", fault.told)
        judged = spared(known, refitted_step(judge, known, name, claim, goal, judge.unread(goal, fault)))
        everything = self.truth.everything
        if goal.text in everything.tensors:
            known.give(name, left, goal, goal.text, goal.text, everything.shape(goal.text))
        known.unread |= judged.open
        known.misfits.append(claim)
        return judged

    def weighed(self) -> Judged:
        """The verdict on a claim that was read."""
        known, understood = self.known, self.understood
        known.from_zero |= all(reading.origin == 0 for reading in understood.readings)
        counted = [reading for reading in understood.readings if known.from_zero and reading.origin == 0]
        program, multiple = (counted or understood.readings)[0].program, Told()
        if self.view is not None and self.view.name == understood.left.name:
            known.views[self.view.name] = self.view  # its name is bound below
        by_chance = self.truth.pinned and not re.search("delta|δ", self.name)  # a number is many a gradient's
        if self.goal is None and self.what != A_NAME and not by_chance:
            self.goal, multiple = turned_out(known, self.name, program)
            if self.goal is not None or multiple:
                known.turned |= dict.fromkeys((self.name, understood.left.name), self.place)
        return self.a_name(program, multiple) if self.goal is None else self.of_goal(self.goal, program)

    def a_name(self, program: Program, multiple: Told) -> Judged:
        """The verdict on a step that is about no gradient: from now on its name stands for what it says.

        multiple   which gradient it is a multiple of, in words; empty where none.
        """
        known, name, understood, truth = self.known, self.name, self.understood, self.truth
        if understood.unknown and not multiple:
            known.unread = True
            return Judged(name, None, "undecided", told("what is {}?", listed([written(one) for one in understood.unknown])))
        known.give(name, understood.left, None, program, program, program.shape(CLAIM))
        self.judge.give(understood.left.name or name, program)
        if self.what != A_NAME and not multiple:
            known.nameless |= {one: self.place for one in (name, understood.left.name) if one in known.shapes}
            if why := no_hessian(known, name, program):
                return Judged(name, None, "undecided", why, understood.formulas)
        told_by_sides = chained(known, understood) if understood.between and (not truth.pinned or truth.places.is_settled) else None
        if told_by_sides is not None:
            return replace(told_by_sides, name=name)
        judged = Judged(name, None, A_NAME, formulas=understood.formulas, remarks=(multiple,) if multiple else ())
        return entry_in_numbers(self.judge, known, judged, self.claim, program) if truth.pinned else judged

    def of_goal(self, goal: Asked, program: Program) -> Judged:
        """The verdict on a step about a gradient."""
        judge, known, truth, name, understood = self.judge, self.known, self.truth, self.name, self.understood
        count = known.samples.get(self.place)
        meant = understood if count is None else shared_out(truth, understood, count)
        judged = number_said(judge, known, name, self.claim, goal, understood)
        is_rounded = judged is not None
        judged = judged or refitted_step(judge, known, name, self.claim, goal, judge.judge(goal, meant, known.written))
        program = reading_of(understood, judged).program if judged.right else program
        if judged.right and self.value == truth.of == goal.wrt:  # f(1, 2) = 1 is no derivative of f by itself
            judged = replace(judged, kind="wrong")
        if judged.wrong and self.value == truth.of and not truth.pinned:
            return another_loss(known, name, understood, program)
        if judged.wrong and goal.of == goal.wrt and self.value != truth.of:  # dL = tr(G^T dW) says what dL comes to
            why = told("a differential is not read. Write the derivative that it says, by itself.")
            return Judged(name, None, "not understood", why)
        judged = self.of_value(judged)
        if not {tensor.name for tensor in program.inputs} <= {*truth.named}:
            judged = spared(known, judged)
        known.unread |= judged.open
        known.used.append(Used(goal, program, known.written, judged, self.place))
        judged = judged if is_rounded else in_place(judge, known, goal, meant, judged)
        known.wrong |= judged.wrong
        self.give(goal, program, judged, count, judged.kind == "wrong shape" or (is_rounded and judged.right))
        return judged

    def of_value(self, judged: Judged) -> Judged:
        """A wrong verdict on what is said of a value of the network, which is told."""
        if self.value not in self.truth.named or not judged.wrong:
            return judged
        if self.truth.pinned:
            return wrong_value(self.judge, judged, self.value)
        return replace(judged, remarks=(*judged.remarks, told("the network says something else of {}", written(self.name))))

    def give(self, goal: Asked, program: Program, judged: Judged, count: Any, stands: bool) -> None:
        """Later steps know the step by its name.

        count    of samples, where the step gives the gradient of each one's own loss.
        stands   whether it stands for the truth: nothing fits behind it, or what follows is as exact.
        """
        known, everything, left = self.known, self.truth.everything, self.understood.left
        true: Program | str = goal.text if goal.text in everything.tensors else program
        if count is not None:
            true = gradient_times(self.truth, goal.text, count)
        said, shape = program, program.shape(CLAIM)
        if stands and goal.text in everything.tensors:
            said, shape = true, everything.shape(goal.text)
        if not left.stepped and left.name not in known.gradients:
            known.give(self.name, left, goal, said, true, shape)


def _names_itself(truth: Truth, claim: Any) -> bool:
    r"""Whether a step says one tensor of the network in two spellings, \theta = th, d_{next} = dnext."""
    left, equals, right = claim.partition("=") if isinstance(claim, str) else ("", "", "")
    word = word_of(left) if equals else None
    tensor = tensor_of(truth, word) if word is not None else None
    return tensor is not None and tensor == spelled(truth, right.strip(" .,;"))
