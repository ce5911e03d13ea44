r"""What papers write beside formulas: sets of pairs, densities that nothing defines, derivatives of a solution, falling steps."""

import re

import numpy as np
import pytest

import symbackprop as sb

RNG = np.random.default_rng(3)
FACTORS = r"L = \sum_{(u,i)\in\mathcal{K}} (r_{ui} - p_u^\top q_i)^2 + \lambda(\sum_u\|p_u\|^2 + \sum_i \|q_i\|^2)"
DECLARED = "K: binary[n, m]\nr: data[n, m]\np: parameter[n, d]\nq: parameter[m, d]\nlam: data\n"


def refusal(text: str) -> str:
    with pytest.raises(sb.NotationError) as caught:
        sb.network(text)
    return str(caught.value).split("\n")[0]


def obeyed(text: str) -> sb.network:
    """The network of a text to which what is told is added, line by line."""
    for _ in range(6):
        try:
            return sb.network(text)
        except sb.NotationError as fault:
            told = re.search(r"lines? of (?:its|their) own: (.*)\.$", str(fault).split("\n")[0])
            if told is None:
                raise
            text = "\n".join([text, *told[1].split("; ")])
    raise AssertionError(text)


def test_a_sum_over_a_set_of_pairs_is_over_all_with_a_matrix_that_is_1_on_it() -> None:
    net = sb.network(DECLARED + FACTORS)
    K, r, p, q = RNG.integers(0, 2, (4, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2)), RNG.normal(size=(3, 2))
    found = sb.compile(net).value({"K": K, "r": r, "p": p, "q": q, "lam": 0.3})
    assert found == pytest.approx(np.sum(K * (r - p @ q.T) ** 2) + 0.3 * (np.sum(p**2) + np.sum(q**2)), rel=1e-12)
    assert sb.check(net).ok


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        (FACTORS, {"K": "(n, m)", "r": "(n, m)", "p": "(n, d)", "q": "(m, d)"}),
        (r"p_u \in \mathbb{R}^f, q_i \in \mathbb{R}^f, r \in \mathbb{R}^{n\times m}, L = \sum_{(u,i)\in\mathcal{K}} (r_{ui} - p_u^\top q_i)^2",
         {"K": "(n, m)", "P": "(n, f)", "Q": "(m, f)", "r": "(n, m)"}),
        (r"L = \sum_{(i,j)\in E} w_{ij}(x_i - x_j)^2", {"E": "(n, n)", "w": "(n, n)", "x": "(n,)"}),
        (r"U \in \mathbb{R}^{n\times r}, V \in \mathbb{R}^{m\times r}, M \in \mathbb{R}^{n\times m}, L = \sum_{(i,j)\in\Omega} (M_{ij} - (UV^\top)_{ij})^2",
         {"Omega": "(n, m)", "U": "(n, r)", "V": "(m, r)", "M": "(n, m)"}),
    ],
)  # fmt: skip
def test_what_is_told_of_a_set_of_pairs_works_when_obeyed(text: str, shapes: dict[str, str]) -> None:
    assert re.search(r"which \(\w,\w\) are in \w+ is not said. Declare the set as what is 1 on it", refusal(text))
    net = obeyed(text)
    assert {t.name: str(t.shape) for t in net.program.inputs if t.name in shapes} == shapes


@pytest.mark.parametrize(
    ("text", "density"),
    [
        (r"L = -\sum_{n=1}^N \log p(x_n|z_n)", "p(x_n | z_n)"),
        (r"\mathcal{L} = \mathbb{E}_{q(z|x)}[\log p(x|z)] - KL(q(z|x)\|p(z))", "q(z | x)"),
        (r"L = -\log p_\theta(x \mid z)", r"p_\theta(x | z)"),
    ],
)
def test_a_density_that_nothing_defines_is_asked_for(text: str, density: str) -> None:
    assert f"{density} is a density that nothing defines. Write it out, {density} = \\mathcal{{N}}(" in refusal(text)


def test_a_density_is_written_out_as_told() -> None:
    net = sb.network(
        "p(x_n | z_n) = \\mathcal{N}(x_n | z_n, s^2) \\\\ L = -\\sum_{n=1}^N \\log p(x_n|z_n)\nx: data[N]\nz: parameter[N]\ns: parameter"
    )
    x, z, s = RNG.normal(size=4), RNG.normal(size=4), 0.7
    expected = np.sum((x - z) ** 2 / (2 * s**2) + np.log(2 * np.pi * s**2) / 2)
    assert sb.compile(net).value({"x": x, "z": z, "s": s}) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "text", [r"L = -\log \mathcal{N}(x | \mu, \sigma^2)", r"L = -\sum_{k=1}^K \log \mathcal{N}(x | \mu_k, s_k^2)"]
)
def test_what_one_variance_is_of_is_a_number(text: str) -> None:
    net = obeyed(text)
    assert net.program.shape("x") == ()
    assert sb.check(net).ok


