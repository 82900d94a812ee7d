# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Rows of several matrices in compressed rows, which stand person by person, put matrix by matrix."""

import numpy as np


def by_matrix(const int[:, ::1] sizes, const int[::1] columns, const float[::1] cells):
    cdef Py_ssize_t person, matrix, cell, at = 0, people = sizes.shape[0], matrices = sizes.shape[1]
    cdef Py_ssize_t begins
    starts = np.empty(people + 1, dtype=np.int64)
    ends = np.empty((matrices, people + 1), dtype=np.int32)
    columns_of = np.empty(columns.shape[0], dtype=np.int32)
    cells_of = np.empty(columns.shape[0], dtype=np.float32)
    bounds = np.zeros(matrices + 1, dtype=np.int64)
    cdef long long[::1] next_of = starts, bound = bounds
    cdef int[:, ::1] indptr = ends
    cdef int[::1] to_column = columns_of
    cdef float[::1] to_cell = cells_of
    with nogil:
        next_of[0] = 0
        for person in range(people):
            next_of[person + 1] = next_of[person]
            for matrix in range(matrices):
                next_of[person + 1] += sizes[person, matrix]
        for matrix in range(matrices):
            indptr[matrix, 0] = 0
            for person in range(people):
                begins = next_of[person]
                for cell in range(begins, begins + sizes[person, matrix]):
                    to_column[at] = columns[cell]
                    to_cell[at] = cells[cell]
                    at += 1
                next_of[person] += sizes[person, matrix]
                indptr[matrix, person + 1] = indptr[matrix, person] + sizes[person, matrix]
            bound[matrix + 1] = at
    return ends, columns_of, cells_of, bounds.tolist()
