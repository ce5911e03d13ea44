"""The statements of a text, one after the other: declarations, equations, new values of a name, and loops that are unrolled."""

from __future__ import annotations

import ast
import re
from typing import Any

from symbackprop.language.tensors import Tensor
from symbackprop.notation.carets import decimal_comma
from symbackprop.notation.containers import key
from symbackprop.notation.declarations import is_kind
from symbackprop.notation.dialects import INNER
from symbackprop.notation.entered import entered, no_entry, require_own
from symbackprop.notation.errors import NotRead
from symbackprop.notation.functions import Helper, Layer, Second
from symbackprop.notation.grown import Grown
from symbackprop.notation.reader import Reader
from symbackprop.notation.rounds import List, rounds, unrolled
from symbackprop.notation.sequences import CHANGES, changed, combined
from symbackprop.notation.shared_out import shared_out
from symbackprop.notation.truth import decided, known, truth
from symbackprop.notation.vocabulary import DOMAINS, KINDS, plain
from symbackprop.notation.words import EXPRESSIONS, STATEMENTS

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
        case ast.AnnAssign(target=ast.Name() as target, annotation=annotation, value=value) if value and not is_kind(annotation):
            _give(reader, target, reader.evaluator.value(value))
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
        case ast.Assign() | ast.AugAssign() | ast.Expr() if reader.steps.append(node):
            pass
        case ast.Assign(targets=targets, value=value):
            _require_one(reader, targets, value)
            given = reader.evaluator.value(value)
            if isinstance(given, Layer):
                for target in targets:
                    if isinstance(target, ast.Name):
                        reader.fresh(target, target.id)
                        reader.evaluator.functions[target.id] = given
                return
            for target in targets:
                _give(reader, target, given)
        case ast.AugAssign(target=target, op=op, value=value):
            _change(reader, node, target, op, value)
        case ast.For(orelse=[]) if reader.steps.is_over(node):
            pass
        case ast.For(orelse=[]) if reader.steps.keeps(node):
            reader.steps.loop(node, lambda inner: statement(reader, inner))
        case ast.For(target=target, iter=several, body=body, orelse=[]):
            for one in rounds(reader, several):
                unrolled(reader, node)
                _give(reader, target, one)
                for inner in body:
                    statement(reader, inner)
        case ast.If(test=test, body=body, orelse=otherwise):
            for inner in _chosen(reader, node, test, body, otherwise):
                statement(reader, inner)
        case ast.Expr(value=ast.Constant(value=str())) | ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            pass
        case ast.Import() | ast.ImportFrom():
            _imported(reader, node)
        case ast.With(items=[ast.withitem(context_expr=ast.Call(func=ast.Attribute(attr="errstate")))], body=body):
            for inner in body:
                statement(reader, inner)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=held, attr=how)) as call) if how in CHANGES and _changed(
            reader, call, held, how
        ):
            pass
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Attribute(attr="random"), attr="seed"))):
            pass  # where numbers are drawn is said there
        case ast.Assert() | ast.Pass() | ast.Delete():
            pass
        case ast.Expr(value=value):
            _bare(reader, node, value)
        case ast.AnnAssign():
            raise reader.fault(node, "the left side is not a name.", "Write name = expression.")
        case _:
            fault = STATEMENTS.get(type(node), ("this is not in the language.", "Write name = expression."))
            raise reader.evaluator.unread(node, *fault)


def _chosen(reader: Reader, node: ast.If, test: ast.expr, body: list[ast.stmt], otherwise: list[ast.stmt]) -> list[ast.stmt]:
    """The block that a condition chooses, or what does the same whatever it is, where its values are not known."""
    try:
        return body if decided(reader.evaluator, test) else otherwise
    except NotRead:
        masked: list[ast.stmt] | None = getattr(node, "masked", None)
        if masked is None or known(reader.evaluator, test) is not None or truth(reader.evaluator, test) is None:
            raise
        remark = f"line {reader.source.place(test).line}: both courses of the branch are derived, as np.where(condition, a, b)."
        reader.remarks += [remark] if remark not in reader.remarks else []
        return masked


