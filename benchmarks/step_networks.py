"""The networks whose training step is timed, and the same step in JAX and in torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray
from real_networks import transformer

Arrays = Mapping[str, ndarray]
Step = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """A network at fixed sizes.

    text    in the language.
    sizes   by name; `dtype` of its arrays.
    forward the loss in the words that NumPy, JAX and torch share, of their module `m`, the arrays `a` by name, and what differs
            between them; None where the three have no words in common.
    """

    text: str
    sizes: Mapping[str, int]
    dtype: str = "float32"
    forward: Callable[[Any, Arrays], Any] | None = None


def dense(widths: list[int], batch: int) -> Case:
    """Dense layers with ReLU under a softmax cross-entropy."""
    layers = range(1, len(widths))
    lines = [f"X: data[n, {widths[0]}]", f"Y: labels[n, {widths[-1]}]"]
    lines += [f"W_{k}: parameter[{widths[k - 1]}, {widths[k]}]\nb_{k}: parameter[{widths[k]}]" for k in layers]
    for k in layers:
        lines.append(f"z_{k} = {'X' if k == 1 else f'a_{k - 1}'} @ W_{k} + b_{k}")
        lines += [f"a_{k} = relu(z_{k})"] if k < layers[-1] else []
    lines.append(f"L = -sum(Y * log_softmax(z_{layers[-1]})) / n")

    def forward(m: Any, a: Arrays) -> Any:
        h = a["X"]
        for k in layers:
            h = h @ a[f"W_{k}"] + a[f"b_{k}"]
            h = m.relu(h) if k < layers[-1] else h
        return -(a["Y"] * m.log_softmax(h)).sum() / batch

    return Case("\n".join(lines), {"n": batch}, forward=forward)


def _small(m: Any, a: Arrays) -> Any:
    h = a["X"]
    for k in (1, 2, 3):
        h = m.sigmoid(h @ a[f"W_{k}"] + a[f"b_{k}"])
    return ((h - a["Y"]) ** 2).sum() / len(a["X"])


def small(batch: int) -> Case:
    """3-4-4-1 with sigmoids under a squared error."""
    return Case(
        "X: data[n, 3]\nY: data[n, 1]\nW_1: parameter[3, 4]\nb_1: parameter[4]\nW_2: parameter[4, 4]\nb_2: parameter[4]\n"
        "W_3: parameter[4, 1]\nb_3: parameter[1]\na_1 = sigmoid(X @ W_1 + b_1)\na_2 = sigmoid(a_1 @ W_2 + b_2)\n"
        "a_3 = sigmoid(a_2 @ W_3 + b_3)\nL = sum((a_3 - Y)**2) / n",
        {"n": batch}, forward=_small,
    )  # fmt: skip


def _lenet(m: Any, a: Arrays) -> Any:
    h = m.pool(m.relu(m.conv(a["X"], a["K_1"], 2) + a["c_1"][:, None, None]))
    h = m.pool(m.relu(m.conv(h, a["K_2"], 0) + a["c_2"][:, None, None])).reshape(len(a["X"]), 400)
    h = m.relu(m.relu(h @ a["W_1"] + a["b_1"]) @ a["W_2"] + a["b_2"]) @ a["W_3"] + a["b_3"]
    return -(a["Y"] * m.log_softmax(h)).sum() / len(a["X"])


LENET = """
X: data[n, 1, 28, 28]
Y: labels[n, 10]
K_1: parameter[6, 1, 5, 5]
c_1: parameter[6]
K_2: parameter[16, 6, 5, 5]
c_2: parameter[16]
W_1: parameter[400, 120]
b_1: parameter[120]
W_2: parameter[120, 84]
b_2: parameter[84]
W_3: parameter[84, 10]
b_3: parameter[10]
A = max_pool2d(relu(conv2d(X, K_1, c_1, padding=2)), 2)
B = max_pool2d(relu(conv2d(A, K_2, c_2)), 2)
H = relu(reshape(B, (n, 400)) @ W_1 + b_1)
G = relu(H @ W_2 + b_2)
L = -sum(Y * log_softmax(G @ W_3 + b_3)) / n
"""
BLOCK = """
X: data[N, T, 128]
g_1: parameter[128]
o_1: parameter[128]
W_q: parameter[128, 128]
W_k: parameter[128, 128]
W_v: parameter[128, 128]
W_o: parameter[128, 128]
g_2: parameter[128]
o_2: parameter[128]
W_1: parameter[128, 512]
b_1: parameter[512]
W_2: parameter[512, 128]
b_2: parameter[128]
Y = transformer_block(X, g_1, o_1, W_q, W_k, W_v, W_o, g_2, o_2, W_1, b_1, W_2, b_2, heads=4, causal=False)
L = sum(Y**2)
"""


def _block(m: Any, a: Arrays) -> Any:
    n, t, d = a["X"].shape

    def norm(x: Any, gain: Any, bias: Any) -> Any:
        away = x - m.mean(x)
        return away / (m.mean(away**2) + 1e-5) ** 0.5 * gain + bias

    def heads(x: Any) -> Any:
        return m.transpose(x.reshape(n, t, 4, d // 4), (0, 2, 1, 3))

    u = norm(a["X"], a["g_1"], a["o_1"])
    q, k, v = (heads(u @ a[w]) for w in ("W_q", "W_k", "W_v"))
    p = m.softmax(q @ m.transpose(k, (0, 1, 3, 2)) / (d // 4) ** 0.5)
    x = a["X"] + m.transpose(p @ v, (0, 2, 1, 3)).reshape(n, t, d) @ a["W_o"]
    u = norm(x, a["g_2"], a["o_2"])
    return ((x + m.relu(u @ a["W_1"] + a["b_1"]) @ a["W_2"] + a["b_2"]) ** 2).sum()


def recurrent(cell: str, gates: int, steps: int = 32, states: bool = False) -> Case:
    """A recurrent network over some steps of 16 samples, 64 wide, whose loss is of the last state or of all of them."""
    text = (f"X: data[N, {steps}, 64]\nY: data[N, {f'{steps}, ' if states else ''}64]\nW: parameter[64, {64 * gates}]\n"
            f"U: parameter[64, {64 * gates}]\nb: parameter[{64 * gates}]\nH = {cell}(X, W, U, b, sequence={states})\n"
            "L = sum((H - Y)**2)")  # fmt: skip

    def step(m: Any, a: Arrays, state: tuple, x: Any) -> tuple:
        z = x @ a["W"] + state[0] @ a["U"] + a["b"]
        if gates == 1:
            return (m.tanh(z),)
        i, f, g, o = (z[:, k * 64 : (k + 1) * 64] for k in range(4))
        c = m.sigmoid(f) * state[1] + m.sigmoid(i) * m.tanh(g)
        return m.sigmoid(o) * m.tanh(c), c

    def forward(m: Any, a: Arrays) -> Any:
        zero = m.zeros((len(a["X"]), 64))
        state, each = m.scan(lambda s, x: step(m, a, s, x), (zero,) * (1 if gates == 1 else 2), a["X"])
        return (((each if states else state[0]) - a["Y"]) ** 2).sum()

    return Case(text, {"N": 16}, forward=forward)


GROUPS = """
X: data[n, 64, 16, 16]
K: parameter[64, 8, 3, 3]
c: parameter[64]
V: parameter[64, 8, 3, 3]
A = relu(conv2d(X, K, c, padding=1, groups=8))
L = sum(conv2d(A, V, padding=1, groups=8)**2) / n
"""


def _groups(m: Any, a: Arrays) -> Any:
    h = m.relu(m.conv(a["X"], a["K"], 1, 8) + a["c"][:, None, None])
    return (m.conv(h, a["V"], 1, 8) ** 2).sum() / len(a["X"])


def _gpt(m: Any, a: Arrays) -> Any:
    x = a["E"][a["t"]]
    n, t, d = x.shape

    def norm(x: Any, gain: Any, bias: Any) -> Any:
        away = x - m.mean(x)
        return away / (m.mean(away**2) + 1e-5) ** 0.5 * gain + bias

    def heads(x: Any) -> Any:
        return m.transpose(x.reshape(n, t, 4, d // 4), (0, 2, 1, 3))

    later = np.triu(np.full((t, t), -np.inf, "float32"), 1)
    for k in range(1, 5):
        u = norm(x, a[f"gamma1_{k}"], a[f"beta1_{k}"])
        q, key, v = (heads(u @ a[f"W{w}_{k}"]) for w in "qkv")
        p = m.softmax(q @ m.transpose(key, (0, 1, 3, 2)) / (d // 4) ** 0.5 + m.constant(later))
        x = x + m.transpose(p @ v, (0, 2, 1, 3)).reshape(n, t, d) @ a[f"Wo_{k}"]
        u = norm(x, a[f"gamma2_{k}"], a[f"beta2_{k}"])
        x = x + m.gelu(u @ a[f"W1_{k}"] + a[f"b1_{k}"]) @ a[f"W2_{k}"] + a[f"b2_{k}"]
    return -m.picked(m.log_softmax(x @ a["E"].T), a["s"]).sum() / (n * t)


BURGERS = """
x: data[n]
t: data[n]
w: parameter[h]
s: parameter[h]
b: parameter[h]
W: parameter[h, h]
c: parameter[h]
v: parameter[h]
a = tanh(outer(x, w) + outer(t, s) + b)
u = -sin(3 * x) + t * (1 - x**2) * (tanh(a @ W.T + c) @ v)
u_x = grad(sum(u), x)
u_t = grad(sum(u), t)
u_xx = grad(sum(u_x), x)
L = sum((u_t + u * u_x - 0.1 * u_xx)**2) / n
"""


def _burgers(m: Any, a: Arrays) -> Any:
    def u(x: Any, t: Any) -> Any:
        hidden = m.tanh(x[:, None] * a["w"] + t[:, None] * a["s"] + a["b"])
        return -m.sin(3 * x) + t * (1 - x**2) * (m.tanh(hidden @ a["W"].T + a["c"]) @ a["v"])

    def u_x(x: Any, t: Any) -> Any:
        return m.grad(lambda x: u(x, t).sum(), x)

    x, t = a["x"], a["t"]
    r = m.grad(lambda t: u(x, t).sum(), t) + u(x, t) * u_x(x, t) - 0.1 * m.grad(lambda x: u_x(x, t).sum(), x)
    return (r**2).sum() / len(x)


CASES = {
    "(x + y) z": Case("x: parameter\ny: parameter\nz: parameter\nL = (x + y) * z", {}, "float64"),
    "sigmoid neuron": Case(
        "w: parameter\nv: parameter\nb: parameter\nx: data\ny: data\nL = sigmoid(w * x + v * y + b)", {}, "float64"
    ),
    "3-4-4-1, batch 1": small(1),
    "3-4-4-1, batch 32": small(32),
    "64-32-10, batch 32": dense([64, 32, 10], 32),
    "64-128-10, batch 32": dense([64, 128, 10], 32),
    "784-256-128-10, batch 128": dense([784, 256, 128, 10], 128),
    "2048-2048-2048-1000, batch 256": dense([2048, 2048, 2048, 1000], 256),
    "LeNet 28x28, batch 64": Case(LENET, {"n": 64}, forward=_lenet),
    "transformer block, 8 x 64 x 128": Case(BLOCK, {"N": 8, "T": 64}, forward=_block),
    "tanh RNN, 32 steps": recurrent("rnn", 1),
    "LSTM, 32 steps": recurrent("lstm", 4),
    "tanh RNN, all 128 states": recurrent("rnn", 1, 128, states=True),
    "GPT, 4 blocks, 4 x 64 x 128": Case(transformer(4), {"N": 4, "T": 64}, forward=_gpt),
    "convolutions in 8 groups of 8, 16 x 16, batch 16": Case(GROUPS, {"n": 16}, forward=_groups),
    "PINN of Burgers' equation, 512 x 32": Case(BURGERS, {"n": 512, "h": 32}, forward=_burgers),
}


class JaxWords:
    """JAX, under jit; like `TorchWords`, the functions that the libraries spell in ways of their own."""

    def __init__(self) -> None:
        import jax

        self.jax, self.np = jax, jax.numpy
        self.relu, self.sigmoid, self.tanh = jax.nn.relu, jax.nn.sigmoid, jax.numpy.tanh
        self.transpose, self.sin = jax.numpy.transpose, jax.numpy.sin

    def log_softmax(self, x: Any) -> Any:
        return self.jax.nn.log_softmax(x)

    def softmax(self, x: Any) -> Any:
        return self.jax.nn.softmax(x)

    def mean(self, x: Any) -> Any:
        return x.mean(-1, keepdims=True)

    def zeros(self, shape: tuple[int, ...]) -> Any:
        return self.np.zeros(shape, "float32")

    def gelu(self, x: Any) -> Any:
        return self.jax.nn.gelu(x, approximate=True)

    def constant(self, x: ndarray) -> Any:
        return x

    def picked(self, x: Any, places: Any) -> Any:
        return self.np.take_along_axis(x, places[..., None], -1)

    def conv(self, x: Any, kernel: Any, padding: int, groups: int = 1) -> Any:
        return self.jax.lax.conv_general_dilated(x, kernel, (1, 1), [(padding, padding)] * 2, feature_group_count=groups)

    def pool(self, x: Any) -> Any:
        lax = self.jax.lax
        return lax.reduce_window(x, -self.np.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def grad(self, f: Callable, x: Any) -> Any:
        return self.jax.grad(f)(x)

    def scan(self, step: Callable, state: tuple, xs: Any) -> tuple:
        def one(s: tuple, x: Any) -> tuple:
            new = step(s, x)
            return new, new[0]

        last, each = self.jax.lax.scan(one, state, self.np.swapaxes(xs, 0, 1))
        return last, self.np.swapaxes(each, 0, 1)

    def step(self, case: Case, parameters: Arrays, data: Arrays) -> tuple[Step, Callable[[], Arrays]]:
        def loss(own: Any, others: Any) -> Any:
            assert case.forward
            return case.forward(self, {**own, **others})

        run = self.jax.jit(self.jax.value_and_grad(loss))
        own, others = ({k: self.np.asarray(a) for k, a in arrays.items()} for arrays in (parameters, data))
        return lambda: self.jax.block_until_ready(run(own, others)), lambda: run(own, others)[1]


class TorchWords:
    """torch, eager; or the loss through torch.compile."""

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)
        self.torch = torch
        self.relu, self.sigmoid, self.tanh, self.zeros, self.sin = torch.relu, torch.sigmoid, torch.tanh, torch.zeros, torch.sin

    def log_softmax(self, x: Any) -> Any:
        return self.torch.log_softmax(x, -1)

    def softmax(self, x: Any) -> Any:
        return self.torch.softmax(x, -1)

    def mean(self, x: Any) -> Any:
        return x.mean(-1, keepdim=True)

    def transpose(self, x: Any, axes: tuple[int, ...]) -> Any:
        return x.permute(axes)

    def gelu(self, x: Any) -> Any:
        return self.torch.nn.functional.gelu(x, approximate="tanh")

    def constant(self, x: ndarray) -> Any:
        return self.torch.tensor(x)

    def picked(self, x: Any, places: Any) -> Any:
        return x.gather(-1, places[..., None])

    def conv(self, x: Any, kernel: Any, padding: int, groups: int = 1) -> Any:
        return self.torch.nn.functional.conv2d(x, kernel, padding=padding, groups=groups)

    def pool(self, x: Any) -> Any:
        return self.torch.nn.functional.max_pool2d(x, 2)

    def grad(self, f: Callable, x: Any) -> Any:
        x = x if x.requires_grad else x.clone().requires_grad_()
        return self.torch.autograd.grad(f(x), x, create_graph=True)[0]

    def scan(self, step: Callable, state: tuple, xs: Any) -> tuple:
        each = []
        for t in range(xs.shape[1]):
            state = step(state, xs[:, t])
            each.append(state[0])
        return state, self.torch.stack(each, 1)

    def compiled(self, case: Case, parameters: Arrays, data: Arrays) -> tuple[Step, Callable[[], Arrays]] | None:
        """The step with the loss compiled; None where torch cannot, as without a compiler of C++ or for derivatives in a loss."""
        self.torch.compiler.reset()
        try:
            found = self.step(case, parameters, data, self.torch.compile)
            found[0]()
        except Exception as error:  # torch names no class for all that its compiler raises
            print("torch.compile:", str(error).partition("\n")[0][:120])
            return None
        return found

    def step(
        self, case: Case, parameters: Arrays, data: Arrays, way: Callable[[Callable], Callable] = lambda loss: loss
    ) -> tuple[Step, Callable[[], Arrays]]:
        own = {k: self.torch.tensor(a, requires_grad=True) for k, a in parameters.items()}
        others = {k: self.torch.tensor(a) for k, a in data.items()}

        forward = case.forward
        assert forward
        loss = way(lambda own, others: forward(self, {**own, **others}))

        def run() -> object:
            for w in own.values():
                w.grad = None
            loss(own, others).backward()
            return None

        def gradients() -> Arrays:
            run()
            return {k: w.grad.numpy() for k, w in own.items()}  # type: ignore[union-attr]

        return run, gradients
