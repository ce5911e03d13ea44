"""Networks with loops, each twice: as a program with a Carry, and as its steps written out in the language, at a number of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import sympy as sp

from symbackprop.core.functions import FUNCTIONS, iverson
from symbackprop.core.program import Program, Signature, position, size, substituted
from symbackprop.language import operations
from symbackprop.language.lower.tracing import trace
from symbackprop.language.operations import eye, inv, logdet, logsumexp, max, outer, softmax, stack, sum
from symbackprop.language.tensors import Tensor
from tests.by_hand import Hand

Inputs = Any  # tensors by name, as attributes
_table: Any = operations
exp, sigmoid, tanh = _table.exp, _table.sigmoid, _table.tanh


@dataclass(frozen=True)
class Case:
    """A network.

    hand     the program, whose loss is L.
    written  the loss as a tensor, of the inputs and the numbers of steps.
    sizes    the sizes that are no numbers of steps.
    steps    the names of the sizes that are.
    """

    hand: Callable[[], Hand]
    written: Callable[..., Any]
    sizes: Mapping[str, int]
    steps: tuple[str, ...] = ("T",)

    @property
    def program(self) -> Program:
        return self.hand().program("L")

    def at(self, *steps: int) -> dict[str, int]:
        return {**self.sizes, **dict(zip(self.steps, steps, strict=True))}

    def unrolled(self, sizes: Mapping[str, int]) -> Program:
        """The steps written out."""
        numbers = {size(name): sp.Integer(n) for name, n in sizes.items()}
        own = {}
        for t in self.hand().tensors.values():
            if t.kind != "value":
                shape = tuple(substituted(n, numbers) for n in t.shape)
                own[t.name] = Tensor(shape, signature=Signature(t.name, shape, t.kind, t.domain))
        loss = self.written(_Attributes(own), *(sizes[s] for s in self.steps))
        return trace({"L": loss}, own.values())


@dataclass(frozen=True)
class _Attributes:
    known: Mapping[str, Tensor] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Tensor:
        return self.known[name]


def at_end(value: str, letter: str, extent: str) -> Callable[..., Any]:
    """The body that reads the last step of one operand."""
    return lambda s: s * iverson(sp.Eq(position(letter), size(extent) - 1))


def squares(net: Hand, left: str, right: str) -> Hand:
    return net.sum("L", lambda a, b: (a - b) ** 2, left, right)


def mlp() -> Hand:
    net = Hand(l="n", i="h", j="h").inputs("data x[i] y[i]", "parameter W[l i j] b[l i]")
    net.carry("p[l i]", "z[l i]", "x[i]")
    net.sum("u[l i]", lambda W, p: W * p, "W[l i j]", "p[l j]").sum("v[l i]", lambda u, b: u + b, "u[l i]", "b[l i]")
    net.sum("z[l i]", FUNCTIONS["sigmoid"], "v[l i]").sum("q[i]", at_end("z", "l", "n"), "z[l i]")
    return squares(net, "q[i]", "y[i]")


def mlp_written(a: Inputs, n: int) -> Any:
    z = a.x
    for k in range(n):
        z = sigmoid(a.W[k] @ z + a.b[k])
    return sum((z - a.y) ** 2)


def rnn() -> Hand:
    net = Hand(t="T", k="N", i="m", j="m", d="d").inputs("data x[t k d] y[k i] h0[k i]", "parameter W[d i] U[j i] b[i]")
    net.carry("p[t k i]", "h[t k i]", "h0[k i]")
    net.sum("u[t k i]", lambda x, W: x * W, "x[t k d]", "W[d i]").sum("v[t k i]", lambda p, U: p * U, "p[t k j]", "U[j i]")
    net.sum("h[t k i]", lambda u, v, b: sp.tanh(u + v + b), "u[t k i]", "v[t k i]", "b[i]")
    return squares(net.sum("q[k i]", at_end("h", "t", "T"), "h[t k i]"), "q[k i]", "y[k i]")


def rnn_written(a: Inputs, n: int) -> Any:
    h = a.h0
    for k in range(n):
        h = tanh(a.x[k] @ a.W + h @ a.U + a.b)
    return sum((h - a.y) ** 2)


def rnn_every() -> Hand:
    """A loss at every step."""
    net = Hand(t="T", i="m", j="m", d="d", c="c").inputs("data x[t d] y[t c] h0[i]", "parameter W[i d] U[i j] V[c i]")
    net.carry("p[t i]", "h[t i]", "h0[i]")
    net.sum("u[t i]", lambda W, x: W * x, "W[i d]", "x[t d]").sum("v[t i]", lambda U, p: U * p, "U[i j]", "p[t j]")
    net.sum("h[t i]", lambda u, v: sp.tanh(u + v), "u[t i]", "v[t i]")
    net.sum("o[t c]", lambda V, h: V * h, "V[c i]", "h[t i]")
    net.sum("e[t]", lambda o, y: (o - y) ** 2, "o[t c]", "y[t c]")
    return net.sum("L", lambda e: e, "e[t]")


def rnn_every_written(a: Inputs, n: int) -> Any:
    h, total = a.h0, 0
    for k in range(n):
        h = tanh(a.W @ a.x[k] + a.U @ h)
        total = total + sum((a.V @ h - a.y[k]) ** 2)
    return total


GATES = "ifgo"


def lstm() -> Hand:
    net = Hand(t="T", i="m", j="m", d="d").inputs(
        "data x[t d] y[i] h0[i] c0[i]",
        f"parameter {' '.join(f'W{g}[i d] U{g}[i j]' for g in GATES)}",
    )
    net.carry("p[t i]", "h[t i]", "h0[i]").carry("r[t i]", "c[t i]", "c0[i]")
    for g in GATES:
        net.sum(f"u{g}[t i]", lambda W, x: W * x, f"W{g}[i d]", "x[t d]")
        net.sum(f"v{g}[t i]", lambda U, p: U * p, f"U{g}[i j]", "p[t j]")
        act = sp.tanh if g == "g" else FUNCTIONS["sigmoid"]
        net.sum(f"{g}[t i]", lambda u, v, act=act: act(u + v), f"u{g}[t i]", f"v{g}[t i]")
    net.sum("c[t i]", lambda f, r, i, g: f * r + i * g, "f[t i]", "r[t i]", "i[t i]", "g[t i]")
    net.sum("h[t i]", lambda o, c: o * sp.tanh(c), "o[t i]", "c[t i]")
    return squares(net.sum("q[i]", at_end("h", "t", "T"), "h[t i]"), "q[i]", "y[i]")


def lstm_written(a: Inputs, n: int) -> Any:
    h, c = a.h0, a.c0
    for k in range(n):
        i, f, g, o = (
            (tanh if name == "g" else sigmoid)(getattr(a, f"W{name}") @ a.x[k] + getattr(a, f"U{name}") @ h) for name in GATES
        )
        c = f * c + i * g
        h = o * tanh(c)
    return sum((h - a.y) ** 2)


def tower() -> Hand:
    """A residual tower."""
    net = Hand(l="n", i="h", j="h").inputs("data x[i] y[i]", "parameter W[l i j] V[l i j]")
    net.carry("p[l i]", "z[l i]", "x[i]")
    net.sum("u[l i]", lambda W, p: W * p, "W[l i j]", "p[l j]").sum("a[l i]", sp.tanh, "u[l i]")
    net.sum("v[l i]", lambda V, a: V * a, "V[l i j]", "a[l j]").sum("z[l i]", lambda p, v: p + v, "p[l i]", "v[l i]")
    return squares(net.sum("q[i]", at_end("z", "l", "n"), "z[l i]"), "q[i]", "y[i]")


def tower_written(a: Inputs, n: int) -> Any:
    z = a.x
    for k in range(n):
        z = z + a.V[k] @ tanh(a.W[k] @ z)
    return sum((z - a.y) ** 2)


def returned() -> Hand:
    """A discounted return, backwards in time: G[t] = r[t] + gamma G[t+1]."""
    net = Hand(t="T").inputs("parameter r[t] gamma", "data V").carry("p[t]", "G[t]", "V", step=-1)
    net.sum("G[t]", lambda r, gamma, p: r + gamma * p, "r[t]", "gamma", "p[t]")
    return net.sum("L", lambda G: G**2, "G[t]")


def returned_written(a: Inputs, n: int) -> Any:
    G, total = a.V, 0
    for k in reversed(range(n)):
        G = a.r[k] + a.gamma * G
        total = total + G**2
    return total


def numbered() -> Hand:
    """The step's number stands in the body: s[t] = a s[t-1] + lam[t] x[t] / t, without a start."""
    net = Hand(t="T", i="d").inputs("data x[t i]", "parameter a[i] lam[t]").carry("p[t i]", "s[t i]")
    body = lambda a, p, lam, x: a * p + lam * x / (position("t") + 1)  # noqa: E731
    net.sum("s[t i]", body, "a[i]", "p[t i]", "lam[t]", "x[t i]")
    return net.sum("L", lambda s: s**2, "s[t i]")


