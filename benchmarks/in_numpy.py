"""The training steps that are timed, as a careful student writes them: forward, then backward, in NumPy or in Python's numbers."""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.lib.stride_tricks import sliding_window_view
from step_networks import Arrays

Found = tuple[Any, dict[str, Any]]  # the loss, and the gradients by name
Step = Callable[[], Found]
Back = Callable[[ndarray], ndarray]


def by_hand(name: str, p: Arrays, data: Arrays) -> Step:
    """The step of a case; `p`: its parameters."""
    for beginning, write in WRITTEN.items():
        if name.startswith(beginning):
            return write(p, data)
    return dense(p, data)


def gate(p: Arrays, data: Arrays) -> Step:
    """(x + y) z, in Python's numbers."""
    x, y, z = (float(p[k]) for k in "xyz")

    def step() -> Found:
        q = x + y
        return q * z, {"x": z, "y": z, "z": q}

    return step


def neuron(p: Arrays, data: Arrays) -> Step:
    """A sigmoid neuron, in Python's numbers."""
    w, v, b, x, y = (float({**p, **data}[k]) for k in "wvbxy")

    def step() -> Found:
        f = 1 / (1 + exp(-(w * x + v * y + b)))
        d = f * (1 - f)
        return f, {"w": d * x, "v": d * y, "b": d}

    return step


def sigmoids(p: Arrays, data: Arrays) -> Step:
    """Three dense layers with sigmoids under a squared error."""

    def step() -> Found:
        a, n, back = [data["X"]], len(data["X"]), {}
        for k in (1, 2, 3):
            a.append(1 / (1 + np.exp(-(a[-1] @ p[f"W_{k}"] + p[f"b_{k}"]))))
        d = 2 / n * (a[3] - data["Y"]) * a[3] * (1 - a[3])
        for k in (3, 2, 1):
            back[f"W_{k}"], back[f"b_{k}"] = a[k - 1].T @ d, d.sum(0)
            if k > 1:
                d = d @ p[f"W_{k}"].T * a[k - 1] * (1 - a[k - 1])
        return ((a[3] - data["Y"]) ** 2).sum() / n, back

    return step


def cross_entropy(z: ndarray, Y: ndarray) -> tuple[float, ndarray]:
    """The loss of scores and labels, and its gradient by the scores."""
    z = z - z.max(1, keepdims=True)
    e = np.exp(z)
    s = e.sum(1, keepdims=True)
    return -(Y * (z - np.log(s))).sum() / len(z), (e / s - Y) / len(z)


def rectified(a: list[ndarray], p: Arrays, Y: ndarray, back: dict[str, ndarray], layers: int) -> tuple[float, ndarray]:
    """Dense layers with ReLU from a[0] on, under a softmax cross-entropy: the loss, and its gradient by what the first gives."""
    for k in range(1, layers + 1):
        z = a[-1] @ p[f"W_{k}"] + p[f"b_{k}"]
        a.append(np.maximum(z, 0) if k < layers else z)
    loss, d = cross_entropy(a[-1], Y)
    for k in range(layers, 0, -1):
        back[f"W_{k}"], back[f"b_{k}"] = a[k - 1].T @ d, d.sum(0)
        if k > 1:
            d = d @ p[f"W_{k}"].T * (a[k - 1] > 0)
    return loss, d


def dense(p: Arrays, data: Arrays) -> Step:
    """Dense layers with ReLU under a softmax cross-entropy."""
    layers = sum(k.startswith("W_") for k in p)

    def step() -> Found:
        back: dict[str, ndarray] = {}
        return rectified([data["X"]], p, data["Y"], back, layers)[0], back

    return step


