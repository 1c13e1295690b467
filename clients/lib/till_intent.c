// A message is written twice: without the times it is given here, for the digest by which a
// repeated intent is known again, and with them, to be stored and sent.
#include "lib/till_intent.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "lib/order.h"

enum { KINDS = LOYALTY_TILL_REVERSE + 1 };

static const struct {
    const char *method;
    const ProtobufCMessageDescriptor *message;
} kinds[KINDS] = {
    [LOYALTY_TILL_AWARD] = {"/loyalty.v1.PointsService/Award",
                            &loyalty__v1__award_request__descriptor},
    [LOYALTY_TILL_REDEEM] = {"/loyalty.v1.PointsService/Redeem",
                             &loyalty__v1__redeem_request__descriptor},
    [LOYALTY_TILL_RESERVE] = {"/loyalty.v1.PointsService/Reserve",
                              &loyalty__v1__reserve_request__descriptor},
    [LOYALTY_TILL_CAPTURE] = {"/loyalty.v1.PointsService/Capture",
                              &loyalty__v1__capture_request__descriptor},
    [LOYALTY_TILL_RELEASE] = {"/loyalty.v1.PointsService/Release",
                              &loyalty__v1__release_request__descriptor},
    [LOYALTY_TILL_REVERSE] = {"/loyalty.v1.PointsService/Reverse",
                              &loyalty__v1__reverse_request__descriptor},
};

const char *ly_intent_method(enum loyalty_till_kind kind)
{
    CHECK((unsigned)kind < KINDS && kinds[kind].method != NULL);
    return kinds[kind].method;
}

const ProtobufCMessageDescriptor *ly_intent_descriptor(enum loyalty_till_kind kind)
{
    CHECK((unsigned)kind < KINDS && kinds[kind].message != NULL);
    return kinds[kind].message;
}

Loyalty__V1__Mutation **ly_intent_mutation(ProtobufCMessage *message)
{
    return ly_order_place(message, "mutation");
}

bool ly_kind_spends(enum loyalty_till_kind kind)
{
    return kind == LOYALTY_TILL_REDEEM || kind == LOYALTY_TILL_RESERVE ||
           kind == LOYALTY_TILL_CAPTURE;
}

// The kind is there with the part that it needs.
static bool is_whole(const struct loyalty_intent *intent)
{
    switch (intent->kind) {
    case LOYALTY_TILL_AWARD:
        return intent->sale != NULL;
    case LOYALTY_TILL_REDEEM:
    case LOYALTY_TILL_RESERVE:
        return intent->spend != NULL;
    case LOYALTY_TILL_CAPTURE:
    case LOYALTY_TILL_RELEASE:
        return intent->hold_end != NULL;
    case LOYALTY_TILL_REVERSE:
        return intent->reversal != NULL;
    }
    return false;
}

static struct ly_order order_of(struct arena *arena, const struct loyalty_intent *intent,
                                const struct loyalty_request *request, const char *unit,
                                int64_t occurred_ms)
{
    if (intent->kind == LOYALTY_TILL_AWARD) {
        struct loyalty_sale sale = *intent->sale;
        sale.unit = unit;
        if (sale.occurred_at_ms == 0 && sale.occurred_date == NULL) {
            sale.occurred_at_ms = occurred_ms;
        }
        return ly_order_award(arena, request, &intent->member, &sale);
    }
    if (intent->kind == LOYALTY_TILL_REVERSE) {
        struct loyalty_reversal reversal = *intent->reversal;
        reversal.unit = unit;
        return ly_order_reverse(arena, request, &intent->member, &reversal);
    }
    if (intent->kind == LOYALTY_TILL_REDEEM || intent->kind == LOYALTY_TILL_RESERVE) {
        struct loyalty_spend spend = *intent->spend;
        spend.unit = unit;
        return intent->kind == LOYALTY_TILL_REDEEM
                   ? ly_order_redeem(arena, request, &intent->member, &spend)
                   : ly_order_reserve(arena, request, &intent->member, &spend);
    }
    struct loyalty_hold_end end = *intent->hold_end;
    end.unit = unit;
    return intent->kind == LOYALTY_TILL_CAPTURE
               ? ly_order_capture(arena, request, &intent->member, &end)
               : ly_order_release(arena, request, &intent->member, &end);
}

static enum ly_written pack(struct arena *arena, const struct ly_order *order,
                            struct span *ret_bytes)
{
    if (order->message == NULL) {
        return order->writable ? LY_NO_MEMORY : LY_UNWRITABLE;
    }
    size_t len = protobuf_c_message_get_packed_size(order->message);
    if (len > LOYALTY_REQUEST_BYTES_MAX) {
        return LY_UNWRITABLE;
    }
    uint8_t *bytes = arena_alloc(arena, len);
    if (bytes == NULL) {
        return LY_NO_MEMORY;
    }
    (void)protobuf_c_message_pack(order->message, bytes);
    *ret_bytes = span_of(bytes, len);
    return LY_WRITTEN;
}

