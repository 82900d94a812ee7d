"""The path of a request for a list: fast path, micro-batching, cache of participants, load shedding."""
