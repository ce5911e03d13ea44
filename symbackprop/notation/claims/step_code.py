"""Claims in Python text with steps of loops: dW[l] = outer(delta[l], z[l-1]), and loops that fill dW[l]. Read, never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.loops.step_axes import Axis
from symbackprop.core.program import Program
from symbackprop.language.tensors import Tensor, as_tensor
from symbackprop.notation.claims.steps import At
from symbackprop.notation.errors import NotationError
from symbackprop.notation.functions import Named, slopes
from symbackprop.notation.grammar import parsed
from symbackprop.notation.identifiers import identifiers
from symbackprop.notation.loops.indices import Numbered
from symbackprop.notation.loops.prepared import prepared
from symbackprop.notation.loops.steps import Steps
from symbackprop.notation.reader import Reader
from symbackprop.notation.statements import statement

if TYPE_CHECKING:
    from symbackprop.notation.claims.python_claim import ClaimTensors

_AT_STEP = re.compile(r"\s*([A-Za-z_]\w*)\[([^\]\n]+)\]\s*=(?!=)\s*(.+)", re.DOTALL)
_OWN = "claimed_1"  # what the claimed gradient is called while its line is read


def at_step(text: str) -> re.Match[str] | None:
    """The name, the index and the right side of one line such as dW[l] = ...; None for anything else."""
    found = _AT_STEP.fullmatch(text.strip())
    return found if found and "\n" not in text.strip() else None


def has_loops(tree: ast.Module) -> bool:
    """Whether code has a loop."""
    return any(isinstance(node, ast.For) for node in ast.walk(tree))


def read_loops(text: str, claim: ClaimTensors) -> tuple[str, Program, tuple[Expr, ...]]:
    """Code with loops: what it writes of the gradient that is claimed; else what it writes last, with its name.

    Raises NotationError where it is not in the language.
    """
    tree, _ = parsed(text, "<claim>")
    if not claim.context.loops:
        return _read_code(text, tree, claim)
    reader = _read(text, claim)
    written = [name for name in _written(tree) if name in reader.names or name in _steps(reader).stacks]
    name = _claimed(tree, written, claim)
    return name, *claim.program(_whole(reader, name))


def _claimed(tree: ast.Module, written: list[str], claim: ClaimTensors) -> str:
    """The name that code claims: that of its last line, else the last one of the gradient that is claimed, else the last."""
    last, wrt = tree.body[-1], claim.context.wrt
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Name) and last.value.id in written:
        return last.value.id
    meant = [n for n in written if (role := claim.role(n)) is not None and (role.of, role.wrt) == (claim.context.of, wrt)]
    if not written:
        raise NotationError("no line gives a gradient a value.", "Write dW = ... for what is claimed.")
    return (meant or written)[-1]


def _read_code(text: str, tree: ast.Module, claim: ClaimTensors) -> tuple[str, Program, tuple[Expr, ...]]:
    """Code whose loops are Python's own, of samples or entries: what a name holds at its end."""
    counted = {
        n.id for loop in ast.walk(tree) if isinstance(loop, ast.For) for n in ast.walk(loop.target) if isinstance(n, ast.Name)
    }
    name = _claimed(tree, [name for name in _written(tree) if name not in counted], claim)
    reader = _read(f"{text}\n{_OWN} = {name}", claim)
    value = reader.evaluator.plain(reader.names[_OWN])
    if not isinstance(value, Tensor | int | float | Expr):
        raise NotationError(f"{name} is no tensor.", f"Give each gradient a name: dW1 = {name}[0].")
    return name, *claim.program(as_tensor(value))


def read_step(text: str, claim: ClaimTensors, axis: Axis) -> tuple[str, tuple[At, ...], Program, tuple[Expr, ...]]:
    """One line at a step: dW[l] = ..., delta[n] = ...; at all steps at which it has a value, or at the one that it names.

    axis   of the loop along which what is claimed goes.
    """
    found = at_step(text)
    assert found is not None
    name, index, right = found.groups()
    letter = index.strip()
    fault: NotationError | None = None
    if not letter.isidentifier() or letter in claim.sizes:
        reader = _read(f"{_OWN} = {right}", claim, from_one=True)
        place = sp.expand(_number(reader, letter) - axis.origin)
        return name, (At(0, axis, place),), *claim.program(_whole(reader, _OWN))
    for low, high in ((0, 0), (0, 1), (1, 0), (1, 1)):
        header = f"for {letter} in {axis.origin + low}..{sp.expand(axis.last - high)}:"
        try:
            reader = _read(f"{header}\n    {_OWN}[{letter}] = {right}", claim)
        except NotationError as error:
            fault = fault or error
            continue
        at = (At(0, axis, sp.Integer(low), low + high),) if low or high else ()
        return name, at, *claim.program(_whole(reader, _OWN))
    assert fault is not None
    raise fault


