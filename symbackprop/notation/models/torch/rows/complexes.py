"""Complex numbers as pairs of real ones: what torch computes of them, part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr

from symbackprop.language.operations.values import is_zero
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor
from symbackprop.notation.models.fourier import from_half, half, transformed
from symbackprop.notation.models.torch.rows.words import lang
from symbackprop.notation.models.windows import windows


@dataclass(frozen=True)
class Complex:
    """re + i im, two tensors of one shape."""

    re: Tensor
    im: Tensor

    @property
    def shape(self) -> tuple[Expr, ...]:
        return self.re.shape


def of_pairs(x: Tensor) -> Complex:
    """The numbers whose parts stand along the last axis."""
    return Complex(x[..., 0], x[..., 1])


def is_complex(value: Any) -> bool:
    """Whether an argument is complex, or one of several is."""
    return isinstance(value, Complex | complex) or (isinstance(value, list) and any(map(is_complex, value)))


def _parts(value: Any) -> Complex:
    """A number or tensor of any kind as a pair."""
    if isinstance(value, Complex):
        return value
    if isinstance(value, complex):
        return Complex(*(as_tensor(as_number(part)) for part in (value.real, value.imag)))
    re = as_tensor(value)
    return Complex(re, lang.zeros(re.shape) if re.ndim else as_tensor(0))


def _real(value: Any) -> bool:
    return not isinstance(value, Complex | complex)


# -- arithmetic ------------------------------------------------------------------------------------------------------------


def _times(product: Callable[[Any, Any], Tensor], x: Any, y: Any) -> Complex:
    """The product of two numbers by that of their parts; one may be real."""
    if _real(y):
        x = _parts(x)
        return Complex(product(x.re, y), product(x.im, y))
    if _real(x):
        y = _parts(y)
        return Complex(product(x, y.re), product(x, y.im))
    x, y = _parts(x), _parts(y)
    return Complex(product(x.re, y.re) - product(x.im, y.im), product(x.re, y.im) + product(x.im, y.re))


def _bilinear(row: Callable[..., Tensor], first: str, second: str) -> Callable[..., Complex]:
    """A product of tensors; `first` and `second` are what torch calls its factors."""

    def run(**a: Any) -> Complex:
        rest = {name: value for name, value in a.items() if name not in (first, second)}
        return _times(lambda x, y: row(**{first: x, second: y}, **rest), a[first], a[second])

    return run


def _einsum(equation: str, tensors: list[Any]) -> Complex:
    if len(tensors) == 1:
        x = _parts(tensors[0])
        return Complex(lang.einsum(equation, x.re), lang.einsum(equation, x.im))
    if len(tensors) > 2:
        raise LanguageError("einsum of more than two complex tensors is not in the language; take two at a time")
    return _times(lambda x, y: lang.einsum(equation, x, y), *tensors)


def _mul(x: Any, other: Any) -> Complex:
    return _times(lambda a, b: as_tensor(a) * b, x, other)


def _sum_of(sign: int) -> Callable[..., Complex]:
    def run(x: Any, other: Any, alpha: Any = 1) -> Complex:
        a, b = _parts(x), _mul(_parts(other), alpha) if alpha != 1 else _parts(other)
        joined = [(a.re, b.re), (a.im, b.im)]
        return Complex(*[p + q if sign > 0 else p - q for p, q in joined])

    return run


def _abs2(x: Complex) -> Tensor:
    return lang.square(x.re) + lang.square(x.im)


def _reciprocal(x: Any) -> Complex:
    x = _parts(x)
    size = _abs2(x)
    return Complex(x.re / size, -x.im / size)


def _div(x: Any, other: Any, rounding_mode: Any = None) -> Complex:
    if _real(other):
        x = _parts(x)
        return Complex(x.re / other, x.im / other)
    return _mul(x, _reciprocal(other))


def _polar(abs: Tensor, angle: Tensor) -> Complex:
    return Complex(abs * lang.cos(angle), abs * lang.sin(angle))


def _exp(x: Complex) -> Complex:
    return _polar(lang.exp(x.re), x.im)


def _pow(x: Any, exponent: Any) -> Complex:
    n = exponent if isinstance(exponent, int) else int(exponent) if isinstance(exponent, float) and exponent.is_integer() else None
    if n is None or not 1 <= n <= 8 or not isinstance(x, Complex):
        raise LanguageError(
            "powers of complex numbers are those of 1 to 8 in the language; write products, or exp and log of parts"
        )
    found = x
    for _ in range(n - 1):
        found = _mul(found, x)
    return found


# -- Fourier transforms ----------------------------------------------------------------------------------------------------


def _fourier(back: bool, rank: int | None) -> Callable[..., Complex]:
    def run(x: Any, n: Any = None, dim: Any = None, norm: Any = None, s: Any = None) -> Complex:
        given = _parts(x)
        re, im, count = given.re, None if _real(x) else given.im, given.re.ndim
        lengths = [n] if rank == 1 else list(s or [])
        first = count - (rank or len(lengths) or count)
        several = [dim if isinstance(dim, int) else -1] if rank == 1 else dim or list(range(first, count))
        for one, length in zip(several, lengths or [None] * len(several), strict=True):
            re, im = transformed(re, im, one % count, back, norm, length)
        return _parts(re) if im is None else Complex(re, im)

    return run


def _half(x: Tensor, n: Any = None, dim: int = -1, norm: Any = None) -> Complex:
    return Complex(*half(x, dim % x.ndim, norm, n))


def _halves(x: Tensor, s: Any = None, dim: Any = (-2, -1), norm: Any = None) -> Complex:
    """The half of the last axis that is said, then the other axes."""
    several = list(dim) if dim else list(range(x.ndim))
    lengths = list(s) if s else [None] * len(several)
    first = _half(x, lengths[-1], several[-1], norm)
    return _fourier(False, None)(first, dim=several[:-1], norm=norm, s=lengths[:-1]) if several[1:] else first


def _from_halves(x: Any, s: Any = None, dim: Any = (-2, -1), norm: Any = None) -> Tensor:
    X = _parts(x)
    several = list(dim) if dim else list(range(X.re.ndim))
    lengths = list(s) if s else [None] * len(several)
    whole = _fourier(True, None)(X, dim=several[:-1], norm=norm, s=lengths[:-1]) if several[1:] else X
    return _from_half(whole, lengths[-1], several[-1], norm)


def _from_half(x: Any, n: Any = None, dim: int = -1, norm: Any = None) -> Tensor:
    X = _parts(x)
    return from_half(X.re, X.im, dim % X.re.ndim, norm, n)


def _stft(
    x: Any, n_fft: int, hop_length: Any = None, win_length: Any = None, window: Any = None, normalized: bool = False,
    onesided: Any = None, return_complex: Any = None, align_to_window: Any = None, center: bool = False, pad_mode: str = "reflect",
) -> Any:  # fmt: skip
    """X[f, t] = sum_j w[j] x[t hop + j] exp(-2 pi i f j / n): the transforms of the windows, a column for each."""
    if is_complex(x) or is_complex(window):
        raise LanguageError("stft of complex numbers is not in the language; take that of the parts")
    if center:
        x = lang.pad(x, (*((0, 0) for _ in range(x.ndim - 1)), (n_fft // 2, n_fft // 2)), pad_mode)
    wide = n_fft if win_length is None else win_length
    w = lang.ones((wide,)) if window is None else window
    if wide < n_fft:
        before = (n_fft - wide) // 2
        w = lang.pad(w, ((before, n_fft - wide - before),))
    cut = windows(x, x.ndim - 1, n_fft, n_fft // 4 if hop_length is None else hop_length) * w
    norm = "ortho" if normalized else None
    re, im = transformed(cut, None, cut.ndim - 1, norm=norm) if onesided is False else half(cut, cut.ndim - 1, norm)
    found = Complex(lang.swapaxes(re, -1, -2), lang.swapaxes(im, -1, -2))
    return TAKES["view_as_real"](found) if return_complex is False else found


# -- the tables --------------------------------------------------------------------------------------------------------------

MAKES: Mapping[str, Callable[..., Any]] = {
    "view_as_complex": of_pairs,
    "to_complex": lambda x: _parts(x),
    "polar": _polar,
    "complex": lambda real, imag: Complex(real, imag),
    **{f"fft_{'i' if back else ''}fft{'' if rank == 1 else rank or 'n'}": _fourier(back, rank)
       for back in (False, True) for rank in (1, 2, None)},
    "fft_rfft": _half,
    **dict.fromkeys(("fft_rfft2", "fft_rfftn"), _halves),
    "stft": _stft,
}  # fmt: skip
"""Operations that make complex numbers of real ones."""

TAKES: Mapping[str, Callable[..., Any]] = {
    "view_as_real": lambda x: lang.stack([x.re, x.im], -1),
    "real": lambda x: x.re,
    "imag": lambda x: x.im,
    "abs": lambda x: lang.sqrt(_abs2(x)),
    "absolute": lambda x: lang.sqrt(_abs2(x)),
    "angle": lambda x: lang.arctan2(x.im, x.re),
    **dict.fromkeys(("_conj", "conj_physical"), lambda x: Complex(x.re, -x.im)),
    "resolve_conj": lambda x: x,
    "add": _sum_of(1),
    "sub": _sum_of(-1),
    "rsub": lambda x, other, alpha=1: _sum_of(-1)(other, x, alpha),
    "mul": _mul,
    "div": _div,
    "reciprocal": _reciprocal,
    "square": lambda x: _mul(x, x),
    "pow": _pow,
    "exp": _exp,
    "log": lambda x: Complex(lang.log(_abs2(x)) / 2, lang.arctan2(x.im, x.re)),
    "einsum": _einsum,
    "fft_irfft": _from_half,
    **dict.fromkeys(("fft_irfft2", "fft_irfftn"), _from_halves),
}
"""Operations on complex numbers that have rules of their own."""

PRODUCTS = {"matmul": ("x", "other"), "mm": ("x", "mat2"), "bmm": ("x", "mat2"), "mv": ("x", "vec"), "outer": ("x", "vec2")}

LINEAR = frozenset([
    "neg", "negative", "sum", "mean", "clone", "contiguous", "detach", "alias", "cat", "concat", "stack", "view", "reshape",
    "flatten", "unflatten", "squeeze", "unsqueeze", "transpose", "swapaxes", "t", "numpy_T", "mT", "permute", "movedim",
    "expand", "expand_as", "broadcast_to", "select", "slice", "narrow", "split", "split_with_sizes", "chunk", "unbind", "flip",
    "roll", "repeat", "tile", "repeat_interleave", "index", "index_select", "gather", "diagonal", "cumsum", "trace", "tril", "triu",
    "zeros_like", "new_zeros", "zero", "reshape_as", "view_as",
])  # fmt: skip
"""Operations that do the same to the real and to the imaginary part."""

WRITTEN: Mapping[str, tuple[str, ...]] = {
    "slice_scatter": ("x", "src"), "select_scatter": ("x", "src"), "index_put": ("x", "values"), "copy": ("x", "src"),
    "index_add": ("x", "source"), "index_copy": ("x", "source"), "scatter_add": ("x", "src"), "where": ("x", "other"),
    "fill": ("x", "value"), "masked_fill": ("x", "value"),
}  # fmt: skip
"""Operations whose arguments, real or complex, are joined entry by entry: what is written where."""

SHAPED = frozenset(["reshape_as", "view_as", "expand_as"])
"""Operations that read nothing but the shape of their second argument."""


def complex_row(operation: str, arguments: Mapping[str, Any], rows: Mapping[str, Callable[..., Any]]) -> Any:
    """The result of an operation that makes or takes complex numbers. `rows` are those of real ones."""
    if operation in TAKES and operation not in MAKES:
        return TAKES[operation](**arguments)
    if operation in MAKES:
        return MAKES[operation](**arguments)
    if operation in PRODUCTS:
        return _bilinear(rows[operation], *PRODUCTS[operation])(**arguments)
    if operation in SHAPED:
        other = arguments["other"]
        arguments = {**arguments, "other": other.re if isinstance(other, Complex) else other}
        if _real(arguments["x"]):
            return rows[operation](**arguments)
    if operation in WRITTEN:
        first, second = WRITTEN[operation]
        x = arguments["x"]
        if operation != "where" and _real(x) and not _is_blank(x):
            raise LanguageError(f"{operation}: complex numbers are written to a real tensor; write their parts, x.real or x.imag")
        names = [name for name in arguments if name in (first, second)]
        arguments = {**arguments, **{name: _parts(arguments[name]) for name in names}}
    if operation in LINEAR or operation in WRITTEN:
        re, im = (rows[operation](**{name: _part(value, part) for name, value in arguments.items()}) for part in ("re", "im"))
        return [Complex(*both) for both in zip(re, im, strict=True)] if isinstance(re, list) else Complex(re, im)
    raise LanguageError(
        f"torch's {operation} of complex numbers is not in the language; write it of their parts, x.real and x.imag"
    )


def _is_blank(x: Any) -> bool:
    """Whether a tensor is zeros, or entries of zeros, which may be complex ones."""
    return isinstance(x, Tensor) and (is_zero(x) or (bool(x.operands) and all(_is_blank(one) for one, _ in x.operands)))


def _part(value: Any, part: str) -> Any:
    """A part of a complex argument, or of each of several; of real ones that are joined with complex ones as well."""
    if isinstance(value, list):
        return [getattr(_parts(one), part) for one in value] if is_complex(value) else value
    return getattr(_parts(value), part) if is_complex(value) else value
