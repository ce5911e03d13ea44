"""Texts that keys are made of: f"W{k}", "W" + str(k), "W%d" % k, "W{}".format(k)."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symbackprop.notation.evaluator import Evaluator

LONGEST = 1_000  # letters of a text that is put together
_PERCENT = re.compile(r"%(.)")
_BRACES = re.compile(r"\{(\w*)\}")


def formatted(evaluator: Evaluator, node: ast.JoinedStr) -> str:
    """An f-string of numbers and texts, as a key is."""
    parts: list[Any] = []
    for one in node.values:
        if isinstance(one, ast.FormattedValue) and (one.format_spec is not None or one.conversion != -1):
            raise evaluator.fault(one, "how a number is formatted is not in the language.", "Write {k} alone.")
        parts.append(evaluator.value(one.value if isinstance(one, ast.FormattedValue) else one))
    return _whole(evaluator, node, "".join(_spelled(evaluator, node, part) for part in parts))


def string(evaluator: Evaluator, node: ast.Call) -> str:
    """str(k)."""
    return _spelled(evaluator, node, evaluator.value(node.args[0]))


def operated(evaluator: Evaluator, node: ast.BinOp, text: str, other: Any) -> str | None:
    """text + other, or text % other; None where the operator is another."""
    match node.op:
        case ast.Add() if isinstance(other, str):
            return _whole(evaluator, node, text + other)
        case ast.Mod():
            given = iter(_spelled(evaluator, node, one) for one in (other if isinstance(other, tuple) else [other]))

            def place(found: re.Match[str]) -> str:
                return "%" if found[1] == "%" else next(given) if found[1] in "ds" else _refused(evaluator, node)

            return _filled(evaluator, node, lambda: _PERCENT.sub(place, text), given)
        case _:
            return None


def filled(evaluator: Evaluator, node: ast.Call, text: str) -> str:
    """text.format(k)."""
    given = [_spelled(evaluator, node, evaluator.value(one)) for one in node.args]
    names = {one.arg: _spelled(evaluator, node, evaluator.value(one.value)) for one in node.keywords}
    row = iter(given)

    def place(found: re.Match[str]) -> str:
        if found[1].isdecimal() and int(found[1]) < len(given):
            return given[int(found[1])]
        return next(row) if not found[1] else names.get(found[1]) or _refused(evaluator, node)

    bare = _BRACES.sub("", text)
    return _refused(evaluator, node) if "{" in bare or "}" in bare else _filled(evaluator, node, lambda: _BRACES.sub(place, text))


def _filled(evaluator: Evaluator, node: ast.expr, fill: Callable[[], str], rest: Iterator[str] | None = None) -> str:
    """The text with its places filled; each place has a value, and each value a place."""
    try:
        text = fill()
    except (StopIteration, RuntimeError):
        return _refused(evaluator, node)
    return _refused(evaluator, node) if rest is not None and next(rest, None) is not None else _whole(evaluator, node, text)


def _spelled(evaluator: Evaluator, node: ast.expr, value: Any) -> str:
    value = evaluator.plain(value)
    if not isinstance(value, str | int):
        what = "an f-string" if isinstance(node, ast.JoinedStr) else "a text"
        raise evaluator.fault(node, f"{what} of tensors is not in the language.", "Write a plain string, or a number.")
    return str(value)


def _whole(evaluator: Evaluator, node: ast.expr, text: str) -> str:
    if len(text) > LONGEST:
        raise evaluator.fault(node, f"the text is longer than {LONGEST:,} letters.", "Write a shorter one.")
    return text


def _refused(evaluator: Evaluator, node: ast.expr) -> str:
    raise evaluator.fault(node, "how a number is formatted is not in the language.", "Write a plain string, or a number.")
