r"""Scripts of the letters in a text, and the layers that they say by letters and numbers: the l + 1 above W, the 2 below z."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
_WORD = re.compile(r"[A-Za-z0-9]+")
_LABEL = re.compile(
    r"\s*(?P<open>[(\[]?)\s*(?P<letter>\\ell|[A-Za-z])\s*(?P<shift>[-+]\s*\d+)?\s*(?P<shut>[)\]]?)(?P<rest>.*)", re.DOTALL
)
_NUMBER = re.compile(r"\s*[(\[]?\s*(\d+)\s*[)\]]?")
_ABOVE = re.compile(r"\s*(?:[,(\[].*|T|\\top|\\intercal|\\prime|'|\\mathsf.*|\\mathrm.*)?\s*", re.DOTALL)
_BELOW = re.compile(r"\s*(?:,.*)?", re.DOTALL)
_FONTS = frozenset(["mathbf", "boldsymbol", "bm", "mathrm", "mathit", "left", "right", "vec", "hat", "tilde", "bar"])
_TRANSPOSE = "T"


class Script(NamedTuple):
    """A script of a letter in a text: where its argument begins and ends, and the letter; whether it stands above."""

    begin: int
    end: int
    base: str
    above: bool
    inner: str

    @property
    def label(self) -> Label | None:
        """The layer that it says by a letter; None where it says none."""
        found = _LABEL.fullmatch(self.inner)
        if found is None or bool(found["open"]) != bool(found["shut"]):
            return None
        lone = not (found["open"] or found["shift"])
        if not (_ABOVE if self.above else _BELOW).fullmatch(found["rest"]) or (
            lone and self.above and found["letter"] == _TRANSPOSE
        ):
            return None
        shift = int(re.sub(r"\s", "", found["shift"] or "0"))
        return Label(self.base, self.above, found["letter"], shift, found["rest"])

    @property
    def number(self) -> int | None:
        """The layer that it says by its number."""
        found = _NUMBER.match(self.inner)
        return int(found[1]) if found else None


class Label(NamedTuple):
    """A layer that a letter's script says: l + 1 above W."""

    base: str
    above: bool
    letter: str
    shift: int
    rest: str = ""

    def at(self, number: int) -> str:
        """The script at a layer; a number above stands in brackets, since it is no power."""
        return f"{{({number + self.shift}){self.rest}}}" if self.above else f"{{{number + self.shift}{self.rest}}}"


def scripts(text: str, begin: int = 0, end: int | None = None) -> Iterator[Script]:
    """The scripts of a text in their order, those within others as well."""
    end = len(text) if end is None else end
    base, k = "", begin
    while k < end:
        token = _TOKEN.match(text, k)
        assert token is not None
        one = token[0]
        k = token.end()
        if one in "^_" and base:
            while k < end and text[k].isspace():
                k += 1
            first, last, behind = _argument(text, k, end)
            yield Script(k, behind, base, one == "^", text[first:last])
            yield from scripts(text, first, last)
            k = behind
        elif one in "^_":
            yield from scripts(text, *_argument(text, k, end)[:2])
            k = _argument(text, k, end)[2]
        elif one[0] == "\\" and one[1:].isalpha():
            base = base if one[1:] in _FONTS else one[1:]
        elif one.isalpha():
            base = one
        elif not (one.isspace() or one in "{}'"):
            base = ""


def _argument(text: str, k: int, end: int) -> tuple[int, int, int]:
    """Where the argument of a script begins and ends, and where the text goes on."""
    if k >= end:
        return k, k, k
    if text[k] != "{":
        is_name = text[:k].rstrip()[-1:] == "_" and "\\" not in text  # delta_new of code
        token = (_WORD if is_name and _WORD.match(text, k) else _TOKEN).match(text, k)
        assert token is not None
        return k, token.end(), token.end()
    depth = 0
    for place in range(k, end):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return k + 1, place, place + 1
    return k + 1, end, end


def labelled(text: str) -> list[tuple[Script, Label]]:
    """The scripts of a text that say a layer by a letter; below what says its layer above, an entry is said: b^2_j."""
    found = list(scripts(text))
    said = [one for one in found if one.above and (one.number is not None or one.label is not None)]
    begins, ends = {one.end for one in said}, {ended(text, one.begin) for one in said if one.label}  # h_l^2 is a square
    entries = {one for one in found if not one.above and (ended(text, one.begin) in begins or one.end in ends)}
    return [(one, label) for one in found if one not in entries and (label := one.label) is not None]


def ended(text: str, place: int) -> int:
    """Where what stands before a script ends: W of W ^ {l}."""
    return len(text[:place].rstrip()[:-1].rstrip())


def labels(text: str) -> list[Label]:
    """The layers that letters say in a text."""
    return [label for _, label in labelled(text)]


def said_at(text: str, number: int, wanted: Callable[[Label], bool]) -> str:
    """A text with the layers that are wanted at a number."""
    for one, label in sorted(labelled(text), reverse=True):
        if wanted(label):
            text = text[: one.begin] + label.at(number) + text[one.end :]
    return text
