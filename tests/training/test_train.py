import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate.extents import SizeError
from symbackprop.training import Diverged, TrainingError
from symbackprop.training.layout import split
from symbackprop.verbs import train

EXAMPLES = Path(__file__).parents[2] / "examples"
XOR = {"X": np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), "y": np.array([0, 1, 1, 0])}
UNIT = """
# A single unit
X: data[n, 2]
y: binary[n]
w: parameter[2]
b: parameter[()]
p = sigmoid(X @ w + b)
L = mean((p - y)**2)
"""
LINE = """
X: data[n, 2]
y: data[n]
w: parameter[2]
b: parameter[()]
L = mean((X @ w + b - y)**2)
"""
BATCH = """
X: data[n, d]
Y: data[n, c]
W_1: parameter[h, d]
b_1: parameter[h]
W_2: parameter[c, h]
L = mean(sum((tanh(X @ W_1.T + b_1) @ W_2.T - Y)**2, axis=1))
"""
COLUMNS = """
X: data[d, n]
Y: data[c, n]
W_1: parameter[h, d]
b_1: parameter[h]
W_2: parameter[c, h]
L = mean(sum((W_2 @ tanh(W_1 @ X + b_1[:, None]) - Y)**2, axis=0))
"""
ONE = """
x: data[d]
y: data[c]
W_1: parameter[h, d]
b_1: parameter[h]
W_2: parameter[c, h]
L = sum((W_2 @ tanh(W_1 @ x + b_1) - y)**2)
"""


def drawn(samples: int = 20) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    X = rng.standard_normal((samples, 3))
    return X, np.tanh(X @ rng.standard_normal((3, 2)))


def quiet(net, data, **settings):
    return train(net, data, progress=False, **settings)


def line(samples: int = 40) -> dict[str, np.ndarray]:
    X = np.random.default_rng(0).standard_normal((samples, 2))
    return {"X": X, "y": X @ [2.0, -1.0] + 0.5}


def test_the_digits_are_learnt_to_95_percent(tmp_path: Path) -> None:
    trained = quiet(EXAMPLES / "digits.net", "digits", seed=0)
    assert trained.accuracy is not None
    assert trained.accuracy >= 0.95
    assert (trained.samples, trained.held_out, trained.prediction) == (1438, 359, "S")
    assert trained.sizes == {}
    trained.curve(tmp_path / "curve.svg")
    assert (tmp_path / "curve.svg").read_text(encoding="utf-8").startswith("<svg")
    trained.save(tmp_path / "digits.npz")
    again = quiet(EXAMPLES / "digits.net", "digits", start=tmp_path / "digits.npz", epochs=1, rate=1e-9)
    assert again.score == trained.score


@pytest.mark.parametrize(
    "text",
    [
        "X: data[64, n]\nY: data[10, n]\nW: parameter[10, 64]\nS = W @ X\nL = mean(logsumexp(S, axis=0) - sum(Y * S, axis=0))",
        "X: data[n, 8, 8]\nt: integers[n, c]\nW: parameter[8, 8, c]\nS = einsum('nij,ijc->nc', X, W)\n"
        "L = mean(logsumexp(S, axis=1) - S[arange(n), t])",
        "x: data[64]\ny: labels[10]\nW: parameter[10, 64]\ns = W @ x\nL = logsumexp(s) - sum(y * s)",
    ],
)
def test_the_digits_fit_columns_images_and_one_sample_at_a_time(text: str) -> None:
    trained = quiet(text, "digits", epochs=2)
    assert trained.accuracy is not None
    assert trained.accuracy > 0.85


@pytest.mark.parametrize("seed", range(5))
def test_no_single_unit_learns_xor(seed: int) -> None:
    trained = quiet(UNIT, XOR, epochs=300, rate=5, batch=4, held_out=0, seed=seed)
    assert trained.score is not None
    assert trained.score.right <= 3


def test_two_hidden_units_learn_xor() -> None:
    trained = quiet(EXAMPLES / "xor.net", EXAMPLES / "xor.npz", epochs=500, rate=5, batch=4, held_out=0, seed=0)
    assert trained.score == (4, 4)
    assert trained.losses.training[-1] < 0.05
    assert trained.losses.held_out == ()


def test_a_line_is_found() -> None:
    trained = quiet(LINE, line(), epochs=200, dtype="float64")
    assert np.allclose(trained.parameters["w"], [2, -1], atol=1e-6)
    assert trained.parameters["b"] == pytest.approx(0.5, abs=1e-6)
    assert trained.accuracy is None
    assert trained.losses.held_out[-1] < 1e-10
    assert "accuracy" not in trained.summary()


