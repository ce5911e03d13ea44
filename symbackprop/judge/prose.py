r"""Sentences about a network with their mathematics typeset: of dL/dyhat, W_1, 1 - a, \delta_2 the formulas.

What the judge says is text, for its readers in Python and JSON; on a page, and in a terminal, its formulas are set as such.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from symbackprop.core.functions import FUNCTIONS, TableFunction
from symbackprop.display.notation import applied
from symbackprop.documents.document import Inline, Math, Span
from symbackprop.formulas import build as f
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.plain import plain
from symbackprop.formulas.read_latex import FormulaError, parse
from symbackprop.formulas.symbols import SYMBOLS
from symbackprop.formulas.tree import Atom, Binds, Fraction, Node, items_of

_TOKEN = re.compile(
    r" *(?:(?P<gradient>d\w+/d\w+(?:\|\w+)?)|(?P<number>\d+(?:\.\d+)?)|(?P<word>[^\W\d]\w*)|"
    r"(?P<sign>\*\*|[<>=!]=|[-+*/^(),<>=]))"
)
_START = re.compile(r"(?<![\w'\\.])(?=[\w(\-−\\])")
_RELATIONS = {"<": "<", ">": ">", "<=": "le", ">=": "ge", "==": "=", "=": "=", "!=": "ne"}
_VERBS = frozenset([
    "is", "are", "was", "for", "by", "at", "and", "or", "not", "stand", "stands", "runs", "has", "as", "from", "through", "where",
    "on", "in", "times", "of", "with", "to", "be", "depends", "turned",
])  # fmt: skip
"""What may follow a name in a sentence; after the article stands a noun."""
_GROUP = r"\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}"
_LATEX = re.compile(
    rf"(?:\\(?:hat|bar|tilde|dot|partial|mathbf|mathrm) *\w|\\nabla_(?:\w|{_GROUP}) *\w|\\[A-Za-z]+|[A-Za-z](?=[_^]\{{))"
    rf"(?:{_GROUP}|[_^](?:\w|\\[A-Za-z]+|{_GROUP})|')*"
)
_READ_AS = "right if read as "


def prose(text: str, names: Collection[str]) -> tuple[Inline, ...]:
    """The pieces of a sentence in which `names` are those of tensors and sizes."""
    head, read_as, latex = text.partition(_READ_AS)
    if read_as:
        return (*prose(head, names), read_as, typeset(latex))
    pieces: list[Inline] = []
    done = at = 0
    known = frozenset(names)
    while (start := _START.search(text, at)) is not None:
        found = _latex(text, start.end()) or _Formula(text, start.end(), known).whole()
        at = start.end() + 1
        if found is not None:
            shown, end = found
            pieces += [text[done : start.end()], shown]
            done = at = end
    return tuple(piece for piece in (*pieces, text[done:]) if piece)


def said(pieces: tuple[Inline, ...]) -> str:
    """The pieces as one line of Unicode text."""
    return "".join(plain(p.formula) if isinstance(p, Math) else p if isinstance(p, str) else p.text for p in pieces)


def sentence(pieces: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """The pieces as a sentence: with a capital, unless it begins with a formula or a name, and a full stop."""
    first, *rest = pieces
    if isinstance(first, str) and re.match(r"[a-z]+\b(?!_)", first):
        first = first[:1].upper() + first[1:]
    last = rest[-1] if rest else first
    return (first, *rest, *([] if isinstance(last, str) and last.endswith((".", "?")) else ["."]))


def typeset(text: str) -> Math | Span:
    """LaTeX, or the name of a tensor, as a formula in a line; as code where it cannot be set."""
    shown = formula(text)
    return Span(text, style="code") if shown is None else Math(in_line(shown))


@lru_cache(maxsize=1024)
def formula(text: str) -> Node | None:
    r"""The formula of LaTeX, of the name of a tensor or of a gradient, dL/dW_1 or dW_1; None where it is none of these."""
    gradient = re.fullmatch(r"[d∂](\w+)/[d∂](\w+)", text.strip())
    if gradient:
        return _derivative(*gradient.groups())
    if text.isidentifier() and text.isascii():
        return parse_name(text).formula()
    try:
        return parse(text.strip())
    except FormulaError:
        return None


def in_line(node: Node) -> Node:
    """A formula that is one fraction with a slash, as in running text."""
    items = items_of(node)
    if len(items) == 1 and isinstance(items[0], Fraction):
        return f.beside(items[0].over, f.symbol("/"), items[0].under, binds=Binds.PRODUCT)
    return node


def _derivative(of: str, wrt: str) -> Node:
    return f.over(*(f.partial(parse_name(name).formula()) for name in (of, wrt)))


def _call(function: str, arguments: list[Node]) -> Node:
    known = FUNCTIONS.get(function)
    if known is not None and issubclass(known, TableFunction):
        return applied(known.row.latex, arguments)
    return f.call(f.symbol(function) if function in SYMBOLS else f.function(function), arguments)


def _stem(word: str) -> str:
    """The name of which a word is an entry, y_i."""
    return re.sub(r"_[ijk]$", "", word)


def _latex(text: str, start: int) -> tuple[Inline, int] | None:
    r"""A piece of LaTeX that begins there, \delta_2, and where it ends."""
    found = _LATEX.match(text, start)
    shown = formula(found.group()) if found else None
    return None if shown is None or found is None else (Math(in_line(shown)), found.end())


class _Formula:
    """Reads the longest formula that begins at a place; what is no formula of the network stays text."""

    def __init__(self, text: str, place: int, names: frozenset[str]) -> None:
        self.text, self.start, self.place, self.names = text, place, place, names
        self.depth = 0

    def whole(self) -> tuple[Inline, int] | None:
        """The formula and where it ends; None where none begins there that is worth setting."""
        word = _TOKEN.match(self.text, self.start)
        node = self.relation() if word else None
        if node is None or self._is_text(node):
            return None
        return Math(node), self.place

    def _is_text(self, node: Node) -> bool:
        """Whether what was read is a number, a word that stands in a formula as it does in text, or the article a."""
        read = self.text[self.start : self.place]
        if read == "a":
            after = re.match(r" ([a-z0-9]+)", self.text[self.place :])
            return after is not None and after[1] not in _VERBS
        if isinstance(node, Atom) and node.kind == "upright" and len(node.text) > 1:
            return True
        return not any({word, _stem(word)} & self.names or "/" in word for word in re.findall(r"d\w+/d\w+|[^\W\d]\w*", read))

    def peek(self, kind: str, spaced: bool = True) -> str:
        found = _TOKEN.match(self.text, self.place)
        if found is None or found.lastgroup != kind or (not spaced and found.group().startswith(" ")):
            return ""
        return found[kind]

    def take(self) -> None:
        found = _TOKEN.match(self.text, self.place)
        assert found is not None
        self.place = found.end()

    def sign(self, *signs: str) -> str:
        """The sign that comes next, where it is one of these, and is taken."""
        found = self.peek("sign")
        if found not in signs:
            return ""
        self.take()
        return found

    def relation(self) -> Node | None:
        left = self.sum()
        before = self.place
        if left is None or not (sign := self.sign(*_RELATIONS)):
            return left
        right = self.sum()
        if right is None:
            self.place = before
            return left
        return f.relation(left, f.symbol(_RELATIONS[sign]), right)

    def sum(self) -> Node | None:
        minus = bool(self.sign("-"))
        term = None if minus and self.text[self.place : self.place + 1] == " " else self.product()
        if term is None:
            return None
        terms = [f.negative(term) if minus else term]
        while True:
            before = self.place
            sign = self.sign("+", "-")
            spaced = self.depth or self.text.startswith(" ", self.place)  # a hyphen in a word is no minus
            term = self.product() if sign and spaced else None
            if term is None:
                self.place = before
                return f.add(terms)
            terms.append(f.negative(f.within(term, Binds.HADAMARD)) if sign == "-" else term)

    def product(self) -> Node | None:
        factors: list[Node] = []
        first = self.power()
        if first is None:
            return None
        factors.append(first)
        while True:
            before = self.place
            sign = self.sign("*", "/")
            factor = self.power() if sign or self._goes_on() else None
            if factor is None:
                self.place = before
                return f.juxtapose([f.within(one, Binds.PRODUCT) for one in factors])
            if sign == "/":
                top = f.juxtapose([f.within(one, Binds.PRODUCT) for one in factors])
                factors = [f.beside(top, f.symbol("/"), f.within(factor, Binds.POWER), binds=Binds.PRODUCT)]
            else:
                factors.append(factor)

    def _goes_on(self) -> bool:
        """Whether a factor follows without a sign: a (1 - a), 2 W; an index or a word of the sentence is none."""
        word = self.peek("word") in self.names and self.text[self.start : self.place] != "a"  # which may be the article
        if self.peek("word") == "a":
            word = re.match(r" ?a(\^|\*| [-+(*/])", self.text[self.place :]) is not None
        return bool(self.peek("gradient")) or word or self.peek("sign") == "("

    def power(self) -> Node | None:
        base = self.atom()
        before = self.place
        if base is None or not self.sign("**", "^"):
            return base
        exponent = self.atom()
        if exponent is None:
            self.place = before
            return base
        return f.power(base, exponent)

    def atom(self) -> Node | None:
        before = self.place
        if gradient := self.peek("gradient"):
            whole, _, via = gradient.partition("|")
            of, wrt = (name[1:] for name in whole.split("/"))
            if {of, wrt} <= self.names:
                self.take()
                node = in_line(_derivative(of, wrt))
                path = [f.scripted(f.symbol("|"), sub=parse_name(via).formula())] if via else []
                return f.beside(node, *path, binds=Binds.PRODUCT)
        elif number := self.peek("number"):
            self.take()
            return f.number(number)
        elif word := self.peek("word"):
            self.take()
            if {word, _stem(word)} & self.names:
                return parse_name(word).formula()
            if self.peek("sign", spaced=False) == "(" and (inner := self.bracketed()):
                return _call(word, inner)
        elif self.peek("sign") == "(" and (inner := self.bracketed()):
            return f.bracket(f.listed(inner))
        self.place = before
        return None

    def bracketed(self) -> list[Node]:
        """What stands in the brackets that come next: formulas with commas between them."""
        self.take()
        self.depth += 1
        parts = list(self._parts())
        self.depth -= 1
        return parts if self.sign(")") else []

    def _parts(self) -> Iterator[Node]:
        while (part := self.relation()) is not None:
            yield part
            if not self.sign(","):
                return
