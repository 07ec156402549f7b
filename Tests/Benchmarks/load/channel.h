/// A connection to the server with what it has received, and waiting for many of them.
#pragma once
#include "load.h"

typedef struct load_channel load_channel;
struct load_channel {
    int fd;
    char *in;
    size_t in_length;
    size_t in_capacity;
    /// Called by load_poll() after bytes have come; it takes what is whole with load_channel_consume().
    void (*on_input)(load_channel *channel);
    void *owner;
};

/// Connects. Belongs to epoll descriptor `epoll` from then on, or, when that is -1, is to be used with
/// load_channel_receive() alone, which then blocks.
void load_channel_open(load_channel *channel, const load_options *options, int epoll);
void load_channel_close(load_channel *channel);

/// Sends all of it. Waits when the socket is full, so at most some kilobytes may be unanswered.
void load_channel_send(load_channel *channel, const char *bytes, size_t length);

/// Adds what has come to `in`; false when nothing has. A connection that the server ends is a failure.
bool load_channel_receive(load_channel *channel);
void load_channel_consume(load_channel *channel, size_t length);

int load_epoll(void);
/// Waits at most until `deadline` and calls `on_input` of the channels that have received something.
void load_poll(int epoll, uint64_t deadline);
