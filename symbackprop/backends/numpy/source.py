"""A program as the source of one NumPy function: straight lines, each with its shape, the forward part and then the backward part.

The function takes the arrays of the inputs and returns the value and a dictionary of gradients. Its source depends on NumPy alone.
"""

from __future__ import annotations

import builtins
import keyword
import re
import textwrap
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from symbackprop.backends.dialect import JAX_NAMES, NUMPY, Dialect
from symbackprop.backends.executed import Source
from symbackprop.backends.numpy.arrays import shape_text
from symbackprop.backends.numpy.body import ATOM, Shown, SourceError, printed
from symbackprop.backends.numpy.equation import Recipe, Setting, recipe
from symbackprop.backends.numpy.helpers import HELPERS, helper_source
from symbackprop.backends.numpy.loop import ItemWriter, LoopWriter, read_by
from symbackprop.backends.whole import integers
from symbackprop.core.functions import ELEMENTWISE, MATRIX_HELPERS, REDUCTIONS
from symbackprop.core.loops import Item, schedule
from symbackprop.core.passes.simplify import without_dead
from symbackprop.core.program import Equation, Gradient, Program, Signature

WIDTH = 100  # a comment that would end beyond this column stands above its line
RESERVED = {"np", *HELPERS, *MATRIX_HELPERS, "ERF_NEAR", "ERF_FAR", "_", *keyword.kwlist, *dir(builtins), *ELEMENTWISE}
RESERVED |= {row.numpy for row in REDUCTIONS.values() if row.helper}


class Names:
    """Identifiers: made from any text, each given once, none of them a keyword, a builtin or a helper."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = set(taken)

    def fresh(self, wish: str) -> str:
        """An identifier like `wish`."""
        if wish.isascii() and wish.isidentifier():
            base = wish.strip("_") or "x"
        else:
            letters = (c if f"x{c}".isidentifier() else " " for c in unicodedata.normalize("NFKC", wish))
            base = re.sub(" +", "_", "".join(letters)).strip("_") or "x"
        base = base if base.isidentifier() else f"x{base}"
        name, number = base, 1
        while name in self.taken or keyword.iskeyword(name):
            number += 1
            name = f"{base}_{number}"
        self.taken.add(name)
        return name


class Loops(dict[str, str]):
    """The identifier of every letter that runs in a loop, given when it is first asked for."""

    def __init__(self, names: Names) -> None:
        super().__init__()
        self.names = names

    def __missing__(self, letter: str) -> str:
        self[letter] = self.names.fresh(letter)
        return self[letter]


def source(
    program: Program,
    value: str | None,
    outputs: Mapping[str, str],
    name: str = "value_and_grad",
    dialect: Dialect = NUMPY,
) -> Source:
    """The NumPy source of a function that computes `value` and `outputs`.

    program   what to compute it by; equations that nothing asked for needs are left out.
    value     the name of the tensor that is returned by itself, such as the loss; None: only the dictionary is returned.
    outputs   for each key of the returned dictionary the name of its tensor.
    name      of the function.
    dialect   the library, and the type of every array of floats.
    Raises SourceError for a size that no argument tells.
    """
    return Writer(program, value, dict(outputs), name, dialect).write()


def module(title: str, dialect: Dialect, parts: Iterable[str], helpers: Iterable[str]) -> str:
    """A file: what it is, what it imports, its helpers, its parts."""
    whole = with_helpers(parts, helpers, dialect)
    return "\n\n".join([f'"""{title}"""', "\n".join(dialect.imports)]) + "".join(f"\n\n\n{part}" for part in whole) + "\n"


def with_helpers(parts: Iterable[str], helpers: Iterable[str], dialect: Dialect) -> list[str]:
    """The helpers that parts of a file call, and the parts."""
    return [*(helper_source(name, dialect) for name in sorted(helpers)), *parts]


def arguments_of(program: Program, needed: set[str]) -> list[Signature]:
    """The inputs among what is needed, in the order of a function's arguments."""
    found = [t for t in program.inputs if t.kind != "constant" and t.name in needed]
    return sorted(found, key=lambda t: t.kind != "parameter")


def arguments_that_tell(program: Program, asked: set[str]) -> list[str] | None:
    """The arguments of a function that computes what is asked; None where its source alone says which others tell its sizes."""
    needed = asked | read_by(schedule(without_dead(program, asked)))
    found = arguments_of(program, needed)
    told = {extent for t in found for extent in t.shape}
    return [t.name for t in found] if told.issuperset(program.sizes()) else None


