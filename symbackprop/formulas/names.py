r"""How names and letters are written in formulas: yhat is \hat{y}, W_1 is W_{1}, W_1 with the letters i, j is W_{1,ij}.

Names follow SymPy's habit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import dropwhile, takewhile

from symbackprop.formulas import build as f
from symbackprop.formulas.symbols import ACCENTS, SYMBOLS
from symbackprop.formulas.tree import Accent, Atom, Node, Script

_GREEK = {name for name, (char, _) in SYMBOLS.items() if len(char) == 1 and "\u0370" <= char <= "\u03ff"} | {
    "epsilon",
    "phi",
    "ell",
}
_SPELLINGS = {"lam": "lambda", "lamda": "lambda", "eps": "epsilon"}
_WORDS = {*_SPELLINGS, "mu", "nu", "pi"}  # two letters that are one: W_mu is W_\mu, but W_xi what an LSTM does to x at its gate i
_MARKS = tuple(sorted(set(ACCENTS) - {"widehat", "overline"}, key=len, reverse=True))

_CALLED = {name for name, (_, kind) in SYMBOLS.items() if kind in ("function", "limit", "big")}
_LOGS = ("log", "ln")  # log_p is no logarithm to the base p

RAISED = {"prime": "prime", "star": "star", "plus": "+", "minus": "-"}  # theta_prime, w_star: signs above a name

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


TIME = frozenset("tsτ")  # letters that count steps in time


def at_steps(name: Name, steps: Iterable[tuple[str, Node]], letters: Sequence[Letter] = ()) -> Node:
    """A name at steps of loops, each with the letter of its axis: a time stands below, a layer above in brackets."""
    several = list(steps)
    times = [step for axis, step in several if axis in TIME]
    layers = [step for axis, step in several if axis not in TIME]
    shown = [one for one in letters if one is not None]
    below = [*name.subs, *times, *([index(shown)] if shown else [])]
    above = f.beside(f.symbol("("), f.listed(layers), f.symbol(")")) if layers else None
    base = f.bracket(name.base) if name.wrap else name.base
    return f.scripted(base, f.listed(below) if below else None, above) if below or above else base


def index(letters: Sequence[Node]) -> Node:
    """Letters beside each other where each is one letter, otherwise with commas."""
    short = all(isinstance(letter, Atom) and letter.kind == "letter" and len(letter.text) == 1 for letter in letters)
    return f.beside(*letters) if short else f.listed(letters)


def letter(text: str) -> Node:
    """A letter of an equation: i, or i_{1} for i1."""
    return f.letter(text) if len(text) == 1 else Script(f.letter(text[0]), f.number(text[1:]))


def parse_name(name: str) -> Name:
    r"""The parts of an identifier: yhat -> \hat{y}, W1 and W_1 -> W_{1}, h_prev -> h_{\text{prev}}, loss -> \mathrm{loss}."""
    if layer := re.fullmatch(r"(\w+)\^([(\[]?)(\w+)([)\]]?)", name):  # delta^(2), a name that a person gave at a layer
        stem, left, number, right = layer.groups()
        above = [f.symbol(mark) for mark in (left, right)] if left and right else []
        marked = f.beside(*above[:1], _subscript(number), *above[1:])
        whole = parse_name(stem)
        return Name(f.scripted(whole.base, sup=marked), whole.subs)
    if accented := re.fullmatch(rf"({'|'.join(_MARKS)}) (\w+)", name):  # hat beta_1, a name that a person gave in LaTeX
        whole = parse_name(accented[2])
        return Name(Accent(accented[1], whole.base), whole.subs)
    head, *rest = [piece for piece in name.split("_") if piece] or [name]
    if rest and rest[-1] in RAISED:
        whole = parse_name(name[: name.rindex("_")])
        return Name(f.scripted(whole.base, sup=f.symbol(RAISED[rest[-1]])), whole.subs)
    if head in _CALLED and rest and (len(rest[0]) > 1 or head in _LOGS) and not rest[0].isdigit():
        head, rest = "".join([head, *takewhile(str.isalpha, rest)]), [*dropwhile(str.isalpha, rest)]
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
    if len(text) == 2 and text.isalpha() and text not in _WORDS:
        return f.beside(*map(f.letter, text))  # W_xh: two letters that name an input and an output
    node = _head(text)
    return f.words(text) if _is_word(node) else node
