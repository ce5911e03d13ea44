"""What is known of entries that were moved: parts of integers are positions, parts of truth values are masks; what is computed is neither."""

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.notation import NotationError, read

D = "E: parameter[v, d]\nt: integers[n, v]\ns: integers[n, m, v]\nx: data[n]\nc: data[1]\nB: binary[n, m]\nR: data[n, m]\n"
POSITIONS = {
    "t[1:]": "a slice", "t[::-1]": "from behind", "t[::2]": "every other", "t[:, None]": "an axis more", "s.T": "turned",
    "s.reshape(n*m)": "in a row", "s.reshape(m, n)": "in another shape", "t[np.arange(n)]": "a lookup", "s[0]": "a row",
    "t*(x > 0)": "where a mask is, else 0", "(x > c)*t": "a mask of one number", "np.tile(t, 2)": "twice", "np.repeat(t, 2)": "each twice",
    "t - 1": "the one before, from the end", "s[0] - 3": "as far as they go",
}  # fmt: skip
NONE = {
    "2*t": "twice as large", "-t": "below 0", "t/2": "no whole numbers", "t*x": "times a number", "x*t": "a number times it",
    "sum(t)": "a sum", "mean(t)": "a mean", "sum(s, axis=1)": "sums of rows", "cumsum(t)": "running sums", "t*t": "squares",
    "t*np.arange(n)": "times positions", "s.sum(0)[:1]": "a part of sums", "np.convolve(t, np.ones(2), mode='valid')": "overlapping windows",
}  # fmt: skip
MASKS = {
    "R > 0": "a comparison", "B": "declared", "B[1:]": "a slice", "B[t]": "a lookup", "~(R > c)": "compared with one number",
    "(R > 0).reshape(n*m)": "in a row", "(R > 0)[:, ::-1]": "from behind", "B*(R > 0)": "both",
}  # fmt: skip
NUMBERS = {
    "-1e9*B": "an additive mask", "-1e9*(1 - B)": "one of the opposite", "2*B": "twice", "B.sum(0)": "how many", "B/2": "a half",
    "B.mean()": "a share", "-B": "below 0", "B*R": "numbers under a mask", "B + B": "0, 1 and 2",
}  # fmt: skip


ATTENTION = "q: parameter[n, d]\nk: parameter[n, d]\nv: data[n, d]\nm: binary[n, n]\n"
AT = {
    "E": np.arange(1.0, 7).reshape(3, 2), "t": np.array([0, 1, 2, 2]), "s": np.array([[0, 2], [1, 1], [2, 0], [1, 2]]),
    "x": np.array([1.5, 2, 0, -1]), "c": np.array([0.1]), "B": np.array([[1, 0], [0, 0], [1, 1], [0, 1]]), "R": np.sin(np.arange(8.0)).reshape(4, 2),
}  # fmt: skip


@pytest.mark.parametrize("text", POSITIONS)
def test_parts_of_integers_are_positions(text: str) -> None:
    compiled = sb.compile(f"{D}L = sum(E[{text}]**2)", wrt="E")
    at = {name: AT[name] for name in AT if name in compiled.program.tensors}
    value, gradients = compiled.value_and_grad(at)
    with np.errstate(all="ignore"):
        rows = np.asarray(eval(text, {"np": np, "n": 4, "m": 2}, dict(AT))).astype(int)
    np.testing.assert_allclose(value, (AT["E"][rows] ** 2).sum())
    np.testing.assert_allclose(gradients["E"], 2 * AT["E"] * np.bincount(rows.ravel() % 3, minlength=3)[:, None])


@pytest.mark.parametrize("text", NONE)
def test_what_is_computed_of_integers_is_no_position(text: str) -> None:
    with pytest.raises(NotationError, match="holds no integers"):
        read(f"{D}L = sum(E[{text}]**2)")


@pytest.mark.parametrize("text", MASKS)
def test_parts_of_truth_values_are_masks(text: str) -> None:
    read(f"{D}q = {text}\nL = sum(~q)*sum(E)")


