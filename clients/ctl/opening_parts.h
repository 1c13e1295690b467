// The parts of an opening balance as people write them: "POINTS:DATE", "SCORE:FROM:UNTIL",
// "TIER:FROM:UNTIL", dates YYYY-MM-DD. The text is cut in place and borrowed. False: it is none.
#pragma once

#include <stdbool.h>

#include "loyalty/v1/admin.pb-c.h"

bool opening_take_lot(char *text, Loyalty__V1__OpeningLot *ret_lot);
bool opening_take_score(char *text, Loyalty__V1__OpeningScore *ret_score);
bool opening_take_card(char *text, Loyalty__V1__OpeningCard *ret_card);
