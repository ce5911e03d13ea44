"""The statements of a text, one after the other: declarations, constants, equations; and what names mean on the way."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.choices import nearest
from symbackprop.core.program import Signature, Sum, size, slot
from symbackprop.language.tensors import Tensor, as_number, letters
from symbackprop.notation.arrays import Arrays
from symbackprop.notation.declarations import declared
from symbackprop.notation.errors import NotationError, Source
from symbackprop.notation.evaluator import Evaluator
from symbackprop.notation.vocabulary import CONSTANTS, functions, name_fault, plain
from symbackprop.notation.words import EXPRESSIONS, NO_NUMBERS, OUTSIDE, STATEMENTS


class Reader:
    """What has been read of a text so far.

    source    the text, for error messages.
    scalars   whether a name that was not declared is taken to be a scalar parameter.
    taken     the names that were: asked for where they are used as arrays.
    names     what each name stands for: a tensor, or a number or size expression.
    sizes     the sizes that declarations have brought.
    outputs   the equations: named values, in the order of writing.
    inputs    the declared tensors and named constants.
    aliases   second names.
    lines     where each name is written.
    function  the name of the Python function that is read, or None.
    """

    def __init__(self, source: Source, scalars: bool = False, function: str | None = None) -> None:
        self.source, self.scalars, self.function = source, scalars, function
        self.names: dict[str, Any] = {}
        self.sizes: dict[str, Expr] = {}
        self.outputs: dict[str, Tensor] = {}
        self.inputs: list[Tensor] = []
        self.aliases: dict[str, str] = {}
        self.lines: dict[str, tuple[int, int]] = {}
        self.later: dict[str, int] = {}
        self.taken: set[str] = set()
        self.last = ""  # the name that was written last
        self.evaluator = Evaluator(source, self.lookup, self.known, Arrays(self.taken, self.asked))

    def fault(self, node: ast.AST, fault: str, mend: str = "") -> NotationError:
        return NotationError(fault, mend, self.source.place(node))

    def foresee(self, statements: list[ast.stmt]) -> None:
        """Note where names are written, so that a use that comes too early can say so."""
        for statement in statements:
            targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
            for target in targets:
                for one in target.elts if isinstance(target, ast.Tuple) else [target]:
                    if isinstance(one, ast.Name):
                        self.later.setdefault(one.id, self.source.place(one).line)

    def known(self, name: str) -> bool:
        return name in self.names or name in self.sizes

    def lookup(self, node: ast.Name) -> Any:
        """What a name in an expression stands for."""
        name = node.id
        if name in self.names:
            return self.names[name]
        if name in self.sizes:
            return self.sizes[name]
        if name in self.later:
            raise self.fault(node, f"{name} is used before line {self.later[name]} defines it.", "Move that line up.")
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in functions():
            raise self.fault(node, f"{name} is a function.", f"Write {name}(...).")
        if self.scalars:
            self.check(node, name)
            return self.scalar(node, name)
        if name.lower() in NO_NUMBERS or not name.isascii():
            self.check(node, name)
        near = nearest(name, (*self.names, *self.sizes, *functions()))
        mend = f"Did you mean {near}?" if near else OUTSIDE.get(name) or f"Declare it: {name}: data[n] or {name}: parameter[n]."
        raise self.fault(node, f"{name} is not defined.", mend)

    def size_named(self, node: ast.Name) -> Expr:
        """What a name among the sizes of a declaration stands for: a new size, a known one, or a whole constant."""
        name = node.id
        if name in self.names:
            value = plain(self.names[name])
            if isinstance(value, int) or (isinstance(value, Expr) and value.is_integer):
                return as_number(value)
            raise self.fault(node, f"{name} is a tensor, not a size.", "Give the size a name of its own.")
        if name not in self.sizes:
            self.check(node, name)
            self.sizes[name] = size(name)
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
        if name in self.names:
            line = self.lines.get(name)
            where = f" (first on line {line[0]})" if line else ""
            raise self.fault(node, f"{name} is defined twice{where}.", f"A name keeps its value: write {name}_2.")

    def declare(self, node: ast.AST, tensor: Tensor) -> None:
        assert tensor.name is not None
        if tensor.name in self.sizes:
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

    def asked(self, node: ast.AST, shapes: Mapping[str, str]) -> NotationError:
        """What is said where names that nobody declared are used as arrays; `shapes` is a shape that would fit each."""
        are = "is used as an array" if len(shapes) == 1 else "are used as arrays"
        it = "it" if len(shapes) == 1 else "them"
        lines = [f"{name}: {kind_of(name)}[{shape}]" for name, shape in shapes.items()]
        if self.function is None:
            lets = " ".join(f'--let "{line}"' for line in lines)
            mend = f"Declare {it}: {'; '.join(lines)} (on the command line {lets})."
        else:
            annotated = ", ".join(line.replace(": ", ': "') + '"' for line in lines)
            mend = f"Annotate {it} in def {self.function}(...): {annotated}; a number is {next(iter(shapes))}: float."
        return self.fault(node, f"{' and '.join(shapes)} {are} but not declared.", mend)

    def note(self, node: ast.AST, name: str) -> None:
        place = self.source.place(node)
        self.lines[name] = (place.line, place.column)

    def statement(self, node: ast.stmt) -> None:
        """Read one statement."""
        match node:
            case ast.AnnAssign(target=ast.Name() as target, annotation=annotation, value=value):
                if value is not None:
                    raise self.fault(
                        value, "a declaration has no value.", f"Write {target.id} = ... for a constant or an equation."
                    )
                self.fresh(target, target.id)
                self.declare(target, declared(target.id, annotation, self.source, self.size_named))
            case ast.Assign(targets=[ast.Name() as target], value=value):
                if target.id not in self.sizes:
                    self.fresh(target, target.id)
                self.assign(target, self.evaluator.value(value))
            case ast.Assign(targets=[ast.Tuple(elts=elts) as target], value=value):
                self.unpack(target, elts, self.evaluator.value(value))
            case ast.Assign(targets=targets) if len(targets) > 1:
                raise self.fault(targets[1], "a line defines one name.", "Write a line for each name.")
            case ast.AugAssign(target=target):
                name = self.source.segment(target)
                raise self.fault(node, f"{name} would change its value.", f"A name keeps its value: write {name}_2 = {name} + ...")
            case ast.Assign(targets=[ast.Subscript() as target]):
                raise self.fault(target, "an entry cannot be set.", "Write the whole tensor, with np.where or np.concatenate.")
            case ast.Assign() | ast.AnnAssign():
                raise self.fault(node, "the left side is not a name.", "Write name = expression.")
            case ast.Expr(value=value):
                self.bare(node, value)
            case _:
                fault = STATEMENTS.get(type(node), ("this is not in the language.", "Write name = expression."))
                raise self.fault(node, *fault)

    def bare(self, node: ast.Expr, value: ast.expr) -> None:
        """An expression without a name: refused, in the words of what it holds where that is not in the language."""
        if isinstance(value, ast.Lambda) and not value.args.args:
            raise self.fault(
                value, "lambda is a word of Python and cannot name a tensor.", f"Write lam: {self.source.segment(value.body)}."
            )
        if type(value) in EXPRESSIONS:
            raise self.fault(value, *EXPRESSIONS[type(value)])
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            raise self.fault(node, "a text says nothing here.", "Begin a comment with #.")
        self.evaluator.value(value)
        text = self.source.segment(value)
        raise self.fault(node, "the value has no name.", f"Write L = {text}." if len(text) < 60 else "Write L = ...")

    def unpack(self, node: ast.Tuple, targets: list[ast.expr], value: Any) -> None:
        if not isinstance(value, tuple):
            raise self.fault(node, "the right side is one value.", "Write a line for each name.")
        if len(value) != len(targets):
            raise self.fault(node, f"there are {len(targets)} names for {len(value)} values.")
        for target, one in zip(targets, value, strict=True):
            if not isinstance(target, ast.Name):
                raise self.fault(target, "the left side is not a name.", "Write name = expression.")
            self.assign(target, one)

    def assign(self, target: ast.Name, value: Any) -> None:
        """name = value, in which a size may be given what it is: n, d = x.shape."""
        if isinstance(value, Expr) and value == self.sizes.get(target.id):
            return
        self.fresh(target, target.id)
        self.define(target, target.id, value)

    def define(self, node: ast.AST, name: str, value: Any) -> None:
        """name = value: an equation, a second name, a named constant, or a name for an expression of sizes."""
        if isinstance(value, Tensor):
            number = self.evaluator.plain(value) if value.name is None else value
            value = value if isinstance(number, Tensor) else number
        if isinstance(value, Tensor):
            if value.name is None:
                self.outputs[name] = value.named(name)
            elif value.name != name:
                self.aliases[name] = value.name
            self.names[name], self.last = value, name
        elif isinstance(value, int | Expr) and not as_number(value).free_symbols:
            signature = Signature(name, (), "constant", value=as_number(value))
            self.declare(node, Tensor((), signature=signature))
        elif isinstance(value, sp.Expr):
            self.names[name] = value
        else:
            kind = "a tuple" if isinstance(value, tuple) else repr(value)
            raise self.fault(node, f"{name} would be {kind}.", "A name stands for a tensor or a number.")
        self.note(node, name)


def copied(tensor: Tensor) -> Tensor:
    """y = x, as an equation: a second name for an input is a value of its own."""
    index = letters(tensor.ndim)
    return Tensor(tensor.shape, Sum(slot(0), (slot(0),)), ((tensor, index),), index)


def kind_of(name: str) -> str:
    """What a name most likely is: a weight, or data."""
    return "parameter" if re.match(r"(w|b|v|u)(_?\d*|eights?|ias(es)?)$|theta|beta|phi", name, re.IGNORECASE) else "data"
