"""The ways to read a claim in LaTeX: from where indices count, what unknown letters are, which axis an index stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from symbackprop.core.program import Gradient, ProgramError
from symbackprop.formulas import build
from symbackprop.formulas.names import letter, parse_name
from symbackprop.formulas.told import Said, Told, told
from symbackprop.formulas.tree import Node as Formula
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import statements
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.constants import constant
from symbackprop.notation.claims.einstein import SUMMED, with_sums
from symbackprop.notation.claims.errors import Fault, Unknown
from symbackprop.notation.claims.fitting import Fitted, Way, fitted
from symbackprop.notation.claims.guess import Guess
from symbackprop.notation.claims.inline_cases import CASES
from symbackprop.notation.claims.left import Left, chained, implied, is_name, left_side, lettered, under, unlettered
from symbackprop.notation.claims.lower import lowered
from symbackprop.notation.claims.nodes import Node
from symbackprop.notation.claims.probe import Probe
from symbackprop.notation.claims.reach import REACHED, reaching
from symbackprop.notation.claims.reader import Reader, with_ranges
from symbackprop.notation.claims.shapes import Senses
from symbackprop.notation.claims.state import Context, State
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.typeset import Typeset
from symbackprop.notation.claims.understood import Reading, Understood
from symbackprop.notation.claims.words import Names

FROM_ZERO = told("indices count from 0 (they are shown counted from 1)")
KEPT = 6  # readings that are handed on
BESIDE = 3  # groups of letters side by side that are tried otherwise
APART = 10.0  # letters side by side, taken the less likely way
GUESSES = 60  # ways to take unknown letters that are tried


class Attempt:
    """The readings of one claim, with letters guessed or not."""

    def __init__(
        self, context: Context, names: Names, probe: Probe, main: statements.Equality, definitions: Iterable[statements.Equality]
    ) -> None:
        self.context, self.names, self.probe, self.main, self.definitions = context, names, probe, main, list(definitions)
        self.tried, self.unread, self.is_whole = 0, tuple[Told, ...](), True

    def guessed(self, unknown: Unknown) -> Understood:
        """Letters that stand nowhere as the true gradients of the values of the network, and as its tensors, each in turn."""
        found: list[Reading] = []
        left = self.guess(unknown, {}, found)
        if not found or left is None:
            raise unknown
        found.sort(key=lambda r: r.cost)
        letters = tuple(dict.fromkeys(key for r in found for key in r.guesses))
        return Understood(left, tuple(found), letters)

    def guess(self, unknown: Unknown, guesses: Mapping[str, Guess], found: list[Reading]) -> Left | None:
        result = None
        told_of = [name for name in self.context.defined if _is_numbered_otherwise(unknown.key, name)]  # delta_2 of delta_3
        is_told = told_of and not any(name.startswith(unknown.key) for name in self.context.defined)
        is_word = unknown.key in CASES  # otherwise
        is_tried = len(guesses) < 2 and unknown.key not in guesses and not (is_told or is_word)
        for one in self.candidates(alone=not guesses) if is_tried else ():
            if not one.gradient and _is_numbered_otherwise(unknown.key, one.tensor):
                continue
            self.tried += 1
            if self.tried > GUESSES:
                return result
            now = {**guesses, unknown.key: one}
            try:
                left, readings = self.readings(now)
                found += [r for r in readings if r.fits]
                result = left
            except Unknown as other:
                result = (self.guess(other, now, found) if one.gradient else None) or result
            except Fault:
                continue
        return result

    def candidates(self, alone: bool) -> Iterator[Guess]:
        """What a letter that stands nowhere may be: a gradient, or, where no other letter is unknown, a tensor."""
        named = [t for t in self.context.forward.tensors.values() if t.named and t.name != self.context.of]
        yield from (Guess(t.name, True) for t in named if t.kind == "value" and t.name != self.context.wrt)
        yield from (Guess(t.name, False) for t in named if alone)

    def readings(self, guesses: Mapping[str, Guess]) -> tuple[Left, list[Reading]]:
        """The readings, in which sums go as far as their indices; where there is none, indices that stand twice are summed over."""
        try:
            return self.as_far_as_indices(guesses) or self.as_written(guesses)
        except Fault:
            found = self.with_sums(guesses)
            if found is None:
                raise
            left, several = found
            return left, [replace(one, notes=(*one.notes, SUMMED)) for one in several]

    def as_far_as_indices(self, guesses: Mapping[str, Guess]) -> tuple[Left, list[Reading]] | None:
        """The readings in which a sum goes on over the terms behind it that have its index; None where there is no such sum.

        The minus before a sum is more likely that of all of it than that of its first term.
        """
        try:
            letters = frozenset(left_side(State(self.context, self.names, self.probe, 1, {}), self.main.left).letters)
        except Fault:
            return None
        ways = [reaching(self.main.right, letters, turned) for turned in (False, True)]
        if ways[0] == self.main.right:
            return None
        left, found = None, list[Reading]()
        for k, way in enumerate(dict.fromkeys(ways)):
            with suppress(Fault):
                main = replace(self.main, right=way)
                left, several = Attempt(self.context, self.names, self.probe, main, self.definitions).as_written(guesses)
                found += [replace(one, cost=one.cost + k, notes=(*one.notes, REACHED)) for one in several]
        return (left, found) if left is not None else None

    def as_written(self, guesses: Mapping[str, Guess]) -> tuple[Left, list[Reading]]:
        """The readings with indices from 1, and from 0 where that matters; then those that take letters side by side apart.

        Where none fits, the one index of a matrix counts its columns: the w_k of W.
        """
        several: list[Fitted] = []
        states: dict[Way, tuple[State, Left]] = {}
        fault = None
        for columns in (False, True):
            if not columns or (not any(f.fits for f in several) and self.may_count_columns()):
                fault = self.each_way(guesses, columns, several, states) or fault
        if not states:
            assert fault is not None
            try:
                raise fault
            finally:
                fault = None  # it holds this frame, which is not to hold it
        left = next(own for _, own in states.values())
        several.sort(key=lambda f: (not f.fits, f.cost, -f.way.origin))
        if several[0].fits:
            several = [f for f in several if f.fits]
        kept = [f for f in several if not f.way.apart][:KEPT] + [f for f in several if f.way.apart][:KEPT]
        return left, [self.reading(one, *states[one.way], guesses) for one in kept]

    def each_way(
        self, guesses: Mapping[str, Guess], columns: bool, several: list[Fitted], states: dict[Way, tuple[State, Left]]
    ) -> Fault | None:
        """Each way to read the claim, with what fits it added; the first fault that was found."""
        fault: Fault | None = None
        counted, ways = True, [Way(1, columns=columns), Way(0, columns=columns)]
        for tried in ways:
            if not (tried.origin or counted):
                continue
            try:
                for own, state, senses in self.limited(tried, guesses):
                    counted = state.counted
                    more = [Way(apart=name, columns=columns) for name in sorted(state.beside)[:BESIDE]]
                    ways += [way for way in more if way not in ways]
                    notes, way = () if tried.origin else (FROM_ZERO,), tried._replace(at=own.at)
                    found, cost = fitted(state, senses, own), APART * bool(tried.apart)
                    several += [f._replace(way=way, cost=f.cost + cost, notes=(*f.notes, *notes)) for f in found]
                    states[way] = state, own
            except Unknown:
                if not tried.apart:
                    raise
            except Fault as error:  # an entry 0 is there only where indices count from 0
                fault = fault or error.with_traceback(None)  # which would hold this frame, that holds the fault
        return fault

    def with_sums(self, guesses: Mapping[str, Guess]) -> tuple[Left, list[Reading]] | None:
        """The readings by Einstein's convention; None where nothing stands twice, or there is none either."""
        try:
            left = left_side(State(self.context, self.names, self.probe, 1, {}), self.main.left)
            main = replace(self.main, right=with_sums(self.main.right, frozenset(left.letters)))
            if not left.letters or main == self.main:
                return None
            return Attempt(self.context, self.names, self.probe, main, self.definitions).as_written(guesses)
        except Fault:
            return None

    def may_count_columns(self) -> bool:
        """Whether the left-hand side has one index of a matrix, or one of each of two that it differentiates by."""
        try:
            left = left_side(State(self.context, self.names, self.probe, 1, {}), self.main.left)
        except Fault:
            return False
        if left.wrt is None or left.of is None or left.at:
            return False
        ranks = [len(self.probe.shapes.get(own, ())) for own in (left.wrt, left.of)]
        return ranks[0] == 2 and ranks[1] == (2 if left.second else 0) and len(left.letters) == (2 if left.second else 1)

    def limited(self, way: Way, guesses: Mapping[str, Guess]) -> Iterator[tuple[Left, State, Senses]]:
        """The claim at all steps; then, where it reads beyond the first or the last, at the others alone."""
        left, state, senses = self.senses(way, guesses)
        yield left, state, senses
        if (left.wrt or self.context.wrt) is None:  # an abbreviation stands at all steps
            return
        reached = {c: state.reached[c] for c in left.letters if state.reached.get(c, (0, 0)) != (0, 0)}
        if reached:
            trims = {
                c: (state.trims.get(c, (0, 0))[0] - low, state.trims.get(c, (0, 0))[1] + high - low)
                for c, (low, high) in reached.items()
            }
            yield self.senses(way, guesses, {**state.trims, **trims})

    def between(self) -> Iterator[tuple[Reading, ...]]:
        """The readings of the sides in between, but for new names, derivatives, and products of these, which only say a rule.

        A product of entries, or with one derivative that has axes, is judged: of several such the rule leaves the layout open. A
        side without derivatives that is not understood is kept in `unread`.
        """
        for side in self.main.between:
            is_derivative = isinstance(side, sx.Nabla | sx.Fraction)
            if is_name(side) and not is_derivative and not (isinstance(side, Word) and self.names.lookup(side)):
                continue
            main = replace(self.main, right=side)
            try:
                side_alone = Attempt(self.context, self.names, self.probe, main, self.definitions)
                side_alone.is_whole = False  # what is defined beside the claim may stand in another side
                left, readings = side_alone.readings({})
            except Unknown:
                continue
            except Fault as fault:
                self.unread += () if _derivatives(side) else (told("{}", Said(fault.fault)),)
                continue
            roles = [t.role for t in readings[0].program.inputs if t.role]
            if is_derivative and is_name(side) and any(role.of == self.context.of for role in roles):  # \nabla_a L = \nabla_p L = 0
                continue
            with_axes = sum(bool(t.role and t.shape) for t in readings[0].program.inputs)
            is_sum = isinstance(side, sx.Terms) and all(_derivatives(term) <= 1 for _, term in side.parts)
            if with_axes <= 1 or is_sum or (left.letters and ":" not in left.letters):
                yield tuple(readings)

    def reading(self, one: Fitted, state: State, left: Left, guesses: Mapping[str, Guess]) -> Reading:
        try:
            program = lowered(one.node, one.axes, one.extents, self.probe, self.context.forward, state.roles)
        except ProgramError:  # of names that stand nowhere: guesses have no axis of the size that it says
            raise Fault(
                "a size in it belongs to nothing that it is made of.", "Say what its names are in steps before it."
            ) from None
        typeset = Typeset(state.roles, self.probe, self.context.loops, state.trims)
        formula = _where(typeset, one.node, self.main.labels) if left.partial else typeset.formula(one.node)
        of, wrt = left.of or self.context.of, left.wrt or self.context.wrt
        said = typeset.claimed(Gradient(of, wrt), left.letters, one.way.at, one.way.origin) if wrt is not None else None
        named = left.kind == "jacobian" and len(left.letters) > 1 and ":" not in left.letters and not left.at
        if wrt is not None and (left.pattern or named) and not left.second:
            said = typeset.derivative(Gradient(of, wrt), [letter(c) for c in left.indices])
        if wrt is not None and not left.second and any(not step.axis.letter for step in left.at):
            said = typeset.derivative(Gradient(of, wrt), _places(left))
        if wrt is not None and self.main.labels and not left.second:
            said = typeset.derivative(Gradient(of, wrt), [self.below(c) for c in left.letters])
        cost = round(one.cost, 6)
        return Reading(program, one.shape, one.fits, cost, one.notes, dict(guesses), formula, one.way.origin, one.way.at, said)

    def below(self, index: str) -> Formula:
        """An index below the left-hand side: the label that it is, or a letter."""
        sides = (one.sides for one in self.main.only[: self.main.labels])
        labels = {a.base: b.base for a, b in sides if isinstance(a, Word) and isinstance(b, Word)}
        return parse_name(labels[index]).formula() if index in labels else letter(index)

    def senses(
        self, way: Way, guesses: Mapping[str, Guess], trims: Mapping[str, tuple[int, int]] | None = None
    ) -> tuple[Left, State, Senses]:
        """One reading of the whole claim."""

        def read(reader: Reader, state: State) -> tuple[Left, State, Senses]:
            left = replace(chained(state, (self.main.left, *self.main.between)), partial=bool(self.main.only))
            below_name = under(self.main.left, left)
            if self.context.left:
                left, below_name = Left("abbreviation", letters=tuple(c for c, _ in self.context.left)), {}
                for letter, extent in self.context.left:
                    state.ranged(letter, self.probe.number[extent])
            state.outer = {*left.letters, *below_name}
            reader.foresee(self.main.right)
            for definition in self.definitions:
                reader.foresee(definition.right)
            self.define(reader, state)
            senses = reader.read(self.main.right)
            if self.is_whole:
                statements.require_used(state, self.main.between)
            left = lettered(left, below_name, senses) if below_name else unlettered(left, self.main.left, senses)
            return implied(state, left), state, senses

        def state() -> State:
            return State(self.context, self.names, self.probe, way.origin, guesses, trims, way.apart, way.columns)

        return with_ranges(state, read)

    def define(self, reader: Reader, state: State) -> None:
        """The claim's own definitions, in an order in which each stands."""
        waiting = list(self.definitions)
        state.promised = statements.derivatives_defined(state, waiting)
        while waiting:
            ready = [id(one) for one in statements.ready(waiting)]
            done: list[int] = []
            fault: Fault | None = None
            for definition in sorted(waiting, key=lambda one: id(one) not in ready):
                if done and id(definition) not in ready:
                    break
                try:
                    statements.define(state, reader.read, definition)
                    done.append(id(definition))
                except Fault as error:
                    fault = fault or error.with_traceback(None)
            if not done:
                assert fault is not None
                raise fault
            waiting = [one for one in waiting if id(one) not in done]


