"""The box as it is printed: the LaTeX of every line is read back and computed, windows and letters below names as well."""

import re
from collections.abc import Callable, Sequence
from itertools import product as cartesian
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.algebra.lines import Line, Lines
from symbackprop.algebra.matrix import Leaf, leaves
from symbackprop.algebra.outside import Shifted
from symbackprop.algebra.reading import Values
from symbackprop.core.derivation import Derivation
from symbackprop.display.box import with_outside
from symbackprop.display.forms import Printer
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import letter
from symbackprop.formulas.tree import Atom, Node, Script
from symbackprop.judge.proofs.proved import is_provable, proved_box, proved_line, random_points
from symbackprop.judge.proofs.recursed import proved_steps
from tests.algebra.test_box import BOXES
from tests.algebra.test_outside import DIFFERENCES
from tests.display.matrix_value import _MatrixReader, crossed, items_of, parse, split_at
from tests.formulas.latex_value import Numbered, text_of

ROOT = Path(__file__).parent.parent.parent
WINDOWS = ("conv1d", "conv2d", "max_pool2d")
EXAMPLES = [ROOT / "examples" / "layers" / f"{name}.net" for name in WINDOWS]
EXAMPLES += [p for p in sorted((ROOT / "examples").glob("*.net")) if p.stem not in ("linear_map", "softmax")]
SUMS = {"rowsum": (np.sum, 1), "colsum": (np.sum, 0), "rowmean": (np.mean, 1), "colmean": (np.mean, 0), "mean": (np.mean, None)}


def correlated(wide: np.ndarray, slid: np.ndarray) -> np.ndarray:
    """The second slides over the first, as long as it is within."""
    shape = [n - m + 1 for n, m in zip(wide.shape, slid.shape, strict=True)]
    rows, cols = (range(n) for n in shape)
    height, width = slid.shape
    return np.array([[np.sum(wide[i : i + height, j : j + width] * slid) for j in cols] for i in rows])


