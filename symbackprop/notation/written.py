r"""A person's own function as mathematics, as they wrote it: 2 (a - t) x, before anything is understood.

latexify prints functions of numbers well. Of arrays it prints W.T @ (d * h) and (W.T @ d) * h alike, so that code with arrays is
printed by what it is read as: `symbackprop.judge.written`.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

from symbackprop.formulas.read_latex import FormulaError, parse
from symbackprop.formulas.tree import Node

_ARRAYS = (ast.MatMult, ast.Subscript, ast.Dict, ast.DictComp, ast.ListComp, ast.For, ast.While, ast.Lambda, ast.Starred)
_SCALARS = frozenset([
    "abs", "exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh", "max", "min", "floor", "ceil", "pow",
])  # fmt: skip
_LAYOUT = (
    (r"\mathopen{}", ""),
    (r"\mathclose{}", ""),
    (r"\mathrm{if} \ ", r"\text{if } "),
    (r"\mathrm{otherwise}", r"\text{otherwise}"),
)
_LONGEST = 20_000  # characters of a source


def as_written(function: Callable[..., Any]) -> tuple[Node, ...]:
    """The formulas of a function of numbers, one for each of its lines; () where it is one of arrays, or no formula shows it."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return ()
    if len(source) > _LONGEST or not _is_of_numbers(tree):
        return ()
    try:
        return tuple(map(parse, _lines(_latexified(function))))
    except FormulaError:  # it writes what no format of a report can set
        return ()


def _is_of_numbers(tree: ast.Module) -> bool:
    """Whether nothing in a function's body asks for an array: no product of matrices, no index, no method."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef):
        return False
    parts = [part for statement in tree.body[0].body for part in ast.walk(statement)]
    called = [part.func for part in parts if isinstance(part, ast.Call)]
    names = [one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in called]
    return not any(isinstance(part, _ARRAYS) for part in parts) and all(name in _SCALARS for name in names)


def _latexified(function: Callable[..., Any]) -> str:
    """What latexify prints; "" where it is not installed, as on Pythons that it does not know, or refuses the function."""
    try:
        from latexify import exceptions, generate_latex
    except ImportError:
        return ""
    try:
        return generate_latex.get_latex(function, use_math_symbols=True)
    except (exceptions.LatexifyError, OSError, TypeError, ValueError):
        return ""


def _lines(latex: str) -> list[str]:
    for written, plain in _LAYOUT:
        latex = latex.replace(written, plain)
    latex = re.sub(r"\\left\\\{ \\begin\{array\}\{ll\}(.*?)\\end\{array\} \\right\.", r"\\begin{cases}\1\\end{cases}", latex)
    whole = re.fullmatch(r"\\begin\{array\}\{l\}(.*)\\end\{array\}", latex.strip())
    return [line.strip() for line in (whole[1].split(r"\\") if whole else [latex]) if line.strip()]
