// Losing changes. Each change is noted before it is made, and taken back in the opposite order, so
// that the world is again what it was: bytes, events, due index, archive.
#include "base/check.h"
#include "store/memory_world.h"

void memory_observe(struct store *store, const struct memory_observer *observer)
{
    memory_world_of(store)->observer = observer;
}

void memory_world_tell_other(const struct memory_world *world)
{
    if (world->observer != NULL && world->observer->on_other != NULL) {
        world->observer->on_other(world->observer->context);
    }
}

void memory_journal(struct store *store)
{
    memory_world_of(store)->journal.on = true;
}

uint64_t memory_journal_count(const struct store *store)
{
    const struct memory_journal *journal = &memory_world_of(store)->journal;
    return journal->first + journal->changes.count;
}

void memory_journal_note(struct memory_world *world, struct memory_partition *partition,
                         struct memory_entry *entry, bool keep_value)
{
    struct memory_journal *journal = &world->journal;
    if (!journal->on) {
        return;
    }
    CHECK(vec_reserve_one(&journal->changes, UINT32_MAX) == STATUS_OK);
    struct memory_change *change = &journal->changes.items[journal->changes.count];
    journal->changes.count++;
    *change = (struct memory_change){.entry = entry,
                                     .partition = partition,
                                     .appended = !keep_value,
                                     .value_bytes = entry->value.len,
                                     .indexed = entry->indexed,
                                     .due_ms = entry->due_ms};
    change->archived = partition == NULL ? 0 : memory_archive_last(partition);
    buffer_init(&change->value, 0);
    if (keep_value) {
        CHECK(buffer_append(&change->value, buffer_span(&entry->value)) == STATUS_OK);
    }
}

void memory_journal_keep(struct store *store, uint64_t count)
{
    struct memory_journal *journal = &memory_world_of(store)->journal;
    CHECK(count <= memory_journal_count(store));
    uint32_t kept = count < journal->first ? 0 : (uint32_t)(count - journal->first);
    for (uint32_t i = 0; i < kept; i++) {
        buffer_fini(&journal->changes.items[i].value);
    }
    journal->changes.count -= kept;
    journal->first += kept;
    if (kept > 0 && journal->changes.count > 0) {
        memmove(journal->changes.items, journal->changes.items + kept,
                journal->changes.count * sizeof(*journal->changes.items));
    }
}

static void take_back_append(const struct memory_change *change)
{
    struct memory_partition *partition = change->partition;
    struct memory_entry *entry = change->entry;
    buffer_truncate(&entry->value, change->value_bytes);
    if (partition->events.count > 0) {
        partition->events.count--;
        buffer_fini(&partition->events.items[partition->events.count]);
    } else {
        partition->trimmed--; // it was trimmed away meanwhile
    }
}

static void take_back_due(const struct memory_change *change)
{
    struct memory_partition *partition = change->partition;
    struct memory_entry *entry = change->entry;
    if (entry->indexed && !change->indexed) {
        partition->due.count--;
        CHECK(partition->due.items[partition->due.count].entry == entry);
        entry->indexed = false;
    }
    entry->due_ms = change->due_ms;
}

static void take_back(struct memory_change *change)
{
    take_back_due(change);
    if (change->appended) {
        take_back_append(change);
        return;
    }
    buffer_fini(&change->entry->value);
    change->entry->value = change->value;
    if (change->partition != NULL) {
        memory_archive_pop(change->partition, change->archived);
    }
}

void memory_journal_lose(struct store *store, uint64_t count)
{
    struct memory_journal *journal = &memory_world_of(store)->journal;
    CHECK(count >= journal->first);
    while (memory_journal_count(store) > count) {
        journal->changes.count--;
        take_back(&journal->changes.items[journal->changes.count]);
    }
}

void memory_journal_fini(struct memory_journal *journal)
{
    for (uint32_t i = 0; i < journal->changes.count; i++) {
        buffer_fini(&journal->changes.items[i].value);
    }
    vec_fini(&journal->changes);
}
