r"""The class of a sample as an index, p_c - 1, \delta_{kc}, where the network has it one-hot."""

from __future__ import annotations

import pytest

import symbackprop as sb

NET = "z: parameter[K]\ny: labels[K]\np = softmax(z)\nL = -sum(y*log(p))"
LEFT = r"\frac{\partial L}{\partial z_k} = "
SAID = "Let $c$ be the true class. "
RIGHT = {  # a text, and what in it is put in the place of what
    "a delta": (SAID + f"$${LEFT}p_k - \\delta_{{kc}}$$", "p_k -", "p_k +"),
    "an indicator": (SAID + rf"$${LEFT}p_k - \mathbf{{1}}[k = c]$$", "p_k -", "2p_k -"),
    "a set of one": (rf"$${LEFT}p_k - \mathbb{{1}}\{{k = y\}}$$", "p_k -", "2p_k -"),
    "the letter of the label": (f"$${LEFT}p_k - \\delta_{{ky}}$$", "p_k -", "p_k +"),
    "a letter that nobody said": (f"$${LEFT}-\\frac{{1}}{{p_c}}\\,p_c(\\delta_{{ck}} - p_k)$$", "- p_k", "+ p_k"),
    "its own entry": (r"$$L = -z_y + \log\sum_j e^{z_j}$$ $$\frac{\partial L}{\partial z_y} = p_y - 1$$", "p_y - 1", "p_y"),
    "in sentences": (
        SAID
        + r"For $k = c$ we get $\partial L/\partial z_k = p_k - 1$, and for $k \neq c$ we get $\partial L/\partial z_k = p_k$.",
        "p_k - 1",
        "p_k",
    ),
    "before displays": (
        r"$L = -\log p_c$ with $c$ the correct class. $$\frac{\partial L}{\partial p_c} = -\frac{1}{p_c}$$ and for $k \ne c$:"
        f" $${LEFT}p_k$$",
        r"-\frac{1}{p_c}",
        r"\frac{1}{p_c}",
    ),
    "cases": (rf"$${LEFT}\begin{{cases}} p_k - 1 & k = c \\ p_k & k \neq c\end{{cases}}$$", r"\\ p_k", r"\\ -p_k"),
    "otherwise": (
        rf"$${LEFT}\begin{{cases}} p_k - 1 & \text{{if }} k = c \\ p_k & \text{{otherwise}}\end{{cases}}$$",
        "p_k - 1",
        "p_k + 1",
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_class_of_a_sample_is_an_index(name: str) -> None:
    """All were refused, or wrong: of soft labels, which sum to one, p_c is no entry."""
    text, part, other = RIGHT[name]
    assert sb.verify(NET, text).ok
    assert any(one.wrong for one in sb.verify(NET, text.replace(part, other)).claims)


ROWS = ["W: parameter[K, d]\nx: data[d]\ny: labels[K]\ns = W @ x", "W: parameter[d, K]\nx: data[d]\ny: labels[K]\ns = x @ W"]


@pytest.mark.parametrize("net", ROWS)
def test_a_row_of_the_class_is_that_of_the_label(net: str) -> None:
    text = r"Let $c$ be the true class. $$L = -{}x^\top W_c + \log\sum_k e^{s_k}$$ $$\frac{\partial L}{\partial s_c} = p_c - 1$$"
    text = text.replace("Let", r"With $p = \operatorname{softmax}(s)$, let")
    net += "\nL = logsumexp(s) - y @ s"
    assert sb.verify(net, text.replace("{}", "")).ok
    assert not sb.verify(net, text.replace("{}", "2")).ok


def test_without_one_hot_labels_the_sentence_says_nothing() -> None:
    assert sb.verify("w: parameter[d]\nL = sum(w**2)", r"Let $c$ be the true class. $\nabla_w L = 2w$").ok


def test_an_index_of_every_class_is_no_class_of_the_sample() -> None:
    jacobian = r"$$\frac{\partial p_c}{\partial z_k} = p_c(\delta_{ck} - p_k)$$"
    assert sb.verify(NET, SAID + jacobian).ok
    assert not sb.verify(NET, SAID + jacobian.replace("- p_k", "+ p_k")).ok


LAYER = "W: parameter[K, d]\nx: data[d]\ny: labels[K]\nz = W @ x\np = softmax(z)\nL = -sum(y*log(p))"


@pytest.mark.parametrize(
    "text",
    [
        r"$\frac{\partial L}{\partial z_c} = p_c - 1$ and $\frac{\partial L}{\partial z_j} = {}p_j$ for all $j \neq c$.",
        r"$\nabla_{w_c} L = (p_c - 1)x$, $\nabla_{w_k} L = {}p_k x$ for $k \neq c$.",
        r"$$\frac{\partial L}{\partial W_{cj}} = (p_c - 1)x_j, \frac{\partial L}{\partial W_{kj}} = {}p_k x_j \text{ for } k \ne c$$",
        r"$$\frac{\partial L}{\partial z_k} = -\frac{{}1}{p_c}\frac{\partial p_c}{\partial z_k}$$",
    ],
)
def test_rows_and_chains_of_the_class_are_read(text: str) -> None:
    assert sb.verify(LAYER, SAID + text.replace("{}", "")).ok
    assert sb.verify(LAYER, SAID + text.replace("{}", "2")).claims[-1].kind != "right, identity"
