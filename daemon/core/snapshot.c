// Snapshots. Payload: checksum (hash over the cut's last hash and everything behind the checksum),
// format, the account's state, then the retained records with their numbers. One layout function
// writes and reads the state, so nothing can be kept in one direction only.
#include "core/snapshot.h"

#include "base/check.h"
#include "core/account_parts.h"
#include "core/codec.h"
#include "core/ledger.h"
#include "core/receipts.h"
#include "core/snapshot_layout.h"

// The first format had no membership (snapshot_member.c), the second nothing adjusted by hand; the
// daemon reads them all.
enum { SNAPSHOT_FORMAT_FIRST = 1, SNAPSHOT_FORMAT_SECOND = 2, SNAPSHOT_FORMAT = 3 };

static enum status layout_identity(struct codec *codec, struct account *account)
{
    uint32_t kind = (uint32_t)account->kind;
    TRY(codec_u32(codec, &kind));
    if (kind < ACCOUNT_MEMBER || kind > ACCOUNT_AUDIT) {
        return STATUS_CORRUPT;
    }
    account->kind = (enum account_kind)kind;
    struct span id = span_of_text(account->id);
    TRY(codec_text(codec, &id, LIMIT_MEMBER_ID_BYTES));
    if (!codec->writing) {
        TRY(account_name(account, id));
    }
    TRY(codec_u32(codec, &account->partition));
    TRY(codec_u32(codec, &account->program));
    TRY(codec_u32(codec, &account->currency));
    TRY(codec_instant(codec, &account->enrolled_ms));
    TRY(codec_u64(codec, &account->seq));
    return codec_instant(codec, &account->now_ms);
}

static enum status layout_names(struct codec *codec, struct account *account)
{
    uint32_t count = account->names.places.count;
    TRY(codec_u32(codec, &count));
    for (uint32_t ref = 1; ref <= count; ref++) {
        struct span text = names_text(&account->names, ref);
        TRY(codec_text(codec, &text, LIMIT_UNIT_BYTES + LIMIT_NAME_BYTES));
        if (!codec->writing) {
            uint32_t added;
            TRY(names_add(&account->names, text, &added));
        }
    }
    return STATUS_OK;
}

static enum status layout_totals(struct codec *codec, struct account *account)
{
    int64_t *figures[] = {
        &account->balance,     &account->pending_points,
        &account->held_points, &account->deficit,
        &account->score,       &account->awarded,
        &account->opened,      &account->taken_back,
        &account->forgiven,    &account->redeemed,
        &account->given_back,  &account->expired,
        &account->score_given, &account->redeem_day_points,
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        TRY(codec_i64(codec, figures[i]));
    }
    return codec_i32(codec, &account->redeem_day);
}

static enum status layout_lots(struct codec *codec, struct lot_list *lots, uint32_t count_max)
{
    LAYOUT_COUNT(codec, lots, count_max);
    for (uint32_t i = 0; i < lots->count; i++) {
        TRY(codec_instant(codec, &lots->items[i].ends_ms));
        TRY(codec_amount(codec, &lots->items[i].points));
    }
    return STATUS_OK;
}

static enum status layout_pending(struct codec *codec, struct account *account)
{
    LAYOUT_COUNT(codec, &account->pending, LIMIT_LOTS);
    for (uint32_t i = 0; i < account->pending.count; i++) {
        TRY(codec_instant(codec, &account->pending.items[i].spendable_ms));
        TRY(codec_instant(codec, &account->pending.items[i].ends_ms));
        TRY(codec_amount(codec, &account->pending.items[i].points));
        TRY(codec_u64(codec, &account->pending.items[i].seq));
    }
    return STATUS_OK;
}

static enum status layout_hold(struct codec *codec, struct hold *hold)
{
    TRY(codec_raw(codec, hold->reservation, sizeof hold->reservation));
    TRY(codec_u64(codec, &hold->seq));
    TRY(codec_instant(codec, &hold->lapses_ms));
    TRY(codec_amount(codec, &hold->points));
    TRY(codec_u32(codec, &hold->version));
    uint32_t counted = hold->counted ? 1 : 0;
    TRY(codec_u32(codec, &counted));
    hold->counted = counted != 0;
    TRY(codec_i32(codec, &hold->day));
    return codec_u32(codec, &hold->lot_count);
}

