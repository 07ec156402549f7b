#define _GNU_SOURCE
#include "internal.h"
#include <sys/epoll.h>

// libmicrohttpd 0.9.75 asks to run again at once, for ever, when its memory for a connection is full and what is in
// it is not yet enough to go on, as with a chunk's size line of 12,000 bytes. Each run looks at all of it again.
// Which connection that is it does not tell, so the requests of the shard that are not finished are suspended and
// let go one by one: the one with which the shard will not rest is ended. Meanwhile nothing else closes them.

static bool wants_to_run(chttp_shard *shard) {
    int64_t milliseconds;
    return chttp_run_once(shard, &milliseconds);
}

/// Whether the shard wants to run because of the one that was let go just now, though that takes nothing from its
/// socket. Large headers are read in steps of 128 bytes, each with a run of its own.
static bool spins(chttp_shard *shard, int fd) {
    int unread = chttp_unread_bytes(fd);
    for (int i = 0; i < 3; i++) {
        if (!wants_to_run(shard)) return false;
        int left = chttp_unread_bytes(fd);
        if (left < unread) return false;
        unread = left;
    }
    return true;
}

/// Lets the library see that the socket is shut down: it closes a connection when its epoll says so. One that was
/// full before there was nothing more to read is not in that epoll yet; there the library finds it by its pointer,
/// and it is taken out again before the connection goes (connection.c).
static void see_end(chttp_connection *connection) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLET, .data.ptr = connection->mhd};
    connection->in_shard_epoll =
        epoll_ctl(connection->shard->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) == 0;
}

void chttp_end_stuck(chttp_shard *shard) {
    chttp_connection *suspects[CHTTP_SHARD_CONNECTIONS_MAX];
    int count = 0;
    for (chttp_connection *one = shard->server->unfinished.first; one; one = one->next) {
        if (one->shard != shard || one->request.parked || count == CHTTP_SHARD_CONNECTIONS_MAX) continue;
        suspects[count++] = one;
        MHD_suspend_connection(one->mhd);
    }
    wants_to_run(shard);
    for (int i = 0; i < count; i++) {
        shard->on_trial = suspects[i];
        int fd = suspects[i]->fd;
        MHD_resume_connection(suspects[i]->mhd);
        // The first run takes back the suspension and reads. It may be gone after it, or its request whole.
        bool is_stuck = wants_to_run(shard) && spins(shard, fd);
        if (!is_stuck || !shard->on_trial || shard->on_trial->queue != &shard->server->unfinished) continue;
        chttp_end(shard->on_trial, CHTTP_REFUSAL_MALFORMED);
        see_end(shard->on_trial);
        wants_to_run(shard);
    }
    shard->on_trial = NULL;
}
