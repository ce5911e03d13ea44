"""Equations between positions: each answer against all positions at all small sizes; views, blocks and what a box says of them."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr, Integer, S

import symbackprop as sb
from symbackprop.algebra.blocks import pieces
from symbackprop.algebra.functions import applied
from symbackprop.algebra.lines import Line
from symbackprop.algebra.lines import Part as Said
from symbackprop.algebra.matrix import Form, Leaf
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import Poly
from symbackprop.algebra.positions import Linear, Part, Place, Spot, View, halves, never, pairs, spot_of
from symbackprop.core.functions import FUNCTIONS
from symbackprop.core.program import size
from symbackprop.evaluate.extents import evaluator
from symbackprop.judge.proofs.proved import Point, is_proved
from tests.algebra.poly_value import form_value, gathered, poly_value

LAYERS = Path(__file__).parent.parent.parent / "examples" / "layers"
H, K = size("h"), size("k")
SMALL = [{"h": h, "k": k} for h, k in product(range(1, 4), repeat=2)]
SLOPES: list[Expr] = [S.One, -S.One, Integer(2), -H, H, H * K, K]
OFFSETS: list[Expr] = [S.Zero, S.One, H, -H, K - 1, 2 * H]
EXTENTS: list[Expr] = [H, K, 2 * H, 3 * H, H * K, Integer(2)]
FORMS = st.integers(2, 3).flatmap(
    lambda n: st.tuples(
        st.tuples(*[st.sampled_from(SLOPES)] * n), st.sampled_from(OFFSETS), st.tuples(*[st.sampled_from(EXTENTS)] * n)
    )
)


def zeros(form: Linear, shape, sizes) -> np.ndarray:
    """Where a form is 0."""
    return form_value(form, [int(evaluator(n)(sizes)) for n in shape], sizes) == 0


FLAT = Linear((H, S.One, -H, -H * K, -S.One), S.Zero), (H * K * 2, H, K, Integer(2), H)  # d i + j = d t + d T n + k


@settings(max_examples=80)
@given(st.one_of(st.just((FLAT[0].slopes, S.Zero, FLAT[1])), FORMS))
def test_the_low_and_the_high_digits_of_an_equation_say_what_it_says(given) -> None:
    slopes, offset, shape = given
    found = halves(Linear(slopes, offset), shape, ())
    assert found is not None or slopes != FLAT[0].slopes
    for sizes in SMALL if found is not None else ():
        whole = zeros(Linear(slopes, offset), shape, sizes)
        np.testing.assert_array_equal(zeros(found[0], shape, sizes) & zeros(found[1], shape, sizes), whole)  # type: ignore[index]


def test_several_axes_at_once_are_blocks_of_rows() -> None:
    text = "X: data[N, T, d]\nW: parameter[d, c]\nY: data[N*T, c]\nR = X.reshape(N*T, d) @ W - Y\nL = 0.5*sum(R**2)"
    assert "∂L/∂W = Σ_n Xₙᵀ Rₙ" in str(sb.derive(text).box())


def test_a_part_of_a_gradient_by_what_nobody_named_is_its_own_part() -> None:
    given = "A: parameter[m, p]\nB: parameter[n, q]\nx: data[p*q]\nz: data[p*q]\ny: data[m*n]\nu: data[m*n]\n"
    box = sb.derive(given + "L = sum(y*(kron(A, B) @ x)) + sum(u*(kron(A, B) @ z))").box()
    assert {line.split(" = ")[0][0] for line in str(box).splitlines()} == {"δ", "∂"}


@pytest.mark.slow
@settings(max_examples=150)
@given(FORMS)
def test_what_is_said_of_an_equation_holds_at_every_position(given) -> None:
    slopes, offset, shape = given
    form = Linear(slopes, offset)
    equal = pairs(form, shape, ())
    for sizes in SMALL:
        at = zeros(form, shape, sizes)
        assert not (never(form, shape, ()) and at.any())
        if equal is not None:
            places = np.indices(at.shape)
            assert (at == np.all([places[k] == places[m] for k, m in equal], axis=0)).all()


@settings(max_examples=150)
@given(FORMS, st.integers(0, 1))
def test_a_view_reads_each_entry_once_and_none_outside(given, n: int) -> None:
    slopes, offset, shape = given
    letters = "xyz"[: len(slopes)]
    spot = spot_of(Linear(slopes, offset), letters, shape, n, ())
    if spot is None:
        return
    for sizes in SMALL:
        extents = [int(evaluator(part.size)(sizes)) for part in spot.parts]
        form = Linear(tuple(part.stride for part in spot.parts), spot.offset)
        at = form_value(form, extents, sizes).ravel()
        assert len(set(at)) == at.size
        assert set(at) <= set(range(int(evaluator(shape[n])(sizes))))


def leaf(a: Algebra, name: str, letters: str, *shape: Expr) -> Poly:
    return a.factor(a.atom("leaf", name, (), shape), letters)


SPOTS = {
    "a block": (3 * H, Spot(H, (Part("l", S.One, H),))),
    "every other entry": (2 * H, Spot(S.One, (Part("l", Integer(2), H),))),
    "blocks": (H * K, Spot(S.Zero, (Part("m", H, K), Part("l", S.One, H)))),
    "one entry": (3 * H, Spot(Integer(2))),
    "turned round": (H, Spot(H - 1, (Part("l", -S.One, H),))),
}


@pytest.mark.parametrize(("n", "spot"), SPOTS.values(), ids=SPOTS)
def test_a_letter_is_replaced_in_every_factor(n: Expr, spot: Spot) -> None:
    a = Algebra()
    x, w = leaf(a, "x", "i", n), leaf(a, "W", "ij", n, K)
    p = a.times(applied(a, FUNCTIONS["tanh"], x + w), a.power(x + w, -1)) + a.times(w, applied(a, "positive", x))
    p = a.summed(p, "j", K) + a.softmax(w, "j") + a.tie({"i": S.One, "j": -S.One}, S.Zero, {"i": n, "j": K})
    placed = a.placed_at(p, "i", spot)
    assert placed is not None
    rng = np.random.default_rng(1)
    for sizes in SMALL[4:]:
        extent = int(evaluator(n)(sizes))
        arrays = {"x": rng.uniform(0.5, 1, extent), "W": rng.uniform(0.5, 1, (extent, sizes["k"]))}
        whole = np.broadcast_to(poly_value(p, "ij", arrays, sizes), (extent, sizes["k"]))
        letters = [*(part.letter for part in spot.parts), "j"]
        at = sum(
            (int(evaluator(part.stride)(sizes)) * np.arange(int(evaluator(part.size)(sizes)))).reshape(
                [-1 if m == k else 1 for m in range(len(spot.parts))]
            )
            for k, part in enumerate(spot.parts)
        ) + int(evaluator(spot.offset)(sizes))
        np.testing.assert_allclose(poly_value(placed, letters, arrays, sizes), whole[at], rtol=1e-12)


def test_a_sum_that_an_equation_fixes_is_taken() -> None:
    a = Algebra()
    sizes = {"i": H, "j": 3 * H}
    block = a.tie({"j": S.One, "i": -S.One}, -2 * H, sizes)
    view = a.summed(a.times(leaf(a, "c", "j", 3 * H), block), "j", 3 * H)
    (factor,) = next(iter(view.terms))
    assert factor.atom.name == View("c", (Place(2 * H, ((0, S.One),)),), (H,))
    other = a.tie({"j": S.One, "k": -S.One}, -H, {"j": 3 * H, "k": H})
    assert a.summed(a.times(block, other), "j", 3 * H) == Poly({})
    back = a.summed(a.times(block, a.renamed(block, {"i": "k"})), "j", 3 * H)
    assert back == a.delta(H, "i", "k")


def test_pieces_cover_what_is_put_together_of_them() -> None:
    a = Algebra()
    whole = a.atom("leaf", "y", (), (3 * H,))

    def put(name: str, offset: Expr) -> Poly:
        tie = a.tie({"j": S.One, "i": -S.One}, -offset, {"i": H, "j": 3 * H})
        return a.summed(a.times(leaf(a, name, "i", H), tie), "i", H)

    found = pieces(a, put("u", 2 * H) + put("v", S.Zero), whole, "j", {})
    assert found.whole
    assert [piece.poly for piece in found.pieces] == [leaf(a, "v", "j", H), Poly({}), leaf(a, "u", "j", H)]
    alone = pieces(a, put("u", S.Zero) + leaf(a, "w", "j", 3 * H), whole, "j", {})
    assert [len(piece.poly.terms) for piece in alone.pieces] == [2, 1]


def test_a_wrong_piece_is_not_shown() -> None:
    program = sb.derive("x: parameter[2*n]\na: data[n]\nL = sum(a * x[n:])").program
    n = size("n")
    view = View("dL/dx", (Place(n, ((0, S.One),)),), (n,))
    rng = np.random.default_rng(1)
    a = rng.uniform(1, 2, 3)
    point = Point({"n": 3}, {"a": a, "dL/dx": np.concatenate([np.zeros(3), a])})
    piece = Said(view, ("i",), Form("leaf", (), Leaf("a")), ())
    assert is_proved(program, Line("dL/dx", ("i",), pieces=(piece,), whole=False), [point])
    assert not is_proved(program, Line("dL/dx", ("i",), pieces=(piece,)), [point])
    wrong = Point({"n": 3}, {"a": a, "dL/dx": np.concatenate([a, a])})
    assert not is_proved(program, Line("dL/dx", ("i",), pieces=(piece,), whole=False), [wrong])


def lines(text_or_path) -> list[str]:
    box = sb.derive(text_or_path).box()
    assert not box.missing
    return [line.latex() for line in box.lines]


@pytest.mark.slow
def test_packed_gates_are_deltas_side_by_side() -> None:
    found = lines(LAYERS / "gru.net")
    assert r"c = \begin{bmatrix} c_{r} \\ c_{s} \\ c_{n} \end{bmatrix}" in found
    assert r"\delta_{12} = \left[\delta_{15}, \delta_{14}, \delta_{16}\odot r_{3}\right]" in found
    assert r"\frac{\partial L}{\partial W} = x_{1}^{\top} \delta_{1} + x_{2}^{\top} \delta_{7} + x_{3}^{\top} \delta_{13}" in found
    assert r"\frac{\partial L}{\partial b} = \left(\delta_{1} + \delta_{4} + \delta_{7}\right)^{\top}\,\mathbf{1}_{N}" in lines(
        LAYERS / "lstm.net"
    )


@pytest.mark.slow
def test_heads_are_subscripts() -> None:
    found = lines(LAYERS / "multi_head_attention.net")
    assert r"W_{q,l} = W_{q,:,kl:kl+k}" in found
    assert r"\frac{\partial L}{\partial W_{v,l}} = \sum_{n} X_{n}^{\top} P_{nl}^{\top} \delta_{2,nl}" in found


PLACES = {
    "a slice, and 0 elsewhere": (
        "x: parameter[2*n]\na: data[n]\nL = sum(a * x[n:])",
        r"\begin{bmatrix} \mathbf{0} \\ a \end{bmatrix}",
    ),
    "entries": (
        "x: parameter[3]\na: data[()]\nL = a * x[0] + x[2]**2",
        r"\begin{bmatrix} a \\ 0 \\ 2 x_{2} \end{bmatrix}",
    ),
    "rows": (
        "X: parameter[2, n]\na: data[n]\nb: data[n]\nL = a @ X[0] + b @ X[1]",
        r"\begin{bmatrix} a^{\top} \\ b^{\top} \end{bmatrix}",
    ),
    "what is concatenated": ("x: parameter[n]\nA: data[2*n]\nL = A @ concatenate([x, x])", r"A_{:n} + A_{n:}"),
    "differences": (
        "x: parameter[n]\nd = x[1:] - x[:-1]\nL = 0.5*sum(d**2)",
        r"d_{j-1} - d_{j},\quad d = 0 \text{ outside}",
    ),
    "the entry of a class": ("z: parameter[c]\nt: integers[c]\np = softmax(z)\nL = -log(p[t])", "p - e_{t}"),
    "the entries of classes": (
        "S: parameter[N, c]\nt: integers[N, c]\nP = softmax(S)\nL = -sum(log(sum(P*one_hot(t, c), axis=1)))",
        r"P - \operatorname{onehot}\left(t\right)",
    ),
    "a masked product": (
        "Q: data[T, d]\nK: data[T, d]\nV: parameter[T, e]\nG: data[T, e]\nL = sum(G * (tril(Q @ K.T) @ V))",
        r"\operatorname{triu}\left(K Q^{\top}\right)\,G",
    ),
    "a causal mask": (
        "S: parameter[T, T]\nG: data[T, T]\nL = sum(G * tril(S))",
        r"\operatorname{tril}\left(G\right)",
    ),
}


@pytest.mark.parametrize(("text", "right"), PLACES.values(), ids=PLACES)
def test_positions_as_a_person_would_write_them(text: str, right: str) -> None:
    assert lines(text)[-1].split(" = ", 1)[1] == right


def test_a_view_of_a_view_is_a_view() -> None:
    a = Algebra()
    p = leaf(a, "W", "ij", 2 * H, H * K)
    first = Spot(S.Zero, (Part("m", H, K), Part("l", S.One, H)))
    second = Spot(H, (Part("k", S.One, H),))
    one = a.placed_at(a.placed_at(p, "j", first) or p, "i", second)
    other = a.placed_at(a.placed_at(p, "i", second) or p, "j", first)
    assert one is not None
    assert one == other
    (factor,) = next(iter(one.terms))
    assert factor.letters == ("m", "k", "l")
    sizes = {"h": 2, "k": 3}
    whole = np.arange(24.0).reshape(4, 6)
    np.testing.assert_array_equal(gathered(whole, factor.atom.name, sizes), whole[2:].reshape(2, 3, 2).transpose(1, 0, 2))
    assert sp.expand(factor.atom.name.places[1].offset) == 0
