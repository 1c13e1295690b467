// Invariant: a visit that has begun and not ended has its task, its waiter or a store call of its
// own out.
#include "jobs/visit.h"

#include <string.h>

#include "base/check.h"
#include "core/advance.h"
#include "service/bounds.h"

void visit_init(struct visit *visit, struct service *service)
{
    *visit = (struct visit){.service = service};
    arena_init(&visit->arena, LIMIT_ARENA_BYTES);
}

void visit_fini(struct visit *visit)
{
    arena_fini(&visit->arena);
}

struct span visit_id(const struct visit *visit)
{
    return span_of(visit->found.id, visit->found.id_len);
}

void visit_found_set(struct visit_found *found, uint32_t partition, struct span id)
{
    CHECK(id.len > 0 && id.len <= LIMIT_MEMBER_ID_BYTES);
    *found = (struct visit_found){.partition = partition, .id_len = (uint32_t)id.len};
    memcpy(found->id, id.data, id.len);
}

static void visit_ended(struct visit *visit, enum visit_end end)
{
    visit->end = end;
    visit->on_ended(visit);
}

static void visit_skip(struct visit *visit, const char *why)
{
    visit->why = why;
    visit_ended(visit, VISIT_SKIP);
}

// --- what is decided ---

// What the log calls for is not what the index says. Where history was posted the index is late
// with good reason (service/account_attempt.c).
static bool index_is_wrong(const struct visit *visit, const struct account *account)
{
    int64_t index_ms = visit->found.index_ms;
    bool history = visit->due_ms > account->now_ms && visit->due_ms <= visit->now_ms &&
                   index_ms > visit->now_ms && index_ms <= visit->now_ms + SERVICE_HISTORY_QUIET_MS;
    return visit->found.indexed && index_ms != visit->due_ms && !history;
}

static void visit_note(struct visit *visit, const struct decide *decide)
{
    const struct account *account = decide->account;
    visit->now_ms = decide->now_ms;
    visit->log_bytes = account->log_bytes;
    memcpy(visit->tail, account->tail, sizeof visit->tail);
    bool exists = account_exists(account);
    visit->due_ms = exists ? advance_due(account, decide->writer->programs) : INSTANT_NEVER;
    visit->open = exists && visit->due_ms <= account->now_ms;
    visit->obliged = account->obligations.count > 0;
    visit->suspect = exists && !visit->confirmed && index_is_wrong(visit, account);
}

static void visit_show(struct visit *visit, const struct decide *decide, bool after)
{
    if (visit->see != NULL) {
        visit->see(visit, decide->account, decide->writer->programs, after);
    }
}

static enum status visit_pass(struct visit *visit, const struct decide *decide, int64_t until_ms)
{
    struct account *account = decide->account;
    visit_show(visit, decide, false);
    int64_t now_ms = until_ms > account->now_ms ? until_ms : account->now_ms;
    TRY(advance(account, decide->writer, decide->arena, now_ms));
    visit_show(visit, decide, true);
    return STATUS_OK;
}

static enum status decide_look(void *context, const struct decide *decide,
                               struct decision *ret_decision)
{
    struct visit *visit = context;
    *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
    visit_note(visit, decide);
    if (visit->aim == VISIT_INDEX && account_exists(decide->account)) {
        visit_show(visit, decide, false);
    }
    if (visit->aim == VISIT_INDEX || !account_exists(decide->account)) {
        return STATUS_OK;
    }
    return visit_pass(visit, decide, visit->at_ms);
}

// An account with open obligations is due at its own now, and those come first: a member's history
// must not be overtaken while its identifiers are claimed.
static enum status decide_advance(void *context, const struct decide *decide,
                                  struct decision *ret_decision)
{
    struct visit *visit = context;
    struct account *account = decide->account;
    size_t before = decide->writer->out->len;
    *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
    visit_note(visit, decide);
    bool first_open = visit->open && !visit->left_open;
    if (!account_exists(account) || visit->suspect || first_open) {
        return STATUS_OK;
    }
    TRY(visit_pass(visit, decide, decide->now_ms));
    visit->due_ms = advance_due(account, decide->writer->programs);
    if (decide->writer->out->len > before) {
        ret_decision->outcome = OUTCOME_APPLIED;
    }
    return STATUS_OK;
}

// --- the account's task ---

static const char *why_of(const struct task_result *result)
{
    switch (result->end) {
    case TASK_TROUBLE:
        return trouble_name(result->trouble);
    case TASK_CORRUPT:
        return "ACCOUNT_BROKEN";
    case TASK_ROLLED_BACK:
        return "ACCOUNT_ROLLED_BACK";
    case TASK_FAULTY:
        return status_name(result->status);
    default:
        return "UNEXPECTED";
    }
}

static bool is_everybodys(const struct task_result *result)
{
    enum trouble trouble = result->trouble;
    return result->end == TASK_IN_DOUBT ||
           (result->end == TASK_TROUBLE &&
            (trouble == TROUBLE_STORE_UNAVAILABLE || trouble == TROUBLE_NO_LEASE ||
             trouble == TROUBLE_CLOCK_SKEW || trouble == TROUBLE_NO_MEMORY));
}

static void on_result(void *context, const struct task_result *result)
{
    struct visit *visit = context;
    if (result->end == TASK_DECIDED) {
        visit->end = result->decision->outcome == OUTCOME_APPLIED ? VISIT_WRITTEN : VISIT_NOTHING;
        return;
    }
    visit->end = is_everybodys(result) ? VISIT_FAILED : VISIT_SKIP;
    visit->why = why_of(result);
}

static void on_released(void *context);

