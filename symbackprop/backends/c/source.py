"""A plan as C99: a file of functions that depend on the math library alone, `step` and, of a second plan, `predict`."""

from __future__ import annotations

import re

from symbackprop.backends.c.helpers import HELPERS, PRELUDE
from symbackprop.backends.c.lines import Lines
from symbackprop.backends.c.tables import TYPES, table
from symbackprop.plan.handed import GRADIENTS, PARAMETERS
from symbackprop.plan.schedule import Plan
from symbackprop.plan.statements import every, windows_of

REALS = {"float32": "float", "float64": "double"}


def source(plan: Plan, dtype: str, title: str = "", whole: str = "", predict: Plan | None = None) -> str:
    """The C source of a plan.

    plan     at fixed sizes.
    dtype    "float32" or "float64": what `real` is.
    title    what the network is called, in the comment that begins the source.
    whole    the name of a value with axes, which stands among the gradients.
    predict  a plan whose gradients are what the network answers, with the same parameters: a second function.
    Raises PlanError for a statement that has no C here.
    """
    of = f"{_plain(whole)} and its gradients, one after the other" if whole else "its loss and its gradients"
    functions = [_Function(plan, "step", GRADIENTS), *([_Function(predict, "predict", "answer")] if predict else [])]
    about = [f"{title or 'A network'}: {of}. Generated; C99, the math library alone.", ""]
    about += [line for f in functions for line in f.about()]
    bodies = "".join(f.body for f in functions)
    suffix = "f" if dtype == "float32" else ""
    placed = "1" if "windows_product_" in bodies else "0"  # a loop that need not ask compiles faster
    helpers = "".join(_needed(bodies)).replace("SUFFIX", suffix).replace("PLACED", placed)
    head = "/* " + "\n   ".join(about).replace("*/", "* /") + " */\n\n"
    return "".join([head, PRELUDE.replace("REAL", REALS[dtype]), helpers, *(f.text() for f in functions)])


def _needed(text: str) -> list[str]:
    """The helpers that a text calls, with those that they call, in the order of the table."""
    found: set[str] = set()
    waiting = [text]
    while waiting:
        here = waiting.pop()
        new = {name for name in HELPERS if name not in found and re.search(rf"\b{name}\b", here)}
        found |= new
        waiting += [HELPERS[name] for name in new]
    return [f"{text}\n" for name, text in HELPERS.items() if name in found]


class _Function:
    """A plan as a function, with its memory and its tables. `out` is what the array of its results is called."""

    def __init__(self, plan: Plan, called: str, out: str) -> None:
        self.called, self.out, self.written = called, out, Lines(plan, called, out)
        self.plan = self.written.plan
        self.body = "".join(f"    {line}\n" for line in self.written.lines)

    def about(self) -> list[str]:
        """What it is called with, for the comment that begins the source."""
        layout, data = self.plan.layout, self.written.data
        lines = ["", "predict answers, of the same parameters and without labels:"] if self.called != "step" else []
        said = [(PARAMETERS, layout.parameters)] if self.called == "step" else []
        if said:
            lines.append("parameters and gradients are arrays one after the other, each with its last axis contiguous:")
        for word, flat in (*said, (self.out, layout.gradients)):
            for name, (offset, shape) in flat.places.items():
                lines.append(f"    {word}[{offset}]  {_plain(name)} {shape}")
        for name, buffer, at in layout.places:
            several = f"[{at}]" if len(layout.held[buffer].places) > 1 else ""
            lines.append(f"    {data[buffer]}{several}  {_plain(name)} {layout.data[name]}")
        size = f"{self.called}_memory_size says how many bytes it has."
        return [*lines, "", f"memory begins as zeros, and belongs to one thread at a time; {size}"]

    def text(self) -> str:
        value = self.written.value
        read = set(re.findall(r"\w+", self.body + value))
        taken = [PARAMETERS, self.out, *self.written.data.values(), "memory"]
        unread = "".join(f"    (void){name};\n" for name in taken if name not in read)  # else compilers warn of them
        back = f"    return {value};\n" if self.called == "step" else ""
        return "".join([self._tables(), self._memory(), f"{self._head()} {{\n", unread, self.body, back, "}\n"])

    def _tables(self) -> str:
        read = {w.buffer for s in every(self.plan.statements) for w in windows_of(s)}
        return "".join(table(self.written.names[name], array) for name, array in self.plan.fixed.items() if name in read)

    def _memory(self) -> str:
        w, buffers, name = self.written, self.plan.buffers, f"{self.called}_memory"
        members = [f"    {TYPES[buffers[work].kind]} {own}[{buffers[work].length}];" for work, own in w.work.items()]
        members.append(f"    real packed[{w.packed}];")
        members += [f"    ptrdiff_t places[{w.places}];"] if w.places else []
        members += [f"    double scratch[{w.scratch}];"] if w.scratch else []
        inside = "\n".join(members)
        return (f"typedef struct {{\n{inside}\n}} {name};\n\n"
                f"size_t {name}_size(void);\nsize_t {name}_size(void) {{ return sizeof({name}); }}\n\n")  # fmt: skip

    def _head(self) -> str:
        arguments = ["const real *restrict parameters", f"real *restrict {self.out}"]
        arguments += [f"const {TYPES[self.plan.layout.kind(name)]} *restrict {own}" for name, own in self.written.data.items()]
        arguments.append(f"{self.called}_memory *restrict memory")
        head = f"{'double' if self.called == 'step' else 'void'} {self.called}({', '.join(arguments)})"
        return f"{head};\n{head}"


def _plain(name: str) -> str:
    """A person's name in a comment: what is no letter, digit or plain sign is left out."""
    return re.sub(r"[^\w .()-]", "", name)
