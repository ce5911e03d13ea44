"""Whole derivations: the first wrong step, what follows from it, and errors that cancel."""

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.judge.texts.files import read_claims
from tests.judge.networks_to_judge import network

FINE = [("delta_2", "yhat - t"), ("delta_1", "W_2.T @ delta_2*a_1*(1 - a_1)"), ("W_1", "outer(delta_1, x)"), ("c_1", "delta_1")]


def test_a_right_derivation_is_right_and_its_abbreviations_turn_out_to_be_gradients() -> None:
    result = sb.verify(network("two_layer"), FINE)
    assert result.verdict == "right, identity"
    assert result.first_wrong_step is None
    assert "delta_2 turned out to be dL/dyhat" in result.claims[0].notes


@pytest.mark.slow
def test_the_first_wrong_step_is_found_and_what_follows_is_carried_forward() -> None:
    steps = [FINE[0], ("delta_1", "W_2.T @ delta_2*a_1*(1 + a_1)", "dL/dz_1"), *FINE[2:]]
    result = sb.verify(network("two_layer"), steps)
    assert result.first_wrong_step == 1
    assert [c.verdict.partition(":")[0] for c in result.claims] == [
        "right, identity", "wrong", "wrong, carried forward", "wrong, carried forward",
    ]  # fmt: skip
    assert result.mistakes[0].name == "wrong slope formula"


def test_a_mistake_of_its_own_is_told_from_one_that_is_carried_forward() -> None:
    steps = [("dyhat", "2*(yhat - t)"), ("W_2", "outer(dyhat, a_1)"), ("c_1", "W_2.T @ dyhat")]
    result = sb.verify(network("two_layer"), steps)
    assert result.first_wrong_step == 0
    assert result.claims[2].verdict == "wrong"


def test_errors_that_cancel_are_named() -> None:
    steps = [("delta", "2*(yhat - t)", "dL/dyhat"), ("W_2", "outer(delta, a_1)/2")]
    result = sb.verify(network("two_layer"), steps)
    assert result.first_wrong_step == 0
    assert result.claims[1].verdict == "right result, wrong step: errors cancel"
    right_after = sb.verify(network("two_layer"), [*steps[:1], ("W_2", "outer(yhat - t, a_1)")])
    assert right_after.verdict == "right result, wrong step: delta"
    results = [
        ("delta", "yhat - t", "dL/dyhat"),
        ("W_2", "outer(delta, x)"),
        ("c_2", "delta"),
    ]  # a wrong gradient is no step on the way
    assert sb.verify(network("two_layer"), results).verdict.endswith("(W_2)")


@pytest.mark.parametrize(
    "named",
    [
        r"\delta_z = \frac{\partial L}{\partial z} = (1 - s^2) \odot v (v^\top s - y)",
        r"\frac{\partial L}{\partial z} = (1 - s^2) \odot v (v^\top s - y) =: \delta_z",
        r"\frac{\partial L}{\partial z} = (1 - s^2) \odot v (v^\top s - y) \eqqcolon \delta_z",
    ],
)
def test_a_gradient_is_called_by_the_letter_of_its_value(named: str, tmp_path: Path) -> None:
    net = "x: data[d]\nW: parameter[m, d]\nv: parameter[m]\ny: data[()]\nz = W @ x\ns = tanh(z)\nL = (v @ s - y)**2/2"
    (tmp_path / "claims.md").write_text(rf"$${named}$$ $$\frac{{\partial L}}{{\partial W}} = \delta_z x^\top$$")
    assert sb.verify(net, read_claims(tmp_path / "claims.md")).verdict == "right, identity"


SHOWN = "x: data[d]\ny: data[c]\nV: parameter[h, d]\nW: parameter[c, h]\na = softplus(V @ x)\nyhat = W @ a\nL = sum((yhat - y)**2)"


@pytest.mark.slow
@pytest.mark.parametrize(
    "last", ["outer(W.T @ delta * sigmoid(z), x)", r"\frac{\partial L}{\partial V} = (W^\top \delta \odot \sigma(z)) x^\top"]
)
def test_what_the_report_alone_names_may_stand_in_a_step(last: str) -> None:
    result = sb.verify(SHOWN, [("delta", "2*(yhat - y)", "dL/dyhat"), ("V", last)])
    assert (result.verdict, result.claims[1].notes) == ("right, identity", ("z as the report names it",))
    carried = sb.verify(SHOWN, [("delta", "yhat - y", "dL/dyhat"), ("V", last)])
    assert [one.kind for one in carried.claims] == ["up to convention", "wrong, carried forward"]


@pytest.mark.parametrize("last", ["outer(W.T @ delta * tanh(z), x)", "outer(W.T @ delta * sigmoid(q), x)"])
def test_a_name_that_the_report_gives_convicts_nobody(last: str) -> None:
    result = sb.verify(SHOWN, [("delta", "2*(yhat - y)", "dL/dyhat"), ("V", last)])
    assert result.claims[1].open
    own = [("z", "V @ x + 1", "abbreviation"), ("delta", "2*(yhat - y)", "dL/dyhat"), ("V", "outer(W.T @ delta * sigmoid(z), x)")]
    assert sb.verify(SHOWN, own).claims[2].wrong  # a person's own z is theirs