@pytest.mark.parametrize(
    "text",
    [
        r"u(x,t) = \sum_{i=1}^h v_i \tanh(a_i x + b_i t + c_i) \\ L = \sum_{n=1}^N (u_t(x_n,t_n) - \nu u_{xx}(x_n,t_n))^2",
        r"f = u_t + u u_x - \nu u_{xx}, L = \|f\|^2",
        r"L = \frac1N\sum_{i=1}^N (\frac{\partial u}{\partial t}(t_i,x_i) - \nu\frac{\partial^2 u}{\partial x^2}(t_i, x_i))^2",
    ],
)
def test_derivatives_of_a_solution_are_told_as_text_which_works(text: str) -> None:
    told = re.search(r"u_\w+ is a derivative of u.* of the arrays t and x, and (u_t = .*)\.$", refusal(text))
    assert told
    lines = ["x: data[n]", "t: data[n]", "a: parameter[h]", "b: parameter[h]", "u = tanh(x[:, None] * a + t[:, None] * b) @ a"]
    net = sb.network("\n".join([*lines, *told[1].split("; "), "L = sum((u_t - 0.1*u_xx)**2)"]))
    assert sb.check(net).ok


def test_steps_that_fall_may_all_be_said() -> None:
    net = sb.network(
        "delta_4: data[n]\nW: parameter[3, n, n]\n" + r"\delta_l = W_l^\top \delta_{l+1}, l = 3, 2, 1 \\ L = \|\delta_1\|^2"
    )
    W, d = RNG.normal(size=(3, 2, 2)), RNG.normal(size=2)
    assert sb.compile(net).value({"delta_4": d, "W": W}) == pytest.approx(np.sum((W[0].T @ W[1].T @ W[2].T @ d) ** 2), rel=1e-12)


def test_what_a_falling_recursion_lacks_is_as_long_as_its_steps() -> None:
    said = refusal(r"V_t = r_t + \gamma V_{t+1}, V_{T+1} = 0, L = \sum_{t=1}^{T} V_t^2")
    assert "Declare them in lines of their own: r: data[T]; gamma: data." in said


SAMPLES = "X: data[m, d]\ntheta: parameter[d]\ny: data[m]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"f(x_i) = \tanh(\theta^\top x_i) \\ J = \sum_{i=1}^m (f(x_i) - y_i)^2", lambda X, t, y: np.sum((np.tanh(X @ t) - y) ** 2)),
        (r"f(x_i) = \tanh(\theta^\top x_i) \\ J = \sum_{n=1}^m (f(x_n) - y_n)^2", lambda X, t, y: np.sum((np.tanh(X @ t) - y) ** 2)),
        (r"f(x_i; \theta) = \theta^\top x_i \\ J = \sum_{i=1}^m \exp f(x_i; \theta)", lambda X, t, y: np.sum(np.exp(X @ t))),
        (r"p_\theta(y_i|x_i) = \sigma(y_i\theta^\top x_i), J = -\sum_{i=1}^m \log p_\theta(y_i|x_i)",
         lambda X, t, y: np.sum(np.log1p(np.exp(-y * (X @ t))))),
        (r"k(x_i, x_j) = \exp(-\|x_i - x_j\|^2) \\ J = \sum_{i,j} y_i y_j k(x_i, x_j) + \|\theta\|^2",
         lambda X, t, y: y @ np.exp(-((X[:, None] - X) ** 2).sum(-1)) @ y + t @ t),
    ],
)  # fmt: skip
def test_a_value_at_a_sample_is_an_entry_and_not_the_whole(text: str, expected) -> None:
    X, t, y = RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=4)
    net = sb.network(SAMPLES + text)
    assert sb.compile(net).value({"X": X, "theta": t, "y": y}) == pytest.approx(expected(X, t, y), rel=1e-12)
    assert sb.check(net).ok


