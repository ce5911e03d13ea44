"""Trained networks in use: evaluate gives what training told, predict needs no labels, and what does not fit is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy import ndarray

import symbackprop as sb
from symbackprop.core.program import Program
from symbackprop.training import TrainingError, in_parts, using
from symbackprop.training.changed import changed, digests, others, told_of
from symbackprop.training.storage import write_arrays
from symbackprop.training.using import evaluate, predict
from tests.command import EXAMPLES, Run

NET = """
X: data[n, 2]
y: data[n]
w: parameter[2]
V: parameter[h, 2]
H = tanh(X @ V.T)
yhat = H @ V @ w
L = mean((yhat - y)**2)
"""
SPLIT = NET.replace("H = tanh(X @ V.T)", "Z = X @ V.T\nH = tanh(Z)")


@pytest.fixture
def data() -> dict[str, ndarray]:
    X = np.random.default_rng(0).standard_normal((40, 2))
    return {"X": X, "y": np.sin(X[:, 0])}


@pytest.fixture
def trained(data):
    return sb.train(NET, data, sizes={"h": 3}, epochs=3, held_out=0, batch=40, progress=False, dtype="float64")


def test_evaluate_is_the_loss_with_these_parameters(data, trained) -> None:
    found = trained.evaluate(data)
    assert found.loss == pytest.approx(sb.compile(NET).value(trained.parameters, data), rel=1e-12)
    assert (found.samples, found.score, found.prediction) == (40, None, None)
    assert str(found).splitlines()[0] == f"loss {found.loss:.6g} on 40 samples"


def test_predict_needs_no_labels(data, trained, tmp_path: Path) -> None:
    expected = np.tanh(data["X"] @ trained.parameters["V"].T) @ trained.parameters["V"] @ trained.parameters["w"]
    trained.save(tmp_path / "p.npz")
    np.testing.assert_allclose(trained.predict({"X": data["X"]}), expected, rtol=1e-12)
    np.testing.assert_allclose(predict(sb.read(NET), tmp_path / "p.npz", {"X": data["X"]}), expected, rtol=1e-12)
    assert trained.predict(data, "H").shape == (40, 3)


def test_a_classifier_whose_scores_have_no_name_predicts_them() -> None:
    rng = np.random.default_rng(0)
    X, t = rng.standard_normal((30, 4)), rng.integers(0, 3, 30)
    for kind, y in (("integers[N, 3]", t), ("labels[N, 3]", np.eye(3)[t])):
        net = f"X: data[N, 4]\ny: {kind}\nW: parameter[4, 3]\nL = cross_entropy(X @ W, y)"
        trained = sb.train(net, {"X": X, "y": y}, epochs=2, progress=False)
        np.testing.assert_allclose(trained.predict({"X": X}), X @ trained.parameters["W"], rtol=1e-6)
        np.testing.assert_array_equal(
            trained.predict({"X": X}, trained.evaluate({"X": X, "y": y}).prediction), trained.predict({"X": X})
        )


def test_a_classifier_is_evaluated_by_its_answers() -> None:
    trained = sb.train(EXAMPLES / "digits.net", "digits", epochs=2, held_out=0, progress=False)
    found = trained.evaluate("digits")
    assert found.prediction == "S"
    assert found.samples == 1797
    assert found.accuracy == pytest.approx(trained.accuracy, abs=2e-3)


@pytest.mark.parametrize(
    ("arrays", "value", "words"),
    [
        ({"X": np.ones((4, 2))}, "yhta", "the network computes no yhta; did you mean yhat"),
        ({"X": np.ones((4, 2))}, "L", "data: L depends on y; give an array for each"),
        ({}, None, "data holds no array, and yhat depends on X: give X"),
        ({"x": np.ones((4, 2))}, None, r"data holds x, and yhat depends on X: is x meant by X\? rename it"),
        ({"X": np.full((4, 2), np.inf)}, None, r"X holds an infinite number at \(0, 0\); mend the data"),
        ({"X": np.ones((0, 2))}, None, r"X has shape \(0, 2\), declared as \(n, 2\): an axis needs at least one entry"),
        (np.ones((4, 2)), None, r"data is a dict of arrays or the path of a file, not ndarray: give {'X': ...}"),
        ({"X": np.ones((4, 3))}, None, "X"),
    ],
)
def test_what_does_not_fit_is_refused(trained, arrays, value, words: str) -> None:
    with pytest.raises(sb.SymbackpropError, match=words):
        trained.predict(arrays, value)


def test_parameters_without_their_network_say_so(data, trained) -> None:
    with pytest.raises(TrainingError, match="without their network"):
        replace(trained, network=None).evaluate(data)


def test_parameters_that_are_none_are_refused(data, trained) -> None:
    with pytest.raises(TrainingError, match=r"give trained\.parameters"):
        evaluate(sb.read(NET), trained, data)
    with pytest.raises(TrainingError, match="the parameter V is missing"):
        predict(sb.read(NET), {"w": np.ones(2)}, {"X": data["X"]})


def test_the_commands_do_the_same(run: Run, data, trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.net").write_text(NET, encoding="utf-8")
    np.savez("data.npz", **data)
    np.savez("inputs.npz", X=data["X"])
    trained.save("p.npz")
    out = run("evaluate", "net.net", "--parameters", "p.npz", "--data", "data.npz").out
    assert out == f"{trained.evaluate(data)}\n"
    code, out, _ = run("predict", "net.net", "--parameters", "p.npz", "--data", "inputs.npz", "-o", "yhat.csv")
    assert (code, out) == (0, "yhat.csv: written, 40 numbers\n")
    np.testing.assert_array_equal(np.loadtxt("yhat.csv"), trained.predict({"X": data["X"]}))
    assert run("predict", "net.net", "--parameters", "p.npz", "--data", "inputs.npz").out.count("\n") == 40
    code, _, err = run("predict", "net.net", "--parameters", "p.npz", "--data", "inputs.npz", "-o", "yhat.txt")
    assert code == 2
    assert ".csv" in err


CLASSIFIER = "X: data[n, d]\ny: integers[n, c]\nW: parameter[d, c]\nz = X @ W\nL = cross_entropy(z, y)\n"


def table(path: Path, rows: str, classes: str = "y") -> Path:
    path.write_text(
        f"age,income,{classes}\n" + "".join(f"{k % 7},{k % 5},{name}\n" for k, name in enumerate(rows)), encoding="utf-8"
    )
    return path


def test_a_table_to_predict_from_needs_no_labels(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("age,income\n1,2\n3,4\n", encoding="utf-8")
    W = np.array([[1.0, -1.0], [0.5, 2.0]])
    found = predict(sb.read(CLASSIFIER), {"W": W}, tmp_path / "new.csv")
    np.testing.assert_allclose(found, [[1, 2], [3, 4]] @ W)
    labelled = predict(sb.read(CLASSIFIER), {"W": W}, table(tmp_path / "old.csv", "ab"))
    np.testing.assert_allclose(labelled, [[0, 0], [1, 1]] @ W)


def test_classes_of_another_table_keep_the_numbers_of_training(tmp_path: Path) -> None:
    whole, part = table(tmp_path / "train.csv", "abc" * 10), table(tmp_path / "test.csv", "bc" * 5)
    settings = {"epochs": 1, "dtype": "float64", "progress": False}
    trained = sb.train(CLASSIFIER, whole, held_out=part, **settings)
    numbers = {"X": np.array([[k % 7, k % 5] for k in range(10)]), "y": np.array([1, 2] * 5)}
    assert trained.losses.held_out[-1] == pytest.approx(trained.evaluate(numbers).loss)
    assert trained.evaluate(part).loss == pytest.approx(trained.losses.held_out[-1])
    with pytest.raises(
        TrainingError, match=r"test.csv: the column y names b, c alone, and the network has 3 classes: write their numbers"
    ):
        evaluate(sb.read(CLASSIFIER), trained.parameters, part)
    with pytest.raises(
        TrainingError, match=r"odd.csv:3: the column y holds 'd', which is no class that is trained on: there are a"
    ):
        sb.train(CLASSIFIER, whole, held_out=table(tmp_path / "odd.csv", "bdc"), **settings)


@pytest.mark.parametrize(
    ("suffix", "classes", "told"),
    [(".npz", "y", "X is the columns age, income"), (".safetensors", "kind", "y is the column kind, X is the columns age, income")],
)
def test_columns_of_another_table_are_those_of_training(run: Run, tmp_path: Path, suffix: str, classes: str, told: str) -> None:
    """By their names, in whatever order they stand: the file of the parameters tells them."""
    saved = tmp_path / f"p{suffix}"
    trained = sb.train(CLASSIFIER, table(tmp_path / "train.csv", "abc" * 10, classes), epochs=1, progress=False)
    assert told in trained.summary().splitlines()
    trained.save(saved)
    expected = trained.predict({"X": np.array([[1, 2], [3, 4]])})
    turned = tmp_path / "turned.csv"
    turned.write_text("income,age\n2,1\n4,3\n", encoding="utf-8")
    np.testing.assert_array_equal(trained.predict(turned), expected)
    np.testing.assert_array_equal(predict(sb.read(CLASSIFIER), saved, turned), expected)
    turned.write_text("income,height\n2,1\n4,3\n", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"no column is called age, and X was trained on age, income; give each of them"):
        predict(sb.read(CLASSIFIER), saved, turned)
    turned.write_text("X2,X1\n2,1\n4,3\n", encoding="utf-8")  # which say for themselves what they are
    np.testing.assert_array_equal(predict(sb.read(CLASSIFIER), saved, turned), expected)
    rows = "".join(f"{'abc'[k % 3]},{k % 5},{k % 7}\n" for k in range(30))
    turned.write_text(f"{classes},income,age\n{rows}", encoding="utf-8")
    again = [sb.train(CLASSIFIER, path, start=saved, epochs=1, progress=False) for path in (tmp_path / "train.csv", turned)]
    np.testing.assert_array_equal(again[0].parameters["W"], again[1].parameters["W"])
    assert again[0].header == again[1].header == trained.header


def test_sets_that_scikit_learn_ships_are_predicted_from() -> None:
    trained = sb.train(EXAMPLES / "digits.net", "digits", epochs=1, progress=False)
    assert trained.predict("digits").shape == (1797, 10)


@pytest.mark.parametrize(("kind", "values"), [("binary", [0.0, 1.0]), ("sign", [-1.0, 1.0])])
def test_two_classes_of_a_table_may_be_named(kind: str, values: list[float], tmp_path: Path) -> None:
    net = f"X: data[n, d]\ny: {kind}[n]\nw: parameter[d]\ns = X @ w\nL = mean((s - y)**2)"
    rows = [f"{k % 7 - 3},{k % 5},{'no' if k % 7 < 3 else 'yes'}" for k in range(40)]
    table, numbers = tmp_path / "data.csv", tmp_path / "numbers.csv"
    table.write_text("a,b,label\n" + "\n".join(rows))
    low, high = map(str, values)
    numbers.write_text("X1,X2,y\n" + "\n".join(rows).replace("no", low).replace("yes", high))
    named, told = (sb.train(net, path, epochs=3, progress=False) for path in (table, numbers))
    assert named.losses == told.losses
    assert "the classes of y, in their order, are no, yes" in named.summary().splitlines()
    named.save(tmp_path / "net.npz")
    table.write_text("label,b,a\nyes,1,2\n")
    assert evaluate(sb.read(net), tmp_path / "net.npz", table).samples == 1
    table.write_text("a,b,label\n" + "\n".join(rows).replace("yes", "maybe", 1))
    with pytest.raises(TrainingError, match=r"data.csv:6: the column label holds 'yes', beside maybe, no: two classes"):
        sb.train(net, table, progress=False)


def test_a_size_that_counts_samples_is_left_to_the_data() -> None:
    net = "X: data[n, d]\nw: parameter[d]\nL = mean((X @ w)**2)"
    with pytest.raises(TrainingError, match="n counts the samples, which the data tell; leave it out"):
        sb.train(net, {"X": np.ones((4, 2))}, sizes={"n": 4}, progress=False)


PARTED = """
X: data[n, 3]
y: data[n]
lam: data
w: parameter[3]
"""
WHOLE = {  # how a loss is made of its samples
    "mean": "p = tanh(X @ w)\nL = mean((p - y)**2) + lam*sum(w**2)",
    "sum": "p = tanh(X @ w)\nL = sum((p - y)**2) + lam*sum(w**2)",
    "largest": "p = tanh(X @ w)\nL = max(abs(p - y)) + lam",
    "of nothing": "p = X @ w\nL = sum(relu(p - 30)) + 0*sum(y) + 0*lam",
    "normalised": "z = X @ w\np = (z - mean(z)) / sqrt(mean((z - mean(z))**2) + 1e-5)\nL = mean((p - y)**2) + lam",
}


@pytest.mark.parametrize("how", WHOLE)
def test_samples_on_disk_are_taken_in_parts_only_where_that_gives_the_whole(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_parts, "SAMPLES", 70)
    taken: list[int] = []
    parts = in_parts.parts_of
    for place in (using, in_parts):
        monkeypatch.setattr(place, "parts_of", lambda samples: (taken.append(len(i)) or i for i in parts(samples)))
    rng = np.random.default_rng(0)
    arrays = {"X": rng.standard_normal((500, 3)), "y": rng.standard_normal(500), "lam": np.array(0.1)}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    net, parameters = sb.read(PARTED + WHOLE[how]), {"w": np.array([1.0, -2.0, 0.5])}
    found, expected = (evaluate(net, parameters, data) for data in (tmp_path, arrays))
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)
    assert found.samples == 500
    assert bool(taken) == (how == "mean")
    taken.clear()
    np.testing.assert_allclose(predict(net, parameters, tmp_path, "p"), predict(net, parameters, arrays, "p"), rtol=1e-12)
    assert bool(taken) == (how != "normalised")
    paths = {"X": tmp_path / "X.npy"}
    np.testing.assert_allclose(predict(net, parameters, paths, "p"), predict(net, parameters, arrays, "p"), rtol=1e-12)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("epochs", [3, 1200])
def test_what_was_saved_is_loaded_as_it_was(suffix: str, epochs: int, data: dict[str, ndarray], tmp_path: Path) -> None:
    given = {"X": data["X"], "y": np.sign(data["y"])}
    trained = sb.train(NET, given, sizes={"h": 3}, epochs=epochs, progress=False)
    trained.save(tmp_path / f"net{suffix}")
    loaded = sb.load(NET, tmp_path / f"net{suffix}")
    assert np.array_equal(loaded.predict({"X": data["X"]}), trained.predict({"X": data["X"]}))
    assert loaded.evaluate(given) == trained.evaluate(given)
    assert (loaded.score, loaded.prediction, loaded.sizes, loaded.classes) == (
        trained.score, trained.prediction, trained.sizes, trained.classes,
    )  # fmt: skip
    if epochs == 3:
        assert loaded.losses == trained.losses
        assert loaded.summary() == trained.summary()
    else:
        assert loaded.summary().splitlines()[1:] == trained.summary().splitlines()[1:]
        assert loaded.summary().startswith("trained 1200 epochs on 32 samples\n")
    loaded.save(tmp_path / f"again{suffix}")
    assert sb.load(NET, tmp_path / f"again{suffix}").summary() == loaded.summary()


def test_a_table_is_read_alike_after_loading(tmp_path: Path) -> None:
    rows = [f"{k % 7 - 3},{k % 5},{'no' if k % 7 < 3 else 'yes'}" for k in range(40)]
    (tmp_path / "data.csv").write_text("a,b,label\n" + "\n".join(rows))
    (tmp_path / "new.csv").write_text("b,a\n1,2\n3,4\n")
    net = "X: data[n, d]\ny: binary[n]\nw: parameter[d]\ns = X @ w\nL = mean((s - y)**2)"
    trained = sb.train(net, tmp_path / "data.csv", epochs=2, progress=False)
    trained.save(tmp_path / "net.npz")
    loaded = sb.load(net, tmp_path / "net.npz")
    assert np.array_equal(loaded.predict(tmp_path / "new.csv"), trained.predict({"X": np.array([[2.0, 1.0], [4.0, 3.0]])}))


WRONG = [None, 1, "x", [], {}, [1, 2], [[1], ["x"]], [[1.0, 2.0], [1.0]], {"a": []}, -1, True, 1e400]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_file_that_tells_nonsense_of_its_run_is_parameters(wrong: Any, tmp_path: Path) -> None:
    for name in ("losses", "score", "samples", "held_out", "kept", "prediction", "classes", "run"):
        told = {"run": {name: wrong}} if name != "run" else {"run": wrong}
        write_arrays(tmp_path / "net.npz", {"w": np.ones(2), "V": np.ones((3, 2))}, told)
        loaded = sb.load(NET, tmp_path / "net.npz")
        assert loaded.predict({"X": np.ones((4, 2))}).shape == (4,)
        assert str(loaded)
        assert repr(loaded)
    with pytest.raises(TrainingError, match="w is no parameter of the network"):
        sb.load("X: data[n]\nv: parameter\nL = mean((X - v)**2)", tmp_path / "net.npz")


def test_a_network_that_names_nothing_but_its_loss_is_told_so() -> None:
    text = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = mean((X @ w - y)**2)"
    data = {"X": np.ones((3, 2)), "y": np.ones(3)}
    trained = sb.train(text, data, epochs=1, progress=False)
    with pytest.raises(TrainingError, match=r"no value but the loss has a name.*: give the prediction a line of its own.*: L$"):
        trained.predict(data)
    with pytest.raises(TrainingError, match="data holds X, and L depends on X, y: give X, y"):
        trained.predict({"X": data["X"]})


@pytest.mark.parametrize("again", [1, 2], ids=["derived", "kept"])
def test_a_network_that_was_changed_since_is_told(run: Run, data, trained, tmp_path: Path, monkeypatch, again: int) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    net, given, parameters = (tmp_path / name for name in ("net.net", "data.npz", "p.npz"))
    net.write_text(NET)
    np.savez(given, **data)
    trained.save(parameters)
    for _ in range(again):
        assert "equation" not in run("evaluate", net, "--parameters", parameters, "--data", given).out
    net.write_text(NET.replace("(yhat - y)**2", "abs(yhat - y)"))
    for _ in range(again):
        told = run("evaluate", net, "--parameters", parameters, "--data", given).out
        assert "note: L is another equation than when these parameters were trained" in told
        assert not run("predict", net, "--parameters", parameters, "--data", given).err  # what predicts is the same
    net.write_text(NET.replace("tanh", "sin"))
    for _ in range(again):
        found = run("predict", net, "--parameters", parameters, "--data", given)
        assert "note: H is another equation than when these parameters were trained" in found.err
        assert "note" not in found.out
    net.write_text(NET.replace("tanh", "sin").replace("H @ V @ w", "H @ (2*V) @ w").replace("(yhat - y)**2", "abs(yhat - y)"))
    for _ in range(again):
        told = run("evaluate", net, "--parameters", parameters, "--data", given).out
        assert "note: H, yhat, L are other equations than when these parameters were trained" in told
    for same in (NET.replace("H", "G"), SPLIT):
        net.write_text(same)
        assert "equation" not in run("evaluate", net, "--parameters", parameters, "--data", given).out
    net.write_text(SPLIT.replace("H @ V", "H @ (2*V)"))
    told = run("evaluate", net, "--parameters", parameters, "--data", given).out
    assert "note: yhat is another equation than when these parameters were trained" in told
    other = sb.read(NET.replace("**2", "**4"))
    assert "note: L" in str(type(trained).load(parameters, other).evaluate(data))
    assert "equation" not in str(type(trained).load(parameters, sb.read(NET)).evaluate(data))
    assert "note" not in str(evaluate(other, trained.parameters, data))  # arrays are of no network


RECURRENT = """X: data[T]
a: parameter
b: parameter
h[0] = 0
c[0] = 0
for t in 1..T:
    h[t] = tanh(a*h[t-1] + X[t] + c[t-1])
    c[t] = b*h[t-1]
