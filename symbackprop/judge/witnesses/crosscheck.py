"""The derived gradients against witnesses that share no rule with the chain rule: a reverse-mode tape, complex steps, differences.

The tape is held against every entry: |error| <= tolerance |entry| + what rounding moves that entry by. Complex steps and central
differences go along random directions in which every entry has its part, and are taken tensor by tensor only where something is
off. Differences cost most and say least: they are taken until they have spoken of every gradient, and wherever they may decide.
Whether they can speak, as they cannot at a kink, is judged from the function alone, never from the gradient on trial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.function import Compiled, with_sizes
from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.inner import inner_derivations
from symbackprop.core.differentiate import stabilised
from symbackprop.core.errors import shown
from symbackprop.core.loops import steps_of
from symbackprop.core.machine.progress import counted
from symbackprop.core.program import Program, shape_text
from symbackprop.core.widths import LayerWidths
from symbackprop.evaluate.domains import defined, inside
from symbackprop.evaluate.extents import SizeError
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError, own_point
from symbackprop.evaluate.same import Same
from symbackprop.evaluate.sizes import STEPS, draw_sizes
from symbackprop.evaluate.verdict import NOTES, Check, Row, Witness
from symbackprop.judge.witnesses.apart import written_apart
from symbackprop.judge.witnesses.directions import UNDERFLOW, by_halves
from symbackprop.judge.witnesses.evidence import MARGIN, Evidence, Said, Statement
from symbackprop.judge.witnesses.watched import watched

ROUNDING = 1e-9  # relative error that the tape and the complex step may leave
TINY = 1e-9  # a gradient below this part of the largest one may be rounding alone
JITTERS = (0, 1, 2, 6)  # runs in which every rounded result is moved in its last digit: more where something is off
DRAWS = 5  # points drawn where the first lies outside a function's domain or on kinks


ValueAndGrad = Callable[[Mapping[str, ndarray]], tuple[Any, Mapping[str, ndarray]]]


def check(
    derived: Derivation,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    points: int = 3,
    tolerance: float = ROUNDING,
    at: Mapping[str, Any] | None = None,
    compiled: ValueAndGrad | None = None,
) -> Check:
    """The derived gradients against the tape and against differences, at random generic points.

    seed       of the points.
    sizes      sizes by name that are settled; the others are drawn.
    points     how many points; of a network with loops at least one for each number of steps, 1, 2, 3 and 5. Where layers differ
               in width, those have one, and three points more are at several, the layers written out.
    tolerance  the relative error that rounding may leave against the tape and the complex step.
    at         one point of your own, an array for each input, instead of random ones; None: the example of a traced network.
    compiled   from arrays by input to the value and the gradients by name, held against the tape; None: the compiled function.

    Raises PointError where the network has no finite value, or `at` does not fit, with the place and the mend.
    """
    if points < 1:
        raise PointError(f"points={shown(points)}: give a whole number from 1 on; without a point nothing is checked")
    if at is None and sizes is None and derived.network is not None:
        at = derived.network.point
    if at is not None:
        own_sizes, own = own_point(derived.forward, at, sizes)
        trial = _tried(derived, own_sizes, own, tolerance, compiled or _compiled(derived, own_sizes), seed)
        return replace(trial.outcome(1), inner=_inner(derived, seed, own_sizes, 1, tolerance, at))
    drawn, first = defined(derived.forward, sizes, seed)
    trial = _Trial(derived, drawn, tolerance, compiled or _compiled(derived, drawn))
    turns = list(_turns(derived.forward, sizes or {}, drawn))
    for k in counted(range(max(points, len(turns)))):
        if turns:
            trial.settle(turns[k % len(turns)], compiled)
        trial.test_somewhere(seed + k, points, None if k or turns else first)
    outcome = trial.outcome(max(points, len(turns)))
    for widths, apart, entry_of in () if sizes or compiled else written_apart(derived):
        outcome.apart(check(apart, seed, points=1, tolerance=tolerance), entry_of, widths)
    return replace(outcome, inner=_inner(derived, seed, drawn, points, tolerance, None))


def _tried(
    derived: Derivation, at: dict[str, int], own: Mapping[str, ndarray], tolerance: float, compiled: ValueAndGrad, seed: int
) -> _Trial:
    """The rows at a person's own point; of the network in stable spellings where as written it leaves the range of floats."""
    trial = _Trial(derived, at, tolerance, compiled)
    try:
        trial.test(own, seed)
    except PointError:
        steady = stabilised(derived)
        if steady is derived:
            raise
        trial = _Trial(steady, at, tolerance, compiled)
        trial.test(own, seed)
    return trial


