// Reading and writing logs.
#include "core/ledger.h"

#include "core/snapshot.h"

static enum status fault(struct ledger_fault *ret_fault, uint64_t record, uint64_t offset,
                         enum status status, const char *what)
{
    if (ret_fault != NULL) {
        *ret_fault = (struct ledger_fault){.record = record, .offset = offset, .what = what};
    }
    return status;
}

static bool names_this_account(const struct account *account, struct span id, uint32_t partition)
{
    return span_is_text(id, account->id) && account->partition == partition;
}

// A snapshot stands for the records before it, so it may only come first.
static enum status fold_snapshot(struct account *account, const struct record_place *place,
                                 chain_hash_fn *hash, struct arena *arena, const char **ret_what)
{
    struct span payload = span_from(place->body, 1);
    *ret_what = "a snapshot stands behind other records";
    if (account_exists(account)) {
        return STATUS_CORRUPT;
    }
    *ret_what = "a snapshot does not match its checksum";
    TRY(snapshot_verify(payload, place->hash, hash));
    *ret_what = "a snapshot does not parse";
    return snapshot_apply(account, payload, place->hash, arena);
}

static enum status fold_record(struct account *account, const struct record_place *place,
                               chain_hash_fn *hash, struct arena *arena, const char **ret_what)
{
    uint8_t expected[CHAIN_HASH_BYTES];
    hash(account->tail, place->stored, expected);
    *ret_what = "the hash chain is broken";
    if (memcmp(expected, place->hash, sizeof expected) != 0) {
        return STATUS_CORRUPT;
    }
    struct record record;
    *ret_what = "a record does not parse";
    TRY(record_decode(place->body, arena, &record));
    *ret_what = "a record does not fit the account";
    TRY(account_apply(account, &record));
    account->seq++;
    memcpy(account->tail, place->hash, sizeof account->tail);
    return STATUS_OK;
}

enum status ledger_fold(struct account *account, struct span bytes, struct span id,
                        uint32_t partition, chain_hash_fn *hash, struct arena *arena,
                        struct ledger_fault *ret_fault)
{
    struct record_cursor cursor = {.rest = bytes};
    struct record_place place;
    for (uint64_t number = 1;; number++) {
        uint64_t offset = bytes.len - cursor.rest.len;
        enum status status = record_next(&cursor, &place);
        if (status == STATUS_NOT_FOUND) {
            break;
        }
        if (status != STATUS_OK) {
            return fault(ret_fault, number, offset, status, "the bytes do not form a record");
        }
        arena_reset(arena);
        const char *what = "";
        bool snapshot = place.body.data[0] == RECORD_SNAPSHOT;
        status = snapshot ? fold_snapshot(account, &place, hash, arena, &what)
                          : fold_record(account, &place, hash, arena, &what);
        if (status != STATUS_OK) {
            return fault(ret_fault, number, offset, status, what);
        }
        // No later record can name it anew.
        if (number == 1 && !names_this_account(account, id, partition)) {
            return fault(ret_fault, number, offset, STATUS_CORRUPT,
                         "the first record names another account");
        }
    }
    account->log_bytes += bytes.len;
    return STATUS_OK;
}

struct find {
    const struct mark *mark; // NULL: by number
    struct record record;
    uint64_t seq;
};

// Ends the walk with STATUS_TOO_LARGE, which no walk gives otherwise, once the record is there.
enum { FOUND = STATUS_TOO_LARGE };

static enum status find_visit(void *context, uint64_t seq, const struct record *record)
{
    struct find *find = context;
    bool wanted = find->mark == NULL
                      ? seq == find->seq
                      : record_answers(record, find->mark) || record_buries(record, find->mark);
    if (!wanted) {
        return STATUS_OK;
    }
    find->record = *record;
    find->seq = seq;
    return (enum status)FOUND;
}

static enum status find_in(struct span log, struct arena *arena, struct find *find)
{
    enum status status = ledger_walk(log, arena, find_visit, find);
    if (status == (enum status)FOUND) {
        return STATUS_OK;
    }
    return status == STATUS_OK ? STATUS_NOT_FOUND : status;
}

enum status ledger_find(struct span log, const struct mark *mark, struct arena *arena,
                        struct record *ret_record, uint64_t *ret_seq)
{
    struct find find = {.mark = mark};
    TRY(find_in(log, arena, &find));
    *ret_record = find.record;
    *ret_seq = find.seq;
    return STATUS_OK;
}

enum status ledger_at(struct span log, uint64_t seq, struct arena *arena, struct record *ret_record)
{
    struct find find = {.seq = seq};
    TRY(find_in(log, arena, &find));
    *ret_record = find.record;
    return STATUS_OK;
}

static enum status walk_retained(struct snapshot_cursor *cursor, struct arena *arena,
                                 ledger_visit_fn *visit, void *context)
{
    for (;;) {
        uint64_t seq;
        struct span body;
        enum status status = snapshot_next(cursor, &seq, &body);
        if (status == STATUS_NOT_FOUND) {
            return STATUS_OK;
        }
        if (status != STATUS_OK) {
            return status;
        }
        struct record record;
        arena_reset(arena);
        TRY(record_decode(body, arena, &record));
        TRY(visit(context, seq, &record));
    }
}

