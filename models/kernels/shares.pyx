# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
# distutils: language = c++
"""What some rows have of the sets of many items, for a few items of each row: shares of sets, and single cells.

The sets of items are rows of numbers, the rest of each filled with -1.
"""

from libcpp.vector cimport vector


def weighted_shares(
    const int[::1] need_ends,
    const int[::1] needs,
    const float[::1] weights,
    const int[::1] held_ends,
    const int[::1] held,
    const long long[::1] rows,
    Py_ssize_t width,
    const int[:, ::1] sets,
    const int[:, ::1] items,
    float[:, ::1] gap_closed,
    float[:, ::1] needed,
    float[:, ::1] owned,
):
    cdef Py_ssize_t at, row, cell, place, number, item, count
    cdef int skill
    cdef double total, closed
    cdef float wanted, had
    cdef vector[float] weight, missing
    cdef vector[char] has
    weight.assign(width, 0)
    missing.assign(width, 0)
    has.assign(width, 0)
    with nogil:
        for at in range(rows.shape[0]):
            row, total = rows[at], 0
            for cell in range(held_ends[row], held_ends[row + 1]):
                has[held[cell]] = True
            for cell in range(need_ends[row], need_ends[row + 1]):
                weight[needs[cell]] = weights[cell]
                if not has[needs[cell]]:
                    missing[needs[cell]] = weights[cell]
                    total += weights[cell]
            total = max(total, 1e-6)
            for place in range(items.shape[1]):
                item, count, closed, wanted, had = items[at, place], 0, 0, 0, 0
                for number in range(sets.shape[1]):
                    skill = sets[item, number]
                    if skill < 0:
                        break
                    count += 1
                    closed += missing[skill]
                    wanted += weight[skill] > 0
                    had += has[skill]
                count = max(count, 1)
                gap_closed[at, place] = <float>(closed / total)
                needed[at, place] = wanted / count
                owned[at, place] = had / count
            for cell in range(held_ends[row], held_ends[row + 1]):
                has[held[cell]] = False
            for cell in range(need_ends[row], need_ends[row + 1]):
                weight[needs[cell]] = missing[needs[cell]] = 0


def shares(
    const int[::1] ends,
    const int[::1] columns,
    const long long[::1] rows,
    Py_ssize_t width,
    const int[:, ::1] sets,
    const int[:, ::1] items,
    float[:, ::1] into,
):
    cdef Py_ssize_t at, cell, place, number, item, count, met
    cdef vector[char] has
    has.assign(width, 0)
    with nogil:
        for at in range(rows.shape[0]):
            for cell in range(ends[rows[at]], ends[rows[at] + 1]):
                has[columns[cell]] = True
            for place in range(items.shape[1]):
                item, count, met = items[at, place], 0, 0
                for number in range(sets.shape[1]):
                    if sets[item, number] < 0:
                        break
                    count += 1
                    met += has[sets[item, number]]
                into[at, place] = <float>met / max(count, 1)
            for cell in range(ends[rows[at]], ends[rows[at] + 1]):
                has[columns[cell]] = False


def cells_of(
    const float[:, ::1] values,
    const long long[::1] rows,
    const int[::1] columns,
    const int[:, ::1] items,
    float[:, ::1] into,
):
    cdef Py_ssize_t at, place
    cdef int column
    with nogil:
        for at in range(rows.shape[0]):
            for place in range(items.shape[1]):
                column = columns[items[at, place]]
                into[at, place] = values[rows[at], column] if column >= 0 else 0
