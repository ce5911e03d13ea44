"""What a condition on positions leaves out may be infinite: energies of pairs, whose terms i = i have no value."""

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.functions import defined_everywhere
from symbackprop.core.passes.left_out import without_left_out
from symbackprop.core.program import Sum
from tests.notation.values import point

SETS = r", x_1, \dots, x_n \in \mathbb{R}^3"
PAIRS = "X: parameter[n, 3]\nD = X[:, None] - X[None]\n"

# text, then the energy of points by a loop over pairs
ENERGIES = {
    "Coulomb": (r"U = \sum_{i<j} \frac{1}{\|x_i - x_j\|}" + SETS, lambda r, i, j: (i < j) / r),
    "log": (r"U = -\sum_{i \neq j} \log\|x_i - x_j\|" + SETS, lambda r, i, j: -np.log(r)),
    "Lennard-Jones, r named": (r"U = \sum_{i<j} (r_{ij}^{-12} - r_{ij}^{-6}), r_{ij} = \|x_i - x_j\|" + SETS,
                               lambda r, i, j: (i < j) * (r**-12 - r**-6)),
    "a mask of its own": (PAIRS + "r = norm(D, axis=-1)\nU = sum(where(arange(n)[:, None] > arange(n), 1/r, 0))",
                          lambda r, i, j: (i > j) / r),
    "the others": (PAIRS + "r = norm(D, axis=-1)\nU = sum(where(eye(n), 0, 1/r))", lambda r, i, j: 1 / r),
    "above the diagonal": (PAIRS + "u = sum(D**2, axis=-1)\nU = sum(triu(1/sqrt(u), 1))", lambda r, i, j: (i < j) / r),
    "a product with a softened one": (PAIRS + "u = sum(D**2, axis=-1)\nU = sum(tril(exp(-u)/sqrt(u), -1))",
                                      lambda r, i, j: (i > j) * np.exp(-(r**2)) / r),
}  # fmt: skip


def energy(of, X):
    return sum(of(np.sqrt(((X[i] - X[j]) ** 2).sum()), i, j) for i in range(len(X)) for j in range(len(X)) if i != j)


def slopes(of, X):
    found = np.zeros(X.shape)
    for place in np.ndindex(X.shape):
        moved = X.astype(complex)
        moved[place] += 1e-30j
        found[place] = energy(of, moved).imag / 1e-30
    return found


@pytest.mark.parametrize("name", ENERGIES)
def test_a_pair_of_a_point_with_itself_is_no_term(name: str) -> None:
    text, of = ENERGIES[name]
    network = sb.read(text)
    X = np.random.default_rng(0).normal(size=(5, 3))
    for backend in ("numpy", "auto"):
        value, gradients = sb.compile(network, backend=backend, wrt=["X"]).value_and_grad(X=X)
        np.testing.assert_allclose(value, energy(of, X), rtol=1e-12)
        np.testing.assert_allclose(gradients["X"], slopes(of, X), rtol=1e-9, atol=1e-9)
    assert sb.check(network).ok


@pytest.mark.parametrize("name", ENERGIES)
def test_its_box_is_proved(name: str) -> None:
    box = sb.derive(sb.read(ENERGIES[name][0]), wrt=["X"]).box()
    assert not box.missing


def test_a_condition_goes_below_the_sign() -> None:
    lines = sb.derive(sb.read(r"U = \sum_{i<j} \frac{q_i q_j}{\|x_i-x_j\|}, q \in \mathbb{R}^n" + SETS)).latex()
    assert r"U &= \sum_{i<j} \frac{q_{i} q_{j}}{\sqrt{u_{ij}}}" in lines
    assert r"\frac{\partial U}{\partial q_{i}} &= \sum_{j>i} \frac{q_{j}}{\sqrt{u_{ij}}}" in lines


def test_masks_of_finite_values_stay_products() -> None:
    """A matrix product through a causal mask is one still."""
    program = sb.read("A: data[n, n]\nv: parameter[n]\nL = sum((tril(A) @ v)**2)").program
    assert without_left_out(program) is program


def test_what_is_left_out_is_in_no_product() -> None:
    program = sb.read(ENERGIES["Coulomb"][0]).program
    body = next(e.op.body for e in without_left_out(program).equations if e.target.name == "U" and isinstance(e.op, Sum))
    assert not defined_everywhere(body)
    assert body.is_Function  # cases, and no product
    assert np.isfinite(sb.compile(sb.read(ENERGIES["Coulomb"][0])).value(**point(sb.read(ENERGIES["Coulomb"][0]))))


@pytest.mark.slow
@pytest.mark.parametrize(("claim", "mistake"), [
    (r"\frac{\partial U}{\partial x_i} = -\sum_{j \ne i} \frac{x_i - x_j}{\|x_i - x_j\|^3}", ""),
    (r"\frac{\partial U}{\partial x_i} = \sum_{j \ne i} \frac{x_j - x_i}{\|x_i - x_j\|^3}", ""),
    (r"\frac{\partial U}{\partial x_i} = -\sum_{j \ne i} \frac{x_i - x_j}{\|x_i - x_j\|^2}", "slope missing"),
    (r"\frac{\partial U}{\partial x_i} = \sum_{j \ne i} \frac{x_i - x_j}{\|x_i - x_j\|^3}", "wrong sign"),
])  # fmt: skip
def test_forces_by_hand_are_judged(claim: str, mistake: str) -> None:
    (judged,) = sb.verify(ENERGIES["Coulomb"][0], {"X": claim}).claims
    assert judged.right == (not mistake)
    assert mistake in str(judged)


def test_energies_are_predicted() -> None:
    """The forward part alone has no infinite term either."""
    text = PAIRS.replace("parameter[n, 3]", "data[N, n, 3]").replace("X[:, None] - X[None]", "X[:, :, None] - X[:, None]")
    text += "q: parameter[n]\ny: data[N]\nr = norm(D, axis=-1)\nE = einsum('nij,i,j->n', triu(1/r, 1), q, q)\nL = mean((E - y)**2)"
    rng = np.random.default_rng(0)
    data = {"X": rng.normal(size=(8, 4, 3)), "y": rng.normal(size=8)}
    trained = sb.train(text, data, epochs=1, held_out=0, dtype="float64")
    q = trained.parameters["q"]
    want = [energy(lambda r, i, j: (i < j) * q[i] * q[j] / r, X) for X in data["X"]]
    np.testing.assert_allclose(trained.predict({"X": data["X"]}), want)