enum status ledger_walk(struct span log, struct arena *arena, ledger_visit_fn *visit, void *context)
{
    struct record_cursor cursor = {.rest = log};
    uint64_t seq = 0;
    for (;;) {
        struct record_place place;
        enum status status = record_next(&cursor, &place);
        if (status == STATUS_NOT_FOUND) {
            return STATUS_OK;
        }
        if (status != STATUS_OK) {
            return status;
        }
        struct record record;
        arena_reset(arena);
        TRY(record_decode(place.body, arena, &record));
        if (record.type == RECORD_SNAPSHOT) {
            struct snapshot_cursor retained;
            TRY(snapshot_begin(record.snapshot, &retained, &seq));
            TRY(walk_retained(&retained, arena, visit, context));
            continue;
        }
        seq++;
        TRY(visit(context, seq, &record));
    }
}

enum status ledger_intern(const struct account *account, struct arena *arena, struct record *record,
                          struct span text, uint32_t *ret_ref)
{
    uint32_t known = text.len == 0 ? 0 : names_find(&account->names, text);
    if (known != 0 || text.len == 0) {
        *ret_ref = known;
        return STATUS_OK;
    }
    for (size_t i = 0; i < record->name_count; i++) {
        if (span_equal(record->names[i], text)) {
            *ret_ref = account->names.places.count + (uint32_t)i + 1;
            return STATUS_OK;
        }
    }
    if (record->names == NULL) {
        record->names = arena_alloc_array(arena, RECORD_NAMES_MAX, sizeof *record->names);
    }
    if (record->names == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (record->name_count == RECORD_NAMES_MAX) {
        return STATUS_TOO_LARGE;
    }
    struct span copy;
    TRY(arena_copy(arena, text, &copy));
    record->names[record->name_count] = copy;
    record->name_count++;
    *ret_ref = account->names.places.count + (uint32_t)record->name_count;
    return STATUS_OK;
}

enum status ledger_standing(const struct account *account, const struct program_set *programs,
                            struct ledger_standing *ret_standing)
{
    const struct program_version *version = program_set_at(programs, account->now_ms);
    if (version == NULL || (account->cards.count == 0 && account->kind != ACCOUNT_POOL)) {
        return STATUS_NOT_FOUND;
    }
    if (account->cards.count == 0) {
        *ret_standing = (struct ledger_standing){0};
        return STATUS_OK;
    }
    struct span tier = names_text(&account->names, account_card(account)->tier);
    struct ledger_standing standing = {.tier = tier};
    int rank = program_tier_rank(version->program, tier);
    if (rank >= 0 && (size_t)rank + 1 < version->program->tier_count) {
        const struct tier *next = &version->program->tiers[rank + 1];
        standing.next_tier = next->id;
        standing.missing = next->threshold > account->score ? next->threshold - account->score : 0;
    }
    *ret_standing = standing;
    return STATUS_OK;
}

// The record has been applied, so a name it still lacks joins the dictionary here as it does there.
static enum status fill_figures(struct ledger_writer *writer, struct account *account,
                                struct record *record, struct arena *arena)
{
    struct ledger_standing standing;
    TRY(ledger_standing(account, writer->programs, &standing));
    uint32_t next = names_find(&account->names, standing.next_tier);
    if (next == 0 && standing.next_tier.len > 0) {
        struct account empty = {0}; // every name the record adds is in the account already
        uint32_t ref;
        TRY(ledger_intern(&empty, arena, record, standing.next_tier, &ref));
        TRY(names_add(&account->names, standing.next_tier, &next));
    }
    record->figures = (struct figures){
        .balance = account->balance,
        .pending = account->pending_points,
        .held = account->held_points,
        .score = account->score,
        .tier = account->cards.count == 0 ? 0 : account_card(account)->tier,
        .next_tier = next,
        .missing = standing.missing,
    };
    return STATUS_OK;
}

enum status ledger_emit(struct ledger_writer *writer, struct account *account, struct arena *arena,
                        struct record *record)
{
    TRY(account_apply(account, record));
    if (record->has_figures) {
        TRY(fill_figures(writer, account, record, arena));
    }
    size_t start = writer->out->len;
    TRY(record_encode(record, writer->out));
    struct span stored = span_of(writer->out->data + start, writer->out->len - start);
    uint8_t hash[CHAIN_HASH_BYTES];
    writer->hash(account->tail, stored, hash);
    TRY(buffer_append(writer->out, span_of(hash, sizeof hash)));
    memcpy(account->tail, hash, sizeof hash);
    account->log_bytes += writer->out->len - start;
    account->seq++;
    if (writer->told != NULL) {
        told_mark(writer->told, record);
    }
    return STATUS_OK;
}
