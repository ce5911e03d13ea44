"""The two-layer network as a Python function: its arguments are the inputs, its local names those of the report.

Run it, or derive it from the command line: symbackprop derive examples/two_layer_function.py
"""

import symbackprop as sb


@sb.network
def two_layer(x: "data[d]", y: "data[c]", W_1: "parameter[h, d]", W_2: "parameter[c, h]"):
    """L = (yhat - y)^2 through sigma(W_1 x) and W_2"""
    a = sb.sigmoid(W_1 @ x)
    yhat = W_2 @ a
    return sb.sum((yhat - y) ** 2)


if __name__ == "__main__":
    print(sb.derive(two_layer).text())
