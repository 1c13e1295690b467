// Logs of random histories, whole and compacted: as stored with the drivers' cheap hash, and as
// bodies.
#include "fuzz/seeds.h"

#include <stdio.h>

#include "base/check.h"
#include "core/snapshot.h"
#include "fuzz/fuzz_club.h"
#include "fuzz/stored.h"
#include "support/log_cut.h"
#include "support/random_club.h"

enum { HISTORIES = 24, COMMANDS = 24, LOG_BYTES_MAX = 4000 };

// `choices` in front of what the driver takes.
static void write_bodies(const char *driver, const char *name, const struct buffer *bodies)
{
    struct buffer seed;
    buffer_init(&seed, 0);
    CHECK(buffer_append(&seed, span_of("\x02\x01", 2)) == STATUS_OK);
    CHECK(buffer_append(&seed, buffer_span(bodies)) == STATUS_OK);
    seed_write(driver, name, buffer_span(&seed));
    buffer_fini(&seed);
}

static void write_log(const char *driver, const char *kind, uint64_t round, struct span log)
{
    char name[64];
    struct buffer bodies;
    struct buffer chained;
    buffer_init(&bodies, 0);
    buffer_init(&chained, 0);
    (void)snprintf(name, sizeof(name), "%s-%u", kind, (unsigned)round);
    stored_bodies(log, &bodies);
    stored_chain(buffer_span(&bodies), &chained);
    if (bodies.len <= LOG_BYTES_MAX) {
        write_bodies(driver, name, &bodies);
        seed_write("logs", name, buffer_span(&chained));
    }
    buffer_fini(&bodies);
    buffer_fini(&chained);
}

// The end of the first half's last record.
static size_t half(const struct member *member, struct span log)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    while (cursor.rest.len > log.len / 2 && record_next(&cursor, &place) == STATUS_OK) {
    }
    return log_cut(log, log.len - cursor.rest.len, span_of_text(member->id), MEMBER_PARTITION,
                   club_chain_hash);
}

static void write_compacted(struct member *member, uint64_t round, size_t cut)
{
    struct span log = buffer_span(&member->log);
    struct buffer compacted;
    buffer_init(&compacted, 0);
    CHECK(snapshot_build(span_of(log.data, cut), span_of_text(member->id), MEMBER_PARTITION, 0,
                         club_chain_hash, &member->fold_arena, &compacted) == STATUS_OK);
    CHECK(buffer_append(&compacted, span_from(log, cut)) == STATUS_OK);
    write_log("records", cut == log.len ? "cut-whole" : "cut-half", round, buffer_span(&compacted));
    buffer_fini(&compacted);
}

void seeds_stored(void)
{
    static struct history history;
    for (uint64_t round = 0; round < HISTORIES; round++) {
        struct member member;
        history_init(&history, 1, round);
        CHECK(history_run(&history, &member, 2 + round % COMMANDS) == NULL);
        write_log("records", "history", round, buffer_span(&member.log));
        write_compacted(&member, round, half(&member, buffer_span(&member.log)));
        write_compacted(&member, round, member.log.len);
        member_fini(&member);
        history_fini(&history);
    }
}
