"""Lines in the author's order and with the author's comparisons, sums that a book writes as one, positions that are counted."""

import re
from itertools import permutations

import pytest

import symbackprop as sb
from symbackprop.algebra.ranks import mentions

LOGISTIC = "X: data[N, d]\ny: binary[N]\nw: parameter[d]\nl: data[()]\np = sigmoid(X @ w)\n"
PENALTY, ENTROPY = "0.5*l*sum(w**2)", "-mean(y*log(p) + (1 - y)*log(1 - p))"
VALUES = "v: parameter[N]\no: data[N]\nR: data[N]\ne: positive[()]\nc = o + clip(v - o, -e, e)\n"
NORMAL = "x: data[N]\nm: parameter[()]\ns: parameter[()] & positive\n"


def lines(text: str, *wrt: str) -> list[str]:
    return [line.latex() for line in sb.derive(text, wrt=list(wrt) or None).box().lines]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(("first", "second"), [*permutations((PENALTY, ENTROPY))])
def test_a_penalty_stands_where_its_author_wrote_it(first: str, second: str, named: bool) -> None:
    loss = f"R = {first}\nE = {second}\nL = R + E" if named else f"L = {first} + {second}".replace("+ -", "- ")
    (line,) = lines(LOGISTIC + loss)
    assert line.endswith("+ l w") == (second == PENALTY)
    assert ("= l w +" in line) == (first == PENALTY)


def test_every_tensor_has_a_place_and_what_an_array_is_made_of_has_that_of_the_array() -> None:
    program = sb.derive(LOGISTIC + "L = 0.5*l*sum(w**2) + sum(p)").program
    place = mentions(program)
    assert place.keys() == program.tensors.keys()
    assert place["l"] < place["w"] < place["p"] == place["X"]


def test_a_comparison_stands_as_it_was_written_where_the_difference_is_longer() -> None:
    (line,) = lines(VALUES + "L = mean(maximum((v - R)**2, (c - R)**2))", "v")
    assert r"\left(v - R\right)^{\odot 2} > \left(c - R\right)^{\odot 2}" in line
    (line,) = lines("r: parameter[N]\nA: data[N]\ne: positive[()]\nL = -mean(minimum(r*A, clip(r, 1 - e, 1 + e)*A))")
    assert r"A\odot r \le A\odot \operatorname{clip}" in line or r"r\odot A \le" in line


@pytest.mark.parametrize("size", ["N", "5"])
def test_a_number_of_equal_terms_is_summed_with_others(size: str) -> None:
    text = NORMAL.replace("N", size) + "L = -sum(norm.logpdf(x, m, s))"
    mean, scale = lines(text, "m"), lines(text, "s")
    assert mean == [r"\frac{\partial L}{\partial m} = \frac{\operatorname{sum}\left(m - x\right)}{s^{2}}"]
    assert r"\left\lVert x - m\right\rVert^{2}" in scale[0]
    assert rf"{size} s^{{2}} -" in scale[0]


def test_what_is_no_sum_of_equal_terms_stays() -> None:
    (line,) = lines("x: data[n]\ny: data[m]\nb: parameter[()]\nL = sum(x)*b - m*b**2/2")  # m is not how many there are
    assert "sum" in line
    assert "- m b" in line.replace("m\\,b", "m b")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("L = sum(cumsum(x))", "n - i"),
        ("L = mean(cumsum(x))", r"\frac{n - i}{n}"),
        ("L = sum(tril(ones((n, n))) @ x)", None),
    ],
)
def test_positions_that_a_sum_counts_are_a_number(text: str, right: str | None) -> None:
    box = sb.derive("x: parameter[n]\n" + text).box()
    assert not box.missing
    assert right is None or box.lines[-1].latex().endswith(f"= {right}")


@pytest.mark.parametrize("declared", ["& positive", ""])
def test_a_one_hot_vector_over_what_it_picks_is_an_entry_by_entry_quotient_of_what_is_positive(declared: str) -> None:
    (line,) = lines(f"Q: parameter[N, k] {declared}\na: integers[N, k]\nL = -mean(log(Q[arange(N), a]))")
    assert line.endswith(r"-\frac{\operatorname{onehot}\left(a\right)}{N Q}") == bool(declared)


KRONECKER = "A: parameter[n, n]\nB: parameter[m, m]\nC: parameter[k, k]\nx: parameter[n*m]\n"


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("L = logdet(kron(A, B))", {"A": r"m A^{-\top}", "B": r"n B^{-\top}"}),
        ("L = logdet(kron(A, kron(B, C)))", {"A": r"m k A^{-\top}", "C": r"n m C^{-\top}"}),
        ("L = logdet(kron(eye(n), B))", {"B": r"n B^{-\top}"}),
        ("L = logdet(kron(2*A, B))", {"A": r"m A^{-\top}"}),
        ("L = 0.5*(x @ inv(kron(A @ A.T, B @ B.T)) @ x)", {}),
        ("L = x @ inv(kron(A, eye(m))) @ x", {}),
    ],
)
def test_the_inverse_of_a_kronecker_product_is_that_of_inverses(loss: str, expected: dict[str, str]) -> None:
    box = sb.derive(KRONECKER + loss, wrt=list(expected) or ["x"]).box()
    assert not box.missing
    assert not any("spread" in line.latex() for line in box.lines)
    found = {line.name: line.latex().split(" = ", 1)[1] for line in box.lines}
    assert all(found[f"dL/d{name}"] == right for name, right in expected.items())


def test_an_inverse_in_a_block_is_an_entry_and_numbers_stand_before_the_sum() -> None:
    text = KRONECKER.replace("parameter[n, n]", "spd[n]").replace("parameter[m, m]", "spd[m]")
    line = lines(text + "L = x @ inv(kron(A, B)) @ x", "x")[-1]
    assert re.search(r"= 2 \\sum_{j} \\left\(A\^{-1}\\right\)_{[kl]j} B\^{-1} x_{j}$", line)


@pytest.mark.parametrize(
    ("loss", "line"),
    [
        ("sum(cumsum(x))**2", "∂L/∂xᵢ = 2(n − i) Σ_j (n − j) xⱼ"),
        ("log(sum(cumsum(exp(x))))", "∂L/∂xᵢ = (n − i) exp(xᵢ)/(Σ_j (n − j) exp(xⱼ))"),
        ("sum(cumsum(cumsum(x)))", "∂L/∂xⱼ = Σ_(i≥j) (n − i)"),
    ],
)
def test_a_count_below_a_sum_has_the_letter_of_that(loss: str, line: str) -> None:
    """The box ended in a KeyError."""
    assert str(sb.derive(f"x: parameter[n]\nL = {loss}").box().lines[-1]) == line
