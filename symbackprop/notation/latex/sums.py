r"""Sums over steps whose terms read other steps than all of one loop: each term is a line of its own, \ell_t.

L = -\sum_{t=2}^T \log A_{y_{t-1},y_t} is ell_t = \log A_{y_{t-1},y_t} for t = 2, ..., T, and L = -\sum_t ell_t.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import chain, count
from typing import Any

from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.limits import words
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import Token
from symbackprop.notation.latex.courses import Bounds, number
from symbackprop.notation.latex.ranges import Range, sized
from symbackprop.notation.latex.recurrent import Line, Lines
from symbackprop.notation.latex.stepped import Index, known_at


class Apart:
    """The sums of a text whose terms are lines of their own.

    known   over which steps each name is given, by its letter.
    """

    def __init__(self, lines: Lines, known: Mapping[tuple[str, str], Bounds]) -> None:
        self.lines, self.known, self.new = lines, known, list[Line]()

    def __call__(self) -> bool:
        """Give such terms lines; whether there were any."""
        for k, line in enumerate(self.lines.lines):
            if not line.steps and line.written is not None:
                before = len(self.new)
                right = self.put(line.written)
                if len(self.new) > before:
                    self.lines.lines[k] = self.lines.rewritten(Line(line.name, (), line.letters, right, line.at))
        self.lines.lines += [self.lines.rewritten(line) for line in self.new]
        return bool(self.new)

    def put(self, node: Any) -> Any:
        """A formula with the sums of such lines in it."""
        if isinstance(node, sx.Big):
            said = self.over(node)
            if said is not None:
                return self.line(node, said)
        if isinstance(node, Word | Token):
            return node
        if isinstance(node, tuple):
            return tuple(self.put(part) for part in node)
        if is_dataclass(node) and not isinstance(node, type):
            return replace(node, **{f.name: self.put(getattr(node, f.name)) for f in fields(node)})
        return node

    def line(self, node: sx.Big, said: Range) -> sx.Big:
        if node.kind != "sum":
            fault = f"a product over {said.letter} whose factors read other steps is not read."
            raise Fault(fault, "Write its logarithm as a sum, or a recursion.", node.at)
        name = next(n for n in chain(["ell"], (f"ell_{k}" for k in count(2))) if n not in self.lines.names.known)
        self.lines.add(name, said.letter)
        step = (Token(said.letter, node.at),)
        self.new.append(Line(name, (Index(step, said.letter, 0, ""),), (), node.body, node.at, said=said))
        return replace(node, under=step, over=(), body=Word(name, node.at, sub=step))

    def over(self, node: sx.Big) -> Range | None:
        """Over which steps a sum goes whose terms are lines; None for any other sum."""
        under = [t.text for t in node.under]
        letter = under[0].lstrip("\\") if under else ""
        if letter not in self.lines.letters or (len(under) > 1 and under[1] != "="):
            return None
        low, high = sized(node.under[2:]), sized(node.over)
        reads = list(self.reads(node.body, letter))
        several = [self.known[name, letter] for name, _ in reads if (name, letter) in self.known]
        if not several and not any(name == "" for name, _ in reads):
            return None  # only what is declared, at its own steps
        whole = all(
            (low is None or number(low) == number(b.low)) and (high is None or number(high) == number(b.high)) and b.low == "1"
            for b in several
        )
        if whole and all(shift == 0 for _, shift in reads):
            return None
        return Range(
            letter, low or (several[0].low if several else None), high or (several[0].high if several else None), False, node.at
        )

    def reads(self, body: Any, letter: str) -> Iterator[tuple[str, int]]:
        """The names that stand at steps of a letter, and how far from it; "" and 1 for a label of a step beside."""
        for word, hidden in words(body):
            found = known_at(self.lines.names, self.lines.lowered(word))
            for index in found[1] if found is not None and letter not in hidden else ():
                if index.letter == letter:
                    yield (found[0] if found else ""), index.shift
                elif not index.text and _beside(index.tokens, letter):
                    yield "", 1


def _beside(tokens: Tokens, letter: str) -> bool:
    """Whether a label stands at a step beside: y_{t-1}."""
    texts = [t.text.lstrip("\\") for t in tokens]
    return letter in texts and ("+" in texts or "-" in texts)
