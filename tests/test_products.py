"""Products of derivatives: with what comes from above a tensor, and with a vector, of a network and of its gradient."""

import re
from collections.abc import Callable

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.display.names import Names
from symbackprop.evaluate.domains import defined
from symbackprop.formulas.plain import plain
from tests.display.test_box import read_back
from tests.display.test_shown import prove

LINEAR = """
X: data[n, d]
W: parameter[d, k]
b: parameter[k]
Y = X @ W + b
"""
SOFTMAX = "S: data[n, k]\nY = softmax(S)"
NORM = """
X: data[n, d]
gamma: parameter[d]
beta: parameter[d]
mu = mean(X, axis=1, keepdims=True)
s = sqrt(mean((X - mu)**2, axis=1, keepdims=True) + 0.1)
Y = gamma*(X - mu)/s + beta
"""
LOOKUP = "E: parameter[v, d]\nt: integers[n, v]\nY = tanh(E[t])"
INVERSE = "A: data[n, n]\nB: data[n, k]\nY = inv(A + 3*eye(n)) @ B"
LAYERS = {"linear": LINEAR, "softmax": SOFTMAX, "norm": NORM, "lookup": LOOKUP, "inverse": INVERSE}
MLP = """
x: data[d]
t: data[k]
W_1: parameter[h, d]
W_2: parameter[k, h]
z = W_1 @ x
a = sigmoid(z)
y = W_2 @ a
L = sum((y - t)**2)/2
"""
LOGISTIC = "X: data[n, d]\nw: parameter[d]\nt: binary[n]\np = sigmoid(X @ w)\nL = -sum(t*log(p) + (1 - t)*log(1 - p))"
QUOTIENT = "x: data[n]\nA: data[n, n]\nL = (x @ A @ x)/(x @ x)"
PEAK = "x: data[n]\ny: data[n]\nL = max(x*y) + prod(x)"
LOSSES = {"mlp": (MLP, "x"), "weights": (MLP, "W_1"), "logistic": (LOGISTIC, "w"), "quotient": (QUOTIENT, "x")}


def arrays(derivation: Derivation, seed: int = 1) -> dict[str, np.ndarray]:
    return dict(defined(derivation.forward, seed=seed)[1])


@pytest.mark.slow
@pytest.mark.parametrize("text", LAYERS.values(), ids=LAYERS)
def test_what_comes_from_above_a_layer_is_handed_back(text: str) -> None:
    derived = sb.derive(text, of="Y", upstream="dY")
    assert derived.check().ok
    assert prove(derived)
    assert read_back(derived)
    at = arrays(derived)
    value, found = sb.compile(derived).value_and_grad(at)
    jacobian = sb.derive(text, wrt=derived.wrt, of="Y")
    whole = sb.compile(jacobian).value_and_grad({n: a for n, a in at.items() if n != "dY"})[1]
    assert value.shape == at["dY"].shape
    for name in derived.wrt:
        np.testing.assert_allclose(found[name], np.tensordot(at["dY"], whole[name], axes=at["dY"].ndim), atol=1e-12)


@pytest.mark.parametrize(("text", "wrt"), LOSSES.values(), ids=LOSSES)
def test_a_change_along_a_vector_is_the_gradient_times_it(text: str, wrt: str) -> None:
    derived = sb.derive(text, wrt, vector="v")
    assert derived.check().ok
    assert prove(derived)
    assert read_back(derived)
    at = arrays(derived)
    gradient = sb.compile(sb.derive(text, wrt)).value_and_grad({n: a for n, a in at.items() if n != "v"})[1][wrt]
    np.testing.assert_allclose(sb.compile(derived).value_and_grad(at)[1][wrt], np.sum(gradient * at["v"]), atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("text", "wrt"), LOSSES.values(), ids=LOSSES)