static enum status layout_holds(struct codec *codec, struct account *account)
{
    LAYOUT_COUNT(codec, &account->holds, LIMIT_HOLDS);
    for (uint32_t i = 0; i < account->holds.count; i++) {
        TRY(layout_hold(codec, &account->holds.items[i]));
    }
    return STATUS_OK;
}

static enum status layout_score(struct codec *codec, struct account *account)
{
    LAYOUT_COUNT(codec, &account->steps, LIMIT_CONTRIBUTIONS);
    for (uint32_t i = 0; i < account->steps.count; i++) {
        TRY(codec_instant(codec, &account->steps.items[i].at_ms));
        TRY(codec_i64(codec, &account->steps.items[i].fall));
        TRY(codec_i64(codec, &account->steps.items[i].rise));
    }
    LAYOUT_COUNT(codec, &account->contributions, LIMIT_CONTRIBUTIONS);
    for (uint32_t i = 0; i < account->contributions.count; i++) {
        struct contribution *part = &account->contributions.items[i];
        uint32_t reported = part->boundary_from_ms == part->from_ms ? 0 : 1;
        TRY(codec_instant(codec, &part->from_ms));
        TRY(codec_instant(codec, &part->until_ms));
        TRY(codec_u32(codec, &reported));
        if (reported > 1 || (reported == 1 && part->from_ms == INSTANT_NEVER)) {
            return STATUS_CORRUPT;
        }
        part->boundary_from_ms = part->from_ms + (int64_t)reported;
        TRY(codec_i64(codec, &part->score));
        TRY(codec_u64(codec, &part->seq));
    }
    return STATUS_OK;
}

static enum status layout_cards(struct codec *codec, struct account *account)
{
    LAYOUT_COUNT(codec, &account->cards, LIMIT_CARDS);
    for (uint32_t i = 0; i < account->cards.count; i++) {
        struct card *card = &account->cards.items[i];
        uint32_t cause = (uint32_t)card->cause;
        TRY(codec_u32(codec, &card->tier));
        TRY(codec_instant(codec, &card->from_ms));
        TRY(codec_instant(codec, &card->until_ms));
        TRY(codec_u32(codec, &cause));
        card->cause = (enum card_cause)cause;
    }
    return STATUS_OK;
}

static enum status layout_uses(struct codec *codec, struct account *account)
{
    LAYOUT_COUNT(codec, &account->uses, LIMIT_CONTRIBUTIONS);
    for (uint32_t i = 0; i < account->uses.count; i++) {
        TRY(codec_u32(codec, &account->uses.items[i].rule));
        TRY(codec_i32(codec, &account->uses.items[i].day));
        TRY(codec_i64(codec, &account->uses.items[i].points));
    }
    LAYOUT_COUNT(codec, &account->identifiers, LIMIT_IDENTIFIERS);
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        struct identifier_state *state = &account->identifiers.items[i];
        uint32_t stage = (uint32_t)state->stage;
        TRY(codec_u32(codec, &state->identifier.kind));
        TRY(codec_raw(codec, state->identifier.key, sizeof state->identifier.key));
        TRY(codec_u32(codec, &stage));
        state->stage = (enum identifier_stage)stage;
    }
    return STATUS_OK;
}

static enum status layout_state(struct codec *codec, struct account *account)
{
    uint32_t format = SNAPSHOT_FORMAT;
    TRY(codec_u32(codec, &format));
    if (format < SNAPSHOT_FORMAT_FIRST || format > SNAPSHOT_FORMAT) {
        return STATUS_UNKNOWN_TYPE;
    }
    TRY(layout_identity(codec, account));
    TRY(layout_names(codec, account));
    TRY(layout_totals(codec, account));
    TRY(layout_lots(codec, &account->lots, LIMIT_LOTS_GIVEN_BACK));
    TRY(layout_lots(codec, &account->ended, LIMIT_LOTS_ENDED));
    TRY(layout_lots(codec, &account->held_lots, LIMIT_LOTS));
    TRY(layout_pending(codec, account));
    TRY(layout_holds(codec, account));
    TRY(layout_score(codec, account));
    TRY(layout_cards(codec, account));
    TRY(layout_uses(codec, account));
    TRY(receipts_layout(codec, account));
    if (format > SNAPSHOT_FORMAT_FIRST) {
        TRY(snapshot_layout_member(codec, account));
    }
    return format > SNAPSHOT_FORMAT_SECOND ? codec_i64(codec, &account->adjusted) : STATUS_OK;
}

