#include "client.h"
#include <inttypes.h>
#include <stdlib.h>

#define DRAIN_NANOSECONDS_MAX 20000000000u

static uint64_t place_of(const load_client *client) {
    return client->conversation - client->run->first;
}

static void take_hold(load_client *client) {
    uint32_t *holder = &client->run->holders[place_of(client)];
    if (*holder != 0)
        load_fail("clients %u and %u hold conversation %s at once", *holder - 1, client->number, client->id);
    *holder = client->number + 1;
}

static void give_up(load_client *client) {
    uint32_t *holder = &client->run->holders[place_of(client)];
    if (*holder != client->number + 1) load_fail("client %u gives up what it does not hold", client->number);
    *holder = 0;
}

static void send_step(load_client *client) {
    const load_protocol *protocol = client->run->protocol;
    char request[LOAD_REQUEST_BYTES_MAX];
    if ((int)client->step == protocol->held_until) give_up(client);
    size_t length = protocol->write(client, client->step, request);
    client->sent_at = load_now();
    if (client->step == protocol->setup_steps) client->cycle_began = client->sent_at;
    load_channel_send(&client->channel, request, length);
}

/// Chooses the client's next conversation; false when its work is done.
static bool begin_cycle(load_client *client) {
    load_run *run = client->run;
    const load_options *options = run->options;
    uint64_t before = client->conversation;
    if (run->is_stopping || (run->count > 0 && run->next == run->count)) return false;
    if (run->count > 0) {
        client->conversation = run->first + run->next++;
    } else if (options->conversations <= options->connections) {
        client->conversation = run->first + client->number % options->conversations;
    } else {
        uint64_t place = before == UINT64_MAX ? client->number : place_of(client) + options->connections;
        client->conversation = run->first + (place < options->conversations ? place : client->number);
    }
    if (client->conversation != before) load_conversation_id(client->conversation, client->id);
    client->step = run->protocol->setup_steps;
    return true;
}

static void answered(load_client *client, uint64_t now) {
    load_run *run = client->run;
    const load_protocol *protocol = run->protocol;
    uint32_t step = client->step++;
    if (step < protocol->setup_steps) {
        send_step(client);
        return;
    }
    run->answers++;
    load_histogram_add(&run->all, now - client->sent_at);
    load_histogram_add(&run->step[step - protocol->setup_steps], now - client->sent_at);
    if ((int)step == protocol->held_from) take_hold(client);
    if (client->step == protocol->setup_steps + protocol->steps) {
        run->cycles++;
        load_histogram_add(&run->cycle, now - client->cycle_began);
        if (!begin_cycle(client)) {
            client->is_done = true;
            return;
        }
    }
    send_step(client);
}

static void client_has_input(load_channel *channel) {
    load_client *client = channel->owner;
    size_t length = client->run->protocol->read(client, client->step);
    if (length == 0) return;
    uint64_t now = load_now();
    load_channel_consume(channel, length);
    if (channel->in_length > 0) load_fail("client %u received more than one answer", client->number);
    answered(client, now);
}

void load_run_start(load_run *run, const load_options *options, const load_protocol *protocol, uint64_t first,
                    uint64_t count, uint64_t expire_at) {
    *run = (load_run){.options = options,
                      .protocol = protocol,
                      .first = first,
                      .count = count,
                      .expire_at = expire_at,
                      .epoll = load_epoll()};
    run->clients = calloc(options->connections, sizeof *run->clients);
    run->holders = calloc(count > 0 ? count : options->conversations, sizeof *run->holders);
    if (!run->clients || !run->holders) load_fail("out of memory");
    for (uint32_t i = 0; i < options->connections; i++) {
        load_client *client = &run->clients[i];
        client->run = run;
        client->number = i;
        client->conversation = UINT64_MAX;
        client->channel.owner = client;
        client->channel.on_input = client_has_input;
        load_channel_open(&client->channel, options, run->epoll);
    }
    for (uint32_t i = 0; i < options->connections; i++) {
        load_client *client = &run->clients[i];
        client->is_done = !begin_cycle(client);
        if (client->is_done) continue;
        client->step = 0;
        send_step(client);
    }
}

void load_run_until(load_run *run, uint64_t deadline) {
    while (load_now() < deadline && !(run->count > 0 && run->cycles == run->count))
        load_poll(run->epoll, deadline);
}

static bool is_at_work(const load_run *run) {
    for (uint32_t i = 0; i < run->options->connections; i++)
        if (!run->clients[i].is_done) return true;
    return false;
}

void load_run_drain(load_run *run) {
    uint64_t deadline = load_now() + DRAIN_NANOSECONDS_MAX;
    run->is_stopping = true;
    while (is_at_work(run)) {
        if (load_now() > deadline) load_fail("clients still wait for answers at the end");
        load_poll(run->epoll, deadline);
    }
}

void load_run_clear_counts(load_run *run) {
    run->cycles = run->answers = 0;
    load_histogram_clear(&run->all);
    load_histogram_clear(&run->cycle);
    for (uint32_t i = 0; i < LOAD_STEPS_MAX; i++) load_histogram_clear(&run->step[i]);
}

void load_run_stop(load_run *run) {
    for (uint32_t i = 0; i < run->options->connections; i++) load_channel_close(&run->clients[i].channel);
    free(run->clients);
    free(run->holders);
}

size_t load_expect(const load_client *client, const char *answer) {
    size_t length = strlen(answer), received = client->channel.in_length;
    if (memcmp(client->channel.in, answer, received < length ? received : length) != 0)
        load_fail("%.*s came instead of %s", (int)received, client->channel.in, answer);
    return received >= length ? length : 0;
}
