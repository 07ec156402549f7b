#include "ticketlockd.h"
#include <stdio.h>
#include <stdlib.h>

/// Does operations one after the other on one connection, each on `count` conversations, as the script's
/// letters say: i issue-ticket, c cleanup, a acquire, f finish-serving. The same script always makes the
/// server do the same.
void load_mode_script(const load_options *options) {
    load_channel channel;
    uint64_t *tickets = calloc(options->count, sizeof *tickets),
             *tokens = calloc(options->count, sizeof *tokens);
    if (!tickets || !tokens) load_fail("out of memory");
    load_channel_open(&channel, options, -1);
    for (const char *letter = options->script; *letter; letter++) {
        for (uint64_t i = 0; i < options->count; i++) {
            char id[LOAD_ID_BYTES + 1], out[LOAD_REQUEST_BYTES_MAX];
            bool takes = *letter == 'i' || *letter == 'a';
            load_conversation_id(options->first + i, id);
            const char *path = *letter == 'i'   ? "/v1/issue-ticket"
                               : *letter == 'a' ? "/v1/acquire"
                               : *letter == 'f' ? "/v1/finish-serving"
                                                : "/v1/cleanup";
            size_t length = takes ? load_write_take(out, path, id, options->lifetime, 0)
                                  : load_write_give(out, path, id, tickets[i], tokens[i]);
            load_answer answer;
            load_http_ask(&channel, out, length, &answer);
            if (takes)
                load_check_ticket(&answer, id, options->is_static, true, &tickets[i], &tokens[i]);
            else
                load_check_removed(&answer, id, options->is_static);
        }
    }
    puts("{}");
}
