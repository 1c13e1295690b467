// A CSV file of members to be brought over (RFC 4180, no line breaks inside fields), read whole.
// The first line names the columns, in any order; only member_id must be there:
//     member_id, card_number, barcode, phone, app_id, birthday, language
//     enrolled   YYYY-MM-DD, 00:00 local; empty: now
//     points     lots, POINTS or POINTS:DATE, a space between them
//     score      SCORE[:FROM][:UNTIL], a space between them
//     card       TIER:FROM:UNTIL
// What a row says is made into requests when they are checked, and again when they are sent.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/span.h"
#include "ctl/import_file.h"
#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/members.pb-c.h"

enum members_column {
    MEMBERS_ID,
    MEMBERS_CARD_NUMBER,
    MEMBERS_BARCODE,
    MEMBERS_PHONE,
    MEMBERS_APP_ID,
    MEMBERS_BIRTHDAY,
    MEMBERS_LANGUAGE,
    MEMBERS_ENROLLED,
    MEMBERS_POINTS,
    MEMBERS_SCORE,
    MEMBERS_CARD,
};

enum { MEMBERS_COLUMNS = MEMBERS_CARD + 1 };

struct members_line {
    struct span text;
    uint64_t number; // in the file, the header being 1
};

struct members_file {
    struct buffer text;
    enum members_column columns[MEMBERS_COLUMNS];
    size_t column_count;
    struct members_line *lines; // one a member
    size_t count;
};

// One member: the two requests without mutations, in the arena.
struct members_row {
    Loyalty__V1__EnrollRequest enroll; // without enrolled_at
    bool has_enrolled;
    int32_t enrolled_day;
    Loyalty__V1__OpeningBalanceRequest opening;
    bool has_opening; // there is something to bring over
};

// Why a row is none.
struct members_fault {
    const char *column; // "points"; empty: the whole row
    const char *reason; // static, or in the arena
};

// False with a sentence; members_file_fini is due all the same.
bool members_file_read(const char *path, struct members_file *ret_file,
                       char ret_error[IMPORT_FILE_ERROR_BYTES]);
void members_file_fini(struct members_file *file);

// The name of a column; and the fields of a member's line by column, those that the file does not
// have empty. False when the line has not as many as the first one.
const char *members_column_name(enum members_column column);
bool members_file_fields(const struct members_file *file, size_t index, struct arena *arena,
                         char *ret_fields[MEMBERS_COLUMNS]);

// False with the first thing that is no field of its column (ctl/members_row.c). The arena is the
// caller's to reset.
bool members_row_read(const struct members_file *file, size_t index, struct arena *arena,
                      struct members_row *ret_row, struct members_fault *ret_fault);

// The id of a request of a member, kept apart by `kind` ("enroll"). It follows from the member's id
// alone: a row that was corrected after it was posted is refused, never posted twice.
void members_request_id(const char *kind, struct span member_id, char ret_id[LOYALTY_UUID_BYTES]);
