// Calls about values, sets, events, the archive and what is due: forwarded, or failed, as those of
// gate_store.c.
#include "failures/gate_parts.h"
#include "failures/inject.h"

// --- answers ---

static void answer_value(struct gate_call *call)
{
    struct store_value_reply value = {.result = gate_result(call->way)};
    call->taken = false;
    inject_enter();
    ((store_value_fn *)call->done)(call->context, &value);
    inject_leave();
}

static void on_value(void *context, const struct store_value_reply *value)
{
    struct gate_call *call = context;
    if (call->way == GATE_WAY_LOST_REPLY) {
        answer_value(call);
        return;
    }
    call->taken = false;
    inject_enter();
    ((store_value_fn *)call->done)(call->context, value);
    inject_leave();
}

static void tell_events(struct gate_call *call, const struct store_events_reply *events)
{
    call->taken = false;
    inject_enter();
    ((store_events_fn *)call->done)(call->context, events);
    inject_leave();
}

static void answer_events(struct gate_call *call)
{
    struct store_events_reply events = {.result = gate_result(call->way)};
    tell_events(call, &events);
}

static void on_events(void *context, const struct store_events_reply *events)
{
    tell_events(context, events);
}

static void tell_pieces(struct gate_call *call, const struct store_archive_reply *pieces)
{
    call->taken = false;
    inject_enter();
    ((store_archive_fn *)call->done)(call->context, pieces);
    inject_leave();
}

static void answer_pieces(struct gate_call *call)
{
    struct store_archive_reply pieces = {.result = gate_result(call->way)};
    tell_pieces(call, &pieces);
}

static void on_pieces(void *context, const struct store_archive_reply *pieces)
{
    tell_pieces(context, pieces);
}

static void tell_survey(struct gate_call *call, const struct store_survey_reply *survey)
{
    call->taken = false;
    inject_enter();
    ((store_survey_fn *)call->done)(call->context, survey);
    inject_leave();
}

static void answer_survey(struct gate_call *call)
{
    struct store_survey_reply survey = {.result = gate_result(call->way)};
    tell_survey(call, &survey);
}

static void on_survey(void *context, const struct store_survey_reply *survey)
{
    tell_survey(context, survey);
}

// --- calls ---

// Whether the gate answers this one by itself.
static bool fails_read(struct gate_call *call, const char *what)
{
    return gate_keeps(call, gate_choose(what, gate_read_ways, GATE_READ_WAYS));
}

static bool fails_change(struct gate_call *call, const char *what)
{
    return gate_keeps(call, gate_choose(what, gate_change_ways, GATE_CHANGE_WAYS));
}

void gate_unclaim(struct store *store, uint32_t partition, struct span key, struct span member_id,
                  store_done_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    if (!fails_change(call, "unclaim")) {
        unsigned depth = inject_pause();
        store_unclaim(gate_of(store)->inner, partition, key, member_id, gate_on_done, call);
        inject_resume(depth);
    }
}

void gate_due(struct store *store, const struct store_due *due, store_scan_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_page);
    if (!fails_read(call, "due")) {
        unsigned depth = inject_pause();
        store_due(gate_of(store)->inner, due, gate_on_page, call);
        inject_resume(depth);
    }
}

void gate_get(struct store *store, const struct store_value *value, store_value_fn *done,
              void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, answer_value);
    if (!fails_read(call, "get")) {
        unsigned depth = inject_pause();
        store_get(gate_of(store)->inner, value, on_value, call);
        inject_resume(depth);
    }
}

void gate_put(struct store *store, const struct store_put *put, store_value_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, answer_value);
    if (!fails_change(call, "put")) {
        unsigned depth = inject_pause();
        store_put(gate_of(store)->inner, put, on_value, call);
        inject_resume(depth);
    }
}

void gate_list_values(struct store *store, store_scan_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_page);
    if (!fails_read(call, "list_values")) {
        unsigned depth = inject_pause();
        store_list_values(gate_of(store)->inner, gate_on_page, call);
        inject_resume(depth);
    }
}

void gate_list_set(struct store *store, uint32_t partition, struct span set, store_scan_fn *done,
                   void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_page);
    if (!fails_read(call, "list_set")) {
        unsigned depth = inject_pause();
        store_list_set(gate_of(store)->inner, partition, set, gate_on_page, call);
        inject_resume(depth);
    }
}

void gate_read_events(struct store *store, const struct store_event_place *places, size_t count,
                      uint32_t events_max, store_events_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, answer_events);
    if (!fails_read(call, "read_events")) {
        unsigned depth = inject_pause();
        store_read_events(gate_of(store)->inner, places, count, events_max, on_events, call);
        inject_resume(depth);
    }
}

void gate_trim_events(struct store *store, uint32_t partition, uint64_t keep, store_done_fn *done,
                      void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    if (!fails_change(call, "trim_events")) {
        unsigned depth = inject_pause();
        store_trim_events(gate_of(store)->inner, partition, keep, gate_on_done, call);
        inject_resume(depth);
    }
}

void gate_read_archive(struct store *store, const struct store_archive_place *place,
                       store_archive_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, answer_pieces);
    if (!fails_read(call, "read_archive")) {
        unsigned depth = inject_pause();
        store_read_archive(gate_of(store)->inner, place, on_pieces, call);
        inject_resume(depth);
    }
}

void gate_drop_archived(struct store *store, uint32_t partition, uint64_t through,
                        store_done_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    if (!fails_change(call, "drop_archived")) {
        unsigned depth = inject_pause();
        store_drop_archived(gate_of(store)->inner, partition, through, gate_on_done, call);
        inject_resume(depth);
    }
}

void gate_survey(struct store *store, uint32_t from, uint32_t count, store_survey_fn *done,
                 void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, answer_survey);
    if (!fails_read(call, "survey")) {
        unsigned depth = inject_pause();
        store_survey(gate_of(store)->inner, from, count, on_survey, call);
        inject_resume(depth);
    }
}

void gate_rewrite(struct store *store, store_done_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    if (!fails_change(call, "rewrite")) {
        unsigned depth = inject_pause();
        store_rewrite(gate_of(store)->inner, gate_on_done, call);
        inject_resume(depth);
    }
}
