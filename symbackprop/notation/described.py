"""Shapes of arguments as the words around a function say them: `W: A numpy array of shape (D, C)`, `assert x.shape == (n, d)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

Sizes = tuple[str, ...]

_SHAPE = re.compile(
    r"\b(?:shape|size|dimensions?|dims?)\s*(?:of|is|:|=)?\s*`*[(\[]([^()\[\]]*)[)\]]|^\s*[(\[]([\w\s,+*-]*,[\w\s,+*-]*)[)\]]", re.I
)
_NUMBER = re.compile(r"(?!.*(?:array|tensor|matrix|vector)).*\b(?:float|scalar|real number)\b", re.I)  # in the first line
_SIZE = re.compile(r"[A-Za-z]\w*|\d+")


def described(function: ast.FunctionDef, entries: Iterable[str] = ()) -> dict[str, Sizes]:
    """The sizes of each argument whose shape the docstring or an assertion says; () for a number. "" is a size without a name.

    entries   the inputs in dicts, which are described as arguments are.
    """
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)] + [*entries]
    found: dict[str, Sizes] = {}
    for name, said in _paragraphs(ast.get_docstring(function) or "", names):
        if shape := _SHAPE.search(said):
            found.setdefault(name, _sizes(shape[1] if shape[1] is not None else shape[2]))
        elif _NUMBER.match(said):
            found.setdefault(name, ())
    for node in ast.walk(function):
        match node:
            case ast.Assert(
                test=ast.Compare(
                    left=ast.Attribute(value=ast.Name(id=name), attr="shape"), ops=[ast.Eq()], comparators=[ast.Tuple() as shape]
                )
            ) if name in names:
                found.setdefault(name, _sizes(", ".join(map(ast.unparse, shape.elts))))
    return {name: sizes for name, sizes in found.items() if "..." not in sizes}


def _paragraphs(text: str, names: list[str]) -> list[tuple[str, str]]:
    """What a docstring says of each argument: from a line that begins with its name to the next."""
    begins = (
        re.compile(rf"^[\s*•-]*`*({'|'.join(map(re.escape, names))})`*\s*(?:--?|:|\(|=|,|—|–)", re.MULTILINE) if names else None
    )
    starts = list(begins.finditer(text)) if begins else []
    ends = [one.start() for one in starts[1:]] + [len(text)] * bool(starts)
    found = []
    for start, end in zip(starts, ends, strict=True):
        said = text[start.end() - (text[start.end() - 1] == "(") : end]
        found.append((start[1], re.split(r"\n\s*\n|\n\s*(?:Returns?|Raises|Outputs?)\b", said)[0]))
    return found


def _sizes(text: str) -> Sizes:
    """The sizes in the brackets of a shape; what is no name and no number is a size without a name."""
    parts = [part.strip() for part in text.split(",")]
    parts = parts[:-1] if parts and not parts[-1] else parts
    return tuple("..." if "..." in part else part if _SIZE.fullmatch(part) else "" for part in parts)
