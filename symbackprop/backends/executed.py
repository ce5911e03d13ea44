"""The only place where text becomes code."""

from __future__ import annotations

import builtins
import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """A NumPy function as text.

    text       the whole module.
    name       the function's name.
    arguments  the inputs that it takes, in order.
    """

    text: str
    name: str
    arguments: tuple[str, ...]


def executed(text: str, name: str, names: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """The function `name` that a generated source defines.

    names   what stands for the names that the source does not define.

    The text is a backend's own: every identifier in it was generated, and a person's names stand in it only as string literals and
    in comments made of printable characters.
    """
    file = f"<symbackprop {name} {id(text):x}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)  # so that errors show the line
    namespace: dict[str, Any] = {"__name__": "symbackprop_generated", **(names or {})}
    exec(builtins.compile(text, file, "exec"), namespace)
    return namespace[name]


def raised_at(fault: BaseException, function: Callable[..., Any]) -> str:
    """The line of a generated function in which an error was raised, without its comment."""
    file, trace = function.__code__.co_filename, fault.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    line = linecache.getline(file, trace.tb_lineno) if trace is not None else ""
    return line.partition("  #")[0].strip() or function.__name__
