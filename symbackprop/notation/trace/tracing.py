"""From a function to its network: it is called until its sizes are known, then once to write it down, then at other sizes.

A size stays a symbol where the function, called on arrays of other sizes, makes the same program; else it is the number of the
example, and the network says so.
"""

from __future__ import annotations

import contextlib
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

import numpy as np
from sympy import Symbol

from symbackprop.core.errors import shown
from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.language import operations as ops
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.tensors import LanguageError, number_of
from symbackprop.notation.errors import NotationError
from symbackprop.notation.networks import made
from symbackprop.notation.trace import leaks
from symbackprop.notation.trace.asked import Refused, Restart
from symbackprop.notation.trace.courses import rewritten
from symbackprop.notation.trace.faults import OfJax, RaisedError, is_of_jax, raised
from symbackprop.notation.trace.run import MOST, Run
from symbackprop.notation.trace.said import said, size_said
from symbackprop.notation.trace.sizes import Sizes, UnsettledError
from symbackprop.notation.trace.stage import staged
from symbackprop.notation.trace.subject import Subject
from symbackprop.notation.trace.traced import Traced
from symbackprop.notation.trace.unrolled import Sums
from symbackprop.notation.vocabulary import name_fault

DEAR = 400  # operations of a call beyond which other sizes are tried one at a time: loops over several of them multiply
ROUNDS = 8  # times that the function is called anew because its course depends on values


@dataclass(frozen=True)
class Outcome:
    """A traced call: what it returned as the loss, and the call itself."""

    run: Run
    loss: Traced

    @property
    def value(self) -> float:
        return float(np.squeeze(self.loss.value))


