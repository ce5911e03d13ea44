"""What the names of a text stand for, while its statements are read: inputs, equations, numbers, sizes."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, count
from typing import Any

from sympy import Expr, Integer

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.core.functions import FUNCTIONS
from symbackprop.core.program import Signature, size
from symbackprop.language.tensors import Tensor, as_number
from symbackprop.notation.annotations import declaration
from symbackprop.notation.arrays import Arrays
from symbackprop.notation.asking import asked, declarations
from symbackprop.notation.declarations import declared, inside, unquoted
from symbackprop.notation.errors import NotationError, Source
from symbackprop.notation.evaluator import Evaluator
from symbackprop.notation.functions import KIND, Helper, Named
from symbackprop.notation.grammar import inner
from symbackprop.notation.grown import Grown
from symbackprop.notation.inference import kind_of
from symbackprop.notation.loops.copies import Copies
from symbackprop.notation.loops.steps import Steps
from symbackprop.notation.loops.stepwise import Stepwise
from symbackprop.notation.memory import replaced
from symbackprop.notation.rounds import comprehended
from symbackprop.notation.sized import is_array, refused
from symbackprop.notation.stretches import Stretch
from symbackprop.notation.vocabulary import CONSTANTS, DOMAINS, KINDS, functions, name_fault, plain, value_fault
from symbackprop.notation.words import NO_NUMBERS, OUTSIDE

SHORT = 3  # letters of a name that is near to many


class Reader:
    """What has been read of a text so far.

    source    the text, for error messages.
    scalars   whether a name that was not declared is taken to be a scalar parameter.
    taken     the names that were: asked for where they are used as arrays; `arrays`, those that were said to be.
    entries   of arguments that are dicts of inputs nobody declared, by key the name of each.
    names     what each name stands for by now: a tensor, a number or size expression, or several of these.
    sizes     the sizes that declarations have brought.
    outputs   the equations: named values, in the order of writing.
    inputs    the declared tensors and named constants.
    aliases   second names.
    lines     where each value is written, by what it is called.
    written   how often a name is given a value.
    remarks   what a person should know of the names, one sentence each.
    rounds    how often its loops went round, and helpers were called.
    literals  numbers that stand beside the function that is read.
    outside   names of what else stands there, which is not read.
    callers   the helpers that are being read, each called by the one before; `held` and `reserved` are their callers' names,
              `above` their statements.
    lent      values that helpers named and returned: a caller may name them anew.
    function  the name of the Python function that is read, or None.
    numbers   of sizes, where loops are written out; None: loops are kept.
    called    what sizes are called whose names are values as well: {"h": "n_h"}.
    steps     its loops.
    """

    def __init__(
        self,
        source: Source,
        scalars: bool = False,
        function: str | None = None,
        numbers: Mapping[str, int | Sequence[int]] | None = None,
        called: Mapping[str, str] | None = None,
    ) -> None:
        self.source, self.scalars, self.function, self.numbers, self.called = source, scalars, function, numbers, called or {}
        self.names: dict[str, Any] = {}
        self.sizes: dict[str, Expr] = {}
        self.outputs: dict[str, Tensor] = {}
        self.inputs: list[Tensor] = []
        self.aliases: dict[str, str] = {}
        self.lines: dict[str, tuple[int, int]] = {}
        self.later: dict[str, int] = {}
        self.written: Counter[str] = Counter()
        self.remarks = [f"{name} is a size and a value: the size is called {own}." for name, own in self.called.items()]
        self.described: Mapping[str, Sequence[str]] = {}
        self.rounds = 0
        self.literals: dict[str, int | float] = {}
        self.outside: set[str] = set()
        self.callers: list[Helper] = []
        self.held: list[dict[str, Any]] = []
        self.reserved: list[set[str]] = []
        self.lent: dict[int, Tensor] = {}
        self.taken: set[str] = set()
        self.arrays: set[str] = set()
        self.entries: dict[str, dict[str, str]] = {}
        self.statements: list[ast.stmt] = []
        self.above: list[list[ast.stmt]] = []
        self.last = ""  # the name that was written last
        self.steps: Stepwise = Steps(self) if numbers is None else Copies(self)
        arrays = Arrays(self.taken, partial(asked, self))
        self.evaluator = Evaluator(source, self.lookup, self.known, arrays, lambda node: self.steps.value(node))
        self.evaluator.comprehended = lambda node: comprehended(self, node)

    def fault(self, node: ast.AST, fault: str, mend: str = "", write: str = "") -> NotationError:
        return NotationError(fault, mend, self.source.place(node), write)

    def let_go(self) -> None:
        """Forget all, when all is read: its loops hold the reader, and what is in a circle is freed by a collection alone."""
        vars(self).clear()

    def foresee(self, statements: list[ast.stmt]) -> None:
        """Note where names are written, so that a use that comes too early can say so."""
        self.statements += statements
        self.steps.foresee(statements)
        for statement in statements:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is None:
                self.later.setdefault(statement.target.id, self.source.number(statement.target))
                self.written[statement.target.id] += 1
                continue
            again = isinstance(statement, ast.For | ast.AugAssign)  # a name that a loop writes is written more than once
            for node in inner(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    self.later.setdefault(node.id, self.source.number(node))
                    self.written[node.id] += 2 if again else 1
                elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
                    self.written[node.value.id] += 2

    def known(self, name: str) -> bool:
        return name in self.names or name in self.sizes

    def lookup(self, node: ast.Name) -> Any:
        """What a name in an expression stands for."""
        name = node.id
        if name in self.evaluator.functions:
            raise self.fault(node, f"{name} is a function.", f"Write {name}(...).")
        if name in self.names:
            return self.names[name]
        if name in self.sizes:
            return self.sizes[name]
        if (held := self.steps.held(name)) is not None:
            return held
        unready = self.steps.unready(node)
        if unready is not None:
            raise unready
        if name in self.later and not self.source.place(node).line > self.later[name]:
            own = self.source.place(node).line == self.later[name]
            mend = f"Write {name} = ... above, its first value." if own else "Move that line up."
            if name in self.called:
                mend = f"{mend} If the size is meant, call it {self.called[name]}, here and in the brackets."
            raise self.fault(node, f"{name} is used before line {self.later[name]} defines it.", mend)
        if name in self.literals:
            return as_number(self.literals[name])
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in functions():
            raise self.fault(node, f"{name} is a function.", f"Write {name}(...).")
        if self.scalars and not self.meant(name) and not (self.later and name in (*KINDS, *DOMAINS)):
            self.check(node, name)
            return self.scalar(node, name)
        raise self.undefined(node, name)

    def undefined(self, node: ast.Name, name: str) -> NotationError:
        """What is said of a name that stands for nothing. Raises what `check` does, of one that may stand for nothing at all."""
        if name.lower() in NO_NUMBERS or not name.isascii():
            self.check(node, name)
        if name in (*KINDS, *DOMAINS):
            return self.fault(node, f"{name} is not defined.", f"A declaration has a colon: x: {name}[n].")
        if name in self.outside:
            fault = f"{name} stands beside the function, and is no number."
            return self.evaluator.unread(node, fault, f'Take it as an argument, {name}: "{kind_of(name)}[...]", with its sizes.')
        if name[0] == "d" and isinstance(self.names.get(name[1:]), Tensor):
            return self.evaluator.unread(
                node, f"{name} is derived.", "Leave the line out: every gradient is, and training descends them."
            )
        from symbackprop.notation.slips import run_together

        near = self.meant(name) or nearest(name, (*self.names, *self.sizes))
        mend = f"Did you mean {near}?" if near else OUTSIDE.get(name) or self.counted(name) or declarations(self, name)
        if (apart := run_together(name, self.names)) is not None:
            mend, near = apart, ""
        if near in self.sizes and near not in self.names:
            mend = f"{declarations(self, name)} Or did you mean the size {near}?"
        return self.evaluator.unread(node, f"{name} is not defined.", mend, near or "")

    def counted(self, name: str) -> str | None:
        """The mend where the name is a letter that counts the rows of data."""
        from symbackprop.notation.counters import counted

        shapes = {own: value.shape for own, value in self.names.items() if isinstance(value, Tensor)}
        data = {t.name for t in self.inputs if t.name and t.signature and t.signature.kind != "parameter"}
        return counted(name, self.statements, shapes, data)

    def meant(self, name: str) -> str:
        """The name of the text that is this one but for its capitals or, where it is long, a slip; "" where there is none."""
        near = nearest(name, self.later) or ""
        return near if near.lower() == name.lower() or len(name) > SHORT else ""

    def size_named(self, node: ast.Name) -> Expr:
        """What a name among the sizes of a declaration stands for: a new size, a known one, or a whole constant."""
        name = self.called.get(node.id, node.id)
        if name in self.names:
            value = plain(self.names[name])
            if isinstance(value, int) or (isinstance(value, Expr) and value.is_integer):
                return as_number(value)
            raise self.fault(node, f"{name} is a tensor, not a size.", "Give the size a name of its own.")
        if name in self.evaluator.functions:
            raise self.fault(node, f"{name} is a function, not a size.", "Give the size a name of its own.")
        if (lone := self.steps.widths.lone(node)) is not None:
            raise lone
        if name not in self.sizes:
            self.check(node, name)
            self.sizes[name] = Integer(self.numbers[name]) if self.numbers and name in self.numbers else size(name)
        return self.sizes[name]

    def check(self, node: ast.AST, name: str) -> None:
        """Raise NotationError where `name` cannot be given to something new."""
        fault = name_fault(name)
        if fault:
            raise self.fault(node, *fault)

    def fresh(self, node: ast.AST, name: str) -> None:
        """Raise NotationError where `name` is taken."""
        self.check(node, name)
        if name in self.sizes:
            raise self.fault(node, f"{name} is a size already.", "Give the tensor or the size another name.")
        if name in self.names or name in self.evaluator.functions:
            line, _ = self.lines.get(name, (0, 0))
            where = f" (first on line {line})" if line else ""
            raise self.fault(node, f"{name} is defined twice{where}.", f"A name keeps its value: write {name}_2.")

    def declared(self, node: ast.AST, name: str, annotation: ast.expr) -> None:
        """Read a declaration: of an input, or of a function that nobody defines; an array of any shape is asked for its shape."""
        self.fresh(node, name)
        text = declaration(name, annotation, lambda fault, mend: self.fault(annotation, fault, mend))
        if text == "":
            self.scalar(node, name)
            self.arrays.add(name)
            return
        annotation = unquoted(annotation, self.source) if text is None else inside(annotation, text, self.source)
        if isinstance(annotation, ast.Name) and annotation.id == KIND:
            self.evaluator.functions[name] = Named(name)
            self.note(node, name)
        else:
            if (stack := self.steps.widths.stack(annotation)) is not None:
                self.steps.stacked(node, name, annotation, *stack)
                return
            tensor = declared(name, annotation, self.source, self.size_named, self.steps.widths.size)
            if own := self.steps.widths.on_paper(annotation, {}):
                assert tensor.signature is not None
                tensor.signature = replace(tensor.signature, widths=own)
            self.declare(node, tensor)

    def is_function(self, name: str) -> bool:
        """Whether a name stands for a function of entries, of the language or declared, which may have a second name."""
        return name in self.evaluator.functions or (name in FUNCTIONS and not self.known(name))

    def declare(self, node: ast.AST, tensor: Tensor) -> None:
        assert tensor.name is not None
        if tensor.name in self.sizes or tensor.name in self.called:
            raise self.fault(node, f"{tensor.name} is a tensor and a size.", "Give one of them another name.")
        self.names[tensor.name] = tensor
        self.inputs.append(tensor)
        self.note(node, tensor.name)

    def scalar(self, node: ast.AST, name: str) -> Tensor:
        """Take a name that nobody declared to be a parameter without axes."""
        tensor = Tensor((), signature=Signature(name, (), "parameter"))
        self.declare(node, tensor)
        self.taken.add(name)
        return tensor

    def note(self, node: ast.AST, name: str) -> None:
        place = self.source.place(node)
        self.lines[name] = (place.line, place.column)

    def assign(self, target: ast.Name, value: Any, in_place: bool = False) -> None:
        """name = value, in which a size may be given what it is: n, d = x.shape; a name that has a value is given another.

        in_place   whether the array itself is changed, so that its other names see it.
        """
        name = target.id
        known = self.sizes.get(name)
        if not name.strip("_") or (known is not None and isinstance(value, int | Expr) and as_number(value) == known):
            return  # _ is what nobody reads
        array = is_array(self, value)
        if name in self.sizes or (name in self.called and not array):
            raise refused(self, target, name, f"{name} is a size already.", "Give the tensor or the size another name.", array)
        old = self.names.get(name)
        self.define(target, name, value)
        if in_place and isinstance(old, Tensor) and old.shape:
            self.exchange(old, self.names[name])

    def exchange(self, old: Any, new: Any) -> None:
        """Put one value, or several, in the place of another wherever it is held."""
        done: dict[int, tuple[Any, Any]] = {id(old): (old, new)}
        for names in (self.names, *self.held):
            names.update({name: replaced(held, done) for name, held in names.items()})

    def define(self, node: ast.AST, name: str, value: Any) -> None:
        """name = value: an equation, a second name, a named constant, a name for an expression of sizes, or for several values."""
        self.steps.forget(name)
        if isinstance(value, Tensor):
            number = self.evaluator.plain(value) if value.name is None else value
            value = value if isinstance(number, Tensor) else number
        if isinstance(value, Tensor) and value.name == name and self.names.get(name) is value:
            self.last = name  # W = params["W"], which is W already
        elif isinstance(value, Tensor):
            self.named_anew(value)
            own = self.own(node, name)
            if value.name is None:
                self.outputs[own] = value.named(own)
            elif value.name != own:
                self.aliases[own] = value.name
            self.names[name], self.last = value, name
            self.note(node, own)
        elif value is None or isinstance(value, bool | str):
            self.names[name] = value  # a setting
        elif isinstance(value, int | Expr) and not as_number(value).free_symbols and self.written[name] < 2:
            own = self.own(node, name)
            self.declare(node, Tensor((), signature=Signature(own, (), "constant", value=as_number(value))))
            self.names[name] = self.names[own]
        elif isinstance(value, Stretch):
            if value.whole.name is None and value.whole.operands:
                self.define(node, name, value.whole)
            self.names[name] = value
        elif isinstance(value, int | Expr | tuple | dict | Grown):
            self.require_good(node, name.lstrip("_") or name)
            self.names[name] = as_number(value) if isinstance(value, int) else value
        else:
            raise self.fault(node, f"{name} would be {shown(value)}.", "A name stands for a tensor or a number.")

    def require_good(self, node: ast.AST, name: str) -> None:
        """Raise NotationError for what no computed value can be called."""
        if (fault := value_fault(name)) is not None:
            raise self.fault(node, *fault)

    def named_anew(self, value: Tensor) -> None:
        """Let go of the name that a helper gave to what it returned: its caller names it now."""
        if self.lent.pop(id(value), None) is not None and value.name is not None:
            del self.outputs[value.name], self.lines[value.name]
            value.name = None

    def own(self, node: ast.AST, name: str) -> str:
        """What the next value of a name is called: the name, h_2 for the second h, z for _z."""
        base = name.lstrip("_") or name
        self.require_good(node, base)
        own = next(n for n in chain([base], (f"{base}_{k}" for k in count(2))) if not self.is_taken(n, name))
        if own != name and name in self.names:
            self.remarks.append(f"{name} is given another value on line {self.source.place(node).line}: it is called {own}.")
        return own

    def is_taken(self, own: str, name: str) -> bool:
        """Whether a value is called so already, or a line below gives the name to another."""
        elsewhere = any(own in names for names in self.reserved)
        return own in self.lines or own in self.sizes or elsewhere or (own != name and (own in self.later or own in self.names))
