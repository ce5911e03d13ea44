"""Derivatives inside a network: what they are called, what they share, what is refused; their numbers are held against JAX's."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.program import Program
from symbackprop.notation import NotationError

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples" / "derivatives").glob("*.net"))
NET = """
x: data[n, d]
y: data[n]
W: parameter[h, d]
v: parameter[h]
t: integers[n, h]
a = tanh(x @ W.T)
u = a @ v
"""


def read(text: str) -> Program:
    return sb.read(NET + text).program


@pytest.mark.parametrize(
    "path",
    [path if path.stem == "hamiltonian" else pytest.param(path, marks=pytest.mark.slow) for path in EXAMPLES],
    ids=lambda path: path.stem,
)
def test_every_example_passes_its_check_and_its_box_is_closed(path: Path):
    derivation = sb.derive(sb.read(path))
    assert derivation.check(points=1).ok
    assert derivation.network is not None
    assert derivation.network.title
    assert not derivation.box().missing


def test_a_derivative_is_an_equation_by_its_name_and_says_what_it_is():
    program = read("u_x = grad(sum(u), x)\nL = sum(u_x**2)")
    inner = program.tensors["u_x"].inner
    assert inner is not None
    assert (inner.of, inner.wrt) == ("u", "x")
    assert [e.target.name for e in program.equations] == ["z", "a", "u", "u_z", "u_x", "L"]


def test_derivatives_of_one_value_share_what_leads_to_them():
    together = read("G, g = grad(sum(u**2), [W, v])\nL = sum(G**2) + sum(g**2)")
    apart = read("S = sum(u**2)\nG = grad(S, W)\ng = grad(S, v)\nL = sum(G**2) + sum(g**2)")
    assert len(apart.equations) == len(together.equations)


def test_samples_that_are_apart_are_never_multiplied_by_one_another():
    n = sb.read(NET).program.shape("u")
    for word in ("divergence(a @ W, x)", "laplacian(u, x)"):
        program = read(f"s = {word}\nL = sum(s)")
        assert all(t.shape.count(*n) <= 1 for t in program.tensors.values())
        mixed = read(f"s = {word.replace('(a @ W', '((a - mean(a, axis=0)) @ W').replace('(u', '(u * mean(u)')}\nL = sum(s)")
        assert any(t.shape.count(*n) > 1 for t in mixed.tensors.values())


def test_as_tensors_and_as_a_function():
    x = sb.data("x", "n")
    w = sb.parameter("w", "n")
    f = sb.sum(sb.tanh(w * x) ** 2)
    by_tensors = sb.compile(sb.network({"L": sb.sum(sb.grad(f, x) ** 2)}))

    @sb.network
    def net(x: "data[n]", w: "parameter[n]"):  # type: ignore[name-defined]  # noqa: F821
        f = sb.sum(sb.tanh(w * x) ** 2)
        g = sb.grad(f, x)
        return sb.sum(g**2)

    point = {"x": np.array([0.3, -1.0]), "w": np.array([0.5, 2.0])}
    y = np.tanh(point["w"] * point["x"])
    expected = np.sum((2 * y * (1 - y**2) * point["w"]) ** 2)
    np.testing.assert_allclose(by_tensors.value(point), expected, rtol=1e-12)
    np.testing.assert_allclose(sb.compile(net).value(point), expected, rtol=1e-12)


def test_units_may_be_taken_apart_after_they_were_differentiated():
    text = NET + "g = grad(sum(softmax(x @ W.T)**3), x)\nL = sum(g**2)"
    assert sb.check(sb.read(text, expand="softmax"), points=1).ok


def test_a_fixed_point_is_differentiated_by_the_implicit_function_theorem():
    text = "x: data[h]\nW: parameter[h, h]\nz: data[h]\nf = tanh(W @ z / 4 + x)\ns = fixed_point(f, z, 40)\nL = sum(s**2)"
    rng = np.random.default_rng(0)
    point = {"x": rng.standard_normal(3), "W": rng.standard_normal((3, 3)), "z": np.zeros(3)}
    value, gradients = sb.compile(sb.derive(text)).value_and_grad(point)

    def solved(W: np.ndarray) -> np.ndarray:
        z = point["z"]
        for _ in range(200):
            z = np.tanh(W @ z / 4 + point["x"])
        return z

    np.testing.assert_allclose(value, np.sum(solved(point["W"]) ** 2), rtol=1e-12)
    E = rng.standard_normal((3, 3))
    slope = (np.sum(solved(point["W"] + 1e-6 * E) ** 2) - np.sum(solved(point["W"] - 1e-6 * E) ** 2)) / 2e-6
    np.testing.assert_allclose(np.sum(gradients["W"] * E), slope, rtol=1e-7)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("grad(u, x)", "grad: u is (n,), a gradient is of a scalar; write grad(sum(u), x), or jacobian(u, x)"),
        ("grad(u, [W, v])", "write grad(sum(u), [W, v]), or jacobian(u, [W, v])"),
        ("grad(sum(u), y)", "grad: sum(u) does not depend on y; it is computed from x, W, a, v, u"),
        ("grad(sum(u), x[0])", "x[0] was made of x beside it: differentiate by x, or compute sum(u) from x[0]"),
        ("grad(sum(u), 3)", "grad: 3 is a number"),
        ("grad(sum(u), [])", "grad: there is nothing to differentiate by; write grad(L, [W, b])"),
        ("grad(1, x)", "does not depend on x; it is a number"),
        ("grad(sum(u * v[t]), t)", "grad: t holds integers: it has no derivative"),
        ("grad(sum(u))", "missing a required argument: 'x'. It is written grad(f, x)"),
        (
            "grad(sum(stop_gradient(u)), x)",
            "is 0 wherever it has a value: what lies between them is flat, or held by stop_gradient",
        ),
        ("grad(sum(grad(sum(relu(x)), x)), x)", "Take a function that bends, such as tanh or softplus, or write zeros_like(x)"),
        ("hessian(u, x)", "hessian: u is (n,), a Hessian is of a scalar; write hessian(sum(u), x)"),
        ("hessian(sum(u), v)", "hessian: the gradient of sum(u) does not depend on v"),
        ("jvp(u, x, v)", "jvp: v must have the shape (n, d) of x; v is (h,)"),
        ("vjp(u, x, v)", "vjp: v must have the shape (n,) of u; v is (h,)"),
        ("divergence(u, x)", "divergence: x must have the shape (n,) of u; x is (n, d)"),
        ("divergence(sum(u), sum(x))", "divergence: sum(u) is a scalar; write grad(sum(u), sum(x))"),
        ("divergence(sum(u), x)", "divergence: sum(u) is a scalar; write grad(sum(u), x)"),
        ("laplacian(u, v)", "laplacian: u is (n,), v is (h,); the first axes of v must be those of u"),
        ("fixed_point(u, x)", "fixed_point: f must have the shape (n, d) of x; u is (n,)"),
    ],
)
def test_what_has_no_derivative_is_refused_at_its_place(line: str, said: str):
    with pytest.raises(NotationError) as raised:
        sb.read(NET + f"s = {line}\nL = sum(s)")
    assert said in str(raised.value)
    assert "<text>:9:" in str(raised.value)


@pytest.mark.slow
def test_what_a_derivative_stands_for_is_said_and_it_is_checked_by_itself():
    derivation = sb.derive(NET + "u_x = grad(sum(u), x)\nC = grad(sum(u_x * x), W)\nL = sum(u_x**2) + sum(C**2)")
    rows = {row.gradient: row.status for inner in derivation.check(points=1).inner for row in inner.rows}
    assert rows["u_x"] == rows["C"] == "ok"
    assert set(rows.values()) == {"ok"}
    report = derivation.report("latex")
    assert r"u_{x} &= \frac{\partial u}{\partial x}" in report
    assert r"C &= \nabla_{W}" in report


def test_what_is_compiled_is_derived_of_the_stable_spelling():
    text = """
