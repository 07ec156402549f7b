#define _GNU_SOURCE
#include "internal.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/// How much longer than it says a connection is kept, so that no caller sends its next request into the end.
#define IDLE_EXTRA_SECONDS 2
/// Runs in a row, each wanting the next at once, in which nothing happens, until the cause is looked for: more than
/// headers of 8 KiB take to be read.
#define FRUITLESS_RUNS 64
/// More than headers of 64 KiB do.
#define FRUITLESS_RUNS_MAX 1024
/// How long a shard rests that goes on like that all the same.
#define FRUITLESS_REST_MILLISECONDS 10

/// Room in a connection's memory for what libmicrohttpd keeps beside the request's headers and for the
/// headers of the answer, so that the largest legal request still has one.
#define CONNECTION_MEMORY_EXTRA_BYTES 3072
/// A caller that vanished without closing (a machine that lost power) is noticed after about half a minute.
#define KEEPALIVE_IDLE_SECONDS 15
#define KEEPALIVE_INTERVAL_SECONDS 5
#define KEEPALIVE_PROBES 3

static chttp_shard *open_shard(chttp_server *server) {
    if (server->shard_count == server->shard_capacity) {
        uint32_t capacity = server->shard_capacity ? server->shard_capacity * 2 : 8;
        chttp_shard **shards = realloc(server->shards, capacity * sizeof *shards);
        if (!shards) return NULL;
        server->shards = shards;
        server->shard_capacity = capacity;
    }
    chttp_shard *shard = calloc(1, sizeof *shard);
    if (!shard) return NULL;
    shard->server = server;
    // Turbo: a new connection is read from at once, and one that is closed is not shut down for writing before
    // chttp_connection_changed() is told, where it may still be written to.
    shard->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL, NULL,
        chttp_request_step, shard,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, server->limits.header_bytes_max + CONNECTION_MEMORY_EXTRA_BYTES,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CHTTP_SHARD_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)server->limits.idle_timeout_seconds + IDLE_EXTRA_SECONDS,
        // What 0.9.75 refuses by this it closes without an answer; head.c refuses it.
        MHD_OPTION_STRICT_FOR_CLIENT, chttp_library_is_strict ? 1 : 0,
        MHD_OPTION_NOTIFY_CONNECTION, chttp_connection_changed, shard,
        MHD_OPTION_NOTIFY_COMPLETED, chttp_request_completed, shard,
        MHD_OPTION_URI_LOG_CALLBACK, chttp_request_line, shard,
        MHD_OPTION_END);
    if (!shard->daemon) {
        free(shard);
        return NULL;
    }
    shard->epoll_fd = MHD_get_daemon_info(shard->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    server->shards[server->shard_count++] = shard;
    return shard;
}

const char *chttp_library_version(void) { return MHD_get_version(); }

chttp_server *chttp_server_start(chttp_limits limits, chttp_callbacks callbacks) {
    chttp_look_at_library();
    chttp_server *server = calloc(1, sizeof *server);
    if (!server) return NULL;
    server->limits = limits;
    server->due = INT64_MAX;
    server->callbacks = callbacks;
    snprintf(server->keep_alive, sizeof server->keep_alive, "timeout=%u", limits.idle_timeout_seconds);
    chttp_look_at_clock(server);
    server->hang_up_epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server->hang_up_epoll < 0 || !open_shard(server)) {
        int error = errno;
        if (server->hang_up_epoll >= 0) close(server->hang_up_epoll);
        free(server->shards);
        free(server);
        errno = error;
        return NULL;
    }
    return server;
}

void chttp_server_stop(chttp_server *server) {
    for (uint32_t i = 0; i < server->shard_count; i++) {
        MHD_stop_daemon(server->shards[i]->daemon);
        free(server->shards[i]);
    }
    chttp_linger_stop(server);
    chttp_responses_free(server);
    chttp_refusals_free(server);
    chttp_readings_free(server);
    close(server->hang_up_epoll);
    free(server->shards);
    free(server);
}

void chttp_drain(chttp_server *server) { server->draining = true; }

void chttp_set_body_bytes_max(chttp_server *server, size_t body_bytes_max) {
    server->limits.body_bytes_max = body_bytes_max;
}

static chttp_shard *shard_with_room(chttp_server *server) {
    for (uint32_t i = 0; i < server->shard_count; i++)
        if (server->shards[i]->connections < CHTTP_SHARD_CONNECTIONS_MAX) return server->shards[i];
    return open_shard(server);
}

static void prepare_socket(int fd, const struct sockaddr *address) {
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6) return;
    int on = 1, idle = KEEPALIVE_IDLE_SECONDS, interval = KEEPALIVE_INTERVAL_SECONDS, probes = KEEPALIVE_PROBES;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

/// Adds a connection to a shard with room. The socket is closed here when that fails.
static int add_connection(chttp_server *server, int fd, const struct sockaddr *address, socklen_t length) {
    chttp_shard *shard = shard_with_room(server);
    if (!shard) {
        close(fd);
        return CHTTP_ACCEPT_EXHAUSTED;
    }
    prepare_socket(fd, address);
    chttp_mark_pending(shard);
    return MHD_add_connection(shard->daemon, fd, address, length) == MHD_YES ? 0 : CHTTP_ACCEPT_EXHAUSTED;
}

/// Whether there is a place for a connection from the address, if need be in place of another.
static bool admits(chttp_server *server, const struct sockaddr_storage *address, bool has_sent) {
    if (!chttp_addresses_admit(server, address)) return false;
    if (server->connections - server->ended < server->limits.connections_max) return true;
    return chttp_queues_make_room(server, has_sent);
}

