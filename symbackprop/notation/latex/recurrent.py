r"""The equations of a text with recursions: which steps each is at, and what it reads at which steps.

A formula is read at one step: each value at a step, h_{t-1}, has a name of its own in it; all else is as it is without steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.statements import Equality
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import Token, bare, plain
from symbackprop.notation.claims.words import Names
from symbackprop.notation.latex.equations import free_letters, head_of, line_of, named, reads
from symbackprop.notation.latex.ranges import Range
from symbackprop.notation.latex.stepped import Index, Raised, Rewriting, known_at, several


class Read(NamedTuple):
    """A value that a formula reads.

    text    as the language spells it: h[t-1].
    name    whose value; "" for the number of a step.
    places  which of its axes are at a step; None: the whole value.
    """

    text: str
    name: str = ""
    places: tuple[int, ...] | None = None


@dataclass
class Line:
    """name at its steps = right.

    steps    the index of the step along each axis of steps; of a start, a number along one of them at least.
    letters  those that stand for its entries.
    reads    what it reads, by names that stand for it in `right`.
    earlier  the names that it reads at another step: along which letters, and how far away.
    same     those that it reads whole, or at its own step.
    numbers  the indices of single steps that it reads, by name.
    written  the right side as it was written.
    said     over which steps it holds, where a sum says so.
    """

    name: str
    steps: tuple[Index, ...]
    letters: tuple[str, ...]
    right: Syntax
    at: int
    reads: dict[str, Read] = field(default_factory=dict)
    earlier: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    same: set[str] = field(default_factory=set)
    numbers: dict[str, list[tuple[Index, ...]]] = field(default_factory=dict)
    written: Syntax | None = None
    said: Range | None = None

    @property
    def loop(self) -> tuple[str, ...]:
        """The letters of its steps."""
        return tuple(index.letter for index in self.steps if index.letter)

    @property
    def is_start(self) -> bool:
        return any(index.letter is None for index in self.steps)

    @property
    def target(self) -> str:
        """The left side, as the language spells it."""
        steps = [i.spelt() for i in self.steps]
        while steps and self.is_start and self.steps[len(steps) - 1].letter and self.steps[0].letter is None:
            steps.pop()  # all steps of the loop within begin so
        return f"{self.name}[{', '.join(steps)}]" if steps else self.name


class Lines:
    """The lines of a text with recursions.

    equalities   its equations.
    letters      those that number steps.
    with_names   the declared names, and others.
    lines, names what they are.
    places       where the steps stand among the indices of a name that is given at steps.
    """

    def __init__(
        self, equalities: Sequence[Equality], letters: set[str], raised: Raised, with_names: Callable[[Iterable[str]], Names]
    ) -> None:
        self.letters, self.lowered, self.with_names = letters, raised.lowered, with_names
        self.places: dict[str, list[int]] = {}
        self.shifts: dict[str, dict[str, int]] = {}  # what is added to each letter on the left side of a name
        heads = [(head_of(e.left, k), e.right) for k, e in enumerate(equalities)]
        self.names, found = with_names(()), list[Line]()
        for _ in range(3):  # which letters are indices shows when the other names are known
            for head, right in heads:
                self._place(head, right)
            found = [self._line(head, right) for head, right in heads]
            self.names = with_names([line.name for line in found])
        self.lines = [self.rewritten(line) for line in (*found, *self._declared(found))]

    def at(self, index: Index, bound: frozenset[str] = frozenset()) -> Index:
        """The index of a step: the letter of a size is a number, where no sum binds it."""
        is_size = index.letter in self.names.sizes and index.letter not in self.letters and index.letter not in bound
        return index._replace(letter=None) if is_size else index

    def _declared(self, found: Sequence[Line]) -> Iterator[Line]:
        """The starts that are declared, as h_0: data[m] is."""
        given = {line.name for line in found if line.is_start}
        for name in self.places:
            several = [m for known in self.names.known if (m := re.fullmatch(rf"{name}_?(\d+)", known)) and name not in given]
            if len(several) == 1 and len(self.places[name]) == 1:
                yield Line(name, (Index((), None, 0, several[0][1]),), (), Word(several[0][0], 0), 0)

    # ---- left sides
    def _place(self, head: Word, right: Syntax) -> None:
        """Note where the steps stand among the indices of a name: as many as one of its left sides has letters of."""
        own = self.lowered(head)
        indices, free = several(own.sub), free_letters(right, self.names)
        stepped = [k for k, index in enumerate(indices) if index.letter in self.letters]
        if stepped:
            lead = next(k for k, i in enumerate(indices) if k in stepped or i.letter in free or i.text.isdigit())
            name = self._spelled(own, indices[:lead])
            if len(stepped) > len(self.places.get(name, ())):
                self.places[name] = [k - lead for k in stepped]
                self.shifts[name] = {str(indices[k].letter): indices[k].shift for k in stepped}

    def add(self, name: str, letter: str) -> None:
        """One more name at steps, which nobody wrote."""
        self.places[name], self.shifts[name] = [0], {letter: 0}
        self.names = self.with_names([*(line.name for line in self.lines), *self.places])

    def _spelled(self, own: Word, parts: Sequence[Index]) -> str:
        return named(own, plain(bare(own.sup)).strip("()[]"), [i.tokens for i in parts])

    def _line(self, head: Word, right: Syntax) -> Line:
        own = self.lowered(head)
        indices = several(own.sub)
        for lead in range(len(indices)):
            if all(i.text.isidentifier() or not i.text for i in indices[:lead]):
                name = self._spelled(own, indices[:lead])
                places = self.places.get(name)
                if places is not None and len(indices) - lead > max(places) and self._are_steps(indices[lead + k] for k in places):
                    return self._stepped(name, places, indices[lead:], right, head.at)
        found = line_of(head, right, self.names)
        return Line(found.name, (), found.letters, right, found.at)

    def _are_steps(self, several: Iterable[Index]) -> bool:
        return all(i.letter in self.letters or (self.at(i).letter is None and i.text) for i in several)

    def _stepped(self, name: str, places: list[int], indices: list[Index], right: Syntax, at: int) -> Line:
        rest = [i for k, i in enumerate(indices) if k not in places]
        strange = next((i for i in rest if i.letter is None or i.shift), None)
        if strange is not None:
            fault = f"{name} has the index {''.join(t.text for t in strange.tokens)} on its left side."
            raise Fault(fault, "Write a letter for its entries.", at)
        return Line(name, tuple(self.at(indices[k]) for k in places), tuple(str(i.letter) for i in rest), right, at)

    # ---- right sides
    def rewritten(self, line: Line) -> Line:
        """The line with a name for each value at a step."""
        whole = bool(line.steps) and line.steps[0].letter is None  # h^{(0)}_t: what all steps of the loop within begin with
        own = set() if whole else {i.letter for i in line.steps if i.letter}
        standing = _Named(self, line, own)
        line.written = line.right
        line.right = Rewriting(standing)(line.right)
        for name in sorted(reads(line.right, self.names)):
            line.same.add(name)
            line.reads.setdefault(name, Read(name, name))
        if whole:
            line.letters = (*line.loop, *line.letters)
        return line


class _Named:
    """What takes the place of a word in a formula: a name for its value at a step."""

    def __init__(self, lines: Lines, line: Line, own: set[str]) -> None:
        self.lines, self.line, self.own = lines, line, own

    def __call__(self, word: Word, hidden: frozenset[str]) -> Word | None:
        steps = self.own - hidden
        bare = not (word.sub or word.accent or word.primes)
        if bare and word.base in steps and self.lines.names.lookup(replace(word, sup=())) is None:
            return replace(word, base=self.standing(Read(word.base)), sup=self.power(word.sup, steps))
        found = known_at(self.lines.names, self.lines.lowered(word))
        if found is None:
            return replace(word, sup=self.power(word.sup, steps)) if word.base == "e" or not _is_label(word) else None
        name, indices, left = found
        indices = [self.labelled(i, hidden) for i in indices]
        places = self.lines.places.get(name)
        if places is None:
            places = [k for k, i in enumerate(indices) if i.letter in steps]
            if not places:
                power = self.power(left, steps)
                same = indices == found[1] and power == left
                return None if same else replace(word, sub=_joined(indices) if indices != found[1] else word.sub, sup=power)
            shown = [indices[k].spelt() if k in places else ":" for k in range(max(places) + 1)]
        else:
            if len(indices) < len(places):
                return None
            at = tuple(self.lines.at(indices[k], hidden) for k in places)
            rest = [i for k, i in enumerate(indices) if k not in places]
            if any(i.letter in hidden or (i.letter and not self.own) for i in at):
                self.line.same.add(name)
                return replace(
                    self.lines.lowered(word), base=self.standing(Read(name, name)), accent="", sub=_joined([*at, *rest]), sup=left
                )
            self.note(name, at, word)
            shown = [i.spelt() for i in at]
        rest = [i for k, i in enumerate(indices) if k not in places]
        read = Read(f"{name}[{', '.join(shown)}]", name, tuple(places))
        return Word(self.standing(read), word.at, sub=_joined(rest), sup=self.power(left, steps), primes=word.primes)

    def note(self, name: str, at: tuple[Index, ...], word: Word) -> None:
        """Remember at which steps a name is read."""
        stray = next((i.letter for i in at if i.letter and i.letter not in self.own), None)
        if stray is not None:
            fault = f"{name} stands at the step {stray}, which is not on the left side."
            raise Fault(fault, f"Sum over {stray}, or give the left side that index.", word.at)
        if any(i.letter is None for i in at):
            if not all(i.text for i in at if i.letter is None):
                raise Fault(f"{name} stands at a step that is no number.", "Steps are letters, numbers and sizes.", word.at)
            self.line.numbers.setdefault(name, []).append(at)
        away = {(i.letter, i.shift - self.lines.shifts[name].get(i.letter, 0)) for i in at if i.letter}
        if any(k for _, k in away):
            self.line.earlier.setdefault(name, set()).update(one for one in away if one[1])
        else:
            self.line.same.add(name)

    def power(self, sup: Tokens, steps: set[str]) -> Tokens:
        """A superscript in which the number of a step stands: \\gamma^t."""
        return tuple(Token(self.standing(Read(t.text)), t.at) if t.text in steps else t for t in sup)

    def labelled(self, index: Index, hidden: frozenset[str]) -> Index:
        """An index whose label, y_t, is the name that stands for it."""
        if index.text:
            return index
        return index._replace(tokens=Rewriting(lambda word, inner: self(word, inner | hidden)).label(index.tokens))

    def standing(self, read: Read) -> str:
        """The name that stands for a value: letters alone, as no person writes it."""
        found = next((own for own, known in self.line.reads.items() if known == read), None)
        if found is None:
            count = len(self.line.reads)
            found = f"at{''.join(c for c in read.text if c.isascii() and c.isalpha())}{chr(97 + count // 26)}{chr(97 + count % 26)}"
            self.line.reads[found] = read
        return found


def _is_label(word: Word) -> bool:
    """Whether a superscript numbers a name: z^{(2)}."""
    return any(t.text in ("(", "[") for t in word.sup)


def _joined(indices: Sequence[Index]) -> Tokens:
    """Indices as a subscript."""
    found: list[Token] = []
    for index in indices:
        found += [Token(",", index.tokens[0].at)] if found else []
        found += index.tokens
    return tuple(found)
