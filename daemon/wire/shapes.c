// Each shape is judged by hand, byte by byte, so that what is accepted is exactly what its sentence
// says. Sentences repeat what came only where it is no personal datum: never an identifier.
#include "wire/shapes.h"

#include <inttypes.h>
#include <stdbool.h>

#include "wire/instant.h"
#include "wire/text.h"
#include "wire/uuid.h"

enum { FIRST_DAY = 1, LAST_YEAR = 2200 };

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

// What member ids and the segments of units are made of.
static bool is_id_byte(uint8_t byte)
{
    return is_letter(byte) || is_digit(byte) || byte == '.' || byte == '_' || byte == '-';
}

enum status shapes_fail(struct commands *commands, const char *reason, const struct path *path,
                        const char *message)
{
    char field[PATH_BYTES];
    const char *kept = arena_printf(commands->arena, "%s", path_write(path, field));
    if (kept == NULL || message == NULL) {
        return STATUS_NO_MEMORY;
    }
    commands->fault = (struct command_fault){.reason = reason, .field = kept, .message = message};
    return STATUS_INVALID;
}

enum status shapes_uuid(struct commands *commands, const char *text, const struct path *path,
                        uint8_t *ret_id)
{
    static const uint8_t nil[UUID_BYTES];
    struct span given = span_of_text(text);
    if (given.len == 0) {
        return shapes_fail(commands, FAULT_MISSING, path,
                           "The request id is missing; send a new UUID for every intent and the "
                           "same one for its retries.");
    }
    uint8_t id[UUID_BYTES];
    if (uuid_parse(given, id) != STATUS_OK || memcmp(id, nil, sizeof(nil)) == 0) {
        char shown[TEXT_SHOWN_BYTES];
        return shapes_fail(commands, FAULT_NOT_A_UUID, path,
                           arena_printf(commands->arena,
                                        "'%s' is no request id; it must be a UUID of 36 "
                                        "characters that is not all zeros.",
                                        text_show(given, shown)));
    }
    memcpy(ret_id, id, sizeof(id));
    return STATUS_OK;
}

enum status shapes_reference(struct commands *commands, const char *text, const char *what,
                             const struct path *path, uint8_t *ret_id)
{
    if (*text == '\0') {
        return shapes_fail(commands, FAULT_MISSING, path,
                           arena_printf(commands->arena,
                                        "It is not said which %s is meant; give its request_id.",
                                        what));
    }
    return shapes_uuid(commands, text, path, ret_id);
}

enum status shapes_instant(struct commands *commands, const Google__Protobuf__Timestamp *instant,
                           const struct path *path, int64_t *ret_instant_ms)
{
    if (instant == NULL) {
        return shapes_fail(commands, FAULT_MISSING, path, "This time is missing; it is required.");
    }
    if (instant_from_timestamp(instant, ret_instant_ms) != STATUS_OK) {
        return shapes_fail(commands, FAULT_BAD_TIMESTAMP, path,
                           arena_printf(commands->arena,
                                        "A time of %" PRId64 " s and %" PRId32
                                        " ns is none; it must lie in the years 1970 to 2099, its "
                                        "nanoseconds from 0 to 999999999.",
                                        instant->seconds, instant->nanos));
    }
    return STATUS_OK;
}

enum status shapes_date(struct commands *commands, const char *text, const struct path *path,
                        struct civil_date *ret_date)
{
    struct span given = span_of_text(text);
    if (given.len == 0) {
        return shapes_fail(commands, FAULT_MISSING, path,
                           "This date is missing; write it as YYYY-MM-DD.");
    }
    struct civil_date date;
    if (civil_parse_date(given, &date) != STATUS_OK || date.year > LAST_YEAR ||
        civil_to_days(date) < FIRST_DAY) {
        char shown[TEXT_SHOWN_BYTES];
        return shapes_fail(commands, FAULT_BAD_DATE, path,
                           arena_printf(commands->arena,
                                        "'%s' is no date; it must be a day of the calendar, "
                                        "written YYYY-MM-DD, from 1970-01-02 to 2200-12-31.",
                                        text_show(given, shown)));
    }
    *ret_date = date;
    return STATUS_OK;
}