L = sum(h**2) + sum(c)
"""


def test_what_a_step_reads_of_the_step_before_is_no_name_alone() -> None:
    """A value of another step is read before it is written: that it is another one is seen."""
    before, now = (sb.read(text).program for text in (RECURRENT, RECURRENT.replace("b*h[t-1]", "b*c[t-1]")))
    assert "c" in others(digests(before), digests(now))
    assert changed(told_of(digests(before)), digests(now), now, "L")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("S = tanh(X @ W) + b", ["S"]),
        ("Z = X @ W\nS = tanh(Z) + b", ["S"]),
        ("Z = X @ W\nS = Z + b", []),
        ("S = X @ W - b", ["S"]),
        ("Q = X @ W + b", []),
        ("Z = X @ V\nS = Z + b", ["Z", "S"]),
        ("k = 2\nS = X @ W + k*b", ["S"]),
    ],
)
def test_what_is_named_as_changed_is_another_value(text: str, names: list[str]) -> None:
    def read(line: str) -> Program:
        last = line.splitlines()[-1].split()[0]
        return sb.read(
            f"X: data[n, d]\nW: parameter[d, c]\nV: parameter[d, c]\nb: parameter[c]\n{line}\nL = sum({last}**2)"
        ).program

    before, now = read("S = X @ W + b"), read(text)
    assert others(digests(before), digests(now)) == names
    told = changed(told_of(digests(before)), digests(now), now, "L")
    assert all(name in told for name in names)
    assert bool(told) == bool(names)


def test_a_number_that_was_changed_is_seen() -> None:
    one, other = (digests(sb.read(f"w: parameter[n]\nk = {k}\nL = k*sum(w**2)").program) for k in (3, 4))
    assert others(one, other) == ["L"]


STEPS = """
x: data[n, T, d]
y: data[n, m]
W: parameter[m, m]
U: parameter[d, m]
h[0] = zeros((n, m))
for t in 1..T:
    h[t] = tanh(h[t-1] @ W + x[:, t] @ U)
