"""Loops over steps, in JAX: a loop of Python over the numbers of the steps, what it writes kept by its number."""

import ast
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

STEPS = "_steps"


class Steps:
    """z[0], z[1], ...: what stands above the loop, and what the loop wrote."""

    def __init__(self) -> None:
        self.values: dict[int, Any] = {}
        self.starts: set[int] = set()

    def start(self, key: int, value: Any) -> None:
        self.values[key] = value
        self.starts.add(key)

    def __setitem__(self, key: int, value: Any) -> None:
        self.values[key] = value

    def __getitem__(self, key: Any) -> Any:
        first, *rest = key if isinstance(key, tuple) else (key,)
        return self.values[first][tuple(rest)]

    def stack(self) -> Any:
        return jnp.stack([self.values[k] for k in sorted(self.values.keys() - self.starts)])


def stepped(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, with each `for t in 1..T` as a loop of Python whose arrays are counted from 1."""
    loops = [s for s in statements if isinstance(s, ast.For) and isinstance(s.iter, ast.Attribute)]
    letters = {s.target.id for s in loops if isinstance(s.target, ast.Name)}
    found = [n for s in loops for n in ast.walk(s) if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)]
    written = {n.value.id for n in found if isinstance(n.ctx, ast.Store)}
    counted = {n.value.id for n in found if _is_step(n, letters)} - written
    turned = [ast.fix_missing_locations(_Turned(written, counted).visit(s)) for s in statements]
    return [*(ast.parse(f"{name} = {STEPS}()").body[0] for name in sorted(written)), *turned]


def _is_step(node: ast.Subscript, letters: set[str]) -> bool:
    first = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
    first = first.left if isinstance(first, ast.BinOp) else first
    return isinstance(first, ast.Name) and first.id in letters


class _Turned(ast.NodeTransformer):
    def __init__(self, written: set[str], counted: set[str]) -> None:
        self.written, self.counted, self.inside = written, counted, False

    def visit_For(self, node: ast.For) -> ast.AST:
        if not isinstance(node.iter, ast.Attribute):
            return self.generic_visit(node)
        assert isinstance(node.iter.value, ast.Constant)
        low = int(node.iter.value.value)
        node.iter = ast.parse(f"range({low}, {node.iter.attr} + 1)", mode="eval").body
        self.inside = True
        node.body = [self.visit(s) for s in node.body]
        self.inside = False
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        target, value = node.targets[0], self.visit(node.value)
        if isinstance(target, ast.Subscript) and not self.inside:
            assert isinstance(target.value, ast.Name)
            return ast.Expr(ast.Call(ast.Attribute(target.value, "start", ast.Load()), [target.slice, value], []))
        return ast.Assign(node.targets, value)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id in self.written:
            return ast.Subscript(node.value, self.visit(node.slice), node.ctx)
        if isinstance(node.value, ast.Name) and node.value.id in self.counted:
            first, *rest = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            lower = ast.BinOp(first, ast.Sub(), ast.Constant(1))
            return ast.Subscript(node.value, ast.Tuple([lower, *map(self.visit, rest)], ast.Load()), node.ctx)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.parse(f"{node.id}.stack()", mode="eval").body if node.id in self.written else node
