"""Functions of entries as statements: in place where an argument dies, its value read first."""

from __future__ import annotations

from symbackprop.plan.memory import Store
from symbackprop.plan.node import Add, Fixed, Input, Map, Multiply, Node
from symbackprop.plan.statements import Combine, Compute, Copy, Operand, Scalar, Window
from symbackprop.plan.writer import Writer


def add(w: Writer, node: Node, op: Add) -> None:
    """A sum; an argument that the result overwrites is read first."""
    out, operands = w.windows(node, _out(w, node))
    if out is None:
        w.said.append(Combine(tuple(operands), Scalar(f"t{node.number}"), op.scales, op.plus))
        return
    terms = sorted(zip(operands, op.scales, strict=True), key=lambda t: (_number_last(t[0]), t[0] != out, -t[1]))
    (first, scale), rest = terms[0], terms[1:]
    if op.plus or not rest:
        w.say("add" if scale > 0 else "subtract", (first, op.plus) if scale > 0 else (op.plus, first), out)
        first, scale = out, 1.0
    for operand, sign in rest:
        if scale > 0:
            w.say("add" if sign > 0 else "subtract", (first, operand), out)
        elif sign > 0:
            w.say("subtract", (operand, first), out)
        else:
            w.say("negative", (first,), out)
            w.say("subtract", (out, operand), out)
        first, scale = out, 1.0


def multiply(w: Writer, node: Node, op: Multiply) -> None:
    """A product, truth values last."""
    out, operands = w.windows(node, _out(w, node))
    if out is None:
        w.said.append(Combine(tuple(operands), Scalar(f"t{node.number}"), (), op.scale))
        return
    boolean = {k for k, arg in enumerate(node.args) if arg.node.kind == "boolean"}
    order = sorted(range(len(operands)), key=lambda k: (_number_last(operands[k]), k in boolean, operands[k] != out))
    first, *rest = (operands[k] for k in order)
    if not rest:
        w.say("negative", (first,), out) if op.scale == -1 else w.say("multiply", (first, op.scale), out)
        return
    for operand in rest:
        if operand == first:
            w.say("square", (first,), out)
        else:
            w.say("multiply", (first, operand), out)
        first = out
    if op.scale != 1:
        w.say("multiply", (out, op.scale), out)


def function(w: Writer, node: Node, op: Map) -> None:
    """A row of `entries.FUNCTIONS`; cases are written over the branch that is taken otherwise."""
    out, operands = w.windows(node, _out(w, node) if op.function != "select" else _chosen_store(w, node))
    if out is None:
        w.said.append(Compute(op.function, tuple(operands), Scalar(f"t{node.number}")))
    elif op.function == "real":
        w.said.append(Copy(operands[0], out))
    elif op.function == "select":
        test, yes, no = operands
        if not isinstance(test, Window):
            w.say("where", (test, yes, no), out)
            return
        if no != out:
            w.said.append(Copy(no, out))
        w.said.append(Copy(yes, out, test))
    else:
        w.say(op.function, tuple(operands), out)


def _out(w: Writer, node: Node) -> Store | None:
    if not node.rank:
        return None
    return w.memory.store(node, [arg for arg in node.args if not isinstance(arg.node.op, Input | Fixed)])


def _chosen_store(w: Writer, node: Node) -> Store | None:
    """Cases are written over the branch that is taken otherwise."""
    return w.memory.store(node, node.args[2:]) if node.rank else None


def _number_last(operand: Operand) -> bool:
    return not isinstance(operand, Window)
