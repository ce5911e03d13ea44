r"""The formulas of a text of LaTeX, with f(x) = ... and \sigma(z) = ... written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.statements import parts
from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import GREEK, MOST, Token, tokens


def formulas(text: str, known: Callable[[Token], bool]) -> list[Tokens]:
    """The formulas of a text, with its functions written out.

    known   whether a token names something that is declared.
    """
    found = parts(tokens(text))
    for k in range(len(found)):
        called = _called(found[k])
        if called is None:
            continue
        head, inner, body = called
        others = [*found[:k], (), *found[k + 1 :]]
        if len(inner) == 1 and _is_letter(inner[0]) and not known(inner[0]) and _calls(others, head):
            found = [_applied(p, head, inner[0].text, body) for p in others]
        else:
            whole = (*head, Token("(", 0), *inner, Token(")", 0))
            found = [_replaced(p, whole, head) for p in found]
    return [part for part in found if part]


def _called(part: Tokens) -> tuple[Tokens, Tokens, Tokens] | None:
    """f, x and the right side of f(x) = ...; None for what is no such equation."""
    texts = [t.text for t in part]
    if "=" not in texts:
        return None
    k = texts.index("=")
    if "(" not in texts[1:k] or texts[k - 1] != ")":
        return None
    opening = texts.index("(")
    if opening == 0 or texts[opening - 1] in ("{", "^", "_") or _closing(part, opening) != k - 1:
        return None
    return part[:opening], part[opening + 1 : k - 1], part[k + 1 :]


def _closing(part: Sequence[Token], opening: int) -> int:
    """The place of the bracket that closes the one at `opening`; -1 where none does."""
    depth = 0
    for k in range(opening, len(part)):
        depth += (part[k].text == "(") - (part[k].text == ")")
        if depth == 0:
            return k
    return -1


def _is_letter(token: Token) -> bool:
    return token.text.lstrip("\\") in GREEK or (len(token.text) == 1 and token.text.isalpha())


def _same(part: Tokens, k: int, several: Tokens) -> bool:
    return [t.text for t in part[k : k + len(several)]] == [t.text for t in several]


def _calls(several: list[Tokens], head: Tokens) -> bool:
    opened = (*head, Token("(", 0))
    return any(_same(part, k, opened) for part in several for k in range(len(part)))


def _applied(part: Tokens, head: Tokens, letter: str, body: Tokens) -> Tokens:
    """The tokens with every call of a function written out, the outermost first."""
    k = 0
    while k < len(part):
        opening = k + len(head)
        if not (_same(part, k, (*head, Token("(", 0)))):
            k += 1
            continue
        closing, at = _closing(part, opening), part[k].at
        if closing < 0:
            raise Fault("a ) is missing.", "Every bracket needs its partner.", part[opening].at)
        argument = (Token("(", at), *part[opening + 1 : closing], Token(")", at))
        written = [t for one in body for t in (argument if one.text == letter else (Token(one.text, at),))]
        part = (*part[:k], Token("(", at), *written, Token(")", at), *part[closing + 1 :])
        if len(part) > MOST:
            raise Fault("written out, this function has too many signs.", "Give its values names of their own.", at)
    return part


def _replaced(part: Tokens, whole: Tokens, by: Tokens) -> Tokens:
    out: list[Token] = []
    k = 0
    while k < len(part):
        same = _same(part, k, whole)
        out += part[k : k + len(by)] if same else [part[k]]
        k += len(whole) if same else 1
    return tuple(out)