static enum ly_written digest(struct arena *arena, const struct loyalty_intent *intent,
                              const char *request_id, const char *unit,
                              uint8_t ret_digest[LY_DIGEST_BYTES])
{
    struct loyalty_request timeless = {0};
    (void)snprintf(timeless.request_id, sizeof(timeless.request_id), "%s", request_id);
    const struct ly_order order = order_of(arena, intent, &timeless, unit, 0);
    struct span bytes = {0};
    enum ly_written written = pack(arena, &order, &bytes);
    if (written != LY_WRITTEN) {
        return written;
    }
    return EVP_Digest(bytes.data, bytes.len, ret_digest, NULL, EVP_sha256(), NULL) == 1
               ? LY_WRITTEN
               : LY_NO_MEMORY;
}

static bool is_uuid(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : isxdigit((unsigned char)text[i]) == 0) {
            return false;
        }
    }
    return len == LOYALTY_UUID_BYTES - 1;
}

static bool take_id(const struct loyalty_intent *intent, struct ly_row *row)
{
    if (intent->request_id == NULL) {
        return loyalty_uuid(row->request_id);
    }
    for (size_t i = 0; i < LOYALTY_UUID_BYTES; i++) {
        row->request_id[i] = (char)tolower((unsigned char)intent->request_id[i]);
    }
    return true;
}

static bool take_receipt(struct ly_row *row, uint64_t number, const char *business_date)
{
    if (number == 0) {
        return true;
    }
    if (number > INT64_MAX || business_date == NULL || strlen(business_date) != LY_DATE_BYTES - 1) {
        return false;
    }
    row->receipt_number = number;
    memcpy(row->business_date, business_date, LY_DATE_BYTES);
    return true;
}

// What the queue must know of each kind besides its message.
static bool take_parts(const struct loyalty_intent *intent, struct ly_row *row)
{
    const struct loyalty_sale *sale = intent->sale;
    switch (intent->kind) {
    case LOYALTY_TILL_AWARD:
        for (size_t i = 0; i < sale->line_count && i < LOYALTY_SALE_LINES_MAX; i++) {
            int64_t minor = sale->lines[i].amount_minor;
            if (__builtin_add_overflow(row->amount_minor, minor, &row->amount_minor)) {
                return false;
            }
        }
        return take_receipt(row, sale->receipt_number, sale->business_date);
    case LOYALTY_TILL_REDEEM:
        row->points = intent->spend->points;
        return take_receipt(row, intent->spend->receipt_number, intent->spend->business_date);
    case LOYALTY_TILL_RESERVE:
        // Its receipt is only noted there, and counts for nothing.
        row->points = intent->spend->points;
        return true;
    case LOYALTY_TILL_CAPTURE:
        row->points = intent->hold_end->points;
        return intent->hold_end->reservation_id != NULL &&
               take_receipt(row, intent->hold_end->receipt_number, intent->hold_end->business_date);
    case LOYALTY_TILL_RELEASE:
        return intent->hold_end->reservation_id != NULL;
    case LOYALTY_TILL_REVERSE:
        return intent->reversal->original_request_id != NULL &&
               take_receipt(row, intent->reversal->receipt_number, intent->reversal->business_date);
    }
    return false;
}

enum ly_written ly_intent_write(struct arena *arena, const struct loyalty_intent *intent,
                                const char *unit, int64_t now_ms, struct ly_row *ret_row)
{
    struct ly_row row = {.kind = intent->kind, .created_at_ms = now_ms, .reason = ""};
    if (!is_whole(intent) || intent->member.value == NULL ||
        (intent->request_id != NULL && !is_uuid(intent->request_id))) {
        return LY_UNWRITABLE;
    }
    int len = snprintf(row.member, sizeof(row.member), "%d:%s", (int)intent->member.by,
                       intent->member.value);
    if (len >= (int)sizeof(row.member) || !take_parts(intent, &row)) {
        return LY_UNWRITABLE;
    }
    if (!take_id(intent, &row)) {
        return LY_NO_MEMORY;
    }
    enum ly_written written = digest(arena, intent, row.request_id, unit, row.digest);
    if (written != LY_WRITTEN) {
        return written;
    }
    struct loyalty_request request = {.created_at_ms = now_ms};
    memcpy(request.request_id, row.request_id, sizeof(request.request_id));
    const struct ly_order order = order_of(arena, intent, &request, unit, now_ms);
    written = pack(arena, &order, &row.message);
    if (written == LY_WRITTEN) {
        *ret_row = row;
    }
    return written;
}

enum ly_written ly_intent_write_void(struct arena *arena, const struct ly_row *row,
                                     const char *unit, int64_t now_ms, struct ly_row *ret_row)
{
    const struct loyalty_reversal reversal = {
        .original_request_id = row->request_id,
        .original_created_at_ms = row->created_at_ms,
        .reason = "no answer at the till",
    };
    const struct loyalty_intent intent = {
        .kind = LOYALTY_TILL_REVERSE,
        .member = {.by = (enum loyalty_member_by)(row->member[0] - '0'), .value = row->member + 2},
        .reversal = &reversal,
    };
    enum ly_written written = ly_intent_write(arena, &intent, unit, now_ms, ret_row);
    if (written == LY_WRITTEN) {
        ret_row->voids = row->sequence;
        ret_row->told = true;
    }
    return written;
}
