# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# distutils: language = c++
"""Inner products of a few vectors with those of a table that is laid out in tiles.

BLAS packs the whole table anew for each product, which for a few vectors takes longer than the product.
"""

from libcpp.vector cimport vector


cdef extern from *:
    """
    #include <string.h>

    #define WIDTH 24
    #define MOST 3  /* vectors at once: their sums, three registers each, leave room for the tile's */

    /* compiled for newer processors as well, and chosen as the program starts */
    #if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
    #define CHOSEN __attribute__((target_clones("arch=x86-64-v3", "default")))
    #else
    #define CHOSEN
    #endif

    #define INLINED __attribute__((always_inline)) static inline

    typedef float eight __attribute__((vector_size(32), aligned(4)));

    template <int COUNT>
    INLINED void times(
        const float *const *few, const float *tile, size_t dim, float *into, size_t stride) {
        eight sums[COUNT][3], cells[3];
        memset(sums, 0, sizeof sums);
        for (size_t d = 0; d < dim; d++, tile += WIDTH) {
            #pragma GCC unroll 3
            for (int part = 0; part < 3; part++) cells[part] = *(const eight *)(tile + 8 * part);
            #pragma GCC unroll 3
            for (int row = 0; row < COUNT; row++) {
                #pragma GCC unroll 3
                for (int part = 0; part < 3; part++) sums[row][part] += cells[part] * few[row][d];
            }
        }
        #pragma GCC unroll 3
        for (int row = 0; row < COUNT; row++)
            memcpy(into + row * stride, sums[row], sizeof sums[row]);
    }

    CHOSEN static void multiply(
        const float *const *few, size_t count, const float *tile, size_t dim, float *into,
        size_t stride) {
        for (; count >= MOST; few += MOST, into += MOST * stride, count -= MOST)
            times<3>(few, tile, dim, into, stride);
        if (count == 2) times<2>(few, tile, dim, into, stride);
        if (count == 1) times<1>(few, tile, dim, into, stride);
    }
    """
    const size_t WIDTH
    void multiply(
        const float **few, size_t count, const float *tile, size_t dim, float *into, size_t stride
    ) nogil


def products(const float[:, ::1] few, const float[:, :, ::1] tiles, float[:, ::1] into):
    cdef Py_ssize_t tile, row
    cdef vector[const float *] rows
    if not few.shape[0]:
        return
    if not few.shape[1]:
        into[:, :] = 0
        return
    for row in range(few.shape[0]):
        rows.push_back(&few[row, 0])
    with nogil:
        for tile in range(tiles.shape[0]):
            multiply(
                rows.data(), rows.size(), &tiles[tile, 0, 0], few.shape[1],
                &into[0, tile * WIDTH], into.shape[1],
            )


def products_within(
    const float[:, ::1] few,
    const float[:, :, ::1] tiles,
    const int[::1] columns,
    const unsigned char[:, ::1] mask,
    float[:, ::1] into,
):
    cdef Py_ssize_t tile, row, place, first, end, dim = few.shape[1]
    cdef bint wanted
    cdef vector[const float *] rows
    cdef vector[Py_ssize_t] of
    cdef vector[float] found
    if not dim:
        return
    found.resize(WIDTH * few.shape[0])
    with nogil:
        for tile in range(tiles.shape[0]):
            first, end = WIDTH * tile, min(WIDTH * (tile + 1), columns.shape[0])
            rows.clear()
            of.clear()
            for row in range(few.shape[0]):
                wanted = False
                for place in range(first, end):
                    wanted |= mask[row, columns[place]]
                if wanted:
                    rows.push_back(&few[row, 0])
                    of.push_back(row)
            if not rows.size():
                continue
            multiply(rows.data(), rows.size(), &tiles[tile, 0, 0], dim, found.data(), WIDTH)
            for row in range(<Py_ssize_t>rows.size()):
                for place in range(first, end):
                    into[of[row], columns[place]] = found[WIDTH * row + place - first]
