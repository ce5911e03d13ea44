"""Plans as C: the same numbers as NumPy, no warning of the compiler, nothing that the sanitizers object to."""

import hashlib
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import mpmath
import numpy as np
import pytest
from numpy import ndarray

import symbackprop as sb
from symbackprop.backends.c.library import NativeError, built, compiler, loaded
from symbackprop.backends.c.matrices import MATRICES
from symbackprop.backends.function import Compiled, CompileError
from symbackprop.backends.printed import code_of
from symbackprop.backends.step import Step
from symbackprop.core.program import Matrix
from symbackprop.plan.schedule import plan
from tests.command import Run
from tests.plan.test_plan import EXAMPLES, NETWORKS, OTHERS, WITHOUT_LOSS, at_sizes, compiled

CC = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
ALL = [name for name in (*NETWORKS, *OTHERS) if name not in WITHOUT_LOSS]
SOME = [
    "layers/conv2d.net",
    "layers/max_pool2d.net",
    "look-up",
    "activations",
    "cases",
    "numbers",
    "windows",
    "digits.net",
    "matrices",
]
UNREAD = "A: parameter[2]\nx: data[3]\ny: data[2]\nB: parameter[2, 2]\nL = sum(B * sum(x * 0 + 1)) + sum(y - y)"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def program_of(function: Compiled, arrays: dict[str, ndarray], step: Step, text: str) -> str:
    """The generated source with a `main` that prints the loss and the gradients at a point."""
    real = "float" if function.dtype == "float32" else "double"

    def table(name: str, array: ndarray, kind: str) -> str:
        return f"static {kind} {name}[] = {{{', '.join(map(repr, array.ravel().tolist()))}}};\n"

    data = [(f"in_{k}", a, "long long" if a.dtype.kind == "i" else real) for k, a in enumerate(step.data.values())]
    tables = "".join(table(*row) for row in [("parameters_", step.flat, real), *data])
    names = ", ".join(["parameters_", "gradients_", *(name for name, *_ in data), "&memory_"])
    length = step.flat_gradient.size
    return f"""{text}
#include <stdio.h>
{tables}static {real} gradients_[{length}];
static step_memory memory_;
int main(void) {{
    step({names});
    printf("%.17g\\n", step({names}));
    for (int k = 0; k < {length}; k++) printf("%.17g\\n", (double)gradients_[k]);
    return 0;
}}
"""


def assert_exported(function: Compiled, folder: Path) -> None:
    """A file that is compiled alone, strictly, and says what the step says under the sanitizers."""
    program, arrays = at_sizes(function, range(3, 20))
    step = function.bind(arrays)
    fixed = Compiled(program, function.value_name, function.gradients)
    path = folder / "step.c"
    path.write_text(program_of(function, arrays, step, fixed.c_source("a *network*/")), encoding="utf-8")
    checks = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    subprocess.run([str(CC), *STRICT, *checks, "-o", folder / "step", path, "-lm"], check=True)
    done = subprocess.run([folder / "step"], capture_output=True, text=True, check=True)
    value, *gradients = map(float, done.stdout.split())
    assert value == pytest.approx(step(), rel=1e-11)
    np.testing.assert_allclose(gradients, step.flat_gradient, rtol=1e-9, atol=1e-10)


LAYER = "X: data[n, d]\nW: parameter[d, h]\nb: parameter[h]\nY = tanh(X @ W + b)"


@pytest.mark.parametrize("backend", ["numpy", *(["c"] if CC is not None else [])])
def test_a_layer_that_hands_back_a_gradient_has_its_value_among_the_gradients(backend: str) -> None:
    function = sb.compile(sb.derive(LAYER, upstream="G"), {"n": 4, "d": 3, "h": 2})
    rng = np.random.default_rng(0)
    arrays = {t.name: rng.standard_normal([int(n) for n in t.shape]) for t in function.program.inputs}
    found = plan(function.program, function.value_name, function.gradients)
    step = Step(found.layout, code_of(found, "float64", backend), "float64", lambda *_: (0.0, {}))
    step.put(arrays)
    value, gradients = function.value_and_grad(arrays)
    assert step() == 0
    for name, array in {"Y": value, **gradients}.items():
        np.testing.assert_allclose(step.gradients[name], array, rtol=1e-12)
    assert "Y and its gradients" in function.c_source()
    with pytest.raises(CompileError, match="Y has axes"):
        function.fast_source()


