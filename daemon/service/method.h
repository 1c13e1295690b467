// Every method there is, and who may call it. A role not named in a method's row is refused; a test
// fails if a method of the contract has no row. Source: design.md, decisions 4 and 5.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct request;

enum role {
    ROLE_NONE = 0,
    ROLE_POS = 1,
    ROLE_PARTNER = 2,
    ROLE_BACKEND = 4,
    ROLE_ADMIN = 8,
    ROLE_JOB = 16,
};

// Takes a request over: answers it once, then calls request_end, now or later.
typedef void method_fn(struct request *request);

struct method {
    const char *path; // "/loyalty.v1.PointsService/Award"
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    unsigned roles; // of enum role, together
    bool mutating;  // carries a Mutation
    bool of_daemon; // asked of this daemon, not of the club: also without a store and its clock
    bool streams;   // answers with any number of messages (service/streams.h)
    method_fn *handle;
};

// NULL when there is none.
const struct method *method_find(struct span path);
size_t method_count(void);
const struct method *method_at(size_t index);
// The index of one that method_find or method_at gave.
size_t method_index(const struct method *method);

// The role a certificate names; ROLE_NONE for a word that is no role.
enum role role_of_name(const char *name);
