"""Data in a .csv file: a line of names, then a line for each sample; columns become inputs by their names."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import mend
from symbackprop.core.program import Program, Signature
from symbackprop.evaluate.extents import evaluator
from symbackprop.training.errors import TrainingError
from symbackprop.training.layout import data_inputs, sides

NUMBER = re.compile(r"[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)(e[-+]?[0-9]+)?", re.ASCII | re.IGNORECASE)
MOST_LISTED = 8
MEND = "mend the entry, or leave the line out"
TWO = {"binary": (0.0, 1.0), "sign": (-1.0, 1.0)}  # what stands for the first of two classes, and for the second
Names = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Header:
    """What the table that is trained on tells beside its numbers; another table is read alike.

    columns   of each input that takes those that are left, in their order.
    classes   the names of the classes of each input that tells them by names, in their order.
    """

    columns: Names = field(default_factory=dict)
    classes: Names = field(default_factory=dict)

    @classmethod
    def told(cls, told: Mapping[str, Any]) -> Header:
        """The header that a file of parameters tells; an empty one where it tells none."""

        def names(rows: Any) -> Names:
            return {k: v for k, v in rows.items() if _is_names(v)} if isinstance(rows, dict) else {}

        return cls(names(told.get("columns")), names(told.get("classes")))

    def __str__(self) -> str:
        parts = [f"{name} is the column{'s' * (len(own) > 1)} {_listed(own)}" for name, own in self.columns.items()]
        classes = [f"the classes of {name}, in their order, are {_listed(own)}" for name, own in self.classes.items()]
        return "\n".join(filter(None, (", ".join(parts), *classes)))


@dataclass(frozen=True)
class Table:
    """The columns of a file, each with its entries as text, and the line on which each sample stands."""

    path: Path
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]

    def fault(self, k: int, column: str, fault: str) -> TrainingError:
        """What is said of the entry of a sample."""
        return TrainingError(f"{self.path}:{self.lines[k]}: the column {column} holds {self.columns[column][k][:40]!r}, {fault}")

    def numbers(self, column: str) -> ndarray:
        """A column of finite numbers."""
        texts, numbers = self.columns[column], []
        try:
            numbers.extend(map(_number_of, texts))  # as far as they are numbers
        except ValueError:
            k = len(numbers)
            raise self.fault(k, column, f"which is no number; {_mend(texts[k])}") from None
        found = np.array(numbers)
        for k in np.flatnonzero(~np.isfinite(found)):
            raise self.fault(int(k), column, f"which is no finite number; {MEND}")
        return found

    def holds_names(self, column: str) -> bool:
        """Whether no entry of a column is a number."""
        return not any(map(NUMBER.fullmatch, self.columns[column]))

    def whole(self, column: str) -> list[int] | None:
        """A column of classes by number, 2 or 2.0; None where it holds names."""
        if self.holds_names(column):
            return None
        numbers = self.numbers(column)  # a name beside numbers: the place is said
        for k in np.flatnonzero(numbers % 1):
            raise self.fault(int(k), column, "which is no class; classes are whole numbers from 0, or names")
        return list(map(int, numbers))


def _number_of(text: str) -> float:
    """Raises ValueError for what is no number, 1_000 among it, which Python alone reads."""
    if "_" in text:
        raise ValueError(text)
    return float(text)


def _mend(text: str) -> str:
    """What to do about an entry that is no number."""
    if re.fullmatch(r"[-+]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?", text):
        return "take the commas out where they part thousands, and write a point where one stands before decimals"
    return "write a point for the comma" if re.fullmatch(r"[-+]?[0-9]+,[0-9]+", text) else MEND


def _is_names(row: Any) -> bool:
    return isinstance(row, list) and bool(row) and all(isinstance(name, str) for name in row)


def read_table(
    path: Path, program: Program, sizes: Mapping[str, int], like: Header | None = None
) -> tuple[dict[str, ndarray], Header]:
    """The arrays of a table, and what it tells beside its numbers.

    sizes  what is known of sizes: a table need not hold a sample of each class.
    like   the header of another table, whose columns and classes these are.

    A column with the name of an input is that input; columns X1, X2, ... (X_1, X.1) are those of a matrix X. The one input that is
    left takes the columns that are left, in their order. Classes may be named, in a column of any name where no other holds names:
    they are numbered in the order of the alphabet.

    Raises TrainingError, with line and column, for what is no finite number, and where a column belongs to no input.
    """
    table, like = _table(path), like or Header()
    return _arrays(table, data_inputs(program), sizes, like), _header(table, program, like)


def read_measures(path: Path, program: Program, sizes: Mapping[str, int], like: Header | None = None) -> dict[str, ndarray]:
    """The arrays of a table that need not tell what is predicted: the input of that is left out where no column has its name.

    Raises TrainingError as `read_table` does.
    """
    table, found, like = _table(path), sides(program), like or Header()

    def is_told(tensor: Signature) -> bool:
        return bool(_own(tensor, list(table.columns))) or like.columns.get(tensor.name, [""])[0] in table.columns

    return _arrays(table, [t for t in data_inputs(program) if found is None or t != found[1] or is_told(t)], sizes, like)


def _header(table: Table, program: Program, like: Header) -> Header:
    """What a table tells beside its numbers; `like`: read as another one."""
    parts = _assigned(table, data_inputs(program), like.columns)
    classes: dict[str, Sequence[str]] = {}
    for tensor in data_inputs(program):
        own = parts[tensor.name]
        if _tells_classes(tensor) and len(own) == 1 and table.holds_names(own[0]):
            classes[tensor.name] = like.classes.get(tensor.name) or sorted(set(table.columns[own[0]]))
    known = {t.name: t for t in data_inputs(program)}
    return Header({name: own for name, own in parts.items() if own != _own(known[name], list(table.columns))}, classes)


def _arrays(table: Table, inputs: Sequence[Signature], sizes: Mapping[str, int], like: Header) -> dict[str, ndarray]:
    known, parts = {t.name: t for t in inputs}, _assigned(table, inputs, like.columns)
    return {name: _input(table, known[name], own, sizes, like.classes.get(name)) for name, own in parts.items()}


def _table(path: Path) -> Table:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if row]
    except OSError as fault:
        raise TrainingError(f"{path}: cannot be read: {fault.strerror or fault}") from None
    except (UnicodeDecodeError, csv.Error) as fault:
        raise TrainingError(f"{path}: this is no table: {fault}; write UTF-8 text with commas") from None
    if not rows:
        raise TrainingError(f"{path}: the file is empty; write a line of names, and a line for each sample")
    names = [name.strip() for name in rows[0][1]]
    _require_names(path, names)
    if len(rows) < 2:
        raise TrainingError(f"{path}: there is a line of names, and no sample; write a line for each below it")
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise TrainingError(f"{path}:{line}: there are {len(row)} entries, and {len(names)} columns; mend the line")
    columns = {name: [row[k].strip() for _, row in rows[1:]] for k, name in enumerate(names)}
    return Table(path, columns, [line for line, _ in rows[1:]])


def _require_names(path: Path, names: Sequence[str]) -> None:
    """See that the first line names every column, each once."""
    if len(names) == 1 and (sign := next((c for c in ";\t|" if c in names[0]), "")):
        word = {"\t": "tabs"}.get(sign, sign)
        raise TrainingError(f"{path}: the columns stand apart by {word}, and commas are read; write commas")
    if names[0] == "" != names[-1]:
        raise TrainingError(f"{path}: column 1 has no name; name it, or leave an index out, as to_csv(..., index=False) does")
    if "" in names:
        raise TrainingError(f"{path}: column {names.index('') + 1} has no name; the first line must name every column")
    if twice := next((name for k, name in enumerate(names) if name in names[:k]), None):
        raise TrainingError(f"{path}: two columns are called {twice}; give each a name of its own in the first line")
    if len(names) == 1 and names[0].startswith("#"):
        raise TrainingError(f"{path}: the first line is a remark; begin with the line that names every column")
    if all(map(NUMBER.fullmatch, names)) or any(NUMBER.fullmatch(name) and not name.isdecimal() for name in names):
        raise TrainingError(f"{path}: the first line holds numbers; begin with a line that names every column, such as X1,X2,y")


def _own(tensor: Signature, names: list[str]) -> list[str]:
    """The columns that have the name of an input, by their numbers."""
    numbered = [n for n in names if re.fullmatch(re.escape(tensor.name) + r"[_.]?[0-9]+", n)]
    return [tensor.name] if tensor.name in names else sorted(numbered, key=_number)


def _number(name: str) -> int:
    """The number at the end of a column's name."""
    return int(re.findall("[0-9]+$", name)[0])