def test_a_gradient_changes_by_the_hessian_times_the_vector(text: str, wrt: str) -> None:
    first = sb.derive(text, wrt)
    derived = sb.derive(first, vector="v")
    assert derived.check().ok
    assert prove(derived)
    assert read_back(derived)
    at = arrays(derived)
    plainly = {n: a for n, a in at.items() if n != "v"}
    hessian = sb.compile(sb.derive(first, wrt)).value_and_grad(plainly)[1][wrt]
    found = sb.compile(derived).value_and_grad(at)[1][wrt]
    np.testing.assert_allclose(found, np.tensordot(hessian, at["v"], axes=at["v"].ndim), atol=1e-10)
    back = sb.compile(sb.derive(first, upstream="v")).value_and_grad(at)[1][wrt]  # the Hessian is symmetric
    np.testing.assert_allclose(found, back, atol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("text", [NORM, SOFTMAX.replace("S:", "X:").replace("(S)", "(X)"), "X: data[n]\nY = logsumexp(X)*X"])
def test_a_jacobian_times_a_vector(text: str) -> None:
    derived = sb.derive(text, "X", of="Y", vector="V")
    assert derived.check().ok
    assert read_back(derived)


def test_a_backward_pass_is_differentiated_once_more() -> None:
    derived = sb.derive(sb.derive("X: data[n, d]\nY = tanh(X)", of="Y", upstream="dY"), of="X", wrt="X", upstream="G")
    assert derived.check().ok


def test_every_kind_of_operation_goes_on() -> None:
    for text in (PEAK, "x: data[n, n]\nL = logdet(x @ x.T + eye(n)) + sum(inv(x @ x.T + eye(n)))*logsumexp(x)"):
        first = sb.derive(text, "x")
        assert sb.derive(text, "x", vector="v").check().ok
        assert sb.derive(first, vector="v").check().ok


def test_boxes_are_those_of_a_lecture() -> None:
    assert str(sb.derive(LINEAR, of="Y", upstream="dY").box()) == "db = dYᵀ 1ₙ\ndX = dY Wᵀ\ndW = Xᵀ dY"
    assert str(sb.derive(MLP, "x", vector="v").box()) == "ż = W₁ v\nȧ = ż ⊙ a ⊙ (1 − a)\nẏ = W₂ ȧ\nL̇ = ẏᵀ(y − t)"
    second = str(sb.derive(sb.derive(MLP, "x"), vector="v").box()).splitlines()
    assert "g = W₁ᵀ[δₐ ⊙ a ⊙ (1 − a)]" in second
    assert second[-1] == "ġ = W₁ᵀ[W₂ᵀ ẏ ⊙ a ⊙ (1 − a) + δₐ ⊙ ȧ ⊙ (1 − 2 a)]"


def test_steps_go_on_from_what_moves() -> None:
    said = sb.derive(sb.derive(MLP, "x"), vector="v").report()
    assert said.startswith("The Hessian of L times v")
    assert re.search(r"ġ = .*the Hessian of L times v \(d\)", said)
    assert "g is the gradient of L by x, differentiated once more." in said
    assert "the Hessian" in said
    assert said.index("From x on to z") < said.index("From z on to a") < said.index("on to g")


def test_the_second_derivative_of_a_number_is_called_a_hessian_nowhere() -> None:
    first = sb.derive("w: parameter\nv: parameter\nL = w**3*v", "w")
    assert "Hessian" not in sb.derive(first, vector="q").report()


@pytest.mark.slow
@pytest.mark.parametrize("detail", ["brief", "normal", "full"])
def test_reports_are_written_in_every_detail(detail: str) -> None:
    for derived in (sb.derive(LINEAR, of="Y", upstream="dY"), sb.derive(sb.derive(MLP, "x"), vector="v")):
        assert "\\mathrm{dY}" in derived.report("latex", detail=detail) or "\\dot{" in derived.report("latex", detail=detail)


@pytest.mark.parametrize(
    ("first", "wrt", "title"),
    [
        (lambda: sb.derive(LOGISTIC, "w"), "w", "The Hessian of L"),
        (lambda: sb.derive(MLP, "W_2"), "W_1", "The second derivatives of L"),
        (lambda: sb.derive("x**3*y", "x"), "y", "The second derivatives of L"),
        (lambda: sb.derive(MLP, "x", of="y"), "x", "The derivatives of g"),
    ],
)
def test_what_is_differentiated_twice_is_called_so(first: Callable[[], Derivation], wrt: str, title: str) -> None:
    assert sb.derive(first(), wrt).report().splitlines()[0] == title


def test_a_jacobian_is_said_to_be_one() -> None:
    of_softmax = sb.derive("z: data[n]\np = softmax(z)", "z", of="p").report()
    assert "∂p/∂z = diag(p) − p pᵀ" in of_softmax
    assert "goes back as" not in of_softmax  # nothing comes from above
    assert "The Jacobian of p is diag(p) − p pᵀ." in sb.derive("z: data[n]\np = softmax(z)", of="p", upstream="g").report()
    said = " ".join(sb.derive(MLP, "x, W_1, W_2", of="y").report().split())
    assert "a is computed entry by entry from z: its Jacobian, of size h × h, is diagonal. " in said
    assert "elementwise" not in said
    assert "the gradient of" not in said


def test_no_two_names_print_alike() -> None:
    for text, of, upstream in ((LINEAR, "Y", "dX"), ("dX: data[n]\nX: data[n]\nY = X*dX", "Y", "dY"), (LINEAR, "Y", "G")):
        program = sb.derive(text, of=of, upstream=upstream).program
        names = Names(program)
        shown = [plain(names.tensor(n)) for n in program.tensors]
        assert len(set(shown)) == len(shown), shown
    program = sb.derive("x: data[n]\nzdot: data[n]\nz = tanh(x)\nL = sum(z*zdot)", "x", vector="v").program
    shown = [plain(Names(program).tensor(n)) for n in program.tensors]
    assert len(set(shown)) == len(shown), shown


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"vector": "V"}, "one tensor moves, W_1, W_2 are several; name one by wrt: W_1"),
        ({"vector": "x", "wrt": "W_1"}, "x is data(d,) in this network, not data of the shape (h, d) of W_1; give another name"),
        ({"vector": "a", "wrt": "z"}, "a is a value in this network"),
        ({"vector": "h", "wrt": "x"}, "h is a size of this network; give another name"),
        ({"vector": "v v", "wrt": "x"}, 'give one, such as vector="v"'),
        ({"upstream": "2", "of": "y"}, 'give one, such as upstream="dy"'),
        ({"upstream": "dy", "vector": "v"}, "a product has one of them"),
        ({"upstream": 3}, 'give a name, such as upstream="dY"'),
        ({"vector": [1, 2]}, 'give a name, such as vector="v"'),
        ({"update": 0.1}, 'update="eta"'),
        ({"vector": "v", "wrt": "x", "update": "eta"}, "leave update away here"),
    ],
)
def test_what_is_asked_wrongly_is_mended(asked: dict, fault: str) -> None:
    with pytest.raises(DerivationError) as refused:
        sb.derive(MLP, **asked)
    assert fault in str(refused.value)


