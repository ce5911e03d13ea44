"""Differentials of values that a derivation names itself."""

import pytest

import symbackprop as sb

FACTORS = "X: data[n, d]\nW: parameter[d, k]\nL = sum((X - X @ W @ W.T)**2)"
SQUARES = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = sum((X @ w - y)**2)"
LINES = [  # the network, what a step names, a right line, and a slip in it
    (FACTORS, r"E = X - XWW^\top", r"dE = -X(dW\,W^\top + W\,dW^\top)", ("+ W", "- W")),
    (FACTORS, r"E = X - XWW^\top", r"dL = 2\langle E, dE\rangle", ("2", "3")),
    (FACTORS, r"E = X - XWW^\top", r"dL = 2\operatorname{tr}(E^\top dE)", ("2", "3")),
    (SQUARES, "r = Xw - y", r"dr = X\,dw", (r"X\,dw", r"2X\,dw")),
    (SQUARES, "r = Xw - y", r"dL = 2r^\top dr = 2r^\top X dw", ("dr = 2", "dr = 3")),
]


@pytest.mark.slow
@pytest.mark.parametrize(("net", "value", "line", "slip"), LINES)
def test_a_value_that_a_derivation_names_has_a_differential(net: str, value: str, line: str, slip: tuple[str, str]) -> None:
    said = f"Let ${value}$. Then ${line}$"
    assert sb.verify(net, said).ok
    assert sb.verify(net, said.replace(line, line.replace(*slip))).claims[-1].wrong


def test_a_value_that_the_network_lacks_is_as_it_was_said() -> None:
    found = sb.verify(SQUARES, r"With $e = 2Xw - y$ we have $$de = 2X\,dw$$ $$dL = 2e^\top de$$").claims
    assert [one.kind for one in found[1:]] == ["right, identity", "wrong"]
