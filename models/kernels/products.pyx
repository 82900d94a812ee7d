# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Inner products of a few vectors with those of a table that is laid out in tiles.

BLAS packs the whole table anew for each product, which for a few vectors takes longer than the product.
"""

cdef extern from *:
    """
    #include <string.h>

    #define WIDTH 16
    #define MOST 6  /* vectors at once: their sums, two registers each, leave room for the tile's */

    /* compiled for newer processors as well, and chosen as the program starts */
    #if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
    #define CHOSEN __attribute__((target_clones("arch=x86-64-v3", "default")))
    #else
    #define CHOSEN
    #endif

    typedef float eight __attribute__((vector_size(32), aligned(4)));

    #define FOR_COUNT(COUNT) \\
    __attribute__((always_inline)) static inline void times_##COUNT( \\
        const float *few, const float *tile, size_t dim, float *into, size_t stride) { \\
        eight sums[COUNT][2]; \\
        memset(sums, 0, sizeof sums); \\
        for (size_t d = 0; d < dim; d++, tile += WIDTH) { \\
            const eight left = *(const eight *)tile, right = *(const eight *)(tile + 8); \\
            _Pragma("GCC unroll 6") \\
            for (int row = 0; row < COUNT; row++) { \\
                sums[row][0] += left * few[row * dim + d]; \\
                sums[row][1] += right * few[row * dim + d]; \\
            } \\
        } \\
        _Pragma("GCC unroll 6") \\
        for (int row = 0; row < COUNT; row++) \\
            memcpy(into + row * stride, sums[row], sizeof sums[row]); \\
    }
    FOR_COUNT(1) FOR_COUNT(2) FOR_COUNT(3) FOR_COUNT(4) FOR_COUNT(5) FOR_COUNT(6)

    CHOSEN static void multiply(
        const float *few, size_t count, const float *tile, size_t dim, float *into, size_t stride) {
        size_t groups = (count + MOST - 1) / MOST;
        for (; groups; groups--) {
            const size_t size = (count + groups - 1) / groups;
            switch (size) {
                case 1: times_1(few, tile, dim, into, stride); break;
                case 2: times_2(few, tile, dim, into, stride); break;
                case 3: times_3(few, tile, dim, into, stride); break;
                case 4: times_4(few, tile, dim, into, stride); break;
                case 5: times_5(few, tile, dim, into, stride); break;
                default: times_6(few, tile, dim, into, stride);
            }
            few += size * dim, into += size * stride, count -= size;
        }
    }
    """
    void multiply(
        const float *few, size_t count, const float *tile, size_t dim, float *into, size_t stride
    ) nogil


def products(const float[:, ::1] few, const float[:, :, ::1] tiles, float[:, ::1] into):
    cdef Py_ssize_t tile
    if not few.shape[0]:
        return
    if not few.shape[1]:
        into[:, :] = 0
        return
    with nogil:
        for tile in range(tiles.shape[0]):
            multiply(
                &few[0, 0], few.shape[0], &tiles[tile, 0, 0], few.shape[1],
                &into[0, tile * 16], into.shape[1],
            )
