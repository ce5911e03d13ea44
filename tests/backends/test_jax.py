"""Source for JAX: the numbers of NumPy's, loops as scans, on several devices and in several processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.dialect import JAX
from symbackprop.backends.function import Compiled, compile, with_sizes
from symbackprop.backends.jax.devices import Devices, exactly, require_jax
from symbackprop.backends.numpy.source import source
from symbackprop.core.differentiate import differentiate
from symbackprop.evaluate.points import point
from symbackprop.training import Diverged, TrainingError
from symbackprop.training.optimiser import OPTIMISERS
from tests.command import Run
from tests.loops.networks import CASES
from tests.loops.test_derivatives import names_of, steps_of

ROOT = Path(__file__).parent.parent.parent
NETWORKS = {
    "windows": "x: parameter[9]\nK: parameter[3]\nL = sum(conv1d(reshape(x, (1, 1, 9)), reshape(K, (1, 1, 3)), padding=1)**2)",
    "look-up": "E: parameter[v, d]\nt: integers[n, v]\nw: parameter[v]\nL = sum(E[t]**2) + sum(w[t])",
    "slices": "x: parameter[8]\nL = sum(x[1:4]**2) + sum(x[::2]**3) + sum(x[::-1] * concatenate([x[4:], x[:4]]))",
    "matrices": "A: parameter[3, 3]\nB = A @ A.T + eye(3)\nL = logdet(B) + trace(inv(B))",
    "functions of a matrix": "A: parameter[3, 3]\nB = A @ A.T + eye(3)\nL = sum(sin(expm(A))) + sum(sqrtm(B)**3) + sum(sin(logm(B)))",
    "a mask": "S: parameter[n, n]\nP = softmax(where(tril(ones((n, n))) > 0, S, -1e9), axis=1)\nL = sum(P**2) + log(n)",
    "functions": "x: parameter[n] & positive\nL = sum(erf(x) + gammaln(x) + log1p(x))",
    "reductions": "A: parameter[n, m]\nL = prod(A[0]) + sum(max(A, axis=0)) + sum(logsumexp(A, axis=1)) + mean(A > 0)",
}


def assert_same(ours: Compiled, theirs: Compiled, at: dict[str, np.ndarray]) -> None:
    value, gradients = ours.value_and_grad(at)
    found, same = theirs.value_and_grad(at)
    np.testing.assert_allclose(found, value, rtol=1e-10)
    assert list(same) == list(gradients)
    for name, gradient in gradients.items():
        scale = max(1.0, float(abs(gradient).max()))
        np.testing.assert_allclose(same[name] / scale, gradient / scale, rtol=1e-9, atol=1e-10, err_msg=name)


LONG = "functions of a matrix"  # which XLA compiles for half a minute


@pytest.mark.parametrize("name", [n if n != LONG else pytest.param(n, marks=pytest.mark.slow) for n in NETWORKS])
def test_gradients_are_those_of_numpy(jax: ModuleType, name: str) -> None:
    ours, theirs = (sb.compile(NETWORKS[name], backend=backend) for backend in ("numpy", "jax"))
    sizes = dict(zip((s.name for s in ours.program.sizes()), (4, 3, 5), strict=False))
    at = point(with_sizes(ours.program, sizes), {}, seed=1)
    with jax.disable_jit():  # operations that are compiled one by one serve the next network as well
        assert_same(ours, theirs, {t.name: at[t.name] for t in ours.program.inputs if t.kind != "constant"})


@pytest.mark.parametrize("name", ["rnn", "layers over time", "numbered steps"])
def test_loops_are_scans(jax: ModuleType, name: str) -> None:
    case = CASES[name]
    derived = differentiate(case.program, "L", names_of(case.program))
    told = {n for t in case.program.inputs for n in t.shape}
    sizes = case.at(*steps_of(case)[-1])
    fixed = {s.name: sizes[s.name] for s in case.program.sizes() if s not in told}
    ours, theirs = (compile(derived, fixed, backend=backend) for backend in ("numpy", "jax"))
    assert "jax.lax.scan(step_" in theirs.source
    assert_same(ours, theirs, point(case.program, sizes, seed=3))


def test_a_scan_reads_as_somebody_would_write_it() -> None:
    derived = differentiate(CASES["rnn"].program, "L", ["W"])
    text = source(derived.forward, "L", {}, dialect=JAX).text
    assert (
        text[text.index("    u = ") : text.index("\n    L =")]
        == """\
    u = x @ W  # (T, N, m)
    p_first = h0  # (N, m)
    def step_t(carried, given):
        (p_t,) = carried
        (u_t,) = given
        v_t = p_t @ U  # (N, m)
        h_t = jnp.tanh(u_t + v_t + b)  # (N, m)
        return (h_t,), (h_t,)
    _, (h,) = jax.lax.scan(step_t, (p_first,), (u,))
    q = h[-1]  # (N, m)"""
    )


