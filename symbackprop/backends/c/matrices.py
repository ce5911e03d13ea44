"""Functions of a matrix in C, in doubles, on scratch memory: elimination with the largest pivot of each column, Q R."""

COPIED = """OWN void copied_(ptrdiff_t n, const real *a, ptrdiff_t ar, ptrdiff_t ac, double *w, ptrdiff_t wide) {
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < n; j++) w[i * wide + j] = a[i * ar + j * ac];
}
"""
PIVOT = """OWN ptrdiff_t pivot_(ptrdiff_t n, ptrdiff_t k, double *w, ptrdiff_t wide) {
    ptrdiff_t row = k;
    for (ptrdiff_t i = k + 1; i < n; i++)
        if (fabs(w[i * wide + k]) > fabs(w[row * wide + k])) row = i;
    for (ptrdiff_t j = 0; row != k && j < wide; j++) {
        const double x = w[k * wide + j];
        w[k * wide + j] = w[row * wide + j];
        w[row * wide + j] = x;
    }
    return row;
}
"""
NORM = """OWN double norm_(ptrdiff_t n, const double *w, ptrdiff_t wide) {
    double most = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double sum = 0;
        for (ptrdiff_t j = 0; j < n; j++) sum += fabs(w[i * wide + j]);
        most = sum > most ? sum : most;
    }
    return most;
}
"""
INVERSE = """OWN void inverse_(
    ptrdiff_t n, const real *a, ptrdiff_t ar, ptrdiff_t ac, real *out, ptrdiff_t outr, ptrdiff_t outc, double *w) {
    const ptrdiff_t wide = 2 * n;
    const double rounding = sizeof(real) == 4 ? 0x1p-23 : 0x1p-52;
    copied_(n, a, ar, ac, w, wide);
    const double norm = norm_(n, w, wide);
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < n; j++) w[i * wide + n + j] = i == j;
    for (ptrdiff_t k = 0; k < n; k++) {
        pivot_(n, k, w, wide);
        const double top = w[k * wide + k] != 0 ? 1 / w[k * wide + k] : NAN;
        for (ptrdiff_t j = k; j < wide; j++) w[k * wide + j] *= top;
        for (ptrdiff_t i = 0; i < n; i++) {
            const double x = w[i * wide + k];
            for (ptrdiff_t j = k; i != k && j < wide; j++) w[i * wide + j] -= x * w[k * wide + j];
        }
    }
    const int singular = norm * norm_(n, w + n, wide) * rounding > 0.1;
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < n; j++) out[i * outr + j * outc] = singular ? (real)NAN : (real)w[i * wide + n + j];
}
"""
DETERMINANT = """OWN double determinant_(ptrdiff_t n, const real *a, ptrdiff_t ar, ptrdiff_t ac, double *w, int logarithm) {
    double product = 1, sum = 0;
    copied_(n, a, ar, ac, w, n);
    for (ptrdiff_t k = 0; k < n; k++) {
        if (pivot_(n, k, w, n) != k) product = -product;
        const double top = w[k * n + k];
        product *= top;
        sum += log(fabs(top));
        for (ptrdiff_t i = k + 1; i < n && top != 0; i++) {
            const double x = w[i * n + k] / top;
            for (ptrdiff_t j = k; j < n; j++) w[i * n + j] -= x * w[k * n + j];
        }
    }
    return logarithm ? sum : product;
}
"""
CHOLESKY = """OWN void cholesky_(
    ptrdiff_t n, const real *a, ptrdiff_t ar, ptrdiff_t ac, real *out, ptrdiff_t outr, ptrdiff_t outc, double *w) {
    const double rounding = sizeof(real) == 4 ? 0x1p-23 : 0x1p-52;
    double least = INFINITY, most = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j <= i; j++) {
            double x = ((double)a[i * ar + j * ac] + a[j * ar + i * ac]) / 2;
            for (ptrdiff_t k = 0; k < j; k++) x -= w[i * n + k] * w[j * n + k];
            w[i * n + j] = i == j ? (x > 0 ? sqrt(x) : NAN) : x / w[j * n + j];
            if (i == j && x < least) least = x;
            if (i == j && x > most) most = x;
        }
    const int singular = least < 10 * (double)n * rounding * most;
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < n; j++) out[i * outr + j * outc] = singular ? (real)NAN : j <= i ? (real)w[i * n + j] : 0;
}
"""
PINV = """OWN void pinv_(
    ptrdiff_t m, ptrdiff_t n, const real *a, ptrdiff_t ar, ptrdiff_t ac, real *out, ptrdiff_t outr, ptrdiff_t outc, double *w) {
    const double rounding = sizeof(real) == 4 ? 0x1p-23 : 0x1p-52;
    double *r = w + m * n, least = INFINITY, most = 0;
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) w[i * n + j] = a[i * ar + j * ac];
    for (ptrdiff_t j = 0; j < n; j++) {
        double size = 0;
        for (ptrdiff_t k = 0; k < j; k++) r[k * n + j] = 0;
        for (ptrdiff_t k = 0; k < 2 * j; k++) {
            double dot = 0;
            for (ptrdiff_t i = 0; i < m; i++) dot += w[i * n + k % j] * w[i * n + j];
            for (ptrdiff_t i = 0; i < m; i++) w[i * n + j] -= dot * w[i * n + k % j];
            r[k % j * n + j] += dot;
        }
        for (ptrdiff_t i = 0; i < m; i++) size += w[i * n + j] * w[i * n + j];
        size = sqrt(size);
        r[j * n + j] = size;
        if (size < least) least = size;
        if (size > most) most = size;
        for (ptrdiff_t i = 0; i < m; i++) w[i * n + j] = size > 0 ? w[i * n + j] / size : NAN;
    }
    const int singular = !(least > 10 * (double)n * rounding * most);
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = n - 1; j >= 0; j--) {
            double x = w[i * n + j];
            for (ptrdiff_t k = j + 1; k < n; k++) x -= r[j * n + k] * w[i * n + k];
            w[i * n + j] = x / r[j * n + j];
            out[j * outr + i * outc] = singular ? (real)NAN : (real)w[i * n + j];
        }
}
"""
HELPERS = {
    "copied_": COPIED, "pivot_": PIVOT, "norm_": NORM, "inverse_": INVERSE, "determinant_": DETERMINANT, "cholesky_": CHOLESKY,
    "pinv_": PINV,
}  # fmt: skip
"""The definitions by name, each after those that it calls."""

MATRICES = {
    "inverse": "inverse_({0}, {1}, memory->scratch)", "cholesky": "cholesky_({0}, {1}, memory->scratch)",
    "pinv": "pinv_({0}, {1}, memory->scratch)",
    "det": "determinant_({0}, memory->scratch, 0)", "logdet": "determinant_({0}, memory->scratch, 1)",
}  # fmt: skip
"""How a row is called: with {0}, the matrix and its steps, and {1}, where a matrix is written."""
TALL = ("pinv",)  # of which the rows are told before the columns
