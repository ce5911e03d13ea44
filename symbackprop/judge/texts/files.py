"""Claims in files: JSON, Markdown or LaTeX with formulas, and Python that is read and never run."""

from __future__ import annotations

import ast
import json
import re
from contextlib import suppress
from difflib import get_close_matches
from math import inf
from os.path import isfile
from pathlib import Path
from textwrap import dedent
from typing import Any

from symbackprop.core.errors import shown
from symbackprop.judge.texts.announced import with_announced
from symbackprop.judge.texts.beside import rounded
from symbackprop.judge.texts.code import ClaimsError, Steps, filled_claims, python_steps
from symbackprop.judge.texts.conditions import is_condition
from symbackprop.judge.texts.displays import UPDATE, blank, formulas
from symbackprop.judge.texts.sentences import (
    DISPLAYS,
    EXAMPLE,
    MEMBERS,
    WITHIN,
    in_dollars,
    in_formulas,
    is_example,
    is_of_second,
    is_where_zero,
)
from symbackprop.judge.texts.typed import GRADIENT, as_macros, is_typed, lines_of, with_typed, without_marks
from symbackprop.judge.texts.values_said import with_values
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grammar import decoded
from symbackprop.notation.signs import keyed

CODE = re.compile(r"^```\s*(?:python|py)\s*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
CODE_MARKS = re.compile(r"\bnp\.|\.T\b|@|\*\*|\baxis=|\.(?:sum|mean|dot)\(")
SPAN = re.compile(r"`([^`]*[^`=]=[^`=][^`]*)`")  # in a line of Markdown
LINK = re.compile(r"(?im)^(?:so|then|thus|hence|therefore|and|where|with|let),?\s+(?=[\w/.]+ *=)")
OWN = re.compile(rf"{GRADIENT}\s*=(?!=)\s*[^=$]+$")  # a line that is a gradient's alone
ESCAPED = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)  # in JSON
LATEX = re.compile(  # what LaTeX has that begins as JSON's new line and tab do
    "nabla|nu|neq?|not(?:in)?|norm|newline|nonumber|ni|top|theta|tau|times|text[a-z]*|tanh?|tilde|tfrac|tr|to|triangleq|transpose"
)
BELOW = re.compile(r"_([A-Za-z0-9]{2,})\b")  # δ_ij


