r"""A network whose equations are LaTeX, \hat y = W_2\,\sigma(W_1 x),\ L = (\hat y - y)^2, and whose inputs are declared."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np
from sympy import Expr, Integer

from symbackprop.core.network import Network
from symbackprop.core.program import Program, Signature, Sum, slot
from symbackprop.formulas.latex import latex as printed
from symbackprop.language.tensors import Tensor
from symbackprop.notation.arrays import copied
from symbackprop.notation.claims import statements
from symbackprop.notation.claims.calls import functions
from symbackprop.notation.claims.errors import Fault, Unknown, placed
from symbackprop.notation.claims.fitting import Fitted, fitted
from symbackprop.notation.claims.left import Left
from symbackprop.notation.claims.lower import lowered_tensor
from symbackprop.notation.claims.probe import Probe
from symbackprop.notation.claims.reader import Reader as Readings
from symbackprop.notation.claims.reader import with_ranges, words
from symbackprop.notation.claims.shapes import BESIDE, Senses
from symbackprop.notation.claims.state import Context, State
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import GREEK
from symbackprop.notation.claims.typeset import Typeset
from symbackprop.notation.claims.words import Names, described
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grammar import parsed
from symbackprop.notation.inference import kind_of
from symbackprop.notation.latex.equations import Line, ordered, reads
from symbackprop.notation.latex.inputs import Told, enter, inputs
from symbackprop.notation.latex.lines import formulas
from symbackprop.notation.latex.naming import spelled
from symbackprop.notation.latex.text import parted, plainly
from symbackprop.notation.networks import made
from symbackprop.notation.reader import Reader

MOST_AXES = 4  # of a value that is not read yet
ALIKE = 1e-9
SHOWN = 3  # readings in a message


def read_latex(
    text: str, declarations: Iterable[str] = (), file: str = "<text>", loss: str | None = None, gates: str = "auto",
    name: str = "network",
) -> Network:  # fmt: skip
    r"""The network that LaTeX writes: equations in any order, in aligned environments or beside each other.

    text          formulas, and on lines of their own declarations, W_1: parameter[h, n].
    declarations  more of these.

    Raises NotationError, with line, column, the fault and the mend, where the text is not fully understood.
    """
    own, latex = parted(text)
    reader = _declared([*map(plainly, declarations), own], file)
    try:
        told = inputs(reader, latex)
        with np.errstate(all="ignore"):
            return _Equations(reader, told).network(loss, gates, name, "\n".join([*declarations, text.strip("\n")]))
    except Fault as fault:
        raise placed(latex, fault, file, NotationError) from None
    except RecursionError:
        raise NotationError("the formulas are nested too deep.", "Give their parts names of their own.") from None


def _declared(texts: Iterable[str], file: str) -> Reader:
    """The reader of the network language with the inputs declared."""
    reader = Reader(parsed("", file)[1])
    for text in texts:
        enter(reader, text, file)
    return reader


class _Equations:
    """The equations of one text, read one after the other into tensors."""

    def __init__(self, reader: Reader, told: Told) -> None:
        self.reader = reader
        self.tensors: dict[str, Tensor] = {t.name: t for t in reader.inputs if t.name}
        self.outputs: dict[str, Tensor] = {}
        self.notes: list[str] = list(told.notes)
        known = self.names(())
        several = formulas(told.formulas, lambda letter: known.lookup(_word(letter)) is not None)
        equalities = [statements.equality(part) for part in several]
        if not equalities:
            raise Fault("there is no equation.", r"Write the loss: L = \|\hat y - y\|^2.")
        if len(equalities) > 1 and any(e.left is None for e in equalities):
            bare = next(e for e in equalities if e.left is None)
            raise Fault("this formula is no equation.", r"Name its value: L = ...", bare.right.at)
        self.lines, self.spellings = ordered(equalities, self.names)
        self.probe = Probe({n: t.shape for n, t in self.tensors.items()}, map(Integer, self.spellings.counts()))
        self.probe.add("", ())

    def names(self, others: Iterable[str]) -> Names:
        known = {n: t.ndim for n, t in self.tensors.items()}
        return Names({**dict.fromkeys(others, MOST_AXES), **known}, self.reader.sizes, {}, self.reader.aliases)

    def network(self, loss: str | None, gates: str, name: str, source: str) -> Network:
        self.read()
        if loss is None:
            used = set().union(*(reads(line.right, self.spellings) for line in self.lines))
            loose = [n for n, t in self.outputs.items() if n not in used and not t.shape]
            loss = loose[-1] if loose else None
        if not self.outputs:
            raise Fault("there is no equation.", r"Write the loss: L = \|\hat y - y\|^2.")
        network = made(self.outputs, self.inputs(), loss, gates, name=name, source=source, origin="latex")
        return replace(network, notes=(*network.notes, *dict.fromkeys(self.notes)))

    def inputs(self) -> list[Tensor]:
        return [tensor for tensor in self.tensors.values() if tensor.is_input]

    def read(self) -> None:
        """Every equation, in order; names that nobody declared are told all at once."""
        for line in self.lines:
            try:
                self.enter(line, self.value(line))
            except Unknown as unknown:
                raise _asked(self.undeclared() or [unknown], self.indexed()) from None

    def undeclared(self) -> list[Unknown]:
        """The words that name nothing, in the order of writing."""
        found: dict[str, Unknown] = {}
        state = self.state()
        for line in sorted(self.lines, key=lambda line: line.at):
            for word, _ in words(line.right):
                if self.spellings.lookup(word) or self.spellings.family(word) or functions(state, word):
                    continue
                try:
                    Readings(state).word(word, [], 0)
                except Unknown as unknown:
                    whole = self.spellings.lookup(replace(word, sub=())) if word.sub else None
                    if whole and not self.spellings.known[whole.name]:
                        mend = f"Declare {described(word)}: data, or {whole.name} with an axis: {whole.name}: data[n]."
                        raise Fault(f"{whole.name} is a number: {described(word)} is none of its entries.", mend, word.at) from None
                    found.setdefault(unknown.key, unknown)
                except Fault:
                    continue
        return list(found.values())

    def indexed(self) -> set[str]:
        """The words that stand with an index below."""
        return {described(replace(word, sub=(), sup=())) for line in self.lines for word, _ in words(line.right) if word.sub}

    def state(self) -> State:
        forward = Program({n: _signature(n, t) for n, t in self.tensors.items()}, (), ())
        return State(Context(forward, "", named=tuple(self.reader.evaluator.functions)), self.spellings, self.probe, 1, {})

    def value(self, line: Line) -> Fitted:
        """The one way to read an equation. Raises Fault where there are several, or where it takes too much for granted."""

        def read(reader: Readings, state: State) -> tuple[State, Senses]:
            state.outer = set(line.letters)
            reader.foresee(line.right)
            return state, reader.read(line.right)

        state, senses = with_ranges(self.state, read)
        several = sorted(fitted(state, senses, Left(letters=line.letters)), key=lambda f: f.cost)
        first, *others = several
        if state.roles:
            raise Fault("a derivative has no place in a network.", "Write values only; the derivatives are derived.", line.right.at)
        alike = [first, *(f for f in others if f.cost - first.cost < ALIKE)]
        if first.cost < BESIDE and len(alike) == 1:
            return first
        typeset = Typeset(state.roles, self.probe)
        shown = " or ".join(printed(typeset.formula(f.node)) for f in (alike if len(alike) > 1 else several)[:SHOWN])
        why = f" ({'; '.join(map(str, first.notes))})" if first.notes else ""
        raise Fault(f"{line.name} can be read as {shown}{why}.", "Write what is meant, with transposes and \\odot.", line.right.at)

    def enter(self, line: Line, one: Fitted) -> None:
        """Give the name of an equation to its value."""
        value = lowered_tensor(one.node, one.axes, one.extents, self.probe, self.tensors)
        self.notes += [f"{line.name}: {note}" for note in one.notes]
        if isinstance(value, Expr):
            signature = Signature(line.name, (), "constant", value=value)
            tensor = Tensor((), Sum(value)) if value.free_symbols else Tensor((), signature=signature)
        else:
            tensor = copied(value) if value.name is not None else value
        is_read = any(line.name in reads(other.right, self.spellings) for other in self.lines)
        tensor = tensor if is_read else _number(tensor)
        if not tensor.is_input:
            self.outputs[line.name] = tensor.named(line.name)
        self.tensors[line.name] = tensor
        self.spellings.known[line.name] = tensor.ndim
        self.probe.add(line.name, tensor.shape)


def _number(tensor: Tensor) -> Tensor:
    """The one entry of a tensor whose axes all have the size 1, as a loss has none; any other tensor as it is."""
    if not tensor.shape or any(n != 1 for n in tensor.shape):
        return tensor
    letters = tuple(f"n{k}" for k in range(tensor.ndim))
    return Tensor((), Sum(slot(0), (slot(0),), tuple(zip(letters, tensor.shape, strict=True))), ((tensor, letters),), ())


def _word(letter: str) -> Word:
    """x, or hat x, as a word."""
    accent, _, base = letter.rpartition(" ")
    return Word(base, 0, accent=accent)


def _signature(name: str, tensor: Tensor) -> Signature:
    return tensor.signature or Signature(name, tensor.shape, "value")


def _asked(missing: list[Unknown], indexed: Collection[str]) -> Fault:
    """What is said of names that nobody declared.

    indexed   those that stand with an index below.
    """
    listed: Mapping[str, str] = {u.key: _declaration(u.key, u.key in indexed) for u in missing}
    many = len(listed) > 1
    said = f"{' and '.join(listed)} {'are' if many else 'is'} not declared."
    calls = [u.key for u in missing if re.fullmatch(r"phi|psi|rho|f|g|varphi", u.key)]
    written = f" A function is written out, \\{calls[0]}(z) = \\tanh(z), or declared: {calls[0]}: function." if calls else ""
    mend = f"Declare {'them' if many else 'it'} in lines of their own: {'; '.join(listed.values())}.{written}"
    return Fault(said, mend, missing[0].at)


def _declaration(key: str, indexed: bool) -> str:
    """A declaration for an example: two sizes for a capital letter, none for a Greek letter without an index, one for others."""
    accent, _, base = key.rpartition(" ")
    letter, *below = re.sub(r"\W", "_", base).strip("_").split("_")
    name = "_".join([spelled(letter) + accent, *below])
    if name == "eps":
        return "eps = 1e-5"
    sizes = "[h, n]" if base[:1].isupper() else "" if base in GREEK and not indexed else "[n]"
    return f"{name}: {kind_of(base)}{sizes}"
