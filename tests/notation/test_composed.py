"""NumPy's functions that are written with others: read and traced alike, each with NumPy's value."""

from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate import tape
from symbackprop.notation import read
from symbackprop.notation.composed import OF_UFUNCS, WORDS

Z = np.array([[0.3, -0.7, 0.2, 1.4], [0.9, 0.4, -0.1, -1.2], [-0.5, 1.1, 0.8, 0.6]])
W = np.array([0.4, -0.3, 0.9, 0.2])
CALLS = {
    "atleast_1d": "np.sum(z)", "atleast_2d": "w", "atleast_3d": "w", "column_stack": "[w, z.T]", "dstack": "[z, z]",
    "row_stack": None, "append": "z, [w], axis=0", "block": "[[z, z], [z, 2*z]]", "array": "[w[0], w[2]]", "flipud": "z",
    "fliplr": "z", "rot90": "z, 3, (1, 0)", "delete": "z, 1, axis=1", "insert": "z, 2, w, axis=0", "array_split": "z, 3, axis=1",
    "hsplit": "z, 2", "vsplit": "z, 3", "take": "z, [0, 2], axis=1", "meshgrid": "w, z[0]", "tri": "3, 4, 1", "vander": "w, 3",
    "select": "[z > 1, z > 0], [z**2, z], -z", "heaviside": "z, 0.5", "cbrt": "z", "sinc": "z", "isclose": "z, 0.3",
    "copysign": "z, z[::-1]", "clip": "z, -0.5, None", "full_like": "z, 2.0", "polyval": "[1.0, 2.0, 3.0], z", "ptp": "z, axis=0",
    "count_nonzero": "z, axis=0", "any": "z > 1, axis=0", "all": "z < 1, axis=0", "ediff1d": "z", "trapezoid": "z, axis=0", "gradient": "z, 0.5, axis=1", "cov": "z, w",
    "corrcoef": "z, w", "multi_dot": "[z, z.T, z]", "interp": "z, [-1.0, 0.0, 1.0], [2.0, 0.5, 1.0]", "lstsq": "z.T, w, rcond=None",
    "svd": "z, compute_uv=False", "matrix_transpose": "z", "vector_norm": "z", "matrix_norm": "z", "trapz": None,
    "exp2": "z", "greater": "z, 0", "less": "z, 0", "equal": "z, 0.3", "greater_equal": "z, 0", "less_equal": "z, 0",
    "not_equal": "z, 0.3", "deg2rad": "z", "rad2deg": "z", "radians": "z", "degrees": "z", "fmax": "z, 0", "fmin": "z, 0",
    "true_divide": "z, 2", "float_power": "np.abs(z), 2", "pow": "z, 2", "permute_dims": "z, (1, 0)", "concat": "[z, z]",
    "real_if_close": None, "logaddexp2": "z, w", "floor_divide": "z, 0.3", "ldexp": "z, 2", "round": "z, 1", "around": "z, 1",
    "vecdot": "z, w", "matvec": "z, w", "vecmat": "w, z.T", "einsum": "z, [0, 1], w, [1], [0]", "diagflat": "w, 1",
    "partition": "z, 1, axis=0", "rollaxis": "z, 1", "unstack": "z, axis=1", "resize": "z, (4, 5)",
    "cumulative_sum": "z, axis=1, include_initial=True", "cumulative_prod": "w", "compress": "[1, 0, 1], z, axis=0",
    "extract": "[1, 0, 1, 1], w", "digitize": "z, [-0.5, 0.0, 0.5]", "searchsorted": "[-0.5, 0.0, 0.5], z",
    "nanquantile": "z, 0.3", "nanpercentile": "z, 30", "pinv": "z", "tensorinv": "(z.T @ z + np.eye(4)).reshape(2, 2, 4)",
    "tensorsolve": "(z.T @ z + np.eye(4)).reshape(4, 2, 2), w", "hamming": "5", "hanning": "5", "blackman": "5", "bartlett": "5",
    "kaiser": "5, 2.0", "poly": "w", "polymul": "w, z[0]", "polyadd": "w, z[0]", "polysub": "w, z[0]", "polyder": "w",
    "polyint": "w", "divmod": "z, 0.3", "bitwise_and": "z > 0, z < 1", "bitwise_or": "z > 0, z < -1",
    "sliding_window_view": "z, 2, axis=1", "bitwise_xor": "z > 0, z < 1", "bitwise_not": "z > 0", "invert": "z > 0", "dsplit": "z.reshape(3, 2, 2), 2",
    **dict.fromkeys(("tril_indices", "triu_indices", "diag_indices", "ix_", "choose", "bincount", "lcm", "gcd")),
    "polyfit": "w, z[0], 1", "linspace": "0, w[0], 5", "logspace": "0, w[0], 5", "geomspace": "1, w[0], 5",
}  # fmt: skip
"""By name, how each is called; None: NumPy itself says that it goes, or the walk through words has it. Others are called with one array."""
GRIDS = (
    "linspace",
    "logspace",
    "geomspace",
    "hamming",
    "hanning",
    "blackman",
    "bartlett",
    "kaiser",
)  # of numbers, which a traced one counts out
INNER = ("pinv", "tensorinv", "tensorsolve", "multi_dot", "lstsq", "svd", "matrix_transpose", "vector_norm", "matrix_norm")


