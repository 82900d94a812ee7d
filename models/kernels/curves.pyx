# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
# distutils: language = c++
"""Curves of steps, looked up by a grid: the cell of a value says between which steps to search."""

from libcpp.algorithm cimport lower_bound


cdef inline Py_ssize_t cell_of(float value, float low, float scale, Py_ssize_t cells) noexcept nogil:
    cdef float at = (value - low) * scale
    if not at > 0:
        return 0
    return cells - 1 if at >= cells - 1 else <Py_ssize_t>at


def grid(const float[::1] steps, float low, float scale, int[::1] first):
    cdef Py_ssize_t place, cell, cells = first.shape[0] - 1
    with nogil:
        for cell in range(cells + 1):
            first[cell] = 0
        for place in range(steps.shape[0]):
            first[cell_of(steps[place], low, scale, cells) + 1] += 1
        for cell in range(cells):
            first[cell + 1] += first[cell]


def add_heights(
    const float[:] values,
    const float[::1] steps,
    const float[::1] heights,
    const int[::1] first,
    float low,
    float scale,
    float[:] total,
):
    cdef Py_ssize_t row, cell, cells = first.shape[0] - 1
    cdef const float *begin
    cdef const float *found
    if not steps.shape[0]:
        for row in range(values.shape[0]):
            total[row] += heights[0]
        return
    begin = &steps[0]
    with nogil:
        for row in range(values.shape[0]):
            cell = cell_of(values[row], low, scale, cells)
            found = lower_bound(begin + first[cell], begin + first[cell + 1], values[row])
            total[row] += heights[found - begin]
