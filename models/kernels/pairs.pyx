# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# distutils: language = c++
"""What is asked of pairs of rows: the product of their vectors, or one cell of a matrix in compressed rows."""

import numpy as np

from libcpp.algorithm cimport find


cdef float product(const float *x, const float *y, Py_ssize_t width) noexcept nogil:
    """Eight sums grow side by side, which processors do at once."""
    cdef Py_ssize_t lane, column, whole = width - width % 8
    cdef float[8] sums
    cdef float total = 0
    for lane in range(8):
        sums[lane] = 0
    for column in range(0, whole, 8):
        for lane in range(8):
            sums[lane] += x[column + lane] * y[column + lane]
    for lane in range(8):
        total += sums[lane]
    for column in range(whole, width):
        total += x[column] * y[column]
    return total


def products(
    const float[:, ::1] left, const int[::1] a, const float[:, ::1] right, const int[::1] b, float[::1] out
):
    cdef Py_ssize_t pair, width = left.shape[1]
    if not width:
        out[:] = 0
        return
    with nogil:
        for pair in range(a.shape[0]):
            out[pair] = product(&left[a[pair], 0], &right[b[pair], 0], width)


def cells(
    const int[::1] indptr,
    const int[::1] indices,
    const float[::1] data,
    const int[::1] rows,
    const int[::1] columns,
    float[::1] out,
):
    cdef Py_ssize_t pair
    cdef const int *begin
    cdef const int *end
    cdef const int *found
    if not indices.shape[0]:
        out[:] = 0
        return
    with nogil:
        for pair in range(rows.shape[0]):
            begin = &indices[0] + indptr[rows[pair]]
            end = &indices[0] + indptr[rows[pair] + 1]
            found = find(begin, end, columns[pair])
            out[pair] = data[found - &indices[0]] if found < end else 0


def largest(const int[::1] starts, const float[::1] values):
    cdef Py_ssize_t segment, place
    found = np.full(starts.shape[0] - 1, -1, dtype=np.int32)
    cdef int[::1] best = found
    with nogil:
        for segment in range(starts.shape[0] - 1):
            for place in range(starts[segment], starts[segment + 1]):
                if best[segment] < 0 or values[place] > values[best[segment]]:
                    best[segment] = <int>place
    return found
