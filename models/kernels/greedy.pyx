# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
# distutils: language = c++
"""Lists that grow place by place, each time by the candidate that adds most; see `recommender.reranking.greedy`.

As a list grows a candidate only comes to be more like it, so what was compared before bounds what a candidate adds
now: only one that leads by its bound is compared with the rest of the list (lazy greedy, Minoux 1978). Few are, and
the vectors of the others are not even read.
"""

import numpy as np

from libc.math cimport INFINITY, isfinite, log
from libcpp.vector cimport vector

from models.kernels.dots cimport dot


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


cdef void scale(
    const float *scores, Py_ssize_t width, float weight, vector[float]& relevance, vector[char]& open_
) noexcept nogil:
    """Scale finite scores to [0, weight]; the others are no candidates."""
    cdef Py_ssize_t c
    cdef float low = INFINITY, high = -INFINITY
    for c in range(width):
        open_[c] = isfinite(scores[c])
        if open_[c]:
            low, high = min(low, scores[c]), max(high, scores[c])
    for c in range(width):
        relevance[c] = weight * ((scores[c] - low) / (high - low if high > low else <float>1))


def choose(
    Py_ssize_t k,
    const float[:, ::1] scores,
    float relevance_weight,
    float redundancy,
    const float[:, ::1] vectors,
    const int[:, ::1] courses,
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
    cdef Py_ssize_t row, step, c, best, other, topic, width = scores.shape[1]
    cdef Py_ssize_t dim = vectors.shape[1]
    cdef bint likening = redundancy > 0, calibrating = topics.shape[0] > 0
    cdef bint bounding = providers.shape[0] > 0, pressed
    cdef int some, missing, of_small
    cdef float gain, most
    cdef vector[float] relevance, similarity, counts, divergence
    cdef vector[int] of_provider, compared
    cdef vector[char] open_
    relevance.resize(width)
    open_.resize(width)
    chosen = np.full((scores.shape[0], k), -1, dtype=np.int64)
    cdef long long[:, ::1] found = chosen
    with nogil:
        for row in range(scores.shape[0]):
            scale(&scores[row, 0] if width else NULL, width, relevance_weight, relevance, open_)
            similarity.assign(width, 0)
            compared.assign(width, 0)
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
                        if open_[c] and small[row, c] and of_provider[c] < cap:
                            some += 1
                    missing = min(least - of_small, some)
                    pressed = missing > 0 and missing >= by - step
                while True:
                    best, most = -1, -INFINITY
                    for c in range(width):
                        if not open_[c]:
                            continue
                        if bounding and (of_provider[c] >= cap or (pressed and not small[row, c])):
                            continue
                        gain = relevance[c] - redundancy * similarity[c]
                        if calibrating:
                            topic = topics[row, c] if topics[row, c] >= 0 else wished.shape[1]
                            gain -= calibration * divergence[topic]
                        if best < 0 or gain > most:
                            best, most = c, gain
                    if best < 0 or not likening or compared[best] == step:
                        break
                    for other in range(compared[best], step):
                        similarity[best] = max(
                            similarity[best],
                            dot(
                                &vectors[courses[row, found[row, other]], 0],
                                &vectors[courses[row, best], 0],
                                dim,
                            ),
                        )
                    compared[best] = <int>step
                if best < 0:
                    break
                found[row, step] = best
                open_[best] = False
                if calibrating:
                    topic = topics[row, best] if topics[row, best] >= 0 else wished.shape[1]
                    counts[topic] += 1
                if bounding:
                    of_small += small[row, best]
                    if providers[row, best] >= 0:
                        for c in range(width):
                            of_provider[c] += providers[row, c] == providers[row, best]
    return chosen
