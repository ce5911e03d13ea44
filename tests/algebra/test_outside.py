"""Differences along axes: each summed letter that a position fixes stands there, and what is read outside is said to be 0."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.algebra.matrix import leaves
from symbackprop.algebra.outside import Shifted, outside
from symbackprop.judge.proofs.proved import proved_box

DIFFERENCES = {
    "second differences": (
        "u: parameter[n]\nf: data[n]\nh: data\nr = (u[2:] - 2*u[1:-1] + u[:-2])/h**2 - f[1:-1]\nL = sum(r**2)/2",
        "∂L/∂uⱼ = (rⱼ − 2 rⱼ₋₁ + rⱼ₋₂)/h²,   r = 0 outside",
    ),
    "total variation": (
        "u: parameter[n]\ny: data[n]\nd = u[1:] - u[:-1]\nL = sum((u - y)**2)/2 + sum(sqrt(d**2 + 1))",
        "∂L/∂uⱼ = uⱼ − yⱼ + δ_(d,j−1) − δ_(d,j),   δ_d = 0 outside",
    ),
    "both axes of an image": (
        "U: parameter[n, m]\nY: data[n, m]\nA = U[1:, :] - U[:-1, :]\nB = U[:, 1:] - U[:, :-1]\n"
        "L = sum((U - Y)**2)/2 + sum(A**2)/2 + sum(B**2)/2",
        "∂L/∂Uₖⱼ = Uₖⱼ − Yₖⱼ + A_(k−1,j) − Aₖⱼ + B_(k,j−1) − Bₖⱼ,   A = B = 0 outside",
    ),
    "a weight of differences": (
        "u: parameter[n]\ny: data[n]\nl: positive\nL = sum((u - y)**2)/2 + l*sum((u[1:] - u[:-1])**2)/2",
        "∂L/∂uᵢ = uᵢ − yᵢ + l(dᵢ₋₁ − dᵢ),   d = 0 outside",
    ),
    "smooth flow": (
        "P: data[n, m]\nT: data[n, m]\nu: parameter[n, m]\nl: positive\nr = P*u + T\n"
        "L = sum(r**2)/2 + l*(sum((u[1:] - u[:-1])**2) + sum((u[:, 1:] - u[:, :-1])**2))/2",
        "∂L/∂uᵢⱼ = Pᵢⱼ rᵢⱼ + l(d_(1,i−1,j) − d_(1,ij) + d_(2,i,j−1) − d_(2,ij)),   d₁ = d₂ = 0 outside",
    ),
    "what stands beside is outside too": (
        "u: parameter[n]\nr = u[1:-1]*(u[2:] - u[:-2])\nL = sum(r**2)/2",
        "∂L/∂uⱼ = uⱼ₊₁(rⱼ₋₁ − rⱼ) + uⱼ₋₁(rⱼ₋₂ − rⱼ₋₁),   r = 0 outside",
    ),
    "a wave": (
        "u: parameter[T, n]\nc: data\n"
        "r = u[2:, 1:-1] - 2*u[1:-1, 1:-1] + u[:-2, 1:-1] - c**2*(u[1:-1, 2:] - 2*u[1:-1, 1:-1] + u[1:-1, :-2])\nL = sum(r**2)/2",
        "∂L/∂uₜₖ = r_(t,k−1) − 2 r_(t−1,k−1) + r_(t−2,k−1) − c²(r_(t−1,k) − 2 r_(t−1,k−1) + r_(t−1,k−2)),   r = 0 outside",
    ),
}


@pytest.mark.parametrize(("text", "line"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_differences_as_a_book_writes_them(text: str, line: str) -> None:
    box = sb.derive(text).box()
    assert not box.missing
    assert str(box).splitlines()[-1] == line


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=2, max_size=4), st.sampled_from(["r**2", "tanh(r)", "r*u[:{n}]"]), st.integers(1, 2))
def test_any_stencil_goes_back_turned_round(weights: list[int], of: str, rank: int) -> None:
    """sum_k c_k u_{i+k} goes back as sum_k c_k delta_{j-k}, whatever the loss is, along one axis or the last of two."""
    reach, k = len(weights) - 1, ", " if rank == 2 else ""
    cut = [f"u[{':' + k if k else ''}{a}:{a - reach or ''}]" for a in range(len(weights))]
    text = f"u: parameter[{'m, ' if k else ''}n]\nr = " + " + ".join(f"{c}*{x}" for c, x in zip(weights, cut, strict=True))
    whole = of.replace("u[:{n}]", f"u[{':' + k if k else ''}:{-reach}]")
    derivation = sb.derive(f"{text}\nL = sum({whole})")
    box = proved_box(derivation)
    assert not box.missing
    if sum(map(bool, weights)) > 1:
        forms = [line.form for line in box.lines if line.form is not None and outside(line.form)]
        assert forms or any(line.pieces or line.blocks for line in box.lines)


def test_a_slice_that_goes_back_alone_stays_a_block() -> None:
    assert str(sb.derive("x: parameter[2*n]\na: data[n]\nL = sum(a * x[n:])").box()) == "∂L/∂x = [0; a]"


def test_a_convolution_stays_one() -> None:
    found = str(sb.derive("x: parameter[T]\nw: parameter[3]\nL = sum(correlate(x, w)**2)").box())
    assert "outside" not in found


def test_what_is_listed_is_enough() -> None:
    """Where a factor is 0 outside, what stands beside it may be anything there: it is not said to be 0."""
    derivation = sb.derive(DIFFERENCES["what stands beside is outside too"][0])
    (line,) = (line for line in proved_box(derivation).lines if line.form is not None)
    shifted = {(leaf.name.tensor, leaf.zero) for leaf in leaves(line.form) if isinstance(leaf, Shifted)}  # type: ignore[union-attr]
    assert shifted == {("r", True), ("u", False)}


def test_a_report_says_what_outside_means_and_what_each_wire_takes_to_be_zero() -> None:
    derivation = sb.derive(DIFFERENCES["total variation"][0])
    assert "v = 0 outside: an entry before the first" in derivation.text()
    assert "(범위 밖)" in derivation.report("text", lang="ko")
    assert "outside" not in sb.derive("x: parameter[n]\nL = sum(x**2)").text()


PRODUCTS = {
    "neighbours": ("u: parameter[n]\nL = sum(u[1:]*u[:-1])", "∂L/∂uⱼ = uⱼ₊₁ + uⱼ₋₁,   u = 0 outside"),
    "three in a row": (
        "u: parameter[n]\nL = sum(u[2:]*u[1:-1]*u[:-2])",
        "∂L/∂uⱼ = uⱼ₊₁(uⱼ₊₂ + uⱼ₋₁) + uⱼ₋₁ uⱼ₋₂,   u = 0 outside",
    ),
    "an Ising model": (
        "s: parameter[n, m]\nJ: data\nh: data\nL = -J*(sum(s[1:, :]*s[:-1, :]) + sum(s[:, 1:]*s[:, :-1])) - h*sum(s)",
        "∂L/∂sₖⱼ = −[J(s_(k+1,j) + s_(k,j+1) + s_(k,j−1) + s_(k−1,j)) + h],   s = 0 outside",
    ),
    "a function reads beyond an end": (
        "u: parameter[n, m]\nL = sum(exp(u[1:, :])*u[:-1, :]) + sum(u[:, 1:]*u[:, :-1])",
        "∂L/∂uₖⱼ = u_(k−1,j) exp(uₖⱼ) + δₖⱼ + u_(k,j+1) + u_(k,j−1),   u = δ = 0 outside",
    ),
}


@pytest.mark.parametrize(("text", "line"), PRODUCTS.values(), ids=PRODUCTS)
def test_products_of_neighbours_stand_at_their_places(text: str, line: str) -> None:
    box = proved_box(sb.derive(text))
    assert not box.missing
    assert str(sb.derive(text).box()).splitlines()[-1] == line


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 2), min_size=2, max_size=3),
    st.sampled_from(["{}", "exp({})", "{}**2"]),
    st.booleans(),
    st.booleans(),
)
def test_any_product_of_shifted_parts_has_a_proved_line(shifts: list[int], first: str, across: bool, beside: bool) -> None:
    """Whichever parts are read, at either end and along either axis, and whether or not the first of them is 0 outside."""
    reach = max(shifts)

    def part(k: int, both: bool) -> str:
        own = f"{k}:{k - reach or ''}"
        return f"u[{own}, :]" if both else f"u[:, {own}]"

    def product(both: bool) -> str:
        head, *rest = (part(k, both) for k in shifts)
        return "*".join([first.format(head), *rest])

    text = f"u: parameter[n, m]\nL = sum({product(across)}){f' + sum({product(not across)})' if beside else ''}"
    box = proved_box(sb.derive(text))
    assert not box.missing
    assert "mathbf{1}[j = " not in "".join(line.latex() for line in sb.derive(text).box().lines)  # no letter is summed at one place


@pytest.mark.parametrize(("text", "lines"), [
    ("u: parameter[n]\nL = sum(log(1 + (u[1:] - u[:-1])**2))", ["d = u_(1:) − u_(:n−1)", "δ = 2 d/(1 + d^(⊙2))"]),
    (
        "u: parameter[n, m]\nL = sum(sqrt((u[1:, :-1] - u[:-1, :-1])**2 + (u[:-1, 1:] - u[:-1, :-1])**2 + 1))",
        ["d₁ = u_(1:,:m−1) − u_(:n−1,:m−1)", "δ₁ = d₁/√(d₁^(⊙2) + d₂^(⊙2) + 1)"],
    ),
])  # fmt: skip
def test_a_difference_is_called_d(text: str, lines: list[str]) -> None:
    shown = str(sb.derive(text).box())
    assert all(line in shown for line in lines)


@pytest.mark.parametrize("text", [
    "u: parameter[n]\nr = (u[2:] - 2*u[1:-1] + u[:-2])/4 - 1\nL = sum(r**2)",  # what is added is one value
    "q: parameter[2]\nL = cos(q[0] + q[1])",  # entries
    "u: parameter[n]\nL = sum(exp(u[1:]*u[:-1]))",  # a product
    "u: parameter[n]\nL = sum(u[1:] - u[:-1])",
])  # fmt: skip
def test_nothing_else_is(text: str) -> None:
    assert "d" not in sb.derive(text).program.tensors


def test_local_derivatives_of_differences_stand_at_the_entries_that_are_read() -> None:
    shown = sb.derive(
        "u: parameter[T, n]\nc: data\nr = u[1:, 1:] - u[:-1, 1:] + c*(u[:-1, 1:] - u[:-1, :-1])\nL = sum(r**2)"
    ).text()
    assert "∂rᵢⱼ/∂uᵢⱼ = −c,   ∂rᵢⱼ/∂u_(i,j+1) = c − 1,   ∂rᵢⱼ/∂u_(i+1,j+1) = 1" in shown
    both = "u: parameter[n]\nL = sum(abs(u[1:] - u[:-1]))"
    assert "∂dᵢ/∂uᵢ = −1,   ∂dᵢ/∂uᵢ₊₁ = 1" in sb.derive(both).text()  # both, though one of them is 1


@pytest.mark.slow
@given(st.integers(-2, 2), st.sampled_from(["tril", "triu"]), st.sampled_from(["log({})", "{}**2"]))
@settings(max_examples=12, deadline=None)
def test_a_sum_up_to_a_place_says_so_below_its_sign(k: int, half: str, of: str) -> None:
    """And the judge reads what is printed."""
    mask = f"{half}(ones((n, n)), {k})"
    text = f"w: data[n]\nx: parameter[n]\nL = sum(w*{of.format(f'({mask} @ exp(x) + 1)')})"
    lines = [(line.name, line.latex().split(" = ", 1)[1]) for line in sb.derive(text).box().lines]
    assert r"\mathbf{1}" not in lines[-1][1]
    assert all(claim.right for claim in sb.verify(text, lines).claims)


@pytest.mark.parametrize("loss", ["x[1:]/x[:-1]", "x[:-1]/(x[1:]*x[1:])", "x[1:]*x[:-1]**(-2)", "x[:-2]/x[2:]"])
def test_what_is_0_outside_has_no_reciprocal_there(loss: str) -> None:
    """1[j >= 1]/x_{j-1} with x = 0 outside is 0/0 at j = 0."""
    box = sb.derive(f"x: parameter[n]\nL = sum({loss})").box()
    assert not box.missing
    assert all(f"/{one}" not in str(box).splitlines()[-1] for one in ("xⱼ₋₁", "xⱼ₊₁", "xⱼ₋₂", "xⱼ₊₂"))