def test_rows_columns_and_single_samples_train_alike() -> None:
    X, Y = drawn()
    settings = {"sizes": {"h": 4}, "epochs": 3, "batch": 6, "momentum": 0.5, "dtype": "float64", "rate": 0.2}
    rows = quiet(BATCH, {"X": X, "Y": Y}, **settings)
    columns = quiet(COLUMNS, {"X": X.T, "Y": Y.T}, **settings)
    single = quiet(ONE, {"x": X, "y": Y}, **settings)
    for other in (columns, single):
        assert np.allclose(rows.losses.training, other.losses.training, rtol=1e-10)
        assert np.allclose(rows.losses.held_out, other.losses.held_out, rtol=1e-10)
        for name, w in rows.parameters.items():
            assert np.allclose(w, other.parameters[name], rtol=1e-9)


def test_a_step_on_all_samples_is_the_derived_gradient_times_the_rate() -> None:
    data, start = line(8), {"w": np.array([1.0, 1.0]), "b": np.array(0.0)}
    trained = quiet(LINE, data, start=start, epochs=1, batch=8, held_out=0, rate=0.1, dtype="float64")
    rest = data["X"] @ start["w"] - data["y"]
    assert trained.losses.training == (pytest.approx((rest**2).mean()),)
    assert np.allclose(trained.parameters["w"], start["w"] - 0.1 * 2 * (rest[:, None] * data["X"]).mean(axis=0))
    assert np.allclose(trained.parameters["b"], -0.1 * 2 * rest.mean())
    assert start["w"].tolist() == [1, 1]


def test_a_seed_repeats_a_run_and_the_held_out_part_stays() -> None:
    first, again, other = (quiet(LINE, line(), epochs=3, seed=seed) for seed in (1, 1, 2))
    assert first.losses == again.losses
    assert first.losses != other.losses
    assert np.array_equal(first.parameters["w"], again.parameters["w"])


def test_the_held_out_loss_is_the_mean_over_mini_batches_of_the_compiled_loss() -> None:
    X, Y = drawn(30)
    trained = train(BATCH, {"X": X, "Y": Y}, epochs=2, batch=4, sizes={"h": 3}, held_out=0.35, dtype="float64", progress=False)
    loss = sb.compile(BATCH, {"h": 3}).value
    _, held = split(30, 0.35, None)
    parts = [held[k : k + 4] for k in range(0, len(held), 4)]  # the last one is smaller
    mean = sum(loss(trained.parameters, {"X": X[p], "Y": Y[p]}) * len(p) for p in parts) / len(held)
    assert len(held) % 4
    assert trained.losses.held_out[-1] == pytest.approx(mean, rel=1e-12)


def test_patience_keeps_the_best_parameters() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((12, 10))
    data = {"X": X, "y": rng.standard_normal(12)}
    net = LINE.replace("data[n, 2]", "data[n, d]").replace("parameter[2]", "parameter[d]")
    trained = quiet(net, data, epochs=500, rate=0.05, held_out=0.5, patience=5, dtype="float64")
    held_out = trained.losses.held_out
    assert len(held_out) < 500
    assert trained.kept == int(np.argmin(held_out)) + 1 == len(held_out) - 5
    assert f"of which {trained.kept} are kept" in trained.summary()
    same = quiet(net, data, epochs=trained.kept, rate=0.05, held_out=0.5, dtype="float64")
    assert np.array_equal(same.parameters["w"], trained.parameters["w"])


