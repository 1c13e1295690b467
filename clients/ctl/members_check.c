// Checking a file of members: each row by itself, then all of them for what must be one's alone. A
// mistake never repeats what the row says.
#include "ctl/members_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/identify.h"
#include "core/program.h"
#include "core/refusal.h"
#include "ctl/globals.h"
#include "ctl/zone.h"
#include "wire/commands.h"
#include "wire/instant.h"
#include "wire/program_wire.h"

enum { SHOWN_MAX = 100, ROW_ARENA_BYTES = 8 << 20, PROGRAM_ARENA_BYTES = 16 << 20, KEY_BYTES = 16 };

// What must not be there twice: a member's id, or an identifier.
struct unique {
    uint8_t key[KEY_BYTES];
    uint64_t line;
    enum members_column column;
};

struct checking {
    const struct members_file *file;
    const char *path;
    struct program program;
    int32_t today;
    int64_t since_ms; // there is a program; INT64_MIN: it is not known since when
    uint64_t mistakes;
    struct unique *uniques;
    size_t unique_count;
    struct arena arena; // of a row
};

static void mistake(struct checking *checking, uint64_t line, const char *column,
                    const char *reason)
{
    checking->mistakes++;
    if (checking->mistakes <= SHOWN_MAX) {
        (void)fprintf(stderr, "%s:%" PRIu64 ": %s%s%s\n", checking->path, line, column,
                      *column == '\0' ? "" : ": ", reason);
    }
}

static void add_unique(struct checking *checking, uint64_t line, enum members_column column,
                       const char *value)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    import_file_hash(span_of_text(value), hash);
    struct unique *unique = &checking->uniques[checking->unique_count++];
    *unique = (struct unique){.line = line, .column = column};
    memcpy(unique->key, hash, sizeof(unique->key));
}

static int compare_uniques(const void *left, const void *right)
{
    const struct unique *a = left;
    const struct unique *b = right;
    if (a->column != b->column) {
        return a->column < b->column ? -1 : 1;
    }
    int order = memcmp(a->key, b->key, sizeof(a->key));
    if (order != 0) {
        return order;
    }
    return (a->line > b->line) - (a->line < b->line);
}

static void check_uniques(struct checking *checking)
{
    struct unique *uniques = checking->uniques;
    qsort(uniques, checking->unique_count, sizeof(*uniques), compare_uniques);
    for (size_t i = 1; i < checking->unique_count; i++) {
        const struct unique *one = &uniques[i];
        if (one->column != one[-1].column || memcmp(one->key, one[-1].key, sizeof(one->key)) != 0) {
            continue;
        }
        char reason[64];
        (void)snprintf(reason, sizeof(reason), "line %" PRIu64 " has the same", one[-1].line);
        mistake(checking, one->line, members_column_name(one->column), reason);
    }
}

// --- one row ---

static enum members_column column_of_kind(uint32_t kind)
{
    return (enum members_column)(MEMBERS_CARD_NUMBER + (kind - IDENTIFIER_CARD_NUMBER));
}

static void check_identifiers(struct checking *checking, uint64_t line,
                              const Loyalty__V1__EnrollRequest *enroll)
{
    uint32_t kinds = 0;
    for (size_t i = 0; i < enroll->n_identifiers; i++) {
        const Loyalty__V1__Identifier *identifier = enroll->identifiers[i];
        uint32_t kind = (uint32_t)identifier->kind;
        enum members_column column = column_of_kind(kind);
        enum refusal_reason reason =
            identify_judge_new(&checking->program, kind, span_of_text(identifier->value));
        if (reason != REFUSAL_NONE) {
            mistake(checking, line, members_column_name(column), refusal_describe(reason)->message);
        }
        kinds |= UINT32_C(1) << kind;
        if (identify_is_matched(&checking->program, kind)) {
            add_unique(checking, line, column, identifier->value);
        }
    }
    uint32_t missing = identify_missing(&checking->program, kinds);
    if (missing != 0) {
        mistake(checking, line, members_column_name(column_of_kind(missing)),
                "the program requires one");
    }
}

static void check_card(struct checking *checking, uint64_t line,
                       const struct opening_command *opening)
{
    const char *name = members_column_name(MEMBERS_CARD);
    int rank = program_tier_rank(&checking->program, opening->card_tier);
    if (rank < 0) {
        mistake(checking, line, name, "the program in force has no such tier");
    } else if (opening->card.has_until != (rank > 0)) {
        mistake(checking, line, name, "every card ends but the base tier's, which does not");
    } else if (civil_to_days(opening->card.from) > checking->today ||
               (opening->card.has_until && civil_to_days(opening->card.until) <= checking->today)) {
        mistake(checking, line, name, "today is not in it");
    }
}

