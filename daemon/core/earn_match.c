// Conditions of earning rules. All parts given must hold, an empty part always does. The birthday
// is a personal datum that no account holds: the sale brings its month.
#include "core/earn_match.h"

#define HOUR_MS INT64_C(3600000)

static struct span first_element(struct span unit)
{
    size_t len = 0;
    while (len < unit.len && unit.data[len] != '/') {
        len++;
    }
    return span_of(unit.data, len);
}

void situation_init(struct situation *situation, const struct program *program,
                    const struct sale *sale, struct day_time local, int64_t total_minor, int rank)
{
    *situation = (struct situation){
        .store = first_element(sale->unit),
        .channel = sale->channel,
        .tier = program->tiers[rank].id,
        .total_minor = total_minor,
        .day = local.day,
        .weekday = civil_weekday_of(local.day),
        .hour = (int32_t)(local.ms_of_day / HOUR_MS),
        .birth_month =
            sale->birth_month != 0 && civil_from_days(local.day).month == sale->birth_month,
    };
}

// An empty list takes everything.
static bool takes(const struct span_list *list, struct span item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (span_equal(list->items[i], item)) {
            return true;
        }
    }
    return list->count == 0;
}

static bool time_holds(const struct condition *condition, const struct situation *situation)
{
    bool all_week = condition->weekday_mask == 0;
    if (!all_week && (condition->weekday_mask & (1 << (situation->weekday - 1))) == 0) {
        return false;
    }
    bool all_day = condition->until_hour == 0;
    if (!all_day && (situation->hour < (int32_t)condition->from_hour ||
                     situation->hour >= (int32_t)condition->until_hour)) {
        return false;
    }
    return situation->day >= condition->from_day && situation->day < condition->until_day;
}

bool condition_holds(const struct condition *condition, const struct situation *situation)
{
    return (!condition->birthday_month || situation->birth_month) &&
           situation->total_minor >= condition->minimum_spend_minor &&
           time_holds(condition, situation) && takes(&condition->stores, situation->store) &&
           takes(&condition->channels, situation->channel) &&
           takes(&condition->tiers, situation->tier);
}

bool condition_takes_line(const struct condition *condition, const struct sale_line *line)
{
    return takes(&condition->categories, line->category);
}
