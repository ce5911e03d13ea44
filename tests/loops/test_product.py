"""What many steps do to a gradient at once: the recursion written out, proved at every step of some points."""

from dataclasses import replace

import pytest

import symbackprop as sb
from symbackprop.algebra.matrix import Form, Front
from symbackprop.algebra.recursion import StepLine
from symbackprop.core.derivation import DerivationError
from symbackprop.formulas.latex import latex
from symbackprop.formulas.read_latex import parse
from symbackprop.judge.proofs import multiplied
from symbackprop.judge.proofs.multiplied import proved_products
from symbackprop.judge.proofs.recursed import proved_steps
from tests.loops.test_recursion import LAYERS, TIME, TOWER
from tests.loops.texts import TEXTS

PRODUCTS = {
    LAYERS: r"\delta^{(k)} = \left[\prod_{l=k}^{n - 1} \operatorname{diag}\left(z^{(l)}\odot \left(1 - z^{(l)}\right)\right) "
    r"\left(W^{(l + 1)}\right)^{\top}\right]\,\delta^{(n)}",
    TOWER: r"\delta_{z}^{(k)} = \left(\prod_{l=k}^{n - 1} \left[I_{h} + \left(W^{(l + 1)}\right)^{\top}\,"
    r"\operatorname{diag}\left(1 - \left(a^{(l + 1)}\right)^{\odot 2}\right) \left(V^{(l + 1)}\right)^{\top}\right]\right)\,"
    r"\delta_{z}^{(n)}",
    TEXTS["returns"]: r"\delta_{k} = \sum_{j=k,\ldots,1} \left(\prod_{t=k,\ldots,j+1} \gamma\right) "
    r"\left(2 G_{j} + \mathbf{1}[j = 1]\right)",
}


@pytest.mark.slow
@pytest.mark.parametrize("net", PRODUCTS, ids=["layers", "tower", "returns"])
def test_the_steps_are_multiplied(net: str) -> None:
    (line,) = sb.derive(net, product=True).box().products
    assert line.latex() == PRODUCTS[net]
    assert latex(parse(line.latex())) == line.latex()


def test_the_order_of_the_factors_is_said() -> None:
    derivation = sb.derive(TEXTS["a constant"], product=True)
    (line,) = derivation.box().products
    assert line.about.line() == "k = n − 1, …, 1, the factor of step k stands first, none is left at k = n"
    assert r"\prod_{l=k}^{n - 1} \pi" in derivation.box().latex()


@pytest.mark.slow
def test_a_loss_at_every_step_adds_what_comes_from_each_and_stands_in_the_report() -> None:
    derivation = sb.derive(TIME, product=True)
    report = derivation.report("markdown", detail="brief").replace(r"\left(", "(").replace(" ", "")  # a wide one is broken
    assert r"\sum_{j=k}^{T}(\prod_{t=k}^{j-1}\mathrm{diag}" in report


@pytest.mark.slow
def test_what_is_carried_together_has_a_product_along_itself_alone() -> None:
    box = sb.derive(TEXTS["lstm"], product=True).box()
    (cell,) = box.products
    assert cell.latex().startswith(
        r"\delta_{c,k} = \sum_{j=k}^{T} \left(\prod_{t=k}^{j - 1} \operatorname{diag}\left(f_{t+1}\right)\right) "
    )
    assert "along c alone" in cell.about.line()
    assert "carried at once" in str(box)


@pytest.mark.slow
def test_a_batch_in_rows_has_the_product_of_one_sample() -> None:
    box = sb.derive(TEXTS["rnn"], product=True).box()
    (line,) = box.products
    assert r"\operatorname{diag}\left(1 - \left(h_{t}^{(n)}\right)^{\odot 2}\right)\,U" in line.latex()
    assert line.about.line().endswith("n = 1, …, N")
    assert not box.unmultiplied


def test_nothing_is_multiplied_unasked_nor_without_a_loop() -> None:
    with pytest.raises(DerivationError, match="leave product away"):
        sb.derive("x: parameter\nL = x**2", product=True)
    with pytest.raises(DerivationError, match="leave product away"):
        sb.derive(TEXTS["a constant"], of="z", product=True)


def test_a_wrong_product_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    derivation = sb.derive(TEXTS["a constant"])
    box = proved_steps(derivation)
    (right,) = proved_products(derivation, box).found
    factor: StepLine = right.factor
    assert factor.line.form is not None
    twice = replace(factor, line=replace(factor.line, form=Form("scaled", (factor.line.form,), Front(2, (), ()))))
    wrong = replace(right, factor=twice)
    own = multiplied.step_products
    monkeypatch.setattr(multiplied, "step_products", lambda *asked: replace(own(*asked), found=(wrong,)))
    assert not proved_products(derivation, box).found