def numbered_written(a: Inputs, n: int) -> Any:
    s, total = 0, 0
    for k in range(n):
        s = a.a * s + a.lam[k] * a.x[k] / (k + 1)
        total = total + sum(s**2)
    return total


def grid() -> Hand:
    """Layers over time: h[l, t] of h[l-1, t] and h[l, t-1]."""
    net = Hand(l="n", t="T", i="m", j="m").inputs("data x[t i] y[i] k0[l i]", "parameter W[l i j] U[l i j]")
    net.carry("p[l t i]", "h[l t i]", "x[t i]", along="l").carry("r[l t i]", "h[l t i]", "k0[l i]", along="t")
    net.sum("u[l t i]", lambda W, p: W * p, "W[l i j]", "p[l t j]").sum("v[l t i]", lambda U, r: U * r, "U[l i j]", "r[l t j]")
    net.sum("h[l t i]", lambda u, v: sp.tanh(u + v), "u[l t i]", "v[l t i]")
    net.sum("q[l]", lambda h, y: (h - y) ** 2, "h[l t i]", "y[i]")
    return net.sum("L", lambda q: q, "q[l]")


def grid_written(a: Inputs, n: int, steps: int) -> Any:
    below, total = [a.x[t] for t in range(steps)], 0
    for k in range(n):
        h, row = a.k0[k], []
        for t in range(steps):
            h = tanh(a.W[k] @ below[t] + a.U[k] @ h)
            row.append(h)
            total = total + sum((h - a.y) ** 2)
        below = row
    return total


