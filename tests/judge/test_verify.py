"""The verdicts: right claims in unusual forms, wrong ones with the reason, and what is settled neither way."""

import json

import pytest

import symbackprop as sb
from symbackprop.judge.weighing.conventions import ALLOWED
from tests.judge.networks_to_judge import network

RIGHT = [
    ("two_layer", "W_2", "np.outer(yhat - t, a_1)"),
    ("two_layer", "W_1", "outer((W_2.T @ (yhat - t))*a_1*(1 - a_1), x)"),
    ("two_layer", "W_1", "outer(W_2.T @ (yhat - t) * exp(-z_1)/(1 + exp(-z_1))**2, x)"),
    ("two_layer", "W_1", "outer(W_2.T @ dyhat * (a_1 - a_1**2), x)"),
    ("two_layer", "c_1", "e = yhat - t\ng = W_2.T @ e\ng*a_1*(1 - a_1)"),
    ("neuron", "w", "2*(a - t)*(1 - a)*(1 + a)*x"),
    ("neuron", "w", "8*(a - t)/(exp(z) + exp(-z))**2*x"),
    ("softmax", "S", "(P - Y)/n"),
    ("softmax", "W", "X.T @ (P - Y)/n"),
    ("softmax", "c", "sum(P - Y, axis=0)/n"),
    ("softmax", "P", "-Y/P/n"),
    ("ridge", "w", "(X.T @ X @ w - X.T @ y)/n + lam*w"),
    ("skip", "x", "o - t + W.T @ (V.T @ (o - t)*(h > 0))"),
    ("form", "x", "(A + A.T) @ x"),
    ("hinge", "s", "-y*(y*s < 0)"),
    ("binary", "a", "-y/a + (1 - y)/(1 - a)"),
    ("binary", "z", "sigmoid(z) - y"),
    ("branches", "x", "u*(1 - p**2) + v*cos(v*x)"),
    ("branches", "x", "u*(1 - p**2) + v*(2*cos(v*x/2)**2 - 1)"),
    ("branches", "v", "x*(cos(v*x)*q**2 + cos(v*x)**3)"),
]


@pytest.mark.parametrize(("name", "wrt", "claim"), RIGHT)
def test_a_right_claim_is_an_identity(name: str, wrt: str, claim: str) -> None:
    result = sb.verify(network(name), {wrt: claim})
    assert result.verdict == "right, identity"
    assert result.exit_code == 0
    assert result.claims[0].bits > 40


WRONG = [
    ("two_layer", "W_1", "outer((W_2.T @ (yhat - t))*a_1*(1 + a_1), x)", "wrong slope formula"),
    ("two_layer", "W_1", "outer(W_2.T @ (yhat - t), x)", "slope missing"),
    ("two_layer", "W_1", "outer(W_2.T @ (yhat - t) * sigmoid(a_1)*(1 - sigmoid(a_1)), x)", "slope at the wrong place"),
    ("two_layer", "W_2", "outer(yhat - t, z_1)", "wrong tensor"),
    ("neuron", "w", "2*(a - t)*(1 - z**2)*x", "slope at the wrong place"),
    ("softmax", "W", "X.T @ ((P - Y)*P*(1 - P))/n", "slope too many"),
    ("softmax", "S", "-Y*(1 - P)/n", "softmax taken entry by entry"),
    ("ridge", "w", "X.T @ r/n", "penalty forgotten"),
    ("ridge", "w", "X.T @ r/n + 2*lam*w", "penalty scaled"),
    ("skip", "x", "W.T @ (V.T @ (o - t)*(z > 0))", "path left out"),
    ("skip", "W", "outer(V.T @ (o - t), x)", "slope missing"),
    ("form", "x", "2*A @ x", "matrix assumed symmetric"),
    ("branches", "x", "u*(1 - p**2)*v*cos(v*x)", "paths multiplied"),
]


def now_and_then(rows: list) -> list:
    """Every second row in the quick suite, all of them in the slow one."""
    return [pytest.param(*row, marks=pytest.mark.slow) if k % 2 else row for k, row in enumerate(rows)]


