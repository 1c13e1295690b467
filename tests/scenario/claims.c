// Lines that claim something: what a reader sees, what the last command answered, what is recorded.
#include <inttypes.h>
#include <string.h>

#include "core/advance.h"
#include "scenario/story.h"

static void expect_card(struct story *story, const struct account *account)
{
    const struct card *card = account_card(account);
    int64_t from_ms = words_instant(story);
    if (!words_take(story, "until")) {
        story_fail(story, "a card is said as FROM until END");
    }
    same_instant(story, "the card's start", card->from_ms, from_ms);
    same_instant(story, "the card's end", card->until_ms, words_end(story));
}

static const char *cause_name(enum card_cause cause)
{
    static const char *const NAMES[] = {"?",        "ENROLLED",   "IMMEDIATE", "RESCORE",
                                        "CARD_END", "LATE_SCORE", "OPENING",   "MERGED",
                                        "GRANTED",  "REVOKED",    "RESUMED"};
    return cause <= CARD_CAUSE_LAST ? NAMES[cause] : NAMES[0];
}

static bool expect_figure(struct story *story, const struct account *account)
{
    const struct {
        const char *name;
        int64_t value;
    } FIGURES[] = {
        {"balance", account->balance},   {"pending", account->pending_points},
        {"score", account->score},       {"awarded", account->awarded},
        {"expired", account->expired},   {"redeemed", account->redeemed},
        {"opened", account->opened},     {"deficit", account->deficit},
        {"cards", account->cards.count}, {"records", (int64_t)account->seq},
        {"held", account->held_points},  {"forgiven", account->forgiven},
        {"taken", account->taken_back},  {"given", account->given_back},
        {"adjusted", account->adjusted},
    };
    for (size_t i = 0; i < sizeof FIGURES / sizeof FIGURES[0]; i++) {
        if (words_take(story, FIGURES[i].name)) {
            same_number(story, FIGURES[i].name, FIGURES[i].value, words_number(story));
            return true;
        }
    }
    return false;
}

static bool expect_standing(struct story *story, const struct account *account)
{
    struct ledger_standing standing;
    if (ledger_standing(account, &story->club.programs, &standing) != STATUS_OK) {
        story_fail(story, "no version is in force");
    }
    if (words_take(story, "tier")) {
        same_text(story, "the tier", standing.tier, words_next(story));
    } else if (words_take(story, "next")) {
        const char *next = words_next(story);
        same_text(story, "the next tier", standing.next_tier,
                  strcmp(next, "none") == 0 ? "" : next);
    } else if (words_take(story, "missing")) {
        same_number(story, "missing", standing.missing, words_number(story));
    } else {
        return false;
    }
    return true;
}

static int64_t identifiers_in(const struct account *account, enum identifier_stage stage)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        count += account->identifiers.items[i].stage == stage ? 1 : 0;
    }
    return count;
}

static void expect_one(struct story *story, const struct account *account, uint64_t unwritten)
{
    if (expect_figure(story, account) || expect_standing(story, account)) {
        return;
    }
    if (words_take(story, "card")) {
        expect_card(story, account);
    } else if (words_take(story, "cause")) {
        same_text(story, "the cause", span_of_text(cause_name(account_card(account)->cause)),
                  words_next(story));
    } else if (words_take(story, "lots")) {
        same_lots(story, "lots", account->lots.items, account->lots.count);
    } else if (words_take(story, "claiming")) {
        same_number(story, "identifiers being claimed",
                    identifiers_in(account, IDENTIFIER_CLAIMING), words_number(story));
    } else if (words_take(story, "bound")) {
        same_number(story, "identifiers bound", identifiers_in(account, IDENTIFIER_BOUND),
                    words_number(story));
    } else if (words_take(story, "unwritten")) {
        same_number(story, "unwritten records", (int64_t)unwritten, words_number(story));
    } else if (words_take(story, "due")) {
        same_instant(story, "the due instant", advance_due(account, &story->club.programs),
                     words_end(story));
    } else {
        story_fail(story, "what is %s?", words_next(story));
    }
}

static void expect(struct story *story)
{
    struct member *member = story_member(story);
    uint64_t unwritten;
    const char *wrong = member_look(member, story->now_ms, &unwritten);
    if (wrong != NULL) {
        story_fail(story, "%s: %s", member->id, wrong);
    }
    while (words_left(story)) {
        expect_one(story, &member->account, unwritten);
    }
    member_look_end(member);
}

