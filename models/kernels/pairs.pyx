# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# distutils: language = c++
"""What is asked of pairs of rows: the best of what each pair has, or one cell of a matrix in compressed rows."""

import numpy as np

from libcpp.vector cimport vector


def heaviest(
    const int[::1] starts,
    const int[::1] members,
    const float[::1] weights,
    const int[::1] left_out_starts,
    const int[::1] left_out,
    const Py_ssize_t[:] rows,
    const int[:, ::1] sets,
    const int[::1] b,
    Py_ssize_t most,
):
    cdef Py_ssize_t pair, member, place, cell, row
    cdef int column
    cdef float weight
    cdef vector[float] weight_of = vector[float](most)
    found = np.full((rows.shape[0], most), -1, dtype=np.int32)
    cdef int[:, ::1] best = found
    with nogil:
        for pair in range(rows.shape[0]):
            row = rows[pair]
            for member in range(sets.shape[1]):
                column = sets[b[pair], member]
                if column < 0:
                    continue
                cell = cell_of(members, starts[row], starts[row + 1], column)
                weight = weights[cell] if cell >= 0 else 0
                if weight <= 0 or cell_of(
                    left_out, left_out_starts[row], left_out_starts[row + 1], column
                ) >= 0:
                    continue
                place = most
                while place > 0 and (best[pair, place - 1] < 0 or weight_of[place - 1] < weight):
                    place -= 1
                    if place + 1 < most:
                        best[pair, place + 1], weight_of[place + 1] = best[pair, place], weight_of[place]
                if place < most:
                    best[pair, place], weight_of[place] = column, weight
    return found


cdef Py_ssize_t cell_of(const int[::1] members, Py_ssize_t begin, Py_ssize_t end, int column) noexcept nogil:
    """Return where a column stands among the cells of a row, -1 where it does not."""
    cdef Py_ssize_t cell
    for cell in range(begin, end):
        if members[cell] == column:
            return cell
    return -1


def strongest_of_rows(
    const int[::1] starts,
    const int[::1] members,
    const Py_ssize_t[:] rows,
    const int[::1] table_starts,
    const int[::1] table_members,
    const float[::1] table,
    const int[::1] b,
):
    cdef Py_ssize_t pair, cell, at
    cdef float most
    found = np.full(rows.shape[0], -1, dtype=np.int32)
    cdef int[::1] best = found
    with nogil:
        for pair in range(rows.shape[0]):
            most = 0
            for cell in range(starts[rows[pair]], starts[rows[pair] + 1]):
                at = cell_of(
                    table_members, table_starts[members[cell]], table_starts[members[cell] + 1], b[pair]
                )
                if at >= 0 and table[at] > most:
                    most = table[at]
                    best[pair] = members[cell]
    return found


def leading(
    const float[:, :] values,
    const int[::1] kinds,
    const unsigned char[:, ::1] speaks,
    Py_ssize_t most,
    Py_ssize_t early,
):
    cdef Py_ssize_t row, place, positive, told
    cdef vector[int] order = vector[int](values.shape[1])
    found = np.full((values.shape[0], most), -1, dtype=np.int32)
    cdef int[:, ::1] kept = found
    with nogil:
        for row in range(values.shape[0]):
            positive = descending(values, row, order)
            told = 0
            for place in range(positive):
                if told == most or (place == early and told):
                    break
                if speaks[order[place], row] and not alike(order[place], kinds, kept, row, told):
                    kept[row, told] = order[place]
                    told += 1
    return found


cdef Py_ssize_t descending(const float[:, :] values, Py_ssize_t row, vector[int] &order) noexcept nogil:
    """Put the columns of the positive values of a row in order, the largest first, and return how many."""
    cdef Py_ssize_t column, place, positive = 0
    for column in range(values.shape[1]):
        if values[row, column] > 0:
            place = positive
            while place > 0 and values[row, order[place - 1]] < values[row, column]:
                order[place] = order[place - 1]
                place -= 1
            order[place] = <int>column
            positive += 1
    return positive


cdef bint alike(
    int column, const int[::1] kinds, int[:, ::1] kept, Py_ssize_t row, Py_ssize_t told
) noexcept nogil:
    """Return whether one of a row's kept columns is of a column's kind."""
    cdef Py_ssize_t place
    for place in range(told):
        if kinds[kept[row, place]] == kinds[column]:
            return True
    return False
