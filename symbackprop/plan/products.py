"""Matrix products as statements: axes that fall together are one, what no product can read is copied once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from symbackprop.plan.layout import moved_along, strides_of
from symbackprop.plan.memory import Store
from symbackprop.plan.node import Arg, Input, Node, Shape, View
from symbackprop.plan.statements import Apply, Copy, Inner, Product, Reduced, Scalar, Statement, Window, WindowProduct
from symbackprop.plan.writer import Writer

SHORT = 1 << 12  # entries that a product with ones adds
LARGE = 1 << 16  # entries: a smaller copy of windows stays near, for the products forwards and backwards
Steps = Mapping[int, int]  # a stride for each axis of a space


def merged(axes: Sequence[int], space: Shape, tables: Sequence[Steps]) -> tuple[int, list[int]] | None:
    """Axes, outermost first, as one: its extent and its stride in each table; None where their strides do not allow it."""
    axes = [x for x in axes if space[x] != 1]
    if not axes:
        return 1, [0] * len(tables)
    extent, steps = space[axes[-1]], [table[axes[-1]] for table in tables]
    for x in reversed(axes[:-1]):
        if any(table[x] != step * extent for table, step in zip(tables, steps, strict=True)):
            return None
        extent *= space[x]
    return extent, steps


class Products:
    """Writes the products of a plan; copies of operands are kept for the other products that read them."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.memory = writer, writer.memory
        self._copies: dict[int, Store] = {}

    def statements(self, node: Node) -> list[Statement]:
        """The statements of a Dot of two."""
        if not node.rank:
            return self._inner(node)
        a, b = node.args
        kept, over = range(node.rank), list(range(node.rank, len(node.space)))
        both = [x for x in kept if x in a.at and x in b.at]
        rows, columns = ([x for x in kept if x in arg.at and x not in both] for arg in (a, b))
        store = self.memory.store(node)
        out = dict(enumerate(store.strides))
        for axes in (both, rows, columns):
            axes.sort(key=lambda x: -out[x])
        said: list[Statement] = []
        sides = [self._side(arg) for arg in (a, b)]
        over.sort(key=lambda x: -sides[self._sparse(node)][1][x])
        stays = self._standing(node)
        for k, (arg, own) in enumerate(((a, rows), (b, columns))):
            if k != stays and not self._readable(arg, node.space, sides[k][1], own, over):
                first = k == 0 and not both and bool(moved_along(arg.node))
                order = (*both, *over, *own) if first else self._order(arg, both, own, over)
                sides[k] = self._copied(arg, order, said)
        if stays is not None:
            return said + self._of_windows(node, store, out, sides, both, (rows, columns), over, stays)
        if merged(over, node.space, [sides[0][1], sides[1][1]]) is None:
            k = self._sparse(node)
            other, own = ((b, columns), (a, rows))[k]
            sides[1 - k] = self._copied(other, self._order(other, both, own, over), said)
        if merged(over, node.space, [sides[0][1], sides[1][1]]) is None:
            k = self._sparse(node)
            sides[k] = self._copied((a, b)[k], self._order((a, b)[k], both, (rows, columns)[k], over), said)
        return said + self._product(node, store, out, sides, both, rows, columns, over)

    def _sparse(self, node: Node) -> int:
        """Which argument says the order of the summed axes: one that is no windows, and the larger: the other is copied."""
        windows = [bool(moved_along(arg.node)) for arg in node.args]
        if any(windows):
            return 1 if windows[0] else 0
        large = [(math.prod(arg.node.shape), not isinstance(arg.node.op, Input)) for arg in node.args]
        return 1 if large[1] > large[0] else 0

    def _standing(self, node: Node) -> int | None:
        """Which argument is read where it stands: windows of which a copy would be large, and not of what was before a loop."""
        windows = [k for k, arg in enumerate(node.args) if moved_along(arg.node)]
        if "windows" not in self.memory.passes or len(windows) != 1:
            return None
        (k,) = windows
        arg = node.args[k].node
        before = self.writer.before(len(self.memory.loops(arg))) is not self.writer.said
        return None if before or arg.number in self._copies or math.prod(arg.shape) < LARGE else k

    def _of_windows(
        self, node: Node, store: Store, out: Steps, sides: Sequence[tuple[Store, Steps]], both: Sequence[int],
        own: Sequence[Sequence[int]], over: Sequence[int], k: int,
    ) -> list[Statement]:  # fmt: skip
        """The product of the other argument and one whose windows are read where they stand."""
        space, (b, sb), (a, sa) = node.space, sides[k], sides[1 - k]
        rows, columns = own[1 - k], own[k]
        said: list[Statement] = []
        if merged(over, space, [sa]) is None or merged(rows, space, [sa]) is None:
            a, sa = self._copied(node.args[1 - k], (*both, *rows, *over), said)
        written, between = store, out
        if merged(rows, space, [out, sa]) is None or merged(columns, space, [out]) is None:
            strides = strides_of(node.shape, (*both, *rows, *columns))
            written, between = Store(self.memory.work(math.prod(node.shape), "real"), 0, strides), dict(enumerate(strides))
        (m, (am, om)), (depth, (ak,)) = _found(merged(rows, space, [sa, between])), _found(merged(over, space, [sa]))
        n, (on,) = _found(merged(columns, space, [between]))
        groups = _together(over, space, sb), _together(columns, space, sb)
        ahead = merged(both, space, [sa, sb, between]) if both else None
        lead = [ahead] if ahead else [(space[x], [sa[x], sb[x], between[x]]) for x in both]
        left, right, result = ([(extent, steps[side]) for extent, steps in lead] for side in range(3))
        said.append(
            WindowProduct(
                a.window((*left, (m, am), (depth, ak))), b.window((*right, *groups[0], *groups[1])),
                written.window((*result, (m, om), (n, on))), len(groups[0]), len(lead),
            )
        )  # fmt: skip
        if written is not store:
            order = (*both, *rows, *columns)
            dims = [node.shape[x] for x in order]
            windows = [s.window(tuple(zip(dims, (s.strides[x] for x in order), strict=True))) for s in (written, store)]
            said.append(Copy(*windows))
        return said

    def _side(self, arg: Arg) -> tuple[Store, dict[int, int]]:
        store = self._copies.get(arg.node.number) or self.memory.store(arg.node)
        return store, dict(zip(arg.at, store.strides, strict=True))

    def _readable(self, arg: Arg, space: Shape, steps: Steps, own: Sequence[int], over: Sequence[int]) -> bool:
        """Whether a product can read an operand where it stands: rows or columns are contiguous, and no entry comes twice."""
        mine = [x for x in over if x in steps]
        groups = [merged(axes, space, [steps]) for axes in (own, mine)]
        if any(group is None for group in groups):
            return False
        (_, (outer,)), (_, (inner,)) = (group for group in groups if group is not None)
        if outer not in (0, 1) and inner not in (0, 1):
            return False
        if arg.node.number in self._copies or not isinstance(arg.node.op, View):
            return True
        return not moved_along(arg.node)

    def _order(self, arg: Arg, both: Sequence[int], own: Sequence[int], over: Sequence[int]) -> tuple[int, ...]:
        """The axes of a copy: what lies side by side stays so, and runs of entries are copied and not single ones."""
        steps = dict(zip(arg.at, self.memory.store(arg.node).strides, strict=True))
        shape = dict(zip(arg.at, arg.node.shape, strict=True))
        inner = min(steps, key=lambda x: (shape[x] == 1, abs(steps[x]), -shape[x]))
        return (*both, *over, *own) if inner in own else (*both, *own, *over)

    def _copied(self, arg: Arg, order: Sequence[int], said: list[Statement]) -> tuple[Store, dict[int, int]]:
        """A contiguous copy with its axes in this order of the space: of what a loop does not change, before the loop."""
        own = tuple(arg.at.index(x) for x in order if x in arg.at)
        node = arg.node
        source = self.memory.store(node)
        strides = strides_of(node.shape, own)
        depth = len(self.memory.loops(node))
        earlier = self.writer.before(depth)
        is_kept = earlier is not self.writer.said
        store = Store(self.memory.work(math.prod(node.shape), "real", fresh=is_kept), 0, strides)
        dims = [node.shape[k] for k in own]
        (earlier if is_kept else said).append(
            Copy(
                source.window(tuple(zip(dims, (source.strides[k] for k in own), strict=True))),
                Window(store.buffer, 0, tuple(zip(dims, (strides[k] for k in own), strict=True))),
            )
        )
        self._copies[node.number] = store
        return store, dict(zip(arg.at, strides, strict=True))

    def _product(
        self, node: Node, store: Store, out: Steps, sides: Sequence[tuple[Store, Steps]],
        both: Sequence[int], rows: Sequence[int], columns: Sequence[int], over: Sequence[int],
    ) -> list[Statement]:  # fmt: skip
        space = node.space
        (a, sa), (b, sb) = sides
        row, column = merged(rows, space, [out, sa]), merged(columns, space, [out, sb])
        middle = merged(over, space, [sa, sb])
        assert middle is not None
        if row is None or column is None:  # the result is put together in an order that a product can write
            order = (*both, *rows, *columns)
            strides = strides_of(node.shape, order)
            between = Store(self.memory.work(math.prod(node.shape), "real"), 0, strides)
            said = self._product(node, between, dict(enumerate(strides)), sides, both, rows, columns, over)
            dims = [node.shape[x] for x in order]
            windows = [s.window(tuple(zip(dims, (s.strides[x] for x in order), strict=True))) for s in (between, store)]
            return [*said, Copy(windows[0], windows[1])]
        (m, (om, am)), (p, (on, bn)), (k, (ak, bk)) = row, column, middle
        lead = [(space[x], out[x], sa[x], sb[x]) for x in both]
        left = a.window((*((n, s) for n, _, s, _ in lead), (m, am), (k, ak)))
        right = b.window((*((n, s) for n, _, _, s in lead), (k, bk), (p, bn)))
        result = store.window((*((n, s) for n, s, _, _ in lead), (m, om), (p, on)))
        if not lead and p == 1:
            return [Product(left, _flat(right, 0), _flat(result, 0), m == 1 or om == 1)]
        if not lead and m == 1:
            return [Product(_turned(right), _flat(left, 1), _flat(result, 1), on == 1)]
        if om == 1 and on != 1:  # the transposed result is the swapped product
            left, right, result, m, p, om, on = _turned(right), _turned(left), _turned(result), p, m, on, om
        return [Product(left, right, result, not lead and on == 1 and om == p)]

    def _inner(self, node: Node) -> list[Statement]:
        """The sum of all entries of a product."""
        a, b = (self.memory.store(arg.node) for arg in node.args)
        sa, sb = (dict(zip(arg.at, s.strides, strict=True)) for arg, s in zip(node.args, (a, b), strict=True))
        lead = sb if isinstance(node.args[0].node.op, Input) else sa
        axes = sorted(range(len(node.over)), key=lambda x: -lead[x])
        target = Scalar(f"t{node.number}")
        if (one := merged(axes, node.space, [sa, sb])) is not None:
            n, (p, q) = one
            return [Inner(a.window(((n, p),)), b.window(((n, q),)), target)]
        windows = [s.window(tuple((node.space[x], t[x]) for x in axes)) for s, t in ((a, sa), (b, sb))]
        size, between = math.prod(node.space), self.memory.work(math.prod(node.space), "real")
        strides = strides_of(tuple(node.space[x] for x in axes), range(len(axes)))
        product = Window(between, 0, tuple(zip((node.space[x] for x in axes), strides, strict=True)))
        whole = Window(between, 0, ((size, 1),))
        added = Inner(whole, self.memory.ones(size), target) if size <= SHORT else Reduced("add", whole, (0,), target)
        return [Apply("multiply", tuple(windows), product), added]


def _together(axes: Sequence[int], space: Shape, steps: Steps) -> list[tuple[int, int]]:
    """The extents and strides of axes, outermost first; neighbours that fall together are one."""
    found: list[tuple[int, int]] = []
    for x in axes:
        if space[x] == 1:
            continue
        if found and found[-1][1] == steps[x] * space[x]:
            found[-1] = found[-1][0] * space[x], steps[x]
        else:
            found.append((space[x], steps[x]))
    return found or [(1, 0)]


def _found(group: tuple[int, list[int]] | None) -> tuple[int, list[int]]:
    assert group is not None
    return group


def _turned(window: Window) -> Window:
    *lead, row, column = window.dims
    return replace(window, dims=(*lead, column, row))


def _flat(window: Window, axis: int) -> Window:
    """The window without the axis that has one entry."""
    keep = window.dims[axis]
    return replace(window, dims=((keep[0], keep[1] or 1),))
