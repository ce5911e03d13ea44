"""What is known while one claim is read: names, ranges of indices, what was assumed on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.core.chain_rule import gradient_name
from symbackprop.core.functions import FUNCTIONS, TableFunction, declared_names
from symbackprop.core.loops.step_axes import Axis
from symbackprop.core.program import Gradient, Program, Sum, size
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.errors import Fault, Unranged
from symbackprop.notation.claims.guess import Guess
from symbackprop.notation.claims.nodes import DOWN, RIGHT, Node
from symbackprop.notation.claims.probe import Probe
from symbackprop.notation.claims.shapes import Senses, sure
from symbackprop.notation.claims.steps import Loops
from symbackprop.notation.claims.syntax import Span, Syntax
from symbackprop.notation.claims.words import Names


@dataclass(frozen=True)
class Context:
    """What a claim is about.

    forward   the network as written; a claim may name its named tensors.
    of        what is differentiated: the loss, or a tensor with axes for a Jacobian.
    wrt       by what, as the key of the claim says; None where the left-hand side must say it.
    symbols   a person's own letters: LaTeX -> the name of a tensor or size, a number, or X[n] and X[:, n].
    defined   earlier steps by the name that their left-hand side gives, with their shapes.
    aliases   second names of tensors.
    named     functions that nobody defines, beside those that the network applies.
    stands    a name among `defined` -> the tensor whose gradient it stands for.
    views     a tensor or a name among `defined` -> the name of its view, and how many indices pick one.
    lettered  a name that several steps gave at letters of their own, delta_k and delta_j -> its name at each of them.
    own       a tensor z -> the name among `defined` of the gradient by it that a step called dz.
    left      the indices of what is claimed with their sizes, where they are known and the claim is a right-hand side alone.
    zeros     the tensors that are 0 outside of their axes, where a claim says so.
    firsts    a tensor of a network -> the numbers of its first entries, by the places of the axes that do not count from 1.
    numbered  a tensor -> from where its entries are numbered, 0 or 1, where the claims around tell that.
    """

    forward: Program
    of: str
    wrt: str | None = None
    symbols: Mapping[str, str] = field(default_factory=dict)
    defined: Mapping[str, tuple[Expr, ...]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    stands: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    lettered: Mapping[str, Mapping[tuple[str, ...], str]] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    left: tuple[tuple[str, Expr], ...] = ()
    zeros: frozenset[str] = frozenset()
    firsts: Mapping[str, Mapping[int, Expr]] = field(default_factory=dict)
    numbered: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_network(self) -> bool:
        """Whether it is no claim, but a network whose equations are read: nothing is differentiated yet."""
        return not self.of

    @cached_property
    def counts_turns(self) -> bool:
        """Whether the network reads the number pi."""
        return any(isinstance(e.op, Sum) and e.op.body.has(sp.pi) for e in self.forward.equations)

    @cached_property
    def loops(self) -> Loops:
        """The loops of the network."""
        return Loops(self.forward, self.stands)

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that nobody defines."""
        bodies = [e.op.body for e in self.forward.equations if isinstance(e.op, Sum)]
        return tuple(dict.fromkeys([*self.named, *(name for body in bodies for name in declared_names(body))]))

    def shapes(self) -> dict[str, tuple[Expr, ...]]:
        """The tensors that a claim may name, with their shapes."""
        named = {t.name: t.shape for t in self.forward.tensors.values() if t.named}
        return named | {name: shape for name, shape in self.defined.items() if name not in named}

    def made_of(self, name: str) -> set[str]:
        """The tensors that a value is made of."""
        found, waiting = set[str](), [name]
        while waiting:
            equation = self.forward.equation_of().get(waiting.pop())
            read = {r.name for r in equation.operands} - found if equation else set()
            found |= read
            waiting += read
        return found

    @property
    def shape(self) -> tuple[Expr, ...] | None:
        """The shape of what the key claims; None without a key."""
        return None if self.wrt is None else (*self.forward.shape(self.of), *self.forward.shape(self.wrt))


_INTEGRALS = frozenset(["softplus", "log_sigmoid"])  # whose slope is the sigmoid: beside them \\sigma is that


class Local(NamedTuple):
    """What a claim defines: its senses, and the axes that stand for the indices of its name.

    letters   those indices as written, and `right` what they stand in, to be read again at other letters.
    """

    senses: Senses
    formal: tuple[str, ...] = ()
    first: int | None = None  # where its one index begins, if it numbers tensors
    letters: tuple[str, ...] = ()
    right: Syntax | None = None


