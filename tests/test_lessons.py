"""What the examples teach: gradients add, linear layers collapse, a threshold lets nothing through, XOR needs two units."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb

EXAMPLES = Path(__file__).parent.parent / "examples"
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def gradients(net, wrt=None, of=None, **point):
    return sb.compile(sb.derive(net, wrt, of)).value_and_grad(point)[1]


def test_the_gradients_of_two_branches_add_and_are_not_averaged():
    rng = np.random.default_rng(1)
    x, W = rng.standard_normal(4), rng.standard_normal((3, 4))
    network = EXAMPLES / "branches.net"
    whole, left, right = (gradients(network, of=loss, x=x, W=W)["x"] for loss in ("L", "left", "right"))
    np.testing.assert_allclose(whole, left + right, **CLOSE)
    assert not np.allclose(whole, (left + right) / 2)
    report = sb.derive(network).markdown()
    assert "the gradients of the uses add, since a small change of $h$ moves $L$ along every path at once" in report
    assert "they are not averaged." in report


@pytest.mark.parametrize(("loss", "slope"), [("x + x", 2), ("x * x", 10), ("x + x*x", 11), ("(x + x) * x", 20)])
def test_a_number_used_twice_collects_from_both_uses(loss: str, slope: float):
    """At x = 5; averages would be half as large."""
    assert gradients(loss, x=5.0) == {"x": slope}


def test_tied_weights_collect_from_the_encoder_and_from_the_decoder():
    tied = (EXAMPLES / "tied.net").read_text()
    untied = tied.replace("W: parameter[d, h]", "W: parameter[d, h]\nV: parameter[d, h]").replace("H @ W.T", "H @ V.T")
    rng = np.random.default_rng(2)
    X, W = rng.standard_normal((5, 4)), rng.standard_normal((4, 3))
    apart = gradients(untied, X=X, W=W, V=W)
    np.testing.assert_allclose(gradients(tied, X=X, W=W)["W"], apart["W"] + apart["V"], **CLOSE)
    assert "the gradients of the uses add" in " ".join(sb.derive(tied).text().split())


def test_a_residual_connection_adds_the_gradient_of_the_identity():
    rng = np.random.default_rng(3)
    point = {"x": rng.standard_normal(3), "y": rng.standard_normal(3), "W_1": rng.standard_normal((3, 3))}
    point["W_2"] = rng.standard_normal((3, 3))
    h = np.tanh(point["W_1"] @ point["x"])
    s = 2 * (h + np.maximum(point["W_2"] @ h, 0))
    back = 8 * (s * s - point["y"]) * s  # dL/dr: s = r + r adds twice, s*s twice
    expected = back + point["W_2"].T @ (back * (point["W_2"] @ h > 0))
    np.testing.assert_allclose(gradients(EXAMPLES / "residual.net", "h", **point)["h"], expected, **CLOSE)


def test_two_linear_layers_are_one():
    network = sb.read(EXAMPLES / "collapse.net")
    rng = np.random.default_rng(4)
    x, y, W_1, W_2 = (rng.standard_normal(shape) for shape in ((4,), (2,), (3, 4), (2, 3)))
    two, two_gradients = sb.compile(network).value_and_grad({"W_1": W_1, "W_2": W_2}, {"x": x, "y": y})
    one, one_gradients = sb.compile("x: data[d]\ny: data[c]\nW: parameter[c, d]\nL = sum((W @ x - y)**2)").value_and_grad(
        {"W": W_2 @ W_1, "x": x, "y": y}
    )
    np.testing.assert_allclose(two, one, **CLOSE)
    np.testing.assert_allclose(two_gradients["W_1"], W_2.T @ one_gradients["W"], **CLOSE)  # the chain rule through the product
    np.testing.assert_allclose(two_gradients["W_2"], one_gradients["W"] @ W_1.T, **CLOSE)
    (remark,) = sb.derive(network).remarks
    assert remark == (
        "W_2 follows W_1 with no activation between them: together they are one linear layer, whose matrix is the product W_2 W_1. "
        "The second layer adds no expressive power; put an activation between them."
    )


def test_the_product_of_two_linear_layers_in_rows_is_written_the_other_way_round():
    rows = "X: data[n, d]\nW: parameter[d, h]\nb: parameter[h]\nV: parameter[h, c]\nL = sum(((X @ W + b) @ V)**2)"
    assert "the product W V." in sb.derive(rows).remarks[0]
    mixed = "x: data[d]\nW: parameter[h, d]\nV: parameter[h, c]\nL = sum(((W @ x) @ V)**2)"
    assert "the product of the two." in sb.derive(mixed).remarks[0]
    assert sb.derive(rows.replace("(X @ W + b) @", "tanh(X @ W + b) @")).remarks == ()


@pytest.mark.parametrize("form", ["F @ P @ F.T", "F @ (F @ P)"])
def test_a_matrix_that_stands_twice_is_no_second_layer(form):
    text = f"P: data[m, m]\nF: parameter[m, m]\nL = sum(({form})**2)"
    assert not [said for said in sb.derive(text).remarks if "no activation" in said]


def test_a_threshold_lets_no_gradient_through_and_the_report_says_what_follows():
    derivation = sb.derive(EXAMPLES / "threshold.net")
    alone = (
        "L reaches w only through step, which is flat: the gradient is zero wherever it exists, so gradient descent never moves w. "
        "To train it, replace step by a function with a slope, such as sigmoid."
    )
    assert sb.derive(EXAMPLES / "threshold.net", "w").remarks[0] == alone
    consequence = (
        "L reaches w and b only through step, which is flat: their gradients are zero wherever they exist, so gradient descent "
        "never moves them. To train them, replace step by a function with a slope, such as sigmoid."
    )
    assert derivation.remarks[0] == consequence
    text = " ".join(derivation.text().split())
    assert consequence in text
    assert "No slope leads from one to the other: the derivative is zero." in text
    point = {"x": [1.0, -2.0], "y": 1.0, "w": [0.5, 0.5], "b": 0.1}
    assert {name: array.tolist() for name, array in sb.compile(derivation).value_and_grad(point)[1].items()} == {
        "w": [0, 0],
        "b": 0,
    }


def test_what_is_multiplied_by_0_reaches_nothing_and_a_comparison_has_no_other_function():
    said = sb.derive("x: data[n]\nb: parameter\nd: parameter\ne: parameter\nL = (sum(x)*b)**2 + 0*d + step(e)").remarks
    assert any(one.startswith("L reaches e only through step, which is flat") for one in said)
    assert "L does not depend on d: its gradient is zero." in said
    compared = sb.derive("x: data[n]\nw: parameter\nv: parameter\nL = sum(where(x > w, x, v))")
    (one,) = [one for one in compared.remarks if "only through" in one]
    assert one == (
        "L reaches w only through a comparison, which is flat: the gradient is zero wherever it exists, so gradient descent never "
        "moves w."
    )


def test_a_parameter_without_influence_is_said_to_have_none():
    derivation = sb.derive("x: parameter[n]\nw: parameter[n]\nL = sum(x**2)")
    assert derivation.remarks == ("w: nothing reads it.", "L does not depend on w: its gradient is zero.")
    assert "Note: L does not depend on w: its gradient is zero." in derivation.text()


def test_xor_is_learnt_by_two_hidden_units_and_by_no_single_one():
    data = EXAMPLES / "xor.npz"
    settings = {"epochs": 500, "rate": 5, "batch": 4, "held_out": 0, "progress": False}
    two = sb.train(EXAMPLES / "xor.net", data, seed=0, **settings)
    assert two.accuracy == 1
    single = "X: data[n, 2]\ny: binary[n]\nw: parameter[2]\nb: parameter[()]\np = sigmoid(X @ w + b)\nL = mean((p - y)**2)"
    assert max(sb.train(single, data, seed=seed, **settings).accuracy for seed in range(3)) <= 3 / 4
