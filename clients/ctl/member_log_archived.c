// `member log --archived`: the history is folded whole first, which checks it and gives the names
// that its records refer to; then its parts are read again from the newest back.
#include <stdio.h>

#include "core/record.h"
#include "ctl/archive_member.h"
#include "ctl/member_log.h"
#include "wire/statement.h"

enum { PAGE_RECORDS = 200, PLACES_MAX = 1 << 24, PAGE_ARENA_BYTES = 256 << 20 };

struct listing {
    struct session *session;
    struct archive_member *member;
    struct print_table *table; // NULL: JSON
    struct arena page_arena;
    Loyalty__V1__Activity *page[PAGE_RECORDS];
    size_t count;
    int64_t left;
    uint64_t seq; // of the next one
    VEC(struct span) bodies;
};

// One object for a full page, as the service's pages are.
static int end_page(struct listing *listing)
{
    Loyalty__V1__ListActivityResponse *response = NULL;
    int code = CTL_OK;
    if (listing->count > 0 && listing->table == NULL) {
        enum status status =
            statement_page(&listing->page_arena, listing->page, listing->count, false, &response);
        code = status == STATUS_OK ? print_json(listing->session, &response->base, false)
                                   : CTL_RETRY_LATER;
    }
    listing->count = 0;
    arena_reset(&listing->page_arena);
    return code;
}

static enum status add_record(struct listing *listing, struct span body)
{
    struct record record;
    Loyalty__V1__Activity *activity;
    struct replies replies =
        replies_of_account(&listing->member->history.whole, &listing->page_arena);
    TRY(record_decode(body, &listing->page_arena, &record));
    TRY(statement_activity(&replies, &record, listing->seq, false, &activity));
    listing->page[listing->count] = activity;
    listing->count++;
    listing->seq--;
    listing->left--;
    if (listing->table != NULL) {
        member_log_add(listing->table, activity);
    }
    return STATUS_OK;
}

static enum status find_bodies(struct listing *listing, struct span log)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    listing->bodies.count = 0;
    while (record_next(&cursor, &place) == STATUS_OK) {
        TRY(vec_reserve_one(&listing->bodies, PLACES_MAX));
        if (place.body.data[0] != RECORD_SNAPSHOT) {
            listing->bodies.items[listing->bodies.count] = place.body;
            listing->bodies.count++;
        }
    }
    return STATUS_OK;
}

static int list_part(struct listing *listing, uint32_t part)
{
    struct span log;
    struct archive_history *history = &listing->member->history;
    enum status status = archive_history_part(history, part, &log);
    if (status == STATUS_OK) {
        status = find_bodies(listing, log);
    }
    for (uint32_t i = listing->bodies.count; status == STATUS_OK && i > 0 && listing->left > 0;
         i--) {
        status = add_record(listing, listing->bodies.items[i - 1]);
        if (status == STATUS_OK && listing->count == PAGE_RECORDS) {
            int code = end_page(listing);
            if (code != CTL_OK) {
                return code;
            }
        }
    }
    return archive_member_complain(history, status);
}

static int list(struct listing *listing)
{
    int code = CTL_OK;
    uint32_t parts = listing->member->history.rows.count + 1;
    listing->seq = listing->member->history.whole.seq;
    while (code == CTL_OK && parts > 0 && listing->left > 0) {
        parts--;
        code = list_part(listing, parts);
    }
    return code == CTL_OK ? end_page(listing) : code;
}

int member_log_archived(struct session *session, const struct loyalty_member *member,
                        const char *folder, int64_t limit)
{
    struct archive_member found;
    int code = archive_member_open(&found, session, folder, member);
    if (code == CTL_OK) {
        struct listing listing = {
            .session = session,
            .member = &found,
            .table = session->globals->json ? NULL : member_log_table(),
            .left = limit,
        };
        arena_init(&listing.page_arena, PAGE_ARENA_BYTES);
        code = list(&listing);
        if (listing.table != NULL) {
            print_table_end(listing.table);
        }
        arena_fini(&listing.page_arena);
        vec_fini(&listing.bodies);
    }
    archive_member_close(&found);
    return code;
}