L = """


def _steps() -> tuple[dict[str, ndarray], ndarray, ndarray]:
    """Parameters, x, and the states of each step."""
    rng = np.random.default_rng(1)
    x, W, U = rng.standard_normal((5, 4, 2)), rng.standard_normal((3, 3)), rng.standard_normal((2, 3))
    states = [np.zeros((5, 3))]
    for t in range(4):
        states.append(np.tanh(states[-1] @ W + x[:, t] @ U))
    return {"W": W, "U": U}, x, np.stack(states[1:])


@pytest.mark.parametrize(
    ("loss", "whole"), [("mean((h[T] - y)**2)", False), ("mean((h[T] - y)**2) + mean(h**2)", True), ("mean((h - y)**2)", True)]
)
def test_a_loop_of_which_the_loss_reads_one_step_predicts_that_step(loss: str, whole: bool) -> None:
    parameters, x, states = _steps()
    found = predict(sb.read(STEPS + loss), parameters, {"x": x})
    np.testing.assert_allclose(found, states if whole else states[-1], rtol=0, atol=1e-12)


def test_the_command_predicts_the_last_step_as_well(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    loss = "mean((h[T] - y)**2)"
    parameters, x, states = _steps()
    Path("net.net").write_text(STEPS + loss)
    np.savez("p.npz", **parameters)
    np.savez("x.npz", x=x)
    for _ in range(2):  # derived, then as it was kept
        code, _, err = run("predict", "net.net", "--parameters", "p.npz", "--data", "x.npz", "-o", "out.csv")
        assert code == 0, err
        np.testing.assert_allclose(np.loadtxt("out.csv", delimiter=","), states[-1], rtol=0, atol=1e-12)
