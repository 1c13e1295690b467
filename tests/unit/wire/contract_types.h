// Every message type of the contract: what requests, responses and envelopes reach.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/archive.pb-c.h"
#include "loyalty/v1/clock.pb-c.h"
#include "loyalty/v1/contributions.pb-c.h"
#include "loyalty/v1/events.pb-c.h"
#include "loyalty/v1/frame.pb-c.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/monitor.pb-c.h"
#include "loyalty/v1/perks.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "loyalty/v1/pools.pb-c.h"
#include "loyalty/v1/programs.pb-c.h"
#include "loyalty/v1/rescoring.pb-c.h"
#include "loyalty/v1/tills.pb-c.h"

enum { CONTRACT_TYPES_MAX = 256 };

struct contract_types {
    const ProtobufCMessageDescriptor *items[CONTRACT_TYPES_MAX];
    size_t count;
};

// NOLINTNEXTLINE(misc-no-recursion): ends at types that are known
static inline void contract_add(struct contract_types *types,
                                const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < types->count; i++) {
        if (types->items[i] == type) {
            return;
        }
    }
    assert_in_range(types->count, 0, CONTRACT_TYPES_MAX - 1);
    types->items[types->count++] = type;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
            contract_add(types, type->fields[i].descriptor);
        }
    }
}

static inline struct contract_types contract_types(void)
{
    static const ProtobufCServiceDescriptor *const services[] = {
        &loyalty__v1__points_service__descriptor,   &loyalty__v1__members_service__descriptor,
        &loyalty__v1__programs_service__descriptor, &loyalty__v1__admin_service__descriptor,
        &loyalty__v1__clock_service__descriptor,    &loyalty__v1__tills_service__descriptor,
        &loyalty__v1__perks_service__descriptor,    &loyalty__v1__contributions_service__descriptor,
        &loyalty__v1__pools_service__descriptor,    &loyalty__v1__events_service__descriptor,
        &loyalty__v1__archive_service__descriptor,  &loyalty__v1__rescoring_service__descriptor,
        &loyalty__v1__monitor_service__descriptor,
    };
    struct contract_types types = {0};
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        for (unsigned j = 0; j < services[i]->n_methods; j++) {
            contract_add(&types, services[i]->methods[j].input);
            contract_add(&types, services[i]->methods[j].output);
        }
    }
    contract_add(&types, &loyalty__v1__request_envelope__descriptor);
    contract_add(&types, &loyalty__v1__reply_envelope__descriptor);
    return types;
}
