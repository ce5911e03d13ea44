r"""sin, cos and tan in generated C, many entries at a time, so that compilers make vector instructions of them.

x = n \pi/2 + r + t, where t is what r has no digits for: \pi/2 is three parts, of which n times the first two is exact. Then
sums of powers of r. The math library computes pieces in which an entry is too far out for that, or not finite.
"""

from math import factorial

ROWS = {"sin": 0, "cos": 1, "tan": 2}  # functions of entries, by what `turned_` calls them
_TURNED = """/* which: the sine, the cosine or the tangent */
static inline double turned_(double x, const int which) {{
    const double magic = 6755399441055744.0;
    double n = x * 0.6366197723675814 + magic;
    unsigned long long quarters;
    memcpy(&quarters, &n, 8);
    n -= magic;
    const double first = x - n * 1.5707963267341256, second = n * 6.077100506303966e-11, near = first - second;
    const double lost = ((first - near) - second) - n * 2.0222662487959506e-21, r = near + lost, t = (near - r) + lost, q = r * r;
    const double high = sizeof(real) == 4 ? {sine_single} : {sine}, flat = sizeof(real) == 4 ? {cosine_single} : {cosine};
    const double half = 0.5 * q, down = 1 - half;
    const double sine = x == 0 ? x : r + (r * q * high + t * down), cosine = down + (((1 - down) - half) + (q * q * flat - r * t));
    const double up = quarters & 1 ? cosine : sine, across = quarters & 1 ? -sine : cosine;
    return which == 2 ? up / across : which == 1 ? (quarters & 2 ? -across : across) : quarters & 2 ? -up : up;
}}
"""
_TURNS = """OWN void turns_(const int which, ptrdiff_t n, const real *x, ptrdiff_t step, real *out, ptrdiff_t ahead) {
    real piece[256];
    for (ptrdiff_t begin = 0; begin < n; begin += 256) {
        const int count = (int)(n - begin < 256 ? n - begin : 256);
        int far = 0;
        for (int k = 0; k < count; k++) {
            piece[k] = x[(begin + k) * step];
            far |= !(piece[k] > (real)-1e6 && piece[k] < (real)1e6);
        }
        if (far)
            for (int k = 0; k < count; k++)
                piece[k] = which == 2 ? tanSUFFIX(piece[k]) : which == 1 ? cosSUFFIX(piece[k]) : sinSUFFIX(piece[k]);
        else if (which == 2)
            for (int k = 0; k < count; k++) piece[k] = (real)turned_((double)piece[k], 2);
        else if (which == 1)
            for (int k = 0; k < count; k++) piece[k] = (real)turned_((double)piece[k], 1);
        else
            for (int k = 0; k < count; k++) piece[k] = (real)turned_((double)piece[k], 0);
        for (int k = 0; k < count; k++) out[(begin + k) * ahead] = piece[k];
    }
}
"""


def _powers(first: int, last: int) -> str:
    """1/first! - q/(first + 2)! + ..., by Horner's rule in q = r^2, with the sign of the power `first`."""
    text = ""
    for k in range(last, first - 1, -2):
        number = (-1) ** (k // 2) / factorial(k)
        text = f"({text} * q + {number!r})" if text else repr(number)
    return text


HELPERS = {
    "turned_": _TURNED.format(sine=_powers(3, 17), sine_single=_powers(3, 9), cosine=_powers(4, 18), cosine_single=_powers(4, 10)),
    "turns_": _TURNS,
}