def test_a_jacobian_step_is_judged_by_its_diagonal() -> None:
    steps = [("s", "a_1*(1 - a_1)", "da_1/dz_1"), ("delta", "W_2.T @ (yhat - t)*s", "dL/dz_1")]
    assert sb.verify(network("two_layer"), steps).verdict == "right, identity"
    wrong = sb.verify(network("two_layer"), [("s", "a_1*(1 + a_1)", "da_1/dz_1")])
    assert wrong.verdict == "wrong"


def test_a_softmax_has_no_diagonal_jacobian() -> None:
    text = "z: parameter[k]\nt: data[k]\nE = exp(z)\np = E/sum(E)\nL = sum(t*p)"
    assert sb.verify(text, [("s", "p*(1 - p)", "dp/dz")]).verdict.startswith("wrong shape")


def test_an_abbreviation_is_not_judged() -> None:
    steps = [("e", "yhat - t", "abbreviation"), ("g", "x*3", "abbreviation"), ("W_2", "outer(e, a_1)")]
    result = sb.verify(network("two_layer"), steps)
    assert [c.verdict for c in result.claims] == ["abbreviation", "abbreviation", "right, identity"]
    assert result.exit_code == 0


def test_a_name_that_nothing_uses_is_not_passed_over() -> None:
    used = [("e", "yhat - t"), ("g", "a_1*3"), ("W_2", "outer(e, g)/3")]
    assert sb.verify(network("two_layer"), used).ok
    result = sb.verify(network("two_layer"), [("g", "a_1*3"), ("W_2", "outer(yhat - t, a_1)")])
    assert [c.kind for c in result.claims] == ["undecided", "right, identity"]
    assert result.exit_code == 3
    assert str(result.claims[0].because) == "nothing uses g. Say what it claims to be, or leave it out"


@pytest.mark.parametrize("line", [r"f_{xx} = 6x, f_{yy} = 6y, D = 36xy - 9", r"f_x = 3x^2 - 3y, c = y^2"])
def test_a_value_that_only_looks_like_a_name_is_undecided(line: str) -> None:
    """D may be the determinant of the Hessian to its author, but not all of that is said: a wrong one was passed over."""
    result = sb.verify("x: parameter\ny: parameter\nf = x**3 + y**3 - 3*x*y", line)
    assert result.claims[-1].kind == "undecided"


def test_a_step_that_is_not_understood_stands_for_the_truth_later() -> None:
    result = sb.verify(network("two_layer"), [("delta", "?", "dL/dyhat"), ("W_2", "outer(delta, a_1)")])
    assert result.claims[1].verdict == "right, identity"
    assert result.exit_code == 3


@pytest.mark.parametrize("steps", ["W_1", [], [("W_1",)], [3], [("W_1", "x", "dL/dnothing")]])
def test_what_is_no_derivation_is_refused(steps: object) -> None:
    with pytest.raises(ValueError, match=r"claims are|is no claim|there is no|it is said to be"):
        sb.verify(network("two_layer"), steps)


UNSTATED = [("delta_2", "yhat - t"), ("delta_1", "W_2.T @ delta_2*a_1"), ("W_1", "outer(delta_1, x)"), ("c_1", "delta_1")]


@pytest.mark.slow
def test_a_delta_that_says_nothing_is_judged_by_how_it_is_used() -> None:
    result = sb.verify(network("two_layer"), UNSTATED)
    assert [c.kind for c in result.claims] == ["right, identity", "wrong", "wrong, carried forward", "wrong, carried forward"]
    assert result.first_wrong_step == 1
    assert "delta_1 is used as dL/dz_1 by what follows" in result.claims[1].notes
    assert result.claims[1].what == "dL/dz_1"
    assert result.mistakes[0].name == "slope missing"


@pytest.mark.parametrize(
    "steps",
    [
        [*UNSTATED[:2], ("W_1", "outer(delta_1*(1 - a_1), x)"), ("c_1", "delta_1")],  # a part of a product, rightly used once
        [("r", "2*(yhat - t)"), ("W_2", "outer(r, a_1)")],  # the mistake may be in either
        [("e", "(yhat - t)*yhat"), ("W_2", "outer(e, a_1)")],  # no name of a gradient
        [*UNSTATED[:1], ("delta_1", "W_2.T @ delta_2*a_1", "abbreviation"), ("c_1", "delta_1")],  # said to be none
    ],
)
def test_an_abbreviation_that_may_be_right_is_not_called_wrong(steps: list) -> None:
    result = sb.verify(network("two_layer"), steps)
    assert "abbreviation" in [c.kind for c in result.claims]
    assert result.exit_code == 1


CHAINS = [
    (r"\frac{\partial L}{\partial W_2} = \frac{\partial L}{\partial \hat y}\frac{\partial \hat y}{\partial W_2} = (\hat y - t)a_1^\top", "right, identity", ""),
    (r"\frac{\partial L}{\partial W_2} = (\hat y - t)a_1^\top = (W_2 a_1 - t) a_1^\top", "right, identity", ""),
    (r"\frac{\partial L}{\partial W_2} = 2(\hat y - t)a_1^\top = (W_2 a_1 - t) a_1^\top", "right result, wrong step", "the factor 2"),
    (r"\frac{\partial L}{\partial W_2} = (\hat y + t)a_1^\top = (W_2 a_1 - t) a_1^\top", "right result, wrong step", "of the chain is wrong"),
    (r"\frac{\partial L}{\partial W_2} = (\hat y - t)a_1^\top = (W_2 z_1 - t) a_1^\top", "wrong", ""),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "kind", "words"), CHAINS)
