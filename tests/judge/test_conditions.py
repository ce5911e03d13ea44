"""Steps of one case each: what sentences set before them, and what is said of the other case."""

import pytest

import symbackprop as sb
from symbackprop.judge.texts.conditions import with_conditions

HINGE = "X: data[n, d]\ny: data[n] & sign\nw: parameter[d]\nL = sum(maximum(0, 1 - y*(X@w)))"
HUBER = "r: parameter[n]\nd: data & positive\nL = sum(where(abs(r) <= d, r**2/2, d*(abs(r) - d/2)))"
ACTIVE, LEFT = r"y_i w^\top x_i < 1", r"\nabla_w L_i = "
IN_CASES = [  # {} stands before the gradient of the active case
    "If ${}$, then\n$$" + LEFT + "{}-y_i x_i$$\nOtherwise\n$$" + LEFT + "0$$",
    "For ${}$ we have $$" + LEFT + "{}-y_i x_i,$$ and otherwise $$" + LEFT + "0.$$",
    "$$" + LEFT + r"{1}-y_i x_i \text{{ if }} {0}$$" + "\n$$" + LEFT + r"0 \text{{ otherwise}}$$",
    r"\begin{{align}}" + LEFT + r"&{1}-y_i x_i \text{{ if }} {0} \\ " + LEFT + r"&0 \quad \text{{else}}\end{{align}}",
    "If ${}$, $" + LEFT + "{}-y_i x_i$.",
    "$$" + LEFT + r"0 \text{{ if }} y_i w^\top x_i > 1$$ $$" + LEFT + r"{1}-y_i x_i \text{{ if }} {0}$$",
]


@pytest.mark.slow
@pytest.mark.parametrize("text", IN_CASES)
def test_a_case_is_judged_where_its_condition_holds(text: str) -> None:
    assert sb.verify(HINGE, text.format(ACTIVE, "")).ok
    assert not sb.verify(HINGE, text.format(ACTIVE, "2")).ok
    assert not sb.verify(HINGE, text.format(ACTIVE.replace("<", ">"), "")).ok


@pytest.mark.slow
@pytest.mark.parametrize("before", ["If $|r_i| \\leq d$,", "For $|r_i| \\le d$:", "When $|r_i| < d$ we get"])
def test_the_other_case_is_where_the_condition_does_not_hold(before: str) -> None:
    r"""r \text{ if } |r| \leq d was wrong beside d sign(r) otherwise, and so was that."""
    left = r"\frac{\partial L}{\partial r_i} = "
    text = f"{before}\n$${left}r_i$$\nOtherwise:\n$${left}d\\,\\mathrm{{sign}}(r_i)$$"
    assert sb.verify(HUBER, text).ok
    assert [one.wrong for one in sb.verify(HUBER, text.replace("r_i$$\nO", "2r_i$$\nO")).claims] == [True, False]
    assert [one.wrong for one in sb.verify(HUBER, text.replace("d\\,", "-d\\,")).claims] == [False, True]


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", ["If the hinge is active,", "When the margin is violated:", "In case the point is a support vector"]
)
def test_what_is_wrong_of_all_cases_is_undecided_in_a_case_told_in_words(case: str) -> None:
    """If the hinge is active, -y_i x_i was wrong."""
    claim = LEFT + "-y_i x_i"
    for text in (f"{case} $${claim}$$", f"{case} ${claim}$.", rf"{claim} \text{{ {case.rstrip(',:').lower()}}}"):
        (found,) = sb.verify(HINGE, text).claims
        assert found.kind == "undecided"
        assert "in its case" in found.reason
    right = r"\nabla_w L = -\sum_i y_i x_i 1[y_i w^\top x_i < 1]"
    assert sb.verify(HINGE, f"{case} $${right}$$").ok


