"""Classes by their names, from a table to what is predicted, and what is said of samples and classes that training saw or not."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from tests.command import Run

NAMES = ("rose", "iris", "lily")
NETS = {
    "integers": "X: data[n, d]\ny: integers[n, c]\nW: parameter[d, c]\nS = X @ W\nL = mean(logsumexp(S, axis=1) - S[arange(n), y])",
    "labels": "X: data[n, d]\ny: labels[n, c]\nW: parameter[d, c]\np = softmax(X @ W)\nL = -sum(y*log(p))/n",
    "one sample": "X: data[d]\ny: labels[c]\nW: parameter[c, d]\np = softmax(W @ X)\nL = -sum(y*log(p))",
    "binary": "X: data[n, d]\ny: binary[n]\nw: parameter[d]\np = sigmoid(X @ w)\nL = -mean(y*log(p) + (1 - y)*log(1 - p))",
    "sign": "X: data[n, d]\ny: sign[n]\nw: parameter[d]\nz = X @ w\nL = mean(log(1 + exp(-y*z)))",
}


def _table(file: str, count: int, classes: int, named: bool = True) -> list[str]:
    """A table of samples that are easily told apart; returns what each is."""
    rng = np.random.default_rng(count)
    which = [k % classes for k in range(count)]
    rows = [[*(f"{x:.4f}" for x in np.eye(3)[k] * 4 + rng.normal(size=3) / 9), *([NAMES[k]] if named else [])] for k in which]
    with open(file, "w", newline="") as opened:
        csv.writer(opened).writerows([["a", "b", "c", *(["kind"] if named else [])], *rows])
    return [NAMES[k] for k in which]


@pytest.mark.parametrize("kind", NETS)
def test_what_is_predicted_has_the_names_of_the_table_that_was_trained_on(run: Run, kind: str):
    classes = 2 if kind in ("binary", "sign") else 3
    Path("my.net").write_text(NETS[kind])
    _table("train.csv", 30, classes)
    truth = _table("new.csv", 7, classes, named=False)
    assert run("train", "my.net", "--data", "train.csv", "--epochs", "60", "-o", "p.npz", "--quiet").code == 0
    code, out, err = run("predict", "my.net", "--parameters", "p.npz", "--data", "new.csv")
    assert (code, err) == (0, "")
    head, *rows = csv.reader(io.StringIO(out))
    names = sorted(NAMES[:classes])
    # numbers for each class, or one for the second of two, and the answer
    assert head == [*(names if classes == 3 else names[1:]), "kind"]
    assert [row[-1] for row in rows] == truth
    assert run("predict", "my.net", "--parameters", "p.npz", "--data", "new.csv", "-o", "o.csv").code == 0
    assert list(csv.reader(Path("o.csv").read_text().splitlines())) == [head, *rows]


def test_another_value_of_the_shape_of_the_classes_has_no_names(run: Run):
    Path("my.net").write_text(
        "X: data[n, d]\ny: integers[n, 3]\nV: parameter[d, 3]\nW: parameter[3, 3]\nh = tanh(X @ V)\nS = h @ W\n"
        "L = mean(logsumexp(S, axis=1) - S[arange(n), y])"
    )
    _table("train.csv", 30, 3)
    run("train", "my.net", "--data", "train.csv", "--epochs", "1", "-o", "p.npz", "--quiet")
    given = ("predict", "my.net", "--parameters", "p.npz", "--data", "train.csv")
    assert run(*given).out.startswith("iris,lily,rose,kind\n")
    hidden = run(*given, "--value", "h").out.splitlines()
    assert len(hidden) == 30
    assert all(float(x) < 2 for x in hidden[0].split(","))


def test_samples_that_were_trained_on_are_told_when_they_are_evaluated(run: Run):
    Path("my.net").write_text(NETS["integers"])
    _table("train.csv", 30, 3)
    _table("test.csv", 9, 3)
    said = run("train", "my.net", "--data", "train.csv", "--epochs", "1", "-o", "p.npz", "--quiet").out
    assert "none of these samples is of" not in said
    given = ("evaluate", "my.net", "--parameters", "p.npz", "--data")
    assert "note: 24 of these 30 samples were trained on" in run(*given, "train.csv").out
    assert "note" not in run(*given, "test.csv").out
    run("train", "my.net", "--data", "train.csv", "--epochs", "1", "-o", "p.npz", "--quiet", "--held-out", "test.csv")
    assert "note: these are the samples that were trained on" in run(*given, "train.csv").out
    assert "note" not in run(*given, "test.csv").out


@pytest.mark.parametrize("kind", ["integers", "labels"])
def test_classes_that_no_sample_is_of_are_told_in_training_and_met_again(kind: str):
    rng, y = np.random.default_rng(0), np.arange(30) % 3
    X, other = rng.normal(size=(30, 3)), np.where(y == 1, 4, y)
    kind, own, others = ("integers", y, other) if kind == "integers" else ("labels", np.eye(5)[y], np.eye(5)[other])
    trained = sb.train(NETS[kind], {"X": X, "y": own}, epochs=1, sizes={"c": 5}, progress=False)
    assert "none of these samples is of the classes 3, 4" in trained.summary()
    met = trained.evaluate({"X": X, "y": others})
    assert met.notes == ("10 of the samples are of the class 4, of which none was trained on",)
