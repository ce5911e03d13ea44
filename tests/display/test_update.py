"""The step of descent that closes the box, where it is asked for."""

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.core.derivation import DerivationError
from symbackprop.documents.formats import FORMATS

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NET = "x: data[d]\nW: parameter[h, d]\nb: parameter[h]\nL = sum((W @ x + b)**2)\n"


def refused(net: str, update: object, **options: object) -> str:
    with pytest.raises(DerivationError) as told:
        sb.derive(net, update=update, **options)
    return str(told.value)


def test_every_parameter_is_updated_by_its_gradient() -> None:
    box = sb.derive(NET, update="eta").box()
    assert [line.latex() for line in box.updates] == [
        r"W \leftarrow W - \eta\,\frac{\partial L}{\partial W}",
        r"b \leftarrow b - \eta\,\frac{\partial L}{\partial b}",
    ]
    assert [line.needs for line in box.updates] == [("dL/dW",), ("dL/db",)]
    assert box.latex().count("&") == len(box.lines) + len(box.updates)
    assert str(box).splitlines()[-1] == "b ← b − η (∂L/∂b)"


def test_nothing_is_updated_unasked_and_what_is_no_parameter_never() -> None:
    assert not sb.derive(NET).box().updates
    assert [line.name for line in sb.derive(NET, wrt="x, b", update="eta").box().updates] == ["b"]


@pytest.mark.parametrize("row", [row for row in FORMATS if not row.binary], ids=lambda row: row.name)
@pytest.mark.slow
def test_the_updates_stand_in_every_format_with_their_meaning(row) -> None:
    written = row.write(sb.derive(NET, update="alpha").document())
    arrow = {"text": "W ← W − α", "html": "←", "json": r"\\leftarrow W - \\alpha", "notebook": r"\\leftarrow W - \\alpha"}.get(
        row.name, r"\leftarrow W - \alpha"
    )
    assert arrow in written
    assert "learning rate" in written
    assert "learning rate" not in row.write(sb.derive(NET).document())


@pytest.mark.parametrize("letter", ["W", "W_2", "Whead", "x", "L", "d", "h", "i", "j"])
def test_a_letter_that_the_network_uses_is_refused_and_the_mend_works(letter: str) -> None:
    net = NET.replace("W @ x + b", "W @ x + b * Whead").replace("b: ", "Whead: parameter\nb: ") if letter == "Whead" else NET
    told = refused(net, letter)
    assert "means something else in this network" in told
    assert sb.derive(net, update=told.rpartition(" ")[2]).box().updates


def test_the_letter_of_a_function_is_refused_and_the_mend_is_free() -> None:
    net = "eta: data[n]\nw: parameter[n]\nL = sum(sigmoid(eta*w))\n"
    assert refused(net, "sigma").endswith("such as alpha")
    assert sb.derive(net, update="alpha").box().updates


def test_the_rate_is_left_alone_by_the_letters_of_the_box() -> None:
    box = sb.derive(EXAMPLES / "two_layer.net", update="delta").box()
    assert box.lines[0].latex().startswith(r"\eta_{\hat{y}} = ")


@pytest.mark.parametrize("update", ["", "2", "a b", r"\eta", 0.1, ["eta"]])
def test_what_is_no_name_is_refused(update: object) -> None:
    assert 'such as update="eta"' in refused(NET, update)


def test_where_nothing_is_updated_that_is_said() -> None:
    assert refused(NET, "eta", wrt="x").endswith("none of x is a parameter; give one by wrt: W, b")
    assert "declare one" in refused("x: data\nL = x**2\n", "eta")
    assert "scalar" in refused("x: data[d]\nW: parameter[h, d]\ny = W @ x\nL = sum(y)\n", "eta", of="y")
    first = sb.derive(NET, wrt="W")
    with pytest.raises(DerivationError, match="leave update away"):
        sb.derive(first, wrt="W", update="eta")


def test_the_shell_asks_for_it_by_an_option(run) -> None:
    written = run("derive", EXAMPLES / "two_layer.net", "--update", "eta")
    assert written.code == 0
    assert "W₁ ← W₁ − η (∂L/∂W₁)" in written.out
    told = run("derive", EXAMPLES / "two_layer.net", "--update", "x")
    assert (told.code, told.out) == (2, "")
    assert "such as eta" in told.err
