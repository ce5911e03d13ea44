r"""Lines of differentials, dL = \operatorname{tr}(G^T dW), dz = dW x + W dx: how a value changes as others do.

A line is about the inputs that it names on its right, and about those that the values it names there are made of: it is right where
both sides change alike along any direction of these. Of the loss and inputs alone it says a gradient, and is judged as that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import sympy as sp

from symbackprop.core.chain_rule import chain_rule
from symbackprop.core.derivatives.forward_mode import forward_mode
from symbackprop.core.letters import LETTERS
from symbackprop.core.program import Equation, Gradient, Program, Ref, Signature, Sum, shape_text, slot
from symbackprop.evaluate.points import PointError
from symbackprop.formulas import build as f
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.told import Formula, several, told
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about
from symbackprop.judge.steps.known import Known
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.verdicts.diagnose import counterexample
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.conventions import convention
from symbackprop.judge.weighing.reading import CLAIM, Claim, DoesNotFit, NotUnderstood, Reading, read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import Goal, Weighed, weigh
from symbackprop.notation.claims import Left

_D = r"(?:\\(?:mathrm|operatorname|mathsf|text|differential)\s*\{\s*d\s*\}|\bd|(?<![A-Za-z\\])d)\s*"
_LEFT = re.compile(rf"\s*(?:{_D})(?P<of>[^=+*/]+?)\s*")
_RIGHT = re.compile(rf"(?<![\\A-Za-z_^{{])(?:{_D})(?=\\?[A-Za-z])|\\(?:mathrm|operatorname|mathsf)\s*\{{\s*d\s*\}}")
_NAMED = re.compile(
    rf"(?<![\\A-Za-z_^{{])(?:{_D})(\\(?:hat|tilde|bar|mathbf|boldsymbol|bm)\s*\{{?\s*)?(\\?[A-Za-z]+)\}}?(_\w|_\{{[^}}]*\}})?"
)
_LOSSES = frozenset(["L", "J", "C", "E", r"\ell", "l", r"\mathcal{L}", "f"])
_FROBENIUS = re.compile(r"(?<![:\w])\s:\s|(?<=[})\w]):(?=[\\({\s\w])")


def differentials_of(truth: Truth, steps: Sequence[tuple[str, Any, str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The lines of differentials of a derivation: of what, and in those of which tensors.

    There are some where a step says that of the loss, and of a value in those of what it is made of alone, dZ = A dX W + A X dW:
    dZ = W^T dY may be gradients.
    """
    found = []
    for _, claim, what in steps:
        of = _of(truth, claim) if isinstance(claim, str) and not what else None
        if of is not None:
            found += [(of, tuple(dict.fromkeys(_moved(truth, side)))) for side in claim.split("=")[1:]]
    of_loss = any(of == truth.of for of, _ in found)
    return tuple(found) if of_loss else tuple((of, names) for of, names in found if _is_made_of(truth, of, names))


def _is_made_of(truth: Truth, of: str, names: Sequence[str]) -> bool:
    return bool(names) and of not in names and {*names} <= {*_above(truth.program, of)}


def _moved(truth: Truth, side: str) -> Iterator[str]:
    """The tensors whose differentials a side names."""
    for found in _NAMED.finditer(side):
        accent, letters, below = found.groups(default="")
        ends = range(len(letters), 0, -1) if letters[0] != "\\" else [len(letters)]
        names = (_tensor(truth, f"{accent}{letters[:k]}{below if k == len(letters) else ''}") for k in ends)
        yield from [name for name in names if name][:1]


def _own(known: Known, claim: str) -> list[str]:
    """The names of values that steps gave, and of which a line has the differential."""
    named = (f"{found[2].lstrip(chr(92))}{found[3] or ''}" for found in _NAMED.finditer(claim) if not found[1])
    return [one for one in dict.fromkeys(named) if known.is_own(one) and one not in known.gradients]


