// The report as tables: old, new and the difference of each figure, then who moves between tiers.
#include "ctl/whatif_report.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/print.h"

enum { CELL_WIDTH = 12, COLUMNS = 4 };

const char *whatif_date(const struct whatif *whatif, int64_t instant_ms,
                        char out[WHATIF_DATE_BYTES])
{
    struct civil_date date = zone_date(whatif->zone, instant_ms);
    (void)snprintf(out, WHATIF_DATE_BYTES, "%04d-%02d-%02d", date.year % 10000, date.month % 100,
                   date.day % 100);
    return out;
}

struct span whatif_tier(const struct whatif *whatif, size_t rank)
{
    return whatif->ranks->tiers[rank].id;
}

static void add_row(struct print_table *table, const char *name, int64_t old, int64_t new)
{
    char texts[COLUMNS - 1][PRINT_TEXT_BYTES];
    const char *cells[COLUMNS] = {
        name,
        print_number(old, texts[0]),
        print_number(new, texts[1]),
        print_number(new - old, texts[2]),
    };
    print_table_add(table, cells);
}

// Of money, in the program's currency.
static void add_money(const struct whatif *whatif, struct print_table *table, const char *name,
                      const int64_t minor[WHATIF_SIDES])
{
    char currency[PRINT_TEXT_BYTES];
    char texts[COLUMNS - 1][PRINT_TEXT_BYTES];
    struct span code = whatif->ranks->currency;
    (void)snprintf(currency, sizeof(currency), "%.*s", (int)code.len, (const char *)code.data);
    const char *cells[COLUMNS] = {
        name,
        print_amount(minor[WHATIF_OLD], currency, texts[0]),
        print_amount(minor[WHATIF_NEW], currency, texts[1]),
        print_amount(minor[WHATIF_NEW] - minor[WHATIF_OLD], currency, texts[2]),
    };
    print_table_add(table, cells);
}

static void add_refusals(const struct whatif *whatif, struct print_table *table)
{
    const struct whatif_side *sides = whatif->sides;
    for (uint32_t reason = 0; reason < REFUSAL_COUNT; reason++) {
        int64_t old = sides[WHATIF_OLD].refused[reason];
        int64_t new = sides[WHATIF_NEW].refused[reason];
        char name[PRINT_TEXT_BYTES];
        (void)snprintf(name, sizeof(name), "refused: %s", refusal_describe(reason)->name);
        if (old != 0 || new != 0) {
            add_row(table, name, old, new);
        }
    }
}

static struct print_table *begin_table(const char *what)
{
    const char *headers[COLUMNS] = {what, "old", "new", "difference"};
    return print_table_new(COLUMNS, 0xe, headers);
}

static void print_course(const struct whatif *whatif)
{
    const struct whatif_side *old = &whatif->sides[WHATIF_OLD];
    const struct whatif_side *new = &whatif->sides[WHATIF_NEW];
    const int64_t cost[WHATIF_SIDES] = {whatif_value(old->program, old->issued),
                                        whatif_value(new->program, new->issued)};
    struct print_table *table = begin_table(whatif->live ? "last 12 months' sales" : "sales");
    add_row(table, "sales", old->sales, new->sales);
    add_refusals(whatif, table);
    add_row(table, "points issued", old->issued, new->issued);
    add_money(whatif, table, "cost", cost);
    add_row(table, "score given", old->score_given, new->score_given);
    print_table_end(table);
}

static void print_standing_at(const struct whatif *whatif, int64_t at_ms,
                              const struct whatif_standing *old, const struct whatif_standing *new)
{
    char date[WHATIF_DATE_BYTES];
    const int64_t value[WHATIF_SIDES] = {
        whatif_value(whatif->sides[WHATIF_OLD].program, old->outstanding),
        whatif_value(whatif->sides[WHATIF_NEW].program, new->outstanding)};
    (void)putchar('\n');
    struct print_table *table = begin_table(whatif_date(whatif, at_ms, date));
    add_row(table, "points expired", old->expired, new->expired);
    add_row(table, "points outstanding", old->outstanding, new->outstanding);
    add_money(whatif, table, "liability", value);
    add_row(table, "points owed", old->owed, new->owed);
    add_row(table, "score counting", old->score, new->score);
    for (size_t rank = 0; rank < whatif->ranks->tier_count; rank++) {
        char name[PRINT_TEXT_BYTES];
        struct span tier = whatif_tier(whatif, rank);
        (void)snprintf(name, sizeof(name), "members %.*s", (int)tier.len, (const char *)tier.data);
        add_row(table, name, old->tiers[rank], new->tiers[rank]);
    }
    print_table_end(table);
}

