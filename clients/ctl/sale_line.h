// The command lines that describe a sale, shared by `quote` and `award`.
#pragma once

#include "ctl/member_line.h"
#include "ctl/session.h"
#include "loyalty/v1/points.pb-c.h"

enum { SALE_LINES_MAX = LOYALTY_SALE_LINES_MAX };

struct sale_line {
    struct member_line member;
    struct loyalty_sale_line lines[SALE_LINES_MAX];
    size_t line_count;
    const char *at;
    const char *currency;     // NULL: asked of the program
    struct loyalty_sale sale; // the rest
};

// The children of a command about a sale, and its parser; its input is a struct sale_line.
extern const struct argp_child sale_line_children[];
error_t sale_line_take(int key, char *arg, struct argp_state *state);

// The sale as a message. CTL_OK, or an exit code with the reason told.
int sale_line_message(struct session *session, struct sale_line *line,
                      Loyalty__V1__Sale **ret_sale);
