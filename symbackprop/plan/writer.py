"""What all statements of a plan are written with: operands as windows of buffers, and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from symbackprop.plan.memory import Memory, Store
from symbackprop.plan.node import Fixed, Input, Node, View
from symbackprop.plan.statements import Apply, Compute, Loop, Operand, Scalar, Statement, Window


class Writer:
    """The statements so far, in order: those of the loop that is open, and of what is around it."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.said: list[Statement] = []
        self._around: list[tuple[list[Statement], set[int]]] = []
        self._loaded: set[int] = set()

    @contextmanager
    def loop(self, number: int, count: int) -> Iterator[None]:
        """What is said within is said in every turn of a loop."""
        self._around.append((self.said, self._loaded))
        self.said, self._loaded = [], set(self._loaded)
        yield
        body = tuple(self.said)
        self.said, self._loaded = self._around.pop()
        self.said.append(Loop(number, count, body))

    def before(self, depth: int) -> list[Statement]:
        """The statements within so many loops."""
        return self._around[depth][0] if depth < len(self._around) else self.said

    def say(self, function: str, operands: tuple[Operand, ...], out: Window) -> None:
        """A function of entries."""
        self.said.append(Apply(function, operands, out))

    def number(self, node: Node) -> Operand:
        """A node without axes as a number."""
        if isinstance(node.op, Fixed) and node.array is not None:
            return float(node.array)
        if isinstance(node.op, Input | View) and node.number not in self._loaded:
            self._loaded.add(node.number)
            store = self.memory.store(node)
            self.said.append(Compute("real", (store.window(((1, 1),)),), Scalar(f"t{node.number}")))
        return Scalar(f"t{node.number}")

    def windows(self, node: Node, out: Store | None) -> tuple[Window | None, list[Operand]]:
        """The result and the arguments with the same axes; neighbouring axes are one where all allow it."""
        arrays = [(arg, self.memory.store(arg.node)) for arg in node.args if arg.node.rank]
        steps = [dict(zip(arg.at, store.strides, strict=True)) for arg, store in arrays]
        own = dict(enumerate(out.strides)) if out else {}
        order = [x for x in self.memory.order[node.number] if node.shape[x] != 1]
        rows: list[tuple[int, list[int]]] = []
        for x in order:
            here = [own[x], *(step.get(x, 0) for step in steps)]
            if rows and all(a == b * node.shape[x] for a, b in zip(rows[-1][1], here, strict=True)):
                rows[-1] = rows[-1][0] * node.shape[x], here
            else:
                rows.append((node.shape[x], here))
        windows: list[Operand] = []
        k = 0
        for arg in node.args:
            if not arg.node.rank:
                windows.append(self.number(arg.node))
                continue
            k += 1
            dims = [(n if step[k] else 1, step[k]) for n, step in rows]
            while dims and dims[0] == (1, 0):
                dims = dims[1:]
            store = arrays[k - 1][1]
            windows.append(store.window(tuple(dims) or ((1, 1),)))
        result = out.window(tuple((n, step[0]) for n, step in rows) or ((1, 1),)) if out else None
        return result, windows

    def all(self, store: Store, node: Node) -> Window:
        """All entries of a node, outermost axis first."""
        order = self.memory.order[node.number]
        return store.window(tuple((node.shape[x], store.strides[x]) for x in order))