static void print_moves(const struct whatif *whatif)
{
    const struct whatif_side *old = &whatif->sides[WHATIF_OLD];
    const struct whatif_side *new = &whatif->sides[WHATIF_NEW];
    (void)putchar('\n');
    struct print_table *table = begin_table("cards given");
    add_row(table, "raised", old->raised, new->raised);
    add_row(table, "renewed", old->renewed, new->renewed);
    add_row(table, "lowered", old->lowered, new->lowered);
    print_table_end(table);
}

static void print_change(const char *what, const struct whatif_change *change)
{
    char gain[PRINT_TEXT_BYTES];
    char lose[PRINT_TEXT_BYTES];
    char same[PRINT_TEXT_BYTES];
    (void)printf("%s: %s gain, %s lose, %s stay\n", what, print_number(change->gain, gain),
                 print_number(change->lose, lose), print_number(change->same, same));
}

static int tier_width(const struct whatif *whatif)
{
    size_t width = strlen("old \\ new");
    for (size_t rank = 0; rank < whatif->ranks->tier_count; rank++) {
        size_t len = whatif_tier(whatif, rank).len;
        width = len > width ? len : width;
    }
    return (int)width;
}

static void print_matrix(const struct whatif *whatif, int64_t at_ms,
                         const struct whatif_matrix *matrix)
{
    char date[WHATIF_DATE_BYTES];
    int width = tier_width(whatif);
    (void)printf("\nmembers by tier, %s\n%-*s", whatif_date(whatif, at_ms, date), width,
                 "old \\ new");
    for (size_t rank = 0; rank < whatif->ranks->tier_count; rank++) {
        struct span tier = whatif_tier(whatif, rank);
        (void)printf("  %*.*s", CELL_WIDTH, (int)tier.len, (const char *)tier.data);
    }
    (void)putchar('\n');
    for (size_t old = 0; old < whatif->ranks->tier_count; old++) {
        struct span tier = whatif_tier(whatif, old);
        (void)printf("%-*.*s", width, (int)tier.len, (const char *)tier.data);
        for (size_t new = 0; new < whatif->ranks->tier_count; new ++) {
            char text[PRINT_TEXT_BYTES];
            (void)printf("  %*s", CELL_WIDTH, print_number(matrix->members[old][new], text));
        }
        (void)putchar('\n');
    }
    print_change("tier", &matrix->change);
}

static void print_head(const struct whatif *whatif, const struct whatif_titles *titles)
{
    char number[PRINT_TEXT_BYTES];
    char begin[WHATIF_DATE_BYTES];
    char end[WHATIF_DATE_BYTES];
    char until[WHATIF_DATE_BYTES];
    print_row("old", "%s", titles->old);
    print_row("new", "%s", titles->new);
    print_row("of", "%s", whatif->live ? "live accounts" : titles->sales);
    print_row("members", "%s", print_number(whatif->members, number));
    if (whatif->pools > 0) {
        print_row("pools", "%s", print_number(whatif->pools, number));
    }
    if (whatif->ended > 0) {
        print_row("ended", "%s, left out", print_number(whatif->ended, number));
    }
    if (!whatif->live) {
        print_row("sales", "from %s, before %s", whatif_date(whatif, whatif->begin_ms, begin),
                  whatif_date(whatif, whatif->end_ms, end));
    }
    print_row("without sales", "from %s until %s", whatif_date(whatif, whatif->end_ms, end),
              whatif_date(whatif, whatif->until_ms, until));
    (void)putchar('\n');
}

void whatif_print_table(const struct whatif *whatif, const struct whatif_titles *titles)
{
    const struct whatif_side *old = &whatif->sides[WHATIF_OLD];
    const struct whatif_side *new = &whatif->sides[WHATIF_NEW];
    print_head(whatif, titles);
    print_course(whatif);
    if (whatif->live) {
        char number[PRINT_TEXT_BYTES];
        char points[PRINT_TEXT_BYTES];
        (void)printf("not judged: %s sales of %s points, which are in both as they were\n",
                     print_number(whatif->not_judged, number),
                     print_number(whatif->not_judged_points, points));
    }
    print_change("points", &whatif->points);
    print_standing_at(whatif, whatif->end_ms, &old->end, &new->end);
    print_standing_at(whatif, whatif->until_ms, &old->until, &new->until);
    print_moves(whatif);
    if (!whatif->live) {
        print_matrix(whatif, whatif->end_ms, &whatif->at_end);
    }
    print_matrix(whatif, whatif->until_ms, &whatif->at_until);
}
