"""Every row of the catalogue, made in the gradients of the networks of the judge's tests and of the examples: it must be named."""

import random
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.told import Formula
from symbackprop.judge.mistakes.catalogue import MISTAKES
from symbackprop.judge.mistakes.edit import Instead, close
from symbackprop.judge.mistakes.name import USUAL, Made, all_matches, in_order, likeliest, single
from symbackprop.judge.mistakes.shadow import agree
from symbackprop.judge.mistakes.swapped import swapped
from symbackprop.judge.verdicts.diagnose import Diagnosis
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import goal_of
from symbackprop.notation import read
from tests.judge.networks_to_judge import NETWORKS, network

WRT = {
    "neuron": "w", "two_layer": "W_1", "softmax": "W", "ridge": "w", "skip": "x", "form": "x", "hinge": "s", "binary": "z",
    "branches": "x", "linear_map": "W", "rate": "a", "filter": "X",
}  # fmt: skip
SLOW = ("softmax", "skip", "two_layer", "branches")
EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SHOWN = sorted(path.relative_to(EXAMPLES) for path in EXAMPLES.rglob("*.net"))
WIDE = 400  # equations of a derivation, beyond which its mistakes take minutes


@cache
def passes(text: str, wrt: str, of: str = "") -> tuple[Made, ...]:
    """The right backward pass at three points, with all mistakes that can be made in it."""
    net = read(text)
    truth, diagnosis = Truth(net, net.loss), Diagnosis()
    goal = goal_of(truth, wrt, of or None)
    derived = diagnosis.derivations(goal)[0]
    return tuple(diagnosis.made(derived, goal, place) for place in truth.places.first(3))


def assert_named(made: tuple[Made, ...]) -> set[str]:
    """Make each mistake of the catalogue once, by its usual form, where it can be made, and ask for its name; which were made."""
    tried: set[str] = set()
    for key, edit in sorted(made[0].edits.items(), key=lambda pair: pair[1].weight):
        if edit.name in tried:
            continue
        values = [m.value((key,)) for m in made]
        if any(v is None for v in values) or close(values[0], made[0].truth):
            continue
        tried.add(edit.name)
        matches = single(list(zip(made, values, strict=True)))
        assert edit.name in [m.name for m in matches], (edit.name, edit.says)
        if edit.weight <= USUAL:
            assert edit.name in [f.name for f in likeliest(matches)], (edit.name, edit.sentence, likeliest(matches))
    return tried


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NETWORKS])
def test_a_mistake_that_is_made_is_named(name: str) -> None:
    assert assert_named(passes(network(name), WRT[name]))


@pytest.mark.slow
@pytest.mark.parametrize("path", SHOWN, ids=str)
def test_a_mistake_in_an_example_is_named(path: Path) -> None:
    text = (EXAMPLES / path).read_text()
    for parameter in read(text).program.parameters[:1]:
        made = passes(text, parameter.name)
        if len(made[0].backward.program.equations) <= WIDE:
            assert assert_named(made)


def test_every_row_of_the_catalogue_can_be_made() -> None:
    made = {e.name for n in NETWORKS for e in passes(network(n), WRT[n])[0].edits.values()}
    made |= {e.name for e in passes("x: parameter[n]\nW: data[n, n]\ny = tanh(W @ x)\nL = sum(y)", "x", "y")[0].edits.values()}
    steps = (EXAMPLES / "loops/backpropagation_through_time.net").read_text()
    made |= {e.name for e in passes(steps, "W")[0].edits.values()}
    assert made == set(MISTAKES)


def test_two_mistakes_at_once_are_named() -> None:
    made = passes(network("two_layer"), "W_1")
    both = [
        m.backward.apply({"dL/dyhat": lambda v: v["t"] - v["yhat"], "dL/dz_1": lambda v: v["dL/da_1"]}) for m in made
    ]  # fmt: skip
    found = all_matches(list(zip(made, both, strict=True)))
    assert {"wrong sign", "slope missing"} <= {m.name for m in found}