def attention() -> Hand:
    """An encoder, and a decoder that attends over all of its states."""
    net = Hand(t="T", s="S", i="m", j="m", d="d").inputs("data x[t d] y[s i] h0[i]", "parameter W[i d] U[i j] V[i j]")
    net.carry("p[t i]", "h[t i]", "h0[i]").sum("u[t i]", lambda W, x: W * x, "W[i d]", "x[t d]")
    net.sum("v[t i]", lambda U, p: U * p, "U[i j]", "p[t j]").sum("h[t i]", lambda u, v: sp.tanh(u + v), "u[t i]", "v[t i]")
    net.sum("f[i]", at_end("h", "t", "T"), "h[t i]")
    net.carry("g[s i]", "z[s i]", "f[i]").sum("e[s t]", lambda h, g: h * g, "h[t i]", "g[s i]")
    net.reduce("logsumexp", "Z[s]", "e[s t]").sum("r[s t]", lambda e, Z: sp.exp(e - Z), "e[s t]", "Z[s]")
    net.sum("c[s i]", lambda h, r: h * r, "h[t i]", "r[s t]").sum("k[s i]", lambda V, g: V * g, "V[i j]", "g[s j]")
    net.sum("z[s i]", lambda c, k: sp.tanh(c + k), "c[s i]", "k[s i]")
    return squares(net, "z[s i]", "y[s i]")


def attention_written(a: Inputs, n: int, steps: int) -> Any:
    h, states = a.h0, []
    for k in range(n):
        h = tanh(a.W @ a.x[k] + a.U @ h)
        states.append(h)
    H, total, z = stack(states), 0, h
    for k in range(steps):
        z = tanh(a.V @ z + H.T @ softmax(H @ z))
        total = total + sum((z - a.y[k]) ** 2)
    return total


