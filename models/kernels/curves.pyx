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
    const float[:, :] values,
    const int[::1] starts,
    const float[::1] steps,
    const float[::1] heights,
    const int[:, ::1] first,
    const float[::1] low,
    const float[::1] scale,
    float[:, :] into,
):
    cdef Py_ssize_t row, curve, column, cell, cells = first.shape[1] - 1
    cdef const float *begin
    cdef const float *found
    cdef const float *height
    with nogil:
        for curve in range(first.shape[0]):
            column = curve if into.shape[1] > 1 else 0
            height = &heights[starts[curve] + curve]
            if starts[curve] == starts[curve + 1]:
                for row in range(values.shape[0]):
                    into[row, column] += height[0]
                continue
            begin = &steps[starts[curve]]
            for row in range(values.shape[0]):
                cell = cell_of(values[row, curve], low[curve], scale[curve], cells)
                found = lower_bound(
                    begin + first[curve, cell], begin + first[curve, cell + 1], values[row, curve]
                )
                into[row, column] += height[found - begin]
