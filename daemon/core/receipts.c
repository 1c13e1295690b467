// The fold of a terminal's day: steps of claims, and the totals of those that stand.
#include "core/receipts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "core/record_layout.h"

bool claim_is_open(const struct claim *claim)
{
    return claim->stage == RECEIPT_CLAIMED || claim->stage == RECEIPT_TAKEN_OVER;
}

bool claim_is_counted(const struct claim *claim)
{
    return claim_is_open(claim) || claim->stage == RECEIPT_CHANGED;
}

bool claim_is_of(const struct claim *claim, const uint8_t *request, struct span member_id)
{
    return memcmp(claim->request, request, sizeof claim->request) == 0 &&
           span_is_text(member_id, claim->member_id);
}

// --- figures of records ---

static const struct receipt_ref *receipt_of(const struct record *record)
{
    switch (record->type) {
    case RECORD_AWARDED:
        return &record->awarded.receipt;
    case RECORD_REDEEMED:
        return &record->redeemed.receipt;
    case RECORD_CAPTURED:
        return &record->captured.taken.receipt;
    case RECORD_REVERSED:
        return &record->reversed.advice.receipt;
    default:
        return NULL;
    }
}

static bool figures_of_reversal(const struct record_reversed *reversed,
                                struct claim_figures *figures)
{
    bool moved =
        reversed->result == REVERSE_REVERSED || reversed->result == REVERSE_FURTHER_ACTIVITY;
    bool award = reversed->method == RECORD_AWARDED;
    bool redemption = reversed->method == RECORD_REDEEMED || reversed->method == RECORD_CAPTURED;
    if (!moved || (!award && !redemption)) {
        return false;
    }
    figures->key.operation = award ? RECEIPT_REVERSE_AWARD : RECEIPT_REVERSE_REDEEM;
    memcpy(figures->key.original, reversed->advice.original, sizeof figures->key.original);
    figures->points = reversed->points;
    figures->amount_minor = award ? reversed->sale.amount_minor : 0;
    return true;
}

bool receipts_of_record(const struct record *record, struct claim_figures *ret_figures)
{
    const struct receipt_ref *receipt = receipt_of(record);
    if (receipt == NULL || receipt->number == 0) {
        return false;
    }
    struct claim_figures figures = {.key.number = receipt->number};
    if (record->type == RECORD_AWARDED) {
        figures.key.operation = RECEIPT_AWARD;
        figures.points = record->awarded.points;
        figures.amount_minor = record->awarded.amount_minor;
    } else if (record->type == RECORD_REVERSED) {
        if (!figures_of_reversal(&record->reversed, &figures)) {
            return false;
        }
    } else {
        figures.key.operation = RECEIPT_REDEEM;
        figures.points = record->type == RECORD_REDEEMED ? record->redeemed.points
                                                         : record->captured.taken.points;
    }
    *ret_figures = figures;
    return true;
}

// --- finding ---

static bool is_reversal(enum receipt_operation operation)
{
    return operation == RECEIPT_REVERSE_AWARD || operation == RECEIPT_REVERSE_REDEEM;
}

static uint64_t key_print(enum receipt_operation operation, uint64_t number,
                          const uint8_t *original)
{
    uint8_t bytes[1 + sizeof number + REQUEST_ID_BYTES];
    bytes[0] = (uint8_t)operation;
    memcpy(bytes + 1, &number, sizeof number);
    memcpy(bytes + 1 + sizeof number, original, REQUEST_ID_BYTES);
    return hash_fnv1a(span_of(bytes, sizeof bytes));
}

static bool has_key(const struct claim *claim, const struct claim_key *key)
{
    return claim->operation == key->operation && claim->number == key->number &&
           memcmp(claim->original, key->original, sizeof claim->original) == 0;
}

// Receipts rise through a day, so a new one is a certain miss, and one that is asked for again was
// mostly claimed a short while ago.
uint32_t receipts_find(const struct account *account, const struct claim_key *key)
{
    if (!id_set_has(&account->claim_keys, key_print(key->operation, key->number, key->original))) {
        return 0;
    }
    for (uint32_t step = account->claims.count; step > 0; step--) {
        if (has_key(&account->claims.items[step - 1], key)) {
            return step;
        }
    }
    return 0;
}