static void check_dates(struct checking *checking, uint64_t line,
                        const struct opening_command *opening)
{
    for (size_t i = 0; i < opening->lot_count; i++) {
        const struct opening_item *lot = &opening->lots[i];
        if (lot->has_until && civil_to_days(lot->until) <= checking->today) {
            mistake(checking, line, members_column_name(MEMBERS_POINTS),
                    "points that have ended already are not brought over");
        }
    }
    for (size_t i = 0; i < opening->score_count; i++) {
        const struct opening_item *score = &opening->scores[i];
        int32_t from = score->has_from ? civil_to_days(score->from) : checking->today;
        if (score->has_until && civil_to_days(score->until) <= from) {
            mistake(checking, line, members_column_name(MEMBERS_SCORE), "it ends before it begins");
        }
    }
    if (opening->has_card) {
        check_card(checking, line, opening);
    }
}

// What the service would say of the two requests' shapes. False when that was said.
static bool check_shapes(struct checking *checking, uint64_t line, const struct members_row *row,
                         struct opening_command *ret_opening)
{
    struct commands commands = {.arena = &checking->arena, .any_unit = true};
    struct request_header header = {0};
    struct enroll_request enroll;
    enum status status = commands_enroll(&commands, &row->enroll, &header, &enroll);
    if (status == STATUS_OK) {
        status = commands_opening(&commands, &row->opening, ret_opening);
    }
    if (status == STATUS_INVALID) {
        mistake(checking, line, commands.fault.field, commands.fault.message);
    } else if (status != STATUS_OK) {
        mistake(checking, line, "", "the row is too long");
    }
    return status == STATUS_OK;
}

static void check_row(struct checking *checking, size_t index)
{
    uint64_t line = checking->file->lines[index].number;
    struct members_row row;
    struct members_fault fault;
    struct opening_command opening;
    arena_reset(&checking->arena);
    if (!members_row_read(checking->file, index, &checking->arena, &row, &fault)) {
        mistake(checking, line, fault.column, fault.reason);
        return;
    }
    if (!check_shapes(checking, line, &row, &opening)) {
        return;
    }
    add_unique(checking, line, MEMBERS_ID, row.enroll.member_id);
    check_identifiers(checking, line, &row.enroll);
    check_dates(checking, line, &opening);
    if (row.has_enrolled && row.enrolled_day > checking->today) {
        mistake(checking, line, members_column_name(MEMBERS_ENROLLED), "it is to come yet");
    } else if (row.has_enrolled && zone_day_start_ms(row.enrolled_day) < checking->since_ms) {
        mistake(checking, line, members_column_name(MEMBERS_ENROLLED),
                "no version of the program was in force then");
    }
}

// When the first version took effect; of a long list only the latest are told.
static int64_t since_when(const Loyalty__V1__GetProgramResponse *current)
{
    int64_t since_ms = INT64_MIN;
    size_t first = 0;
    while (first < current->n_versions && current->versions[first]->withdrawn_at != NULL) {
        first++; // never came into force
    }
    if (first < current->n_versions && current->versions[0]->version == 1 &&
        instant_from_timestamp(current->versions[first]->effective_from, &since_ms) != STATUS_OK) {
        return INT64_MIN;
    }
    return since_ms;
}

uint64_t members_check(const struct members_file *file, const char *path,
                       const Loyalty__V1__GetProgramResponse *current, int32_t today)
{
    struct checking checking = {
        .file = file, .path = path, .today = today, .since_ms = since_when(current)};
    struct arena arena; // of the program
    size_t most = 1 + (size_t)IDENTIFIER_KINDS;
    arena_init(&arena, PROGRAM_ARENA_BYTES);
    arena_init(&checking.arena, ROW_ARENA_BYTES);
    checking.uniques = calloc(file->count, most * sizeof(*checking.uniques));
    if (checking.uniques == NULL ||
        program_from_message(current->program, &arena, &checking.program) != STATUS_OK) {
        (void)fprintf(stderr, "loyaltyctl: out of memory\n");
        exit(CTL_RETRY_LATER);
    }
    for (size_t i = 0; i < file->count; i++) {
        check_row(&checking, i);
    }
    check_uniques(&checking);
    if (checking.mistakes > SHOWN_MAX) {
        (void)fprintf(stderr, "and %" PRIu64 " more mistakes\n", checking.mistakes - SHOWN_MAX);
    }
    free(checking.uniques);
    arena_fini(&checking.arena);
    arena_fini(&arena);
    return checking.mistakes;
}
