"""The chain rule: its gradients are the tape's, twice over, and its equations read as on a blackboard."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import declare, programs

import symbackprop as sb
from symbackprop.core.chain_rule import chain_rule
from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.differentiate import differentiate
from symbackprop.core.functions import REDUCTIONS
from symbackprop.core.grammar import check
from symbackprop.core.passes.simplify import simplify
from symbackprop.core.program import Matrix, Program, size
from symbackprop.display.remarks import remarks
from symbackprop.evaluate import points, tape
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor, apply, contract, reduce
from symbackprop.language.tensors.indexing import arange

D, H, C, N = (size(s) for s in "dhcn")
W1, W2 = declare("W_1", (H, D)), declare("W_2", (C, H))
X, Y = declare("x", (D,), "data"), declare("y", (C,), "data")


def two_layers() -> Program:
    a = apply("sigmoid", W1 @ X).named("a")
    yhat = (W2 @ a).named("yhat")
    return trace({"yhat": yhat, "L": ((yhat - Y) ** 2).sum()}, inputs=[X, Y, W1, W2])


def backward(derived: Derivation) -> list[str]:
    return [str(e) for e in derived.backward]


def largest_error(derived: Derivation, seed: int = 0) -> float:
    """The largest relative difference between the gradient equations, the simplified ones and the tape."""
    at = draw_sizes(derived.forward, seed=seed)
    where = points.point(derived.forward, at, seed)
    witness = tape.gradients(derived.forward, derived.of, list(derived.wrt), where)
    shown = tape.forward(derived.program, where, at)
    small = tape.forward(simplify(derived.program), where, at)
    errors = [0.0]
    for name in derived.wrt:
        own = derived.gradient(name)
        assert shown[own].shape == witness[name].shape
        scale = 1 + np.abs(witness[name]).max(initial=0.0)
        errors += [np.abs(form[own] - witness[name]).max(initial=0.0) / scale for form in (shown, small)]
    return max(errors)


def test_the_two_layer_network_reads_as_on_a_blackboard() -> None:
    assert backward(differentiate(two_layers(), "L", ["W_2", "W_1", "x"])) == [
        "dL/dyhat[k] = -2*y[k] + 2*yhat[k]",
        "dL/dW_2[k i] = a[i]*dL/dyhat[k]",
        "dL/da[i] = sum_{k} W_2[k i]*dL/dyhat[k]",
        "dL/dz[i] = a[i]*dL/da[i]*(1 - a[i])",
        "dL/dW_1[i j] = dL/dz[i]*x[j]",
        "dL/dx[j] = sum_{i} W_1[i j]*dL/dz[i]",
    ]


@pytest.mark.slow
@settings(max_examples=40)
@given(program=programs(), seed=st.integers(0, 99))
def test_random_programs_agree_with_the_tape(program: Program, seed: int) -> None:
    derived = differentiate(program, "L", [t.name for t in program.inputs if t.kind != "integers"])
    check(derived.program)
    assert largest_error(derived, seed) < 1e-9


@settings(max_examples=25)
@given(program=programs(kinks=False, steps=3), seed=st.integers(0, 99))
def test_the_second_derivative_is_the_rule_applied_to_its_own_output(program: Program, seed: int) -> None:
    first = differentiate(program, "L")
    name = first.wrt[0]
    second = differentiate(first.program, first.gradient(name), first.wrt, jacobian=True)
    assert largest_error(second, seed) < 1e-8


def test_the_hessian_is_symmetric_and_tied_letters_are_not_captured() -> None:
    h = apply("tanh", W1 @ X)
    first = differentiate(trace({"L": (h * h).sum()}), "L", ["x"])
    second = differentiate(first.program, "dL/dx", ["x"], jacobian=True)
    at = draw_sizes(second.forward)
    hessian = tape.forward(second.program, points.point(second.forward, at), at)["d(dL/dx)/dx"]
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12, atol=1e-14)
    assert np.abs(hessian).max() > 1e-3


def test_a_jacobian_names_its_letters() -> None:
    derived = differentiate(trace({"q": W1 @ X}), "q", ["W_1", "x"], jacobian=True)
    assert backward(derived) == [
        "dq/dW_1[k i j] = x[j]*Where(Eq(k, i), 1, 0)",
        "dq/dx[k j] = W_1[k j]",
    ]


def test_uses_add() -> None:
    """A value on two branches: the gradients add; they are not averaged."""
    x = declare("x", (N,))
    derived = differentiate(trace({"L": (3 * x).sum() + (4 * x).sum()}), "L", ["x"])
    at = {"n": 2}
    gradient = tape.forward(derived.program, {"x": np.ones(2)}, at)["dL/dx"]
    np.testing.assert_array_equal(gradient, [7.0, 7.0])
    assert any("They are not averaged" in remark for remark in map(str, remarks(derived)))


def test_a_diagonal_comes_back_as_an_indicator() -> None:
    s = declare("S", (N, N))
    derived = differentiate(trace({"L": contract("ii->", s)}), "L", ["S"])
    assert backward(derived) == ["dL/dS[i k] = Where(Eq(i, k), 1, 0)"]
    assert largest_error(derived) == 0


def test_broadcasting_is_summed_where_the_operand_lacks_the_letter() -> None:
    data, b = declare("X", (N, D), "data"), declare("b", (D,))
    column = declare("c", (N, 1))
    derived = differentiate(trace({"L": apply("tanh", data + b + column).sum()}), "L", ["b", "c"])
    assert largest_error(derived) < 1e-12


@pytest.mark.parametrize("kind", ["max", "min", "logsumexp"])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
def test_reductions(kind: str, axis) -> None:
    derived = differentiate(trace({"L": (reduce(kind, apply("tanh", W1), axis) ** 2).sum()}), "L", ["W_1"])
    assert largest_error(derived) < 1e-12


def test_ties_share_the_slope() -> None:
    x = declare("x", (N,))
    derived = differentiate(trace({"L": reduce("max", x)}), "L", ["x"])
    gradient = tape.forward(derived.program, {"x": np.array([1.0, 3.0, 3.0])}, {"n": 3})["dL/dx"]
    np.testing.assert_array_equal(gradient, [0, 0.5, 0.5])
    assert any("share the slope equally" in remark for remark in map(str, remarks(derived)))


@pytest.mark.parametrize("kind", ["inverse", "det", "logdet"])
@pytest.mark.parametrize("batch", [(), (size("n"),)])
def test_functions_of_a_matrix(kind: str, batch: tuple) -> None:
    letters = ("b", "i", "j") if batch else ("i", "j")
    root = declare("A", (*batch, D, D))
    index = letters if kind == "inverse" else letters[:-2]
    spread = contract("bij,bkj->bik", root, root) if batch else contract("ij,kj->ik", root, root)
    value = Tensor((*batch, D, D) if kind == "inverse" else batch, Matrix(kind), ((spread, letters),), index)
    derived = differentiate(trace({"L": apply("tanh", value).sum()}), "L", ["A"])
    at = draw_sizes(derived.forward)
    where = {"A": points.point(derived.forward, at)["A"] + 2 * np.eye(at["d"])}
    witness = tape.gradients(derived.forward, "L", ["A"], where)["A"]
    shown = tape.forward(derived.program, where, at)["dL/dA"]
    np.testing.assert_allclose(shown, witness, rtol=1e-9, atol=1e-12)


def test_labels_sum_to_one_in_the_gradient() -> None:
    labels, o = declare("Y", (N, C), "labels"), declare("O", (N, C))
    loss = -(labels * (o - reduce("logsumexp", o, axis=1, keepdims=True))).sum() / N
    derived = differentiate(trace({"L": loss}), "L", ["O"])
    assert any(line.endswith("= 1/n") for line in backward(derived))
    assert largest_error(derived) < 1e-12


def test_labels_are_not_differentiated_by_once_their_sum_was_used() -> None:
    labels, o = declare("Y", (N, C), "labels"), declare("O", (N, C))
    first = differentiate(trace({"L": (labels * apply("tanh", o)).sum()}), "L", ["O"])
    with pytest.raises(DerivationError, match="declare Y as data"):
        differentiate(first.program, "dL/dO", ["Y"], jacobian=True)


@pytest.mark.slow
def test_a_thousand_layers_are_linear_and_share_their_local_derivatives() -> None:
    h = X
    for k in range(1000):
        h = apply("tanh", declare(f"V_{k}", (D, D)) @ h + declare(f"b_{k}", (D,)))
    program = trace({"L": (h * h).sum()})
    derived = chain_rule(program, "L", [t.name for t in program.parameters])
    assert len(derived.equations) - len(program.equations) <= 4 * 1000
    assert len({e.op.body for e in derived.equations if hasattr(e.op, "body")}) < 20


def test_what_does_not_depend_is_said() -> None:
    derived = differentiate(two_layers(), "yhat", ["y"], jacobian=True)
    assert tuple(map(str, remarks(derived))) == ("yhat does not depend on y: its gradient is zero.",)


def test_a_flat_function_is_named() -> None:
    derived = differentiate(trace({"L": ((W2 @ apply("step", W1 @ X) - Y) ** 2).sum()}), "L", ["W_1", "W_2"])
    (remark,) = [r for r in map(str, remarks(derived)) if "W_1" in r]
    assert "only through step, which is flat" in remark
    assert "never moves W_1" in remark


def test_two_linear_layers_collapse() -> None:
    derived = differentiate(trace({"L": ((W2 @ (W1 @ X) - Y) ** 2).sum()}), "L")
    assert any("one linear layer" in remark for remark in map(str, remarks(derived)))
    with_activation = differentiate(two_layers(), "L")
    assert not any("one linear layer" in remark for remark in map(str, remarks(with_activation)))


@pytest.mark.parametrize(
    ("of", "wrt", "words"),
    [
        ("yhat", None, r"yhat has the shape \(c,\), a loss is a scalar. Write loss = sum\(yhat\)"),
        ("L", ["W_3"], "there is no W_3 to differentiate by; did you mean W_"),
        ("loss", None, "there is no loss to differentiate; the network has"),
    ],
)
def test_what_cannot_be_derived_is_refused(of: str, wrt: list[str] | None, words: str) -> None:
    with pytest.raises(DerivationError, match=words):
        differentiate(two_layers(), of, wrt)


def test_integers_have_no_derivative() -> None:
    t = Tensor((N,), signature=declare("t", (N,), "integers", bound=C).signature)
    o = declare("O", (N, C))
    with pytest.raises(DerivationError, match="t holds integers"):
        differentiate(trace({"L": o[arange(N), t].sum()}), "L", ["t"])


def test_the_maximum_with_zero_is_relu_in_either_order() -> None:
    x = declare("x", (N,))
    for written in (apply("maximum", 0, x), apply("maximum", x, 0), apply("relu", x)):
        derived = differentiate(trace({"L": written.sum()}), "L", ["x"])
        gradient = tape.forward(derived.program, {"x": np.array([-1.0, 0.0, 1.0])}, {"n": 3})["dL/dx"]
        np.testing.assert_array_equal(gradient, [0, 0, 1])


@pytest.mark.parametrize("kind", REDUCTIONS)
def test_a_reduction_over_an_axis_of_size_one_is_the_entry_itself(kind: str) -> None:
    w = declare("w", ("n", 1))
    u = reduce(kind, w, 1).named("u")
    derived = differentiate(trace({"u": u, "L": apply("sin", u).sum()}), "L")
    assert backward(derived)[-1] == "dL/dw[i j] = dL/du[i]"
    assert largest_error(derived) < 1e-12


def test_what_does_not_matter_is_said_in_one_sentence() -> None:
    text = "x: data[d]\nv: parameter[d]\nw: parameter[d]\nu: parameter[d]\nL = sum(u*x)"
    said = [str(remark) for remark in remarks(sb.derive(text)) if "depend" in str(remark)]
    assert said == ["L does not depend on v and w: their gradients are zero."]
