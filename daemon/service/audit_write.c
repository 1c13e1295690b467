// An entry comes into its month's log under an id made of its request's, so that it stands there
// once however often it is asked for.
#include <assert.h>
#include <string.h>

#include "service/audit.h"

// What is before the first version takes effect is of that one's zone.
const struct program_version *audit_version(const struct program_set *programs, int64_t at_ms)
{
    const struct program_version *version = program_set_at(programs, at_ms);
    return version == NULL && programs->count > 0 ? &programs->versions[0] : version;
}

enum status audit_place(const struct program_set *programs, int64_t acted_ms,
                        char ret_id[LIMIT_MEMBER_ID_BYTES + 1])
{
    const struct program_version *version = audit_version(programs, acted_ms);
    if (version == NULL) {
        return STATUS_RANGE;
    }
    struct civil_date day = zone_date(version->zone, acted_ms);
    return audit_account(day.year, day.month, ret_id);
}

static enum status decide(void *context, const struct decide *decide, struct decision *ret_decision)
{
    const struct audit_work *work = context;
    return decide_audited(decide, &work->command, ret_decision);
}

static void on_result(void *context, const struct task_result *result)
{
    struct audit_work *work = context;
    work->listed = result->end == TASK_REPLAYED ||
                   (result->end == TASK_DECIDED && result->decision->outcome == OUTCOME_APPLIED);
}

static void on_released(void *context)
{
    struct audit_work *work = context;
    work->done(work, work->listed);
}

// SHA-256 of "audited", the act and the request's id, cut.
static void derive_id(const struct audit_work *work, uint8_t ret_id[REQUEST_ID_BYTES])
{
    static const uint8_t none[CHAIN_HASH_BYTES];
    static_assert((int)CHAIN_HASH_BYTES == (int)REQUEST_ID_BYTES, "a hash is an id");
    static const char what[] = "audited"; // with its NUL
    uint8_t bytes[sizeof(what) + 1 + REQUEST_ID_BYTES];
    memcpy(bytes, what, sizeof(what));
    bytes[sizeof(what)] = (uint8_t)work->audited.act;
    memcpy(bytes + sizeof(what) + 1, work->audited.request, REQUEST_ID_BYTES);
    work->service->options.chain_hash(none, span_of(bytes, sizeof(bytes)), ret_id);
}

void audit_write(struct audit_work *work)
{
    struct service *service = work->service;
    work->listed = false;
    if (service->stopping || lease_check(service->lease, true) != TROUBLE_NONE ||
        audit_place(lease_set(service->lease), work->audited.acted_ms, work->account_id) !=
            STATUS_OK) {
        work->done(work, false);
        return;
    }
    struct span id = span_of_text(work->account_id);
    work->command = (struct audited_command){.account_id = id,
                                             .partition = accounts_partition(service->accounts, id),
                                             .audited = work->audited};
    work->task = (struct account_task){
        .id = id,
        .arena = work->arena,
        .expires_ms = timers_now(service->options.timers) + LIMIT_REQUEST_MS,
        .decide = decide,
        .mark = {.present = true, .system = true},
        .actor = span_of_text("service"),
        .context = work,
        .on_result = on_result,
        .on_released = on_released,
    };
    derive_id(work, work->task.mark.id);
    accounts_submit(service->accounts, &work->task);
}