def read_claims(path: Path) -> dict[str, Any] | Steps:
    """The claims of a file, by its suffix: gradients by name, or the steps of a derivation.

    .json       {"W_1": "claim"}, or [["delta", "claim"], ["delta", "claim", "dL/dz"]]
    .py         a line for each step, name = formula, or claims = {"W_1": "..."}; it is parsed, never run
    .txt        what somebody typed: any of these
    .md, .tex   display formulas, a step for each line with an equals sign; where there is none, the formulas within lines; where
                there is none either, the lines that are typed; in Markdown, blocks of Python as well

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
            found = _markdown(text, path)
        case ".tex":
            found = _page(text, path)
        case ".txt":
            found = piped_claims(text, path)
        case suffix:
            raise ClaimsError(f"{path}: {suffix or 'no suffix'} is no file of claims; write .json, .py, .md, .tex or .txt")
    if not found and path.suffix.lower() == ".json":
        raise ClaimsError(f'{path}: there is no claim; write an object {{"W_1": "claim"}}, or a list of steps ["name", "claim"]')
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
    if (
        claims.strip()
        and not MEMBERS.fullmatch(claims)
        and "=" not in UPDATE.sub("=", rounded(keyed(with_announced(in_formulas(in_dollars(claims))))))
        and not (is_code or _is_json(claims))
    ):
        if not isfile(claims):
            if any(get_close_matches(macro, ["leftarrow"]) for macro in re.findall(r"\\([A-Za-z]+)", claims)):
                raise ClaimsError(f"{shown(claims)} is no claim and no file; did you mean \\leftarrow?")
            raise ClaimsError(f'{shown(claims)} is no claim and no file; write "dL/dW = ...", or name a file')
        return read_claims(Path(claims))
    return piped_claims(claims)


def typed_claims(text: str, path: Path = Path("CLAIMS")) -> Steps:
    """The claims that somebody typed: a line of LaTeX or of Python for each step, or displayed formulas.

    path   what faults call the text.

    Raises ClaimsError where there is none.
    """
    text = without_marks(rounded(keyed(text)))
    text = text if "\\" in text or "$" in text else re.sub(r"(?m)^(\s*[\w.]+)\s*:=(?!=)", r"\1 =", text)  # w := w - lr*g
    if text.strip().endswith("=") and "\n" not in text.strip():
        raise ClaimsError(f"{text.strip()} has nothing behind its equals sign; write what it is: W_1 = outer(delta, x)")
    shown = _displayed(text)
    place = path if "\n" in text.strip() else None
    if not DISPLAYS.search(shown):
        shown = "\n".join(f"\\[{line}\\]" if line.strip() else "" for line in text.splitlines())
    is_printed = any(not c.isascii() and c != "∂" for c in text) and not CODE_MARKS.search(text)  # Xᵀ(p − y), as a page has it
    is_set = "\\" in text or "$" in text
    if not (is_set or is_printed) and is_typed(text):
        shown = "\n".join("".join(f"\\[{said}\\]" for said in line) for line in lines_of(text))
        found = list(formulas(shown, place))
    else:
        shown = as_macros(BELOW.sub(r"_{\1}", shown)) if is_printed and not is_set else shown
        is_formula = is_set or "^" in text or is_printed
        found = list(formulas(shown, place)) if is_formula else python_steps(path, text)
    if not found:
        raise ClaimsError("there is no claim; write a line such as W_1 = outer(delta, x), or \\partial L/\\partial W_1 = ...")
    return found


def _markdown(text: str, path: Path) -> Steps:
    """The claims of a page of Markdown: its blocks of Python, its formulas and its typed lines."""
    blocks = ("\n" * text.count("\n", 0, code.start(1)) + code[1] for code in CODE.finditer(text))  # in their own lines
    return _page(CODE.sub(blank, text), path, [step for code in blocks for step in python_steps(path, code)])


def _page(text: str, path: Path, found: Steps | None = None) -> Steps:
    """The claims of a page: its formulas, beside these the lines that are typed, dW = np.outer(D, x), or these alone.

    found   its blocks of Python.
    """
    hidden = WITHIN.sub(blank, DISPLAYS.sub(blank, text))
    own = [OWN.match(LINK.sub("", without_marks(line).strip())) for line in _bare(hidden).split("\n")]
    typed = _typed("\n".join(one[0] if one else "" for one in own), path)
    lines = zip(text.split("\n"), own, strict=True)
    rest = "\n".join("" if one and typed else line for line, one in lines)
    steps = [*(found or []), *formulas(_displayed(rest), path)]
    if not steps:
        return _lines(text, path)
    return sorted([*steps, *typed], key=lambda step: getattr(step[1], "line", 0) or inf) if typed else steps


def _lines(text: str, path: Path) -> Steps:
    """The claims of a page without a formula: those of its lines that say something, as they are typed."""
    said = (line if "=" in line and not line.lstrip().startswith(("#", "%", "|")) else "" for line in text.split("\n"))
    return _typed("\n".join(said), path)


def _typed(text: str, path: Path) -> Steps:
    with suppress(ClaimsError):
        return typed_claims(LINK.sub("", without_marks(dedent(_bare(text)))), path)
    return []


def _bare(text: str) -> str:
    """A text of whose lines with claims between backticks these alone are left."""
    return "\n".join("; ".join(SPAN.findall(line)) or line for line in text.split("\n"))


def piped_claims(text: str, path: Path = Path("CLAIMS")) -> dict[str, Any] | Steps:
    """The claims in a text of an unknown kind: JSON where it begins as such, a page with blocks of Python, else what was typed."""
    if _is_json(text):
        return _json(path, text)
    return (_markdown(text, path) if CODE.search(text) else []) or typed_claims(text, path)


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def _displayed(text: str) -> str:
    """A text with its formulas displayed: where none is, those within its lines that have an equals sign."""
    text = WITHIN.sub(lambda found: f"${UPDATE.sub('=', found[1])}$", with_typed(in_dollars(text)))
    said = with_values(with_announced(in_formulas(text)))
    if DISPLAYS.search(text):
        return said
    return WITHIN.sub(lambda one: _claim(said, one) if "=" in one[1] else one[0], said)


def _claim(text: str, found: re.Match[str]) -> str:
    """A formula of a sentence, displayed where it claims something, or gives the numbers of an example."""
    if is_example(text, found):
        return f"\\[\\{EXAMPLE} {found[1]}\\]"
    return found[0] if _is_beside(text, found) else f"\\[{found[1]}\\]"


def _is_beside(text: str, found: re.Match[str]) -> bool:
    """Whether a formula in a sentence is no claim by itself: a condition of one, or where something is zero or least."""
    return is_of_second(text, found.start()) or is_condition(text, found) or is_where_zero(text, found)


def _json(path: Path, text: str) -> dict[str, Any] | Steps:
    try:
        found = json.loads(ESCAPED.sub(_macro, text), strict=False)
    except ValueError as fault:
        where = f"{fault.msg}: line {fault.lineno} column {fault.colno}" if isinstance(fault, json.JSONDecodeError) else str(fault)
        mend = 'names and claims stand in double quotes, {"W_1": "claim", "W_2": "claim"}, without a comma behind the last'
        raise ClaimsError(f"{path}: this is not JSON: {where}; {mend}") from None
    return _checked(path, found)


def _macro(found: re.Match[str]) -> str:
    r"""A backslash of LaTeX that JSON wants twice, \frac or \,; what JSON means by one, a new line or a quote, as it stands."""
    word = found[1]
    is_meant = word[:1] in {*'"\\/'} or (word[:1] == "u" and re.match(r"u[0-9a-fA-F]{4}", word))
    is_meant = is_meant or word in {*"bfnrt"} or (word[:1] in {"n", "t"} and not LATEX.fullmatch(word))
    return found[0] if is_meant else "\\" + found[0]


def _checked(path: Path, found: Any) -> dict[str, Any] | Steps:
    if isinstance(found, dict):
        if no_text := next((name for name, claim in found.items() if not isinstance(claim, str)), None):
            raise ClaimsError(f'{path}: {no_text} is {shown(found[no_text])}, no text; write {{"{no_text}": "claim"}}')
        return found
    if isinstance(found, list) and all(isinstance(s, list) and 2 <= len(s) <= 3 for s in found):
        return [tuple(s) for s in found]
    if isinstance(found, list) and found:
        raise ClaimsError(f'{path}: {shown(found[0])} is no step; write a list of steps ["name", "claim"], or {{"W_1": "claim"}}')
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