@pytest.mark.parametrize("fact", [r"\lambda > 0", r"t \geq 1", r"0 < \eta < 1"])
def test_a_condition_on_what_the_network_lacks_binds_nothing(fact: str) -> None:
    claim = r"\nabla_w L = -\sum_i y_i x_i 1[y_i w^\top x_i < 1]"
    assert sb.verify(HINGE, f"For ${fact}$: $${claim}$$").ok
    assert sb.verify(HINGE, rf"{claim} \text{{ for all }} {fact}").ok
    assert sb.verify(HINGE, f"For ${fact}$: $${claim.replace('-', '')}$$").claims[0].wrong


LAYERS = "x: data[d]\ny: data[k]\nW_1: parameter[h, d]\nW_2: parameter[k, h]\nz_1 = W_1@x\na_1 = sigmoid(z_1)\nz_2 = W_2@a_1\na_2 = sigmoid(z_2)\nL = sum((a_2 - y)**2)/2"


@pytest.mark.parametrize("left", [r"\frac{\partial L}{\partial z_2^{(i)}}", r"\delta_2^{(i)}"])
def test_what_stands_above_the_number_of_a_layer_is_an_entry(left: str) -> None:
    """It was judged at layer 1, too, and wrong there."""
    claim = left + r" = (a_2^{(i)} - y^{(i)}) a_2^{(i)} (1 - a_2^{(i)})"
    assert sb.verify(LAYERS, claim).ok
    assert not sb.verify(LAYERS, claim.replace("1 -", "2 -")).ok
    every = r"\delta^{(l)} = (W_2^{(l)})^\top"  # a layer, where it stands above no number alone
    assert not sb.verify(LAYERS, every).ok


LOGIT = "X: data[n, d]\ny: data[n] & binary\nw: parameter[d]\nz = X@w\np = sigmoid(z)\nL = -sum(y*log(p) + (1-y)*log(1-p))"
UNIT = "x: data[d]\nt: data\nw: parameter[d]\nb: parameter\nz = w@x + b\na = relu(z)\nL = (a - t)**2/2"
HIDDEN = "x: data[d]\ny: data[k]\nW_1: parameter[h, d]\nW_2: parameter[k, h]\nz_1 = W_1@x\na_1 = relu(z_1)\nz_2 = W_2@a_1\nL = sum((z_2 - y)**2)/2"


@pytest.mark.slow
def test_cases_of_labels_are_told_before_their_displays() -> None:
    left = r"\frac{\partial L}{\partial z_i} = "
    for text in (
        f"If $y_i = 1$: $${left}p_i - 1$$ If $y_i = 0$: $${left}p_i$$",
        f"$${left}p_i - 1 \\text{{ if }} y_i = 1$$ $${left}p_i \\text{{ otherwise}}$$",
        r"\frac{\partial L}{\partial p_i} = -\frac{1}{p_i} \text{ if } y_i = 1, \quad \frac{1}{1 - p_i} \text{ if } y_i = 0",
    ):
        assert sb.verify(LOGIT, text).ok
        assert not sb.verify(LOGIT, text.replace("y_i = 1", "y_i = 0")).ok
        assert not sb.verify(LOGIT, text.replace("p_i - 1", "p_i + 1").replace("1 - p_i", "1 + p_i")).ok


@pytest.mark.slow
def test_a_condition_before_several_claims_is_that_of_each() -> None:
    claims = r"$$\frac{\partial L}{\partial w} = (a - t)x, \quad \frac{\partial L}{\partial b} = a - t$$"
    assert sb.verify(UNIT, f"If $z > 0$, {claims}").ok
    assert all(one.wrong for one in sb.verify(UNIT, f"If $z < 0$, {claims}").claims)