def convolved(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The full convolution: the other turned round slides over the one with zeros around it."""
    return correlated(np.pad(one, [(n - 1, n - 1) for n in other.shape]), other[::-1, ::-1])


def spread(x: np.ndarray, steps: list[int]) -> np.ndarray:
    """Zeros between the entries."""
    out = np.zeros([(n - 1) * step + 1 for n, step in zip(x.shape, steps, strict=True)])
    out[:: steps[0], :: steps[1]] = x
    return out


def fitted(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The first entries; after the last there are zeros."""
    out = np.zeros(shape)
    inside = tuple(slice(min(n, m)) for n, m in zip(x.shape, shape, strict=True))
    out[inside] = x[inside]
    return out


MOVES: dict[str, Callable[[np.ndarray, list[int]], np.ndarray]] = {
    "pad": lambda x, by: np.pad(x, [(max(n, 0),) * 2 for n in by])[max(-by[0], 0) :, max(-by[1], 0) :],
    "crop": lambda x, by: x[by[0] :, by[1] :],
    "stride": lambda x, by: x[:: by[0], :: by[1]],
    "spread": spread,
}
OTHER = 37.0  # what stands outside of a tensor of which nothing is said
JOINED = {"⊙": np.multiply, "×": crossed, "⋆": correlated, "∗": convolved}


class BoxReader(_MatrixReader):
    """Reads the words of a box as well; what says itself where it is repeated is repeated.

    classes   of the only tensor of integers.
    """

    classes = 0
    zeros: frozenset[int] | None = None  # the tensors that are 0 outside; of any other anything may stand there

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.shapes = [tensor.shape for tensor in given[0].tensors.values()]
        self.below: dict[str, int] = {}

    def term(self) -> np.ndarray:
        result = self.product()
        while self.at(*JOINED):
            result = JOINED[text_of(self.take())](result, self.product())
        return result

    def over(self, letters: list[list[Node]]) -> np.ndarray:
        """What follows, summed over letters that stand below names."""
        names, start, found = ["".join(map(text_of, x)) for x in letters], self.place, []
        counts = [self.axis_of(x, self.items[start:]) for x in names]
        for places in cartesian(*map(range, counts)):
            self.place = start
            self.letters |= dict(zip(names, map(np.asarray, places), strict=True))
            found.append(self.term())
        return np.sum(found, axis=0)

    def tensor(self, number: int, pieces: Sequence[Sequence[Node]]) -> np.ndarray:
        array = np.asarray(self.tensors[number], float)
        if array.ndim > 2:  # an axis of size 1 has no letter
            array = array.squeeze(tuple(k for k, n in enumerate(self.shapes[number]) if n == 1))
        places = tuple(int(self.read(piece)) for piece in pieces)
        if self.zeros is not None and any(not 0 <= at < n for at, n in zip(places, array.shape, strict=False)):
            return np.full((1, 1), 0.0 if number in self.zeros else OTHER)
        array = array[places]
        return array.reshape(array.shape + (1,) * (2 - array.ndim))

    def moved(self, name: str, sub: Node | None) -> np.ndarray:
        """Padding, strides: one number for each axis, or one for all; a column has one axis."""
        steps = [int(self.read(part)) for part in split_at(sub, "×")]
        x = self.argument()
        none = 1 if name in ("stride", "spread") else 0
        return MOVES[name](x, [steps[0], none if x.shape[1] == 1 else steps[-1]])

    def factor(self) -> np.ndarray:
        match self.peek():
            case Script(Atom("∑"), sub, None):
                self.take()
                return self.over(split_at(sub, ","))
            case Script(Atom(name), sub, None) if name in MOVES:
                self.take()
                return self.moved(name, sub)
            case Atom(name) if name in SUMS:
                self.take()
                reduce, axis = SUMS[name]
                return reduce(self.argument(), axis=axis, keepdims=True)
            case Atom("sum"):
                self.take()
                return np.sum(self.argument(), keepdims=True)
            case Atom("clip"):
                self.take()
                x, low, high = (self.read(part) for part in split_at(self.take().body, ","))  # type: ignore[union-attr]
                return np.clip(x, low, high)
            case Atom("onehot"):
                self.take()
                given = self.take()
                fence = given.base if isinstance(given, Script) else given
                result = np.eye(self.classes)[self.read(items_of(fence.body)).astype(int).ravel()]  # type: ignore[union-attr]
                return self.power(result, given.sup) if isinstance(given, Script) and given.sup is not None else result
        return super().factor()

    def power(self, base: np.ndarray, sup: Node) -> np.ndarray:
        if np.size(base) > 1 and isinstance(sup, Atom) and sup.text.isdigit():
            return np.linalg.matrix_power(base, int(sup.text))
        return super().power(base, sup)

    def argument(self) -> np.ndarray:
        return np.asarray(self.read(items_of(self.take().body)))  # type: ignore[union-attr]


def without_note(text: str) -> tuple[str, frozenset[int] | None]:
    r"""A formula without what is said of positions outside, r = s = 0 outside, and the numbers of these tensors; None: nothing."""
    found = re.search(r",\\quad\s*(.*) = 0 \\text\{ outside\}$", text)
    return (text, None) if found is None else (text[: found.start()], frozenset(map(int, re.findall(r"T(\d+)", found[1]))))


def is_in_matrices(leaf: Leaf) -> bool:
    """Whether a leaf is a tensor, or an entry of one, and no view with axes of its own."""
    return isinstance(leaf.name, str) or isinstance(leaf, Shifted)


def read_back(derivation: Derivation) -> int:
    """Compare the printed right sides with the values; how many there were."""
    names, count, lines = Numbered(derivation.program), 0, proved_box(derivation).lines
    for seed in (0, 1):
        sizes, where = defined(derivation.forward, seed=seed)
        values = walk(derivation.program, where, sizes)
        for line in lines:
            if line.form is None or not all(map(is_in_matrices, leaves(line.form))):
                continue
            to = Printer(names)
            text, zeros = without_note(latex(with_outside(to, line.form, to.formula(line.form))))
            assert (zeros is None) == (not any(isinstance(leaf, Shifted) for leaf in leaves(line.form)))
            reader = BoxReader(names.program, values, sizes)
            reader.zeros = zeros
            reader.classes = sum(sizes[str(t.bound)] for t in derivation.program.inputs if t.bound is not None)
            ranges = [range(values[line.name].shape[line.letters.index(x)]) for x in line.subscripts]
            for places in cartesian(*ranges):
                reader.letters = {text_of(letter(x)): np.asarray(k) for x, k in zip(line.subscripts, places, strict=True)}
                at = dict(zip(line.subscripts, places, strict=True))
                expected = values[line.name][tuple(at.get(x, slice(None)) for x in line.letters)]
                found = np.asarray(reader.read(parse(text).items))
                if line.form.op == "zeros":  # a 0 of any shape is written 0
                    found = np.broadcast_to(found, expected.shape)
                if any(name in text for name in (r"\star", r"\ast")):
                    found = fitted(found, (*expected.shape, 1)[:2])
                np.testing.assert_allclose(
                    found.reshape(expected.shape), expected, rtol=1e-7, atol=1e-9, err_msg=f"{line.name} = {text}"
                )
            count += 1
    return count


@pytest.mark.slow
@pytest.mark.parametrize("text", [text for text, _ in BOXES.values()], ids=BOXES)
def test_a_line_is_read_back(text: str) -> None:
    assert read_back(sb.derive(text))


@pytest.mark.parametrize("text", [text for text, _ in DIFFERENCES.values()], ids=DIFFERENCES)
def test_a_line_with_positions_outside_is_read_back(text: str) -> None:
    assert read_back(sb.derive(text))
    assert r"\text{ outside}" in sb.derive(text).box().latex()


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_the_lines_of_the_examples_are_read_back(path: Path) -> None:
    assert read_back(sb.derive(path))


@pytest.mark.parametrize(
    "text",
    [
        "x: data[d]\nw: parameter[d]\nL = sum((w * x - 7)**2)\n",
        "w: parameter\nh[0] = 1\nfor t in 1..T:\n    h[t] = tanh(w * h[t-1])\nL = 7 * h[T]**2\n",
    ],
    ids=["box", "steps"],
)
def test_texts_that_say_the_same_have_one_search(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[Derivation] = []
    for name, search in (("proved.proved_box", proved_box), ("recursed.proved_steps", proved_steps)):
        monkeypatch.setattr(f"symbackprop.judge.proofs.{name}", lambda d, search=search: searched.append(d) or search(d))
    remark, spaces, other = "# A remark\n" + text, text.replace(" * ", "*"), text.replace("7", "8")
    first, *same, different = (sb.derive(t).box().latex() for t in (text, remark, spaces, other))
    assert [*same] == [first, first] != [different] * 2
    assert len(searched) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("w: parameter[n]\nv: data[n]\ns: positive\nL = sum(v*w)*log(s)", r"\log\left(s\right) v"),
        ("w: parameter[n]\nL = sum(2**w)", r"\log\left(2\right)\,2^{\odot w}"),
        ("w: parameter[n]\nA: data[n, n]\nv: positive[n]\nL = w @ A @ log(v)", r"A\,\log v"),
    ],
)
def test_a_logarithm_is_of_no_factor_that_stands_behind_it(text: str, line: str) -> None:
    assert sb.derive(text).box().lines[-1].latex() == rf"\frac{{\partial L}}{{\partial w}} = {line}"


