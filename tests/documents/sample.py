"""A hand-written derivation of the two-layer network, with every block and most of what formulas use."""

from symbackprop.documents.document import (
    Bullets,
    Code,
    Document,
    Figure,
    Formula,
    FormulaRows,
    Link,
    Math,
    Note,
    Paragraph,
    Part,
    Section,
    Span,
    StepBlock,
    Table,
)
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.symbols import ACCENTS, ALPHABETS, DELIMITERS, ENVIRONMENTS, SPACES, SYMBOLS
from symbackprop.formulas.tree import Marked, Row
from symbackprop.pictures.graph import Edge, Node, arranged
from symbackprop.pictures.picture import Page, Picture


def picture(page: Page) -> Picture:
    """Of z, a and L."""
    nodes = [
        Node("z", parse("z"), "data", parse("h")),
        Node("a", parse(r"a = \sigma(z)"), value="0.73", gradient="0.20"),
        Node("L", parse("L = a^2"), "loss", value="0.53", gradient="1"),
    ]
    return arranged(nodes, [Edge("z", "a", parse("a (1 - a)")), Edge("a", "L", parse("2a"))], page=page)


CLOSED = r"\frac{\partial L}{\partial W_1} = \left[W_2^\top\,2(\hat y - y)\odot a\odot(1-a)\right]x^\top"

FORMULAS = (
    CLOSED,
    r"\frac{\partial L}{\partial z_i} = \frac{\partial L}{\partial a_i} \cdot \frac{\partial a_i}{\partial z_i}",
    r"\frac{\partial q_k}{\partial W_{ij}} = \mathbf{1}[k=i]\, x_j",
    r"\hat{y}_{k} = \sum_{i} W_{2,ki}\, a_{i}",
    r"L = \frac{1}{n} \sum_{b=1}^{n} \left(-\log \frac{\exp(o_{b,y_b})}{\sum_{k} \exp(o_{b,k})}\right)",
    r"p = \operatorname{softmax}(o), \quad p_k \in \mathbb{R}^{h \times d}",
    r"\left.\frac{\partial f}{\partial q}\right|_{q=3} = -4",
    r"\operatorname{relu}'(x) = \begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
    r"L = \left\lVert W x - t \right\rVert^{2} + \lambda \left\lVert W \right\rVert_{F}^{2}",
    r"W = \begin{bmatrix} 0.1 & 0.5 \\ -1 & 0.8 \end{bmatrix}, \quad \nabla f = \begin{pmatrix} -4 \\ 3 \end{pmatrix}",
    r"y_{b,o} = \max_{k} x_{b,o+k}",
    r"\mu = \frac{1}{\sqrt{\sigma^{2} + \varepsilon}}, \quad \sqrt[3]{x}",
    r"J = \sum_{i} \max\left(0,\, s_{i} - s_{t} + 1\right)",
    r"\mathrm{learning\_rate} = 1.2 \times 10^{-9}",
    r"f'(x) \approx \frac{f(x + \varepsilon) - f(x - \varepsilon)}{2 \varepsilon}",
    r"\tilde{x} = \bar{x} + \dot{x} + \vec{v} + \mathcal{L}(\theta) + \left|x\right| + \lfloor x \rfloor",
    r"H v = \frac{\partial^{2} L}{\partial x^{2}}\, v",
)

# Every row of the whitelist, and every construct, in a formula of its own.
WHITELIST = (
    *(f"x \\{name} y" for name in (*SYMBOLS, *SPACES)),
    *(f"\\{name}{{x}}" for name in ACCENTS),
    *(f"\\{name}{{R}}" for name in ALPHABETS),
    *(f"\\left{left} x \\right{right}" for left, right in zip(DELIMITERS, reversed(DELIMITERS), strict=True)),
    *(f"\\begin{{{name}}} a & b \\\\ c & d \\end{{{name}}}" for name in ENVIRONMENTS),
    r"\frac{a}{b}",
    r"\sqrt{x}",
    r"\sqrt[3]{x}",
    r"\text{if } x",
    r"\mathrm{learning\_rate}",
    r"\operatorname{softmax}(x)",
    r"x_{i}^{2}",
    "x'",
    r"\sum_{i}^{n} x_i",
    r"W^{[1]}",
    r"1{,}000",
)


def parts(rule: str, local: str, upstream: str, *result: str) -> tuple[Part, ...]:
    shown = (("Chain rule", (rule,)), ("Local derivative", (local,)), ("Upstream gradient", (upstream,)), ("Product", result))
    return tuple(Part(label, tuple(map(parse, found)), "result" if label == "Product" else "") for label, found in shown)


