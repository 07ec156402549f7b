#define _GNU_SOURCE
#include "channel.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CAPACITY_MIN 1024
#define EVENTS_MAX 256
#define POLL_NANOSECONDS_MAX 1000000000u

void load_channel_open(load_channel *channel, const load_options *options, int epoll) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options->port)};
    if (inet_pton(AF_INET, options->host, &address.sin_addr) != 1)
        load_fail("%s is not an IPv4 address", options->host);
    channel->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (channel->fd < 0) load_fail("cannot open a socket: %s", strerror(errno));
    if (connect(channel->fd, (struct sockaddr *)&address, sizeof address) != 0)
        load_fail("cannot connect to %s port %u: %s", options->host, options->port, strerror(errno));
    int on = 1;
    setsockopt(channel->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    channel->in_length = channel->in_capacity = 0;
    channel->in = NULL;
    if (epoll < 0) return;
    fcntl(channel->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = channel};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, channel->fd, &event) != 0)
        load_fail("epoll_ctl: %s", strerror(errno));
}

void load_channel_close(load_channel *channel) {
    close(channel->fd);
    free(channel->in);
    channel->in = NULL;
}

void load_channel_send(load_channel *channel, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t sent = send(channel->fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd descriptor = {.fd = channel->fd, .events = POLLOUT};
            poll(&descriptor, 1, -1);
            continue;
        }
        if (sent < 0) load_fail("cannot send: %s", strerror(errno));
        bytes += sent;
        length -= (size_t)sent;
    }
}

bool load_channel_receive(load_channel *channel) {
    if (channel->in_length == channel->in_capacity) {
        channel->in_capacity = channel->in_capacity ? channel->in_capacity * 2 : CAPACITY_MIN;
        channel->in = realloc(channel->in, channel->in_capacity);
        if (!channel->in) load_fail("out of memory");
    }
    ssize_t received =
        recv(channel->fd, channel->in + channel->in_length, channel->in_capacity - channel->in_length, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (received < 0) load_fail("cannot receive: %s", strerror(errno));
    if (received == 0) load_fail("the server closed a connection");
    channel->in_length += (size_t)received;
    return true;
}

void load_channel_consume(load_channel *channel, size_t length) {
    channel->in_length -= length;
    if (channel->in_length > 0) memmove(channel->in, channel->in + length, channel->in_length);
}

int load_epoll(void) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) load_fail("epoll_create1: %s", strerror(errno));
    return epoll;
}

void load_poll(int epoll, uint64_t deadline) {
    struct epoll_event events[EVENTS_MAX];
    uint64_t now = load_now();
    uint64_t left = deadline > now ? deadline - now : 0;
    int milliseconds = left < POLL_NANOSECONDS_MAX ? (int)((left + 999999) / 1000000) : 1000;
    int count = epoll_wait(epoll, events, EVENTS_MAX, milliseconds);
    for (int i = 0; i < count; i++) {
        load_channel *channel = events[i].data.ptr;
        if (load_channel_receive(channel)) channel->on_input(channel);
    }
}
