#define _GNU_SOURCE
#include "client.h"
#include <stdlib.h>

// Redis: RedisLockStore reads and writes a whole lock as JSON, its tickets as JSON in JSON.
enum { ISSUE_GET, ISSUE_SET, ACQUIRE_GET, FINISH_GET, FINISH_SET, WAITING_GET, DELETE };

static char *put_bulk(char *end, const char *bytes, size_t length) {
    *end++ = '$';
    end = load_put_number(end, length);
    end = LOAD_PUT(end, "\r\n");
    end = load_put(end, bytes, length);
    return LOAD_PUT(end, "\r\n");
}

static char *put_key(char *end, const char *id) {
    char key[5 + LOAD_ID_BYTES];
    load_put(LOAD_PUT(key, "lock:"), id, LOAD_ID_BYTES);
    return put_bulk(end, key, sizeof key);
}

static size_t write_get_or_delete(const load_client *client, const char *command, char *out) {
    char *end = LOAD_PUT(out, "*2\r\n");
    end = put_bulk(end, command, 3);
    return (size_t)(put_key(end, client->id) - out);
}

static size_t write_set(load_client *client, bool with_ticket, char *out) {
    char json[256], *end = LOAD_PUT(json, "{\"conversation_id\": \"");
    end = load_put(end, client->id, LOAD_ID_BYTES);
    end = LOAD_PUT(end, "\", \"tickets\": [");
    if (with_ticket) end = LOAD_PUT(end, "\"{\\\"number\\\": 0, \\\"expires\\\": 1795262666.6054244}\"");
    end = LOAD_PUT(end, "]}");
    char *request = LOAD_PUT(out, "*3\r\n");
    request = put_bulk(request, "SET", 3);
    request = put_key(request, client->id);
    return (size_t)(put_bulk(request, json, (size_t)(end - json)) - out);
}

static size_t write_redis(load_client *client, uint32_t step, char *out) {
    switch (step) {
    case ISSUE_SET: return write_set(client, true, out);
    case FINISH_SET: return write_set(client, false, out);
    case DELETE: return write_get_or_delete(client, "DEL", out);
    default: return write_get_or_delete(client, "GET", out);
    }
}

/// Reads a lock and checks whether its only ticket is there.
static size_t read_lock(const load_client *client, bool with_ticket) {
    const char *in = client->channel.in, *line_end = memmem(in, client->channel.in_length, "\r\n", 2);
    if (!line_end) return 0;
    if (*in != '$' || in[1] == '-') load_fail("%.*s came instead of a lock", (int)(line_end - in), in);
    size_t length = strtoul(in + 1, NULL, 10), whole = (size_t)(line_end - in) + 2 + length + 2;
    if (client->channel.in_length < whole) return 0;
    const char *json = line_end + 2;
    if (!memmem(json, length, client->id, LOAD_ID_BYTES) ||
        (memmem(json, length, "\\\"number\\\": 0", 13) != NULL) != with_ticket)
        load_fail("%.*s is not what was stored for %s", (int)length, json, client->id);
    return whole;
}

static size_t read_redis(load_client *client, uint32_t step) {
    switch (step) {
    case ISSUE_GET: return load_expect(client, "$-1\r\n");
    case ISSUE_SET:
    case FINISH_SET: return load_expect(client, "+OK\r\n");
    case ACQUIRE_GET:
    case FINISH_GET: return read_lock(client, true);
    case WAITING_GET: return read_lock(client, false);
    default: return load_expect(client, ":1\r\n");
    }
}

const load_protocol load_redis_as_rasa = {
    .name = "redis",
    .steps = 7,
    .step_names = {"GET", "SET", "GET again", "GET to finish", "SET to finish", "GET for cleanup", "DEL"},
    .held_from = ACQUIRE_GET,
    .held_until = FINISH_SET,
    .write = write_redis,
    .read = read_redis,
};

static size_t write_redis_hold(load_client *client, uint32_t step, char *out) {
    (void)step;
    return write_set(client, true, out);
}

static size_t read_redis_hold(load_client *client, uint32_t step) {
    (void)step;
    return load_expect(client, "+OK\r\n");
}

const load_protocol load_redis_hold = {
    .name = "redis-hold",
    .steps = 1,
    .step_names = {"SET"},
    .held_from = -1,
    .held_until = -1,
    .write = write_redis_hold,
    .read = read_redis_hold,
};
