"""The truth that claims are held against: the gradients of a network as it was written, of every intermediate.

They are used only where a tape and differences, which share no rule with the chain rule, agree with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.algebra.recursion import StepBox
from symbackprop.backends.function import Compiled, with_sizes
from symbackprop.core.chain_rule import chain_rule
from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.orders import derivative_named
from symbackprop.core.differentiate import differentiate
from symbackprop.core.grammar import check
from symbackprop.core.loops import has_loops
from symbackprop.core.network import Network
from symbackprop.core.passes.settled import settled
from symbackprop.core.passes.simplify import without_dead
from symbackprop.core.program import Gradient, Program, Signature
from symbackprop.display.box import line_formula
from symbackprop.display.equations import equation_formula
from symbackprop.display.forms import Printer
from symbackprop.display.names import Names
from symbackprop.display.recursion import step_formula
from symbackprop.evaluate import tape
from symbackprop.evaluate.differences import central
from symbackprop.evaluate.extents import extent, shape_of
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.formulas.told import Formula, Told, in_line, name, told
from symbackprop.formulas.tree import Node
from symbackprop.judge.proofs.proved import proved_line
from symbackprop.judge.proofs.recursed import proved_steps
from symbackprop.judge.weighing.composed import with_values
from symbackprop.judge.weighing.points import Place, Places, largest_real
from symbackprop.notation.claims import At
from symbackprop.notation.claims.guess import Guess
from symbackprop.notation.claims.steps import Loops
from symbackprop.notation.networks import with_gates

CANCELLED = 1e-6  # of the largest value: of a gradient below, what cancels leaves too few digits
ROUNDING = 1e-9  # what the tape may differ by, relative to the largest entry
WITNESSES = ("tape", "differences")  # what the truth agrees with, else there is no verdict
TALL = 3  # points of each of two sizes at which a loss is least
BLUR = 1e-6  # what differences may differ by


@dataclass
class Truth:
    """A network's gradients.

    network   as it was read.
    of        what is differentiated.
    sizes     settled sizes.
    further   values that the network does not name, each as a program over its tensors.
    pinned    inputs that are given values, each as a program over the others: then it is the truth there.
    numbered  from where the entries of tensors are numbered, 0 or 1, where claims tell.
    domains   inputs that are by a person's word in one: symmetric matrices, labels that are 0 or 1, data that are labels.
    """

    network: Network
    of: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    further: Mapping[str, Program] = field(default_factory=dict)
    pinned: Mapping[str, Program] = field(default_factory=dict)
    numbered: Mapping[str, int] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def program(self) -> Program:
        """The network as written, each operation an equation; where inputs have values, at the sizes of these."""
        found = self._at_sizes(with_values(with_gates(self.network, "elementary").program, self.further))
        said = {name: _within(found.tensors[name], domain) for name, domain in self.domains.items()}
        return replace(found, tensors={**found.tensors, **said}) if said else found

    def _at_sizes(self, program: Program) -> Program:
        return settled(program, self.sizes) if self.pinned and not has_loops(program) else program

    @cached_property
    def named(self) -> tuple[str, ...]:
        """What a person named: inputs and values, in the order of writing."""
        inputs = [t.name for t in self.program.inputs]
        values = (*self.network.outputs, *self.further)
        return (*inputs, *(n for n in values if n in self.program.tensors and n not in inputs))

    @cached_property
    def everything(self) -> Program:
        """The network and the gradient of `of` by everything that has one, where `of` is a scalar."""
        if self.program.tensors[self.of].shape:
            return self.program
        return check(chain_rule(self.program, self.of, tuple(n for n in self.named if self.has_gradient(n))))

    @cached_property
    def loops(self) -> Loops:
        return Loops(self.program, {})

    @cached_property
    def names(self) -> Names:
        return Names(self.everything)

    def gradient(self, wrt: str, of: str | None = None) -> Formula:
        """d of / d wrt in a sentence."""
        of = of or self.of
        names = self.names if of in self.everything.tensors else Names(self.program_of(of))
        return Formula(f"d{of}/d{wrt}", in_line(names.derivative(Gradient(of, wrt), ())))

    def guessed(self, guess: Guess) -> Formula:
        """What a letter is taken to be, in a sentence."""
        return self.gradient(guess.tensor) if guess.gradient else name(guess.tensor)

    def has_gradient(self, name: str) -> bool:
        return self.program.tensors[name].kind not in ("integers", "constant")

    @cached_property
    def open_sizes(self) -> Mapping[str, int]:
        """The sizes that are settled, but for those that are numbers in its program."""
        own = {str(one) for one in self.program.sizes()}
        return {name: n for name, n in self.sizes.items() if name in own or not self.pinned}

    @cached_property
    def places(self) -> Places:
        return Places(self.program, self.everything, self.sizes, pinned=self.pinned)

    @cached_property
    def tall_places(self) -> tuple[Place, ...]:
        """Points with more samples than any other size, so that X^T X, or X X^T of columns, has an inverse."""
        rows = [str(n) for t in self.program.inputs if t.kind in ("data", "labels") for n in t.shape]  # or columns
        own = {str(n) for t in self.program.parameters for n in t.shape}
        free = [n for n in dict.fromkeys(rows) if n.isidentifier() and n not in self.sizes and n not in own]
        found: list[Place] = []
        for sizes in self.places.sizes * (2 if len(self.places.sizes) < 2 else 1):
            most = max(sizes.values(), default=0)
            given = {**sizes, **{n: most + 2 + k for k, n in enumerate(free)}}
            found += Places(self.program, self.everything, given).first(TALL)
        return tuple(found)

    @cached_property
    def slopes(self) -> Program:
        """The gradients by the parameters, and what they are made of."""
        return without_dead(self.everything, [f"d{self.of}/d{tensor.name}" for tensor in self.program.parameters])

    def compiled_slopes(self, sizes: Mapping[str, int]) -> Callable[[Mapping[str, ndarray]], dict[str, ndarray]]:
        """The gradients by the parameters at some sizes as a compiled function of all inputs."""
        key = tuple(sorted(sizes.items()))
        if key not in self._compiled:
            gradients = {tensor.name: f"d{self.of}/d{tensor.name}" for tensor in self.program.parameters}
            alone = replace(self.slopes, outputs=tuple(gradients.values()))
            whole = Compiled(with_sizes(alone, dict(sizes)), self.of, gradients, refuse_nan=False)
            read = {tensor.name for tensor in whole.program.inputs}
            self._compiled[key] = lambda given: whole.grad({name: array for name, array in given.items() if name in read})
        return self._compiled[key]

    @cached_property
    def _compiled(self) -> dict[tuple[tuple[str, int], ...], Callable[[Mapping[str, ndarray]], dict[str, ndarray]]]:
        return {}

    @cached_property
    def resting(self) -> dict[int, list[dict[str, ndarray]]]:
        """Where all gradients are 0, as found so far from each of the tall places."""
        return {}

    def places_where(self, conditions: Iterable[sp.Expr]) -> Places:
        """The places at which expressions of sizes are not negative: those of all claims, where these are such."""
        short = tuple(c for c in dict.fromkeys(conditions) if any(extent(c, at) < 0 for at in self.places.sizes))
        if not short:
            return self.places
        if short not in self._larger:
            self._larger[short] = Places(self.program, self.everything, self.sizes, short, self.pinned)
        return self._larger[short]

    @cached_property
    def _larger(self) -> dict[tuple[sp.Expr, ...], Places]:
        return {}

    def derived(self, wrt: str, of: str | None = None, shown: bool = False) -> Derivation:
        """d of / d wrt alone: over the elementary gates, or as it is shown."""
        key = wrt, of or self.of, shown
        if key not in self._derived:
            whole = self._at_sizes(self.network.program) if shown and key[1] not in self.further else self.program_of(key[1])
            self._derived[key] = differentiate(whole, of or self.of, [wrt], jacobian=True)
        return self._derived[key]

    def program_of(self, name: str) -> Program:
        """The program that has a tensor: the network, its gradients as well, or those of one of these."""
        for program in (self.program, self.everything):
            if name in program.tensors:
                return program
        role = derivative_named(name)
        assert role is not None, name
        return self.derived(role.wrt, role.of).program

    def knows(self, name: str) -> bool:
        """Whether a name is that of a tensor, or of a derivative of one by others."""
        role = derivative_named(name)
        return name in self.program.tensors or (role is not None and self.knows(role.of) and role.wrt in self.program.tensors)

    @cached_property
    def _derived(self) -> dict[tuple[str, str, bool], Derivation]:
        return {}

    @cached_property
    def _confirmed(self) -> dict[tuple[str, str], Told]:
        return {}

    def doubt(self, wrt: str, of: str | None = None) -> Told:
        """Why the truth is not to be relied on for one gradient; nothing where tape and differences agree with it."""
        key = wrt, of or self.of
        if key not in self._confirmed:
            self._confirmed[key] = self._witnessed(*key)
        return self._confirmed[key]

    def _witnessed(self, wrt: str, of: str) -> Told:
        derived = self.derived(wrt, of)
        heard = 0
        for place in self.places.first(6):
            ours = place.of(derived.program)[derived.gradient(wrt)]
            try:
                taped = tape.gradients(self.program_of(of), of, [wrt], place.point, place.sizes)[wrt]
                shape = shape_of(self.program.tensors[wrt], place.sizes)
                direction = np.random.default_rng([place.seed, 11]).standard_normal((1, *shape))
                direction /= np.linalg.norm(direction)
                moved = central(self.program_of(of), of, place.point, place.sizes, {wrt: direction})
            except PointError:
                continue
            if _off(ours, taped, CANCELLED * max(map(largest_real, place.values.values()))) > ROUNDING:
                return told("the tape does not agree with the derived gradient")
            along = np.tensordot(ours, direction[0], direction[0].ndim) if direction[0].ndim else ours * direction[0]
            scale = max(largest_of(ours), 1e-12)
            clear = ~moved.kink[0] & (moved.error[0] <= 1e-3 * scale)
            if (clear & (np.abs(moved.value[0] - along) > BLUR * scale + 10 * moved.error[0])).any():
                return told("differences do not agree with the derived gradient")
            heard += bool(np.any(clear)) or not np.any(ours)
            if heard >= 2:
                return Told()
        return Told() if heard else told("differences could not be taken at any point")

    def formula(self, wrt: str, of: str | None = None, steps: tuple[At, ...] = ()) -> Node:
        """The right formula: in closed form where that is short, else its last equation.

        steps   at which steps of loops it is asked for.
        """
        key = wrt, of or self.of, steps
        if key not in self._formulas:
            everywhere = replace(self, pinned={}) if self.pinned and self.sizes else self
            self._formulas[key] = everywhere._formula(wrt, of, steps)
        return self._formulas[key]

    @cached_property
    def _formulas(self) -> dict[tuple[str, str, tuple[At, ...]], Node]:
        return {}

    def _formula(self, wrt: str, of: str | None, steps: tuple[At, ...]) -> Node:
        derived = self.shown(wrt, of)
        names, name = Names(derived.program), derived.gradient(wrt)
        if has_loops(derived.program) and not derived.program.shape(derived.of):
            at_start = any(one.left is None for one in steps)
            found = step_formula(derived, self.step_box(derived), name, at_start)
            return equation_formula(names, names.written[name]) if found is None else found
        line = proved_line(derived, name)
        return equation_formula(names, names.written[name]) if line is None else line_formula(Printer(names), line)

    def step_box(self, derived: Derivation) -> StepBox:
        """The lines of a derivation with loops, in which a gradient of a loop stands by those of the steps beside."""
        key = id(derived)
        if key not in self._boxes:
            self._boxes[key] = derived, proved_steps(derived)
        return self._boxes[key][1]

    @cached_property
    def _boxes(self) -> dict[int, tuple[Derivation, StepBox]]:
        return {}

    def shown(self, wrt: str, of: str | None = None) -> Derivation:
        """The derivation as it is displayed, where it has the same values as the one over elementary gates."""
        shown, exact = self.derived(wrt, of, shown=True), self.derived(wrt, of)
        for place in self.places.first(2):
            a = place.of(shown.program)[shown.gradient(wrt)]
            b = place.of(exact.program)[exact.gradient(wrt)]
            if _off(a, b) > ROUNDING:
                return exact
        return shown

    def signature(self, name: str) -> Signature:
        return self.everything.tensors[name]


def weighted(program: Program) -> set[str]:
    """The tensors that stand beside a parameter."""
    read = [[r.name for r in e.operands] for e in program.equations]
    return {name for names in read if any(program.tensors[n].kind == "parameter" for n in names) for name in names}


def _within(tensor: Signature, domain: str) -> Signature:
    """An input that is by a person's word in a domain; labels are a kind."""
    return replace(tensor, kind="labels") if domain == "labels" else replace(tensor, domain=domain)


def _off(a: np.ndarray, b: np.ndarray, least: float = 1e-12) -> float:
    """How far arrays are apart, relative to the largest entry, or to what cancels, where that is larger."""
    if a.shape != b.shape:
        return np.inf
    gap = largest_of(a - b)
    return gap / max(largest_of(b), least) if gap == gap else np.inf


__all__ = ["Place", "Truth"]
