# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# distutils: language = c++
"""The permitted trainings of many participants: from a mask to the best that each source proposes.

Lists of different lengths stand one after the other: those of participant b are ``starts[b]:starts[b + 1]``.
"""

import numpy as np

from libc.math cimport INFINITY
from libcpp.algorithm cimport partial_sort
from libcpp.functional cimport greater
from libcpp.vector cimport vector


def columns_of(const unsigned char[:, ::1] mask):
    cdef Py_ssize_t row, column, rows = mask.shape[0], width = mask.shape[1]
    cdef int count = 0
    starts = np.empty(rows + 1, dtype=np.int32)
    columns = np.empty(np.count_nonzero(mask) + 1, dtype=np.int32)
    cdef int[::1] start = starts, found = columns
    with nogil:
        for row in range(rows):
            start[row] = count
            for column in range(width):  # without a branch: written over where not permitted
                found[count] = <int>column
                count += mask[row, column] != 0
        start[rows] = count
    return starts, columns[:count]


def propose(
    const float[:, ::1] scores,
    const int[::1] starts,
    const int[::1] columns,
    Py_ssize_t most,
    unsigned char[::1] proposed,
):
    cdef Py_ssize_t row, place, count, room, total = 0
    cdef float border
    cdef vector[float] said, told
    if most <= 0:
        return 0
    said.resize(scores.shape[1])
    told.resize(scores.shape[1])
    with nogil:
        for row in range(scores.shape[0]):
            count = 0
            for place in range(starts[row], starts[row + 1]):  # without a branch, as above
                border = scores[row, columns[place]]
                said[place - starts[row]] = told[count] = border
                count += border > 0
            border, room = 0, 0
            if count > most:
                partial_sort(
                    told.begin(), told.begin() + most, told.begin() + count, greater[float]()
                )
                border, room = told[most - 1], most
                for place in range(most - 1):
                    room -= told[place] > border
            for place in range(starts[row + 1] - starts[row]):
                if said[place] < border or said[place] <= 0:
                    continue
                if said[place] == border:
                    if not room:
                        continue
                    room -= 1
                proposed[starts[row] + place] = True
                total += 1
    return total


def fill(const int[::1] starts, Py_ssize_t least, unsigned char[::1] proposed):
    cdef Py_ssize_t row, place, missing
    with nogil:
        for row in range(starts.shape[0] - 1):
            missing = least
            for place in range(starts[row], starts[row + 1]):
                missing -= proposed[place]
            for place in range(starts[row], starts[row + 1]):
                if missing <= 0:
                    break
                if not proposed[place]:
                    proposed[place] = True
                    missing -= 1


def listed(
    const int[::1] starts, const int[::1] columns, const unsigned char[::1] proposed
):
    cdef Py_ssize_t row, place, at, width = 0, rows = starts.shape[0] - 1
    with nogil:
        for row in range(rows):
            at = 0
            for place in range(starts[row], starts[row + 1]):
                at += proposed[place]
            width = max(width, at)
    ids = np.full((rows, width), -1, dtype=np.int32)
    cdef int[:, ::1] found = ids
    with nogil:
        for row in range(rows):
            at = 0
            for place in range(starts[row], starts[row + 1]):
                if proposed[place]:
                    found[row, at] = columns[place]
                    at += 1
    return ids


def gathered(const float[:, ::1] scores, const int[:, ::1] ids):
    cdef Py_ssize_t row, at
    cdef float said
    told = np.empty((ids.shape[0], ids.shape[1]), dtype=np.float32)
    cdef float[:, ::1] found = told
    with nogil:
        for row in range(ids.shape[0]):
            for at in range(ids.shape[1]):
                said = scores[row, ids[row, at]] if ids[row, at] >= 0 else 0
                found[row, at] = said if said > -INFINITY else 0
    return told
