"""The two-layer network as tensors with operators: every step is an object that Python can pass around."""

import symbackprop as sb

x, y = sb.data("x", "d"), sb.data("y", "c")
W_1, W_2 = sb.parameter("W_1", "h d"), sb.parameter("W_2", "c h")

a = sb.sigmoid(W_1 @ x)
yhat = W_2 @ a
L = sb.sum((yhat - y) ** 2)

two_layer = sb.network({"a": a, "yhat": yhat, "L": L})

if __name__ == "__main__":
    print(sb.derive(two_layer).text())
