// The words for acts by hand and their reasons: lower case, without the enum's prefix.
#pragma once

#include "loyalty/v1/admin.pb-c.h"

enum { ACTS_WORD_BYTES = 48 };

// UNSPECIFIED for a word that is none.
Loyalty__V1__ActReason acts_reason(const char *word);
// Returns `out`; empty for UNSPECIFIED.
const char *acts_reason_word(Loyalty__V1__ActReason reason, char out[ACTS_WORD_BYTES]);
const char *acts_act_word(Loyalty__V1__AuditAct act, char out[ACTS_WORD_BYTES]);
