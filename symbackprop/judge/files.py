"""Claims in files: JSON, Markdown or LaTeX with formulas, and Python that is read and never run."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from os.path import isfile
from pathlib import Path
from typing import Any

from symbackprop.core.errors import shown
from symbackprop.judge.arrays import Placed
from symbackprop.judge.code import ClaimsError, Steps, filled_claims, python_steps
from symbackprop.judge.typed import is_typed, lines_of
from symbackprop.notation.claims.bracketed import sides
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grammar import decoded
from symbackprop.notation.signs import keyed

CODE = re.compile(r"^```\s*(?:python|py)\s*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
CODE_MARKS = re.compile(r"\bnp\.|\.T\b|@|\*\*|\baxis=|\.(?:sum|mean|dot)\(")
DISPLAYS = re.compile(
    r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\begin\{(equation|align|gather|multline)\*?\}(.+?)\\end\{\3\*?\}", re.DOTALL
)  # fmt: skip
INLINE = re.compile(r"(?<![\\$])\$([^$\n]*=[^$\n]*)\$")
ASIDE = "aside"  # a step that a sentence has: where $S = ...$
NAME = re.compile(  # r_{ik}, \hat y, \mathbf{p}^{(l)}
    r"\s*(?:\\(?:hat|bar|tilde|mathbf|mathrm|boldsymbol|bm)\s*\{?\s*)?(\\?[A-Za-z]+)\s*\}?(?:\s*[_^](?:\w|\{[^{}]*\}))*\s*:?$"
)
IF = re.compile(  # $Y_{ij} = 1$ if $y_i = j$ and 0 otherwise
    r"\$([^$=]+?)=\s*1\s*\$,?\s+(?:if|when|iff)\s+\$([^$]+)\$(?:,?\s*(?:and|or|else|,)?\s*(?:is\s+)?(?:\$0\$|0|zero)\s*(?:otherwise|else)?)?"
)
ONE_HOT = re.compile(  # $Y$ is the one-hot encoding of $y$
    r"\$([^$=]+?)\$\s+(?:is|denotes|are|be)\s+(?:the\s+|an?\s+)?one[- ]hot(?:\s+\w+){0,3}?\s+(?:of|for)\s+"
    r"(?:the\s+)?(?:\w+\s+)?\$([^$=]+?)\$"
)
_BELOW = re.compile(r"_([A-Za-z0-9]{2,})\b")  # δ_ij
SCRIPTS = re.compile(r"[_^]\s*(?:\{[^{}]*\}|\\?\w+)")
INNER = re.compile(r"\\(?:begin|end)\{(?:aligned|split|gathered)\}|\\(?:label|tag\*?)\{[^}]*\}|\\(?:no)?tag\b|\\nonumber\b")
_THUS = r"\\(?:[Rr]ightarrow|Longrightarrow|implies|therefore|iff|Leftrightarrow|leadsto)\b"
INDENT = re.compile(rf"^(?:{_THUS}|\\q?quad\b|\\h(?:space|phantom)\*?\{{[^}}]*\}}|\\[ ,;:!]|[~\s])+")
READ = "if|where|with|else|elsewhere|otherwise|and|or|for|all|when|in|tr|sign|diag|softmax"  # words that say something of a claim
SPACE = r"(?:\\q?quad\b|\\[ ,;:!]|[~\s])"
REMARK = re.compile(  # \text{by the chain rule}, (\text{since} ...); \text{np.sum}(...) is none
    rf"{SPACE}*(?:\(\s*\\text\{{.*\)|\\text\{{(?![^{{}}\s]*\}}\s*\()(?=[^}}]*[^\W\d_]{{2}}|[^}}]*[^\x00-\x7f])(?![^}}]*\b(?:{READ})\b).*)$"
)
ARROW = re.compile(r"\\(?:leftarrow|gets|triangleq|coloneqq)\b(?=.*=)|:=")  # g \leftarrow \nabla_a J = ...
UPDATE = re.compile(r"(?<=[\w}\]\s])\\(?:leftarrow|gets)\b(?=[^=]*[-+][^=]*$)")  # w \leftarrow w - \eta ...
GOES_ON = re.compile(r"[-+=*/]|\\(?:cdot|times|odot|circ|otimes)\b")
ENDS_OPEN = re.compile(r"(?:[-+=*/]|\\(?:cdot|times|odot|circ))\s*$")

WHOLE = re.compile(r"\\begin\{(\w*matrix|cases|array)\}.*?\\end\{\1\}", re.DOTALL)  # its rows are no lines
RESTORED = {0: r"\\", 1: "&"}

GAP = rf"{_THUS}|(?<!\\)[,;]|\\q?quad\b|\\text\{{\s*and\s*\}}"
DERIVED = (  # a derivative, or a differential
    r"\\[dt]?frac\s*\{\s*(?:\\partial|(?:d|\\mathrm\s*\{d\})[^{}]*\}\s*\{\s*(?:d|\\mathrm\s*\{d\}))|\\partial\b[^=,;]*/\s*\\partial\b|"
    r"\\nabla|(?:d|\\mathrm\s*\{d\})\s*(?:[A-Z]|\\?[a-z]+(?:_\w|_\{\w+\})?\s*=)|\\delta(?![a-z])"
)
BEST = re.compile(  # \hat\beta =, w^* =
    r"\s*(?:\\(?:wide)?hat\s*\{?\s*\\?[A-Za-z]+|\\?[A-Za-z]+\s*\^\s*\{?\s*(?:\*|\\star|\\ast))[^=,&]*="
)
BEST_BESIDE = re.compile(rf"(?:,|;|\\q?quad\b|\\text\{{\s*and\s*\}})+\s*(?={BEST.pattern})")
BESIDE = re.compile(rf"\s*(?:{GAP})(?:{GAP}|[~\s]|\\[ ,;:])*(?={DERIVED})")
UPDATE_BESIDE = re.compile(  # W = W - ..., \quad b = b - ...
    r"\s*(?:,|;|\\q?quad\b)(?:,|;|\\q?quad\b|[~\s])*(?=(?P<own>\\?[A-Za-z]+(?:\s*[_^]\s*(?:\w|\{[^{}]*\}))*)\s*=\s*(?P=own)\s*[-+])"
)
APPLIED_BESIDE = re.compile(r"\s*(?:,|;|\\q?quad\b)(?:,|;|\\q?quad\b|[~\s])*(?=(\\?[A-Za-z]+)\s*\([^()=]*\)\s*=)")
BRACKETS = ((r"\(", r"\)"), (r"\[", r"\]"), (r"\{", r"\}"), (r"\\begin\b", r"\\end\b"), (r"\\left\b", r"\\right\b"))


def read_claims(path: Path) -> dict[str, Any] | Steps:
    """The claims of a file, by its suffix: gradients by name, or the steps of a derivation.

    .json       {"W_1": "claim"}, or [["delta", "claim"], ["delta", "claim", "dL/dz"]]
    .py         a line for each step, name = formula, or claims = {"W_1": "..."}; it is parsed, never run
    .txt        what somebody typed: any of these
    .md, .tex   display formulas, a step for each line with an equals sign; where there is none, the formulas within lines; in
                Markdown, blocks of Python as well

    Raises ClaimsError where the file cannot be read or holds no claim.
    """
    try:
        text = decoded(path)
    except NotationError as fault:
        raise ClaimsError(str(fault)) from None
    match path.suffix.lower():
        case ".json":
            found = _json(path, text)
        case ".py":
            filled = filled_claims(path, text)
            found = _variable(path, text) or dict(filled) or python_steps(path, text)
        case ".md" | ".markdown":
            blocks = ("\n" * text.count("\n", 0, code.start(1)) + code[1] for code in CODE.finditer(text))  # in their own lines
            found = [s for code in blocks for s in python_steps(path, code)]
            found += formulas(_displayed(CODE.sub(_blank, text)), path)
        case ".tex":
            found = list(formulas(_displayed(text), path))
        case ".txt":
            found = piped_claims(text, path)
        case suffix:
            raise ClaimsError(f"{path}: {suffix or 'no suffix'} is no file of claims; write .json, .py, .md, .tex or .txt")
    if not found:
        raise ClaimsError(
            f"{path}: there is no claim; write a line such as dW_1 = ... or a formula with an equals sign between \\[ and \\]"
        )
    return found


def claims_of(claims: Any) -> Any:
    """Claims however they are given: a path as the claims of its file, a text as what it says, others as they are.

    A text without an equals sign is the path of a file, unless it is JSON. Raises ClaimsError as those do.
    """
    if isinstance(claims, Path):
        return read_claims(claims)
    if not isinstance(claims, str):
        return claims
    is_code = re.search(r"^\s*def\s.*:", claims, re.MULTILINE)
    if claims.strip() and "=" not in UPDATE.sub("=", keyed(claims)) and not (is_code or _is_json(claims)):
        if not isfile(claims):
            raise ClaimsError(f'{shown(claims)} is no claim and no file; write "dL/dW = ...", or name a file')
        return read_claims(Path(claims))
    return piped_claims(claims)


def typed_claims(text: str, path: Path = Path("CLAIMS")) -> Steps:
    """The claims that somebody typed: a line of LaTeX or of Python for each step, or displayed formulas.

    path   what faults call the text.

    Raises ClaimsError where there is none.
    """
    text = keyed(text)
    if text.strip().endswith("=") and "\n" not in text.strip():
        raise ClaimsError(f"{text.strip()} has nothing behind its equals sign; write what it is: W_1 = outer(delta, x)")
    shown = _displayed(text)
    place = path if "\n" in text.strip() else None
    if not DISPLAYS.search(shown):
        shown = "\n".join(f"\\[{line}\\]" if line.strip() else "" for line in text.splitlines())
    is_printed = any(not c.isascii() and c != "∂" for c in text) and not CODE_MARKS.search(text)  # Xᵀ(p − y), as a page has it
    if "\\" not in text and not is_printed and is_typed(text):
        shown = "\n".join("".join(f"\\[{said}\\]" for said in line) for line in lines_of(text))
        found = list(formulas(shown, place))
    else:
        shown = _BELOW.sub(r"_{\1}", shown) if is_printed and "\\" not in text else shown
        is_formula = "\\" in text or "^" in text or is_printed
        found = list(formulas(shown, place)) if is_formula else python_steps(path, text)
    if not found:
        raise ClaimsError("there is no claim; write a line such as W_1 = outer(delta, x), or \\partial L/\\partial W_1 = ...")
    return found


def piped_claims(text: str, path: Path = Path("CLAIMS")) -> dict[str, Any] | Steps:
    """The claims in a text of an unknown kind: JSON where it begins as such, else what somebody typed."""
    return _json(path, text) if _is_json(text) else typed_claims(text, path)


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def _displayed(text: str) -> str:
    """A text with its formulas displayed: where none is, those within its lines that have an equals sign."""
    return text if DISPLAYS.search(text) else INLINE.sub(lambda found: f"\\[{found[1]}\\]", text)


def _json(path: Path, text: str) -> dict[str, Any] | Steps:
    try:
        found = json.loads(text)
    except ValueError as fault:
        raise ClaimsError(f"{path}: this is not JSON: {fault}") from None
    return _checked(path, found)


def _checked(path: Path, found: Any) -> dict[str, Any] | Steps:
    if isinstance(found, dict):
        return found
    if isinstance(found, list) and all(isinstance(s, list) and 2 <= len(s) <= 3 for s in found):
        return [tuple(s) for s in found]
    raise ClaimsError(f'{path}: write an object {{"W_1": "claim"}}, or a list of steps ["name", "claim", "dL/dz"]')


def _variable(path: Path, text: str) -> dict[str, Any] | Steps | None:
    """The claims that a file assigns to `claims` as a literal dict or list; None where it assigns none."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # dL/dW = ... is a step, and what is no code at all is told as such
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="claims")], value=ast.Dict() | ast.List() as value):
                try:
                    found = ast.literal_eval(value)
                except (ValueError, TypeError, RecursionError, MemoryError):
                    mend = 'write the claims as texts, claims = {"W_1": "..."}'
                    raise ClaimsError(f"{path}: line {statement.lineno} computes its claims, and is not run; {mend}") from None
                return _checked(path, [list(s) if isinstance(s, tuple) else s for s in found] if isinstance(found, list) else found)
    return None


