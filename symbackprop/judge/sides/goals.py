"""What a claim claims to be: by its name, or by what a person says it is; and what it may mention."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from symbackprop.core.chain_rule import gradient_name
from symbackprop.core.derivation import DerivationError
from symbackprop.core.letters import LETTERS
from symbackprop.core.program import Equation, Gradient, Program, Ref, Signature, Sum, slot
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.extents import evaluator
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter, parse_name
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import Formula, Told, name, told
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.weighing.reading import CLAIM, Claim, equal_shapes
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import AGREES, Bindings, Goal, goal_of, is_zero, value
from symbackprop.notation.claims import At, Left
from symbackprop.notation.claims.constants import constant
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import plain as plain_text
from symbackprop.notation.claims.words import bases

PREFIXES = ("", "d", "d_", "D", "grad_", "g_", "delta_", "nabla_")
_OF_LOSS = re.compile(r"d_?([jJlLcCeE]|loss|cost|error)_d_?(\w+)")  # dj_dw: of the loss, whatever the network calls it
_D = re.compile(r"_?d_?")


def about(truth: Truth, name: str, of: str, wrt: str, notes: tuple[Told, ...] = ()) -> Asked:
    """d of / d wrt of a network, where either is a tensor of it, or `of` a gradient."""
    return Asked(name, of, wrt, truth.program.tensors[wrt].rank, truth.gradient(wrt, of), notes)


def stepped(truth: Truth, name: str, wrt: str) -> Asked:
    r"""What a step of descent called `name` is about: w - \\eta dL/dw."""
    found = about(truth, name, truth.of, wrt)
    own = parse_name(wrt).formula()
    step = f.add([own, f.negative(f.juxtapose([f.symbol("eta"), found.shown.node]))])
    return replace(found, shown=Formula(f"{wrt} - eta {found.text}", step))


def asked(truth: Truth, name: str, what: str = "") -> Asked:
    """What a claim called `name` is about. Raises DerivationError where the network has no such thing."""
    found = named(truth, name, what or name)
    if found is None:
        has = ", ".join(truth.named)
        if what and what != name:
            raise DerivationError(
                f'step {name}: it is said to be "{what}"; write there what it is, dL/dz of {has}, or abbreviation'
            )
        raise DerivationError(f"{name}: no tensor of the network; it has {has}")
    return found


def named(truth: Truth, name: str, what: str) -> Asked | None:
    """The derivative that a text names: "W_1", "dL/dW_1", "da/dz", "dW_1", "grad_W_1", "L_W_1"; None where it names none."""
    tensors = truth.program.tensors
    aliases = truth.network.aliases
    match = re.fullmatch(r"\s*[d∂](.+?)\s*/\s*[d∂](\w+)\s*", what)
    if match:
        of, wrt = (aliases.get(n, n) for n in match.groups())
        return about(truth, name, of, wrt) if truth.knows(of) and wrt in tensors and differentiable(truth, wrt) else None
    called = _OF_LOSS.fullmatch(what)
    if called and called[1] not in tensors and (wrt := spelled(truth, called[2])) is not None and differentiable(truth, wrt):
        return about(truth, name, truth.of, wrt)
    for d in _D.finditer(what, 2) if what[:1] == "d" and what not in tensors else ():  # dL_dz, da_dz, dadz
        of, wrt = spelled(truth, what[1 : d.start()].lstrip("_")), spelled(truth, what[d.end() :])
        if of is not None and wrt is not None and differentiable(truth, wrt):
            return about(truth, name, of, wrt)
    for prefix in (*PREFIXES, f"{truth.of}_"):  # L_w
        wrt = spelled(truth, what.removeprefix(prefix)) if what.startswith(prefix) else None
        if wrt is not None and differentiable(truth, wrt):
            return about(truth, name, truth.of, wrt)
    return None


def named_by_step(truth: Truth, name: str) -> Asked | None:
    """The derivative that the name of a step names; a g alone is no value that only the report calls g."""
    own = spelled(truth, name)
    return named(truth, name, name) if own is None or own in truth.named else None


def as_said(truth: Truth, what: Asked, left: Left) -> Asked:
    """What is asked, or the second derivative that the claim's own left side says it is; of either, the entries that it says."""
    if left.contradicts or left.of is None or left.wrt is None:
        return what
    found = about(truth, what.name, left.of, left.wrt, what.notes) if left.second else what
    return replace(found, pattern=left.pattern) if (found.of, found.wrt) == (left.of, left.wrt) else found