def written(name: str) -> str | None:
    call = CALLS.get(name, "z")
    module = "linalg." if name in INNER else "lib.stride_tricks." if name == "sliding_window_view" else ""
    return None if call is None else f"np.{module}{name}({call})"


def squared(name: str, call: str) -> str:
    """A number of what the call gives."""
    several = {"array_split": 2, "hsplit": 1, "vsplit": 2, "meshgrid": 1, "lstsq": 0, "unstack": 1, "divmod": 1, "dsplit": 1}
    return f"np.sum(({call}{f'[{several[name]}]' if name in several else ''})**2 * 1.5)"


@pytest.mark.parametrize("name", [name for name in WORDS if written(name)])
def test_a_function_of_numpy_has_its_value_read_and_traced(name: str) -> None:
    call = written(name)
    assert call is not None
    text = squared(name, call)
    theirs = float(eval(text, {"np": np, "z": Z, "w": W}))
    declared = "z: parameter[3, 4]\nw: parameter[4]\n"
    network = read(f"{declared if 'w' in CALLS.get(name, 'z') else declared.splitlines()[0] + chr(10)}L = {text}")
    found = tape.forward(network.program, {"z": Z, "w": W})["L"]
    assert float(found) == pytest.approx(theirs, rel=1e-12)
    if name in ("tri", "polyval", "copysign", *GRIDS):  # of numbers alone, or of the order of the rows, in a traced one as well
        return
    space: dict[str, Any] = {"np": np, "__name__": __name__}
    exec(f"def loss(z, w):\n    return {text} + 0 * np.sum(z) + 0 * np.sum(w)", space)
    traced = sb.trace(space["loss"], Z, W)
    assert float(tape.forward(traced.program, traced.example)[traced.loss]) == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("name", OF_UFUNCS)
def test_a_method_of_a_function_of_entries_is_numpys(name: str) -> None:
    text = f"np.sum(np.{name}({'z, z' if name.endswith('outer') else 'z'})**2)"
    network = read(f"z: parameter[3, 4]\nL = {text}")
    theirs = float(eval(text, {"np": np, "z": Z}))
    assert float(tape.forward(network.program, {"z": Z})["L"]) == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
def test_what_is_repeated_around_an_array_is_numpys(mode: str) -> None:
    text = f"np.sum(np.pad(z, ((1, 2), (0, 3)), mode='{mode}')[1:, ::2] ** 3)"
    network = read(f"z: parameter[3, 4]\nL = {text}")
    assert float(tape.forward(network.program, {"z": Z})["L"]) == pytest.approx(float(eval(text, {"np": np, "z": Z})), rel=1e-12)
    assert sb.check(network, points=1)


