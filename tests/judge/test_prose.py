"""Sentences with formulas in them: how they are typed, in one line, in a document; every sentence of the catalogue of mistakes."""

import pytest

import symbackprop as sb
from symbackprop.core.program import slot
from symbackprop.documents.document import Math, Span
from symbackprop.documents.languages import ENGLISH
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import name, told
from symbackprop.judge.sides.goals import asked, goal_for
from symbackprop.judge.texts.prose import expression, sentence, typeset
from symbackprop.judge.verdicts.case import case_of
from symbackprop.judge.verdicts.diagnose import derivations


def test_a_sentence_is_typed_set_in_a_line_and_put_into_a_document():
    said = told(
        "{} for {} at {}", expression(slot(0) ** 2 - slot(1), {slot(0): name("yhat"), slot(1): name("W_1")}), name("a"), "0"
    )
    assert str(said) == "-W_1 + yhat**2 for a at 0"
    assert said.line() == "ŷ² − W₁ for a at 0"
    assert [type(piece) for piece in ENGLISH.pieces(said)] == [Math, str, Math, str, str]


def test_a_sentence_has_a_capital_and_a_full_stop():
    assert ENGLISH.words(sentence(told("it is"))) == "It is."
    assert ENGLISH.words(sentence(told("what is it?"))) == "What is it?"
    assert ENGLISH.words(sentence(told("{} is 1", name("a")))) == "a is 1."


@pytest.mark.parametrize(
    ("written", "shown"),
    [(r"\delta_1", "δ₁"), ("W^{[1]}", "W^[1]"), ("W_1", "W₁"), (r"\nabla_W L", "∇_WL"), ("L'", "L′"), ("dL/dyhat", "∂L/∂ŷ")],
)
def test_a_name_is_a_formula(written: str, shown: str) -> None:
    found = typeset(written)
    assert isinstance(found, Math)
    assert plain(found.formula) == shown


def test_a_name_that_no_formula_sets_is_code() -> None:
    assert typeset(r"\input{x}") == Span(r"\input{x}", style="code")


def test_a_name_that_says_what_it_claims_is_said_once() -> None:
    truth = case_of(sb.read(TWO), "L", {}).truth
    for said in (
        "W_1",
        "dW_1",
        "dW1",
        "grad_W_1",
        r"\frac{\partial L}{\partial W_1}",
        r"\nabla_{W_1} L",
        "dL/dW_1",
        "dL_dW_1",
        "dL_dW1",
        "dLdW_1",
        "W^{(1)}",
    ):
        assert asked(truth, said, "dL/dW_1").stated, said
    for said in (r"\delta_1", "W_2", "delta", "g", r"\frac{\partial L}{\partial a_1}"):
        assert not asked(truth, said, "dL/dW_1").stated, said


TWO = "W_1: parameter[n]\nx: data[n]\nL = sum(W_1*x)"
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


@pytest.mark.slow
def test_every_sentence_of_the_catalogue_is_alike_whatever_a_value_is_called() -> None:
    told = []
    for a in ("a", "q"):
        network = sb.read(NET.format(a=a))
        case = case_of(network, network.loss, {})
        goals = [goal_for(case.truth, asked(case.truth, wrt), case.truth.program) for wrt in ("W", "b")]
        passes = [case.diagnosis.made(d, goal, case.truth.places.first(1)[0]) for goal in goals for d in derivations(goal)]
        said = [edit.says.told(made.backward.names) for made in passes for edit in made.edits.values()]
        told.append([[piece if isinstance(piece, str) else "" for piece in one.pieces] for one in said])
        assert all(one.line() for one in said)
    assert told[0] == told[1]
    assert len(told[0]) > 100
