"""A plan as C99: a file of functions that depend on the math library alone, `step` and, of a second plan, `predict`."""

from __future__ import annotations

import re

from symbackprop.backends.c.helpers import HELPERS, PRELUDE
from symbackprop.backends.c.lines import Lines
from symbackprop.backends.c.tables import TYPES, table
from symbackprop.plan.handed import GRADIENTS, PARAMETERS, Flat
from symbackprop.plan.schedule import Plan
from symbackprop.plan.statements import every, windows_of

REALS = {"float32": "float", "float64": "double"}
CALLED = [
    "",
    "The caller allocates and frees all of these, and no two may overlap. Arrays are row-major, the last index runs fastest: of an",
    "array (m, n) that begins at [b], entry (i, j), counted from 0, is at [b + n*i + j]. Entries between the end",
    "of one and the beginning of the next have no meaning. Integers, as classes are, count from 0; that they are in range is not",
    "checked. memory is zeros before the first call, calloc(1, bytes), and is handed in again as it was left; one thread at a time",
    "may use it. Another file declares:",
    "",
]


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
    about = [f"{title or 'A network'}: {of}. Generated; C99, the math library alone."]
    about += [line for f in functions for line in f.about(whole, plan.layout.parameters)] + CALLED
    about += [f"    {line};" for f in functions for line in f.declared()]
    bodies = "".join(f.body for f in functions)
    suffix = "f" if dtype == "float32" else ""
    placed = "1" if "windows_product_" in bodies else "0"  # a loop that need not ask compiles faster
    helpers = "".join(_needed(bodies)).replace("SUFFIX", suffix).replace("PLACED", placed)
    real = REALS[dtype]
    head = "\n".join(f"   {_real(line, real)}".rstrip() for line in about).replace("*/", "* /").strip()
    return "".join([f"/* {head} */\n\n", PRELUDE.replace("REAL", real), helpers, *(f.text() for f in functions)])


def _real(text: str, real: str) -> str:
    """A line of the comment with the type that `real` is."""
    return re.sub(r"\breal\b(?= \*| \w+\[\d)", real, text)


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

    def about(self, whole: str, known: Flat) -> list[str]:
        """What it does, and the arrays that it is called with, for the comment that begins the source.

        known   the parameters of `step`.
        """
        layout, data = self.plan.layout, self.written.data
        what = {
            "step": f"step writes {_plain(whole)} and its gradients, and returns 0:" if whole
            else "step returns the loss, and writes its gradients, by the names of what they are by:",
            "predict": "predict writes what the network answers, of the same parameters and without labels:",
        }  # fmt: skip
        lines = ["", what[self.called]]
        flats = {PARAMETERS: layout.parameters, self.out: layout.gradients}
        held = {data[buffer]: flat for buffer, flat in layout.held.items()}
        kinds = {data[buffer]: TYPES[layout.kind(buffer)] for buffer in layout.held}
        for word, flat in (flats | held).items():
            if word == PARAMETERS and self.called != "step" and flat == known:
                lines.append("    parameters as above")
                continue
            length = flat.length if word in (PARAMETERS, GRADIENTS) else flat.end
            lines.append(f"    {kinds.get(word, 'real')} {word}[{length}]")
            lines += [f"        {word}[{at}]  {_plain(name)} {shape}" for name, (at, shape) in flat.places.items()]
        return [*lines, f"    memory of {self.called}_memory_size() bytes"]

    def declared(self) -> list[str]:
        """What another file declares to call it."""
        name = f"{self.called}_memory"
        return [f"typedef struct {name} {name}", f"size_t {name}_size(void)", self._head().replace("restrict ", "")]

    def text(self) -> str:
        value = self.written.value
        read = set(re.findall(r"\w+", self.body + value))
        taken = [PARAMETERS, self.out, *self.written.data.values(), "memory"]
        unread = "".join(f"    (void){name};\n" for name in taken if name not in read)  # else compilers warn of them
        back = f"    return {value};\n" if self.called == "step" else ""
        head = self._head()
        return "".join([self._tables(), self._memory(), f"{head};\n{head} {{\n", unread, self.body, back, "}\n"])

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
        return (f"typedef struct {name} {{\n{inside}\n}} {name};\n\n"
                f"size_t {name}_size(void);\nsize_t {name}_size(void) {{ return sizeof({name}); }}\n\n")  # fmt: skip

    def _head(self) -> str:
        arguments = ["const real *restrict parameters", f"real *restrict {self.out}"]
        arguments += [f"const {TYPES[self.plan.layout.kind(name)]} *restrict {own}" for name, own in self.written.data.items()]
        arguments.append(f"{self.called}_memory *restrict memory")
        return f"{'double' if self.called == 'step' else 'void'} {self.called}({', '.join(arguments)})"


def _plain(name: str) -> str:
    """A person's name in a comment: what is no letter, digit or plain sign is left out."""
    return re.sub(r"[^\w .()-]", "", name)