bool chttp_take_after_all(chttp_server *server, int fd) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    if (getpeername(fd, (struct sockaddr *)&address, &length) != 0) return false;
    if (length < sizeof(sa_family_t)) address.ss_family = AF_UNIX;
    if (!admits(server, &address, true)) return false;
    epoll_ctl(server->hang_up_epoll, EPOLL_CTL_DEL, fd, NULL);
    // It is closed when that fails.
    add_connection(server, fd, (struct sockaddr *)&address, length);
    return true;
}

int chttp_accept(chttp_server *server, int listening_socket, int count_max) {
    chttp_look_at_clock(server);
    for (int count = 0; count < count_max; count++) {
        struct sockaddr_storage address = {0};
        socklen_t length = sizeof address;
        int fd = accept4(listening_socket, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return count;
            chttp_queues_make_room(server, false);
            return CHTTP_ACCEPT_EXHAUSTED;
        }
        if (length < sizeof(sa_family_t)) address.ss_family = AF_UNIX;
        if (!admits(server, &address, false)) {
            chttp_linger_refused(server, fd);
            continue;
        }
        if (add_connection(server, fd, (struct sockaddr *)&address, length) != 0) return CHTTP_ACCEPT_EXHAUSTED;
    }
    return count_max;
}

uint32_t chttp_shard_count(const chttp_server *server) { return server->shard_count; }
int chttp_shard_fd(const chttp_server *server, uint32_t shard) { return server->shards[shard]->epoll_fd; }
int chttp_hang_up_fd(const chttp_server *server) { return server->hang_up_epoll; }
uint32_t chttp_connection_count(const chttp_server *server) { return server->connections; }
uint32_t chttp_request_count(const chttp_server *server) { return server->requests; }

bool chttp_run_once(chttp_shard *shard, int64_t *milliseconds) {
    MHD_run(shard->daemon);
    MHD_UNSIGNED_LONG_LONG timeout = 0;
    *milliseconds = -1;
    if (MHD_get_timeout(shard->daemon, &timeout) != MHD_YES) return false;
    *milliseconds = timeout > INT32_MAX ? INT32_MAX : (int64_t)timeout;
    return timeout == 0;
}

void chttp_look_at_clock(chttp_server *server) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    server->now = (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int64_t earlier(int64_t one, int64_t other) { return one < other ? one : other; }

int64_t chttp_run(chttp_server *server, uint32_t index) {
    chttp_shard *shard = server->shards[index];
    if (shard->pending) {
        shard->pending = false;
        server->pending_shards--;
    }
    chttp_look_at_clock(server);
    // Before the library has read it a first byte can be seen, and no longer.
    if (server->armed > 0) chttp_hang_ups(server);
    shard->moved = false;
    int64_t again;
    bool is_fruitless = chttp_run_once(shard, &again) && !shard->moved;
    shard->fruitless_runs = is_fruitless ? shard->fruitless_runs + 1 : 0;
    if (is_fruitless && shard->fruitless_runs % FRUITLESS_RUNS == 0) chttp_end_stuck(shard);
    if (shard->fruitless_runs > FRUITLESS_RUNS_MAX) again = FRUITLESS_REST_MILLISECONDS;
    if (server->now >= server->due) server->due = earlier(chttp_queues_sweep(server), chttp_linger_sweep(server));
    if (server->due == INT64_MAX) return again;
    return again < 0 ? server->due - server->now : earlier(again, server->due - server->now);
}

void chttp_mark_pending(chttp_shard *shard) {
    if (shard->pending) return;
    shard->pending = true;
    shard->server->pending_shards++;
}

int64_t chttp_next_pending_shard(chttp_server *server) {
    if (server->pending_shards == 0) return -1;
    for (uint32_t i = 0; i < server->shard_count; i++) {
        if (!server->shards[i]->pending) continue;
        server->shards[i]->pending = false;
        server->pending_shards--;
        return i;
    }
    return -1;
}

/// libmicrohttpd does not notice an end that arrives together with the last bytes, and would keep the
/// connection for the whole idle timeout. A connection that is resumed is read once more: that shows it the
/// end, after what has arrived before is answered.
static void read_to_end(chttp_connection *connection) {
    if (connection->request.parked && !connection->request.replied) return;
    MHD_suspend_connection(connection->mhd);
    MHD_resume_connection(connection->mhd);
    chttp_mark_pending(connection->shard);
}

static void hung_up(chttp_connection *connection) {
    chttp_server *server = connection->shard->server;
    chttp_request *request = &connection->request;
    connection->hung_up = true;
    read_to_end(connection);
    if (request->parked && !request->replied && !request->abandoned)
        server->callbacks.hung_up(server->callbacks.context, request);
}

static bool is_lingering(const chttp_server *server, const void *pointer) {
    return (uintptr_t)pointer >= (uintptr_t)server->lingering &&
           (uintptr_t)pointer < (uintptr_t)(server->lingering + CHTTP_LINGERING_MAX);
}

void chttp_hang_ups(chttp_server *server) {
    struct epoll_event events[64];
    int count = epoll_wait(server->hang_up_epoll, events, 64, 0);
    for (int i = 0; i < count; i++) {
        void *pointer = events[i].data.ptr;
        if (is_lingering(server, pointer)) {
            chttp_linger_event(server, pointer);
            continue;
        }
        if (events[i].events & EPOLLIN) chttp_queues_first_byte(pointer);
        if (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) hung_up(pointer);
    }
}
