// Decisions about pools and referrals.
#include "core/decide_pools.h"

#include "base/check.h"
#include "core/advance.h"
#include "core/decide_parts.h"

// --- pools ---

static bool belongs(const struct pool_member *member)
{
    return member != NULL && (member->may_award || member->may_redeem);
}

// A pool knows a person by the id it was told, which may have been merged into another since.
static const struct pool_member *find_member(const struct account *account, struct span named,
                                             struct span merged_into)
{
    const struct pool_member *member = named.len == 0 ? NULL : account_pool_member(account, named);
    if (!belongs(member) && merged_into.len > 0) {
        member = account_pool_member(account, merged_into);
    }
    return belongs(member) ? member : NULL;
}

// What a member may still spend of the pool in the month of a day.
static int64_t left_this_month(const struct account *account, const struct pool_member *member,
                               int32_t day)
{
    struct civil_date date = civil_from_days(day);
    int32_t from_day = day - (date.day - 1);
    int32_t until_day = from_day + civil_days_in_month(date.year, date.month);
    int64_t spent =
        account_pool_spent(account, span_of_text(member->member_id), from_day, until_day);
    return spent < member->redeem_a_month ? member->redeem_a_month - spent : 0;
}

enum refusal_reason decide_pool_may(const struct account *account, const struct pool_person *person,
                                    const struct pool_question *question, struct span *ret_member,
                                    int64_t *ret_left, const char **ret_field)
{
    *ret_field = "pool_member";
    if (account->kind != ACCOUNT_POOL) {
        return person->named ? REFUSAL_NOT_A_POOL : REFUSAL_NONE;
    }
    if (!person->named) {
        return REFUSAL_POOL_MEMBER_MISSING;
    }
    if (person->refusal != REFUSAL_NONE) {
        return person->refusal;
    }
    const struct pool_member *member = find_member(account, person->named_id, person->member_id);
    if (member == NULL) {
        return REFUSAL_NOT_IN_POOL;
    }
    if (question->right == POOL_AWARD ? !member->may_award : !member->may_redeem) {
        return REFUSAL_POOL_MAY_NOT;
    }
    if (question->points > 0 && member->redeem_a_month > 0) {
        *ret_left = left_this_month(account, member, question->day);
        if (question->points > *ret_left) {
            return REFUSAL_POOL_MONTH_LIMIT;
        }
    }
    *ret_member = span_of_text(member->member_id);
    return REFUSAL_NONE;
}

enum status decide_pool_spent(const struct decide *decide, struct span member_id, int64_t points,
                              int32_t day)
{
    if (decide->account->kind != ACCOUNT_POOL) {
        return STATUS_OK;
    }
    struct record record = {
        .type = RECORD_POOL_SPENT,
        .at_ms = decide_now(decide),
        .pool_spent = {.member_id = member_id, .points = points, .day = day},
    };
    return ledger_emit(decide->writer, decide->account, decide->arena, &record);
}

// Whether the entry is the first one of its member, and that belongs to the pool.
static bool is_counted(const struct account *account, uint32_t at)
{
    const struct pool_member *entry = &account->pool_members.items[at];
    struct span id = span_of_text(entry->member_id);
    return entry == account_pool_member_first(account, id) &&
           belongs(account_pool_member(account, id));
}

static bool is_full(const struct account *account)
{
    uint32_t count = 0;
    if (account->pool_members.count < LIMIT_POOL_MEMBERS_AT_ONCE) {
        return false;
    }
    for (uint32_t i = 0; i < account->pool_members.count; i++) {
        count += is_counted(account, i) ? 1 : 0;
    }
    return count >= LIMIT_POOL_MEMBERS_AT_ONCE;
}

// Whom the change is of; who leaves needs only to be in the pool.
static enum refusal_reason judge_change(const struct account *account,
                                        const struct pool_member_command *command,
                                        struct span *ret_member)
{
    const struct pool_member *member = find_member(account, command->named, command->member_id);
    bool leaves = !command->may_award && !command->may_redeem;
    if (member == NULL && leaves) {
        return REFUSAL_NOT_IN_POOL;
    }
    *ret_member = member == NULL ? command->member_id : span_of_text(member->member_id);
    if (leaves) {
        return REFUSAL_NONE;
    }
    if (command->member_id.len == 0) {
        return REFUSAL_UNKNOWN_MEMBER;
    }
    if (!command->lives) {
        return REFUSAL_CLOSED;
    }
    return member == NULL && is_full(account) ? REFUSAL_ACCOUNT_FULL : REFUSAL_NONE;
}

