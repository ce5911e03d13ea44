r"""Claims with steps of loops: W^{(l)}, h_{t-1}, \delta^{(l)}; right where books have them, and the mistakes that students make."""

from __future__ import annotations

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.judge.texts.files import read_claims
from symbackprop.judge.verdicts.verdict import Judged

BOOKS = Path(__file__).parents[2] / "examples" / "loops"
MLP, BPTT = BOOKS / "mlp_of_any_depth.net", BOOKS / "backpropagation_through_time.net"


def judged(net: Path, wrt: str, claim: str) -> Judged:
    return sb.verify(net, {wrt: claim}).claims[0]


RIGHT = (
    (MLP, "W", r"\frac{\partial L}{\partial W^{(l)}} = \frac{\partial L}{\partial u^{(l)}} (z^{(l-1)})^\top"),
    (MLP, "W", r"\frac{\partial L}{\partial W^{(l)}_{ij}} = \frac{\partial L}{\partial u^{(l)}_i} z^{(l-1)}_j"),
    (MLP, "W", r"\frac{\partial L}{\partial W^{(1)}} = \frac{\partial L}{\partial u^{(1)}} x^\top"),
    (MLP, "W", r"\nabla_{W^{[l]}} L = \nabla_{u^{[l]}} L \, (z^{[l-1]})^\top"),
    (MLP, "u", r"\frac{\partial L}{\partial u^{(n)}} = (z^{(n)} - y) \odot \sigma'(u^{(n)})"),
    (MLP, "u", r"\frac{\partial L}{\partial u^{(l-1)}} = (W^{(l)})^\top \frac{\partial L}{\partial u^{(l)}} \odot \sigma'(u^{(l-1)})"),
    (BPTT, "W", r"\sum_{t=1}^T \frac{\partial L}{\partial a_t} h_{t-1}^\top"),
    (BPTT, "h", r"\frac{\partial L}{\partial h_t} = W^\top \frac{\partial L}{\partial a_{t+1}} + V^\top \frac{\partial L}{\partial o_t}"),
    (BPTT, "h", r"\frac{\partial L}{\partial h_T} = V^\top \frac{\partial L}{\partial o_T}"),
)  # fmt: skip


@pytest.mark.parametrize(("net", "wrt", "claim"), [*RIGHT[:5], *(pytest.param(*row, marks=pytest.mark.slow) for row in RIGHT[5:])])
def test_what_books_print_is_right(net: Path, wrt: str, claim: str) -> None:
    assert judged(net, wrt, claim).verdict == "right, identity"


def test_a_claim_without_its_left_side_is_of_every_step_and_a_delta_is_what_makes_it_right() -> None:
    found = judged(MLP, "W", r"\delta^{(l)} (z^{(l-1)})^\top")
    assert found.verdict == "right, identity if delta is dL/du"
    assert found.lines()[0][0] == "  understood: ∂L/∂W⁽ˡ⁾ = (∂L/∂u⁽ˡ⁾)(z⁽ˡ⁻¹⁾)ᵀ"


def test_a_recursion_is_held_to_the_steps_that_have_one_after_them() -> None:
    claim = r"\frac{\partial L}{\partial u^{(l)}} = (W^{(l+1)})^\top \frac{\partial L}{\partial u^{(l+1)}} \odot \sigma'(u^{(l)})"
    found = judged(MLP, "u", claim)
    assert found.verdict == "right, identity"
    assert found.notes == (r"held against the gradient at l = 1, …, n − 1, since it reads beyond the other steps",)


def test_a_gradient_is_not_made_of_itself_at_its_own_step() -> None:
    assert judged(MLP, "u", r"\frac{\partial L}{\partial u^{(l)}} = \delta^{(l)}").verdict.startswith("undecided: what is delta")
    own = judged(MLP, "u", r"\frac{\partial L}{\partial u^{(l)}} = \frac{\partial L}{\partial u^{(l)}}")
    assert own.verdict.startswith("undecided: it is made of dL/du")