def test_every_side_of_a_chain_of_equalities_is_judged(claim: str, kind: str, words: str) -> None:
    (judged,) = sb.verify(network("two_layer"), {"W_2": claim}).claims
    assert judged.kind == kind
    assert words in judged.verdict
    assert kind != "wrong" or any("right up to" in note for note in judged.notes)


def test_a_chain_says_which_gradient_its_name_is() -> None:
    steps = [
        ("1", r"\frac{\partial L}{\partial \hat y} = \delta_2 = \hat y - t"),
        ("2", r"\delta_1 = \frac{\partial L}{\partial z_1} = W_2^\top\delta_2 \odot a_1"),
        ("3", r"\frac{\partial L}{\partial W_1} = \delta_1 x^\top"),
    ]
    result = sb.verify(network("two_layer"), steps)
    assert [c.kind for c in result.claims] == ["right, identity", "wrong", "wrong, carried forward"]
    assert [c.what for c in result.claims] == ["dL/dyhat", "dL/dz_1", "dL/dW_1"]


def test_indices_of_a_derivation_count_alike() -> None:
    network = "X: data[3, d]\nW: parameter[d]\na = X[0]\nb = X[1]\nL = (a @ W)**2 + 3*(b @ W)"
    steps = [("p", r"p = X_{0,:}"), ("q", r"q = X_{1,:}"), ("W", r"\nabla_W L = 2 (p^\top W) p + 3 q")]
    assert sb.verify(sb.read(network), steps).claims[-1].verdict.startswith("right")


CIRCLES = [
    ("dL/dW_1", r"\epsilon x^\top"),
    (r"\epsilon", r"\epsilon = W_2^\top \delta \odot a_1 \odot (1 - a_1)"),
    (r"\delta", r"\delta = \hat y - t"),
]


def test_a_letter_that_a_step_below_says_is_read_there() -> None:
    result = sb.verify(network("two_layer"), CIRCLES)
    assert [c.right or c.verdict == "abbreviation" for c in result.claims] == [True] * 3
    assert result.exit_code == 0


def test_the_verdict_names_a_gradient_in_letters() -> None:
    claims = [(r"\frac{\partial L}{\partial W_{2}}", "outer(yhat - y, a)", "dL/dW_2"), ("W_1", "0*W_1", "dL/dW_1")]
    result = sb.verify(network("two_layer"), claims)
    assert "\\" not in result.verdict
    assert result.verdict.endswith(("(dL/dW_2)", "(W_1)"))


def test_a_step_that_is_not_understood_leaves_the_whole_open() -> None:
    result = sb.verify(
        network("two_layer"),
        [(r"\frac{\partial L}{\partial W_1}", r"\frac{\partial L}{\partial W_1} = \epsilon \eta \zeta x^\top"), CIRCLES[2]],
    )
    assert result.exit_code == 3
    assert result.verdict.startswith("not understood")


DEEP = (
    "x: data[d]\ny: data[k]\nW_1: parameter[h, d]\nW_2: parameter[h, h]\nW_3: parameter[k, h]\nz_1 = W_1 @ x\na_1 = relu(z_1)\n"
    "z_2 = W_2 @ a_1\na_2 = relu(z_2)\nz_3 = W_3 @ a_2\nL = sum((z_3 - y)**2)/2"
)


@pytest.mark.parametrize("at", ["^{(%d)}", *(pytest.param(at, marks=pytest.mark.slow) for at in ("^{[%d]}", "^%d", "_%d"))])
def test_deltas_are_numbered_by_layers_as_books_do(at: str) -> None:
    one, two, three = (r"\delta" + at % k for k in (1, 2, 3))
    steps = [
        (three, "z_3 - y"),
        (two, rf"W_3^\top {three} \odot 1_{{z_2 > 0}}"),
        (one, rf"W_2^\top {two} \odot \mathbb{{1}}[z_1 > 0]"),
        (r"\frac{\partial L}{\partial W_1}", rf"{one} x^\top"),
    ]
    found = sb.verify(DEEP, steps)
    assert [c.verdict for c in found.claims] == ["right, identity"] * 4
    assert found["\\frac{\\partial L}{\\partial W_1}"].what == "dL/dW_1"
    wrong = [*steps[:1], (two, rf"W_3^\top {three}"), *steps[2:]]
    found = sb.verify(DEEP, wrong)
    assert found.exit_code == 1
    assert found.claims[3].verdict == "wrong, carried forward"


def test_the_left_side_in_latex_says_what_a_step_claims() -> None:
    found = sb.verify(DEEP, [(r"\frac{\partial L}{\partial z_3}", "y - z_3")])
    assert found.claims[0].kind == "up to convention"
    assert found.exit_code == 1


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        (r"\nabla L = (A + A^\top) x", "right, identity"),
        (r"\nabla L = 2 A x", "wrong"),
        (r"\nabla^2 L = A + A^\top", "right, identity"),
        (r"\nabla^2 L = 2 A", "wrong"),
    ],
)
def test_a_gradient_without_a_name_is_by_the_only_parameter(claim: str, kind: str) -> None:
    form = "x: parameter[n]\nA: data[n, n]\nL = x @ A @ x"
    assert sb.verify(form, [(claim.partition(" =")[0], claim)]).claims[0].kind == kind


