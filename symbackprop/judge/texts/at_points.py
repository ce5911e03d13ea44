r"""Points said in words beside a formula, f_x = 0 \text{ at } (1, 1), as a bar behind its left side: f_x |_{(1, 1)} = 0."""

from __future__ import annotations

import re

_NUMBER = r"[-+]?(?:\d[\d.]*(?:\s*/\s*\d+)?|\\[a-z]+(?:\s*\{[^{}]*\})*)"
_ENTRIES = rf"\(\s*{_NUMBER}(?:\s*,\s*{_NUMBER})*\s*\)"
_NAME = r"(?:\\?[A-Za-z]+(?:_\w|_\{\w+\})?|\([^()=\d]*\))"
_COLUMN = r"\\begin\{pmatrix\}.*?\\end\{pmatrix\}"  # as which (1, 1) is read behind an equals sign
_ONE = rf"{_NAME}\s*=\s*(?:{_NUMBER}|{_ENTRIES}|{_COLUMN})"
_POINT = rf"(?P<point>{_ENTRIES}|{_ONE}(?:\s*(?:,|and)\s*{_ONE})*)"
_PARTED = re.compile(r"\s+and\s+|\s*(?:\x00|\\\\)\s*")  # what stands between numbers, and between the rows of a column
_AT = r"(?:evaluated\s+)?at"
_THE = r"(?:the\s+)?(?:point\s+)?"
BEFORE = re.compile(rf"\s*[Aa]t\s+{_THE}{_POINT}\s*(?:[:,]|(?=\b(?:we|it|this|the)\b))\s*")  # At (1, 0): f_x = 0
BEHIND = re.compile(rf"\s*[,;]?\s*\b{_AT}\s+{_THE}{_POINT}\s*$")  # f_x = 0 at (1, 0)
BESIDE = re.compile(rf"\s+at\s+{_THE}(?P<point>{_ENTRIES})\s*(?==)")  # f_x at (1, 0) = 0
VALUE = re.compile(r"[^=]*=[-+\s(]*\d[-+\d.,/\s()]*")  # f_x = 0
_BEHIND = re.compile(rf"(?:\\q?quad\b|\\[ ,;:!]|~|,|\s)*\\(?:text|mathrm)\s*\{{\s*{_AT}\s+{_THE}\}}\s*{_POINT}\s*$")
_BEFORE = re.compile(
    rf"\s*\\(?:text|mathrm)\s*\{{\s*[Aa]t\s+{_THE}\}}\s*{_POINT}\s*(?:[:,]|\\q?quad\b|\\[ ,;:!]|\\text\s*\{{[^{{}}]*\}}|\s)+"
)
_HAS_ITS_OWN = re.compile(r"\||\\[rl]?vert\b|\)\s*$")
_OF_SECOND = re.compile(r"\s*(?:[DH]|\\det\s*H)\s*")  # the determinant of second derivatives, and their matrix


def with_bars(line: str) -> list[str]:
    """A line of LaTeX; one whose words say a point as its claims there.

    Words before them are of all, words behind of the last and of those that are numbers.
    """
    before, behind = _BEFORE.match(line), _BEHIND.search(line)
    if before is None and behind is None:
        return [line]
    several = _equations(line[before.end() if before else 0 : behind.start() if behind else len(line)])
    if before:
        several = [at_point(one, before["point"]) for one in several]
    if behind:
        *others, last = several
        others = [at_point(one, behind["point"]) if VALUE.fullmatch(one) else one for one in others]
        several = [*others, *value_at(last, behind["point"])]
    return several


def value_at(claim: str, point: str) -> list[str]:
    """A claim whose last side is its value at a point: f_x = 2x - 2 = 0 at (1, 1) says the formula everywhere."""
    formula, _, value = claim.rpartition("=")
    left, is_formula, _ = formula.partition("=")
    return [formula.rstrip(), at_point(f"{left}={value}", point)] if is_formula else [at_point(claim, point)]


def at_point(claim: str, point: str) -> str:
    """A claim at a point; one that says a point itself is that at its own."""
    left, sign, right = claim.partition("=")
    if not sign or _HAS_ITS_OWN.search(left):
        return claim
    numbers = _PARTED.sub(", ", point).replace(r"\begin{pmatrix}", "(").replace(r"\end{pmatrix}", ")")
    there = numbers if _OF_SECOND.fullmatch(left) and numbers.startswith("(") else f" |_{{{numbers}}}"
    return f"{left.rstrip()}{there} ={right}"


def _equations(line: str) -> list[str]:
    """What stands between the commas of a line that are in no bracket; what has no equals sign belongs to what is before it."""
    out, depth = [""], 0
    for c in line:
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            out.append("")
        else:
            out[-1] += c
    several = out[:1]
    for one in out[1:]:
        if "=" in one:
            several.append(one)
        else:
            several[-1] += f",{one}"
    return [several[0], *(re.sub(r"^(?:\\q?quad\b|\s)+", "", one) for one in several[1:])]