def _turns(program: Program, given: Mapping[str, int], drawn: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Sizes at which loops have 1, 2, 3 and 5 steps, as far as their conditions let them: structures differ there alone."""
    counts = [(str(s), n - s) for n in steps_of(program) for s in n.free_symbols]  # T and -1 of T - 1 steps
    free = {name: int(more) for name, more in counts if more.is_Integer and name in drawn and name not in given}
    for k in range(len(STEPS) if free else 0):
        steps = {name: max(1, STEPS[(k + j) % len(STEPS)] - more) for j, (name, more) in enumerate(free.items())}
        try:
            yield draw_sizes(program, {**drawn, **steps})
        except SizeError:
            continue


def _inner(
    derived: Derivation, seed: int, sizes: Mapping[str, int], points: int, tolerance: float, at: Mapping[str, Any] | None
) -> tuple[Check, ...]:
    """The outcome of each derivative that the network itself asks for, by the name of what holds it."""
    found = []
    for own, held in inner_derivations(derived.forward):
        outcome = check(own, seed, sizes, points, tolerance, at)
        found.append(replace(outcome, rows=[replace(row, gradient=held[row.name]) for row in outcome.rows]))
    return tuple(found)


def _compiled(derived: Derivation, at: Mapping[str, int]) -> ValueAndGrad:
    """The compiled function; sizes that no array tells stand in the source as numbers."""
    told = {n for t in derived.program.inputs for n in t.shape}
    return _compiled_once(Same(derived), tuple((str(n), at[str(n)]) for n in derived.program.sizes() if n not in told))


@lru_cache(maxsize=8)
def _compiled_once(same: Same[Derivation], given: tuple[tuple[str, int], ...]) -> ValueAndGrad:
    derived = stabilised(same.thing)
    gradients = {name: derived.gradient(name) for name in derived.wrt}
    return Compiled(with_sizes(derived.program, dict(given)), derived.of, gradients).value_and_grad


class _Trial:
    """The rows under way."""

    def __init__(self, derived: Derivation, at: dict[str, int], tolerance: float, compiled: ValueAndGrad) -> None:
        self.derived, self.tolerance = derived, tolerance
        self.sizes, self.compiled, self.watched = at, compiled, watched(derived, at)
        self.tried: list[dict[str, int]] = []
        named = {name: derived.gradient(name) for name in derived.wrt}
        widths = LayerWidths(derived.program)
        self.rows = {name: Row(name, _shape(derived, widths, own), gradient=own) for name, own in named.items()}
        self.value = Witness()
        self.redrawn = 0

    def settle(self, at: dict[str, int], compiled: ValueAndGrad | None) -> None:
        """Go on at other sizes."""
        if at != self.sizes:
            self.sizes, self.watched = at, watched(self.derived, at)
            self.compiled = compiled or _compiled(self.derived, at)
        self.tried.append(at)

    def outcome(self, points: int) -> Check:
        for row in self.rows.values():
            row.note = row.note or row.remark()
        steps = {name: [at[name] for at in self.tried] for name in self.sizes if len({at[name] for at in self.tried}) > 1}
        return Check(self.derived.of, list(self.rows.values()), self.sizes, points, self.redrawn, self.value, steps=steps)

    def test_somewhere(self, seed: int, stride: int, first: Mapping[str, ndarray] | None) -> None:
        """Test at a random point; at another one where a value is not finite, or neither steps nor differences can speak.

        first   the point to begin with, where one is known.
        """
        for draw in range(DRAWS):
            last = draw == DRAWS - 1
            try:
                where = inside(self.derived.forward, self.sizes, seed + draw * stride) if draw or first is None else first
                if self.test(where, seed, silence=last):
                    return
            except PointError:
                if last:
                    raise
            self.redrawn += 1

    def test(self, where: Mapping[str, ndarray], seed: int, silence: bool = True) -> bool:
        """Compare at one point; False, with nothing noted, where the tape alone can speak (if not `silence`)."""
        here = Evidence(self.derived, self.watched, where, self.sizes, self.compiled(where), seed)
        if not silence and here.is_silent():
            return False
        statements: list[Statement] = []
        for jitters in JITTERS:
            here.shake(jitters)
            if jitters <= 1 and here.is_faint(TINY):
                continue
            statements = self.statements(here, jitters == JITTERS[-1])
            if not _off(statements):
                break
        for s in statements:
            s.witness.hear(s.said.errors, s.said.scale, s.said.contradicts, s.said.spoken)
        for name, row in self.rows.items():
            row.scale = max(row.scale, largest_of(here.taped[name]))
            if row.tape.wrong:
                row.note = row.note or here.worst(name, self.allowed(here, name))
            elif here.is_noise(name):
                row.note = NOTES[2]
        return True

    def allowed(self, here: Evidence, name: str) -> ndarray:
        """The error that each entry may have."""
        sizes = np.maximum(abs(here.shown[name]), abs(here.taped[name]))
        return self.tolerance * sizes + MARGIN * here.noise[name] + UNDERFLOW

    def computed(self, witness: Witness, got: Any, right: ndarray, scale: float, allowed: ndarray) -> Statement:
        """What the compiled function returns against what is right; of another shape it is wrong."""
        if np.shape(got) != right.shape:
            return Statement(witness, Said(np.array(np.inf), scale, 0.0))
        return Statement(witness, Said(abs(got - right), scale, allowed))

    def statements(self, here: Evidence, last: bool) -> list[Statement]:
        """What the witnesses say of every gradient at one point, the cheap ones first.

        last   whether no more will be known of what rounding does. Then all are asked, tensor by tensor where something is off;
               before, none after one that finds something off, since that may be rounding.
        """
        said = list(self.exact(here))
        if last or not _off(said):
            said += self.along("complex_step", partial(here.complex_steps, self.tolerance), last)
        if _off(said):
            return [*said, *self.along("differences", here.differences, last)] if last else said
        heard = here.can_step() and all(row.differences.compared for row in self.rows.values())
        return said if heard else [*said, *self.along("differences", here.differences, last)]

    def exact(self, here: Evidence) -> Iterator[Statement]:
        """What the tape says of every gradient, and what the compiled function returns."""
        value, (got, gradients) = here.value, here.compiled
        allowed = self.tolerance * abs(value) + MARGIN * here.blur + UNDERFLOW
        yield self.computed(self.value, got, value, largest_of(value), allowed)
        for name, row in self.rows.items():
            taped, allowed = here.taped[name], self.allowed(here, name)
            yield Statement(row.tape, Said(abs(here.shown[name] - taped), here.scale(name), allowed))
            yield self.computed(row.compiled, gradients[name], taped, here.scale(name), allowed)

    def along(self, kind: str, ask: Callable[[Sequence[str]], Said | None], apart: bool) -> Iterator[Statement]:
        """What a witness says that hears all tensors at once; if it contradicts, and `apart`, it is asked which are off."""
        names = list(self.rows)
        together = ask(names)
        if together is None:
            return

        def off(some: Sequence[str]) -> bool:
            said = ask(some)
            return said is not None and said.contradicts

        culprits = by_halves(names, off) if apart and together.contradicts and len(names) > 1 else []
        alone = {name: said for name in culprits if (said := ask([name])) is not None}
        if not any(said.contradicts for said in alone.values()):
            alone = {}  # it shows only where all move
        rest = together if not alone else ask([name for name in names if name not in alone]) if len(alone) < len(names) else None
        for name in names:
            said = alone.get(name, rest)
            if said is not None:
                yield Statement(getattr(self.rows[name], kind), said)


def _shape(derived: Derivation, widths: LayerWidths, name: str) -> str:
    """The shape of a gradient; that of a layer, where each has another."""
    return shape_text(widths.shape(name) or derived.program.shape(name))


def _off(statements: Sequence[Statement]) -> bool:
    """Whether a witness contradicts."""
    return any(s.said.contradicts for s in statements)