CUBED = "X: data[n, d]\nW: parameter[d, c]\nS = X @ W\nL = sum(S**3)\n"
RECURRENT = """x: data[T, d]
y: data[h]
W: parameter[h, d]
U: parameter[h, h]
s[0] = zeros(h)
for t in 1..T:
    s[t] = tanh(W @ x[t] + U @ s[t-1])
L = sum((s[T] - y)**2)
"""
AS_IT_IS = "as the network has it"


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["P = softmax(S)\nL = -sum(y*log(P))/n", "L = cross_entropy(S, y)"])
def test_the_forward_pass_may_be_said_again(loss: str) -> None:
    net = f"X: data[n, d]\nW: parameter[d, c]\ny: labels[n, c]\nS = X @ W\n{loss}\n"
    said = [("S", r"S = X W"), ("P", r"P = \operatorname{softmax}(S)")]
    right = sb.verify(net, [*said, ("W", r"\frac{\partial L}{\partial W} = \frac1n X^\top(P - y)")])
    assert right.exit_code == 0
    assert [AS_IT_IS in c.notes for c in right.claims] == [True, True, False]
    wrong = sb.verify(net, [*said, ("W", r"\frac{\partial L}{\partial W} = \frac1n X^\top(P + y)")])
    assert wrong.first_wrong_step == 2


def test_a_value_that_is_its_own_gradient_is_the_gradient() -> None:
    result = sb.verify("w: parameter[n]\nx: data[n]\nz = w*x\nL = sum(z**2)/2\n", [("z", "w*x"), ("w", "z*x")])
    assert result.exit_code == 0
    assert result.claims[0].verdict == "right, identity"


def test_a_value_that_is_said_wrongly_is_held_against_the_gradient() -> None:
    result = sb.verify(CUBED, [("S", "S = 2 X W")])
    assert result.claims[0].wrong


@pytest.mark.slow
def test_the_forward_pass_of_a_loop_may_be_said_again() -> None:
    steps = [
        ("s_t", r"s_t = \tanh(W x_t + U s_{t-1})"),
        ("L", r"L = \lVert s_T - y \rVert^2"),
        ("delta_t", r"\delta_t = \frac{\partial L}{\partial s_t} = U^\top (\delta_{t+1} \odot (1 - s_{t+1}^2))"),
        ("U", r"\frac{\partial L}{\partial U} = \sum_{t=1}^T (\delta_t \odot (1 - s_t^2)) s_{t-1}^\top"),
    ]
    right = sb.verify(RECURRENT, steps)
    assert right.exit_code == 0
    assert [AS_IT_IS in c.notes for c in right.claims] == [True, True, False, False]
    steps[3] = ("U", steps[3][1].replace("(1 - s_t^2)", "(1 + s_t^2)"))
    assert sb.verify(RECURRENT, steps).first_wrong_step == 3


LOGISTIC = """X: data[n, d]
w: parameter[d]
b: parameter
y: binary[n]
z = X @ w + b
p = sigmoid(z)
L = -mean(y*log(p) + (1-y)*log(1-p))
"""
IN_PROSE = [
    r"L(w, b) = -\frac1n \sum_{i=1}^n \left[ y_i \log p_i + (1-y_i)\log(1-p_i) \right]",
    r"\frac{\partial p_i}{\partial z_i} = p_i(1-p_i)",
    r"\frac{\partial L}{\partial z_i} = \frac{\partial L}{\partial p_i}\frac{\partial p_i}{\partial z_i} = \frac1n (p_i - y_i)",
    r"\nabla^2_w L = \frac1n X^\top D X, \quad D = \operatorname{diag}(p_i(1-p_i))",
]


@pytest.mark.slow
@pytest.mark.parametrize("place", [None, *range(len(IN_PROSE))])
def test_a_derivation_is_read_as_it_is_written_in_prose(place: int | None) -> None:
    steps = [(one.partition("=")[0].strip(), one) for one in IN_PROSE]
    if place is not None:  # a sign or a factor is lost
        wrong = [("y_i \\log", "2 y_i \\log"), ("(1-p_i)", "(1+p_i)"), ("(p_i - y_i)", "(p_i + y_i)"), ("(1-p_i)", "(1-p_i)^2")]
        steps[place] = (steps[place][0], IN_PROSE[place].replace(*wrong[place]))
    result = sb.verify(LOGISTIC, steps)
    assert (result.exit_code == 0) is (place is None)
    if place:
        assert result.first_wrong_step == place


NORM = """x: parameter[d]
g: parameter[d]
r: data[d]
mu = mean(x)
v = mean((x - mu)**2)
xhat = (x - mu)/sqrt(v + 1e-5)
L = sum(g*xhat*r)
"""


@pytest.mark.slow
def test_epsilon_is_the_small_number_of_the_network() -> None:
    said = r"\hat{x}_i = \frac{x_i - \mu}{\sqrt{v + \epsilon}}"
    mu = r"\frac{\partial L}{\partial \mu} = -\frac{1}{\sqrt{v+\epsilon}} \sum_i \frac{\partial L}{\partial \hat x_i}"
    right = sb.verify(NORM, [(r"\hat{x}_i", said), ("mu", mu)])
    assert right.exit_code == 0
    assert AS_IT_IS in right.claims[0].notes
    assert all("epsilon is taken to be 1/100000" in str(c.notes) for c in right.claims)
    other = sb.verify(NORM, [(r"\epsilon", r"\epsilon = 10^{-3}"), ("mu", mu)])
    assert other.claims[1].wrong
    own = sb.verify(NORM, [("mu", mu + r", \quad \epsilon = 10^{-3}")]).claims[0]
    assert own.wrong
    assert not any("epsilon" in note for note in own.notes)
    twice = NORM.replace("sum(g*xhat*r)", "sum(g*xhat*r) + 1e-4*sum(g**2)")
    assert sb.verify(twice, [("mu", mu)]).exit_code != 0


