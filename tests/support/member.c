// A member in the hands of a test.
#include "support/member.h"

#include "base/check.h"
#include "base/hash.h"
#include "core/advance.h"

enum { MEMBER_ARENA_BYTES = 16 * 1024 * 1024 };

void member_init(struct member *member, struct club *club, const char *id)
{
    *member = (struct member){.club = club};
    CHECK(strlen(id) < sizeof member->id);
    memcpy(member->id, id, strlen(id));
    account_init(&member->account);
    account_init(&member->folded);
    buffer_init(&member->log, LIMIT_LOG_BYTES);
    buffer_init(&member->out, LIMIT_LOG_BYTES);
    arena_init(&member->arena, MEMBER_ARENA_BYTES);
    arena_init(&member->fold_arena, MEMBER_ARENA_BYTES);
}

void member_fini(struct member *member)
{
    account_fini(&member->account);
    account_fini(&member->folded);
    buffer_fini(&member->log);
    buffer_fini(&member->out);
    arena_fini(&member->arena);
    arena_fini(&member->fold_arena);
}

void member_contribution_key(const char *id, uint8_t *ret_key)
{
    uint64_t hash = hash_fnv1a(span_of_text(id));
    memset(ret_key, 0, IDENTIFIER_KEY_BYTES);
    memcpy(ret_key, &hash, sizeof hash);
}

void member_request_id(uint64_t id, uint8_t *ret_id)
{
    memset(ret_id, 0, REQUEST_ID_BYTES);
    memcpy(ret_id, &id, sizeof id);
}

struct mark member_mark(uint64_t id, struct span content)
{
    struct mark mark = {.present = id != 0};
    uint64_t digest = hash_fnv1a(content);
    member_request_id(id, mark.id);
    memcpy(mark.digest, &digest, sizeof digest);
    return mark;
}

static uint64_t mix(uint64_t seed, struct span bytes)
{
    return seed * UINT64_C(0x9e3779b97f4a7c15) + hash_fnv1a(bytes);
}

#define MIX(seed, value) mix((seed), span_of(&(value), sizeof(value)))

static uint64_t content_of_sale(const struct award_command *command)
{
    const struct sale *sale = &command->sale;
    uint64_t content = MIX(1, sale->paid_with_points_minor);
    content = sale->has_occurred ? MIX(content, sale->occurred_ms) : content;
    content = sale->has_date ? MIX(content, sale->date) : content;
    content = mix(content, sale->unit);
    content = MIX(content, command->backfill);
    content = MIX(content, sale->exchange_of);
    content = MIX(content, sale->attached);
    for (size_t i = 0; i < sale->line_count; i++) {
        content = MIX(content, sale->lines[i].amount_minor);
        content = mix(content, sale->lines[i].category);
    }
    return content;
}

static uint64_t content_of_items(uint64_t content, const struct opening_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        content = MIX(content, items[i].points_or_score);
        content = MIX(content, items[i].from);
        content = MIX(content, items[i].until);
    }
    return content;
}

static uint64_t content_of_reversal(const struct reverse_command *command)
{
    uint64_t content = MIX(5, command->original);
    content = MIX(content, command->part);
    content = MIX(content, command->amount_minor);
    content = MIX(content, command->points);
    return mix(content, span_of(command->lines, command->line_count * sizeof *command->lines));
}

static uint64_t content_of_contribution(const struct contribution_command *command)
{
    uint64_t content = MIX(9, command->key);
    content = MIX(content, command->score);
    content = MIX(content, command->from);
    return MIX(content, command->until);
}

static uint64_t content_of_end(const struct contribution_end_command *command)
{
    uint64_t content = MIX(11, command->key);
    content = MIX(content, command->on);
    return MIX(content, command->change);
}