def formulas(text: str, path: Path | None = None) -> Iterator[tuple[str, ...]]:
    """The display formulas of a text that have an equals sign, line by line: left side, whole formula.

    Where a sentence says what a name stands for that they use, "where $S = ...$", that stands before the next display as a third
    kind of step, ASIDE.

    path   what is called the place of the text, in which each claim knows its line; None: it knows none.
    """
    text = re.sub(r"(?<!\\)%.*", "", text)
    text = ONE_HOT.sub(_said(r"${} = \operatorname{{onehot}}({})$"), IF.sub(_said(r"${} = \mathbf{{1}}[{}]$"), text))
    left, aside = "", _asides(text)

    def placed(claim: str, at: int) -> str:
        """A claim with the line at a character of the text."""
        one = Placed(claim)
        if path is not None:
            one.line = text.count("\n", 0, at) + 1
            one.file, one.lines = str(path), (one.line,)
        return one

    for found in DISPLAYS.finditer(text):
        while aside and aside[0][0] < found.start():
            at, (name, claim, kind) = aside.pop(0)
            yield name, placed(claim, at), kind
        lines: list[tuple[int, str]] = []
        begin = next(found.start(k) for k in (1, 2, 4) if found[k])
        body = WHOLE.sub(_kept, INNER.sub(_blank, found[1] or found[2] or found[4]))
        for row, first in _rows(body):
            at = begin + first
            line = REMARK.sub("", " ".join(row.replace("&", " ").split()).strip(",.; "))
            line = INDENT.sub("", line).strip(",.; ")
            line = UPDATE.sub("=", ARROW.sub("=", line)).translate(RESTORED)
            if line.startswith("=") and not lines and left:
                lines.append((at, f"{left} {line}"))  # a further form of what the display before says
            elif lines and (GOES_ON.match(line) or ENDS_OPEN.search(lines[-1][1])) and (line[:1] == "=" or not _is_equation(line)):
                lines[-1] = lines[-1][0], f"{lines[-1][1]} {line}"
            elif _is_equation(line):
                lines.append((at, line))
        for at, line in lines:
            left = line.partition("=")[0].strip()
            for claim in _side_by_side(line):
                yield _left(claim), placed(claim, at)
                for name, own, kind in _defined_beside(claim, text[found.end() :]):
                    yield name, placed(own, at), kind
    yield from ((name, placed(claim, at), kind) for at, (name, claim, kind) in aside)