def forward_sums(kind: str) -> Hand:
    """alpha[t, j] = x[t, j] + logsumexp_i (alpha[t-1, i] + A[i, j]): a CRF's forward recursion; with max, Viterbi's."""
    net = Hand(t="T", i="c", j="c").inputs("parameter x[t j] A[i j] p0[j]").carry("p[t j]", "alpha[t j]", "p0[j]")
    net.sum("s[t j i]", lambda p, A: p + A, "p[t i]", "A[i j]").reduce(kind, "m[t j]", "s[t j i]")
    net.sum("alpha[t j]", lambda x, m: x + m, "x[t j]", "m[t j]")
    return net.sum("q[j]", at_end("alpha", "t", "T"), "alpha[t j]").reduce(kind, "L", "q[j]")


def forward_sums_written(a: Inputs, n: int, fold: Any) -> Any:
    alpha = a.p0
    for k in range(n):
        alpha = a.x[k] + fold(alpha[:, None] + a.A, axis=0)
    return fold(alpha)


def kalman() -> Hand:
    """The innovations' likelihood of a Kalman filter."""
    net = Hand(t="T", i="m", j="m", k="m", a="c", b="c", e="c").inputs(
        "data y[t a]", "parameter F[i j] H[a i] Q[i j] R[a b] mu0[i] P0[i j]"
    )
    net.carry("mp[t i]", "mu[t i]", "mu0[i]").carry("pp[t i j]", "P[t i j]", "P0[i j]")
    net.sum("QQ[i j]", lambda a, b: a * b, "Q[i k]", "Q[j k]").sum("RR[a b]", lambda a, b: a * b, "R[a e]", "R[b e]")
    net.sum("FP[t i k]", lambda F, P: F * P, "F[i j]", "pp[t j k]").sum("FF[t i j]", lambda A, F: A * F, "FP[t i k]", "F[j k]")
    net.sum("M[t i j]", lambda A, Q: A + Q, "FF[t i j]", "QQ[i j]").sum("MH[t i a]", lambda M, H: M * H, "M[t i j]", "H[a j]")
    net.sum("HM[t a b]", lambda H, M: H * M, "H[a i]", "MH[t i b]")
    one = iverson(sp.Eq(position("a"), position("b")))
    net.sum("S[t a b]", lambda A, R: A + R + one, "HM[t a b]", "RR[a b]").matrix("inverse", "V[t a b]", "S[t a b]")
    net.matrix("logdet", "D[t]", "S[t a b]").sum("K[t i a]", lambda M, V: M * V, "MH[t i b]", "V[t b a]")
    net.sum("m[t i]", lambda F, p: F * p, "F[i j]", "mp[t j]").sum("r[t a]", lambda H, m: H * m, "H[a i]", "m[t i]")
    net.sum("v[t a]", lambda y, r: y - r, "y[t a]", "r[t a]").sum("g[t i]", lambda K, v: K * v, "K[t i a]", "v[t a]")
    net.sum("mu[t i]", lambda m, g: m + g, "m[t i]", "g[t i]").sum("KH[t i j]", lambda K, H: K * H, "K[t i a]", "H[a j]")
    net.sum("KM[t i j]", lambda K, M: K * M, "KH[t i k]", "M[t k j]")
    net.sum("P[t i j]", lambda M, K: M - K, "M[t i j]", "KM[t i j]")
    net.sum("w[t a]", lambda V, v: V * v, "V[t a b]", "v[t b]").sum("e[t]", lambda v, w: v * w, "v[t a]", "w[t a]")
    return net.sum("L", lambda D, e: D + e, "D[t]", "e[t]")


def kalman_written(a: Inputs, n: int) -> Any:
    mu, P, total = a.mu0, a.P0, 0
    for k in range(n):
        M = a.F @ P @ a.F.T + a.Q @ a.Q.T
        S = a.H @ M @ a.H.T + a.R @ a.R.T + eye(2)
        e = a.y[k] - a.H @ (a.F @ mu)
        K = M @ a.H.T @ inv(S)
        mu, P = a.F @ mu + K @ e, M - K @ a.H @ M
        total = total + logdet(S) + e @ (inv(S) @ e)
    return total


