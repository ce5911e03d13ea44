"""Data in a .csv file: a line of names, then a line for each sample; columns become inputs by their names."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import mend
from symbackprop.core.program import Program, Signature
from symbackprop.training.errors import TrainingError
from symbackprop.training.layout import data_inputs

Columns = dict[str, list[str]]


def read_table(path: Path, program: Program) -> dict[str, ndarray]:
    """The arrays of a table.

    A column with the name of an input is that input; columns X1, X2, ... (X_1, X.1) are those of a matrix X. The one input that is
    left takes the columns that are left, in their order. Classes may be named: the names are numbered in the order of the alphabet.

    Raises TrainingError, with line and column, for what is no number, and where a column belongs to no input.
    """
    columns = _columns(path)
    parts = _assigned(path, program, list(columns))
    inputs = {t.name: t for t in data_inputs(program)}
    return {name: _input(path, inputs[name], {c: columns[c] for c in own}, name in own) for name, own in parts.items()}


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


def _assigned(path: Path, program: Program, names: list[str]) -> dict[str, list[str]]:
    """The columns of each input."""
    inputs, found = data_inputs(program), dict[str, list[str]]()
    for tensor in inputs:
        numbered = [n for n in names if re.fullmatch(re.escape(tensor.name) + r"[_.]?[0-9]+", n)]
        own = [tensor.name] if tensor.name in names else numbered
        if own:
            found[tensor.name] = own
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


def _input(path: Path, tensor: Signature, columns: Columns, single: bool) -> ndarray:
    """The array of one input; a single column of classes is numbers, or rows with a one."""
    if tensor.kind in ("integers", "labels") and len(columns) == 1:
        ((name, texts),) = columns.items()
        classes = _classes(path, name, texts)
        return classes if tensor.kind == "integers" else np.eye(int(classes.max()) + 1)[classes]
    numbers = [_numbers(path, name, texts) for name, texts in columns.items()]
    return numbers[0] if single and tensor.rank == 1 else np.stack(numbers, axis=1)


def _classes(path: Path, name: str, texts: Sequence[str]) -> ndarray:
    if all(re.fullmatch("[0-9]+", text, re.ASCII) for text in texts):
        return np.array(list(map(int, texts)))
    if any(re.fullmatch("[0-9]+", text, re.ASCII) for text in texts):
        return _numbers(path, name, texts)  # a number beside names: the place is said
    return np.unique(np.array(texts), return_inverse=True)[1]


def _numbers(path: Path, name: str, texts: Sequence[str]) -> ndarray:
    numbers = []
    for k, text in enumerate(texts, 2):
        try:
            numbers.append(float(text))
        except ValueError:
            raise TrainingError(f"{path}:{k}: the column {name} holds {text[:40]!r}, which is no number; mend the entry") from None
    return np.array(numbers)
