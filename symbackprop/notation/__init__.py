"""The ways in: text, Python functions, tensors with operators, SymPy. The only place that reads what a person wrote."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, overload

import sympy as sp

from symbackprop.language.tensors import Tensor
from symbackprop.notation.declare import binary, data, integers, labels, parameter, positive, unit
from symbackprop.notation.errors import NotationError, shortened
from symbackprop.notation.networks import Network, from_tensors
from symbackprop.notation.python_function import read_file_function, read_function
from symbackprop.notation.python_text import read_expression, read_path, read_text
from symbackprop.notation.sympy_input import from_sympy

__all__ = [
    "Network", "NotationError", "as_network", "binary", "data", "from_sympy", "integers", "labels", "network", "parameter",
    "positive", "read", "read_expression", "unit",
]  # fmt: skip


def read(text: str | os.PathLike[str], loss: str | None = None, gates: str = "auto") -> Network:
    """The network that a file or a text declares and defines, in Python's syntax and NumPy's vocabulary; never executed.

    text    a path, a path with the name of a function ("nets.py:mlp"), or the text itself (it holds a line break, : or =).
    loss    the name of the loss; None: the last scalar.
    gates   "whole": an expression is one equation; "elementary": each operation is one; "auto": elementary where all is scalar.

    Raises NotationError, with file, line, column, the fault and the mend.
    """
    if not isinstance(text, str):
        return _read_file(Path(text), None, loss, gates)
    path, _, function = text.rpartition(":")
    if path.endswith(".py") and "\n" not in text:
        return _read_file(Path(path), function.strip(), loss, gates)
    if _is_path(text):
        return _read_file(Path(text), None, loss, gates)
    return read_text(text, loss=loss, gates=gates)


def _read_file(path: Path, function: str | None, loss: str | None, gates: str) -> Network:
    if path.suffix == ".py":
        return read_file_function(path, function, loss, gates)
    return read_path(path, loss, gates)


def _is_path(text: str) -> bool:
    if not text.strip() or any(c in text for c in "\n\r\0") or len(text) > 1000:
        return False
    return os.path.exists(text) or not re.search(r"[:=#()\[\]*+@ ]", text)


@overload
def network(thing: Callable[..., Any] | Tensor | Mapping[str, Tensor], /) -> Network: ...
@overload
def network(*, loss: str | None = None, gates: str = "auto") -> Callable[[Callable[..., Any]], Network]: ...
def network(thing: Any = None, /, *, loss: str | None = None, gates: str = "auto") -> Any:
    """The network of a Python function (as a decorator), of a tensor, or of named tensors.

    A function is read from its source, so that its local names are the names of the report; it is never called. Arguments are
    declared by annotations (x: "data[d]"), are constants by their defaults (lam=0.01), and otherwise scalars.

    loss    the name of the loss; None: what the function returns, or the last scalar.
    gates   as for `read`.

    Raises NotationError where the function holds anything but straight-line equations.
    """
    if thing is None:
        return lambda function: read_function(function, loss, gates)
    if isinstance(thing, Tensor | Mapping):
        return from_tensors(thing, loss, gates)
    if callable(thing) and not isinstance(thing, sp.Basic):
        return read_function(thing, loss, gates)
    return as_network(thing)


def as_network(thing: Any) -> Network:
    """The network that `thing` stands for: a Network, a tensor or named tensors, a SymPy expression, a path, text, or a function.

    Raises NotationError for anything else, and where reading it does.
    """
    if isinstance(thing, Network):
        return thing
    if isinstance(thing, Tensor | Mapping):
        return from_tensors(thing)
    if isinstance(thing, sp.Basic | sp.MatrixBase):
        return from_sympy(thing)
    if isinstance(thing, str):
        plain = not _is_path(thing) and not re.search(r"[\n]|^\s*[A-Za-z]\w*\s*(:|=[^=])", thing) and ".py:" not in thing
        return read_expression(thing) if plain and thing.strip() else read(thing)
    if isinstance(thing, os.PathLike):
        return read(thing)
    if callable(thing):
        return read_function(thing)
    raise NotationError(
        f"{shortened(type(thing).__name__)} is no network.",
        "Give a text, a path, a tensor, a SymPy expression, or a function decorated with @sb.network.",
    )  # fmt: skip
