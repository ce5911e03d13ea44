"""Every module that asks an operation for its row is listed here, and refuses a row that it does not know, by its name."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.algebra.matrix import Form, number
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.reading import Values
from symbackprop.backends.dialect import NUMPY
from symbackprop.backends.numpy.helpers import helper_source
from symbackprop.backends.numpy.source import source
from symbackprop.backends.numpy.step import Printed
from symbackprop.core.chain_rule import chain_rule
from symbackprop.core.derivation import Derivation
from symbackprop.core.functions import MATRIX_FUNCTIONS, REDUCTIONS, UnknownOperationError
from symbackprop.core.grammar import check
from symbackprop.core.passes.simplify import simplify
from symbackprop.core.program import Equation, Matrix, Op, Program, Reduce, Ref, Signature, describe, rewritten, size
from symbackprop.display.forms import Printer
from symbackprop.display.index_form import index_form
from symbackprop.display.matrix_form import matrix_form
from symbackprop.display.names import Names
from symbackprop.display.remarks import remarks
from symbackprop.display.sympy_form import sympy_form
from symbackprop.evaluate import tape
from symbackprop.evaluate import walk as walks
from symbackprop.evaluate.arithmetic import FLOATS, MORE_DIGITS, Arithmetic
from symbackprop.evaluate.matrices import of_kind
from symbackprop.evaluate.rules import of_matrices, primitives
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.latex import latex
from symbackprop.language.lower.tracing import trace
from symbackprop.language.operations.linear_algebra import function_of
from symbackprop.language.tensors import Tensor, reduce
from symbackprop.plan.statements import Factor, Scalar, Window
from tests.random_programs import declare
from tests.sources import MODULES, tree

WORDS = {"Reduce", "Matrix", "REDUCTIONS", "MATRIX_FUNCTIONS", "reduction", "matrix_function"}
ASKS = re.compile(r"\b(?:" + "|".join(WORDS) + r")\b")
N = size("n")


def program_of(op: Op) -> Program:
    """L = op(x), of a vector for a reduction and of a matrix for a function of a matrix; nobody has looked whether it stands."""
    letters = ("i",) if isinstance(op, Reduce) else ("i", "j")
    tensors = {"x": Signature("x", (N,) * len(letters), "parameter"), "L": Signature("L")}
    return Program(tensors, (Equation(Ref("L"), op, (Ref("x", letters),)),), ("L",))


def remark(program: Program) -> Any:
    return remarks(Derivation(program, program, "L", ()))


def printed(statement: Factor) -> str:
    step = object.__new__(Printed)
    step.windows, step.numbers = {}, {}
    return step._line(statement)


# module and function -> what makes it read the operation of a program
REFUSES: dict[str, Callable[[Program], Any]] = {
    "core.grammar._fault_of_op": check,
    "core.grammar._fault_of_matrix": check,
    "core.grammar._fault_of_operand": check,
    "core.derivatives.primary.is_primary": lambda p: chain_rule(p, "L", ["x"]),
    "core.derivatives.local.local_derivative": lambda p: chain_rule(p, "L", ["x"]),
    "core.derivatives.local._of_reduction": lambda p: chain_rule(p, "L", ["x"]),
    "core.derivatives.local._others": lambda p: chain_rule(p, "L", ["x"]),
    "core.derivatives.local._of_matrix": lambda p: chain_rule(p, "L", ["x"]),
    "core.passes.simplify._Rewriter.rewritten": simplify,
    "backends.numpy.equation.recipe": lambda p: source(p, "L", {}),
    "backends.numpy.helpers.helper_source": lambda p: helper_source(p.equations[0].op.kind, NUMPY),  # type: ignore[union-attr]
    "display.index_form._right": lambda p: index_form(Names(p), p.equations[0]),
    "display.index_form._reduce": lambda p: index_form(Names(p), p.equations[0]),
    "display.index_form._matrix": lambda p: index_form(Names(p), p.equations[0]),
    "display.sympy_form._Entries._value": lambda p: sympy_form(p, "L"),
    "display.matrix_form._Reader.special": lambda p: matrix_form(Names(p), p.equations[0]),
    "evaluate.bodies.equations.code_of": lambda p: tape.forward(
        p, {"x": np.eye(2)[: len(p.shape("x"))].reshape((2,) * len(p.shape("x")))}
    ),
    "evaluate.bodies.equations._reduced": lambda p: tape.forward(p, {"x": np.ones(2)}),
    "evaluate.bodies.equations._matrix": lambda p: tape.forward(p, {"x": np.eye(2)}),
    "evaluate.walk.step": lambda p: walk(p, {"x": np.eye(2)[0] if len(p.shape("x")) == 1 else np.eye(2)}, {"n": 2}),
    "evaluate.walk.reduced": lambda p: walk(p, {"x": np.ones(2)}, {"n": 2}),
    "evaluate.walk._of_matrices": lambda p: walk(p, {"x": np.eye(2)}, {"n": 2}),
    "evaluate.walk.matrix_function": lambda p: walk(p, {"x": np.eye(2)}, {"n": 2}),
    "display.remarks.beside_steps": remark,
    "display.remarks._of_matrix": remark,
    "display.forms._function": lambda p: Printer(Names(p)).formula(Form("function", (number(1),), p.equations[0].op.kind)),  # type: ignore[union-attr]
    "display.forms._function_of_matrix": lambda p: Printer(Names(p)).formula(Form("factor", (number(1),), p.equations[0].op.kind)),  # type: ignore[union-attr]
    "backends.numpy.step.Printed._line": lambda p: printed(Factor(p.equations[0].op.kind, Window("x", 0, ()), Scalar("t"))),  # type: ignore[union-attr]
    "algebra.reading.Values._right": lambda p: Values(p, Algebra(), ()).definition("L"),
}
# what looks whether an operation is of a type or of one row, and leaves any other as it is
PASSES = {
    "language.tensors.parts._is_truth", "language.tensors.parted._is_open", "language.tensors.parted._Part._of",
    "core.apart._letters", "core.passes.signs.Signs._is_shifted", "core.passes.signs.Signs.of", "core.passes.distribute._is_large", "display.index_form._operand", "documents.collected.shifted", "documents.recognised._symmetric", "display.index_form._with_totals", "display.marginals._adds_up", "display.marginals._is_over",
    "core.program.rewritten", "core.program.describe",
    "display.softmax.Softmaxes.__init__", "evaluate.domains._singular", "language.lower.fuse._kept_axes", "language.lower.fuse.is_softmax", "language.lower.restricted.never_below_zero", "language.lower.shared._is_met_again",
    "core.passes.stable._Speller.exponentials",
    "language.lower.units._softmax", "language.lower.units._normalised", "plan.lower._Lowering._equation", "plan.lower._Lowering._matrix",
    "core.passes.simplify._Rewriter.__init__", "training.boosting._keeps_apart", "training.weighted._weighted", "algebra.facts._learn_logsum", "display.names.generated", "verbs.estimators.samples.chances",
    "language.lower.tracing._names", "algebra.turned._is_primary", "algebra.box._softened", "algebra.projections.learn_projections", "algebra.lines.Lines._printed", "notation.scipy.matrices._is_triangle", "backends.whole._is_whole",
}  # fmt: skip
# what writes an operation, and reads none
WRITES = {
    "backends.numpy.source", "core.program", "core.functions.operations.reduction", "core.functions.matrices.matrix_function",
    "core.functions.operations", "core.functions.matrices", "display.names", "core.derivatives.local._Functions.of", "language.operations.linear_algebra.function_of",
    "notation.claims.lower._Lowering.one", "notation.claims.lower._Lowering.matrix", "evaluate.rules.primitives", "evaluate.walk", "evaluate.rules.of_matrices",
    "language.lower.units._of_normalised", "display.softmax_cases._softmax_slopes", "language.tensors.contraction.reduce", "notation.trace.unrolled.Sums._total",
    "judge.proofs.tensors._reduced", "judge.proofs.tensors._matrix",
}  # fmt: skip


TABLES = (
    "evaluate.rules.primitives",
    "evaluate.rules.of_matrices",
    "evaluate.walk",
)  # of readers that have a rule of their own for each row


def functions(node: ast.AST, name: str) -> Iterator[tuple[str, list[ast.AST]]]:
    """Every function and method by its name, and what a module or class does beside them."""
    beside: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from functions(child, f"{name}.{child.name}")
        elif isinstance(child, ast.FunctionDef):
            yield f"{name}.{child.name}", list(child.body)  # type: ignore[arg-type]
        elif not isinstance(child, ast.Import | ast.ImportFrom):
            beside.append(child)
    yield name, beside


def words(nodes: list[ast.AST]) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


@cache
def readers() -> dict[str, list[ast.AST]]:
    found = {}
    for module, path in MODULES.items():
        if not ASKS.search(path.read_text(encoding="utf-8")):
            continue
        asks = [
            n for n in ast.walk(tree(module)) if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("symbackprop.core")
        ]
        if module in ("core.program", "core.functions.operations", "core.functions.matrices", *TABLES) or WORDS & {
            a.name for n in asks for a in n.names
        }:
            found |= {name: nodes for name, nodes in functions(tree(module), module) if words(nodes) & WORDS}
    return found


@pytest.mark.slow
def test_every_reader_is_listed() -> None:
    assert set(readers()) == {*REFUSES, *PASSES, *WRITES}


@pytest.mark.parametrize("name", REFUSES)
def test_a_reader_refuses_a_row_that_it_does_not_know_by_its_name(name: str) -> None:
    asked = words(readers()[name])
    ops: list[Op] = [Reduce("mystery", (("i", N),))] if asked & {"Reduce", "REDUCTIONS", "reduction"} else []
    ops += [Matrix("mystery")] if asked & {"Matrix", "MATRIX_FUNCTIONS", "matrix_function"} else []
    assert ops
    for op in ops:
        with pytest.raises(UnknownOperationError, match='no row for "mystery"; it knows'):
            REFUSES[name](program_of(op))


def test_the_witnesses_have_a_rule_of_their_own_for_each_row() -> None:
    for owner in (primitives, walks):
        assert list(owner.REDUCTIONS) == list(REDUCTIONS)
    for owner in (of_matrices, walks):
        assert list(owner.MATRIX_FUNCTIONS) == list(MATRIX_FUNCTIONS)


@pytest.mark.parametrize("name", [*REDUCTIONS, *MATRIX_FUNCTIONS])
@pytest.mark.parametrize("arithmetic", [FLOATS, MORE_DIGITS])
def test_the_walk_computes_each_row_as_the_tape_does(name: str, arithmetic: Arithmetic) -> None:
    X = np.random.default_rng(0).standard_normal((3, 4, 4))
    X = of_kind("spd", X) if name in MATRIX_FUNCTIONS else X
    x = declare("X", X.shape)
    y = reduce(name, x, 1) if name in REDUCTIONS else function_of(name, x)
    program = trace({"y": y.named("y")})
    got = walk(program, {"X": arithmetic.lift(X)}, {}, arithmetic)["y"]
    np.testing.assert_allclose(np.asarray(got, dtype=float), tape.forward(program, {"X": X})["y"], rtol=1e-12)


def test_what_leaves_the_row_alone_keeps_its_name() -> None:
    for op in (Reduce("mystery", (("i", N),)), Matrix("mystery")):
        assert rewritten(op, op.over, lambda body: body) == op
        assert "mystery" in describe(program_of(op).equations[0])
    x = declare("x", ("n",))
    made = Tensor((), Reduce("mystery", (("0", N),)), ((x, ("0",)),), ())
    with pytest.raises(UnknownOperationError, match="mystery"):  # at the end, by the check of the program
        trace({"L": made.named("L")})


def test_what_tells_the_operations_apart_ends_in_assert_never() -> None:
    apart = {name: words(nodes) for name, nodes in readers().items() if {"Reduce", "Matrix"} <= words(nodes)}
    assert len(apart) > 10
    assert not [name for name, said in apart.items() if name != "core.program" and "assert_never" not in said]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_new_reduction_is_one_row_and_one_rule_of_the_witness(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REDUCTIONS, "mystery", replace(REDUCTIONS[name], name="mystery"))
    loss = Tensor((), Reduce("mystery", (("0", N),)), ((declare("x", ("n",)), ("0",)),), ()).named("L")
    serves(loss, name, monkeypatch, primitives.REDUCTIONS)


@pytest.mark.parametrize("name", MATRIX_FUNCTIONS)
def test_a_new_function_of_a_matrix_is_one_row_and_one_rule_of_the_witness(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MATRIX_FUNCTIONS, "mystery", replace(MATRIX_FUNCTIONS[name], name="mystery"))
    own = tuple("rs"[: len(MATRIX_FUNCTIONS[name].axes)])
    X = declare("x", ("n", "n"))
    y = Tensor((N,) * len(own), Matrix("mystery"), ((X, ("0", "1")),), own)
    serves((y**2).sum().named("L"), name, monkeypatch, of_matrices.MATRIX_FUNCTIONS)


def serves(loss: Tensor, name: str, monkeypatch: pytest.MonkeyPatch, rules: Any) -> None:
    """A row under a new name: derived, printed and compiled by its columns; the witness refuses it until it has a rule."""
    derivation = sb.derive(loss)
    net = trace({"L": loss})
    printed = latex(index_form(Names(net), net.equations[0]))
    assert "mystery" not in printed
    old = replace(net.equations[0], op=replace(net.equations[0].op, kind=name))  # type: ignore[call-arg]
    assert printed == latex(index_form(Names(net), old))
    x = np.random.default_rng(0).standard_normal(tuple(4 for _ in net.shape("x")))
    at = {"x": of_kind("spd", x) if name in MATRIX_FUNCTIONS else x}
    with pytest.raises(UnknownOperationError, match=r'the witness .* has no row for "mystery"'):
        tape.forward(net, at)
    monkeypatch.setitem(rules, "mystery", rules[name])
    _, gradients = sb.compile(derivation).value_and_grad(at)
    np.testing.assert_allclose(gradients["x"], tape.gradients(net, "L", ["x"], at)["x"], rtol=1e-9, atol=1e-12)
    assert derivation.check(points=1).ok


def test_a_row_without_a_complex_form_takes_no_complex_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REDUCTIONS, "prod", replace(REDUCTIONS["prod"], analytic=False))
    checked = sb.derive("x: parameter[n]\nL = prod(x)").check(points=1)
    assert checked.ok
    assert checked.rows[0].complex_step.compared == 0