x: data[n]
w: parameter[n]
s = w * x
g = grad(sum(log(1/(1 + exp(-s)))), x)
e = exp(s)
h = grad(log(e / sum(e))[0], x)
L = sum(g**2) + sum(h**2)
"""
    compiled = sb.compile(text)
    for x, expected in (([1000.0, -900.0], 4.0), ([-1000.0, 900.0], 6.0)):
        value, gradients = compiled.value_and_grad({"x": np.array(x), "w": np.array([1.0, 2.0])})
        assert value == expected
        assert np.all(np.isfinite(gradients["w"]))


@pytest.mark.parametrize(
    ("lines", "same"),
    [
        ("g = torch.autograd.grad(u, x, grad_outputs=torch.ones_like(u), create_graph=True)[0]", "g = grad(sum(u), x)"),
        ("g, G = torch.autograd.grad(u.sum(), [x, W], create_graph=True)", "g, G = grad(sum(u), [x, W])"),
        ("g = torch.autograd.grad(u.sum(), x)[0]", "g = stop_gradient(grad(sum(u), x))"),
    ],
)
def test_what_torch_writes_is_read(lines: str, same: str):
    theirs, ours = (read(f"{text}\nL = sum(g**2) + sum(u * g[:, 0])") for text in (lines, same))
    assert str(theirs) == str(ours)


def test_what_differentiates_a_function_in_jax_is_refused():
    with pytest.raises(NotationError, match="grad of jax differentiates a function"):
        read("g = jax.grad(u, x)\nL = sum(g**2)")


STEPS = """
X: data[n, d]
y: data[n]
w: parameter[d]
v[0] = w
for k in 1..m:
    v[k] = v[k-1] - 0.1 * grad(mean((tanh(X @ v[k-1]) - y)**2), v[k-1])