def _derivatives(node: object) -> int:
    r"""How many derivatives stand in a syntax: f', \partial z / \partial w, \nabla f."""
    match node:
        case sx.Nabla() | sx.Partial() | sx.Fraction(under=sx.Partial()):
            return 1
        case Word(primes=primes) | sx.Scripted(primes=primes) if primes:
            return 1
    return sum(_derivatives(part) for part in sx.below(node))


def _where(typeset: Typeset, node: Node, labels: int) -> Formula:
    """A claim about some entries with its conditions, but for those that its left side says."""
    if not isinstance(node.op, nd.Chosen):
        return typeset.formula(node)
    condition, claimed, _ = node.args
    shown = _where(typeset, claimed, labels - 1)
    return shown if labels > 0 else build.beside(shown, build.words(" for "), typeset.condition(condition))


def _places(left: Left) -> list[Formula]:
    """What stands below a derivative that is claimed at single entries, axis by axis, counted from 1."""
    numbers, free = {one.place: constant(one.first + 1) for one in left.at}, list(left.letters)
    return [numbers[k] if k in numbers else letter(free.pop(0)) for k in range(len(numbers) + len(free))]


def _is_numbered_otherwise(letter: str, tensor: str) -> bool:
    """Whether a letter is a tensor but for its number: W_3 and W^{(3)} are no other names for W_2."""
    own, other = (re.fullmatch(r"(.*?)(\d+)", re.sub(r"[_^(){}\[\]]", "", name)) for name in (letter, tensor))
    return own is not None and other is not None and own[1] == other[1] and own[2] != other[2]