// The text of a reference in the last record, which may be to a name the record itself adds.
static struct span last_name(const struct story *story, uint32_t ref)
{
    const struct names *names = &story->last_member->account.names;
    const struct record *record = &story->last.record;
    if (ref <= names->places.count) {
        return names_text(names, ref);
    }
    size_t added = ref - names->places.count - 1;
    return added < record->name_count ? record->names[added] : span_of(NULL, 0);
}

static int64_t points_of_rule(const struct story *story, const char *rule)
{
    const struct record_awarded *awarded = &story->last.record.awarded;
    for (size_t i = 0; i < awarded->rule_count; i++) {
        if (span_is_text(last_name(story, awarded->rules[i].rule), rule)) {
            return awarded->rules[i].points;
        }
    }
    return 0;
}

static void gives_line(struct story *story, const struct record_awarded *awarded)
{
    int64_t line = words_number(story);
    if (line < 1 || (size_t)line > awarded->line_count) {
        story_fail(story, "the sale has %zu lines on record", awarded->line_count);
    }
    same_number(story, "the line's points", awarded->lines[line - 1].points, words_number(story));
    same_number(story, "the line's score", awarded->lines[line - 1].score, words_number(story));
}

// Where the member stands by the last command's answer.
static bool answer_standing(struct story *story)
{
    const struct figures *figures = &story->last.record.figures;
    if (words_take(story, "balance")) {
        same_number(story, "the answer's balance", figures->balance, words_number(story));
    } else if (words_take(story, "pending")) {
        same_number(story, "the answer's pending points", figures->pending, words_number(story));
    } else if (words_take(story, "held")) {
        same_number(story, "the answer's held points", figures->held, words_number(story));
    } else if (words_take(story, "counted")) {
        same_number(story, "the answer's score", figures->score, words_number(story));
    } else if (words_take(story, "tier")) {
        same_text(story, "the answer's tier", last_name(story, figures->tier), words_next(story));
    } else if (words_take(story, "missing")) {
        same_number(story, "missing by the answer", figures->missing, words_number(story));
    } else {
        return false;
    }
    return true;
}

// What the last command left, by its answer.
static void leaves(struct story *story)
{
    if (story->last_member == NULL || !story->last.record.has_figures) {
        story_fail(story, "the last command left no figures");
    }
    while (words_left(story)) {
        if (!answer_standing(story)) {
            story_fail(story, "what is %s?", words_next(story));
        }
    }
}

// What the last award answered.
static void gives(struct story *story)
{
    const struct record *record = &story->last.record;
    if (record->type != RECORD_AWARDED) {
        story_fail(story, "the last command awarded nothing");
    }
    const struct record_awarded *awarded = &record->awarded;
    while (words_left(story)) {
        if (words_take(story, "points")) {
            same_number(story, "points", awarded->points, words_number(story));
        } else if (words_take(story, "score")) {
            same_number(story, "score", awarded->score, words_number(story));
        } else if (answer_standing(story)) {
            continue;
        } else if (words_take(story, "rule")) {
            const char *rule = words_next(story);
            same_number(story, rule, points_of_rule(story, rule), words_number(story));
        } else if (words_take(story, "line")) {
            gives_line(story, awarded);
        } else if (words_take(story, "until")) {
            same_instant(story, "the lot's end", awarded->lot_ends_ms, words_end(story));
        } else if (words_take(story, "counting")) {
            same_instant(story, "the score's end", awarded->score_until_ms, words_end(story));
        } else if (words_take(story, "spendable")) {
            same_instant(story, "spendable", awarded->spendable_ms, words_end(story));
        } else if (words_take(story, "occurred")) {
            same_instant(story, "the sale's instant", awarded->occurred_ms, words_end(story));
        } else if (words_take(story, "version")) {
            same_number(story, "the version", awarded->version, words_number(story));
        } else {
            story_fail(story, "what is %s?", words_next(story));
        }
    }
}