static void visit_submit(struct visit *visit)
{
    struct service *service = visit->service;
    visit->task = (struct account_task){
        .id = visit_id(visit),
        .arena = &visit->arena,
        .expires_ms = timers_now(service->options.timers) + LIMIT_REQUEST_MS,
        .decide = visit->aim == VISIT_ADVANCE ? decide_advance : decide_look,
        .dry = visit->aim != VISIT_ADVANCE,
        .passing = true,
        .context = visit,
        .on_result = on_result,
        .on_released = on_released,
    };
    accounts_submit(service->accounts, &visit->task);
}

// --- obligations ---

static void on_settled(struct obligations_waiter *waiter, bool settled)
{
    struct visit *visit = (struct visit *)(void *)((char *)waiter - offsetof(struct visit, waiter));
    if (visit->service->stopping) {
        visit_ended(visit, VISIT_FAILED);
        return;
    }
    if (!settled && !visit->obliged) {
        visit_skip(visit, "LEFT_OPEN");
        return;
    }
    if (settled && !visit->through) {
        visit_ended(visit, VISIT_WRITTEN);
        return;
    }
    visit->left_open = true; // or not, by now: time goes on all the same
    visit->found.indexed = false;
    visit_submit(visit);
}

// --- the due index ---

// The last place before the account's: no id has a byte above those of UTF-8.
static struct span place_before(const struct visit *visit, char ret_bytes[LIMIT_MEMBER_ID_BYTES])
{
    size_t len = visit->found.id_len;
    memcpy(ret_bytes, visit->found.id, len);
    ret_bytes[len - 1] = (char)((unsigned char)ret_bytes[len - 1] - 1);
    if (len < LIMIT_MEMBER_ID_BYTES) {
        ret_bytes[len++] = (char)0xff;
    }
    return span_of(ret_bytes, len);
}

static void on_confirmed(void *context, const struct store_scan_reply *reply)
{
    struct visit *visit = context;
    if (reply->result != STORE_OK) {
        visit_ended(visit, VISIT_FAILED);
        return;
    }
    visit->confirmed = true;
    visit->was_wrong = reply->count > 0 && span_equal(reply->ids[0], visit_id(visit)) &&
                       reply->due_ms[0] == visit->found.index_ms;
    visit_submit(visit);
}

static void visit_confirm(struct visit *visit)
{
    char bytes[LIMIT_MEMBER_ID_BYTES];
    const struct store_due due = {
        .partition = visit->found.partition,
        .until_ms = visit->found.index_ms,
        .count = 1,
        .after_ms = visit->found.index_ms,
        .after_id = place_before(visit, bytes),
    };
    store_due(visit->service->options.store, &due, on_confirmed, visit);
}

static void on_corrected(void *context, const struct store_reply *reply)
{
    struct visit *visit = context;
    switch (reply->result) {
    case STORE_OK:
        visit_ended(visit, VISIT_CORRECTED);
        break;
    case STORE_BEHIND: // somebody has written, and moved it
    case STORE_RELOAD:
        visit->was_wrong = false;
        visit_ended(visit, VISIT_NOTHING);
        break;
    case STORE_UNAVAILABLE:
    case STORE_UNKNOWN:
    case STORE_EXPIRED:
    case STORE_CLOCK:
        visit_ended(visit, VISIT_FAILED);
        break;
    default:
        visit_skip(visit, store_result_name(reply->result));
        break;
    }
}

static void visit_correct(struct visit *visit)
{
    struct service *service = visit->service;
    struct store_append move = {
        .account = {.partition = visit->found.partition, .id = visit_id(visit)},
        .expected_bytes = visit->log_bytes,
        .now_ms = lease_is_sandbox(service->lease) ? 0 : visit->now_ms,
        .not_after_ms = lease_not_after_ms(service->lease),
        .due_changed = true,
        .due_ms = visit->due_ms,
    };
    memcpy(move.expected_hash, visit->tail, sizeof move.expected_hash);
    store_append(service->options.store, &move, on_corrected, visit);
}

// --- steps ---

// Nothing was written, and nothing is to be.
static void visit_rest(struct visit *visit)
{
    bool stays_due = visit->log_bytes == 0 || visit->due_ms <= visit->now_ms;
    if (visit->was_wrong && visit->log_bytes > 0 && visit->found.index_ms != visit->due_ms) {
        visit_correct(visit);
    } else if (visit->aim == VISIT_ADVANCE && stays_due && !visit->left_open) {
        visit_skip(visit, "STAYS_DUE"); // nobody is to go round and round about it
    } else {
        visit_ended(visit, VISIT_NOTHING);
    }
}

static void on_released(void *context)
{
    struct visit *visit = context;
    if (visit->service->stopping) {
        visit_ended(visit, VISIT_FAILED);
    } else if (visit->end != VISIT_NOTHING) {
        visit_ended(visit, visit->end);
    } else if (visit->aim != VISIT_LOOK && visit->suspect) {
        visit_confirm(visit);
    } else if (visit->aim == VISIT_ADVANCE && visit->open && !visit->left_open) {
        obligations_settle(visit->service, visit_id(visit), &visit->waiter);
    } else {
        visit_rest(visit);
    }
}

void visit_begin(struct visit *visit)
{
    visit->end = VISIT_NOTHING;
    visit->why = NULL;
    visit->left_open = false;
    visit->was_wrong = false;
    visit->confirmed = false;
    visit->suspect = false;
    visit->open = false;
    visit->log_bytes = 0;
    visit->due_ms = INSTANT_NEVER;
    visit->waiter = (struct obligations_waiter){.on_settled = on_settled};
    visit_submit(visit);
}
