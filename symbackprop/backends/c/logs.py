r"""log and log1p in generated C, without branches, so that compilers make vector instructions of them.

x = 2^e (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), where e is 0 near 1, and log(1 + f) = f - (f^2/2 - s (f^2/2 + R)) with
s = f / (2 + f) and R = 2/3 s^2 + 2/5 s^4 + ..., which adds to f what is smaller than it. Of 1 + x, log1p knows what rounding took.
"""


def _rest(type_: str, terms: int) -> str:
    """2/3 s^2 + 2/5 s^4 + ..., by Horner's rule in q = s^2."""
    text = f"({type_}){2 / (2 * terms + 1)!r}"
    for k in range(terms - 1, 0, -1):
        text = f"({text} * q + ({type_}){2 / (2 * k + 1)!r})"
    return text


_PARTED = """static inline void parted_(real x, real *e, real *f) {
    if (sizeof(real) == 4) {
        const float y = (float)x;
        unsigned bits;
        memcpy(&bits, &y, 4);
        bits += 0x3f800000u - 0x3f3504f3u;
        const int power = (int)(bits >> 23) - 127;
        bits = (bits & 0x7fffffu) + 0x3f3504f3u;
        float m;
        memcpy(&m, &bits, 4);
        *e = (real)power;
        *f = (real)(m - 1);
    } else {
        const double y = (double)x;
        unsigned long long bits, power;
        memcpy(&bits, &y, 8);
        bits += 0x3ff0000000000000ull - 0x3fe6a09e667f3bcdull;
        power = (bits >> 52) | 0x4330000000000000ull; /* the bits of 2^52 + power */
        bits = (bits & 0xfffffffffffffull) + 0x3fe6a09e667f3bcdull;
        double m, n;
        memcpy(&m, &bits, 8);
        memcpy(&n, &power, 8);
        *e = (real)(n - 4503599627371519.0);
        *f = (real)(m - 1);
    }
}
"""
_JOINED = """/* e log 2 + log(1 + f) + more */
static inline real joined_(real e, real f, real more) {{
    const real s = f / (2 + f), q = s * s, half = (real)0.5 * f * f;
    if (sizeof(real) == 4) {{
        const real rest = q * {single};
        return s * (half + rest) + (more - e * (real)2.12194440e-4) - half + f + e * (real)0.693359375;
    }}
    const real rest = q * {double};
    return s * (half + rest) + (more + e * (real)1.90821492927058770002e-10) - half + f + e * (real)0.693147180369123816490;
}}
""".format(single=_rest("real", 5), double=_rest("real", 11))
HELPERS = {
    "parted_": _PARTED,
    "joined_": _JOINED,
    "log_": """static inline real log_(real x) {
    const real least = sizeof(real) == 4 ? (real)1.17549435e-38 : (real)2.2250738585072014e-308;
    const int tiny = x < least;
    real e, f;
    parted_(tiny ? x * (real)134217728 * (real)134217728 : x, &e, &f);
    const real inside = joined_(tiny ? e - 54 : e, f, 0);
    return x > 0 ? (x < (real)INFINITY ? inside : x) : x == 0 ? (real)-INFINITY : (real)NAN;
}
""",
    "log1p_": """static inline real log1p_(real x) {
    const real u = 1 + x;
    real e, f;
    parted_(u, &e, &f);
    const int near = e == 0;
    const real lost = near || x > (real)1e16 ? 0 : (x - (u - 1)) / u;
    const real inside = joined_(e, near ? x : f, lost);
    return u > 0 ? (u < (real)INFINITY ? inside : u) : u == 0 ? (real)-INFINITY : (real)NAN;
}
""",
}
