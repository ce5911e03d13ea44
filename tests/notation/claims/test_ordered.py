r"""Products of matrices with an order, \prod_{k=l+1}^{n}: judged right in their order, wrong in another, with empty ones."""

from __future__ import annotations

import pytest

import symbackprop as sb
from symbackprop.judge.texts.files import typed_claims

RNN = """
x: data[T, m]
y: data[m]
U: parameter[m, m]
h[0] = zeros(m)
for t in 1..T:
    a[t] = x[t] + U @ h[t-1]
    h[t] = tanh(a[t])
L = sum((h[T] - y)**2)/2
"""
MLP = """
x: data[h]
y: data[h]
W[l]: parameter[h, h]
z[0] = x
for l in 1..n:
    u[l] = W[l] @ z[l-1]
    z[l] = tanh(u[l])
L = sum((z[n] - y)**2)/2
"""
D, A = r"\mathrm{diag}(1 - h_k^2)", r"\frac{\partial L}{\partial a_t} = "
E, B = r"\mathrm{diag}(1 - (z^{(k)})^2)", r"\frac{\partial L}{\partial u^{(l)}} = "
RIGHT = [
    (RNN, rf"{A}\mathrm{{diag}}(1 - h_t^2) \left(\prod_{{k=t+1}}^{{T}} U^\top {D}\right) (h_T - y)"),
    (RNN, rf"{A}\left(\prod_{{k=t}}^{{T-1}} {D} U^\top\right) \frac{{\partial L}}{{\partial a_T}}"),
    (RNN, rf"{A}\mathrm{{diag}}(1 - h_t^2) \left(\prod_{{k=T}}^{{t+1}} {D} U\right)^\top (h_T - y)"),
    (RNN, rf"\frac{{\partial L}}{{\partial U}} = \sum_{{t=1}}^T \left(\left(\prod_{{k=t}}^{{T-1}} {D} U^\top\right)"
          r"\frac{\partial L}{\partial a_T}\right) h_{t-1}^\top"),
    (MLP, rf"{B}\mathrm{{diag}}(1 - (z^{{(l)}})^2) \prod_{{k=l+1}}^{{n}} (W^{{(k)}})^\top {E} (z^{{(n)}} - y)"),
    (MLP, rf"\frac{{\partial L}}{{\partial x}} = \prod_{{k=1}}^{{n}} (W^{{(k)}})^\top {E} (z^{{(n)}} - y)"),
    (MLP, rf"\delta^{{(l)}} = \left(\prod_{{k=l}}^{{n-1}} {E} (W^{{(k+1)}})^\top\right) \delta^{{(n)}}"),
]  # fmt: skip
WRONG = [
    (RNN, rf"{A}\mathrm{{diag}}(1 - h_t^2) \left(\prod_{{k=t}}^{{T}} U^\top {D}\right) (h_T - y)"),
    (RNN, rf"{A}\mathrm{{diag}}(1 - h_t^2) \left(\prod_{{k=t+1}}^{{T}} {D} U^\top\right) (h_T - y)"),
    (RNN, rf"{A}\mathrm{{diag}}(1 - h_t^2) \left(\prod_{{k=t+1}}^{{T}} U {D}\right) (h_T - y)"),
    (RNN, rf"{A}\mathrm{{diag}}(1 - h_t^2) \left(\prod_{{k=t+1}}^{{T-1}} U^\top {D}\right) (h_T - y)"),
    (MLP, rf"\frac{{\partial L}}{{\partial x}} = \prod_{{k=2}}^{{n}} (W^{{(k)}})^\top {E} (z^{{(n)}} - y)"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "claim"), [RIGHT[5], *(pytest.param(*row, marks=pytest.mark.slow) for row in RIGHT if row != RIGHT[5])]
)
def test_it_is_right_in_its_order(text: str, claim: str) -> None:
    assert [judged.verdict for judged in sb.verify(text, typed_claims(claim)).claims] == ["right, identity"]


@pytest.mark.parametrize(("text", "claim"), [WRONG[4], *(pytest.param(*row, marks=pytest.mark.slow) for row in WRONG[:4])])
def test_it_is_wrong_from_another_step_or_in_another_order(text: str, claim: str) -> None:
    assert sb.verify(text, typed_claims(claim)).claims[0].wrong


@pytest.mark.slow
def test_factors_the_other_way_are_told_and_make_nothing_right() -> None:
    claim = rf"\delta^{{(l)}} = \left(\prod_{{k=n-1}}^{{l}} {E} (W^{{(k+1)}})^\top\right) \delta^{{(n)}}"
    found = sb.verify(MLP, typed_claims(claim)).claims[0]
    assert found.verdict.startswith("undecided: right if read as")
    assert any("the factors of the product stand in the other order" in str(note) for note in found.notes)


@pytest.mark.slow
def test_it_is_printed_with_its_limits() -> None:
    assert "Π_(k=1)^n" in sb.verify(RIGHT[5][0], typed_claims(RIGHT[5][1])).claims[0].lines()[0][0]


@pytest.mark.slow
def test_a_sum_ends_where_it_says() -> None:
    claim = r"\frac{\partial L}{\partial U} = \sum_{t=2}^{T-1} \frac{\partial L}{\partial a_t} h_{t-1}^\top"
    assert sb.verify(RNN, typed_claims(claim)).claims[0].wrong
    whole = claim.replace("t=2", "t=1").replace("T-1}", "T}")
    assert sb.verify(RNN, typed_claims(whole)).claims[0].verdict == "right, identity"
