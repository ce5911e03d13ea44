"""Steps in code, which is read and never run: name = formula, arrays that are changed in their place, entries of dicts, self.dW."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symbackprop.core.errors import SymbackpropError, shown
from symbackprop.notation.signs import typed_text

Steps = list[tuple[Any, ...]]
BEGUN, CHANGED = "begun", "changed"  # said of a step: a later line changes the array; this line changes an earlier one

_QUOTIENT = re.compile(
    r"^([ \t]*)d(\w+)(\s*)/(\s*)d(\w+)(?=\s*=(?!=))", re.MULTILINE
)  # dL/dW = ..., which Python assigns to nothing
_SELF = re.compile(r"\bself\.(?=[A-Za-z_])")
_ENTRY = re.compile(r"\b(\w+)\[(?:\"(\w+)\"|'(\w+)')\]")


class ClaimsError(SymbackpropError):
    """Claims that cannot be read; the message names the file, the fault and the mend."""


@dataclass
class _Step:
    """An array in code: its name, the statements that give it its value one after the other, and the name that it is another of."""

    name: str
    statements: list[ast.stmt]
    alias: str = ""

    def told(self, code: str, name: str) -> Iterator[tuple[Any, ...]]:
        """A step for each statement: its formula, and of what changes an array all lines up to it."""
        lines = [ast.get_source_segment(code, statement) or "" for statement in self.statements]
        first, last = self.statements[0], len(lines) - 1
        if not last:
            is_whole = isinstance(first, ast.Assign) and isinstance(first.targets[0], ast.Name)
            yield name, (ast.get_source_segment(code, first.value) or "") if is_whole else lines[0]  # type: ignore[attr-defined]
            return
        for k in range(len(lines)):
            yield name, "\n".join(lines[: k + 1]), BEGUN if k < last else CHANGED


def python_steps(path: Path, text: str) -> Steps:
    """Each line name = formula as a step, dL/dW = formula among them, and each line that changes an array in its place.

    path   what faults call the text.

    Raises ClaimsError for a line that is no step.
    """
    quotients = {f"d{found[2]}_d{found[5]}": f"d{found[2]}/d{found[5]}" for found in _QUOTIENT.finditer(text.replace("∂", "d"))}
    code = as_code(text)
    tree = parsed(path, code)
    if filled := filled_names(tree):
        return [(name, text) for name in filled]
    return [one for step in _Reader(path).read(tree) for one in step.told(code, quotients.get(step.name, step.name))]


class _Reader:
    """The arrays of a text, line by line."""

    def __init__(self, path: Path) -> None:
        self.path, self.steps = path, list[_Step]()
        self.shared: dict[str, tuple[str, int]] = {}  # arrays that were changed by another name: by which, and in which line

    def read(self, tree: ast.Module) -> list[_Step]:
        for statement in tree.body:
            for name in loaded(statement) & self.shared.keys():
                other, line = self.shared[name]
                raise ClaimsError(
                    f"{self.path}: line {statement.lineno} reads {name}, which line {line} changed as {other}: "
                    f"write {other} = {name}.copy() before that"
                )
            self.statement(statement)
        return self.steps

    def statement(self, statement: ast.stmt) -> None:
        """Take one statement."""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if _is_empty(value) or (name in loaded(statement) and self.changed(name, statement)):
                    return
                self.steps.append(_Step(name, [statement], value.id if isinstance(value, ast.Name) else ""))
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
                if not self.changed(name, statement):
                    self.steps.append(_Step(name, [statement]))
            case (
                ast.AugAssign(target=ast.Name(id=name))
                | ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name)))
                | ast.Expr(value=ast.Call(func=ast.Attribute(attr="at"), args=[ast.Name(id=name), *_]))
            ):
                if not self.changed(name, statement):
                    raise ClaimsError(
                        f"{self.path}: line {statement.lineno} changes {name}, which no line before gives: write a gradient, "
                        f"d{name} = ..."
                    )
            case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Assert() | ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
                pass
            case _:
                raise ClaimsError(
                    f"{self.path}: line {statement.lineno} is no step; "
                    "write a line for each step, name = formula; a function is judged by running it, by --run"
                )

    def changed(self, name: str, statement: ast.stmt) -> bool:
        """Whether the last array of a name is whole, which the statement changes: it then belongs to it."""
        place = next((k for k in reversed(range(len(self.steps))) if self.steps[k].name == name), None)
        if place is None or isinstance(self.steps[place].statements[0].targets[0], ast.Subscript):  # type: ignore[attr-defined]
            return False
        for later in self.steps[place + 1 :]:
            if any(name in loaded(one) for one in later.statements):
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                    return False  # a new array by an old name, which is a step of its own
                line = later.statements[0].lineno
                raise ClaimsError(
                    f"{self.path}: line {statement.lineno} changes {name} after line {line} has read it: "
                    "give the new array a name of its own"
                )
        step = self.steps.pop(place)
        step.statements.append(statement)
        self.steps.append(step)
        if step.alias and not isinstance(statement, ast.Assign):
            self.shared[step.alias] = name, statement.lineno
        return True


def loaded(statement: ast.stmt) -> set[str]:
    """The names that a statement reads."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _is_empty(value: ast.expr) -> bool:
    """Whether an array of gradients by name begins here: {}, dict()."""
    match value:
        case ast.Dict(keys=[]) | ast.Call(func=ast.Name(id="dict" | "defaultdict" | "OrderedDict"), args=[], keywords=[]):
            return True
    return False


def as_code(text: str) -> str:
    """A text as its names stand in a network: dL_dW = ... for dL/dW = ..., dW for self.dW and grads["W"], W for params["W"]."""
    text = text.replace("∂", "d")
    code = _SELF.sub("", _QUOTIENT.sub(r"\1d\2_d\5\3\4", text if text.isascii() else typed_text(text)))

    def entry(found: re.Match[str]) -> str:
        key = found[2] or found[3]
        return f"d{key}" if re.match(r"d?grad", found[1]) and not re.match(r"d[A-Z_\d]|d[a-z]+\d|grad|d_", key) else key

    return _ENTRY.sub(entry, code)


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


def filled_names(tree: ast.Module) -> list[str]:
    """The gradients that code with loops gives values to; none of code without loops."""
    return gradients_written(tree) if any(isinstance(statement, ast.For) for statement in tree.body) else []


def gradients_written(tree: ast.Module) -> list[str]:
    """The names of gradients, dW, grad_b, that code with loops gives values to: a claim each, of the whole code.

    A name that each step of a loop gives another value holds what one step needs, and is none, unless it is what all steps add to.
    """
    stores = [n for n in ast.walk(tree) if isinstance(n, ast.Name | ast.Subscript) and isinstance(n.ctx, ast.Store)]
    names = [n.value if isinstance(n, ast.Subscript) else n for n in stores]
    found = list(dict.fromkeys(n.id for n in names if isinstance(n, ast.Name) and re.match(r"d(?!elta)[A-Za-z_]|grad_", n.id)))
    loops = [statement for loop in ast.walk(tree) if isinstance(loop, ast.For) for statement in loop.body]
    of_steps = {n.id for s in loops if isinstance(s, ast.Assign) and not _adds(s) for n in s.targets if isinstance(n, ast.Name)}
    return [name for name in found if name not in of_steps] or found


def _adds(statement: ast.Assign) -> bool:
    """Whether a name is given its own value and something more: dW = dW + ..."""
    own, value = statement.targets[0], statement.value
    while isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        if ast.unparse(value.right) == ast.unparse(own):
            return True
        value = value.left
    return ast.unparse(value) == ast.unparse(own) and value is not statement.value