enum status shapes_date_or_none(struct commands *commands, const char *text, const char *name,
                                const struct path *parent, bool *ret_has,
                                struct civil_date *ret_date)
{
    *ret_has = span_of_text(text).len > 0;
    if (!*ret_has) {
        return STATUS_OK;
    }
    struct path path = shapes_step(parent, name);
    return shapes_date(commands, text, &path, ret_date);
}

static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

enum status shapes_text(struct commands *commands, const char *text, const struct path *path,
                        size_t bytes_max, struct span *ret_text)
{
    struct span given = span_of_text(text);
    if (given.len > bytes_max || has_control(given) || !text_is_clean(given)) {
        return shapes_fail(commands, FAULT_BAD_TEXT, path,
                           arena_printf(commands->arena,
                                        "This text must be UTF-8 of at most %zu bytes without "
                                        "control characters; it has %zu bytes.",
                                        bytes_max, given.len));
    }
    *ret_text = given;
    return STATUS_OK;
}

enum status shapes_member_id(struct commands *commands, const char *text, const struct path *path,
                             struct span *ret_id)
{
    struct span given = span_of_text(text);
    bool good = given.len >= 1 && given.len <= LIMIT_MEMBER_ID_BYTES;
    for (size_t i = 0; good && i < given.len; i++) {
        good = is_id_byte(given.data[i]);
    }
    if (!good) {
        return shapes_fail(commands, FAULT_BAD_MEMBER_ID, path,
                           "A member id has 1 to 64 characters out of A-Z a-z 0-9 . _ and -.");
    }
    *ret_id = given;
    return STATUS_OK;
}

// E.164: a plus and at most 15 digits, the first not 0.
static bool is_phone(struct span value)
{
    if (value.len < 3 || value.len > 16 || value.data[0] != '+' || value.data[1] == '0') {
        return false;
    }
    for (size_t i = 1; i < value.len; i++) {
        if (!is_digit(value.data[i])) {
            return false;
        }
    }
    return true;
}

bool shapes_is_printable(struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] <= ' ' || value.data[i] > '~') {
            return false;
        }
    }
    return value.len >= 1 && value.len <= LIMIT_IDENTIFIER_BYTES;
}

enum status shapes_identifier(struct commands *commands, const Loyalty__V1__Identifier *identifier,
                              const struct path *path, struct identifier_value *ret_identifier)
{
    if (identifier == NULL) {
        return shapes_fail(commands, FAULT_MISSING, path,
                           "The identifier is missing; give its kind and its value.");
    }
    uint32_t kind = (uint32_t)identifier->kind;
    if (kind < LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_CARD_NUMBER ||
        kind > LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_APP_ID) {
        struct path kind_path = shapes_step(path, "kind");
        return shapes_fail(commands, FAULT_BAD_IDENTIFIER, &kind_path,
                           "The kind of identifier must be card number, barcode, phone or app id.");
    }
    struct path value_path = shapes_step(path, "value");
    struct span value = span_of_text(identifier->value);
    if (!shapes_is_printable(value)) {
        return shapes_fail(commands, FAULT_BAD_IDENTIFIER, &value_path,
                           "An identifier has 1 to 64 printable ASCII characters, no spaces.");
    }
    if (kind == LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_PHONE && !is_phone(value)) {
        return shapes_fail(commands, FAULT_BAD_IDENTIFIER, &value_path,
                           "A phone number is written + and 2 to 15 digits, country code first, "
                           "nothing between.");
    }
    *ret_identifier = (struct identifier_value){.kind = kind, .value = value};
    return STATUS_OK;
}

enum status shapes_currency(struct commands *commands, const char *text, const struct path *path,
                            struct span *ret_currency)
{
    struct span given = span_of_text(text);
    if (given.len == 0) {
        return shapes_fail(commands, FAULT_MISSING, path,
                           "The currency is missing; give its three letters, for example CNY.");
    }
    bool good = given.len == 3;
    for (size_t i = 0; good && i < given.len; i++) {
        good = given.data[i] >= 'A' && given.data[i] <= 'Z';
    }
    if (!good) {
        char shown[TEXT_SHOWN_BYTES];
        return shapes_fail(commands, FAULT_BAD_CURRENCY, path,
                           arena_printf(commands->arena,
                                        "'%s' is no currency; give three capital letters, for "
                                        "example CNY.",
                                        text_show(given, shown)));
    }
    *ret_currency = given;
    return STATUS_OK;
}

