# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# distutils: language = c++
"""Seats by auction: unseated people bid for the class that is worth most to them at its price.

The seats of a class are a heap of bids, the lowest on top; who comes later in the order of people gives way first
among equal bids. The price of a class is its lowest bid once it is full, and 0 before.
"""

from libc.math cimport INFINITY


cdef bint weaker(double bid, int person, double other, int other_person) noexcept nogil:
    return bid < other or (bid == other and person > other_person)


cdef void sink(double *bids, int *people, Py_ssize_t count) noexcept nogil:
    """Let what stands on top of a heap sink to its place."""
    cdef Py_ssize_t place = 0, child
    cdef double bid = bids[0]
    cdef int person = people[0]
    while True:
        child = 2 * place + 1
        if child >= count:
            break
        if child + 1 < count and weaker(bids[child + 1], people[child + 1], bids[child], people[child]):
            child += 1
        if not weaker(bids[child], people[child], bid, person):
            break
        bids[place], people[place] = bids[child], people[child]
        place = child
    bids[place], people[place] = bid, person


cdef void rise(double *bids, int *people, Py_ssize_t place) noexcept nogil:
    """Let what stands last in a heap rise to its place."""
    cdef double bid = bids[place]
    cdef int person = people[place]
    cdef Py_ssize_t parent
    while place > 0:
        parent = (place - 1) // 2
        if not weaker(bid, person, bids[parent], people[parent]):
            break
        bids[place], people[place] = bids[parent], people[parent]
        place = parent
    bids[place], people[place] = bid, person


def bid(
    const long long[::1] starts,
    const int[::1] classes,
    const float[::1] values,
    const double[::1] bonus,
    const long long[::1] seats,
    double step,
    double[::1] prices,
    int[::1] seated,
    double[::1] bids,
    int[::1] holders,
    long long[::1] taken,
    int[::1] waiting,
    Py_ssize_t count,
    long long most,
):
    cdef Py_ssize_t place, first, last
    cdef long long done = 0
    cdef int person, best
    cdef double net, top, second, offer
    with nogil:
        while count > 0 and done < most:
            done += 1
            count -= 1
            person = waiting[count]
            top = second = -INFINITY
            best = -1
            first, last = starts[person], starts[person + 1]
            for place in range(first, last):
                net = values[place] - prices[classes[place]]
                if net > second:
                    if net > top:
                        second = top
                        top = net
                        best = classes[place]
                    else:
                        second = net
            if best < 0 or top + bonus[person] <= 0:
                continue  # prices only rise: nothing will be worth its price again
            second = max(second, -bonus[person])  # to go without
            offer = prices[best] + top - second + step
            first = seats[best]
            last = seats[best + 1] - first
            if taken[best] < last:
                bids[first + taken[best]] = offer
                holders[first + taken[best]] = person
                rise(&bids[first], &holders[first], taken[best])
                taken[best] += 1
            else:
                waiting[count] = holders[first]
                count += 1
                seated[holders[first]] = -1
                bids[first] = offer
                holders[first] = person
                sink(&bids[first], &holders[first], last)
            seated[person] = best
            if taken[best] == last:
                prices[best] = bids[first]
    return count


def surplus(
    const long long[::1] starts,
    const int[::1] classes,
    const float[::1] values,
    const double[::1] prices,
    double[::1] most,
):
    cdef Py_ssize_t person, place
    cdef double net
    with nogil:
        for person in range(starts.shape[0] - 1):
            most[person] = -INFINITY
            for place in range(starts[person], starts[person + 1]):
                net = values[place] - prices[classes[place]]
                if net > most[person]:
                    most[person] = net


cdef void sink_person(int *people, Py_ssize_t count) noexcept nogil:
    """Let the person on top of a heap, the last one of all on top, sink to their place."""
    cdef Py_ssize_t place = 0, child
    cdef int person = people[0]
    while True:
        child = 2 * place + 1
        if child >= count:
            break
        if child + 1 < count and people[child + 1] > people[child]:
            child += 1
        if people[child] < person:
            break
        people[place] = people[child]
        place = child
    people[place] = person


def settle(
    const long long[::1] starts,
    const int[::1] classes,
    const int[::1] worth,
    const int[::1] kinds,
    const long long[::1] groups,
    const int[::1] group_worth,
    const int[::1] group_kind,
    const long long[::1] held,
    int[::1] holders,
    int[::1] seated,
):
    cdef Py_ssize_t person, place, low, high, middle, best
    cdef int last, out
    with nogil:
        for person in range(seated.shape[0]):
            if seated[person] >= 0:
                continue
            best = -1
            last = <int> person
            for place in range(starts[person], starts[person + 1]):
                low, high = groups[classes[place]], groups[classes[place] + 1]
                while low < high:
                    middle = (low + high) // 2
                    if group_worth[middle] < worth[place] or (
                        group_worth[middle] == worth[place] and group_kind[middle] < kinds[person]
                    ):
                        low = middle + 1
                    else:
                        high = middle
                if low == groups[classes[place] + 1]:
                    continue
                if group_worth[low] != worth[place] or group_kind[low] != kinds[person]:
                    continue
                if holders[held[low]] > last:
                    last = holders[held[low]]
                    best = low
            if best < 0:
                continue
            out = holders[held[best]]
            seated[person] = seated[out]
            seated[out] = -1  # whoever goes out comes later, and may come in elsewhere
            holders[held[best]] = <int> person
            sink_person(&holders[held[best]], held[best + 1] - held[best])
