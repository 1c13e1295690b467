// The report as JSON: figures are integers, money in minor units, instants RFC 3339 in UTC. Keys
// stand in the order they are added in.
#include <jansson.h>

#include "ctl/whatif_report.h"
#include "wire/instant.h"

static void set(json_t *object, const char *key, json_t *value)
{
    // Out of memory shows at the end: json_dumps has nothing to write then, or less.
    (void)json_object_set_new(object, key, value);
}

static json_t *number(int64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *instant(int64_t instant_ms)
{
    Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    timestamp.seconds = instant_ms / 1000;
    timestamp.nanos = (int32_t)(instant_ms % 1000) * 1000000;
    char text[INSTANT_TEXT_BYTES];
    return instant_format(&timestamp, text) == STATUS_OK ? json_string(text) : json_null();
}

static json_t *tiers(const struct whatif *whatif, const int64_t *members)
{
    json_t *object = json_object();
    for (size_t rank = 0; rank < whatif->ranks->tier_count; rank++) {
        struct span tier = whatif_tier(whatif, rank);
        (void)json_object_setn_new(object, (const char *)tier.data, tier.len,
                                   number(members[rank]));
    }
    return object;
}

static json_t *standing(const struct whatif *whatif, const struct program *program,
                        const struct whatif_standing *at)
{
    json_t *object = json_object();
    set(object, "expired", number(at->expired));
    set(object, "outstanding", number(at->outstanding));
    set(object, "liability_minor", number(whatif_value(program, at->outstanding)));
    set(object, "owed", number(at->owed));
    set(object, "score", number(at->score));
    set(object, "tiers", tiers(whatif, at->tiers));
    return object;
}

static json_t *refusals(const struct whatif_side *side)
{
    json_t *object = json_object();
    for (uint32_t reason = 0; reason < REFUSAL_COUNT; reason++) {
        if (side->refused[reason] != 0) {
            set(object, refusal_describe(reason)->name, number(side->refused[reason]));
        }
    }
    return object;
}

static json_t *months(const struct whatif *whatif, const struct whatif_side *side)
{
    json_t *list = json_array();
    for (size_t i = 0; i < whatif->month_count; i++) {
        char date[WHATIF_DATE_BYTES];
        json_t *month = json_object();
        set(month, "date", json_string(whatif_date(whatif, whatif->months[i], date)));
        set(month, "tiers", tiers(whatif, side->sizes[i]));
        (void)json_array_append_new(list, month);
    }
    return list;
}

static json_t *side_of(const struct whatif *whatif, enum whatif_which which, const char *title)
{
    const struct whatif_side *side = &whatif->sides[which];
    json_t *object = json_object();
    set(object, "program", json_string(title));
    set(object, "sales", number(side->sales));
    set(object, "refused", refusals(side));
    set(object, "points_issued", number(side->issued));
    set(object, "cost_minor", number(whatif_value(side->program, side->issued)));
    set(object, "score_given", number(side->score_given));
    set(object, "raised", number(side->raised));
    set(object, "renewed", number(side->renewed));
    set(object, "lowered", number(side->lowered));
    set(object, "at_end", standing(whatif, side->program, &side->end));
    set(object, "at_until", standing(whatif, side->program, &side->until));
    set(object, "months", months(whatif, side));
    return object;
}

static json_t *change(const struct whatif_change *of)
{
    json_t *object = json_object();
    set(object, "gain", number(of->gain));
    set(object, "lose", number(of->lose));
    set(object, "same", number(of->same));
    return object;
}

static json_t *matrix(const struct whatif *whatif, const struct whatif_matrix *of)
{
    json_t *rows = json_object();
    for (size_t rank = 0; rank < whatif->ranks->tier_count; rank++) {
        struct span tier = whatif_tier(whatif, rank);
        (void)json_object_setn_new(rows, (const char *)tier.data, tier.len,
                                   tiers(whatif, of->members[rank]));
    }
    json_t *object = change(&of->change);
    set(object, "old_x_new", rows);
    return object;
}

static json_t *difference(const struct whatif *whatif)
{
    const struct whatif_side *old = &whatif->sides[WHATIF_OLD];
    const struct whatif_side *new = &whatif->sides[WHATIF_NEW];
    int64_t old_value = whatif_value(old->program, old->end.outstanding);
    int64_t new_value = whatif_value(new->program, new->end.outstanding);
    int64_t old_cost = whatif_value(old->program, old->issued);
    int64_t new_cost = whatif_value(new->program, new->issued);
    json_t *object = json_object();
    set(object, "points_issued", number(new->issued - old->issued));
    set(object, "cost_minor", number(new_cost - old_cost));
    set(object, "outstanding", number(new->end.outstanding - old->end.outstanding));
    set(object, "liability_minor", number(new_value - old_value));
    set(object, "points", change(&whatif->points));
    set(object, "tier_at_end", matrix(whatif, &whatif->at_end));
    set(object, "tier_at_until", matrix(whatif, &whatif->at_until));
    return object;
}

bool whatif_print_json(const struct whatif *whatif, const struct whatif_titles *titles)
{
    struct span currency = whatif->ranks->currency;
    json_t *object = json_object();
    set(object, "of", json_string(whatif->live ? "live accounts" : titles->sales));
    set(object, "currency", json_stringn((const char *)currency.data, currency.len));
    set(object, "begin", instant(whatif->begin_ms));
    set(object, "end", instant(whatif->end_ms));
    set(object, "until", instant(whatif->until_ms));
    set(object, "members", number(whatif->members));
    if (whatif->live) {
        set(object, "pools", number(whatif->pools));
        set(object, "ended", number(whatif->ended));
        set(object, "not_judged", number(whatif->not_judged));
        set(object, "not_judged_points", number(whatif->not_judged_points));
    }
    set(object, "old", side_of(whatif, WHATIF_OLD, titles->old));
    set(object, "new", side_of(whatif, WHATIF_NEW, titles->new));
    set(object, "difference", difference(whatif));
    bool written = json_dumpf(object, stdout, JSON_INDENT(2)) == 0;
    (void)putchar('\n');
    json_decref(object);
    return written;
}