static uint64_t content_by_hand(const struct command *command)
{
    uint64_t content = 0;
    switch (command->kind) {
    case COMMAND_ADJUST:
        content = MIX(16, command->adjust.points);
        content = MIX(content, command->adjust.score);
        return MIX(content, command->adjust.ends_on);
    case COMMAND_GRANT:
        content = mix(17, command->grant.tier);
        return MIX(content, command->grant.until);
    case COMMAND_REVOKE:
        return mix(18, command->revoke.tier);
    case COMMAND_STATUS:
        return MIX(19, command->status.status);
    default:
        return content; // no request
    }
}

// What a retry must repeat.
static struct mark mark_of(const struct command *command)
{
    uint64_t content = 0;
    switch (command->kind) {
    case COMMAND_ENROL:
        content = mix(2, command->enrol.member_id);
        break;
    case COMMAND_AWARD:
        content = content_of_sale(&command->award);
        break;
    case COMMAND_REDEEM:
        content = MIX(3, command->redeem.points);
        break;
    case COMMAND_OPENING:
        content = content_of_items(4, command->opening.lots, command->opening.lot_count);
        content = content_of_items(content, command->opening.scores, command->opening.score_count);
        content = mix(content, command->opening.card_tier);
        break;
    case COMMAND_RESERVE:
        content = MIX(6, command->reserve.points);
        content = MIX(content, command->reserve.lifetime_ms);
        break;
    case COMMAND_CAPTURE:
        content = MIX(7, command->capture.reservation);
        content = MIX(content, command->capture.points);
        break;
    case COMMAND_RELEASE:
        content = MIX(8, command->release.reservation);
        break;
    case COMMAND_REVERSE:
        content = content_of_reversal(&command->reverse);
        break;
    case COMMAND_CONTRIBUTE:
        content = content_of_contribution(&command->contribution);
        break;
    case COMMAND_REDUCE:
        content = MIX(10, command->reduction.key);
        content = MIX(content, command->reduction.score);
        break;
    case COMMAND_END:
        content = content_of_end(&command->contribution_end);
        break;
    case COMMAND_USE_PERK:
        content = mix(12, command->use_perk.perk_id);
        content = MIX(content, command->use_perk.code);
        content = mix(content, command->use_perk.unit);
        break;
    case COMMAND_REVERSE_PERK:
        content = MIX(13, command->reverse_perk.original);
        break;
    case COMMAND_POOL_MEMBER:
        content = mix(14, command->pool_member.named);
        content = MIX(content, command->pool_member.may_award);
        content = MIX(content, command->pool_member.may_redeem);
        break;
    case COMMAND_BONUS:
        content = MIX(15, command->bonus.points);
        break;
    default:
        content = content_by_hand(command);
        break;
    }
    return member_mark(command->id, span_of(&content, sizeof content));
}

static struct ledger_writer writer_of(struct member *member)
{
    return (struct ledger_writer){
        .out = &member->out, .hash = club_chain_hash, .programs = &member->club->programs};
}

// What is done by hand, or by nobody.
static enum status decide_by_hand(const struct decide *decide, const struct command *command,
                                  struct decision *ret_decision)
{
    switch (command->kind) {
    case COMMAND_ADJUST:
        return decide_adjust(decide, &command->adjust, ret_decision);
    case COMMAND_GRANT:
        return decide_grant(decide, &command->grant, ret_decision);
    case COMMAND_REVOKE:
        return decide_revoke(decide, &command->revoke, ret_decision);
    case COMMAND_STATUS:
        return decide_status(decide, &command->status, ret_decision);
    case COMMAND_DONE:
        return decide_done(decide, &command->done, ret_decision);
    default:
        CHECK(command->kind == COMMAND_JOB);
        *ret_decision = (struct decision){.outcome = OUTCOME_APPLIED};
        return advance(decide->account, decide->writer, decide->arena, command->now_ms);
    }
}

