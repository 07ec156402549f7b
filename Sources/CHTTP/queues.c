#define _GNU_SOURCE
#include "internal.h"
#include <sys/epoll.h>

// A connection that is neither parked nor being answered is in one of three queues:
//
// - fresh: nothing of a request has been seen since it was accepted or answered, a moment ago;
// - idle: nor has it for longer than that. From here on its first byte is looked for, which libmicrohttpd does not
//   tell: a request has its deadline from there. On a busy connection the next request is whole before it gets here,
//   and looking costs nothing. (After a first byte within that moment the deadline counts from the second; if there
//   is none, the idle timeout ends it.)
// - unfinished: a request has begun.
//
// The oldest of the idle, else of the fresh, else of the unfinished, makes room for a new connection when there are too
// many: a whole request comes with its first bytes, and is never among them.

#define FRESH_MILLISECONDS 1000
/// After which a connection on which nothing was ever sent may be closed to make room.
#define SILENT_MILLISECONDS 200

static void leave(chttp_connection *connection) {
    chttp_queue *queue = connection->queue;
    if (!queue) return;
    *(connection->previous ? &connection->previous->next : &queue->first) = connection->next;
    *(connection->next ? &connection->next->previous : &queue->last) = connection->previous;
    connection->queue = NULL;
}

void chttp_queue_move(chttp_connection *connection, chttp_queue *queue) {
    leave(connection);
    if (!queue) return;
    chttp_server *server = connection->shard->server;
    connection->queue = queue;
    connection->since = server->now;
    if (queue == &server->fresh) connection->idle_since = server->now;
    int64_t due = server->now +
                  (queue == &server->unfinished ? server->limits.request_timeout_milliseconds : FRESH_MILLISECONDS);
    if (due < server->due) server->due = due;
    connection->next = NULL;
    connection->previous = queue->last;
    *(queue->last ? &queue->last->next : &queue->first) = connection;
    queue->last = connection;
}

static void watch(chttp_connection *connection, bool first_byte) {
    if (!connection->watched || connection->armed == first_byte) return;
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET | (first_byte ? EPOLLIN : 0),
                                .data.ptr = connection};
    int epoll = connection->shard->server->hang_up_epoll;
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd, &event) != 0) return;
    connection->armed = first_byte;
    connection->shard->server->armed += first_byte ? 1 : -1;
}

void chttp_queues_request_begins(chttp_connection *connection) {
    chttp_queue *unfinished = &connection->shard->server->unfinished;
    if (connection->armed) watch(connection, false);
    // One whose first byte has been seen already has its deadline from there.
    if (connection->queue != unfinished) chttp_queue_move(connection, unfinished);
}

void chttp_queues_first_byte(chttp_connection *connection) {
    chttp_server *server = connection->shard->server;
    watch(connection, false);
    if (connection->queue != &server->idle && connection->queue != &server->fresh) return;
    chttp_look_at_clock(server);
    chttp_queue_move(connection, &server->unfinished);
    chttp_mark_pending(connection->shard);
}

void chttp_end(chttp_connection *connection, chttp_refusal refusal) {
    if (connection->ended) return;
    connection->ended = true;
    connection->shard->server->ended++;
    chttp_queue_move(connection, NULL);
    bool is_answered = connection->refused || connection->request.refused_on_socket;
    if (refusal != CHTTP_REFUSAL_NONE && !is_answered) {
        chttp_refuse_on_socket(connection->shard->server, connection->fd, refusal);
        // What has been sent is read: closing over it would reset the connection and take the answer away.
        char scrap[4096];
        for (int i = 0; i < 16 && recv(connection->fd, scrap, sizeof scrap, MSG_DONTWAIT) > 0; i++) {
        }
    }
    shutdown(connection->fd, SHUT_RDWR);
    chttp_mark_pending(connection->shard);
}

/// The first of some in the queue on which nothing has arrived that will be read in a moment; NULL if there is none.
/// One that was just accepted is about to send, and goes only for one that has sent.
static chttp_connection *quiet(const chttp_queue *queue, int64_t now, bool for_request) {
    chttp_connection *one = queue->first;
    for (int looked_at = 0; one && looked_at < 16; one = one->next, looked_at++) {
        bool is_silent = for_request || one->answered || one->since + SILENT_MILLISECONDS <= now;
        if (is_silent && chttp_unread_bytes(one->fd) == 0) return one;
    }
    return NULL;
}

bool chttp_queues_make_room(chttp_server *server, bool for_request) {
    chttp_connection *victim = quiet(&server->idle, server->now, for_request);
    if (!victim) victim = quiet(&server->fresh, server->now, for_request);
    if (!victim) victim = server->unfinished.first;
    if (!victim) return false;
    // One that has had an answer knows that it may be closed; another is told.
    chttp_end(victim, victim->answered && victim->queue != &server->unfinished ? CHTTP_REFUSAL_NONE
                                                                             : CHTTP_REFUSAL_CONNECTIONS);
    return true;
}

void chttp_end_unfinished(chttp_server *server) {
    while (server->unfinished.first) chttp_end(server->unfinished.first, CHTTP_REFUSAL_SHUTTING_DOWN);
}

int64_t chttp_queues_sweep(chttp_server *server) {
    chttp_connection *oldest;
    int64_t timeout = server->limits.request_timeout_milliseconds, now = server->now;
    while ((oldest = server->unfinished.first) && oldest->since + timeout <= now)
        chttp_end(oldest, CHTTP_REFUSAL_TIMEOUT);
    while ((oldest = server->fresh.first) && oldest->since + FRESH_MILLISECONDS <= now) {
        int64_t since = oldest->since;
        chttp_queue_move(oldest, &server->idle);
        oldest->since = since;
        watch(oldest, true);
    }
    int64_t due = INT64_MAX;
    if (server->unfinished.first) due = server->unfinished.first->since + timeout;
    if (server->fresh.first && server->fresh.first->since + FRESH_MILLISECONDS < due)
        due = server->fresh.first->since + FRESH_MILLISECONDS;
    return due;
}
