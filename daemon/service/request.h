// One call at work: what was asked, until when, by whom, and the ways to answer. Pooled: a warm one
// allocates nothing. Its method answers it once and then ends it; both may come long after the
// client was told that time has run out, and then the answer goes nowhere.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/status.h"
#include "core/record.h"
#include "core/refusal.h"
#include "net/identity.h"
#include "service/accounts.h"
#include "service/dispatch.h"
#include "service/lease.h"
#include "service/method.h"
#include "service/service.h"
#include "service/timers.h"
#include "service/trouble.h"
#include "wire/commands.h"

struct operation;

struct request;

// Answers the refusal in its own way. False: it is told as it is.
typedef bool request_refusal_fn(struct request *request, const struct refusal *refusal);

enum { REQUEST_TRACE_BYTES = LIMIT_TRACEPARENT_BYTES + 16 };

struct request {
    struct service *service;
    const struct method *method;
    enum role role;
    char actor[IDENTITY_ROLE_BYTES + 1 + LIMIT_UNIT_BYTES + 1]; // "pos/store-0007/till-02"
    size_t actor_len;
    char trace[REQUEST_TRACE_BYTES]; // for log lines: " trace=<traceparent>", or nothing
    size_t trace_len;
    struct commands commands; // fault, arena and the unit, which points into `actor`
    ProtobufCMessage *message;
    struct span canonical; // its bytes in `arena`, of a mutation where they are; else empty
    // mutations
    struct request_header header;
    struct mark mark;
    // state
    struct arena arena;   // lives as long as the request: message, command, answer
    struct arena attempt; // the task's
    struct account_task task;
    void *state;                       // the method's, in `arena`
    const struct operation *operation; // where the method is one
    struct person *person;             // another member it names; NULL: none (service/persons.h)
    char member_id[LIMIT_MEMBER_ID_BYTES];
    size_t member_id_len;
    char asked_id[LIMIT_MEMBER_ID_BYTES]; // who it was before anybody was merged
    size_t asked_id_len;
    const uint8_t *about;             // the request it takes back; NULL: none
    const struct identifier *changes; // what it replaces or removes; NULL: none
    bool by_identifier;               // the member must list `identifier`
    struct identifier identifier;
    bool landed;                    // something of it is written
    request_refusal_fn *on_refusal; // a partner's: what may not be told as it is; or NULL
    // dispatch's
    struct request *next; // in the pool
    struct lease_waiter waiter;
    struct timer timer;
    int64_t expires_ms; // monotonic
    int64_t began_us;   // service_precise_us
    bool answered;
    dispatch_reply_fn *on_reply;
    dispatch_room_fn *room;
    void *reply_context;
    struct dispatch_origin origin;
    // of a stream
    method_fn *on_poke; // NULL: it is none
    struct request *previous_stream;
    struct request *next_stream;
};

// --- answering: exactly one of these, once ---

void request_reply(struct request *request, const ProtobufCMessage *response, bool replayed);
void request_error(struct request *request, Loyalty__V1__Error *error, bool replayed);
// Texts are borrowed until this returns.
void request_fail(struct request *request, Loyalty__V1__Code code, const char *reason,
                  const char *field, const char *message);
void request_trouble(struct request *request, enum trouble trouble);
void request_refuse(struct request *request, const struct refusal *refusal);
void request_in_doubt(struct request *request);
// Anything a wire function said other than STATUS_OK: the fault in `commands`, or no memory.
void request_bad(struct request *request, enum status status);
// A status nothing better is known about.
void request_internal(struct request *request, enum status status);

// Done with it: must have been answered, no task or waiter of it may be out.
void request_end(struct request *request);

// --- working ---

static inline struct span request_member(const struct request *request)
{
    return span_of(request->member_id, request->member_id_len);
}

// Who was asked for, where that member was merged and another answers; else empty.
struct span request_merged_from(const struct request *request);

static inline struct span request_trace(const struct request *request)
{
    return span_of(request->trace, request->trace_len);
}

static inline struct span request_actor(const struct request *request)
{
    return span_of(request->actor, request->actor_len);
}

// Zeroed method state in the arena; NULL means it was answered and ended.
void *request_state(struct request *request, size_t bytes);

// Finds out which member is meant and calls `go_on` with member_id set, now or later; or answers
// and ends the request.
void request_resolve(struct request *request, const Loyalty__V1__MemberRef *member,
                     method_fn *go_on);
// The member is known without: of a code. At most LIMIT_MEMBER_ID_BYTES.
void request_set_member(struct request *request, struct span id);
// Whether the account is there and, where an identifier was given, is found by it.
bool request_is_meant(const struct request *request, const struct account *account);
// The same, or was found by it until that was replaced: what it was answered then stands.
bool request_was_meant(const struct request *request, const struct account *account);
// The decision when it is not meant (IDENTIFIER_KIND, UNKNOWN_MEMBER, IDENTIFIER_REPLACED),
// STATUS_OK; or the answer.
enum status request_decide_other(const struct request *request, const struct account *account,
                                 struct decision *ret_decision);
void request_refuse_other(struct request *request, const struct account *account);

// The client's deadline by the store's clock: what is written must land by then, however well or
// badly that clock is known. 0: none, or one by a test clock.
int64_t request_deadline_ms(const struct request *request);

// Fills in the request's task on its member. `decide` NULL: a read. on_result must answer or leave
// that to on_released; `on_released` NULL: the request ends.
void request_prepare(struct request *request, task_decide_fn *decide, task_result_fn *on_result,
                     task_released_fn *on_released);
// Submits it, too.
void request_submit(struct request *request, task_decide_fn *decide, task_result_fn *on_result,
                    task_released_fn *on_released);

// Answers every end of a task that is not the method's own: all but READ, DECIDED and REPLAYED.
// False when it is one of these.
bool request_answer_end(struct request *request, const struct task_result *result);
// Answers a mutation: DECIDED and REPLAYED by the record, all others as above. OUTCOME_NOTHING is
// the method's own.
void request_answer_mutation(struct request *request, const struct task_result *result);