def _number(reader: Reader, text: str) -> Expr:
    """n - 1 as an expression of sizes."""
    tree, _ = parsed(text, "<claim>")
    value = reader.evaluator.plain(reader.evaluator.value(tree.body[0].value)) if isinstance(tree.body[0], ast.Expr) else None
    if not isinstance(value, int | Expr):
        raise NotationError(f"{text} is no step.", "Write a letter, a number or a size: dW[l], dW[n].")
    return sp.Integer(value) if isinstance(value, int) else value


def _steps(reader: Reader) -> Steps:
    assert isinstance(reader.steps, Steps)
    return reader.steps


def _read(text: str, claim: ClaimTensors, from_one: bool = False) -> Reader:
    """The code, over the tensors of the network, its true gradients and what earlier steps named.

    from_one   whether steps count from 1, where no loop says it.
    """
    tree, source = parsed(text, "<claim>")
    lines = [n for n in tree.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Name))]  # that says what is claimed
    is_code = not claim.context.loops  # where the network has no loop, one is Python's: of arrays that it fills, counted from 0
    reader = Reader(source, function="backward" if is_code else None)
    reader.sizes |= claim.sizes
    reader.evaluator.functions |= slopes(tree)
    for name in claim.context.functions:
        reader.evaluator.functions |= {name: Named(name)} | {name + "_prime" * k: Named(name, k) for k in (1, 2)}
    own = {name for name in _written(tree) if not (is_code and claim.called(name) in claim.context.forward.tensors)}
    for node in (n for n in identifiers(tree) if n.id not in own):
        value = claim.value(node.id)
        if isinstance(value, Tensor):
            reader.names[node.id] = value
            numbered = _numbered(claim, node.id, value) or _from_first(claim, node.id, value, from_one)
            if numbered is not None:
                _steps(reader).stacks[node.id] = numbered
    if is_code:
        reader.reserved.append({*reader.names})  # what code calls so is another tensor than the network's
    body = prepared(reader, lines, list(reader.names)) if is_code else lines
    reader.foresee(body)
    for node in body:
        statement(reader, node)
    return reader


def _numbered(claim: ClaimTensors, name: str, whole: Tensor) -> Numbered | None:
    """A tensor that is carried, with what the loop starts from: z[0], z[1], ..., z[n]."""
    loops = claim.context.loops
    found = loops.before.get((claim.context.aliases.get(name, name), 0))
    if found is None:
        return None
    step, before = found
    origin = loops.axes[before][0].origin
    carried = claim.unnamed(before)
    if step > 0:
        return Numbered(whole, {0: origin}, {origin - 1: carried[0]})
    return Numbered(whole, {0: origin}, {sp.expand(origin + whole.shape[0]): carried[-1]})


def _from_first(claim: ClaimTensors, name: str, whole: Tensor, from_one: bool) -> Numbered | None:
    """A tensor or a gradient that goes along a loop, counted from where the loop begins; from 1 where that is asked for."""
    role = claim.role(name)
    loops = claim.context.loops
    about = role.wrt if role else loops.stands.get(name, claim.context.aliases.get(name, name))
    axis = loops.axes.get(about, {}).get(0)
    return Numbered(whole, {0: axis.origin}) if axis is not None and (from_one or axis.origin != 1) else None


def _written(tree: ast.Module) -> Iterator[str]:
    """The names that code gives values to, in the order of writing, with those that are filled step by step."""
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        target = node.value if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) else node
        if isinstance(target, ast.Name) and (target is not node or isinstance(target.ctx, ast.Store)):
            found.pop(target.id, None)
            found[target.id] = None
    return iter(found)


def _whole(reader: Reader, name: str) -> Tensor:
    """What a name holds at the end; of one that is filled step by step all its steps, those before the first included."""
    numbered = _steps(reader).stacks.get(name)
    if numbered is None:
        value: Any = reader.evaluator.plain(reader.names[name])
        return as_tensor(value)
    return numbered.extended().tensor
