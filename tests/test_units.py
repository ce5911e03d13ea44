"""Units taken apart and put together: the same values, the same gradients, and what is no unit is refused."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.network import Network
from symbackprop.display.remarks import remarks
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.walk import walk
from symbackprop.language.lower.units import SOFTMAX, definitions, units
from symbackprop.notation import NotationError
from tests.command import Run

ROOT = Path(__file__).parent.parent
CLASSIFIER = """
x: data[n, d]
y: labels[n, c]
W: parameter[d, c]
Z = x @ W
P = softmax(Z)
L = -sum(y*log(P))
"""
BY_HAND = """
x: data[n, d]
y: labels[n, c]
W: parameter[d, c]
Z = x @ W
E = exp(Z)
T = sum(E, axis=1, keepdims=True)
P = E/T
L = -sum(y*log(P))
"""


def net(unit: str) -> str:
    return f"x: data[d]\nW: parameter[h, d]\nz = W @ x\na = {unit}(z)\nL = sum(a**2) + sum(a*z)"


def assert_equal(one: Network, other: Network) -> None:
    """The same value and gradients at the same point."""
    sizes, at = defined(one.program, seed=3)
    first, second = (sb.derive(network) for network in (one, other))
    values, values_2 = (walk(derived.program, at, sizes) for derived in (first, second))
    for name in (first.of, *first.program.outputs):
        np.testing.assert_allclose(values[name], values_2[name], rtol=1e-9, atol=1e-12)


IN_SHORT = {"sigmoid", "elu"}  # the others are slow together


@pytest.mark.parametrize("unit", [u if u in IN_SHORT else pytest.param(u, marks=pytest.mark.slow) for u in definitions()])
def test_a_unit_is_taken_apart_and_put_together(unit: str) -> None:
    one = sb.read(net(unit))
    apart = sb.read(one, expand=unit)
    assert apart.program != one.program
    assert_equal(one, apart)
    again = sb.read(apart, merge=unit)
    assert again.program == one.program


def test_a_softmax_is_taken_apart_and_put_together() -> None:
    one = sb.read(CLASSIFIER)
    apart = sb.read(one, expand=SOFTMAX)
    assert [e.target.name for e in apart.program.equations] == ["Z", "e", "s", "P", "L"]
    assert sb.check(apart).ok
    assert_equal(one, apart)
    assert sb.read(apart, merge=SOFTMAX).program == one.program
    by_hand = sb.read(BY_HAND, merge=SOFTMAX)
    assert by_hand.program == one.program
    assert_equal(sb.read(BY_HAND), by_hand)


def test_what_a_person_wrote_gate_by_gate_is_one() -> None:
    path = ROOT / "examples" / "sigmoid_gates.net"
    whole = sb.read(path, merge="sigmoid")
    assert str(whole.program.equation_of()["f"]) == "f = sigmoid(z)"
    assert_equal(sb.read(path), whole)
    said = [remark.line() for remark in remarks(sb.derive(whole))]
    assert any(
        "σ(x) is one equation: its slope is what those of its parts multiply to, σ′(x) = σ(x)(1 − σ(x))" in one for one in said
    )


@pytest.mark.slow
def test_parts_that_others_read_stay() -> None:
    text = "x: parameter[n]\ne = exp(-x)\na = 1/(1 + e)\nL = sum(a) + sum(e)"
    merged = sb.read(text, merge="sigmoid")
    assert {"e", "a"} <= merged.program.tensors.keys()
    assert_equal(sb.read(text), merged)
    assert "e" not in sb.read(text.replace(" + sum(e)", ""), merge="sigmoid").program.tensors


def test_several_units_at_once() -> None:
    text = CLASSIFIER.replace("Z = x @ W", "Z = tanh(x @ W)")
    apart = sb.read(text, expand="softmax, tanh")
    assert sb.check(apart).ok
    assert_equal(sb.read(text), apart)
    said = [remark for remark in remarks(sb.derive(apart)) if "taken apart" in str(remark)]
    assert not any(isinstance(part, str) for remark in said for part in remark.parts)  # they are formulas
    assert [remark.line().partition(" is ")[0] for remark in said] == ["p = softmax(o)", "tanh(x)"]


@pytest.mark.parametrize(
    ("unit", "parts"),
    [
        ("sigmoid", ["e[i] = exp(-z[i])", "s[i] = e[i] + 1", "a[i] = 1/s[i]"]),
        ("tanh", ["e_1[i] = exp(z[i])", "e_2[i] = exp(-z[i])", "s_1[i] = e_1[i] + e_2[i]", "s_2[i] = e_1[i] - e_2[i]", "a[i] = s_2[i]/s_1[i]"]),
    ],
)  # fmt: skip
def test_a_unit_is_taken_apart_as_a_person_writes_it(unit: str, parts: list[str]) -> None:
    """A minus and a divisor are no operations of their own, and what the unit is of has its name."""
    apart = sb.read(f"x: data[d]\nW: parameter[h, d]\na = {unit}(W @ x)\nL = sum(a**2)", expand=unit)
    assert [str(e) for e in apart.program.equations[1:-1]] == parts


def test_the_report_says_why_they_agree(run: Run) -> None:
    done = run("derive", str(ROOT / "examples" / "sigmoid_neuron.net"), "--expand", "sigmoid")
    assert done.code == 0
    assert "so that every gradient is the same" in " ".join(done.out.split())
    assert run("check", str(ROOT / "examples" / "sigmoid_gates.net"), "--merge", "sigmoid").code == 0


@pytest.mark.parametrize(
    ("text", "asked", "fault"),
    [
        (CLASSIFIER, {"expand": "sofmax"}, "sofmax is no unit with parts. Did you mean softmax?"),
        (CLASSIFIER, {"expand": "exp"}, "exp is no unit with parts."),
        (CLASSIFIER, {"expand": "sigmoid"}, "sigmoid is not in this network. Leave it out."),
        (CLASSIFIER, {"merge": "sigmoid"}, "sigmoid has no parts in this network that could be put together. Leave it out."),
        (CLASSIFIER, {"expand": "softmax", "merge": "softmax"}, "softmax is to be taken apart and put together."),
    ],
)
def test_what_is_no_unit_is_refused(text: str, asked: dict, fault: str) -> None:
    with pytest.raises(NotationError) as refused:
        sb.read(text, **asked)
    assert fault in str(refused.value)


def test_every_unit_has_a_name_of_the_language() -> None:
    assert all(hasattr(sb, name) for name in units())
