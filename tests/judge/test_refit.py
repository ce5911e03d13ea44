"""Claims whose shapes do not fit: the edit of what was written that makes it right is named, and holds."""

import pytest

import symbackprop as sb
from symbackprop.documents.languages import language
from symbackprop.judge.verdicts.refit import edits
from symbackprop.judge.verdicts.verdict import Judged

ROWS = sb.read("""
    X: data[n, d]
    Y: labels[n, c]
    W: parameter[d, h]
    b: parameter[h]
    V: parameter[h, c]
    Z = X @ W + b
    H = relu(Z)
    P = softmax(H @ V)
    L = -sum(Y*log(P))/n""")
COLUMNS = sb.read("""
    x: data[d]
    y: data[c]
    W: parameter[h, d]
    b: parameter[h]
    V: parameter[c, h]
    a = sigmoid(W @ x + b)
    yhat = V @ a
    L = sum((yhat - y)**2)""")
NETWORKS = {"rows": ROWS, "columns": COLUMNS}

UNFIT = [
    ("rows", "V", "H @ (P - Y)/n", "H.T in the place of H makes it right"),
    ("rows", "V", "np.dot(H, P - Y)", "H.T in the place of H fits; then it carries the factor n"),
    ("rows", "V", "H*(P - Y)/n", "H.T @ (P - Y) in the place of H*(P - Y) makes it right"),
    ("rows", "V", "(P - Y) @ H/n", "H.T @ (P - Y)/n makes it right"),
    ("rows", "W", "X.T @ ((P - Y) @ V * (Z > 0))/n", "V.T in the place of V makes it right"),
    ("rows", "W", "X.T @ (P - Y) @ V.T * (Z > 0) / n", "X.T @ ((P - Y) @ V.T * (Z > 0)) in the place of"),
    ("rows", "b", "((P - Y) @ V.T * (Z > 0)).mean(axis=1)", "((P - Y) @ V.T * (Z > 0)).mean(axis=0) in the place of"),
    ("rows", "V", r"\frac1n (P - Y) H^\top", "Hᵀ(P − Y) in the place of (P − Y) Hᵀ makes it right"),
    ("rows", "W", r"\frac1n X (P - Y) V^\top \odot 1[Z > 0]", "Xᵀ in the place of X makes it right"),
    ("columns", "W", r"2 V (\hat y - y) \odot a \odot (1 - a) x^\top", "Vᵀ in the place of V makes it right"),
    ("columns", "V", "2*(yhat - y) @ a", "outer(2*(yhat - y), a) in the place of 2*(yhat - y) @ a makes it right"),
    ("columns", "V", "2*(yhat - y)*a", "(2*(yhat - y))[:, None] * a in the place of 2*(yhat - y)*a makes it right"),
]


def judged(name: str, wrt: str, claim: str) -> Judged:
    return sb.verify(NETWORKS[name], {wrt: claim}).claims[0]


@pytest.mark.parametrize(("name", "wrt", "claim", "said"), UNFIT)
def test_what_makes_it_right_is_named(name: str, wrt: str, claim: str, said: str) -> None:
    found = judged(name, wrt, claim)
    assert found.kind == "wrong shape"
    assert language("en").words(found.mistakes[0].said).startswith(said)


def test_what_no_edit_makes_right_has_the_shapes_alone() -> None:
    found = judged("rows", "W", "X.T @ ((P - Y) @ V.T * (X > 0))/n")
    assert (found.kind, found.mistakes) == ("wrong shape", ())
    assert "(n, h)" in found.verdict
    assert "(n, d)" in found.verdict


def test_a_step_is_mended_from_what_stands_before_it() -> None:
    found = sb.verify(ROWS, [("D", "(P - Y)/n"), ("V", "H @ D")])
    assert str(found.claims[-1].mistakes[0].said) == "H.T in the place of H makes it right"


def test_the_mend_of_a_transpose_is_no_second_one() -> None:
    assert "Did you mean W @ x?" in judged("columns", "b", "W.T @ x").verdict


RIGHT = [
    ("rows", "V", "H.T @ (P - Y)/n"),
    ("rows", "W", "X.T @ ((P - Y) @ V.T * (Z > 0))/n"),
    ("rows", "b", "sum((P - Y) @ V.T * (Z > 0), axis=0)/n"),
    ("rows", "V", r"\frac1n H^\top (P - Y)"),
    ("rows", "W", r"\frac1n X^\top \left((P - Y) V^\top \odot 1[Z > 0]\right)"),
    ("columns", "W", "outer(V.T @ (2*(yhat - y)) * a*(1 - a), x)"),
    ("columns", "V", r"2 (\hat y - y) a^\top"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "wrt", "claim"), RIGHT)
def test_whatever_edit_broke_the_shapes_of_a_right_claim_is_found(name: str, wrt: str, claim: str) -> None:
    """Nothing that is broken by one edit stays without the mend, and each mend is right as it stands."""
    assert judged(name, wrt, claim).right
    tried = 0
    for edit in edits(claim):
        if edit.name != "transpose missing":
            continue
        found = judged(name, wrt, edit.made(claim))
        if found.kind == "wrong shape":
            tried += 1
            assert found.mistakes, edit.made(claim)
    assert tried
