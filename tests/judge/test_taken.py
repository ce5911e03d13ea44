"""Code that calls something else as the network calls a value: what later lines read is what the code says."""

import pytest

import symbackprop as sb
from tests.judge.backward_passes import LOGIT

DEEP = """X: data[n, d]
Y: data[n, k]
W1: parameter[d, h]
W2: parameter[h, k]
z1 = X @ W1
a1 = tanh(z1)
out = a1 @ W2
loss = sum((out - Y)**2)"""


def told(net: str, code: str) -> dict[str, str]:
    return {one.what: "right" if one.right else one.kind for one in sb.verify(net, code).claims if one.what}


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "z = p - y\ndw = X.T @ z / m\ndb = z.mean()",
        "L = p - y\nL /= m\ndw = X.T @ L\ndb = L.sum()",
        "X = X.T\ndw = X @ (p - y) / m\ndb = (p - y).mean()",
        "z = X @ w + b\np = 1/(1 + np.exp(-z))\np = (p - y)/m\ndw = X.T @ p\ndb = p.sum()",
        "z = y - p\ndw = -X.T @ z / m\nz = z.mean()\ndb = -z",
    ],
)
def test_a_value_of_the_network_may_be_given_to_something_else(code: str) -> None:
    found = told(LOGIT, code)
    assert {found["dL/dw"], found["dL/db"]} == {"right"}
    assert sb.verify(LOGIT, code).ok
    slip = told(LOGIT, code.replace("y", "2*y"))
    assert "right" not in (slip["dL/dw"], slip["dL/db"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("a1 = d @ W2.T\nz1 = a1 * (1 - np.tanh(z1)**2)\ndW1 = X.T @ z1", ["right", "right", "right", "right"]),
        ("a1 = d @ W2.T\nz1 = a1 * (1 - a1**2)\ndW1 = X.T @ z1", ["right", "right", "wrong"]),  # the slope reads the gradient
        ("a1 = d @ W2.T\nz1 = d @ W2.T * (1 - a1**2)\ndW1 = X.T @ z1", ["right", "right", "wrong"]),
        ("W2 = W2.T\ndW1 = X.T @ (d @ W2 * (1 - a1**2))", ["right", "right"]),
    ],
)
def test_a_layer_may_hand_its_gradient_back_by_the_name_of_its_value(code: str, kinds: list[str]) -> None:
    found = sb.verify(DEEP, f"d = 2 * (out - Y)\n{code}")
    assert ["right" if one.right else one.kind for one in found.claims if one.what] == kinds
    assert found.ok == (kinds[-1] == "right")


def test_a_value_that_is_given_again_is_the_networks() -> None:
    """The forward pass written out says nothing new; with a slip in it, what follows reads the slip."""
    code = "z1 = X @ W1\na1 = np.tanh(z1)\nout = a1 @ W2\ndW2 = a1.T @ (2*(out - Y))"
    found = sb.verify(DEEP, code)
    assert [one.name for one in found.claims] == ["z1", "a1", "out", "dW2"]
    assert found.ok
    slip = sb.verify(DEEP, code.replace("np.tanh", "np.sin"))
    assert [one.kind for one in slip.claims] == ["abbreviation"] * 3 + ["wrong"]
    assert any("and not what the network calls so" in note for note in slip.claims[1].notes)


def test_gradients_called_by_their_tensors_may_be_meant_beside_the_values_of_the_network() -> None:
    """Where W1 = ... claims a gradient, a1 = ... is one as well; a line below may mean the gradient or the value."""
    lines = "out = 2 * (out - Y)\nW2 = a1.T @ out\na1 = out @ W2.T\n"
    for last in ("z1 = a1 * (1 - np.tanh(z1)**2)\nW1 = X.T @ z1", "z1 = (2*(a1 @ W2 - Y)) @ W2.T * (1 - a1**2)"):
        found = sb.verify(DEEP, (lines if "X.T" in last else "a1 = 2*(out - Y) @ W2.T\nW2 = a1.T @ (2*(out - Y))\n") + last)
        assert found.ok, str(found)
