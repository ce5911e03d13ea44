"""Networks with derivatives in their losses, as text, in Python and in JAX: each against what JAX makes of it, gradients and curvature."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

import symbackprop as sb

pytestmark = pytest.mark.slow


class Case(NamedTuple):
    """One network: its text, the same as a function of JAX, and the shapes of its inputs."""

    text: str
    jax: Callable[[Any, Any], Callable[..., Any]]
    shapes: dict[str, tuple[int, ...]]


def penalty(jax: Any, np: Any) -> Callable[..., Any]:
    def f(x: Any, W: Any, U: Any, v: Any) -> Any:
        return np.tanh(U @ np.tanh(W @ x)) @ v

    def loss(x: Any, y: Any, e: Any, W: Any, U: Any, v: Any) -> Any:
        between = e[:, None] * x + (1 - e[:, None]) * y
        g = jax.vmap(lambda z: jax.grad(f)(z, W, U, v))(between)
        critic = jax.vmap(lambda z: f(z, W, U, v))
        return np.mean(critic(y)) - np.mean(critic(x)) + 10 * np.mean((np.sqrt(np.sum(g**2, axis=1)) - 1) ** 2)

    return loss


def r1(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(x: Any, W: Any, v: Any) -> Any:
        def d(z: Any) -> Any:
            return jax.nn.softplus(W @ z) @ v

        g = jax.vmap(jax.grad(d))(x)
        return np.mean(jax.nn.softplus(-jax.vmap(d)(x))) + 0.5 * np.mean(np.sum(g**2, axis=1))

    return loss


def maml(jax: Any, np: Any) -> Callable[..., Any]:
    def task(p: Any, X: Any, y: Any) -> Any:
        W, b, v = p
        return np.mean((np.tanh(X @ W.T + b) @ v - y) ** 2)

    def loss(X: Any, y: Any, Q: Any, q: Any, W: Any, b: Any, v: Any, alpha: Any) -> Any:
        G = jax.grad(task)((W, b, v), X, y)
        return task((W - alpha * G[0], b - alpha * G[1], v - alpha * G[2]), Q, q)

    return loss


def descended(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(X: Any, y: Any, w: Any, eta: Any) -> Any:
        def inner(w: Any) -> Any:
            return np.mean((np.tanh(X @ w) - y) ** 2)

        for k in range(4):
            w = w - eta[k] * jax.grad(inner)(w)
        return inner(w)

    return loss


def momentum(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(X: Any, y: Any, w: Any, eta: Any, mu: Any) -> Any:
        def inner(w: Any) -> Any:
            return np.sum(np.log(np.cosh(X @ w - y)))

        v = np.zeros_like(w)
        for _ in range(3):
            v = mu * v - eta * jax.grad(inner)(w)
            w = w + v
        return inner(w)

    return loss


def hamiltonian(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(q: Any, p: Any, a: Any, b: Any, W: Any, V: Any, v: Any) -> Any:
        def H(q: Any, p: Any) -> Any:
            return np.tanh(W @ q + V @ p) @ v + 0.5 * np.sum(p**2)

        dq, dp = jax.vmap(jax.grad(H, argnums=1))(q, p), -jax.vmap(jax.grad(H, argnums=0))(q, p)
        return np.mean(np.sum((dq - a) ** 2 + (dp - b) ** 2, axis=1))

    return loss


def lagrangian(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(q: Any, w: Any, a: Any, W: Any, V: Any, v: Any) -> Any:
        def L(q: Any, w: Any) -> Any:
            return np.tanh(W @ q + V @ w) @ v + np.sum(w**2) + 0.1 * np.sum(w**4)

        M = jax.hessian(L, argnums=1)(q, w)
        C = jax.jacobian(jax.grad(L, argnums=1), argnums=0)(q, w)
        return np.sum((np.linalg.solve(M, jax.grad(L)(q, w) - C @ w) - a) ** 2)

    return loss


def korteweg(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(x: Any, t: Any, w: Any, c: Any, b: Any, v: Any) -> Any:
        def u(x: Any, t: Any) -> Any:
            return np.tanh(w * x + c * t + b) @ v

        def residual(x: Any, t: Any) -> Any:
            third = jax.grad(jax.grad(jax.grad(u)))(x, t)
            return jax.grad(u, argnums=1)(x, t) + 6 * u(x, t) * jax.grad(u)(x, t) + third

        return np.mean(jax.vmap(residual)(x, t) ** 2)

    return loss


def beam(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(x: Any, f: Any, w: Any, b: Any, v: Any) -> Any:
        def u(x: Any) -> Any:
            return np.sin(w * x + b) @ v

        fourth = jax.vmap(jax.grad(jax.grad(jax.grad(jax.grad(u)))))(x)
        return np.mean((fourth - f) ** 2)

    return loss


def poisson(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(x: Any, f: Any, W: Any, b: Any, U: Any, v: Any) -> Any:
        def u(x: Any) -> Any:
            return np.tanh(U @ np.tanh(W @ x + b)) @ v

        return np.mean((jax.vmap(lambda z: np.trace(jax.hessian(u)(z)))(x) - f) ** 2)

    return loss


def score(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(x: Any, W: Any, b: Any, V: Any) -> Any:
        def s(x: Any) -> Any:
            return V @ np.tanh(W @ x + b)

        return np.mean(jax.vmap(lambda z: np.trace(jax.jacobian(s)(z)) + 0.5 * np.sum(s(z) ** 2))(x))

    return loss


def sliced(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(x: Any, r: Any, W: Any, V: Any) -> Any:
        def s(x: Any) -> Any:
            return V @ np.tanh(W @ x)

        def one(x: Any, r: Any) -> Any:
            return r @ jax.jvp(s, (x,), (r,))[1] + 0.5 * (r @ s(x)) ** 2

        return np.mean(jax.vmap(one)(x, r))

    return loss


def implicit(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(x: Any, y: Any, W: Any, b: Any) -> Any:
        z = np.zeros_like(x)
        for _ in range(200):  # contracts: what JAX derives of the steps is the slope of where they end
            z = np.tanh(0.3 * W @ z + x + b)
        return np.sum((z - y) ** 2)

    return loss


def contractive(jax: Any, np: Any) -> Callable[..., Any]:
    def loss(x: Any, W: Any, b: Any) -> Any:
        def h(x: Any) -> Any:
            return jax.nn.sigmoid(W @ x + b)

        J = jax.vmap(jax.jacobian(h))(x)
        return np.mean(np.sum((jax.vmap(h)(x) @ W - x) ** 2, axis=1)) + 0.1 * np.mean(np.sum(J**2, axis=(1, 2)))

    return loss


CASES = {
    "wgan-gp": Case("""
