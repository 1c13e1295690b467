// Reservations: setting points aside, spending them, giving them back. Source: domain.md, "Figures"
// (Holds), fine print 9 and 10.
#include <string.h>

#include "core/decide_parts.h"
#include "core/original.h"

enum { SECOND_MS = 1000 };

enum status decide_reserve(const struct decide *decide, const struct reserve_command *command,
                           struct decision *ret_decision)
{
    const struct program_version *version;
    TRY(decide_open(decide, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    struct redeem_command spending = {
        .points = command->points, .unit = command->unit, .receipt = command->receipt};
    struct record record;
    TRY(decide_begin(decide, RECORD_HELD, &record));
    bool taken;
    TRY(decide_spend(decide, version, &spending, &record, &record.held.taken, &taken,
                     ret_decision));
    if (!taken) {
        return STATUS_OK;
    }
    int64_t most_ms = (int64_t)version->program->hold_seconds * SECOND_MS;
    bool shorter = command->lifetime_ms > 0 && command->lifetime_ms < most_ms;
    record.held.lapses_ms = record.at_ms + (shorter ? command->lifetime_ms : most_ms);
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

// Why a reservation is not open any more, or was never one.
static enum status closed_because(const struct decide *decide, const uint8_t *reservation,
                                  enum refusal_reason *ret_reason)
{
    struct original original;
    TRY(original_find(decide->log, reservation, decide->arena, &original));
    *ret_reason = REFUSAL_HOLD_NOT_FOUND;
    if (original.type == RECORD_CAPTURED && original.by_reservation) {
        *ret_reason = REFUSAL_HOLD_CAPTURED;
    } else if (original.type == RECORD_HELD) {
        bool released = original.released || original.reversals > 0;
        *ret_reason = released ? REFUSAL_HOLD_RELEASED : REFUSAL_HOLD_LAPSED;
    }
    return STATUS_OK;
}

static enum status refuse_capture(const struct decide *decide,
                                  const struct capture_command *command,
                                  struct decision *ret_decision)
{
    enum refusal_reason reason;
    TRY(closed_because(decide, command->reservation, &reason));
    if (reason == REFUSAL_HOLD_NOT_FOUND) {
        return decide_refuse(ret_decision, reason, "reservation_id", 0, 0);
    }
    struct refusal refusal = {.reason = reason, .field = "reservation_id"};
    return decide_refuse_recorded(decide, RECORD_CAPTURED, &refusal, ret_decision);
}

// The first points of the hold's lots are spent, the rest is freed.
static enum status capture(const struct decide *decide, const struct hold *hold,
                           const struct program *program, int64_t points, struct record *record)
{
    struct record_captured *captured = &record->captured;
    struct record_redeemed *taken = &captured->taken;
    taken->points = points;
    taken->version = hold->version;
    taken->counted = hold->counted;
    taken->day = hold->day;
    TRY(earn_points_value(program, points, &taken->value_minor));
    memcpy(captured->reservation, hold->reservation, sizeof captured->reservation);
    TRY(decide_take_lots(decide, account_hold_lots(decide->account, hold), hold->lot_count, points,
                         taken));
    return account_freed(decide->account, hold, points, decide->arena, &captured->freed);
}

enum status decide_capture(const struct decide *decide, const struct capture_command *command,
                           struct decision *ret_decision)
{
    const struct program_version *version;
    TRY(decide_open(decide, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    const struct hold *hold = account_hold(decide->account, command->reservation);
    if (hold == NULL) {
        return refuse_capture(decide, command, ret_decision);
    }
    int64_t points = command->points == 0 ? hold->points : command->points;
    if (points > hold->points) {
        struct refusal refusal = {.reason = REFUSAL_HOLD_TOO_SMALL,
                                  .field = "points",
                                  .asked = points,
                                  .limit = hold->points};
        return decide_refuse_recorded(decide, RECORD_CAPTURED, &refusal, ret_decision);
    }
    const struct program_version *reserved =
        program_set_number(decide->writer->programs, hold->version);
    if (reserved == NULL) {
        return STATUS_NOT_FOUND; // the program's log was lost
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_CAPTURED, &record));
    record.captured.taken.receipt = decide_receipt(&command->receipt);
    TRY(decide_unit(decide, &record, command->unit, &record.captured.taken.unit));
    TRY(capture(decide, hold, reserved->program, points, &record));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

enum status decide_release(const struct decide *decide, const struct release_command *command,
                           struct decision *ret_decision)
{
    const struct program_version *version;
    TRY(decide_open(decide, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    const struct hold *hold = account_hold(decide->account, command->reservation);
    if (hold == NULL) {
        enum refusal_reason reason;
        TRY(closed_because(decide, command->reservation, &reason));
        return decide_refuse(ret_decision, reason, "reservation_id", 0, 0);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_RELEASED, &record));
    memcpy(record.released.reservation, hold->reservation, sizeof hold->reservation);
    TRY(decide_unit(decide, &record, command->unit, &record.released.unit));
    TRY(account_freed(decide->account, hold, 0, decide->arena, &record.released.freed));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
