// What replaying sales and looking at live accounts share; private to ctl/whatif*.c.
#pragma once

#include "ctl/whatif.h"

// Moves the account, all of whose commands are decided, to the end of the data and on to `until`,
// and adds what it comes to. Cards up to `cards_before` and points that had expired by then do not
// count as this side's doing.
MUST_CHECK enum status whatif_finish(struct whatif *whatif, enum whatif_which which,
                                     struct account *account, uint32_t cards_before,
                                     int64_t expired_before, struct whatif_outcome *outcome);
// Adds up how one account fares by both.
void whatif_compare(struct whatif *whatif, struct span id,
                    const struct whatif_outcome outcomes[WHATIF_SIDES]);

// A writer whose records nobody keeps: they are decided and applied, the chain is left out.
struct ledger_writer whatif_writer(struct whatif *whatif, enum whatif_which which);

// Judges the sales of a live account's log again under both (ctl/whatif_judge.c); the points of
// each are added to the outcomes'.
MUST_CHECK enum status whatif_judge(struct whatif *whatif, const struct account *account,
                                    struct span log, struct whatif_outcome outcomes[WHATIF_SIDES]);
