"""Equalities that fix a letter: solved, and how far out of range they may stand."""

from itertools import product

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.core.functions import FUNCTIONS, Where, iverson
from symbackprop.core.guards import affine, digits, fixed_letters, overhang, proven, split, upper
from symbackprop.core.program import Equation, Program, Ref, Signature, Sum, position, size, slot
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor
from symbackprop.language.tensors.indexing import arange
from tests.random_programs import declare

i_, j_, k_, o_ = (position(c) for c in "ijko")
N, M = size("n"), size("m")
S0, S1 = slot(0), slot(1)


def only(tensor: Tensor) -> tuple[Program, Equation]:
    """The program of one equation."""
    program = trace({"y": tensor})
    assert len(program.equations) == 1
    return program, program.equations[0]


def selecting(target: str, guard: sp.Eq, over: dict[str, sp.Expr], shape: tuple, operand: str, extents: tuple):
    """y[target] = sum over `over` of x[operand] 1[guard]."""
    tensors = {"x": Signature("x", extents, "data"), "y": Signature("y", shape)}
    op = Sum(S0 * iverson(guard), (S0,), tuple(over.items()))
    equation = Equation(Ref("y", tuple(target)), op, (Ref("x", tuple(operand)),))
    return Program(tensors, (equation,), ("y",)), equation


def test_a_body_is_split_into_its_factors() -> None:
    guard, comparison = sp.Eq(i_, o_ + k_, evaluate=False), S0 > 0
    factors = split(Sum(-3 * S0**2 * S1 / N * iverson(guard) * iverson(comparison) * FUNCTIONS["sigmoid"](S1), (S0, S1)))
    assert factors.coefficient == -3 / N
    assert factors.operands == (0, 0, 1)
    assert factors.guards == (guard,)
    assert factors.rest == iverson(comparison) * FUNCTIONS["sigmoid"](S1)


def test_a_guarded_value_is_split_into_the_guard_and_the_value() -> None:
    factors = split(Sum(Where(sp.And(sp.Eq(i_, j_), S0 > 1), S0, 0), (S0,)))
    assert factors.guards == (sp.Eq(i_, j_),)
    assert factors.rest == Where(S0 > 1, S0, 0)


def test_an_equality_of_entries_is_no_guard() -> None:
    assert split(Sum(iverson(sp.Eq(S0, S1)), (S0, S1))).guards == ()


@given(st.permutations([-2, S0, S1**2, 1 / N, iverson(sp.Eq(i_, j_)), iverson(i_ < S0), sp.exp(S1)]), st.integers(0, 7))
def test_the_parts_multiply_to_the_body(parts: list, count: int) -> None:
    body = sp.Mul(*parts[:count])
    factors = split(Sum(body, (S0, S1)))
    operands = sp.Mul(*[(S0, S1)[k] for k in factors.operands])
    assert factors.coefficient * operands * sp.Mul(*map(iverson, factors.guards)) * factors.rest == body


def test_a_slice_is_read_at_its_place() -> None:
    program, equation = only(declare("x", ("n",))[1::2])
    (letter,) = equation.target.index
    assert fixed_letters(program, equation) == ({equation.operands[0].index[0]: 1 + 2 * position(letter)}, [])


def test_a_take_is_read_at_the_integers() -> None:
    t = declare("t", ("b",), "integers", bound=size("v"))
    program, equation = only(declare("E", ("v", "d"))[t])
    assert fixed_letters(program, equation) == ({equation.operands[0].index[0]: S1}, [])


def test_a_class_of_each_row_is_read_at_both_letters() -> None:
    t = declare("t", ("b",), "integers", bound=size("v"))
    program, equation = only(declare("x", ("b", "v"))[arange(size("b")), t])
    fixed, remaining = fixed_letters(program, equation)
    assert list(fixed.values()) == [S1]
    assert remaining == []


def test_an_equality_with_entries_that_are_no_integers_pins_nothing() -> None:
    tensors = {"x": Signature("x", (N,), "data"), "y": Signature("y", (N,))}
    guard = sp.Eq(i_, S0, evaluate=False)
    equation = Equation(Ref("y", ("i",)), Sum(iverson(guard), (S0,)), (Ref("x", ("i",)),))
    assert fixed_letters(Program(tensors, (equation,), ("y",)), equation) == ({}, [guard])


def test_a_window_is_written_where_it_was_read() -> None:
    guard = sp.Eq(i_, 2 * o_ + k_ - 1, evaluate=False)
    forward = selecting("ok", guard, {"i": N}, (M, sp.Integer(3)), "i", (N,))
    assert fixed_letters(*forward) == ({"i": 2 * o_ + k_ - 1}, [])
    backward = selecting("i", guard, {"o": M, "k": sp.Integer(3)}, (N,), "ok", (M, sp.Integer(3)))
    assert fixed_letters(*backward) == ({"i": 2 * o_ + k_ - 1}, [])
    fixed, remaining = fixed_letters(*backward, scatter=False)
    assert fixed == {"k": i_ - 2 * o_ + 1}
    assert remaining == []