static const char *decide(struct member *member, const struct command *command,
                          struct decision *ret_decision)
{
    struct ledger_writer writer = writer_of(member);
    struct decide decide = {
        .account = &member->account,
        .writer = &writer,
        .arena = &member->arena,
        .now_ms = command->now_ms,
        .mark = mark_of(command),
        .actor = command->actor,
        .log = buffer_span(&member->log),
    };
    struct award_command award = command->award;
    enum status status = STATUS_OK;
    switch (command->kind) {
    case COMMAND_ENROL:
        status = decide_enrol(&decide, &command->enrol, ret_decision);
        break;
    case COMMAND_AWARD:
        status = decide_award(&decide, &award, ret_decision);
        break;
    case COMMAND_REDEEM:
        status = decide_redeem(&decide, &command->redeem, ret_decision);
        break;
    case COMMAND_OPENING:
        status = decide_opening(&decide, &command->opening, ret_decision);
        break;
    case COMMAND_RESERVE:
        status = decide_reserve(&decide, &command->reserve, ret_decision);
        break;
    case COMMAND_CAPTURE:
        status = decide_capture(&decide, &command->capture, ret_decision);
        break;
    case COMMAND_RELEASE:
        status = decide_release(&decide, &command->release, ret_decision);
        break;
    case COMMAND_REVERSE:
        status = decide_reverse(&decide, &command->reverse, ret_decision);
        break;
    case COMMAND_CONTRIBUTE:
        status = decide_contribution(&decide, &command->contribution, ret_decision);
        break;
    case COMMAND_REDUCE:
        status = decide_reduction(&decide, &command->reduction, ret_decision);
        break;
    case COMMAND_END:
        status = decide_contribution_end(&decide, &command->contribution_end, ret_decision);
        break;
    case COMMAND_USE_PERK:
        status = decide_use_perk(&decide, &command->use_perk, ret_decision);
        break;
    case COMMAND_REVERSE_PERK:
        status = decide_reverse_perk(&decide, &command->reverse_perk, ret_decision);
        break;
    case COMMAND_POOL_MEMBER:
        status = decide_pool_member(&decide, &command->pool_member, ret_decision);
        break;
    case COMMAND_BONUS:
        status = decide_bonus(&decide, &command->bonus, ret_decision);
        break;
    default:
        status = decide_by_hand(&decide, command, ret_decision);
        break;
    }
    return status == STATUS_OK ? NULL : status_name(status);
}

// Folds what was just written into the second account and compares. An account that a job moved on
// without writing is later than its log: that is no difference.
static const char *fold_out(struct member *member)
{
    struct span id = span_of_text(member->id);
    struct ledger_fault fault = {.what = "?"};
    if (ledger_fold(&member->folded, buffer_span(&member->out), id, MEMBER_PARTITION,
                    club_chain_hash, &member->fold_arena, &fault) != STATUS_OK) {
        return fault.what;
    }
    if (buffer_append(&member->log, buffer_span(&member->out)) != STATUS_OK) {
        return "the log is full";
    }
    if (!account_exists(&member->account)) {
        return account_exists(&member->folded) ? "the account is only in the log" : NULL;
    }
    const char *what = NULL;
    if (account_check(&member->folded, &what) != STATUS_OK) {
        return what;
    }
    return member_difference(&member->account, &member->folded);
}

// The stored answer of a request seen before; false when there is none.
static bool find_answer(struct member *member, const struct mark *mark,
                        struct member_answer *ret_answer)
{
    struct record record;
    uint64_t seq;
    if (!mark->present ||
        ledger_find(buffer_span(&member->log), mark, &member->arena, &record, &seq) != STATUS_OK) {
        return false;
    }
    if (record_buries(&record, mark)) {
        *ret_answer = (struct member_answer){.outcome = OUTCOME_REFUSED,
                                             .refusal = {.reason = REFUSAL_REVERSED_BEFORE}};
        return true;
    }
    bool same = memcmp(record.mark.digest, mark->digest, sizeof mark->digest) == 0;
    *ret_answer = (struct member_answer){
        .outcome = record.type == RECORD_REFUSED ? OUTCOME_REFUSED_RECORDED : OUTCOME_APPLIED,
        .replayed = same,
        .id_conflict = !same,
        .record = record,
        .seq = seq,
    };
    return true;
}

