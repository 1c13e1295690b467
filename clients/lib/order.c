// Every message has its mutation and, but for a reconciliation, its member; what differs is the
// rest. Messages are only packed and dropped after this, so constness is cast away.
#include "lib/order.h"

#include "base/check.h"
#include "lib/encode.h"
#include "loyalty/v1/tills.pb-c.h"

static struct ly_order order_of(const char *method, const ProtobufCMessageDescriptor *answer,
                                bool writable)
{
    return (struct ly_order){.method = method, .answer = answer, .writable = writable};
}

void *ly_order_place(ProtobufCMessage *message, const char *field)
{
    const ProtobufCFieldDescriptor *found =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, field);
    CHECK(found != NULL);
    return (char *)message + found->offset;
}

// The order's message with its mutation and member; NULL when memory is short, or the member cannot
// be said.
static ProtobufCMessage *begin(struct arena *arena, const ProtobufCMessageDescriptor *type,
                               const struct loyalty_request *request,
                               const struct loyalty_member *member)
{
    ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);
    Loyalty__V1__Mutation *mutation = ly_encode_mutation(arena, request);
    Loyalty__V1__MemberRef *ref = ly_encode_member(arena, member);
    if (message == NULL || mutation == NULL || ref == NULL) {
        return NULL;
    }
    protobuf_c_message_init(type, message);
    *(Loyalty__V1__Mutation **)ly_order_place(message, "mutation") = mutation;
    *(Loyalty__V1__MemberRef **)ly_order_place(message, "member") = ref;
    return message;
}

static bool put_receipt(struct arena *arena, ProtobufCMessage *message, uint64_t number,
                        const char *business_date)
{
    return ly_encode_receipt(arena, number, business_date, ly_order_place(message, "receipt"));
}

static void put_text(ProtobufCMessage *message, const char *field, const char *borrowed)
{
    *(char **)ly_order_place(message, field) = ly_encode_text(borrowed);
}

struct ly_order ly_order_award(struct arena *arena, const struct loyalty_request *request,
                               const struct loyalty_member *member, const struct loyalty_sale *sale)
{
    struct ly_order order =
        order_of("/loyalty.v1.PointsService/Award", &loyalty__v1__award_response__descriptor,
                 ly_can_encode_member(member) && ly_can_encode_sale(sale));
    ProtobufCMessage *message =
        begin(arena, &loyalty__v1__award_request__descriptor, request, member);
    if (message != NULL) {
        Loyalty__V1__AwardRequest *award = (Loyalty__V1__AwardRequest *)message;
        award->sale = ly_encode_sale(arena, sale);
        order.message = award->sale == NULL ? NULL : message;
    }
    return order;
}

static ProtobufCMessage *write_spend(struct arena *arena, const ProtobufCMessageDescriptor *type,
                                     const struct loyalty_request *request,
                                     const struct loyalty_member *member,
                                     const struct loyalty_spend *spend)
{
    ProtobufCMessage *message = begin(arena, type, request, member);
    if (message == NULL ||
        !put_receipt(arena, message, spend->receipt_number, spend->business_date)) {
        return NULL;
    }
    *(int64_t *)ly_order_place(message, "points") = spend->points;
    put_text(message, "unit", spend->unit);
    return message;
}

struct ly_order ly_order_redeem(struct arena *arena, const struct loyalty_request *request,
                                const struct loyalty_member *member,
                                const struct loyalty_spend *spend)
{
    struct ly_order order =
        order_of("/loyalty.v1.PointsService/Redeem", &loyalty__v1__redeem_response__descriptor,
                 ly_can_encode_member(member));
    order.message =
        write_spend(arena, &loyalty__v1__redeem_request__descriptor, request, member, spend);
    return order;
}

struct ly_order ly_order_reserve(struct arena *arena, const struct loyalty_request *request,
                                 const struct loyalty_member *member,
                                 const struct loyalty_spend *spend)
{
    struct ly_order order =
        order_of("/loyalty.v1.PointsService/Reserve", &loyalty__v1__reserve_response__descriptor,
                 ly_can_encode_member(member));
    order.message =
        write_spend(arena, &loyalty__v1__reserve_request__descriptor, request, member, spend);
    if (order.message != NULL) {
        ((Loyalty__V1__ReserveRequest *)order.message)->hold_seconds = spend->hold_seconds;
    }
    return order;
}

static ProtobufCMessage *write_hold_end(struct arena *arena, const ProtobufCMessageDescriptor *type,
                                        const struct loyalty_request *request,
                                        const struct loyalty_member *member,
                                        const struct loyalty_hold_end *end)
{
    ProtobufCMessage *message = begin(arena, type, request, member);
    if (message != NULL) {
        put_text(message, "reservation_id", end->reservation_id);
        put_text(message, "unit", end->unit);
    }
    return message;
}

struct ly_order ly_order_capture(struct arena *arena, const struct loyalty_request *request,
                                 const struct loyalty_member *member,
                                 const struct loyalty_hold_end *end)
{
    struct ly_order order =
        order_of("/loyalty.v1.PointsService/Capture", &loyalty__v1__capture_response__descriptor,
                 ly_can_encode_member(member));
    ProtobufCMessage *message =
        write_hold_end(arena, &loyalty__v1__capture_request__descriptor, request, member, end);
    if (message != NULL && put_receipt(arena, message, end->receipt_number, end->business_date)) {
        ((Loyalty__V1__CaptureRequest *)message)->points = end->points;
        order.message = message;
    }
    return order;
}

