#define _GNU_SOURCE
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Making a response of libmicrohttpd's, with its Content-Type, costs half as many instructions as all the rest
// the library does for a request. Its answers are alike but for their bytes, so short ones are kept, by type
// and length, and used again with other bytes once they have been sent.

/// A response and the bytes it sends; `response` reads them until the request is over.
struct chttp_kept_response {
    struct MHD_Response *response;
    const char *content_type;
    chttp_kept_response *next;
    size_t length;
    char bytes[];
};

static chttp_kept_response *make(const chttp_server *server, const char *content_type, size_t length) {
    chttp_kept_response *kept = malloc(sizeof *kept + length);
    if (!kept) return NULL;
    *kept = (chttp_kept_response){.content_type = content_type, .length = length};
    kept->response = MHD_create_response_from_buffer(length, kept->bytes, MHD_RESPMEM_PERSISTENT);
    if (kept->response &&
        MHD_add_response_header(kept->response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type) == MHD_YES &&
        MHD_add_response_header(kept->response, MHD_HTTP_HEADER_KEEP_ALIVE, server->keep_alive) == MHD_YES)
        return kept;
    if (kept->response) MHD_destroy_response(kept->response);
    free(kept);
    return NULL;
}

static void destroy(chttp_kept_response *kept) {
    MHD_destroy_response(kept->response);
    free(kept);
}

static chttp_kept_response *take(chttp_server *server, const chttp_response *answer) {
    chttp_kept_response **place = &server->kept_responses[answer->body_length];
    for (; *place; place = &(*place)->next) {
        if ((*place)->content_type != answer->content_type) continue;
        chttp_kept_response *kept = *place;
        *place = kept->next;
        server->kept_response_count--;
        return kept;
    }
    return make(server, answer->content_type, answer->body_length);
}

void chttp_response_done(chttp_server *server, chttp_kept_response *kept) {
    if (!kept) return;
    if (server->kept_response_count >= CHTTP_KEPT_RESPONSES_MAX) {
        destroy(kept);
        return;
    }
    kept->next = server->kept_responses[kept->length];
    server->kept_responses[kept->length] = kept;
    server->kept_response_count++;
}

void chttp_responses_free(chttp_server *server) {
    for (size_t length = 0; length < CHTTP_KEPT_RESPONSE_BYTES_MAX; length++) {
        while (server->kept_responses[length]) {
            chttp_kept_response *kept = server->kept_responses[length];
            server->kept_responses[length] = kept->next;
            destroy(kept);
        }
    }
}

/// A response of its own, for what is rare: more headers than the type, or many bytes.
static struct MHD_Response *make_once(const chttp_request *request, const chttp_response *answer) {
    const chttp_server *server = request->connection->shard->server;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body_length, (void *)(uintptr_t)answer->body, MHD_RESPMEM_MUST_COPY);
    if (!response) return NULL;
    bool whole = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type) == MHD_YES;
    if (whole && answer->allow)
        whole = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow) == MHD_YES;
    if (whole && answer->retry_after_seconds >= 0) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", answer->retry_after_seconds);
        whole = MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds) == MHD_YES;
    }
    if (whole && request->closes)
        whole = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
    else if (whole && !request->may_close)
        whole = MHD_add_response_header(response, MHD_HTTP_HEADER_KEEP_ALIVE, server->keep_alive) == MHD_YES;
    if (whole) return response;
    MHD_destroy_response(response);
    return NULL;
}

static bool send_once(chttp_request *request, const chttp_response *answer) {
    struct MHD_Response *response = make_once(request, answer);
    if (!response) return false;
    bool sent = chttp_queue_response(request->connection->mhd, answer->status, response) == MHD_YES;
    MHD_destroy_response(response);
    return sent;
}

static bool send_kept(chttp_request *request, const chttp_response *answer) {
    chttp_kept_response *kept = take(request->connection->shard->server, answer);
    if (!kept) return false;
    if (answer->body_length > 0) memcpy(kept->bytes, answer->body, answer->body_length);
    request->response = kept;
    return chttp_queue_response(request->connection->mhd, answer->status, kept->response) == MHD_YES;
}

int chttp_reply(chttp_request *request, const chttp_response *answer) {
    if (request->replied || request->abandoned) return -1;
    request->replied = true;
    request->closes |= request->connection->shard->server->draining;
    bool is_plain = !answer->allow && answer->retry_after_seconds < 0 && !request->closes && !request->may_close &&
                    answer->body_length < CHTTP_KEPT_RESPONSE_BYTES_MAX;
    bool sent = is_plain ? send_kept(request, answer) : send_once(request, answer);
    if (!sent) request->abandoned = true;
    chttp_resume(request);
    return sent ? 0 : -1;
}
