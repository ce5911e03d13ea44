r"""From tokens to syntax.

statement = sum {relation sum}
sum       = [sign] term {sign term}
term      = factor {[op] factor}       op: nothing, \cdot, \odot, \times, *, /, \otimes
factor    = atom {_ script | ^ script | '}
atom      = number | word | ( ... ) | | ... | | \frac | \sqrt | \sum term | \partial word | \nabla_z L | cases | matrix
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.cases import split_case
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.listed import written_out
from symbackprop.notation.claims.syntax import Syntax, Tokens
from symbackprop.notation.claims.tokens import ACCENTS, FONTS, GREEK, WORDS, Token, instead, plain

DEEPEST = 40
RELATIONS = {"<": "<", ">": ">", r"\leq": "<=", r"\geq": ">=", "=": "==", r"\neq": "!="}
OPERATORS = {
    r"\cdot": "dot", r"\odot": "had", r"\times": "times", "/": "div", "*": "star", r"\otimes": "outer", r"\star": "slide",
    r"\oslash": "over",
}  # fmt: skip
CLOSING = {"(": ")", "[": "]", r"\{": r"\}", "{": "}", "|": "|", r"\|": r"\|", r"\langle": r"\rangle"}
NAMED = frozenset([
    "tanh", "exp", "log", "ln", "cosh", "sinh", "sech", "coth", "sin", "cos", "tan", "sign", "max", "min", "det",
    "tr", "Tr", "trace", "diag", "relu", "ReLU", "sigmoid", "softmax", "softplus", "arctan", "arcsin", "arccos",
    "abs", "argmax", "argmin",
])  # fmt: skip
_EXPECTED = ([r"\mathbb", "{", "E", "}"], [r"\mathbb", "E"])
MEANS = (r"\operatorname", r"\operatorname*", r"\mathrm", r"\text")
MATRICES = frozenset(["matrix", "bmatrix", "pmatrix", "smallmatrix", "array"])
_JOINED = (r"\land", r"\lor")
_ENDS = frozenset(["", "+", "-", ")", "]", "}", r"\}", r"\rangle", ",", ";", ":", r"\mid", "&", r"\\", *_JOINED, *RELATIONS])
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?$")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([a-zA-Z]+)\*?\}$")


def syntax(several: Sequence[Token]) -> Syntax:
    """The syntax of all the tokens. Raises Fault where they are not in the grammar."""
    parser = Parser(several)
    result = parser.relation()
    parser.finish()
    return result


class Parser:
    """Recursive descent over a list of tokens; `bars` are the opened |, so that the next one closes."""

    def __init__(self, several: Sequence[Token], depth: int = 0) -> None:
        self.tokens, self.place, self.depth = list(several), 0, depth
        self.bars: list[str] = []

    # ---- tokens
    def peek(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.tokens[place].text if place < len(self.tokens) else ""

    @property
    def at(self) -> int:
        if not self.tokens:
            return 0
        return self.tokens[min(self.place, len(self.tokens) - 1)].at

    def take(self) -> Token:
        if self.place >= len(self.tokens):
            raise Fault("the formula ends too early.", "Something is missing at its end.", self.at)
        self.place += 1
        return self.tokens[self.place - 1]

    def expect(self, text: str) -> None:
        if self.peek() != text:
            found = f", not {self.peek()}" if self.peek() else ""
            raise Fault(f"{text} is expected here{found}.", "Every bracket needs its partner.", self.at)
        self.take()

    def finish(self) -> None:
        if self.peek():
            raise Fault(f"{self.peek()} has no meaning here.", "Check the brackets before it.", self.at)

    def inside(self, several: Sequence[Token]) -> Syntax:
        """Other tokens by the same grammar, one step deeper."""
        if self.depth > DEEPEST:
            raise Fault(f"nested deeper than {DEEPEST}.", "Name a part in a step of its own.", self.at)
        if not several:
            raise Fault("nothing stands here.", "", self.at)
        parser = Parser(several, self.depth + 1)
        result = parser.relation()
        parser.finish()
        return result

    def until(self, close: str) -> Tokens:
        """The tokens up to the closing token of this level, which is taken as well."""
        depth, found = 0, []
        start = self.at
        while self.place < len(self.tokens):
            token = self.take()
            if token.text == close and depth == 0:
                return tuple(found)
            depth += (token.text in ("{", "[") and CLOSING[token.text] == close) - (token.text == close)
            found.append(token)
        raise Fault(f"a {close} is missing.", "Every bracket needs its partner.", start)

    def argument(self) -> Tokens:
        """What TeX takes as the argument of a macro: a group, or one token; \\mathsf T and \\frac12 are one as well."""
        token = self.take()
        text = token.text
        if text == "{":
            return self.until("}")
        if text in (")", "]", "}", "&", r"\\", "^", "_"):
            raise Fault("the argument is missing.", "", token.at)
        if _NUMBER.match(text) and len(text) > 1:  # x^12 is x^1 2
            self.place -= 1
            self.tokens[self.place] = Token(text[1:], token.at + 1)
            return (Token(text[0], token.at),)
        if text[1:] in FONTS or text[1:] in ACCENTS or text == r"\sqrt":
            return (token, Token("{", token.at), *self.argument(), Token("}", token.at)) if self.peek() else (token,)
        if text == r"\frac":
            one, other = self.argument(), self.argument()
            brace, close = Token("{", token.at), Token("}", token.at)
            return (token, brace, *one, close, brace, *other, close)
        return (token,)

    # ---- levels
    def relation(self) -> Syntax:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Fault(f"nested deeper than {DEEPEST}.", "Name a part in a step of its own.", self.at)
        at = self.at
        sides, signs = [self.sum()], []
        while self.peek() in RELATIONS:
            sign = self.take()
            if not self.peek():
                raise Fault(f"nothing stands behind {sign.text}.", "Write there what it comes to.", sign.at)
            signs.append(RELATIONS[sign.text])
            sides.append(self.sum())
        self.depth -= 1
        return sx.Relation(tuple(sides), tuple(signs), at) if signs else sides[0]

    def sum(self) -> Syntax:
        at, parts = self.at, []
        while True:
            sign = 1
            while self.peek() in ("+", "-"):
                sign = -sign if self.take().text == "-" else sign
            parts.append((sign, self.term()))
            if self.peek() not in ("+", "-"):
                break
        return parts[0][1] if parts == [(1, parts[0][1])] else sx.Terms(tuple(parts), at)

    def term(self) -> Syntax:
        at = self.at
        factors: list[Syntax] = []
        ops: list[str] = []
        while True:
            op, sign = "", 1
            if self.peek() in OPERATORS:
                if not factors:
                    raise Fault(f"{self.peek()} has nothing on its left.", "", self.at)
                op = OPERATORS[self.take().text]
                if self.peek() == "-":
                    self.take()
                    sign = -1
            if self.ends(bool(factors) and not op):
                if op or not factors:
                    raise Fault("a factor is missing here.", "", self.at)
                break
            factor = self.big() if self.peek() in (r"\sum", r"\prod") or self.mean_sign() else self.factor()
            ops += [op] if factors else []
            factors.append(sx.Terms(((-1, factor),), factor.at) if sign < 0 else factor)
        return factors[0] if len(factors) == 1 else sx.Product(tuple(factors), tuple(ops), at)

    def ends(self, after_factor: bool) -> bool:
        text = self.peek()
        if text in ("|", r"\|"):
            return after_factor and bool(self.bars) and self.bars[-1] == text
        return text in _ENDS or bool(text.startswith(r"\end"))

    def mean_sign(self) -> int:
        r"""How many tokens \operatorname{mean}_i, \mathbb{E} or \hat{\mathbb{E}} takes; 0 for anything else."""
        texts = [token.text for token in self.tokens[self.place : self.place + 8]]
        for spelled in ([font, "{", *"mean", "}", "_"] for font in MEANS):
            if texts[: len(spelled)] == spelled:
                return len(spelled) - 1
        expected = [*_EXPECTED, *([accent, "{", *own, "}"] for accent in (r"\hat", r"\widehat") for own in _EXPECTED)]
        return next((len(spelled) for spelled in expected if texts[: len(spelled)] == spelled), 0)

    def big(self) -> Syntax:
        mean = self.mean_sign()
        token = self.take()
        self.place += max(mean - 1, 0)
        kind: Literal["sum", "prod", "mean"] = "mean" if mean else "prod" if token.text == r"\prod" else "sum"
        under, over = (), ()
        while self.peek() in ("_", "^"):
            which = self.take().text
            under, over = (self.argument(), over) if which == "_" else (under, self.argument())
        sign = 1
        while self.peek() in ("+", "-"):
            sign = -sign if self.take().text == "-" else sign
        body = self.term()
        return written_out(sx.Big(under, over, sx.Terms(((-1, body),), body.at) if sign < 0 else body, token.at, kind))

    # ---- factors
    def factor(self) -> Syntax:
        first = self.at
        body = self.atom()
        if isinstance(body, sx.Word) and len(body.base) == 1 and self.peek().isdigit() and self.at == first + 1:
            body = replace(body, sub=(self.take(),))  # W1 is W_1
        body = self.scripts(body)
        while self.peek() == "!":
            self.take()
            body = self.scripts(sx.applied("factorial", body))
        return body

    def scripts(self, body: Syntax) -> Syntax:
        sub: Tokens = ()
        sup: Tokens = ()
        primes = 0
        while True:
            text = self.peek()
            if text == "'":
                self.take()
                primes += 1
            elif text == "_":
                self.take()
                if sub:
                    sub = (*sub, Token(",", self.at))
                sub = (*sub, *self.argument())
            elif text == "^":
                self.take()
                given = self.argument()
                primes += sum(t.text == "'" for t in given)
                sup = (*sup, *(t for t in given if t.text != "'"))
            elif text == "{" and self.peek(1) == "}" and self.peek(2) in ("^", "_"):
                self.take()
                self.take()
            else:
                break
        if not (sub or sup or primes):
            return body
        if isinstance(body, sx.Word) and not (body.sub and sub) and not (body.sup and sup):
            return replace(body, sub=body.sub or sub, sup=body.sup or sup, primes=body.primes + primes)
        if isinstance(body, sx.Group) and body.bracket == "{" and isinstance(body.items[0], sx.Word):
            inner = body.items[0]
            if not (inner.sub and sub) and not (inner.sup and sup):
                return replace(inner, sub=inner.sub or sub, sup=inner.sup or sup, primes=inner.primes + primes)
        return sx.Scripted(sx.normed(body, plain(sub)), body.at, sub, sup, primes)

    def atom(self) -> Syntax:
        token = self.take()
        text = token.text
        if text in CLOSING:
            return self.group(token)
        if _NUMBER.match(text):
            return sx.Number(text, token.at)
        if text.startswith((r"\begin", r"\end")):
            return self.grid(token)
        if text[0] != "\\":
            if text.isalpha() and text.isascii():
                return sx.Word(text, token.at)
            raise Fault(f"{text} has no meaning here.", "", token.at)
        return self.macro(token, text[1:])

    def group(self, token: Token) -> Syntax:
        either: list[list[Syntax]] = [[]]  # what stands between two "or"
        close = CLOSING[token.text]
        saved, self.bars = self.bars, [token.text] if token.text in ("|", r"\|") else []
        while True:
            either[-1].append(self.relation())
            if self.peek() not in (",", *_JOINED, ";", r"\mid", ":") or (self.peek() == ":" and token.text != r"\{"):
                break
            either += [[]] if self.take().text == r"\lor" else []
        self.bars = saved
        self.expect(close)
        both = [sx.fenced(tuple(items), token.text, token.at) for items in either]
        return both[0] if len(both) == 1 else sx.Group((sx.Group(tuple(both), r"\lor", token.at),), token.text, token.at)

    def macro(self, token: Token, name: str) -> Syntax:
        at = token.at
        if name in GREEK or name in NAMED:
            return sx.Word(name, at)
        if name == "arg" and self.peek() in (r"\max", r"\min"):
            return sx.Word(f"arg{self.take().text[1:]}", at)
        if name == "frac":
            one, other = self.argument(), self.argument()
            return sx.Fraction(self.differential(one), self.differential(other), at)
        if name == "binom":
            one, other = self.argument(), self.argument()
            return sx.applied("binomial", self.inside(one), self.inside(other))
        if name == "sqrt":
            degree = None
            if self.peek() == "[":
                self.take()
                degree = self.inside(self.until("]"))
            return sx.Root(self.inside(self.argument()), degree, at)
        if name == "partial":
            order = self.order()
            if self.peek() == "_":  # \partial_w L, \partial^2_x f
                return self.nabla(at, order)
            alone = not self.peek() or self.peek() in _ENDS or self.peek() in OPERATORS
            return sx.Partial(None if alone else self.factor(), at, order)
        if name == "nabla":
            return self.nabla(at)
        if name in ACCENTS:
            return self.accent(ACCENTS[name], at)
        if name in FONTS or name == "mathbb":
            return self.font(name, at)
        if name in ("sum", "prod"):
            self.place -= 1
            return self.big()
        raise Fault(f"\\{name} is not read in a formula.", instead(name, NAMED), at)

    def differential(self, several: Tokens) -> Syntax:
        r"""The top or bottom of a fraction; a lone \partial is an operator that waits for what it is applied to."""
        if several and several[0].text == r"\partial" and re.fullmatch(r"(?:\^\d\d?)?", plain(several[1:])):
            return sx.Partial(None, several[0].at, int(plain(several[2:]) or 1))
        return self.inside(several)

    def nabla(self, at: int, order: int = 1) -> Syntax:
        wrt: Tokens = ()
        order = max(order, self.order())
        if self.peek() == "_":
            self.take()
            wrt = self.argument()
        order = max(order, self.order())
        alone = not self.peek() or self.peek() in _ENDS or self.peek() in OPERATORS
        of = None if alone else self.factor()
        if isinstance(of, sx.Word) and plain(of.sup) in ("T", "top"):  # the transpose of the gradient
            return sx.Scripted(sx.Nabla(wrt, replace(of, sup=()), at, order), at, sup=of.sup)
        return sx.Nabla(wrt, of, at, order)

    def order(self) -> int:
        r"""The number where \partial^2 or \nabla^2 says one, 1 where nothing does."""
        if self.peek() != "^":
            return 1
        self.take()
        at, given = self.at, plain(self.argument())
        if not (given.isdigit() and len(given) < 3):
            raise Fault(f"a derivative of the order {given} is not read.", "Write its order as a number.", at)
        return int(given)

    def accent(self, accent: str, at: int) -> Syntax:
        inner = self.inside(self.argument())
        if isinstance(inner, sx.Word) and not inner.accent and not (accent == "bar" and plain(inner.sup).isdigit()):
            return replace(inner, accent=accent, at=at)
        return sx.Over(accent, inner, at)  # \overline{x^2}: the mean of squares

    def font(self, name: str, at: int) -> Syntax:
        given = self.argument()
        if name in WORDS or len(given) == 1:
            word = "".join(t.text for t in given)
            if word.replace("\\", "") in GREEK:
                return sx.Word(word.replace("\\", ""), at, font=name)
            if re.fullmatch(r"[A-Za-z0-9]+", word):
                return sx.Word(word, at, font=name) if word != "0" else sx.Number(word, at)
        inner = self.inside(given)
        if isinstance(inner, sx.Number):
            return sx.Word(inner.text, at, font=name) if inner.text != "0" else inner
        return replace(inner, font=name, at=at) if isinstance(inner, sx.Word) else sx.Group((inner,), "{", at)

    def grid(self, token: Token) -> Syntax:
        match = _ENVIRONMENT.match(token.text)
        kind = match.group(2) if match else ""
        if not match or match.group(1) == "end" or (kind != "cases" and kind not in MATRICES):
            raise Fault(f"{token.text} is not read here.", "Environments in a claim are cases, bmatrix, pmatrix.", token.at)
        if kind == "array" and self.peek() == "{":
            self.argument()
        rows: list[list[list[Token]]] = [[[]]]
        depth = 0
        while True:
            if not self.peek():
                raise Fault(f"{token.text} has no \\end.", "", token.at)
            part = self.take()
            if part.text.startswith(r"\end") and depth == 0:
                break
            depth += part.text.startswith(r"\begin") - part.text.startswith(r"\end")
            if depth == 0 and part.text == "&":
                rows[-1].append([])
            elif depth == 0 and part.text == r"\\":
                rows.append([[]])
            else:
                rows[-1][-1].append(part)
        cells = tuple(tuple(map(tuple, row)) for row in rows if any(row))
        if kind != "cases":
            return sx.Grid(cells, token.at)
        several = (split_case(row) for row in cells)
        return sx.Cases(tuple((self.inside(value), self.test(test) if test else None) for value, test in several), token.at)

    def test(self, several: Tokens) -> Syntax:
        """The condition of a case, which may be several."""
        if any(t.text in _JOINED for t in several):
            several = (Token("(", several[0].at), *several, Token(")", several[-1].at))
        return self.inside(several)
