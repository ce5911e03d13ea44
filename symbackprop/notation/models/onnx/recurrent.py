"""Recurrent operators of ONNX, unrolled: the sequence has a number of steps, its weights are those of each direction."""

from __future__ import annotations

from collections.abc import Callable

from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.onnx.elementary import Row
from symbackprop.notation.models.onnx.node import Node

LONGEST = 1_000  # steps
ACTIVATIONS = {"Sigmoid": "sigmoid", "Tanh": "tanh", "Relu": "relu", "Softsign": "softsign", "Softplus": "softplus"}

State = dict[str, Tensor | None]


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


def _added(a: Tensor, b: Tensor | None) -> Tensor:
    return a if b is None else a + b


def _some(x: Tensor | None) -> Tensor:
    assert x is not None
    return x


def _rnn(cell: Direction, x: Tensor, state: State, t: int) -> None:
    state["h"] = cell.f[0](_added(cell.by_input(x), cell.by_state(state["h"])).called(f"z_{t}")).called(f"h_{t}")


def _lstm(cell: Direction, x: Tensor, state: State, t: int) -> None:
    """Gates in the order i, o, f, c."""
    z = _added(cell.by_input(x), cell.by_state(state["h"])).called(f"p_{t}")
    i, o, f, g = (_some(cell.part(z, k)) for k in range(4))
    new = cell.f[0](i).called(f"i_{t}") * cell.f[1](g).called(f"g_{t}")
    old = state["c"]
    c = (new if old is None else cell.f[0](f).called(f"f_{t}") * old + new).called(f"c_{t}")
    state["c"], state["h"] = c, (cell.f[0](o).called(f"o_{t}") * cell.f[2](c)).called(f"h_{t}")


def _gru(cell: Direction, x: Tensor, state: State, t: int) -> None:
    """Gates in the order z, r, h; the reset gate before the product, or behind it with linear_before_reset."""
    p, q, h = cell.by_input(x), cell.by_state(state["h"]), state["h"]
    s, r = (cell.f[0](_added(_some(cell.part(p, k)), cell.part(q, k))) for k in range(2))
    s, r = s.called(f"s_{t}"), r.called(f"r_{t}")
    candidate = _some(cell.part(p, 2))
    if cell.node.get("linear_before_reset", 0):
        inner = cell.part(q, 2)
        candidate = candidate if inner is None else candidate + r * inner
    else:
        rows = cell.R[2 * cell.size : 3 * cell.size]
        candidate = candidate if h is None else candidate + (r * h) @ rows.T
        candidate = _added(candidate, cell.part(cell.c, 2))
    n = cell.f[1](candidate).called(f"n_{t}")
    state["h"] = ((1 - s) * n if h is None else (1 - s) * n + s * h).called(f"h_{t}")


def _layer(gates: int, defaults: tuple[str, ...], step: Callable[[Direction, Tensor, State, int], None]) -> Row:
    """A layer: Y with all states, Y_h with the last ones, and Y_c of an LSTM."""

    def row(node: Node) -> tuple[Tensor, ...]:
        for k, what in ((4, "sequences of several lengths"), (7, "peepholes")):
            if node.has(k):
                raise node.refused(f"{what} are not read.", "Export the model without.")
        node.only(clip=None, input_forget=0, activation_alpha=None, activation_beta=None)
        x = node.tensor(0)
        x = ops.swapaxes(x, 0, 1) if node.get("layout", 0) else x
        if not x.shape[0].is_Integer or not 0 < int(x.shape[0]) <= LONGEST:
            raise node.refused(f"its sequence has {x.shape[0]} steps, and is unrolled.", "Export the model with a fixed number.")
        ways = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}[node.get("direction", "forward")]
        sides = [_run(node, Direction(node, k, gates, defaults), x, back, k, step) for k, back in enumerate(ways)]
        first = 0 if not node.get("layout", 0) else 1
        states = ops.stack([ops.stack(side, 0) for side, _ in sides], 1)  # (T, sides, N, h)
        last = [ops.stack([_some(end[name]) for _, end in sides], first) for name in ("h", "c") if name in sides[0][1]]
        return (ops.transpose(states, (2, 0, 1, 3)) if node.get("layout", 0) else states, *last)

    return row


def _run(
    node: Node, cell: Direction, x: Tensor, back: bool, k: int, step: Callable[[Direction, Tensor, State, int], None]
) -> tuple[list[Tensor], State]:
    """The states of one direction by their time, and the last one."""
    state: State = {"h": _before(node, 5, k)}
    if node.op == "LSTM":
        state["c"] = _before(node, 6, k)
    count = int(x.shape[0])
    states: dict[int, Tensor] = {}
    for t in reversed(range(count)) if back else range(count):
        step(cell, x[t].called(f"x_{t + 1}"), state, t + 1)
        states[t] = _some(state["h"])
    return [states[t] for t in range(count)], state


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