def _left(claim: str) -> str:
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


def _blank(found: re.Match[str]) -> str:
    """As much space as what was found takes, in as many lines."""
    return re.sub(r"[^\n]", " ", found[0])


def _said(pattern: str) -> Callable[[re.Match[str]], str]:
    """What is said in words as a formula, in as many lines."""
    return lambda found: pattern.format(found[1], found[2]) + "\n" * found[0].count("\n")


def _defined_beside(claim: str, later: str) -> Iterator[tuple[str, str, str]]:
    """What a claim defines behind a comma, "..., W = diag(w)", of which later displays speak."""
    parts = re.split(r",|;|\\q?quad\b|\\text\{[^}]*\}", claim)
    used = _words(_read(later)) if len(parts) > 1 and "=" in parts[-1] else set()
    for part in parts[1:]:
        side, equals, right = part.partition("=")
        name = NAME.match(side)
        if name and equals and right.strip() and name[1] in used and _is_balanced(part):
            yield side.strip(" :"), part.strip(" ."), ASIDE


def _read(text: str) -> str:
    """The display formulas of a text that have an equals sign, without scripts and without words."""
    bodies = (found[1] or found[2] or found[4] for found in DISPLAYS.finditer(text))
    claims = "$$".join(body for body in bodies if "=" in body)
    return SCRIPTS.sub("", re.sub(r"\\(?:begin|end|label|text|tag)\{[^}]*\}", " ", claims))