def sinkhorn() -> Hand:
    net = (
        Hand(t="T", i="m", j="c")
        .inputs("parameter C[i j]", "parameter-positive a[i] b[j] v0[j]")
        .carry("p[t j]", "v[t j]", "v0[j]")
    )
    net.sum("K[i j]", lambda C: sp.exp(-C), "C[i j]").sum("r[t i]", lambda K, p: K * p, "K[i j]", "p[t j]")
    net.sum("u[t i]", lambda a, r: a / r, "a[i]", "r[t i]").sum("s[t j]", lambda K, u: K * u, "K[i j]", "u[t i]")
    net.sum("v[t j]", lambda b, s: b / s, "b[j]", "s[t j]").sum("q[j]", at_end("v", "t", "T"), "v[t j]")
    net.sum("w[i]", lambda K, q: K * q, "K[i j]", "q[j]")
    return net.sum("L", lambda a, w, K, C, q: a / w * K * C * q, "a[i]", "w[i]", "K[i j]", "C[i j]", "q[j]")


def sinkhorn_written(a: Inputs, n: int) -> Any:
    K, v = exp(-a.C), a.v0
    for _ in range(n):
        v = a.b / (K.T @ (a.a / (K @ v)))
    return sum((a.a / (K @ v)) @ (K * a.C) * v)


def linear_attention() -> Hand:
    """With a gate that forgets."""
    net = Hand(t="T", i="d", j="d", c="m").inputs("data q[t i] k[t i] w[t c] y[t c] S0[i c]", "parameter g[t] B[i j]")
    net.carry("p[t i c]", "S[t i c]", "S0[i c]").sum("kk[t i]", lambda B, k: B * k, "B[i j]", "k[t j]")
    forget = FUNCTIONS["sigmoid"]
    net.sum("S[t i c]", lambda g, p, k, w: forget(g) * p + k * w, "g[t]", "p[t i c]", "kk[t i]", "w[t c]")
    return squares(net.sum("o[t c]", lambda S, q: S * q, "S[t i c]", "q[t i]"), "o[t c]", "y[t c]")


def linear_attention_written(a: Inputs, n: int) -> Any:
    S, total = a.S0, 0
    for k in range(n):
        S = sigmoid(a.g[k]) * S + outer(a.B @ a.k[k], a.w[k])
        total = total + sum((S.T @ a.q[k] - a.y[k]) ** 2)
    return total


def gradient_steps() -> Hand:
    """K steps of gradient descent on a linear regression, inside the loss."""
    net = Hand(t="T", n="N", i="d").inputs("data X[n i] y[n]", "parameter w0[i] eta").carry("p[t i]", "w[t i]", "w0[i]")
    net.sum("a[t n]", lambda X, p: X * p, "X[n i]", "p[t i]").sum("e[t n]", lambda a, y: a - y, "a[t n]", "y[n]")
    net.sum("g[t i]", lambda X, e: 2 * X * e / size("N"), "X[n i]", "e[t n]")
    net.sum("w[t i]", lambda p, eta, g: p - eta * g, "p[t i]", "eta", "g[t i]").sum("q[i]", at_end("w", "t", "T"), "w[t i]")
    return squares(net.sum("o[n]", lambda X, q: X * q, "X[n i]", "q[i]"), "o[n]", "y[n]")


def gradient_steps_written(a: Inputs, n: int) -> Any:
    w = a.w0
    for _ in range(n):
        w = w - a.eta * 2 * (a.X.T @ (a.X @ w - a.y)) / 4
    return sum((a.X @ w - a.y) ** 2)


def second_order() -> Hand:
    """z[l] = tanh(a z[l-1] + b z[l-2] + x[l]): a Carry of a Carry."""
    net = Hand(l="n", i="h").inputs("parameter x[l i] a b[i] z0[i] z1[i]")
    net.carry("p[l i]", "z[l i]", "z0[i]").carry("r[l i]", "p[l i]", "z1[i]")
    net.sum("z[l i]", lambda a, p, b, r, x: sp.tanh(a * p + b * r + x), "a", "p[l i]", "b[i]", "r[l i]", "x[l i]")
    return net.sum("L", lambda z: z**2, "z[l i]")