enum status decide_pool_member(const struct decide *decide,
                               const struct pool_member_command *command,
                               struct decision *ret_decision)
{
    const struct program_version *version;
    if (decide->account->kind == ACCOUNT_MEMBER) {
        return decide_refuse(ret_decision, REFUSAL_NOT_A_POOL, "member", 0, 0);
    }
    TRY(decide_open_any(decide, DECIDE_LIVING, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    struct span member_id;
    enum refusal_reason reason = judge_change(decide->account, command, &member_id);
    if (reason != REFUSAL_NONE) {
        return decide_refuse(ret_decision, reason, "pool_member", 0, 0);
    }
    TRY(arena_copy(decide->arena, member_id, &member_id)); // the entries may move
    struct record record;
    TRY(decide_begin(decide, RECORD_POOL_MEMBER, &record));
    record.pool_member = (struct record_pool_member){
        .member_id = member_id,
        .may_award = command->may_award,
        .may_redeem = command->may_redeem,
        .redeem_a_month = command->may_redeem ? command->redeem_a_month : 0,
    };
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

// --- referral ---

static bool qualifies(const struct account *account, const struct referred_sale *sale)
{
    const struct referral *referral = &sale->version->program->referral;
    const struct zone *zone = sale->version->zone;
    int32_t days = zone_day(zone, sale->occurred_ms) - zone_day(zone, account->enrolled_ms);
    bool gives = referral->referrer_points > 0 || referral->referred_points > 0;
    bool in_time = referral->within_days == 0 || days <= (int32_t)referral->within_days;
    return account->referrer[0] != '\0' && gives && in_time &&
           sale->total_minor >= referral->minimum_spend_minor;
}

// Whether there is room for a bonus and for `kept` points more, each with a lot of its own.
static bool fits(const struct account *account, int64_t points, int64_t kept)
{
    uint32_t lots = account->lots.count + account->pending.count + account->held_lots.count;
    return points > 0 && account_in_bounds(account, points + kept) && lots + 1 < LIMIT_LOTS;
}

// Where the bonus' points go: as those of a sale of this instant would.
static void set_instants(const struct decide *decide, const struct program_version *current,
                         struct record_bonus *bonus)
{
    int64_t at_ms = decide_now(decide);
    earn_points_instants(current, at_ms, zone_day(current->zone, at_ms), &bonus->lot_ends_ms,
                         &bonus->spendable_ms);
}

enum status decide_referred(const struct decide *decide, const struct referred_sale *sale)
{
    struct account *account = decide->account;
    const struct program_version *current =
        program_set_at(decide->writer->programs, decide_now(decide));
    CHECK(current != NULL);
    if (!qualifies(account, sale)) {
        return STATUS_OK;
    }
    const struct referral *referral = &sale->version->program->referral;
    struct span referrer;
    TRY(arena_copy(decide->arena, span_of_text(account->referrer), &referrer)); // it is cleared
    struct record record = {.type = RECORD_BONUS, .at_ms = decide_now(decide)};
    record.bonus = (struct record_bonus){
        .reason = BONUS_REFERRED,
        .other = referrer,
        .version = sale->version->number,
        .points =
            fits(account, referral->referred_points, sale->kept) ? referral->referred_points : 0,
        .other_points = referral->referrer_points,
    };
    set_instants(decide, current, &record.bonus);
    return ledger_emit(decide->writer, account, decide->arena, &record);
}

enum status decide_bonus(const struct decide *decide, const struct bonus_command *command,
                         struct decision *ret_decision)
{
    *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
    struct account *account = decide->account;
    if (account->kind != ACCOUNT_MEMBER || !account_lives(account)) {
        return STATUS_OK;
    }
    TRY(advance(account, decide->writer, decide->arena, decide_now(decide)));
    const struct program_version *current =
        program_set_at(decide->writer->programs, account->now_ms);
    if (current == NULL || !fits(account, command->points, 0)) {
        return STATUS_OK;
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_BONUS, &record));
    record.bonus = (struct record_bonus){
        .reason = BONUS_REFERRER,
        .other = command->referred,
        .version = command->version,
        .points = command->points,
    };
    set_instants(decide, current, &record.bonus);
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