def test_one_over_a_size_stands_in_front_in_all_of_a_box_or_in_none() -> None:
    net = "M: parameter[N, k]\nX: data[N, k]\nL = sum(M**2)/(2*N){}"
    assert str(sb.derive(net.format("")).box()) == "∂L/∂M = M/N"
    both = net.format(" + sum((A - X)**2)/(2*N)").replace("X: data", "A: parameter[N, k]\nX: data")
    assert str(sb.derive(both).box()) == "∂L/∂A = (1/N)(A − X)\n∂L/∂M = (1/N) M"


@pytest.mark.slow
def test_a_formula_of_too_many_sums_within_sums_is_not_proved() -> None:
    """The query weights of a transformer block alone had one that took minutes to compute."""
    network = sb.read(ROOT / "examples" / "layers" / "transformer_block.net")
    derivation = sb.derive(network, wrt=["W_q"])
    assert all(is_provable(line, random_points(derivation)) for line in proved_box(derivation).lines)
    lines, name = Lines(derivation.program, {}), derivation.gradient("W_q")
    p = lines.shorter(name, Values(lines.program, lines.algebra, lines.kept).definition(name), frozenset(), lines.entries)
    letters = lines.equations[name].target.index
    whole = Line(name, letters, lines.entries.entry(p, letters), letters, p.tensors())
    assert not is_provable(whole, random_points(derivation))
    assert proved_line(derivation, derivation.gradient("W_q")) is None


def test_a_part_that_one_line_says_stands_by_its_positions() -> None:
    """A short name of it would need the whole, which is not known before the line."""
    net = "X: data[n, 4*k]\nw: parameter[n, 4*k]\nA = tanh(w*X)\nB = A.reshape(n, k, 4)\nL = sum(mean(B, axis=2)**2)"
    lines = str(sb.derive(net).box()).splitlines()
    assert lines == ["δ_(i,4l:4l+4) = (mean(Bᵢₗ)/2)(1 − Bᵢₗ^(⊙2))", "∂L/∂w = δ ⊙ X"]