def _require_all(path: Path, columns: Sequence[str]) -> None:
    """See that columns with numbers are all there: X1, X2, X4 are no matrix."""
    for one, other in pairwise(columns):
        if _number(other) != _number(one) + 1:
            between = "of one number" if _number(other) == _number(one) else "with none between"
            raise TrainingError(f"{path}: there are columns {one} and {other} {between}; number those of a matrix one by one")


def _assigned(table: Table, inputs: Sequence[Signature], known: Names) -> dict[str, list[str]]:
    """The columns of each input; those that another table has told are `known`."""
    path, names = table.path, list(table.columns)
    found: dict[str, list[str]] = {}
    for tensor in inputs:
        if own := _own(tensor, names):
            _require_all(path, own)
            found[tensor.name] = own
        elif tensor.name in known:
            found[tensor.name] = own = list(known[tensor.name])
            if missing := next((column for column in own if column not in names), None):
                raise TrainingError(
                    f"{path}: no column is called {missing}, and {tensor.name} was trained on {_listed(own)}; give each of them: "
                    f"{mend(missing, names)}"
                )
    taken = {name for own in found.values() for name in own}
    rest, open_ = [n for n in names if n not in taken], [t for t in inputs if t.name not in found]
    if len(open_) > 1 and (named := _named_classes(table, open_, rest)):
        tensor, column = named
        found[tensor.name] = [column]
        rest, open_ = [n for n in rest if n != column], [t for t in open_ if t is not tensor]
    if len(open_) == 1 and rest:
        _require_count(path, open_[0], rest)
        return {**found, open_[0].name: rest}
    if open_:
        for tensor in open_:
            if alike := next((n for n in rest if n.casefold() == tensor.name.casefold()), None):
                raise TrainingError(
                    f"{path}: no column is called {tensor.name}, and one is called {alike}; capital and small letters "
                    f"differ: rename it to {tensor.name}"
                )
        told = f"the columns left are {_listed(rest)}" if rest else "no column is left"
        wanted = open_[0].name
        several = f"name columns {wanted}1, {wanted}2, ..." if open_[0].rank > 1 else f"name a column {wanted}"
        if len(open_) == 2 and rest and (single := next((t.name for t in open_[::-1] if _is_single(t)), None)):
            other = next(t.name for t in open_ if t.name != single)
            several = f"rename the column of {single} to {single}, and {other} takes those that are left"
        raise TrainingError(f"{path}: no column is called {wanted}, and {told}; {several}")
    if rest:
        raise TrainingError(f"{path}: the column {rest[0]} belongs to no input; take it out, or rename it: {mend(rest[0], found)}")
    return found


