// The bounds of the port's arguments. They are judged here and not in Redis: what passes cannot
// make a write of the functions fail (store/functions.lua).
#include "store/bounds.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"

static const char *const meta_keys[] = {"ev",         "due",   "arch",  "clock",
                                        "partitions", "epoch", "values"};

static_assert((int)STORE_SET_MEMBERS_MAX * (LIMIT_MEMBER_ID_BYTES + 128) <= LIMIT_STORE_REPLY_BYTES,
              "a set that is listed fits a reply");
static_assert((int)STORE_EVENTS_BYTES_MAX + (int)STORE_EVENT_BYTES_MAX +
                      (int)STORE_EVENTS_MAX * 256 <=
                  LIMIT_STORE_REPLY_BYTES,
              "what one partition gives of its events fits a reply");
static_assert((int)STORE_ARCHIVE_BYTES_MAX +
                      (int)STORE_ARCHIVE_PIECES_MAX * (LIMIT_MEMBER_ID_BYTES + 256) <=
                  LIMIT_STORE_REPLY_BYTES,
              "pieces of the archive fit a reply");

const char *store_partition_problem(uint32_t partition)
{
    return partition < LIMIT_PARTITIONS ? NULL : "no such partition";
}

const char *store_account_problem(const struct store_account *account)
{
    if (account->id.len == 0 || account->id.len > LIMIT_MEMBER_ID_BYTES) {
        return "an account id has 1 to 64 bytes";
    }
    if (span_is_text(account->id, "!")) {
        return "an account id is not the due index's sentinel";
    }
    if (!account->meta) {
        return store_partition_problem(account->partition);
    }
    for (size_t i = 0; i < sizeof(meta_keys) / sizeof(meta_keys[0]); i++) {
        if (span_is_text(account->id, meta_keys[i])) {
            return "a meta account's id is not that of a meta key";
        }
    }
    if (account->id.len >= 2 && memcmp(account->id.data, "c:", 2) == 0) {
        return "a meta account's id is not that of a value";
    }
    return NULL;
}

bool store_append_moves_due_only(const struct store_append *append)
{
    return append->records.len == 0 && append->event.len == 0 && append->due_changed &&
           append->expected_bytes >= STORE_HASH_BYTES;
}

const char *store_append_problem(const struct store_append *append)
{
    if (append->records.len < STORE_HASH_BYTES && !store_append_moves_due_only(append)) {
        return "records end in a hash";
    }
    if (append->expected_bytes > LIMIT_LOG_BYTES ||
        append->records.len > LIMIT_LOG_BYTES - append->expected_bytes) {
        return "the log would exceed its bound";
    }
    if (append->event.len > STORE_EVENT_BYTES_MAX) {
        return "an event has at most 4 MiB";
    }
    return store_account_problem(&append->account);
}

const char *store_compact_problem(const struct store_compact *compact)
{
    if (compact->cut_bytes > LIMIT_LOG_BYTES || compact->snapshot.len > LIMIT_LOG_BYTES) {
        return "the log would exceed its bound";
    }
    if (compact->snapshot.len < STORE_HASH_BYTES ||
        memcmp(compact->snapshot.data + compact->snapshot.len - STORE_HASH_BYTES, compact->cut_hash,
               STORE_HASH_BYTES) != 0) {
        return "a snapshot ends in the hash at the cut";
    }
    return store_account_problem(&compact->account);
}

const char *store_identifier_problem(uint32_t partition, struct span key)
{
    if (key.len == 0 || key.len > STORE_KEY_BYTES_MAX) {
        return "an identifier's key has 1 to 128 bytes";
    }
    return store_partition_problem(partition);
}

const char *store_claim_problem(uint32_t partition, struct span key, struct span member_id)
{
    struct store_account member = {.partition = partition, .id = member_id};
    const char *problem = store_account_problem(&member);
    return problem != NULL ? problem : store_identifier_problem(partition, key);
}

