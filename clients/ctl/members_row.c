// One line of a file of members, as requests.
#include <string.h>

#include "base/limits.h"
#include "core/calendar.h"
#include "ctl/members_file.h"
#include "ctl/opening_parts.h"
#include "ctl/parse.h"
#include "lib/encode.h"

static bool fault(struct members_fault *ret_fault, enum members_column column, const char *reason)
{
    *ret_fault = (struct members_fault){.column = members_column_name(column), .reason = reason};
    return false;
}

static bool no_memory(struct members_fault *ret_fault)
{
    *ret_fault = (struct members_fault){.column = "", .reason = "the row is too long"};
    return false;
}

static bool read_identifiers(char *const *fields, struct arena *arena,
                             Loyalty__V1__EnrollRequest *enroll, struct members_fault *ret_fault)
{
    static const enum loyalty_member_by kinds[] = {LOYALTY_BY_CARD_NUMBER, LOYALTY_BY_BARCODE,
                                                   LOYALTY_BY_PHONE, LOYALTY_BY_APP_ID};
    enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
    enroll->identifiers = arena_alloc_array(arena, KINDS, sizeof(Loyalty__V1__Identifier *));
    if (enroll->identifiers == NULL) {
        return no_memory(ret_fault);
    }
    for (size_t i = 0; i < KINDS; i++) {
        const char *value = fields[(size_t)MEMBERS_CARD_NUMBER + i];
        struct loyalty_member shown = {.by = kinds[i], .value = value};
        if (*value == '\0') {
            continue;
        }
        Loyalty__V1__Identifier *identifier = ly_encode_identifier(arena, &shown);
        if (identifier == NULL) {
            return no_memory(ret_fault);
        }
        enroll->identifiers[enroll->n_identifiers++] = identifier;
    }
    return true;
}

static bool read_profile(char *const *fields, struct arena *arena,
                         Loyalty__V1__EnrollRequest *enroll, struct members_fault *ret_fault)
{
    char *birthday = fields[MEMBERS_BIRTHDAY];
    char *language = fields[MEMBERS_LANGUAGE];
    if (*birthday == '\0' && *language == '\0') {
        return true;
    }
    if (*birthday != '\0' && !parse_date(birthday)) {
        return fault(ret_fault, MEMBERS_BIRTHDAY, "it is no day written YYYY-MM-DD");
    }
    enroll->profile = arena_alloc(arena, sizeof(*enroll->profile));
    if (enroll->profile == NULL) {
        return no_memory(ret_fault);
    }
    loyalty__v1__profile__init(enroll->profile);
    enroll->profile->birthday = birthday;
    enroll->profile->language = language;
    return true;
}

static bool read_enrolment(char *const *fields, struct arena *arena, struct members_row *row,
                           struct members_fault *ret_fault)
{
    struct civil_date date;
    char *enrolled = fields[MEMBERS_ENROLLED];
    loyalty__v1__enroll_request__init(&row->enroll);
    row->enroll.member_id = fields[MEMBERS_ID];
    if (*row->enroll.member_id == '\0') {
        return fault(ret_fault, MEMBERS_ID, "it is missing");
    }
    row->has_enrolled = *enrolled != '\0';
    if (row->has_enrolled) {
        if (civil_parse_date(span_of_text(enrolled), &date) != STATUS_OK) {
            return fault(ret_fault, MEMBERS_ENROLLED, "it is no day written YYYY-MM-DD");
        }
        row->enrolled_day = civil_to_days(date);
    }
    return read_identifiers(fields, arena, &row->enroll, ret_fault) &&
           read_profile(fields, arena, &row->enroll, ret_fault);
}

// The next word of a list that spaces part; NULL when there is none.
static char *next_word(char **rest)
{
    char *word = NULL;
    do {
        word = strsep(rest, " ");
    } while (word != NULL && *word == '\0');
    return word;
}

static bool read_lots(char *text, struct arena *arena, Loyalty__V1__OpeningBalanceRequest *opening,
                      struct members_fault *ret_fault)
{
    for (char *word = next_word(&text); word != NULL; word = next_word(&text)) {
        Loyalty__V1__OpeningLot *lot = arena_alloc(arena, sizeof(*lot));
        if (lot == NULL || opening->n_lots == LIMIT_OPENING_ITEMS) {
            return no_memory(ret_fault);
        }
        if (!opening_take_lot(word, lot)) {
            return fault(ret_fault, MEMBERS_POINTS, "a lot is POINTS or POINTS:YYYY-MM-DD");
        }
        opening->lots[opening->n_lots++] = lot;
    }
    return true;
}

static bool read_scores(char *text, struct arena *arena,
                        Loyalty__V1__OpeningBalanceRequest *opening,
                        struct members_fault *ret_fault)
{
    for (char *word = next_word(&text); word != NULL; word = next_word(&text)) {
        Loyalty__V1__OpeningScore *score = arena_alloc(arena, sizeof(*score));
        if (score == NULL || opening->n_scores == LIMIT_OPENING_ITEMS) {
            return no_memory(ret_fault);
        }
        if (!opening_take_score(word, score)) {
            return fault(ret_fault, MEMBERS_SCORE,
                         "a score is N, N:FROM, N::UNTIL or N:FROM:UNTIL, dates YYYY-MM-DD");
        }
        opening->scores[opening->n_scores++] = score;
    }
    return true;
}

static bool read_opening(char *const *fields, struct arena *arena, struct members_row *row,
                         struct members_fault *ret_fault)
{
    Loyalty__V1__OpeningBalanceRequest *opening = &row->opening;
    loyalty__v1__opening_balance_request__init(opening);
    opening->lots =
        arena_alloc_array(arena, LIMIT_OPENING_ITEMS, sizeof(Loyalty__V1__OpeningLot *));
    opening->scores =
        arena_alloc_array(arena, LIMIT_OPENING_ITEMS, sizeof(Loyalty__V1__OpeningScore *));
    if (opening->lots == NULL || opening->scores == NULL) {
        return no_memory(ret_fault);
    }
    if (!read_lots(fields[MEMBERS_POINTS], arena, opening, ret_fault) ||
        !read_scores(fields[MEMBERS_SCORE], arena, opening, ret_fault)) {
        return false;
    }
    if (*fields[MEMBERS_CARD] != '\0') {
        opening->card = arena_alloc(arena, sizeof(*opening->card));
        if (opening->card == NULL) {
            return no_memory(ret_fault);
        }
        if (!opening_take_card(fields[MEMBERS_CARD], opening->card)) {
            return fault(ret_fault, MEMBERS_CARD, "a card is TIER:FROM:UNTIL, dates YYYY-MM-DD");
        }
    }
    row->has_opening = opening->n_lots > 0 || opening->n_scores > 0 || opening->card != NULL;
    return true;
}

bool members_row_read(const struct members_file *file, size_t index, struct arena *arena,
                      struct members_row *ret_row, struct members_fault *ret_fault)
{
    char *fields[MEMBERS_COLUMNS];
    *ret_row = (struct members_row){0};
    if (!members_file_fields(file, index, arena, fields)) {
        *ret_fault = (struct members_fault){
            .column = "", .reason = "it has not as many fields as there are columns"};
        return false;
    }
    return read_enrolment(fields, arena, ret_row, ret_fault) &&
           read_opening(fields, arena, ret_row, ret_fault);
}