TWO_LAYERS = """X: data[N, d]
W: parameter[d, h]
U: parameter[h, c]
Y: labels[N, c]
Z = X @ W
H = tanh(Z)
S = H @ U
P = softmax(S)
L = -sum(Y*log(P))/N
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        (r"\frac{\partial P_{ik}}{\partial S_{ij}} = P_{ik}(\delta_{kj} - P_{ij})", ("- P", "+ P")),
        pytest.param(r"\frac{\partial P_{ik}}{\partial S_{ik}} = P_{ik}(1 - P_{ik})", ("1 -", "2 -"), marks=pytest.mark.slow),
        pytest.param(r"\frac{\partial H_{ij}}{\partial Z_{ij}} = 1 - H_{ij}^2", ("H_{ij}^2", "H_{ij}"), marks=pytest.mark.slow),
        (r"\frac{\partial S_{ik}}{\partial H_{ij}} = U_{jk}", ("U_{jk}", "2U_{jk}")),
    ],
)
def test_a_local_derivative_may_have_an_index_twice(claim: str, wrong: tuple[str, str]) -> None:
    assert sb.verify(TWO_LAYERS, [(claim.partition("=")[0], claim)]).exit_code == 0
    left, _, right = claim.partition("=")
    assert sb.verify(TWO_LAYERS, [(left, f"{left}={right.replace(*wrong)}")]).claims[0].wrong


@pytest.mark.parametrize(
    ("said", "mend"),
    [
        ("U", "Name one of its tensors, or say which this is"),
        ("w", "Did you mean W?"),
        (r"\hat{z}", "Name one of its tensors, or say which this is"),
        ("z", "Did you mean Z?"),
    ],
)
def test_a_derivative_by_what_is_not_there_names_what_was_meant(said: str, mend: str) -> None:
    claim = rf"\frac{{\partial L}}{{\partial {said}}} = X^\top G"
    (judged,) = sb.verify(
        "X: data[n, d]\nW: parameter[d, c]\nZ = X @ W\nL = sum(Z**2)\n", [(claim.partition("=")[0], claim)]
    ).claims
    assert "in this network" in str(judged.because)
    assert mend in str(judged.because)


@pytest.mark.slow
def test_a_derivative_by_a_name_of_a_step_is_not_understood_and_stops_no_other() -> None:
    steps = [
        ("e", "e = s_T - y"),
        (r"\frac{\partial L}{\partial e}", r"\frac{\partial L}{\partial e} = 2 e"),
        ("s_T", "s_T = 1"),
        ("y", "-2 e"),
    ]
    chained = (r"\delta_T", r"\delta_T = \frac{\partial L}{\partial e} = 2 (s_T - y)")
    assert sb.verify(RECURRENT, [steps[0], chained]).exit_code == 0
    found = sb.verify(RECURRENT, steps).claims
    assert str(found[1].because).startswith("there is no e in this network. Name one of its tensors, or say which")
    assert found[3].verdict == "right, identity"


def test_a_step_whose_product_does_not_fit_is_a_wrong_shape_by_its_left_side() -> None:
    steps = [r"\frac{\partial L}{\partial S} = 3 S^{\odot 2}", r"\frac{\partial L}{\partial W} = X \frac{\partial L}{\partial S}"]
    found = sb.verify(CUBED, [(one.partition(" =")[0], one) for one in steps])
    assert found.first_wrong_step == 1
    assert found.claims[1].kind == "wrong shape"
    assert found.mistakes[0].name == "transpose missing"


def test_what_is_said_of_a_value_leaves_its_name_to_the_network() -> None:
    net = "x: data[d]\nW: parameter[c, d]\ny: labels[c]\nz = W @ x\np = softmax(z)\nL = -sum(y*log(p))\n"
    steps = [r"p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}", r"\frac{\partial p_k}{\partial z_j} = p_k(\mathbb{1}\{k=j\} - p_j)"]
    found = sb.verify(net, [(one.partition(" =")[0], one) for one in steps])
    assert found.claims[1].verdict == "right, identity"


def steps_of(*claims: str) -> list[tuple[str, str]]:
    return [(one.partition("=")[0].strip(), one) for one in claims]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (r"dL = \operatorname{tr}(3 (S^{\odot 2})^\top dS)", "right, identity"),
        (r"dL = \operatorname{tr}(6 (S^{\odot 2})^\top dS)", "up to convention"),
        (r"\mathrm{d}L = 3 S^{\odot 2} : X\, \mathrm{d}W", "right, identity"),
        (r"d\ell = \langle 3 X^\top S^{\odot 2}, dW \rangle", "right, identity"),
        (r"dL = \langle 3 X^\top S, dW \rangle", "wrong"),
        (r"dL = \operatorname{tr}(S\, dS)", "wrong shape"),
    ],
)
def test_a_differential_of_the_loss_is_judged(line: str, kind: str) -> None:
    found = sb.verify(CUBED, steps_of(line, r"dS = X\, dW", r"\frac{\partial L}{\partial S} = 3 S^{\odot 2}"))
    assert [c.kind for c in found.claims] == [kind, "right, identity", "right, identity"]


def test_what_moves_with_a_line_of_differentials_may_not_be_left_out() -> None:
    net = "x: data[d]\nW: parameter[c, d]\nb: parameter[c]\ny: data[c]\nz = W @ x + b\nL = sum((z - y)**2)/2\n"
    together, alone = r"dL = (z - y)^\top dW\, x + (z - y)^\top db", r"dL = (z - y)^\top dW\, x"
    (left_out, _) = sb.verify(net, steps_of(r"dz = dW\, x", together)).claims
    assert (left_out.kind, left_out.reason) == ("wrong", "it leaves out what db brings")
    (by_itself, _) = sb.verify(net, steps_of(r"dz = dW\, x", alone)).claims
    assert by_itself.right
    assert by_itself.notes == ("where b stays as it is",)
    assert sb.verify(net, steps_of(r"dz = z - y")).claims[0].right  # without a differential of the loss dz is a gradient


@pytest.mark.slow
@pytest.mark.parametrize("weight", ["W_2", "W^2", "W^{(2)}"])
@pytest.mark.parametrize(
    "last", [r"\frac{\partial L}{\partial W_1} = \delta_1 x^\top", r"\frac{\partial L}{\partial W^1_{ij}} = \delta_{1,i} x_j"]
)
def test_a_transpose_that_is_missing_in_a_delta_is_named(weight: str, last: str) -> None:
    net = "x: data[d]\nW_1: parameter[m, d]\nW_2: parameter[c, m]\ny: data[c]\nz_1 = W_1 @ x\na = sigmoid(z_1)\nz_2 = W_2 @ a\n"
    steps = [r"\delta_2 = z_2 - y", rf"\delta_1 = {weight} \delta_2 \odot a \odot (1 - a)", last]
    found = sb.verify(net + "L = sum((z_2 - y)**2)/2", steps_of(*steps))
    assert (found.claims[1].kind, found.mistakes[0].name) == ("wrong shape", "transpose missing")
    assert found.verdict.startswith("wrong shape")
    right = rf"\delta_1 = ({weight})^\top \delta_2 \odot a \odot (1 - a)"
    assert sb.verify(net + "L = sum((z_2 - y)**2)/2", steps_of(steps[0], right, last)).verdict == "right, identity"


def test_a_value_called_as_a_function_is_known_by_its_name() -> None:
    net = "x: parameter[n]\nmean = sum(x)/n\nL = mean**2\n"
    found = sb.verify(
        net, steps_of("dx = 2*mean/n*ones(n)", r"\frac{\partial L}{\partial x_i} = \frac{2}{n} \operatorname{mean}(x)")
    )
    assert found.exit_code == 0


GATES = "x: data[n]\nW: parameter[h, n]\nw: parameter[h]\ny: data\nz = W @ x\na = tanh(z)\ns = w @ a\np = sigmoid(s)\nL = (p - y)**2/2\n"


@pytest.mark.parametrize("slope", ["g'(z)", r"g^{[1]\prime}(z)", r"g^{[1]'}(z)", r"f'(z)", r"(1 - a^{\odot 2})"])
def test_a_letter_is_the_activation_of_the_value_behind_it(slope: str) -> None:
    claim = rf"\frac{{\partial L}}{{\partial z}} = (p - y) p (1 - p) w \odot {slope}"
    assert sb.verify(GATES, steps_of(claim)).exit_code == 0


def test_what_an_unknown_letter_of_an_abbreviation_is_is_asked() -> None:
    found = sb.verify(GATES, steps_of(r"e = (p - y) q", r"\frac{\partial L}{\partial s} = e"))
    assert str(found.claims[0].because) == "what is q?"
    assert found.claims[1].kind == "undecided"


NORMED = "x: data[m, d]\nc: parameter[d]\nr: data[m, d]\nu = c*x\nL = sum(r*u)\n"


@pytest.mark.parametrize(("claim", "right"), [(r"\sum_i r_i \cdot x_i", True), (r"\sum_i r_i \cdot x_i \cdot c", False)])
def test_a_dot_between_entries_is_their_product_where_that_is_right(claim: str, right: bool) -> None:
    found = sb.verify(NORMED, steps_of(rf"\frac{{\partial L}}{{\partial c}} = {claim}"))
    assert found.claims[0].right is right
    both = sb.verify(NORMED, steps_of(r"\frac{\partial L}{\partial c} = \sum_i (r_i \cdot x_i) \cdot \frac{c}{c}"))
    assert both.claims[0].right
    assert any("entry by entry" in note for note in both.claims[0].notes)


@pytest.mark.slow
def test_a_delta_whose_letter_is_no_index_keeps_its_name() -> None:
    steps = steps_of(
        r"\delta_a = (p - y) p (1 - p) w",
        r"\delta_z = \delta_a \odot a \odot (1 - a)",
        r"\frac{\partial L}{\partial W} = \delta_z x^\top",
    )
    found = sb.verify(GATES, steps)
    assert [c.kind for c in found.claims] == ["right, identity", "wrong", "wrong, carried forward"]


SPOKEN = "Z: parameter[n, m]\nR: data[n, m]\nb: parameter[n, 1]\nc: parameter[m]\nY = Z + b + c\nL = sum(R*exp(Y))\n"


@pytest.mark.parametrize(
    ("claim", "right"),
    [
        (r"\frac{\partial L}{\partial b} = np.sum(R \odot exp(Y), axis=1, keepdims=True)", True),
        (r"\frac{\partial L}{\partial b} = np.sum(R \odot \exp(Y), axis=0)", False),
        (r"\frac{\partial L}{\partial c} = sum(R \odot e^{Y}, axis=0)", True),
        (r"\frac{\partial L}{\partial c} = n\, np.mean(R \odot e^{Y}, axis = 0)", True),
        (r"\frac{\partial L}{\partial Y} = diag(R e^{Y})", False),
    ],
)
def test_words_of_functions_are_read_as_they_are_spoken(claim: str, right: bool) -> None:
    assert sb.verify(SPOKEN, steps_of(claim)).claims[0].right is right


def test_dz_of_an_earlier_step_is_what_that_step_said() -> None:
    steps = steps_of(
        r"dY = R \odot Y",
        r"dZ = (dY)",
        r"db = np.sum(dY, axis=1, keepdims=True)",
        r"\frac{\partial L}{\partial Z} = \frac{\partial L}{\partial Y}",
    )
    found = sb.verify(SPOKEN, steps)
    assert [c.kind for c in found.claims] == ["wrong", "wrong, carried forward", "wrong, carried forward", "right, identity"]


REGRESSION = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nz = X @ w\np = sigmoid(z)\nL = -sum(y*log(p) + (1-y)*log(1-p))/n"
ITS_GRADIENT = r"\nabla_w L = \frac1n X^\top(p - y)"


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        r"\eta = 0.1",
        r"n = 5, d = 3",
        r"n = 60000",
        r"\sigma(z) = \frac{1}{1+e^{-z}}",
        r"\sigma(t) = \frac{e^t}{1+e^t}",
        r"p_i = \sigma(w^\top x_i)",
        r"\frac{\partial \ell_i}{\partial z_i} = p_i - y_i, \ell_i = -y_i\log p_i - (1-y_i)\log(1-p_i)",
    ],
)
def test_what_only_says_what_letters_are_leaves_nothing_open(line: str) -> None:
    """`n = 5` made right gradients wrong: the 1/n of a claim was 1/5, and that of the network was not."""
    assert sb.verify(REGRESSION, rf"{line} \\ {ITS_GRADIENT}").ok
    assert not sb.verify(REGRESSION, rf"{line} \\ {ITS_GRADIENT.replace('p - y', 'p + y')}").ok


def test_a_size_that_is_said_is_that_of_the_network() -> None:
    assert sb.verify(REGRESSION, r"n = 5 \\ \nabla_w L = \frac15 X^\top(p - y)").ok
    assert sb.verify(REGRESSION, r"n = 5 \\ \nabla_w L = \frac14 X^\top(p - y)").claims[-1].wrong


def test_a_wrong_definition_of_a_function_is_not_passed_over() -> None:
    assert not sb.verify(REGRESSION, rf"\sigma(z) = \frac{{1}}{{1+e^z}} \\ {ITS_GRADIENT}").ok


@pytest.mark.parametrize("name", [r"\alpha", r"\gamma", r"\eta"])
def test_a_formula_under_the_name_of_a_rate_is_not_passed_over(name: str) -> None:
    assert not sb.verify(REGRESSION, rf"{name} = X^\top X w \\ {ITS_GRADIENT}").ok
    assert sb.verify(REGRESSION, rf"{name} = 0.1 \\ {ITS_GRADIENT}").ok


POISSON = "X: data[n, d]\ny: data[n]\nbeta: parameter[d]\nmu = exp(X@beta)\nl = sum(y*(X@beta) - mu)"


def test_no_side_of_a_chain_is_passed_over() -> None:
    """A side that does not use what is defined beside the claim, or that fits in no shape, was."""
    left = r"-\frac{\partial^2 l}{\partial\beta\partial\beta^\top} = "
    behind = r" = X^\top W X, \quad W = \mathrm{diag}(\mu)"
    assert sb.verify(POISSON, left + r"X^\top\mathrm{diag}(\mu) X" + behind).ok
    for side in (r"X\,\mathrm{diag}(\mu) X", r"2X^\top\mathrm{diag}(\mu) X"):
        assert sb.verify(POISSON, left + side + behind).claims[0].kind == "right result, wrong step"
    assert sb.verify(POISSON, r"\nabla l = X(y - \mu) = X^\top(y - \mu)").claims[0].kind == "right result, wrong step"
    assert sb.verify(POISSON, r"\nabla l = X^\top(y - \mu) + )( = X^\top(y - \mu)").claims[0].kind == "not understood"


def test_a_slope_by_a_greek_letter_is_stated_by_a_sentence() -> None:
    r"""Since $\ell''(\lambda) = -n/\lambda^3 < 0$ was passed over."""
    net = "t: data[n] & positive\nlam: parameter & positive\nl = n*log(lam) - lam*sum(t)"
    text = r"$$\ell'(\lambda) = \frac n\lambda - \sum_i t_i$$ Since $\ell''(\lambda) = -\frac{n}{\lambda^2} < 0$ this is a maximum."
    assert sb.verify(net, text).ok
    assert not sb.verify(net, text.replace("^2", "^3")).ok


NUMBERED_LAYERS = """x: data[d]
y: data[k]
W_1: parameter[h, d]
W_2: parameter[k, h]
z_1 = W_1@x
a_1 = sigmoid(z_1)
z_2 = W_2@a_1
L = sum((z_2 - y)**2)/2"""


def test_a_letter_is_no_guess_beside_another_number_of_it() -> None:
    r"""\delta_3 behind \delta_2 = z_2 - y was taken to be that, and a slip passed."""
    said = r"\delta_2 = z_2 - y \\ \frac{\partial L}{\partial W_2} = \delta_{}a_1^\top"
    assert sb.verify(NUMBERED_LAYERS, said.replace("_{}", "_2")).ok
    assert sb.verify(NUMBERED_LAYERS, said.replace("_{}", "_3")).claims[1].open
    assert sb.verify(NUMBERED_LAYERS, r"\frac{\partial L}{\partial W_2} = \delta_2 a_1^\top").ok  # if it is the gradient by z_2


@pytest.mark.slow
def test_what_a_sentence_says_of_the_loss_and_of_changes_is_judged() -> None:
    net = "x: data[d]\nt: data\nw: parameter[d]\ny = tanh(w @ x)\nE = (t - y)**2/2"
    slope = r"$$\frac{\partial E}{\partial w_i} = -(t - y)(1 - y^2)x_i$$"
    for sentence, slip in (
        (r"So $\Delta w_i = \eta(t - y)(1 - y^2)x_i$.", "2 - y^2"),
        (r"So $w_i := w_i + \eta(t - y)(1 - y^2)x_i$.", "2 - y^2"),
    ):
        assert sb.verify(net, f"{slope} {sentence}").ok
        assert sb.verify(net, f"{slope} {sentence.replace('1 - y^2', slip)}").claims[-1].wrong
    rate = "t: data[n] & positive\nlam: parameter & positive\nl = n*log(lam) - lam*sum(t)"
    text = (
        r"The log-likelihood is $\ell(\lambda) = n\ln\lambda - \lambda\sum_i t_i$. $$\ell'(\lambda) = \frac n\lambda - \sum_i t_i$$"
    )
    assert sb.verify(rate, text).ok
    assert sb.verify(rate, text.replace(r"- \lambda", r"+ \lambda")).claims[0].open


def test_the_inverse_of_a_matrix_is_told_to_have_no_name() -> None:
    """It was "there is no S in this network. Did you mean S?"."""
    net = "S: parameter & spd[d, d]\nx: data[d]\nL = log(det(S)) + x@inv(S)@x"
    found = sb.verify(net, r"\frac{\partial L}{\partial S^{-1}} = xx^\top - S").claims[0]
    assert "the inverse of S has no name in this network" in found.reason
    named = net.replace("\nL = log(det(S)) + x@inv(S)@x", "\nV = inv(S)\nL = x@V@x")
    assert sb.verify(named, r"\frac{\partial L}{\partial V} = xx^\top").ok  # as it says


OWN_VALUES = {
    "named where it stands twice": (
        "k: data[n] & positive\nX: data[n, d]\nw: parameter[d]\nL = sum(exp(X @ w) - k*(X @ w))",
        r"Put $\eta_i = x_i^\top w$ and $\mu_i = e^{\eta_i}$. $$\frac{\partial L}{\partial \eta_i} = {}\mu_i - k_i$$",
    ),
    "with the other sign": (
        "x: data[d]\nw: parameter[d]\nb: parameter[()]\ny: sign[()]\nL = log(1 + exp(-y*(w @ x + b)))",
        r"Let $m = y(w^\top x + b)$. $$\frac{dL}{dm} = -{}\sigma(-m)$$ $$\nabla_w L = -y\sigma(-m)x$$",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OWN_VALUES)
def test_a_value_that_the_network_does_not_name_is_that_wherever_it_stands(name: str) -> None:
    """A right derivative by it was wrong: by one of its uses, or by what is equal to it where y is 1."""
    net, text = OWN_VALUES[name]
    assert sb.verify(net, text.replace("{}", "")).ok
    assert any(one.wrong for one in sb.verify(net, text.replace("{}", "2")).claims)


GRAPH = "A: data[N, N]\nH: parameter[N, d]\nW: parameter[d, k]\nY: labels[N, k]\nZ = A @ H @ W\nP = softmax(Z, axis=1)\nL = -sum(Y*log(P))"


@pytest.mark.slow
@pytest.mark.parametrize("sign", ["+", "-"])
def test_a_value_in_differentials_of_what_it_is_made_of_is_no_gradient(sign: str) -> None:
    """dZ was a gradient where no line said dL."""
    lines = r"Let $G = P - Y$. $dZ = AH\,dW + A\,dH\,W$, hence $\langle G, dZ\rangle = \langle H^\top A^\top G, dW\rangle"
    text = lines + rf" {sign} \langle A^\top G W^\top, dH\rangle$."
    assert sb.verify(GRAPH, text).ok == (sign == "+")
    assert any(one.wrong for one in sb.verify(GRAPH, text.replace("AH\\,dW +", "AH\\,dW -")).claims)
    assert sb.verify(GRAPH, "dZ = P - Y\ndW = H^T A^T dZ\ndH = A^T dZ W^T").ok
