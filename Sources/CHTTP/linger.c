#define _GNU_SOURCE
#include "internal.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

// Closing a socket over bytes that have not been read, or that still come, resets the connection, and the reset
// takes away the answer that its caller has not read yet. So a socket whose last answer is a refusal is read from
// for a while, until its caller has closed it (as nginx's lingering_close does).

#define LINGER_MILLISECONDS 2000
#define LINGER_BYTES_MAX (1024 * 1024)
/// How long a connection that has sent something waits for a place before it is refused, and how often it is tried.
#define PATIENCE_MILLISECONDS 250
#define RETRY_MILLISECONDS 10

static void finish(chttp_server *server, chttp_lingering *socket) {
    close(socket->fd);
    socket->fd = -1;
    server->lingering_count--;
}

/// A free place; when there is none, that of the socket that has been here for longest.
static chttp_lingering *place(chttp_server *server) {
    chttp_lingering *oldest = &server->lingering[0];
    for (uint32_t i = 0; i < server->limits.lingering_max; i++) {
        chttp_lingering *socket = &server->lingering[i];
        if (socket->until == 0 || socket->fd < 0) return socket;
        if (socket->until < oldest->until) oldest = socket;
    }
    // Perhaps it has sent something by now, and hears why it is closed.
    chttp_linger_event(server, oldest);
    if (oldest->fd >= 0 && !oldest->answered) chttp_refuse_on_socket(server, oldest->fd, CHTTP_REFUSAL_CONNECTIONS);
    if (oldest->fd >= 0) finish(server, oldest);
    return oldest;
}

static void add(chttp_server *server, int fd, bool answered) {
    chttp_look_at_clock(server);
    chttp_lingering *socket = place(server);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = socket};
    if (epoll_ctl(server->hang_up_epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        return;
    }
    *socket = (chttp_lingering){.fd = fd, .answered = answered, .until = server->now + LINGER_MILLISECONDS};
    server->lingering_count++;
    if (socket->until < server->due) server->due = socket->until;
    if (server->shard_count > 0) chttp_mark_pending(server->shards[0]);
}

int chttp_unread_bytes(int fd) {
    int count = 0;
    return ioctl(fd, FIONREAD, &count) == 0 ? count : 0;
}

void chttp_linger_refused(chttp_server *server, int fd) { add(server, fd, false); }

void chttp_linger_after(chttp_server *server, int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) return;
    shutdown(copy, SHUT_WR);
    add(server, copy, true);
}

void chttp_linger_event(chttp_server *server, chttp_lingering *socket) {
    if (socket->fd < 0) return;
    if (!socket->answered && chttp_unread_bytes(socket->fd) > 0) {
        if (chttp_take_after_all(server, socket->fd)) {
            socket->fd = -1;
            server->lingering_count--;
            return;
        }
        // Perhaps there is a place in a moment, when others have been read.
        if (server->now < socket->until - LINGER_MILLISECONDS + PATIENCE_MILLISECONDS) {
            if (server->now + RETRY_MILLISECONDS < server->due) server->due = server->now + RETRY_MILLISECONDS;
            return;
        }
    }
    char scrap[16384];
    ssize_t count;
    while ((count = recv(socket->fd, scrap, sizeof scrap, MSG_DONTWAIT)) > 0) {
        if (!socket->answered) chttp_refuse_on_socket(server, socket->fd, CHTTP_REFUSAL_CONNECTIONS);
        socket->answered = true;
        socket->bytes += (size_t)count;
        if (socket->bytes > LINGER_BYTES_MAX) break;
    }
    if (count >= 0 || (errno != EAGAIN && errno != EINTR)) finish(server, socket);
}

int64_t chttp_linger_sweep(chttp_server *server) {
    if (server->lingering_count == 0) return INT64_MAX;
    int64_t next = INT64_MAX;
    for (int i = 0; i < CHTTP_LINGERING_MAX; i++) {
        chttp_lingering *socket = &server->lingering[i];
        if (socket->until == 0 || socket->fd < 0) continue;
        if (socket->until > server->now) {
            bool is_waiting = !socket->answered && chttp_unread_bytes(socket->fd) > 0;
            if (is_waiting) chttp_linger_event(server, socket);
            if (is_waiting && server->now + RETRY_MILLISECONDS < next) next = server->now + RETRY_MILLISECONDS;
            if (socket->until < next) next = socket->until;
            continue;
        }
        // It has said nothing, so it shall at least hear why.
        if (!socket->answered) chttp_refuse_on_socket(server, socket->fd, CHTTP_REFUSAL_CONNECTIONS);
        finish(server, socket);
    }
    return next;
}

void chttp_linger_stop(chttp_server *server) {
    for (int i = 0; i < CHTTP_LINGERING_MAX; i++) {
        chttp_lingering *socket = &server->lingering[i];
        if (socket->until != 0 && socket->fd >= 0) finish(server, socket);
    }
}