def _words(formulas: str) -> set[str]:
    """The letters, commands and words in formulas."""
    return {*re.findall(r"\\[A-Za-z]+|[A-Za-z]", formulas), *re.findall(r"[A-Za-z]+", formulas)}


def _asides(text: str) -> list[tuple[int, tuple[str, str, str]]]:
    """What the sentences between displays say of names that these use and do not give themselves: where each stands, and a step."""
    used = _read(text)
    given = {name[1] for line in re.split(r"\\\\|\$\$|\\\[", used) if (name := NAME.match(line.replace("&", "").partition("=")[0]))}
    between = DISPLAYS.sub(lambda found: " " * len(found[0]), text)
    out: list[tuple[int, tuple[str, str, str]]] = []
    for found in INLINE.finditer(between):
        side, _, right = found[1].partition("=")
        name = NAME.match(side)
        is_new = name is not None and name[1] in _words(used) - given
        if name and is_new and not re.match(r"\s*-?[\d.]+\s*(?:$|\\|,)", right):
            out.append((found.start(), (side.strip(" :"), ARROW.sub("=", found[1]).strip(), ASIDE)))
    return out


def _kept(found: re.Match[str]) -> str:
    """A matrix whose rows and columns are marked, so that they do not end lines."""
    return found[0].replace(r"\\", "\0").replace("&", "\1")