class Tracing:
    """A function under tracing.

    subject  the function with its arrays.
    wrt      the leaves that the loss is differentiated by.
    settled  names of sizes that a person wants as numbers, or "all".
    follow   whether branches on their values are taken as in the example.
    most     operations of one call: more are refused.
    """

    def __init__(
        self, subject: Subject, wrt: Iterable[str], settled: Iterable[str] = (), follow: bool = False, most: int = MOST
    ) -> None:
        self.subject, self.wrt, self.follow, self.most = subject, frozenset(wrt), follow, most
        self.settled = set(settled)  # sizes that a person wants as numbers
        self.sizes, self.indexed = Sizes(), set[str]()
        self.frozen: dict[str, str] = {}
        self.pinned: dict[str, int] = {}
        self.only: set[str] = set()  # sizes other than which the function does not take
        self.random, self.folds = False, True
        self.both = False  # whether branches on what is differentiated by are both their courses
        self.masks: bool | None = None  # whether those on data are as well; None: none was met, False: that led nowhere
        self.unpacked = False  # whether leaves have the names of variables
        self.single = False  # whether the function makes numbers of single precision
        self.plain: NotationError | None = None  # what stands in the way of sizes that are symbols
        self.idle: dict[str, str] = {}  # what objects hold and the loss does not read, as it is written
        self.tables: set[str] = set()  # made by the function, others at other sizes
        self.leaks: list[str] = []  # where traced values became plain ones, in the last call
        self.example = {name: leaf.array for name, leaf in subject.leaves.items()}

    def network(self) -> Network:
        """The network.

        Raises NotationError where the function cannot be traced, with the line of it.
        """
        if self.subject.of_jax:
            raise OfJax
        try:
            return self._network()
        except NotationError:
            if not self.masks:
                raise
        return self.as_in_the_example()

    def as_in_the_example(self) -> Network:
        """The network where branches on data are taken by the values of the data."""
        self.masks, self.both, self.folds = False, False, True
        self.frozen, self.pinned = {}, {}
        return self._network()

    def _network(self) -> Network:
        self.sizes, outcome = self._learnt()
        network = self._written(outcome)
        bad = self._unsteady(network.program, outcome)
        if bad:
            outcome = self._at_numbers(bad, network.program)
            network = self._written(outcome)
        plain = leaks.found(self, outcome.run, network)
        given = [leak for leak in plain if not leak.finite and not leak.given & self.wrt and leak.given - set(self.frozen)]
        if given:
            self.frozen |= {name: leak.line for leak in given for name in leak.given}
            return self._network()
        fault = None if self.follow else leaks.refused(plain, self.wrt)
        if fault is not None:
            raise fault
        paths = {name: leaf.written for name, leaf in self.subject.leaves.items() if leaf.name in network.example}
        return replace(
            network, paths=paths, notes=tuple(dict.fromkeys((*said(self, outcome.run), *leaks.said(plain), *network.notes)))
        )

    # -- calls --------------------------------------------------------------------------------------------------------

    def _learnt(self) -> tuple[Sizes, Outcome]:
        """The sizes, and a call that takes them as settled."""
        for _ in range(ROUNDS):
            self.sizes = Sizes(self.plain is not None)
            try:
                outcome = self._call(self.example)
                if self._renamed(outcome.run.names.leaves):
                    continue
                self._summed(outcome)
                self._settle(outcome)
                return self.sizes, self._call(self.example)
            except Restart as again:
                if again.branch and self.masks is None:
                    self.both = self.masks = True
                    continue
                self.frozen |= dict.fromkeys(again.frozen, again.line)
            except RaisedError as fault:
                self._by_numbers(fault)
            except UnsettledError:
                self.folds = False  # what the sizes are may depend on what is put together
                continue
        raise NotationError("the course of the function differs from call to call.", "Make it depend on its arguments alone.")

    def _by_numbers(self, fault: RaisedError) -> None:
        """Go on with sizes that are plain numbers, where the function raises on others alone: what is compiled takes no others."""
        if self.plain is not None:
            raise fault
        try:
            self.subject.value(self.example)
        except NotationError:
            raise fault from fault.__cause__
        self.plain = fault

    def _renamed(self, called: Mapping[str, list[str]]) -> bool:
        """Call entries of a list by the one variable that each is unpacked to, W1, b1 = params; whether any is."""
        if self.unpacked:
            return False
        leaves, found = self.subject.leaves, dict[str, str]()
        for name, leaf in leaves.items():
            one = set(called.get(name, ()))
            if isinstance(leaf.path[-1], int) and len(one) == 1 and all(name_fault(own) is None for own in one):
                found[name] = one.pop()
        often, turn = Counter(found.values()), Counter[str]()
        for name, own in list(found.items()):  # for W, b in layers: several are called by one variable, and numbered
            if often[own] > 1 and isinstance(leaves[name].path[-2], int):
                found[name] = f"{own}_{turn[own]}"
                turn[own] += 1
        taken = Counter([*found.values(), *(n for n in leaves if n not in found)])
        new = {n: found[n] if n in found and taken[found[n]] == 1 else n for n in leaves}
        self.unpacked = any(n != name for n, name in new.items())
        self.subject.leaves = {new[n]: replace(leaf, name=new[n]) for n, leaf in leaves.items()}
        self.wrt = frozenset(new[n] for n in self.wrt)
        self.example = {new[n]: array for n, array in self.example.items()}
        self.frozen = {new[n]: line for n, line in self.frozen.items()}
        return self.unpacked

    def _summed(self, outcome: Outcome) -> None:
        """Learn the sizes that sums over the steps of a loop tell."""
        with contextlib.suppress(LanguageError, NotationError):
            Sums(outcome.run).of(outcome.loss.tensor)

    def _settle(self, outcome: Outcome) -> None:
        """Pin what no other example could change, then name the sizes that are left."""
        sizes, run = self.sizes, outcome.run
        leaves = [name for name in self.subject.leaves if name in run.inputs and name not in self.frozen]
        of_leaves = sizes.free(e for name in leaves for e in run.inputs[name].shape)
        self._counted([s for s in sizes.known() if s in sizes.pinned])
        sizes.pin([s for s in sizes.numbers if not sizes.free([s]) <= of_leaves])
        named = {n for s, n in sizes.names.items() if n in self.settled or "all" in self.settled}
        sizes.pin([s for s, n in sizes.names.items() if n in named] if "all" not in self.settled else list(sizes.numbers))
        taken = {*self.subject.leaves, *run.inputs, *run.names.words()}
        sizes.settle(taken)

    def _counted(self, symbols: Iterable[Symbol]) -> None:
        """Keep what sizes are called that are the number of the example."""
        said = {size_said(self.sizes, self.subject.leaves, s): self.sizes.numbers[s] for s in symbols}
        self.pinned |= {name: number for name, number in said.items() if name and number > 1}

    STOPS = (Refused, Restart, UnsettledError)  # how a call ends that makes no network

    def again(self, tampered: Callable[[str, Any], Any]) -> Network:
        """The network of a further call at the example, in which plain numbers made of traced ones are others."""
        return self._written(self._call(self.example, tampered))

    def _call(self, arrays: Mapping[str, np.ndarray], tampered: Callable[[str, Any], Any] | None = None) -> Outcome:
        """The function, called on traced arrays."""
        run = Run(
            self.sizes, self.wrt, self.indexed, self.subject.usual, self.most, self.follow, self.folds, bool(self.masks),
            tampered=tampered,
        )  # fmt: skip
        given: dict[str, Any] = {}
        for name, array in arrays.items():
            if name in self.frozen:
                given[name] = array.copy()
                run.frozen[id(given[name])] = name
            else:
                given[name] = run.input(name, array, name in self.wrt)
        before = sys.gettrace()
        courses = rewritten(self.subject.functions, self.both)
        known = np.errstate(all="ignore") if self.both else contextlib.nullcontext()  # a course not taken may be off the domain
        with courses, known, self.subject.standing(given) as call, staged(run, self.subject.modules.values(), self.subject.cells()):
            sys.settrace(run.names.watch)
            try:
                result = call()
            except Refused as refused:
                if refused.branch and not self.both:
                    self.both = True
                    raise Restart(frozenset(), "") from None
                raise refused.fault from None
            except (NotationError, UnsettledError):
                raise
            except Exception as fault:
                if is_of_jax(fault):
                    raise OfJax from fault
                raise raised(self._name, fault) from fault
            finally:
                sys.settrace(before)
            self.single = self.single or run.single
            self.random = self.random or self.subject.drew()
            self.leaks = list(dict.fromkeys([*(line for _, _, line in run.leaks.values()), *run.texts]))
            return Outcome(run, self._loss(run, result))

    def _loss(self, run: Run, result: Any) -> Traced:
        """The traced number that is the loss."""
        found = self.subject.loss_of(result)
        if isinstance(found, float) and id(found) in run.leaks:
            found = run.leaks[id(found)][1]
        if not isinstance(found, Traced):
            raise NotationError(*_untraced(found, run))
        if np.size(found.value) != 1:
            fault = f"{self._name} returns an array {np.shape(found.value)}, which is no loss."
            raise NotationError(fault, _summed(self.subject.function, self._name, result))
        return found

    @property
    def _name(self) -> str:
        return getattr(self.subject.function, "__name__", "function")

    # -- writing it down --------------------------------------------------------------------------------------------------

    def _written(self, outcome: Outcome) -> Network:
        """The network of a call."""
        run = outcome.run
        try:
            tensor = outcome.loss.tensor
        except LanguageError as fault:
            raise NotationError(str(fault)) from None
        if tensor.shape:
            tensor = ops.reshape(tensor, ()) if all(n == 1 for n in tensor.shape) else ops.sum(tensor)
        if tensor.is_input or number_of(tensor) is not None:
            raise NotationError(f"what {self._name} returns does not depend on {', '.join(sorted(self.wrt))}.", "")
        tensor = Sums(run).of(tensor)
        needed = ordered([tensor])
        run.names.given(tensor, needed, {*run.inputs, *map(str, self.sizes.numbers)})
        name = tensor.name or run.names.fresh(
            "L", {*run.inputs, *(t.name for t in needed if t.name), *map(str, self.sizes.numbers)}
        )
        reached = {id(t) for t in needed}
        unread = {n: leaf for n, leaf in self.subject.leaves.items() if n in run.inputs and id(run.inputs[n]) not in reached}
        self.idle = {n: leaf.written for n, leaf in unread.items() if leaf.path in self.subject.owned}
        told = self.wrt - self.subject.numbers - self.idle.keys()
        declared = [t for n, t in run.inputs.items() if id(t) in reached or n in told]
        document = self.subject.function.__doc__
        return made(
            {name: tensor}, declared, name, "whole", name=self._name,
            title=textwrap.dedent(document).strip().split("\n")[0] if document else None,
            origin="trace", function=self.subject.function, code=run.names.code(needed),
            example={t.name: run.arrays[t.name] for t in declared if t.name},
        )  # fmt: skip

    # -- other sizes --------------------------------------------------------------------------------------------------------

    def _unsteady(self, program: Program, outcome: Outcome) -> list[Symbol]:
        """The sizes at which the function makes another program: it counts them out."""
        symbols = sorted({s for s in program.sizes() if isinstance(s, Symbol)}, key=str)
        dear = outcome.run.count > DEAR
        whole = None if dear or not symbols else self._same(program, outcome, symbols)
        if not symbols or whole:
            return []
        if len(symbols) == 1 and whole is not None:
            return symbols
        single = {s: self._same(program, outcome, [s], dear) or self._same(program, outcome, [s], not dear) for s in symbols}
        bad = [s for s, same in single.items() if not same]
        return symbols if whole is False and not bad else bad

    def _same(self, program: Program, outcome: Outcome, symbols: list[Symbol], smaller: bool = False) -> bool | None:
        """Whether the function makes the same program where these sizes are others; None where it makes none at all."""
        kept = dict(self.sizes.numbers)
        used = set(kept.values())
        try:
            for symbol in sorted(symbols, key=kept.__getitem__):  # what is larger stays larger: a kernel fits into its image
                larger = next(n for n in range(kept[symbol] + 1, 10**9) if n not in used)
                number = kept[symbol] - 1 if smaller and kept[symbol] > 2 else larger
                used.add(number)
                self.sizes.numbers[symbol] = number
            arrays = {name: self._resized(outcome.run, name, array) for name, array in self.example.items()}
            with np.errstate(all="ignore"):
                there = self._call(arrays)
                same = self._written(there).program == program
            if same:
                self.tables |= _moved(outcome.run, there.run)
            return same
        except RaisedError:
            self.only |= {str(s) for s in symbols[:1] if len(symbols) == 1}
            return None
        except (Exception, UnsettledError, Restart):
            return None
        finally:
            self.sizes.numbers = kept

    def _resized(self, run: Run, name: str, array: np.ndarray) -> np.ndarray:
        """An example array at the sizes of `sizes.numbers`: its entries, again and again."""
        if name not in run.inputs:
            return array
        shape = tuple(self.sizes.number(extent) for extent in run.inputs[name].shape)
        return np.resize(array, shape) if shape != array.shape else array

    def _at_numbers(self, bad: list[Symbol], program: Program) -> Outcome:
        """A call that takes these sizes as the numbers of the example; all of them where they are other sizes by then."""
        self._pin(bad)
        try:
            return self._call(self.example)
        except UnsettledError:
            self._pin([s for s in program.sizes() if isinstance(s, Symbol)])
            self.settled = {"all"}
            self.sizes, outcome = self._learnt()
            return outcome

    def _pin(self, symbols: list[Symbol]) -> None:
        self._counted([s for s in symbols if str(s) not in self.only])
        self.sizes.learning = True
        self.sizes.pin(symbols)
        self.sizes.learning = False


