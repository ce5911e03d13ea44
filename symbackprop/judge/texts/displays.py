"""Displayed formulas line by line, as the steps of a derivation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from symbackprop.judge.texts.arrays import Placed
from symbackprop.judge.texts.at_points import with_bars
from symbackprop.judge.texts.basis import with_basis
from symbackprop.judge.texts.beside import THUS, rounded, side_by_side
from symbackprop.judge.texts.columns import with_columns
from symbackprop.judge.texts.conditions import with_cases, with_conditions
from symbackprop.judge.texts.sentences import (
    AMONG,
    ARROW,
    AT_SLICE,
    DISPLAYS,
    EXAMPLE,
    MEMBERS,
    asides,
    claims_displayed,
    defined_beside,
    in_formulas,
    moves,
    numbers_given,
    points_said,
)
from symbackprop.notation.claims.bracketed import sides
from symbackprop.notation.claims.errors import Fault

INNER = re.compile(r"\\(?:begin|end)\{(?:aligned|split|gathered)\}|\\(?:label|tag\*?)\{[^}]*\}|\\(?:no)?tag\b|\\nonumber\b")
INDENT = re.compile(rf"^(?:{THUS}|\\q?quad\b|\\h(?:space|phantom)\*?\{{[^}}]*\}}|\\[ ,;:!]|[~\s])+")
READ = "if|where|with|else|elsewhere|otherwise|and|or|for|all|when|in|outside|tr|sign|diag|softmax"  # words of a claim
SPACE = r"(?:\\q?quad\b|\\[ ,;:!]|[~\s])"
APART = r"(?:\\q?quad\b|\\[ ;:]|~)\s*"  # what sets a remark apart
NAME = r"[^{}\s]*\}\s*(?:[-(_^}+*/]|\\(?:cdot|odot|times|circ|otimes|oslash|left|bigl?)\b)"  # a word that is a name: \text{out} - y
FACTOR = r"[A-Za-z]\w*\}"  # x^\top \text{err}
REMARK = re.compile(  # \text{by the chain rule}, (\text{since} ...); \text{np.sum}(...), \text{out}_1 and (\text{out} - y) are none
    rf"(?:{SPACE}+\(\s*\\text\{{(?!{NAME}).*\)|\(\s*\\text\{{(?!{NAME}|{FACTOR}\s*\)).*\)"
    rf"|{SPACE}*\\text\{{(?!{NAME}|{FACTOR})|{APART}\\text\{{(?!{NAME}))"
    rf"(?=[^}}]*[^\W\d_]{{2}}|[^}}]*[^\x00-\x7f]|$)(?![^}}]*\b(?:{READ})\b).*$"
)
LEAD = re.compile(  # \text{Let } x = -2
    r"\\text\{\s*(?:Let|Take|Given|Then|So|Hence|Thus|Therefore|Now|Finally|Also|With|We (?:have|get))\b[^{}]*\}"
    r"(?=[^=]*[A-Za-z\\][^=]*=)"
)
UPDATE = re.compile(r"(?<=[\w}\]\s])\\(?:leftarrow|gets)\b(?=[^=]*[-+][^=]*$)")  # w \leftarrow w - \eta ...
GOES_ON = re.compile(r"[-+=*/]|\\(?:cdot|times|odot|circ|otimes)\b")
ENDS_OPEN = re.compile(r"(?:[-+=*/]|\\(?:cdot|times|odot|circ))\s*$")
WHOLE = re.compile(r"\\begin\{(\w*matrix|cases|array)\}.*?\\end\{\1\}", re.DOTALL)  # its rows are no lines
SLICED = re.compile(r"[^=]*=[^=]*" + AT_SLICE.pattern)  # a_i = A_{:,i}
RESTORED = {0: r"\\", 1: "&"}


def formulas(text: str, path: Path | None = None) -> Iterator[tuple[str, ...]]:
    """The display formulas of a text that have an equals sign, line by line: left side, whole formula.

    Where a sentence says what a name stands for that they use, "where $S = ...$", that stands before the next display as a third
    kind of step, ASIDE.

    path   what is called the place of the text, in which each claim knows its line; None: it knows none.
    """
    steps = list(_lines(text, path))
    slices = [step for step in steps if SLICED.fullmatch(step[1])]  # a_i may be another where nobody has said it yet
    yield from with_cases([*slices, *(step for step in steps if step not in slices)])


def _lines(text: str, path: Path | None) -> Iterator[tuple[str, ...]]:
    text = with_basis(with_columns(rounded(re.sub(r"(?<!\\)%.*", "", text))))
    text = with_conditions(claims_displayed(in_formulas(text)))
    several = moves(text)
    several += [one for one in asides(text) if one[0] not in {at for at, _ in several}]
    left, aside = "", sorted([*several, *points_said(text)])

    def placed(claim: str, at: int) -> str:
        """A claim with the line at a character of the text."""
        one = Placed(claim)
        if path is not None:
            one.line = text.count("\n", 0, at) + 1
            one.file, one.lines = str(path), (one.line,)
        return one

    for at, (name, claim, kind) in numbers_given(text):
        yield name, placed(claim, at), kind
    for found in DISPLAYS.finditer(text):
        while aside and aside[0][0] < found.start():
            at, (name, claim, kind) = aside.pop(0)
            yield name, placed(claim, at), kind
        lines: list[tuple[int, str]] = []
        begin = next(found.start(k) for k in (1, 2, 4) if found[k])
        body = WHOLE.sub(_kept, INNER.sub(blank, found[1] or found[2] or found[4]))
        for row, first in _rows(body):
            at = begin + first
            for line in with_bars(LEAD.sub("", " ".join(row.replace("&", " ").split()).strip(",.; "))):
                line = INDENT.sub("", REMARK.sub("", line)).strip(",.; ")
                line = UPDATE.sub("=", ARROW.sub("=", line)).translate(RESTORED)
                if line.startswith("=") and not lines and left:
                    lines.append((at, f"{left} {line}"))  # a further form of what the display before says
                elif (
                    lines
                    and (GOES_ON.match(line) or ENDS_OPEN.search(lines[-1][1]))
                    and (line[:1] == "=" or not _is_equation(line))
                ):
                    lines[-1] = lines[-1][0], f"{lines[-1][1]} {line}"
                elif _is_equation(line) or MEMBERS.fullmatch(line):
                    lines.append((at, line))
        for at, line in lines:
            if line.startswith(f"\\{EXAMPLE} "):
                several = side_by_side(line.removeprefix(f"\\{EXAMPLE} "))
                yield from ((left_side(claim), placed(claim, at), EXAMPLE) for claim in several)
                continue
            left = line.partition("=")[0].strip()
            for claim in side_by_side(line):
                if MEMBERS.fullmatch(claim):
                    yield left_side(claim), placed(claim, at), AMONG
                    continue
                yield left_side(claim), placed(claim, at)
                for name, own, kind in defined_beside(claim, text[found.end() :]):
                    yield name, placed(own, at), kind
    yield from ((name, placed(claim, at), kind) for at, (name, claim, kind) in aside)


def left_side(claim: str) -> str:
    r"""The left side of a claim, in which \sum_{i=1}^n may stand."""
    try:
        return sides(claim)[0]
    except Fault:
        return claim.partition("=")[0].strip()


def _rows(body: str) -> Iterator[tuple[str, int]]:
    """The rows of a display, and where what they say begins."""
    begin = 0
    for found in [*re.finditer(r"\\\\(?:\[[^\]]*\])?", body), None]:
        row = body[begin : len(body) if found is None else found.start()]
        yield row, begin + len(row) - len(row.lstrip())
        begin = begin if found is None else found.end()


def blank(found: re.Match[str]) -> str:
    """As much space as what was found takes, in as many lines."""
    return re.sub(r"[^\n]", " ", found[0])


def _kept(found: re.Match[str]) -> str:
    """A matrix whose rows and columns are marked, so that they do not end lines."""
    return found[0].replace(r"\\", "\0").replace("&", "\1")


def _is_equation(line: str) -> bool:
    """Whether a line has an equals sign of its own, outside of brackets."""
    inner = r"\{[^{}]*\}|\([^()]*\)|\[[^\[\]]*\]"
    while re.search(inner, line):
        line = re.sub(inner, "", line)
    return "=" in line