L = mean((tanh(X @ v[m]) - y)**2)
"""
UNROLLED = """
X: data[n, d]
y: data[n]
w: parameter[d]
for k in range(3):
    w = w - 0.1 * grad(mean((tanh(X @ w) - y)**2), w)
L = mean((tanh(X @ w) - y)**2)
"""


@pytest.mark.slow
def test_steps_of_descent_in_a_loop_of_any_number_are_those_that_are_written_out():
    rng = np.random.default_rng(3)
    point = {"X": rng.standard_normal((4, 2)), "y": rng.standard_normal(4), "w": rng.standard_normal(2)}
    value, gradients = sb.compile(UNROLLED).value_and_grad(point)
    derivation = sb.derive(STEPS)
    assert derivation.check(points=1).ok
    theirs = sb.compile(derivation, sizes={"m": 3}).value_and_grad(point)
    np.testing.assert_allclose(theirs[0], value, rtol=1e-12)
    np.testing.assert_allclose(theirs[1]["w"], gradients["w"], rtol=1e-12)


def burgers(x: np.ndarray, t: np.ndarray, nu: float) -> np.ndarray:
    """The solution from u = -sin(pi x) by the transformation of Cole and Hopf, its integrals by Gauss and Hermite."""
    z, weights = np.polynomial.hermite.hermgauss(100)
    y = x[:, None] - np.sqrt(4 * nu * t)[:, None] * z
    heat = weights * np.exp(-np.cos(np.pi * y) / (2 * np.pi * nu))
    return -np.sum(np.sin(np.pi * y) * heat, axis=1) / np.sum(heat, axis=1)


@pytest.mark.slow
def test_a_network_of_burgers_equation_trains_to_its_solution():
    network, rng = sb.read(ROOT / "examples" / "derivatives" / "burgers.net"), np.random.default_rng(0)
    points = {"x": rng.uniform(-1, 1, 256), "t": rng.uniform(0, 1, 256)}
    trained = sb.train(
        network, points, epochs=1500, batch=64, rate=0.01, optimiser="adam", schedule="cosine", held_out=0, sizes={"h": 20},
        dtype="float64", progress=None,
    )  # fmt: skip
    x, t = (grid.ravel() for grid in np.meshgrid(np.linspace(-1, 1, 41), np.linspace(0.02, 1, 21)))
    found = sb.compile(network).outputs(trained.parameters, {"x": x, "t": t}, ["u"])["u"]
    solution = burgers(x, t, 0.1)
    assert np.linalg.norm(found - solution) < 0.015 * np.linalg.norm(solution)


def test_an_entry_that_is_read_again_is_the_one_that_was_differentiated_by():
    """People write z[K] twice: u of z[K], and grad(u, z[K])."""
    loop = "x: data[d]\nW: parameter[K, d, d]\nz[0] = x\nfor k in 1..K:\n    z[k] = tanh(W[k] @ z[k-1])\n"
    once = sb.compile(sb.read(loop + "e = z[K]\nu = sum(e**2) + sum(exp(e))\ng = grad(u, e)\nL = sum(g**2)"))
    again = sb.compile(sb.read(loop + "u = sum(z[K]**2) + sum(exp(z[K]))\ng = grad(u, z[K])\nL = sum(g**2)"))
    rng = np.random.default_rng(1)
    at = {"x": rng.normal(size=3), "W": rng.normal(size=(2, 3, 3))}
    (value, gradients), (other, others) = once.value_and_grad(at), again.value_and_grad(at)
    np.testing.assert_allclose(value, other)
    np.testing.assert_allclose(gradients["W"], others["W"])


def test_an_entry_is_no_cut_where_the_whole_is_read_as_well():
    with pytest.raises(NotationError, match=r"u does not depend on z\[0\]"):
        sb.read("x: data[d]\nW: parameter[d, d]\nz = W @ x\nu = z[0]**2 + sum(z**2)\ng = grad(u, z[0])\nL = g**2")
