// Who gains and who loses, by name, for whoever has to write to them. Ids need no quotes: they are
// letters, digits and . _ - alone.
#include <inttypes.h>

#include "ctl/whatif_report.h"

void whatif_roll_begin(const struct whatif_roll *roll)
{
    (void)fputs("member_id,old_tier_at_end,new_tier_at_end,old_tier_at_until,new_tier_at_until,"
                "old_points,new_points\n",
                roll->out);
}

// Of a pool, which has no tier, nothing.
static void write_tier(const struct whatif_roll *roll, const struct whatif_outcome *outcome,
                       int rank)
{
    struct span tier = whatif_tier(roll->whatif, (size_t)rank);
    (void)fprintf(roll->out, ",%.*s", outcome->carded ? (int)tier.len : 0, (const char *)tier.data);
}

void whatif_roll_add(void *context, struct span id, const struct whatif_outcome *old,
                     const struct whatif_outcome *new)
{
    const struct whatif_roll *roll = context;
    (void)fprintf(roll->out, "%.*s", (int)id.len, (const char *)id.data);
    write_tier(roll, old, old->rank_end);
    write_tier(roll, new, new->rank_end);
    write_tier(roll, old, old->rank_until);
    write_tier(roll, new, new->rank_until);
    (void)fprintf(roll->out, ",%" PRId64 ",%" PRId64 "\n", old->points, new->points);
}
