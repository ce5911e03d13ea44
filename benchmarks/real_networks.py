"""Networks of real size, as text: LeNet, a transformer, an unrolled LSTM, a residual convolutional net of 50 layers."""

from __future__ import annotations


def lenet() -> str:
    """LeNet on 28x28 images."""
    return """
x: data[N, 1, 28, 28]
t: integers[N, 10]
K_1: parameter[6, 1, 5, 5]
c_1: parameter[6]
K_2: parameter[16, 6, 5, 5]
c_2: parameter[16]
W_1: parameter[256, 120]
b_1: parameter[120]
W_2: parameter[120, 84]
b_2: parameter[84]
W_3: parameter[84, 10]
b_3: parameter[10]

h_1 = max_pool2d(relu(conv2d(x, K_1, c_1)), 2)
h_2 = max_pool2d(relu(conv2d(h_1, K_2, c_2)), 2)
a_1 = relu(dense(flatten_features(h_2), W_1, b_1))
a_2 = relu(dense(a_1, W_2, b_2))
L = cross_entropy(dense(a_2, W_3, b_3), t)
"""


def transformer(blocks: int = 6, channels: int = 128, heads: int = 4, vocabulary: int = 1000) -> str:
    """A causal language model of pre-norm blocks."""
    d = channels
    shapes = {"gamma_1": f"{d}", "beta_1": f"{d}", "W_q": f"{d}, {d}", "W_k": f"{d}, {d}", "W_v": f"{d}, {d}", "W_o": f"{d}, {d}",
              "gamma_2": f"{d}", "beta_2": f"{d}", "W_1": f"{d}, {4 * d}", "b_1": f"{4 * d}", "W_2": f"{4 * d}, {d}", "b_2": f"{d}"}  # fmt: skip
    declared = [f"t: integers[N, T, {vocabulary}]", f"s: integers[N, T, {vocabulary}]", f"E: parameter[{vocabulary}, {d}]"]
    written = ["x_0 = E[t]"]
    for k in range(1, blocks + 1):
        names = {stem: f"{stem.replace('_', '')}_{k}" for stem in shapes}
        declared += [f"{names[stem]}: parameter[{shape}]" for stem, shape in shapes.items()]
        written.append(f"x_{k} = transformer_block(x_{k - 1}, {', '.join(names.values())}, heads={heads}, activation='gelu_tanh')")
    return "\n".join([*declared, *written, f"L = cross_entropy(x_{blocks} @ E.T, s)"])


def lstm(steps: int = 100) -> str:
    """An LSTM unrolled over its steps, with shared weights."""
    return f"""
X: data[N, {steps}, d]
Y: data[N, c]
W: parameter[d, 4*h]
U: parameter[h, 4*h]
b: parameter[4*h]
V: parameter[h, c]

H = lstm(X, W, U, b)
L = mse_loss(H @ V, Y)
"""


def resnet(layers: int = 50, channels: int = 8, side: int = 16) -> str:
    """A residual convolutional net with batch normalisation: one convolution at the entry, then blocks of two."""
    declared = [
        f"x: data[N, 3, {side}, {side}]",
        "t: integers[N, 10]",
        f"K_0: parameter[{channels}, 3, 3, 3]",
        f"V: parameter[{channels}, 10]",
    ]
    written = ["h_0 = relu(conv2d(x, K_0, padding=1))"]
    for k in range(1, (layers - 2) // 2 + 1):
        for j in "ab":
            declared += [
                f"K{j}_{k}: parameter[{channels}, {channels}, 3, 3]",
                f"g{j}_{k}: parameter[{channels}]",
                f"e{j}_{k}: parameter[{channels}]",
            ]
        written += [
            f"m_{k} = relu(batch_norm(conv2d(h_{k - 1}, Ka_{k}, padding=1), ga_{k}, ea_{k}))",
            f"h_{k} = relu(h_{k - 1} + batch_norm(conv2d(m_{k}, Kb_{k}, padding=1), gb_{k}, eb_{k}))",
        ]
    blocks = (layers - 2) // 2
    return "\n".join([*declared, *written, f"L = cross_entropy(global_average_pool(h_{blocks}) @ V, t)"])


NETWORKS = {
    "LeNet, 28x28": (lenet, {"N": 16}),
    "transformer, 6 blocks of 128": (transformer, {"N": 2, "T": 32}),
    "LSTM, 100 steps": (lstm, {"N": 8, "d": 16, "h": 32, "c": 4}),
    "residual net, 50 layers": (resnet, {"N": 2}),
}
"""Each network and the sizes that it is tried at."""