WRONG = (
    (MLP, "W", r"\frac{\partial L}{\partial u^{(l)}} (z^{(l)})^\top", "another step", "z is taken at its own step"),
    (MLP, "u", r"\frac{\partial L}{\partial u^{(l)}} = (W^{(l)})^\top \frac{\partial L}{\partial u^{(l+1)}} \odot \sigma'(u^{(l)})",
     "another step", "W stands at the step before the right one"),
    (MLP, "u", r"\frac{\partial L}{\partial u^{(l)}} = W^{(l+1)} \frac{\partial L}{\partial u^{(l+1)}} \odot \sigma'(u^{(l)})",
     "transpose missing", "W stands transposed"),
    (MLP, "u", r"\frac{\partial L}{\partial u^{(l)}} = (W^{(l+1)})^\top \frac{\partial L}{\partial u^{(l+1)}}",
     "slope missing", "the derivative of z by u is missing"),
    (MLP, "u", r"\frac{\partial L}{\partial u^{(n)}} = z^{(n)} - y", "slope missing", "the derivative of z by u is missing"),
    (BPTT, "U", r"\frac{\partial L}{\partial U} = \frac{\partial L}{\partial a_t} x_t^\top",
     "steps not summed", "the sum over the steps is missing"),
    (BPTT, "h", r"\frac{\partial L}{\partial h_t} = W^\top \frac{\partial L}{\partial a_t} + V^\top \frac{\partial L}{\partial o_t}",
     "another step", "what comes back to dL/dh from the step beside is taken from the step itself"),
    (BPTT, "h", r"\frac{\partial L}{\partial h_t} = V^\top \frac{\partial L}{\partial o_t}", "path left out", "the path from h"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("net", "wrt", "claim", "name", "sentence"), [*WRONG[:3], *(pytest.param(*row, marks=pytest.mark.slow) for row in WRONG[3:])]
)
def test_what_students_do_wrong_is_named(net: Path, wrt: str, claim: str, name: str, sentence: str) -> None:
    found = judged(net, wrt, claim)
    assert found.kind in ("wrong", "wrong shape")
    assert (name, True) == (found.mistakes[0].name, found.mistakes[0].sentence.startswith(sentence)), found.mistakes


@pytest.mark.slow
def test_a_derivation_by_steps_finds_out_what_its_deltas_are() -> None:
    steps = [
        (r"\delta_{o,t}", r"\delta_{o,t} = \mathrm{softmax}(o_t) - y_t"),
        (r"\delta_t", r"\delta_t = (W^\top \delta_{t+1} + V^\top \delta_{o,t}) \odot (1 - h_t^{\odot 2})"),
        ("W", r"\sum_{t=1}^T \delta_t h_{t-1}^\top"),
        ("U", r"\sum_t \delta_t x_t^\top"),
        ("V", r"\delta_{o,t} h_t^\top"),
    ]
    found = sb.verify(BPTT, steps)
    assert [one.what for one in found.claims] == ["dL/do", "dL/da", "dL/dW", "dL/dU", "dL/dV"]
    assert [one.right for one in found.claims] == [True] * 4 + [False]
    assert found.claims[4].mistakes[0].name == "steps not summed"


@pytest.mark.slow
def test_a_wrong_start_convicts_no_other_equation_of_a_recursion() -> None:
    steps = [
        (r"\delta^{(n)}", r"\delta^{(n)} = z^{(n)} - y"),
        (r"\delta^{(l)}", r"\delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)} \odot \sigma'(u^{(l)})"),
        ("W", r"\frac{\partial L}{\partial W^{(l)}} = \delta^{(l)} (z^{(l-1)})^\top"),
        ("b", r"\frac{\partial L}{\partial b^{(l)}} = \delta^{(l)}"),
    ]
    found = sb.verify(MLP, steps)
    assert [one.right for one in found.claims] == [False, True, True, True]
    assert found.claims[0].mistakes[0].name == "slope missing"


CODE = """
delta[n] = (z[n] - y) * z[n] * (1 - z[n])
for l in n-1..1:
    delta[l] = W[l+1].T @ delta[l+1] * z[l] * (1 - z[l])
for l in 1..n:
    dW[l] = outer(delta[l], z[l-1])
    db[l] = delta[l]
"""
REASSIGNED = """
delta = (z[n] - y) * z[n] * (1 - z[n])
for l in reversed(range(1, n + 1)):
    dW[l] = outer(delta, z[l-1])
    delta = W[l].T @ delta * z[l-1] * (1 - z[l-1])
"""
THROUGH_TIME = """
da[T+1] = zeros(m)
for t in T..1:
    da[t] = (W.T @ da[t+1] + V.T @ (softmax(o[t]) - y[t])) * (1 - h[t]**2)
dW = zeros((m, m))
for t in 1..T:
    dW = dW + outer(da[t], h[t-1])
"""
LINES = (
    ("W", "dW[l] = outer(du[l], z[l-1])"),
    ("W", "dW[1] = outer(du[1], x)"),
    ("u", "du[l] = W[l+1].T @ du[l+1] * z[l]*(1 - z[l])"),
    ("u", "du[n] = (z[n] - y) * z[n]*(1 - z[n])"),
    ("W", CODE),
    ("W", REASSIGNED),
)


@pytest.mark.parametrize(("wrt", "code"), LINES)
def test_code_with_steps_is_right(wrt: str, code: str) -> None:
    assert judged(MLP, wrt, code).verdict == "right, identity"


@pytest.mark.slow
def test_mistakes_in_code_that_runs_a_recursion_are_named() -> None:
    assert judged(BPTT, "W", THROUGH_TIME).right
    (turned, *_) = judged(BPTT, "W", THROUGH_TIME.replace("W.T @", "W @")).mistakes
    assert (turned.name, turned.sentence) == ("transpose missing", "W stands transposed, or its transpose is missing")
    (shifted, *_) = judged(MLP, "W", CODE.replace("W[l+1].T", "W[l].T")).mistakes
    assert (shifted.name, shifted.sentence.split(" at ")[0]) == ("another step", "W stands")
    (own, *_) = judged(BPTT, "W", THROUGH_TIME.replace("h[t-1])", "h[t])")).mistakes
    assert own.sentence == "h is taken at its own step, where that of the step before counts"


def test_a_file_of_code_with_loops_is_a_claim_for_each_gradient_that_it_fills(tmp_path: Path) -> None:
    path = tmp_path / "claims.py"
    path.write_text(REASSIGNED)
    found = sb.verify(MLP, read_claims(path))
    assert [(one.what, one.verdict) for one in found.claims] == [("dL/dW", "right, identity")]


@pytest.mark.slow
def test_what_each_step_of_code_replaces_is_no_claim(tmp_path: Path) -> None:
    """dz and dh hold what one step needs; what all steps add to is a gradient."""
    code = """
dW = zeros((m, m))
dU = zeros((m, d))
dh = zeros(m)
for t in range(T, 0, -1):
    dz = (W.T @ dh + V.T @ (softmax(o[t]) - y[t])) * (1 - h[t]**2)
    dW = dW + outer(dz, h[t-1])
    dU += outer(dz, x[t])
    dh = dz
"""
    path = tmp_path / "claims.py"
    path.write_text(code)
    right = sb.verify(BPTT, read_claims(path))
    assert [(one.what, one.verdict) for one in right.claims] == [("dL/dW", "right, identity"), ("dL/dU", "right, identity")]


FROM_TWO = """x: data[T, d]
W: parameter[d, d]
s[1] = x[1]
for t in 2..T:
    z[t] = W @ s[t-1] + x[t]
    s[t] = tanh(z[t])
L = sum(s[T]**2)
"""


@pytest.mark.slow
def test_steps_of_a_loop_from_two_count_as_the_person_does() -> None:
    steps = [
        ("delta", r"\delta_T = 2 s_T \odot (1 - s_T^2)"),
        ("delta", "delta[t] = W.T @ delta[t+1] * (1 - s[t]**2)"),
        ("W", r"\frac{\partial L}{\partial W} = \sum_{t=2}^T \delta_t s_{t-1}^\top"),
    ]
    right = sb.verify(FROM_TWO, steps)
    assert [one.right for one in right.claims] == [True] * 3
    found = sb.verify(FROM_TWO, [*steps[:2], ("W", steps[2][1].replace("t-1", "t"))])
    assert found.claims[2].wrong


def test_a_sum_over_the_steps_of_a_loop_from_two_is_right() -> None:
    assert sb.verify(FROM_TWO, {"W": r"\sum_{t=2}^T \frac{\partial L}{\partial z_t} s_{t-1}^\top"}).exit_code == 0


FIELD = [  # the marginals of pairs, in letters: what is expected, minus what was observed
    ("alpha", r"\frac{\partial L}{\partial \alpha_T} = \mathrm{softmax}(\alpha_T)"),
    ("xi", r"\xi_{t,ij} = \frac{\partial L}{\partial \alpha_{t,j}} e^{\alpha_{t-1,i} + A_{ij} + x_{t,j} - \alpha_{t,j}}"),
    ("A", r"\frac{\partial L}{\partial A_{ij}} = \sum_{t=2}^T (\xi_{t,ij} - 1[y_{t-1} = i]\, 1[y_t = j])"),
    ("x", r"\frac{\partial L}{\partial x_t} = \frac{\partial L}{\partial \alpha_t} - e_{y_t}"),
]


@pytest.mark.slow
def test_a_conditional_random_field_is_derived_in_the_letters_of_its_papers() -> None:
    path = Path(__file__).parents[2] / "examples" / "loops" / "crf_forward.net"
    found = sb.verify(path, FIELD)
    assert [one.right or one.verdict == "abbreviation" for one in found.claims] == [True] * 4
    assert found.exit_code == 0


CIRCLE = [  # two names that stand for one another, of which neither is right by itself
    ("delta_alpha", r"\delta_{\alpha,t} = \delta_{1,t+1}\,\mathbf{1}_{c}"),
    (
        "delta_1",
        r"\delta_{1,t} = \operatorname{softmax}\left(\mathbf{1}_{c}\,\alpha_{t-1}^{\top} + A^{\top}\right)^{\top} \operatorname{diag}(\delta_{\alpha,t})",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("last", "right"),
    [
        (r"\sum_{t=2}^{T} (\delta_{1,t} - e_{y_{t-1}} e_{y_t}^\top)", True),
        (r"\sum_{t=2}^{T} (\delta_{1,t} - e_{y_t} e_{y_{t-1}}^\top)", False),
    ],
)
def test_names_of_two_loops_that_stand_for_one_another(last: str, right: bool) -> None:
    path = Path(__file__).parents[2] / "examples" / "loops" / "crf_forward.net"
    found = sb.verify(path, [*CIRCLE, ("A", r"\frac{\partial L}{\partial A} = " + last)]).claims
    assert [one.right for one in found] == [True, True, right]
    assert found[2].wrong is not right


PAIRS = """x: data[T, c]
A: parameter[c, c]
y: integers[T, c]
h[1] = x[1]
for t in 2..T:
    h[t] = tanh(x[t] + h[t-1])
    s[t] = A[y[t-1], y[t]]
L = sum(s) + sum(h[T])"""


@pytest.mark.parametrize(
    ("claim", "right"),
    [
        (r"\sum_{t=2}^{T} e_{y_{t-1}} e_{y_t}^\top", True),
        (r"\sum_{t=1}^{T-1} e_{y_t} e_{y_{t+1}}^\top", True),
        (r"\sum_{t=1}^{T} e_{y_t} e_{y_{t+1}}^\top", False),
        (r"\sum_{t=2}^{T} e_{y_t - 1} e_{y_t}^\top", False),
    ],
)
def test_labels_at_steps_beside_one_another_are_summed_as_far_as_is_said(claim: str, right: bool) -> None:
    (found,) = sb.verify(PAIRS, {"A": claim}).claims
    assert found.right is right
    assert found.wrong is not right


LAYERS = """x: data[h]
y: data[h]
W: parameter[n, h, h]
b: parameter[n, h]
a[0] = x
for l in 1..n:
    z[l] = W[l] @ a[l-1] + b[l]
    a[l] = sigmoid(z[l])
L = sum((a[n] - y)**2)/2
"""
FOUR = (  # Nielsen, Neural Networks and Deep Learning (2015), chapter 2: BP1 to BP4
    r"\delta^L = \nabla_a C \odot \sigma'(z^L)",
    r"\delta^l = ((w^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)",
    r"\frac{\partial C}{\partial b^l_j} = \delta^l_j",
    r"\frac{\partial C}{\partial w^l_{jk}} = a^{l-1}_k \delta^l_j",
)


@pytest.mark.slow
def test_layers_above_a_name_need_no_brackets() -> None:
    found = sb.verify(LAYERS, "\n".join(FOUR))
    assert found.ok, found
    assert [one.kind for one in found.claims] == ["right, identity"] * 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "right", "slip"),
    [
        (1, "w^{l+1}", "w^l"),
        (3, "a^{l-1}_k", "a^l_k"),
        (1, r"\odot \sigma'(z^l)", ""),
        (0, "z^L", "z^{L-1}"),
        (2, r"\delta^l_j", r"z^l_j"),
    ],
)
def test_a_slip_in_a_layer_above_is_wrong_where_it_stands(place: int, right: str, slip: str) -> None:
    lines = [line.replace(right, slip) if k == place else line for k, line in enumerate(FOUR)]
    found = sb.verify(LAYERS, "\n".join(lines)).claims
    assert found[place].wrong or found[place].open
    assert not any(one.wrong for k, one in enumerate(found) if k != place)


