"""What people ask of a result by the word of another library: the error says what to write, and that is there."""

import copy
import pickle
import re
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.core.machine.files import FileError
from symbackprop.core.result import _WORDS, VERBS, Result

TWO_LAYER = Path(__file__).parent.parent / "examples" / "two_layer.net"
WORDS = [*" ".join(_WORDS).split(), *VERBS, "qqqq", "prgram"]


@pytest.fixture(scope="module")
def results() -> list[Result]:
    net = sb.read(TWO_LAYER)
    derivation = sb.derive(net)
    verdict = sb.verify(net, {"W_2": "outer(yhat - y, a)"})
    return [net, derivation, derivation["W_1"], sb.compile(net), sb.check(net, points=1), verdict]


def test_what_is_told_to_be_written_is_there(results: list[Result]) -> None:
    told = 0
    for result in results:
        for word in WORDS:
            if hasattr(result, word):
                continue
            with pytest.raises(AttributeError, match=f"no attribute '{word}'; (write|did you mean|it has) ") as refused:
                getattr(result, word)
            form = re.search(r"; write (?:sb\.(\w+)|\w+\.(\w+))", str(refused.value))
            if form:
                assert hasattr(sb, form[1]) if form[1] else hasattr(result, form[2]), str(refused.value)
                told += 1
    assert told > 100


def test_names_of_the_system_are_asked_for_as_of_anything(results: list[Result]) -> None:
    for result in results:
        assert not hasattr(result, "_repr_nothing_")
        assert not hasattr(result, "__array__")
        assert type(copy.copy(result)) is type(result)
    assert repr(pickle.loads(pickle.dumps(results[1]))) == repr(results[1])


def test_a_fault_inside_a_property_is_told_as_it_is() -> None:
    class Broken(Result):
        @property
        def table(self) -> str:
            return self.inner.nothing

        inner = 3

    with pytest.raises(AttributeError, match="'int' object has no attribute 'nothing'"):
        Broken().table  # noqa: B018


def test_gradients_by_their_names(results: list[Result]) -> None:
    derivation = sb.derive(TWO_LAYER)
    assert derivation["W_1"] is derivation.gradients["W_1"]
    with pytest.raises(AttributeError, match=r'write gradients\["W_1"\]'):
        derivation.gradients.W_1  # type: ignore[attr-defined]  # noqa: B018
    assert derivation.gradients._repr_latex_() == derivation._repr_latex_()  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"'gradients'; write sb\.derive\(net\)\.gradients"):
        sb.gradients  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean derive"):
        sb.deriv  # type: ignore[attr-defined]  # noqa: B018


def test_a_verdict_is_true_where_all_is_right() -> None:
    right, wrong = ({"W_2": f"outer({factor}*(yhat - y), a)"} for factor in (2, 3))
    assert sb.verify(TWO_LAYER, right)
    assert sb.verify(TWO_LAYER, right).ok
    assert not sb.verify(TWO_LAYER, wrong)
    assert not sb.verify(TWO_LAYER, [("W_2", "outer(q, a)")])  # undecided is not right


def test_a_picture_is_saved_as_what_it_is(tmp_path: Path) -> None:
    picture = sb.draw(TWO_LAYER)
    picture.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == picture
    with pytest.raises(FileError, match=r'end the name by \.svg; draw it as that, format="png"'):
        picture.save(tmp_path / "graph.png")
    assert not (tmp_path / "graph.png").exists()


def test_arrays_by_position_are_told_their_names() -> None:
    compiled = sb.compile(TWO_LAYER)
    with pytest.raises(sb.SymbackpropError, match=r"compiled\(x=x, y=y, W_1=W_1, W_2=W_2\)"):
        compiled(1, 2, 3, 4)


def test_a_derivative_of_text_is_told_what_derives_a_network() -> None:
    net = "x: data[d]\nW: parameter[k, d]\ny = W @ x\nL = sum(y**2)"
    for word, form in (("grad", 'sb.derive(net, "x")'), ("hessian", 'sb.derive(sb.derive(net, "x"), "x")')):
        with pytest.raises(sb.SymbackpropError) as refused:
            getattr(sb, word)(net, "x")
        assert form in str(refused.value)
    with pytest.raises(AttributeError, match=r'write sb.derive\(sb.derive\(net, "x"\), vector="v"\)'):
        _ = sb.hvp
    with pytest.raises(sb.SymbackpropError, match="sigmoid, softmax"):
        sb.read(net, expand=["sigmoid"])  # type: ignore[arg-type]
