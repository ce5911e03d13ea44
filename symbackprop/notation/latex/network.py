r"""A network whose equations are LaTeX, \hat y = W_2\,\sigma(W_1 x),\ L = (\hat y - y)^2, and whose inputs are declared."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sympy import Expr

from symbackprop.core.network import Network
from symbackprop.core.program import Signature, Sum, slot
from symbackprop.language.tensors import Tensor
from symbackprop.notation.arrays import copied
from symbackprop.notation.claims.calls import functions
from symbackprop.notation.claims.errors import Fault, Unknown, placed
from symbackprop.notation.claims.fitting import Fitted
from symbackprop.notation.claims.given import drawn, observed
from symbackprop.notation.claims.limits import LABELS, words
from symbackprop.notation.claims.lower import lowered_tensor
from symbackprop.notation.claims.reader import Reader as Readings
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import plain
from symbackprop.notation.claims.words import TRANSPOSES, Names, described
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grammar import parsed
from symbackprop.notation.latex.arguments import lowered
from symbackprop.notation.latex.columns import in_columns, sampled
from symbackprop.notation.latex.equations import Line, bound_letters, in_limits, ordered, reads
from symbackprop.notation.latex.fitted import fitted
from symbackprop.notation.latex.foreign import beyond
from symbackprop.notation.latex.heads import turned
from symbackprop.notation.latex.inputs import Told, enter, inputs
from symbackprop.notation.latex.lines import formulas
from symbackprop.notation.latex.meaning import Scope
from symbackprop.notation.latex.members import indices_of
from symbackprop.notation.latex.mentioned import OF_ARRAYS, called, means_over, twice
from symbackprop.notation.latex.missing import applied, asked, classes_of, declared_name, scripted, with_kind
from symbackprop.notation.latex.pairs import with_pairs
from symbackprop.notation.latex.qualities import qualified, require_read, with_qualities
from symbackprop.notation.latex.recurrent import Lines
from symbackprop.notation.latex.recursion import Recursion
from symbackprop.notation.latex.stepped import ends, labelled, same_sizes, step_letters, stepped_lines
from symbackprop.notation.latex.text import parted, plainly
from symbackprop.notation.latex.unsaid import equalities_of
from symbackprop.notation.latex.windows import Windows, spans_of
from symbackprop.notation.networks import made
from symbackprop.notation.python_text import LOSSES, finished
from symbackprop.notation.reader import Reader

CUSTOMARY = {"i": "n", "j": "m", "k": "K"}  # how far indices run, in an example
MOST_AXES = 4  # of a value that is not read yet


def read_latex(
    text: str, declarations: Iterable[str] = (), file: str = "<text>", loss: str | None = None, gates: str = "auto",
    name: str = "network",
) -> Network:  # fmt: skip
    r"""The network that LaTeX writes: equations in any order, in aligned environments or beside each other.

    text          formulas, and on lines of their own declarations, W_1: parameter[h, n].
    declarations  more of these.

    Raises NotationError, with line, column, the fault and the mend, where the text is not fully understood.
    """
    declarations = [*declarations]

    def reads(more: Sequence[str], scalar: bool = True) -> bool:
        try:
            network = _read(text, [*declarations, *more], file, loss, gates, name)
            return not scalar or not network.program.shape(network.loss)
        except NotationError:
            return False

    return _read(text, declarations, file, loss, gates, name, reads)


def _read(
    text: str, declarations: Sequence[str], file: str, loss: str | None, gates: str, name: str,
    reads: Callable[..., bool] | None = None,
) -> Network:  # fmt: skip
    shown, qualities = qualified(text)
    own, latex = parted(shown)
    reader = _declared([*map(plainly, declarations), own], file)
    try:
        told = inputs(reader, latex)._replace(said=qualities)
        with_qualities(reader.inputs, qualities)
        with np.errstate(all="ignore"):
            equations = _Equations(reader, told, reads)
            if not reader.inputs and (several := equations.numbers(told.formulas)):
                kinds = [f"{name}: parameter" for name in several]
                enter(reader, "\n".join(with_kind(k, told.sought) for k in kinds) if told.sought else "\n".join(kinds), file)
                said = f"Nothing is declared: {', '.join(several)} are taken to be numbers."
                equations = _Equations(reader, told := told._replace(notes=(*told.notes, said)), reads)
            if equations.recursion is None and (several := equations.labels()):
                enter(reader, "\n".join(f"{letter}: integers[{count}]" for letter, count in several.items()), file)
                said = [f"Nothing says what {c} is: it is taken to be a label, one of {n}." for c, n in several.items()]
                equations = _Equations(reader, told._replace(notes=(*told.notes, *said)), reads)
                equations.read()
            require_read(reader.inputs, qualities)
            source = "\n".join([*declarations, text.strip("\n")])
            if equations.recursion is None:
                return equations.network(loss, gates, name, source)
            about = {"name": name, "source": source, "origin": "latex"}
            given = _Given((*map(plainly, declarations), own), latex, file)
            return _of_recursion(equations.recursion, given, loss, gates, about)
    except Fault as fault:
        whole = text.replace("\r\n", "\n")  # with what is blank in the formulas
        raise placed(whole if len(whole) == len(latex) else latex, beyond(latex, fault), file, NotationError) from None
    except RecursionError:
        raise NotationError("the formulas are nested too deep.", "Give their parts names of their own.") from None


class _Given(NamedTuple):
    """What a text gives: declarations, and LaTeX that says more of the inputs."""

    declarations: tuple[str, ...]
    latex: str
    file: str


def _of_recursion(
    recursion: Recursion,
    given: _Given,
    loss: str | None,
    gates: str,
    about: Mapping[str, Any],
    numbers: Mapping[str, int | Sequence[int]] | None = None,
) -> Network:
    """The network of recursions; with numbers of sizes, its loops are written out."""
    reader = _declared(given.declarations, given.file, numbers)
    told = inputs(reader, given.latex)
    with_qualities(reader.inputs, qualified(about["source"])[1])
    recursion.into(reader)
    if loss is None:
        loose = [n for n, t in reader.outputs.items() if n not in recursion.read_by and not t.shape]
        loss = loose[-1] if loose else None
    again = partial(_of_recursion, recursion, given, loss, gates, about)
    network = finished(reader, loss, gates, written_out=again, **about)
    return replace(network, notes=(*network.notes, *told.notes, *dict.fromkeys(recursion.notes)))


def _declared(texts: Iterable[str], file: str, numbers: Mapping[str, int | Sequence[int]] | None = None) -> Reader:
    """The reader of the network language with the inputs declared."""
    reader = Reader(parsed("", file)[1], numbers=numbers)
    for text in texts:
        enter(reader, text, file)
    return reader


class _Equations:
    """The equations of one text, read one after the other into tensors.

    tries   whether the text reads with further declarations.
    """

    def __init__(self, reader: Reader, told: Told, tries: Callable[..., bool] | None) -> None:
        self.reader, self.tries, self.sought, self.said = reader, tries, told.sought, told.said
        self.tensors: dict[str, Tensor] = {t.name: t for t in reader.inputs if t.name}
        self.outputs: dict[str, Tensor] = {}
        self.loose: dict[str, dict[str, Expr]] = {}  # the indices of each value, and how far they run
        self.notes: list[str] = list(told.notes)
        self.steps: set[str] = set()  # sizes that tell how many steps there are
        self.stepped = False  # whether there are steps
        known = self.names(())
        told = told._replace(formulas=[with_pairs(piece, known) for piece in told.formulas])
        integers = frozenset(n for n, t in self.tensors.items() if t.signature is not None and t.signature.kind == "integers")
        written = lowered(turned(told.formulas, known), known, integers)
        several, ranges = formulas(written, lambda letter: known.lookup(_word(letter)) is not None), told.ranges
        equalities = equalities_of(several, known)
        if not equalities:
            raise Fault("there is no equation.", r"Write the loss: L = \|\hat y - y\|^2.")
        if len(equalities) > 1 and any(e.left is None for e in equalities):
            bare = next(e for e in equalities if e.left is None)
            raise Fault("this formula is no equation.", r"Name its value: L = ...", bare.right.at)
        self.steps = {s for one in ranges for text in (one.low, one.high) if text for s in re.findall(r"[^\W\d]\w*", text)}
        counts = {*self.reader.sizes, *self.tensors, *self.steps}
        self.drawn = [one for piece in told.formulas for one in drawn(piece)]
        self.observed = {letter for piece in told.formulas for letter in observed(piece)}
        means = means_over(e.right for e in equalities)
        self.told = {*told.sizes.values(), *means.values()}
        self.recursion: Recursion | None = None
        letters, raised = step_letters(equalities, counts.__contains__, known)
        customary = CUSTOMARY | {c: c.upper() for c in letters} | ends(equalities, letters, raised.lowered)
        indices = letters | indices_of(told.formulas)
        self.sizes = {c: told.sizes.get(c, means.get(c, customary.get(c, c))) for c in indices}
        if letters:
            standing = [word for one in equalities for side in (one.left, one.right) if side for word, _ in words(side)]
            self.sizes |= same_sizes(map(raised.lowered, standing), letters, self.sizes, told.sizes)
            signatures = {n: _signature(n, t) for n, t in self.tensors.items()}
            sums = {c: told.sizes[c] for c in letters & told.sizes.keys()}
            self.steps |= {s for text in sums.values() for s in re.findall(r"[^\W\d]\w*", text)}
            try:
                self.recursion = Recursion(self.reader, Lines(equalities, letters, raised, self.names), ranges, signatures, sums)
            except Unknown as unknown:
                self.lines = stepped_lines(equalities, letters, raised.lowered)
                self.spellings, self.stepped = self.names(line.name for line in self.lines), True
                bound = letters.union(*(bound_letters(line.right) for line in self.lines))
                self.sizes = {c: size for c, size in self.sizes.items() if c in bound}
                self.scope = Scope(signatures, self.spellings, self.reader.evaluator.functions)
                raise self.asked(self.undeclared() or [unknown]) from None
            return
        self.lines, self.spellings = ordered(equalities, self.names)
        running = set().union(*({*line.letters} | bound_letters(line.right) for line in self.lines))
        own = {c: customary.get(c, c) for line in self.lines for c in line.letters}
        self.sizes = own | {c: size for c, size in self.sizes.items() if c in running or c in told.sizes}  # not the y of K_y
        self.sizes |= same_sizes(self.words(), (), self.sizes, told.sizes)
        signatures = {n: _signature(n, t) for n, t in self.tensors.items()}
        self.scope = Scope(signatures, self.spellings, self.reader.evaluator.functions)
        self.windows = Windows(self.spellings, self.scope.signatures, ranges)
        self.scope.firsts = self.windows.firsts

    def names(self, others: Iterable[str]) -> Names:
        known = {n: t.ndim for n, t in self.tensors.items()} | dict.fromkeys(self.reader.steps.opens, MOST_AXES)
        sizes = [*self.reader.sizes, *(s for s in self.steps if s not in known)]
        return Names({**dict.fromkeys(others, MOST_AXES), **known}, sizes, {}, self.reader.aliases)

    def network(self, loss: str | None, gates: str, name: str, source: str) -> Network:
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

    def lengths(self) -> set[str]:
        """How long the rows of what was declared are."""
        return {str(t.shape[-1]) for n, t in self.tensors.items() if t.is_input and t.shape and _signature(n, t).domain != "binary"}

    def read(self) -> None:
        """Every equation, in order; names that nobody declared are told all at once."""
        for line in self.lines:
            try:
                self.enter(line, self.value(line))
            except Fault as fault:
                missing = self.undeclared() or ([fault] if isinstance(fault, Unknown) else [])
                missing = [one for one in missing if one.key not in self.sizes] or missing  # none of the letters of sums
                raise (self.asked(missing) if missing else fault) from None

    def asked(self, missing: Sequence[Unknown]) -> Fault:
        """What is said of names that nobody declared."""
        for one in missing:
            if (at := twice(self.lines, one.key, self.sizes)) is not None:
                mend = f"Call one of the two otherwise: {one.key}_i - c."
                return Fault(f"{one.key} stands with an index and without, in one sum.", mend, at)
            if (at := called(self.lines, one.key)) is not None:
                mend = rf"Define it, {one.key}_k(x) = ..., or leave out the brackets of a product."
                return Fault(f"{one.key} stands before a letter in brackets, as a function does.", mend, at)
        if lengths := self.lengths_of(missing):
            missing = [one for one in missing if one.key != "d"]
        names = {line.name for line in self.lines}
        found = ((word, self.spellings.lookup(word)) for word in self.words())
        several = [w for w, known in found if known is None or known.name not in names or any(t.text == "_" for t in w.sub)]
        fit = partial(self.fit, lengths) if self.tries else None
        about = self.sizes, self.drawn, self.observed, self.lengths(), fit, self.sought, self.said
        values = {line.name: [self.sizes.get(c, c) for c in line.letters] for line in self.lines}
        classes = classes_of(self.words(), self.spellings, {n: t.shape for n, t in self.tensors.items()} | values)
        functions = applied(line.right for line in self.lines)
        return asked(missing, several, *about, classes, functions)

    def lengths_of(self, missing: Iterable[Unknown]) -> dict[str, str]:
        r"""Sizes that are called by what has them: d_k of softmax(Q K^\top / \sqrt{d_k}) is how long the rows of K are."""
        keys = {one.key for one in missing}
        labels = {plain(word.sub) for word in self.words() if word.base == "d" and len(plain(word.sub)) == 1}
        return {c.upper(): f"d_{c}" for c in sorted(labels - {*self.sizes}) if c.upper() in keys and "d" in keys}

    def fit(self, lengths: Mapping[str, str], proposed: Sequence[str], count: str = "") -> list[str] | None:
        """Declarations with which the equations are read, in the place of what is proposed."""
        names = {one.partition(":")[0] for one in proposed if not one.endswith(": function")}

        def named(word: Word) -> str | None:
            if found := self.spellings.lookup(word):
                return found.name
            ways = (word, replace(word, sup=()), replace(word, sub=(), sup=()))
            if word.sub and len(word.base) == 1:
                ways = (*ways, replace(ways[-1], base=word.base.upper()))  # u_i, a row of U
            return next((name for one in ways if (name := declared_name(described(one))) in names), None)

        known = {t.name: t.shape for t in self.inputs() if t.name}
        samples = sampled(self.words(), self.sizes)
        columns = in_columns(proposed, samples) if samples and not known else None
        if self.tries and columns and self.tries(columns):
            return columns
        if not self.tries:
            return None
        way = partial(fitted, self.lines, proposed, known, named, self.sizes, self.told, lengths, self.tries, samples, count)
        return way() or (None if self.lines[-1].name in LOSSES else way(scalar=False))  # an attention without a loss

    def undeclared(self) -> list[Unknown]:
        """The words that name nothing, in the order of writing."""
        found: dict[str, Unknown] = {}
        state = self.scope.state()
        for line in sorted(self.lines, key=lambda line: line.at):
            for word, _ in words(line.right):
                known = self.spellings.lookup(word) or self.spellings.family(word) or functions(state, word)
                known = known or (self.stepped and word.base in self.tensors)  # W_2 of W_2^{(l)}
                known = known and not (word.base == "sigma" and plain(word.sup) == "2")  # no sigmoid without argument
                if known or (word.base == "e" and word.sup):  # of whose exponent the words come too
                    continue
                letters = {*self.sizes, *(() if self.stepped else LABELS)}
                if (self.stepped or word.base[:1].isupper()) and (key := labelled(word, letters)):  # W_g c, of two matrices W
                    found.setdefault(key, Unknown(key, f"{key} is not declared.", "", word.at))
                    continue
                try:
                    Readings(state).word(word, [], 0)
                except Fault as fault:
                    whole = self.spellings.lookup(replace(word, sub=())) if word.sub else None
                    if whole and not self.spellings.known[whole.name]:
                        mend = f"Declare {described(word)}: data, or {whole.name} with an axis: {whole.name}: data[n]."
                        raise Fault(f"{whole.name} is a number: {described(word)} is none of its entries.", mend, word.at) from None
                    if isinstance(fault, Unknown):
                        found.setdefault(fault.key, fault)
        return list(found.values())

    def numbers(self, formulas: Iterable[Tokens]) -> list[str]:
        """The names that nobody declared, where nothing in the formulas is an array; none where something may be."""
        if self.recursion is not None:
            return []
        said = {t.text for formula in formulas for t in formula} | {w.base for line in self.lines for w, _ in words(line.right)}
        several = [word for line in self.lines for word, _ in words(line.right) if word.base != "e"]  # e^t is no transpose
        turned = any(plain(word.sup) in TRANSPOSES for word in several)
        if turned or said & OF_ARRAYS:
            return []
        keys = [unknown.key for unknown in self.undeclared()]
        return (
            [declared_name(key) for key in keys]
            if not any(re.search("[A-Z]", key) for key in keys) and not scripted(self.words()) & {*keys}
            else []
        )

    def labels(self) -> dict[str, Expr]:
        r"""The letters y and c that stand below entries of a loss and nowhere else, p_y, with how many entries there are."""
        self.read()
        used = set().union(*(reads(line.right, self.spellings) for line in self.lines))
        loose = [line for line in self.lines if line.name not in used and not line.letters]
        if any(not self.tensors[line.name].shape for line in loose):
            return {}
        return {c: n for line in loose for c, n in self.loose.get(line.name, {}).items() if c in LABELS}

    def words(self) -> list[Word]:
        """All words of the right sides, with those that stand below a sum's sign or a maximum's."""
        return [word for line in self.lines for word, _ in words(line.right)]

    def value(self, line: Line) -> Fitted:
        end = min((other.at for other in self.lines if other.at > line.at), default=sys.maxsize)
        right, spans, notes = self.windows(line.name, line.letters, line.right, line.at, end)
        self.notes += [f"{line.name}: {note}" for note in notes]
        twice = sorted({*line.letters} & in_limits(line.right) & set(map(str, self.spellings.sizes)))
        self.notes += [f"{line.name}: a limit {c} is the index on the left, and not the size {c}." for c in twice]
        self.scope.reckon([*spans, *spans_of(right)])
        return self.scope.meant(line.name, line.letters, right, spans)

    def enter(self, line: Line, one: Fitted) -> None:
        """Give the name of an equation to its value."""
        value = lowered_tensor(one.node, one.axes, one.extents, self.scope.probe, self.tensors)
        if isinstance(value, Tensor):
            self.loose[line.name] = dict(zip(one.axes, value.shape, strict=True))
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
        self.scope.add(line.name, _signature(line.name, tensor))


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