def differentiable(truth: Truth, wrt: str) -> bool:
    """True; raises DerivationError for what has no gradient."""
    if not truth.has_gradient(wrt):
        raise DerivationError(f"{wrt} holds {truth.program.tensors[wrt].kind}: it has no gradient")
    return True


def spelled(truth: Truth, name: str) -> str | None:
    """The tensor that a name spells: W1, W_1 and W^{(1)} are one."""
    if name in truth.program.tensors:
        return name
    if name in truth.network.aliases:
        return truth.network.aliases[name]
    plain = re.sub(r"[_{}^()\[\]\\ ]", "", name)
    return next((n for n in truth.named if n.replace("_", "") == plain), None) if plain else None


def tensor_named(truth: Truth, text: str) -> str | None:
    r"""The tensor that a letter names, \lambda lam; None where it names none."""
    letters = re.findall("[A-Za-z]+", text)
    several = bases(Word(letters[-1], 0)) if letters else []
    return next((name for one in several if (name := spelled(truth, one)) is not None), None)


def tensor_of(truth: Truth, word: Word) -> str | None:
    """The tensor that a name with what stands below it names; None where it names none, or has something above it."""
    names = () if word.sup else (base + plain_text(word.sub) for base in bases(word))
    return next((name for one in names if (name := spelled(truth, one)) is not None), None)


def steps_of(claims: Any) -> list[tuple[str, Any, str]]:
    """Steps as name, claim, what."""
    out: list[tuple[str, Any, str]] = []
    for step in claims if isinstance(claims, Sequence) and not isinstance(claims, str) else [None]:
        match step:
            case (str() as name, str() as claim) if "\\" in name and not claim.lstrip().startswith(name):
                out.append((name, f"{name} = {claim}", ""))  # a left side in LaTeX says what is claimed
            case (str() as name, claim):
                out.append((name, claim, ""))
            case (str() as name, claim, str() as what):
                out.append((name, claim, what))
            case _:
                raise DerivationError('claims are {"W_1": claim}, or a list of steps (name, claim) or (name, claim, what)')
    if not out:
        raise DerivationError('there is no step; write [("delta", "2*(yhat - y)", "dL/dyhat")]')
    return out


def goal_for(truth: Truth, what: Asked, claim: Program, at: tuple[At, ...] = ()) -> Goal:
    """The goal of a claim; of a Jacobian that is zero off its diagonal, the diagonal, where the claim has its shape,
    and of one that is the same number times the identity that number, where the claim is one.

    at   where along the axes of loops it is claimed, but for axes of which all steps are.
    """
    if at:
        return replace(goal_of(truth, what.wrt, what.of), steps=at)
    if what.second:
        derived = truth.derived(what.wrt, what.of)
        goal = Goal(truth, what.of, what.wrt, derived.program, derived.gradient(what.wrt))
        return together(goal, what.pattern) if what.pattern else goal
    goal = goal_of(truth, what.wrt, what.of)
    if what.pattern:
        return together(goal, what.pattern)
    shape = truth.program.shape(what.wrt)
    if what.of == truth.of or not shape or not equal_shapes(truth.program.shape(what.of), shape):
        return goal
    if equal_shapes(claim.shape(CLAIM), shape):
        return diagonal(goal) or goal
    return goal if claim.shape(CLAIM) or is_zero(claim) else _one_number(goal) or goal


def made_of_itself(goal: Goal, program: Program, bindings: Bindings = ()) -> bool:
    """Whether a claim is made of the very gradient that it claims: of one at a step, of the same step.

    At one end it may be, where a product over the other steps is empty: there it says nothing.
    """
    truth = goal.truth
    name = gradient_name(goal.of, goal.wrt)
    same = {name, *(own for own, what in bindings if what == name)} & {t.name for t in program.inputs}
    axes = truth.loops.axes.get(goal.wrt)
    if not same or not axes or goal.of != truth.of:
        return bool(same)
    axis = min(axes)
    first = next((one for one in goal.steps if one.place == axis), None)
    for place in truth.places.first(1):
        known = {**place.values, **dict.fromkeys(same, place.values[name])}
        own = dict(bindings)
        kept = tuple((n, what) for n, what in bindings if n not in same or own[n] != name)
        before = value(truth, program, kept, place, known, FLOATS)
        offset = 0 if first is None else int(evaluator(first.first)(place.sizes))
        found: list[int] = []
        count = 0
        for step in range(known[name].shape[axis]):
            moved = known[name].copy()
            moved[(slice(None),) * axis + (step,)] += 1.0
            after = value(truth, program, kept, place, {**known, **dict.fromkeys(same, moved)}, FLOATS)
            changed = np.abs(after - before) > 0
            if first is not None and first.left is None:
                if step == offset and changed.any():
                    return True
            else:
                count = changed.shape[axis]
                found += [step - offset] if 0 <= step - offset < count and changed.take(step - offset, axis).any() else []
        if len(found) > 1 or (found and (count < 2 or found[0] not in (0, count - 1))):
            return True
    return False