@pytest.mark.slow
def test_the_cases_of_a_name_are_one_step() -> None:
    """Each was no derivative, behind which a condition was not read."""
    cases = r"$$\delta_1^{(j)} = \sum_k W_{2,kj}\delta_2^{(k)} \text{ if } z_1^{(j)} > 0$$ $$\delta_1^{(j)} = 0 \text{ otherwise}$$"
    text = rf"$$\delta_2 = z_2 - y$$ {cases} $$\frac{{\partial L}}{{\partial W_1}} = \delta_1x^\top$$"
    assert sb.verify(HIDDEN, text).ok
    assert not sb.verify(HIDDEN, text.replace(r"z_1^{(j)} > 0", r"z_1^{(j)} < 0")).ok
    again = r"$$\delta_1^{(j)} = \sum_k W_{2,kj}\delta_2^{(k)}1[z_1^{(j)} > 0]$$"
    between = text.replace("z_1^{(j)} > 0", "0 < z_1^{(j)} < 100")  # of which no sign says the opposite
    assert len(sb.verify(HIDDEN, between).claims) == 3
    assert len(sb.verify(HIDDEN, text + again).claims) == 4  # no case is lost beside the same name without one


@pytest.mark.parametrize(
    "case",
    [
        r"\text{ else } {}",
        r"\text{ otherwise } {}",
        r"\text{ and } {} \text{ otherwise}",
        r", {} \text{ else}",
        r", \quad {} \text{ if } z \leq 0",
    ],
)
def test_the_other_case_is_judged_however_it_is_joined(case: str) -> None:
    """What stood behind the condition without a comma was taken into it, and a wrong value passed."""
    claim = r"\frac{\partial L}{\partial z} = a - t \text{ if } z > 0 "
    assert sb.verify(UNIT, claim + case.replace("{}", "0", 1)).ok
    assert not sb.verify(UNIT, claim + case.replace("{}", "t", 1)).ok


def test_conditions_are_found_in_time_that_grows_with_the_text() -> None:
    """A pattern took four times as long for each two words."""
    for text in ("If $z > 0$, " + "then we have " * 200 + "Q $$a = b$$", r"$$a = b \text{if}" + " " * 2000 + r"x \text{y}$$"):
        assert with_conditions(text)


TRIPLET = "a: parameter[d]\np: parameter[d]\nn: parameter[d]\nm: data\nL = maximum(0, sum((a-p)**2) - sum((a-n)**2) + m)"


@pytest.mark.slow
@pytest.mark.parametrize("said", ["When $L > 0$:", "If the loss is positive, then"])
@pytest.mark.parametrize("between", ["", " and ", "Similarly, "])
def test_a_condition_holds_of_what_follows(said: str, between: str) -> None:
    """The second of two displays was judged without it, and wrong."""
    text = said + r" $$\frac{\partial L}{\partial a} = 2(n - p)$$ " + between + r"$$\frac{\partial L}{\partial p} = 2(p - a)$$"
    assert sb.verify(TRIPLET, text).ok
    for claim in ("2(n - p)", "2(p - a)"):
        assert not sb.verify(TRIPLET, text.replace(claim, f"3{claim[1:]}")).claims[int("a" in claim)].right
    apart = text.replace(between + r"$$\frac{\partial L}{\partial p}", r"In general, $$\frac{\partial L}{\partial p}")
    assert sb.verify(TRIPLET, apart).claims[1].wrong


@pytest.mark.slow
def test_what_a_sentence_says_within_a_case() -> None:
    """ "If $t = 1$ then $E = ...$ and" before a display was no condition, and what holds in the case was wrong."""
    net = "x: data[d]\nt: data & binary\nw: parameter[d]\nz = w @ x\ny = sigmoid(z)\nE = -t*log(y) - (1-t)*log(1-y)"
    text = r"If $t = 1$ then $E = -\log y$ and $$\frac{\partial E}{\partial z} = y - 1$$ If $t = 0$, $$\frac{\partial E}{\partial z} = y$$"
    of_cases = [one for one in sb.verify(net, text).claims if one.what == "dE/dz"]
    assert [one.right for one in of_cases] == [True, True]
    wrong = [one for one in sb.verify(net, text.replace("y - 1", "y")).claims if one.what == "dE/dz"]
    assert [one.wrong for one in wrong] == [True, False]


