"""The box as it is printed: the LaTeX of every line is read back and computed."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.display.forms import Printer
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.latex import latex
from symbackprop.formulas.tree import Atom, Node, Script
from symbackprop.judge.proved import proved_box
from tests.algebra.test_box import BOXES
from tests.display.matrix_value import _MatrixReader, items_of, parse, split_at
from tests.formulas.latex_value import Numbered

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = [p for p in sorted((ROOT / "examples").glob("*.net")) if p.stem not in ("linear_map", "softmax")]
SUMS = {"rowsum": (np.sum, 1), "colsum": (np.sum, 0), "rowmean": (np.mean, 1), "colmean": (np.mean, 0), "mean": (np.mean, None)}


class BoxReader(_MatrixReader):
    """Reads the words of a box as well; what says itself where it is repeated is repeated."""

    classes = 0  # of the only tensor of integers

    def term(self) -> np.ndarray:
        result = self.product()
        while self.at("⊙"):
            self.take()
            result = result * self.product()
        return result

    def factor(self) -> np.ndarray:
        match self.peek():
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


def read_back(derivation: Derivation) -> int:
    """Compare the printed right sides with the values; how many there were."""
    names, count, lines = Numbered(derivation.program), 0, proved_box(derivation).lines
    for seed in (0, 1):
        sizes, where = defined(derivation.forward, seed=seed)
        values = walk(derivation.program, where, sizes)
        for line in lines:
            if line.form is None or line.subscripts:
                continue
            text = latex(Printer(names).formula(line.form))
            reader = BoxReader(names.program, values, sizes)
            reader.classes = sum(sizes[str(t.bound)] for t in derivation.program.inputs if t.bound is not None)
            found = np.asarray(reader.read(parse(text).items))
            expected = values[line.name]
            if line.form.op == "zeros":  # a 0 of any shape is written 0
                found = np.broadcast_to(found, expected.shape)
            np.testing.assert_allclose(
                found.reshape(expected.shape), expected, rtol=1e-7, atol=1e-9, err_msg=f"{line.name} = {text}"
            )
            count += 1
    return count


@pytest.mark.parametrize("text", [text for text, _ in BOXES.values()], ids=BOXES)
def test_a_line_is_read_back(text: str) -> None:
    assert read_back(sb.derive(text))


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_the_lines_of_the_examples_are_read_back(path: Path) -> None:
    assert read_back(sb.derive(path))
