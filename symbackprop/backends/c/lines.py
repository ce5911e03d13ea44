"""The statements of a plan as lines of a C function. Neighbouring functions of entries are one loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from symbackprop.backends.c.blas import LARGE
from symbackprop.backends.c.circular import ROWS
from symbackprop.backends.c.entries import Turned, groups, held, is_row
from symbackprop.backends.c.matrices import MATRICES, TALL
from symbackprop.backends.c.tables import FUNCTIONS, NUMBERS, TYPES, beginning, chosen, evened, kind_of, number
from symbackprop.backends.c.turned import turned
from symbackprop.backends.c.windows import SLAB
from symbackprop.plan.handed import GRADIENTS, PARAMETERS
from symbackprop.plan.neighbours import out_of
from symbackprop.plan.node import Kind, PlanError
from symbackprop.plan.schedule import Plan
from symbackprop.plan.statements import (
    AddAt,
    Apply,
    Combine,
    Compute,
    Copy,
    Factor,
    Inner,
    Look,
    Loop,
    Operand,
    Product,
    Reduced,
    Scalar,
    Statement,
    Window,
    WindowProduct,
)  # fmt: skip

BEGINNINGS = {"add": "0", "multiply": "1", "maximum": "-INFINITY", "minimum": "INFINITY"}
LANES = {"maximum": "greatest_", "minimum": "smallest_"}  # of a row of entries, side by side
WIDE = 16  # entries of a row that are as many as the lanes
BLOCK = 256, 32  # at most, of a product: rows and columns that are packed at once


class Lines:
    """The lines of a function.

    plan      at fixed sizes.
    called    the function's name, before what it alone reads: "step", "predict".
    out       what its third array is called there, which the plan calls "gradients".
    packed, places, scratch   what it needs of memory beside the buffers.
    """

    def __init__(self, plan: Plan, called: str, out: str) -> None:
        self.plan = turned(evened(plan))
        self.data = {name: f"data_{k}" for k, name in enumerate(plan.layout.held)}
        self.work = {name: name.replace(" ", "_") for name in self.plan.buffers if name.startswith("work")}
        self.names = {PARAMETERS: "parameters", GRADIENTS: out, **self.data}
        # as members, of which compilers know that they do not overlap: of pointers to them they ask at every turn, and gcc in vain
        self.names |= {name: f"memory->{own}" for name, own in self.work.items()}
        self.names |= {name: f"{called}_{name}".replace(" ", "_") for name in self.plan.fixed}
        self.lines: list[str] = []
        self.packed, self.places, self.scratch = 1, 0, 0
        self._all(self.plan.statements)
        self.value = self._number(self.plan.value)

    def _all(self, statements: Sequence[Statement]) -> None:
        for group in groups(statements):
            match group:
                case [Loop(number, count, body)]:
                    around, self.lines = self.lines, []
                    self._all(body)
                    turn = f"turn{number}"
                    around.append(f"for (ptrdiff_t {turn} = 0; {turn} < {count}; {turn}++) {{")
                    self.lines = [*around, *(f"    {line}" for line in self.lines), "}"]
                case [Apply() as s] if is_row(s):
                    self._row(s)
                case [Turned(Window() as a, out)]:
                    self._turned(a, out)
                case [s] if not isinstance(s, Apply | Copy):
                    self._statement(s)
                case _:
                    self._entries(group)

    def _entries(self, group: Sequence[Statement]) -> None:
        """Functions of entries over the same positions."""
        dims = [n for n, _ in out_of(group[0]).dims]
        kept, known, inner = held(group), dict[Window, str](), []
        for s in group:
            window = out_of(s)
            own = kept.get(window)
            type_ = TYPES[self._kind(window)]
            given = [self._operand(o, len(dims), known) for o in (s.operands if isinstance(s, Apply) else (s.a,))]  # type: ignore[union-attr]
            before = self._operand(window, len(dims), known)
            match s:
                case Copy(where=None):
                    value = f"({type_}){given[0]}"
                case Copy(where=Window() as where):
                    value = chosen(type_, self._operand(where, len(dims), known), f"({type_}){given[0]}", before)
                case Apply():
                    if s.function not in FUNCTIONS:
                        raise PlanError(f"{s.function} has no C")
                    is_choice = s.function in ("select", "where")
                    value = chosen(type_, *given) if is_choice else FUNCTIONS[s.function].format(*given)
                case _:
                    raise PlanError(f"{type(s).__name__} is no function of entries")
            inner.append(f"{before} = {value};" if own is None or window in known else f"{type_} {own} = {value};")
            if own is not None:
                known[window] = own
        inner += [f"{self._at(window, len(dims))} = {own};" for window, own in known.items()]
        self._loop(dims, inner if dims or not known else ["{", *inner, "}"])

    def _row(self, s: Apply) -> None:
        """A function of entries that is called for all along the last axis."""
        given, (count, ahead), depth = s.operands[0], s.out.dims[-1], len(s.out.dims) - 1
        assert isinstance(given, Window)
        step = given.dims[-1][1] if given.dims and given.dims[-1][0] != 1 else 0
        places = [f"&{self._at(replace(w, dims=w.dims[:-1]), depth)}" for w in (given, s.out)]
        call = f"turns_({ROWS[s.function]}, {count}, {places[0]}, {step}, {places[1]}, {ahead});"
        self._loop([n for n, _ in s.out.dims[:-1]], [call])

    def _turned(self, a: Window, out: Window) -> None:
        """A copy of entries that lie side by side along another axis."""
        last = len(a.dims) - 1
        k = next(k for k, (n, step) in enumerate(a.dims[:last]) if step == 1 and n > 1)
        outer = [d for d in range(last) if d != k]
        names = [f"i{d}" for d in outer]
        places = [f"&{self._at(replace(w, dims=tuple(w.dims[d] for d in outer)), 0, names)}" for w in (a, out)]
        call = f"transposed_({a.dims[k][0]}, {a.dims[last][0]}, {places[0]}, {a.dims[last][1]}, {places[1]}, {out.dims[k][1]});"
        self._loop_over(a, outer, [call])

    def _loop(self, dims: Sequence[int], inner: Sequence[str], first: int = 0) -> None:
        """Loops over positions, the last innermost."""
        self.lines += [
            f"{'    ' * k}for (ptrdiff_t i{k + first} = 0; i{k + first} < {n}; i{k + first}++) {{" for k, n in enumerate(dims)
        ]
        self.lines += [f"{'    ' * len(dims)}{line}" for line in inner]
        self.lines += [f"{'    ' * k}}}" for k in reversed(range(len(dims)))]

    def _at(self, window: Window, depth: int, names: Sequence[str] | None = None) -> str:
        """The entry of a window at the positions of the loops; axes that it lacks are the outer ones."""
        names = names if names is not None else [f"i{k}" for k in range(depth - len(window.dims), depth)]
        terms = beginning(window)
        for name, (n, step) in zip(names, window.dims, strict=True):
            if step and n != 1:
                terms.append(name if step == 1 else f"{step} * {name}")
        return f"{self.names[window.buffer]}[{' + '.join(terms) or '0'}]"

    def _kind(self, window: Window) -> Kind:
        if window.buffer in self.plan.fixed:
            return kind_of(self.plan.fixed[window.buffer])
        return self.plan.buffers[window.buffer].kind

    def _operand(self, operand: Operand, depth: int, known: Mapping[Window, str]) -> str:
        match operand:
            case Window():
                return known.get(operand) or self._at(operand, depth)
            case _:
                return f"(real){self._number(operand)}"

    def _number(self, operand: Operand) -> str:
        match operand:
            case Window():
                return f"(double){self._at(operand, 0, [''] * len(operand.dims))}"
            case Scalar(name):
                return name
            case _:
                return number(operand)

    def _statement(self, s: Statement) -> None:
        match s:
            case Compute():
                if s.function not in NUMBERS:
                    raise PlanError(f"{s.function} has no C")
                text = NUMBERS[s.function].format(*(self._number(o) for o in s.operands))
                self.lines.append(f"const double {s.target.name} = {text};")
            case Combine():
                self.lines.append(f"const double {s.target.name} = {self._combined(s)};")
            case Inner():
                (n, p), (_, q) = s.a.dims[0], s.b.dims[0]
                self.lines.append(
                    f"const double {s.target.name} = inner_({n}, &{self._first(s.a)}, {p}, &{self._first(s.b)}, {q});"
                )
            case Product():
                self._product(s)
            case WindowProduct():
                self._of_windows(s)
            case Reduced():
                self._reduced(s)
            case Look() | AddAt():
                self._looked_up(s)
            case Factor():
                self._of_matrix(s)
            case Apply() | Copy() | Loop():
                raise PlanError("functions of entries and loops are written together with others")
            case _:
                assert_never(s)

    def _of_matrix(self, s: Factor) -> None:
        """A function of the last two axes, matrix by matrix."""
        if s.kind not in MATRICES or s.along:
            raise PlanError(f"the {s.kind} of a matrix has no C")
        lead = len(s.a.dims) - 2
        (m, ar), (n, ac) = s.a.dims[lead:]
        tall = s.kind in TALL
        self.scratch = max(self.scratch, (m + n) * n)
        given = f"{f'{m}, {n}' if tall else n}, &{self._at(replace(s.a, dims=s.a.dims[:lead]), lead)}, {ar}, {ac}"
        if isinstance(s.out, Scalar):
            self.lines.append(f"const double {s.out.name} = {MATRICES[s.kind].format(given)};")
            return
        outer, own = s.out.dims[:lead], s.out.dims[lead:]
        out = self._at(replace(s.out, dims=outer), lead)
        further = f"&{out}, {', '.join(str(step) for _, step in own)}"
        call = MATRICES[s.kind].format(given, further)
        self._loop([d for d, _ in outer], [f"{call};" if own else f"{out} = (real){call};"])

    def _combined(self, s: Combine) -> str:
        names = [self._number(o) for o in s.operands]
        if not s.scales:
            return " * ".join([*names, *([number(s.plus)] if s.plus != 1 else [])])
        return " + ".join(
            [*([number(s.plus)] if s.plus else []), *(f"{number(c)} * {x}" for c, x in zip(s.scales, names, strict=True))]
        )

    def _first(self, window: Window) -> str:
        return f"{self.names[window.buffer]}[{' + '.join(beginning(window)) or '0'}]"

    def _product(self, s: Product) -> None:
        lead = len(s.out.dims) - 2
        if len(s.out.dims) == 1:
            (m, am), (k, ak) = s.a.dims
            (_, bk), (_, cm) = s.b.dims[0], s.out.dims[0]
            call = (
                f"times_vector_({m}, {k}, &{self._first(s.a)}, {am}, {ak}, &{self._first(s.b)}, {bk}, &{self._first(s.out)}, {cm});"
            )
            self.lines.append(call)
            return
        (m, am), (k, ak) = s.a.dims[lead:]
        (_, bk), (n, bn) = s.b.dims[lead:]
        (_, cm), (_, cn) = s.out.dims[lead:]
        self.packed = max(self.packed, min(k, BLOCK[0]) * BLOCK[1])
        places = self._leading(lead, s.a, s.b, s.out)
        function = "large_product_" if m * n * k > LARGE else "product_"
        call = (f"{function}({m}, {n}, {k}, {places[0]}, {am}, {ak}, {places[1]}, {bk}, {bn}, {places[2]}, {cm}, {cn}, "
                "memory->packed);")  # fmt: skip
        self._loop([d for d, _ in s.out.dims[:lead]], [call])

    def _of_windows(self, s: WindowProduct) -> None:
        lead, inside = s.lead, s.b.dims[s.lead :]
        (m, am), (k, ak) = s.a.dims[lead:]
        (_, cm), (n, cn) = s.out.dims[lead:]
        self.packed = max(self.packed, BLOCK[0] * BLOCK[1])
        self.places = max(self.places, min(k, SLAB), n)
        axes = [f"(const ptrdiff_t[]){{{', '.join(f'{n}, {step}' for n, step in dims)}}}"
                for dims in (inside[: s.over], inside[s.over :])]  # fmt: skip
        a, b, c = self._leading(lead, s.a, s.b, s.out)
        self._loop([d for d, _ in s.out.dims[:lead]], [
            f"windows_product_({m}, {n}, {k}, {a}, {am}, {ak}, {b}, {s.over}, {axes[0]},",
            f"    {len(inside) - s.over}, {axes[1]}, {c}, {cm}, {cn}, memory->packed, memory->places);",
        ])  # fmt: skip

    def _leading(self, lead: int, *windows: Window) -> list[str]:
        """Where windows begin at the positions of the loops over their leading axes."""
        return [f"&{self._at(replace(w, dims=w.dims[:lead]), lead)}" if lead else f"&{self._first(w)}" for w in windows]

    def _reduced(self, s: Reduced) -> None:
        kept = [k for k in range(len(s.a.dims)) if k not in s.axes]
        names = [f"i{k}" for k in range(len(s.a.dims))]
        entry = self._at(s.a, 0, names)
        join = FUNCTIONS[s.function]
        if isinstance(s.out, Scalar):
            self.lines.append(f"double {s.out.name} = {BEGINNINGS[s.function]};")
            self._loop_over(s.a, range(len(s.a.dims)), [f"{s.out.name} = {self._joined(s.function, s.out.name, entry)};"])
            return
        out = self._at(s.out, 0, [names[k] for k in kept])
        self._loop_over(s.a, kept, [f"{out} = {BEGINNINGS[s.function]};"])
        outer, (count, step) = range(len(s.a.dims) - 1), s.a.dims[-1]
        is_real = self._kind(s.a) == "real"
        if s.function in LANES and is_real and len(outer) in s.axes and step == 1 and count >= WIDE:
            row = f"{LANES[s.function]}({count}, &{self._at(replace(s.a, dims=s.a.dims[:-1]), 0, names[:-1])})"
            self._loop_over(s.a, outer, [f"{out} = {join.format(out, row)};"])
            return
        self._loop_over(s.a, range(len(s.a.dims)), [f"{out} = {join.format(out, entry)};"])

    @staticmethod
    def _joined(function: str, total: str, entry: str) -> str:
        if function in ("maximum", "minimum"):
            return f"({total} {'>' if function == 'maximum' else '<'} {entry} || {total} != {total}) ? {total} : {entry}"
        return FUNCTIONS[function].format(total, entry)

    def _loop_over(self, window: Window, axes: Iterable[int], inner: Sequence[str]) -> None:
        axes = list(axes)
        self.lines += [
            f"{'    ' * depth}for (ptrdiff_t i{k} = 0; i{k} < {window.dims[k][0]}; i{k}++) {{" for depth, k in enumerate(axes)
        ]
        self.lines += [f"{'    ' * len(axes)}{line}" for line in inner]
        self.lines += [f"{'    ' * depth}}}" for depth in reversed(range(len(axes)))]

    def _looked_up(self, s: Look | AddAt) -> None:
        """Rows at positions that data tell, which are kept within the table."""
        table, rows = (s.a, s.out) if isinstance(s, Look) else (s.out, s.a)
        depth = len(rows.dims)
        many = len(s.index.dims)
        (count, step), rest = table.dims[0], table.dims[1:]
        names = [f"i{k}" for k in range(depth)]
        at = f"const long long at = {self._at(s.index, 0, names[:many])};"
        inside = f"const ptrdiff_t row = (ptrdiff_t)(at < 0 ? 0 : at >= {count} ? {count - 1} : at);"
        where = replace(table, dims=((1 << 62, step), *rest))
        entry = self._at(where, 0, ["row", *names[many:]])
        own = self._at(rows, 0, names)
        inner = [at, inside, f"{own} = {entry};" if isinstance(s, Look) else f"{entry} += {own};"]
        self._loop([n for n, _ in rows.dims], inner if rows.dims else ["{", *inner, "}"])
