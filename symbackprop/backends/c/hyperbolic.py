r"""sinh, cosh and the inverse functions in generated C, without branches, so that compilers make vector instructions of them.

With g = (e^{|x|} - 1) / 4, sinh |x| = 2 (g + g / (4 g + 1)), which is infinite where the result is and not before; arcsinh, arccosh
and arctanh are log1p of what is 0 where they are, and where squares would be infinite arcsinh x = log x + log 2. arctan x is that
of the point 0, 1 or infinity that is nearest, and of (x - 1) / (x + 1) or -1 / x.
"""

ATAN = (  # (1 - arctan(t) / t) / t^2 as a polynomial in t^2, to the last digit below 7/16: Sun's fdlibm
    3.33333333333329318027e-01, -1.99999999998764832476e-01, 1.42857142725034663711e-01, -1.11111104054623557880e-01,
    9.09088713343650656196e-02, -7.69187620504482999495e-02, 6.66107313738753120669e-02, -5.83357013379057348645e-02,
    4.97687799461593236017e-02, -3.65315727442169155270e-02, 1.62858201153657823623e-02,
)  # fmt: skip


def _polynomial(numbers: tuple[float, ...]) -> str:
    """By Horner's rule in q."""
    *rest, text = (repr(number) for number in numbers)
    for number in reversed(rest):
        text = f"({text} * q + {number})"
    return text


_CLIPPED = (
    "const real size = x < 0 ? -x : x, most = sizeof(real) == 4 ? (real)89.5 : (real)710.6, near = size > most ? most : size;"
)
HELPERS = {
    "sinh_": f"""static inline real sinh_(real x) {{
    {_CLIPPED}
    real scale, rest;
    reduced_(near, 2, &scale, &rest);
    const real g = scale * rest + (scale - (real)0.25), t = g / (4 * g + 1);
    const real y = 2 * (near < (real)0.35 ? 2 * g - 4 * g * t : g + t);
    return x < 0 ? -y : y;
}}
""",
    "cosh_": f"""static inline real cosh_(real x) {{
    {_CLIPPED}
    real scale, rest;
    reduced_(near, 2, &scale, &rest);
    const real g = scale * rest + scale;
    return 2 * (g + (real)0.0625 / g);
}}
""",
    "arcsinh_": """static inline real arcsinh_(real x) {
    const real size = x < 0 ? -x : x;
    const int far = size > (sizeof(real) == 4 ? (real)1e9 : (real)1e17);
    const real near = far ? 1 : size, q = near * near, inside = near + q / (1 + sqrtSUFFIX(q + 1));
    const real y = log1p_(far ? size : inside) + (far ? (real)0.6931471805599453 : 0);
    return x < 0 ? -y : y;
}
""",
    "arccosh_": """static inline real arccosh_(real x) {
    const int far = x > (sizeof(real) == 4 ? (real)1e9 : (real)1e17);
    const real t = far ? 1 : x - 1, inside = t + sqrtSUFFIX(2 * t + t * t);
    return log1p_(far ? x : inside) + (far ? (real)0.6931471805599453 : 0);
}
""",
    "arctanh_": """static inline real arctanh_(real x) {
    const real size = x < 0 ? -x : x, twice = size + size, y = (real)0.5 * log1p_(twice + twice * size / (1 - size));
    return x < 0 ? -y : y;
}
""",
    "arctan_": f"""static inline real arctan_(real x) {{
    const double size = x < 0 ? -x : x;
    const int off = size > 0.41421356237309503, far = size > 2.414213562373095;
    const double t = (far ? -1 : off ? size - 1 : size) / (far ? size : off ? size + 1 : 1), q = t * t;
    const double at = far ? 1.5707963267948966 : off ? 0.7853981633974483 : 0;
    const double lost = far ? 6.123233995736766e-17 : off ? 3.061616997868383e-17 : 0;
    const double y = at - ((t * (q * {_polynomial(ATAN)}) - lost) - t);
    return (real)(x < 0 ? -y : y);
}}
""",
}
