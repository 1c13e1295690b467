// Random programs and random histories, from a seed that is printed and can be given again
// (LOYALTY_SEED). Instants are drawn towards the nasty ones: exact boundaries, a millisecond beside
// them, midnights, months later.
#pragma once

#include <stdint.h>

#include "support/club.h"
#include "support/member.h"

struct random {
    uint64_t state;
};

// The seed of this run: LOYALTY_SEED or a new one; printed.
uint64_t random_seed(const char *test);
struct random random_of(uint64_t seed, uint64_t round);
uint64_t random_u64(struct random *random);
// 0 to `below` - 1.
int64_t random_below(struct random *random, int64_t below);
// True once in `times`.
bool random_once_in(struct random *random, int64_t times);

enum {
    HISTORY_COMMANDS_MAX = 64,
    HISTORY_LINES_MAX = 3,
};

// A command with what it points at, so that it can be given again.
struct history_command {
    struct command command;
    struct sale_line lines[HISTORY_LINES_MAX];
    struct opening_item lots[2];
    struct opening_item scores[2];
    uint32_t numbers[HISTORY_LINES_MAX]; // of lines to reverse
};

struct history {
    struct random random;
    struct club club;
    int64_t start_ms; // of the first version
    int64_t now_ms;
    bool no_backfill; // history is posted in order, so what a job has written forbids some of it
    struct history_command commands[HISTORY_COMMANDS_MAX];
    size_t count;
};

// A club with one to four versions.
void history_init(struct history *history, uint64_t seed, uint64_t round);
void history_fini(struct history *history);
// The first command: an enrolment.
struct history_command *history_enrol(struct history *history, const char *member_id);
// Adds an empty one of a kind; it is asked now.
struct history_command *history_add(struct history *history, enum command_kind kind);
// Adds one that reserves, captures, releases or reverses (random_holds.c): mostly what is there to
// be, sometimes what is not, or what the next commands will be.
void history_hold(struct history *history, const struct account *account);
void history_close(struct history *history);
void history_reverse(struct history *history);
// Adds one of a partner's contribution (random_contributions.c).
void history_contribute(struct history *history, const struct account *account);
// Adds an act by hand, or the end of what one obliges to (random_acts.c).
void history_act(struct history *history, const struct account *account);
// Ends all that the member is obliged to. NULL, or which invariant broke.
const char *history_settle(struct history *history, struct member *member);
// The next one, at or after the last, for an account as it is now. The command is kept.
struct history_command *history_next(struct history *history, const struct account *account);
// A whole history: enrolment and so many commands for a member the caller has not initialised.
// NULL, or which invariant broke.
const char *history_run(struct history *history, struct member *member, size_t commands);
// A nasty instant at or after `from_ms`.
int64_t history_instant(struct history *history, const struct account *account, int64_t from_ms);
