"""Steps in code, which is read and never run: name = formula, arrays that are changed in their place, entries of dicts, self.dW."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from symbackprop.core.errors import SymbackpropError, shown
from symbackprop.judge.arrays import Arrays, Code, is_gradient
from symbackprop.judge.sliced import given_in, sliced
from symbackprop.judge.unfolded import REMADE, Unread, entry, straight
from symbackprop.notation.signs import typed_text

Steps = list[tuple[Any, ...]]
NO_STEP = "is no step; write a line for each step, name = formula; a function is judged by running it, by --run"

_QUOTIENT = re.compile(
    r"^([ \t]*)d(\w+)(\s*)/(\s*)d(\w+)(?=\s*=(?!=))", re.MULTILINE
)  # dL/dW = ..., which Python assigns to nothing
_SELF = re.compile(r"\bself\.(?=[A-Za-z_])")
_ENTRY = re.compile(r"\b(\w+)\[(?:\"(\w+)\"|'(\w+)')\]")


class ClaimsError(SymbackpropError):
    """Claims that cannot be read; the message names the file, the fault and the mend."""


def python_steps(path: Path, text: str) -> Steps:
    """Each line name = formula as a step, dL/dW = formula among them, and each line that changes an array in its place.

    path   what faults call the text.

    Raises ClaimsError for a line that is no step.
    """
    quotients = {f"d{found[2]}_d{found[5]}": f"d{found[2]}/d{found[5]}" for found in _QUOTIENT.finditer(text.replace("∂", "d"))}
    code = as_code(text)
    tree = parsed(path, code)
    if filled := filled_claims(tree, text):
        return [*filled.items()]
    try:
        lines = straight(tree)
        steps = _with_whole(Arrays(code).read(lines), lines)
        return [(quotients.get(name, name), claim, *said) for name, claim, *said in steps]
    except Unread as fault:
        line = getattr(fault.statement, "lineno", 1)
        raise ClaimsError(f"{path}: line {line} {fault.mend or NO_STEP}") from None


def as_code(text: str) -> str:
    """A text as its names stand in a network: dL_dW = ... for dL/dW = ..., dW for self.dW and grads["W"], W for params["W"]."""
    text = text.replace("∂", "d")
    code = _SELF.sub("", _QUOTIENT.sub(r"\1d\2_d\5\3\4", text if text.isascii() else typed_text(text)))

    return _ENTRY.sub(lambda found: entry(found[1], found[2] or found[3]), code)


def parsed(path: Path, code: str) -> ast.Module:
    """The statements of a text. Raises ClaimsError where it is not Python."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        number = getattr(fault, "lineno", None) or 1
        line = "".join(code.splitlines()[number - 1 : number]).strip()
        if prime := re.search(r"(\w+)'\(", line):
            raise ClaimsError(
                f"{path}: line {number} is not Python, {shown(line)}: write {prime[1]}' out, or the claim in LaTeX"
            ) from None
        raise ClaimsError(
            f"{path}: line {number} is not Python, {shown(line)}: write name = formula, or the claim in LaTeX"
        ) from None


def filled_claims(tree: ast.Module, text: str) -> dict[str, Code]:
    """The gradients that code with loops gives values to, each with the whole code and its name below.

    None of code without loops, or of loops over numbered layers alone.

    Where dicts, functions or self stand in the code, it is its straight lines.
    """
    try:
        lines = straight(tree)
    except Unread:
        return {}
    if not any(isinstance(line, ast.For) for line in lines):
        return {}
    if any(getattr(line, REMADE, False) for line in lines) or len(lines) < len(tree.body):
        text = "\n".join(ast.unparse(ast.fix_missing_locations(line)) for line in lines)
    whole = ast.parse(text)
    return {name: _whole(f"{_lines_of(name, whole, text.strip())}\n{name}") for name in gradients_written(whole)}


def _whole(text: str, own: str = "") -> Code:
    """Code that says all of a gradient: its own text, or another one that its lines begin with."""
    found = Code(text)
    found.whole = own or text
    return found


def _with_whole(steps: Steps, lines: Sequence[ast.stmt]) -> Steps:
    """The steps, each that gives a gradient as it ends with all lines that this is made of."""
    last = {name: k for k, line in enumerate(lines) for name in given_in(line)}
    ends = {step[0]: k for k, step in enumerate(steps)}
    out: Steps = []
    for k, (name, claim, *said) in enumerate(steps):
        if name in last and ends[name] == k and is_gradient(name):
            own = ast.Module([*sliced(lines[: last[name] + 1], name), ast.Expr(ast.Name(name, ast.Load()))], [])
            claim = _whole(claim, ast.unparse(ast.fix_missing_locations(own)))
        out.append((name, claim, *said))
    return out


def _lines_of(name: str, whole: ast.Module, text: str) -> str:
    """The lines of code that a name is made of; the text as it is where these are all."""
    own = ast.unparse(ast.Module(sliced(whole.body, name), []))
    return text if own == ast.unparse(whole) else own


def gradients_written(tree: ast.Module) -> list[str]:
    """The names of gradients, dW, grad_b, that code with loops gives values to: a claim each, of the whole code.

    A name that each step of a loop gives another value holds what one step needs, and is none, unless it is what all steps add to.
    """
    lists = {
        t.id
        for n in ast.walk(tree)
        if isinstance(n, ast.Assign) and _is_list(n.value)
        for t in n.targets
        if isinstance(t, ast.Name)
    }
    stores = [n for n in ast.walk(tree) if isinstance(n, ast.Name | ast.Subscript) and isinstance(n.ctx, ast.Store)]
    names = [n.value if isinstance(n, ast.Subscript) else n for n in stores]
    found = list(dict.fromkeys(n.id for n in names if isinstance(n, ast.Name) and re.match(r"d(?!elta)[A-Za-z_]|grad_", n.id)))
    loops = [statement for loop in ast.walk(tree) if isinstance(loop, ast.For) for statement in loop.body]
    of_steps = {n.id for s in loops if isinstance(s, ast.Assign) and not _adds(s) for n in s.targets if isinstance(n, ast.Name)}
    return [name for name in found if name not in of_steps | lists] or found


def _is_list(value: ast.expr) -> bool:
    """Whether a list begins here, which holds several gradients: [None] * 3, []."""
    return isinstance(value.left if isinstance(value, ast.BinOp) else value, ast.List | ast.ListComp)


def _adds(statement: ast.Assign) -> bool:
    """Whether a name is given its own value and something more: dW = dW + ..."""
    own, value = statement.targets[0], statement.value
    while isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        if ast.unparse(value.right) == ast.unparse(own):
            return True
        value = value.left
    return ast.unparse(value) == ast.unparse(own) and value is not statement.value
