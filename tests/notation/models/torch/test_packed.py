"""Views that are not written down have the entries that NumPy's have, and no operation stands where none is needed."""

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.program import size
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.torch.packed import Packed, applied, packed, plain

N = size("n")
X = np.random.default_rng(0).normal(size=(3, 4, 6))  # (n, 4, 6)


def at_numbers(value: Packed | Tensor, x: np.ndarray = X) -> np.ndarray:
    """The entries of a value, for n = 3."""
    tensor = plain(value)
    net = sb.network({"out": tensor + 0, "L": sb.sum(tensor)})
    return sb.compile(net).outputs({"x": x}, names=("out",))["out"] if not tensor.is_input else x


def x() -> Tensor:
    return sb.data("x", "n 4 6")


# (an operation, its arguments, what NumPy does)
STEPS = {
    "rows": ("view", {"size": [-1, 6]}, lambda a: a.reshape(12, 6)),
    "heads": ("unflatten", {"dim": -1, "sizes": [2, -1]}, lambda a: a.reshape(*a.shape[:-1], 2, a.shape[-1] // 2)),
    "turned": ("transpose", {"dim0": 0, "dim1": 1}, lambda a: a.swapaxes(0, 1)),
    "last": ("transpose", {"dim0": -1, "dim1": -2}, lambda a: a.swapaxes(-1, -2)),
    "reversed": ("permute", {"dims": [2, 0, 1]}, lambda a: a.transpose(2, 0, 1)),
    "joined": ("flatten", {"start_dim": 1}, lambda a: a.reshape(a.shape[0], -1)),
    "wide": ("unsqueeze", {"dim": 1}, lambda a: a[:, None]),
    "narrow": ("squeeze", {"dim": 1}, lambda a: a.squeeze(1)),
    "picked": ("select", {"dim": 1, "index": 1}, lambda a: a[:, 1]),
    "tripled": ("reshape", {"shape": [3, -1, N]}, lambda a: a.reshape(3, -1, 3)),
    "squared": ("mul", {"other": 2}, lambda a: a * 2),
}
CHAINS = (
    "rows", "heads", "turned rows", "rows heads", "heads turned joined", "last joined heads", "wide narrow", "wide turned joined",
    "picked heads", "reversed joined", "rows squared heads", "tripled", "heads picked last", "turned joined squared heads last",
)  # fmt: skip


@pytest.mark.parametrize("chain", CHAINS)
def test_views_have_the_entries_of_numpy(chain: str) -> None:
    value, expected = x(), X
    for name in chain.split():
        operation, arguments, numpy = STEPS[name]
        value, expected = applied(operation, {"x": value, **arguments}), numpy(expected)
    assert at_numbers(value) == pytest.approx(expected)


def test_axes_that_are_packed_and_unpacked_again_leave_nothing() -> None:
    value = x()
    rows = applied("view", {"x": value, "size": [-1, 6]})
    assert isinstance(rows, Packed)
    assert applied("view", {"x": rows, "size": [N, 4, 6]}) is value
    assert applied("transpose", {"x": applied("transpose", {"x": value, "dim0": 0, "dim1": 2}), "dim0": 2, "dim1": 0}) is value


def test_a_layer_and_a_loss_work_on_rows_as_they_are() -> None:
    W, t = sb.parameter("W", "5 6"), sb.integers("t", "n 4", 5)
    scores = applied("linear", {"x": applied("view", {"x": x(), "size": [-1, 6]}), "weight": W})
    assert isinstance(scores, Packed)
    assert packed(scores).tensor.shape == (N, 4, 5)
    rows = applied("view", {"x": t, "size": [-1]})
    loss = applied("cross_entropy_loss", {"x": scores, "target": rows})
    program = sb.network(loss).program
    assert all(4 * N not in tensor.shape for tensor in program.tensors.values())
    values = {"W": np.random.default_rng(1).normal(size=(5, 6)), "x": X, "t": np.arange(12).reshape(3, 4) % 5}
    flat = X.reshape(12, 6) @ values["W"].T
    expected = np.mean(np.log(np.exp(flat).sum(1)) - flat[np.arange(12), values["t"].ravel()])
    assert sb.compile(sb.network(loss)).value({"W": values["W"]}, {"x": X, "t": values["t"]}) == pytest.approx(expected)


def test_entries_of_packed_axes_meet_others_by_broadcasting() -> None:
    rows = applied("view", {"x": x(), "size": [-1, 6]})
    column = applied("view", {"x": rows, "size": [-1, 1, 6]})
    summed = applied("add", {"x": column, "other": applied("unsqueeze", {"x": rows, "dim": 0})})
    assert at_numbers(summed) == pytest.approx(X.reshape(12, 1, 6) + X.reshape(1, 12, 6))
