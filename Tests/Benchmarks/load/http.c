#define _GNU_SOURCE
#include "http.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

size_t load_http_post(char *out, const char *path, const char *body, size_t body_length) {
    char *end = LOAD_PUT(out, "POST ");
    end = load_put(end, path, strlen(path));
    end = LOAD_PUT(end, " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ");
    end = load_put_number(end, body_length);
    end = LOAD_PUT(end, "\r\n\r\n");
    end = load_put(end, body, body_length);
    return (size_t)(end - out);
}

static size_t content_length(const char *headers, const char *end) {
    static const char name[] = "content-length:";
    for (const char *line = headers; line < end;) {
        size_t left = (size_t)(end - line);
        if (left >= sizeof name && strncasecmp(line, name, sizeof name - 1) == 0)
            return strtoul(line + sizeof name - 1, NULL, 10);
        const char *next = memchr(line, '\n', left);
        if (!next) break;
        line = next + 1;
    }
    load_fail("an answer has no Content-Length: %.*s", (int)(end - headers), headers);
}

size_t load_http_read(const char *in, size_t length, load_answer *answer) {
    const char *end = memmem(in, length, "\r\n\r\n", 4);
    if (!end) return 0;
    if (memcmp(in, "HTTP/1.1 ", 9) != 0) load_fail("not an HTTP/1.1 answer: %.*s", (int)(end - in), in);
    size_t headers = (size_t)(end - in) + 4;
    size_t body = content_length(in, end + 2);
    if (length < headers + body) return 0;
    *answer = (load_answer){
        .status = (unsigned)(in[9] - '0') * 100 + (unsigned)(in[10] - '0') * 10 + (unsigned)(in[11] - '0'),
        .body = in + headers,
        .body_length = body,
    };
    return headers + body;
}

uint64_t load_http_ask(load_channel *channel, const char *request, size_t length, load_answer *answer) {
    channel->in_length = 0;
    uint64_t sent_at = load_now();
    load_channel_send(channel, request, length);
    while (!load_channel_receive(channel) || load_http_read(channel->in, channel->in_length, answer) == 0)
        continue;
    return load_now() - sent_at;
}

double load_metric_of(const load_answer *answer, const char *name) {
    char line[128];
    int length = snprintf(line, sizeof line, "\n%s ", name);
    const char *found = memmem(answer->body, answer->body_length, line, (size_t)length);
    if (!found) load_fail("/metrics has no %s", name);
    return strtod(found + length, NULL);
}

double load_http_metric(load_channel *channel, const char *name) {
    static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    load_answer answer;
    load_http_ask(channel, request, sizeof request - 1, &answer);
    if (answer.status != 200) load_fail("/metrics answers %u", answer.status);
    return load_metric_of(&answer, name);
}

static const char *value_of(const load_answer *answer, const char *key) {
    size_t length = strlen(key);
    const char *found = memmem(answer->body, answer->body_length, key, length);
    if (!found)
        load_fail("no %s in the answer %u: %.*s", key, answer->status, (int)answer->body_length,
                  answer->body);
    return found + length;
}

uint64_t load_json_number(const load_answer *answer, const char *key) {
    const char *digit = value_of(answer, key), *end = answer->body + answer->body_length;
    if (digit < end && *digit == '"') digit++; // 64-bit numbers of gRPC's JSON are in quotes.
    if (digit == end || *digit < '0' || *digit > '9')
        load_fail("%s is no number in %.*s", key, (int)answer->body_length, answer->body);
    uint64_t number = 0;
    for (; digit < end && *digit >= '0' && *digit <= '9'; digit++)
        number = number * 10 + (uint64_t)(*digit - '0');
    return number;
}

const char *load_json_text(const load_answer *answer, const char *key, size_t *length) {
    const char *text = value_of(answer, key), *end = answer->body + answer->body_length;
    const char *quote = text < end && *text == '"' ? memchr(text + 1, '"', (size_t)(end - text) - 1) : NULL;
    if (!quote) load_fail("%s is no text in %.*s", key, (int)answer->body_length, answer->body);
    *length = (size_t)(quote - text) - 1;
    return text + 1;
}

bool load_json_has(const load_answer *answer, const char *piece, size_t length) {
    return memmem(answer->body, answer->body_length, piece, length) != NULL;
}