def test_a_summed_letter_is_preferred_where_it_stays_in_range() -> None:
    guard = sp.Eq(i_, N - j_ - 1, evaluate=False)
    assert fixed_letters(*selecting("i", guard, {"j": N}, (N,), "j", (N,))) == ({"j": N - i_ - 1}, [])


def test_an_identity_between_letters_of_the_target_remains() -> None:
    guard = sp.Eq(i_, j_, evaluate=False)
    assert fixed_letters(*selecting("ij", guard, {}, (N, N), "i", (N,))) == ({}, [guard])


def test_pins_of_pins_are_written_in_the_letters_that_stay() -> None:
    body = S0 * iverson(sp.Eq(i_, j_ + 1, evaluate=False)) * iverson(sp.Eq(j_, o_ + 2, evaluate=False))
    tensors = {"x": Signature("x", (N,), "data"), "y": Signature("y", (N - 3,))}
    equation = Equation(Ref("y", ("o",)), Sum(body, (S0,), (("i", N), ("j", N))), (Ref("x", ("i",)),))
    fixed, remaining = fixed_letters(Program(tensors, (equation,), ("y",)), equation)
    assert fixed == {"i": o_ + 3, "j": o_ + 2}
    assert remaining == []


SLOPES = st.integers(-3, 3)
EXTENTS = st.integers(1, 4)


@given(SLOPES, SLOPES, st.integers(-5, 5), EXTENTS, EXTENTS, st.integers(1, 9))
def test_the_overhang_is_what_enumeration_finds(a: int, b: int, c: int, n: int, m: int, extent: int) -> None:
    at = a * o_ + b * k_ + c
    places = [a * o + b * k + c for o, k in product(range(n), range(m))]
    found = overhang(at, sp.Integer(extent), {"o": sp.Integer(n), "k": sp.Integer(m)})
    assert found == (max(0, -min(places)), max(0, max(places) - extent + 1))


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2))
def test_the_padding_of_a_convolution_is_enough_for_every_size(kernel: int, stride: int, dilation: int, padding: int) -> None:
    span = dilation * (kernel - 1) + 1
    count = sp.floor((N + 2 * padding - span) / sp.Integer(stride)) + 1
    hang = overhang(stride * o_ + dilation * k_ - padding, N, {"o": count, "k": sp.Integer(kernel)}, (count - 1,))
    assert hang is not None
    assert hang[0] == padding
    for n in range(max(1, span - 2 * padding), 12):
        last = stride * ((n + 2 * padding - span) // stride) + dilation * (kernel - 1) - padding
        above = hang[1].subs(N, n)
        assert max(0, last - n + 1) <= above <= max(padding, last - n + 1, 0)


def test_nothing_is_known_of_integers_without_a_bound() -> None:
    assert overhang(S1, N, {}, integers={S1: None}) is None
    assert overhang(S1 + 1, N, {}, integers={S1: N}) == (0, 1)
    assert overhang(S1, N, {}, integers={S1: N}) == (0, 0)


@pytest.mark.parametrize(
    ("expression", "conditions", "expected"),
    [
        (N - 1, (), True),
        (N - 2, (), False),
        (N - 3, (N - 3,), True),
        (N - 4, (N - 3,), False),
        (N * M - N, (), True),
        (N - M, (), False),
        (N - 1 - 2 * sp.floor((N - 1) / 2), (), True),
        (sp.floor((N - 1) / 3), (), True),
        (sp.floor((N - 2) / 3), (), False),
    ],
)
def test_what_is_proven_of_sizes(expression: sp.Expr, conditions: tuple, expected: bool) -> None:
    assert proven(expression, conditions) is expected


@pytest.mark.slow
@given(st.integers(-3, 3), st.integers(1, 4), st.integers(-3, 3), st.integers(1, 30))
def test_an_upper_bound_is_one(coefficient: int, divisor: int, shift: int, n: int) -> None:
    expression = coefficient * sp.floor((N + shift) / sp.Integer(divisor)) + N
    exact = coefficient * ((n + shift) // divisor) + n
    assert upper(expression).subs(N, n) >= exact
    assert n + shift < 0 or upper(expression, floors_from_zero=True).subs(N, n) >= exact


def test_positions_in_a_row_are_digits() -> None:
    sizes = {"i": size("h"), "j": M, "k": sp.Integer(3)}
    assert digits(affine(3 * (M * i_ + j_) + k_), 3 * M * size("h"), sizes) == ("i", "j", "k")
    assert digits(affine(3 * (M * i_ + j_) + k_), 3 * M * size("h") + 1, sizes) is None
    assert digits(affine(3 * (M * i_ + j_) + k_ + 1), 3 * M * size("h"), sizes) is None
    assert digits(affine(M * i_ + k_), M * size("h"), sizes) is None
