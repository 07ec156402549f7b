/// Requests to ticketlockd, and what their answers must be.
#pragma once
#include "http.h"

/// issue-ticket and acquire; a lifetime or timeout of 0 is left out.
size_t load_write_take(char *out, const char *path, const char *id, double lifetime, double timeout);
/// finish-serving and cleanup.
size_t load_write_give(char *out, const char *path, const char *id, uint64_t ticket, uint64_t token);

/// Checks the answer with a ticket: its status, its conversation unless `is_static`, and, when `must_hold`,
/// that the ticket is served.
void load_check_ticket(const load_answer *answer, const char *id, bool is_static, bool must_hold,
                       uint64_t *ticket, uint64_t *token);
/// Checks that finish-serving or cleanup removed the ticket.
void load_check_removed(const load_answer *answer, const char *id, bool is_static);