@pytest.mark.parametrize(("name", "wrt", "claim", "mistake"), now_and_then(WRONG))
def test_a_wrong_claim_is_wrong_and_its_mistake_is_named(name: str, wrt: str, claim: str, mistake: str) -> None:
    result = sb.verify(network(name), {wrt: claim})
    assert result.verdict.startswith("wrong")
    assert result.exit_code == 1
    assert mistake in [m.name for m in result.mistakes]
    fails = result.counterexample
    assert fails is not None
    assert abs(fails.claimed - fails.true) > 1e-6
    assert result.correct


def test_branch_gradients_that_are_averaged_are_wrong_with_the_reason() -> None:
    result = sb.verify(network("branches"), {"x": "(u*(1 - p**2) + v*cos(v*x))/2"})
    assert result.exit_code == 1
    assert result.mistakes[0].name == "paths averaged"
    assert "averaged; they add" in result.mistakes[0].sentence


def test_a_quotient_for_a_jacobian_is_wrong_with_the_reason() -> None:
    result = sb.verify(network("linear_map"), {"x": "outer(y, 1/x)"}, of="y")
    assert result.verdict.startswith("wrong")
    assert result.mistakes[0].name == "quotient for Jacobian"
    assert sb.verify(network("linear_map"), {"x": "W"}, of="y").verdict == "right, identity"


CONVENTIONS = [
    ("two_layer", "W_2", "outer(a_1, yhat - t)", "transpose", ("transpose",)),
    ("two_layer", "W_2", "outer(t - yhat, a_1)", "sign", ("sign",)),
    ("neuron", "b", "(a - t)*(1 - a**2)", "factor 1/2", ("2",)),
    ("softmax", "W", "X.T @ (P - Y)", "factor n", ("N",)),
    ("softmax", "W", "(Y - P).T @ X", "transpose", ("transpose", "sign", "N")),
    ("two_layer", "c_1", "(W_2.T @ (yhat - t)*a_1*(1 - a_1))[:, None]", "column", ("layout",)),
]


@pytest.mark.parametrize(("name", "wrt", "claim", "said", "kinds"), now_and_then(CONVENTIONS))
def test_a_convention_is_named(name: str, wrt: str, claim: str, said: str, kinds: tuple[str, ...]) -> None:
    result = sb.verify(network(name), {wrt: claim})
    assert result.verdict.startswith("up to convention")
    assert said in result.verdict
    assert result.exit_code == 1
    assert kinds[0] in ALLOWED


def test_a_convention_is_allowed_by_all_its_kinds_together() -> None:
    text = "X: data[n, d]\nw: parameter[d]\nL = sum((X @ w)**2)/n"
    claim = {"w": "-X.T @ X @ w"}
    assert sb.verify(text, claim, allow=("sign", "N", "2")).exit_code == 0
    assert sb.verify(text, claim, allow=("sign", "N")).exit_code == 1


def test_a_claim_that_is_right_on_one_side_only_is_told_so() -> None:
    result = sb.verify(network("skip"), {"h": "V.T @ (o - t)", "z": "V.T @ (o - t)"})
    assert result["h"].verdict == "right, identity"
    assert result["z"].verdict.startswith("wrong region: right where z > 0")


def test_a_scalar_label_is_seen_on_both_sides_of_every_comparison() -> None:
    assert sb.verify(network("hinge"), {"s": "-1*(y*s < 0)"}).exit_code == 1


def test_a_wrong_shape_is_told_with_both_shapes() -> None:
    result = sb.verify(network("two_layer"), {"c_1": "sum(yhat - t)"})
    assert result.verdict.startswith("wrong shape: it has the shape (), the gradient (h,)")


def test_what_residues_cannot_prove_is_right_in_numbers() -> None:
    text = "x: parameter[n]\nL = sum(sqrt(x**2))"
    assert sb.verify(text, {"x": "sign(x)"}).verdict == "right, numeric"


def test_a_claim_without_a_finite_value_is_undecided() -> None:
    result = sb.verify("x: parameter[n]\nL = sum(x**2)", {"x": "2*x + log(-1 - x**2)"})
    assert result.verdict.startswith("undecided")
    assert result.exit_code == 3


