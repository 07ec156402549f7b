/// Latencies in buckets less than 1 % wide.
#pragma once
#include <stdint.h>

#define LOAD_BUCKETS_PER_OCTAVE 128
#define LOAD_OCTAVES 40

typedef struct {
    uint64_t counts[LOAD_OCTAVES * LOAD_BUCKETS_PER_OCTAVE];
    uint64_t count;
    uint64_t sum;
    uint64_t max;
} load_histogram;

void load_histogram_clear(load_histogram *histogram);
void load_histogram_add(load_histogram *histogram, uint64_t nanoseconds);

/// The upper end of the bucket below which `fraction` of the latencies lie; 0 when there are none.
uint64_t load_histogram_percentile(const load_histogram *histogram, double fraction);

/// Prints `"name": {count, mean, p50, p99, max}`, in microseconds.
void load_histogram_print(const load_histogram *histogram, const char *name);
