// Records of what a member does besides buying: perks, contributions, notices, the life of the
// membership, merges, bonuses, pools. The whole is core/record.h.
#pragma once

#include "core/record_parts.h"

enum { PERK_CODE_BYTES = 16 };

// A use counts for the period it is in, whatever tier it was made under.
struct record_perk_used {
    uint32_t perk;                 // reference
    uint32_t unit;                 // reference; 0: the actor's own
    int32_t day;                   // civil
    bool settled;                  // a partner's: obliges its month's account to list it
    bool coded;                    // shown as a code ...
    uint8_t code[PERK_CODE_BYTES]; // ... whose nonce this is; used once
    bool limited;                  // in its period, of which so many were left then
    uint32_t left;
};

// With ORIGINAL_NOT_FOUND, a tombstone, only `original`, `result` and `reason` are set.
struct record_perk_reversed {
    uint8_t original[REQUEST_ID_BYTES];
    enum reverse_result result; // REVERSED, PREVIOUSLY_REVERSED or ORIGINAL_NOT_FOUND
    uint64_t original_seq;
    uint32_t perk;    // reference, as the other three: those of the use
    uint32_t used_by; // its actor
    uint32_t unit;
    int32_t day;
    bool settled; // obliges, as the use did
    struct span reason;
};

// A partner's contribution, named by a keyed hash of partner and id.
struct record_contributed {
    uint8_t key[IDENTIFIER_KEY_BYTES];
    int64_t from_ms;
    int64_t until_ms; // INSTANT_NEVER: until it is ended
    int64_t score;
};

enum contribution_change { // of ENDED: numbers of loyalty.v1.ContributionEnd
    CONTRIBUTION_SURRENDERED = 1,
    CONTRIBUTION_MATURED = 2,
    CONTRIBUTION_CUT = 3, // reduced
};

// So much of it counts no more from an instant on; 0: it stays as it was.
struct record_contribution_reduced {
    uint8_t key[IDENTIFIER_KEY_BYTES];
    enum contribution_change change;
    int64_t score;
    int64_t from_ms;
    int64_t until_ms;   // where that part would have ended
    int64_t left_score; // what is left of the contribution, for the answer
    int64_t left_from_ms;
    int64_t left_until_ms; // the same as left_from_ms: it never counted
};

enum notice_kind { NOTICE_POINTS_EXPIRING = 1, NOTICE_CARD_ENDING = 2 };

struct record_noticed {
    enum notice_kind kind;
    int64_t due_ms; // the lot's, or the card's, end; of several lots the last one's
    int64_t points;
};

enum member_status { // numbers are those of loyalty.v1.MemberStatus
    MEMBER_ACTIVE = 1,
    MEMBER_SUSPENDED = 2,
    MEMBER_CLOSED = 3,
    MEMBER_MERGED = 4,
    MEMBER_ERASED = 5, // obliges: profile and identifiers are to be deleted
};

// Of CLOSED and ERASED: everything spendable and pending is forfeited, a deficit forgiven.
struct record_status_changed {
    enum member_status status;
    bool listed; // obliges to have it listed in the month's audit, as ERASED obliges anyway
    struct span reason;
    int64_t forfeited;
    int64_t forgiven;
};

// One came, one went, or one took another's place. The new one is an obligation, as at enrolment.
struct record_identifiers_changed {
    bool has_new;
    bool has_old;
    bool replaced; // the old one is told so; else it is let go, an obligation too
    struct identifier added;
    struct identifier old;
    struct span reason;
};

struct carried_score {
    bool named; // a partner's contribution
    uint8_t key[IDENTIFIER_KEY_BYTES];
    int64_t from_ms;
    int64_t until_ms;
    int64_t score;
};

struct carried_pending {
    int64_t spendable_ms;
    int64_t ends_ms;
    int64_t points;
};

struct carried_use {
    uint32_t perk; // reference
    int32_t day;
    bool this_card; // made under the card that goes over, or the one held
    uint32_t count;
};

// What goes over from one member to another. Score below 0 is what a reversal took of it.
struct carried {
    struct lot_move *lots;
    size_t lot_count;
    struct carried_pending *pending;
    size_t pending_count;
    struct carried_score *scores;
    size_t score_count;
    struct carried_use *uses;
    size_t use_count;
    int64_t deficit;
    uint32_t tier; // reference; its card
    int64_t card_from_ms;
    int64_t card_until_ms;
    bool suspended; // was, and is again when it is given back
};

// `seq` is the number of the record whose obligation has ended.
struct record_done {
    uint64_t seq;
    bool failed;            // it could not be done
    bool given_back;        // of a merge that failed: all that it had carried away
    struct carried carried; // what of it
};

// Obliges: `into` is to absorb it.
struct record_merged {
    struct span into;
    struct span reason;
    struct carried carried;
};

struct record_absorbed {
    struct span from;
    struct carried carried;
    int64_t forgiven; // of its deficit: what could not be paid, where none is left standing
};

enum bonus_reason { BONUS_REFERRED = 1, BONUS_REFERRER = 2 };

// REFERRED obliges: the referrer is to be given `other_points`.
struct record_bonus {
    enum bonus_reason reason;
    struct span other; // the referrer's, or the referred one's, member id
    uint32_t version;
    int64_t points;
    int64_t other_points;
    int64_t lot_ends_ms;
    int64_t spendable_ms;
};

struct record_referred {
    struct span by; // member id
};

struct record_pool_member {
    struct span member_id;
    bool may_award;
    bool may_redeem;
    int64_t redeem_a_month; // 0: no limit
};

struct record_pool_spent {
    struct span member_id;
    int64_t points; // 0: an award's
    int32_t day;
};

// The request that used, or reversed, it; derived ids make it stand here once.
struct record_settled {
    uint32_t perk; // reference
    uint32_t unit; // reference
    uint8_t request[REQUEST_ID_BYTES];
    int64_t used_at_ms;
    bool reversal;
};

// Of a log beside the members (service/birthdays.h): those up to `through` were told of the day.
struct record_birthdays {
    int32_t day;      // civil
    uint64_t through; // keyed hash of the last one, which they are told in order of
    bool last;        // and these were all of that day
};