const char *member_do(struct member *member, const struct command *command,
                      struct member_answer *ret_answer)
{
    arena_reset(&member->arena);
    buffer_clear(&member->out);
    struct mark mark = mark_of(command);
    bool known = find_answer(member, &mark, ret_answer);
    if (mark.present && known && !account_may_know(&member->account, &mark)) {
        return "a request id is in the log but not in the account's set";
    }
    if (known) {
        return NULL;
    }
    struct account_savepoint *savepoint;
    CHECK(account_save(&member->account, &member->arena, &savepoint) == STATUS_OK);
    struct decision decision = {0};
    const char *wrong = decide(member, command, &decision);
    if (wrong != NULL) {
        return wrong;
    }
    bool written =
        decision.outcome == OUTCOME_APPLIED || decision.outcome == OUTCOME_REFUSED_RECORDED;
    if (!written || member->out.len == 0) {
        account_restore(&member->account, savepoint);
        buffer_clear(&member->out);
    }
    if (command->kind == COMMAND_JOB && member->out.len > 0) {
        // A job's account stands at now, its log at the last boundary.
        account_restore(&member->account, savepoint);
        if (member_fold(member, buffer_span(&member->out), &member->account) != STATUS_OK) {
            return "what a job wrote does not fold";
        }
    }
    *ret_answer = (struct member_answer){
        .outcome = decision.outcome,
        .refusal = decision.refusal,
        .record = decision.record,
        .seq = written ? member->account.seq - decision.behind : 0,
    };
    return fold_out(member);
}

const char *member_look(struct member *member, int64_t now_ms, uint64_t *ret_unwritten)
{
    CHECK(member->looking == NULL);
    arena_reset(&member->fold_arena);
    buffer_clear(&member->out);
    CHECK(account_save(&member->account, &member->fold_arena, &member->looking) == STATUS_OK);
    uint64_t written = member->account.seq;
    struct ledger_writer writer = writer_of(member);
    enum status status = advance(&member->account, &writer, &member->fold_arena, now_ms);
    if (status != STATUS_OK) {
        return status_name(status);
    }
    *ret_unwritten = member->account.seq - written;
    const char *what = NULL;
    return account_check(&member->account, &what) == STATUS_OK ? NULL : what;
}

void member_look_end(struct member *member)
{
    CHECK(member->looking != NULL);
    account_restore(&member->account, member->looking);
    member->looking = NULL;
}

enum status member_fold(struct member *member, struct span log, struct account *account)
{
    return ledger_fold(account, log, span_of_text(member->id), MEMBER_PARTITION, club_chain_hash,
                       &member->fold_arena, NULL);
}

const char *member_difference(const struct account *a, const struct account *b)
{
    const char *what = NULL;
    if (!account_equal(a, b, &what)) {
        return what;
    }
    if (a->log_bytes != b->log_bytes) {
        return "log bytes";
    }
    if (a->program != b->program || a->currency != b->currency) {
        return "program or currency";
    }
    if (a->names.places.count != b->names.places.count) {
        return "count of names";
    }
    for (uint32_t ref = 1; ref <= a->names.places.count; ref++) {
        if (!span_equal(names_text(&a->names, ref), names_text(&b->names, ref))) {
            return "names";
        }
    }
    if (a->ids.prints.count != b->ids.prints.count) {
        return "count of request ids";
    }
    for (uint32_t i = 0; i < a->ids.prints.count; i++) {
        if (a->ids.prints.items[i] != b->ids.prints.items[i] ||
            !id_set_has(&a->ids, b->ids.prints.items[i])) {
            return "request ids";
        }
    }
    return NULL;
}
