// Time foretold: which instants ahead have something to say, and what. Source: domain.md, "The
// account over time"; score that starts in the future does not occur here.
#include "sim/book.h"

#include "base/check.h"
#include "base/limits.h"

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct book_walk book_walk(struct book *book, const struct rules_set *versions, size_t known)
{
    purse_copy(&book->ahead, &book->purse);
    // Where a hold has just lapsed the same instant may have more to say.
    return (struct book_walk){.book = book,
                              .purse = &book->ahead,
                              .versions = versions,
                              .known = known,
                              .at_ms = book->lapsing ? book->at_ms - 1 : book->at_ms,
                              .card = *book_card(book)};
}

static struct book_card new_card(const struct rules *rules, enum rules_tier tier, int64_t at_ms)
{
    int64_t until_ms =
        tier == TIER_MEMBER ? INSTANT_NEVER : china_add_months(at_ms, rules->tiers[tier].months);
    return (struct book_card){tier, at_ms, until_ms};
}

struct book_card book_upgraded(const struct rules *rules, const struct book_card *card,
                               enum rules_tier tier, int64_t at_ms)
{
    struct book_card upgraded = new_card(rules, tier, at_ms);
    if (rules->keep && card->until_ms != INSTANT_NEVER) {
        upgraded.until_ms = card->until_ms;
    }
    return upgraded;
}

static void give(struct book_walk *walk, struct boundary *boundary, struct book_card card)
{
    walk->card = card;
    boundary->cards[boundary->card_count++] = card;
}

// The card's end, then the re-scoring, at one instant.
static void cross_card(struct book_walk *walk, bool rescore, struct boundary *boundary)
{
    const struct rules *rules = rules_at(walk->versions, walk->known, walk->at_ms);
    int64_t score = book_score(walk->book, walk->at_ms);
    if (walk->card.until_ms <= walk->at_ms) {
        enum rules_tier tier = rules_reached(rules, score, false);
        enum rules_tier below = rules_below(rules, rules_known(rules, walk->card.tier));
        tier = rules->one_down && below > tier ? below : tier;
        give(walk, boundary, new_card(rules, tier, walk->at_ms));
    }
    enum rules_tier reached = rules_reached(rules, score, false);
    if (rescore && reached > rules_known(rules, walk->card.tier)) {
        give(walk, boundary, book_upgraded(rules, &walk->card, reached, walk->at_ms));
    }
}

bool book_walk_next(struct book_walk *walk, int64_t until_ms, struct boundary *ret_boundary)
{
    for (;;) {
        int64_t rescore_ms = china_next_rescore(walk->at_ms);
        int64_t at_ms = earlier(purse_next(walk->purse, walk->at_ms), walk->card.until_ms);
        at_ms = earlier(at_ms, rescore_ms);
        if (at_ms > until_ms) {
            return false;
        }
        walk->at_ms = at_ms;
        purse_settle(walk->purse, at_ms);
        const struct purse_hold *lapsed = purse_lapsed(walk->purse);
        struct boundary boundary = {.at_ms = at_ms};
        if (lapsed != NULL) {
            boundary.lapsed = lapsed->request;
            (void)purse_end_hold(walk->purse, lapsed->request, 0);
            walk->at_ms = at_ms - 1;
        } else {
            boundary.expired = purse_expire(walk->purse);
            cross_card(walk, at_ms == rescore_ms, &boundary);
        }
        if (boundary.lapsed != 0 || boundary.expired > 0 || boundary.card_count > 0) {
            *ret_boundary = boundary;
            return true;
        }
    }
}

// The first instant at which points end or a hold lapses. Points that will have paid what is owed
// by then do not count.
static int64_t next_of_points(struct purse *purse, int64_t at_ms)
{
    for (;;) {
        at_ms = purse_next(purse, at_ms);
        if (at_ms == INSTANT_NEVER) {
            return at_ms;
        }
        purse_settle(purse, at_ms);
        if (purse_lapsed(purse) != NULL || purse_expire(purse) > 0) {
            return at_ms;
        }
    }
}

// Whether a step is still to be made for it: an identifier is listed and not claimed yet.
static bool is_unfinished(const struct book *book)
{
    for (uint32_t i = 0; i < book->identifiers.count; i++) {
        if (book->identifiers.items[i].open) {
            return true;
        }
    }
    return false;
}

int64_t book_due(struct book *book, const struct rules_set *versions, size_t known)
{
    if (is_unfinished(book)) {
        return book->at_ms;
    }
    const struct book_card *card = book_card(book);
    purse_copy(&book->ahead, &book->purse);
    int64_t sure_ms = earlier(next_of_points(&book->ahead, book->at_ms), card->until_ms);
    int64_t until_ms = earlier(sure_ms, LIMIT_INSTANT_MAX_MS);
    int64_t at_ms = book->at_ms;
    for (;;) {
        at_ms = china_next_rescore(at_ms);
        if (at_ms >= until_ms) {
            return sure_ms;
        }
        const struct rules *rules = rules_at(versions, known, at_ms);
        enum rules_tier reached = rules_reached(rules, book_score(book, at_ms), false);
        if (reached > rules_known(rules, card->tier)) {
            return at_ms;
        }
        if (rules == rules_latest(versions, known)) {
            return sure_ms; // score only falls from here on, and no other version comes
        }
    }
}