RATE = network("two_layer") + "\neta: positive[()]"
UPDATED = "V = W_2 - eta*outer(yhat - t, a_1)\ng = V.T @ (yhat - t)\nouter(g*a_1*(1 - a_1), x)"


def test_weights_that_are_updated_already_are_named_where_a_rate_is_declared() -> None:
    result = sb.verify(RATE, {"W_1": UPDATED})
    assert result.mistakes[0].name == "weights already updated"
    assert "W_2 - eta dL/dW_2" in result.mistakes[0].sentence


def test_weights_that_are_updated_one_after_the_other_are_named() -> None:
    text = "A: parameter[h, d]\nB: parameter[h, h]\nC: parameter[k, h]\nx: data[d]\nt: data[k]\neta: positive[()]\n"
    text += "p = tanh(A @ x)\nq = tanh(B @ p)\ny = C @ q\nL = sum((y - t)**2)/2"
    claim = "e = y - t\nu = (C - eta*outer(e, q)).T @ e*(1 - q**2)\nv = (B - eta*outer(u, p)).T @ u*(1 - p**2)\nouter(v, x)"
    found = sb.verify(text, {"A": claim}).mistakes
    assert found[0].name == "weights already updated"
    assert found[0].place == "everywhere"


def test_a_step_is_no_gradient() -> None:
    assert sb.verify(RATE, {"W_2": "-eta*outer(yhat - t, a_1)"}).mistakes[0].name == "step for gradient"
    assert sb.verify(RATE, {"W_2": "W_2 - eta*outer(yhat - t, a_1)"}).mistakes[0].name == "step for gradient"


def test_a_kernel_that_is_not_flipped_is_named() -> None:
    made = passes(network("filter"), "X")
    back = [m.backward for m in made]
    values = [b.run(b.by_name[b.goal], {**b.values, "K": np.flip(b.values["K"], (2,))}) for b in back]
    found = likeliest(all_matches(list(zip(made, values, strict=True))))
    assert found[0].name == "kernel not flipped"
    assert "K is not flipped" in found[0].sentence


def test_the_delta_of_a_squared_error_with_a_cross_entropy_is_told() -> None:
    result = sb.verify(network("binary"), {"z": "(a - y)*a*(1 - a)"})
    assert "belongs to a squared error" in result.mistakes[0].sentence


def test_a_jacobian_of_which_the_diagonal_alone_is_given_is_told() -> None:
    text = "z: parameter[k]\nt: data[k]\np = softmax(z)\nL = sum(t*p)"
    assert sb.verify(text, {"z": "diag(p*(1 - p))"}, of="p").mistakes[0].name == "softmax taken entry by entry"
    assert sb.verify(text, {"z": "p*(1 - p)"}, of="p").mistakes[0].name == "softmax taken entry by entry"


def test_the_slope_at_a_kink_is_a_choice() -> None:
    text = "z: parameter[n]\ng: data[n]\nh = maximum(0, z)\nL = sum(g*h)"
    result = sb.verify(text, {"z": "g*(z >= 0)"})
    assert result.verdict == "right, identity"
    assert result.claims[0].notes == (
        "at z = 0 there is no slope; the claim takes that of the other side than the derivation: a choice",
    )
    assert not sb.verify(text, {"z": "g*(z > 0)"}).claims[0].notes


