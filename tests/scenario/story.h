// A story being told: members, the clock, and the line at hand. What a line may say stands in
// README.md beside the stories.
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "support/club.h"
#include "support/member.h"

enum {
    STORY_MEMBERS_MAX = 8,
    STORY_WORDS_MAX = 1024,
    STORY_LINES_MAX = 8,       // of one sale
    STORY_LOTS_MAX = 64,       // of one redemption
    STORY_IDENTIFIERS_MAX = 4, // of one member
};

struct words {
    char *items[STORY_WORDS_MAX];
    size_t count;
    size_t at;
};

struct story {
    const char *path;
    unsigned line;
    struct words words;
    struct club club;
    int64_t now_ms;
    struct member members[STORY_MEMBERS_MAX];
    size_t member_count;
    uint64_t next_id;
    // the last command
    struct member *last_member;
    struct member_answer last;
    struct identifier identifiers[STORY_IDENTIFIERS_MAX];
    bool refusal_open; // it was refused, and the story has not said so yet
    // the line is expected to fail
    bool wrongly;
    jmp_buf failed;
};

// Says where and what, and ends the run (or the line, if it is one that should fail).
__attribute__((noreturn, format(printf, 2, 3))) void story_fail(struct story *story,
                                                                const char *format, ...);
struct member *story_member(struct story *story);

// --- words of the line ---
bool words_left(const struct story *story);
// The next word; fails when there is none.
const char *words_next(struct story *story);
// Takes the next word if it is this one.
bool words_take(struct story *story, const char *word);
int64_t words_number(struct story *story);
// "1234.56" in minor units.
int64_t words_money(struct story *story);
struct civil_date words_date(struct story *story);
// A date and, if there is one, a time: "2026-06-01", "2026-06-01 09:30:00.001", local; or UTC
// milliseconds: "@1780243200000".
int64_t words_instant(struct story *story);
// The same, or "never".
int64_t words_end(struct story *story);

// An instant as stories write it; in one of a few static buffers.
const char *story_instant(struct story *story, int64_t instant_ms);

// --- lines ---
// Whether the line was a command (story_commands.c) or a claim (story_claims.c).
bool story_command(struct story *story, const char *verb);
bool story_claim(struct story *story, const char *verb);
// Lines about identifiers (identifiers.c): how many an enrolment brings ("with 2 identifiers"), and
// the end of the claim to one ("bound anna 1", "lost anna 1").
void story_identifiers(struct story *story, struct enrol_command *enrol);
void story_bound(struct story *story, bool lost);
// Runs a command of the line, with its id (`as 7`) if it has one.
void story_run(struct story *story, struct member *member, struct command *command);
// Lines that reserve, capture, release and reverse (spending.c), and claims about them
// (spent_claims.c).
bool story_spending(struct story *story, const char *verb);
bool story_spent_claim(struct story *story, const char *verb);

// Lines of partners that report, reduce and end contributions, and claims about what is left of
// them (contributions.c).
bool story_contribution(struct story *story, const char *verb);
bool story_contribution_claim(struct story *story, const char *verb);

// Lines of shops and partners that use perks and undo that, and claims about what is left
// (perks.c).
bool story_perk(struct story *story, const char *verb);
bool story_perk_claim(struct story *story, const char *verb);

// Lines of admins that adjust, grant, revoke and change a status (acts.c).
bool story_act(struct story *story, const char *verb);

// Claims about what a member was told (notices.c).
bool story_notice_claim(struct story *story, const char *verb);

// --- what claims compare with; each fails with what it is about ---
void same_number(struct story *story, const char *what, int64_t is, int64_t claimed);
void same_text(struct story *story, const char *what, struct span is, const char *claimed);
void same_instant(struct story *story, const char *what, int64_t is, int64_t claimed);
// POINTS until END { and POINTS until END }, or none.
void same_lots(struct story *story, const char *what, const struct lot *lots, size_t count);
void same_moves(struct story *story, const char *what, const struct lot_move *moves, size_t count);