@pytest.mark.slow
def test_a_power_stays_one_beside_layers() -> None:
    for power in ("2", "3"):
        loss = LAYERS.replace("**2)/2", f"**{power})/{power}")
        delta = (
            rf"\delta^n = (a^n - y)^{int(power) - 1} \odot \sigma'(z^n)"
            if power == "3"
            else r"\delta^n = (a^n - y) \odot a^n \odot (1 - a^n)"
        )
        assert sb.verify(loss, f"{delta}\n{FOUR[1]}\n{FOUR[2]}").ok
    returns = "r: data[T]\ng: parameter\nL = sum(g**arange(T) * r)"
    assert not sb.verify(returns, r"\frac{\partial L}{\partial g} = \sum_t t g^{t-1} r_t").claims[0].wrong


BACK_THROUGH_TIME = """x: data[T, d]
y: data[T, h]
h0: data[h]
W: parameter[h, d]
U: parameter[h, h]
b: parameter[h]
s[0] = h0
for t in 1..T:
    s[t] = tanh(W @ x[t] + U @ s[t-1] + b)
    e[t] = sum((s[t] - y[t])**2)/2
L = sum(e)
"""
PATHS = (
    r"\delta_t = (s_t - y_t + U^T \delta_{t+1}) \odot (1 - s_t^2)",
    r"\frac{\partial L}{\partial U} = \sum_t \delta_t s_{t-1}^T",
    r"\frac{\partial L}{\partial W} = \sum_t \delta_t x_t^T",
    r"\frac{\partial L}{\partial b} = \sum_t \delta_t",
)


@pytest.mark.slow
def test_a_name_at_steps_is_the_gradient_by_all_that_an_activation_is_of() -> None:
    found = sb.verify(BACK_THROUGH_TIME, "\n".join(PATHS))
    assert found.ok
    assert "zₜ = W xₜ + U sₜ₋₁ + b has no name in the network" in str(found)


@pytest.mark.slow
def test_the_right_recursion_is_shown_beside_a_wrong_one() -> None:
    slip = sb.verify(BACK_THROUGH_TIME, "\n".join(PATHS).replace("U^T", "U"))
    assert [one.wrong for one in slip.claims] == [True, False, False, False]
    assert "(⟦Uᵀ⟧ ⟦∂L/∂zₜ₊₁⟧ + sₜ − yₜ) ⊙ (1 − ⟦sₜ^(⊙2)⟧)" in str(slip)
