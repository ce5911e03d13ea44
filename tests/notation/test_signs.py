"""What a printed page shows may be typed, and means what it means there; a letter that a person gives a meaning has that."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.notation.signs import keyed, unicode_of


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


NETWORK = "x: data[d]\nw: parameter[d]\nL = sum((w * x - 1)**2)\n"


@given(st.data())
def test_letters_of_full_width_and_the_spaces_of_pages_are_those_of_ascii(data: st.DataObject) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if c.strip() and data.draw(st.booleans()) else c for c in NETWORK)
    spaced = "".join(data.draw(st.sampled_from(" \u00a0\u2009\u3000")) if c == " " else c for c in wide)
    at = data.draw(st.integers(0, len(spaced)))
    text = spaced[:at] + data.draw(st.sampled_from(["", "\u200b", "\ufeff", "\u00ad"])) + spaced[at:]
    assert keyed(text) == NETWORK
    assert len(keyed(spaced)) == len(spaced)  # places stay
    assert unicode_of(text.encode("utf-16")) == unicode_of(text.encode()) == unicode_of(text.encode("utf-8-sig")) == NETWORK


def test_a_network_and_claims_are_read_as_they_were_copied(tmp_path: Path) -> None:
    wide = NETWORK.translate({ord(c): ord(c) + 0xFEE0 for c in ":[]=()*"}).replace(" ", "\u00a0")
    for number, raw in enumerate((wide.encode(), wide.encode("utf-16"))):
        path = tmp_path / f"{number}.net"
        path.write_bytes(raw)
        assert str(sb.read(path).program) == str(sb.read(NETWORK).program) == str(sb.read(wide).program)
    for claim in ("w = 2*(w*x\u00a0\u2212 1)*x", "w\uff1d2\uff0a\uff08w*x - 1\uff09*x"):
        assert sb.verify(wide, claim).verdict == "right, identity"
        assert sb.verify(NETWORK, {"w": claim.replace("\uff1d", "=").partition("=")[2]}).verdict == "right, identity"
    (tmp_path / "claims.json").write_text("{\u201cw\u201d: \u201c2*(w*x - 1)*x\u201d}", encoding="utf-16")
    assert sb.verify(NETWORK, tmp_path / "claims.json").verdict == "right, identity"