def _give(reader: Reader, target: ast.expr, value: Any) -> None:
    """target = value, for a name, several names, or the entries of a tensor that a comparison picks."""
    match target:
        case ast.Name():
            reader.assign(target, value)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            for one, part in zip(targets, shared_out(reader, target, value), strict=True):
                _give(reader, one.value if isinstance(one, ast.Starred) else one, part)
        case ast.Subscript(value=ast.Name() as name):
            held = reader.names.get(name.id)
            if isinstance(held, dict):
                held[key(reader.evaluator, target.slice)] = value
            elif isinstance(held, List) and isinstance(
                place := plain(reader.evaluator.plain(reader.evaluator.value(target.slice))), int
            ):
                if not -len(held) <= place < len(held):
                    raise reader.fault(target, f"{name.id} has {len(held)} values: there is no number {place}.")
                parts = list(held)
                parts[place] = value
                reader.exchange(held, List(parts))
            elif reader.steps.write(target, value):
                pass
            elif not reader.known(name.id) and name.id in reader.later and reader.function is None:
                fault = f"{name.id} has no value yet: no entry of it can be set."
                raise reader.fault(target, fault, f"Write {name.id} = ..., or set {name.id}[...] step by step in a loop.")
            else:
                entered(reader, name, target, value, lambda part: value)
        case ast.Subscript():
            raise no_entry(reader, target)
        case _:
            raise reader.fault(target, "the left side is not a name.", "Write name = expression.")


def _change(reader: Reader, node: ast.AugAssign, target: ast.expr, op: ast.operator, value: ast.expr) -> None:
    """target op= value: the array is changed in place, so that all its names see it."""
    match target:
        case ast.Name():
            if target.id not in reader.names and target.id not in reader.sizes:
                raise reader.fault(target, f"{target.id} has no value yet.", f"Write {target.id} = ... above.")
            old = reader.lookup(ast.copy_location(ast.Name(target.id, ast.Load()), target))
            if isinstance(old, List | Grown | dict) and isinstance(op, ast.Add | ast.BitOr):
                given = reader.evaluator.value(value)
                new = combined(ast.copy_location(ast.BinOp(node.target, op, value), node), old, given)
                if new is None:
                    kind = "dict" if isinstance(old, dict) else "list"
                    text = reader.source.segment(value)
                    fault = f"{text} is no dict." if kind == "dict" else f"{text} is no list."
                    raise reader.fault(value, fault, f"Write another {kind} there.")
                _put(reader, old, new)
                return
            new = _combined(reader, node, old, op, value)
            require_own(reader, target, old)
            if isinstance(old, Tensor) and isinstance(new, Tensor) and new.shape != old.shape and old.shape:
                raise reader.fault(
                    node, f"{target.id} is {old.shape}, and would be {new.shape}: NumPy refuses this.", f"Write {target.id} = ..."
                )
            reader.assign(target, new, in_place=True)
        case ast.Subscript(value=ast.Name()) if reader.steps.is_step(target):
            place = ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
            _give(reader, target, _combined(reader, node, reader.evaluator.value(place), op, value))
        case ast.Subscript(value=ast.Name() as name):
            if isinstance(reader.names.get(name.id), dict):
                place = ast.copy_location(ast.Subscript(name, target.slice, ast.Load()), target)
                old = reader.evaluator.value(place)
                new = _combined(reader, node, old, op, value)
                require_own(reader, target, old)
                reader.names[name.id][key(reader.evaluator, target.slice)] = new
                if isinstance(old, Tensor) and old.shape:
                    reader.exchange(old, new)
                return
            given = reader.evaluator.operand(value)
            entered(reader, name, target, given, lambda part: _combined(reader, node, part, op, value))
        case ast.Subscript():
            raise no_entry(reader, target)
        case _:
            raise reader.fault(target, "the left side is not a name.", "Write name = expression.")


