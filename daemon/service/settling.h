// A request that is answered only when what its record obliges to is done: it is submitted, waits
// for the jobs (service/obligations.h), and is submitted again, when its log knows it and has no
// open obligation of it any more. A retry takes the same way and finishes what was left open.
#pragma once

#include <stdbool.h>

#include "service/obligations.h"
#include "service/operation.h"
#include "service/request.h"

// The first member of the request's state.
struct settling {
    struct request *request;
    task_decide_fn *decide;     // with the request as its context
    task_result_fn *on_settled; // answers; told of DECIDED or REPLAYED results
    bool first;                 // this very request wrote the record
    bool waits;
    bool given_up; // not all that was open could be ended: one look more, and no more waiting
    struct obligations_waiter waiter;
};

// `request->state` begins with `settling`, whose first three fields are set.
void settling_submit(struct settling *settling);
// Answers by the record: what `on_settled` mostly is.
void settling_answer(struct request *request, const struct task_result *result);
// Takes the request over, as operation_begin does, and answers when all is done. Of the operation
// `command_bytes`, `read` and `decide` alone are used.
void settling_begin(struct request *request, const struct operation *operation);
