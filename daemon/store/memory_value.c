// Values and sets in memory. A value's entry holds its revision and its bytes; a set's its members,
// each behind its length; neither has anything when it is not there.
#include <string.h>

#include "base/check.h"
#include "store/memory_world.h"

enum { REVISION_BYTES = sizeof(uint64_t) };

static_assert(LIMIT_MEMBER_ID_BYTES <= UINT8_MAX, "a member's length is a byte");

static void replace(struct memory_world *world, const struct store_key *key, struct span first,
                    struct span then)
{
    struct memory_entry *entry = memory_world_enter(world, key);
    memory_journal_note(world, NULL, entry, true);
    struct buffer value;
    buffer_init(&value, 0);
    CHECK(buffer_append(&value, first) == STATUS_OK);
    CHECK(buffer_append(&value, then) == STATUS_OK);
    buffer_fini(&entry->value);
    entry->value = value;
    memory_world_tell_other(world);
}

static struct span stored_of(const struct memory_world *world, const struct store_key *key)
{
    const struct memory_entry *entry = memory_world_find(world, key);
    return entry == NULL ? (struct span){0} : buffer_span(&entry->value);
}

// --- sets ---

// Takes the next member off `left`; false when there is none.
static bool next_member(struct span *left, struct span *ret_member)
{
    if (left->len == 0) {
        return false;
    }
    *ret_member = span_of(left->data + 1, left->data[0]);
    *left = span_from(*left, 1 + (size_t)left->data[0]);
    return true;
}

size_t memory_world_members(const struct memory_world *world, const struct store_key *set,
                            struct span *ids)
{
    struct span left = stored_of(world, set);
    struct span member;
    size_t count = 0;
    while (next_member(&left, &member)) {
        if (ids != NULL) {
            ids[count] = member;
        }
        count++;
    }
    return count;
}

// Takes the member out, and puts it in again if it enters.
static void move(struct memory_world *world, const struct store_key *set, struct span member,
                 bool enters)
{
    struct span all = stored_of(world, set);
    struct span left = all;
    struct span before = all;
    struct span found = {0};
    struct span at;
    while (found.len == 0 && next_member(&left, &at)) {
        if (span_equal(at, member)) {
            found = at;
            before.len = (size_t)(at.data - 1 - all.data);
        }
    }
    if (enters == (found.len > 0)) {
        return;
    }
    if (!enters) {
        replace(world, set, before, left);
        return;
    }
    uint8_t entry[1 + LIMIT_MEMBER_ID_BYTES] = {(uint8_t)member.len};
    memcpy(entry + 1, member.data, member.len);
    replace(world, set, all, span_of(entry, 1 + member.len));
}

// --- values ---

struct store_value_reply memory_world_get(const struct memory_world *world,
                                          const struct store_value *value)
{
    struct store_key key = store_key_value(value);
    struct span stored = stored_of(world, &key);
    struct store_value_reply reply = {.result = STORE_OK};
    if (stored.len > 0) {
        memcpy(&reply.revision, stored.data, REVISION_BYTES);
        reply.bytes = span_from(stored, REVISION_BYTES);
    }
    return reply;
}

struct store_value_reply memory_world_put(struct memory_world *world, const struct store_put *put)
{
    struct store_value_reply reply = memory_world_get(world, &put->value);
    if (reply.revision != put->expected_revision) {
        reply.result = STORE_BEHIND;
        return reply;
    }
    uint64_t revision = put->bytes.len > 0 ? put->expected_revision + 1 : 0;
    struct store_key key = store_key_value(&put->value);
    replace(world, &key, span_of(&revision, revision > 0 ? REVISION_BYTES : 0), put->bytes);
    struct store_put_sets sets = store_put_sets(put);
    for (uint32_t i = 0; i < sets.count; i++) {
        move(world, &sets.keys[i], put->value.name, sets.enters[i]);
    }
    return (struct store_value_reply){.result = STORE_OK, .revision = revision};
}
