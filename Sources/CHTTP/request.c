#define _GNU_SOURCE
#include "internal.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>

const char *chttp_method(const chttp_request *request) { return request->method; }

const char *chttp_target(const chttp_request *request, size_t *length) {
    *length = request->target_length;
    return request->target;
}

const char *chttp_header(const chttp_request *request, const char *name, size_t *length) {
    const char *value = NULL;
    *length = 0;
    if (MHD_lookup_connection_value_n(request->connection->mhd, MHD_HEADER_KIND, name, strlen(name), &value,
                                      length) != MHD_YES)
        return NULL;
    return value;
}

const void *chttp_body(const chttp_request *request, size_t *length) {
    *length = request->body_length;
    return request->body;
}

void *chttp_tag(const chttp_request *request) { return request->tag; }
void chttp_set_tag(chttp_request *request, void *tag) { request->tag = tag; }

int chttp_caller_is_gone(const chttp_request *request) {
    if (request->connection->hung_up) return 1;
    struct pollfd descriptor = {.fd = request->connection->fd, .events = POLLRDHUP};
    return poll(&descriptor, 1, 0) == 1 && (descriptor.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static void resume(chttp_request *request) {
    if (!request->parked) return;
    chttp_mark_pending(request->connection->shard);
    MHD_resume_connection(request->connection->mhd);
}

int chttp_reply(chttp_request *request, const chttp_response *answer) {
    if (request->replied || request->abandoned) return -1;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body_length, (void *)(uintptr_t)answer->body, MHD_RESPMEM_MUST_COPY);
    int sent = response != NULL;
    if (sent) sent = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type) == MHD_YES;
    if (sent && answer->allow)
        sent = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow) == MHD_YES;
    if (sent && answer->retry_after_seconds >= 0) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", answer->retry_after_seconds);
        sent = MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds) == MHD_YES;
    }
    if (sent && answer->closes)
        sent = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
    request->replied = true;
    if (sent) sent = chttp_queue(request->connection->mhd, answer->status, response) == MHD_YES;
    if (response) MHD_destroy_response(response);
    if (!sent) request->abandoned = true;
    resume(request);
    return sent ? 0 : -1;
}

int chttp_is_answered(const chttp_request *request) { return request->replied || request->abandoned; }

void chttp_abandon(chttp_request *request) {
    if (request->replied || request->abandoned) return;
    request->abandoned = true;
    resume(request);
}