def test_functions_of_the_table_may_stand_at_numbers() -> None:
    network = read("z: parameter[n]\nL = sum(z * relu(2) + where(z <= maximum(1, 0.5), abs(-2), softplus(0)))")
    assert sb.check(network, points=1)


def test_one_number_between_two_ends_is_refused() -> None:
    step = sb.compile(sb.read("w: parameter[n]\nL = sum(w*linspace(0, 1, n))"))
    assert step.value({"w": np.ones(3)}) == 1.5
    with pytest.raises(sb.SymbackpropError, match="the network needs n - 2 >= 0, which does not hold for n = 1"):
        step.value({"w": np.ones(1)})


def test_what_stands_in_the_place_of_infinity_is_infinite() -> None:
    """What -np.inf stands for is found by isinf, as NumPy finds it; of numbers alone nothing is asked."""
    kept = "x: parameter[n]\nm: data[n]\na = np.where(m > 0, x, -np.inf)\nL = sum(np.where(np.isinf(a), 0, a)**2) + sum(x*np.isfinite(a))"
    assert sb.compile(sb.read(kept)).value(x=np.array([3.0, 2.0]), m=np.array([1.0, -1.0])) == 12
    assert sb.compile("x: parameter[n]\nL = sum(x*np.isfinite(x)) + sum(np.isinf(x))").value(x=np.ones(3)) == 3


@pytest.mark.parametrize(
    "call",
    ["cov(z)", "cov(z, rowvar=False)", "cov(z, z[::-1], rowvar=False, bias=True)", "cov(w, ddof=0)", "corrcoef(z, rowvar=False)"],
)
def test_covariances_are_of_rows_or_columns_of_one_or_two(call: str) -> None:
    network = read(f"z: parameter[3, 4]\nw: parameter[4]\nL = np.sum(np.{call}**2)")
    theirs = float(eval(f"np.sum(np.{call}**2)", {"np": np, "z": Z, "w": W}))
    assert float(tape.forward(network.program, {"z": Z, "w": W})["L"]) == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("call", ["w, 3", "z, (2, 3)", "z, (2,), axis=(0,)", "z, 2, axis=-1"])
def test_windows_stand_last_as_numpys_do(call: str) -> None:
    text = f"np.sum(sliding_window_view({call}) ** 2)"
    network = read(f"from numpy.lib.stride_tricks import sliding_window_view\nz: parameter[n, d]\nw: parameter[d]\nL = {text}")
    theirs = float(eval(text, {"np": np, "z": Z, "w": W, "sliding_window_view": np.lib.stride_tricks.sliding_window_view}))
    assert float(tape.forward(network.program, {"z": Z, "w": W})["L"]) == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("call", ["z, 2", "z, 0, axis=0", "z, 2, axis=2", "z, 1000, axis=0"])
def test_windows_that_numpy_refuses_are_refused(call: str) -> None:
    with pytest.raises(sb.NotationError, match="sliding_window_view"):
        read(f"z: parameter[n, d]\nL = sum(sliding_window_view({call}))")


@pytest.mark.parametrize("name", ["pixel_shuffle", "pixel_unshuffle"])
def test_pixels_of_a_matrix_are_refused(name: str) -> None:
    with pytest.raises(sb.NotationError, match=rf"{name}: z is \(n, d\); images are"):
        read(f"z: parameter[n, d]\nL = sum(F.{name}(z, 2))")


def test_positions_between_two_ends_may_be_sizes() -> None:
    network = read("z: parameter[n]\nL = np.sum(z * np.arange(1, n + 1)**2)")
    z = np.array([0.5, -1.0, 2.0])
    assert float(tape.forward(network.program, {"z": z})["L"]) == float(np.sum(z * np.arange(1, 4) ** 2))
