/// As much HTTP/1.1 and JSON as the answers of the measured servers need.
#pragma once
#include "channel.h"

typedef struct {
    unsigned status;
    const char *body;
    size_t body_length;
} load_answer;

/// Writes a request with a JSON body and returns its length. `out` has room for LOAD_REQUEST_BYTES_MAX.
size_t load_http_post(char *out, const char *path, const char *body, size_t body_length);

/// Reads one whole answer and returns how many bytes it takes; 0 when more must come first. The body stays in
/// `in`.
size_t load_http_read(const char *in, size_t length, load_answer *answer);

/// Sends a request on a blocking channel and waits for its answer, whose body is valid until the next one;
/// returns how long it took in nanoseconds.
uint64_t load_http_ask(load_channel *channel, const char *request, size_t length, load_answer *answer);

/// The value of the server's metric `name` (/metrics), which must be there, on a blocking channel.
double load_http_metric(load_channel *channel, const char *name);
double load_metric_of(const load_answer *answer, const char *name);

/// The unsigned number after `key`, which includes quotes and colon, as in `"ticket":`; fails without one.
uint64_t load_json_number(const load_answer *answer, const char *key);
/// The text between the quotes after `key`; fails without one.
const char *load_json_text(const load_answer *answer, const char *key, size_t *length);
bool load_json_has(const load_answer *answer, const char *piece, size_t length);
#define LOAD_JSON_HAS(answer, literal) load_json_has(answer, literal, sizeof(literal) - 1)
