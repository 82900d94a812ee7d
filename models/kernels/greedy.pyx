# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
# distutils: language = c++
"""Lists that grow place by place, each time by the candidate that adds most; see `recommender.reranking`."""

import numpy as np

from libc.math cimport INFINITY, log
from libcpp.vector cimport vector


cdef void divergences(
    const float[::1] wished, vector[float]& counts, double smoothing, vector[float]& found
) noexcept nogil:
    """Divergence of the list's topics from those wished, were one of each topic added; the last is of none."""
    cdef Py_ssize_t topic, other, topics = wished.shape[0]
    cdef double total = 1, share, sum_
    for topic in range(topics + 1):
        total += counts[topic]
    for topic in range(topics + 1):
        sum_ = 0
        for other in range(topics):
            if wished[other] > 0:
                share = (counts[other] + (other == topic)) / total
                share = (1 - smoothing) * share + smoothing * wished[other]
                sum_ += wished[other] * log(wished[other] / share)
        found[topic] = <float>sum_


def choose(
    Py_ssize_t k,
    const float[:, ::1] relevance,
    unsigned char[:, ::1] open_,
    float redundancy,
    const float[:, :, ::1] alike,
    float calibration,
    double smoothing,
    const int[:, ::1] topics,
    const float[:, ::1] wished,
    const int[:, ::1] providers,
    const unsigned char[:, ::1] small,
    int cap,
    int least,
    int by,
):
    cdef Py_ssize_t row, step, c, best, topic, width = relevance.shape[1]
    cdef bint likening = alike.shape[0] > 0, calibrating = topics.shape[0] > 0
    cdef bint bounding = providers.shape[0] > 0, pressed
    cdef int some, missing, of_small
    cdef float gain, most
    cdef vector[float] similarity, counts, divergence
    cdef vector[int] of_provider
    chosen = np.full((relevance.shape[0], k), -1, dtype=np.int64)
    cdef long long[:, ::1] found = chosen
    with nogil:
        for row in range(relevance.shape[0]):
            similarity.assign(width, 0)
            of_provider.assign(width, 0)
            counts.assign(wished.shape[1] + 1, 0)
            divergence.resize(wished.shape[1] + 1)
            of_small = 0
            for step in range(k):
                if calibrating:
                    divergences(wished[row], counts, smoothing, divergence)
                pressed = False
                if bounding and least and step < by:
                    some = 0
                    for c in range(width):
                        if open_[row, c] and small[row, c] and of_provider[c] < cap:
                            some += 1
                    missing = min(least - of_small, some)
                    pressed = missing > 0 and missing >= by - step
                best, most = -1, -INFINITY
                for c in range(width):
                    if not open_[row, c]:
                        continue
                    if bounding and (of_provider[c] >= cap or (pressed and not small[row, c])):
                        continue
                    gain = relevance[row, c] - redundancy * similarity[c]
                    if calibrating:
                        topic = topics[row, c] if topics[row, c] >= 0 else wished.shape[1]
                        gain -= calibration * divergence[topic]
                    if best < 0 or gain > most:
                        best, most = c, gain
                if best < 0:
                    break
                found[row, step] = best
                open_[row, best] = False
                if likening:
                    for c in range(width):
                        similarity[c] = max(similarity[c], alike[row, best, c])
                if calibrating:
                    topic = topics[row, best] if topics[row, best] >= 0 else wished.shape[1]
                    counts[topic] += 1
                if bounding:
                    of_small += small[row, best]
                    if providers[row, best] >= 0:
                        for c in range(width):
                            of_provider[c] += providers[row, c] == providers[row, best]
    return chosen
