"""Recurrent operators of ONNX: the weights are those of each direction."""

from __future__ import annotations

from collections.abc import Callable

from symbackprop.language import operations as ops
from symbackprop.language.layers.stepped import Name, State, Stepped
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.onnx.elementary import Row
from symbackprop.notation.models.onnx.node import Node

ACTIVATIONS = {"Sigmoid": "sigmoid", "Tanh": "tanh", "Relu": "relu", "Softsign": "softsign", "Softplus": "softplus"}


class Direction:
    """One direction of a layer: its weights, and its activations by their place.

    W, R   the weights of the input and of the state, each with `gates` parts of rows; `b`, `c` their biases, or none.
    """

    def __init__(self, node: Node, k: int, gates: int, defaults: tuple[str, ...]) -> None:
        self.node = node
        self.W, self.R = node.tensor(1)[k], node.tensor(2)[k]
        self.size = self.R.shape[1]
        self.b = self.c = None
        if node.has(3):
            both = node.tensor(3)
            both = both if both.ndim else ops.broadcast_to(both, (self.W.shape[0] * 2,))[None]
            edge = gates * self.size
            self.b, self.c = both[k, :edge], both[k, edge : 2 * edge]
        named = node.get("activations") or list(defaults) * 2
        self.f = [self._activation(name) for name in named[k * len(defaults) : (k + 1) * len(defaults)]]

    def _activation(self, name: str) -> Callable[[Tensor], Tensor]:
        found = {k.lower(): v for k, v in ACTIVATIONS.items()}.get(name.lower())
        if found is None:
            raise self.node.refused(f"the activation {name} is not read.", f"Those are: {', '.join(ACTIVATIONS)}.")
        return TABLE[found]

    def by_input(self, x: Tensor) -> Tensor:
        """x W^T + b."""
        return x @ self.W.T if self.b is None else x @ self.W.T + self.b

    def by_state(self, h: Tensor | None) -> Tensor | None:
        """h R^T + c; None where both are zero."""
        if h is None:
            return self.c
        return h @ self.R.T if self.c is None else h @ self.R.T + self.c

    def part(self, z: Tensor | None, k: int) -> Tensor | None:
        """The k-th gate of a sum."""
        return None if z is None else z[..., k * self.size : (k + 1) * self.size]


Step = Callable[[Direction, Tensor, tuple[State, ...], Name], tuple[Tensor, ...]]


def _added(a: Tensor, b: Tensor | None) -> Tensor:
    return a if b is None else a + b


def _some(x: Tensor | None) -> Tensor:
    assert x is not None
    return x


def _rnn(cell: Direction, x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
    return (cell.f[0](_added(cell.by_input(x), cell.by_state(states[0])).called(name("z"))).called(name("h", "s")),)


def _lstm(cell: Direction, x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
    """Gates in the order i, o, f, c."""
    h, old = states
    z = _added(cell.by_input(x), cell.by_state(h)).called(name("p"))
    i, o, f, g = (_some(cell.part(z, k)) for k in range(4))
    new = cell.f[0](i).called(name("i")) * cell.f[1](g).called(name("g"))
    c = (new if old is None else cell.f[0](f).called(name("f")) * old + new).called(name("c", "m"))
    return (cell.f[0](o).called(name("o")) * cell.f[2](c)).called(name("h", "s")), c


def _gru(cell: Direction, x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
    """Gates in the order z, r, h; the reset gate before the product, or behind it with linear_before_reset."""
    (h,) = states
    p, q = cell.by_input(x), cell.by_state(h)
    s, r = (cell.f[0](_added(_some(cell.part(p, k)), cell.part(q, k))) for k in range(2))
    s, r = s.called(name("s")), r.called(name("r"))
    candidate = _some(cell.part(p, 2))
    if cell.node.get("linear_before_reset", 0):
        inner = cell.part(q, 2)
        candidate = candidate if inner is None else candidate + r * inner
    else:
        rows = cell.R[2 * cell.size : 3 * cell.size]
        candidate = candidate if h is None else candidate + (r * h) @ rows.T
        candidate = _added(candidate, cell.part(cell.c, 2))
    n = cell.f[1](candidate).called(name("n"))
    return (((1 - s) * n if h is None else (1 - s) * n + s * h).called(name("h", "v")),)


def _layer(gates: int, defaults: tuple[str, ...], step: Step) -> Row:
    """A layer: Y with all states, Y_h with the last ones, and Y_c of an LSTM."""

    def row(node: Node) -> tuple[Tensor, ...]:
        for k, what in ((4, "sequences of several lengths"), (7, "peepholes")):
            if node.has(k):
                raise node.refused(f"{what} are not read.", "Export the model without.")
        node.only(clip=None, input_forget=0, activation_alpha=None, activation_beta=None)
        x = node.tensor(0)
        x = ops.swapaxes(x, 0, 1) if node.get("layout", 0) else x
        ways = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}[node.get("direction", "forward")]
        sides = [_run(node, Direction(node, k, gates, defaults), x, back, k, step) for k, back in enumerate(ways)]
        first = 0 if not node.get("layout", 0) else 1
        states = ops.stack([side.all() for side in sides], 1)  # (T, sides, N, h)
        last = [ops.stack([side.last(place) for side in sides], first) for place in range(2 if node.op == "LSTM" else 1)]
        return (ops.transpose(states, (2, 0, 1, 3)) if node.get("layout", 0) else states, *last)

    return row


def _run(node: Node, cell: Direction, x: Tensor, back: bool, k: int, step: Step) -> Stepped:
    """The states of one direction."""
    starts = [_before(node, place, k) for place in ((5, 6) if node.op == "LSTM" else (5,))]
    shape = x.shape[1], cell.size
    return Stepped(node.op, x, 0, starts, shape, lambda x, states, name: step(cell, x, states, name), back)


def _before(node: Node, k: int, side: int) -> Tensor | None:
    """The state before the first step; None where it is zero."""
    if not node.has(k):
        return None
    given = node.value(k)
    if not isinstance(given, Tensor) and not given.any():
        return None
    h = node.tensor(k)
    return h[:, side] if node.get("layout", 0) else h[side]


ROWS: dict[str, Row] = {
    "RNN": _layer(1, ("Tanh",), _rnn), "LSTM": _layer(4, ("Sigmoid", "Tanh", "Tanh"), _lstm),
    "GRU": _layer(3, ("Sigmoid", "Tanh"), _gru),
}  # fmt: skip
"""From an operator to its values."""
