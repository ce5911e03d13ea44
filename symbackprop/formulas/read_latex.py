"""LaTeX that a person wrote, read into a tree: the part of LaTeX's mathematics that reports use.

    formula = item*
    item    = atom scripts?
    scripts = (_ argument | ^ argument | ')*
    atom    = letter | number | macro | { formula } | \\left d formula \\right d | \\begin{e} cells \\end{e}

Every writer walks this tree, so a macro that a writer cannot set is refused here, for all of them alike. Nothing
that passes can reach a file, define a macro or leave the formula.
"""

import re
from dataclasses import replace
from functools import lru_cache

from symbackprop.core.choices import nearest
from symbackprop.formulas.symbols import (
    ACCENTS,
    ALPHABETS,
    CHARACTERS,
    DELIMITERS,
    ENVIRONMENTS,
    MACROS,
    SPACES,
    SYMBOLS,
)
from symbackprop.formulas.tree import Accent, Atom, Fence, Fraction, Grid, Node, Root, Row, Script, kind_of

DEPTH = 60
"""The deepest nesting that is read; deeper formulas cannot be read by a person either."""

TEXT_ESCAPES = "_%&#${} "
"""Characters that a backslash makes plain inside \\text, \\mathrm and \\operatorname."""

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S", re.DOTALL)
_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"\s*\{([a-z]+)\}")


class FormulaError(ValueError):
    """A formula that the report cannot set; the message names the formula, the place and what to write instead."""


@lru_cache(maxsize=4096)
def parse(latex: str) -> Row:
    r"""The tree of a LaTeX formula, such as \frac{\partial L}{\partial W_1}.

    latex: the formula without dollar signs.
    Raises FormulaError where the formula has a macro outside the whitelist, unbalanced braces or deep nesting.
    """
    parser = _Parser(latex)
    row = parser.row(())
    if parser.peek():
        raise parser.error(f"{parser.peek()!r} closes nothing")
    return row