def _of(truth: Truth, claim: str) -> str | None:
    """What a line says the differential of; None where it is none, or its right side has no differential."""
    left, equals, right = claim.partition("=")
    found = _LEFT.fullmatch(left)
    if not (equals and found and _RIGHT.search(right)):
        return None
    plain = re.sub(r"\\mathcal\s*\{\s*(\w)\s*\}", r"\1", found["of"].strip())
    name = _tensor(truth, plain)
    return truth.of if name is None and plain in _LOSSES else name


def _tensor(truth: Truth, said: str) -> str | None:
    """The tensor that LaTeX names, whole."""
    wanted = re.sub(r"\\(?:mathbf|boldsymbol|bm|mathrm)\b|[\\{}\s_^()\[\]]", "", said)
    turned = re.sub(r"^(hat|tilde|bar)(.*)$", r"\2\1", wanted)
    names = {re.sub(r"[_\s]", "", name): name for name in truth.named}
    return names.get(wanted) or names.get(turned)


class Moved(Truth):
    """A network whose tensors change: beside its values those of their differentials, as some inputs move.

    moving   the inputs that move; `of_truth` the network as it stands.
    """

    def __init__(self, truth: Truth, moving: Sequence[str], values: Iterable[str]) -> None:
        super().__init__(truth.network, truth.of, truth.sizes)
        self.still, self.moving = truth, tuple(moving)
        self.values = tuple(values)

    @cached_property
    def program(self) -> Program:
        program = self.still.program
        for name in self.moving:
            shape = program.shape(name)
            program = replace(program, tensors={f"d{name}": Signature(f"d{name}", shape, "data"), **program.tensors})
        for value in self.values:
            parts = []
            for name in self.moving:
                along = forward_mode(program, value, name, f"d{name}")
                have = {e.target.name for e in program.equations}
                new = [e for k, e in enumerate(along.equations) if e.target.name not in have]
                program = replace(along, equations=(*program.equations, *new), outputs=program.outputs)
                parts.append(Gradient(value, name, vector=f"d{name}").name)
            if value in self.moving:
                continue
            own = tuple(LETTERS[: program.tensors[value].rank])
            slots = tuple(map(slot, range(len(parts))))
            whole = Equation(Ref(f"d{value}", own), Sum(sp.Add(*slots), slots), tuple(Ref(part, own) for part in parts))
            tensors = {**program.tensors, f"d{value}": Signature(f"d{value}", program.shape(value))}
            program = replace(program, tensors=tensors, equations=(*program.equations, whole))
        return replace(program, outputs=(*program.outputs, *(f"d{v}" for v in self.values if v not in self.moving)))

    @cached_property
    def named(self) -> tuple[str, ...]:
        return self.still.named


def differential_step(judge: Judge, known: Known, name: str, claim: Any, what: str) -> Judged | None:
    """The verdict on a line of differentials; None for any other line."""
    truth = judge.truth
    own = _own(known, claim) if isinstance(claim, str) and not what else []
    if own:  # judged again, where the network has values that are these
        judge.by_own |= {one: known.given(one) for one in own}
        return Judged(name, None, "undecided", told("the network has no value {}, of which this is the differential", several(own)))
    of = _of(truth, claim) if isinstance(claim, str) and not what else None
    if of is None and isinstance(claim, str) and not what and _RIGHT.search(claim.partition("=")[0]):
        found = differential_step(judge, known, name, reworded(claim, f"d{latex(parse_name(truth.of).formula())} = {claim}"), what)
        return found if found is not None and found.right else None  # of what else it is, it does not say
    if of is None:
        return None
    if of != truth.of and not any(value in (of, truth.of) for value, _ in known.differentials):  # they may be gradients
        return None
    asked = Asked(name, of, of, truth.program.tensors[of].rank, _shown(of))
    found = [_side(judge, known, asked, side) for side in claim.split("=")[1:] if _RIGHT.search(side)]
    worst = next((one for one in found if one.wrong), next((one for one in found if one.open), found[-1]))
    return replace(worst, name=name, asked=asked)


def _shown(name: str) -> Formula:
    return Formula(f"d{name}", f.beside(parse_name("d").formula(), parse_name(name).formula()))


