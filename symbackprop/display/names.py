"""How tensors, letters and sizes are written in formulas: yhat is \\hat{y}, W_1 is W_{1}, dL/dW_1 is a fraction of two partials.

Names follow SymPy's habit. Two tensors of one program never print alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from symbackprop.core.program import Equation, Gradient, Program, Signature
from symbackprop.display.softmax import Softmaxes
from symbackprop.formulas.formula import escape_words
from symbackprop.formulas.symbols import ACCENTS, SYMBOLS

_GREEK = {name for name, (char, _) in SYMBOLS.items() if len(char) == 1 and "\u0370" <= char <= "\u03ff"} | {
    "epsilon",
    "phi",
}
_SPELLINGS = {"lam": "lambda", "lamda": "lambda", "eps": "epsilon"}
_MARKS = tuple(sorted(set(ACCENTS) - {"widehat", "overline"}, key=len, reverse=True))
_GENERATED = re.compile(r"(inverse|ties|without|others)\((.*)\)$")


@dataclass(frozen=True)
class Name:
    r"""A name in its parts: `base` with the subscripts `subs` below it, so that letters can be added: W, ("1",) -> W_{1,ij}.

    wrap   whether letters go outside brackets, because the base is a formula of its own, such as S^{-1}.
    """

    base: str
    subs: tuple[str, ...] = ()
    wrap: bool = False

    def latex(self, letters: Sequence[str] = ()) -> str:
        r"""The name with letters as subscripts: ij, or b,o + k where a letter is more than one character."""
        index = join_letters(letters)
        if self.wrap:
            return rf"\left({self.base}\right)_{{{index}}}" if index else self.base
        sub = ",".join((*self.subs, index) if index else self.subs)
        return f"{self.base}_{{{sub}}}" if sub else self.base


def join_letters(letters: Sequence[str]) -> str:
    """Letters beside each other where each is one letter, otherwise with commas."""
    return ("" if all(len(letter) == 1 and letter.isalpha() for letter in letters) else ",").join(letters)


def parse_name(name: str) -> Name:
    r"""The parts of an identifier: yhat -> \hat{y}, W1 and W_1 -> W_{1}, h_prev -> h_{\text{prev}}, loss -> \mathrm{loss}."""
    head, *rest = [piece for piece in name.split("_") if piece] or [name]
    digits = re.search(r"(?<=[^\d])\d+$", head)
    subs = [*([digits.group()] if digits else []), *rest]
    return Name(_head(head[: digits.start()] if digits else head), tuple(map(_subscript, subs)))


def _head(word: str) -> str:
    if len(word) == 1:
        return word if word.isalpha() else rf"\mathrm{{{escape_words(word)}}}"
    word = _SPELLINGS.get(word, word)
    if word in _GREEK or word == "ell":
        return "\\" + word
    for mark in _MARKS:
        stem = word.removesuffix(mark)
        if stem and stem != word:
            inner = _head(stem)
            if not inner.startswith(r"\mathrm"):
                return rf"\{mark}{{{inner}}}"
    return rf"\mathrm{{{escape_words(word)}}}"


def _subscript(word: str) -> str:
    if word.isdigit():
        return word
    if len(word) == 2 and word.isalpha() and word not in _SPELLINGS:
        return word  # W_xh: two letters that name an input and an output
    latex = _head(word)
    return latex.replace(r"\mathrm", r"\text", 1) if latex.startswith(r"\mathrm") else latex


class Names:
    """The names of one program in LaTeX, and what else a printer must know of it.

    program   the program.
    written   the equation that writes each value.
    trees     the matrix forms of equations that are known already.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.written: dict[str, Equation] = program.equation_of()
        self.trees: dict[str, Any] = {}
        self._names: dict[str, Name] = {}
        taken: set[str] = set()
        for tensor in program.tensors.values():
            if tensor.role is None:
                name = self._generated(tensor.name) or parse_name(tensor.name)
                if name.latex() in taken:
                    name = Name(rf"\mathrm{{{escape_words(tensor.name)}}}")
                taken.add(name.latex())
                self._names[tensor.name] = name

    def _generated(self, name: str) -> Name | None:
        match = _GENERATED.match(name)
        if not match:
            return None
        inner = parse_name(match.group(2))
        if match.group(1) == "inverse":
            base = inner.latex()
            return Name(f"{base}^{{-1}}" if _is_plain(base) else rf"\left({base}\right)^{{-1}}", wrap=True)
        return Name(rf"\mathrm{{{match.group(1)}}}", (inner.latex(),))

    @cached_property
    def softmax(self) -> Softmaxes:
        """The softmaxes of the program."""
        return Softmaxes(self.program, self.written)

    @cached_property
    def has_labels(self) -> bool:
        """Whether a tensor holds labels, which sum to one."""
        return any(tensor.kind == "labels" for tensor in self.program.tensors.values())

    def signature(self, name: str) -> Signature:
        return self.program.tensors[name]

    def tensor(self, name: str) -> str:
        r"""The whole tensor: W_{1}, \hat{y}, \frac{\partial L}{\partial W_{1}}."""
        return self.entry(name, ())

    def entry(self, name: str, letters: Sequence[str]) -> str:
        r"""One entry: W_{1,ij}, \frac{\partial q_{k}}{\partial W_{ij}}; `letters` are LaTeX, one an axis, "" for an axis of size 1.

        Without any letters: the whole tensor.
        """
        role = self.signature(name).role
        if role is None:
            return self._names[name].latex([letter for letter in letters if letter])
        return self.derivative(role, letters)

    def derivative(self, role: Gradient, letters: Sequence[str], local: bool = False) -> str:
        r"""d of / d wrt as a fraction; a derivative of a derivative is one of second order, \frac{\partial^{2} L}{\partial x^{2}}.

        local   whether it is the derivative of one equation alone, which is never written as one of second order.
        """
        below: list[str] = []
        of, wrt, left = role.of, role.wrt, list(letters)
        while True:
            rank = self.signature(of).rank
            below.append(self._slashed(wrt, left[rank:]))
            left = left[:rank]
            inner = self.signature(of).role
            if local or inner is None or inner.via is not None or self.signature(role.wrt).role is not None:
                break
            of, wrt = inner.of, inner.wrt
        order = f"^{{{len(below)}}}" if len(below) > 1 else ""
        top = self._slashed(of, left)
        if len(set(below)) == 1 < len(below) and not any(letters) and not self.signature(role.wrt).shape:
            under = rf"\partial {below[0]}{order}"
        else:
            under = r"\,".join(rf"\partial {part}" for part in below)
        fraction = rf"\frac{{\partial{order} {top}}}{{{under}}}"
        return rf"\left.{fraction}\right|_{{{self._via(role.via, role.nth)}}}" if role.via else fraction

    def _via(self, via: str, nth: int) -> str:
        latex = self._slashed(via, ())
        return rf"{latex}\,({nth})" if nth else latex

    def _slashed(self, name: str, letters: Sequence[str]) -> str:
        """A tensor inside a fraction: a derivative in one line with a slash, in brackets."""
        role = self.signature(name).role
        if role is None:
            return self.entry(name, letters)
        rank = self.signature(role.of).rank
        top, below = self._slashed(role.of, letters[:rank]), self._slashed(role.wrt, letters[rank:])
        via = f"|_{{{self._via(role.via, role.nth)}}}" if role.via else ""
        return rf"\left(\partial {top}/\partial {below}{via}\right)"

    @staticmethod
    def index(letters: Sequence[str]) -> str:
        """The letters of an index as they stand below a name, without those of axes of size 1."""
        return join_letters([letter for letter in letters if letter])

    def letter(self, letter: str) -> str:
        """A letter of an equation: i, or i_{1} for i1."""
        return letter if len(letter) == 1 else f"{letter[0]}_{{{letter[1:]}}}"

    def shape(self, name: str) -> str:
        """The shape in words: (h, d)."""
        shape = self.signature(name).shape
        return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _is_plain(latex: str) -> bool:
    """Whether a superscript can be put on it."""
    return "^" not in latex and r"\frac" not in latex and r"\right" not in latex