class _Parser:
    def __init__(self, latex: str) -> None:
        self.latex = latex
        self.place = 0
        self.taken = 0
        self.depth = 0

    def error(self, fault: str, at: int | None = None) -> FormulaError:
        """The fault at a place, which is the next token's unless it is given."""
        return FormulaError(f"formula {self.latex!r}, character {(self.skip() if at is None else at) + 1}: {fault}")

    def skip(self) -> int:
        """The place of the next token, past the spaces."""
        match = _SPACE.match(self.latex, self.place)
        return match.end() if match else self.place

    def peek(self) -> str:
        match = _TOKEN.match(self.latex, self.skip())
        return match.group() if match else ""

    def take(self) -> str:
        token = self.peek()
        self.taken = self.skip()
        self.place = self.taken + len(token)
        return token

    def expect(self, token: str, fault: str) -> None:
        if self.peek() != token:
            raise self.error(fault)
        self.take()

    def row(self, ends: tuple[str, ...]) -> Row:
        """Items up to one of the ends, which is left to the caller."""
        self.depth += 1
        if self.depth > DEPTH:
            raise self.error(f"nested more than {DEPTH} deep; give a part of it a name of its own")
        items: list[Node] = []
        while (token := self.peek()) and token not in ends and token not in ("}", r"\right", r"\end", "&", r"\\"):
            item = self.scripts()
            items.append(_called(item, items[-1]) if items else item)
        self.depth -= 1
        return Row(tuple(items))

    def scripts(self) -> Node:
        base = Row(()) if self.peek() in ("_", "^", "'") else self.atom()
        sub: Node | None = None
        sup: Node | None = None
        while (token := self.peek()) in ("_", "^", "'"):
            self.take()
            if token == "_":
                if sub is not None:
                    raise self.error("two subscripts on one base; put both into one pair of braces")
                sub = self.argument("_")
            elif token == "'":
                prime = Atom("′", "upright")
                sup = prime if sup is None else Row((sup, prime))
            elif sup is not None:
                raise self.error("two superscripts on one base; put both into one pair of braces")
            else:
                sup = self.argument("^")
        return base if sub is None and sup is None else Script(base, sub, sup)

    def argument(self, of: str) -> Node:
        """What stands after a macro: a group in braces, or one atom."""
        if not self.peek() or self.peek() in ("}", "&", r"\\", r"\right", r"\end", "^", "_", "'"):
            raise self.error(f"{of} lacks its argument")
        if self.peek() != "{" and len(self.peek()) > 1 and self.peek().isascii() and self.peek()[0].isdigit():
            # TeX takes one digit only: x^12 is x^1 2.
            raise self.error(f"{of} takes one digit unless there are braces: write {of}{{{self.peek()}}}")
        return _upright(self.atom())

    def atom(self) -> Node:
        token = self.take()
        if token == "{":
            group = self.row(())
            self.expect("}", "a brace { is not closed by }")
            if len(group.items) != 1:
                return group
            return _upright(group.items[0])
        if token.startswith("\\"):
            return self.macro(token[1:])
        if token in CHARACTERS:
            return Atom(*CHARACTERS[token])
        if token[0].isdigit() and token.isascii():
            return Atom(token, "number")
        if token.isalpha():
            return Atom(token, "letter")
        raise self.error(f"{token!r} has no meaning in a formula", self.taken)

    def macro(self, name: str) -> Node:
        if name in SYMBOLS:
            return Atom(*SYMBOLS[name])
        if name in SPACES:
            return Atom(str(SPACES[name]), "space")
        if name in ACCENTS:
            return Accent(name, self.argument("\\" + name))
        if name == "boldsymbol":
            inner = self.argument(r"\boldsymbol")
            return replace(inner, alphabet=name) if isinstance(inner, Atom) else inner
        if name in ALPHABETS:
            return Atom(self.words(), "letter", name)
        if name == "frac":
            return Fraction(self.argument(r"\frac"), self.argument(r"\frac"))
        if name == "sqrt":
            return self.root()
        if name in ("text", "mathrm", "operatorname"):
            words = self.words()
            return Atom(words, "text" if name == "text" else "function" if name == "operatorname" else "upright")
        if name == "left":
            return self.fence()
        if name == "begin":
            return self.grid()
        if name in MACROS:
            raise self.error(f"\\{name} closes nothing", self.taken)
        near = nearest(name, MACROS)
        mend = f"; did you mean \\{near}?" if near else "; symbackprop/formulas/symbols.py lists the macros"
        fault = f"the macro \\{name} is not one of those that every format of the report can set{mend}"
        raise self.error(fault, self.taken)

    def root(self) -> Root:
        degree = None
        if self.peek() == "[":
            self.take()
            degree = _single(self.row(("]",)))
            self.expect("]", r"the degree of \sqrt is not closed by ]")
        return Root(self.argument(r"\sqrt"), degree)

    def fence(self) -> Fence:
        left = self.delimiter(r"\left")
        body = _single(self.row(()))
        self.expect(r"\right", r"\left lacks its \right")
        return Fence(left, body, self.delimiter(r"\right"))

    def delimiter(self, of: str) -> str:
        token = self.take()
        if token not in DELIMITERS:
            raise self.error(f"{of} needs a delimiter after it, such as ( or \\lVert, not {token!r}", self.taken)
        return DELIMITERS[token]

    def grid(self) -> Grid:
        name = self.environment()
        rows: list[tuple[Node, ...]] = [(_single(self.row(())),)]
        while (token := self.peek()) in ("&", r"\\"):
            self.take()
            if token == "&":
                rows[-1] = (*rows[-1], _single(self.row(())))
            elif self.peek() != r"\end":
                rows.append((_single(self.row(())),))
        self.expect(r"\end", f"\\begin{{{name}}} lacks its \\end")
        if self.environment() != name:
            raise self.error(f"\\begin{{{name}}} is closed by another \\end")
        if len({len(row) for row in rows}) > 1:
            raise self.error(f"the rows of \\begin{{{name}}} differ in length")
        return Grid(name, tuple(rows))

    def environment(self) -> str:
        match = _NAME.match(self.latex, self.place)
        if not match or match.group(1) not in ENVIRONMENTS:
            raise self.error(f"the environment is not one of {', '.join(ENVIRONMENTS)}")
        self.place = match.end()
        return match.group(1)

    def words(self) -> str:
        """The raw text in the braces that follow, with its escapes undone."""
        self.expect("{", "the text lacks its opening brace {")
        text = ""
        while self.place < len(self.latex):
            char = self.latex[self.place]
            self.place += 1
            if char == "}":
                return text
            if char == "\\" and self.place < len(self.latex) and self.latex[self.place] in TEXT_ESCAPES:
                char = self.latex[self.place]
                self.place += 1
            elif char in "\\_%&#${^~`" or not char.isprintable():
                raise self.error(
                    f"{char!r} cannot stand in the text of a formula; pass the text through escape_words", self.place - 1
                )
            text += char
        raise self.error("a brace { is not closed by }")


def _single(row: Row) -> Node:
    """A row of one item is that item."""
    return row.items[0] if len(row.items) == 1 else row


def _upright(item: Node) -> Node:
    """An operator by itself: braces take its space away, as in 1{,}000."""
    if isinstance(item, Atom) and item.kind in ("binary", "relation", "punctuation"):
        return Atom(item.text, "upright")
    return item


def _called(item: Node, before: Node) -> Node:
    """A fence right after a function's name holds its arguments."""
    if kind_of(before) != "function" and not (isinstance(before, Atom) and before.kind == "limit"):
        return item
    if isinstance(item, Script) and isinstance(item.base, Fence):
        return replace(item, base=replace(item.base, call=True))
    return replace(item, call=True) if isinstance(item, Fence) else item
