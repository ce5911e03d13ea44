"""Claims in Python text and of SymPy: the network language, with the tensors of the network as data. Nothing is executed."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.chain_rule import gradient_name
from symbackprop.core.choices import nearest
from symbackprop.core.program import Equation, Gradient, Program, Signature, Sum, size, slot
from symbackprop.language.lower.tracing import trace
from symbackprop.language.operations import one_hot, where
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor, is_integer, is_truth, letters
from symbackprop.notation.claims import step_code
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.left import Left
from symbackprop.notation.claims.lower import OUTPUT
from symbackprop.notation.claims.scattered import added_at, refuse_added_once
from symbackprop.notation.claims.state import Context
from symbackprop.notation.errors import NotationError
from symbackprop.notation.evaluator import Evaluator
from symbackprop.notation.functions import Named, slopes
from symbackprop.notation.grammar import parsed
from symbackprop.notation.memory import Memory
from symbackprop.notation.vocabulary import CONSTANTS, functions
from symbackprop.notation.words import STATEMENTS

_GRADIENT = re.compile(r"(?:d|grad_?|grad_of_|d_)(\w+)$")
_QUOTIENT = re.compile(r"d_?(\w+?)_?d_?(\w+)$")
_DIVIDED = re.compile(r"(?<![\w.)\]])[d∂](\w+)(\s*)/(\s*)[d∂](\w+)(?![\w(])")
LOCAL = re.compile(r"\bd\w+d_?\w|[d∂]\w+\s*/\s*[d∂]\w")  # da_dz, da/dz
_JOINS: Mapping[type, Any] = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_ROWS = ("N", "m", "M", "B")
_HANDED = frozenset(["dout", "d_out", "grad_out", "grad_output", "upstream", "dvalues"])


class ClaimTensors:
    """The tensors of one claim, made as they are named.

    diagonals   whether da_dz of equal shapes is the array of the derivatives entry by entry, where it has no others.
    """

    def __init__(self, context: Context, diagonals: bool = False) -> None:
        self.context, self.diagonals = context, diagonals
        self.shapes = context.shapes()
        self.inputs: dict[str, Tensor] = {}
        self.own: dict[str, Any] = {}
        self.memory = Memory()
        self.sizes = {str(s): s for s in context.forward.sizes()}

    def tensor(self, name: str, role: Gradient | None = None) -> Tensor:
        if name not in self.inputs:
            own = self.context.forward.tensors.get(name) if role is None else None
            whole = role is not None and name not in self.context.defined  # a step may have said its diagonal
            shape = (*self.shapes[role.of], *self.shapes[role.wrt]) if role is not None and whole else self.shapes[name]
            kind = own.kind if own is not None and own.kind in ("integers", "constant", "labels") else "data"
            given = Signature(
                name, shape, kind, own.domain if own else None, own.bound if own else None, own.value if own else None, role=role
            )
            self.inputs[name] = Tensor(shape, signature=given)
        return self.inputs[name]

    def known(self, name: str) -> bool:
        return name in self.own or name in self.shapes or name in self.context.aliases or name in self.sizes

    def value(self, name: str) -> Any:
        """What a name stands for; None where it stands for nothing."""
        if name in self.own:
            return self.own[name]
        name = self.context.aliases.get(name, name)
        if name in self.shapes:
            return self.tensor(name)
        if name in self.sizes:
            return self.sizes[name]
        meant = self.context.symbols.get(name)
        if meant is not None and meant != name:
            return self.value(meant)
        return self.gradient(name)

    def gradient(self, name: str) -> Tensor | None:
        """dz, grad_z, dL_dz, da_dz: a true derivative."""
        role = self.said(name) or self.handed(name)
        if role is None:
            return None
        found, shape = self.tensor(gradient_name(role.of, role.wrt), role), self.shapes[role.wrt]
        if not (
            self.diagonals and shape and found.shape == (*shape, *shape) and is_entrywise(self.context.forward, role.of, role.wrt)
        ):
            return found
        index = letters(len(shape))
        return Tensor(shape, Sum(slot(0), (slot(0),)), ((found, (*index, *index)),), index)

    def said(self, name: str) -> Gradient | None:
        """The derivative that a name may say."""
        pairs = []
        if match := _QUOTIENT.match(name):
            pairs.append((match[1], match[2]))
        if match := _GRADIENT.match(name):
            pairs.append((self.context.of, match[1]))
        for of, wrt in pairs:
            if (
                of in self.context.forward.tensors
                and wrt in self.context.forward.tensors
                and of in self.shapes
                and wrt in self.shapes
            ):
                return Gradient(of, wrt)
        return None

    def handed(self, name: str) -> Gradient | None:
        """The gradient that a layer is handed, dout: that by the one value which the loss is made of."""
        forward, of = self.context.forward, self.context.of
        written, waiting, found = forward.equation_of(), [of], set[str]()
        while waiting and name in _HANDED:
            for read in {r.name for r in written[waiting.pop()].operands if r.name in written}:
                (found.add if forward.tensors[read].named else waiting.append)(read)
        return Gradient(of, found.pop()) if len(found) == 1 else None

    def divided(self, text: str) -> str:
        """The text with dL/dz as dL_dz: a derivative, where no name of the network or of a step is dL or dz."""

        def one(found: re.Match[str]) -> str:
            of, before, after, wrt = found.groups()
            name = f"d{of}_d{wrt}"
            own = f"d{of}" in self.shapes or f"d{wrt}" in self.context.forward.tensors or self.said(name) is None
            return found[0] if own else f"{name}{before}{after}"

        return _DIVIDED.sub(one, text)

    def role(self, name: str) -> Gradient | None:
        """The derivative that a name says by itself, dW, dL_dz; None for any other name."""
        return self.said(name) if name not in self.shapes else None

    def unnamed(self, name: str) -> Tensor:
        """A value of the network that nobody named."""
        self.shapes.setdefault(name, self.context.forward.shape(name))
        return self.tensor(name)

    def called(self, name: str) -> str:
        """The network's name of a tensor; any other name as it is."""
        return name if name in self.own else self.context.aliases.get(name, name)

    def assign(self, target: str, expression: ast.expr, value: Any) -> None:
        """target = expression."""
        self.memory.assign(target, expression, lambda name: isinstance(self.value(name), Tensor))
        self.own[target] = value

    def write(self, target: str, value: Any) -> None:
        """New entries of the array that a name holds, for every name that holds it."""
        for name in self.memory.write(self.called(target)):
            self.own[name] = value
        self.own[target] = value

    @property
    def has(self) -> str:
        """The names of the network, the first of them."""
        return ", ".join(list(self.shapes)[:12])

    def lookup(self, node: ast.Name, source: Any) -> Any:
        writer = self.memory.through(self.called(node.id))
        if writer is not None:
            fault = f"{node.id} was changed when {writer} was written: they share one array."
            raise NotationError(fault, f"Write {writer} = ....copy() before it is changed.", source.place(node))
        value = self.value(node.id)
        if value is not None:
            return value
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        if node.id in _ROWS:
            rows = [t.shape[0] for t in self.context.forward.inputs if t.kind in ("data", "labels", "integers") and t.shape]
            if rows:
                return rows[0]
        if node.id in functions():
            raise NotationError(f"{node.id} is a function.", f"Write {node.id}(...).", source.place(node))
        near = nearest(node.id, (*self.own, *self.shapes))
        mend = f"Did you mean {near}?" if near else f"Define it in a line before, {node.id} = ...; the network has {self.has}."
        raise NotationError(f"{node.id} stands nowhere in this network.", mend, source.place(node))

    def program(self, tensor: Tensor) -> tuple[Program, tuple[Expr, ...]]:
        index = letters(tensor.ndim)
        result = Tensor(tensor.shape, Sum(slot(0), (slot(0),)), ((tensor, index),), index)
        for symbol in {s for n in tensor.shape for s in n.free_symbols} | set(self.sizes.values()):
            if not any(symbol in t.shape for t in self.inputs.values()):
                bringing = next((t.name for t in self.context.forward.inputs if symbol in t.shape and t.name in self.shapes), None)
                if bringing is not None and size(str(symbol)) == symbol:
                    self.tensor(bringing)
        try:
            return trace({OUTPUT: result}, self.inputs.values(), "elementary"), tensor.shape
        except LanguageError as error:
            raise Fault(str(error)) from None


