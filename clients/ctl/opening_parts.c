// Words apart at their colons.
#include "ctl/opening_parts.h"

#include <string.h>

#include "base/limits.h"
#include "ctl/parse.h"

enum { PARTS_MAX = 3 };

// "A:B:C" cut in place; parts not given are "". False for more than `max`.
static bool split(char *text, char *parts[PARTS_MAX], size_t max)
{
    for (size_t i = 0; i < PARTS_MAX; i++) {
        parts[i] = text + strlen(text);
    }
    size_t count = 0;
    for (char *rest = text; rest != NULL; count++) {
        char *part = strsep(&rest, ":");
        if (count == max) {
            return false;
        }
        parts[count] = part;
    }
    return true;
}

static bool is_date_or_empty(const char *text)
{
    return *text == '\0' || parse_date(text);
}

bool opening_take_lot(char *text, Loyalty__V1__OpeningLot *ret_lot)
{
    char *parts[PARTS_MAX];
    int64_t points = 0;
    if (!split(text, parts, 2) || !parse_number(parts[0], 1, LIMIT_POINTS_A_RECORD, &points) ||
        !is_date_or_empty(parts[1])) {
        return false;
    }
    loyalty__v1__opening_lot__init(ret_lot);
    ret_lot->points = points;
    ret_lot->expires_on = parts[1];
    return true;
}

bool opening_take_score(char *text, Loyalty__V1__OpeningScore *ret_score)
{
    char *parts[PARTS_MAX];
    int64_t score = 0;
    if (!split(text, parts, 3) || !parse_number(parts[0], 1, LIMIT_POINTS_A_RECORD, &score) ||
        !is_date_or_empty(parts[1]) || !is_date_or_empty(parts[2])) {
        return false;
    }
    loyalty__v1__opening_score__init(ret_score);
    ret_score->score = score;
    ret_score->from = parts[1];
    ret_score->until = parts[2];
    return true;
}

bool opening_take_card(char *text, Loyalty__V1__OpeningCard *ret_card)
{
    char *parts[PARTS_MAX];
    if (!split(text, parts, 3) || *parts[0] == '\0' || !parse_date(parts[1]) ||
        !is_date_or_empty(parts[2])) {
        return false;
    }
    loyalty__v1__opening_card__init(ret_card);
    ret_card->tier_id = parts[0];
    ret_card->from = parts[1];
    ret_card->until = parts[2];
    return true;
}