def second_order_written(a: Inputs, n: int) -> Any:
    before, z, total = a.z1, a.z0, 0
    for k in range(n):
        before, z = z, tanh(a.a * z + a.b * before + a.x[k])
        total = total + sum(z**2)
    return total


def three() -> Hand:
    """Layers, time, and steps within each."""
    net = Hand(l="n", t="T", s="S", i="m", j="m").inputs("data x[t i] k0[l i] q0[l t i]", "parameter W[l i j] U[l i j] B[i j]")
    net.carry("p[l t i]", "h[l t i]", "x[t i]", along="l").carry("r[l t i]", "h[l t i]", "k0[l i]", along="t")
    net.sum("b[l t i]", lambda W, p: W * p, "W[l i j]", "p[l t j]").sum("c[l t i]", lambda U, r: U * r, "U[l i j]", "r[l t j]")
    net.carry("w[l t s i]", "v[l t s i]", "q0[l t i]", along="s").sum("d[l t s i]", lambda B, w: B * w, "B[i j]", "w[l t s j]")
    net.sum("v[l t s i]", lambda d, b, c: sp.tanh(d + b + c), "d[l t s i]", "b[l t i]", "c[l t i]")
    net.sum("f[l t i]", at_end("v", "s", "S"), "v[l t s i]").sum("h[l t i]", sp.tanh, "f[l t i]")
    return net.sum("L", lambda h: h**2, "h[l t i]")


def three_written(a: Inputs, n: int, steps: int, inner: int) -> Any:
    below, total = [a.x[t] for t in range(steps)], 0
    for k in range(n):
        h, row = a.k0[k], []
        for t in range(steps):
            drive, v = a.W[k] @ below[t] + a.U[k] @ h, a.q0[k][t]
            for _ in range(inner):
                v = tanh(a.B @ v + drive)
            h = tanh(v)
            row.append(h)
            total = total + sum(h**2)
        below = row
    return total


CASES = {
    "mlp": Case(mlp, mlp_written, {"h": 2}, ("n",)),
    "rnn": Case(rnn, rnn_written, {"N": 2, "m": 3, "d": 4}),
    "rnn with a loss at every step": Case(rnn_every, rnn_every_written, {"m": 3, "d": 2, "c": 4}),
    "lstm": Case(lstm, lstm_written, {"m": 2, "d": 4}),
    "residual tower": Case(tower, tower_written, {"h": 2}, ("n",)),
    "discounted return": Case(returned, returned_written, {}),
    "numbered steps": Case(numbered, numbered_written, {"d": 2}),
    "layers over time": Case(grid, grid_written, {"m": 2}, ("n", "T")),
    "attention over a loop": Case(attention, attention_written, {"m": 3, "d": 2}, ("T", "S")),
    "crf": Case(lambda: forward_sums("logsumexp"), lambda a, n: forward_sums_written(a, n, logsumexp), {"c": 3}),
    "viterbi": Case(lambda: forward_sums("max"), lambda a, n: forward_sums_written(a, n, max), {"c": 3}),
    "kalman": Case(kalman, kalman_written, {"m": 3, "c": 2}),
    "sinkhorn": Case(sinkhorn, sinkhorn_written, {"m": 3, "c": 2}),
    "linear attention": Case(linear_attention, linear_attention_written, {"d": 2, "m": 3}),
    "gradient steps": Case(gradient_steps, gradient_steps_written, {"N": 4, "d": 2}),
    "second order": Case(second_order, second_order_written, {"h": 2}, ("n",)),
    "three loops": Case(three, three_written, {"m": 2}, ("n", "T", "S")),
}

QUICK = {"mlp", "rnn", "residual tower", "discounted return", "layers over time", "gradient steps"}


def cases(but: frozenset[str] = frozenset()) -> list[Any]:
    """The names of all networks but some, the larger ones among the slower tests."""
    return [pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK)) for name in CASES if name not in but]