x: data[n, d]
y: data[n, d]
e: data[n]
W: parameter[h, d]
U: parameter[k, h]
v: parameter[k]
f = tanh(tanh(x @ W.T) @ U.T) @ v
g = tanh(tanh(y @ W.T) @ U.T) @ v
xhat = e[:, None]*x + (1 - e[:, None])*y
r = tanh(tanh(xhat @ W.T) @ U.T) @ v
r_x = grad(sum(r), xhat)
L = mean(g) - mean(f) + 10*mean((norm(r_x, axis=1) - 1)**2)
""", penalty, {"x": (4, 3), "y": (4, 3), "e": (4,), "W": (5, 3), "U": (2, 5), "v": (2,)}),
    "r1": Case("""
x: data[n, d]
W: parameter[h, d]
v: parameter[h]
D = softplus(x @ W.T) @ v
g = grad(sum(D), x)
L = mean(softplus(-D)) + mean(sum(g**2, axis=1))/2
""", r1, {"x": (4, 3), "W": (5, 3), "v": (5,)}),
    "maml": Case("""
X: data[n, d]
y: data[n]
Q: data[m, d]
q: data[m]
W: parameter[h, d]
b: parameter[h]
v: parameter[h]
alpha: parameter
S = mean((tanh(X @ W.T + b) @ v - y)**2)
G, g, p = grad(S, [W, b, v])
L = mean((tanh(Q @ (W - alpha*G).T + (b - alpha*g)) @ (v - alpha*p) - q)**2)
""", maml, {"X": (5, 3), "y": (5,), "Q": (4, 3), "q": (4,), "W": (2, 3), "b": (2,), "v": (2,), "alpha": ()}),
    "maml of K steps": Case("""
