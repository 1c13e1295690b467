// The command lines about one member: MEMBER as first argument, and what several commands share.
#pragma once

#include <argp.h>

#include "ctl/globals.h"
#include "ctl/session.h"
#include "lib/loyalty.h"

struct member_line {
    struct globals globals;
    struct loyalty_member member; // value NULL: not given
    const char *second;           // the second argument, where there is one
    const char *request_id;       // NULL: a new one
    struct loyalty_member person; // who of a pool acts; value NULL: not said
};

enum { KEY_REQUEST_ID = 0x300, KEY_POOL_MEMBER };

// The option of every mutation.
#define MEMBER_LINE_REQUEST_ID                                                                     \
    {                                                                                              \
        "request-id", KEY_REQUEST_ID, "UUID", 0,                                                   \
            "The request's id; the same for every repetition of one intent (a new one)", 0         \
    }

// The option of what is done for a pool.
#define MEMBER_LINE_POOL_MEMBER                                                                    \
    {                                                                                              \
        "pool-member", KEY_POOL_MEMBER, "MEMBER", 0, "Of a pool: who of it this is", 0             \
    }

// Takes MEMBER and a second argument. `state->input` is a struct member_line.
error_t member_line_two(int key, char *arg, struct argp_state *state);
// Takes MEMBER, a second argument if `second`, --request-id; sets the child's input. Others are
// ARGP_ERR_UNKNOWN.
error_t member_line_take(struct member_line *line, bool second, int key, char *arg,
                         struct argp_state *state);

// What a command sends, and shows of the answer: an exit code.
typedef int member_send_fn(struct session *session, const void *line);

// Reads the command's part of the command line into `line`, which begins the command's own struct,
// connects, and sends. The exit code.
int member_line_run(const struct argp *parser, int argc, char **argv, struct member_line *line,
                    member_send_fn *send);
// The request's id as the last row of a mutation's answer.
void member_line_print_request(const struct session *session,
                               const Loyalty__V1__Mutation *mutation);
