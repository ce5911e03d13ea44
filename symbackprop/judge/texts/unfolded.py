"""Code as straight lines: entries of dicts and self by the names of tensors, tuples apart, what functions return in their place."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy

from symbackprop.notation.identifiers import identifiers, names_in

_GRADIENTS = re.compile(r"d?grad|nabla")  # what dicts of gradients are called
_SAYS_IT = re.compile(r"d[A-Z_\d]|d[a-z]+\d|d[a-z]$|grad|d_|nabla|delta")  # keys that say by themselves that they are gradients
_GIVEN = re.compile(r"self\.d|d[A-Za-z_]|.*grad|.*nabla|.*delta")  # what gradients are called that code gives
_LOSS = re.compile(r".*(?:loss|cost|error)|[JLCE]$")  # what losses are called
_DICTS = frozenset(["dict", "defaultdict", "OrderedDict"])
MOST_LINES = 400
REMADE = "remade"  # the attribute of a statement that does not stand in the text as it is


class Unread(Exception):
    """A statement that no lines say: the statement, and the mend."""

    def __init__(self, statement: ast.AST, mend: str = "") -> None:
        super().__init__(mend)
        self.statement, self.mend = statement, mend


def entry(kept: str, key: str) -> str:
    """The tensor that an entry of a dict holds: W1 of params["W1"], dW1 of grads["W1"]."""
    return f"d{key}" if _GRADIENTS.match(kept) and not _SAYS_IT.match(key) else key


def straight(tree: ast.Module) -> list[ast.stmt]:
    """The statements of a text one after the other, each of which gives one name a value or changes an array.

    Functions that return one formula stand where they are called; of a text of functions and classes alone, the one that gives
    gradients is read. Raises Unread for a statement that no such lines say.
    """
    functions = {f.name: f for f in _functions(tree.body)}
    formulas = {name: f for name, f in functions.items() if _is_formula(f)}
    body = [s for s in tree.body if not isinstance(s, ast.FunctionDef | ast.ClassDef) and not _is_main(s)]
    if functions and not any(isinstance(s, ast.Assign | ast.AugAssign) for s in body):
        body = _main(tree, [f for f in functions.values() if f.name not in formulas])
    lines = list(_lines(body, _Called(formulas)))
    if len(lines) > MOST_LINES:
        raise Unread(lines[MOST_LINES], f"write at most {MOST_LINES} lines")
    return lines


def _functions(body: Sequence[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """The functions of a text, and the methods of its classes."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield from _functions(statement.body)
        elif isinstance(statement, ast.FunctionDef):
            yield statement


def _is_main(statement: ast.stmt) -> bool:
    """Whether a statement is `if __name__ == "__main__"`."""
    return isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)


def _main(tree: ast.Module, functions: Sequence[ast.FunctionDef]) -> list[ast.stmt]:
    """The lines of the only function that gives gradients."""
    giving = [f for f in functions if any(_gives(s) for s in ast.walk(f))]
    if len(giving) != 1:
        first = giving[1] if giving else next(s for s in tree.body if isinstance(s, ast.FunctionDef | ast.ClassDef))
        raise Unread(first)
    return giving[0].body


def _gives(node: ast.AST) -> bool:
    """Whether a statement gives a gradient a value."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    return any(_GIVEN.match(ast.unparse(target)) for target in targets)


def may_give(text: str) -> bool:
    """Whether a text is Python that gives gradients somewhere, or returns something."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any((isinstance(n, ast.Return) and n.value is not None) or _gives(n) for n in ast.walk(tree))


def _is_formula(function: ast.FunctionDef) -> bool:
    """Whether a function only returns a formula of its arguments, by way of names of its own."""
    *before, last = [s for s in function.body if not _says_nothing(s)] or [ast.Pass()]
    own = function.args
    return (
        isinstance(last, ast.Return)
        and last.value is not None
        and not isinstance(last.value, ast.Tuple | ast.Dict)
        and all(isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ast.Name) for s in before)
        and not (own.vararg or own.kwarg or own.kwonlyargs)
        and not any(_gives(s) for s in before)
    )


