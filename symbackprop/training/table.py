"""Data in a .csv file: a line of names, then a line for each sample; columns become inputs by their names."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import mend
from symbackprop.core.program import Program, Signature
from symbackprop.training.errors import TrainingError
from symbackprop.training.layout import data_inputs, sides

Columns = dict[str, list[str]]
Names = Mapping[str, Sequence[str]]


def read_table(path: Path, program: Program, names: Names | None = None) -> dict[str, ndarray]:
    """The arrays of a table.

    names   of the classes of an input, in their order, where another table has told them.

    A column with the name of an input is that input; columns X1, X2, ... (X_1, X.1) are those of a matrix X. The one input that is
    left takes the columns that are left, in their order. Classes may be named: the names are numbered in the order of the alphabet.

    Raises TrainingError, with line and column, for what is no number, and where a column belongs to no input.
    """
    columns = _columns(path)
    return _arrays(path, columns, _assigned(path, data_inputs(program), list(columns)), data_inputs(program), names or {})


def read_measures(path: Path, program: Program) -> dict[str, ndarray]:
    """The arrays of a table that need not tell what is predicted: the input of that is left out where no column has its name.

    Raises TrainingError as `read_table` does.
    """
    columns, found = _columns(path), sides(program)
    inputs = [t for t in data_inputs(program) if found is None or t != found[1] or _own(t, list(columns))]
    return _arrays(path, columns, _assigned(path, inputs, list(columns)), inputs, {})


def class_names(path: Path, program: Program) -> Names:
    """The names of the classes, in their order, of each input that a table tells by names."""
    columns = _columns(path)
    found: dict[str, list[str]] = {}
    for tensor in data_inputs(program):
        own = _own(tensor, list(columns))
        if tensor.kind in ("integers", "labels") and len(own) == 1 and not _are_numbers(columns[own[0]]):
            found[tensor.name] = sorted(set(columns[own[0]]))
    return found


def _arrays(path: Path, columns: Columns, parts: Columns, inputs: Sequence[Signature], names: Names) -> dict[str, ndarray]:
    known = {t.name: t for t in inputs}
    return {
        name: _input(path, known[name], {c: columns[c] for c in own}, name in own, names.get(name)) for name, own in parts.items()
    }


def _columns(path: Path) -> Columns:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except OSError as fault:
        raise TrainingError(f"{path}: cannot be read: {fault.strerror or fault}") from None
    except (UnicodeDecodeError, csv.Error) as fault:
        raise TrainingError(f"{path}: this is no table: {fault}; write UTF-8 text with commas") from None
    names = [name.strip() for name in rows[0]] if rows else []
    if len(rows) < 2 or not all(names) or len(set(names)) < len(names):
        raise TrainingError(f"{path}: the first line must name every column, each once, and a line must follow for each sample")
    for k, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise TrainingError(f"{path}:{k}: there are {len(row)} entries, and {len(names)} columns; mend the line")
    return {name: [row[k].strip() for row in rows[1:]] for k, name in enumerate(names)}


def _own(tensor: Signature, names: list[str]) -> list[str]:
    """The columns that have the name of an input."""
    numbered = [n for n in names if re.fullmatch(re.escape(tensor.name) + r"[_.]?[0-9]+", n)]
    return [tensor.name] if tensor.name in names else numbered


def _assigned(path: Path, inputs: Sequence[Signature], names: list[str]) -> dict[str, list[str]]:
    """The columns of each input."""
    found = {tensor.name: own for tensor in inputs if (own := _own(tensor, names))}
    taken = {name for own in found.values() for name in own}
    rest, open_ = [n for n in names if n not in taken], [t for t in inputs if t.name not in found]
    if len(open_) == 1 and rest:
        return {**found, open_[0].name: rest}
    if open_:
        told = f"the columns left are {', '.join(rest)}" if rest else "no column is left"
        wanted = open_[0].name
        raise TrainingError(f"{path}: no column is called {wanted}, and {told}; name columns {wanted}1, {wanted}2, ...")
    if rest:
        raise TrainingError(f"{path}: the column {rest[0]} belongs to no input; take it out, or rename it: {mend(rest[0], found)}")
    return found


def _input(path: Path, tensor: Signature, columns: Columns, single: bool, names: Sequence[str] | None) -> ndarray:
    """The array of one input; a single column of classes is numbers, or rows with a one."""
    if tensor.kind in ("integers", "labels") and len(columns) == 1:
        ((name, texts),) = columns.items()
        classes = _classes(path, name, texts, names)
        return classes if tensor.kind == "integers" else np.eye(len(names) if names else int(classes.max()) + 1)[classes]
    numbers = [_numbers(path, name, texts) for name, texts in columns.items()]
    return numbers[0] if single and tensor.rank == 1 else np.stack(numbers, axis=1)


def _are_numbers(texts: Sequence[str]) -> bool:
    return all(re.fullmatch("[0-9]+", text, re.ASCII) for text in texts)


def _classes(path: Path, name: str, texts: Sequence[str], names: Sequence[str] | None) -> ndarray:
    if _are_numbers(texts) and not names:
        return np.array(list(map(int, texts)))
    if any(re.fullmatch("[0-9]+", text, re.ASCII) for text in texts):
        return _numbers(path, name, texts)  # a number beside names: the place is said
    known = list(names or sorted(set(texts)))
    for k, text in enumerate(texts, 2):
        if text not in known:
            raise TrainingError(
                f"{path}:{k}: the column {name} holds {text[:40]!r}, which is no class that is trained on: {mend(text, known)}"
            )
    return np.array([known.index(text) for text in texts])


def _numbers(path: Path, name: str, texts: Sequence[str]) -> ndarray:
    numbers = []
    for k, text in enumerate(texts, 2):
        try:
            numbers.append(float(text))
        except ValueError:
            raise TrainingError(f"{path}:{k}: the column {name} holds {text[:40]!r}, which is no number; mend the entry") from None
    return np.array(numbers)
