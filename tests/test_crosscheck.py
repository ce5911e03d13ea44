"""The cross-check passes what is right, and catches every way in which a gradient goes wrong."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.functions import iverson
from symbackprop.core.program import Equation, Program, Sum, position, same_size, size, slot
from symbackprop.evaluate import points, tape
from symbackprop.evaluate.extents import SizeError
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.evaluate.verdict import Row, Witness
from symbackprop.judge.witnesses import crosscheck, evidence
from symbackprop.judge.witnesses.crosscheck import ROUNDING
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor, apply, contract, reduce, total
from symbackprop.language.tensors.indexing import arange
from symbackprop.verbs import check
from tests.random_programs import declare, network, programs


def real_inputs(program: Program) -> list[str]:
    return [t.name for t in program.inputs if t.kind not in ("integers", "constant", "labels")]


def two_layers() -> Derivation:
    x, y = declare("x", ("h",), "data"), declare("y", ("c",), "data")
    w1, w2, b = declare("W_1", ("h", "h")), declare("W_2", ("c", "h")), declare("b_1", ("h",))
    yhat = (w2 @ apply("sigmoid", w1 @ x + b)).named("yhat")
    return differentiate(trace({"yhat": yhat, "L": total((yhat - y) ** 2)}), "L", ["W_1", "b_1", "W_2", "x"])


def classifier() -> Derivation:
    x, y = declare("X", ("n", "d"), "data"), declare("Y", ("n", "c"), "labels")
    w1, b1, w2 = declare("W_1", ("d", "h")), declare("b_1", ("h",)), declare("W_2", ("h", "c"))
    a = apply("tanh", x @ w1 + b1)
    o = (a @ w2).named("o")
    loss = total(reduce("logsumexp", o, 1) - total(o * y, 1), mean=True) + 0.01 * total(w1**2)
    return differentiate(trace({"o": o, "L": loss}), "L", ["W_1", "b_1", "W_2", "X"])


def shared() -> Derivation:
    h, t = declare("H", ("n", "m")), declare("t", ("n",), "integers", bound=size("m"))
    e = (h * h + apply("sin", h)).named("e")
    loss = total(e[1:, ::-1] * e[:-1]) + total(e[arange(size("n")), t] ** 2) + total(reduce("max", e, axis=0) ** 2)
    return differentiate(trace({"e": e, "L": loss}), "L", ["H"])


def jacobian() -> Derivation:
    w, x = declare("W", ("h", "h")), declare("x", ("h",))
    return differentiate(trace({"q": apply("tanh", w @ x)}), "q", ["W", "x"], jacobian=True)


NETWORKS = [two_layers, classifier, shared, jacobian]


@pytest.mark.parametrize("make", NETWORKS)
def test_what_is_derived_is_right(make) -> None:
    result = check(make())
    assert result, result.table()
    assert all(row.tape.relative <= 1e-13 for row in result.rows)
    assert all(row.complex_step.relative <= 1e-11 for row in result.rows)
    assert all(row.differences.relative <= 1e-8 for row in result.rows)
    assert all(row.differences.compared for row in result.rows)


def mutants(equation: Equation, program: Program) -> Iterator[tuple[str, Equation]]:
    """A backward equation gone wrong, once in each way that it can."""
    op = equation.op
    if not isinstance(op, Sum):
        return

    def but(what: str, **change) -> tuple[str, Equation]:
        return f"{what} in {equation}", replace(equation, op=replace(op, **change))

    yield but("the wrong sign", body=-op.body)
    yield but("a half", body=op.body / 2)
    for factor in sp.Mul.make_args(op.body):
        if factor != 1:
            yield but(f"without {factor}", body=op.body / factor)
    if op.body.is_Add:
        for term in op.body.args:
            yield but(f"without {term}", body=op.body - term)
    for letter, extent in op.over:
        yield but(f"only the first {letter}", body=op.body * iverson(sp.Eq(position(letter), 0)))
        yield but(f"the mean over {letter}", body=op.body / extent)
    for k, ref in enumerate(equation.operands):
        shape = program.shape(ref.name)
        if ref.index[1:] and same_size(shape[-1], shape[-2]):
            turned = ref._replace(index=(*ref.index[:-2], ref.index[-1], ref.index[-2]))
            operands = (*equation.operands[:k], turned, *equation.operands[k + 1 :])
            yield f"{ref} transposed in {equation}", replace(equation, operands=operands)


def mutated(derived: Derivation) -> Iterator[tuple[str, Derivation]]:
    for place, equation in enumerate(derived.program.equations):
        if place >= len(derived.forward.equations):
            for what, wrong in mutants(equation, derived.program):
                equations = (*derived.program.equations[:place], wrong, *derived.program.equations[place + 1 :])
                yield what, replace(derived, program=replace(derived.program, equations=equations))


def altered(derived: Derivation, name: str, body: Callable[[sp.Expr], sp.Expr]) -> Derivation:
    """The derivation with another body in the equation of one tensor."""
    equations = tuple(
        replace(e, op=replace(e.op, body=body(e.op.body))) if e.target.name == name else e for e in derived.program.equations
    )
    return replace(derived, program=replace(derived.program, equations=equations))


def differ(a: Derivation, b: Derivation) -> bool:
    """Whether two derivations differ at a point, beyond rounding."""
    at = points.point(a.forward, draw_sizes(a.program), 5)
    one = tape.forward(a.program, at)
    try:
        two = tape.forward(b.program, at)
    except PointError:
        return True
    return any(abs(one[n] - two[n]).max() > 1e-6 * abs(one[n]).max() for n in a.program.outputs)


LARGE = ("classifier", "shared")  # whose every gradient moves along many directions


@pytest.mark.parametrize("make", [pytest.param(n, marks=pytest.mark.slow if n.__name__ in LARGE else ()) for n in NETWORKS])
def test_every_wrong_gradient_is_caught_by_each_witness_alone(make) -> None:
    right = make()
    several = [(what, wrong) for what, wrong in mutated(right) if differ(right, wrong)]
    assert len(several) >= 12
    for what, wrong in several:
        try:
            result = check(wrong, points=1)
        except PointError:  # what cannot be run is caught before any witness speaks
            continue
        assert not result, what
        for witness in ("tape", "differences", "complex_step", "compiled"):
            assert any(getattr(row, witness).wrong for row in result.rows), f"{witness}: {what}"


@pytest.mark.slow
@settings(max_examples=25)
@given(programs(), st.integers(0, 99))
def test_random_programs(program: Program, seed: int) -> None:
    no_false_alarm(program, seed)


@pytest.mark.slow
@settings(max_examples=150)
@given(programs(), st.integers(0, 99))
def test_more_random_programs(program: Program, seed: int) -> None:
    no_false_alarm(program, seed)


def no_false_alarm(program: Program, seed: int) -> None:
    derived = differentiate(program, "L", real_inputs(program))
    result = check(derived, seed=seed, points=2)
    assert not any(row.status == "wrong" for row in result.rows), f"{program}\n{result.table()}"
    assert all(row.tape.relative <= ROUNDING for row in result.rows)


@settings(max_examples=15)
@given(programs(kinks=False, steps=3), st.integers(0, 99))
def test_random_second_derivatives(program: Program, seed: int) -> None:
    first = differentiate(program, "L", real_inputs(program)[:1])
    second = differentiate(first.program, first.program.outputs[0], [first.wrt[0]], jacobian=True)
    result = check(second, seed=seed, points=1)
    assert result, f"{second.program}\n{result.table()}"


def test_a_network_is_derived_by_what_is_asked() -> None:
    w, x = declare("w", ("d",)), declare("x", ("d",), "data")
    net = network(apply("tanh", w @ x))
    assert [row.name for row in check(net).rows] == ["w"]
    assert [row.name for row in check(net, "x, w").rows] == ["x", "w"]
    assert [row.name for row in check(differentiate(net.program, "L", ["w"]), ["x"]).rows] == ["x"]


def test_a_value_is_a_thing_to_differentiate_by() -> None:
    w, x = declare("w", ("d",)), declare("x", ("d",), "data")
    z = (w * x).named("z")
    assert check(network(total(apply("sin", z)), z=z), ["z", "L"])


@pytest.mark.parametrize("name", ["relu", "abs", "step", "sign", "maximum"])
def test_kinks_raise_no_false_alarm(name: str) -> None:
    w = declare("w", ("n",))
    argument = [w, declare("v")] if name == "maximum" else [w]
    program = trace({"L": total(apply(name, *argument) * 3 + w)})
    for seed in range(20):
        assert check(differentiate(program, "L", ["w"]), seed=seed)
    beside = {"w": np.array([0.0, 1e-5, -1e-7, 0.5]), **({"v": 0.0} if name == "maximum" else {})}
    result = check(differentiate(program, "L", ["w"]), at=beside)
    assert result, result.table()
    assert result.rows[0].differences.left_out >= 1
    assert "Left out, for straddling a kink or being too vague: " in result.table()


def test_a_wrong_gradient_does_not_hide_behind_kinks() -> None:
    program = trace({"L": total(apply("relu", declare("w", ("n",))))})
    derived = differentiate(program, "L", ["w"])
    for what, wrong in mutated(derived):
        if differ(derived, wrong):
            assert not check(wrong, at={"w": np.array([0.0, 1e-5, -1e-7, 0.5])}), what


def test_a_gradient_that_is_zero_is_said_to_be() -> None:
    w = declare("w", ("n",))
    result = check(network(total(apply("step", w)) + total(w * 0)))
    assert result
    assert result.rows[0].note == "the gradient is zero"
    assert "ok (the gradient is zero)" in result.table()
    derived = differentiate(trace({"L": total(apply("step", w))}), "L", ["w"])
    assert not check(altered(derived, "dL/dw", lambda body: body + sp.Rational(1, 10**6)))


def test_a_gradient_that_cancels_is_zero_to_rounding() -> None:
    z, b = declare("z", ("n",)), declare("b")
    shifted = z + b
    centred = shifted - total(shifted, mean=True)
    result = check(network(total(apply("sin", centred))), ["z", "b"])
    assert result, result.table()
    assert result.rows[1].note == "zero to rounding"
    assert check(network(total(apply("sin", centred))), ["b"])


@pytest.mark.slow
def test_a_gradient_that_vanishes_with_depth_is_no_rounding() -> None:
    h = declare("x", ("n",), "data")
    for k in range(30):
        h = apply("sigmoid", (0.1 * h) * declare(f"w{k}", ("n",))).named(f"h{k}")
    derived = differentiate(trace({"L": total(h)}), "L", ["w0", "w29"])
    result = check(derived)
    assert result, result.table()
    assert 0 < result.rows[0].scale < 1e-20
    wrong = altered(derived, "dL/dw0", lambda body: body * 2)
    assert check(wrong).rows[0].status == "wrong"


@pytest.mark.parametrize("small", [120, 170, 200, 250, 270, 300, 320])
@pytest.mark.filterwarnings("error")
def test_gradients_of_any_size_stand_beside_one_another(small: int) -> None:
    """Their squares leave the range of floats, and in the end they do: each is held against its own size."""
    assert check(f"u: parameter[n]\nw: parameter[n]\nL = sum(tanh(u)) + 1e-{small}*sum(w**3)").ok


@pytest.mark.parametrize("small", [100, 200])
def test_a_wrong_gradient_of_any_size_is_heard(small: int) -> None:
    derived = sb.derive(f"u: parameter[n]\nw: parameter[n]\nL = sum(tanh(u)) + 1e-{small}*sum(w**3)")
    wrong = altered(derived, "dL/dw", lambda body: body * sp.Rational(11, 10))
    rows = {row.name: row for row in check(wrong).rows}
    assert rows["w"].complex_step.wrong
    assert not rows["u"].complex_step.wrong


@pytest.mark.parametrize("slope", [3, 10, 30, 100])
def test_saturated_units_raise_no_false_alarm(slope: int) -> None:
    w, v = declare("w", ("n",)), declare("v")
    a = apply("tanh", slope * w)
    loss = total(a**2 + a) + v**2  # 1 - a**2 keeps few digits where a is nearly 1
    for seed in range(5):
        result = check(network(loss, a=a.named("a")), seed=seed)
        assert result, result.table()


def test_functions_without_a_complex_form_leave_two_witnesses() -> None:
    result = check(network(total(apply("erf", declare("w", ("n",))))))
    assert result
    assert result.rows[0].complex_step.relative is None
    assert result.rows[0].differences.compared


def test_nothing_to_compare_is_undecided() -> None:
    program = trace({"L": total(apply("relu", apply("erf", declare("w", ("n",)))))})
    result = check(differentiate(program, "L", ["w"]), at={"w": np.zeros(2)})
    assert not result
    assert result.rows[0].status == "undecided"


@pytest.mark.slow
def test_many_parameters_move_in_groups() -> None:
    h = declare("x", ("n", "h"), "data")
    for k in range(40):
        h = apply("tanh", h @ declare(f"W{k}", ("h", "h")) + declare(f"b{k}", ("h",))).named(f"h{k}")
    derived = differentiate(trace({"L": total(h**2)}), "L", [f"{v}{k}" for k in range(40) for v in "Wb"])
    assert check(derived, points=1)
    result = check(altered(derived, "dL/db7", lambda body: body / 2), points=1)
    assert [row.name for row in result.rows if row.tape.wrong] == ["b7"]
    assert any(row.differences.wrong for row in result.rows)


def test_an_own_point() -> None:
    x, y, z = (declare(n) for n in "xyz")
    result = check(network((x + y) * z), at={"x": -2, "y": 5, "z": -4})
    assert result
    assert [row.scale for row in result.rows] == pytest.approx([4, 4, 3])
    with pytest.raises(SizeError, match="z is missing"):
        check(network((x + y) * z), at={"x": -2, "y": 5})


@pytest.mark.parametrize("loss", ["sum(softplus(x))", "sum(sigmoid(x))", "sum(elu(x))", "sum(log(cosh(x)))", "logsumexp(1e305*x)"])
def test_numbers_beside_large_ones_raise_no_false_alarm(loss: str) -> None:
    assert sb.check(f"x: parameter[n]\nL = {loss}", at={"x": [1000.0, -1000.0, 0.0, 999.0]}).ok


def test_a_point_outside_the_domain_is_explained() -> None:
    w = declare("w", ("n",), "data")
    mend = r"choose another point, or declare w: data\[n\] & positive"
    with pytest.raises(PointError, match=rf"log of a negative number in .* at the tested point; {mend}"):
        check(network(total(apply("log", -(w**2)))), ["w"])
    with pytest.raises(PointError, match="division by zero"):
        check(network(total(1 / w)), ["w"], at={"w": np.array([1.0, 0.0])})


def test_a_point_is_drawn_where_the_network_is_defined() -> None:
    result = check(network(apply("log", declare("q"))), points=6)
    assert result, result.table()


def small_beside_large(entries: tuple[int, ...]) -> Derivation:
    """L = sum(c x**2): gradients 2 c x, whose entries differ by many orders of magnitude."""
    x = declare("x", (len(entries),))
    c = sum((n * iverson(sp.Eq(position("i"), k)) for k, n in enumerate(entries)), sp.S.Zero)
    loss = Tensor((), Sum(c * slot(0) ** 2, (slot(0),), (("i", sp.Integer(len(entries))),)), ((x, ("i",)),), ())
    return differentiate(trace({"L": loss}), "L", ["x"])


@pytest.mark.parametrize("wrong_entry", range(3))
def test_a_small_entry_is_held_to_its_own_size(wrong_entry: int) -> None:
    derived = small_beside_large((10**10, 1, 10**4))
    at = {"x": np.ones(3)}
    assert check(derived, at=at)
    index = derived.program.equation_of()["dL/dx"].target.index[0]
    wrong = altered(derived, "dL/dx", lambda body: body * iverson(sp.Ne(position(index), wrong_entry)))
    result = check(wrong, at=at)
    assert result.rows[0].status == "wrong", result.table()
    assert result.rows[0].note == f"entry [{wrong_entry}] is 0, by the tape {2 * (10**10, 1, 10**4)[wrong_entry]:.6g}"
    assert result.rows[0].tape.wrong
    assert result.rows[0].complex_step.wrong


def deep(layers: int = 32, width: int = 32) -> Derivation:
    h, labels = declare("X", ("n", width), "data"), declare("Y", ("n", width), "labels")
    for k in range(layers):
        h = apply("relu", h @ declare(f"W{k}", (width, width)) + declare(f"b{k}", (width,))).named(f"h{k}")
    loss = total(reduce("logsumexp", h, 1) - total(h * labels, 1), mean=True)
    return differentiate(trace({"L": loss}), "L", ["W0", "b0", f"W{layers - 1}", "b7"])


@pytest.mark.slow
def test_many_kinks_raise_no_false_alarm() -> None:
    derived = deep()
    rng = np.random.default_rng(1)
    where = {t.name: rng.standard_normal([32 if str(n) == "n" else int(n) for n in t.shape]) for t in derived.forward.inputs}
    where |= {f"W{k}": rng.standard_normal((32, 32)) * np.sqrt(2 / 32) for k in range(32)}
    where |= {f"b{k}": 0.1 * rng.standard_normal(32) for k in range(32)}
    where["Y"] = np.eye(32)[rng.integers(0, 32, 32)]
    result = check(derived, at=where)
    assert result, result.table()
    assert not check(altered(derived, "dL/db7", lambda body: body * sp.Rational(10**6 + 1, 10**6)), at=where)


def test_differences_alone_do_not_convict() -> None:
    row = Row("w", "(n,)", tape=Witness(0.0, 0.0, 4), complex_step=Witness(0.0, 0.0, 2), differences=Witness(1.0, 1.0, 1, 0, True))
    assert row.status == "ok"
    assert row.remark() == "the gradient is zero"
    row.scale = 1.0
    assert row.remark() == "differences straddle a kink"
    row.tape.wrong = True
    assert row.status == "wrong"
    row.differences.wrong = False
    assert row.status == "undecided"  # the tape against the complex step
    row.complex_step.compared = 0
    assert row.status == "wrong"


def test_a_jacobian_is_checked_where_it_is_named() -> None:
    net = sb.read("W: parameter[h, d]\nx: data[d]\nq = tanh(W @ x)\nL = sum(q**2)")
    result = check(net, "x", of="q")
    assert result, result.table()
    assert result.rows[0].shape == "(h, d)"


def test_claims_are_no_names() -> None:
    with pytest.raises(SymbackpropError, match=r"wrt=.*17.x.*: give names, such as"):
        check("w: parameter\nx: data\nL = w*x", {"w": "17*x"})


def test_given_sizes_are_used() -> None:
    net = network(total(declare("w", ("n", "m")) ** 3))
    assert check(net, sizes={"n": 9}).sizes["n"] == 9
    with pytest.raises(SizeError, match="k is no size of this network"):
        check(net, sizes={"k": 9})


def test_large_tensors_are_tested_along_directions() -> None:
    x, w = declare("X", ("n", 300), "data"), declare("W", (300, 40))
    program = trace({"L": total(apply("relu", x @ w) ** 2, mean=True)})
    derived = differentiate(program, "L", ["W"])
    assert check(derived)
    for what, wrong in mutated(derived):
        if differ(derived, wrong):
            assert not check(wrong, points=1), what


def test_the_table_and_the_json() -> None:
    result = check(two_layers())
    assert result.table() == str(result)
    lines = result.table().splitlines()
    assert lines[0].split() == [
        "gradient",
        "shape",
        "largest",
        "tape",
        "differences",
        "complex",
        "step",
        "compiled",
        "verdict",
    ]
    assert lines[2].startswith("dL/dW_1   (h, h)")
    assert lines[2].endswith("ok")
    record = json.loads(result.to_json())
    assert record["ok"] is True
    assert record["sizes"] == result.sizes
    assert [row["name"] for row in record["rows"]] == ["W_1", "b_1", "W_2", "x"]
    assert record["rows"][0]["status"] == "ok"
    assert record["rows"][0]["tape"]["relative"] < 1e-12


def test_a_compiled_function_is_held_against_the_tape() -> None:
    derived = two_layers()

    def compiled(at: dict, value: Any = lambda v: v, gradient: Any = lambda g: g) -> tuple[Any, dict]:
        gradients = tape.gradients(derived.forward, "L", derived.wrt, at)
        return value(tape.forward(derived.forward, at)["L"]), {**gradients, "b_1": gradient(gradients["b_1"])}

    for result in (check(derived), crosscheck.check(derived, compiled=compiled)):
        assert result
        assert result.value.relative is not None
        assert max(result.value.relative, *(row.compiled.relative for row in result.rows)) <= 1e-13
    for wrong in (lambda a: a * 1.001, lambda a: np.asarray(a)[..., None], lambda a: a * np.nan):
        rows = crosscheck.check(derived, compiled=partial(compiled, gradient=wrong)).rows
        assert [row.name for row in rows if row.status == "wrong"] == ["b_1"]
        assert not any(row.tape.wrong or row.differences.wrong or row.complex_step.wrong for row in rows)
        result = crosscheck.check(derived, compiled=partial(compiled, value=wrong))
        assert not result
        assert all(row.status == "ok" for row in result.rows)
        assert "The compiled function is wrong about L itself" in str(result)
        assert json.loads(result.to_json())["value"]["wrong"] is True


def test_windows_and_a_trace() -> None:
    x, w = declare("x", ("n",), "data"), declare("w", ("k",))
    width = size("n") - size("k") + 1
    guard = iverson(sp.Eq(position("i"), position("o") + position("j")))
    op = Sum(slot(0) * slot(1) * guard, (slot(0), slot(1)), (("i", size("n")), ("j", size("k"))))
    z = Tensor((width,), op, ((x, ("i",)), (w, ("j",))), ("o",))
    assert check(network(total(apply("sin", z))), ["w", "x"])
    assert check(network(contract("ii->", declare("A", ("n", "n"))) ** 2))


def test_what_rounding_explains_asks_for_no_more_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, central = [], evidence.central
    monkeypatch.setattr(evidence, "central", lambda *arguments: asked.append(arguments) or central(*arguments))
    assert check(two_layers(), tolerance=0.0).ok  # the last digits differ at every point, until rounding is known
    assert len(asked) == 1
