"""Habits of paper and of other languages: where the slip is, what to write, and that what a click writes is read."""

import re

import pytest

import symbackprop as sb

GIVEN = "x: data[n]\nW: parameter[n, n]\n"
SLIPS = {  # the line -> the column, what is said, what a click makes of the line
    "L = sum(x^2)": (10, "^ is not in the language. Write ** for a power.", "L = sum(x**2)"),
    "L = sum(W @ (x << 2))": (16, "<< is not in the language. Write * for a product.", "L = sum(W @ (x * 2))"),
    "L := sum(x)": (3, ":= is not in the language. Write =.", "L = sum(x)"),
    "L = 2 sum(x)": (6, "a number and a value stand side by side. Write * between them.", "L = 2 * sum(x)"),
    "L = sum(2.5e1x)": (9, "a number stands before a name. Write * between them.", "L = sum(2.5e1*x)"),
    "L = sum(W' @ x)": (10, "' is no transposition here. Write .T.", "L = sum(W.T @ x)"),
    "z data[n]": (2, "a declaration has a colon. Write z: data[n].", "z: data[n]"),
    "L = sum(x) if": (14, "this is not the syntax of the language", ""),
    "v in R^n": (1, "a declaration has a colon. Write v: data[n], or v: parameter[n] where it is learnt.", ""),
    "L = 0,5*sum(x**2)": (5, "0,5 is two values for Python, whose decimal sign is a point. Write 0.5.", ""),
    "L = sum(1,5*x**2)": (5, "1,5 is two values for Python, whose decimal sign is a point. Write 1.5.", ""),
    "L = ||x||**2": (5, "a norm is not written by bars. Write norm(x), or sum(x**2) for its square.", ""),
    "L = sum(‖x‖²)": (9, "a norm is not written by bars.", ""),
    "a = W x": (7, "two values stand side by side. Write W @ x for a product of matrices, W * x entry by entry.", ""),
    "L = sum(W.T x)": (13, "Write W.T @ x for a product of matrices, W.T * x entry by entry, W.T, x for two values.", ""),
    "L = sum((W) x) + 1": (13, "two values stand side by side. Write A @ B for a product of matrices", ""),
    ">>> z = W @ x": (1, "the prompt of Python stands before the line. Leave it out.", ""),
    "- z: data[n]": (1, "the sign of a list stands before the line. Leave it out.", ""),
    "z = data(n, 2*n)": (5, "a declaration has a colon, and square brackets. Write z: data[n, 2*n].", ""),
    "sum(x)": (1, "the value has no name. Write L = sum(x).", "L = sum(x)"),
    "L = sum(x)**2*π² + smu(x)": (20, "smu is not a function of the language. Did you mean sum?", "L = sum(x)**2*π² + sum(x)"),
    "let z = W @ x": (1, "a value needs no word before its name. Write name = ...", ""),
    "// the loss": (1, "a remark begins with #. Write # in its place.", "# the loss"),
    "L = sum(W .* x)": (11, ".* is not in the language. Write *, entry by entry.", "L = sum(W * x)"),
    "L = sum(x .^ 2)": (11, ".^ is not in the language. Write **, entry by entry.", "L = sum(x ** 2)"),
    "L = ½ sum(x)": (5, "½ is no number here. Write (1/2)*.", "L = (1/2)* sum(x)"),
    "L = sum(|W @ x|)": (9, "bars are no absolute value here. Write abs(x), or norm(x) of a vector.", ""),
    "L = -x log(x)": (8, "Write x @ log(...) for a product of matrices, x * log(...) entry by entry.", ""),
    "z: data[batch size, n]": (4, "the name of a size is one word. Write data[batch_size, n].", "z: data[batch_size, n]"),
    "z: positive parameter": (
        4,
        "the words of a declaration are joined by &. Write parameter & positive.",
        "z: parameter & positive",
    ),
    "z: data[n, n] symmetric": (4, "joined by &. Write data[n, n] & symmetric.", "z: data[n, n] & symmetric"),
    "z: symmetric matrix[n, n]": (4, "Write data[n, n] & symmetric for what is given", "z: data[n, n] & symmetric"),
    "z: unit vector[n]": (4, "Write data[n] & unit for what is given", "z: data[n] & unit"),
    "z: data[n n]": (4, "sizes stand in square brackets, with commas. Write data[n, n].", "z: data[n, n]"),
}