def _is_equation(line: str) -> bool:
    """Whether a line has an equals sign of its own, outside of brackets."""
    inner = r"\{[^{}]*\}|\([^()]*\)|\[[^\[\]]*\]"
    while re.search(inner, line):
        line = re.sub(inner, "", line)
    return "=" in line


FOLLOWS = re.compile(r"\\(?:Rightarrow|Longrightarrow|implies|iff|Leftrightarrow|Longleftrightarrow|therefore)(?![A-Za-z])")


def _side_by_side(line: str) -> Iterator[str]:
    """What a line says one after the other, behind arrows and side by side."""
    parts = [part.strip(" ,;&") for part in FOLLOWS.split(line)]
    whole = all("=" in part and _is_balanced(part) for part in parts if part)
    for part in [part for part in parts if part] if whole else [line]:
        yield from _beside(part)


def _beside(line: str) -> Iterator[str]:
    """The derivatives that stand beside each other in a line, or the best values, each with its equals sign."""
    begin = 0
    places = (BEST_BESIDE if BEST.match(line) else BESIDE).finditer(line)
    for found in sorted([*places, *APPLIED_BESIDE.finditer(line), *UPDATE_BESIDE.finditer(line)], key=lambda one: one.start()):
        before, behind = line[begin : found.start()], line[found.end() :]
        own = found.re is APPLIED_BESIDE and re.search(rf"(?<![A-Za-z]){re.escape(found[1])}(?![A-Za-z])", before)
        if "=" in before and "=" in behind and _is_balanced(before) and not own:  # D(x) = ... says what the D before it is
            yield before.strip()
            begin = found.end()
    yield line[begin:].strip()


def _is_balanced(text: str) -> bool:
    """Whether every bracket and environment that a text opens is closed in it."""
    return all(len(re.findall(opens, text)) == len(re.findall(shuts, text)) for opens, shuts in BRACKETS)