def _is_single(tensor: Signature) -> bool:
    """Whether an input may be one column."""
    return tensor.kind in ("integers", "labels") or tensor.rank == 1


def _tells_classes(tensor: Signature) -> bool:
    """Whether an input tells a class of each sample, which a column may name."""
    return tensor.kind in ("integers", "labels") or (tensor.domain in TWO and tensor.rank == 1)


def _named_classes(table: Table, inputs: Sequence[Signature], columns: Sequence[str]) -> tuple[Signature, str] | None:
    """The one input of classes, and the one column of names: no other input holds names."""
    classes = [t for t in inputs if _tells_classes(t)]
    names = [c for c in columns if table.holds_names(c)]
    return (classes[0], names[0]) if len(classes) == len(names) == 1 else None


def _require_count(path: Path, tensor: Signature, rest: Sequence[str]) -> None:
    """See that the columns that are left are as many as the input is declared with."""
    wide = [int(n) for n in tensor.shape if n.is_Integer]
    if len(wide) == 1 and tensor.rank == 2 and wide[0] != len(rest) and tensor.kind == "data":
        raise TrainingError(
            f"{path}: {tensor.name} takes the columns that are left, {_listed(rest)}, which are {len(rest)}, and it is declared "
            f"with {wide[0]}; take out what is none of it, or name its columns {tensor.name}1, {tensor.name}2 and so on"
        )


def _listed(columns: Sequence[str]) -> str:
    """The names of columns in a line, in quotes where one may be taken for two; of many the first and the last."""
    names = [repr(name) if "," in name or name.split() != name.split(" ") else name for name in columns]
    return ", ".join(names if len(names) <= MOST_LISTED else [*names[:3], "...", names[-1]])


def _input(
    table: Table, tensor: Signature, columns: Sequence[str], sizes: Mapping[str, int], names: Sequence[str] | None
) -> ndarray:
    """The array of one input; a single column of classes is numbers, or rows with a one."""
    if tensor.kind in ("integers", "labels") and len(columns) == 1:
        classes = _classes(table, columns[0], names)
        count = len(names) if names else evaluator(tensor.shape[-1] if tensor.bound is None else tensor.bound)(sizes)
        for k in np.flatnonzero((classes < 0) | (classes >= count) if count else classes < 0):
            most, from_1 = int(count or 0) - 1, (classes.min(), classes.max()) == (1, count)
            fault = (
                "which is no class: classes are whole numbers from 0" if not count
                else f"which is no class: the classes are whole numbers from 0 to {most}; count them from 0, not from 1" if from_1
                else f"which is no class: the classes are whole numbers from 0 to {most}"
            )  # fmt: skip
            raise table.fault(int(k), columns[0], fault)
        return classes if tensor.kind == "integers" else np.eye(int(count or classes.max() + 1))[classes]
    if _tells_classes(tensor) and len(columns) == 1 and table.holds_names(columns[0]):
        return np.array(TWO[str(tensor.domain)])[_classes(table, columns[0], names, 2)]
    numbers = [table.numbers(name) for name in columns]
    return numbers[0] if list(columns) == [tensor.name] and tensor.rank == 1 else np.stack(numbers, axis=1)


def _classes(table: Table, name: str, names: Sequence[str] | None, most: int | None = None) -> ndarray:
    texts = table.columns[name]
    numbers = table.whole(name)
    if numbers is not None:
        if names:
            raise table.fault(0, name, f"which is no class that is trained on: {mend(texts[0], list(names))}")
        return np.array(numbers)
    known = list(names or sorted(set(texts)))
    if most is not None and len(known) > most:
        third = next(k for k, text in enumerate(texts) if len(set(texts[: k + 1])) > most)
        before = ", ".join(sorted(set(texts[:third])))
        raise table.fault(third, name, f"beside {before}: two classes are told apart; of more declare integers[n, c]")
    for k, text in enumerate(texts):
        if text not in known:
            raise table.fault(k, name, f"which is no class that is trained on: {mend(text, known)}")
    return np.array([known.index(text) for text in texts])