void receipts_mark_last(const struct account *account, bool *ret_last)
{
    for (uint32_t i = 0; i < account->claims.count; i++) {
        uint32_t before = account->claims.items[i].before;
        ret_last[i] = true;
        if (before != 0) {
            ret_last[before - 1] = false;
        }
    }
}

// --- applying ---

static void count(struct account *account, const struct claim *claim, int sign)
{
    if (!claim_is_counted(claim)) {
        return;
    }
    struct receipt_total *total = &account->terminal.totals[claim->operation - 1];
    total->count = sign > 0 ? total->count + 1 : total->count - 1;
    total->points += sign * claim->points;
    total->amount_minor += sign * claim->amount_minor;
}

static enum status push(struct account *account, const struct claim *claim)
{
    TRY(vec_reserve_one(&account->claims, LIMIT_CLAIMS));
    TRY(id_set_add(&account->claim_keys,
                   key_print(claim->operation, claim->number, claim->original)));
    account->claims.items[account->claims.count] = *claim;
    account->claims.count++;
    return STATUS_OK;
}

// Whether the step may follow the one its key stands at (NULL: none).
static bool may_follow(const struct claim *before, const struct record_receipt *receipt)
{
    bool open = before != NULL && claim_is_open(before);
    bool same =
        before != NULL && memcmp(before->request, receipt->request, sizeof before->request) == 0;
    switch (receipt->stage) {
    case RECEIPT_CLAIMED:
        if (!open) {
            return before == NULL || before->stage == RECEIPT_VOIDED;
        }
        return claim_is_of(before, receipt->request, receipt->member_id) &&
               receipt->points >= before->points && receipt->not_after_ms >= before->not_after_ms;
    case RECEIPT_TAKEN_OVER:
        return open && !claim_is_of(before, receipt->request, receipt->member_id);
    case RECEIPT_CHANGED:
    case RECEIPT_VOIDED:
        return open && same;
    default:
        return false;
    }
}

static struct claim step_of(const struct claim *before, const struct record_receipt *receipt)
{
    struct claim claim = {0};
    if (receipt->stage == RECEIPT_CHANGED || receipt->stage == RECEIPT_VOIDED) {
        claim = *before;
    } else {
        memcpy(claim.member_id, receipt->member_id.data, receipt->member_id.len);
        claim.times = 1;
        if (receipt->stage == RECEIPT_CLAIMED && before != NULL && claim_is_open(before)) {
            claim.times = before->times + 1;
        }
        claim.not_after_ms = receipt->not_after_ms;
    }
    claim.stage = receipt->stage;
    claim.operation = receipt->operation;
    claim.number = receipt->number;
    memcpy(claim.original, receipt->original, sizeof claim.original);
    memcpy(claim.request, receipt->request, sizeof claim.request);
    claim.points = receipt->points;
    claim.amount_minor = receipt->amount_minor;
    return claim;
}

static enum status apply_step(struct account *account, const struct record_receipt *receipt)
{
    struct claim_key key = {.operation = receipt->operation, .number = receipt->number};
    memcpy(key.original, receipt->original, sizeof key.original);
    uint32_t at = receipts_find(account, &key);
    const struct claim *before = at == 0 ? NULL : &account->claims.items[at - 1];
    if (!may_follow(before, receipt)) {
        return STATUS_CORRUPT;
    }
    if (receipt->points > LIMIT_POINTS_A_RECORD || receipt->amount_minor > LIMIT_AMOUNT_MINOR_MAX) {
        return STATUS_RANGE;
    }
    struct claim old = before == NULL ? (struct claim){0} : *before;
    struct claim claim = step_of(&old, receipt);
    claim.before = at;
    TRY(push(account, &claim));
    count(account, &old, -1);
    count(account, &claim, 1);
    account->terminal.closed = false;
    return STATUS_OK;
}

static bool same_totals(const struct receipt_total *a, const struct receipt_total *b)
{
    for (size_t i = 0; i < RECEIPT_OPERATIONS; i++) {
        if (a[i].count != b[i].count || a[i].points != b[i].points ||
            a[i].amount_minor != b[i].amount_minor) {
            return false;
        }
    }
    return true;
}

