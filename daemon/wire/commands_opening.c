// An opening balance: points by expiry, score by end, a card. Dates stay civil; whether they make
// sense at the member's now is for core to say.
#include "wire/commands.h"

#include <inttypes.h>

#include "base/check.h"
#include "wire/shapes.h"

// One kind of figure of an opening balance.
struct figure {
    const char *list;   // "lots"
    const char *name;   // "points"
    const char *reason; // when it is out of bounds
};

static const struct figure lot_figure = {"lots", "points", FAULT_POINTS_OUT_OF_BOUNDS};
static const struct figure score_figure = {"scores", "score", FAULT_SCORE_OUT_OF_BOUNDS};

static enum status check_figure(struct commands *commands, const struct figure *figure,
                                int64_t value, const struct path *path)
{
    if (value >= 1 && value <= LIMIT_POINTS_A_RECORD) {
        return STATUS_OK;
    }
    return shapes_fail(commands, figure->reason, path,
                       arena_printf(commands->arena,
                                    "The %s of %" PRId64 " must be from 1 to %" PRId64 ".",
                                    figure->name, value, LIMIT_POINTS_A_RECORD));
}

static enum status allocate_items(struct commands *commands, const struct figure *figure,
                                  size_t count, struct opening_item **ret_items)
{
    if (count > LIMIT_OPENING_ITEMS) {
        struct path path = shapes_step(NULL, figure->list);
        return shapes_fail(commands, FAULT_TOO_MANY_ITEMS, &path,
                           arena_printf(commands->arena,
                                        "%zu %s are given, but one request may have at most %d.",
                                        count, figure->list, LIMIT_OPENING_ITEMS));
    }
    *ret_items = arena_alloc_array(commands->arena, count, sizeof(**ret_items));
    return *ret_items == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status read_lots(struct commands *commands,
                             const Loyalty__V1__OpeningBalanceRequest *request,
                             struct opening_command *command)
{
    struct opening_item *items = NULL;
    TRY(allocate_items(commands, &lot_figure, request->n_lots, &items));
    CHECK(items != NULL);
    struct path path = shapes_step(NULL, lot_figure.list);
    int64_t sum = 0;
    for (size_t i = 0; i < request->n_lots; i++) {
        const Loyalty__V1__OpeningLot *lot = request->lots[i];
        struct path item_path = path_element(&path, i);
        struct path points_path = shapes_step(&item_path, lot_figure.name);
        TRY(check_figure(commands, &lot_figure, lot->points, &points_path));
        TRY(shapes_date_or_none(commands, lot->expires_on, "expires_on", &item_path,
                                &items[i].has_until, &items[i].until));
        items[i].points_or_score = lot->points;
        sum += lot->points;
    }
    if (request->n_lots > 0) {
        TRY(check_figure(commands, &lot_figure, sum, &path));
    }
    command->lots = items;
    command->lot_count = request->n_lots;
    return STATUS_OK;
}

static enum status read_scores(struct commands *commands,
                               const Loyalty__V1__OpeningBalanceRequest *request,
                               struct opening_command *command)
{
    struct opening_item *items = NULL;
    TRY(allocate_items(commands, &score_figure, request->n_scores, &items));
    CHECK(items != NULL);
    struct path path = shapes_step(NULL, score_figure.list);
    int64_t sum = 0;
    for (size_t i = 0; i < request->n_scores; i++) {
        const Loyalty__V1__OpeningScore *score = request->scores[i];
        struct path item_path = path_element(&path, i);
        struct path score_path = shapes_step(&item_path, score_figure.name);
        TRY(check_figure(commands, &score_figure, score->score, &score_path));
        TRY(shapes_date_or_none(commands, score->from, "from", &item_path, &items[i].has_from,
                                &items[i].from));
        TRY(shapes_date_or_none(commands, score->until, "until", &item_path, &items[i].has_until,
                                &items[i].until));
        items[i].points_or_score = score->score;
        sum += score->score;
    }
    if (request->n_scores > 0) {
        TRY(check_figure(commands, &score_figure, sum, &path));
    }
    command->scores = items;
    command->score_count = request->n_scores;
    return STATUS_OK;
}

static enum status read_card(struct commands *commands, const Loyalty__V1__OpeningCard *card,
                             struct opening_command *command)
{
    if (card == NULL) {
        return STATUS_OK;
    }
    struct path path = shapes_step(NULL, "card");
    struct path tier_path = shapes_step(&path, "tier_id");
    struct path from_path = shapes_step(&path, "from");
    TRY(shapes_text(commands, card->tier_id, &tier_path, LIMIT_NAME_BYTES, &command->card_tier));
    if (command->card_tier.len == 0) {
        return shapes_fail(commands, FAULT_MISSING, &tier_path,
                           "The card's tier is missing; give its id.");
    }
    command->has_card = true;
    command->card.has_from = true;
    TRY(shapes_date(commands, card->from, &from_path, &command->card.from));
    return shapes_date_or_none(commands, card->until, "until", &path, &command->card.has_until,
                               &command->card.until);
}

enum status commands_opening(struct commands *commands,
                             const Loyalty__V1__OpeningBalanceRequest *request,
                             struct opening_command *ret_command)
{
    struct opening_command command = {0};
    TRY(read_lots(commands, request, &command));
    TRY(read_scores(commands, request, &command));
    TRY(read_card(commands, request->card, &command));
    *ret_command = command;
    return STATUS_OK;
}