// Answered requests are retained from the last record on that is known to be too old to matter.
// What was posted at its own time (history, an enrolment in the past) says nothing of when it was
// asked: it goes only with a record behind it that does. What an open obligation is told by stays
// in any case.
struct retain {
    const struct account *account;
    struct buffer *out;
    int64_t keep_from_ms;
    uint64_t old_seq; // up to here nothing is retained
    uint64_t count;
    uint64_t obliging;
};

static bool tells_when(const struct record *record)
{
    switch (record->type) {
    case RECORD_OPENED:
    case RECORD_REFERRED: // with an enrolment
    case RECORD_BOUNDARY:
    case RECORD_LAPSED:
    case RECORD_NOTICED:
    case RECORD_BONUS:      // with a sale
    case RECORD_POOL_SPENT: // the same
        return false;
    case RECORD_AWARDED:
        return !record->awarded.backfill;
    default:
        return true;
    }
}

static enum status count_visit(void *context, uint64_t seq, const struct record *record)
{
    struct retain *retain = context;
    bool obliges = account_obligation(retain->account, seq) != NULL;
    if (tells_when(record) && record->at_ms < retain->keep_from_ms) {
        retain->old_seq = seq;
        retain->count = 0;
    } else if (record->mark.present && !obliges) {
        retain->count++;
    }
    retain->obliging += obliges ? 1 : 0;
    return STATUS_OK;
}

static enum status write_visit(void *context, uint64_t seq, const struct record *record)
{
    struct retain *retain = context;
    bool answers = record->mark.present && seq > retain->old_seq;
    if (!answers && account_obligation(retain->account, seq) == NULL) {
        return STATUS_OK;
    }
    TRY(buffer_put_u64(retain->out, seq));
    return record_encode(record, retain->out); // length, type and payload: a sized body
}

static enum status put_retained(const struct account *account, struct span prefix,
                                int64_t keep_from_ms, struct arena *arena, struct buffer *out)
{
    struct retain retain = {.account = account, .keep_from_ms = keep_from_ms, .out = out};
    TRY(ledger_walk(prefix, arena, count_visit, &retain));
    TRY(buffer_put_u64(out, retain.count + retain.obliging));
    return ledger_walk(prefix, arena, write_visit, &retain);
}

// Type and payload behind room for the checksum, in a buffer of their own: the length comes first.
static enum status build_body(struct account *account, struct span prefix, int64_t keep_from_ms,
                              chain_hash_fn *hash, struct arena *arena, struct buffer *body)
{
    static const uint8_t room[CHAIN_HASH_BYTES];
    TRY(buffer_append_byte(body, RECORD_SNAPSHOT));
    TRY(buffer_append(body, span_of(room, sizeof room)));
    struct codec codec = {.writing = true, .out = body};
    TRY(layout_state(&codec, account));
    arena_reset(arena);
    TRY(put_retained(account, prefix, keep_from_ms, arena, body));
    size_t head = 1 + sizeof room;
    hash(account->tail, span_from(buffer_span(body), head), body->data + 1);
    return STATUS_OK;
}

static enum status build_record(struct account *account, struct span prefix, int64_t keep_from_ms,
                                chain_hash_fn *hash, struct arena *arena, struct buffer *out)
{
    struct buffer body;
    buffer_init(&body, LIMIT_LOG_BYTES);
    size_t start = out->len;
    enum status status = build_body(account, prefix, keep_from_ms, hash, arena, &body);
    if (status == STATUS_OK) {
        status = buffer_put_sized(out, buffer_span(&body));
    }
    if (status == STATUS_OK) {
        status = buffer_append(out, span_of(account->tail, sizeof account->tail));
    }
    if (status != STATUS_OK) {
        buffer_truncate(out, start);
    }
    buffer_fini(&body);
    return status;
}

