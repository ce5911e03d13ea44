"""What a reader must know of the notation, said once, and only where it occurs."""

from __future__ import annotations

from collections.abc import Iterable

from symbackprop.report.document import Content, Math

_GRADIENT: Content = "A gradient has the shape of the tensor that it belongs to."
_JACOBIAN: Content = ("The derivative of ", Math("y"), " by ", Math("x"), " has the axes of ", Math("y"), ", followed by those of ",
                      Math("x"), ".")  # fmt: skip
_ROWS: tuple[tuple[str, Content], ...] = (
    (r"^{\top}", "A vector is a column."),
    (r"\odot", (Math(r"A\odot B"), " multiplies entry by entry, after all matrix products. Functions, fractions and powers such as ",
                Math(r"a^{\odot 2}"), " act on every entry as well, and a number that is added is added to every entry.")),
    (r"\mathbf{1}_{", (Math(r"\mathbf{1}_{n}"), " is the column of ", Math("n"), " ones: ", Math(r"X\,\mathbf{1}_{n}"), " sums the rows of ",
                       Math("X"), ", and ", Math(r"\mathbf{1}_{n}\,b^{\top}"), " repeats ", Math("b"), " in every row.")),
    (r"\mathbf{1}[", (Math(r"\mathbf{1}[k = i]"), " is 1 where the condition holds, otherwise 0.")),
    (r"\operatorname{diag}", (Math(r"\operatorname{diag}\left(v\right)"), " is the diagonal matrix of a vector, ",
                              Math(r"\operatorname{diag}\left(M\right)"), " the diagonal of a matrix.")),
    (r"\right\rVert_{F}", (Math(r"\left\lVert A\right\rVert_{F}^{2}"), " is the sum of the squares of all entries of a matrix.")),
    (r"\right\rangle_{F}", (Math(r"\left\langle A, B\right\rangle_{F}"), " is the sum of the products of all entries of two matrices.")),
    (r"\operatorname{softmax}", (Math(r"\operatorname{softmax}\left(o\right)_{k} = e^{o_{k}}/\sum_{i} e^{o_{i}}"),
                                 "; for a matrix, in every row.")),
    (r"\right|_{", (Math(r"\left.\frac{\partial L}{\partial x}\right|_{q}"), " is the part of the gradient that comes back through ",
                    Math("q"), ".")),
)  # fmt: skip
_POSITIONS: Content = "Positions count from 0, as in NumPy."


def conventions(formulas: Iterable[str], jacobian: bool, positions: bool) -> tuple[Content, ...]:
    """The sentences that these formulas need.

    jacobian    whether what is differentiated has axes.
    positions   whether a formula shows a position as a number.
    """
    text = "\n".join(formulas)
    found = [sentence for mark, sentence in _ROWS if mark in text]
    return (_JACOBIAN if jacobian else _GRADIENT, *found, *([_POSITIONS] if positions else []))
