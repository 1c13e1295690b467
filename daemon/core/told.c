// Marks are bits by reference, for a reference is a small number; so noting one costs nothing to
// speak of in the path of an award.
#include "core/told.h"

#include "base/varint.h"
#include "core/codec.h"

static void mark_name(struct told_marks *marks, uint32_t ref)
{
    if (ref > 0 && ref <= LIMIT_NAMES_AN_ACCOUNT) {
        marks->names[ref / TOLD_WORD_BITS] |= UINT64_C(1) << ref % TOLD_WORD_BITS;
    }
}

void told_mark(struct told_marks *marks, const struct record *record)
{
    mark_name(marks, record->actor);
    marks->card = marks->card || record->card_count > 0 || record->type == RECORD_NOTICED;
    for (size_t i = 0; i < record->card_count; i++) {
        mark_name(marks, record->cards[i].tier);
    }
    switch (record->type) {
    case RECORD_AWARDED:
        for (size_t i = 0; i < record->awarded.rule_count; i++) {
            mark_name(marks, record->awarded.rules[i].rule);
        }
        break;
    case RECORD_PERK_USED:
        mark_name(marks, record->perk_used.perk);
        break;
    case RECORD_PERK_REVERSED:
        mark_name(marks, record->perk_reversed.perk);
        break;
    default:
        break;
    }
}

struct told_before told_before(const struct account *account)
{
    struct told_before before = {.names = account->names.places.count,
                                 .has_card = account->cards.count > 0};
    if (before.has_card) {
        before.card = account->cards.items[account->cards.count - 1];
    }
    return before;
}

// --- writing and reading ---

static enum status layout_card(struct codec *codec, struct card *card)
{
    uint32_t cause = (uint32_t)card->cause;
    TRY(codec_u32(codec, &card->tier));
    TRY(codec_instant(codec, &card->from_ms));
    TRY(codec_instant(codec, &card->until_ms));
    TRY(codec_u32(codec, &cause));
    if (cause < CARD_ENROLLED || cause > CARD_CAUSE_LAST) {
        return STATUS_CORRUPT;
    }
    card->cause = (enum card_cause)cause;
    return STATUS_OK;
}

static bool is_marked(const struct told_marks *marks, uint32_t ref)
{
    return (marks->names[ref / TOLD_WORD_BITS] >> ref % TOLD_WORD_BITS & 1) != 0;
}

enum status told_write(const struct told_marks *marks, const struct told_before *before,
                       const struct names *names, struct buffer *out)
{
    bool card = marks->card && before->has_card;
    size_t start = out->len;
    if (before->names == 0) {
        return STATUS_OK;
    }
    TRY(buffer_put_u64(out, before->names));
    TRY(buffer_append_byte(out, card ? 1 : 0));
    if (card) {
        struct codec codec = {.writing = true, .out = out};
        struct card copy = before->card;
        TRY(layout_card(&codec, &copy));
    }
    for (uint32_t ref = 1; ref <= before->names && out->len - start < TOLD_BYTES_MAX; ref++) {
        if (is_marked(marks, ref) || (card && ref == before->card.tier)) {
            TRY(buffer_put_u64(out, ref));
            TRY(buffer_put_sized(out, names_text(names, ref)));
        }
    }
    return STATUS_OK;
}

void told_init(struct told *told)
{
    *told = (struct told){0};
    names_init(&told->names);
}

void told_fini(struct told *told)
{
    names_fini(&told->names);
}

static enum status add(struct names *names, struct span text)
{
    uint32_t ref = 0;
    return names_add(names, text, &ref);
}

static enum status read_card(struct told *told, struct reader *reader)
{
    struct codec codec = {.reader = *reader};
    TRY(layout_card(&codec, &told->card));
    *reader = codec.reader;
    told->has_card = true;
    return STATUS_OK;
}

// In the order of their references, with nothing for those between them.
static enum status read_names(struct told *told, struct reader *reader, uint32_t count)
{
    struct names *names = &told->names;
    while (reader->rest.len > 0) {
        uint32_t ref = 0;
        struct span text;
        TRY(reader_u32(reader, &ref));
        TRY(reader_sized(reader, LIMIT_UNIT_BYTES + LIMIT_NAME_BYTES, &text));
        if (ref <= names->places.count || ref > count) {
            return STATUS_CORRUPT;
        }
        while (names->places.count + 1 < ref) {
            TRY(add(names, (struct span){0}));
        }
        TRY(add(names, text));
    }
    while (names->places.count < count) {
        TRY(add(names, (struct span){0}));
    }
    return STATUS_OK;
}

enum status told_read(struct told *told, struct span bytes)
{
    struct reader reader = {.rest = bytes};
    uint32_t count = 0;
    uint8_t card = 0;
    names_truncate(&told->names, 0);
    told->has_card = false;
    if (bytes.len == 0) {
        return STATUS_OK;
    }
    TRY(reader_u32(&reader, &count));
    TRY(reader_byte(&reader, &card));
    if (count > LIMIT_NAMES_AN_ACCOUNT || card > 1) {
        return STATUS_CORRUPT;
    }
    if (card == 1) {
        TRY(read_card(told, &reader));
    }
    return read_names(told, &reader, count);
}

enum status told_follow(struct told *told, const struct record *record)
{
    for (size_t i = 0; i < record->name_count; i++) {
        TRY(add(&told->names, record->names[i]));
    }
    if (record->card_count > 0) {
        told->card = record->cards[record->card_count - 1];
        told->has_card = true;
    }
    return STATUS_OK;
}