SAMPLE = Document(
    ("Gradients of ", Math(parse(r"L = \sum_k (\hat{y}_k - y_k)^2")), " for two layers"),
    (
        Paragraph(
            (
                "The network takes ",
                Math(parse(r"x \in \mathbb{R}^{d}")),
                " through a hidden layer of ",
                Math(parse("h")),
                " sigmoid units to ",
                Math(parse(r"\hat{y} \in \mathbb{R}^{c}")),
                ". A gradient has the shape of the thing it is the gradient of. The file was ",
                Span("two_layer.net", style="code"),
                " and every step is listed in ",
                Link("the backward pass", "backward"),
                ".",
            )
        ),
        Section("Forward pass"),
        FormulaRows(
            (
                Formula(parse(r"z = W_1 x"), "(h,)"),
                Formula(parse(r"a = \sigma(z)"), "(h,)"),
                Formula(parse(r"\hat{y} = W_2 a"), "(c,)"),
                Formula(parse(r"L = \sum_{k} \left(\hat{y}_{k} - y_{k}\right)^{2}"), "scalar"),
            )
        ),
        Section("At one point", 2),
        Table(
            ("Tensor", "Shape", "Value", "Gradient"),
            (
                (Math(parse("W_1")), "(2, 2)", Math(parse("0.1"), "value"), Math(parse("0.088"), "gradient")),
                (Math(parse("x")), "(2,)", Math(parse("0.2"), "value"), Math(parse("-0.112"), "gradient")),
            ),
            "llrr",
            "Values are green, gradients are red.",
        ),
        Figure(picture, ("The graph, with ", Math(parse("a")), " in the middle."), "z leads to a, a leads to L", "graph.svg"),
        Section("Backward pass", anchor="backward"),
        StepBlock(
            ("Through ", Math(parse(r"a = \sigma(z)"))),
            parts(
                r"\frac{\partial L}{\partial z} = \frac{\partial L}{\partial a} \cdot \frac{\partial a}{\partial z}",
                r"\frac{\partial a_i}{\partial z_i} = a_i (1 - a_i)",
                r"\frac{\partial L}{\partial a} = W_2^\top \frac{\partial L}{\partial \hat{y}}",
                r"\frac{\partial L}{\partial z} = \frac{\partial L}{\partial a} \odot a \odot (1 - a)",
                r"\frac{\partial L}{\partial z_{i}} = \sum_{k} W_{2,ki}\, 2 (\hat{y}_k - y_k)\, a_i (1 - a_i)",
            ),
            shape="(h,)",
            sentences=("An elementwise function scales each entry by its slope.",),
            anchor="step-z",
        ),
        StepBlock(
            ("Through ", Math(parse("z = W_1 x")), " to ", Math(parse("W_1"))),
            parts(
                r"\frac{\partial L}{\partial W_1} = \frac{\partial L}{\partial z} \frac{\partial z}{\partial W_1}",
                r"\frac{\partial z_k}{\partial W_{1,ij}} = \mathbf{1}[k=i]\, x_j",
                r"\frac{\partial L}{\partial z}",
                r"\frac{\partial L}{\partial W_1} = \frac{\partial L}{\partial z}\, x^\top",
            ),
            shape="(h, d)",
            sentences=(
                "Multiplication swaps its factors.",
                ("Batch: ", Math(parse("b")), " is summed, since every sample adds its part."),
            ),
            anchor="step-W_1",
        ),
        Note("The slope of relu at 0 is taken to be 0.", "warning"),
        Section("Gradients"),
        Formula(parse(CLOSED), "(h, d)", "gradient-W_1", "gradient"),
        Section("All that formulas use"),
        FormulaRows(tuple(Formula(parse(latex)) for latex in FORMULAS)),
        Section("Check"),
        Table(
            ("Parameter", "Tape", "Differences", "Verdict"),
            (
                (
                    Span("W_1", style="code"),
                    Math(parse(r"1.2 \times 10^{-16}")),
                    Math(parse(r"3.4 \times 10^{-10}")),
                    Span("agrees", "good"),
                ),
                (Span("W_2", style="code"), Math(parse("0")), Math(parse(r"0.2")), Span("differs", "bad")),
            ),
            "lrrl",
        ),
        Bullets(("Names such as a_b & <i>x</i> stay as they are.", ("Only ", Math(parse(r"\sigma")), " is nonlinear."))),
        Code("z = W_1 @ x\na = sigmoid(z)  # (h,)", "python"),
        Section("Judged"),
        StepBlock(
            ("A claim about ", Math(parse("W_1"))),
            (
                Part("Claimed", (Row((parse(r"\delta"), Marked(parse("2 x"), "bad"))),), "bad"),
                Part("Right is", (Row((parse(r"\delta"), Marked(parse(r"x^\top"), "good"))),), "good"),
            ),
            anchor="claim-W_1",
            tone="bad",
        ),
        Note("No claim is wrong but one.", "good"),
        Note("The step is wrong.", "bad", "First wrong step"),
        Note(("Everything agrees with ", Link("the forward pass", "section-1"), ".")),
    ),
)
