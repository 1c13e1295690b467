// What sales and redemptions need of pools: who of one it is that acts.
#pragma once

#include "core/decide.h"
#include "loyalty/v1/common.pb-c.h"

struct operation;
struct request;

// As operation_begin, after `pool_member` was found; NULL: it is not said who.
void pools_begin(struct request *request, const Loyalty__V1__MemberRef *pool_member,
                 const struct operation *operation);
// Who that is, for the decision.
struct pool_person pools_person(const struct request *request);