@pytest.mark.parametrize("line", SLIPS)
def test_a_slip_is_named_where_it_stands_and_mended(line: str) -> None:
    column, said, mended = SLIPS[line]
    with pytest.raises(sb.NotationError) as refused:
        sb.read(GIVEN + line)
    fault = refused.value
    assert fault.place is not None
    assert (fault.line, fault.column) == (3, column)
    assert said in str(fault)
    start = fault.place.column - 1
    written = line[:start] + fault.write + line[start + fault.place.length :]
    assert (written if fault.write else "") == mended
    if mended:
        sb.read(GIVEN + mended + "\nloss = sum(x)\n")


HEADERS = {  # the first line of a loop -> the column, what is said
    "for l = 1..n:": (7, "the letter of a loop stands before in."),
    "for l in 1:n:": (11, "two points stand between the bounds of a loop."),
    "for l in 1...n:": (11, "two points stand between the bounds of a loop."),
}


@pytest.mark.parametrize("header", HEADERS)
def test_a_slip_in_the_first_line_of_a_loop_is_mended_by_a_click(header: str) -> None:
    column, said = HEADERS[header]
    text = GIVEN + "z[0] = x\n{}\n    z[l] = tanh(W @ z[l-1])\nL = sum(z[1])\n"
    with pytest.raises(sb.NotationError) as refused:
        sb.read(text.format(header))
    fault = refused.value
    assert (fault.line, fault.column, fault.fault) == (4, column, said)
    assert fault.place is not None
    assert fault.mend
    start = column - 1
    assert sb.read(text.format(header[:start] + fault.write + header[start + fault.place.length :])).program.equations


@pytest.mark.parametrize("sign", ["@", "*"])
@pytest.mark.parametrize("line", ["L = sum((W @ x)**2)", "a = tanh(W @ x)", "a = W @ x", "b = x + (W @ x)"])
def test_what_is_said_of_a_product_without_a_sign_is_read(line: str, sign: str) -> None:
    with pytest.raises(sb.NotationError, match=f"W {'[*]' if sign == '*' else sign} x"):
        sb.read(GIVEN + line.replace(" @ ", " "))


def test_a_word_of_a_declaration_is_no_size() -> None:
    with pytest.raises(sb.NotationError, match=r"2:13: parameter is no size. Write s: parameter\[n\] & positive"):
        sb.read("x: data[n]\ns: positive[parameter]\nL = sum(x)/s")


HABITS = {  # what people bring along -> what is said
    "L <- sum(W @ x) + 1": "<- gives no name here. Write L = ...",
    "a <- x*2\nL = sum(a)": "<- gives no name here. Write a = ...",
    "a <- -x": "<- gives no name here. Write a = ...",
    "z: data[n] // targets\nL = sum(z)": "a remark begins with #. Write data[n]  # and the remark.",
    "L = sum(x) + lam*norm(W)**2": "lam is not defined. Declare it: lam: data or lam: parameter.",
    "L = beta + sum(x)": "beta is not defined. Declare it: beta: data[n] or beta: parameter[n].",
    "L = sum(linear(x, W))": "Declare its weights, W: parameter[h, d]",
    "L = sum(sum(W @ x, axis='n'))": "axis must be a whole number, not n; (W @ x) is (n,), write axis=0",
    "z: data[N]\nL = sum(z - x)": "N and n are two sizes: write one of them in both places.",
    "Z: data[m, N]\nL = sum(Z @ x)": "N and n are two sizes: write one of them in both places.",
    "L = sum(W @ n)": "n is the size of an axis; give the value, or the size, another name",
    "L == sum(x)": "== compares. Write L = ... to name a value.",
    "L = sum(x),": "the comma behind the value makes a tuple of it. Leave the comma out.",
    "L = sum(Wx)": "Wx is not defined. Write W @ x for a product of matrices, W * x entry by entry.",
    "y = W @ x$\nL = sum(y**2)": "3:10: $ is not in the language. Leave it out.",  # it is no LaTeX
    "L = sum((W @\\ x)**2)": "\\ is not in the language. Leave it out.",
    "L = mse(x, x)": "Did you mean mse_loss?",
    "L = nn.MSELoss(x, x)": "Write nn.MSELoss()(...), or mse_loss(...).",
    "L = sum(nn.MSELoss(x, x))": "Write nn.MSELoss()(...), or mse_loss(...).",
    "L = sum(nn.Linear(3, 4)(x))": "Declare its weights, W: parameter[h, d]",
    "L = sum(W \\ x)": "divides no matrices here. Write solve(A, b).",  # it was read as LaTeX, and as a product
    "h = 0\ny = W @ h + x\nL = sum(y**2)": "a number has no axes to multiply along; write zeros(n) in the place of 0",
    "parameter V[n, n]\nL = sum(V @ x)": "a declaration has a colon. The name comes first: V: parameter[n, n].",
    "var z: data[n]\nL = sum(z)": "a declaration needs no word before its name. Leave it out.",
    "L = sum(x > 0 ? x : 0)": "? is not in the language. Write where(condition, a, b).",
    "L = Σ x_i": "a sum stands before brackets. Write sum(x**2)",
    "L = sum_i x_i": "a sum stands before brackets. Write sum(x**2)",
    "L = log|W|": "bars are no determinant here. Write logdet(A) of a matrix",
    "L = sum(W^-1 @ x)": "W^-1 is no inverse here. Write inv(A) of a matrix",
    "L = W(1, 2)": "Entries stand in square brackets, from 0 on: W[0, 1].",
    "L = tf.reduce_sum(x)": "Words of TensorFlow are not read: write mean(...)",
    "L = sum(sum(W, axis=0, keepdims=true))": "true is not defined. Write True.",
    "t: integers[n, n]\nL = cross_entropy(t, W)": "the scores come first, cross_entropy(W, t)",
    "s = 0\nfor i in 1:n\n  s += x[i]\nL = s": "two points stand between the bounds of a loop. Write for l in 1..n:",
    "L = sum(x)\nL.backward()": "Leave the line out: every gradient of the loss is derived.",
}


