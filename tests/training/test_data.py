"""Where data come from: tables, arrays on disk that are larger than memory, sets that scikit-learn ships, a file that is held out."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.machine.files import FileError
from symbackprop.notation import read
from symbackprop.training import Diverged, TrainingError, mapped, progress
from symbackprop.training import shipped as shipped_module
from symbackprop.training import table as training_table
from symbackprop.training.datasets import load
from symbackprop.training.initial import INITIALISERS
from symbackprop.training.roles import initial
from symbackprop.training.shipped import BUNDLED, shipped
from symbackprop.training.using import evaluate
from tests.command import Run

CLASSES = """
X: data[n, d]
t: integers[n, k]
W: parameter[d, k]
b: parameter[k]
S = X @ W + b
L = mean(logsumexp(S, axis=1) - S[range(n), t])
"""
LINE = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nb: parameter\nL = mean((X @ w + b - y)**2)"
QUIET = {"progress": False, "epochs": 3}


def drawn(samples: int = 40) -> dict[str, np.ndarray]:
    X = np.random.default_rng(0).normal(size=(samples, 2)).astype("float32")
    return {"X": X, "t": (X[:, 0] > X[:, 1]).astype(int)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(header: str, rows: str) -> str:
    Path("data.csv").write_text(f"{header}\n{rows}\n")
    return "data.csv"


def test_a_table_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, paths = training_table._table, []
    monkeypatch.setattr(training_table, "_table", lambda path: paths.append(path) or whole(path))
    path = table("X1,X2,y", "\n".join(f"{k},{k % 3},{k / 7}" for k in range(20)))
    named = LINE.replace("X @ w + b - y", "yhat - y").replace("L =", "yhat = X @ w + b\nL =")
    trained = sb.train(named, path, epochs=1, progress=False)
    assert paths == [Path(path)]
    trained.evaluate(path)
    trained.predict(path)
    assert paths == [Path(path)] * 3


def test_columns_become_inputs_by_name_number_and_what_is_left(folder: Path) -> None:
    program = read(CLASSES).program
    for header in ("X1,X2,t", "width,height,t"):
        found = load(table(header, "1,2.5,rose\n3,4,lily\n5,6,rose"), program, {})[0]
        np.testing.assert_array_equal(found["X"], [[1, 2.5], [3, 4], [5, 6]])
        np.testing.assert_array_equal(found["t"], [1, 0, 1])
    labels = read("X: data[n, 1]\nY: labels[n, 3]\nW: parameter[1, 3]\nL = -sum(Y * log_softmax(X @ W))").program
    np.testing.assert_array_equal(load(table("x,Y", "1,2\n4,0"), labels, {})[0]["Y"], np.eye(3)[[2, 0]])
    found = load(table("X2,t,X10,X1,X3,X4,X5,X6,X7,X8,X9", "2,10.0,10,1,3,4,5,6,7,8,9\n0,2,0,0,0,0,0,0,0,0,0"), program, {})[0]
    np.testing.assert_array_equal(found["X"], [range(1, 11), [0] * 10])  # by number, in whatever order they stand
    np.testing.assert_array_equal(found["t"], [10, 2])
    found = load(table("y, X_1", "1,2\n3,4"), read(LINE).program, {})[0]
    assert (found["X"].shape, found["y"].shape) == ((2, 1), (2,))


@pytest.mark.parametrize(
    ("header", "rows", "words"),
    [
        ("X1,X2,t", "1,2,0\n1,two,1", r"data.csv:3: the column X2 holds 'two', which is no number; mend the entry"),
        ("X1,X2,t", "1,2,0\n1,2", r"data.csv:3: there are 2 entries, and 3 columns; mend the line"),
        ("X1,t,", "1,2,0", r"data.csv: column 3 has no name; the first line must name every column"),
        ("X1,X2,X2", "1,2,0", r"data.csv: two columns are called X2; give each a name of its own in the first line"),
        ("X1;X2;t", "1;2;0", r"data.csv: the columns stand apart by ;, and commas are read; write commas"),
        ("1,2.5,0", "3,4,1", r"data.csv: the first line holds numbers; begin with a line that names every column, such as X1,X2,y"),
        ("X1,X2,t", "", r"data.csv: there is a line of names, and no sample; write a line for each below it"),
        ("X1,X2,X4,t", "1,2,3,0", r"there are columns X2 and X4 with none between; number those of a matrix one by one"),
        ("X1,X2", "1,2", r"no column is called t, and no column is left; name a column t"),
        ("X1,X2,t", '1,2,0\n1,"2,5",1', r"data.csv:3: .* holds '2,5', which is no number; write a point for the comma"),
        ("X1,X2,t", '1,2,0\n1,"-2,500.5",1', r"no number; take the commas out where they part thousands, and write a point where"),
        ("X1,X2,t", "1,2,0\n1,2_500,1", r"data.csv:3: the column X2 holds '2_500', which is no number; mend the entry"),
        ("X1,X2,t", "1,2,0\n\n1,2,0.5", r"data.csv:4: the column t holds '0.5', which is no class; classes are whole numbers"),
        ("X1,X2,t,u", "1,2,0,1", r"the column u belongs to no input; take it out, or rename it"),
        ("t", "1\n2", r"no column is called X, and no column is left; name columns X1, X2, ..."),
        ("a,b,c", "1,2,3", r"the columns left are a, b, c; rename the column of t to t, and X takes those that are left"),
        (",X1,X2,t", "0,1,2,0", r"column 1 has no name; name it, or leave an index out, as to_csv\(..., index=False\)"),
        ("1,2.5,lily", "3,4,rose", r"data.csv: the first line holds numbers"),
        ("# flowers", "X1,X2,t", r"data.csv: the first line is a remark; begin with the line that names every column"),
        ("a,b,T", "1,2,3", r"no column is called t, and one is called T; capital and small letters differ: rename it to t"),
        ("X1,X2,t", "1,2,0\n1,nan,1", r"data.csv:3: the column X2 holds 'nan', which is no finite number; mend the entry"),
        ("X1,X2,t", "1,2,0\n-inf,2,1", r"data.csv:3: the column X1 holds '-inf', which is no finite number"),
        ("X1,X2,t", "1,2,0\n1,2,lily", r"the column t holds 'lily', which is no number"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_its_place(folder: Path, header: str, rows: str, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        sb.train(CLASSES, table(header, rows), **QUIET)


@pytest.mark.parametrize("kind", ["labels[n, c]", "labels[n, 3]", "integers[n, c]", "integers[n, 3]"])
def test_a_table_need_not_hold_each_class_and_holds_no_other(folder: Path, kind: str) -> None:
    net = f"X: data[n, 2]\ny: {kind}\nW: parameter[2, {'3' if '3' in kind else 'c'}]\nL = cross_entropy(X @ W, y)\n"
    start = {"W": np.zeros((2, 3))}
    two = "1,2,0\n3,4,1"
    held_out = Path(table("X1,X2,y", two)).rename("two.csv")
    sb.train(net, table("X1,X2,y", f"{two}\n5,6,2"), held_out=held_out, **QUIET)
    assert evaluate(read(net), start, held_out).loss == pytest.approx(np.log(3))
    held_out.write_text("X1,X2,y\n1,2,1\n3,4,3\n")
    with pytest.raises(
        TrainingError, match=r"two.csv:3: the column y holds '3', which is no class: .* from 0 to 2; count them from 0"
    ):
        evaluate(read(net), start, held_out)


def test_more_columns_than_an_input_has_are_refused(folder: Path) -> None:
    two = CLASSES.replace("n, d", "n, 2").replace("d, k", "2, k")
    with pytest.raises(TrainingError, match=r"X takes the columns that are left, id, a, b, which are 3, and it is declared with 2"):
        sb.train(two, table("id,a,b,t", "1,2,3,0\n2,3,4,1"), **QUIET)


def test_arrays_on_disk_are_read_in_parts_and_train_alike(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "PART", 64)  # bytes: five parts of X
    data = drawn()
    for name, array in data.items():
        np.save(f"{name}.npy", array)
    whole = sb.train(CLASSES, data, **QUIET)
    read_whole: list[int] = []
    take = np.memmap.take
    monkeypatch.setattr(
        np.memmap, "take", lambda self, index, *a, **k: read_whole.append(np.size(index)) or take(self, index, *a, **k)
    )
    for given in ({"X": "X.npy", "t": Path("t.npy")}, ".", {"X": np.load("X.npy", mmap_mode="r"), "t": data["t"]}):
        found = sb.train(CLASSES, given, checkpoint="run.npz", **QUIET)
        np.testing.assert_array_equal(found.parameters["W"], whole.parameters["W"])
        assert found.accuracy == whole.accuracy
    assert max(read_whole) == 32  # a step's samples, and never all of them
    sb.train(CLASSES, ".", resume="run.npz", progress=False)
    np.save("X.npy", np.where(np.arange(80).reshape(40, 2) == 79, np.nan, data["X"]))
    with pytest.raises(TrainingError, match="X holds NaN"):
        sb.train(CLASSES, ".", **QUIET)


def test_what_is_no_array_on_disk_is_refused(folder: Path) -> None:
    Path("X.npy").write_text("no array")
    np.savez("several.npz", X=np.zeros((3, 2)))
    Path("several.npz").rename("several.npy")
    for data, words in (
        ({"X": "several.npy", "t": np.zeros(3, int)}, r"several.npy: this is an archive of several arrays, as np.savez writes it"),
        ({"X": "X.npy", "t": np.zeros(3, int)}, r"X.npy: this is no .npy file of numbers"),
        ({"X": "none.npy", "t": np.zeros(3, int)}, r"none.npy: cannot be read: No such file"),
    ):
        with pytest.raises(TrainingError, match=words):
            sb.train(CLASSES, data, **QUIET)
    Path("empty").mkdir()
    with pytest.raises(TrainingError, match=r"empty: the folder holds no .npy file; write one for each input"):
        sb.train(CLASSES, "empty", **QUIET)


@pytest.mark.parametrize("name", [n for n in BUNDLED if n != "digits"])
def test_sets_that_scikit_learn_ships(name: str) -> None:
    found = sb.train(LINE if name == "diabetes" else CLASSES, name, progress=False, epochs=15, rate=0.1)
    assert found.losses.training[-1] < 0.6 * found.losses.training[0]
    assert (found.accuracy or 0) > 0.8 or name == "diabetes"
    with pytest.raises(TrainingError, match=r"but each sample has \d+ measures: declare X: data\[n, \d+\]"):
        sb.train(CLASSES.replace("data[n, d]", "data[n, 7]").replace("parameter[d", "parameter[7"), name, **QUIET)


@pytest.mark.parametrize("name", BUNDLED)
def test_sets_are_read_from_their_files_as_scikit_learn_loads_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read_here = shipped(name)
    with monkeypatch.context() as patch:
        patch.setattr(shipped_module, "_read", lambda one: None)
        loaded = shipped(name)
    assert read_here[1].dtype.kind == loaded[1].dtype.kind
    np.testing.assert_array_equal(read_here[1], loaded[1])
    if name == "diabetes":  # scikit-learn scales them
        read_here, loaded = (((m - m.mean(axis=0)) / m.std(axis=0), t) for m, t in (read_here, loaded))
    np.testing.assert_allclose(read_here[0], loaded[0], rtol=0, atol=1e-12)


def test_a_file_is_held_out_and_all_data_are_trained_on(folder: Path) -> None:
    data, other = drawn(), drawn(10)
    np.savez("test.npz", **other)
    whole = sb.train(CLASSES, data, held_out=0, **QUIET)
    found = sb.train(CLASSES, data, held_out=Path("test.npz"), checkpoint="run.npz", **QUIET)
    np.testing.assert_array_equal(found.parameters["W"], whole.parameters["W"])
    assert (found.samples, found.held_out) == (40, 10)
    assert found.losses.held_out[-1] == pytest.approx(found.evaluate(other).loss, rel=1e-5)
    again = sb.train(CLASSES, data, resume="run.npz", progress=False)
    assert again.losses == found.losses
    np.savez("test.npz", **data)
    with pytest.raises(TrainingError, match=r"held_out=test.npz holds the samples that are trained on, so that nothing is held"):
        sb.train(CLASSES, data, held_out="test.npz", **QUIET)
    np.savez("test.npz", X=np.ones((4, 3)), t=np.zeros(4, int))
    with pytest.raises(TrainingError, match=r"X has the shape \(4, 3\), and \(40, 2\) in the data that are trained on"):
        sb.train(CLASSES, data, held_out="test.npz", **QUIET)
    with pytest.raises(TrainingError, match=r"held_out=2: give a number from 0 to below 1, or the path of a file"):
        sb.train(CLASSES, data, held_out=2, **QUIET)


def test_weights_are_drawn_as_a_name_says() -> None:
    program = read("X: data[n, d]\nW: parameter[d, h]\nb: parameter[h]\nV: parameter[h]\nL = sum(tanh(X @ W + b) @ V)").program
    sizes = {"n": 4, "d": 300, "h": 50}
    spread = {"he": (2 / 300) ** 0.5, "lecun": (1 / 300) ** 0.5, "xavier": (2 / 350) ** 0.5, "normal": 0.01, "zeros": 0.0}
    for name in INITIALISERS:
        found = initial(program, sizes, init=name)
        assert not found["b"].any()
        if name == "orthogonal":
            np.testing.assert_allclose(found["W"].T @ found["W"], np.eye(50), atol=1e-12)
        else:
            assert found["W"].std() == pytest.approx(spread[name], rel=0.05)
    own = initial(program, sizes, init={"b": "normal"})
    np.testing.assert_array_equal(own["W"], initial(program, sizes)["W"])
    assert own["b"].any()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"init": "xaviar"}, "init='xaviar': did you mean xavier?"),
        ({"init": {"w": "he"}}, "init: w is no parameter of the network; did you mean W?"),
        ({"init": 3}, "init=3: give a name, such as init='he'"),
        ({"init": "he", "start": {}}, "init and start both say where to begin; give one of them"),
    ],
)
def test_initialisers_that_are_none_are_refused(settings: dict, words: str) -> None:
    with pytest.raises(TrainingError) as caught:
        sb.train(CLASSES, drawn(), **QUIET, **settings)
    assert words in str(caught.value)


def test_the_log_has_a_line_for_each_epoch_and_goes_on(folder: Path) -> None:
    found = sb.train(CLASSES, drawn(), log="run.jsonl", checkpoint="run.npz", **QUIET)
    sb.train(CLASSES, drawn(), log="run.jsonl", resume="run.npz", epochs=5, progress=False)
    lines = [json.loads(line) for line in Path("run.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4, 5]
    assert [line["loss"] for line in lines[:3]] == list(found.losses.training)
    assert [line["held_out"] for line in lines[:3]] == list(found.losses.held_out)
    short = folder.joinpath("run.jsonl").read_text()  # a run that was killed had told more than it kept, the last line in part
    Path("run.jsonl").write_text(short + '{"epoch": 6, "loss": 1}\n{"epoch": 7, "lo')
    sb.train(CLASSES, drawn(), log="run.jsonl", resume="run.npz", epochs=6, progress=False)
    assert Path("run.jsonl").read_text().startswith(short)
    assert [json.loads(line)["epoch"] for line in Path("run.jsonl").read_text().splitlines()] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(sb.FileError, match="there is no folder no; make it first"):
        sb.train(CLASSES, drawn(), log="no/where.jsonl", **QUIET)


def test_a_log_that_takes_no_more_lines_ends_no_training(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(self: progress.Log, line: str | None) -> None:
        if line:
            raise FileError("run.jsonl: the log cannot be written")

    monkeypatch.setattr(progress.Log, "_write", full)
    found = sb.train(CLASSES, drawn(), log="run.jsonl", **QUIET)
    assert len(found.losses.training) == QUIET["epochs"]
    assert capsys.readouterr().err == "run.jsonl: the log cannot be written. Training goes on\n"


def test_a_loss_that_grew_a_thousandfold_stops() -> None:
    X = np.ones((32, 2))
    with pytest.raises(Diverged, match=r"the loss has grown from .* in the first epoch to .* in epoch \d+; .* lower it") as caught:
        sb.train(LINE, {"X": X, "y": X[:, 0]}, rate=0.4, epochs=60, progress=False, held_out=0)
    assert caught.value.trained is not None
    assert np.isfinite(caught.value.trained.losses.training).all()


@pytest.mark.parametrize("backend", ["numpy", pytest.param("c", marks=pytest.mark.slow)])
def test_a_loss_that_grew_within_the_first_epoch_stops(backend: str) -> None:
    """Where the rate is absurd it is large from the second step on, and no epoch is worse than the first."""
    if backend == "c" and not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    X = np.random.default_rng(0).standard_normal((80, 2))
    settings = {"batch": 8, "held_out": 0, "epochs": 2, "progress": False, "backend": backend}
    data = {"X": X, "y": X @ [1.0, 2.0]}
    with pytest.raises(Diverged, match=r"the loss has grown from .* before the first step to .* in epoch 1; .* lower it") as caught:
        sb.train(LINE, data, rate=50.0, **settings)
    assert caught.value.trained is not None
    best = {"w": np.array([1.0, 2.0]), "b": 1e-9}  # beside the best, all is large
    found = sb.train(LINE, data, optimiser="adam", rate=0.1, start=best, **settings)
    assert found.losses.training[0] > 1e6 * 1e-18


def spread(scale: float) -> dict[str, np.ndarray]:
    """Numbers near 0, of which one is far: the loss of a batch without it is no measure of the others'."""
    y = 1e-3 * np.random.default_rng(0).standard_normal(80)
    y[5] = 3 * scale
    return {"y": y}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("scale", [1.0, 1e3])
