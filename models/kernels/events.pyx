# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# distutils: language = c++
"""Events of many participants, one after the other: those of row b are ``indptr[b]:indptr[b + 1]``, oldest first."""

import numpy as np

from libc.math cimport pow
from libcpp.algorithm cimport sort
from libcpp.utility cimport pair
from libcpp.vector cimport vector


def last_of_each(const long long[::1] indptr, const int[::1] items):
    cdef Py_ssize_t row, at, place, count = 0
    cdef vector[pair[int, Py_ssize_t]] events
    starts = np.zeros(indptr.shape[0], dtype=np.int32)
    places = np.empty(items.shape[0], dtype=np.int64)
    cdef int[::1] start = starts
    cdef long long[::1] found = places
    with nogil:
        for row in range(indptr.shape[0] - 1):
            events.clear()
            for at in range(indptr[row], indptr[row + 1]):
                events.push_back(pair[int, Py_ssize_t](items[at], at))
            sort(events.begin(), events.end())
            for place in range(<Py_ssize_t>events.size()):
                if place + 1 < <Py_ssize_t>events.size() and events[place + 1].first == events[place].first:
                    continue
                found[count] = events[place].second
                count += 1
            start[row + 1] = <int>count
    return starts, places[:count]


def fading(const long long[::1] indptr, double keep):
    cdef Py_ssize_t row, at
    weights = np.empty(indptr[indptr.shape[0] - 1], dtype=np.float32)
    cdef float[::1] weight = weights
    with nogil:
        for row in range(indptr.shape[0] - 1):
            for at in range(indptr[row], indptr[row + 1]):
                weight[at] = <float>pow(keep, <double>(indptr[row + 1] - 1 - at))
    return weights
