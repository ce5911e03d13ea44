r"""Functions that a person defines beside a claim, \psi(u) = ...: where they are applied stands what they are defined as."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from symbackprop.notation.claims.bracketed import behind, between_commas, outside
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.statements import parts
from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import LONGEST, Token, plain, tokens

_WORD = re.compile(r"(?:\\[A-Za-z]+|[A-Za-z])(?:_(?:\w|\{\w+\}))?")
MOST = 8  # functions of one person
_SIGNS = frozenset(["+", "-", "*", "/", "=", "<", ">", "^", "|", r"\|", r"\cdot", r"\odot", r"\partial", r"\nabla", r"\frac"])


class OwnFunction(NamedTuple):
    """A function: how it is spelled, its letters, where its definition stands in the text of which number, and what that says."""

    name: str
    letters: tuple[str, ...]
    number: int
    start: int
    right: Tokens
    end: int


def without_functions(texts: Sequence[str], may: Callable[[str], bool], lone: bool = False) -> list[str]:
    r"""Texts in which functions that one of them defines are written out, and their definitions blank.

    may    whether a name may be that of such a function: that of a loss is none, whose L(w) only says of what it is one.
    lone   whether the first equation of a text may be a definition, as in a step; in a claim it is what is claimed.

    A definition that nothing uses stays.
    """
    found = list(texts)
    kept: set[str] = set()
    for _ in range(MOST):
        own = next((one for one in functions(found, lone) if one.name not in kept and may(one.name)), None)
        if own is None:
            return found
        kept.add(own.name)
        blank = found[own.number]
        blank = blank[: own.start] + " " * (own.end - own.start) + blank[own.end :]
        replaced = [written_out(blank if k == own.number else text, own, found[own.number]) for k, text in enumerate(found)]
        others = [blank if k == own.number else text for k, text in enumerate(found)]
        found = replaced if replaced != others else found
    return found


def functions(texts: Sequence[str], lone: bool) -> Iterator[OwnFunction]:
    """The functions that texts define, f(u, v) = ..., each by its place; `lone` as in `without_functions`."""
    for number, text in enumerate(texts):
        several = _tokens(text)
        pieces = parts(several)
        for k, piece in enumerate(pieces):
            behind = next((t.at for t in several if t.at > piece[-1].at), len(text))
            end = text.find(",", piece[-1].at, behind) if behind < len(text) else behind
            own = _function(piece, number, end if end >= 0 else behind) if k or lone else None
            if own is not None:
                yield own


def _tokens(text: str) -> list[Token]:
    """The tokens of a text, none of one that is not read: that is told elsewhere."""
    try:
        return tokens(text) if "(" in text and "=" in text else []
    except Fault:
        return []


def _function(piece: Tokens, number: int, end: int) -> OwnFunction | None:
    """The function that a piece defines, f(u, v) = ...; None where it defines none."""
    opened = next((k for k, t in enumerate(piece) if t.text == "("), 0)
    shut = _shut(piece, opened) if opened else None
    if not opened or shut is None or shut + 2 >= len(piece) or piece[shut + 1].text != "=":
        return None
    head, right = piece[:opened], piece[shut + 2 :]
    letters = tuple(plain(one) for one in between_commas(piece[opened + 1 : shut]))
    is_plain = all(letter and not {*letter} & _SIGNS for letter in letters) and not {t.text for t in head} & (_SIGNS - {"^"})
    bare_head = head[: next((k for k, t in enumerate(head) if t.text == "_"), len(head))]  # \psi of \psi_\tau
    is_name = len([t for t in bare_head if t.text not in "{}'^" and t.text not in _FONTS]) == 1
    signs = [k for k in outside(right) if right[k].text == "="]
    if not (is_plain and is_name) or (signs and not plain(head).endswith("'")) or signs[-1:] == [len(right) - 1]:
        return None  # a slope alone is said by steps of its own, \\phi'(t) = ... = ...
    return OwnFunction(plain(head), letters, number, piece[0].at, right[signs[-1] + 1 :] if signs else right, end)


_FONTS = frozenset([r"\operatorname", r"\mathrm", r"\text", r"\mathbf", r"\mathcal", r"\prime", r"\tilde", r"\hat", r"\bar"])


def _shut(several: Sequence[Token], opened: int) -> int | None:
    """The place of the bracket that shuts the one at a place."""
    end = behind(several, opened)
    return end - 1 if several[end - 1].text == ")" else None


def said_at(own: OwnFunction, source: str, letter: str) -> str:
    """What a function of one letter says of another one; `source` is the text that defines it."""
    return _at(own, source, {own.letters[0]: letter}).strip(" .,;")


def written_out(text: str, own: OwnFunction, source: str) -> str:
    """A text in which the function is its definition at its argument, the innermost application first."""
    for _ in range(MOST * MOST):
        several = _tokens(text + " =")[:-1]
        place = next((k for k in reversed(range(len(several))) if several[k].text == "(" and _names(several, k, own)), None)
        if place is None or len(text) > LONGEST:
            return text
        shut = _shut(several, place)
        arguments = between_commas(tuple(several[place + 1 : shut])) if shut else []
        if shut is None or len(arguments) != len(own.letters):
            return text
        head = next(k for k in reversed(range(place)) if plain(several[k:place]) == own.name)
        head -= head > 0 and several[head - 1].text in _FONTS
        bounds = [a.at for a in several[place : shut + 1] if a.text in ("(", ")", ",")]
        spans = [text[one[0].at : _after(several, one[-1], bounds[-1])] for one in arguments]
        inner = _at(own, source, dict(zip(own.letters, spans, strict=True)))
        text = f"{text[: several[head].at]} ({inner}) {text[several[shut].at + 1 :]}"
    return text


def _after(several: Sequence[Token], last: Token, end: int) -> int:
    """Where the token behind one begins, at most `end`."""
    return min(next((t.at for t in several if t.at > last.at), end), end)


def _names(several: Sequence[Token], place: int, own: OwnFunction) -> bool:
    """Whether what stands before a bracket is the function's name, and no end of a longer one."""
    for start in reversed(range(max(0, place - 8), place)):
        if plain(several[start:place]) == own.name and several[start].text not in "{}":
            before = several[start - 1].text if start else ""
            return before not in ("_", "^", "d", r"\partial", r"\nabla")
    return False


