"""The values of the layers against loops over numbers, and what they promise of ties, masks and padding."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy import ndarray

from symbackprop.core.differentiate import differentiate
from symbackprop.evaluate import tape
from symbackprop.language import layers
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor
from symbackprop.verbs import compile
from tests.layers import naive
from tests.random_programs import declare


def inputs(**shapes: tuple[int, ...]) -> tuple[dict[str, Tensor], dict[str, ndarray]]:
    """Declared tensors with numbers for sizes, and arrays for them."""
    rng = np.random.default_rng(0)
    return {n: declare(n, s) for n, s in shapes.items()}, {n: rng.standard_normal(s) for n, s in shapes.items()}


def values(y: Tensor, arrays: dict[str, ndarray]) -> ndarray:
    """The value of y by the tape; by the compiled function it is the same, and so are the gradients of its squares."""
    program = trace({"y": y, "L": (y * y).sum()})
    value = tape.forward(program, arrays)["y"]
    derived = differentiate(program, "L")
    compiled = compile(derived)
    loss, gradients = compiled.value_and_grad(arrays)
    np.testing.assert_allclose(loss, (value**2).sum(), rtol=1e-10)
    for name, witness in tape.gradients(program, "L", derived.wrt, arrays).items():
        np.testing.assert_allclose(gradients[name], witness, rtol=1e-9, atol=1e-10 * (1 + abs(witness).max()))
    return value


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
edges = st.tuples(st.integers(0, 2), st.integers(0, 2))


@pytest.mark.slow
@settings(max_examples=40)
@given(st.data())
def test_conv2d_is_the_sum_over_windows(data: st.DataObject) -> None:
    groups, made, seen = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 2)))
    kernel, stride, dilation, padding = data.draw(st.tuples(pairs, pairs, pairs, edges))
    image = data.draw(st.tuples(st.integers(2, 7), st.integers(2, 7)))
    assume(all(n + 2 * p > d * (k - 1) for n, p, d, k in zip(image, padding, dilation, kernel, strict=True)))
    at, arrays = inputs(x=(2, groups * seen, *image), W=(groups * made, seen, *kernel))
    y = layers.conv2d(at["x"], at["W"], stride=stride, padding=padding, dilation=dilation, groups=groups)
    expected = naive.conv(arrays["x"], arrays["W"], stride, padding, dilation, groups)
    np.testing.assert_allclose(values(y, arrays), expected, atol=1e-12)


@pytest.mark.slow
@settings(max_examples=30)
@given(st.data())
def test_a_transposed_convolution_writes_a_kernel_for_every_pixel(data: st.DataObject) -> None:
    kernel, stride, dilation, padding, extra = data.draw(st.tuples(pairs, pairs, pairs, edges, edges))
    image = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    assume(all(e < max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)))
    sides = zip(image, stride, padding, dilation, kernel, extra, strict=True)
    assume(all((n - 1) * s - 2 * p + d * (k - 1) + 1 + e > 0 for n, s, p, d, k, e in sides))
    at, arrays = inputs(x=(2, 3, *image), W=(3, 2, *kernel))
    y = layers.conv_transpose2d(at["x"], at["W"], None, stride, padding, extra, dilation)
    expected = naive.conv_transpose(arrays["x"], arrays["W"], stride, padding, dilation, extra)
    np.testing.assert_allclose(values(y, arrays), expected, atol=1e-12)


@pytest.mark.slow
@settings(max_examples=30)
@given(st.data())
def test_pooling_takes_the_maximum_or_the_mean_of_each_window(data: st.DataObject) -> None:
    size, stride, padding = data.draw(st.tuples(pairs, pairs, edges))
    image = data.draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    assume(all(p < k <= n + 2 * p for n, p, k in zip(image, padding, size, strict=True)))
    at, arrays = inputs(x=(2, 3, *image))
    for kind, layer in (("max", layers.max_pool2d), ("average", layers.avg_pool2d)):
        y = layer(at["x"], size, stride, padding)
        np.testing.assert_allclose(values(y, arrays), naive.pool(arrays["x"], size, stride, padding, kind), atol=1e-12)


def test_padding_never_wins_where_every_entry_is_far_below_zero() -> None:
    at, arrays = inputs(x=(1, 1, 2, 3))
    arrays["x"] -= 1e6
    y = layers.max_pool2d(at["x"], 2, 1, 1)
    np.testing.assert_array_equal(values(y, arrays), naive.pool(arrays["x"], (2, 2), (1, 1), (1, 1), "max"))


def test_entries_that_tie_in_a_window_share_the_slope() -> None:
    x = declare("x", (1, 1, 2, 4))
    derived = differentiate(trace({"L": layers.max_pool2d(x, 2).sum()}), "L")
    arrays = {"x": np.array([[[[3.0, 1.0, 0.0, 0.0], [3.0, 2.0, 0.0, 0.0]]]])}
    expected = [[[[0.5, 0, 0.25, 0.25], [0.5, 0, 0.25, 0.25]]]]
    np.testing.assert_array_equal(compile(derived).value_and_grad(arrays)[1]["x"], expected)
    np.testing.assert_array_equal(tape.forward(derived.program, arrays)["dL/dx"], expected)


@pytest.mark.parametrize("rank", [2, 3, 4])
def test_batch_norm_normalises_each_channel_over_the_batch(rank: int) -> None:
    at, arrays = inputs(x=(3, 4, 2, 5)[:rank])
    expected = naive.normalised(arrays["x"], [(slice(None), c) for c in range(4)])
    np.testing.assert_allclose(values(layers.batch_norm(at["x"]), arrays), expected, atol=1e-12)


def test_layer_instance_and_group_norm_normalise_their_parts() -> None:
    at, arrays = inputs(x=(2, 6, 3, 4))
    x = arrays["x"]
    wanted = {
        "layer": (layers.layer_norm(at["x"]), [(n, c, i) for n, c, i in np.ndindex(2, 6, 3)]),
        "instance": (layers.instance_norm(at["x"]), list(np.ndindex(2, 6))),
        "group": (layers.group_norm(at["x"], 3), [(n, slice(2 * g, 2 * g + 2)) for n, g in np.ndindex(2, 3)]),
    }
    for y, parts in wanted.values():
        np.testing.assert_allclose(values(y, arrays), naive.normalised(x, parts), atol=1e-12)
    rms = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(values(layers.rms_norm(at["x"]), arrays), rms, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_attention_reads_what_may_be_read(causal: bool, padded: bool) -> None:
    at, arrays = inputs(Q=(2, 4, 3), K=(2, 4, 3), V=(2, 4, 5))
    mask = np.array([[1.0, 1, 0, 1], [1, 0, 1, 0]])
    if padded:  # a position that must not be read, however loud it is
        arrays["K"][0, 2] *= 1e4
        arrays["V"][0, 2] *= 1e4
    m = declare("m", (2, 4), "data", domain="binary")
    y = layers.dot_product_attention(at["Q"], at["K"], at["V"], causal, m if padded else None)
    for n in range(2):
        readable = np.ones((4, 4), bool)
        if causal:
            readable &= np.tri(4, dtype=bool)
        if padded:
            readable &= mask[n] == 1
        expected = naive.attention(arrays["Q"][n], arrays["K"][n], arrays["V"][n], readable)
        own = values(y, arrays | ({"m": mask} if padded else {}))[n]
        np.testing.assert_allclose(own, expected, rtol=1e-9, atol=1e-9)


def test_heads_read_their_own_columns() -> None:
    at, arrays = inputs(x=(2, 3, 4), W_q=(4, 6), W_k=(4, 6), W_v=(4, 6), W_o=(6, 5))
    y = layers.multi_head_attention(*at.values(), heads=2, causal=True)
    Q, K, V = (arrays["x"] @ arrays[f"W_{c}"] for c in "qkv")
    parts = [slice(0, 3), slice(3, 6)]
    readable = np.tri(3, dtype=bool)
    heads = [[naive.attention(Q[n, :, p], K[n, :, p], V[n, :, p], readable) for p in parts] for n in range(2)]
    expected = np.stack([np.concatenate(row, axis=1) for row in heads])
    np.testing.assert_allclose(values(y, arrays), expected @ arrays["W_o"], atol=1e-12)


def test_lstm_and_gru_are_their_loops() -> None:
    at, arrays = inputs(x=(2, 4, 3), W=(3, 8), U=(2, 8), b=(8,))
    y = layers.lstm(**at, sequence=True)
    np.testing.assert_allclose(values(y, arrays), naive.lstm(**arrays), atol=1e-12)
    at, arrays = inputs(x=(2, 4, 3), W=(3, 6), U=(2, 6), b=(6,), c=(6,))
    y = layers.gru(**at, sequence=True)
    np.testing.assert_allclose(values(y, arrays), naive.gru(**arrays), atol=1e-12)


def test_a_bidirectional_network_reads_the_last_step_first() -> None:
    at, arrays = inputs(x=(2, 3, 4), W=(4, 2), U=(2, 2), b=(2,), W_back=(4, 2), U_back=(2, 2), b_back=(2,))
    got = values(layers.bidirectional_rnn(**at), arrays)
    x, W, U, b, V, R, c = arrays.values()
    forth, back = [np.zeros((2, 2))], [np.zeros((2, 2))]
    for t in range(3):
        forth.append(np.tanh(x[:, t] @ W + forth[-1] @ U + b))
        back.append(np.tanh(x[:, 2 - t] @ V + back[-1] @ R + c))
    np.testing.assert_allclose(got, np.concatenate([np.stack(forth[1:], 1), np.stack(back[:0:-1], 1)], 2), atol=1e-12)


def test_the_sums_of_products_are_what_their_equations_say() -> None:
    at, a = inputs(x=(3, 4), W=(2, 4, 5), z=(3, 5), b=(2,))
    expected = [[a["x"][n] @ a["W"][k] @ a["z"][n] + a["b"][k] for k in range(2)] for n in range(3)]
    np.testing.assert_allclose(values(layers.bilinear(**at), a), expected, atol=1e-12)
    at, a = inputs(x=(3, 4), w_0=(), w=(4,), V=(4, 2))
    pairs = [sum(x[i] * x[j] * (a["V"][i] @ a["V"][j]) for j in range(4) for i in range(j)) for x in a["x"]]
    np.testing.assert_allclose(values(layers.factorization_machine(**at), a), a["w_0"] + a["x"] @ a["w"] + pairs, atol=1e-12)
    at, a = inputs(x=(3, 4), W=(4, 5), B=(4, 2), A=(2, 5))
    y = layers.low_rank_dense(**at, scale=0.5)
    np.testing.assert_allclose(values(y, a), a["x"] @ (a["W"] + 0.5 * a["B"] @ a["A"]), atol=1e-12)
    at, a = inputs(x=(3, 4), W_g=(4, 2), W=(2, 4, 5), b=(2, 5))
    gates = np.exp(a["x"] @ a["W_g"])
    gates /= gates.sum(1, keepdims=True)
    expected = sum(gates[:, e, None] * np.tanh(a["x"] @ a["W"][e] + a["b"][e]) for e in range(2))
    np.testing.assert_allclose(values(layers.mixture_of_experts(**at, activation="tanh"), a), expected, atol=1e-12)


def test_the_free_energy_sums_over_all_hidden_states() -> None:
    at, a = inputs(v=(3, 4), W=(4, 3), b=(4,), c=(3,))
    hidden = np.array(list(np.ndindex(2, 2, 2)))
    energy = -(a["v"] @ a["b"])[:, None] - hidden @ a["c"] - (a["v"] @ a["W"]) @ hidden.T
    np.testing.assert_allclose(values(layers.free_energy(**at), a), -np.log(np.exp(-energy).sum(1)), atol=1e-12)


def test_a_normalised_adjacency_is_that_of_the_graph_with_loops() -> None:
    at, a = inputs(A=(4, 4))
    a["A"] = np.abs(a["A"])
    loops = a["A"] + np.eye(4)
    degrees = loops.sum(1)
    np.testing.assert_allclose(
        values(layers.normalized_adjacency(at["A"]), a), loops / np.sqrt(np.outer(degrees, degrees)), atol=1e-12
    )


def test_flatten_features_and_merged_axes_go_row_by_row() -> None:
    at, a = inputs(x=(2, 3, 4, 5))
    np.testing.assert_array_equal(values(layers.flatten_features(at["x"]), a), a["x"].reshape(2, 60))
    np.testing.assert_array_equal(values(layers.merge_axes(at["x"], 1), a), a["x"].reshape(2, 12, 5))
    np.testing.assert_array_equal(values(layers.split_axis(at["x"], 2, 2), a), a["x"].reshape(2, 3, 2, 2, 5))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_must_not_be_read_is_below_every_entry_in_both_types(dtype: str) -> None:
    at, arrays = inputs(x=(2, 3, 4, 4))
    pooled = layers.max_pool2d(at["x"], 3, 2, 1)
    shifted = pooled + 1000
    read = layers.dot_product_attention(shifted, shifted, shifted, causal=True)
    derived = differentiate(trace({"L": (read * read).sum()}), "L")
    arrays["x"] -= 1000
    witness = tape.gradients(derived.forward, "L", ["x"], arrays)["x"]
    gradient = compile(derived, dtype=dtype).value_and_grad(arrays)[1]["x"]
    assert gradient.dtype == dtype
    np.testing.assert_allclose(gradient, witness, rtol=1e-9 if dtype == "float64" else 1e-2)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-2)])
def test_a_row_with_no_key_to_read_reads_all_of_them_equally(dtype: str, tolerance: float) -> None:
    """Its weights sum to one: they are not one each."""
    Q, K, V = declare("Q", (1, 2, 3)), declare("K", (1, 4, 3)), declare("V", (1, 4, 2))
    y = layers.dot_product_attention(Q, K, V, mask=declare("m", (1, 4), "data")).named("y")
    rng = np.random.default_rng(0)
    given = {"Q": rng.normal(size=(1, 2, 3)), "K": rng.normal(size=(1, 4, 3)), "V": rng.normal(size=(1, 4, 2))}
    step = compile(differentiate(trace({"y": y, "L": (y**2).sum()}), "L"), dtype=dtype)
    read = step.outputs({**given, "m": np.zeros((1, 4))}, names=["y"])["y"]
    np.testing.assert_allclose(
        read, np.broadcast_to(given["V"].mean(axis=1, keepdims=True), read.shape), rtol=tolerance, atol=tolerance
    )