enum status snapshot_build(struct span prefix, struct span id, uint32_t partition,
                           int64_t keep_from_ms, chain_hash_fn *hash, struct arena *arena,
                           struct buffer *out)
{
    struct account account;
    account_init(&account);
    enum status status = ledger_fold(&account, prefix, id, partition, hash, arena, NULL);
    if (status == STATUS_OK && !account_exists(&account)) {
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK) {
        status = snapshot_check(&account); // what could not be read back is not written
    }
    if (status == STATUS_OK) {
        status = build_record(&account, prefix, keep_from_ms, hash, arena, out);
    }
    account_fini(&account);
    return status;
}

static enum status read_state(struct span payload, struct arena *arena, struct account *account,
                              struct span *ret_retained)
{
    if (payload.len < CHAIN_HASH_BYTES) {
        return STATUS_CORRUPT;
    }
    struct codec codec = {.reader = {.rest = span_from(payload, CHAIN_HASH_BYTES)}, .arena = arena};
    TRY(layout_state(&codec, account));
    *ret_retained = codec.reader.rest;
    return STATUS_OK;
}

// In their order, each an answer or an open obligation's, none behind the cut.
static enum status apply_retained_marks(struct account *account, struct snapshot_cursor *cursor,
                                        struct arena *arena)
{
    uint64_t last_seq = 0;
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
        bool wanted = record.mark.present || account_obligation(account, seq) != NULL;
        if (!wanted || seq <= last_seq || seq > account->seq) {
            return STATUS_CORRUPT;
        }
        last_seq = seq;
        TRY(account_know(account, &record));
    }
}

enum status snapshot_apply(struct account *account, struct span payload, const uint8_t *tail,
                           struct arena *arena)
{
    CHECK(!account_exists(account));
    struct span retained;
    TRY(read_state(payload, arena, account, &retained));
    TRY(snapshot_check(account));
    struct snapshot_cursor cursor = {0};
    struct reader reader = {.rest = retained};
    TRY(reader_u64(&reader, &cursor.left));
    cursor.rest = reader.rest;
    memcpy(account->tail, tail, sizeof account->tail);
    return apply_retained_marks(account, &cursor, arena);
}

enum status snapshot_put_state(struct account *account, struct buffer *out)
{
    struct codec codec = {.writing = true, .out = out};
    return layout_state(&codec, account);
}

enum status snapshot_verify(struct span payload, const uint8_t *tail, chain_hash_fn *hash)
{
    if (payload.len < CHAIN_HASH_BYTES) {
        return STATUS_CORRUPT;
    }
    uint8_t expected[CHAIN_HASH_BYTES];
    hash(tail, span_from(payload, CHAIN_HASH_BYTES), expected);
    return memcmp(expected, payload.data, sizeof expected) == 0 ? STATUS_OK : STATUS_CORRUPT;
}

// The retained records stand behind the state, whose length only reading it tells.
enum status snapshot_begin(struct span payload, struct snapshot_cursor *ret_cursor,
                           uint64_t *ret_seq)
{
    struct account account;
    account_init(&account);
    struct span retained = {0};
    enum status status = read_state(payload, NULL, &account, &retained);
    uint64_t seq = account.seq;
    account_fini(&account);
    if (status != STATUS_OK) {
        return status;
    }
    struct reader reader = {.rest = retained};
    struct snapshot_cursor cursor = {0};
    TRY(reader_u64(&reader, &cursor.left));
    cursor.rest = reader.rest;
    *ret_cursor = cursor;
    *ret_seq = seq;
    return STATUS_OK;
}

enum status snapshot_next(struct snapshot_cursor *cursor, uint64_t *ret_seq, struct span *ret_body)
{
    if (cursor->left == 0) {
        return cursor->rest.len == 0 ? STATUS_NOT_FOUND : STATUS_CORRUPT;
    }
    struct reader reader = {.rest = cursor->rest};
    TRY(reader_u64(&reader, ret_seq));
    TRY(reader_sized(&reader, LIMIT_LOG_BYTES, ret_body));
    cursor->rest = reader.rest;
    cursor->left--;
    return STATUS_OK;
}
