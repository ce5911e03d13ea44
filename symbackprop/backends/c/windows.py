"""Products of windows in C, which read the windows where they stand: in blocks that are packed, or as long sums.

Axes are handed in as pairs of an extent and a step, outermost first; places_ says where positions on them are.
"""

SLAB = 4096  # rows at most whose places are known at once
HELPERS = {
    "places_": """OWN void places_(ptrdiff_t first, ptrdiff_t count, int axes, const ptrdiff_t *axis, ptrdiff_t *place) {
    ptrdiff_t at[16], here = 0;
    for (int x = axes - 1; x >= 0; x--) {
        at[x] = first % axis[2 * x];
        first /= axis[2 * x];
        here += at[x] * axis[2 * x + 1];
    }
    for (ptrdiff_t i = 0; i < count; i++) {
        place[i] = here;
        for (int x = axes - 1; x >= 0; x--) {
            here += axis[2 * x + 1];
            if (++at[x] < axis[2 * x]) break;
            at[x] = 0;
            here -= axis[2 * x] * axis[2 * x + 1];
        }
    }
}
""",
    "long_windows_": """#if defined(__GNUC__)
OWN void long_windows_(
    ptrdiff_t m, ptrdiff_t n, const real *a, ptrdiff_t am, const real *b, int overs, const ptrdiff_t *over, int owns,
    const ptrdiff_t *own, real *c, ptrdiff_t cm, ptrdiff_t cn, ptrdiff_t *places) {
    const ptrdiff_t run = over[2 * overs - 2], most = run < PIECE ? PIECE / run < 64 ? PIECE / run : 64 : 1;
    ptrdiff_t runs = 1, start[64];
    for (int x = 0; x < overs - 1; x++) runs *= over[2 * x];
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) c[i * cm + j * cn] = 0;
    places_(0, n, owns, own, places);
    for (ptrdiff_t first = 0; first < runs; first += most) {
        const ptrdiff_t count = runs - first < most ? runs - first : most;
        places_(first, count, overs - 1, over, start);
        for (ptrdiff_t f = 0; f < run; f += PIECE) {
            const ptrdiff_t here = run - f < PIECE ? run - f : PIECE;
            for (ptrdiff_t j = 0; j < n; j += ACROSS)
                for (ptrdiff_t i = 0; i < m; i += DOWN) {
                    const real *row[DOWN], *column[ACROSS];
                    real total[DOWN][ACROSS];
                    for (int r = 0; r < DOWN; r++) row[r] = a + (i + r < m ? i + r : i) * am + first * run + f;
                    for (int s = 0; s < ACROSS; s++) column[s] = b + places[j + s < n ? j + s : j] + f;
                    long_block_(row, column, count, run, start, here, total);
                    for (ptrdiff_t r = 0; r < DOWN && i + r < m; r++)
                        for (ptrdiff_t s = 0; s < ACROSS && j + s < n; s++) c[(i + r) * cm + (j + s) * cn] += total[r][s];
                }
        }
    }
}
#endif
""",
    "windows_product_": f"enum {{ SLAB = {SLAB} }};\n"
    + """
OWN void windows_product_(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const real *a, ptrdiff_t am, ptrdiff_t ak, const real *b, int overs,
    const ptrdiff_t *over, int owns, const ptrdiff_t *own, real *c, ptrdiff_t cm, ptrdiff_t cn, real *restrict packed,
    ptrdiff_t *restrict places) {
#if defined(__GNUC__)
    const int runs = ak == 1 && over[2 * overs - 1] == 1 && over[2 * overs - 2] >= 2 * (ptrdiff_t)LANES;
    if (runs && 4 * m * (ptrdiff_t)LANES < (k < PIECE ? k : PIECE)) {
        long_windows_(m, n, a, am, b, overs, over, owns, own, c, cm, cn, places);
        return;
    }
#endif
    for (ptrdiff_t first = 0; first < k; first += SLAB) {
        const ptrdiff_t slab = k - first < SLAB ? k - first : SLAB;
        places_(first, slab, overs, over, places);
        for (ptrdiff_t j = 0; j < n; j += 2 * LANES) {
            const ptrdiff_t columns = n - j < 2 * LANES ? n - j : 2 * LANES, width = columns > LANES ? 2 * LANES : LANES;
            ptrdiff_t at[2 * LANES];
            places_(j, columns, owns, own, at);
            int together = columns == width;
            for (ptrdiff_t s = 1; s < columns; s++) together &= at[s] == at[0] + s;
            if (together && m <= TALL) { /* each entry is read once: where it stands */
                tiles_(m, columns, slab, a + first * ak, am, ak, b + at[0], 0, places, c + j * cn, cm, cn, first > 0);
                continue;
            }
            for (ptrdiff_t l = 0; l < slab; l += DEPTH) {
                const ptrdiff_t depth = slab - l < DEPTH ? slab - l : DEPTH;
                for (ptrdiff_t r = 0; r < depth; r++) {
                    const real *row = b + places[l + r];
                    if (together && width == 2 * LANES)
                        memcpy(packed + r * width, row + at[0], 2 * WIDE);
                    else
                        for (ptrdiff_t s = 0; s < width; s++) packed[r * width + s] = s < columns ? row[at[s]] : 0;
                }
                tiles_(m, columns, depth, a + (first + l) * ak, am, ak, packed, width, NULL, c + j * cn, cm, cn, first + l > 0);
            }
        }
    }
}
""",
}  # fmt: skip
"""The definitions by name, each after those that it calls."""
