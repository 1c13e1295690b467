// Sales of a live account's log, judged again at their own time: by the version they were judged by
// then, and by the new one as if it had been in force, each with the tier the member had. A log
// does not tell categories, channels or birthdays, nor what time has cut off; so where the version
// of then does not come to what was recorded, or the new one asks for what is not told, the sale is
// left as it was. What was returned since is not taken off: this is of points issued.
#include "base/vec.h"
#include "core/advance.h"
#include "core/earn.h"
#include "ctl/whatif_parts.h"

enum { USES_MAX = 1 << 20 };

// Points given by a rule in a civil day; a rule without an id stands for the member's whole day.
struct given {
    struct span rule;
    int32_t day;
    int64_t points;
};

struct givens {
    VEC(struct given) list;
};

struct judging {
    struct whatif *whatif;
    const struct account *account;
    struct whatif_outcome *outcomes;
    int64_t from_ms;
    struct givens uses[WHATIF_SIDES];
};

struct judged {
    enum refusal_reason refusal;
    int64_t points;
    int64_t score;
    struct earned earned;
};

static bool is_of_month(int32_t day, struct civil_date date)
{
    struct civil_date of = civil_from_days(day);
    return of.year == date.year && of.month == date.month;
}

static struct earn_usage used(const struct givens *uses, struct span rule, int32_t day)
{
    struct earn_usage usage = {0};
    struct civil_date date = civil_from_days(day);
    for (uint32_t i = 0; i < uses->list.count; i++) {
        const struct given *use = &uses->list.items[i];
        if (span_equal(use->rule, rule)) {
            usage.day += use->day == day ? use->points : 0;
            usage.month += is_of_month(use->day, date) ? use->points : 0;
        }
    }
    return usage;
}

static enum status note_use(struct givens *uses, struct span rule, int32_t day, int64_t points)
{
    TRY(vec_reserve_one(&uses->list, USES_MAX));
    uses->list.items[uses->list.count++] =
        (struct given){.rule = rule, .day = day, .points = points};
    return STATUS_OK;
}

static bool is_capped(const struct earn_rule *rule)
{
    return rule->cap_day != 0 || rule->cap_month != 0;
}

static enum refusal_reason guard(const struct program *program, const struct givens *uses,
                                 int32_t day, int64_t points)
{
    if (program->guard_sale != 0 && points > program->guard_sale) {
        return REFUSAL_GUARD_SALE;
    }
    int64_t before = used(uses, (struct span){0}, day).day;
    return program->guard_member_day != 0 && before + points > program->guard_member_day
               ? REFUSAL_GUARD_MEMBER_DAY
               : REFUSAL_NONE;
}

// The tier of the card that covered the sale; a pool's is the base tier.
static int rank_at(const struct judging *judging, const struct program *program,
                   int64_t occurred_ms)
{
    const struct account *account = judging->account;
    if (account->cards.count == 0) {
        return 0;
    }
    const struct card *card = account_card_at(account, occurred_ms);
    return advance_rank(program, judging->whatif->ranks, names_text(&account->names, card->tier));
}

static enum status judge_by(const struct judging *judging, enum whatif_which which,
                            const struct program_version *version, const struct sale *sale,
                            struct judged *ret_judged)
{
    const struct program *program = version->program;
    const struct givens *uses = &judging->uses[which];
    struct arena *arena = &judging->whatif->arena;
    int32_t day = zone_day(version->zone, sale->occurred_ms);
    struct earn_usage *usage = arena_alloc_array(arena, program->rule_count, sizeof(*usage));
    if (usage == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < program->rule_count; i++) {
        if (is_capped(&program->rules[i])) {
            usage[i] = used(uses, program->rules[i].id, day);
        }
    }
    int rank = rank_at(judging, program, sale->occurred_ms);
    *ret_judged = (struct judged){.refusal = REFUSAL_FIGURE_OUT_OF_BOUNDS};
    enum status status = earn_compute(version, sale, rank, usage, arena, &ret_judged->earned);
    if (status == STATUS_RANGE) {
        return STATUS_OK;
    }
    TRY(status);
    ret_judged->refusal = guard(program, uses, day, ret_judged->earned.points);
    if (ret_judged->refusal == REFUSAL_NONE) {
        ret_judged->points = ret_judged->earned.points;
        ret_judged->score = ret_judged->earned.score;
    }
    return STATUS_OK;
}

static enum status note_uses(struct judging *judging, enum whatif_which which,
                             const struct program_version *version, const struct judged *judged,
                             int64_t occurred_ms)
{
    struct givens *uses = &judging->uses[which];
    int32_t day = zone_day(version->zone, occurred_ms);
    if (judged->refusal != REFUSAL_NONE) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < judged->earned.rule_count; i++) {
        const struct earn_rule *rule = &version->program->rules[judged->earned.rules[i].rule];
        if (is_capped(rule)) {
            TRY(note_use(uses, rule->id, day, judged->earned.rules[i].points));
        }
    }
    return version->program->guard_member_day != 0
               ? note_use(uses, (struct span){0}, day, judged->points)
               : STATUS_OK;
}

