r"""What generated C is written with: functions of entries that compilers turn into vector instructions, and matrix products.

exp and expm1 reduce x = n ln 2 + r with |r| <= ln 2 / 2 and add to r the sum of the other r^k / k!; adding and subtracting
1.5 \cdot 2^{52} (or 2^{23}) rounds to n without a branch. tanh x = e / (e + 2) with e = expm1(2 |x|). Few sums of many products, as
in the gradient of a kernel, are computed side by side, twelve at a time, in vectors along what is summed.
"""

from math import factorial

from symbackprop.backends.c import circular, hyperbolic, logs, matrices, turned, windows

LIBRARY = {  # functions of entries that the math library computes
    "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "sqrt": "sqrt", "floor": "floor", "ceil": "ceil", "rint": "rint",
}  # fmt: skip
PRELUDE = """#include <math.h>
#include <stddef.h>
#include <string.h>

typedef REAL real;
#if defined(__GNUC__)
#define OWN static __attribute__((noinline))
#if defined(__clang__)
#define ONCE OWN
#else
#define ONCE static __attribute__((noinline, noclone))
#endif
#define WITHIN static inline __attribute__((always_inline))
#else
#define OWN static
#define ONCE static
#define WITHIN static inline
#endif
#ifdef STEP_BLAS
typedef void (*blas_product)(int, int, int, long long, long long, long long, real, const real *, long long, const real *, long long,
    real, real *, long long);
static blas_product blas_;
void step_blas(blas_product product);
void step_blas(blas_product product) { blas_ = product; }
#endif

"""


def _series(type_: str, terms: int, first: int) -> str:
    """((1/k! r + ...) r + 1/2!), by Horner's rule."""
    text = f"({type_}){1 / factorial(terms)!r}"
    for k in range(terms - 1, first - 1, -1):
        text = f"({text} * r + ({type_}){1 / factorial(k)!r})"
    return text


_EXPM1 = """/* e^x = 2^less (scale + scale rest) */
static inline void reduced_(real x, const int less, real *scale, real *rest) {{
    if (sizeof(real) == 4) {{
        const float magic = 12582912.0f;
        float y = (float)x, n = y * 1.44269504f + magic;
        unsigned bits;
        memcpy(&bits, &n, 4);
        n -= magic;
        const float r = (y - n * 0.693359375f) + n * 2.12194440e-4f;
        bits = ((bits - (unsigned)less) << 23) + 0x3f800000u;
        float s;
        memcpy(&s, &bits, 4);
        *scale = (real)s;
        *rest = (real)(r * (r * {single}) + r);
    }} else {{
        const double magic = 6755399441055744.0;
        double y = (double)x, n = y * 1.4426950408889634 + magic;
        unsigned long long bits;
        memcpy(&bits, &n, 8);
        n -= magic;
        const double r = (y - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
        bits = ((bits - (unsigned long long)less) << 52) + 0x3ff0000000000000ull;
        double s;
        memcpy(&s, &bits, 8);
        *scale = (real)s;
        *rest = (real)(r * (r * {double}) + r);
    }}
}}
""".format(single=_series("float", 7, 2), double=_series("double", 13, 2))

