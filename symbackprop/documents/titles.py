"""An author's title: what is mathematics in it, typed as in a network or between dollar signs, is set as a formula.

    relation = sum (= sum)*            product = power (power | * power | / power | @ power)*
    sum      = -? product (± product)* power   = atom (^ power)?
    atom     = number | name | name(sum, ...) | (sum)

A run of such tokens, whose names are the network's, is a formula where it is more than words: one letter that is no English word, a
Greek letter, a name with a subscript or an accent, anything with an operation. `--option value` is code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from symbackprop.documents.document import Math, Piece, Span
from symbackprop.formulas import build as f
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.read_latex import FormulaError, parse
from symbackprop.formulas.tree import Atom, Binds, Fence, Node, walk

_SET_APART = re.compile(r"\$(?P<latex>[^$]+)\$|(?P<code>--[a-z][\w-]*(?: [^\W\d]\w*)?)")
_TOKEN = re.compile(r"(?P<name>[^\W\d]\w*)|(?P<number>\d+(?:\.\d+)?)|(?P<sign>\*\*|[-+*/^=@(),⊙·])|(?P<space>\s+)|(?P<word>.)")
_Signs = Mapping[str, tuple[Node, ...]]
"""How each sign between two parts is set."""

_ENGLISH = frozenset("aAI")
_TIMES: _Signs = {"*": (), "@": (), "·": (), "⊙": (f.ODOT,), "/": (f.symbol("/"),)}


_Part = Callable[[], Node | None]


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def typeset(title: str, names: Collection[str]) -> tuple[Piece, ...]:
    """The title as its pieces; `names` are those of the network's tensors."""
    title = title if title.endswith("..") else title.removesuffix(".")  # a sentence of a docstring
    pieces: list[Piece] = []
    end = 0
    for found in _SET_APART.finditer(title):
        pieces += [*_formulas(title[end : found.start()], names), *_set_apart(found)]
        end = found.end()
    pieces += _formulas(title[end:], names)
    return tuple(pieces) if any(not isinstance(piece, str) for piece in pieces) else (title,)


def _set_apart(found: re.Match[str]) -> Iterator[Piece]:
    if found["code"]:
        yield Span(found["code"], style="code")
        return
    try:
        yield Math(parse(found["latex"]))
    except FormulaError:  # prices, say
        yield found.group()


def _formulas(text: str, names: Collection[str]) -> Iterator[Piece]:
    """The text with the longest formulas that begin at each of its words."""
    tokens = [_Token(str(m.lastgroup), m.group(), *m.span()) for m in _TOKEN.finditer(text)]
    place = end = 0
    while place < len(tokens):
        reader = _Reader(tokens, place, names)
        formula = reader.relation() if _begins(tokens, place) else None
        if formula is None or not reader.is_mathematics(formula):
            place += 1
            continue
        yield text[end : tokens[place].start]
        yield Math(formula)
        place = reader.place
        end = tokens[place - 1].end
    yield text[end:]


def _begins(tokens: list[_Token], place: int) -> bool:
    """Whether a word of the title begins here: no formula begins within 2-2-1 or x-ray."""
    before = tokens[place - 1] if place else None
    return tokens[place].kind != "space" and (before is None or before.kind in ("space", "word") or before.text in "(,")


class _Reader:
    """Reads one formula from a place on; it goes back to the last place where the formula was whole."""

    def __init__(self, tokens: list[_Token], place: int, names: Collection[str]) -> None:
        self.tokens, self.start, self.place, self.names = tokens, place, place, names

    def is_mathematics(self, formula: Node) -> bool:
        """Whether what was read is more than words and numbers, and ends where a word of the title ends."""
        read = [token for token in self.tokens[self.start : self.place] if token.kind != "space"]
        after = self.tokens[self.place : self.place + 2]
        if (after and after[0].kind in ("name", "number")) or [t.text for t in after[:1]] == ["-"]:
            return False
        if len(read) > 1:
            is_made = any(t.kind == "sign" and t.text not in "()," for t in read)
            is_call = any(isinstance(part, Fence) and part.call for part in walk(formula))
            return any(t.kind == "name" for t in read) and (is_made or is_call)
        is_word = isinstance(formula, Atom) and formula.kind == "upright" and len(formula.text) > 1
        return read[0].kind == "name" and read[0].text not in _ENGLISH and not is_word

    def relation(self) -> Node | None:
        return self.chain(self.sum, {"=": (f.EQUALS,)}, Binds.SUM)

    def sum(self) -> Node | None:
        negative = self.sign("-")
        first = self.product()
        if first is None:
            return None
        return self.rest(f.negative(first) if negative else first, self.product, {"+": (f.PLUS,), "-": (f.MINUS,)}, Binds.SUM)

    def product(self) -> Node | None:
        return self.chain(self.power, _TIMES, Binds.PRODUCT, beside=True)

    def chain(self, part: _Part, signs: _Signs, level: Binds, beside: bool = False) -> Node | None:
        first = part()
        return None if first is None else self.rest(first, part, signs, level, beside)

    def rest(self, left: Node, part: _Part, signs: _Signs, level: Binds, beside: bool = False) -> Node:
        """What follows `left`, a sign and a part at a time; `beside`: a part that is no number may follow without a sign."""
        while True:
            place = self.place
            sign = next((s for s in signs if self.sign(s)), "" if beside and not self.is_number() else None)
            right = None if sign is None else part()
            if right is None or sign is None:
                self.place = place
                return left
            left = f.beside(left, *(signs[sign] if sign else ()), right, binds=level)

    def power(self) -> Node | None:
        base = self.atom()
        place = self.place
        if base is None or not (self.sign("^") or self.sign("**")):
            return base
        exponent = self.power()
        if exponent is None:
            self.place = place
            return base
        return f.power(base, exponent)

    def atom(self) -> Node | None:
        self.space()
        token = self.tokens[self.place] if self.place < len(self.tokens) else None
        match token:
            case _Token("number", text):
                self.place += 1
                return f.number(text)
            case _Token("name", text):
                return self.named(text)
            case _Token("sign", "("):
                place, inner = self.place, self.brackets()
                if inner is not None and len(inner) == 1:
                    return f.bracket(inner[0])
                self.place = place
        return None

    def named(self, text: str) -> Node | None:
        """A tensor, or a function of what stands in brackets behind it."""
        place = self.place
        self.place += 1
        arguments = self.brackets() if self.text() == "(" else None
        if arguments:
            own = parse_name(text).formula()
            is_word = isinstance(own, Atom) and own.kind == "upright"
            return f.call(f.function(text) if is_word else own, arguments)
        if text in self.names or text == "pi":
            return parse_name(text).formula()
        self.place = place
        return None

    def brackets(self) -> list[Node] | None:
        """What stands between brackets, with commas between."""
        place, found = self.place, []
        while self.sign("(" if not found else ","):
            part = self.sum()
            if part is None:
                break
            found.append(part)
        if found and self.sign(")"):
            return found
        self.place = place
        return None

    def text(self) -> str:
        return self.tokens[self.place].text if self.place < len(self.tokens) else ""

    def is_number(self) -> bool:
        """Whether a number comes next."""
        ahead = [token.kind for token in self.tokens[self.place : self.place + 2] if token.kind != "space"]
        return ahead[:1] == ["number"]

    def space(self) -> None:
        if self.place < len(self.tokens) and self.tokens[self.place].kind == "space":
            self.place += 1

    def sign(self, text: str) -> bool:
        """Whether a sign comes next; it is taken."""
        place = self.place
        self.space()
        if self.text() == text:
            self.place += 1
            return True
        self.place = place
        return False
