# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# distutils: language = c++
"""Masks of some rows by all columns, written where something holds; the others are left as they are."""

import numpy as np

from libc.string cimport memcpy
from libcpp.vector cimport vector


def mark(
    const int[::1] indptr, const int[::1] columns, const long long[::1] rows, unsigned char[:, ::1] into
):
    cdef Py_ssize_t at, cell
    with nogil:
        for at in range(rows.shape[0]):
            for cell in range(indptr[rows[at]], indptr[rows[at] + 1]):
                into[at, columns[cell]] = True


def mark_farther(
    const float[:, ::1] km,
    const long long[::1] origin,
    const float[::1] most,
    const int[::1] columns,
    unsigned char[:, ::1] into,
):
    cdef Py_ssize_t at, place
    with nogil:
        for at in range(origin.shape[0]):
            for place in range(columns.shape[0]):
                into[at, columns[place]] = km[origin[at], place] > most[at]


def mark_some(
    const unsigned char[:, ::1] found,
    const int[::1] places,
    const int[::1] columns,
    unsigned char[:, ::1] into,
):
    cdef Py_ssize_t at, place
    with nogil:
        for at in range(found.shape[0]):
            for place in range(places.shape[0]):
                into[at, columns[place]] |= found[at, places[place]]


def mark_containing(
    const int[::1] indptr,
    const int[::1] columns,
    const long long[::1] rows,
    Py_ssize_t width,
    const int[:, ::1] sets,
    unsigned char[:, ::1] into,
):
    cdef Py_ssize_t at, cell, set_, place
    cdef bint whole
    cdef vector[char] held
    held.assign(width, 0)
    with nogil:
        for at in range(rows.shape[0]):
            for cell in range(indptr[rows[at]], indptr[rows[at] + 1]):
                held[columns[cell]] = True
            for set_ in range(sets.shape[0]):
                whole = sets.shape[1] > 0 and sets[set_, 0] >= 0
                for place in range(sets.shape[1]):
                    if not whole or sets[set_, place] < 0:
                        break
                    whole = held[sets[set_, place]]
                if whole:
                    into[at, set_] = True
            for cell in range(indptr[rows[at]], indptr[rows[at] + 1]):
                held[columns[cell]] = False


def counted(const unsigned char[:, ::1] found):
    cdef Py_ssize_t at, column, whole = found.shape[1] // 8
    cdef long long total
    cdef unsigned long long eight
    cdef const unsigned char *row
    counts = np.zeros(found.shape[0], dtype=np.int64)
    cdef long long[::1] count = counts
    if not found.shape[1]:
        return counts
    with nogil:
        for at in range(found.shape[0]):
            row, total = &found[at, 0], 0
            for column in range(whole):  # the product's highest byte is the sum of the eight bytes
                memcpy(&eight, row + 8 * column, 8)
                total += eight * <unsigned long long>0x0101010101010101 >> 56
            for column in range(8 * whole, found.shape[1]):
                total += row[column]
            count[at] = total
    return counts