struct ly_order ly_order_release(struct arena *arena, const struct loyalty_request *request,
                                 const struct loyalty_member *member,
                                 const struct loyalty_hold_end *end)
{
    struct ly_order order =
        order_of("/loyalty.v1.PointsService/Release", &loyalty__v1__release_response__descriptor,
                 ly_can_encode_member(member));
    order.message =
        write_hold_end(arena, &loyalty__v1__release_request__descriptor, request, member, end);
    return order;
}

static bool can_reverse(const struct loyalty_reversal *reversal)
{
    return (unsigned)reversal->part <= LOYALTY_PART_POINTS &&
           reversal->line_count <= LOYALTY_SALE_LINES_MAX;
}

static bool encode_part(struct arena *arena, const struct loyalty_reversal *reversal,
                        Loyalty__V1__ReverseRequest *message)
{
    Loyalty__V1__LineNumbers *lines = NULL;
    switch (reversal->part) {
    case LOYALTY_PART_WHOLE:
        return true;
    case LOYALTY_PART_AMOUNT:
        message->part_case = LOYALTY__V1__REVERSE_REQUEST__PART_AMOUNT_MINOR;
        message->amount_minor = reversal->amount_minor;
        return true;
    case LOYALTY_PART_POINTS:
        message->part_case = LOYALTY__V1__REVERSE_REQUEST__PART_POINTS;
        message->points = reversal->points;
        return true;
    case LOYALTY_PART_LINES:
        lines = arena_alloc(arena, sizeof(*lines));
        if (lines == NULL) {
            return false;
        }
        loyalty__v1__line_numbers__init(lines);
        lines->numbers = (uint32_t *)reversal->lines;
        lines->n_numbers = reversal->line_count;
        message->part_case = LOYALTY__V1__REVERSE_REQUEST__PART_LINES;
        message->lines = lines;
        return true;
    }
    return false;
}

struct ly_order ly_order_reverse(struct arena *arena, const struct loyalty_request *request,
                                 const struct loyalty_member *member,
                                 const struct loyalty_reversal *reversal)
{
    struct ly_order order =
        order_of("/loyalty.v1.PointsService/Reverse", &loyalty__v1__reverse_response__descriptor,
                 ly_can_encode_member(member) && can_reverse(reversal));
    ProtobufCMessage *message =
        begin(arena, &loyalty__v1__reverse_request__descriptor, request, member);
    if (message == NULL || !order.writable ||
        !put_receipt(arena, message, reversal->receipt_number, reversal->business_date)) {
        return order;
    }
    Loyalty__V1__ReverseRequest *reverse = (Loyalty__V1__ReverseRequest *)message;
    put_text(message, "original_request_id", reversal->original_request_id);
    put_text(message, "reason", reversal->reason);
    put_text(message, "unit", reversal->unit);
    reverse->original_created_at = ly_encode_instant(arena, reversal->original_created_at_ms);
    if (encode_part(arena, reversal, reverse) && reverse->original_created_at != NULL) {
        order.message = message;
    }
    return order;
}

static bool encode_totals(struct arena *arena, const struct loyalty_day *day,
                          Loyalty__V1__ReconcileRequest *message)
{
    Loyalty__V1__OperationTotal *totals =
        arena_alloc_array(arena, day->total_count, sizeof(*totals));
    message->totals =
        arena_alloc_array(arena, day->total_count, sizeof(Loyalty__V1__OperationTotal *));
    if (totals == NULL || message->totals == NULL) {
        return false;
    }
    for (size_t i = 0; i < day->total_count; i++) {
        loyalty__v1__operation_total__init(&totals[i]);
        totals[i].operation = (Loyalty__V1__Operation)day->totals[i].operation;
        totals[i].count = day->totals[i].count;
        totals[i].points = day->totals[i].points;
        totals[i].amount_minor = day->totals[i].amount_minor;
        message->totals[i] = &totals[i];
    }
    message->n_totals = day->total_count;
    return true;
}

struct ly_order ly_order_reconcile(struct arena *arena, const struct loyalty_request *request,
                                   const struct loyalty_day *day)
{
    struct ly_order order = order_of(
        "/loyalty.v1.TillsService/Reconcile", &loyalty__v1__reconcile_response__descriptor,
        day->total_count <= LOYALTY_OPERATIONS && day->request_id_count <= LOYALTY_DAY_IDS_MAX);
    Loyalty__V1__ReconcileRequest *message = arena_alloc(arena, sizeof(*message));
    if (message == NULL || !order.writable) {
        return order;
    }
    loyalty__v1__reconcile_request__init(message);
    message->mutation = ly_encode_mutation(arena, request);
    if (message->mutation == NULL || !encode_totals(arena, day, message)) {
        return order;
    }
    message->unit = ly_encode_text(day->unit);
    message->business_date = ly_encode_text(day->business_date);
    message->request_ids = (char **)day->request_ids;
    message->n_request_ids = day->request_id_count;
    message->page_token = ly_encode_text(day->page_token);
    order.message = &message->base;
    return order;
}