def convolution(x: ndarray, kernel: ndarray, padding: int) -> tuple[ndarray, Callable[[ndarray, bool], tuple[ndarray, ndarray]]]:
    """A convolution by its columns, and its way back: from the gradient of what comes out, those of the kernel and of x."""
    n, c, h, w = x.shape
    out, _, tall, wide = kernel.shape
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(x, (tall, wide), (2, 3)).transpose(0, 2, 3, 1, 4, 5)
    rows, across = windows.shape[1:3]
    columns = windows.reshape(n * rows * across, c * tall * wide)
    flat = kernel.reshape(out, c * tall * wide)
    y = (columns @ flat.T).reshape(n, rows, across, out).transpose(0, 3, 1, 2)

    def back(dy: ndarray, needs_x: bool) -> tuple[ndarray, ndarray]:
        d = dy.transpose(0, 2, 3, 1).reshape(-1, out)
        dx = np.zeros_like(x)
        if needs_x:
            parts = (d @ flat).reshape(n, rows, across, c, tall, wide).transpose(0, 3, 4, 5, 1, 2)
            for i in range(tall):
                for j in range(wide):
                    dx[:, :, i : i + rows, j : j + across] += parts[:, :, i, j]
        return (d.T @ columns).reshape(kernel.shape), dx[:, :, padding : padding + h, padding : padding + w]

    return y, back