@pytest.mark.filterwarnings("error")
def test_settings_may_be_numbers_of_numpy(tmp_path: Path) -> None:
    settings = {
        "rate": np.float32(0.1), "epochs": np.int64(3), "batch": np.uint8(8), "seed": np.int32(2), "held_out": np.float16(0.25),
        "momentum": np.float64(0.5), "clip": np.float32(3), "patience": np.int8(2),
    }  # fmt: skip
    trained = quiet(LINE, line(), checkpoint=tmp_path / "run.npz", **settings)
    again = quiet(LINE, line(), **{name: float(v) if isinstance(v, np.floating) else int(v) for name, v in settings.items()})
    assert trained.losses == again.losses
    resumed = sb.train(LINE, line(), resume=tmp_path / "run.npz", progress=False, **settings)
    assert resumed.losses == trained.losses


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": 0}, "epochs=0: give a whole number from 1 on"),
        ({"batch": 2.5}, "batch=2.5: give a whole number from 1 on"),
        ({"patience": 0}, "patience=0: give a whole number from 1 on"),
        ({"seed": -1}, "seed=-1: give a whole number from 0 on"),
        ({"rate": 0}, "rate=0: give a positive number"),
        ({"rate": float("nan")}, "rate=nan: give a positive number"),
        ({"decay": -1}, "decay=-1: give 0 or a positive number"),
        ({"held_out": 1}, "held_out=1: give a number from 0 to below 1"),
        ({"momentum": 1.5}, "momentum=1.5: give a number from 0 to below 1"),
        ({"optimiser": "adma"}, "optimiser='adma': did you mean adam"),
        ({"optimiser": "nesterov"}, "nesterov looks ahead along the momentum: give momentum=0.9 as well"),
        ({"optimiser": "adam", "momentum": 0.9}, "momentum=0.9: adam has means of its own; leave momentum out"),
        ({"clip": 0}, "clip=0: give a positive number, such as 1"),
        ({"schedule": "cosin"}, "schedule='cosin': did you mean cosine?"),
        ({"dtype": "float16"}, "dtype='float16': did you mean float"),
        ({"patience": 3, "held_out": 0}, "patience watches the loss on held-out samples: give held_out=0.2 as well"),
        ({"predict": "q"}, "predict: the network computes no q"),
        ({"predict": 3}, "predict: the network computes no 3"),
        ({"sizes": 5}, "sizes=5: give a dict with names, such as sizes={'h': 32}"),
        ({"sizes": {"k": 3}}, "k is no size of this network"),
        ({"start": {"w": [1, 2]}}, "start: the parameter b is missing; give an array for each of w, b"),
        ({"start": {"w": [1, 2], "b": 0, "c": 1}}, "start: c is no parameter of the network"),
        ({"start": {"w": [1, 2, 3], "b": 0}}, "w has shape (3,), but it is declared as (2,)"),
        ({"start": {"w": 1, "b": 0}}, "start: w has shape (), but it is declared as (2,)"),
        ({"start": {"w": [np.nan, 2], "b": 0}}, "start: w holds numbers that are not finite"),
        ({"lr": 0.1}, "there is no setting lr; did you mean rate?"),
        ({"epoch": 3}, "there is no setting epoch; did you mean epochs?"),
        ({"start": "none.npz"}, "none.npz: cannot be read: No such file"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict, words: str) -> None:
    with pytest.raises((TrainingError, SizeError)) as refused:
        quiet(LINE, line(), **settings)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"X": np.ones((3, 2))}, "the array y is missing: the network declares y: data[n]; the data hold X"),
        ({}, "the array X is missing: the network declares X: data[n, 2]; the data hold no array"),
        (line() | {"x": 1}, "x is no data input of the network; leave the array out, or rename it: did you mean X?"),
        (line() | {"y": np.ones(3)}, "different numbers of samples: X has 40, y has 3"),
        (line() | {"y": [[1], [1, 2]]}, "y is no array: its rows have different lengths"),
        (line() | {"y": ["a"] * 40}, "y holds text, not numbers; give numbers: np.unique(y, return_inverse=True)[1] numbers"),
        (line() | {"y": np.full(40, np.nan)}, "y holds NaN at (0,); mend the data"),
        (3, 'data is a dict of arrays, the path of an .npz file or "digits", not int'),
        ("none.npz", "none.npz: cannot be read: No such file or directory"),
        ("digit", "digit: data are read from .npz, .csv and .safetensors files and folders of .npy files; did you mean digits?"),
        ("data.xlsx", "data.xlsx: data are read from .npz, .csv and .safetensors files"),
        (line() | {"X": np.ma.masked_less(line()["X"], -1)}, "X is masked at ("),
        ("digits", "X is declared as (n, 2), but a digit is an image of 64 pixels: declare X: data[n, 64]"),
    ],
)
def test_data_that_do_not_fit_are_refused(data: object, words: str) -> None:
    with pytest.raises(TrainingError) as refused:
        quiet(LINE, data)
    assert words in str(refused.value)


def test_a_file_with_a_missing_or_a_misshapen_array_is_refused_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.ones((3, 2)))
    with pytest.raises(TrainingError, match=r"a.npz: the array y is missing"):
        quiet(LINE, tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", X=np.ones((3, 2)), y=np.ones((3, 1, 1)))
    with pytest.raises(TrainingError, match=r"y has shape \(3, 1, 1\), but it is declared as \(n,\)"):
        quiet(LINE, tmp_path / "a.npz")


def test_the_digits_need_two_inputs_and_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TrainingError, match=r"one data input and one input of labels or integers; it has A: data$"):
        quiet("A: data[n, 64]\nW: parameter[64]\nL = sum(A @ W)", "digits")
    for missing in ("sklearn", "sklearn.datasets"):
        monkeypatch.setitem(__import__("sys").modules, missing, None)
    with pytest.raises(TrainingError, match=r"the digits come with scikit-learn: pip install 'symbackprop\[digits\]'"):
        quiet(EXAMPLES / "digits.net", "digits")