@pytest.mark.parametrize("claim", [r"\frac{1}{2", "W_1 @@ x", "", "nobody + 1", "import os", "().__class__", 3])
def test_what_is_not_understood_is_told_and_never_counts_as_right(claim: object) -> None:
    result = sb.verify(network("two_layer"), {"W_1": claim})
    assert result.verdict.startswith("not understood")
    assert result.exit_code == 3


def test_what_is_not_there_is_refused_with_what_is() -> None:
    with pytest.raises(ValueError, match="W_3: no tensor of the network; it has W_1"):
        sb.verify(network("two_layer"), {"W_3": "x"})
    with pytest.raises(ValueError, match="the conventions are transpose"):
        sb.verify(network("two_layer"), {"W_1": "x"}, allow=("colour",))
    with pytest.raises(ValueError, match="there is no claim"):
        sb.verify(network("two_layer"), {})
    with pytest.raises(ValueError, match="there is no M to differentiate"):
        sb.verify(network("two_layer"), {"W_1": "x"}, of="M")


def test_a_claim_that_names_what_it_claims_is_undecided() -> None:
    for claim in ("dW_2", r"\frac{\partial L}{\partial W_2} = \frac{\partial L}{\partial W_2}"):
        result = sb.verify(network("two_layer"), {"W_2": claim})
        assert result.verdict.startswith("undecided: it is made of dL/dW_2")
        assert result.exit_code == 3


def test_a_jacobian_of_matrices_needs_its_indices() -> None:
    text = "A: parameter[m, n]\nB: data[n, k]\nC = A @ B\nL = sum(C)"
    whole = sb.verify(text, {"A": r"\frac{\partial C}{\partial A} = B^\top"}, of="C")
    assert whole.verdict.startswith("undecided: a Jacobian of matrices has no agreed layout")


def test_what_rests_on_labels_that_sum_to_one_is_told() -> None:
    text = network("softmax")
    told = "right because every Y sums to 1; of other targets it would be wrong"
    assert told in sb.verify(text, {"S": "(P - Y)/n"}).claims[0].notes
    assert not sb.verify(text, {"S": "(P*sum(Y, axis=1, keepdims=True) - Y)/n"}).claims[0].notes
    assert not sb.verify(text, {"P": "-Y/P/n"}).claims[0].notes


def test_zero_has_every_shape() -> None:
    text = "x: parameter[n]\nu: parameter[n]\nL = sum(x**2) + 0*sum(u)"
    assert sb.verify(text, {"u": "0"}).verdict == "right, identity"
    assert sb.verify(text, {"x": "0"}).verdict == "wrong"


def test_a_name_that_the_claim_gives_otherwise_is_given() -> None:
    assert sb.verify(network("softmax"), {"W": "X.T @ (P - Y)/N"}, symbols={"N": "n"}).verdict == "right, identity"


def test_what_holds_at_one_size_only_is_wrong() -> None:
    text = "X: data[n, d]\nw: parameter[d]\nL = sum(X @ w)/n"
    for n in range(2, 7):
        assert sb.verify(text, {"w": f"sum(X, axis=0)/{n}"}).exit_code == 1


def test_a_derivative_of_a_gradient_is_judged() -> None:
    text = "A: data[d, d]\nx: parameter[d]\nL = x @ A @ x"
    assert sb.verify(text, [("H", "A + A.T", "ddL/dx/dx")]).exit_code == 0


def test_the_result_shows_itself_and_all_its_evidence() -> None:
    result = sb.verify(network("two_layer"), {"W_2": "outer(yhat - t, a_1)", "c_1": "W_2.T @ (yhat - t)"})
    assert "∂L/∂c₁  wrong" in str(result)
    assert "right is: ∂L/∂c₁ = W₂ᵀ(ŷ − t) ⊙ ⟦a₁⟧ ⊙ ⟦(1 − a₁)⟧" in str(result)
    assert "<math" in result._repr_html_()
    assert result._repr_latex_().startswith("$")
    facts = json.loads(result.to_json())
    assert [c["verdict"] for c in facts["claims"]] == ["right, identity", "wrong"]
    assert facts["claims"][1]["counterexample"]["entry"] == [0]


