#define _GNU_SOURCE
#include "internal.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

chttp_reading *chttp_reading_begin(chttp_server *server) {
    chttp_reading *reading = server->free_readings;
    if (reading) {
        server->free_readings = reading->next;
        server->free_reading_count--;
    } else {
        reading = malloc(sizeof *reading);
        if (!reading) return NULL;
    }
    memset(reading, 0, offsetof(chttp_reading, target_inline));
    reading->target_inline[0] = 0;
    reading->target = reading->target_inline;
    return reading;
}

void chttp_reading_end(chttp_server *server, chttp_reading *reading) {
    if (!reading) return;
    if (reading->target != reading->target_inline) free(reading->target);
    if (reading->body != server->shared_body) free(reading->body);
    if (server->free_reading_count >= CHTTP_FREE_READINGS_MAX) {
        free(reading);
        return;
    }
    reading->next = server->free_readings;
    server->free_readings = reading;
    server->free_reading_count++;
}

void chttp_readings_free(chttp_server *server) {
    while (server->free_readings) {
        chttp_reading *reading = server->free_readings;
        server->free_readings = reading->next;
        free(reading);
    }
}

bool chttp_reading_reserve(chttp_server *server, chttp_reading *reading, size_t length) {
    size_t wanted = reading->body_length + length;
    if (wanted <= reading->body_capacity) return true;
    // One that is whole is handed over before any other request moves, so all may use the same memory for it.
    if (!reading->body && length == reading->content_length && length <= CHTTP_BODY_SHARED_BYTES) {
        reading->body = server->shared_body;
        reading->body_capacity = length;
        return true;
    }
    size_t capacity = reading->body_capacity * 2 > wanted ? reading->body_capacity * 2 : wanted;
    char *grown = realloc(reading->body, capacity);
    if (!grown) return false;
    reading->body = grown;
    reading->body_capacity = capacity;
    return true;
}