def _side(judge: Judge, known: Known, asked: Asked, side: str) -> Judged:
    """The verdict on one side of a chain of differentials."""
    truth, of = judge.truth, asked.of
    names = [n for n in truth.named if truth.has_gradient(n) and f"d{n}" not in truth.program.tensors]
    shapes = {**known.said.shapes, **{f"d{n}": truth.program.shape(n) for n in names}}
    said = known.said._replace(shapes=shapes, own={n: f"d{n}" for n in names})
    try:
        claim = read(_products(side), truth, truth.of, of, judge.symbols, said)
    except NotUnderstood as fault:
        kind = "wrong shape" if isinstance(fault, DoesNotFit) else "not understood"
        return Judged(asked.name, asked, kind, fault.told)
    moved = list(dict.fromkeys(n for r in claim.readings for t in r.program.inputs for n in names if t.name == f"d{n}"))
    if claim.unknown or not moved:
        why = told("what is {}?", several([*claim.unknown])) if claim.unknown else told("no differential stands on its right")
        return Judged(asked.name, asked, "undecided" if claim.unknown else "not understood", why, claim.formulas)
    inputs = {t.name for t in truth.program.inputs}
    if of == truth.of and {*moved} <= inputs and any(one.shape == () for one in claim.readings):
        return _as_gradients(judge, known, asked, claim, moved)
    return _along(judge, known, asked, claim, moved)


def _products(side: str) -> str:
    """A side without the colon of Frobenius: G : dW is the sum of the products of the entries."""
    parts = _FROBENIUS.split(side)
    if len(parts) != 2:
        return side
    return rf"\langle {parts[0]}, {parts[1]} \rangle"


def _as_gradients(judge: Judge, known: Known, asked: Asked, claim: Claim, moved: Sequence[str]) -> Judged:
    """A differential of the loss as what it says of the gradient by each input; the first that is wrong, else the last."""
    found = []
    scalars = [one for one in claim.readings if one.shape == ()]
    for name in moved:
        readings = tuple(_coefficient(one, name, judge.truth) for one in scalars)
        goal = about(judge.truth, asked.name, judge.truth.of, name)
        said = Claim(Left(), readings, (), claim.formulas)
        judged = judge.judge(goal, said, known.written)
        note = told("it says {}", goal.shown)
        truth = judged.truth if judged.wrong else None
        found.append(replace(judged, formulas=claim.formulas, remarks=(*judged.remarks, note), truth=truth))
    return next((one for one in found if one.wrong), next((one for one in found if one.open), found[-1]))


def _coefficient(reading: Reading, name: str, truth: Truth) -> Reading:
    """What stands before the differential of a tensor, as a claim of the gradient by it."""
    whole, shape = "claim of differentials", truth.program.shape(name)
    forward = _called(reading.program, whole)
    derived = chain_rule(forward, whole, (f"d{name}",))
    own = tuple(LETTERS[: len(shape)])
    copy = Equation(Ref(CLAIM, own), Sum(slot(0), (slot(0),)), (Ref(Gradient(whole, f"d{name}").name, own),))
    tensors = {n: t if n in forward.tensors else replace(t, role=None) for n, t in derived.tensors.items()}
    program = Program({**tensors, CLAIM: Signature(CLAIM, shape)}, (*derived.equations, copy), (CLAIM,), derived.conditions)
    return replace(reading, program=_needed(program), shape=shape, fits=True, formula=None)


def _called(program: Program, name: str) -> Program:
    """A claim's program with another name for what it claims."""
    tensors = {name if n == CLAIM else n: replace(t, name=name) if n == CLAIM else t for n, t in program.tensors.items()}
    equations = tuple(replace(e, target=Ref(name, e.target.index)) if e.target.name == CLAIM else e for e in program.equations)
    return Program(tensors, equations, (name,), program.conditions)


def _needed(program: Program) -> Program:
    """A program with the equations alone that its claim needs."""
    needed = {CLAIM, *_above(program, CLAIM)}
    equations = tuple(e for e in program.equations if e.target.name in needed)
    return replace(program, tensors={n: t for n, t in program.tensors.items() if n in needed}, equations=equations)


