"""The inner product of two vectors, compiled for newer processors as well, and chosen as the program starts."""

cdef extern from *:
    """
    #if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
    #define DOT_CHOSEN __attribute__((target_clones("arch=x86-64-v3", "default")))
    #else
    #define DOT_CHOSEN
    #endif

    typedef float dot_eight __attribute__((vector_size(32), aligned(4)));

    DOT_CHOSEN static float dot(const float *x, const float *y, size_t width) {
        dot_eight first = {0}, second = {0};
        size_t d = 0;
        for (; d + 16 <= width; d += 16) {
            first += *(const dot_eight *)(x + d) * *(const dot_eight *)(y + d);
            second += *(const dot_eight *)(x + d + 8) * *(const dot_eight *)(y + d + 8);
        }
        first += second;
        float total = 0;
        for (int lane = 0; lane < 8; lane++) total += first[lane];
        for (; d < width; d++) total += x[d] * y[d];
        return total;
    }
    """
    float dot(const float *x, const float *y, size_t width) nogil