def pooled(x: ndarray) -> tuple[ndarray, Back]:
    """The largest entry of each 2 x 2 window, and its way back."""
    n, c, h, w = x.shape
    windows = x.reshape(n, c, h // 2, 2, w // 2, 2)
    y = windows.max((3, 5))
    return y, lambda dy: ((windows == y[:, :, :, None, :, None]) * dy[:, :, :, None, :, None]).reshape(x.shape)


def lenet(p: Arrays, data: Arrays) -> Step:
    """LeNet: two convolutions by columns, three dense layers."""

    def step() -> Found:
        back: dict[str, ndarray] = {}
        z_1, back_1 = convolution(data["X"], p["K_1"], 2)
        a_1 = np.maximum(z_1 + p["c_1"][:, None, None], 0)
        h_1, unpool_1 = pooled(a_1)
        z_2, back_2 = convolution(h_1, p["K_2"], 0)
        a_2 = np.maximum(z_2 + p["c_2"][:, None, None], 0)
        h_2, unpool_2 = pooled(a_2)
        loss, d = rectified([h_2.reshape(len(h_2), 400)], p, data["Y"], back, 3)
        d = unpool_2((d @ p["W_1"].T).reshape(h_2.shape)) * (a_2 > 0)
        back["c_2"] = d.sum((0, 2, 3))
        back["K_2"], d = back_2(d, True)
        d = unpool_1(d) * (a_1 > 0)
        back["c_1"] = d.sum((0, 2, 3))
        back["K_1"], _ = back_1(d, False)
        return loss, back

    return step


def groups(p: Arrays, data: Arrays) -> Step:
    """Two convolutions of 8 groups of channels, a group at a time."""

    def convolved(x: ndarray, kernel: ndarray) -> tuple[ndarray, Callable[[ndarray, bool], tuple[ndarray, ndarray]]]:
        each = [convolution(x[:, g : g + 8], kernel[g : g + 8], 1) for g in range(0, 64, 8)]

        def back(dy: ndarray, needs_x: bool) -> tuple[ndarray, ndarray]:
            found = [one(dy[:, 8 * g : 8 * g + 8], needs_x) for g, (_, one) in enumerate(each)]
            return np.concatenate([dk for dk, _ in found]), np.concatenate([dx for _, dx in found], 1)

        return np.concatenate([y for y, _ in each], 1), back

    def step() -> Found:
        n = len(data["X"])
        z, back_1 = convolved(data["X"], p["K"])
        a = np.maximum(z + p["c"][:, None, None], 0)
        y, back_2 = convolved(a, p["V"])
        dV, d = back_2(2 / n * y, True)
        d = d * (a > 0)
        return (y**2).sum() / n, {"K": back_1(d, False)[0], "c": d.sum((0, 2, 3)), "V": dV}

    return step


def normalised(x: ndarray, gain: ndarray, bias: ndarray) -> tuple[ndarray, Callable[[ndarray], tuple[ndarray, ndarray, ndarray]]]:
    """Layer normalisation, and its way back: the gradients of x, of the gain and of the bias."""
    away = x - x.mean(-1, keepdims=True)
    root = np.sqrt((away**2).mean(-1, keepdims=True) + 1e-5)
    xhat = away / root

    def back(dy: ndarray) -> tuple[ndarray, ndarray, ndarray]:
        d = dy * gain
        dx = (d - d.mean(-1, keepdims=True) - xhat * (d * xhat).mean(-1, keepdims=True)) / root
        return dx, (dy * xhat).sum((0, 1)), dy.sum((0, 1))

    return xhat * gain + bias, back


def by_weights(x: ndarray, dy: ndarray) -> ndarray:
    """The gradient of W in y = x W, over all samples and steps."""
    return x.reshape(-1, x.shape[-1]).T @ dy.reshape(-1, dy.shape[-1])


def attention(
    u: ndarray, w: dict[str, ndarray], mask: ndarray | None
) -> tuple[ndarray, Callable[[ndarray, dict[str, ndarray]], ndarray]]:
    """Attention with four heads, and its way back: it writes the gradients of the weights and gives that of u."""
    n, t, d = u.shape

    def heads(x: ndarray) -> ndarray:
        return x.reshape(n, t, 4, d // 4).transpose(0, 2, 1, 3)

    def joined(x: ndarray) -> ndarray:
        return x.transpose(0, 2, 1, 3).reshape(n, t, d)

    q, k, v = (heads(u @ w[name]) for name in "qkv")
    scale = u.dtype.type((d // 4) ** -0.5)
    scores = q @ k.swapaxes(2, 3) * scale
    if mask is not None:
        scores = scores + mask
    e = np.exp(scores - scores.max(-1, keepdims=True))
    weights = e / e.sum(-1, keepdims=True)
    context = joined(weights @ v)

    def back(dy: ndarray, found: dict[str, ndarray]) -> ndarray:
        found["o"] = by_weights(context, dy)
        d_context = heads(dy @ w["o"].T)
        d_weights = d_context @ v.swapaxes(2, 3)
        d_scores = weights * (d_weights - (d_weights * weights).sum(-1, keepdims=True)) * scale
        parts = {"q": d_scores @ k, "k": d_scores.swapaxes(2, 3) @ q, "v": weights.swapaxes(2, 3) @ d_context}
        du = np.zeros_like(u)
        for name, part in parts.items():
            found[name] = by_weights(u, joined(part))
            du += joined(part) @ w[name].T
        return du

    return context @ w["o"], back


def block(p: Arrays, data: Arrays) -> Step:
    """A pre-norm transformer block with ReLU, under the sum of squares."""
    w = {name: p[f"W_{name}"] for name in "qkvo"}

    def step() -> Found:
        x = data["X"]
        u_1, back_1 = normalised(x, p["g_1"], p["o_1"])
        y, attended = attention(u_1, w, None)
        x_1 = x + y
        u_2, back_2 = normalised(x_1, p["g_2"], p["o_2"])
        h = np.maximum(u_2 @ p["W_1"] + p["b_1"], 0)
        x_2 = x_1 + h @ p["W_2"] + p["b_2"]
        d = 2 * x_2
        back = {"W_2": by_weights(h, d), "b_2": d.sum((0, 1))}
        dh = d @ p["W_2"].T * (h > 0)
        back["W_1"], back["b_1"] = by_weights(u_2, dh), dh.sum((0, 1))
        dx, back["g_2"], back["o_2"] = back_2(dh @ p["W_1"].T)
        own: dict[str, ndarray] = {}
        _, back["g_1"], back["o_1"] = back_1(attended(d + dx, own))
        return (x_2**2).sum(), back | {f"W_{name}": a for name, a in own.items()}

    return step


def gelu(x: ndarray) -> tuple[ndarray, Back]:
    """x times half of 1 + tanh of a cubic, and its way back."""
    c = x.dtype.type((2 / np.pi) ** 0.5)
    square = x * x
    tanh = np.tanh(c * x * (1 + x.dtype.type(0.044715) * square))
    slope = 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh**2) * c * (1 + x.dtype.type(3 * 0.044715) * square)
    return 0.5 * x * (1 + tanh), lambda dy: dy * slope


def gpt(p: Arrays, data: Arrays) -> Step:
    """A causal language model of four blocks whose last layer is the transposed embedding."""
    tokens, wanted, E = data["t"], data["s"], p["E"]
    n, t = tokens.shape
    later = np.triu(np.full((t, t), -np.inf, E.dtype), 1)

    def step() -> Found:
        x, back, ways = E[tokens], {}, []
        for k in range(1, 5):
            w = {name: p[f"W{name}_{k}"] for name in "qkvo"}
            u_1, back_1 = normalised(x, p[f"gamma1_{k}"], p[f"beta1_{k}"])
            y, attended = attention(u_1, w, later)
            x = x + y
            u_2, back_2 = normalised(x, p[f"gamma2_{k}"], p[f"beta2_{k}"])
            h, bent = gelu(u_2 @ p[f"W1_{k}"] + p[f"b1_{k}"])
            x = x + h @ p[f"W2_{k}"] + p[f"b2_{k}"]
            ways.append((back_1, attended, u_2, back_2, h, bent))
        flat, places = x.reshape(n * t, -1), wanted.reshape(-1)
        loss, d = cross_entropy(flat @ E.T, np.eye(len(E), dtype=E.dtype)[places])
        dE = d.T @ flat
        dx = (d @ E).reshape(x.shape)
        for k, (back_1, attended, u_2, back_2, h, bent) in reversed(list(enumerate(ways, 1))):
            back[f"W2_{k}"], back[f"b2_{k}"] = by_weights(h, dx), dx.sum((0, 1))
            dz = bent(dx @ p[f"W2_{k}"].T)
            back[f"W1_{k}"], back[f"b1_{k}"] = by_weights(u_2, dz), dz.sum((0, 1))
            du, back[f"gamma2_{k}"], back[f"beta2_{k}"] = back_2(dz @ p[f"W1_{k}"].T)
            dx = dx + du
            own: dict[str, ndarray] = {}
            du, back[f"gamma1_{k}"], back[f"beta1_{k}"] = back_1(attended(dx, own))
            back |= {f"W{name}_{k}": a for name, a in own.items()}
            dx = dx + du
        np.add.at(dE, tokens, dx)
        return loss, back | {"E": dE}

    return step


def burgers(p: Arrays, data: Arrays) -> Step:
    """The residual of Burgers' equation: the derivatives by x and t forward beside the values, then all of it back."""
    x, t, n = data["x"], data["t"], len(data["x"])
    w, s, W, v = p["w"], p["s"], p["W"], p["v"]

    def step() -> Found:
        h = np.tanh(x[:, None] * w + t[:, None] * s + p["b"])
        f = 1 - h**2
        h_x, h_t, h_xx = f * w, f * s, -2 * h * f * w**2
        g = np.tanh(h @ W.T + p["c"])
        e = 1 - g**2
        z_x, z_t, z_xx = h_x @ W.T, h_t @ W.T, h_xx @ W.T
        g_x, g_t, g_xx = e * z_x, e * z_t, e * z_xx - 2 * g * e * z_x**2
        q, q_x, q_t, q_xx = t * (1 - x**2), -2 * t * x, 1 - x**2, -2 * t
        y, y_x, y_t, y_xx = g @ v, g_x @ v, g_t @ v, g_xx @ v
        u = -np.sin(3 * x) + q * y
        u_x = -3 * np.cos(3 * x) + q_x * y + q * y_x
        u_t = q_t * y + q * y_t
        u_xx = 9 * np.sin(3 * x) + q_xx * y + 2 * q_x * y_x + q * y_xx
        r = u_t + u * u_x - 0.1 * u_xx

        d = 2 / n * r
        d_u, d_ux, d_uxx = d * u_x, d * u, -0.1 * d
        d_y = d_u * q + d_ux * q_x + d * q_t + d_uxx * q_xx
        d_yx, d_yt, d_yxx = d_ux * q + 2 * d_uxx * q_x, d * q, d_uxx * q
        dv = g.T @ d_y + g_x.T @ d_yx + g_t.T @ d_yt + g_xx.T @ d_yxx
        d_g, d_gx, d_gt, d_gxx = (np.outer(a, v) for a in (d_y, d_yx, d_yt, d_yxx))
        d_zx, d_zt, d_zxx = d_gx * e - 4 * g * e * z_x * d_gxx, d_gt * e, d_gxx * e
        d_g = d_g - 2 * g * (z_x * d_gx + z_t * d_gt + z_xx * d_gxx) - 2 * z_x**2 * (1 - 3 * g**2) * d_gxx
        d_z = d_g * e
        dW = d_z.T @ h + d_zx.T @ h_x + d_zt.T @ h_t + d_zxx.T @ h_xx
        d_h, d_hx, d_ht, d_hxx = d_z @ W, d_zx @ W, d_zt @ W, d_zxx @ W
        dw = (d_hx * f).sum(0) - 4 * w * (d_hxx * h * f).sum(0)
        ds = (d_ht * f).sum(0)
        d_h = d_h - 2 * h * (w * d_hx + s * d_ht) - 2 * w**2 * (1 - 3 * h**2) * d_hxx
        d_p = d_h * f
        back = {"w": dw + x @ d_p, "s": ds + t @ d_p, "b": d_p.sum(0), "W": dW, "c": d_z.sum(0), "v": dv}
        return (r**2).sum() / n, back

    return step


def recurrence(p: Arrays, data: Arrays) -> Step:
    """A tanh RNN or an LSTM step by step, its states in a list, as a student writes backpropagation through time."""
    X, Y, W, U, b = data["X"], data["Y"], p["W"], p["U"], p["b"]
    steps, width, gated = X.shape[1], U.shape[0], U.shape[1] != U.shape[0]

    def sigmoid(z: ndarray) -> ndarray:
        return 1 / (1 + np.exp(-z))

    def step() -> Found:
        h = [np.zeros((len(X), width), X.dtype)]
        c, kept = [h[0]], []
        for t in range(steps):
            z = X[:, t] @ W + h[-1] @ U + b
            if gated:
                i, f, g, o = sigmoid(z[:, :width]), sigmoid(z[:, width:2 * width]), np.tanh(z[:, 2 * width:3 * width]), sigmoid(z[:, 3 * width:])  # fmt: skip
                c.append(f * c[-1] + i * g)
                kept.append((i, f, g, o, np.tanh(c[-1])))
                h.append(o * kept[-1][4])
            else:
                h.append(np.tanh(z))
        each = Y.ndim == 3
        loss = sum(((h[t + 1] - Y[:, t]) ** 2).sum() for t in range(steps)) if each else ((h[-1] - Y) ** 2).sum()
        dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
        dh, dc = np.zeros_like(h[0]) if each else 2 * (h[-1] - Y), np.zeros_like(h[0])
        for t in reversed(range(steps)):
            if each:
                dh = dh + 2 * (h[t + 1] - Y[:, t])
            if gated:
                i, f, g, o, tanh_c = kept[t]
                dc = dc + dh * o * (1 - tanh_c**2)
                dz = np.concatenate(
                    [dc * g * i * (1 - i), dc * c[t] * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)], 1
                )
                dc = dc * f
            else:
                dz = dh * (1 - h[t + 1] ** 2)
            dW += X[:, t].T @ dz
            dU += h[t].T @ dz
            db += dz.sum(0)
            dh = dz @ U.T
        return loss, {"W": dW, "U": dU, "b": db}

    return step


WRITTEN: dict[str, Callable[[Arrays, Arrays], Step]] = {
    "(x + y) z": gate, "sigmoid neuron": neuron, "3-4-4-1": sigmoids, "LeNet": lenet, "transformer block": block, "GPT": gpt,
    "tanh RNN": recurrence, "LSTM": recurrence, "convolutions in 8 groups": groups, "PINN of Burgers": burgers,
}  # fmt: skip
