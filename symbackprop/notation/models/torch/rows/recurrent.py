"""Recurrent layers: torch's stacks of them, forwards or both ways, with the batch first or second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symbackprop.language.layers.recurrent import lstm_states
from symbackprop.language.operations.entries import is_zero
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor
from symbackprop.notation.models.torch.rows.words import lang

Cell = Callable[..., tuple[Tensor, Any]]


def _rnn(activation: str) -> Cell:
    def run(x: Tensor, W: Tensor, U: Tensor, b: Any, c: Any, state: tuple[Any, ...]) -> tuple[Tensor, Any]:
        return lang.rnn(x, W.T, U.T, b + c, state[0], activation, sequence=True), None

    return run


def _gru(x: Tensor, W: Tensor, U: Tensor, b: Any, c: Any, state: tuple[Any, ...]) -> tuple[Tensor, Any]:
    return lang.gru(x, W.T, U.T, b, c, state[0], sequence=True), None


def _lstm(x: Tensor, W: Tensor, U: Tensor, b: Any, c: Any, state: tuple[Any, ...]) -> tuple[Tensor, Any]:
    states = lstm_states(x, W.T, U.T, b + c, *state)
    return states.all(0, 1), states.last(1)


def _layer(
    cell: Cell, x: Tensor, params: Sequence[Tensor], hx: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float,
    train: bool, bidirectional: bool, batch_first: bool,
) -> tuple[Tensor, Tensor, Any]:  # fmt: skip
    """The outputs of the last layer, the last states of all, and what else a cell keeps."""
    if x.ndim != 3:
        raise LanguageError("a recurrent layer takes a batch of sequences here: give x with three axes")
    if train and dropout and num_layers > 1:
        raise LanguageError(f"dropout={dropout} between recurrent layers draws at random; call module.eval(), or set it to 0")
    ways = 2 if bidirectional else 1
    each = len(params) // (num_layers * ways)
    projected = each > (4 if has_biases else 2)
    if projected and not is_zero(hx[0]):
        raise LanguageError("a projected state (proj_size) that is given is not in the language; let it begin at 0")
    x = x if batch_first else lang.swapaxes(x, 0, 1)
    last, kept = [], []
    for layer in range(num_layers):
        outputs = []
        for way in range(ways):
            k = layer * ways + way
            W, U, *biases = params[k * each : (k + 1) * each]
            P = biases.pop().T if projected else None
            b, c = biases or [lang.zeros((W.shape[0],))] * 2
            state = tuple(None if is_zero(h) else h[k] for h in hx)
            own = lang.flip(x, 1) if way else x
            y, memory = cell(own, W, U, b, c, state) if P is None else _projected(cell, own, (W, U, b, c), P, state)
            last.append(y[:, -1])
            kept.append(memory)
            outputs.append(lang.flip(y, 1) if way else y)
        x = outputs[0] if ways == 1 else lang.concatenate(outputs, 2)
    memories = lang.stack(kept, 0) if kept[0] is not None else None
    return x if batch_first else lang.swapaxes(x, 0, 1), lang.stack(last, 0), memories


def _projected(cell: Cell, x: Tensor, weights: Sequence[Any], P: Tensor, state: tuple[Any, ...]) -> tuple[Tensor, Any]:
    """A cell that hands on its state times P: h_t = s_t P, so that its gates read s_{t-1} (P U)."""
    W, U, b, c = weights
    y, memory = cell(x, W, U @ P.T, b, c, state)
    return y @ P, memory


def _row(cell: Cell) -> Callable[..., list[Any]]:
    def row(
        x: Tensor, hx: Tensor, params: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float, train: bool,
        bidirectional: bool, batch_first: bool,
    ) -> list[Any]:  # fmt: skip
        options = (has_biases, num_layers, dropout, train, bidirectional, batch_first)
        return list(_layer(cell, x, params, (as_tensor(hx),), *options)[:2])

    return row


def _lstm_row(
    x: Tensor, hx: Sequence[Tensor], params: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float, train: bool,
    bidirectional: bool, batch_first: bool,
) -> list[Any]:  # fmt: skip
    return list(_layer(_lstm, x, params, hx, has_biases, num_layers, dropout, train, bidirectional, batch_first))


def _one_step(cell: Cell, x: Tensor, W: Tensor, U: Tensor, b: Any, c: Any, state: tuple[Any, ...]) -> tuple[Tensor, Any]:
    """The state after one step, and what else a cell keeps; x is a batch of rows, or one."""
    biases = [lang.zeros((W.shape[0],)) if one is None else one for one in (b, c)]
    rows, single = (x[None], tuple(h[None] for h in state)) if x.ndim == 1 else (x, state)
    y, memory = cell(lang.expand_dims(rows, 1), W, U, *biases, single)
    last = y[:, 0]
    return (last[0], None if memory is None else memory[0]) if x.ndim == 1 else (last, memory)


def _cell_row(cell: Cell) -> Callable[..., Tensor]:
    def row(x: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Any = None, b_hh: Any = None) -> Tensor:
        return _one_step(cell, x, w_ih, w_hh, b_ih, b_hh, (as_tensor(hx),))[0]

    return row


def _lstm_cell_row(
    x: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Any = None, b_hh: Any = None
) -> list[Any]:  # fmt: skip
    return list(_one_step(_lstm, x, w_ih, w_hh, b_ih, b_hh, tuple(map(as_tensor, hx))))


ROWS: dict[str, Callable[..., Any]] = {
    "lstm_cell": _lstm_cell_row, "gru_cell": _cell_row(_gru), "rnn_tanh_cell": _cell_row(_rnn("tanh")),
    "rnn_relu_cell": _cell_row(_rnn("relu")),
    "lstm": _lstm_row, "gru": _row(_gru), "rnn_tanh": _row(_rnn("tanh")), "rnn_relu": _row(_rnn("relu")),
}  # fmt: skip
