"""Slips in a line that is not the syntax of the language: habits of paper and of other languages, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from keyword import iskeyword
from typing import NamedTuple

from symbackprop.notation.vocabulary import DOMAINS, KINDS, SHAPES, UNSAID


class Slip(NamedTuple):
    """What is wrong in a line, the mend, where it stands (from 0), and what mends it there where one thing does."""

    fault: str
    mend: str
    start: int
    length: int = 1
    write: str = ""


_ROWS = (
    (re.compile(r"^\s*\w+\s*(:=)"), ":= is not in the language.", "Write =.", "="),
    (re.compile(r"^\s*for\s+\w+\s*(=)"), "the letter of a loop stands before in.", "Write for l in 1..n:", "in"),
    (re.compile(r"^\s*for\s+\w+\s+in\s+\w+\s*(:|\.\.\.+|…|-)\s*\w+\s*:?\s*$"),
     "two points stand between the bounds of a loop.", "Write for l in 1..n:", ".."),
    (re.compile(r"^\s*(let|var|const|val)\s+\w+\s*:"), "a declaration needs no word before its name.", "Leave it out.", ""),
    (re.compile(r"^\s*(let|var|const|val)\s+\w+\s*="), "a value needs no word before its name.", "Write name = ...", ""),
    (re.compile(r"^\s*[^\W\d]\w*(\([\w\s,]*\))\s*=(?!=)"), "a value needs no arguments.", "Leave them out: f = ...", ""),
    (re.compile(r"^\s*(>>>)(?=\s)"), "the prompt of Python stands before the line.", "Leave it out.", ""),
    (re.compile(r"^\s*([-*•])\s+\w+\s*[:=]"), "the sign of a list stands before the line.", "Leave it out.", ""),
    (re.compile(r"\w(\^\s*T)\b"), "^T is no transpose here.", "Write .T, and @ for the product: X.T @ y.", ".T"),
    (re.compile(r"^\s*(//)"), "a remark begins with #.", "Write # in its place.", "#"),
    *((re.compile(rf"(\.{re.escape(sign)})(?!\*)"), f".{sign} is not in the language.", f"Write {own}, entry by entry.", own)
      for sign, own in (("*", "*"), ("/", "/"), ("^", "**"))),
    *((re.compile(f"({sign})"), f"{sign} is no number here.", f"Write ({number})*.", f"({number})*")
      for sign, number in (("½", "1/2"), ("⅓", "1/3"), ("⅔", "2/3"), ("¼", "1/4"), ("¾", "3/4"))),
    (re.compile(r"\b(?:log|ln)\s*(\|)[^|]+\|"), "bars are no determinant here.",
     "Write logdet(A) of a matrix, or log(abs(x)).", ""),
    (re.compile(r"(?:^|[=(+\-*/,])\s*((?:Σ|∑|Sigma|sum)(?:_\w+|_\{[^}]*\})?)\s+[^\W\d]"), "a sum stands before brackets.",
     "Write sum(x**2) over all entries, sum(x**2, axis=0) over one axis.", ""),
    (re.compile(r"[\w\])]\s*(\\)\s*[\w(\[]"), "\\ divides no matrices here.", "Write solve(A, b).", ""),
    (re.compile(r"(\?)[^?:]*:"), "? is not in the language.", "Write where(condition, a, b).", ""),
    (re.compile(r"(\|\||‖)"), "a norm is not written by bars.", "Write norm(x), or sum(x**2) for its square.", ""),
    (re.compile(r"(?<![\w.])((?!0[xXoObB])[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![jJ]\b)(?=[^\W\d])"),
     "a number stands before a name.", "Write * between them.", "{}*"),
    (re.compile(r"(?:^|[=(+\-*/,])\s*(\|)[^|]+\|"), "bars are no absolute value here.",
     "Write abs(x), or norm(x) of a vector.", ""),
    *((re.compile(rf"^[^#'\"]*?({re.escape(sign)})"), f"{sign} is not in the language.", "Leave it out.", "")
      for sign in ("$", "\\", "?")),
)  # fmt: skip
"""What is found in a line, and what is said of it; the group is where it stands, and is written anew where the row says how."""
_TYPED = re.compile(rf"^\s*({'|'.join((*KINDS, *DOMAINS))})\s+([^\W\d]\w*)\s*(\[[^\]]*\])?\s*;?\s*$")
_PRIMED = re.compile(r"[\w)\]](')")
_KIND = re.compile(rf"^\s*([^\W\d]\w*)(\s+|\s*=\s*)((?:{'|'.join((*KINDS, *DOMAINS))})(?:\[[^\]]*\])?)\s*$")
_EMPTY = re.compile(rf"^\s*[^\W\d]\w*\s*:\s*(?:{'|'.join((*KINDS, *DOMAINS))})(\[\s*\])")
_SIZE = r"(?:[^\W\d]\w*|\d+)"
_SIZES = rf"{_SIZE}(?:\s*(?:\bx\b|×|\*|,|\s)\s*{_SIZE})*"
_SIZED = re.compile(rf"^\s*[^\W\d]\w*\s*:\s*((?:({'|'.join((*KINDS, *DOMAINS))})\b)?\s*[\[({{<]?\s*({_SIZES})\s*[\])}}>]?)\s*$")
_WORD = re.compile(rf"\b({'|'.join((*KINDS, *DOMAINS, *SHAPES))})\b\s*(\[[^\[\]]*\])?")
_WORDS = re.compile(rf"^\s*[^\W\d]\w*\s*:\s*({_WORD.pattern}(?:\s+{_WORD.pattern})+)\s*$")
_DECLARES = re.compile(r"^\s*\w+(\[[^\]]*\])?\s*:(?!=)")
_SUBSCRIPT = re.compile(r"(?<!\w)([^\W\d]\w*)_\{([^{}]*)\}")
_NEXT = re.compile(r"\s*[^\W\d]\w*\s*=(?!=)")  # the next equation
_LOOP = re.compile(r"^\s*for\b.*[^:\s]")
_BESIDE = re.compile(r"([\w.]*[\w)\]])(\s+)(?=([\w(][\w.]*))")


def slip(line: str, at: int, said: str) -> Slip | None:
    """The slip in a line that Python cannot read; None where none is known.

    at     where Python stopped, from 0.
    said   what it says.
    """
    code = line.partition("#")[0]
    if found := _KIND.match(code):
        return Slip("a declaration has a colon.", f"Write {found[1]}: {found[3]}.", found.start(2), len(found[2]), ": ")
    if found := _TYPED.match(code):
        declared = f"{found[2]}: {found[1]}{found[3] or ''}"
        mend = f"The name comes first: {declared}."
        return Slip("a declaration has a colon.", mend, found.start(1), len(found[0].strip()), declared)
    if found := _EMPTY.match(code):
        mend = "Write none, or the sizes of its axes: [n]."
        return Slip("the brackets are empty.", mend, found.start(1), len(found[1]), " ")
    if found := _WORDS.match(code):
        return _joined(found)
    if found := _SIZED.match(code):
        return _sized(found)
    if _DECLARES.match(code):
        return None
    if (comma := _parting(code)) is not None:
        mend = "Give each a line of its own, or part them by semicolons."
        return Slip("a comma stands between equations.", mend, comma, 1, ";")
    for pattern, fault, mend, write in _ROWS:
        if found := pattern.search(code):
            return Slip(fault, mend, found.start(1), len(found[1]), write.format(found[1]))
    if found := _SUBSCRIPT.search(code):
        indexed = f"{found[1]}[{found[2]}]"
        return Slip("braces are no subscript here.", f"Write {indexed}.", found.start(), len(found[0]), indexed)
    if "expected ':'" in said and (found := _LOOP.match(code)):
        return Slip("the line of a loop ends with a colon.", "Write : at its end.", found.end() - 1, 1, f"{code[found.end() - 1]}:")
    if "unterminated string" in said and (found := _PRIMED.search(code)):
        return Slip("' is no transposition here.", "Write .T.", found.start(1), 1, ".T")
    return _beside(code, at, "comma" in said)


def _joined(found: re.Match[str]) -> Slip:
    """A declaration of words that stand side by side: positive parameter, symmetric matrix[n, n]."""
    words = _WORD.findall(found[1])
    sizes = next((shape for _, shape in words if shape), "")
    kind = next((word for word, _ in words if word in KINDS), "")
    domains = "".join(f" & {word}" for word, _ in words if word in DOMAINS)
    mend = f"Write {kind}{sizes}{domains}." if kind else UNSAID.format(f"{sizes}{domains}")
    return Slip(
        "the words of a declaration are joined by &.", mend, found.start(1), len(found[1]), f"{kind or 'data'}{sizes}{domains}"
    )


def _sized(found: re.Match[str]) -> Slip:
    """A declaration whose sizes stand as on paper: parameter n, parameter[n x m], n x m."""
    _, kind, sizes = found.groups()
    if re.fullmatch(r"[^\W\d]\w\w+ [^\W\d]\w\w+", sizes.split(",")[0].strip()):  # data[batch size, d]
        first, *rest = (size.strip() for size in sizes.split(","))
        shape = f"[{', '.join((first.replace(' ', '_'), *rest))}]"
        said = f"Write {kind or 'data'}{shape}."
        return Slip("the name of a size is one word.", said, found.start(1), len(found[1]), f"{kind or 'data'}{shape}")
    shape = f"[{', '.join(size for size in re.findall(_SIZE, sizes) if size != 'x')}]"
    mend = f"Write {kind}{shape}." if kind else UNSAID.format(shape)
    return Slip("sizes stand in square brackets, with commas.", mend, found.start(1), len(found[1]), f"{kind or 'data'}{shape}")


def _beside(code: str, at: int, comma: bool) -> Slip | None:
    """Two values with nothing between them, a product on paper: they end where Python stopped, or begin where it wants a comma."""
    for found in _BESIDE.finditer(code):
        left, _, right = found.groups()
        if iskeyword(left) or iskeyword(right) or (found.start() < at if comma else found.end() != at):
            continue
        named = left.replace(".", "").isidentifier() and right.replace(".", "").isidentifier()
        a, b = (left, right) if named else ("A", "B")
        if named and code[found.end(2) + len(right) :].startswith("("):
            b = f"{right}(...)"
        several = f", {a}, {b} for two values" if comma else ""
        mend = f"Write {a} @ {b} for a product of matrices, {a} * {b} entry by entry{several}."
        if re.fullmatch(r"[0-9.]+", left):
            return Slip("a number and a value stand side by side.", "Write * between them.", found.start(2), len(found[2]), " * ")
        return Slip("two values stand side by side.", mend, found.end(2), len(right))
    return None


def run_together(name: str, known: Iterable[str]) -> str | None:
    """What to write for a name that is two known ones without a sign between them, Wx; None for any other."""
    names = {*known}
    pairs = ((name[:k].rstrip("_"), name[k:]) for k in range(1, len(name)))
    return next(
        (f"Write {a} @ {b} for a product of matrices, {a} * {b} entry by entry." for a, b in pairs if {a, b} <= names), None
    )


def _parting(code: str) -> int | None:
    """The first comma outside brackets that parts two equations; None where there is none."""
    depth = 0
    for k, sign in enumerate(code):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0 and _NEXT.match(code[k + 1 :]) and _NEXT.match(code):
            return k
    return None