@pytest.mark.parametrize("rate", [1e-9, 0.01, 0.1])
def test_batches_that_differ_are_no_divergence(rate: float, scale: float, seed: int) -> None:
    net = "y: data[n]\nb: parameter\nL = mean((b - y)**2)"
    for batch in (16, 32):
        found = sb.train(net, spread(scale), rate=rate, batch=batch, seed=seed, epochs=2, progress=False)
        assert len(found.losses.training) == 2


def test_a_usual_step_beside_the_best_is_no_divergence() -> None:
    y = 1e-5 * np.random.default_rng(0).standard_normal(80)
    found = sb.train(
        "y: data[n]\nb: parameter\nL = mean((b - y)**2)", {"y": y}, optimiser="rmsprop", batch=32, epochs=2, progress=False
    )
    assert len(found.losses.training) == 2


def test_the_command_line_takes_them(folder: Path, run: Run) -> None:
    Path("net.net").write_text(CLASSES)
    table("a,b,t", "\n".join(f"{x},{y},{'up' if x > y else 'down'}" for x, y in drawn()["X"]))
    np.savez("test.npz", **drawn(10))
    code, out, err = run(
        "train", "net.net", "--data", "data.csv", "--held-out", "test.npz", "--init", "W=orthogonal", "--init", "b=zeros",
        "--log", "run.jsonl", "--epochs", "2", "--quiet",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "accuracy on the 10 held-out samples" in out
    assert len(Path("run.jsonl").read_text().splitlines()) == 2
    code, _, err = run("train", "net.net", "--data", "data.csv", "--init", "orthogonally", "--quiet")
    assert (code, "did you mean orthogonal?" in err) == (2, True)


@pytest.mark.parametrize("least", [1, 3])
def test_classes_that_count_from_another_number_than_0_are_asked_for(folder: Path, least: int) -> None:
    """Class 0, which no sample is of, would be a class more, trained to be unlikely: nobody asked for it."""
    data = drawn()
    shifted = data | {"t": data["t"] + least}
    told = f"t counts classes from {least}, and the network counts them from 0.*sizes={{'k': {least + 2}}}.*--size k={least + 2}"
    with pytest.raises(TrainingError, match=f"{told}|give t - {least}"):
        sb.train(CLASSES, shifted, **QUIET)
    rows = "\n".join(f"{a},{b},{t}" for (a, b), t in zip(shifted["X"], shifted["t"], strict=True))
    with pytest.raises(TrainingError, match="write names in the table"):
        sb.train(CLASSES, table("X1,X2,t", rows), **QUIET)
    rows_of_ones = CLASSES.replace("t: integers", "Y: labels").replace(
        "logsumexp(S, axis=1) - S[range(n), t]", "-sum(Y*log_softmax(S), axis=1)"
    )
    with pytest.raises(TrainingError, match=f"Y counts classes from {least}"):
        sb.train(rows_of_ones, table("X1,X2,Y", rows), **QUIET)
    for network, given in ((CLASSES, shifted), (rows_of_ones, table("X1,X2,Y", rows))):
        assert sb.train(network, given, sizes={"k": least + 2}, **QUIET).parameters["b"].shape == (least + 2,)
    start = {"W": np.zeros((2, least + 2)), "b": np.zeros(least + 2)}
    assert sb.train(CLASSES, shifted, start=start, **QUIET).parameters["b"].shape == (least + 2,)
    written = {"X": data["X"], "Y": np.eye(least + 2)[shifted["t"]]}  # a person gave the column
    assert sb.train(rows_of_ones, written, **QUIET).parameters["b"].shape == (least + 2,)


def test_positions_that_are_looked_up_need_not_begin_at_0(folder: Path) -> None:
    network = "u: integers[n, users]\nE: parameter[users, 3]\nw: parameter[3]\ny: data[n]\nL = mean((E[u] @ w - y)**2)"
    rng = np.random.default_rng(0)
    found = sb.train(network, {"u": rng.integers(2, 6, 40), "y": rng.normal(size=40)}, **QUIET)
    assert found.parameters["E"].shape == (6, 3)


def test_an_array_on_disk_that_holds_no_numbers_is_refused(tmp_path: Path) -> None:
    for array, told in ((np.zeros(3, "S4"), "|S4"), (np.zeros(3, complex), "complex128"), (np.array(["a"]), "<U1")):
        np.save(tmp_path / "X.npy", array)
        with pytest.raises(TrainingError, match=rf"X.npy: the array holds {re.escape(told)}, not real numbers; save it as numbers"):
            sb.train(CLASSES, tmp_path, **QUIET)


def test_what_is_no_path_is_refused_in_words() -> None:
    with pytest.raises(TrainingError, match=r"3 is no path of a file; give one that ends in .npz"):
        sb.train(CLASSES, drawn(), checkpoint=3, **QUIET)  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match=r"3 is no path of a file; give one that ends in .npz"):
        sb.train(CLASSES, drawn(), **QUIET).save(3)  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match=r"nowhere: data are read from .* there is nothing of this name"):
        sb.train(CLASSES, "nowhere", **QUIET)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([1, "x"], object), "y.npy: the array is a pickled object, which could run code; save it as one of numbers"),
        (np.array(["a", "b"]), r"y.npy: the array holds <U1, .* np.unique\(..., return_inverse=True\)\[1\] numbers the names"),
        (np.ones(2) + 1j, r"y.npy: the array holds complex128, not real numbers; save it as numbers$"),
    ],
)
def test_what_an_npy_file_holds_is_said_where_it_is_no_number(folder: Path, array: np.ndarray, words: str) -> None:
    np.save("y.npy", array)
    with pytest.raises(TrainingError, match=words):
        mapped.mapped("y.npy")


def test_names_that_may_be_taken_for_two_are_told_in_quotes(folder: Path) -> None:
    rows = "".join(f'{k},{k % 3},"{("Paris, TX", "Rome", "New York")[k % 3]}"\n' for k in range(12))
    Path("towns.csv").write_text(f'x,"the\nother",t\n{rows}')
    told = str(sb.train(CLASSES, "towns.csv", **QUIET).header)
    assert told.endswith("in their order, are New York, 'Paris, TX', Rome")
    assert "columns x, 'the\\nother'" in told
