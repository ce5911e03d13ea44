"""What is said beside training and of files that do not belong: notes, and refusals with the mend."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.training.using import evaluate
from tests.command import Run

LINE = "X: data[n, 2]\nt: data[n]\nw: parameter[2]\nb: parameter\nL = mean((X @ w + b - t)**2)"
SAMPLES = np.random.default_rng(0).normal(size=(40, 2))
ROOM = {"t": SAMPLES.sum(1)}


@pytest.mark.parametrize(("factor", "shift", "said"), [
    ((1, 1), (0, 0), ""), ((1, 30), (0, 0), ""), ((1000, 1000), (0, 0), ""), ((0, 1), (1, 0), ""), ((0, 0), (7, 1), ""),
    ((1, 100), (0, 500), ", and X[:, 0] goes from -"),
    ((1, 1), (0, 50), ", far from 0; take its mean off"),
])  # fmt: skip
def test_columns_that_are_far_apart_are_told_once_before_training(capsys, factor, shift, said: str):
    X = SAMPLES * factor + shift
    before = X.copy()
    sb.train(LINE, {"X": X, **ROOM}, epochs=1, rate=1e-9)
    told = capsys.readouterr().err
    assert told.count("note: scale the data: ") == bool(said)
    assert said in told
    assert not said or "goes from" in told.splitlines()[0]
    np.testing.assert_array_equal(X, before)


def test_the_columns_of_a_table_are_told_by_their_names(run: Run):
    rows = [f"{age:.3f},{500 + 100 * pay:.3f},{age + pay:.3f}" for age, pay in SAMPLES]
    Path("my.csv").write_text("\n".join(["age,pay,t", *rows]))
    Path("line.net").write_text(LINE)
    err = run("train", "line.net", "--data", "my.csv", "--epochs", "1", "--rate", "1e-9").err
    assert "the column pay goes from" in err
    assert "the column age goes from" in err


def test_a_run_that_is_done_says_that_nothing_is_left(capsys, tmp_path: Path):
    kept = tmp_path / "run.npz"
    data = {"X": SAMPLES, **ROOM}
    sb.train(LINE, data, epochs=3, checkpoint=kept)
    assert "nothing is left" not in capsys.readouterr().err
    assert len(sb.train(LINE, data, epochs=2, resume=kept).losses.training) == 3
    assert "note: nothing is left to do: 3 epochs are done, and 2 are asked for" in capsys.readouterr().err
    sb.train(LINE, data, epochs=4, resume=kept)
    assert "nothing is left" not in capsys.readouterr().err


def test_the_parameters_of_another_network_are_told_as_such(tmp_path: Path):
    file = tmp_path / "other.npz"
    np.savez(file, w=np.ones(3), b=np.ones(1))
    with pytest.raises(SymbackpropError, match=r"other\.npz belongs to another network: w, b have other shapes in this one"):
        evaluate(sb.read(LINE), file, {"X": SAMPLES, **ROOM})
    np.savez(file, w=np.ones(3), b=np.ones(()))
    with pytest.raises(SymbackpropError, match=r"^(?!.*another network).*w has shape \(3,\)"):
        evaluate(sb.read(LINE), file, {"X": SAMPLES, **ROOM})


def test_a_label_out_of_range_is_told_with_its_place():
    net = "X: data[n, 2]\ny: integers[n, 3]\nW: parameter[2, 3]\nS = X @ W\nL = mean(logsumexp(S, axis=1) - S[arange(n), y])"
    y = np.zeros(40, int)
    y[[5, 9]] = 2, 3
    with pytest.raises(SymbackpropError, match=r"y must hold whole numbers from 0 to 3 - 1; it holds 0 to 3, and 3 at \(9,\)"):
        sb.train(net, {"X": SAMPLES, "y": y}, epochs=1)


@pytest.mark.parametrize("words", [("derive", "--format", "html", "a.pdf"), ("derive", "--format", "markdown", "a.tex"),
                                   ("derive", "--fragment", "a.pdf"), ("compile", "--format", "c", "a.py"),
                                   ("compile", "--format", "jax", "a.c"), ("draw", "--format", "svg", "a.png")])  # fmt: skip
def test_a_format_is_not_written_under_the_suffix_of_another(run: Run, words: tuple[str, ...]):
    command, *how, file = words
    done = run(command, "x**2", *how, "-o", file)
    assert done.code == 2
    assert f"{file}: end the name by ." in done.err
    assert not Path(file).exists()
