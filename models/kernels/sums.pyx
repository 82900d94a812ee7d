# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# distutils: language = c++
"""Weighted sums of rows of a table, for a batch so small that a sparse product is mostly its making."""

from libcpp.vector cimport vector


def add_dense(
    const int[::1] starts,
    const Py_ssize_t[::1] some,
    const int[::1] rows,
    const float[::1] weights,
    const float[:, ::1] table,
    float[:, ::1] total,
):
    cdef Py_ssize_t b, place, column
    cdef const float *row
    cdef float *into
    cdef float weight
    if not table.shape[0] or not table.shape[1]:
        return
    with nogil:
        for b in range(total.shape[0]):
            into = &total[b, 0]
            for place in range(starts[some[b]], starts[some[b] + 1]):
                if rows[place] < 0:
                    continue
                row, weight = &table[rows[place], 0], weights[place]
                for column in range(table.shape[1]):
                    into[column] += weight * row[column]


def means(
    const int[::1] starts,
    const Py_ssize_t[::1] some,
    const int[::1] rows,
    const float[::1] weights,
    const float[:, ::1] table,
    const float[::1] otherwise,
    float[:, ::1] mean,
):
    cdef Py_ssize_t b, place, column
    cdef const float *row
    cdef float *into
    cdef float weight, known
    if not table.shape[1]:
        return
    with nogil:
        for b in range(mean.shape[0]):
            into, known = &mean[b, 0], 0
            for column in range(table.shape[1]):
                into[column] = 0
            for place in range(starts[some[b]], starts[some[b] + 1]):
                row, weight = &table[rows[place], 0], weights[place]
                known += weight
                for column in range(table.shape[1]):
                    into[column] += weight * row[column]
            if known > 1:
                for column in range(table.shape[1]):
                    into[column] /= known
            elif known == 0:
                for column in range(table.shape[1]):
                    into[column] = otherwise[column]


def add_sparse(
    const int[::1] starts,
    const Py_ssize_t[::1] some,
    const int[::1] rows,
    const float[::1] weights,
    const int[::1] indptr,
    const int[::1] indices,
    const float[::1] data,
    float[:, ::1] total,
):
    cdef Py_ssize_t b, place, cell
    with nogil:
        for b in range(total.shape[0]):
            for place in range(starts[some[b]], starts[some[b] + 1]):
                if rows[place] < 0:
                    continue
                for cell in range(indptr[rows[place]], indptr[rows[place] + 1]):
                    total[b, indices[cell]] += weights[place] * data[cell]


def best_of_rows(
    const int[::1] starts,
    const Py_ssize_t[::1] some,
    const int[::1] rows,
    const float[::1] weights,
    list table,
    float[:, ::1] best,
):
    cdef Py_ssize_t b, place, column, width = best.shape[1]
    cdef const float[::1] values
    cdef const float *row
    cdef float *into
    cdef float share, most
    cdef vector[const float *] values_of
    if not width:
        return
    for values in table:
        values_of.push_back(&values[0])
    with nogil:
        for b in range(best.shape[0]):
            into, most = &best[b, 0], 0
            for column in range(width):
                into[column] = 0
            for place in range(starts[some[b]], starts[some[b] + 1]):
                most = max(most, weights[place])
            if most <= 0:
                continue
            for place in range(starts[some[b]], starts[some[b] + 1]):
                if weights[place] > 0:
                    row, share = values_of[rows[place]], <float>(<double>weights[place] / most)
                    for column in range(width):
                        into[column] = max(into[column], share * row[column])
            for place in range(starts[some[b]], starts[some[b] + 1]):
                if weights[place] < 0:
                    row = values_of[rows[place]]
                    for column in range(width):
                        into[column] *= 1 - row[column]


def put_columns(const float[:, ::1] values, const int[::1] columns, float[:, ::1] into):
    cdef Py_ssize_t b, place
    with nogil:
        for b in range(values.shape[0]):
            for place in range(columns.shape[0]):
                into[b, columns[place]] = values[b, place]
