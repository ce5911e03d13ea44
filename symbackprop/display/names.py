"""How tensors, letters and sizes are written in formulas: yhat is \\hat{y}, W_1 is W_{1}, dL/dW_1 is a fraction of two partials.

Names follow SymPy's habit. Two tensors of one program never print alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from symbackprop.core.program import Equation, Gradient, Program, Signature, shape_text
from symbackprop.formulas import build as f
from symbackprop.formulas.symbols import ACCENTS, SYMBOLS
from symbackprop.formulas.tree import Accent, Atom, Fence, Node, Script

_GREEK = {name for name, (char, _) in SYMBOLS.items() if len(char) == 1 and "\u0370" <= char <= "\u03ff"} | {
    "epsilon",
    "phi",
    "ell",
}
_SPELLINGS = {"lam": "lambda", "lamda": "lambda", "eps": "epsilon"}
_MARKS = tuple(sorted(set(ACCENTS) - {"widehat", "overline"}, key=len, reverse=True))
_GENERATED = re.compile(r"(inverse|ties|without|others)\((.*)\)$")

Letter = Node | None
"""A letter as it is written; None for an axis of size 1, which has none."""


@dataclass(frozen=True)
class Name:
    """A name in its parts: `base` with the subscripts `subs` below it, so that letters can be added: W, (1,) -> W_{1,ij}.

    wrap   whether letters go outside brackets, because the base is a formula of its own, such as S^{-1}.
    """

    base: Node
    subs: tuple[Node, ...] = ()
    wrap: bool = False

    def formula(self, letters: Sequence[Letter] = ()) -> Node:
        """The name with letters as subscripts: ij, or b,o+k where a letter is more than one character."""
        shown = [letter for letter in letters if letter is not None]
        if not shown and not self.subs:
            return self.base
        below = f.listed([*self.subs, *([index(shown)] if shown else [])])
        return f.scripted(f.bracket(self.base) if self.wrap else self.base, sub=below)


def index(letters: Sequence[Node]) -> Node:
    """Letters beside each other where each is one letter, otherwise with commas."""
    short = all(isinstance(letter, Atom) and letter.kind == "letter" and len(letter.text) == 1 for letter in letters)
    return f.beside(*letters) if short else f.listed(letters)


def letter(text: str) -> Node:
    """A letter of an equation: i, or i_{1} for i1."""
    return f.letter(text) if len(text) == 1 else Script(f.letter(text[0]), f.number(text[1:]))


def parse_name(name: str) -> Name:
    r"""The parts of an identifier: yhat -> \hat{y}, W1 and W_1 -> W_{1}, h_prev -> h_{\text{prev}}, loss -> \mathrm{loss}."""
    head, *rest = [piece for piece in name.split("_") if piece] or [name]
    digits = re.search(r"(?<=[^\d])\d+$", head)
    subs = [*([digits.group()] if digits else []), *rest]
    return Name(_head(head[: digits.start()] if digits else head), tuple(map(_subscript, subs)))


def _head(text: str) -> Node:
    if len(text) == 1:
        return f.letter(text) if text.isalpha() else f.word(text)
    text = _SPELLINGS.get(text, text)
    if text in _GREEK:
        return f.symbol(text)
    for mark in _MARKS:
        stem = text.removesuffix(mark)
        if stem and stem != text:
            inner = _head(stem)
            if not _is_word(inner):
                return Accent(mark, inner)
    return f.word(text)


def _is_word(node: Node) -> bool:
    return isinstance(node, Atom) and node.kind == "upright" and len(node.text) > 1


def _subscript(text: str) -> Node:
    if text.isdigit() and text.isascii():
        return f.number(text)
    if len(text) == 2 and text.isalpha() and text not in _SPELLINGS:
        return f.beside(*map(f.letter, text))  # W_xh: two letters that name an input and an output
    node = _head(text)
    return f.words(text) if _is_word(node) else node


class Names:
    """The names of one program in formulas.

    program   the program.
    written   the equation that writes each value.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.written: dict[str, Equation] = program.equation_of()
        self._names: dict[str, Name] = {}
        taken: set[Node] = set()
        for tensor in program.tensors.values():
            if tensor.role is None:
                name = _generated(tensor.name) or parse_name(tensor.name)
                if name.formula() in taken:
                    name = Name(f.word(tensor.name))
                taken.add(name.formula())
                self._names[tensor.name] = name

    def signature(self, name: str) -> Signature:
        return self.program.tensors[name]

    def tensor(self, name: str) -> Node:
        r"""The whole tensor: W_{1}, \hat{y}, \frac{\partial L}{\partial W_{1}}."""
        return self.entry(name, ())

    def entry(self, name: str, letters: Sequence[Letter]) -> Node:
        r"""One entry: W_{1,ij}, \frac{\partial q_{k}}{\partial W_{ij}}; without any letters: the whole tensor."""
        role = self.signature(name).role
        return self._names[name].formula(letters) if role is None else self.derivative(role, letters)

    def derivative(self, role: Gradient, letters: Sequence[Letter], local: bool = False) -> Node:
        r"""d of / d wrt as a fraction; a derivative of a derivative is one of second order, \frac{\partial^{2} L}{\partial x^{2}}.

        local   whether it is the derivative of one equation alone, which is never written as one of second order.
        """
        below: list[Node] = []
        of, wrt, left = role.of, role.wrt, list(letters)
        while True:
            rank = self.signature(of).rank
            below.append(self._slashed(wrt, left[rank:]))
            left = left[:rank]
            inner = self.signature(of).role
            if local or inner is None or inner.via is not None or self.signature(role.wrt).role is not None:
                break
            of, wrt = inner.of, inner.wrt
        order = len(below)
        if len(set(below)) == 1 < order and not any(letters) and not self.signature(role.wrt).shape:
            under = f.partial(f.scripted(below[0], sup=f.number(order)))
        else:
            under = f.joined(f.THIN, [f.partial(part) for part in below])
        fraction = f.over(f.partial(self._slashed(of, left), order), under)
        return Script(Fence("", fraction, "|"), self._via(role.via, role.nth)) if role.via else fraction

    def _via(self, via: str, nth: int) -> Node:
        tensor = self._slashed(via, ())
        return f.beside(tensor, f.THIN, f.symbol("("), f.number(nth), f.symbol(")")) if nth else tensor

    def _slashed(self, name: str, letters: Sequence[Letter]) -> Node:
        """A tensor inside a fraction: a derivative in one line with a slash, in brackets."""
        role = self.signature(name).role
        if role is None:
            return self.entry(name, letters)
        rank = self.signature(role.of).rank
        top, below = f.partial(self._slashed(role.of, letters[:rank])), f.partial(self._slashed(role.wrt, letters[rank:]))
        via = [Script(f.symbol("|"), self._via(role.via, role.nth))] if role.via else []
        return Fence("(", f.beside(top, f.symbol("/"), below, *via), ")")

    def shape(self, name: str) -> str:
        """The shape in words: (h, d)."""
        return shape_text(self.signature(name).shape)


def _generated(name: str) -> Name | None:
    match = _GENERATED.match(name)
    if not match:
        return None
    inner = parse_name(match.group(2)).formula()
    if match.group(1) == "inverse":
        return Name(f.power(inner, f.number(-1)), wrap=True)
    return Name(f.word(match.group(1)), (inner,))
