// Decisions about two members, and what became of their logs.
#include "support/merging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { USES_MAX = 256 };

static void must(const char *wrong)
{
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

// What was written is folded into the other account of the member, and must come to the same.
static void check_written(struct member *member)
{
    const char *what = NULL;
    enum status status =
        ledger_fold(&member->folded, buffer_span(&member->out), span_of_text(member->id),
                    MEMBER_PARTITION, club_chain_hash, &member->fold_arena, NULL);
    must(status == STATUS_OK ? NULL : "what was written does not fold");
    must(account_check(&member->folded, &what) == STATUS_OK ? NULL : what);
    must(member_difference(&member->account, &member->folded));
    assert_int_equal(buffer_append(&member->log, buffer_span(&member->out)), STATUS_OK);
}

// The member's arena is not reset: commands point into it.
struct decision merging_act(const struct merging *at, struct member *member,
                            merging_decide_fn *decide_it, const void *command)
{
    struct ledger_writer writer = {
        .out = &member->out, .hash = club_chain_hash, .programs = at->programs};
    struct decide decide = {.account = &member->account,
                            .writer = &writer,
                            .arena = &member->arena,
                            .now_ms = at->now_ms,
                            .actor = span_of_text("service"),
                            .log = buffer_span(&member->log)};
    struct decision decision = {0};
    struct account_savepoint *savepoint;
    buffer_clear(&member->out);
    assert_int_equal(account_save(&member->account, &member->arena, &savepoint), STATUS_OK);
    assert_int_equal(decide_it(&decide, command, &decision), STATUS_OK);
    if (decision.outcome == OUTCOME_APPLIED || decision.outcome == OUTCOME_REFUSED_RECORDED) {
        check_written(member);
    } else {
        account_restore(&member->account, savepoint);
    }
    return decision;
}

static enum status do_merge(const struct decide *decide, const void *command,
                            struct decision *ret_decision)
{
    return decide_merge(decide, command, ret_decision);
}

struct decision merging_give_up(const struct merging *at, struct member *from,
                                const struct member *into)
{
    struct merge_command command = {.into = span_of_text(into->id),
                                    .reason = span_of_text("one person")};
    return merging_act(at, from, do_merge, &command);
}

static enum status do_absorb(const struct decide *decide, const void *command,
                             struct decision *ret_decision)
{
    return decide_absorb(decide, command, ret_decision);
}

struct decision merging_take(const struct merging *at, struct member *into,
                             const struct member *from, const struct carried *carried)
{
    const struct names *names = &from->account.names;
    struct span perks[USES_MAX];
    assert_true(carried->use_count <= USES_MAX);
    for (size_t i = 0; i < carried->use_count; i++) {
        perks[i] = names_text(names, carried->uses[i].perk);
    }
    struct absorb_command command = {.from = span_of_text(from->id),
                                     .carried = carried,
                                     .tier = names_text(names, carried->tier),
                                     .perks = perks};
    return merging_act(at, into, do_absorb, &command);
}

static enum status do_done(const struct decide *decide, const void *command,
                           struct decision *ret_decision)
{
    return decide_done(decide, command, ret_decision);
}

struct decision merging_done(const struct merging *at, struct member *from, bool failed,
                             const struct carried *carried)
{
    struct done_command command = {.seq = from->account.seq, .failed = failed, .carried = carried};
    return merging_act(at, from, do_done, &command);
}
