// Exactly four fields; a field too many or too few is an error, so that a file in another format is
// not taken for this one.
#include "ctl/cdnow.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "ctl/parse.h"

enum { FIELDS = 4, DATE_DIGITS = 8, PIECES_DIGITS_MAX = 9 };

bool cdnow_next_line(struct span *rest, struct span *ret_line)
{
    if (rest->len == 0) {
        return false;
    }
    const uint8_t *end = memchr(rest->data, '\n', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
    struct span line = span_of(rest->data, len);
    *rest = span_from(*rest, end == NULL ? len : len + 1);
    if (line.len > 0 && line.data[line.len - 1] == '\r') {
        line.len--;
    }
    *ret_line = line;
    return true;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

// The fields of a line; more than FIELDS are counted but not kept.
static size_t split(struct span line, struct span fields[FIELDS])
{
    size_t count = 0;
    size_t at = 0;
    while (at < line.len) {
        while (at < line.len && is_space(line.data[at])) {
            at++;
        }
        size_t from = at;
        while (at < line.len && !is_space(line.data[at])) {
            at++;
        }
        if (at > from) {
            if (count < FIELDS) {
                fields[count] = span_of(line.data + from, at - from);
            }
            count++;
        }
    }
    return count;
}

static bool all_digits(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.len > 0;
}

static int32_t number_of(const uint8_t *digits, size_t len)
{
    int32_t number = 0;
    for (size_t i = 0; i < len; i++) {
        number = number * 10 + (digits[i] - '0');
    }
    return number;
}

static bool parse_day(struct span text, struct civil_date *ret_date)
{
    if (text.len != DATE_DIGITS || !all_digits(text)) {
        return false;
    }
    *ret_date = (struct civil_date){
        .year = number_of(text.data, 4),
        .month = number_of(text.data + 4, 2),
        .day = number_of(text.data + 6, 2),
    };
    return civil_is_valid(*ret_date);
}

static bool is_member_id(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        bool good = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                    (byte >= 'a' && byte <= 'z') || byte == '.' || byte == '_' || byte == '-';
        if (!good) {
            return false;
        }
    }
    return text.len > 0 && text.len <= LIMIT_MEMBER_ID_BYTES;
}

bool cdnow_parse_row(struct span line, struct cdnow_row *ret_row,
                     char ret_reason[CDNOW_REASON_BYTES])
{
    struct span fields[FIELDS] = {0};
    struct cdnow_row row;
    const char *reason = NULL;
    size_t count = split(line, fields);
    if (count != FIELDS) {
        (void)snprintf(ret_reason, CDNOW_REASON_BYTES,
                       "%zu fields where customer, date, pieces and dollars belong", count);
        return false;
    }
    row.customer = fields[0];
    if (!is_member_id(fields[0])) {
        reason = "the customer is no member's id";
    } else if (!parse_day(fields[1], &row.date)) {
        reason = "the date is no day written YYYYMMDD";
    } else if (!all_digits(fields[2]) || fields[2].len > PIECES_DIGITS_MAX) {
        reason = "the number of pieces is none";
    } else if (!parse_amount_span((const char *)fields[3].data, fields[3].len, &row.amount_minor)) {
        reason = "the dollars are no amount: digits, at most two of them after a point";
    }
    if (reason != NULL) {
        (void)snprintf(ret_reason, CDNOW_REASON_BYTES, "%s", reason);
        return false;
    }
    *ret_row = row;
    return true;
}
