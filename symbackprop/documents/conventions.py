"""What a reader must know of the notation, said once, and only where it occurs."""

from __future__ import annotations

from collections.abc import Iterable

from symbackprop.documents.document import Content, Inline, Math


def _sentence(text: str) -> Content:
    """A sentence whose formulas stand between dollar signs."""
    pieces: list[Inline] = [Math(part) if k % 2 else part for k, part in enumerate(text.split("$"))]
    return tuple(piece for piece in pieces if piece != "")


_ROWS = (
    (r"^{\top}", "A vector is a column."),
    (
        r"\odot",
        r"$A\odot B$ multiplies entry by entry, after all matrix products. Functions, fractions and powers such as $a^{\odot 2}$ "
        r"act on every entry as well, and a number that is added is added to every entry.",
    ),
    (
        r"\mathbf{1}_{",
        r"$\mathbf{1}_{n}$ is the column of $n$ ones: $X\,\mathbf{1}_{n}$ sums each row of $X$, and "
        r"$\mathbf{1}_{n}\,b^{\top}$ repeats $b$ in every row.",
    ),
    (r"\mathbf{1}[", r"$\mathbf{1}[k = i]$ is 1 where the condition holds, otherwise 0."),
    (
        r"\operatorname{diag}",
        r"$\operatorname{diag}\left(v\right)$ is the diagonal matrix of a vector, $\operatorname{diag}\left(M\right)$ the "
        r"diagonal of a matrix.",
    ),
    (r"\right\rVert_{F}", r"$\left\lVert A\right\rVert_{F}^{2}$ is the sum of the squares of all entries of a matrix."),
    (
        r"\right\rangle_{F}",
        r"$\left\langle A, B\right\rangle_{F}$ is the sum of the products of all entries of two matrices.",
    ),
    (
        r"\operatorname{softmax}",
        r"$\operatorname{softmax}\left(o\right)_{k} = e^{o_{k}}/\sum_{i} e^{o_{i}}$; for a matrix, in every row.",
    ),
    (
        r"\right|_{",
        r"$\left.\frac{\partial L}{\partial x}\right|_{q}$ is the part of the gradient that comes back through $q$.",
    ),
    (r"\left(\partial ", "A derivative that is itself differentiated is written in one line, with a slash."),
)
_GRADIENT = "A gradient has the shape of the tensor that it belongs to."
_JACOBIAN = "The derivative of $y$ by $x$ has the axes of $y$, followed by those of $x$."
_POSITIONS = "Positions count from 0, as in NumPy."


def conventions(formulas: Iterable[str], jacobian: bool, positions: bool) -> tuple[Content, ...]:
    """The sentences that these formulas need.

    jacobian    whether what is differentiated has axes.
    positions   whether a formula shows a position as a number.
    """
    text = "\n".join(formulas)
    found = [sentence for mark, sentence in _ROWS if mark in text]
    said = [_JACOBIAN if jacobian else _GRADIENT, *found, *([_POSITIONS] if positions else [])]
    return tuple(map(_sentence, said))
