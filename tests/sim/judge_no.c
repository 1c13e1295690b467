// Refusals that leave no trace, each held against the books: what was refused must have been so at
// some instant since the request came. That no instant may have gone by meanwhile is known of few
// things, so most are judged by what stands for good.
#include <string.h>

#include "base/check.h"
#include "sim/commands.h"

enum {
    OLD_DAYS = 402,
    JUMP_BACK_MS = 30000, // of the store's clock, since it was judged
};

static void must(const struct answer_view *view, const char *reason, bool so)
{
    if (!so) {
        sim_violated(view->sim, "what is refused is refused for a reason",
                     "%s, call %llu, of request %llu: %s", view->intent->row->name,
                     (unsigned long long)view->call->number,
                     (unsigned long long)view->intent->original, reason);
    }
}

// What the request's original did, as far as the store had it before this request came.
static const struct deed *known_before(const struct answer_view *view)
{
    const struct sim *sim = view->sim;
    uint64_t original = view->intent->original;
    if (original == 0 || original > sim->asks.count) {
        return NULL;
    }
    const struct ask *ask = sim->asks.items[original - 1].ask;
    bool before = ask->recorded && ask->recorded_step < view->call->step &&
                  server_now(sim) - ask->created_ms < LIMIT_HORIZON_MS; // else it may be cut away
    return before && ask->book == view->intent->book ? book_deed(ask->book, original) : NULL;
}

static bool no_hold(const struct answer_view *view)
{
    const struct deed *deed = known_before(view);
    return deed == NULL || deed->record.type != RECORD_HELD;
}

static bool has_ended(const struct answer_view *view, enum hold_end end)
{
    const struct deed *deed = book_deed(view->intent->book, view->intent->original);
    return deed != NULL && deed->record.type == RECORD_HELD && deed->end == end;
}

static bool is_captured(const struct answer_view *view)
{
    return has_ended(view, HOLD_CAPTURED);
}

static bool is_released(const struct answer_view *view)
{
    return has_ended(view, HOLD_RELEASED);
}

// A read-only refusal may know of a lapse that nobody has written yet.
static bool has_lapsed(const struct answer_view *view)
{
    const struct purse_hold *hold = purse_hold(&view->intent->book->purse, view->intent->original);
    int64_t latest_ms = server_now(view->sim) + LIMIT_CLOCK_AHEAD_MS;
    return hold != NULL ? hold->lapses_ms <= latest_ms : has_ended(view, HOLD_LAPSED);
}

static bool is_buried(const struct answer_view *view)
{
    return book_buries(view->intent->book, view->intent->ask->number);
}

static bool is_archived(const struct answer_view *view)
{
    int64_t age_ms = server_now(view->sim) - view->intent->original_created_ms;
    return view->intent->reverses && age_ms > LIMIT_HORIZON_MS - INT64_C(2) * LIMIT_CLOCK_AHEAD_MS;
}

static bool line_is_missing(const struct answer_view *view)
{
    const struct intent *intent = view->intent;
    const struct deed *deed = book_deed(intent->book, intent->original);
    bool missing = false;
    if (deed == NULL || deed->record.type != RECORD_AWARDED || intent->part != REVERSE_LINES) {
        return false;
    }
    size_t count = deed->record.awarded.line_count;
    for (size_t i = 0; i < intent->line_count; i++) {
        missing = missing || intent->lines[i] > (count == 0 ? 1 : count);
    }
    return missing;
}

static bool does_not_fit(const struct answer_view *view)
{
    const struct intent *intent = view->intent;
    const struct deed *deed = book_deed(intent->book, intent->original);
    bool of_sale = intent->part == REVERSE_AMOUNT || intent->part == REVERSE_LINES;
    if (deed == NULL) {
        return false;
    }
    switch (deed->record.type) {
    case RECORD_AWARDED:
        return intent->part == REVERSE_POINTS;
    case RECORD_REDEEMED:
    case RECORD_CAPTURED:
    case RECORD_HELD:
        return of_sale;
    default:
        return false;
    }
}

static bool is_counted(const struct answer_view *view)
{
    return day_is_counted(view->sim, view->intent->ask);
}

// Some version guards what a terminal gives.
static bool has_guard(const struct answer_view *view)
{
    const struct rules_set *versions = &view->sim->versions;
    bool guarded = view->sim->versions_lost;
    for (size_t i = 0; i < versions->count; i++) {
        guarded = guarded || versions->items[i]->terminal_guard > 0;
    }
    return guarded;
}

// A sale without its receipt.
static bool wants_receipt(const struct answer_view *view)
{
    return has_guard(view) && view->intent->receipt_number == 0;
}

// Its day is too long ago for a claim.
static bool is_of_long_ago(const struct answer_view *view)
{
    const struct day *day = view->intent->day;
    return day != NULL && china_day(server_now(view->sim)) - day->date > OLD_DAYS;
}

// The version that was to be withdrawn; NULL: there is none of its number.
static const struct rules *version_of(const struct answer_view *view)
{
    const struct rules_set *versions = &view->sim->versions;
    uint32_t number = view->intent->withdraws;
    return number == 0 || number > versions->count ? NULL : versions->items[number - 1];
}

static bool is_withdrawn(const struct answer_view *view)
{
    const struct rules *rules = version_of(view);
    return rules != NULL && !rules_stand(rules, view->sim->versions.entries);
}

static bool is_too_late(const struct answer_view *view)
{
    const struct rules *rules = version_of(view);
    int64_t now_ms = server_now(view->sim) + JUMP_BACK_MS + CLOCK_SLACK_MS;
    return rules != NULL && now_ms > rules->effective_ms - LIMIT_PUBLISH_LEAD_MS;
}

void judge_reason(const struct answer_view *view, const char *reason)
{
    static const struct {
        const char *reason;
        bool (*holds)(const struct answer_view *view);
    } ROWS[] = {
        {"HOLD_NOT_FOUND", no_hold},         {"HOLD_CAPTURED", is_captured},
        {"HOLD_RELEASED", is_released},      {"HOLD_LAPSED", has_lapsed},
        {"REVERSED_BEFORE", is_buried},      {"ORIGINAL_ARCHIVED", is_archived},
        {"RECEIPT_COUNTED", is_counted},     {"GUARD_TERMINAL_DAY", has_guard},
        {"MISSING", wants_receipt},          {"BAD_RECEIPT", is_of_long_ago},
        {"LINE_NOT_FOUND", line_is_missing}, {"PART_DOES_NOT_FIT", does_not_fit},
        {"WITHDRAWN", is_withdrawn},         {"TOO_LATE", is_too_late},
    };
    if (view->sim->server.losses != view->call->losses) {
        return; // it was so, and a failover took it back
    }
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (strcmp(ROWS[i].reason, reason) == 0) {
            must(view, reason, ROWS[i].holds(view));
        }
    }
}