def test_float32_is_kept_and_the_function_stands_in_functions_of_jax(jax: ModuleType) -> None:
    compiled = sb.compile("X: data[n, d]\nw: parameter[d]\nL = mean(relu(X @ w) + exp(-w[0]))", backend="jax", dtype="float32")
    w, X = np.ones(3, "float32"), np.ones((4, 3), "float32")
    assert compiled.grad(w=w, X=X)["w"].dtype == "float32"
    both = jax.vmap(compiled.function, in_axes=(0, None))(np.stack([w, 2 * w]), X)
    np.testing.assert_allclose(both[0], [compiled.value(w=w, X=X), compiled.value(w=2 * w, X=X)], rtol=1e-6)
    assert both[1]["w"].dtype == "float32"


def test_changes_along_vectors_are_those_of_numpy(jax: ModuleType) -> None:
    net, at = "x: parameter[3]\ny: parameter[3]\nL = sum(tanh(x * y)**2)", {"x": np.arange(3.0), "y": np.ones(3)}
    ours, theirs = (sb.compile(net, backend=backend) for backend in ("numpy", "jax"))
    v = {"y": np.array([1.0, -2.0, 0.5])}
    assert theirs.jvp(v, at) == pytest.approx(ours.jvp(v, at), rel=1e-12)
    for name, change in ours.hvp(v, at).items():
        np.testing.assert_allclose(theirs.hvp(v, at)[name], change, rtol=1e-12)


TRAIN = """
import json, os, sys
import numpy as np
import symbackprop as sb

if len(sys.argv) > 1:
    import jax
    jax.distributed.initialize(f"localhost:{sys.argv[1]}", 2, int(sys.argv[2]))
rng = np.random.default_rng(0)
X = rng.normal(size=(22, 3))
data = {"X": X, "y": np.tanh(X @ [1.0, -2.0, 0.5])}
net = "X: data[n, 3]\\ny: data[n]\\nw: parameter[3]\\nL = mean((tanh(X @ w) - y)**2)"
runs = [("jax", {"devices": 4})] + ([] if len(sys.argv) > 1 else [("jax", {}), ("numpy", {})])
found = [sb.train(net, data, epochs=3, batch=8, dtype="float64", backend=b, held_out=0, progress=False, checkpoint="run.npz", **k)
         for b, k in runs]
print(json.dumps([[*t.losses.training, *t.parameters["w"].tolist()] for t in found]))
"""