def test_a_direction_that_is_declared_is_used() -> None:
    derived = sb.derive("x: data[n]\nu: data[n]\nL = sum(tanh(x)*u)", "x", vector="u")
    assert [t.name for t in derived.forward.inputs] == ["x", "u"]
    assert derived.check().ok


def test_nothing_changes_where_nothing_leads() -> None:
    derived = sb.derive("x: data[n]\ny: data[n]\nL = sum(y**2) + 0*sum(x)", "x", vector="v")
    assert derived.check().ok
    itself = sb.derive("x: data[n]\ny = x*2\nL = sum(y**2)", "y", of="y", vector="v")
    assert itself.check().ok


def test_a_layer_hands_back_to_what_it_reads_and_an_input_to_nothing() -> None:
    text = "X: data[n, d]\nT: data[n, k]\nW: parameter[d, k]\nV: parameter[k]\nY = X @ W\nL = sum((Y - T)**2)"
    assert sb.derive(text, of="Y", upstream="dY").wrt == ("X", "W", "V")
    assert sb.derive(text, "T", of="Y", upstream="dY").wrt == ("T",)
    with pytest.raises(sb.SymbackpropError, match=r"T is given, not computed: .* Name a value of the network: Y, L"):
        sb.derive(text, of="T", upstream="dT")