SIGNED = "X: data[n, d]\ny: data[n] & sign\nw: parameter[d]\nz = X@w\nL = sum(maximum(0, 1 - y*z))"
SLOPE = r"\frac{\partial L}{\partial z_i} = "


@pytest.mark.parametrize(
    "text",
    [
        SLOPE + r"-1 \text{ if } y_i = 1 \text{ and } z_i < 1",
        SLOPE + r"-1 \text{ if } y_i = 1, z_i < 1",
        SLOPE + r"-1 \text{ if } y_i = 1 \land z_i < 1",
        rf"If $y_i = 1$ and $z_i < 1$, then $${SLOPE}-1$$",
        rf"For $y_i = 1, z_i < 1$: $${SLOPE}-1$$",
        rf"$${SLOPE}-1$$ if $y_i = 1$ and $z_i < 1$.",
        rf"$${SLOPE}-y_i$$ if $y_i z_i < 1$ and $0$ otherwise.",
        rf"$${SLOPE}-y_i$$ whenever $y_i z_i < 1$.",
        rf"We get ${SLOPE}-y_i$ if $y_i z_i < 1$, and zero otherwise.",
        rf"$${SLOPE}-y_i$$ for $y_i z_i < 1$ and $${SLOPE}0$$ for $y_i z_i > 1$.",
    ],
)
def test_conditions_stand_together_and_behind_displays(text: str) -> None:
    """They were passed over, and the right value was wrong."""
    assert sb.verify(SIGNED, text).ok
    assert not sb.verify(SIGNED, text.replace("z_i < 1", "z_i > 1")).ok
    assert not sb.verify(SIGNED, text.replace(" = -", " = -3")).ok


def test_a_condition_before_a_display_is_not_that_of_the_one_before() -> None:
    text = rf"$${SLOPE}-y_i 1[y_i z_i < 1]$$ For $y_i z_i < 1$, $${SLOPE}-y_i$$"
    assert sb.verify(SIGNED, text).ok
    assert sb.verify(SIGNED, text.replace("-y_i 1[", "-2y_i 1[")).claims[0].wrong
    at = rf"$${SLOPE}-2y_i 1[y_i z_i < 1]$$ where $i = 1, \dots, n$."
    assert sb.verify(SIGNED, at).claims[0].wrong


LOGISTIC = "x: data[d]\nw: parameter[d]\ny: sign[()]\nL = log(1 + exp(-y*(w @ x)))"
IN_SENTENCES = [
    r"Write $p = \sigma(w^\top x)$. If $y = 1$, the gradient is $\nabla_w L = (p-1)x$. If $y = -1$, it is $\nabla_w L = {}p x$.",
    r"Write $p = \sigma(w^\top x)$. We get $\nabla_w L = (p-1)x$ if $y = 1$, and $\nabla_w L = {}p x$ if $y = -1$.",
    r"With $p = \sigma(w^\top x)$: if $y = 1$ then $\partial L/\partial w = (p-1)x$ and if $y = -1$ then $\partial L/\partial w = {}p x$.",
]


@pytest.mark.slow
@pytest.mark.parametrize("text", IN_SENTENCES)
def test_a_number_of_a_case_holds_in_its_case_alone(text: str) -> None:
    """The second number was a claim, and what stood behind it wrong."""
    assert sb.verify(LOGISTIC, text.format("")).ok
    assert [one.wrong for one in sb.verify(LOGISTIC, text.format("2")).claims[-2:]] == [False, True]


HALF = "z: parameter[()]\ny: sign[()]\nL = log(1 + exp(-y*z)) + max(z, 0)"


