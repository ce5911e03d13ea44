"""Steps in code, which is read and never run: name = formula, arrays that are changed in their place, entries of dicts, self.dW."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from symbackprop.core.errors import SymbackpropError, shown
from symbackprop.judge.texts.arrays import Arrays, Code, Whole, is_gradient
from symbackprop.judge.texts.descended import descended, descends
from symbackprop.judge.texts.packing import packs
from symbackprop.judge.texts.sliced import given_in, sliced
from symbackprop.judge.texts.unfolded import REMADE, Unread, entry, may_give, straight
from symbackprop.notation.signs import typed_text

Steps = list[tuple[Any, ...]]
NO_STEP = "is no step; write a line for each step, name = formula; a function is judged by running it, by --run"

_QUOTIENT = re.compile(
    r"^([ \t]*)d ?(\w+)(\s*)/(\s*)d ?(\w+)(?=\s*=(?!=))", re.MULTILINE
)  # dL/dW = ..., which Python assigns to nothing
_SELF = re.compile(r"\bself\.(?=[A-Za-z_])")
_ENTRY = re.compile(r"\b(\w+)\[(?:\"(\w+)\"|'(\w+)')\]")


class ClaimsError(SymbackpropError):
    """Claims that cannot be read; the message names the file, the fault and the mend."""


def python_steps(path: Path, text: str) -> Steps:
    """Each line name = formula as a step, dL/dW = formula among them, and each line that changes an array in its place.

    Code that no such lines say, and that may give gradients, is one step without a name: a Whole.

    path   what faults call the text.

    Raises ClaimsError for a line that is no step.
    """
    quotients = {f"d{found[2]}_d{found[5]}": f"d{found[2]}/d{found[5]}" for found in _QUOTIENT.finditer(text.replace("∂", "d"))}
    if filled := filled_claims(path, text):
        return [*filled.items()]
    code = as_code(text)
    tree = parsed(path, code)
    if packs(tree):
        return [("", whole_of(path, text, f"{path}: {NO_STEP}"))]
    if descends(tree):
        return [("", whole_of(path, text, f"{path}: a loop in it updates what it reads; leave that out, one gradient is judged"))]
    try:
        lines = straight(tree)
        steps = _placed(path, Arrays(code).read(lines), lines)
        for _, claim, *_ in steps:
            claim.source = text
        return [(quotients.get(name, name), claim, *said) for name, claim, *said in steps]
    except Unread as fault:
        line = getattr(fault.statement, "lineno", 1)
        return [("", whole_of(path, text, f"{path}: line {line} {fault.mend or NO_STEP}"))]


def whole_of(path: Path, text: str, fault: str) -> Whole:
    """A text as code that is followed whole. Raises ClaimsError, with the fault, where nothing in it may be a gradient."""
    written = _QUOTIENT.sub(r"\1d\2_d\5\3\4", text.replace("∂", "d"))
    if not may_give(written):
        raise ClaimsError(fault)
    whole = Whole(written)
    whole.fault, whole.file = fault, str(path)
    return whole


def as_code(text: str) -> str:
    """A text as its names stand in a network: dL_dW = ... for dL/dW = ..., dW for self.dW and grads["W"], W for params["W"]."""
    text = text.replace("∂", "d")
    code = _SELF.sub("", _QUOTIENT.sub(r"\1d\2_d\5\3\4", text if text.isascii() else typed_text(text)))

    return _ENTRY.sub(lambda found: entry(found[1], found[2] or found[3]), code)


def parsed(path: Path, code: str) -> ast.Module:
    """The statements of a text. Raises ClaimsError where it is not Python."""
    try:
        tree = ast.parse(code)
        setattr(tree, REMADE, descended(tree))
        return tree
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        number = getattr(fault, "lineno", None) or 1
        line = "".join(code.splitlines()[number - 1 : number]).strip()
        if prime := re.search(r"(\w+)'\(", line):
            raise ClaimsError(
                f"{path}: line {number} is not Python, {shown(line)}: write {prime[1]}' out, or the claim in LaTeX"
            ) from None
        if isinstance(fault, SyntaxError) and fault.offset and fault.text:
            column = max(fault.offset - (len(fault.text) - len(fault.text.lstrip())), 1)
            said = re.split(r" \(|[.] ", fault.msg)[0]
            raise ClaimsError(
                f"{path}: line {number} is not Python, {shown(line)}: at column {column}, {said}; write name = formula, or the "
                f"claim in LaTeX"
            ) from None
        raise ClaimsError(
            f"{path}: line {number} is not Python, {shown(line)}: write name = formula, or the claim in LaTeX"
        ) from None


def filled_claims(path: Path, text: str) -> dict[str, Code]:
    """The gradients that code with loops gives values to, each with all the lines that it is made of and its name below.

    None of code without loops, or of loops over numbered layers alone.

    Raises ClaimsError where it is not Python.
    """
    code = as_code(text)
    tree = parsed(path, code)
    try:
        lines = straight(tree)
    except Unread:
        return {}
    if not any(isinstance(line, ast.For) for line in lines) or descends(tree) or packs(tree):
        return {}
    as_it_is = (
        not getattr(tree, REMADE) and len(lines) == len(tree.body) and not any(getattr(line, REMADE, False) for line in lines)
    )
    whole = ast.fix_missing_locations(ast.Module(lines, []))
    found: dict[str, Code] = {}
    for name in gradients_written(whole):
        own = ast.Module(sliced(lines, name), [])
        if as_it_is and ast.unparse(own) == ast.unparse(whole):
            first = len(code) - len(code.lstrip())
            begin = code.count("\n", 0, first)
            body, places = code.strip(), [begin + k + 1 for k in range(code.strip().count("\n") + 1)]
        else:
            body, places = ast.unparse(own), _places(own)
        claim = Code(f"{body}\n{name}")
        claim.source = text
        claim.whole, claim.file, claim.lines, claim.line = str(claim), str(path), (*places, places[-1]), _given_at(own, name)
        found[name] = claim
    return found


def _places(tree: ast.Module) -> list[int]:
    """For each line of statements as they are printed, the line where they were written."""
    text = ast.unparse(ast.fix_missing_locations(tree))
    found = [0] * (text.count("\n") + 1)
    for printed, written in zip(ast.walk(ast.parse(text)), ast.walk(tree), strict=False):
        if isinstance(printed, ast.stmt):
            found[printed.lineno - 1] = getattr(written, "lineno", 0)
    for k, line in enumerate(found):
        found[k] = line or found[k - 1]  # else:
    return found


def _given_at(tree: ast.Module, name: str) -> int:
    """The last line that gives a name a value."""
    return max((n.lineno for n in ast.walk(tree) if isinstance(n, ast.stmt) and name in given_in(n)), default=0)


def _placed(path: Path, steps: Steps, lines: Sequence[ast.stmt]) -> Steps:
    """The steps with their file, each that gives a gradient as it ends with all lines that this is made of."""
    last = {name: k for k, line in enumerate(lines) for name in given_in(line)}
    ends = {step[0]: k for k, step in enumerate(steps)}
    for k, (name, claim, *_) in enumerate(steps):
        claim.file = str(path)
        if name in last and ends[name] == k and is_gradient(name):
            own = ast.Module([*sliced(lines[: last[name] + 1], name), ast.Expr(ast.Name(name, ast.Load()))], [])
            claim.whole = ast.unparse(ast.fix_missing_locations(own))
    return steps


def gradients_written(tree: ast.Module) -> list[str]:
    """The names of gradients, dW, grad_b, that code with loops gives values to: a claim each, of the whole code.

    A name that each step of a loop gives another value holds what one step needs, and is none, unless it is what all steps add to.
    There is none where lists of gradients are filled of which no line below reads anything.
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
    below = {n.id for s in tree.body if not isinstance(s, ast.For | ast.While) for n in ast.walk(s) if isinstance(n, ast.Name)
             and isinstance(n.ctx, ast.Load)}  # fmt: skip
    if lists & {*found} - below:
        return []
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