def _moved(here: Run, there: Run) -> set[str]:
    """The arrays made by the function that are others at other sizes."""
    known = {name: array for array, name, _ in here.came_in.values()}
    return {name for array, name, _ in there.came_in.values() if name in known and not np.array_equal(array, known[name])}


def _summed(function: Any, name: str, result: Any) -> str:
    """What to trace of a function whose loss is an array: what sums it up, or another of the values that it returns."""
    parameters = signature(function).parameters.values()
    given = ", ".join(p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD)
    name = name if getattr(function, "__self__", None) is None or "." in name else f"model.{name}"
    called = f"{name}({given})" + ("[0]" if isinstance(result, tuple) else "")
    several = result.items() if isinstance(result, dict) else enumerate(result) if isinstance(result, tuple | list) else ()
    other = next((key for key, value in several if isinstance(value, Traced) and np.size(value.value) == 1), None)
    total = f"def total({given}): return np.sum({called})"
    if other is None:
        return f"Trace a function that sums it up: {total}."
    return f"Trace a function that sums it up: {total}; or say which of the returned values is the loss: loss={other!r}."


def _untraced(found: Any, run: Run) -> tuple[str, str]:
    """Why what is returned is no loss."""
    lines = list(dict.fromkeys(line for _, _, line in run.leaks.values()))
    if found is None:
        return "the function returns nothing.", "Write return loss at its end."
    if lines:
        return f"the loss is a plain number, made at {lines[-1]}.", "Write NumPy's functions, and leave arrays as they are."
    return f"{shown(found)} is returned, which depends on no array that was traced.", "Return the loss, or (loss, anything)."
