"""Which mistakes give what a backward pass returned: the loss as it was read, derived, with one thing done wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from numpy import ndarray

from symbackprop.core.derivation import Derivation
from symbackprop.core.loops import has_loops
from symbackprop.core.program import Program
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.formulas.told import Told
from symbackprop.judge.mistakes.edit import Backward, Values, close
from symbackprop.judge.mistakes.name import Made, all_matches, likeliest
from symbackprop.judge.verdicts.diagnose import LARGE, weighed

NOTHING = 1e-12  # of the whole gradient
STRANGE = 2.0  # what is heavier nobody may ever have done, and it is told in names that nobody gave


class Trial(NamedTuple):
    """What was returned at one point, and all values of the derived program there."""

    values: Values
    claimed: ndarray


def named(derived: Derivation, wrt: str, trials: Sequence[Trial]) -> Told:
    """The likeliest mistake that gives just what was returned at every point; nothing where none does.

    derived   the gradients of the loss as it was read.
    wrt       the variable whose gradient is claimed.
    """
    if len(derived.program.equations) > LARGE or has_loops(derived.program):
        return Told()
    count, goal, program = len(derived.forward.equations), derived.gradient(wrt), _written(derived, trials)
    made = [(Made(Backward(program, count, derived.of, goal, t.values, {})), t.claimed) for t in trials]
    names = {n for n, t in derived.forward.tensors.items() if t.named or t.kind != "value"}
    found = likeliest(weighed(derived, names, all_matches(made)))
    return found[0].said if found and found[0].weight <= STRANGE else Told()


def taken_for(derived: Derivation, wrt: str, trials: Sequence[Trial]) -> str | None:
    """The other variable whose gradient was returned at every point; None where there is none."""
    others = ((name, derived.gradient(name)) for name in derived.wrt if name != wrt)
    return next((n for n, g in others if all(largest_of(t.values[g]) and close(t.values[g], t.claimed) for t in trials)), None)


def _written(derived: Derivation, trials: Sequence[Trial]) -> Program:
    """The derived program without the paths that bring nothing back, which nobody writes: that to the maximum of a softmax."""
    vanishing = {
        n for n, t in derived.program.tensors.items()
        if t.role is not None and t.role.via is not None and all(_vanishes(n, trial.values, derived) for trial in trials)
    }  # fmt: skip
    equations = tuple(e for e in derived.program.equations if e.target.name not in vanishing)
    return replace(derived.program, equations=equations)


def _vanishes(path: str, values: Values, derived: Derivation) -> bool:
    """Whether what comes back by a path is nothing beside the gradient that it is a part of."""
    role = derived.program.tensors[path].role
    whole = (
        next((n for n, t in derived.program.tensors.items() if t.role == replace(role, via=None, nth=0)), path) if role else path
    )
    return largest_of(values[path]) <= NOTHING * largest_of(values[whole]) and whole != path