// The refusal the last command was answered with, be it from the log.
static struct refusal last_refusal(const struct story *story)
{
    if (!story->last.replayed) {
        return story->last.refusal;
    }
    const struct record_refused *recorded = &story->last.record.refused;
    return (struct refusal){.reason = (enum refusal_reason)recorded->reason,
                            .asked = recorded->asked,
                            .limit = recorded->limit};
}

// Takes NAME [asked NUMBER] [limit NUMBER]; whether that is the refusal.
static bool take_reason(struct story *story, const char *name, const struct refusal *refusal)
{
    bool is = strcmp(words_next(story), name) == 0;
    if (words_take(story, "asked")) {
        int64_t asked = words_number(story);
        same_number(story, "the figure asked", is ? refusal->asked : asked, asked);
    }
    if (words_take(story, "limit")) {
        int64_t limit = words_number(story);
        same_number(story, "the limit", is ? refusal->limit : limit, limit);
    }
    return is;
}

// One reason, or several of which any will do.
static void refused(struct story *story)
{
    if (!story->refusal_open) {
        story_fail(story, "the last command was not refused");
    }
    struct refusal refusal = last_refusal(story);
    const char *name =
        story->last.id_conflict ? "ID_CONFLICT" : refusal_describe(refusal.reason)->name;
    bool found = false;
    do {
        found = take_reason(story, name, &refusal) || found;
    } while (words_left(story));
    if (!found) {
        story_fail(story, "the refusal is %s", name);
    }
    story->refusal_open = false;
}

struct wanted_record {
    uint64_t seq;
    struct record record;
};

static enum status find_record(void *context, uint64_t seq, const struct record *record)
{
    struct wanted_record *wanted = context;
    if (seq == wanted->seq) {
        wanted->record = *record;
    }
    return STATUS_OK;
}

static const char *type_name(enum record_type type)
{
    static const char *const NAMES[] = {"none",     "opened",  "awarded", "redeemed", "refused",
                                        "boundary", "opening", "bound",   "snapshot"};
    static const char *const LATER[] = {"held",     "captured",  "released",
                                        "reversed", "tombstone", "lapsed"};
    if (type == RECORD_NOTICED) {
        return "noticed";
    }
    if (type >= RECORD_HELD && type <= RECORD_LAPSED) {
        return LATER[type - RECORD_HELD];
    }
    return type <= RECORD_SNAPSHOT ? NAMES[type] : "other";
}

// record NUMBER of NAME is TYPE at INSTANT
static void record(struct story *story)
{
    struct wanted_record wanted = {.seq = (uint64_t)words_number(story)};
    bool form = words_take(story, "of");
    struct member *member = story_member(story);
    form = form && words_take(story, "is");
    const char *type = words_next(story);
    form = form && words_take(story, "at");
    if (!form || ledger_walk(buffer_span(&member->log), &member->fold_arena, find_record,
                             &wanted) != STATUS_OK) {
        story_fail(story, "a record is said as: record 3 of anna is boundary at 2026-06-01");
    }
    same_text(story, "the record", span_of_text(type_name(wanted.record.type)), type);
    same_instant(story, "the record's instant", wanted.record.at_ms, words_instant(story));
}

bool story_claim(struct story *story, const char *verb)
{
    if (strcmp(verb, "refused") == 0) {
        refused(story);
        return true;
    }
    if (story->refusal_open) {
        const char *name = refusal_describe(story->last.refusal.reason)->name;
        story_fail(story, "the last command was refused: %s",
                   story->last.id_conflict ? "ID_CONFLICT" : name);
    }
    if (strcmp(verb, "expect") == 0) {
        expect(story);
    } else if (story_spent_claim(story, verb) || story_contribution_claim(story, verb) ||
               story_perk_claim(story, verb) || story_notice_claim(story, verb)) {
        return true;
    } else if (strcmp(verb, "gives") == 0) {
        gives(story);
    } else if (strcmp(verb, "record") == 0) {
        record(story);
    } else if (strcmp(verb, "leaves") == 0) {
        leaves(story);
    } else if (strcmp(verb, "nothing") == 0) {
        if (story->last.outcome != OUTCOME_NOTHING) {
            story_fail(story, "the last command did something");
        }
    } else if (strcmp(verb, "replayed") == 0) {
        if (!story->last.replayed) {
            story_fail(story, "the last command was not answered from the log");
        }
    } else {
        return false;
    }
    return true;
}
