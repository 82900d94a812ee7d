# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# distutils: language = c++
"""Masks of some rows by all columns, written where something holds; the others are left as they are."""

from libcpp.vector cimport vector


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


def mark_entered(
    const unsigned char[:, ::1] near,
    const Py_ssize_t[::1] places,
    const Py_ssize_t[::1] closes,
    const int[::1] columns,
    const Py_ssize_t[::1] ready,
    unsigned char[:, ::1] into,
):
    cdef Py_ssize_t row, one
    with nogil:
        for row in range(near.shape[0]):
            for one in range(places.shape[0]):  # without a branch
                into[row, columns[one]] |= near[row, places[one]] & (closes[one] >= ready[row])