RECURRENT = """
x_1: data[d]
x_2: data[d]
x_3: data[d]
h_0: data[h]
W: parameter[h, h]
U: parameter[h, d]
v: parameter[h]
h_1 = tanh(W @ h_0 + U @ x_1)
h_2 = tanh(W @ h_1 + U @ x_2)
h_3 = tanh(W @ h_2 + U @ x_3)
L = (v @ h_3)**2/2"""
BACKWARD = """D_3 = (v @ h_3)*v*(1 - h_3**2)
D_2 = ({0} @ D_3)*(1 - h_2**2)
D_1 = ({0} @ D_2)*(1 - h_1**2)
outer(D_3, {1}) + outer(D_2, {2}) + outer(D_1, {3})"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claim", "name"),
    [
        pytest.param(BACKWARD.format("W", "h_2", "h_1", "h_0"), "transpose missing", marks=pytest.mark.slow),
        (BACKWARD.format("W.T", "h_3", "h_2", "h_1"), "shifted index or layer"),
    ],
)
def test_one_mistake_at_every_time_is_named_once(claim: str, name: str) -> None:
    (found, *_) = sb.verify(sb.read(RECURRENT), {"W": claim}).mistakes
    assert (found.name, found.place) == (name, "everywhere")


@pytest.mark.parametrize("name", ["linear_map", "form", "rate"])
def test_only_an_edit_of_the_goal_gives_it_another_shape(name: str) -> None:
    made = passes(network(name), WRT[name])[0]
    values = {key: made.value((key,)) for key in made.edits}
    assert all(made.can_have(value.shape, (key,)) for key, value in values.items() if value is not None)
    other = (*made.truth.shape, 7)
    assert {made.edits[key].place for key in made.edits if made.can_have(other, (key,))} <= {made.backward.goal}


@pytest.mark.parametrize("name", ["neuron", "ridge", "hinge", "rate", *(pytest.param(n, marks=pytest.mark.slow) for n in SLOW)])
def test_what_a_mistake_gives_is_never_ruled_out_by_its_shadow(name: str) -> None:
    made, rng = passes(network(name), WRT[name])[0], random.Random(3)
    keys = [(key,) for key in made.edits]
    pairs = [pair for pair in combinations(made.edits, 2) if made.edits[pair[0]].place != made.edits[pair[1]].place]
    keys += rng.sample(pairs, min(len(pairs), 60))
    beyond, ruled_out = rng.choice([1.0, -1.0]) + np.zeros(made.truth.shape), 0
    for several in keys:
        value = made.value(several)
        if value is not None and close(value, value):
            assert not made.can_have(value.shape, several) or made.may_be(several, value), several
            if len(several) == 1 and value.shape == made.truth.shape:
                assert made.may_be_beside(several[0], -3 * value, np.array([1.0, 3.0])), several
        ruled_out += not made.may_be(several, made.truth + beyond)
    assert ruled_out > 0.8 * len(keys)


def test_the_shadow_of_an_edit_by_slopes_is_that_of_its_value() -> None:
    for name in ("ridge", "hinge", "rate"):
        made = passes(network(name), WRT[name])[0]
        assert made.shadows is not None
        for key, edit in made.edits.items():
            if isinstance(edit.how, Instead) and edit.place in made.shadows.responses:
                by_value = made.shadows.moved(edit.place, lambda v, e=edit: e.how(v), made.backward.values)
                found = made.shadow(key)
                assert found is not None
                assert by_value is not None
                assert agree(found, by_value), key


def test_pairs_come_in_the_order_of_their_sums() -> None:
    rng = random.Random(5)
    for n in range(7):
        costs = sorted((rng.randrange(4), rng.randrange(9)) for _ in range(n))
        sums = [(costs[i][0] + costs[j][0], costs[i][1] + costs[j][1]) for i, j in in_order(costs)]
        assert sums == sorted((a[0] + b[0], a[1] + b[1]) for a, b in combinations(costs, 2))


SOFTMAX = "X: data[N, d]\nY: labels[N, k]\nW: parameter[d, k]\nP = softmax(X @ W)\nL = -sum(Y*log(P))/N"
LOGISTIC = "X: data[N, d]\ny: binary[N]\nw: parameter[d]\nz = X @ w\np = sigmoid(z)\nL = -sum(y*log(p) + (1 - y)*log(1 - p))/N"
RIDGE = "X: data[N, d]\ny: data[N]\nw: parameter[d]\nlam: positive[()]\nL = sum((X @ w - y)**2)/N + lam*sum(w**2)"
FORM = "x: parameter[n]\nA: data[n, n]\nb: data[n]\nL = x @ A @ x + b @ x"
UNIT = "x: parameter[n]\nt: data[n]\nr = sqrt(sum(x**2))\nu = x/r\nL = sum(u*t)"
NORM = "x: parameter[n]\nt: data[n]\nm = mean(x)\nv = mean((x - m)**2)\ny = (x - m)/sqrt(v)\nL = sum((y - t)**2)/2"
ATTENTION = "q: parameter[d]\nK: data[n, d]\nV: data[n, m]\nalpha = softmax(K @ q/sqrt(d))\nL = sum((V.T @ alpha)**2)"
UP = "g = V @ (2*V.T @ alpha)\n"


@pytest.mark.parametrize(
    ("text", "wrt", "claim", "said"),
    [
        (SOFTMAX, "W", "X.T @ (P - 1)/N", "1 stands where Y belongs"),
        (LOGISTIC, "w", "X.T @ (z - y)/N", "z stands where p belongs"),
        (RIDGE, "w", "2*X.T @ (X @ w - y)/N + 2*w", "the factor lam is missing at dL/du_7, where u_7 = ‖w‖²"),
        (FORM, "x", "A @ x + b", "one of the places of x in L is left out; the gradients by all of them add"),
        (FORM, "x", "2*A @ x + b", "the places of x in L are taken to have equal gradients, as if a matrix were symmetric"),
        (UNIT, "x", "t - u*sum(u*t)", "dL/dx is r times what it should be"),
        (NORM, "x", "e = y - t\n(e - mean(e) - y*mean(e*y))/v", "dL/dx is 1/sqrt(v) times what it should be"),
        (ATTENTION, "q", UP + "K.T @ (alpha*(g - sum(alpha*g)))", "the factor 1/sqrt(d) is missing at dL/dq"),
        (ATTENTION, "q", UP + "K.T @ (alpha*g)/sqrt(d)", "the normaliser of the softmax alpha is taken as a constant"),
    ],
)
def test_a_student_is_told_in_names_that_he_knows(text: str, wrt: str, claim: str, said: str) -> None:
    found = sb.verify(text, {wrt: claim})
    assert found.claims[0].wrong
    assert found.mistakes[0].sentence == said
    lines = [line.split(":")[0].strip() for line in found.table().splitlines()]
    assert (lines.count("mistake"), lines.count("or")) == (1, len(found.mistakes) - 1)


def test_both_of_two_mistakes_are_told_as_made() -> None:
    found = sb.verify(LOGISTIC, {"w": "X.T @ (y*(1 - p))/N"})
    assert found.table().count("mistake: one of two mistakes") == 2


def test_only_one_thing_in_the_place_of_another_is_said_to_stand_there() -> None:
    gradient = Formula("dL/dw", parse("w"))
    right = parse(r"\frac{1}{n} X^T [(p - y) \odot p]")
    for wrong, said in (
        (r"\frac{1}{n} X^T [(z - y) \odot z]", "z stands where p belongs"),
        (r"\frac{1}{n} X^T [(z - y) \odot p]", "z stands where p belongs"),
        (r"\frac{1}{n} X^T [p \odot (p - z)]", "z stands where y belongs"),
        (r"\frac{1}{n} X^T [(z - y) \odot q]", ""),
        (r"\frac{1}{n} X^T (p - y)", ""),
        (r"\frac{1}{n} X^T [(p - y) \odot p]", ""),
    ):
        found = swapped(parse(wrong), right, {}, gradient)
        assert (found.sentence if found else "") == said, wrong


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("p_i(1 - p_j)", "has a 1 everywhere that belongs on its diagonal alone"),
        ("p_j(1 - p_i)", "has a 1 everywhere that belongs on its diagonal alone"),
        ("p_i(1 - p_i)", "p(1 − p), is given for all of it"),
        (r"p_i\delta_{ij}", "is taken as a constant"),
    ],
)
def test_the_jacobian_of_a_softmax_without_its_cases_is_named(claim: str, said: str) -> None:
    net = "x: data[d]\nW: parameter[k, d]\nz = W @ x\np = softmax(z)\nL = sum(p**2)"
    found = sb.verify(net, rf"\frac{{\partial p_i}}{{\partial z_j}} = {claim}").claims[0]
    assert found.wrong
    assert said in str(found)
