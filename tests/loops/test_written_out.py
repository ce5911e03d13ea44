"""A loop that is kept against its steps, written out by the reader of its text: two readings that share nothing but the words."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.program import Carry, Program
from symbackprop.evaluate.points import point
from symbackprop.evaluate.tape import forward, gradients
from symbackprop.judge.witnesses.crosscheck import check
from tests.loops.texts import TEXTS

STEPS = (1, 2, 3, 5)
BOOKS = sorted((Path(__file__).parents[2] / "examples" / "loops").glob("*.net"))


def values_of(program: Program, sizes: dict[str, int], at: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    names = [t.name for t in program.inputs if t.kind != "integers"]
    return gradients(program, "L", names, at, sizes) | {"L": forward(program, at, sizes)["L"]}


@pytest.mark.parametrize("name", TEXTS)
def test_values_and_gradients_of_both_readings(name: str) -> None:
    network = sb.read(TEXTS[name])
    sizes = [str(s) for s in network.program.sizes()]
    assert network.written_out is not None
    for n in STEPS:
        settled = {s: n + (name == "other numbers") if s in ("n", "T", "K") else 2 for s in sizes}
        at = point(network.program, settled, seed=n)
        written = network.written_out(numbers=settled).program
        assert not any(isinstance(e.op, Carry) for e in written.equations)
        kept, plain = values_of(network.program, settled, at), values_of(written, {}, at)
        scale = max(1.0, *(abs(w).max() for w in plain.values()))
        for wrt, want in plain.items():
            np.testing.assert_allclose(kept[wrt], want, rtol=1e-11, atol=1e-11 * scale, err_msg=f"{wrt} at {n}")


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.slow
def test_what_is_derived_passes_the_check(name: str) -> None:
    assert sb.check(sb.read(TEXTS[name]), points=1).ok


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
@pytest.mark.slow
def test_networks_of_books_pass_the_check(path: Path) -> None:
    passed = sb.check(sb.read(path), points=1)
    assert passed.ok
    assert passed.points >= 3


@pytest.mark.slow
@pytest.mark.parametrize("mistake", ["start", "way"])
def test_a_loop_that_is_read_wrong_is_found(mistake: str) -> None:
    """The witnesses look at what the text says, so that a mistake of the reader does not vouch for itself."""
    network = sb.read(TEXTS["rnn"])
    equations = []
    for e in network.program.equations:
        if isinstance(e.op, Carry):
            e = replace(e, operands=e.operands[:1]) if mistake == "start" else replace(e, op=Carry(e.op.letter, -e.op.step))
        equations.append(e)
    wrong = replace(network, program=replace(network.program, equations=tuple(equations)))
    passed = check(sb.derive(network))
    assert passed.ok
    assert (passed.numbers("T"), passed.points) == (list(STEPS), len(STEPS))
    assert "T = 1, 2, 3 and 5" in passed.remark()
    assert not check(sb.derive(wrong)).ok


def test_a_gradient_that_is_a_number_starts_a_loop() -> None:
    text = "x: data[d]\nW: parameter[n, d, d]\nz[0] = x\nfor l in 1..n:\n    z[l] = W[l] @ z[l-1]\nL = sum(z[n])"
    assert check(sb.derive(sb.read(text)), points=1).ok


def added(x: "data[T, d]", W: "parameter[d, d]", h0: "parameter[d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    h, total = h0, 0
    for row in x:
        h = np.tanh(W @ h + row)
        total += np.sum(h)
    return total


def test_the_loss_is_the_last_of_the_values_of_its_name() -> None:
    assert check(sb.derive(sb.read(added)), points=1).ok