@pytest.mark.parametrize(
    "text",
    [
        r"If $y = 1$, $\frac{dL}{dz} = {}1 - \sigma(-z)$ for $z > 0$.",
        r"If $y = 1$ and $z > 0$, then $\frac{dL}{dz} = {}1 - \sigma(-z)$.",
        r"$$\frac{dL}{dz} = {}1 - \sigma(-z) \text{ if } y = 1 \text{ and } z > 0$$",
        r"$$\partial L/\partial z = {}1 - \sigma(-z) \text{ if } y = 1, z > 0$$",
    ],
)
def test_conditions_before_and_behind_hold_together(text: str) -> None:
    """One of them was left out; behind dL/dz with a slash none was heeded."""
    assert sb.verify(HALF, text.replace("{}", "")).ok
    assert sb.verify(HALF, text.replace("{}", "2 \\cdot ")).claims[-1].wrong


PRODUCT = "x: parameter[()]\ny: parameter[()]\nf = x**2*y"


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (r"If $x = 2$, then $f_y = 4$.", "5"),
        (r"If $x = 2$ and $y = 3$ then $f_y = 4$.", "5"),
        (r"When $x = 2$, $\frac{\partial f}{\partial x} = 4y$.", "5y"),
        (r"$\frac{\partial f}{\partial x} = 4y$ if $x = 2$.", "5y"),
        (r"$$\frac{\partial f}{\partial x} = 4y \text{ if } x = 2$$", "5y"),
        (r"If $x = 3$, then $f_y = 9$. If $x = 2$, then $f_y = 4$.", "5"),
        (r"We have $f_y = 4$ if $x = 2$ or $x = -2$.", "5"),
    ],
)
def test_a_number_for_what_may_be_any_is_a_point(text: str, other: str) -> None:
    """An input is nowhere such a number by chance: what was claimed there was wrong, as 0 everywhere else."""
    assert sb.verify(PRODUCT, text).ok
    assert sb.verify(PRODUCT, text.replace("4", other[0])).claims[-1].wrong


TARGET = "z: parameter[()]\nt: binary[()]\ns = sigmoid(z)\nL = -t*log(s) - (1-t)*log(1-s)"


@pytest.mark.parametrize(
    "text",
    [
        r"$t = 1$일 때 $\frac{dL}{dz} = s - 1$, $t = 0$일 때 $\frac{dL}{dz} = {}s$이다.",
        r"Case $t = 1$: $\frac{dL}{dz} = s - 1$. Case $t = 0$: $\frac{dL}{dz} = {}s$.",
        r"With $t = 1$ we obtain $\frac{dL}{dz} = s - 1$; with $t = 0$ we obtain $\frac{dL}{dz} = {}s$.",
        r"Positive ($t = 1$): $\frac{dL}{dz} = s - 1$. Negative ($t = 0$): $\frac{dL}{dz} = {}s$.",
        r"For $t = 1$ we get $$\frac{dL}{dz} = s - 1$$ and for $t = 0$ $$\frac{dL}{dz} = {}s$$",
        r"If $t = 1$, the loss is $L = -\log s$, and $\frac{dL}{dz} = s - 1$. If $t = 0$, the loss is $L = -\log(1 - s)$, and"
        r" $\frac{dL}{dz} = {}s$.",
        r"For $t = 1$, $$L = -\log s, \frac{dL}{dz} = s-1.$$ For $t = 0$, $$L = -\log(1-s), \frac{dL}{dz} = {}s.$$",
        r"If $t = 0$, then $L = -\log(1 - s)$. So $\frac{dL}{dz} = {}s$.",
    ],
)
def test_a_label_that_has_several_numbers_has_a_case_of_each(text: str) -> None:
    """They were numbers of an input, or claims, and what stood behind the second wrong."""
    assert sb.verify(TARGET, text.replace("{}", "")).ok
    assert sb.verify(TARGET, text.replace("{}", "2")).claims[-1].wrong


