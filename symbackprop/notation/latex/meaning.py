"""What a formula of a network means: the one way to read it, by the shapes of what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sympy import Expr, Integer

from symbackprop.core.program import Program, Signature
from symbackprop.formulas.latex import latex as printed
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.fitting import AS_COLUMN, Fitted, fitted
from symbackprop.notation.claims.left import Left
from symbackprop.notation.claims.nodes import RIGHT
from symbackprop.notation.claims.probe import Probe
from symbackprop.notation.claims.reader import Reader as Readings
from symbackprop.notation.claims.reader import with_ranges
from symbackprop.notation.claims.shapes import A_ROW, BESIDE, DOT, Senses
from symbackprop.notation.claims.state import Context, State
from symbackprop.notation.claims.syntax import Span, Syntax
from symbackprop.notation.claims.typeset import Typeset
from symbackprop.notation.claims.words import Names

ALIKE = 1e-9
SHOWN = 3  # readings in a message


class Scope:
    """What the names of formulas stand for.

    signatures  of the tensors, by name.
    names       their spellings.
    functions   the names of functions that nobody defines.
    """

    def __init__(self, signatures: Mapping[str, Signature], names: Names, functions: Iterable[str]) -> None:
        self.names, self.functions = names, tuple(functions)
        self.signatures = dict(signatures)
        self.counts: set[Expr] = {*map(Integer, names.counts())}
        self.firsts: Mapping[str, Mapping[int, Expr]] = {}
        self.probe = Probe({n: s.shape for n, s in signatures.items()}, self.counts)
        self.probe.add("", ())

    def add(self, name: str, signature: Signature) -> None:
        """One more tensor, or another shape of one."""
        self.signatures[name] = signature
        self.names.known[name] = len(signature.shape)
        if all(n in self.probe.number for n in signature.shape):
            self.probe.add(name, signature.shape)
        else:  # a size that nothing had: what was read before keeps its own
            shapes = self.probe.shapes | {name: signature.shape}
            self.counts |= {*map(Integer, self.names.counts())}
            self.probe = Probe(shapes, self.counts)

    def reckon(self, spans: Iterable[Span]) -> None:
        """Indices may run over so many numbers."""
        several = {span.extent for span in spans}
        if not several <= self.probe.number.keys():
            self.counts |= several
            self.probe = Probe(self.probe.shapes, self.counts)

    def state(self) -> State:
        forward = Program(self.signatures, (), ())
        return State(Context(forward, "", named=self.functions, firsts=self.firsts), self.names, self.probe, 1, {})

    def meant(self, name: str, letters: tuple[str, ...], right: Syntax, spans: Iterable[Span] = ()) -> Fitted:
        """The one way to read name = right. Raises Fault where there are several, or where it takes too much for granted.

        spans   how letters that no sum binds run.
        """

        def read(reader: Readings, state: State) -> tuple[State, Senses]:
            state.outer = set(letters)
            state.spanned(spans)
            reader.foresee(right)
            return state, reader.read(right)

        state, senses = with_ranges(self.state, read)
        several = sorted(map(_kept, fitted(state, senses, Left(letters=letters))), key=lambda f: f.cost)
        first, *others = several
        if state.roles:
            raise Fault("a derivative has no place in a network.", "Write values only; the derivatives are derived.", right.at)
        alike = [first, *(f for f in others if f.cost - first.cost < ALIKE)]
        if len(alike) == 1 and (first.cost < BESIDE or (DOT in first.notes and {*first.notes} <= {DOT, A_ROW})):
            return first
        typeset = Typeset(state.roles, self.probe)
        shown = " or ".join(printed(typeset.formula(f.node)) for f in (alike if len(alike) > 1 else several)[:SHOWN])
        why = f" ({'; '.join(map(str, first.notes))})" if first.notes else ""
        raise Fault(f"{name} can be read as {shown}{why}.", "Write what is meant, with transposes and \\odot.", right.at)


def _kept(one: Fitted) -> Fitted:
    """A value that is a row, w^T X, with its shape (1, n): what it is read by later is a row as well."""
    if one.axes != (RIGHT,):
        return one
    return one._replace(
        axes=("z0", RIGHT),
        extents={"z0": Integer(1)},
        shape=(Integer(1), *one.shape),
        cost=one.cost - AS_COLUMN,
        notes=one.notes[:-1],
    )