def started(devices: int, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    flags = {"XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    folder.mkdir()
    command = [sys.executable, "-c", TRAIN, *arguments]
    return subprocess.Popen(command, cwd=folder, env=os.environ | flags, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def result(process: subprocess.Popen[str]) -> list[list[float]]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


def test_samples_are_divided_among_devices_and_processes(jax: ModuleType, tmp_path: Path) -> None:
    """Steps of 8, 8 and 6 samples: the last cannot be divided by four. Of two processes the first writes the files."""
    alone = started(4, tmp_path / "alone")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    pair = [started(2, tmp_path / f"process {k}", str(port), str(k)) for k in (0, 1)]
    four, one, numpy = result(alone)
    for found in (four, one, *(result(process)[0] for process in pair)):
        np.testing.assert_allclose(found, numpy, rtol=1e-12)
    assert [(tmp_path / f"process {k}" / "run.npz").exists() for k in (0, 1)] == [True, False]


def test_data_cross_to_the_device_once_unless_they_stand_on_disk(jax: ModuleType, tmp_path: Path, monkeypatch) -> None:
    """Each step then sends the places of its samples alone; of arrays on disk it sends the samples."""
    X = np.random.default_rng(0).normal(size=(22, 3))
    data = {"X": X, "y": np.tanh(X @ [1.0, -2.0, 0.5])}
    net = "X: data[n, 3]\ny: data[n]\nw: parameter[3]\nL = mean((tanh(X @ w) - y)**2)"
    settings = {"epochs": 3, "batch": 8, "dtype": "float64", "held_out": 0, "progress": False}
    sent: list[tuple[int, ...]] = []
    put = Devices.put
    monkeypatch.setattr(Devices, "put", lambda self, array, axis=None: sent.append(array.shape) or put(self, array, axis))
    found = sb.train(net, data, backend="jax", **settings)
    assert sent.count((22, 3)) == sent.count((22,)) == 1
    assert [n for n in sent if n in ((8,), (6,))] == [(8,), (8,), (6,)] * 3
    assert len(sent) == 2 + 2 + 3 * 3  # data, the parameters and which of them decay, samples of steps
    np.save(tmp_path / "X.npy", X)
    for other in (sb.train(net, data, **settings), sb.train(net, {**data, "X": tmp_path / "X.npy"}, backend="jax", **settings)):
        np.testing.assert_allclose(found.losses.training, other.losses.training, rtol=1e-12)
        np.testing.assert_allclose(found.parameters["w"], other.parameters["w"], rtol=1e-12)
    sent.clear()
    single = "x: data[3]\ny: data\nw: parameter[3]\nL = (tanh(x @ w) - y)**2"
    assert len(sb.train(single, {"x": X, "y": data["y"]}, backend="jax", **settings).losses.training) == 3
    assert sent.count((22, 3)) == 1


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_descent_on_devices_is_that_of_numpy(jax: ModuleType, optimiser: str) -> None:
    """With momentum, decay, clipping, a schedule, samples held out; the last steps of an epoch are of fewer samples."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(27, 3))
    data = {"X": X, "y": (X @ [1.0, -2.0, 0.5] > 0).astype(int)}
    net = "X: data[n, 3]\ny: integers[n, 2]\nW: parameter[3, 2]\nb: parameter[2]\nL = cross_entropy(X @ W + b, y)"
    own = {"momentum": 0.9} if "velocity" in OPTIMISERS[optimiser].slots else {}
    settings = {
        "epochs": 4, "batch": 8, "dtype": "float64", "held_out": 0.3, "progress": False, "optimiser": optimiser, "decay": 0.01,
        "clip": 0.1, "schedule": "cosine", **own,
    }  # fmt: skip
    numpy, found = (sb.train(net, data, backend=backend, **settings) for backend in ("numpy", "jax"))
    np.testing.assert_allclose(found.losses.training, numpy.losses.training, rtol=1e-12)
    np.testing.assert_allclose(found.losses.held_out, numpy.losses.held_out, rtol=1e-12)
    assert found.score == numpy.score
    for name, w in numpy.parameters.items():
        np.testing.assert_allclose(found.parameters[name], w, rtol=1e-10, atol=1e-14)


def test_a_run_goes_on_where_another_backend_stopped(jax: ModuleType, tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(22, 3))
    data = {"X": X, "y": np.tanh(X @ [1.0, -2.0, 0.5])}
    net = "X: data[n, 3]\ny: data[n]\nw: parameter[3]\nL = mean((tanh(X @ w) - y)**2)"
    settings = {"batch": 8, "dtype": "float64", "held_out": 0, "progress": False, "optimiser": "adam"}
    whole = sb.train(net, data, epochs=4, **settings)
    for first, then in (("numpy", "jax"), ("jax", "numpy")):
        path = tmp_path / f"{first}.npz"
        sb.train(net, data, epochs=2, backend=first, checkpoint=path, **settings)
        found = sb.train(net, data, epochs=4, resume=path, backend=then, progress=False)
        np.testing.assert_allclose(found.losses.training, whole.losses.training, rtol=1e-10)
        np.testing.assert_allclose(found.parameters["w"], whole.parameters["w"], rtol=1e-10)


@pytest.mark.parametrize("domain", ["symmetric", "spd", "orthogonal", "positive"])
def test_parameters_stay_in_their_domain_on_devices(jax: ModuleType, domain: str) -> None:
    net = f"X: data[n, 3]\nA: parameter[3, 3] & {domain}\nL = mean((X @ A @ X.T - 1)**2)"
    data = {"X": np.random.default_rng(0).normal(size=(20, 3))}
    settings = {"epochs": 3, "batch": 5, "dtype": "float64", "held_out": 0, "progress": False, "rate": 0.01}
    numpy, found = (sb.train(net, data, backend=backend, **settings) for backend in ("numpy", "jax"))
    np.testing.assert_allclose(found.parameters["A"], numpy.parameters["A"], rtol=1e-9)


def test_the_last_finite_parameters_come_back_from_the_device(jax: ModuleType) -> None:
    faults = []
    for backend in ("numpy", "jax"):
        with pytest.raises(Diverged) as caught:
            sb.train(
                LINE.replace("**2", "**6"), {"X": np.ones((4, 2)), "y": 3 * np.ones(4)}, rate=1.0, backend=backend, progress=False
            )
        faults.append(caught.value)
    assert str(faults[0]) == str(faults[1])
    np.testing.assert_allclose(faults[0].trained.parameters["w"], faults[1].trained.parameters["w"], rtol=1e-5)


def test_products_have_the_digits_of_their_type(jax: ModuleType) -> None:
    """A GPU multiplies float32 in fewer digits where nobody says otherwise; what a person has said stays."""

    def product() -> str:
        with exactly("float32"):
            return str(jax.make_jaxpr(lambda A: A @ A)(np.ones((2, 2), "float32")))

    assert "HIGHEST" in product()
    with jax.default_matmul_precision("tensorfloat32"):
        assert "TF32_TF32_F32" in product() or "HIGH" in product()
        assert "HIGHEST" not in product()


LINE = "X: data[n, 2]\ny: data[n]\nw: parameter[2]\nL = mean((X @ w - y)**2)"
FEW = {"X": np.ones((4, 2)), "y": np.ones(4)}


@pytest.mark.parametrize(
    ("net", "settings", "fault"),
    [
        (LINE, {"backend": "cuda"}, "backend='cuda': there are auto, c, jax, numpy"),
        (LINE, {"devices": 2}, 'devices=2: numpy runs on one processor; give backend="jax" as well'),
        (LINE, {"backend": "jax", "devices": 3}, "batch=32 cannot be divided evenly among devices=3; give batch=33"),
        ("x: data[2]\nw: parameter[2]\nL = sum(w * x)**2", {"backend": "jax", "devices": 2}, "declare X: data[n, d], say"),
    ],
)
def test_what_cannot_be_divided_is_refused_before_training(net: str, settings: dict[str, object], fault: str) -> None:
    data = FEW if "X" in net else {"x": np.ones((4, 2))}
    with pytest.raises(TrainingError) as caught:
        sb.train(net, data, progress=False, **settings)
    assert fault in str(caught.value)


def test_more_devices_than_there_are(jax: ModuleType) -> None:
    with pytest.raises(sb.SymbackpropError, match=r"devices=64, and JAX finds \d+ \(cpu\): give devices=\d+, or start more"):
        sb.train(LINE, FEW, backend="jax", devices=64, batch=64, progress=False)


def test_without_jax_its_source_is_written_and_running_it_is_refused(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    require_jax.cache_clear()
    compiled = sb.compile(LINE, backend="jax")
    with pytest.raises(sb.SymbackpropError, match=r"pip install 'symbackprop\[jax\]'"):
        compiled.value(w=np.ones(2), **FEW)
    code, out, _ = run("compile", ROOT / "examples/two_layer.net", "--format", "jax", "-o", "step.py")
    assert (code, out) == (0, "step.py: written, it depends on JAX alone\n")
    assert "import jax.numpy as jnp" in Path("step.py").read_text()