class Writer:
    """Writes one function."""

    def __init__(self, program: Program, value: str | None, outputs: dict[str, str], name: str, dialect: Dialect) -> None:
        self.program, self.value, self.outputs, self.dialect = program, value, outputs, dialect
        self.names = Names(RESERVED | (JAX_NAMES if dialect.pure else set()))
        self.name = self.names.fresh(name)
        self.asked = {*outputs.values(), *([value] if value else [])}
        live = without_dead(program, self.asked)
        self.equations, self.items = live.equations, schedule(live)
        self.needed = self.asked | read_by(self.items)
        self.arguments = arguments_of(program, self.needed)
        self.identifier: dict[str, str] = {}
        for tensor in program.inputs:
            self.identifier[tensor.name] = self.names.fresh(tensor.name)
        for tensor in (program.tensors[e.target.name] for e in self.equations):
            if tensor.role is None:
                self.identifier[tensor.name] = self.names.fresh(tensor.name)
        self.sizes = {s: self.names.fresh(s.name if s.name not in self.names.taken else f"size_{s.name}") for s in program.sizes()}
        for tensor in (program.tensors[e.target.name] for e in self.equations):
            if tensor.role is not None:
                self.identifier[tensor.name] = self.names.fresh(self.gradient_wish(tensor.role))
        self.setting = Setting(program, self.sizes, Loops(self.names), dialect, integers(program, self.equations))
        self.recipes: dict[tuple, Recipe] = {}
        self.sorts: dict[str, tuple[Signature, int]] = {}
        self.known_sorts: dict[tuple, int] = {}
        self.temporary: dict[str, str] = {}
        self.extents: dict[Expr, str] = {}
        self.used: set[Symbol] = set()
        self.helpers: set[str] = set()

    def gradient_wish(self, role: Gradient) -> str:
        """dW_1 for a gradient of the value, dyhat_dW_1 for any other, z_dot for a change; the part through one use says so."""
        if role.vector:
            return f"{self.identifier.get(role.of, role.of)}_dot" + (f"_via_{role.via}" if role.via else "")
        wrt = self.identifier.get(role.wrt, role.wrt)
        of = "" if role.of == self.value or role.upstream else self.identifier.get(role.of, role.of)
        way = (f"_via_{role.via}" if role.via else "") + (f"_{role.nth}" if role.nth else "")
        return (f"d{of}_d{wrt}" if of else f"d{wrt}") + way

    def write(self) -> Source:
        """The file of the function alone."""
        text = module(f"{self.title()}, by {self.dialect.title} alone.", self.dialect, [self.text()], self.helpers)
        return Source(text, self.name, tuple(t.name for t in self.arguments))

    def text(self) -> str:
        """The function; its arguments and helpers are known when it is written."""
        body = [*self.statements(), *self.returned()]
        signature = f"def {self.name}({', '.join(self.identifier[t.name] for t in self.arguments)}):"
        return "\n".join([signature, *self.docstring(), *[f"    {line}" if line else "" for line in body]])

    def statements(self) -> list[str]:
        """The lines of the function but for what it returns."""
        first, then = list[Item](), list[Item]()
        for item in self.items:
            back = item.step is not None if isinstance(item, Equation) else any(e.step is not None for e in item.equations())
            (then if back else first).append(item)
        loops = self._scans() if self.dialect.pure else LoopWriter(self)
        forward, backward = loops.items(first, self.asked | read_by(then)), loops.items(then, self.asked)
        body = ["", "# forward", *forward, "", "# backward", *backward, ""] if first and then else ["", *forward, *backward, ""]
        return [*self.constants(), *self.size_lines(), *body]

    def _scans(self) -> ItemWriter:
        from symbackprop.backends.jax.scan import ScanWriter  # what JAX alone needs is imported for JAX

        return ScanWriter(self)

    def lines(self, equation: Equation) -> list[str]:
        """The lines of one equation; equations of one pattern are worked out once."""
        tensors, integers = self.setting.program.tensors, self.setting.integers
        refs = (equation.target, *equation.operands)
        alike = tuple([(r.index, self.sort(tensors[r.name]), r.name in integers) for r in refs])
        key = (equation.op, alike, equation.target.name in self.asked)
        found = self.recipes.get(key)
        if found is None:
            found = self.recipes[key] = recipe(equation, self.setting, equation.target.name in self.asked)
            self.used |= found.sizes
            self.helpers |= found.helpers
        operands = [self.identifier[r.name] for r in equation.operands]
        target = self.identifier[equation.target.name]
        kept: list[str] = []
        result: list[str] = []
        for hint, text, shape in found.temporaries:
            text = text.format(*operands, t=target, v=kept)
            if text not in self.temporary:
                self.temporary[text] = self.names.fresh(hint.format(*operands, t=target))
                result += _commented(f"{self.temporary[text]} = {text}", self.shape(shape))
            kept.append(self.temporary[text])
        lines = [line.format(*operands, t=target, v=kept) for line in found.lines]
        whole = len(lines) - 1 if lines[-1].startswith(f"{target} = ") else 0  # the line that makes the array of this shape
        lines[whole : whole + 1] = _commented(lines[whole], self.shape(tensors[equation.target.name].shape))
        return result + lines

    def sort(self, tensor: Signature) -> int:
        """A number for the shape, the kind and the bound of a tensor, which is the same for those that have the same."""
        own = self.sorts.get(tensor.name)
        if own is None or own[0] is not tensor:
            known = self.known_sorts
            own = self.sorts[tensor.name] = tensor, known.setdefault((tensor.shape, tensor.kind, tensor.bound), len(known))
        return own[1]

    def allocated(self, name: str, tensor: str, more: Mapping[int, int] = MappingProxyType({})) -> list[str]:
        """The line that makes an array of the shape of a tensor, with some entries more along some axes."""
        extents = [extent + more.get(k, 0) for k, extent in enumerate(self.setting.program.shape(tensor))]
        kind = ", dtype=int" if tensor in self.setting.integers else f", dtype={self.dialect.floats}" if self.dialect.narrow else ""
        return [f"{name} = {self.dialect.np}.empty({shape_text([self.read_extent(e) for e in extents])}{kind})"]

    def read_extent(self, extent: Expr) -> str:
        """A size as code reads it, and not a comment alone."""
        self.used |= extent.free_symbols  # type: ignore[arg-type]
        return self.extent(extent)

    def shape(self, extents: Sequence[Expr]) -> str:
        return shape_text([self.extent(e) for e in extents])

    def extent(self, extent: Expr) -> str:
        if extent not in self.extents:
            self.extents[extent] = self.size_text(extent)
        return self.extents[extent]

    def size_text(self, extent: Expr) -> str:
        symbols = sorted(extent.free_symbols, key=str)
        shown = tuple(Shown(s, ATOM, "whole") for s in symbols)  # type: ignore[arg-type]
        return printed(extent, shown).text.format(*[self.sizes[s] for s in symbols])  # type: ignore[index]

    def constants(self) -> list[str]:
        found = [t for t in self.program.inputs if t.kind == "constant" and t.name in self.needed]
        return [f"{self.identifier[t.name]} = {printed(t.value, ()).text}" for t in found if t.value is not None]

    def size_lines(self) -> list[str]:
        """The lines that read the sizes from the shapes of the arguments."""
        mine = {t.name for t in self.arguments}
        candidates = [*self.arguments, *[t for t in self.program.inputs if t.name not in mine and t.shape]]
        shapes = [e for t in candidates for e in t.shape]
        within = {s: e.free_symbols for s in self.used if s not in shapes for e in shapes if s in e.free_symbols}
        lines = list[str]()
        waiting: set[Any] = self.used.union(*within.values())
        for tensor in candidates:
            found = waiting.intersection(tensor.shape)
            if not found:
                continue
            self.take(tensor)
            waiting -= found  # type: ignore[arg-type]
            name = self.identifier[tensor.name]
            if len(found) > 1 or len(tensor.shape) == 1:
                new: list[Any] = [e if e in found and e not in tensor.shape[:k] else None for k, e in enumerate(tensor.shape)]
                marks = ["_" if s is None else self.sizes[s] for s in new]
                lines.append(f"{', '.join(marks)}{',' if len(marks) == 1 else ''} = {name}.shape")
            else:
                (s,) = found
                lines.append(f"{self.sizes[s]} = {name}.shape[{tensor.shape.index(s)}]")  # type: ignore[index]
        known: set[Expr] = {*self.used, *shapes} - waiting
        while waiting:
            found = next((s for s in sorted(waiting, key=str) if self.told(s, candidates, known)), min(waiting, key=str))
            lines.append(self.solved(found, candidates, known))
            waiting.remove(found)
            known.add(found)
        return lines

    def told(self, s: Symbol, candidates: Sequence[Signature], known: Collection[Expr]) -> tuple[Signature, int, Expr] | None:
        """An axis of the size a s + b that tells a size s, where b is of known ones, and a."""
        for tensor in candidates:
            for axis, extent in enumerate(tensor.shape):
                slope = sp.diff(extent, s)
                if slope.is_Integer and slope != 0 and extent.free_symbols - {s} <= {*known}:
                    return tensor, axis, slope
        return None

    def solved(self, s: Symbol, candidates: Sequence[Signature], known: Collection[Expr]) -> str:
        """The line that finds a size from an axis of the size a s + b."""
        if (found := self.told(s, candidates, known)) is not None:
            tensor, axis, slope = found
            self.take(tensor)
            rest = sp.expand(tensor.shape[axis] - slope * s)
            text = f"{self.identifier[tensor.name]}.shape[{axis}]"
            minus = rest.is_number and rest < 0
            text = f"({text} + {-rest})" if minus else f"({text} - {self.within(rest)})" if rest != 0 else text
            return f"{self.sizes[s]} = {text}{f' // {slope}' if slope != 1 else ''}"
        raise SourceError(f"no input tells the size {s}; give it, such as sizes={{{s.name!r}: 10}}")

    def within(self, size: Expr) -> str:
        """A size, in brackets where it is a sum."""
        text = self.size_text(size)
        return f"({text})" if size.is_Add else text

    def take(self, tensor: Signature) -> None:
        if all(tensor.name != t.name for t in self.arguments):
            self.arguments.append(tensor)

    def returned(self) -> list[str]:
        """The last statement."""
        entries = [f"{quoted(key)}: {self.identifier[name]}" for key, name in self.outputs.items()]
        value = "" if self.value is None else self.identifier[self.value]
        if self.value is not None and not entries:
            return [f"return {value}"]
        before = f"return {value}, " if value else "return "
        line = f"{before}{{{', '.join(entries)}}}"
        if len(line) + 4 <= WIDTH:
            return [line]
        return [f"{before}{{", *[f"    {entry}," for entry in entries], "}"]

    def title(self) -> str:
        keys = textwrap.shorten(", ".join(map(printable, self.outputs)), 60, placeholder=" ...")
        if self.value is None:
            return keys
        value = printable(self.value)
        return f"{value} and its gradients with respect to {keys}" if self.outputs else value

    def docstring(self) -> list[str]:
        """What the function takes and returns, with shapes."""
        rows = [(self.identifier[t.name], self.shape(t.shape), _kind(t, self.extent)) for t in self.arguments]
        widths = [max((len(row[k]) for row in rows), default=0) for k in (0, 1)]
        lines = [f"        {a.ljust(widths[0])}  {b.ljust(widths[1])}  {c}" for a, b, c in rows]
        what = [self.identifier[self.value]] if self.value else []
        if self.outputs:
            what.append(f"a dictionary of {'gradients' if self.value else 'values'}: {', '.join(map(printable, self.outputs))}")
        first = f'    """{self.title()}.'
        wrapped = _wrapped(f"Returns {' and '.join(what)}.")
        return (
            [first, "", "    Arrays and their shapes:", *lines, "", *wrapped, '    """']
            if rows
            else [first, "", *wrapped, '    """']
        )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    ")


def printable(text: str) -> str:
    """Text that may stand inside a docstring."""
    return re.sub(r'[\\"\n\r]', "", "".join(c for c in text if c.isprintable()))


def quoted(text: str) -> str:
    """A string literal."""
    return f'"{text}"' if re.fullmatch(r"[\w/ .,()|^-]*", text) else repr(text)


def _kind(tensor: Signature, extent: Callable[[Expr], str]) -> str:
    if tensor.kind == "integers":
        return f"integers below {extent(tensor.bound)}" if tensor.bound is not None else "integers"
    return tensor.kind


def _commented(line: str, comment: str) -> list[str]:
    return [f"{line}  # {comment}"] if len(line) + len(comment) + 8 <= WIDTH else [f"# {comment}", line]
