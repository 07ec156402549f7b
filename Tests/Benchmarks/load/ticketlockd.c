#include "ticketlockd.h"
#include "client.h"
#include <stdio.h>

#define BODY_BYTES_MAX 512

static char *begin_body(char *body, const char *id) {
    char *end = LOAD_PUT(body, "{\"conversation_id\":\"");
    end = load_put(end, id, LOAD_ID_BYTES);
    return LOAD_PUT(end, "\"");
}

size_t load_write_take(char *out, const char *path, const char *id, double lifetime, double timeout) {
    char body[BODY_BYTES_MAX], *end = begin_body(body, id);
    if (lifetime > 0) end += sprintf(end, ",\"lifetime\":%.6f", lifetime);
    if (timeout > 0) end += sprintf(end, ",\"timeout\":%.6f", timeout);
    end = LOAD_PUT(end, "}");
    return load_http_post(out, path, body, (size_t)(end - body));
}

size_t load_write_give(char *out, const char *path, const char *id, uint64_t ticket, uint64_t token) {
    char body[BODY_BYTES_MAX], *end = begin_body(body, id);
    end = LOAD_PUT(end, ",\"ticket\":");
    end = load_put_number(end, ticket);
    end = LOAD_PUT(end, ",\"token\":");
    end = load_put_number(end, token);
    end = LOAD_PUT(end, "}");
    return load_http_post(out, path, body, (size_t)(end - body));
}

static void check_conversation(const load_answer *answer, const char *id) {
    size_t length;
    const char *found = load_json_text(answer, "\"conversation_id\":", &length);
    if (length != LOAD_ID_BYTES || memcmp(found, id, LOAD_ID_BYTES) != 0)
        load_fail("the answer is about %.*s instead of %s", (int)length, found, id);
}

void load_check_ticket(const load_answer *answer, const char *id, bool is_static, bool must_hold,
                       uint64_t *ticket, uint64_t *token) {
    if (answer->status != 201)
        load_fail("a ticket of %s: %u %.*s", id, answer->status, (int)answer->body_length, answer->body);
    if (!is_static) check_conversation(answer, id);
    if (must_hold && !LOAD_JSON_HAS(answer, "\"is_locked\":false"))
        load_fail("%s is not held: %.*s", id, (int)answer->body_length, answer->body);
    *ticket = load_json_number(answer, "\"ticket\":");
    *token = load_json_number(answer, "\"token\":");
}

void load_check_removed(const load_answer *answer, const char *id, bool is_static) {
    if (answer->status != 200 || !LOAD_JSON_HAS(answer, "\"removed\":true"))
        load_fail("the end of a ticket of %s: %u %.*s", id, answer->status, (int)answer->body_length,
                  answer->body);
    if (!is_static) check_conversation(answer, id);
}

/// What is left of the lifetime for a ticket that expires at the run's moment.
static double lifetime_of(const load_client *client) {
    uint64_t now = load_now(), moment = client->run->expire_at;
    if (moment == 0) return client->run->options->lifetime;
    if (moment <= now) load_fail("the locks could not be made before they had to expire: allow more time");
    return (double)(moment - now) / 1e9;
}

static size_t write_issue(load_client *client, uint32_t step, char *out) {
    if (step == 0) return load_write_take(out, "/v1/issue-ticket", client->id, lifetime_of(client), 0);
    return load_write_give(out, "/v1/cleanup", client->id, client->ticket, client->token);
}

static size_t write_acquire(load_client *client, uint32_t step, char *out) {
    if (step == 0) return load_write_take(out, "/v1/acquire", client->id, lifetime_of(client), 0);
    return load_write_give(out, "/v1/finish-serving", client->id, client->ticket, client->token);
}

static size_t read_answer(load_client *client, uint32_t step) {
    load_answer answer;
    size_t length = load_http_read(client->channel.in, client->channel.in_length, &answer);
    if (length == 0) return 0;
    bool is_static = client->run->options->is_static;
    if (step == 0)
        load_check_ticket(&answer, client->id, is_static, true, &client->ticket, &client->token);
    else
        load_check_removed(&answer, client->id, is_static);
    return length;
}

static const load_protocol protocols[] = {
    {.name = "issue-cleanup",
     .steps = 2,
     .step_names = {"issue-ticket", "cleanup"},
     .held_from = 0,
     .held_until = 1,
     .write = write_issue,
     .read = read_answer},
    {.name = "acquire-finish",
     .steps = 2,
     .step_names = {"acquire", "finish-serving"},
     .held_from = 0,
     .held_until = 1,
     .write = write_acquire,
     .read = read_answer},
    {.name = "issue",
     .steps = 1,
     .step_names = {"issue-ticket"},
     .held_from = -1,
     .held_until = -1,
     .write = write_issue,
     .read = read_answer},
};

const load_protocol *load_ticketlockd_protocol(const char *name) {
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (strcmp(protocols[i].name, name) == 0) return &protocols[i];
    return NULL;
}