enum status receipts_apply(struct account *account, const struct record *record)
{
    const struct record_receipt *receipt = &record->receipt;
    if (account->kind != ACCOUNT_TERMINAL_DAY) {
        return STATUS_CORRUPT;
    }
    if (receipt->stage != RECEIPT_DAY_CLOSED) {
        return apply_step(account, receipt);
    }
    if (!same_totals(receipt->totals, account->terminal.totals)) {
        return STATUS_CORRUPT;
    }
    account->terminal.closed = true;
    return STATUS_OK;
}

// --- layouts ---

static enum status layout_totals(struct codec *codec, struct receipt_total *totals)
{
    for (size_t i = 0; i < RECEIPT_OPERATIONS; i++) {
        TRY(codec_u64(codec, &totals[i].count));
        TRY(codec_amount(codec, &totals[i].points));
        TRY(codec_amount(codec, &totals[i].amount_minor));
    }
    return STATUS_OK;
}

static bool has_figures(enum receipt_stage stage)
{
    return stage != RECEIPT_VOIDED;
}

static bool has_claimer(enum receipt_stage stage)
{
    return stage == RECEIPT_CLAIMED || stage == RECEIPT_TAKEN_OVER;
}

enum status record_layout_day(struct codec *codec, struct record_receipt *receipt)
{
    uint32_t stage = (uint32_t)receipt->stage;
    uint32_t operation = (uint32_t)receipt->operation;
    TRY(codec_u32(codec, &stage));
    if (stage < RECEIPT_CLAIMED || stage > RECEIPT_DAY_CLOSED) {
        return STATUS_CORRUPT;
    }
    receipt->stage = (enum receipt_stage)stage;
    if (receipt->stage == RECEIPT_DAY_CLOSED) {
        return layout_totals(codec, receipt->totals);
    }
    TRY(codec_u32(codec, &operation));
    TRY(codec_u64(codec, &receipt->number));
    if (operation < RECEIPT_AWARD || operation > RECEIPT_REVERSE_REDEEM || receipt->number == 0) {
        return STATUS_CORRUPT;
    }
    receipt->operation = (enum receipt_operation)operation;
    if (is_reversal(receipt->operation)) {
        TRY(codec_raw(codec, receipt->original, sizeof receipt->original));
    }
    TRY(codec_raw(codec, receipt->request, sizeof receipt->request));
    if (has_figures(receipt->stage)) {
        TRY(codec_amount(codec, &receipt->points));
        TRY(codec_amount(codec, &receipt->amount_minor));
    }
    if (!has_claimer(receipt->stage)) {
        return STATUS_OK;
    }
    TRY(codec_text(codec, &receipt->member_id, LIMIT_MEMBER_ID_BYTES));
    bool named = receipt->member_id.len > 0 &&
                 memchr(receipt->member_id.data, '\0', receipt->member_id.len) == NULL;
    return named ? codec_instant(codec, &receipt->not_after_ms) : STATUS_CORRUPT;
}

// A step as a snapshot keeps it: as its record, with all it has inherited.
static enum status layout_step(struct codec *codec, struct claim *claim, uint32_t number)
{
    struct record_receipt receipt = {
        .stage = RECEIPT_CLAIMED,
        .operation = claim->operation,
        .number = claim->number,
        .member_id = span_of_text(claim->member_id),
        .points = claim->points,
        .amount_minor = claim->amount_minor,
        .not_after_ms = claim->not_after_ms,
    };
    uint32_t stage = (uint32_t)claim->stage;
    memcpy(receipt.original, claim->original, sizeof receipt.original);
    memcpy(receipt.request, claim->request, sizeof receipt.request);
    TRY(codec_u32(codec, &stage));
    TRY(codec_u32(codec, &claim->times));
    TRY(codec_u32(codec, &claim->before));
    TRY(record_layout_day(codec, &receipt));
    bool good = stage >= RECEIPT_CLAIMED && stage < RECEIPT_DAY_CLOSED &&
                receipt.stage == RECEIPT_CLAIMED && claim->before < number;
    if (codec->writing || !good) {
        return good ? STATUS_OK : STATUS_CORRUPT;
    }
    struct claim read = step_of(NULL, &receipt);
    read.stage = (enum receipt_stage)stage;
    read.times = claim->times;
    read.before = claim->before;
    *claim = read;
    return STATUS_OK;
}

