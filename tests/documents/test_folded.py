"""Equal layers that were written out are told once, and only where each line is the general one at a number."""

import pytest

import symbackprop as sb
from symbackprop.documents.document import Formula
from symbackprop.documents.folded import folded
from symbackprop.formulas.latex import latex
from symbackprop.formulas.read_latex import parse


def rows(*lines: str) -> list[Formula]:
    return [Formula(parse(line)) for line in lines]


def shown(found: tuple[Formula, ...]) -> list[str]:
    return [latex(row.formula) + (f" | {row.note.line()}" if row.note else "") for row in found]


def layer(k: int, function: str = "\\tanh") -> list[str]:
    return [rf"z_{{{k}}} = W_{{{k}}} a_{{{k - 1}}}", rf"a_{{{k}}} = {function}\left(z_{{{k}}}\right)"]


def test_equal_layers_are_one_with_their_numbers() -> None:
    lines = [line for k in range(1, 7) for line in layer(k)]
    assert shown(folded(rows(*lines, "L = a_{6}"))) == [
        r"z_{l} = W_{l} a_{l-1} | l = 1, …, 6",
        r"a_{l} = \tanh\left(z_{l}\right) | l = 1, …, 6",
        "L = a_{6}",
    ]
    back = [line for k in range(12, 8, -1) for line in layer(k)]
    assert shown(folded(rows(*back)))[0].endswith("l = 12, …, 9")


def test_a_run_begins_where_a_layer_does() -> None:
    lines = ["z_{1} = x", r"a_{1} = \tanh\left(z_{1}\right)", *(line for k in range(2, 8) for line in layer(k))]
    assert shown(folded(rows(*lines)))[2].startswith("z_{l} = W_{l} a_{l-1} | l = 2")


@pytest.mark.parametrize(
    "lines",
    [
        [line for k in range(1, 4) for line in layer(k)],  # too few
        [line for k in range(1, 7) for line in layer(k, "\\tanh" if k % 2 else "\\sin")],  # each second one is another
        [rf"z_{{{k}}} = W_{{{2 * k}}}" for k in range(1, 7)],  # numbers that move by two
        [r"z_{1} = x"] * 6,
        [f"z_{{{k}}} = l + k + m + q + r" for k in range(1, 7)],  # no letter is free
    ],
)
def test_what_is_not_the_same_layer_is_written_out(lines: list[str]) -> None:
    assert len(folded(rows(*lines))) == len(lines)


def test_a_layer_that_differs_stands_by_itself() -> None:
    lines = [line for k in range(1, 12) for line in layer(k, "\\sin" if k == 6 else "\\tanh")]
    found = shown(folded(rows(*lines)))
    assert r"a_{6} = \sin\left(z_{6}\right)" in found
    assert sum("…" in line for line in found) == 4


@pytest.mark.slow
def test_a_deep_network_is_a_short_page_and_full_writes_it_out() -> None:
    text = "x: data[h]\n" + "".join(f"W_{k}: parameter[h, h]\n" for k in range(1, 9)) + "a_0 = x\n"
    text += "".join(f"z_{k} = W_{k} @ a_{k - 1}\na_{k} = tanh(z_{k})\n" for k in range(1, 9)) + "L = sum(a_8**2)\n"
    derivation = sb.derive(text)
    short, long = (derivation.report("markdown", detail=detail) for detail in ("normal", "full"))
    assert r"\delta_{z_{l}} &= W_{l+1}^{\top} \delta_{z_{l+1}}\odot" in short
    assert "Likewise from $z_{7}, \\ldots, z_{3}$" in short
    assert r"\delta_{z_{5}} &= W_{6}^{\top}" not in short
    assert r"W_{l}" not in long


def test_what_equal_layers_say_at_once_is_not_said_of_each_again() -> None:
    depth = range(1, 9)
    net = "x: data[h]\n" + "".join(f"W_{k}: parameter[h, h]\n" for k in depth) + "a_0 = x\n"
    net += "".join(f"a_{k} = tanh(W_{k} @ a_{k - 1})\n" for k in depth) + "L = sum(a_8**2)"
    network = sb.derive(net).text().partition("The network")[2].partition("How to read it")[0]
    assert "zₗ = Wₗ aₗ₋₁" in network
    assert network.count("tanh") == 2  # of the first layer, and of the others


def step(k: int, last: str = "") -> list[str]:
    return [
        rf"p_{{{k}}} = h_{{{k - 1}}} U + x_{{{k}}} W", rf"i_{{{k}}} = \sigma\left(p_{{{k}}}\right)",
        rf"f_{{{k}}} = \tanh\left(p_{{{k}}}\right)", rf"o_{{{k}}} = \exp\left(p_{{{k}}}\right)", rf"g_{{{k}}} = \log\left(p_{{{k}}}\right)",
        rf"c_{{{k}}} = f_{{{k}}} c_{{{k - 1}}} + i_{{{k}}} g_{{{k}}}", rf"{last or f'h_{{{k}}}'} = o_{{{k}}} c_{{{k}}}",
    ]  # fmt: skip


def test_two_long_steps_are_told_once_and_the_line_of_the_last_that_is_another_for_each() -> None:
    found = shown(folded(rows(*step(2), *step(3, "H")), "t"))
    assert len(found) == 8
    assert found[0] == "p_{t} = h_{t-1} U + x_{t} W | t = 2, 3"
    assert found[6:] == ["h_{2} = o_{2} c_{2}", "H = o_{3} c_{3}"]


def test_of_more_steps_the_last_line_is_told_of_all_but_the_last() -> None:
    found = shown(folded(rows(*step(2), *step(3), *step(4), *step(5, "H")), "t"))
    assert found[0].endswith("| t = 2, …, 5")
    assert found[6:] == ["h_{t} = o_{t} c_{t} | t = 2, 3, 4", "H = o_{5} c_{5}"]


def test_two_steps_of_which_two_lines_differ_are_written_out() -> None:
    assert len(folded(rows(*step(2), *step(3, "H")[:-2], "c = 0", "H = 1"))) == 14