def is_entrywise(program: Program, of: str, wrt: str) -> bool:
    """Whether each entry of a value reads one entry of another, that at its own place."""
    reads, equations = {wrt}, {e.target.name: e for e in program.equations}
    for name, e in equations.items():
        met = [r for r in e.operands if r.name in reads]
        if not met:
            continue
        if not (isinstance(e.op, Sum) and not e.op.over and all(r.index == e.target.index for r in met)):
            if name == of or of in _after(equations, name):
                return False
            continue
        reads.add(name)
    return of in reads and of != wrt


def _after(equations: Mapping[str, Equation], name: str) -> set[str]:
    """The values that are made of one."""
    found = {name}
    for target, e in equations.items():
        if any(r.name in found for r in e.operands):
            found.add(target)
    return found


def read_python(text: str, context: Context, diagonals: bool = False) -> tuple[Left, Program, tuple[Expr, ...]]:
    """Straight-line code in the network language; its last line is the claim.

    diagonals   as those of ClaimTensors.

    Raises NotationError or Fault where it is not in the language.
    """
    claim = ClaimTensors(context, diagonals)
    text = claim.divided(text.strip())
    tree, source = parsed(text, "<claim>")
    if not tree.body:
        raise Fault("there is no claim.", "Write an expression, or lines whose last one is the claim.")
    if step_code.has_loops(tree) or (context.loops and step_code.at_step(text)):
        return _of_steps(text, claim, context)
    evaluator = Evaluator(source, lambda node: claim.lookup(node, source), claim.known)
    evaluator.functions |= slopes(tree)
    for name in context.functions:
        evaluator.functions |= {name: Named(name)} | {name + "_prime" * k: Named(name, k) for k in (1, 2)}
    value: Any = None
    name = ""
    for statement in tree.body:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Attribute(attr="add" | "subtract"), attr="at")) as call):
                target, value = added_at(evaluator, call)
                claim.write(target, value)
                name = target
            case ast.Expr(value=expression):
                value, name = evaluator.value(expression), ""
            case ast.Assign(targets=[ast.Name() as target], value=expression):
                value, name = evaluator.value(expression), target.id
                claim.assign(target.id, expression, value)
            case ast.AugAssign(target=ast.Name() as target):
                value, name = _changed(claim, evaluator, statement, target), target.id
            case (
                ast.Assign(targets=[ast.Subscript(value=ast.Name() as target) as entries])
                | ast.AugAssign(target=ast.Subscript(value=ast.Name() as target) as entries)
            ):
                value, name = _entries_set(evaluator, statement, target, entries), target.id
                claim.write(target.id, value)
            case _:
                fault = STATEMENTS.get(type(statement), ("this is not in the language.", "Write name = expression."))
                raise NotationError(*fault, source.place(statement))
    value = evaluator.plain(value)
    if isinstance(value, bool | str | tuple) or value is None:
        raise NotationError("the last line is no tensor.", "Its value is the claim.", source.place(tree.body[-1]))
    program, shape = claim.program(as_tensor(value))
    return _left(name, claim, context), program, shape


