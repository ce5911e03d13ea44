"""A name that is a size and a value: in brackets the size, elsewhere the value."""

import re
from pathlib import Path

import numpy as np
import pytest

from symbackprop.evaluate.extents import SizeError
from symbackprop.evaluate.points import point
from symbackprop.evaluate.sizes import settled, sizes_of
from symbackprop.evaluate.tape import forward, gradients
from symbackprop.notation import NotationError, read

LAYER = "x: data[n, d]\nW: parameter[d, h]\nV: parameter[h, c]\ny: data[n, c]\n"
STATE = "x: data[T, d]\nW: parameter[h, d]\nU: parameter[h, h]\n"
NETWORKS = {  # the values hid and out, which then are called h and c as two sizes are
    "layer": LAYER + "hid = tanh(x @ W)\nL = sum((hid @ V - y)**2)",
    "two": LAYER + "hid = tanh(x @ W)\nout = hid @ V\nL = sum((out - y)**2)",
    "shapes": LAYER + "hid = zeros((n, h)) + tanh(x @ W)\nL = sum(reshape(hid, (n*h,))) + sum(hid.reshape(h, n)[:h - 1]) + sum(V)",
    "list": LAYER + "hids = [zeros((n, h)) + k for k in range(2)]\nhid = tanh(x @ W) + hids[1]\nL = sum((hid @ V - y)**2)",
    "state": STATE + "hid[0] = zeros(h)\nfor t in 1..T:\n    hid[t] = tanh(W @ x[t] + U @ hid[t-1])\nL = sum(hid[T]**2)",
    "carried": STATE + "hid = zeros(h)\nfor t in range(T):\n    hid = tanh(W @ x[t] + U @ hid)\nL = sum(hid**2)",
    "bound": LAYER + "hid = tanh(x @ W)\nL = sum(V)\nfor i in 1..h:\n    L = L + sum(hid)*i\n",
    "scalar": LAYER + "hid = sum(tanh(x @ W) @ V)\nL = hid**2/3 + hid",
}
REFUSED = {
    "hid = tanh(x @ W)/h\nL = sum(hid**2)": "h is used before line 5 defines it.",
    "z = x @ W / h\nhid = tanh(z)\nL = sum(hid**2)": "h is used before line 6 defines it.",
    "hid += x @ W\nL = sum(hid**2)": "h has no value yet.",
    "hid = 3\nL = sum(x @ W)*hid": "h is a size already.",
    "hid = x @ W\nL = sum(hid)\nhid = 3\nL = L*hid": "h is a size already.",
    "hid = x @ W\nL = sum(hid)\nfor hid in 1..3:\n    L = L*hid": "h is a size already.",
    "hid = x @ W\nn_h = 2\nd_h = 3\nL = sum(hid)*n_h": "h is a size already.",
}


def joined(text: str) -> str:
    """The text in which the values have the names of sizes."""
    return re.sub(r"\bhid\b", "h", re.sub(r"\bout\b", "c", text))


def in_python(text: str) -> str:
    """The function that a text is: declarations are annotations."""
    arguments = ", ".join(re.sub(r": (.*)", r': "\1"', line) for line in text.split("\n") if re.match(r"\w+: ", line))
    lines = "\n".join(f"    {line}" for line in text.split("\n") if not re.match(r"\w+: ", line))
    return re.sub(r"\bsum\(", "np.sum(", f"def f({arguments}):\n{lines}\n    return L\n")


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("in_file", [False, True])
def test_the_gradients_are_those_of_the_network_with_names_of_their_own(name: str, in_file: bool, tmp_path: Path) -> None:
    text = NETWORKS[name]
    if in_file and ".." in text:
        text = re.sub(r"1\.\.(\w)", r"range(1, \1 + 1)", text).replace("x[t]", "x[t-1]")
        text = text.replace("hid[0] = zeros(h)", "hid = zeros((T + 1, h))")
    (tmp_path / "own.py").write_text(in_python(joined(text)))
    (tmp_path / "other.py").write_text(in_python(text))
    own = read(f"{tmp_path}/own.py:f") if in_file else read(joined(text))
    other = read(f"{tmp_path}/other.py:f") if in_file else read(text)
    assert own.notes[0] == "h is a size and a value: the size is called n_h."
    assert [t.name for t in own.program.inputs] == [t.name for t in other.program.inputs]
    at = {str(s): 2 + k for k, s in enumerate(other.program.sizes())}
    arrays = {name: array * 0.5 for name, array in point(other.program, at).items()}
    found = sizes_of(own.program, arrays)
    assert found == {"n_h" if s == "h" else "n_c" if s == "c" and "out" in text else s: n for s, n in at.items()}
    wrt = [t.name for t in own.program.parameters]
    slopes, expected = (gradients(n.program, n.loss, wrt, arrays) for n in (own, other))
    for name in wrt:
        np.testing.assert_allclose(slopes[name], expected[name], rtol=1e-12, atol=1e-12)
        step = np.random.default_rng(0).normal(size=arrays[name].shape) * 1e-6
        up, down = (forward(own.program, {**arrays, name: arrays[name] + s})[own.loss] for s in (step, -step))
        np.testing.assert_allclose(np.sum(slopes[name] * step), (up - down) / 2, rtol=1e-5, atol=1e-11)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_unclear_is_refused(text: str) -> None:
    with pytest.raises(NotationError, match=re.escape(REFUSED[text])):
        read(LAYER + joined(text))


def test_the_mend_of_a_size_among_numbers_works() -> None:
    text = LAYER + "z = x @ W / h\nh = tanh(z)\nL = sum((h @ V)**2)"
    with pytest.raises(NotationError, match="If the size is meant, call it n_h, here and in the brackets"):
        read(text)
    mended = re.sub(r"\bh(?=[],])|(?<=/ )h", "n_h", text)
    assert read(mended).notes == ("y: nothing reads it.",)


def test_errors_and_given_sizes_know_both_names() -> None:
    network = read(LAYER + "h = tanh(x @ W)\nL = sum((h @ V - y)**2)")
    assert settled(network.program, {"h": 3, "n": 2}) == settled(network.program, {"n_h": 3, "n": 2}) == {"n_h": 3, "n": 2}
    with pytest.raises(SizeError, match="h and n_h are one size, and cannot be 3 and 4"):
        settled(network.program, {"h": 3, "n_h": 4})
    arrays = {"x": np.ones((2, 3)), "W": np.ones((3, 4)), "V": np.ones((5, 6)), "y": np.ones((2, 6))}
    with pytest.raises(SizeError, match="The size n_h may be given as h"):
        sizes_of(network.program, arrays)
    with pytest.raises(NotationError, match="In brackets h is a size, which is called n_h"):
        read(LAYER + "h = tanh(x @ W)\nL = sum(h @ W)")
    assert "W: parameter[d, n_h]" in str(network)
    taken = read(LAYER + "h = tanh(x @ W)\nn_h = sum(h @ V)\nL = n_h**2")
    assert str(taken.program.shape("W")) == "(d, d_h)"
    both = read(LAYER + "h = tanh(x @ W)\nA: parameter[n_h, h]\nL = sum(h @ A.T)")
    with pytest.raises(SizeError, match="h is no size of this network; n_h and d_h are"):
        settled(both.program, {"h": 3})
