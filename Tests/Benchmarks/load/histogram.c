#include "histogram.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// Values below LOAD_BUCKETS_PER_OCTAVE have a bucket each; above, each doubling has as many buckets.
static uint32_t bucket_of(uint64_t value) {
    if (value < LOAD_BUCKETS_PER_OCTAVE) return (uint32_t)value;
    uint32_t shift = 63 - 7 - (uint32_t)__builtin_clzll(value);
    uint32_t bucket =
        (shift + 1) * LOAD_BUCKETS_PER_OCTAVE + (uint32_t)(value >> shift) - LOAD_BUCKETS_PER_OCTAVE;
    uint32_t last = LOAD_OCTAVES * LOAD_BUCKETS_PER_OCTAVE - 1;
    return bucket < last ? bucket : last;
}

static uint64_t end_of(uint32_t bucket) {
    if (bucket < LOAD_BUCKETS_PER_OCTAVE) return bucket;
    uint32_t shift = bucket / LOAD_BUCKETS_PER_OCTAVE - 1;
    uint64_t value = LOAD_BUCKETS_PER_OCTAVE + bucket % LOAD_BUCKETS_PER_OCTAVE;
    return ((value + 1) << shift) - 1;
}

void load_histogram_clear(load_histogram *histogram) {
    memset(histogram, 0, sizeof *histogram);
}

void load_histogram_add(load_histogram *histogram, uint64_t nanoseconds) {
    histogram->counts[bucket_of(nanoseconds)]++;
    histogram->count++;
    histogram->sum += nanoseconds;
    if (nanoseconds > histogram->max) histogram->max = nanoseconds;
}

uint64_t load_histogram_percentile(const load_histogram *histogram, double fraction) {
    uint64_t wanted = (uint64_t)((double)histogram->count * fraction), seen = 0;
    for (uint32_t bucket = 0; bucket < LOAD_OCTAVES * LOAD_BUCKETS_PER_OCTAVE; bucket++) {
        seen += histogram->counts[bucket];
        if (seen > wanted || (seen == histogram->count && seen > 0)) {
            uint64_t end = end_of(bucket);
            return end < histogram->max ? end : histogram->max;
        }
    }
    return 0;
}

void load_histogram_print(const load_histogram *histogram, const char *name) {
    double mean = histogram->count ? (double)histogram->sum / (double)histogram->count : 0;
    printf("\"%s\": {\"count\": %" PRIu64 ", \"mean\": %.3f, \"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f}",
           name, histogram->count, mean / 1e3, (double)load_histogram_percentile(histogram, 0.50) / 1e3,
           (double)load_histogram_percentile(histogram, 0.99) / 1e3, (double)histogram->max / 1e3);
}