def _joined(statement: ast.stmt, target: ast.Name, op: ast.operator, expression: ast.expr) -> ast.BinOp:
    """x op= y as x op y."""
    name = ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return ast.copy_location(ast.BinOp(name, op, expression), statement)


def _changed(claim: ClaimTensors, evaluator: Evaluator, statement: ast.AugAssign, target: ast.Name) -> Any:
    """x op= y: the entries of an array in their place, a number anew. Raises NotationError where y does not fit into x."""
    joined = _joined(statement, target, statement.op, statement.value)
    value, old = evaluator.value(joined), claim.value(target.id)
    if not isinstance(old, Tensor) or not old.shape:
        claim.assign(target.id, joined, value)
        return value
    if as_tensor(value).shape != old.shape:
        fault = f"{target.id} has another shape than what is put into it."
        raise NotationError(fault, f"Write {target.id} = {target.id} ... with a new name.", evaluator.source.place(statement))
    claim.write(target.id, value)
    return value


def _entries_set(evaluator: Evaluator, statement: ast.Assign | ast.AugAssign, target: ast.Name, entries: ast.Subscript) -> Tensor:
    """d[z <= 0] = 0, p[arange(n), y] -= 1, M[arange(n), y] = -s: the tensor with new values where a comparison or a label says so.

    Raises NotationError for other entries: the whole tensor must then be written.
    """
    whole = as_tensor(evaluator.operand(ast.copy_location(ast.Name(target.id, ast.Load()), target)))
    places, value = _mask(evaluator, whole, entries), as_tensor(evaluator.operand(statement.value))
    if isinstance(statement, ast.AugAssign):
        refuse_added_once(evaluator, statement, target, entries)
    one_each = isinstance(entries.slice, ast.Tuple) and value.shape == whole.shape[:1]
    if places is None or not (value.shape == () or one_each):
        mend = "Write the whole tensor: np.where(mask, a, b); here a comparison or [arange(n), y] may be set to a number."
        raise NotationError("entries of a tensor cannot be set one by one.", mend, evaluator.source.place(statement))
    beside: Any = evaluator.placed(entries, lambda: value[:, None]) if value.shape else value
    op = type(statement.op) if isinstance(statement, ast.AugAssign) else None
    if op is not None and op not in _JOINS:
        raise NotationError("entries are not changed in this way.", "Write +=, -=, *= or /=.", evaluator.source.place(statement))
    return evaluator.placed(entries, lambda: where(places, beside if op is None else _JOINS[op](whole, beside), whole))