if CC is not None:

    @pytest.mark.slow
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("name", ALL)
    def test_c_computes_what_numpy_does(name: str, dtype: str) -> None:
        function = sb.compile(OTHERS[name] if name in OTHERS else EXAMPLES / name, dtype=dtype)
        program, arrays = at_sizes(function, range(3, 20))
        if any(isinstance(e.op, Matrix) and e.op.kind not in MATRICES for e in program.equations):
            with pytest.raises(NativeError, match="of a matrix has no C"):
                function.bind(arrays, backend="c")
            return
        plain, native = (function.bind(arrays, backend=backend) for backend in ("numpy", "c"))
        for _ in range(2):
            values = plain(), native()
        close = 1e-11 if dtype == "float64" else 2e-4
        assert values[1] == pytest.approx(values[0], rel=close, abs=close)
        for w, gradient in plain.gradients.items():
            np.testing.assert_allclose(native.gradients[w], gradient, rtol=close, atol=close * max(1, abs(gradient).max()))

    def test_neighbours_over_as_many_positions_are_one_loop() -> None:
        """What is added along rows and what follows entry by entry, whose axes are one; an exponential is computed once."""
        text = """X: data[32, 48]
W: parameter[48, 64]
b: parameter[64]
V: parameter[64, 40]
A = softmax(relu(X @ W + b) @ V / sqrt(8), axis=1)
L = sum(A**3)"""
        function = sb.compile(text)
        arrays = {t.name: np.random.default_rng(0).standard_normal([int(n) for n in t.shape]) for t in function.program.inputs}
        plain, native = (function.bind(arrays, backend=backend) for backend in ("numpy", "c"))
        assert native() == pytest.approx(plain(), rel=1e-11)
        np.testing.assert_allclose(native.flat_gradient, plain.flat_gradient, rtol=1e-9, atol=1e-12)
        body = native.source[native.source.index("step_memory *restrict memory) {") :]
        assert body.count("exp_(") == 1
        assert re.search(r"real (own\d) = .* \+ parameters\[.*;\n.* = maximum_\(\1, ", body)

    @pytest.mark.parametrize("n", [pytest.param(n, marks=pytest.mark.slow) if n != 61 else n for n in (1, 15, 16, 17, 48, 61)])
    def test_the_largest_of_a_row_is_found_in_lanes(n: int) -> None:
        text = "A: parameter[3, n]\nB: data[4, 3, n]\nL = sum(max(A, axis=1)*min(A, axis=1)) + sum(max(B*A, axis=(0, 2))) + sum(logsumexp(A, axis=1))"
        function, rng = sb.compile(text), np.random.default_rng(n)
        point = {"A": rng.standard_normal((3, n)), "B": rng.standard_normal((4, 3, n))}
        plain, native = (function.bind(point, backend=backend) for backend in ("numpy", "c"))
        assert ("greatest_(" in native.source) == (n >= 16)
        for place, entry in ((None, 0), ((1, n - 1), -np.inf), ((2, n // 2), np.inf), ((0, 0), np.nan)):
            for step in (plain, native):
                step.quiet = True
                step.parameters["A"][...] = point["A"]
                if place:
                    step.parameters["A"][place] = entry
            with np.errstate(all="ignore"):
                assert native() == pytest.approx(plain(), rel=1e-12, nan_ok=True)
            np.testing.assert_allclose(native.gradients["A"], plain.gradients["A"], rtol=1e-12, atol=1e-12)

    @pytest.mark.slow
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize(("n", "m"), [(16, 32), (33, 47), (40, 100), (17, 31)])
    @pytest.mark.parametrize(
        "loss",
        [
            "sum(A.T * B) + sum(sin(A.T + B) * B)",
            "sum(where(M > 0, A, 0).T * tanh(B))",
            "sum(exp(-A[:, :, None].T * B[None]) * C)",
            "sum(T.transpose(0, 2, 1) * B) + sum(T.transpose(2, 0, 1)**3)",
            "sum((A @ B).T * tanh(A @ B)) + sum(relu(A.T) * B)",
        ],
    )  # fmt: skip
    def test_what_is_read_or_written_across_memory_is_turned(loss: str, n: int, m: int, dtype: str) -> None:
        loss = loss.replace("M", f"tril(ones(({m}, {n})))")
        text = f"A: parameter[{m}, {n}]\nB: parameter[{n}, {m}]\nC: data[1, {n}, {m}]\nT: parameter[3, {m}, {n}]\nL = {loss}"
        function, rng = sb.compile(text, dtype=dtype), np.random.default_rng(n)
        point = {t.name: rng.standard_normal([int(k) for k in t.shape]) for t in function.program.inputs}
        plain, native = (function.bind(point, backend=backend) for backend in ("numpy", "c"))
        close = 1e-11 if dtype == "float64" else 1e-4
        for _ in range(2):
            assert native() == pytest.approx(plain(), rel=close)
        for name, gradient in plain.gradients.items():
            np.testing.assert_allclose(native.gradients[name], gradient, rtol=close, atol=close * max(1, abs(gradient).max()))

    @pytest.mark.slow
    def test_turned_copies_are_what_the_sanitizers_allow(tmp_path: Path) -> None:
        text = "A: parameter[40, 33]\nB: parameter[33, 40]\nL = sum(where(tril(ones((40, 33))) > 0, A, 0).T * tanh(B)) + sum(sin(A.T + B) * B)"
        function = sb.compile(text)
        assert "transposed_(" in Compiled(at_sizes(function, ())[0], function.value_name, function.gradients).c_source()
        assert_exported(function, tmp_path)

    @pytest.mark.slow
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize(("n", "m"), [(40, 16), (7, 32), (33, 64), (16, 8), (5, 100)])
    @pytest.mark.parametrize(
        "value",
        [
            "where(w < 0.2, w, x)",
            "where(w < 0.2, x, w)",
            "where(w < x, x, y)*w",
            "where(w > 0, w, where(y > 0, x, y))",
            "y*(w > x) + w",
        ],
    )
    def test_one_of_two_is_chosen_whichever_stands_still(value: str, n: int, m: int, dtype: str) -> None:
        function = sb.compile(
            f"w: parameter[{n}, {m}]\nx: data[{m}]\ny: parameter[{n}, {m}]\nL = sum(cos(v) + v**2)\n".replace(
                "L", f"v = {value}\nL"
            ),
            dtype=dtype,
        )
        rng = np.random.default_rng(0)
        point = {"w": rng.standard_normal((n, m)), "x": 100 + rng.standard_normal(m), "y": rng.standard_normal((n, m))}
        point = {name: point[name] for name in (t.name for t in function.program.inputs) if name in point}
        plain, native = (function.bind(point, backend=backend) for backend in ("numpy", "c"))
        close = 1e-10 if dtype == "float64" else 1e-4
        assert native() == pytest.approx(plain(), rel=close)
        for name, gradient in plain.gradients.items():
            np.testing.assert_allclose(native.gradients[name], gradient, rtol=close, atol=close * abs(gradient).max())

    @pytest.mark.parametrize("name", SOME[:1])
    def test_c_computes_what_numpy_does_in_short(name: str) -> None:
        test_c_computes_what_numpy_does(name, "float64")

    def test_what_is_chosen_or_turned_is_what_numpy_says_in_short() -> None:
        test_one_of_two_is_chosen_whichever_stands_still("where(w < 0.2, w, x)", 40, 16, "float64")
        test_what_is_read_or_written_across_memory_is_turned("sum(where(M > 0, A, 0).T * tanh(B))", 33, 47, "float64")

    @pytest.mark.parametrize("dtype", [pytest.param("float32", marks=pytest.mark.slow), "float64"])
    def test_functions_of_matrices_are_what_numpy_says(dtype: str) -> None:
        text = """A: parameter[n, n]
T: parameter[m, n, n]
L = logdet(A) + det(A) + sum(inv(T)**2) + sum(det(T) + logdet(T)) + sum(sin(cholesky(A @ A.T + eye(n)))) + sum(solve(A, T[0])) + sum(sin(pinv(A[:, :3])))"""
        rng = np.random.default_rng(0)
        at = {"A": rng.standard_normal((5, 5)), "T": rng.standard_normal((3, 5, 5)) + 3 * np.eye(5)}
        function = sb.compile(text, dtype=dtype)
        plain, native = (function.bind({k: v.astype(dtype) for k, v in at.items()}, backend=b) for b in ("numpy", "c"))
        close = 1e-10 if dtype == "float64" else 2e-3
        assert native() == pytest.approx(plain(), rel=close)
        for name, gradient in plain.gradients.items():
            np.testing.assert_allclose(native.gradients[name], gradient, rtol=close, atol=close * abs(gradient).max())

    @pytest.mark.slow
    @pytest.mark.parametrize("name", [*SOME, UNREAD])
    def test_an_exported_file_builds_without_a_warning_and_runs_under_the_sanitizers(name: str, tmp_path: Path) -> None:
        assert_exported(sb.compile(name) if name == UNREAD else compiled(name), tmp_path)

    def test_a_loop_keeps_what_it_reads_again_and_equal_numbers_are_one() -> None:
        function = sb.compile(
            "X: data[64, 1, 12, 12]\nK: parameter[2, 1, 3, 3]\nc: parameter[2]\nL = sum(max_pool2d(conv2d(X, K, c), 2))"
        )
        arrays = at_sizes(function, ())[1]
        plain, native = (function.bind(arrays, backend=backend) for backend in ("numpy", "c"))
        assert native() == pytest.approx(plain(), rel=1e-12)
        np.testing.assert_allclose(native.flat_gradient, plain.flat_gradient, rtol=1e-11, atol=1e-11)
        text = function.c_source()
        assert all(int(length) <= 64 for length in re.findall(r"^static const \w+ \w+\[(\d+)\]", text, re.M))
        assert "own0 = maximum_(own0, " in text

    @pytest.mark.parametrize(("m", "n", "k"), [(5, 7, 4099), pytest.param(3, 4, 2048, marks=pytest.mark.slow)])
    def test_few_long_sums_are_what_numpy_says(m: int, n: int, k: int) -> None:
        function = sb.compile(f"A: parameter[{m}, {k}]\nB: parameter[{n}, {k}]\nL = sum((A @ B.T)**2)")
        arrays = at_sizes(function, ())[1]
        plain, native = (function.bind(arrays, backend=backend) for backend in ("numpy", "c"))
        assert "long_sums_(" in function.c_source()
        assert native() == pytest.approx(plain(), rel=1e-12)
        np.testing.assert_allclose(native.flat_gradient, plain.flat_gradient, rtol=1e-11, atol=1e-11)

    @pytest.mark.parametrize(
        ("m", "n", "k"),
        [(9, 33, 260), *(pytest.param(*s, marks=pytest.mark.slow) for s in ((1, 1, 1), (4, 16, 256), (21, 70, 600)))],
    )
    def test_products_without_a_library_are_what_numpy_says(m: int, n: int, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Rows and columns that fill no block, and sums of several; forwards and with either factor transposed."""
        monkeypatch.setattr("symbackprop.backends.c.blas.product", lambda _: None)
        function = sb.compile(f"A: parameter[{m}, {k}]\nB: parameter[{k}, {n}]\nL = sum((A @ B)**2)")
        random = np.random.default_rng(m)
        A, B = random.normal(size=(m, k)), random.normal(size=(k, n))
        step = function.bind({"A": A, "B": B}, backend="c")
        assert step() == pytest.approx(np.sum((A @ B) ** 2), rel=1e-13)
        for name, wants in (("A", 2 * A @ B @ B.T), ("B", 2 * A.T @ (A @ B))):
            np.testing.assert_allclose(step.gradients[name], wants, rtol=0, atol=1e-13 * np.abs(wants).max() * k)

    @pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
    def test_logarithms_are_exact_to_the_last_digit(dtype: str) -> None:
        about, rng = np.finfo(dtype), np.random.default_rng(0)
        size = 10.0 ** rng.uniform(np.log10(about.tiny) + 1, np.log10(about.max) - 1, 2000)
        near = 1 + rng.uniform(-1, 1, 2000) * 10.0 ** rng.uniform(-12, -1, 2000)
        ends = np.array([about.tiny, about.tiny / 8, about.smallest_subnormal, about.max, 1, 2, 0.5])
        beyond = np.array([0, -1, -2, np.inf, -np.inf, np.nan])
        x = np.concatenate([size, near, rng.uniform(0.3, 3, 2000), ends, beyond]).astype(dtype)
        z = np.concatenate([size, -np.minimum(size, 0.999), near - 1, rng.uniform(-0.9, 3, 2000), ends, beyond]).astype(dtype)
        text = "x: data[n]\nz: data[m]\nw: parameter[n]\nv: parameter[m]\nL = sum(w * log(x)) + sum(v * log1p(z))"
        function = sb.compile(text, dtype=dtype, refuse_nan=False)
        step = function.bind({"x": x, "z": z, "w": np.ones_like(x), "v": np.ones_like(z)}, backend="c")
        assert step.native is not None
        step.native()  # a call of the step asks the source for the loss, which is NaN
        with np.errstate(all="ignore"):
            for found, right in (
                (step.gradients["w"], np.log(x.astype("longdouble"))),
                (step.gradients["v"], np.log1p(z.astype("longdouble"))),
            ):
                np.testing.assert_allclose(found.astype("longdouble"), right, rtol=float(about.eps), atol=0)

    @pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
    def test_functions_of_entries_are_exact_to_about_two_units(dtype: str) -> None:
        mpmath.mp.prec, about, rng = 120, np.finfo(dtype), np.random.default_rng(0)
        units = 2 if dtype == "float64" else 2.5
        tiny, sign = 10.0 ** rng.uniform(-30, 0, 80), rng.choice([-1.0, 1.0], 80)
        turns = np.pi / 4 * rng.integers(-1_000_000, 1_000_000, 100)  # next to where sin, cos or tan are 0 or infinite
        circular = np.concatenate([rng.uniform(-4, 4, 300), tiny * sign, turns, [999_999.5, -1e6, 3e7, -1e15]])
        hyperbolic = np.concatenate([rng.uniform(-3, 3, 300), tiny * sign, 0.9999 * np.log(about.max) * rng.uniform(-1, 1, 100)])
        wide = np.concatenate([rng.uniform(-4, 4, 300), tiny * sign, 10.0 ** rng.uniform(0, np.log10(about.max) - 1, 80) * sign])
        drawn = {
            "sin": circular, "cos": circular, "tan": circular, "sinh": hyperbolic, "cosh": hyperbolic, "tanh": wide,
            "exp": hyperbolic[abs(hyperbolic) < 87], "expm1": hyperbolic, "arctan": wide, "arcsinh": wide,
            "arccosh": 1 + abs(wide), "arctanh": np.concatenate([tiny[tiny < 0.99] * 1.0, rng.uniform(-1, 1, 300)]),
        }  # fmt: skip
        points = {name: x.astype(dtype) for name, x in drawn.items()}
        lines = [f"x_{n}: data[n_{n}]\nw_{n}: parameter[n_{n}]" for n in points]
        text = "\n".join([*lines, "L = " + " + ".join(f"sum(w_{n} * {n}(x_{n}))" for n in points)])
        given = {f"x_{n}": x for n, x in points.items()} | {f"w_{n}": np.ones_like(x) for n, x in points.items()}
        step = sb.compile(text, dtype=dtype, refuse_nan=False).bind(given, backend="c")
        step()
        for name, x in points.items():
            exact = getattr(mpmath, name.replace("arc", "a"))
            for at, found in zip(x.tolist(), step.gradients[f"w_{name}"], strict=True):
                right = exact(mpmath.mpf(at))
                assert abs(mpmath.mpf(float(found)) - right) <= units * float(np.spacing(abs(found))), (name, at)

    def test_functions_of_entries_read_and_write_where_a_plan_says() -> None:
        text = "X: parameter[m, n]\ny: parameter[n]\nV: data[n, m]\nL = sum(V * sin(X).T) + sum(tan(y[1::2])) + sum(sin(X + y)) "
        function = sb.compile(f"{text} + sum(cos(sin(X)[:, ::2])) + sum(V * sin(cos(X).T)) + sin(sum(y))", refuse_nan=False)
        rng = np.random.default_rng(0)
        given = {"X": rng.normal(size=(3, 300)), "y": rng.normal(size=300), "V": rng.normal(size=(300, 3))}
        given["X"][1, 5], given["X"][2, -1] = math.nan, 1e9  # each far from 0 in a piece of its own
        plain, native = (function.bind(given, backend=backend) for backend in ("numpy", "c"))
        np.testing.assert_allclose(native(), plain(), rtol=1e-12)
        for name, gradient in plain.gradients.items():
            np.testing.assert_allclose(native.gradients[name], gradient, rtol=1e-11, atol=1e-13)

    def test_what_is_not_finite_is_what_numpy_says() -> None:
        function = sb.compile(
            "x: parameter[2]\nL = sum(exp(x) + tanh(x) + x * sigmoid(x) + maximum(x, 0) + sinh(x) + arctan(x) + arcsinh(x))",
            refuse_nan=False,
        )
        plain, native = (function.bind({"x": np.ones(2)}, backend=backend) for backend in ("numpy", "c"))
        for x in (1e3, -1e3, math.inf, -math.inf, math.nan):
            plain.parameters["x"][1] = native.parameters["x"][1] = x
            np.testing.assert_allclose([native(), *native.gradients["x"]], [plain(), *plain.gradients["x"]], rtol=1e-13)

    def test_single_numbers_are_what_numpy_says() -> None:
        function = sb.compile(
            "x: parameter\ny: parameter\nL = maximum(x, y) + minimum(y, x) + sign(x) + floor(x) + abs(x)**0.3", refuse_nan=False
        )
        native = function.bind({"x": np.array(1.0), "y": np.array(0.75)}, backend="c")
        for x in (-2.5, 0.0, 1.5, math.nan, math.inf, -math.inf):
            native.parameters["x"][...] = x
            np.testing.assert_allclose(native(), function.value({"x": np.array(x), "y": np.array(0.75)}), rtol=1e-14)

    def test_the_command_line_writes_c(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        code, _, err = run("compile", EXAMPLES / "two_layer.net", "-o", "step.c")
        assert code == 2
        assert "C needs a number for every size: give sizes=" in err
        assert not Path("step.c").exists()
        sizes = ["--size", "d=3", "--size", "h=4", "--size", "c=2"]
        code, out, _ = run("compile", EXAMPLES / "two_layer.net", "-o", "step.c", *sizes)
        assert (code, out) == (0, "step.c: written, it depends on the math library alone\n")
        subprocess.run([str(CC), *STRICT, "-c", "step.c", "-o", "step.o"], check=True)


def test_where_there_is_no_compiler_auto_is_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symbackprop.backends.c.library.shutil.which", lambda name: None)
    monkeypatch.setattr("symbackprop.backends.c.library.find_spec", lambda name: None)
    function = sb.compile(EXAMPLES / "two_layer.net")
    _, arrays = at_sizes(function, range(3, 9))
    with pytest.raises(NativeError, match="there is no C compiler: install one"):
        function.bind(arrays, backend="c")
    assert function.bind(arrays, backend="auto")() == pytest.approx(function.value(arrays))


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), PermissionError(13, "Permission denied")])
def test_where_nothing_can_be_written_auto_is_numpy(fault: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    function = sb.compile("x: parameter\nL = x**2")
    monkeypatch.setattr("symbackprop.backends.c.library._compiled", Mock(side_effect=fault))
    monkeypatch.setattr("symbackprop.backends.c.library.compiler", lambda: ["cc"])
    with pytest.raises(NativeError, match=fault.strerror):
        function.bind({"x": np.ones(())}, backend="c")
    assert function.bind({"x": np.ones(())}, backend="auto")() == 1


def test_a_compiler_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", f"{sys.executable} -c raise(SystemExit('error:broken'))")
    function = sb.compile(EXAMPLES / "two_layer.net")
    _, arrays = at_sizes(function, range(3, 9))
    assert compiler()[0] == sys.executable
    with pytest.raises(NativeError, match="error:broken"):
        function.bind(arrays, backend="c")


@pytest.mark.skipif(CC is None, reason="there is no C compiler")
def test_a_library_that_was_cut_short_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    function = sb.compile("x: parameter\nL = x**2")
    assert function.bind({"x": 3.0}, backend="c")() == 9
    (library,) = tmp_path.glob("symbackprop/*.so")
    library.unlink()
    library.write_bytes(b"\x7fELF")
    assert function.bind({"x": 4.0}, backend="c")() == 16
    monkeypatch.setattr("symbackprop.backends.c.library.built", lambda text: tmp_path / "none.so")
    with pytest.raises(NativeError, match=r"none\.so: .*; let XDG_CACHE_HOME name a folder"):
        function.bind({"x": 4.0}, backend="c")
    assert function.bind({"x": 4.0}, backend="auto")() == 16


@pytest.mark.skipif(CC is None, reason="there is no C compiler")
def test_where_programs_are_not_run_libraries_lie_in_a_folder_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("symbackprop.core.machine.cache._runs_nothing", lambda folder: tmp_path in folder.parents)
    function = sb.compile("x: parameter\nL = x**2 + 4")
    assert function.bind({"x": 3.0}, backend="c")() == 13
    monkeypatch.setattr("symbackprop.backends.c.library._compiled", Mock(side_effect=OSError))
    assert function.bind({"x": 4.0}, backend="c")() == 20
    assert not [*tmp_path.glob("symbackprop/*.so")]


@pytest.mark.skipif(CC is None, reason="there is no C compiler")
def test_a_library_that_is_whole_and_cannot_be_loaded_is_made_anew() -> None:
    """As one that another system with the same home has made."""
    text = "int one(void) { return 1; }"
    library = built(text)
    library.write_bytes(b"\x7fELF of another")
    library.with_suffix(".digest").write_bytes(hashlib.sha256(library.read_bytes()).hexdigest().encode())
    assert loaded(text).one() == 1


def test_what_has_no_c_says_so() -> None:
    function = sb.compile("A: parameter[3, 3]\nL = sum(expm(A))")
    with pytest.raises(CompileError, match="of a matrix has no C"):
        function.c_source()
    with pytest.raises(CompileError, match="did you mean numpy"):
        function.bind({"A": np.eye(3)}, backend="nupmy")
