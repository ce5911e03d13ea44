"""The statements of a text, one after the other: declarations, equations, new values of a name, and loops that are unrolled."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import sympy as sp

from symbackprop.core.functions import Where
from symbackprop.core.program import Sum, slot
from symbackprop.language.tensors import Tensor, is_truth, where
from symbackprop.notation.dialects import INNER
from symbackprop.notation.errors import NotationError
from symbackprop.notation.functions import Helper, Second
from symbackprop.notation.reader import Reader, arrays
from symbackprop.notation.vocabulary import plain
from symbackprop.notation.words import EXPRESSIONS, STATEMENTS

LONGEST = 1_000  # rounds of all loops of a text
READ = (
    "numpy",
    "math",
    "scipy",
    "jax",
    "torch",
    "autograd",
    "symbackprop",
    "typing",
    "__future__",
)  # modules whose words are known


def statement(reader: Reader, node: ast.stmt) -> None:
    """Read one statement. Raises NotationError for what is not in the language."""
    match node:
        case ast.AnnAssign(target=ast.Name() as target, annotation=annotation, value=value):
            if value is not None:
                mend = f"Write {target.id} = ... for a constant or an equation."
                raise reader.fault(value, "a declaration has no value.", mend)
            reader.declared(target, target.id, annotation)
        case ast.AnnAssign(target=ast.Subscript(value=ast.Name()) as target, annotation=annotation, value=None):
            reader.steps.declare(target, annotation)
        case ast.Assign(targets=[ast.Name() as target], value=ast.Name(id=name)) if reader.is_function(name):
            reader.fresh(target, target.id)
            reader.evaluator.functions[target.id] = reader.evaluator.functions.get(name) or Second(name)
        case ast.FunctionDef(name=name, decorator_list=[]) if reader.function is not None:
            reader.evaluator.helpers[name] = Helper(node, reader.source, inside=True)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value) if reader.function is not None:
            reader.evaluator.helpers[name] = Helper.of_lambda(name, value, reader.source, inside=True)
        case ast.Assign(targets=targets, value=value):
            given = reader.evaluator.value(value)
            for target in targets:
                _give(reader, target, given)
        case ast.AugAssign(target=target, op=op, value=value):
            _change(reader, node, target, op, value)
        case ast.For(orelse=[]) if reader.steps.keeps(node):
            reader.steps.loop(node, lambda inner: statement(reader, inner))
        case ast.For(target=target, iter=several, body=body, orelse=[]):
            for one in _rounds(reader, several):
                _unrolled(reader, node)
                _give(reader, target, one)
                for inner in body:
                    statement(reader, inner)
        case ast.If(test=test, body=body, orelse=otherwise):
            for inner in body if reader.evaluator.decided(test) else otherwise:
                statement(reader, inner)
        case ast.Expr(value=ast.Constant(value=str())) | ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            pass
        case ast.Import() | ast.ImportFrom():
            _imported(reader, node)
        case ast.Assert() | ast.Pass():
            pass
        case ast.Expr(value=value):
            _bare(reader, node, value)
        case ast.AnnAssign():
            raise reader.fault(node, "the left side is not a name.", "Write name = expression.")
        case _:
            fault = STATEMENTS.get(type(node), ("this is not in the language.", "Write name = expression."))
            raise reader.evaluator.unread(node, *fault)


def _give(reader: Reader, target: ast.expr, value: Any) -> None:
    """target = value, for a name, several names, or the entries of a tensor that a comparison picks."""
    match target:
        case ast.Name():
            reader.assign(target, value)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            if not isinstance(value, tuple):
                raise reader.fault(target, "the right side is one value.", "Write a line for each name.")
            if len(value) != len(targets):
                raise reader.fault(target, f"there are {len(targets)} names for {len(value)} values.")
            for one, part in zip(targets, value, strict=True):
                _give(reader, one, part)
        case ast.Subscript(value=ast.Name() as name):
            if reader.steps.write(target, value):
                return
            old, mask = _picked(reader, target)
            if getattr(value, "shape", ()):
                raise _no_entry(reader, target)  # NumPy wants as many entries as are picked
            _write(reader, name, target, old, mask, value)
        case ast.Subscript():
            raise _no_entry(reader, target)
        case _:
            raise reader.fault(target, "the left side is not a name.", "Write name = expression.")


def _change(reader: Reader, node: ast.AugAssign, target: ast.expr, op: ast.operator, value: ast.expr) -> None:
    """target op= value: the array is changed in place, so that all its names see it."""
    match target:
        case ast.Name():
            if target.id not in reader.names and target.id not in reader.sizes:
                raise reader.fault(target, f"{target.id} has no value yet.", f"Write {target.id} = ... above.")
            old = reader.lookup(ast.copy_location(ast.Name(target.id, ast.Load()), target))
            new = _combined(reader, node, old, op, value)
            _shared(reader, target, old)
            if isinstance(old, Tensor) and isinstance(new, Tensor) and new.shape != old.shape and old.shape:
                raise reader.fault(
                    node, f"{target.id} is {old.shape}, and would be {new.shape}: NumPy refuses this.", f"Write {target.id} = ..."
                )
            reader.assign(target, new, in_place=True)
        case ast.Subscript(value=ast.Name() as name):
            old, mask = _picked(reader, target)
            if getattr(reader.evaluator.operand(value), "shape", ()):
                raise _no_entry(reader, target)
            _write(reader, name, target, old, mask, _combined(reader, node, old, op, value))
        case ast.Subscript():
            raise _no_entry(reader, target)
        case _:
            raise reader.fault(target, "the left side is not a name.", "Write name = expression.")


def _combined(reader: Reader, node: ast.AugAssign, old: Any, op: ast.operator, value: ast.expr) -> Any:
    evaluator = reader.evaluator
    written = ast.copy_location(ast.BinOp(node.target, op, value), node)
    left, right = evaluator.numeric(node.target, old), evaluator.operand(value)
    return evaluator.placed(written, lambda: evaluator.combined(written, left, right))


def _picked(reader: Reader, target: ast.Subscript) -> tuple[Tensor, Tensor]:
    """The tensor of x[mask], and the mask, which must be a comparison of the shape of x."""
    old, mask = reader.evaluator.value(target.value), None
    if isinstance(old, Tensor) and not isinstance(target.slice, ast.Slice | ast.Tuple | ast.Constant):
        mask = reader.evaluator.value(target.slice)
    if not isinstance(old, Tensor) or not isinstance(mask, Tensor) or not is_truth(mask) or mask.shape != old.shape:
        raise _no_entry(reader, target)
    return old, mask


def _no_entry(reader: Reader, target: ast.Subscript) -> NotationError:
    return reader.evaluator.unread(target, "an entry cannot be set.", "Write the whole tensor, with np.where or np.concatenate.")


def _write(reader: Reader, name: ast.Name, target: ast.Subscript, old: Tensor, mask: Tensor, value: Any) -> None:
    _shared(reader, name, old)
    given = reader.evaluator.numeric(target, value)
    changed = reader.evaluator.placed(target, lambda: where(mask, given, old))
    if changed.shape != old.shape:
        raise _no_entry(reader, target)
    reader.assign(name, changed, in_place=True)


def _shared(reader: Reader, target: ast.Name, old: Any) -> None:
    """Raise NotationError where an array is changed that another name is a part of, or a view: NumPy would change both."""
    if not isinstance(old, Tensor) or not old.shape:
        return
    root = _root(old)
    for name, held in (pair for names in (reader.names, *reader.held) for pair in names.items()):
        if any(one is not old and _root(one) is root for one in arrays(held)):
            raise reader.fault(
                target, f"{target.id} and {name} share their entries: NumPy changes both.",
                f"Write {target.id} = {target.id} + ... for a new array, or {name} = ....copy() above.",
            )  # fmt: skip


def _root(tensor: Tensor) -> Tensor:
    """The array whose entries a tensor only shows: of a part, a transpose, or another shape."""
    while isinstance(tensor.op, Sum) and len(tensor.operands) == 1 and tensor.signature is None:
        ((operand, index),) = tensor.operands
        body = tensor.op.body
        guards = [factor for factor in sp.Mul.make_args(body) if factor != slot(0)]
        is_copy = body == slot(0) and index == tensor.index
        if is_copy or slot(0) not in sp.Mul.make_args(body) or any(not isinstance(f, Where) or f.has(slot(0)) for f in guards):
            break
        tensor = operand
    return tensor


def _rounds(reader: Reader, several: ast.expr) -> Sequence[Any]:
    """What the name of a loop stands for, round by round."""
    evaluator = reader.evaluator
    match several:
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]) if 1 <= len(args) <= 3 and not reader.known("range"):
            bounds = [plain(evaluator.plain(evaluator.operand(one))) for one in args]
            if not all(isinstance(bound, int) for bound in bounds) or bounds[2:] == [0]:
                raise evaluator.unread(
                    several, "how often the loop goes round must be a number here.",
                    "Write whole numbers, or the sum over an axis: sum(x, axis=0).",
                )  # fmt: skip
            steps: Sequence[Any] = range(*bounds)
            if len(steps[: LONGEST + 1]) > LONGEST:
                raise _too_long(reader, several)
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner], keywords=[]) if not reader.known("enumerate"):
            steps = tuple(enumerate(_rounds(reader, inner)))
        case ast.Call(func=ast.Name(id="zip"), args=args, keywords=[] | [ast.keyword(arg="strict")]) if args and not reader.known(
            "zip"
        ):
            steps = tuple(zip(*(_rounds(reader, one) for one in args), strict=False))
        case _:
            value = evaluator.value(several)
            if isinstance(value, Tensor) and value.shape and value.shape[0].is_Integer:
                value = tuple(value[k] for k in range(min(int(value.shape[0]), LONGEST + 1)))
            if not isinstance(value, tuple):
                raise evaluator.unread(several, "a loop goes over range(...), or several values.", "Write for k in range(3):")
            steps = value
    if len(steps) > LONGEST:
        raise _too_long(reader, several)
    return [sp.Integer(one) if type(one) is int else one for one in steps]


def _unrolled(reader: Reader, node: ast.For) -> None:
    """Count one round of a loop; those of loops within loops are counted as well."""
    reader.rounds += 1
    if reader.rounds > LONGEST:
        raise _too_long(reader, node.iter)


def _too_long(reader: Reader, several: ast.expr) -> NotationError:
    return reader.evaluator.unread(
        several, f"the loops go round more than {LONGEST:,} times.", "Write a sum over an axis: sum(x, axis=0)."
    )


def _imported(reader: Reader, node: ast.Import | ast.ImportFrom) -> None:
    """An import gives names to modules and functions that the language knows; a module of a person's own is never run."""
    evaluator = reader.evaluator
    for one in node.names:
        module = one.name if isinstance(node, ast.Import) else node.module or ""
        if module.split(".")[0] not in READ:
            raise evaluator.unread(
                node, f"{module or 'this'} is not imported: code is read here, and never run.",
                "Write its functions out.",
            )  # fmt: skip
        module = module.removeprefix("autograd.")
        if isinstance(node, ast.Import):
            evaluator.modules[one.asname or module.split(".")[0]] = module if one.asname else module.split(".")[0]
        elif one.name in INNER:
            evaluator.modules[one.asname or one.name] = f"{module}.{one.name}"
        elif one.asname in (None, one.name):
            evaluator.imported[one.name] = module
        else:
            raise reader.fault(node, f"{one.name} is given another name.", f"Write from {module} import {one.name}.")


def _bare(reader: Reader, node: ast.Expr, value: ast.expr) -> None:
    """An expression without a name: refused, in the words of what it holds where that is not in the language."""
    if isinstance(value, ast.Lambda) and not value.args.args:
        raise reader.fault(
            value, "lambda is a word of Python and cannot name a tensor.", f"Write lam: {reader.source.segment(value.body)}."
        )
    if type(value) in EXPRESSIONS:
        raise reader.evaluator.unread(value, *EXPRESSIONS[type(value)])
    reader.evaluator.value(value)
    text = reader.source.segment(value)
    raise reader.fault(node, "the value has no name.", f"Write L = {text}." if len(text) < 60 else "Write L = ...")