def _mask(evaluator: Evaluator, whole: Tensor, entries: ast.Subscript) -> Tensor | None:
    """1 at the entries that are set, of the shape of the whole; None where they are told otherwise."""
    if isinstance(entries.slice, ast.Tuple):
        match entries.slice.elts:
            case [ast.Call(func=ast.Name(id="arange" | "range") | ast.Attribute(attr="arange"), args=[count]), labels]:
                own = as_tensor(evaluator.operand(labels))
                several = evaluator.plain(evaluator.operand(count))
                rows = None if isinstance(several, Tensor) else as_number(several)
                fits = whole.ndim == 2 and own.shape == whole.shape[:1] and rows == whole.shape[0] and is_integer(own)
                return evaluator.placed(labels, lambda: one_hot(own, whole.shape[1])) if fits else None
        return None
    mask = evaluator.value(entries.slice)
    if isinstance(mask, Tensor) and not mask.shape and is_integer(mask) and whole.ndim == 1:  # d[y]
        return evaluator.placed(entries, lambda: one_hot(mask, whole.shape[0]))
    return mask if isinstance(mask, Tensor) and is_truth(mask) and mask.shape == whole.shape else None


def _of_steps(text: str, claim: ClaimTensors, context: Context) -> tuple[Left, Program, tuple[Expr, ...]]:
    """Code with loops, or one line at a step of one."""
    found = step_code.at_step(text)
    if found is None:
        name, program, shape = step_code.read_loops(text, claim)
        return _left(name, claim, context), program, shape
    role = claim.role(found[1])
    axis = context.loops.axes.get(role.wrt if role else context.wrt or "", {}).get(0)
    if axis is None:
        raise Fault(f"{found[1]} has no steps.", "Write dW[l] = ... for what goes along a loop.")
    name, at, program, shape = step_code.read_step(text, claim, axis)
    return replace(_left(name, claim, context), at=at, stepped=role is None), program, shape


def _left(name: str, claim: ClaimTensors, context: Context) -> Left:
    """What the name of the last line says that it is."""
    if not name:
        return Left()
    claim.own.pop(name, None)
    role = claim.role(name)
    if role is None:
        return Left("abbreviation", name=name)
    of, wrt = role.of, role.wrt
    against = context.wrt is not None and (of, wrt) != (context.of, context.wrt)
    return Left("jacobian" if claim.shapes[of] else "gradient", of, wrt, contradicts=against)


def read_sympy(claim: Any, context: Context) -> tuple[Program, tuple[Expr, ...]]:
    """A SymPy expression whose symbols are tensors of the network by name: scalars, and MatrixSymbols of their shapes.

    Raises Fault where a symbol is no tensor, or the expression has no counterpart in the language.
    """
    from symbackprop.notation.sympy.input import from_sympy

    if not isinstance(claim, Expr | sp.MatrixExpr):
        raise Fault("this SymPy object is no expression.", "Give an Expr or a MatrixExpr.")
    if not claim.free_symbols:
        return ClaimTensors(context).program(as_tensor(claim))
    name = OUTPUT
    network = from_sympy(claim, name=name)
    shapes = context.shapes()
    tensors: dict[str, Signature] = {}
    for tensor in network.program.tensors.values():
        if tensor.kind == "value":
            tensors[tensor.name] = tensor
            continue
        if tensor.name not in shapes:
            raise Fault(f"{tensor.name} is no tensor of this network.", f"The network has {', '.join(list(shapes)[:12])}.")
        if tensor.shape != shapes[tensor.name]:
            raise Fault(
                f"{tensor.name} has the shape {shapes[tensor.name]} in the network, {tensor.shape} here.", "Give it the same sizes."
            )
        own = context.forward.tensors.get(tensor.name)
        tensors[tensor.name] = Signature(tensor.name, tensor.shape, "data", own.domain if own else None)
    program = Program(tensors, network.program.equations, (network.loss,), network.program.conditions)
    return program, program.shape(network.loss)