class State:
    """One reading of one claim.

    names, probe   the tensors by their spellings, and one point to tell readings apart.
    origin         whether indices count from 1 or from 0; `counted` is set where it matters.
    guesses        a letter that stands nowhere -> what it is taken to be.
    ranges         the indices in scope with their sizes.
    lows           the lowest numbers of indices that run as the formula of a network says.
    local          what the claim itself defines: names without their indices -> senses, and the axes of the indices.
    trims          an index of steps -> how many at the low end, and at both, its range leaves out.
    apart          letters side by side that are taken the less likely way; `beside` are all those for which there is one.
    columns        whether the one index of a matrix on the left-hand side counts its columns.
    reached        an index of steps -> how far before the first step and beyond the last anything is read by it.
    read           the reader of any syntax.
    """

    def __init__(
        self,
        context: Context,
        names: Names,
        probe: Probe,
        origin: int,
        guesses: Mapping[str, Guess],
        trims: Mapping[str, tuple[int, int]] | None = None,
        apart: str = "",
        columns: bool = False,
    ) -> None:
        self.context, self.names, self.probe, self.origin, self.apart = context, names, probe, origin, apart
        self.columns = columns
        self.guesses = dict(guesses)
        self.counted = False
        self.beside: set[str] = set()
        self.ranges: dict[str, int] = {}
        self.lows: dict[str, Expr] = {}
        self.limited: set[str] = set()  # indices whose limits a sum computes: n - 2
        self.loose = False  # whether what is read stands in a sum without letters: all that are below something are its own
        self.divides = False  # whether what is read divides
        self.outer: set[str] = set()  # the indices of the left-hand side
        self.local: dict[str, Local] = {}
        self.consulted: set[str] = set()  # of those, what something used
        self.roles: dict[str, Gradient] = {}
        self.used: set[str] = set()  # the guesses that were used, and the derivatives that the claim says itself
        self.promised: dict[str, int] = {}  # derivatives that the claim says itself, and where
        self.starts: dict[str, int] = {}  # where an index over a family of tensors begins
        self.trims = dict(trims or {})
        self.reached: dict[str, tuple[int, int]] = {}
        self.read: Callable[[Syntax], Senses] = _unset
        self.foresee: Callable[..., None] = lambda node, only: None

    # ---- tensors
    def tensor(self, name: str) -> Node:
        """A whole tensor: a vector is a column, what has more than two axes is a stack of matrices."""
        if name not in self.probe.shapes:
            raise Fault(f"{name} is read before it has a value.", "Write its equation without it.")
        entries = self.probe.entries(name)
        stacks = tuple(f"b{k}" for k in range(1, entries.ndim - 1))
        return nd.leaf(name, (*stacks, *(DOWN, RIGHT)[: entries.ndim]) if entries.ndim < 3 else (*stacks, DOWN, RIGHT), entries)

    def gradient(self, of: str, wrt: str) -> str:
        """The name of the true derivative d of / d wrt, which is a tensor of this reading from now on."""
        name = gradient_name(of, wrt)
        if name not in self.probe.shapes:
            self.probe.add(name, (*self.probe.shapes[of], *self.probe.shapes[wrt]))
        self.roles[name] = Gradient(of, wrt)
        return name

    def guessed(self, letter: str) -> Node:
        """What a letter that stands nowhere is taken to be."""
        self.used.add(letter)
        guess = self.guesses[letter]
        return self.tensor(self.gradient(self.context.of, guess.tensor) if guess.gradient else guess.tensor)

    def is_integer(self, name: str) -> bool:
        signature = self.context.forward.tensors.get(name)
        return signature is not None and signature.kind == "integers"

    def bound_of(self, name: str) -> int | None:
        """How many classes labels have, where some axis has as many entries."""
        bound = self.context.forward.tensors[name].bound
        return None if bound is None else self.probe.extent(bound)

    # ---- sizes
    def size(self, name: str) -> Node:
        symbol = size(name)
        if symbol not in self.probe.sizes:
            raise Fault(f"no tensor has the size {name} yet.", "Declare what has it.")
        return nd.const(symbol, self.probe.value(symbol))

    def rows(self) -> list[Expr]:
        """What the number of rows may be, the likeliest first: the first axis that most tensors of data have."""
        counts: dict[Expr, int] = {}
        for tensor in self.context.forward.tensors.values():
            if tensor.kind in ("data", "labels", "integers") and tensor.shape:
                counts[tensor.shape[0]] = counts.get(tensor.shape[0], 0) + 1 + (tensor.rank > 1)
        return sorted(counts, key=lambda n: -counts[n])

    def range(self, letter: str, at: int | None) -> int:
        """The size that an index runs over. Raises Unranged where no tensor has said it yet."""
        if letter not in self.ranges:
            raise Unranged(f"the range of the index {letter} is not known.", "Put it below a tensor of the network.", at)
        return self.ranges[letter]

    def ranged(self, letter: str, extent: int) -> None:
        self.ranges.setdefault(letter, extent - self.trims.get(letter, (0, 0))[1])

    def spanned(self, spans: Iterable[Span]) -> None:
        """Indices run as these say."""
        for letter, low, extent in spans:
            self.ranges[letter], self.lows[letter] = int(self.probe.value(extent).real), low

    def low(self, letter: str) -> Expr:
        """The lowest number of an index."""
        return self.lows.get(letter, sp.Integer(self.origin))

    def positions(self, letter: str, at: int, labels: bool = False) -> Node:
        """An index as a number, counted from its lowest; beside labels, which are numbers from 0, as one of them."""
        low = self.low(letter)
        if labels:
            low = self.lows[letter] - 1 if self.lows.get(letter, 0) != 0 else sp.S.Zero
        return nd.positions(letter, self.range(letter, at), low, int(self.probe.value(low).real))

    def steps(self, letter: str, extent: int, axis: Axis) -> int:
        """How many steps an index runs over: from 1, unless the left-hand side says from where."""
        return extent if letter in self.trims else extent + int(self.probe.value(axis.origin).real) - 1

    def has_gradient(self, name: str) -> bool:
        """Whether a name has a gradient that dz can mean: it is the network's own, or an earlier step gave it one."""
        return name in self.context.own or name in self.context.forward.tensors

    @contextmanager
    def dividing(self) -> Iterator[None]:
        """What divides: the d of d r is a size there, since nobody divides by a gradient."""
        before, self.divides = self.divides, True
        try:
            yield
        finally:
            self.divides = before

    @contextmanager
    def bound(self, letters: list[str]) -> Iterator[None]:
        """Indices of a sum: their ranges are their own."""
        saved = {c: self.ranges.pop(c) for c in letters if c in self.ranges}
        lows = {c: self.lows.pop(c) for c in letters if c in self.lows}
        starts = {c: self.starts.pop(c) for c in letters if c in self.starts}
        reached = dict(self.reached)
        try:
            yield
        finally:
            for c in letters:
                self.ranges.pop(c, None)
                self.starts.pop(c, None)
                self.lows.pop(c, None)
            self.ranges |= saved
            self.lows |= lows
            self.starts |= starts
            self.reached = {c: r for c, r in self.reached.items() if c not in letters} | {
                c: r for c, r in reached.items() if c in letters
            }

    # ---- activations
    def applies(self, *functions: str | type[sp.Basic]) -> bool:
        """Whether the network applies one of these functions, by their names or as classes of them."""
        wanted = tuple(FUNCTIONS[f] if isinstance(f, str) else f for f in functions)
        return any(isinstance(e.op, Sum) and e.op.body.atoms(*wanted) for e in self.context.forward.equations)

    def activations(self, value: str | None = None, of: str | None = None) -> list[str]:
        """The activations of the network, in the order of use: those applied to one value alone, or that make one."""
        found: dict[str, None] = {}
        for equation in self.context.forward.equations:
            if not (isinstance(equation.op, Sum) and of in (None, equation.target.name)):
                continue
            if value is None or [r.name for r in equation.operands] == [value]:
                for f in equation.op.body.atoms(TableFunction, sp.tanh):
                    if isinstance(f, TableFunction) and f.row.activation and len(f.row.args) == 1 and f.row.name not in _INTEGRALS:
                        found[f.row.name] = None
                    elif isinstance(f, sp.tanh):
                        found["tanh"] = None
        return list(found)


def number(text: str) -> Senses:
    """A number as it is written: 0.1 is one tenth."""
    value: Any = sp.Rational(text)
    return sure(nd.const(value, complex(value)))


def _unset(_: Syntax) -> Senses:
    raise Fault("nothing reads yet.")