def test_a_network_without_parameters_is_refused() -> None:
    with pytest.raises(TrainingError, match="the network has no parameter to train; declare one"):
        quiet("X: data[n]\nL = sum(X)", {"X": np.ones(3)})


DIVERGED = (
    r"the loss became (inf|nan) in epoch \d+, step \d+, the first value that is not finite being L = .*; w has grown to .*: "
    r"the rate 1e\+20 is too high; lower it, to 1e\+19 say"
)


def test_a_rate_that_is_too_high_stops_with_the_place_and_the_mend_and_keeps_the_last_finite_parameters() -> None:
    with pytest.raises(Diverged, match=DIVERGED) as stopped:
        quiet(LINE, line(), rate=1e20, epochs=500)
    trained = stopped.value.trained
    assert trained is not None
    again = quiet(LINE, line(), start=trained.parameters, epochs=1, rate=1e-30, batch=40)
    assert np.isfinite(again.losses.training[0])


def test_data_that_are_too_large_for_their_steps_are_named() -> None:
    data = line()
    with pytest.raises(Diverged, match=r"X reaches .*e\+06, and steps are too long for that; scale the data to about 1"):
        quiet(LINE, {**data, "X": data["X"] * 1e6})


@pytest.mark.slow
def test_a_table_of_a_few_samples_is_trained_on_whole() -> None:
    trained = quiet(EXAMPLES / "xor.net", EXAMPLES / "xor.npz")
    assert (trained.samples, trained.held_out, trained.score) == (4, 0, (4, 4))
    assert "on 4 samples (none is held out)" in trained.summary()
    with pytest.raises(TrainingError, match=r"held_out=0.9 of 4 samples leaves none to train on"):
        quiet(EXAMPLES / "xor.net", EXAMPLES / "xor.npz", held_out=0.9)
    with pytest.raises(TrainingError, match=r"patience watches the loss on held-out samples, of which 4 leave none"):
        quiet(EXAMPLES / "xor.net", EXAMPLES / "xor.npz", patience=3)


def test_ctrl_c_returns_what_there_is_after_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    from symbackprop.training.model import Model

    steps, gradient = [], Model.gradient

    def interrupted(self, *arguments):
        steps.append(1)
        if len(steps) == 3:
            signal.raise_signal(signal.SIGINT)
        return gradient(self, *arguments)

    monkeypatch.setattr(Model, "gradient", interrupted)
    trained = quiet(LINE, line(), epochs=1000, batch=16)
    assert len(steps) == 3
    assert (trained.stopped, len(trained.losses.training)) == ("Ctrl-C", 1)
    assert "trained 1 epoch on 32 samples, stopped by Ctrl-C" in trained.summary()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None or os.name == "nt", reason="there is no C compiler")
def test_ctrl_c_while_c_is_compiled_is_no_fault_of_the_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "compiler.py"  # as a terminal does, which sends the signal to all processes of its group
    script.write_text("""import os, signal, sys
if not os.path.exists(__file__ + ".pressed"):
    open(__file__ + ".pressed", "w").close()
    os.kill(os.getppid(), signal.SIGINT)
    if os.getpgid(0) == os.getpgid(os.getppid()):
        sys.exit(1)
os.execvp("cc", ["cc", *sys.argv[1:]])
""")
    monkeypatch.setenv("CC", f"{sys.executable} {script}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    trained = quiet(LINE, line(), epochs=1000, batch=16, backend="c")
    assert (trained.stopped, len(trained.losses.training)) == ("Ctrl-C", 0)


def test_a_loss_that_is_not_finite_before_the_first_step_is_told_apart() -> None:
    data = {"X": np.full((10, 2), 1e30), "y": np.zeros(10)}
    with pytest.raises(TrainingError, match=r"the loss is inf before the first step: .* scale the data to about 1"):
        quiet(LINE, data)


def test_the_summary_says_what_came_out() -> None:
    trained = quiet(UNIT, {"X": np.tile(XOR["X"], (5, 1)), "y": np.tile(XOR["X"][:, 0], 5)}, epochs=200, rate=5)
    assert trained.summary().splitlines()[0].startswith("trained 200 epochs on 16 samples: L from 0.")
    assert trained.summary().splitlines()[1] == "accuracy on the 4 held-out samples: 100.0% (4 of 4 right), by p"
    assert str(trained) == trained.summary()
