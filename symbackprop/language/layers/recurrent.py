"""Recurrent layers: one state after the other, all with the same weights, whose gradients therefore add."""

from __future__ import annotations

import sympy as sp

from symbackprop.core.program import same_size, shape_text
from symbackprop.language import tensors as builder
from symbackprop.language.layers.arguments import Value, activated, equal, tensor
from symbackprop.language.layers.stepped import Name, State, Step, Stepped
from symbackprop.language.operations import concatenate
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, matmul


def rnn(x: Value, W: Value, U: Value, b: Value, h: Value = None, activation: str = "tanh", sequence: bool = False) -> Tensor:
    """h_t = f(x_t W + h_{t-1} U + b) for t = 1, ..., T.

    x   (N, T, d); W (d, h); U (h, h); b (h,); h (N, h), the state before, or none: zeros.
    sequence   whether to return all states.
    Returns the last state (N, h), or all of them (N, T, h). Raises LanguageError for T = 0 or sizes that differ.
    Source: Elman 1990.
    """
    cell = _Cell("rnn", x, W, U, b, 1)
    return _result(cell.run(_plain(cell, activation), cell.state(h)), sequence)


def _plain(cell: _Cell, activation: str, stems: tuple[str, ...] = ("h", "s")) -> Step:
    def step(x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
        return (activated(cell.layer, activation, cell.sum(x, states[0], name)).called(name(*stems)),)

    return step


def lstm(x: Value, W: Value, U: Value, b: Value, h: Value = None, c: Value = None, sequence: bool = False) -> Tensor:
    """h_t = o tanh(c_t), c_t = f c_{t-1} + i g, with [i, f, g, o] = [sigma, sigma, tanh, sigma](x_t W + h_{t-1} U + b).

    x   (N, T, d); W (d, 4 h); U (h, 4 h); b (4 h,); h, c (N, h), the state before, or none: zeros.
    sequence   whether to return all states h_t.
    Returns the last h (N, h), or all of them (N, T, h).
    Raises LanguageError for T = 0, for sizes that differ, and where the columns are no four equal parts.
    Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
    """
    return _result(lstm_states(x, W, U, b, h, c), sequence)


def lstm_states(x: Value, W: Value, U: Value, b: Value, h: Value = None, c: Value = None) -> Stepped:
    """The states h_t of an `lstm`, and its memories c_t."""
    cell = _Cell("lstm", x, W, U, b, 4)

    def step(x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
        state, memory = states
        z = cell.sum(x, state, name)
        i, f, g, o = (
            builder.apply(function, cell.gate(z, k, name, f"z_{stem}")).called(name(stem))
            for k, (function, stem) in enumerate(zip(_LSTM, "ifgo", strict=True))
        )
        memory = (i * g if memory is None else f * memory + i * g).called(name("c", "m"))
        return (builder.apply("tanh", memory) * o).called(name("h", "s")), memory

    return cell.run(step, cell.state(h), cell.state(c))


_LSTM = ("sigmoid", "sigmoid", "tanh", "sigmoid")


def gru(x: Value, W: Value, U: Value, b: Value, c: Value, h: Value = None, sequence: bool = False) -> Tensor:
    """h_t = (1 - s) n + s h_{t-1}, with p = x_t W + b and q = h_{t-1} U + c in three parts.

    The gates are r = sigma(p_1 + q_1) and s = sigma(p_2 + q_2), the candidate is n = tanh(p_3 + r q_3).
    x   (N, T, d); W (d, 3 h); U (h, 3 h); b, c (3 h,); h (N, h), the state before, or none: zeros.
    sequence   whether to return all states.
    Returns the last state (N, h), or all of them (N, T, h).
    Raises LanguageError for T = 0, for sizes that differ, and where the columns are no three equal parts.
    Source: Cho et al. 2014, with the reset gate behind the product.
    """
    cell = _Cell("gru", x, W, U, b, 3)
    c = tensor("gru", c, "3h")
    equal("gru", cell.W, 1, c, 0)

    def step(x: Tensor, states: tuple[State, ...], name: Name) -> tuple[Tensor, ...]:
        (state,) = states
        p = (matmul(x, cell.W) + cell.b).called(name("p"))
        q = c if state is None else (matmul(state, cell.U) + c).called(name("q"))
        parts = [(cell.gate(q, k), cell.gate(p, k)) for k in range(3)]

        def gate(function: str, inside: Tensor, stem: str) -> Tensor:
            inside = inside if name.number is None else inside.called(name(f"z_{stem}"))
            return builder.apply(function, inside).called(name(stem))

        r = gate("sigmoid", parts[0][0] + parts[0][1], "r")
        s = gate("sigmoid", parts[1][0] + parts[1][1], "s")
        n = gate("tanh", r * parts[2][0] + parts[2][1], "n")
        return (((1 - s) * n if state is None else (1 - s) * n + s * state).called(name("h", "v")),)

    return _result(cell.run(step, cell.state(h)), sequence)


def bidirectional_rnn(
    x: Value, W: Value, U: Value, b: Value, W_back: Value, U_back: Value, b_back: Value, activation: str = "tanh"
) -> Tensor:
    """y_t = [h_t, k_t] with h_t = f(x_t W + h_{t-1} U + b) and k_t = f(x_t W_back + k_{t+1} U_back + b_back).

    x   (N, T, d); W, W_back (d, h); U, U_back (h, h); b, b_back (h,).
    Returns (N, T, 2 h). Raises LanguageError for T = 0 or sizes that differ. Source: Schuster and Paliwal 1997.
    """
    x = tensor("bidirectional_rnn", x, "N T d")
    forth = rnn(x, W, U, b, activation=activation, sequence=True)
    cell = _Cell("bidirectional_rnn", x, W_back, U_back, b_back, 1)
    return concatenate([forth, cell.run(_plain(cell, activation, ("k",)), None, back=True).all(0, 1)], 2)


class _Cell:
    """The weights of a recurrent layer, checked: x_t W + h U + b in `gates` equal parts of columns."""

    def __init__(self, layer: str, x: Value, W: Value, U: Value, b: Value, gates: int) -> None:
        self.layer, self.gates = layer, gates
        columns = "h" if gates == 1 else f"{gates}h"
        self.x, self.W = tensor(layer, x, "N T d"), tensor(layer, W, f"d {columns}")
        self.U, self.b = tensor(layer, U, f"h {columns}"), tensor(layer, b, columns)
        self.size = self.U.shape[0]
        equal(layer, self.x, 2, self.W, 0)
        equal(layer, self.W, 1, self.U, 1)
        equal(layer, self.W, 1, self.b, 0)
        if not same_size(self.U.shape[1], gates * self.size):
            raise LanguageError(
                f"{layer}: {label(self.U)} is {shape_text(self.U.shape)}; its columns are {gates} gates of {self.size}, "
                f"so that there must be {sp.expand(gates * self.size)} of them"
            )

    def run(self, step: Step, *starts: State, back: bool = False) -> Stepped:
        return Stepped(self.layer, self.x, 1, starts, (self.x.shape[0], self.size), step, back)

    def sum(self, x: Tensor, state: State, name: Name) -> Tensor:
        """x_t W + h_{t-1} U + b."""
        z = matmul(x, self.W)
        return ((z if state is None else matmul(state, self.U) + z) + self.b).called(name("z" if self.gates == 1 else "p"))

    def gate(self, z: Tensor, k: int, name: Name | None = None, stem: str = "") -> Tensor:
        """The k-th part of the columns; called by a stem where the steps are written out."""
        part = z[..., k * self.size : (k + 1) * self.size]
        return part if name is None or name.number is None else part.called(name(stem))

    def state(self, value: Value) -> State:
        if value is None:
            return None
        value = tensor(self.layer, value, "N h")
        equal(self.layer, value, 0, self.x, 0)
        equal(self.layer, value, 1, self.U, 0)
        return as_tensor(value)


def _result(states: Stepped, sequence: bool) -> Tensor:
    return states.all(0, 1) if sequence else states.last()