def test_singular_values_of_matrices_that_may_be_wide_are_weighed_where_they_stand() -> None:
    net = "W: parameter[m, n]\nL = sum(W**2)"
    (verdict,) = sb.verify(net, {"W": r"2 W \|W\|_{op}"})
    assert verdict.verdict != "right"


NORM = "x: parameter[d]\nr: data[d]\nmu = mean(x)\nv = mean((x - mu)**2)\nxhat = (x - mu)/sqrt(v + 1e-5)\nL = sum(xhat*r)\n"


@pytest.mark.parametrize(
    ("claim", "right"),
    [
        (r"-\frac12 \sum_i r_i (x_i - \mu)(v + \epsilon)^{-3/2}", True),
        (r"-\frac12 \sum_i r_i (x_i - \mu)(v + 2\epsilon)^{-3/2}", False),
        ("-0.5*sum(r*(x - mu))*(v + eps)**(-1.5)", True),
        ("-0.5*sum(r*(x - mu))*v**(-1.5)", False),
    ],
)
def test_epsilon_of_a_claim_by_itself_is_the_small_number_of_the_network(claim: str, right: bool) -> None:
    found = sb.verify(NORM, {"v": claim}).claims[0]
    assert (found.right, found.wrong) == (right, not right)
    assert any("epsilon is taken to be 1/100000" in note for note in found.notes) is ("eps" in claim)


LOOKED_UP = "E: parameter[v, d]\nb: parameter[v]\nt: integers[n, v]\nG: data[n, d]\nL = sum(G*E[t]) + sum(b[t])\n"


@pytest.mark.parametrize(
    ("name", "claim", "kind"),
    [
        ("E", "dE = np.zeros_like(E)\nnp.add.at(dE, t, G)", "right, identity"),
        ("E", "dE = np.zeros_like(E)\nnp.subtract.at(dE, t, G)\ndE", "up to convention"),
        ("b", "db = np.zeros(v)\nnp.add.at(db, t, 1)", "right, identity"),
        ("E", "dE = np.zeros_like(E)\nnp.add.at(dE, t, E)", "not understood"),
        ("E", "dE = np.zeros_like(E)\nnp.add.at(dE, (t, t), G)", "not understood"),
        ("E", "dE = np.zeros_like(E)\ndE[t] += G", "not understood"),
    ],
)
def test_rows_that_are_added_at_labels_are_judged(name: str, claim: str, kind: str) -> None:
    assert sb.verify(LOOKED_UP, {name: claim}).claims[0].kind == kind


OF_SEVERAL = "x: data[d]\ny: data[c]\nW: parameter[c, d]\nyhat = W @ x\nM = sum(yhat)\nL = sum((yhat - y)**2)\n"


@pytest.mark.parametrize(
    ("asked", "claims", "of"),
    [
        ({}, {"W": "2*outer(yhat - y, x)"}, None),
        ({"of": "M"}, "W = outer(ones(c), x)", None),
        ({"wrt": "yhat"}, {"W": "outer(ones(c), x)"}, "M"),
        ({"wrt": "x", "of": "yhat"}, {"x": "W"}, None),
    ],
)
def test_claims_are_judged_of_what_a_derivation_was_made_of(asked: dict, claims: object, of: str | None) -> None:
    derivation = sb.derive(OF_SEVERAL, **asked)
    assert sb.verify(derivation, claims, of).verdict == "right, identity"


def test_what_is_no_derivation_of_a_network_has_no_claims() -> None:
    for other in (sb.derive(sb.derive(OF_SEVERAL, "W"), "x"), sb.derive(OF_SEVERAL, of="yhat", upstream="dY")):
        with pytest.raises(sb.SymbackpropError, match=r"verify\(network, claims, of="):
            sb.verify(other, {"x": "W"})
    with pytest.raises(sb.SymbackpropError, match=r"Derivation is no network\. Give the one that it has: \.network\."):
        sb.read(sb.derive(OF_SEVERAL))