def diagonal(goal: Goal) -> Goal | None:
    """The diagonal of a Jacobian; None where it has other entries."""
    for place in goal.truth.places.first(3):
        full = goal.at(place)
        n = int(np.sqrt(full.size))
        square = full.reshape(n, n)
        if np.any(square[~np.eye(n, dtype=bool)]):
            return None
    rank = len(goal.shape) // 2
    return together(goal, (*range(rank), *range(rank)))


def _one_number(goal: Goal) -> Goal | None:
    """The number that each entry of the diagonal of a Jacobian is, as their mean; None where there are several."""
    found = diagonal(goal)
    several = [] if found is None else [found.at(place) for place in goal.truth.places.first(3)]
    if found is None or any(np.ptp(entries) > AGREES * np.abs(entries).max() for entries in several):
        return None
    over = tuple(zip(LETTERS, found.shape, strict=False))
    mean = Sum(slot(0) / sp.prod(found.shape), (slot(0),), over)
    name = f"{found.name} each"
    return _with(found, name, Equation(Ref(name, ()), mean, (Ref(found.name, tuple(c for c, _ in over)),)), ())


def together(goal: Goal, pattern: Sequence[int]) -> Goal:
    """The entries of a derivative where some axes fall together; the pattern says which axis of the result each is."""
    letters = tuple(LETTERS[k] for k in pattern)
    own = tuple(dict.fromkeys(letters))
    name = f"{goal.name} at {' '.join(letters)}"
    equation = Equation(Ref(name, own), Sum(sp.S.Zero + slot(0), (slot(0),)), (Ref(goal.name, letters),))
    return _with(goal, name, equation, tuple(goal.shape[letters.index(c)] for c in own))


def _with(goal: Goal, name: str, equation: Equation, shape: tuple[sp.Expr, ...]) -> Goal:
    """A goal that one more equation makes of another."""
    signature = Signature(name, shape, role=Gradient(goal.of, goal.wrt))
    tensors: Mapping[str, Signature] = {**goal.program.tensors, name: signature}
    program = replace(goal.program, tensors=tensors, equations=(*goal.program.equations, equation), outputs=(name,))
    return Goal(goal.truth, goal.of, goal.wrt, program, name)


def refused(what: Asked, claim: Claim, goals: Sequence[Goal], bindings: Bindings = ()) -> Told:
    """Why a claim cannot be judged at all: it names what it claims, or it has no agreed layout; nothing where it can."""
    lead = len(goals[0].shape) - what.rank
    above = goals[0].truth.program.tensors.get(what.of)
    if above is not None and above.kind != "value" and what.of != what.wrt and not all(is_zero(r.program) for r in claim.readings):
        return told("{} is given in this network, so that its derivative by {} is 0", name(what.of), name(what.wrt))
    if not claim.left.partial and any(
        made_of_itself(goal, one.program, bindings) for goal, one in zip(goals, claim.readings, strict=False)
    ):
        return _itself(what.shown)
    written = claim.readings[0].formula is not None
    if written and lead and what.rank and lead + what.rank > 2 and not claim.left.letters:
        return told("a Jacobian of matrices has no agreed layout without indices; write the entries of {}", what.shown)
    return Told()


def _itself(shown: object) -> Told:
    return told("it is made of {}, which is what it claims; write that out", shown)


def is_itself(note: Told) -> bool:
    """Whether a note says that a claim is made of what it claims."""
    return note.pattern == _itself("").pattern


def limits(goal: Goal) -> Iterator[Told]:
    """At which steps a claim was held against the truth, where it reads beyond the others."""
    for one in goal.steps:
        if one.left is not None:
            low = one.first + one.axis.origin
            high = sp.expand(low + one.axis.extent - one.left - 1)
            steps = f.equation(letter(one.axis.letter), f.listed([constant(low), f.symbol("ldots"), constant(high)]))
            yield told("held against the gradient at {}, since it reads beyond the other steps", Formula(plain(steps), steps))