const char *store_clock_problem(int64_t now_ms)
{
    if (now_ms <= LIMIT_INSTANT_MIN_MS || now_ms >= LIMIT_INSTANT_MAX_MS) {
        return "the test clock is outside 1970 to 2100";
    }
    return NULL;
}

const char *store_partition_count_problem(uint32_t count)
{
    return count >= 1 && count <= LIMIT_PARTITIONS ? NULL : "a program has 1 to 16384 partitions";
}

// --- values ---

const char *store_value_problem(const struct store_value *value)
{
    if (value->name.len == 0 || value->name.len > LIMIT_MEMBER_ID_BYTES) {
        return "a value's name has 1 to 64 bytes";
    }
    return value->meta ? NULL : store_partition_problem(value->partition);
}

const char *store_put_problem(const struct store_put *put)
{
    if (put->bytes.len > STORE_VALUE_BYTES_MAX) {
        return "a value has at most 16384 bytes";
    }
    if (put->expected_revision == UINT64_MAX) {
        return "a value's revisions are spent";
    }
    if (put->leave_set.len > STORE_KEY_BYTES_MAX || put->enter_set.len > STORE_KEY_BYTES_MAX) {
        return "a set's name has 1 to 128 bytes";
    }
    if (put->value.meta && (put->leave_set.len > 0 || put->enter_set.len > 0)) {
        return "a meta value's name is in no set";
    }
    return store_value_problem(&put->value);
}

const char *store_set_problem(uint32_t partition, struct span set)
{
    if (set.len == 0 || set.len > STORE_KEY_BYTES_MAX) {
        return "a set's name has 1 to 128 bytes";
    }
    return store_partition_problem(partition);
}

// --- events ---

const char *store_places_problem(const struct store_event_place *places, size_t count)
{
    if (count == 0 || count > STORE_EVENT_PARTITIONS_MAX) {
        return "events are read of 1 to 128 partitions at once";
    }
    for (size_t i = 0; i < count; i++) {
        const char *problem = store_partition_problem(places[i].partition);
        if (problem != NULL) {
            return problem;
        }
    }
    return NULL;
}

const char *store_due_problem(const struct store_due *due)
{
    if (due->after_id.len > LIMIT_MEMBER_ID_BYTES) {
        return "an account id has 1 to 64 bytes";
    }
    return store_partition_problem(due->partition);
}

uint32_t store_page(uint32_t count)
{
    uint32_t page = count == 0 ? 1 : count;
    return page < STORE_PAGE_MAX ? page : STORE_PAGE_MAX;
}

uint32_t store_events_share(size_t count, uint32_t events_max)
{
    uint32_t all = events_max < STORE_EVENTS_MAX ? events_max : STORE_EVENTS_MAX;
    uint32_t share = all / (uint32_t)count;
    return share == 0 && events_max > 0 ? 1 : share;
}

uint32_t store_events_room(size_t count)
{
    return STORE_EVENTS_BYTES_MAX / (uint32_t)count;
}

// --- the archive ---

const char *store_through_problem(uint32_t partition, uint64_t through)
{
    return through == UINT64_MAX ? "no entry has this number" : store_partition_problem(partition);
}

uint32_t store_archive_room(uint32_t bytes_max)
{
    uint32_t room = bytes_max == 0 ? 1 : bytes_max;
    return room < STORE_ARCHIVE_BYTES_MAX ? room : STORE_ARCHIVE_BYTES_MAX;
}

// --- what stands in partitions ---

const char *store_survey_problem(uint32_t from, uint32_t count)
{
    if (count == 0 || count > STORE_SURVEY_MAX) {
        return "1 to 32 partitions are looked at at once";
    }
    const char *problem = store_partition_problem(from);
    return problem != NULL ? problem : store_partition_problem(from + count - 1);
}

// --- logs ---

bool store_append_creates(const struct store_append *append)
{
    static const uint8_t no_hash[STORE_HASH_BYTES];
    return append->expected_bytes == 0 &&
           memcmp(append->expected_hash, no_hash, STORE_HASH_BYTES) == 0;
}
