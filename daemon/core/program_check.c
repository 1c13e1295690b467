// The checks that several pieces of a program share. A reason says what is wrong and what would be
// right; it quotes a text of the document only once that is known to be an id, so no stray byte of
// a document gets into a message.
#include "core/program_check.h"

#include <stdbool.h>

enum { RATE_PART_MAX = 1000000 };

enum status check_report(struct program_problems *problems, const char *prefix, const char *field,
                         const char *reason)
{
    const char *dot = prefix[0] != '\0' && field[0] != '\0' ? "." : "";
    const char *path = arena_printf(problems->arena, "%s%s%s", prefix, dot, field);
    return program_problem_add(problems, path, reason);
}

enum status check_range(struct program_problems *problems, const char *prefix, const char *field,
                        int64_t value, int64_t minimum, int64_t maximum)
{
    if (value >= minimum && value <= maximum) {
        return STATUS_OK;
    }
    return check_report(problems, prefix, field,
                        arena_printf(problems->arena, "is %lld; must be %lld to %lld",
                                     (long long)value, (long long)minimum, (long long)maximum));
}

enum status check_count(struct program_problems *problems, const char *prefix, const char *field,
                        size_t count, size_t maximum, bool *ret_fits)
{
    *ret_fits = count <= maximum;
    if (count <= maximum) {
        return STATUS_OK;
    }
    return check_report(
        problems, prefix, field,
        arena_printf(problems->arena, "has %zu entries; must have at most %zu", count, maximum));
}

static bool is_id(struct span id)
{
    if (id.len == 0 || id.len > LIMIT_NAME_BYTES) {
        return false;
    }
    for (size_t i = 0; i < id.len; i++) {
        uint8_t c = id.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return true;
}

enum status check_id(struct program_problems *problems, const char *prefix, const char *field,
                     struct span id)
{
    if (is_id(id)) {
        return STATUS_OK;
    }
    const char *what = id.len == 0 ? "is missing" : "is not an id";
    return check_report(
        problems, prefix, field,
        arena_printf(problems->arena, "%s; must be 1 to %d of a-z 0-9 -", what, LIMIT_NAME_BYTES));
}

// Index of the first entry equal to entry `i`, or `i` itself.
static size_t first_equal(const struct span *items, size_t i)
{
    for (size_t earlier = 0; earlier < i; earlier++) {
        if (span_equal(items[earlier], items[i])) {
            return earlier;
        }
    }
    return i;
}

static enum status check_unique(struct program_problems *problems, const char *prefix,
                                const char *list, const struct span *ids, size_t i)
{
    size_t earlier = first_equal(ids, i);
    if (earlier == i || !is_id(ids[i])) {
        return STATUS_OK;
    }
    return check_report(problems, prefix, "id",
                        arena_printf(problems->arena, "'%.*s' is the id of %s[%zu]; must be unique",
                                     (int)ids[i].len, (const char *)ids[i].data, list, earlier));
}

enum status check_ids(struct program_problems *problems, const char *list, const struct span *ids,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *prefix = arena_printf(problems->arena, "%s[%zu]", list, i);
        if (prefix == NULL) {
            return STATUS_NO_MEMORY;
        }
        TRY(check_id(problems, prefix, "id", ids[i]));
        TRY(check_unique(problems, prefix, list, ids, i));
    }
    return STATUS_OK;
}

static bool is_name(struct span name, const char *forbidden)
{
    if (name.len == 0 || name.len > LIMIT_NAME_BYTES) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] < 0x20 || name.data[i] == 0x7f ||
            strchr(forbidden, name.data[i]) != NULL) {
            return false;
        }
    }
    return true;
}

// Adds a problem at prefix.field[i].
static enum status report_entry(struct program_problems *problems, const char *prefix,
                                const char *field, size_t i, const char *reason)
{
    const char *entry = arena_printf(problems->arena, "%s[%zu]", field, i);
    return entry == NULL ? STATUS_NO_MEMORY : check_report(problems, prefix, entry, reason);
}

// That no earlier entry of a list is the same.
static enum status check_once(struct program_problems *problems, const char *prefix,
                              const char *field, const struct span_list *names, size_t i)
{
    size_t earlier = first_equal(names->items, i);
    if (earlier == i) {
        return STATUS_OK;
    }
    return report_entry(
        problems, prefix, field, i,
        arena_printf(problems->arena, "is the same as %s[%zu]; must stand once", field, earlier));
}

static enum status check_name(struct program_problems *problems, const char *prefix,
                              const char *field, const struct span_list *names, size_t i,
                              const char *forbidden)
{
    if (is_name(names->items[i], forbidden)) {
        return check_once(problems, prefix, field, names, i);
    }
    const char *without = forbidden[0] == '\0' ? "" : ", without ";
    return report_entry(problems, prefix, field, i,
                        arena_printf(problems->arena,
                                     "is not a name; must be 1 to %d printable bytes%s%s",
                                     LIMIT_NAME_BYTES, without, forbidden));
}

enum status check_names(struct program_problems *problems, const char *prefix, const char *field,
                        const struct span_list *names, const char *forbidden)
{
    bool fits = false;
    TRY(check_count(problems, prefix, field, names->count, LIMIT_RULE_LIST, &fits));
    for (size_t i = 0; fits && i < names->count; i++) {
        TRY(check_name(problems, prefix, field, names, i, forbidden));
    }
    return STATUS_OK;
}

enum status check_tier_ids(struct program_problems *problems, const char *prefix, const char *field,
                           const struct program *program, const struct span_list *names)
{
    bool fits = false;
    TRY(check_count(problems, prefix, field, names->count, LIMIT_RULE_LIST, &fits));
    for (size_t i = 0; fits && i < names->count; i++) {
        TRY(program_tier_rank(program, names->items[i]) < 0
                ? report_entry(problems, prefix, field, i,
                               "no tier has this id; must be the id of one of tiers")
                : check_once(problems, prefix, field, names, i));
    }
    return STATUS_OK;
}

enum status check_rate(struct program_problems *problems, const char *prefix, const char *field,
                       const struct rate *rate)
{
    const char *dot = prefix[0] == '\0' ? "" : ".";
    const char *path = arena_printf(problems->arena, "%s%s%s", prefix, dot, field);
    if (path == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(check_range(problems, path, "points", rate->points, 1, RATE_PART_MAX));
    return check_range(problems, path, "money_minor", rate->money_minor, 1, RATE_PART_MAX);
}
