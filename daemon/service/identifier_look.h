// Looking at identifiers before a member is given them: what the program says of their values, and
// whether another member has one. A look is of one moment; what comes after it is settled by the
// claim (service/identifiers.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "service/identifiers.h"
#include "service/request.h"

// Whether the value may be hashed at all: no payment card's number. False: it was refused, which
// answers the request but does not end it.
bool identifier_is_clean(struct request *request, const struct identifier_value *value,
                         const char *field);
// What the program in force says of giving a member this value; and of a member with these kinds
// (bit 1 << kind of each) and no others. REFUSAL_NONE, or a refusal that a retry of something done
// before must not meet.
struct refusal identifier_judge(const struct service *service, const struct identifier_value *value,
                                const char *field);
struct refusal identifier_judge_kinds(const struct service *service, uint32_t kinds);
// Whether the program in force finds members by this kind.
bool identifier_is_matched(const struct service *service, uint32_t kind);

// In the state of its request.
struct identifier_look {
    struct request *request;
    const struct identifier *identifiers;
    size_t count;
    method_fn *go_on; // when all were looked at, or one is taken
    // what was found
    bool taken;    // one of them is another member's,
    bool replaced; // which has another in its place: to be removed there first
    // private
    size_t looked;
    char owner_id[LIMIT_MEMBER_ID_BYTES];
    size_t owner_id_len;
};

// Uses the request's task. Ends in `go_on`, or the request was answered and ended. What the
// request's own member has is not taken.
void identifier_look(struct identifier_look *look);
