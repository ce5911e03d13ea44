"""Functions of a matrix as rows: what each is, of which shape, its derivative, how it is printed, how NumPy computes it.

The derivative of an entry of the result by an entry of the operand is a sum of products of entries of matrices: of the result, of
the operand, and of further functions of either. So it is an equation like any other, and so is the derivative of that.

A primary function, f(X) = sum_k c_k X^k or what that goes on to, has no such sum. Its derivative along D, L_f(X, D), is the
function again, with a direction: Matrix("expm") of X and D. What comes back to X is L_f(X^T, G), with G from above; a derivative of
that has two directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.functions import primary
from symbackprop.core.functions.operations import known
from symbackprop.core.functions.row import Column
from symbackprop.core.functions.where import iverson


class Read(NamedTuple):
    """What stands in a slot of a row's derivative: function(of), with its letters.

    index     letters out of p, q (of the result), i, j (of the operand) and others, which are summed.
    function  the name of a row; "": the matrix itself.
    of        "operand", "result", or the name of a row: that of the operand.
    """

    index: str  # type: ignore[assignment]  # the letters, not the method of tuples
    function: str = ""
    of: str = "operand"


@dataclass(frozen=True)
class MatrixFunction:
    """One function of the last two axes of a tensor, a matrix X.

    name        what a user writes, or what a part of it is called.
    latex       how it is printed: a name, or a notation in which "{0}" stands for the matrix.
    axes        the axes of the result: r for as many entries as X has rows, c for columns; none for one number a matrix.
    column      works `local` out: d y[p q] / d X[i j] in the slots of `reads` and the positions of the letters.
    reads       what stands in these slots.
    numpy       the text that computes it; "{}" stands for the matrices.
    definition  what it is.
    helpers     the names of the functions of MATRIX_HELPERS that the text calls.
    source      where its differential is proved.
    primary     whether it is a primary function, which takes directions.
    tall        whether X may have more rows than columns; else it is square.
    analytic    whether it goes on along complex numbers, so that its derivative can be taken by a complex step.
    letter      what it is called where it has a line of its own; "": its name.
    said        what a report says of it where a derivative needs it: a sentence, and its formulas in LaTeX, where the matrix is X.
    """

    name: str
    latex: str
    axes: str
    column: Column
    reads: tuple[Read, ...]
    numpy: str
    definition: str
    helpers: tuple[str, ...] = ()
    source: str = "Magnus and Neudecker 2019, chapter 8"
    primary: bool = False
    tall: bool = False
    analytic: bool = True
    letter: str = ""
    said: tuple[str, tuple[str, ...]] | None = None

    @cached_property
    def local(self) -> Expr:
        """d y[p q] / d X[i j] in the slots of `reads` and the positions of the letters."""
        return self.column()

    @property
    def scalar(self) -> bool:
        """Whether the result is one number for each matrix."""
        return not self.axes

    def written(self, directions: int) -> str:
        """How its derivative along some directions is printed: a name."""
        order = f"^{{({directions})}}" if directions > 1 else ""
        return rf"L{order}_{{\operatorname{{{self.name}}}}}" if directions else self.latex

    def called(self, *matrices: str) -> str:
        """The text in NumPy: of a matrix, and of a primary function of the directions that it is differentiated along."""
        return (
            self.numpy.format(*matrices)
            if len(matrices) == 1
            else f"along({self.numpy.removesuffix('({})')}, {', '.join(matrices)})"
        )

    def helpers_of(self, directions: int) -> tuple[str, ...]:
        """The names of the functions that the text calls."""
        return (*self.helpers, "along") if directions else self.helpers

    def shape(self, matrix: tuple[Expr, ...]) -> tuple[Expr, ...]:
        """The axes of the result by the two of the matrix."""
        rows, columns = matrix
        return tuple(rows if axis == "r" else columns for axis in self.axes)


MATRIX_HELPERS = primary.HELPERS | {
    "inverse": '''
def inverse(x):
    """The inverse of each matrix; where rounding alone makes a matrix regular, it has none."""
    y = np.linalg.inv(x)
    sizes = np.linalg.norm(x, np.inf, (-2, -1)) * np.linalg.norm(y, np.inf, (-2, -1))
    if np.any(sizes * np.finfo(y.dtype).eps > 0.1):
        raise np.linalg.LinAlgError("a matrix is singular up to rounding, and no digit of its inverse would be right")
    return y
'''.strip(),
    "cholesky": '''
def cholesky(x):
    """The lower triangular factor of the symmetric part of each matrix; one that is positive by rounding alone has none."""
    y = np.linalg.cholesky((x + np.swapaxes(x, -1, -2)) / 2)
    pivots = np.diagonal(y, 0, -2, -1)**2
    if np.any(np.min(pivots, -1, initial=np.inf) < 10 * y.shape[-1] * np.finfo(y.dtype).eps * np.max(pivots, -1, initial=0)):
        raise np.linalg.LinAlgError("a matrix is not positive definite beyond rounding")
    return y
'''.strip(),
    "symmetric": '''
def symmetric(x):
    """The symmetric part of each matrix."""
    return (x + np.swapaxes(x, -1, -2)) / 2
'''.strip(),
    "gaps": '''
def gaps(w, power=1):
    """1 / (w[j]^power - w[i]^power) for numbers that differ beyond rounding, and 0 where i = j."""
    same = np.eye(w.shape[-1], dtype=bool)
    near = 10 * w.shape[-1] * np.finfo(w.dtype).eps * np.max(np.abs(w), axis=-1, initial=0)[..., None, None]
    if np.any((np.abs(w[..., None, :] - w[..., :, None]) <= near) & ~same):
        raise np.linalg.LinAlgError("numbers that must differ are equal, so that their vectors have no derivative")
    gap = np.where(same, 1, w[..., None, :]**power - w[..., :, None]**power)
    return np.where(same, 0, 1 / gap).astype(w.dtype)
'''.strip(),
    "over": '''
def over(s):
    """1 / s for singular values that are not 0 but for rounding."""
    if np.any(s <= 10 * s.shape[-1] * np.finfo(s.dtype).eps * np.max(s, axis=-1, initial=0, keepdims=True)):
        raise np.linalg.LinAlgError("a singular value is 0, so that its left vector has no derivative")
    return 1 / s
'''.strip(),
    "pinv": '''
def pinv(x):
    """The pseudoinverse of each matrix whose columns are independent beyond rounding, by singular values."""
    u, s, v = np.linalg.svd(x, full_matrices=False)
    if np.any(s <= 10 * s.shape[-1] * np.finfo(s.dtype).eps * np.max(s, axis=-1, initial=0, keepdims=True)):
        raise np.linalg.LinAlgError("the columns of a matrix depend on each other, up to rounding")
    return np.swapaxes(v, -1, -2) / s[..., None, :] @ np.swapaxes(u, -1, -2)
'''.strip(),
}
"""The definitions of the functions in NumPy that rows call, by name."""

_S = sp.symbols("s0:9")
_A, _B, _I, _P, _Q = (Symbol(c, integer=True, nonnegative=True) for c in "abipq")
_SEEGER = "Seeger et al. 2017, Auto-differentiating linear algebra"
_TOWNSEND = "Townsend 2016, Differentiating the singular value decomposition"
_ALONG = (
    "{} is the derivative of {} at {} along {}, the upper right block of {} of the matrix {}.",
    ("L_f(X, E)", "f", "X", "E", "f", r"\begin{bmatrix} X & E \\ 0 & X \end{bmatrix}"),
)
_GOLUB = "Golub and Pereyra 1973, The differentiation of pseudo-inverses"
_WALTER = "Walter and Lehmann 2010, Algorithmic differentiation of linear algebra functions"
_GAPS = (
    "{} has the entries {} by the eigenvalues {} of {}, and 0 where {}: where two are equal, their vectors have no derivative.",
    ("F_X", "1/(w_j - w_i)", "w", "X", "i = j"),
)
_SVD_GAPS = (
    "{} has the entries {} by the singular values {} of {}, and 0 where {}: where two are equal, their vectors have no derivative.",
    ("E_X", "1/(s_j^2 - s_i^2)", "s", "X", "i = j"),
)
_SVD_OVER = (
    "{} has the entries {} by the singular values {} of {}: where one is 0, its left vector has no derivative.",
    ("D_X", "1/s_j", "s", "X"),
)


def _result(index: str, function: str = "") -> Read:
    return Read(index, function, "result")


def _same(a: Symbol, b: Symbol) -> Expr:
    """[a = b]."""
    return iverson(sp.Eq(a, b, evaluate=False))


def _lower(a: Symbol, b: Symbol, strict: bool) -> Expr:
    """[a <= b], or [a < b]."""
    return iverson((sp.Lt if strict else sp.Le)(a, b, evaluate=False))


def _primary(name: str, latex: str, definition: str, helpers: tuple[str, ...]) -> MatrixFunction:
    source = "Higham 2008, Functions of Matrices, chapter 3"
    return MatrixFunction(name, latex, "rc", lambda: S.Zero, (), f"{name}({{}})", definition, helpers, source, True, said=_ALONG)


MATRIX_FUNCTIONS = {
    row.name: row
    for row in (
        MatrixFunction(
            "inverse", r"{0}^{-1}", "rc", lambda: -_S[0] * _S[1], (_result("pi"), _result("jq")),
            "inverse({})", "the matrix Y with X Y = Y X = 1", ("inverse",),
        ),
        MatrixFunction(
            "pinv", "{0}^{+}", "cr",
            lambda: _S[2] * _S[3] * (_same(_I, _Q) * _same(_B, _P) - _S[4] * _S[5]) - _same(_A, _Q) * _same(_B, _P) * _S[0] * _S[1],
            (_result("pi"), _result("jq"), _result("pa"), _result("ja"), Read("ib"), _result("bq")),
            "pinv({})", "the matrix Y with Y X = 1 and X Y symmetric, for independent columns of X", ("pinv",), _GOLUB, tall=True,
        ),
        MatrixFunction(
            "det", r"\det {0}", "", lambda: _S[0] * _S[1], (Read("ji", "inverse"), _result("")),
            "np.linalg.det({})", "the determinant of X",
        ),
        MatrixFunction(
            "logdet", r"\log\left|\det {0}\right|", "", lambda: _S[0], (Read("ji", "inverse"),),
            "np.linalg.slogdet({})[1]", "the logarithm of the determinant's magnitude",
        ),
        MatrixFunction(
            "cholesky", r"\operatorname{chol}", "rc",
            lambda: S.Half * _S[0] * (_lower(_Q, _A, False) * _S[1] * _S[2] + _lower(_Q, _A, True) * _S[3] * _S[4]),
            (_result("pa"), *[_result(c, "inverse") for c in ("ai", "qj", "qi", "aj")]),
            "cholesky({})", "the lower triangular Y with a positive diagonal and Y Y^T = X",
            ("cholesky",), _SEEGER,
        ),
        MatrixFunction(
            "eigenvalues", r"\operatorname{eigvals}", "r", lambda: _S[0] * _S[1],
            (Read("ip", "eigenvectors"), Read("jp", "eigenvectors")),
            "np.linalg.eigvalsh(symmetric({}))", "the eigenvalues of the symmetric part of X, the least first",
            ("symmetric",), "Magnus 1985, On differentiating eigenvalues and eigenvectors",
        ),
        MatrixFunction(
            "eigenvectors", r"\operatorname{eigvecs}", "rc", lambda: S.Half * _S[0] * _S[1] * (_S[2] * _S[3] + _S[4] * _S[5]),
            (_result("pa"), Read("aq", "gaps"), *[_result(c) for c in ("ia", "jq", "ja", "iq")]),
            "np.linalg.eigh(symmetric({}))[1]", "the eigenvectors of the symmetric part of X as columns",
            ("symmetric",), "Giles 2008, An extended collection of matrix derivative results, section 3.1", letter="Q",
        ),
        MatrixFunction(
            "gaps", "F_{0}", "rc", lambda: _S[0] ** 2 * (_S[1] * _S[2] - _S[3] * _S[4]),
            (_result("pq"), *[Read(c, "eigenvectors") for c in ("ip", "jp", "iq", "jq")]),
            "gaps(np.linalg.eigvalsh(symmetric({})))", "1 / (w[q] - w[p]) by the eigenvalues w of X, and 0 where p = q",
            ("symmetric", "gaps"), letter="F", said=_GAPS,
        ),
        MatrixFunction(
            "svdvals", r"\operatorname{svdvals}", "c", lambda: _S[0] * _S[1], (Read("ip", "svd_left"), Read("jp", "svd_right")),
            "np.linalg.svd({}, compute_uv=False)", "the singular values of X, the largest first", source=_TOWNSEND, tall=True,
        ),
        MatrixFunction(
            "svd_left", r"\operatorname{left}", "rc",
            lambda: _S[0] * (_S[1] * (_S[2] * _S[3] * _S[4] + _S[5] * _S[6] * _S[7]) - _S[2] * _S[3] * _S[8])
            + _same(_A, _Q) * _same(_P, _I) * _S[3] * _S[8],
            (_result("pa"), Read("aq", "svd_gaps"), _result("ia"), Read("jq", "svd_right"), Read("q", "svdvals"), _result("iq"),
             Read("ja", "svd_right"), Read("a", "svdvals"), Read("q", "svd_over")),
            "np.linalg.svd({}, full_matrices=False)[0]", "the left singular vectors of X as columns", source=_TOWNSEND,
            tall=True, letter="U",
        ),
        MatrixFunction(
            "svd_right", r"\operatorname{right}", "cc", lambda: _S[0] * _S[1] * (_S[2] * _S[3] * _S[4] + _S[5] * _S[6] * _S[7]),
            (_result("pa"), Read("aq", "svd_gaps"), Read("ia", "svd_left"), _result("jq"), Read("a", "svdvals"),
             Read("iq", "svd_left"), _result("ja"), Read("q", "svdvals")),
            "np.swapaxes(np.linalg.svd({}, full_matrices=False)[2], -1, -2)", "the right singular vectors of X as columns",
            source=_TOWNSEND, tall=True, letter="V",
        ),
        MatrixFunction(
            "svd_gaps", "E_{0}", "cc", lambda: -2 * _S[0] ** 2 * (_S[1] * _S[2] * _S[3] - _S[4] * _S[5] * _S[6]),
            (_result("pq"), Read("q", "svdvals"), Read("iq", "svd_left"), Read("jq", "svd_right"), Read("p", "svdvals"),
             Read("ip", "svd_left"), Read("jp", "svd_right")),
            "gaps(np.linalg.svd({}, compute_uv=False), 2)",
            "1 / (s[q]^2 - s[p]^2) by the singular values s of X, and 0 where p = q",
            ("gaps",), tall=True, letter="E", said=_SVD_GAPS,
        ),
        MatrixFunction(
            "svd_over", "D_{0}", "c", lambda: -_S[0] ** 2 * _S[1] * _S[2],
            (_result("p"), Read("ip", "svd_left"), Read("jp", "svd_right")),
            "over(np.linalg.svd({}, compute_uv=False))", "1 / s[p] by the singular values s of X", ("over",), _TOWNSEND,
            tall=True, letter="D", said=_SVD_OVER,
        ),
        MatrixFunction(
            "qr_q", r"\operatorname{orth}", "rc",
            lambda: _S[0] * (_lower(_Q, _A, True) * _S[1] * _S[2] - _lower(_A, _Q, True) * _S[3] * _S[4] - _S[1] * _S[2])
            + _same(_A, _Q) * _same(_P, _I) * _S[2],
            (_result("pa"), _result("ia"), Read("jq", "inverse", "qr_r"), _result("iq"), Read("ja", "inverse", "qr_r")),
            "np.linalg.qr({})[0]", "the orthonormal columns Y of X = Y R with an upper triangular R", source=_WALTER,
            tall=True, letter="Q",
        ),
        MatrixFunction(
            "qr_r", r"\operatorname{tri}", "cc",
            lambda: _S[0] * (_lower(_P, _A, False) * _S[1] * _S[2] + _lower(_P, _A, True) * _S[3] * _S[4]),
            (_result("aq"), Read("ip", "qr_q"), _result("ja", "inverse"), Read("ia", "qr_q"), _result("jp", "inverse")),
            "np.linalg.qr({}, mode='r')", "the upper triangular Y of X = Q Y with orthonormal columns Q", source=_WALTER,
            tall=True, letter="R",
        ),
        _primary("expm", r"\operatorname{expm}", "the exponential of X, the sum of X^k / k!", ("reach", "expm")),
        _primary("sqrtm", "{0}^{1/2}", "the principal root of X, whose eigenvalues have positive real parts", ("sqrtm",)),
        _primary(
            "logm", r"\operatorname{logm}", "the principal logarithm of X, whose eigenvalues have imaginary parts within pi",
            ("reach", "sqrtm", "logm"),
        ),
    )
}  # fmt: skip


def matrix_function(kind: str) -> MatrixFunction:
    """The row `kind` of MATRIX_FUNCTIONS. Raises UnknownOperationError where there is none."""
    return known(MATRIX_FUNCTIONS, kind, "the table of functions of a matrix")