def _above(program: Program, value: str) -> dict[str, None]:
    """What a value is made of."""
    by_name: Mapping[str, Equation] = program.equation_of()
    seen, todo = dict[str, None](), [value]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen[name] = None
            todo += [r.name for r in by_name[name].operands] if name in by_name else []
    return seen


def _along(judge: Judge, known: Known, asked: Asked, claim: Claim, moved: Sequence[str]) -> Judged:
    """A line that names values: both sides as the inputs behind them move."""
    truth, of = judge.truth, asked.of
    moving = _behind(truth, moved)
    moving += [name for name in _others(truth, known, of, moved) if name not in moving]
    still = [t.name for t in truth.program.parameters if t.name in _above(truth.program, of) and t.name not in moving]
    notes = (told("where {} stays as it is", several([parse_name(n).formula() for n in still])),) if still else ()
    about_: dict[str, Any] = {"formulas": claim.formulas, "remarks": (*claim.readings[0].notes, *notes)}
    try:
        tried = [(reading, _weighed(truth, known, of, moved, moving, reading)) for reading in claim.readings]
    except PointError as fault:
        return Judged(asked.name, asked, "undecided", told("{}", str(fault)), **about_)
    reading, (goal, found) = next((one for one in tried if one[1][1].agrees), tried[0])
    about_ |= {"points": len(found.samples), "error": found.margin}
    if found.agrees is None:
        return Judged(asked.name, asked, "undecided", found.why, **about_)
    if found.agrees:
        return Judged(asked.name, asked, "right, identity" if found.identity else "right, numeric", bits=found.bits, **about_)
    if found.shapes is not None:
        shapes = told("it has the shape {}, the differential {}", *(shape_text(one) for one in found.shapes))
        return Judged(asked.name, asked, "wrong shape", shapes, **about_)
    named = convention([(s.claimed, s.true) for s in found.samples], [s.place.sizes for s in found.samples], 0)
    if named is not None:
        why = told("{}; to make it right, {}", named.says, named.mends)
        return Judged(asked.name, asked, "up to convention", why, convention=named, **about_)
    for name in moving if len(moving) > 1 else ():
        rest = [one for one in moving if one != name]
        if _weighed(truth, known, of, moved, rest, reading)[1].agrees:
            return Judged(asked.name, asked, "wrong", told("it leaves out what {} brings", _shown(name)), **about_)
    about_["counterexample"] = counterexample(goal, reading.program, known.written, found)
    return Judged(asked.name, asked, "wrong", **about_)


def _weighed(
    truth: Truth, known: Known, of: str, moved: Sequence[str], moving: Sequence[str], reading: Reading
) -> tuple[Goal, Weighed]:
    """A reading held against how a value changes as some inputs move."""
    apart = Moved(truth, moving, dict.fromkeys([*moved, of]))
    goal = Goal(apart, of, of, apart.program, f"d{of}")
    return goal, weigh(goal, reading.program, known.written)


def _others(truth: Truth, known: Known, of: str, moved: Sequence[str]) -> list[str]:
    """The inputs that the derivation moves together with those of a line, and that the value is made of.

    What another line says of the same value, and what moves the loss alone, may stay as it is in this one.
    """
    inputs = {t.name for t in truth.program.inputs}
    lines = known.differentials
    elsewhere = {n for value, names in lines if value == of and {*names} != {*moved} for n in names}
    alone = {names[0] for value, names in lines if value == truth.of and len(names) == 1}
    named = dict.fromkeys(n for _, names in lines for n in names if n in inputs)
    covered = {n for value in elsewhere for n in _above(truth.program, value)} | alone
    return [n for n in named if n in _above(truth.program, of) and n not in covered]


def _behind(truth: Truth, moved: Iterable[str]) -> list[str]:
    """The inputs that move: those that are named, and the parameters that the values named are made of, else all that they are."""
    inputs = {t.name: t for t in truth.program.inputs}
    found: dict[str, None] = {}
    for name in moved:
        own = [n for n in inputs if n in _above(truth.program, name)]
        learnt = [n for n in own if inputs[n].kind == "parameter" or name in inputs]
        found |= dict.fromkeys(learnt or [n for n in own if truth.has_gradient(n)])
    return list(found)