def _changed(reader: Reader, node: ast.Call, target: ast.expr, how: str) -> bool:
    """hs.append(h), s.update(h=h): lists and dicts are changed in place; False where the method is one of something else."""
    if not isinstance(target, ast.Name | ast.Subscript) or (isinstance(target, ast.Name) and not reader.known(target.id)):
        return False
    held = reader.evaluator.value(target)
    new = changed(reader.evaluator, node, held, how) if isinstance(held, List | Grown | dict) else None
    if new is not None:
        _put(reader, held, new)
    return new is not None


def _put(reader: Reader, held: Any, new: Any) -> None:
    """Put a changed list or dict in the place of what it was, for all its names."""
    if isinstance(held, dict):
        held.clear()
        held.update(new)
    else:
        reader.exchange(held, new)


def _combined(reader: Reader, node: ast.AugAssign, old: Any, op: ast.operator, value: ast.expr) -> Any:
    evaluator = reader.evaluator
    written = ast.copy_location(ast.BinOp(node.target, op, value), node)
    left, right = evaluator.numeric(node.target, old), evaluator.operand(value)
    return evaluator.placed(written, lambda: evaluator.combined(written, left, right))


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


def _require_one(reader: Reader, targets: list[ast.expr], value: ast.expr) -> None:
    """Raise NotationError for x = data(d), and for L = sum(x), whose comma makes a tuple; (n,) in brackets is one that is meant."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and isinstance(targets[-1], ast.Name):
        kind, name = value.func.id, targets[-1].id
        if kind in (*KINDS, *DOMAINS) and not reader.known(kind):
            sizes = ", ".join(map(reader.source.segment, value.args))
            raise reader.fault(value, "a declaration has a colon, and square brackets.", f"Write {name}: {kind}[{sizes}].")
    if isinstance(targets[-1], ast.Name) and (said := decimal_comma(value, reader.source.segment)) is not None:
        raise reader.fault(value, *said)
    if not (isinstance(targets[-1], ast.Name) and isinstance(value, ast.Tuple) and len(value.elts) == 1):
        return
    if value.col_offset == value.elts[0].col_offset:
        raise reader.fault(value, "the comma behind the value makes a tuple of it.", "Leave the comma out.")


ARROW = re.compile(r"\w+\s*<-")


def _bare(reader: Reader, node: ast.Expr, value: ast.expr) -> None:
    """An expression without a name: refused, in the words of what it holds where that is not in the language."""
    if isinstance(value, ast.Lambda) and not value.args.args:
        raise reader.fault(
            value, "lambda is a word of Python and cannot name a tensor.", f"Write lam: {reader.source.segment(value.body)}."
        )
    if isinstance(value, ast.Compare) and isinstance(value.left, ast.Name) and isinstance(value.ops[0], ast.Eq):
        raise reader.fault(value, "== compares.", f"Write {value.left.id} = ... to name a value.")
    match value:  # two habits of paper and of R
        case ast.Compare(ast.Name(id=name), [ast.Lt()]) if ARROW.match(reader.source.segment(value)) and not reader.known(name):
            raise reader.fault(value, "<- gives no name here.", f"Write {name} = ...")
        case ast.Compare(ast.Name(id=name), [ast.In()]) if not reader.known(name):
            mend = f"Write {name}: data[n], or {name}: parameter[n] where it is learnt."
            raise reader.fault(value, "a declaration has a colon.", mend)
        case ast.BinOp(ast.Name(id=above), ast.Div(), ast.Name(id=below)) if (
            above[:1] == below[:1] == "d" and reader.known(above[1:]) and reader.known(below[1:]) and not reader.known(above)
        ):
            raise reader.fault(value, f"{above}/{below} is derived.", "Leave the line out: every gradient is.")
    if type(value) in EXPRESSIONS:
        raise reader.evaluator.unread(value, *EXPRESSIONS[type(value)])
    reader.evaluator.value(value)
    text = reader.source.segment(value)
    is_first = node.lineno == node.end_lineno and not reader.known("L")
    mend = f"Write L = {text}." if len(text) < 60 else "Write L = ..."
    raise reader.fault(node, "the value has no name.", mend, f"L = {text}" if is_first else "")