enum status shapes_amount(struct commands *commands, int64_t amount_minor, const struct path *path)
{
    if (amount_minor < 0) {
        return shapes_fail(commands, FAULT_NEGATIVE_AMOUNT, path,
                           arena_printf(commands->arena,
                                        "The amount is %" PRId64 ", but must be 0 or more; a "
                                        "return is a reversal, not a negative sale.",
                                        amount_minor));
    }
    if (amount_minor > LIMIT_AMOUNT_MINOR_MAX) {
        return shapes_fail(commands, FAULT_AMOUNT_OUT_OF_BOUNDS, path,
                           arena_printf(commands->arena,
                                        "The amount is %" PRId64 ", but must be at most %" PRId64
                                        " in minor units.",
                                        amount_minor, LIMIT_AMOUNT_MINOR_MAX));
    }
    return STATUS_OK;
}

enum status shapes_points(struct commands *commands, int64_t points, int64_t min,
                          const struct path *path)
{
    if (points >= min && points <= LIMIT_POINTS_A_RECORD) {
        return STATUS_OK;
    }
    return shapes_fail(commands, FAULT_POINTS_OUT_OF_BOUNDS, path,
                       arena_printf(commands->arena,
                                    "%" PRId64 " is no number of points to ask for; give one from "
                                    "%" PRId64 " to %" PRId64 ".",
                                    points, min, LIMIT_POINTS_A_RECORD));
}

static bool is_segment(struct span segment)
{
    for (size_t i = 0; i < segment.len; i++) {
        if (!is_id_byte(segment.data[i])) {
            return false;
        }
    }
    return segment.len > 0 && !span_is_text(segment, ".") && !span_is_text(segment, "..");
}

// One or more segments with one slash between two, as in certificates.
static bool is_unit(struct span unit)
{
    size_t begin = 0;
    for (size_t i = 0; i <= unit.len; i++) {
        if (i < unit.len && unit.data[i] != '/') {
            continue;
        }
        if (!is_segment(span_of(unit.data + begin, i - begin))) {
            return false;
        }
        begin = i + 1;
    }
    return unit.len <= LIMIT_UNIT_BYTES;
}

static bool covers(struct span own, struct span unit)
{
    if (own.len == 0 || unit.len < own.len || !span_equal(own, span_of(unit.data, own.len))) {
        return false;
    }
    return unit.len == own.len || unit.data[own.len] == '/';
}

enum status shapes_unit(struct commands *commands, const char *text, const struct path *path,
                        struct span *ret_unit)
{
    struct span given = span_of_text(text);
    if (given.len == 0) {
        *ret_unit = commands->unit;
        return STATUS_OK;
    }
    char shown[TEXT_SHOWN_BYTES];
    if (!is_unit(given)) {
        return shapes_fail(commands, FAULT_BAD_UNIT, path,
                           arena_printf(commands->arena,
                                        "'%s' is no unit; write names of A-Z a-z 0-9 . _ and - "
                                        "with / between, such as store-0007/till-02.",
                                        text_show(given, shown)));
    }
    if (!commands->any_unit && !covers(commands->unit, given)) {
        char own[TEXT_SHOWN_BYTES];
        return shapes_fail(commands, FAULT_WRONG_UNIT, path,
                           arena_printf(commands->arena,
                                        "'%s' is not this terminal's to name; leave it empty, or "
                                        "name '%s' or what is below it.",
                                        text_show(given, shown), text_show(commands->unit, own)));
    }
    *ret_unit = given;
    return STATUS_OK;
}

enum status shapes_receipt(struct commands *commands, const Loyalty__V1__ReceiptKey *receipt,
                           const struct path *path, struct receipt_key *ret_receipt)
{
    if (receipt == NULL) {
        *ret_receipt = (struct receipt_key){0};
        return STATUS_OK;
    }
    if (receipt->number == 0) {
        struct path number_path = shapes_step(path, "number");
        return shapes_fail(commands, FAULT_BAD_RECEIPT, &number_path,
                           "A receipt has a number from 1 up; leave the receipt out if it has "
                           "none.");
    }
    struct path date_path = shapes_step(path, "business_date");
    struct civil_date date;
    TRY(shapes_date(commands, receipt->business_date, &date_path, &date));
    *ret_receipt =
        (struct receipt_key){.number = receipt->number, .business_day = civil_to_days(date)};
    return STATUS_OK;
}
