"""An equation in matrices that is another value than its own is not shown: its index form stands in its place."""

import pytest

import symbackprop as sb
from symbackprop.algebra.matrix import Form
from symbackprop.display import matrix_form

TEXT = "S: parameter[B, B] & positive\nT = log(S)\nL = sum(T)/B"


@pytest.mark.parametrize("detail", ["normal", "full"])
def test_a_wrong_form_is_not_shown(monkeypatch: pytest.MonkeyPatch, detail: str) -> None:
    true = matrix_form._Reader.form

    def wrong(reader: matrix_form._Reader) -> Form:
        form = true(reader)
        return form.parts[0] if reader.equation.target.name == "L" and form.parts else form

    shown = sb.derive(TEXT).report("text", detail=detail)
    assert "L = (1/B) sum(T)" in shown
    monkeypatch.setattr(matrix_form._Reader, "form", wrong)
    shown = sb.derive(TEXT).report("text", detail=detail)
    assert "L = sum(T)\n" not in shown
    assert "L = (1/B) Σ" in shown