def _at(own: OwnFunction, source: str, arguments: dict[str, str]) -> str:
    """What the definition says with arguments in the place of its letters."""
    found, last = "", own.right[0].at
    ends = [*(b.at for _, b in pairwise(own.right)), own.end]
    skipped = 0
    for k, (token, end) in enumerate(zip(own.right, ends, strict=True)):
        if skipped:
            skipped -= 1
            continue
        match = next((name for name in arguments if _begins(own.right, k, name)), None)
        if match is None:
            continue
        count = _begins(own.right, k, match)
        end = ends[k + count - 1]
        piece = source[token.at : end]
        space = piece[len(piece.rstrip()) :]
        said = arguments[match].strip()
        said = f" {said} " if _WORD.fullmatch(said) else f"({said})"
        braced = token.text == "{" or (k > 0 and own.right[k - 1].text in ("^", "_", r"\sqrt"))  # an argument of a macro
        found += source[last : token.at] + (f"{{{said}}}" if braced else said) + space
        last, skipped = end, count - 1
    return found + source[last : own.end]


def _begins(several: Tokens, k: int, name: str) -> int:
    """How many tokens at a place are a letter, r or r_i; 0 where they are not, or go on below it."""
    for count in (5, 4, 3, 2, 1):
        part = several[k : k + count]
        if len(part) == count and plain(part) == name and _is_closed(part):
            goes_on = k + count < len(several) and several[k + count].text == "_"
            return 0 if goes_on and "_" not in name else count
    return 0


def _is_closed(several: Tokens) -> bool:
    """Whether braces are opened before they are closed, and all of them are."""
    depth = 0
    for token in several:
        depth += (token.text == "{") - (token.text == "}")
        if depth < 0:
            return False
    return depth == 0
