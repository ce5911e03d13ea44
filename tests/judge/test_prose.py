"""Sentences with their mathematics typeset: as pieces, as one line, and for every mistake of the catalogue."""

import pytest

import symbackprop as sb
from symbackprop.documents.document import Math, Span
from symbackprop.formulas.plain import plain
from symbackprop.judge.claims import case_of
from symbackprop.judge.diagnose import derivations
from symbackprop.judge.goals import asked, goal_for
from symbackprop.judge.prose import prose, said, sentence, typeset
from symbackprop.judge.verdict import states

NAMES = {"L", "yhat", "y", "W_1", "W_2", "a", "z", "x", "n", "p", "Y", "loss"}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("the factor 1 - a is missing at dL/dz", "the factor 1 − a is missing at ∂L/∂z"),
        ("a for the derivative of a", "a for the derivative of a"),
        (r"\delta_2 turned out to be dL/dyhat", "δ₂ turned out to be ∂L/∂ŷ"),
        (r"\frac{\partial L}{\partial W_2} is dL/dW_1", "∂L/∂W₂ is ∂L/∂W₁"),
        ("the path dL/dx|p is left out", "the path ∂L/∂x|ₚ is left out"),
        ("it carries the factor 1/n, a sum for a mean", "it carries the factor 1/n, a sum for a mean"),
        ("the factor 2*yhat - 2*y is missing", "the factor 2 ŷ − 2 y is missing"),
        ("the factor sigmoid(z)*(1 - sigmoid(z))", "the factor σ(z)(1 − σ(z))"),
        ("the quotients y_i / x_j stand for it", "the quotients yᵢ/xⱼ stand for it"),
        ("right where z > 0, wrong where not z > 0", "right where z > 0, wrong where not z > 0"),
        ("L = (yhat - y)^2 through sigma(W_1 x)", "L = (ŷ − y)² through σ(W₁ x)"),
        (r"undecided: right if read as W_1 x^\top", "undecided: right if read as W₁ xᵀ"),
        (
            "the log-softmax of a thing (counted from 0) - no formula: f(",
            "the log-softmax of a thing (counted from 0) - no formula: f(",
        ),
    ],
)
def test_what_is_mathematics_in_a_sentence_is_typeset(raw: str, shown: str) -> None:
    assert said(prose(raw, NAMES)) == shown


def test_the_article_is_no_tensor() -> None:
    pieces = prose("a mean over axis 0 for a sum at dL/da", NAMES)
    assert [type(piece) for piece in pieces] == [str, Math]
    assert [type(piece) for piece in prose("the derivative of a is taken at a, not at z", NAMES)] == [
        str,
        Math,
        str,
        Math,
        str,
        Math,
    ]


def test_a_word_stays_a_word() -> None:
    assert prose("the loss is right", NAMES) == ("the loss is right",)
    assert sentence(("it is",)) == ("It is", ".")


@pytest.mark.parametrize(
    ("name", "shown"),
    [(r"\delta_1", "δ₁"), ("W^{[1]}", "W^[1]"), ("W_1", "W₁"), (r"\nabla_W L", "∇_WL"), ("L'", "L′"), ("dL/dyhat", "∂L/∂ŷ")],
)
def test_a_name_is_a_formula(name: str, shown: str) -> None:
    found = typeset(name)
    assert isinstance(found, Math)
    assert plain(found.formula) == shown


def test_a_name_that_no_formula_sets_is_code() -> None:
    assert typeset(r"\input{x}") == Span(r"\input{x}", style="code")


def test_a_name_that_says_what_it_claims_is_said_once() -> None:
    for name in ("W_1", "dW_1", "dW1", "grad_W_1", r"\frac{\partial L}{\partial W_1}", r"\nabla_{W_1} L", "dL/dW_1", "W^{(1)}"):
        assert states(name, "dL/dW_1"), name
    for name in (r"\delta_1", "W_2", "delta", "g", r"\frac{\partial L}{\partial a_1}"):
        assert not states(name, "dL/dW_1"), name


NET = """
X: data[n, d]
W: parameter[d, k]
b: parameter[k]
Y: labels[n, k]
z = X @ W + b
{a} = tanh(z)
p = softmax({a}, axis=1)
L = -sum(Y*log(p))/n + sum({a}**2)
"""


def sentences(a: str) -> tuple[list[str], frozenset[str]]:
    """What every mistake of the catalogue says of a network in which one value has the name."""
    network = sb.read(NET.format(a=a))
    case = case_of(network, network.loss, {})
    found = []
    for wrt in ("W", "b"):
        goal = goal_for(case.truth, asked(case.truth, wrt), case.truth.program)
        for derived in derivations(goal):
            made = case.diagnosis.made(derived, goal, case.truth.places.first(1)[0])
            found += [edit.sentence for edit in made.edits.values()]
    return found, frozenset({*network.program.tensors, *case.truth.program.tensors, "n", "d", "k"})


def test_every_sentence_of_the_catalogue_is_set_alike_whatever_a_value_is_called() -> None:
    (first, names), (second, others) = sentences("a"), sentences("q")
    assert len(first) == len(second) > 100
    for with_a, with_q in zip(first, second, strict=True):
        words = [[p if isinstance(p, str) else "" for p in prose(*told)] for told in ((with_a, names), (with_q, others))]
        assert words[0] == words[1], with_a
