// Another member whom a request names beside the one meant: who of a pool acts, who brought a new
// member. Found before the request is decided, and judged there only: a retry is answered whatever
// has become of that member since.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "service/method.h"
#include "wire/commands.h"

struct request;

// Zeroed: not named.
struct person {
    bool named;
    const char *field; // "pool_member"
    struct identifier identifier;
    bool by_identifier;
    bool replaced; // what was shown is an identifier that another has replaced
    bool found;    // there is such a member; merges are followed
    bool active;   // may earn and spend
    bool lives;
    char named_id[LIMIT_MEMBER_ID_BYTES]; // as asked for; empty: nobody has the identifier
    size_t named_id_len;
    char id[LIMIT_MEMBER_ID_BYTES]; // who that is by now
    size_t id_len;
    // private
    struct request *request;
    method_fn *go_on;
};

// Finds out who is named and calls `go_on` with `person` filled in, now or later; or answers and
// ends the request. `person` lives as long as the request. Uses the request's task, and leaves it
// empty.
void persons_find(struct request *request, const Loyalty__V1__MemberRef *ref, const char *field,
                  struct person *person, method_fn *go_on);

static inline struct span person_named_id(const struct person *person)
{
    return span_of(person->named_id, person->named_id_len);
}

static inline struct span person_id(const struct person *person)
{
    return span_of(person->id, person->id_len);
}