@pytest.mark.parametrize("text", NUMBERS)
def test_what_is_computed_of_truth_values_is_no_mask_until_it_is_compared(text: str) -> None:
    with (
        pytest.raises(NotationError, match=r"q is no comparison\. .*write \(q != 0\)\.")
        if text != "B.mean()"
        else pytest.raises(NotationError)
    ):
        read(f"{D}q = {text}\nL = sum(~q)*sum(E)")
    read(f"{D}q = {text}\nL = sum(~(q != 0))*sum(E)")


@pytest.mark.parametrize("mask", ["-100*m", "-100*(1 - m)", "2*m", "0.5*m[::-1]", "-100*(q @ k.T > 0)", "m - 1"])
def test_numbers_are_added_to_the_scores_of_attention(mask: str) -> None:
    of_torch = sb.compile(f"{ATTENTION}L = sum(F.scaled_dot_product_attention(q, k, v, attn_mask={mask})**2)")
    written = sb.compile(f"{ATTENTION}L = sum((softmax(q @ k.T / sqrt(d) + ({mask})) @ v)**2)")
    draw = np.random.default_rng(0)
    at = {**{name: draw.normal(size=(3, 2)) for name in "qkv"}, "m": np.array([[1, 0, 1], [0, 1, 0], [1, 1, 0]])}
    at = {name: array for name, array in at.items() if name in written.program.tensors}
    (value, gradients), (wanted, slopes) = of_torch.value_and_grad(at), written.value_and_grad(at)
    np.testing.assert_allclose(value, wanted)
    for name, slope in slopes.items():
        np.testing.assert_allclose(gradients[name], slope, atol=1e-12)


def test_labels_and_data_are_no_positions() -> None:
    given = "x: data[d]\nt: {}\nW: parameter[c, d]\np = softmax(W @ x)\nL = -log(p[t])"
    with pytest.raises(
        NotationError, match=r"t holds labels, and no positions; write sum\(t \* ...\), or declare it as integers\[c\]"
    ):
        read(given.format("labels[c]"))
    with pytest.raises(NotationError, match=r"t holds no integers; declare it as integers\[c\]"):
        read(given.format("data"))
    assert read(given.format("integers[c]")).loss == "L"


@pytest.mark.parametrize("loss", ["sum(S[arange(n), y])", "sum(S[:, y])", "sum(one_hot(y, c) * S)", "sum(W[y] * X)"])
def test_one_label_is_not_taken_where_several_are_meant(loss: str) -> None:
    """y: integers[n] is one number below n: where the axis has another size, n labels were meant, each below c."""
    given = "W: parameter[c, d]\nX: data[n, d]\ny: integers[{}]\nS = X @ W.T\nL = " + loss
    with pytest.raises(NotationError, match=r"y is one whole number below n, the axis has size c; .*integers\[n, c\]"):
        read(given.format("n"))
    assert read(given.format("n, c")).loss == read(given.format("c")).loss == "L"


MISFITS = (
    "diag(S, (0, 1))", "S.gather(1, y)", "torch.broadcast_to(S, [0])", "torch.huber_loss(S, 1, y)", "torch.index_add(S, 1, y, v)",
    "torch.kthvalue(s, s)", "torch.tril(S, S)", "torch.avg_pool1d(S, 'sum')", "jax.lax.dynamic_update_slice(S, y, 1)",
    "jax.lax.dynamic_slice_in_dim(v, v, v)", "jax.lax.dynamic_index_in_dim(S, S)",
)  # fmt: skip


@pytest.mark.parametrize("expression", MISFITS)
def test_arguments_that_do_not_fit_are_refused_at_their_place(expression: str) -> None:
    given = "S: parameter[n, c]\nv: parameter[n]\ns: parameter\ny: integers[n, c]\nL = sum({})"
    with pytest.raises(NotationError, match=r"<text>:5:9: "):
        read(given.format(expression))