// Whether the program asks for what no log tells, of sales of that day.
static bool asks_more(const struct program *program, int32_t day)
{
    bool asks = false;
    for (size_t i = 0; i < program->rule_count; i++) {
        const struct condition *when = &program->rules[i].when;
        bool untold =
            when->categories.count > 0 || when->channels.count > 0 || when->birthday_month;
        asks = asks || (untold && day >= when->from_day && day < when->until_day);
    }
    return asks;
}

// "store-7/till-2" of where it was sold.
static struct span unit_of(const struct account *account, const struct record *record)
{
    if (record->awarded.unit != 0) {
        return names_text(&account->names, record->awarded.unit);
    }
    struct span actor = names_text(&account->names, record->actor);
    for (size_t i = 0; i < actor.len; i++) {
        if (actor.data[i] == '/') {
            return span_from(actor, i + 1);
        }
    }
    return actor;
}

static enum status read_sale(const struct judging *judging, const struct record *record,
                             struct sale *ret_sale)
{
    const struct record_awarded *awarded = &record->awarded;
    size_t count = awarded->line_count == 0 ? 1 : awarded->line_count;
    struct sale_line *lines = arena_alloc_array(&judging->whatif->arena, count, sizeof(*lines));
    if (lines == NULL) {
        return STATUS_NO_MEMORY;
    }
    lines[0].amount_minor = awarded->amount_minor;
    for (size_t i = 0; i < awarded->line_count; i++) {
        lines[i].amount_minor = awarded->lines[i].amount_minor;
    }
    *ret_sale = (struct sale){
        .occurred_ms = awarded->occurred_ms,
        .lines = lines,
        .line_count = count,
        .paid_with_points_minor = awarded->paid_with_points_minor,
        .unit = unit_of(judging->account, record),
    };
    return STATUS_OK;
}

// A pool's sales give no score.
static void add_side(struct judging *judging, enum whatif_which which, const struct judged *judged)
{
    struct whatif_side *side = &judging->whatif->sides[which];
    if (judged->refusal != REFUSAL_NONE) {
        side->refused[judged->refusal]++;
        return;
    }
    side->sales++;
    side->issued += judged->points;
    side->score_given += judging->account->kind == ACCOUNT_POOL ? 0 : judged->score;
    judging->outcomes[which].points += judged->points;
}

static void leave(struct judging *judging, const struct record_awarded *awarded)
{
    const struct judged as_it_was = {.points = awarded->points, .score = awarded->score};
    judging->whatif->not_judged++;
    judging->whatif->not_judged_points += awarded->points;
    add_side(judging, WHATIF_OLD, &as_it_was);
    add_side(judging, WHATIF_NEW, &as_it_was);
}

static enum status judge_sale(struct judging *judging, const struct record *record)
{
    struct whatif *whatif = judging->whatif;
    const struct record_awarded *awarded = &record->awarded;
    const struct program_set *news = &whatif->sides[WHATIF_NEW].programs;
    const struct program_version *then =
        program_set_number(&whatif->sides[WHATIF_OLD].programs, awarded->version);
    const struct program_version *new = &news->versions[news->count - 1];
    struct sale sale;
    struct judged by_old = {.refusal = REFUSAL_NO_PROGRAM};
    struct judged by_new = {0};
    TRY(read_sale(judging, record, &sale));
    if (then != NULL) {
        TRY(judge_by(judging, WHATIF_OLD, then, &sale, &by_old));
        TRY(note_uses(judging, WHATIF_OLD, then, &by_old, sale.occurred_ms));
    }
    bool told = by_old.refusal == REFUSAL_NONE && by_old.points == awarded->points &&
                !asks_more(new->program, zone_day(new->zone, sale.occurred_ms));
    if (!told) {
        leave(judging, awarded);
        return STATUS_OK;
    }
    TRY(judge_by(judging, WHATIF_NEW, new, &sale, &by_new));
    TRY(note_uses(judging, WHATIF_NEW, new, &by_new, sale.occurred_ms));
    add_side(judging, WHATIF_OLD, &by_old);
    add_side(judging, WHATIF_NEW, &by_new);
    return STATUS_OK;
}

static enum status on_record(void *context, uint64_t seq, const struct record *record)
{
    struct judging *judging = context;
    (void)seq;
    if (record->type != RECORD_AWARDED || record->awarded.occurred_ms < judging->from_ms) {
        return STATUS_OK;
    }
    arena_reset(&judging->whatif->arena);
    return judge_sale(judging, record);
}

enum status whatif_judge(struct whatif *whatif, const struct account *account, struct span log,
                         struct whatif_outcome outcomes[WHATIF_SIDES])
{
    struct judging judging = {
        .whatif = whatif,
        .account = account,
        .outcomes = outcomes,
        .from_ms = zone_add_months(whatif->zone, whatif->end_ms, -WHATIF_LIVE_MONTHS),
    };
    enum status status = ledger_walk(log, &whatif->kept, on_record, &judging);
    vec_fini(&judging.uses[WHATIF_OLD].list);
    vec_fini(&judging.uses[WHATIF_NEW].list);
    return status;
}
