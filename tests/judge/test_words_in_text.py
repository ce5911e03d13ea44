r"""Values whose names stand in \text: they are no remarks, wherever they stand in a line; remarks are."""

import pytest

import symbackprop as sb

NET = sb.network("x: data[d]\nW: parameter[k, d]\ny: data[k]\nz = W @ x\nout = tanh(z)\nerr = out - y\nL = sum(err**2)")
Z, W = r"\frac{\partial L}{\partial z} = ", r"\frac{\partial L}{\partial W} = "
CLAIMS = [
    Z + r"2(\text{out}-y)\odot(1-\text{out}^2)",
    Z + r"2\left(\text{out}-y\right)\odot(1-\text{out}^2)",
    Z + r"2(\text{out}-y) \odot (1-\text{out}^2) \quad (\text{by the chain rule})",
    Z + r"2(1-\text{out}^2)\odot\text{err}",
    Z + r"\text{err}\odot 2(1-\text{out}^2)",
    r"\frac{\partial L}{\partial \text{out}} = 2\,\text{err}",
    r"\frac{\partial L}{\partial \text{out}} = 2(\text{err})",
    r"\frac{\partial L}{\partial \text{out}} = 2(\text{err}) (\text{squares})",
    r"\frac{\partial L}{\partial \text{out}} = 2\text{err}\quad\text{(squares)}",
    r"\frac{\partial L}{\partial x} = 2W^\top\operatorname{diag}(1-\text{out}^2)\text{err}",
    W + r"2 \text{err}\odot(1-\text{out}^2)\, x^\top",
    W + r"2 (\text{err}\odot(1-\text{out}^2)) x^\top \quad \text{done}",
    W + r"2 (\text{err}\odot(1-\text{out}^2)) x^\top \text{ (chain rule)}",
    W + r"2 (\text{err}\odot(1-\text{out}^2)) x^\top \qquad (\text{since } \tanh' = 1 - \tanh^2)",
]


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_name_in_a_text_is_read_and_a_remark_is_not(claim: str) -> None:
    assert "right, identity" in str(sb.verify(NET, claim))


@pytest.mark.parametrize("claim", CLAIMS)
def test_another_factor_is_wrong(claim: str) -> None:
    head, _, rest = claim.partition("= ")
    assert "wrong" in str(sb.verify(NET, f"{head}= 3 \\cdot {rest}"))