@pytest.mark.parametrize("line", HABITS)
def test_a_habit_is_told_what_to_write(line: str) -> None:
    with pytest.raises(sb.NotationError) as refused:
        sb.read(GIVEN + line)
    assert HABITS[line] in str(refused.value)
    assert "function <" not in str(refused.value)


NOTED = {
    "L = sum(W**-1 @ x)": "W**-1 is 1/W entry by entry, as NumPy has it: the inverse is inv(W).",
    "L = sum(x @ W**3)": "W**3 is that of every entry, as NumPy has it: the product is W @ W @ W.",
    "L = sum(x**1/2)": "x**1/2 is x/2 for Python, a power first: the root is x**(1/2).",
    "z = x + 1\nL = sum(1 / 1 + exp(-z))": "1 / 1 + exp(-z) divides first, 1 / 1 by itself: brackets are missing where all of it stands below.",
    "v: parameter[n]\nL = binary_cross_entropy(x, sigmoid(v))": "binary_cross_entropy takes the prediction first: x is taken for it, and nothing in that is learnt.",
    "L = sum(x**2)**1/2": "sum(x**2)**1/2 is sum(x**2)/2 for Python, a power first: the root is sum(x**2)**(1/2).",
}


@pytest.mark.parametrize("line", NOTED)
def test_a_power_that_paper_means_otherwise_is_said(line: str) -> None:
    assert NOTED[line] in sb.network(GIVEN + line).notes


@pytest.mark.parametrize(
    "line", ["L = sum(W**2)", "L = sum(x**-1)", "L = sum((W * W)**2 + x**2/2)", "a, b = 0,5\nL = a*sum(W) + b"]
)
def test_a_power_that_is_meant_is_not(line: str) -> None:
    assert not [said for said in sb.network("W: data[n, n]\nx: parameter[n]\n" + line).notes if "Python" in said or "NumPy" in said]


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("x: data[n]\nw: parameter[n]\nyhat = w @ x\nL = (yhat - y)**2", "y: data"),
        ("x: data[n]\nw: parameter[n]\na = sigmoid(w @ x)\nL = -(y*log(a) + (1 - y)*log(1 - a))", "y: data"),
        ("X: data[n, d]\nw: parameter[d]\nyhat = X @ w\nL = sum((yhat - y)**2)", "y: data[n]"),
        ("X: data[n, d]\nw: parameter[d]\nL = mean((X @ w - y)**2)", "y: data[n]"),
    ],
)
def test_a_target_is_as_wide_as_what_it_stands_beside(text: str, declared: str) -> None:
    with pytest.raises(sb.NotationError, match=rf"y is not defined. Declare it: {re.escape(declared)}\."):
        sb.network(text)
    assert sb.network(f"{declared}\n{text}").loss == "L"


def test_an_update_by_a_derivative_is_none_of_the_network() -> None:
    with pytest.raises(
        sb.NotationError, match=r"dL is derived\. Leave the line out: every gradient is, and training descends them\."
    ):
        sb.network(GIVEN + "L = sum(x)\nx_1 = x - 0.1*dL/dx")


@pytest.mark.parametrize("line", ["L = sum(reshape(x, (2,3)))", "L = sum(reshape(x, 2,3))", "L = sum(swapaxes(x, 0,1))"])
def test_sizes_beside_a_comma_are_no_decimals(line: str) -> None:
    with pytest.raises(sb.NotationError) as refused:
        sb.network("x: parameter[5]\n" + line)
    assert "decimal" not in str(refused.value)