X: data[n, d]
y: data[n]
w: parameter[d]
eta: parameter[K]
z[0] = w
for k in 1..K:
    z[k] = z[k-1] - eta[k]*grad(mean((tanh(X @ z[k-1]) - y)**2), z[k-1])
L = mean((tanh(X @ z[K]) - y)**2)
""", descended, {"X": (5, 3), "y": (5,), "w": (3,), "eta": (4,)}),
    "heavy ball": Case("""
X: data[n, d]
y: data[n]
w: parameter[d]
eta: parameter
mu: parameter
v = zeros_like(w)
for k in range(3):
    v = mu*v - eta*grad(sum(log(cosh(X @ w - y))), w)
    w = w + v
L = sum(log(cosh(X @ w - y)))
""", momentum, {"X": (5, 3), "y": (5,), "w": (3,), "eta": (), "mu": ()}),
    "hamiltonian": Case("""
q: data[n, d]
p: data[n, d]
a: data[n, d]
b: data[n, d]
W: parameter[h, d]
V: parameter[h, d]
v: parameter[h]
H = tanh(q @ W.T + p @ V.T) @ v + sum(p**2, axis=1)/2
H_q, H_p = grad(sum(H), [q, p])
L = mean(sum((H_p - a)**2 + (H_q + b)**2, axis=1))
""", hamiltonian, {"q": (4, 2), "p": (4, 2), "a": (4, 2), "b": (4, 2), "W": (5, 2), "V": (5, 2), "v": (5,)}),
    "lagrangian": Case("""
q: data[d]
w: data[d]
a: data[d]
W: parameter[h, d]
V: parameter[h, d]
v: parameter[h]
S = tanh(W @ q + V @ w) @ v + sum(w**2) + 0.1*sum(w**4)
S_q = grad(S, q)
S_w = grad(S, w)
M = hessian(S, w)
C = jacobian(S_w, q)
L = sum((solve(M, S_q - C @ w) - a)**2)
""", lagrangian, {"q": (2,), "w": (2,), "a": (2,), "W": (4, 2), "V": (4, 2), "v": (4,)}),
    "korteweg de vries": Case("""
x: data[n]
t: data[n]
w: parameter[h]
c: parameter[h]
b: parameter[h]
v: parameter[h]
u = tanh(x[:, None]*w + t[:, None]*c + b) @ v
u_x = grad(sum(u), x)
u_t = grad(sum(u), t)
u_xx = grad(sum(u_x), x)
u_xxx = grad(sum(u_xx), x)
L = mean((u_t + 6*u*u_x + u_xxx)**2)
""", korteweg, {"x": (4,), "t": (4,), "w": (3,), "c": (3,), "b": (3,), "v": (3,)}),
    "beam": Case("""
x: data[n]
f: data[n]
w: parameter[h]
b: parameter[h]
v: parameter[h]
u = sin(x[:, None]*w + b) @ v
u_1 = grad(sum(u), x)
u_2 = grad(sum(u_1), x)
u_3 = grad(sum(u_2), x)
u_4 = grad(sum(u_3), x)
L = mean((u_4 - f)**2)
""", beam, {"x": (4,), "f": (4,), "w": (3,), "b": (3,), "v": (3,)}),
    "poisson": Case("""
x: data[n, d]
f: data[n]
W: parameter[h, d]
b: parameter[h]
U: parameter[k, h]
v: parameter[k]
u = tanh(tanh(x @ W.T + b) @ U.T) @ v
L = mean((laplacian(u, x) - f)**2)
""", poisson, {"x": (3, 2), "f": (3,), "W": (4, 2), "b": (4,), "U": (3, 4), "v": (3,)}),
    "score matching": Case("""
x: data[n, d]
W: parameter[h, d]
b: parameter[h]
V: parameter[d, h]
s = tanh(x @ W.T + b) @ V.T
L = mean(divergence(s, x) + sum(s**2, axis=1)/2)
""", score, {"x": (4, 3), "W": (5, 3), "b": (5,), "V": (3, 5)}),
    "sliced score matching": Case("""