def test_what_is_supposed_holds_of_the_next_sentence() -> None:
    net = "x: data[()]\ny: data[()]\nw: parameter[()]\nz = w*x\na = relu(z)\nL = (a - y)**2/2"
    text = r"Suppose $z > 0$. Then $\frac{dL}{dw} = (a-y)x$. Suppose $z < 0$. Then $\frac{dL}{dw} = 0$."
    assert sb.verify(net, text).ok
    assert not sb.verify(net, text.replace("(a-y)x", "(a+y)x")).ok


def test_a_loss_in_a_case_is_judged() -> None:
    """What a case said of the loss was left out."""
    cases = r"If $t = 1$, the loss is $L = -{}\log s$, and $\frac{dL}{dz} = s - 1$. If $t = 0$, $\frac{dL}{dz} = s$."
    for net, text in (
        (TARGET, cases),
        (TARGET, r"$$L = -{}\log s \text{ if } t = 1$$ $$\frac{dL}{dz} = s - t$$"),
        ("z: parameter[()]\nL = max(z, 0)**2", r"$$L = {}z^2 \text{ if } z > 0$$ $$\frac{dL}{dz} = 2z \text{ if } z > 0$$"),
    ):
        assert sb.verify(net, text.replace("{}", "")).ok
        found = sb.verify(net, text.replace("{}", "5 ")).claims
        assert found[0].wrong
        assert all(one.right for one in found[1:])


TRIPLET = """
a: parameter[d]; p: parameter[d]; n: parameter[d]; m: data
L = maximum(0, sum((a - p)**2) - sum((a - n)**2) + m)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "said",
    [
        r"For $u > 0$: $${}$$",
        r"If $L > 0$, then $${}$$",
        r"If the loss is positive, then $${}$$",
        r"When the hinge is active ($u > 0$), we have $${}$$",
        r"$${} \text{{ if }} L > 0$$",
        r"$${} \text{{ for }} u > 0$$",
    ],
)
def test_a_condition_holds_of_each_side_of_a_chain(said: str) -> None:
    before = r"Let $u = \|a - p\|^2 - \|a - n\|^2 + m$. "
    right = r"\nabla_a L = 2(a - p) - 2(a - n) = 2(n - p)"
    assert sb.verify(TRIPLET, before + said.format(right))[-1].right
    for wrong in (right.replace("- 2(a", "+ 2(a"), right.replace("2(n - p)", "3(n - p)")):
        found = sb.verify(TRIPLET, before + said.format(wrong))[-1]
        assert found.kind == "undecided" if "positive" in said else found.wrong  # the loss of each sample may be meant


def test_several_gradients_are_0_where_a_condition_does_not_hold() -> None:
    said = r"Let $u = \|a - p\|^2 - \|a - n\|^2 + m$. For $u < 0$: $\nabla_a L = \nabla_p L = 0$."
    assert sb.verify(TRIPLET, said).ok
    assert sb.verify(TRIPLET, said.replace("u < 0", "u > 0"))[-1].wrong


CLASSES = "X: data[n, d]\nY: labels[n, k]\nW: parameter[d, k]\nS = X @ W\nP = softmax(S, axis=1)\nL = -sum(Y*log(P))"
CASE = r"\frac{\partial L}{\partial S_{ij}} = P_{ij}"


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        (rf"For $j = y_i$, $${CASE} - 1$$", ("- 1", "+ 1")),
        (rf"For $y_i \neq j$ we get $${CASE}$$", ("= P", "= 2P")),
        (rf"$${CASE} - 1 \quad\text{{if }} j = y_i$$", ("- 1", "")),
        (rf"If $y_i = j$ then ${CASE} - 1$, and if $y_i \neq j$ then ${CASE}$.", ("- 1", "+ 1")),
    ],
)
def test_the_class_of_a_sample_is_a_case_where_the_network_has_it_one_hot(text: str, slip: tuple[str, str]) -> None:
    assert sb.verify(CLASSES, text).ok
    assert not sb.verify(CLASSES, text.replace(*slip)).ok