def test_a_class_beside_a_sample_is_an_index_and_what_is_drawn_needs_no_name() -> None:
    head = "X: data[N, d]\nW: parameter[K, d]\nY: data[N, K]\n"
    X, W, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(2, 3)), RNG.normal(size=(4, 2))
    e = np.exp(X @ W.T)
    expected = -np.sum(Y * np.log(e / e.sum(1, keepdims=True)))
    for p in ("p(k|x_n)", "P(y_n = k | x_n)", r"p(k \mid x_n)"):
        text = rf"{p} = \frac{{\exp(w_k^\top x_n)}}{{\sum_{{j=1}}^K \exp(w_j^\top x_n)}}, L = -\sum_{{n=1}}^N \sum_{{k=1}}^K y_{{nk}} \log {p}"
        net = sb.network(head + text)
        assert sb.compile(net).value({"X": X, "W": W, "Y": Y}) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("h", ["h", "h_w", r"h_\theta"])
def test_a_sample_above_is_a_sample(h: str) -> None:
    text = rf"{h}(x^{{(i)}}) = \sigma(w^\top x^{{(i)}}) \\ J = \frac{{1}}{{N}}\sum_{{i=1}}^N ({h}(x^{{(i)}}) - y^{{(i)}})^2"
    net = sb.network(f"X: data[N, d]\nw: parameter[d]\ny: data[N]\n{text}")
    X, w, y = RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=4)
    assert sb.compile(net).value({"X": X, "w": w, "y": y}) == pytest.approx(np.mean((1 / (1 + np.exp(-X @ w)) - y) ** 2), rel=1e-12)


def test_a_density_is_taken_at_the_label_of_a_sample() -> None:
    net = sb.network(
        "X: data[N, d]\nW: parameter[K, d]\nc: integers[N, K]\n"
        r"s_k(x_n) = w_k^\top x_n, p(k|x_n) = \frac{e^{s_k(x_n)}}{\sum_{j=1}^K e^{s_j(x_n)}}, L = -\sum_{n=1}^N \log p(c_n|x_n)"
    )
    X, W, c = RNG.normal(size=(4, 3)), RNG.normal(size=(2, 3)), np.array([0, 1, 1, 0])
    e = np.exp(X @ W.T)
    expected = -np.sum(np.log((e / e.sum(1, keepdims=True))[range(4), c]))
    assert sb.compile(net).value({"X": X, "W": W, "c": c}) == pytest.approx(expected, rel=1e-12)


LIKELIHOODS = {
    r"L = -\log\prod_{n=1}^N \sigma(y_n w^\top x_n)": lambda z, y: np.sum(np.log1p(np.exp(-y * z))),
    r"P = \prod_{n=1}^N \sigma(y_n w^\top x_n), L = -\log P": lambda z, y: np.sum(np.log1p(np.exp(-y * z))),
    r"L = -\log\prod_{n=1}^N \mathcal{N}(y_n | w^\top x_n, 1)": lambda z, y: np.sum((y - z) ** 2 + np.log(2 * np.pi)) / 2,
}


@pytest.mark.parametrize("text", LIKELIHOODS)
def test_a_product_of_numbers_of_samples_is_none_of_matrices(text: str) -> None:
    net = sb.network(SAMPLES.replace("theta", "w").replace("m,", "N,").replace("[m]", "[N]") + text)
    X, w, y = RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=4)
    assert sb.compile(net).value({"X": X, "w": w, "y": y}) == pytest.approx(LIKELIHOODS[text](X @ w, y), rel=1e-10)


def test_an_equation_with_a_value_of_its_own_is_no_density() -> None:
    """(y = |z|) lost its y, as P(y = k | x) does."""
    net = sb.network("y: data[n]\nz: parameter[n]\n" + r"L = \sum_i \mathbb{1}(y_i = |z_i|) z_i^2")
    found = sb.compile(net).value({"y": np.array([1.0, 2.0, 3.0]), "z": np.array([1.0, -2.0, 5.0])})
    assert found == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("be symmetric and", r"symmetric\[n\]"),
        ("be a symmetric matrix, and let", r"symmetric\[n\]"),
        ("denote the design;", r"data\[n, n\]"),
    ],
)
def test_a_set_is_none_of_a_name_that_a_sentence_parts_from_it(words: str, asked: str) -> None:
    with pytest.raises(sb.NotationError, match=rf"A is not declared.*A: {asked}"):
        sb.read(rf"Let $A$ {words} $x \in \mathbb{{R}}^n$. $$f(x) = x^\top A x$$")


def test_a_set_is_one_of_both_names_before_it() -> None:
    network = sb.read(r"Let $a$ and $x \in \mathbb{R}^n$. $$f(x) = a^\top x$$")
    assert {t.name: list(map(str, t.shape)) for t in network.program.inputs} == {"a": ["n"], "x": ["n"]}