x: data[n, d]
r: data[n, d]
W: parameter[h, d]
V: parameter[d, h]
s = tanh(x @ W.T) @ V.T
L = mean(sum(r*jvp(s, x, r), axis=1) + sum(r*s, axis=1)**2/2)
""", sliced, {"x": (4, 3), "r": (4, 3), "W": (5, 3), "V": (3, 5)}),
    "implicit layer": Case("""
x: data[h]
y: data[h]
W: parameter[h, h]
b: parameter[h]
z: data[h]
f = tanh(0.3*W @ z + x + b)
s = fixed_point(f, z, 60)
L = sum((s - y)**2)
""", implicit, {"x": (3,), "y": (3,), "W": (3, 3), "b": (3,), "z": (3,)}),
    "contractive": Case("""
x: data[n, d]
W: parameter[h, d]
b: parameter[h]
a = sigmoid(x @ W.T + b)
C = sum(jacobian(sum(a, axis=0), x)**2)
L = mean(sum((a @ W - x)**2, axis=1)) + 0.1*C/len(x)
""", contractive, {"x": (4, 3), "W": (5, 3), "b": (5,)}),
}  # fmt: skip


def point(case: Case) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {name: np.asarray(rng.normal(size=shape) * 0.6) for name, shape in case.shapes.items()}


def theirs(case: Case, jax: ModuleType, at: dict[str, np.ndarray], by: tuple[str, ...]) -> tuple[float, dict[str, np.ndarray], Any]:
    """The loss, its gradients, and along one direction the slopes of these."""
    from tests.jax_words.traced import run

    loss = case.jax(jax, jax.numpy)
    read = {n: a for n, a in at.items() if n in loss.__code__.co_varnames[: loss.__code__.co_argcount]}
    learnt, rest = {n: read[n] for n in by}, {n: a for n, a in read.items() if n not in by}
    of = jax.value_and_grad(lambda p: loss(**rest, **p))
    rng = np.random.default_rng(8)
    way = {n: rng.normal(size=a.shape) for n, a in learnt.items()}
    (value, gradients), (_, curved) = run(lambda p, along: jax.jvp(of, (p,), (along,)), learnt, way)
    return float(value), gradients, (way, sum(float((curved[n] * way[n]).sum()) for n in by))


@pytest.mark.parametrize("name", CASES)
def test_a_loss_with_derivatives_is_what_jax_makes_of_it(name: str, jax: ModuleType) -> None:
    case = CASES[name]
    at, derivation = point(case), sb.derive(case.text)
    value, gradients, (way, curvature) = theirs(case, jax, at, tuple(derivation.wrt))
    given = {n: a for n, a in at.items() if n in derivation.forward.tensors}
    for backend, near in (("numpy", 1e-9), ("jax", 1e-4)):
        ours, slopes = sb.compile(derivation, backend=backend).value_and_grad(given)
        np.testing.assert_allclose(ours, value, rtol=near)
        for n, slope in gradients.items():
            np.testing.assert_allclose(slopes[n], slope, rtol=10 * near, atol=near, err_msg=n)
    step = sb.compile(derivation)
    moved = [step.value_and_grad({**given, **{n: at[n] + k * 1e-5 * w for n, w in way.items()}})[1] for k in (-1, 1)]
    along = sum(np.sum((moved[1][n] - moved[0][n]) * w) for n, w in way.items()) / 2e-5
    np.testing.assert_allclose(along, curvature, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [n for n in CASES if n != "implicit layer"])
def test_the_same_as_a_function_of_jax_is_read(name: str, jax: ModuleType) -> None:
    case = CASES[name]
    at = point(case)
    network = sb.from_jax(case.jax(jax, jax.numpy), *at.values())
    assert network.example is not None
    value, gradients = sb.compile(network).value_and_grad(network.example)
    told = theirs(case, jax, at, tuple(at))
    np.testing.assert_allclose(value, told[0], rtol=1e-9)
    for n, slope in gradients.items():
        np.testing.assert_allclose(slope, told[1][n], rtol=1e-8, atol=1e-9, err_msg=n)
