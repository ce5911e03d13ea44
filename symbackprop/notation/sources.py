"""What a string stands for: a text in the network language, a file, a function in a file, or one expression."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from symbackprop.core.errors import shown
from symbackprop.core.machine.files import absent, exists, is_path
from symbackprop.core.network import Network
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grammar import decoded
from symbackprop.notation.latex.text import is_latex
from symbackprop.notation.networks import with_gates
from symbackprop.notation.pasted import unfenced
from symbackprop.notation.python_function import read_file_function
from symbackprop.notation.python_text import read_expression, read_text
from symbackprop.notation.signs import keyed

_OF_PYTHON = re.compile(r"@|\*\*|\.T\b")
SLIPS = 2  # so many dollars or backslashes in a text of Python are slips of the keyboard, and no LaTeX
_DEFINES = re.compile(r"\s*(#|\w+\s*(:|=[^=]))")  # how a text begins: a comment, a declaration, or an equation


def read(source: str | os.PathLike[str], loss: str | None = None, gates: str = "auto", let: Iterable[str] = ()) -> Network:
    """The network that a file, a text or an expression declares and defines: Python's syntax and NumPy's vocabulary, or LaTeX.

    source  a path, a path with the name of a function ("nets.py:mlp"), a text (declarations and equations), or one expression
            ("(x + y)*z"). It is never executed. A text with macros is LaTeX; its inputs are declared on lines of their own.
    loss    the name of the loss; None: the last scalar.
    gates   "whole": an expression is one equation; "elementary": each operation is one; "auto": elementary where all is scalar.
    let     declarations for the names of an expression, or of a text or a file beside its own, such as "W: parameter[h, d]".

    Raises NotationError, with file, line, column, the fault and the mend.
    """
    let = list(let)
    if not isinstance(source, str | os.PathLike):
        raise NotationError(f"{shown(source)} is no text and no path.", 'Write read("nets/mlp.net"), or the text itself.')
    if not isinstance(source, str):
        return _read_file(Path(source), None, loss, gates, let)
    path, _, function = source.rpartition(":")
    if path.endswith(".py") and "\n" not in source:
        return _read_file(Path(path), function.strip(), loss, gates, let)
    if is_path(source, beside=bool(let)):
        return _read_file(Path(source), None, loss, gates, let)
    *above, last = source.strip().split("\n") if let else source.split("\n")
    if is_latex(keyed(source)) or (above and (not let or _DEFINES.match(last))):
        return typed_network(source, loss=loss, gates=gates, let=let)
    if not let and (not source.strip() or source.lstrip().startswith("{") or _DEFINES.match(source)):
        return typed_network(source, loss=loss, gates=gates)
    return read_expression(keyed(source), let, loss, gates)


def typed_network(
    text: str, file: str = "<text>", loss: str | None = None, gates: str = "auto", name: str = "network", let: Sequence[str] = ()
) -> Network:  # fmt: skip
    """The network of what somebody typed or pasted: the language, LaTeX, a page of Markdown that holds either. No path is opened.

    file   what error messages call the text.
    let    declarations beside those of the text.

    Raises NotationError, with file, line, column, the fault and the mend.
    """
    text = unfenced(text)
    if text.lstrip().startswith("{") and '"class_name"' in text:  # what model.to_json() gives, pasted
        return _model(text, loss, gates)
    if is_latex(latex := keyed(text)):
        try:
            return _latex(latex, let, file, loss, gates, name)
        except NotationError:
            if not _OF_PYTHON.search(text) or text.count("\\") + text.count("$") > SLIPS:
                raise
    return read_text(text, file, loss, gates, name, declarations=let)


def _read_file(path: Path, function: str | None, loss: str | None, gates: str, let: Sequence[str]) -> Network:
    if not exists(path):
        raise NotationError(*absent(path))
    if path.is_dir():
        raise NotationError(f"{path} is a folder.", "Name a file in it.")
    if let and path.suffix in (".py", ".onnx", ".json"):
        mend = 'Annotate its arguments: def f(W: "parameter[h, d]").' if path.suffix == ".py" else "Its shapes stand in it."
        raise NotationError(f"{path} takes no declarations from elsewhere.", mend)
    if path.suffix == ".py":
        return read_file_function(path, function, loss, gates)
    if path.suffix in (".onnx", ".json"):
        return _model(path, loss, gates)
    return typed_network(decoded(path), str(path), loss, gates, path.stem, let)


def _model(path: Path | str, loss: str | None, gates: str) -> Network:
    """The network of a model of another library, which a file holds as data, or of a description itself."""
    if isinstance(path, Path) and path.suffix == ".onnx":
        from symbackprop.notation.models.onnx import from_onnx

        network = from_onnx(path, loss)
    else:
        from symbackprop.notation.models.keras import from_keras

        network = from_keras(path, loss)
    return network if gates == "auto" else with_gates(network, gates)


def _latex(*given: Any, **further: Any) -> Network:
    """The network that LaTeX writes; its reader tells readings apart by numbers, which nothing else here needs."""
    from symbackprop.notation.latex.network import read_latex

    return read_latex(*given, **further)