def _says_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Assert() | ast.Expr(value=ast.Constant()) | ast.Global():
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))) | ast.Return(value=None):
            return True
    return False


class _Called(ast.NodeTransformer):
    """Names of tensors for self.W and params["W"], and formulas for the functions that give them."""

    def __init__(self, formulas: Mapping[str, ast.FunctionDef]) -> None:
        self.formulas, self.depth = formulas, 0

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node = self.generic_visit(node)  # type: ignore[assignment]
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return ast.copy_location(ast.Name(node.attr, node.ctx), node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node = self.generic_visit(node)  # type: ignore[assignment]
        key = _text(node.slice)
        if isinstance(node.value, ast.Name) and key is not None and key.isidentifier():
            return ast.copy_location(ast.Name(entry(node.value.id, key), node.ctx), node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node = self.generic_visit(node)  # type: ignore[assignment]
        called = node.func.id if isinstance(node.func, ast.Name) else None
        function = self.formulas.get(called or "")
        if function is None:
            return node
        names = [a.arg for a in function.args.args if a.arg != "self"]
        given = dict(zip(names, node.args, strict=False)) | {k.arg: k.value for k in node.keywords if k.arg}
        defaults = dict(zip(reversed(names), reversed(function.args.defaults), strict=False))
        if self.depth > 8 or len(node.args) > len(names) or not set(names) <= {*given, *defaults} or not set(given) <= set(names):
            raise Unread(node)
        own: dict[str, ast.expr] = {**defaults, **given}
        for statement in (s for s in function.body if not _says_nothing(s)):
            value = _Replaced(own).visit(deepcopy(statement.value))  # type: ignore[attr-defined]
            if isinstance(statement, ast.Return):
                self.depth += 1
                whole = self.visit(value)
                self.depth -= 1
                return whole
            own = {**own, statement.targets[0].id: value}  # type: ignore[attr-defined]
        raise Unread(node)


class _Replaced(ast.NodeTransformer):
    """Formulas for names that are read."""

    def __init__(self, own: Mapping[str, ast.expr]) -> None:
        self.own = own

    def visit_Name(self, node: ast.Name) -> ast.AST:
        found = self.own.get(node.id) if isinstance(node.ctx, ast.Load) else None
        return node if found is None else deepcopy(found)


def _text(node: ast.expr) -> str | None:
    """The text that a key is: "W1", "W" + str(1), f"W{1}"; None for what is no text."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = _text(left), _text(right)
            return None if first is None or second is None else first + second
        case ast.Call(func=ast.Name(id="str"), args=[one]):
            number = _number(one)
            return None if number is None else str(number)
        case ast.JoinedStr(values=parts):
            texts = [_text(p.value) or _shown(p.value) if isinstance(p, ast.FormattedValue) else _text(p) for p in parts]
            return None if None in texts else "".join(t for t in texts if t)
    return None


def _shown(node: ast.expr) -> str | None:
    number = _number(node)
    return None if number is None else str(number)


def _number(node: ast.expr) -> int | None:
    """A whole number that is written out: 2, 2 + 1."""
    match node:
        case ast.Constant(value=int() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=one):
            number = _number(one)
            return None if number is None else -number
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv() as op, right=right):
            a, b = _number(left), _number(right)
            if a is None or b is None or (isinstance(op, ast.FloorDiv) and not b):
                return None
            return (
                a + b
                if isinstance(op, ast.Add)
                else a - b
                if isinstance(op, ast.Sub)
                else a * b
                if isinstance(op, ast.Mult)
                else a // b
            )
    return None


def _lines(body: Sequence[ast.stmt], called: _Called) -> Iterator[ast.stmt]:
    """The statements of a body, each as the lines that it says."""
    given: set[str] = set()  # names of gradients so far
    numbers: dict[str, ast.expr] = {}  # names of whole numbers, as a loop may read them
    sizes: dict[str, ast.expr] = {}  # names of sizes, which stand in later lines as what they are: N = X.shape[0]
    for statement in body:
        if _says_nothing(statement):
            continue
        if isinstance(statement, ast.For) and (several := _unrolled(statement, numbers)):
            yield from _lines(several, called)
            continue
        line = _Replaced(sizes).visit(called.visit(deepcopy(statement)))
        given |= {n.id for n in identifiers(line) if isinstance(n.ctx, ast.Store) and _GIVEN.match(n.id)}
        given |= {n.value.id for n in ast.walk(line) if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)
                  and isinstance(n.ctx, ast.Store) and _GIVEN.match(n.value.id)}  # fmt: skip
        for own in (one for part in _returned(line, given) for one in _apart(part, statement)):
            if own is not line or getattr(statement, REMADE, False) or ast.dump(own) != ast.dump(statement):
                setattr(own, REMADE, True)
            match own:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    sizes.pop(name, None)
                    if _is_size(value):
                        sizes[name] = value
                        continue
                    if _number(_Replaced(numbers).visit(deepcopy(value))) is not None:
                        numbers[name] = value
                    if isinstance(value, ast.Name) and value.id == name:
                        continue  # W1 = params["W1"]
            yield own


def _returned(statement: ast.stmt, given: set[str]) -> Iterator[ast.stmt]:
    """`return loss / n, dw / n` as `dw = dw / n`: what is returned is the gradient that is scaled in it; others as they are.

    What is made of a gradient otherwise, `X.T @ dz`, is another, and what it is turns out.
    """
    match statement:
        case ast.Return(value=ast.BinOp() | ast.Tuple() as value):
            parts = value.elts if isinstance(value, ast.Tuple) else [value]
        case _:
            yield statement
            return
    for k, part in enumerate(parts):
        names = names_in(part)
        own = [*(names & given)]
        if isinstance(part, ast.Name) or (not own and any(map(_LOSS.match, names))):
            continue
        if not given or len(own) > 1:
            yield statement
            return
        name = own[0] if own and _is_scaled(part) else f"returned{k + 1}" if len(parts) > 1 else "returned"
        yield ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], part), statement)


def _is_scaled(formula: ast.expr) -> bool:
    """Whether nothing in a formula multiplies matrices or calls a function, but for sizes: dw / len(y) + lam*w."""
    sizes = {id(inner) for node in ast.walk(formula) if isinstance(node, ast.expr) and _is_size(node) for inner in ast.walk(node)}
    return not any(isinstance(node, ast.Call | ast.MatMult) for node in ast.walk(formula) if id(node) not in sizes)


def _is_size(node: ast.expr) -> bool:
    """Whether a formula is a size: X.shape[0], len(X)."""
    match node:
        case ast.Subscript(value=ast.Attribute(value=ast.Name(), attr="shape"), slice=ast.Constant(value=int())):
            return True
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name()]):
            return True
        case ast.Call(func=ast.Name(id="float" | "int"), args=[one]):
            return _is_size(one)
    return False


def _unrolled(loop: ast.For, numbers: Mapping[str, ast.expr]) -> list[ast.stmt]:
    """The lines of a loop over layers that are named by their numbers, grads["dW" + str(l)]; none for any other loop."""
    if not isinstance(loop.target, ast.Name) or loop.orelse:
        return []
    name = loop.target.id
    keyed = any(
        isinstance(n, ast.Subscript) and not isinstance(n.slice, ast.Constant) and isinstance(n.slice, ast.BinOp | ast.JoinedStr)
        and name in names_in(n.slice) and "'" in ast.unparse(n.slice)
        for n in ast.walk(loop)
    )  # fmt: skip
    steps = _range(_Replaced(numbers).visit(deepcopy(loop.iter))) if keyed else None
    if steps is None:
        return []
    lines = [_Replaced({name: ast.Constant(k)}).visit(deepcopy(s)) for k in steps for s in loop.body]
    for line in lines:
        setattr(line, REMADE, True)
    return lines


def _range(node: ast.expr) -> list[int] | None:
    """The whole numbers over which a loop goes; None where they are not written out."""
    match node:
        case ast.Call(func=ast.Name(id="reversed"), args=[one]):
            found = _range(one)
            return None if found is None else found[::-1]
        case ast.Call(func=ast.Name(id="range"), args=[*ends], keywords=[]):
            numbers = [_number(one) for one in ends]
            known = [n for n in numbers if n is not None]
            if len(known) < len(numbers) or not 0 < len(known) < 4 or (len(known) == 3 and not known[2]):
                return None
            return list(range(*known))[:MOST_LINES]
    return None


def _apart(statement: ast.stmt, written: ast.stmt) -> Iterator[ast.stmt]:
    """A statement as those that give one name a value each."""
    make: Callable[[ast.expr, ast.expr], ast.stmt] = lambda target, value: ast.copy_location(ast.Assign([target], value), written)  # noqa: E731
    match statement:
        case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
            yield make(target, value)
        case ast.Assign(targets=[first, _, *_], value=value) if all(isinstance(t, ast.Name) for t in statement.targets):
            yield from _apart(make(first, value), written)
            for other in statement.targets[1:]:
                yield make(other, ast.Name(first.id, ast.Load()))  # type: ignore[attr-defined]
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(targets) == len(values):
            yield from _paired(targets, values, written, make)
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Attribute(attr="shape") as shape):
            for k, one in enumerate(targets):
                if isinstance(one, ast.Name) and one.id != "_":
                    yield make(one, ast.Subscript(shape, ast.Constant(k), ast.Load()))
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Name()) if all(
            isinstance(t, ast.Name) and not _GIVEN.match(t.id) for t in targets
        ):
            return  # X, W1, z1 = cache: they are what the network calls so
        case ast.Assign(targets=[ast.Name()], value=ast.Name(id="cache" | "params" | "parameters" | "cfg")):
            return
        case ast.Assign(targets=[ast.Name() as kept], value=ast.Dict() | ast.Call() as value) if (held := _held(value)) is not None:
            targets = [ast.Name(entry(kept.id, key), ast.Store()) for key, _ in held]
            yield from _paired(targets, [v for _, v in held], written, make)
        case ast.Return(value=ast.Name()):
            return
        case ast.Return(value=ast.Tuple(elts=values)) if all(isinstance(v, ast.Name) for v in values):
            return
        case ast.Return(value=ast.Dict() | ast.Call() as value) if (held := _held(value)) is not None:
            targets = [ast.Name(entry("grads", key), ast.Store()) for key, _ in held]
            yield from _paired(targets, [v for _, v in held], written, make)
        case ast.Return():
            raise Unread(written, "give what is returned a name in a line before, dW = ...")
        case _:
            yield statement


def _held(value: ast.expr) -> list[tuple[str, ast.expr]] | None:
    """The entries of a dict by their keys; None for what is none, or has other keys than texts."""
    match value:
        case ast.Dict(keys=keys, values=values):
            texts = [None if key is None else _text(key) for key in keys]
            return None if None in texts else [(t or "", v) for t, v in zip(texts, values, strict=True)]
        case ast.Call(func=ast.Name(id=called), args=[], keywords=keywords) if called in _DICTS:
            return None if any(k.arg is None for k in keywords) else [(k.arg or "", k.value) for k in keywords]
        case ast.Call(func=ast.Name(id="defaultdict")):
            return []
    return None


def _paired(
    targets: Sequence[ast.expr], values: Sequence[ast.expr], written: ast.stmt, make: Callable[[ast.expr, ast.expr], ast.stmt]
) -> Iterator[ast.stmt]:
    """a, b = x, y as a line each. Raises Unread where a later value reads what an earlier line gives."""
    given: set[str] = set()
    for target, value in zip(targets, values, strict=True):
        own = names_in(value)
        same = isinstance(target, ast.Name) and isinstance(value, ast.Name) and target.id == value.id
        if own & given:
            raise Unread(written, "write a line for each of the names")
        if not same:
            given |= names_in(target)
            yield from _apart(make(target, value), written)
