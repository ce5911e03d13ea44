"""One step of Keras' recurrent layers, and of several cells one above the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symbackprop.language import operations as ops
from symbackprop.language.layers.stepped import Name, State
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.keras.layer import Layer, activation, applied


class Cell:
    """A cell: its weights, and its step from x_t and the states before to the states, the first of which it gives.

    gates   how many parts the columns of its weights have; `count` how many states it has.
    biases  rows of its bias: two where what comes of the state has one of its own.
    """

    gates, count, biases = 1, 1, 1

    def __init__(self, layer: Layer, wide: Any) -> None:
        self.layer, self.size = layer, int(layer.config["units"])
        columns = self.gates * self.size
        self.W = layer.weight("W", (wide, columns), True, None)
        self.U = layer.weight("U", (self.size, columns), True, None)
        self.b: Tensor | None = None
        if layer.config.get("use_bias", True):
            self.b = layer.weight("b", (columns,) if self.biases == 1 else (self.biases, columns), True, None)

    @property
    def sizes(self) -> tuple[int, ...]:
        return (self.size,) * self.count

    def step(self, x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
        raise NotImplementedError

    def part(self, z: Tensor | None, k: int) -> Tensor | None:
        """The k-th part of the columns."""
        return None if z is None else z[..., k * self.size : (k + 1) * self.size]

    def gate(self, inside: Tensor, name: Name, stem: str, setting: str = "recurrent_activation") -> Tensor:
        """f(z) for the setting; z has a name where the steps are written out."""
        inside = inside if name.number is None else inside.called(name(f"z_{stem}"))
        given = self.layer.config.get(setting, "tanh" if setting == "activation" else "sigmoid")
        return activation(self.layer, given or "linear", inside).called(name(stem))

    def summed(self, x: Tensor, state: State) -> Tensor:
        """x W + h U + b."""
        z = x @ self.W
        z = z if state is None else state @ self.U + z
        return z if self.b is None else z + self.b


class Simple(Cell):
    """h_t = f(x_t W + h_{t-1} U + b)."""

    def step(self, x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
        z = self.summed(x, states[0]).called(name("z"))
        return (activation(self.layer, self.layer.config.get("activation", "tanh") or "linear", z).called(name("h", "s")),)


class Memory(Cell):
    """h_t = o f(c_t), c_t = s c_{t-1} + i g; the columns are those of i, s, g, o."""

    gates, count = 4, 2

    def step(self, x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
        state, memory = states
        z = self.summed(x, state).called(name("p"))
        i, f, g, o = (
            self.gate(_some(self.part(z, k)), name, stem, "activation" if stem == "g" else "recurrent_activation")
            for k, stem in enumerate("ifgo")
        )
        memory = (i * g if memory is None else f * memory + i * g).called(name("c", "m"))
        out = applied(self.layer, self.layer.config.get("activation", "tanh") or "linear", memory)
        return (o * out).called(name("h", "s")), memory


class Gated(Cell):
    """h_t = s h_{t-1} + (1 - s) n; the columns are those of s, r and n. The reset gate r stands behind the product."""

    gates, biases = 3, 2

    def step(self, x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
        (state,) = states
        p = x @ self.W if self.b is None else x @ self.W + self.b[0]
        q = None if state is None else state @ self.U
        if self.b is not None:
            q = self.b[1] if q is None else q + self.b[1]
        p, q = p.called(name("p")), None if q is None else q.called(name("q"))
        s, r = (self.gate(_sum(self.part(p, k), self.part(q, k)), name, stem) for k, stem in enumerate("sr"))
        inner = self.part(q, 2)
        n = self.gate(_sum(self.part(p, 2), None if inner is None else r * inner), name, "n", "activation")
        return (_mixed(s, state, n).called(name("h", "v")),)


class GatedBefore(Cell):
    """h_t = s h_{t-1} + (1 - s) n; the columns are those of s, r and n. The reset gate r stands before the product."""

    gates = 3

    def step(self, x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
        (state,) = states
        p = (x @ self.W if self.b is None else x @ self.W + self.b).called(name("p"))
        U = self.U
        q = None if state is None else state @ U[:, : 2 * self.size]
        s, r = (self.gate(_sum(self.part(p, k), self.part(q, k)), name, stem) for k, stem in enumerate("sr"))
        inner = None if state is None else (r * state) @ U[:, 2 * self.size :]
        n = self.gate(_sum(self.part(p, 2), inner), name, "n", "activation")
        return (_mixed(s, state, n).called(name("h", "v")),)


class Stack:
    """Cells one above the other: each reads what the one below gives; the states of the last stand first."""

    def __init__(self, layers: Sequence[Layer], wide: Any) -> None:
        self.cells: list[Cell] = []
        for layer in layers:
            self.cells.append(cell_of(layer, wide))
            wide = self.cells[-1].size
        self.size = self.cells[-1].size

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(size for cell in reversed(self.cells) for size in cell.sizes)

    def step(self, x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
        found: list[tuple[Tensor, ...]] = []
        end = len(states)
        for cell in self.cells:
            found.append(cell.step(x, states[end - cell.count : end], name))
            x, end = found[-1][0], end - cell.count
        return tuple(state for own in reversed(found) for state in own)


CELLS: dict[str, Callable[[Layer], type[Cell]]] = {
    "SimpleRNN": lambda layer: Simple, "LSTM": lambda layer: Memory,
    "GRU": lambda layer: Gated if layer.config.get("reset_after", True) else GatedBefore,
}  # fmt: skip
"""The cells by the names of their layers; as a layer of its own, each is called a Cell behind that."""


def cell_of(layer: Layer, wide: Any) -> Cell:
    """The cell of a layer, or the layer as a cell."""
    kind = layer.kind.removesuffix("Cell")
    if kind not in CELLS:
        raise layer.refused("it is no cell that is read.", f"{', '.join(f'{name}Cell' for name in CELLS)} are.")
    return CELLS[kind](layer)(layer, wide)


def _some(x: Tensor | None) -> Tensor:
    assert x is not None
    return x


def _sum(a: Tensor | None, b: Tensor | None) -> Tensor:
    return _some(a) if b is None else _some(a) + b


def _mixed(s: Tensor, state: State, n: Tensor) -> Tensor:
    return (1 - s) * n if state is None else s * state + (1 - s) * n


def zeros_where(mask: Tensor, y: Tensor) -> Tensor:
    """y, and zeros at the steps that do not count."""
    return ops.where(mask[..., None], y, 0)
