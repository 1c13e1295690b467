// Tasks of members that were merged into another. The merged log answers what it knows; all else
// goes on with the other member, under the same id. And what is about a request that a member's log
// does not know is asked of those merged into him, one after the other, each of which sends it
// back. Whether a merge still may fail is not known before it is done: until then nothing is asked
// of either for it, and who asks makes it go on.
#include "base/check.h"
#include "service/accounts_parts.h"
#include "service/bounds.h"

// Whether what was shown is the merged member's: one that was replaced is told so by that member.
static bool is_shown(const struct account_task *task)
{
    if (task->moves.shown == NULL || task->moved > 0) {
        return true;
    }
    const struct identifier_state *state =
        account_identifier(&task->entry->account, task->moves.shown);
    return state != NULL && state->stage <= IDENTIFIER_BOUND;
}

static bool is_about_something(const struct account_task *task)
{
    return task->moves.about != NULL || task->moves.changes != NULL;
}

// Whether this log tells of what the task is about.
static bool is_told_here(const struct account_task *task)
{
    const struct account *account = &task->entry->account;
    if (task->moves.about == NULL) {
        return task->moves.changes != NULL &&
               account_identifier(account, task->moves.changes) != NULL;
    }
    struct mark about = {.present = true};
    memcpy(about.id, task->moves.about, sizeof(about.id));
    return account_may_know(account, &about);
}

static bool must_move_on(const struct account_task *task)
{
    const struct account *account = &task->entry->account;
    if (account_is_merging(account)) {
        return !task->moves.merging;
    }
    return !is_told_here(task);
}

static bool must_look_back(const struct account_task *task)
{
    return is_about_something(task) && task->looked < task->entry->account.absorbed.count &&
           !is_told_here(task);
}

bool task_must_move(const struct account_task *task)
{
    const struct account *account = &task->entry->account;
    bool known = task->mark.present && !task->id_clear && account_may_know(account, &task->mark);
    if (task->moves.id == NULL || known || !is_shown(task)) {
        return false;
    }
    return account->status == MEMBER_MERGED ? must_move_on(task) : must_look_back(task);
}

void entry_nudge(const struct account_entry *entry, struct accounts *accounts)
{
    struct account_commit commit = {
        .id = span_of(entry->id, entry->id_len),
        .partition = entry->partition,
        .account = &entry->account,
        .compacted_bytes = entry->compacted_bytes,
    };
    if (accounts->options.on_commit != NULL) {
        accounts->options.on_commit(accounts->options.commit_context, &commit);
    }
}

void task_move(struct account_task *task)
{
    struct accounts *accounts = task->accounts;
    const struct account_entry *entry = task->entry;
    const struct account *account = &entry->account;
    if (!task->verified) {
        task->want_check = true; // what is cached may be of a merge that failed since
        return;
    }
    task->moved++;
    if (account_is_merging(account) || task->moved > SERVICE_MOVES) {
        entry_nudge(entry, accounts);
        task_trouble(task, TROUBLE_MERGING, false);
        return;
    }
    const char *id = account->status == MEMBER_MERGED
                         ? account->merged_into
                         : account->absorbed.items[task->looked++].member_id;
    size_t len = strlen(id);
    CHECK(len > 0 && len <= LIMIT_MEMBER_ID_BYTES);
    memcpy(task->moves.id, id, len);
    *task->moves.len = len;
    task->id = span_of(task->moves.id, len);
    task->min_seq = 0; // the other's log has numbers of its own
    task_leave(task);
    task_queue(task);
}