static enum status read_steps(struct codec *codec, struct account *account, uint32_t steps)
{
    for (uint32_t i = 0; i < steps; i++) {
        struct claim claim = {0};
        TRY(layout_step(codec, &claim, i + 1));
        TRY(push(account, &claim));
    }
    return STATUS_OK;
}

enum status receipts_layout(struct codec *codec, struct account *account)
{
    if (account->kind != ACCOUNT_TERMINAL_DAY) {
        return STATUS_OK;
    }
    struct terminal_day *terminal = &account->terminal;
    uint32_t closed = terminal->closed ? 1 : 0;
    uint32_t steps = account->claims.count;
    TRY(codec_u32(codec, &terminal->unit));
    TRY(codec_i32(codec, &terminal->day));
    TRY(codec_u32(codec, &closed));
    TRY(layout_totals(codec, terminal->totals));
    TRY(codec_u32(codec, &steps));
    terminal->closed = closed != 0;
    if (!codec->writing) {
        return read_steps(codec, account, steps);
    }
    for (uint32_t i = 0; i < steps; i++) {
        TRY(layout_step(codec, &account->claims.items[i], i + 1));
    }
    return STATUS_OK;
}

// --- checks ---

static enum status broken(const char *what, const char **ret_what)
{
    *ret_what = what;
    return STATUS_CORRUPT;
}

static bool replaces_its_key(const struct account *account, const struct claim *claim)
{
    const struct claim *before = &account->claims.items[claim->before - 1];
    return before->operation == claim->operation && before->number == claim->number &&
           memcmp(before->original, claim->original, sizeof claim->original) == 0;
}

enum status receipts_check(const struct account *account, const char **ret_what)
{
    if (account->kind != ACCOUNT_TERMINAL_DAY) {
        return account->claims.count == 0 ? STATUS_OK
                                          : broken("no terminal's day, but claims", ret_what);
    }
    if (account->terminal.unit == 0 || account->cards.count > 0 || account->lots.count > 0 ||
        account->contributions.count > 0) {
        return broken("a terminal's day has what only members have", ret_what);
    }
    struct account sums = {0};
    for (uint32_t i = 0; i < account->claims.count; i++) {
        const struct claim *claim = &account->claims.items[i];
        if (claim->before > i || (claim->before > 0 && !replaces_its_key(account, claim))) {
            return broken("a claim replaces another receipt's", ret_what);
        }
        if (claim->points > LIMIT_POINTS_A_RECORD || claim->amount_minor > LIMIT_AMOUNT_MINOR_MAX) {
            return broken("a claim is out of bounds", ret_what);
        }
        if (claim->before > 0) {
            count(&sums, &account->claims.items[claim->before - 1], -1);
        }
        count(&sums, claim, 1);
    }
    if (!same_totals(sums.terminal.totals, account->terminal.totals)) {
        return broken("totals are not the sums of the claims", ret_what);
    }
    return STATUS_OK;
}

static bool same_step(const struct claim *a, const struct claim *b)
{
    return a->stage == b->stage && a->operation == b->operation && a->number == b->number &&
           memcmp(a->original, b->original, sizeof a->original) == 0 &&
           memcmp(a->request, b->request, sizeof a->request) == 0 &&
           strcmp(a->member_id, b->member_id) == 0 && a->points == b->points &&
           a->amount_minor == b->amount_minor && a->not_after_ms == b->not_after_ms &&
           a->times == b->times && a->before == b->before;
}

bool receipts_equal(const struct account *a, const struct account *b)
{
    if (a->claims.count != b->claims.count || a->terminal.closed != b->terminal.closed ||
        a->terminal.day != b->terminal.day || a->terminal.unit != b->terminal.unit ||
        !same_totals(a->terminal.totals, b->terminal.totals)) {
        return false;
    }
    for (uint32_t i = 0; i < a->claims.count; i++) {
        if (!same_step(&a->claims.items[i], &b->claims.items[i])) {
            return false;
        }
    }
    return true;
}
