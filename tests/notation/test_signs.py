"""What a printed page shows may be typed, and means what it means there; a letter that a person gives a meaning has that."""

import pytest

import symbackprop as sb


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("x: parameter[n]\nL = sum(σ(x))", "∂L/∂x = σ(x) ⊙ (1 − σ(x))"),
        ("x: parameter[n]\nL = sum(Φ(x))", "∂L/∂x = ϕ(x)"),
        ("x: parameter[n]\nL = sum(ϕ(x))", "∂L/∂x = −x ⊙ ϕ(x)"),
        ("x: parameter[n]\nσ: function\nL = sum(σ(x))", "∂L/∂x = σ′(x)"),
        ("sigma: function\nx: parameter[n]\nL = sum(σ(x))", "∂L/∂x = σ′(x)"),
        ("x: parameter[n]\nΦ: function\nL = sum(Φ(x))", "∂L/∂x = Φ′(x)"),
    ],
)
def test_a_letter_before_brackets_is_a_function_or_the_persons_own(text: str, box: str) -> None:
    assert str(sb.derive(text).box()) == box


def test_a_letter_that_is_declared_beside_an_expression_is_the_persons_own() -> None:
    assert str(sb.derive(sb.read("sum(σ(x))", let=["x: parameter[n]", "σ: function"])).box()) == "∂L/∂x = σ′(x)"
    assert str(sb.derive(sb.read("sum(σ(x))", let=["x: parameter[n]"])).box()) == "∂L/∂x = σ(x) ⊙ (1 − σ(x))"
