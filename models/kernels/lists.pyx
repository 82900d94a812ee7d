# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# distutils: language = c++
"""The permitted trainings of many participants: from a mask to the best that each source proposes.

Lists of different lengths stand one after the other: those of participant b are ``starts[b]:starts[b + 1]``.
"""

import numpy as np

from libc.math cimport INFINITY
from libcpp.algorithm cimport nth_element
from libcpp.functional cimport greater
from libcpp.limits cimport numeric_limits
from libcpp.vector cimport vector

cdef enum:
    BLOCK = 8
cdef float LEAST = numeric_limits[float].denorm_min()


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


cdef class Borders:
    """The border below which values are not among the largest, found block by block.

    ``peaks`` are the largest of each block of the last values, ``few`` those that are not below their border and
    perhaps some that are: ``kept`` of them.
    """

    cdef vector[float] peaks, few
    cdef Py_ssize_t blocks, kept

    cdef float find(self, const float *said, Py_ssize_t length, Py_ssize_t most) noexcept nogil:
        """The ``most``-th largest of some values; the least above 0 where fewer are above 0."""
        cdef Py_ssize_t block, place
        cdef float bound
        self._find_peaks(said, length)
        bound = self._bound(most)
        self.kept = 0
        for block in range(self.blocks):
            if self.peaks[block] >= bound:
                for place in range(block * BLOCK, min((block + 1) * BLOCK, length)):
                    self.few[self.kept] = said[place]  # without a branch, as above
                    self.kept += said[place] >= bound
        return self._nth_of_few(most) if self.kept >= most else LEAST

    cdef void _find_peaks(self, const float *said, Py_ssize_t length) noexcept nogil:
        cdef Py_ssize_t block, place, whole = length // BLOCK
        cdef float best
        self.blocks = (length + BLOCK - 1) // BLOCK
        if <Py_ssize_t>self.few.size() <= length:
            self.few.resize(length + 1)
            self.peaks.resize(self.blocks)
        for block in range(whole):
            best = said[block * BLOCK]
            for place in range(1, BLOCK):
                best = max(best, said[block * BLOCK + place])
            self.peaks[block] = best
        if whole < self.blocks:
            best = said[whole * BLOCK]
            for place in range(whole * BLOCK + 1, length):
                best = max(best, said[place])
            self.peaks[whole] = best

    cdef float _bound(self, Py_ssize_t most) noexcept nogil:
        """The ``most``-th largest of the peaks: as many values reach it, and few others do."""
        cdef Py_ssize_t block
        self.kept = 0
        for block in range(self.blocks):
            self.few[self.kept] = self.peaks[block]
            self.kept += self.peaks[block] >= LEAST
        return self._nth_of_few(most) if self.kept >= most else LEAST

    cdef float _nth_of_few(self, Py_ssize_t most) noexcept nogil:
        cdef float *few = self.few.data()
        nth_element(few, few + most - 1, few + self.kept, greater[float]())
        return few[most - 1]


def propose(
    const float[:, ::1] scores,
    const int[::1] starts,
    const int[::1] columns,
    Py_ssize_t most,
    unsigned char[::1] proposed,
):
    cdef Py_ssize_t row, place, first, length, block, room, total = 0
    cdef float border
    cdef bint wanted
    cdef vector[float] said
    cdef Borders borders = Borders()
    if most <= 0:
        return 0
    said.resize(scores.shape[1])
    with nogil:
        for row in range(scores.shape[0]):
            first, length = starts[row], starts[row + 1] - starts[row]
            for place in range(length):
                said[place] = scores[row, columns[first + place]]
            border, room = borders.find(said.data(), length, most), most
            for place in range(borders.kept):
                room -= borders.few[place] > border
            for block in range(borders.blocks):
                if borders.peaks[block] < border:
                    continue
                for place in range(block * BLOCK, min((block + 1) * BLOCK, length)):
                    wanted = said[place] == border and room > 0
                    room -= wanted
                    wanted |= said[place] > border
                    proposed[first + place] |= wanted
                    total += wanted
    return total


def largest(const float[:, ::1] scores, Py_ssize_t most):
    cdef Py_ssize_t row, place, block, at = 0, rows = scores.shape[0], width = scores.shape[1]
    cdef float border
    cdef vector[int] found
    cdef Borders borders = Borders()
    starts = np.zeros(rows + 1, dtype=np.int32)
    cdef int[::1] start = starts
    if width:
        with nogil:
            for row in range(rows):
                border = borders.find(&scores[row, 0], width, most)
                for block in range(borders.blocks):
                    if borders.peaks[block] < border:
                        continue
                    for place in range(block * BLOCK, min((block + 1) * BLOCK, width)):
                        if scores[row, place] >= border:
                            found.push_back(<int>place)
                start[row + 1] = <int>found.size()
    columns = np.empty(found.size(), dtype=np.int32)
    cdef int[::1] column = columns
    for at in range(<Py_ssize_t>found.size()):
        column[at] = found[at]
    return starts, columns


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
