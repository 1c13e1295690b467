// One member driven through core as the service drives it: look for the request id, decide on the
// account, append what was decided, or restore. Beside the account a second one is folded from the
// very bytes appended, and after every step the two must be equal and sound: fold(log) = state.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "core/account.h"
#include "core/decide.h"
#include "core/decide_acts.h"
#include "core/decide_contributions.h"
#include "core/decide_membership.h"
#include "core/decide_perks.h"
#include "core/decide_pools.h"
#include "support/club.h"

struct member {
    struct club *club; // borrowed
    char id[LIMIT_MEMBER_ID_BYTES + 1];
    struct account account; // as of its last record, unless it is being looked at
    struct account folded;  // fold of the log
    struct buffer log;
    struct buffer out;  // what the last command wrote
    struct arena arena; // of the last command and its answer
    struct arena fold_arena;
    struct account_savepoint *looking;
};

enum command_kind {
    COMMAND_ENROL,
    COMMAND_AWARD,
    COMMAND_REDEEM,
    COMMAND_OPENING,
    COMMAND_RESERVE,
    COMMAND_CAPTURE,
    COMMAND_RELEASE,
    COMMAND_REVERSE,
    COMMAND_CONTRIBUTE,
    COMMAND_REDUCE,
    COMMAND_END, // of a contribution
    COMMAND_USE_PERK,
    COMMAND_REVERSE_PERK,
    COMMAND_POOL_MEMBER,
    COMMAND_BONUS,
    COMMAND_ADJUST,
    COMMAND_GRANT,
    COMMAND_REVOKE,
    COMMAND_STATUS,
    COMMAND_DONE, // the end of an obligation
    COMMAND_JOB,  // time alone: what an advance writes
};

struct command {
    enum command_kind kind;
    int64_t now_ms;
    uint64_t id; // the request's; commands that are no requests have none
    struct span actor;
    union {
        struct enrol_command enrol;
        struct award_command award;
        struct redeem_command redeem;
        struct opening_command opening;
        struct reserve_command reserve;
        struct capture_command capture;
        struct release_command release;
        struct reverse_command reverse;
        struct contribution_command contribution;
        struct reduction_command reduction;
        struct contribution_end_command contribution_end;
        struct use_perk_command use_perk;
        struct reverse_perk_command reverse_perk;
        struct pool_member_command pool_member;
        struct bonus_command bonus;
        struct adjust_command adjust;
        struct grant_command grant;
        struct revoke_command revoke;
        struct status_command status;
        struct done_command done;
    };
};

struct member_answer {
    enum outcome outcome;
    bool replayed;    // `record` is the stored one
    bool id_conflict; // the id is another request's
    struct refusal refusal;
    struct record record; // in the member's arena until the next command
    uint64_t seq;         // of the record; 0 when nothing was written
};

enum { MEMBER_PARTITION = 7 };

void member_init(struct member *member, struct club *club, const char *id);
void member_fini(struct member *member);

// Runs a command. NULL, or which invariant it broke.
const char *member_do(struct member *member, const struct command *command,
                      struct member_answer *ret_answer);

// Moves the account on as a reader at `now_ms` sees it, until member_look_end. Gives how many
// records are not written yet. NULL, or which invariant does not hold there.
const char *member_look(struct member *member, int64_t now_ms, uint64_t *ret_unwritten);
void member_look_end(struct member *member);

// Folds `log` anew into an account the caller has initialised.
enum status member_fold(struct member *member, struct span log, struct account *account);
// Whether all that is in two accounts is equal, what account_equal does not compare too. NULL, or
// what differs.
const char *member_difference(const struct account *a, const struct account *b);

// The key of a partner's contribution, by its id.
void member_contribution_key(const char *id, uint8_t *ret_key);
// The request id of a number.
void member_request_id(uint64_t id, uint8_t *ret_id);
// The request id of a number, and its mark with a digest over `content`.
struct mark member_mark(uint64_t id, struct span content);