_EXTREME = """OWN real {name}(ptrdiff_t n, const real *a) {{
    const ptrdiff_t whole = n / 16 * 16;
    real part[16], found = {begin};
    int odd = 0; /* whether an entry is no number: in a loop of its own, since compilers make vectors of neither in one */
    for (int j = 0; j < 16; j++) part[j] = {begin};
    for (ptrdiff_t k = 0; k < whole; k += 16)
        for (int j = 0; j < 16; j++) part[j] = a[k + j] {beyond} part[j] ? a[k + j] : part[j];
    for (ptrdiff_t k = 0; k < n; k++) odd |= a[k] != a[k];
    for (ptrdiff_t k = whole; k < n; k++) found = a[k] {beyond} found ? a[k] : found;
    for (int j = 0; j < 16; j++) found = part[j] {beyond} found ? part[j] : found;
    return odd ? (real)NAN : found;
}}
"""
HELPERS = {
    "reduced_": _EXPM1,
    "clipped_": """static inline real clipped_(real x) {
    const real low = sizeof(real) == 4 ? (real)-87 : (real)-708, high = sizeof(real) == 4 ? (real)88 : (real)709;
    return x < low ? low : x > high ? high : x;
}
""",
    "exp_": """static inline real exp_(real x) {
    real scale, rest;
    reduced_(clipped_(x), 0, &scale, &rest);
    const real low = sizeof(real) == 4 ? (real)-87 : (real)-708, high = sizeof(real) == 4 ? (real)88 : (real)709;
    const real inside = scale * rest + scale;
    return x < low ? (real)0 : x > high ? (real)INFINITY : inside;
}
""",
    "expm1_": """static inline real expm1_(real x) {
    real scale, rest;
    reduced_(clipped_(x), 0, &scale, &rest);
    const real high = sizeof(real) == 4 ? (real)88 : (real)709;
    const real inside = scale * rest + (scale - 1);
    return x > high ? (real)INFINITY : inside;
}
""",
    "tanh_": """static inline real tanh_(real x) {
    const real size = x < 0 ? -x : x, short_ = size > 20 ? (real)20 : size;
    real scale, rest;
    reduced_(2 * short_, 0, &scale, &rest);
    const real e = scale * rest + (scale - 1), y = e / (e + 2);
    return x < 0 ? -y : x == x ? y : x;
}
""",
    "chosen_": """static inline real chosen_(const int first, real a, real b) {
    if (sizeof(real) == 4) {
        const float x = (float)a, y = (float)b;
        const unsigned all = 0u - (unsigned)first;
        unsigned p, q;
        memcpy(&p, &x, 4);
        memcpy(&q, &y, 4);
        p = (p & all) | (q & ~all);
        float found;
        memcpy(&found, &p, 4);
        return (real)found;
    }
    const double x = (double)a, y = (double)b;
    const unsigned long long all = 0ull - (unsigned long long)first;
    unsigned long long p, q;
    memcpy(&p, &x, 8);
    memcpy(&q, &y, 8);
    p = (p & all) | (q & ~all);
    double found;
    memcpy(&found, &p, 8);
    return (real)found;
}
""",
    "absolute_": "static inline real absolute_(real x) { return fabsSUFFIX(x); }\n",
    "sign_": "static inline real sign_(real x) { return x != x ? x : (real)((x > 0) - (x < 0)); }\n",
    "maximum_": "static inline real maximum_(real a, real b) { const real m = a > b ? a : b; return a != a ? a : m; }\n",
    "minimum_": "static inline real minimum_(real a, real b) { const real m = a < b ? a : b; return a != a ? a : m; }\n",
    "power_": "static inline real power_(real a, real b) { return powSUFFIX(a, b); }\n",
    "remainder_": "static inline real remainder_(real a, real b) { return a - b * floorSUFFIX(a / b); }\n",
    **{
        f"{name}_": f"static inline real {name}_(real x) {{ return {c}SUFFIX(x); }}\n"
        for name, c in LIBRARY.items()
        if f"{name}_" not in hyperbolic.HELPERS
    },
    **logs.HELPERS,
    **circular.HELPERS,
    **hyperbolic.HELPERS,
    "greatest_": _EXTREME.format(name="greatest_", beyond=">", begin="-INFINITY"),
    "smallest_": _EXTREME.format(name="smallest_", beyond="<", begin="INFINITY"),
    "inner_": """OWN double inner_(ptrdiff_t n, const real *a, ptrdiff_t p, const real *b, ptrdiff_t q) {
    const ptrdiff_t whole = p == 1 && q == 1 ? n / 16 * 16 : 0;
    double total = 0;
    real part[16] = {0};
    for (ptrdiff_t k = 0; k < whole; k += 16)
        for (int j = 0; j < 16; j++) part[j] += a[k + j] * b[k + j];
    for (int j = 0; j < 16; j++) total += part[j];
    for (ptrdiff_t k = whole; k < n; k++) total += (double)a[k * p] * b[k * q];
    return total;
}
""",
    "times_vector_": """OWN void times_vector_(
    ptrdiff_t m, ptrdiff_t k, const real *a, ptrdiff_t am, ptrdiff_t ak, const real *b, ptrdiff_t bk, real *c, ptrdiff_t cm) {
    if (am == 1 && cm == 1) {
        for (ptrdiff_t i = 0; i < m; i++) c[i] = 0;
        for (ptrdiff_t l = 0; l < k; l++) {
            const real x = b[l * bk];
            for (ptrdiff_t i = 0; i < m; i++) c[i] += a[i + l * ak] * x;
        }
        return;
    }
    const ptrdiff_t whole = ak == 1 && (bk == 1 || bk == 0) ? k / 16 * 16 : 0;
    for (ptrdiff_t i = 0; i < m; i++) {
        real part[16] = {0}, total = 0;
        if (bk == 1)
            for (ptrdiff_t l = 0; l < whole; l += 16)
                for (int j = 0; j < 16; j++) part[j] += a[i * am + l + j] * b[l + j];
        else
            for (ptrdiff_t l = 0; l < whole; l += 16)
                for (int j = 0; j < 16; j++) part[j] += a[i * am + l + j] * b[0];
        for (ptrdiff_t l = whole; l < k; l++) total += a[i * am + l * ak] * b[l * bk];
        for (int j = 0; j < 16; j++) total += part[j];
        c[i * cm] = total;
    }
}
""",
    "lanes": """#if defined(__GNUC__)
#if defined(__AVX512F__)
enum { WIDE = 64, DOWN = 4, ACROSS = 6 };
#elif defined(__AVX__)
enum { WIDE = 32, DOWN = 3, ACROSS = 4 };
#else
enum { WIDE = 16, DOWN = 3, ACROSS = 4 };
#endif
typedef real lanes __attribute__((vector_size(WIDE), aligned(sizeof(real)), may_alias));
#else
enum { WIDE = 16 };
#endif
enum { LANES = WIDE / sizeof(real), PIECE = 4096 };
""",
    "long_block_": """#if defined(__GNUC__)
WITHIN void long_block_(
    const real *const *row, const real *const *column, ptrdiff_t runs, ptrdiff_t step, const ptrdiff_t *start, ptrdiff_t length,
    real total[DOWN][ACROSS]) {
    const ptrdiff_t whole = length / LANES * LANES;
    lanes part[DOWN][ACROSS] = {{{0}}};
    for (ptrdiff_t q = 0; q < runs; q++)
        for (ptrdiff_t l = 0; l < whole; l += LANES)
            for (int r = 0; r < DOWN; r++)
                for (int s = 0; s < ACROSS; s++)
                    part[r][s] += *(const lanes *)(row[r] + q * step + l) * *(const lanes *)(column[s] + start[q] + l);
    for (int r = 0; r < DOWN; r++)
        for (int s = 0; s < ACROSS; s++) {
            total[r][s] = 0;
            for (int v = 0; v < (int)LANES; v++) total[r][s] += part[r][s][v];
        }
    for (ptrdiff_t q = 0; q < runs && whole < length; q++)
        for (int r = 0; r < DOWN; r++)
            for (int s = 0; s < ACROSS; s++)
                for (ptrdiff_t l = whole; l < length; l++) total[r][s] += row[r][q * step + l] * column[s][start[q] + l];
}
#endif
""",
    "long_sums_": """#if defined(__GNUC__)
OWN void long_sums_(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const real *a, ptrdiff_t am, const real *b, ptrdiff_t bn, real *c, ptrdiff_t cm,
    ptrdiff_t cn) {
    const ptrdiff_t start = 0;
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) c[i * cm + j * cn] = 0;
    for (ptrdiff_t first = 0; first < k; first += PIECE) {
        const ptrdiff_t here = k - first < PIECE ? k - first : PIECE;
        for (ptrdiff_t j = 0; j < n; j += ACROSS)
            for (ptrdiff_t i = 0; i < m; i += DOWN) {
                const real *row[DOWN], *column[ACROSS];
                real total[DOWN][ACROSS];
                for (int r = 0; r < DOWN; r++) row[r] = a + (i + r < m ? i + r : i) * am + first;
                for (int s = 0; s < ACROSS; s++) column[s] = b + (j + s < n ? j + s : j) * bn + first;
                long_block_(row, column, 1, 0, &start, here, total);
                for (ptrdiff_t r = 0; r < DOWN && i + r < m; r++)
                    for (ptrdiff_t s = 0; s < ACROSS && j + s < n; s++) c[(i + r) * cm + (j + s) * cn] += total[r][s];
            }
    }
}
#endif
""",
    "tiles_": """/* the rows of b are bk apart, or at places */
enum { ROWS = 4, TALL = WIDE == 64 ? 8 : 4, DEPTH = 256 };
WITHIN void block_(
    const int tall, const int wide, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t k, const real *a, ptrdiff_t am, ptrdiff_t ak,
    const real *b, ptrdiff_t bk, const ptrdiff_t *at, real *c, ptrdiff_t cm, ptrdiff_t cn, int more) {
    const real *row[TALL];
    real entries[TALL][2 * LANES];
    for (int r = 0; r < tall; r++) row[r] = a + (r < rows ? r : 0) * am;
#if defined(__GNUC__)
    lanes part[TALL][2] = {{{0}}};
    for (ptrdiff_t l = 0; l < k; l++) {
        const lanes *here = (const lanes *)(b + (PLACED && at ? at[l] : l * bk));
        for (int r = 0; r < tall; r++)
            for (int s = 0; s < wide; s++) part[r][s] += row[r][l * ak] * here[s];
    }
    if (cn == 1 && columns == wide * (ptrdiff_t)LANES) {
        for (int r = 0; r < tall && r < rows; r++)
            for (int s = 0; s < wide; s++) {
                lanes *into = (lanes *)(c + r * cm) + s;
                if (more) part[r][s] += *into;
                *into = part[r][s];
            }
        return;
    }
    memcpy(entries, part, sizeof part);
#else
    memset(entries, 0, sizeof entries);
    for (ptrdiff_t l = 0; l < k; l++)
        for (int r = 0; r < tall; r++)
            for (int s = 0; s < wide * LANES; s++) entries[r][s] += row[r][l * ak] * b[(PLACED && at ? at[l] : l * bk) + s];
#endif
    for (ptrdiff_t r = 0; r < rows; r++)
        for (ptrdiff_t s = 0; s < columns; s++) c[r * cm + s * cn] = more ? c[r * cm + s * cn] + entries[r][s] : entries[r][s];
}

OWN void tiles_(
    ptrdiff_t m, ptrdiff_t columns, ptrdiff_t k, const real *a, ptrdiff_t am, ptrdiff_t ak, const real *b, ptrdiff_t bk,
    const ptrdiff_t *at, real *c, ptrdiff_t cm, ptrdiff_t cn, int more) {
    for (ptrdiff_t i = 0; i < m;) {
        const ptrdiff_t high = m - i > ROWS ? TALL : ROWS, count = m - i < high ? m - i : high;
        const real *rows = a + i * am;
        real *into = c + i * cm;
        if (high == ROWS && columns <= (ptrdiff_t)LANES)
            block_(ROWS, 1, count, columns, k, rows, am, ak, b, bk, at, into, cm, cn, more);
        else if (high == ROWS)
            block_(ROWS, 2, count, columns, k, rows, am, ak, b, bk, at, into, cm, cn, more);
        else if (columns <= (ptrdiff_t)LANES)
            block_(TALL, 1, count, columns, k, rows, am, ak, b, bk, at, into, cm, cn, more);
        else
            block_(TALL, 2, count, columns, k, rows, am, ak, b, bk, at, into, cm, cn, more);
        i += high;
    }
}
""",
    "by_blas_": """#ifdef STEP_BLAS
OWN int by_blas_(
    blas_product blas, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const real *a, ptrdiff_t am, ptrdiff_t ak, const real *b,
    ptrdiff_t bk, ptrdiff_t bn, real *c, ptrdiff_t cm, ptrdiff_t cn) {
    if (!blas || cn != 1 || (am != 1 && ak != 1) || (bk != 1 && bn != 1)) return 0;
    const long long lda = ak == 1 ? (am > k ? am : k) : (ak > m ? ak : m);
    const long long ldb = bn == 1 ? (bk > n ? bk : n) : (bn > k ? bn : k);
    blas(101, ak == 1 ? 111 : 112, bn == 1 ? 111 : 112, m, n, k, 1, a, lda, b, ldb, 0, c, cm > n ? cm : n);
    return 1;
}
#endif
""",
    "product_": """ONCE void product_(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const real *a, ptrdiff_t am, ptrdiff_t ak, const real *b, ptrdiff_t bk, ptrdiff_t bn,
    real *c, ptrdiff_t cm, ptrdiff_t cn, real *restrict packed) {
#if defined(__GNUC__)
    if (ak == 1 && bk == 1 && m * n <= k / 64) {
        long_sums_(m, n, k, a, am, b, bn, c, cm, cn);
        return;
    }
#endif
#ifdef STEP_BLAS
    if (m * n * k >= 32768 && by_blas_(blas_, m, n, k, a, am, ak, b, bk, bn, c, cm, cn)) return;
#endif
    ptrdiff_t first = 0;
    do {
        const ptrdiff_t depth = k - first < DEPTH ? k - first : DEPTH;
        for (ptrdiff_t j = 0; j < n; j += 2 * LANES) {
            const ptrdiff_t columns = n - j < 2 * LANES ? n - j : 2 * LANES, width = columns > LANES ? 2 * LANES : LANES;
            const real *block = b + first * bk + j * bn;
            ptrdiff_t step = bk;
            if (bn != 1 || columns < width || (m > 4 * ROWS && bk > 256)) {
                if (bk == 1)
                    for (ptrdiff_t s = 0; s < width; s++)
                        for (ptrdiff_t l = 0; l < depth; l++) packed[l * width + s] = s < columns ? block[l + s * bn] : 0;
                else
                    for (ptrdiff_t l = 0; l < depth; l++)
                        for (ptrdiff_t s = 0; s < width; s++) packed[l * width + s] = s < columns ? block[l * bk + s * bn] : 0;
                block = packed;
                step = width;
            }
            tiles_(m, columns, depth, a + first * ak, am, ak, block, step, NULL, c + j * cn, cm, cn, first > 0);
        }
        first += DEPTH;
    } while (first < k);
}
""",
    "large_product_": """#ifdef STEP_BLAS
static blas_product large_;
void step_large_blas(blas_product product);
void step_large_blas(blas_product product) { large_ = product; }
#endif
OWN void large_product_(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const real *a, ptrdiff_t am, ptrdiff_t ak, const real *b, ptrdiff_t bk, ptrdiff_t bn,
    real *c, ptrdiff_t cm, ptrdiff_t cn, real *restrict packed) {
#ifdef STEP_BLAS
    if (m * n > k / 64 && by_blas_(large_, m, n, k, a, am, ak, b, bk, bn, c, cm, cn)) return;
#endif
    product_(m, n, k, a, am, ak, b, bk, bn, c, cm, cn, packed);
}
""",
    **turned.HELPERS,
    **windows.HELPERS,
    **matrices.HELPERS,
}
