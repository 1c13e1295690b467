// Messages are only packed and dropped after this, so texts are borrowed and constness is cast
// away.
#include "lib/encode.h"

char *ly_encode_text(const char *borrowed)
{
    return (char *)(borrowed == NULL ? "" : borrowed);
}

Google__Protobuf__Timestamp *ly_encode_instant(struct arena *arena, int64_t instant_ms)
{
    Google__Protobuf__Timestamp *instant = arena_alloc(arena, sizeof(*instant));
    if (instant != NULL) {
        google__protobuf__timestamp__init(instant);
        int64_t ms = ((instant_ms % 1000) + 1000) % 1000;
        instant->seconds = (instant_ms - ms) / 1000;
        instant->nanos = (int32_t)(ms * 1000000);
    }
    return instant;
}

Loyalty__V1__Mutation *ly_encode_mutation(struct arena *arena,
                                          const struct loyalty_request *request)
{
    Loyalty__V1__Mutation *mutation = arena_alloc(arena, sizeof(*mutation));
    if (mutation == NULL) {
        return NULL;
    }
    loyalty__v1__mutation__init(mutation);
    mutation->request_id = ly_encode_text(request->request_id);
    mutation->min_seq = request->min_seq;
    mutation->created_at = ly_encode_instant(arena, request->created_at_ms);
    if (mutation->created_at == NULL) {
        return NULL;
    }
    if (request->deadline_ms != 0) {
        mutation->deadline = ly_encode_instant(arena, request->deadline_ms);
        return mutation->deadline == NULL ? NULL : mutation;
    }
    return mutation;
}

static const Loyalty__V1__IdentifierKind kinds[] = {
    [LOYALTY_BY_CARD_NUMBER] = LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_CARD_NUMBER,
    [LOYALTY_BY_BARCODE] = LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_BARCODE,
    [LOYALTY_BY_PHONE] = LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_PHONE,
    [LOYALTY_BY_APP_ID] = LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_APP_ID,
};

bool ly_can_encode_identifier(const struct loyalty_member *member)
{
    unsigned by = (unsigned)member->by;
    return by != LOYALTY_BY_MEMBER_ID && by < sizeof(kinds) / sizeof(kinds[0]);
}

bool ly_can_encode_member(const struct loyalty_member *member)
{
    return member->by == LOYALTY_BY_MEMBER_ID || ly_can_encode_identifier(member);
}

bool ly_can_encode_sale(const struct loyalty_sale *sale)
{
    return sale->line_count <= LOYALTY_SALE_LINES_MAX;
}

Loyalty__V1__Identifier *ly_encode_identifier(struct arena *arena,
                                              const struct loyalty_member *member)
{
    if (!ly_can_encode_identifier(member)) {
        return NULL;
    }
    Loyalty__V1__Identifier *identifier = arena_alloc(arena, sizeof(*identifier));
    if (identifier != NULL) {
        loyalty__v1__identifier__init(identifier);
        identifier->kind = kinds[member->by];
        identifier->value = ly_encode_text(member->value);
    }
    return identifier;
}

Loyalty__V1__MemberRef *ly_encode_member(struct arena *arena, const struct loyalty_member *member)
{
    Loyalty__V1__MemberRef *ref = arena_alloc(arena, sizeof(*ref));
    if (ref == NULL) {
        return NULL;
    }
    loyalty__v1__member_ref__init(ref);
    if (member->by == LOYALTY_BY_MEMBER_ID) {
        ref->by_case = LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
        ref->member_id = ly_encode_text(member->value);
        return ref;
    }
    ref->by_case = LOYALTY__V1__MEMBER_REF__BY_IDENTIFIER;
    ref->identifier = ly_encode_identifier(arena, member);
    return ref->identifier == NULL ? NULL : ref;
}

static bool encode_lines(struct arena *arena, const struct loyalty_sale *sale,
                         Loyalty__V1__Sale *message)
{
    if (!ly_can_encode_sale(sale)) {
        return false;
    }
    message->lines = arena_alloc_array(arena, sale->line_count, sizeof(Loyalty__V1__SaleLine *));
    Loyalty__V1__SaleLine *lines = arena_alloc_array(arena, sale->line_count, sizeof(*lines));
    if (message->lines == NULL || lines == NULL) {
        return false;
    }
    for (size_t i = 0; i < sale->line_count; i++) {
        loyalty__v1__sale_line__init(&lines[i]);
        lines[i].amount_minor = sale->lines[i].amount_minor;
        lines[i].category = ly_encode_text(sale->lines[i].category);
        message->lines[i] = &lines[i];
    }
    message->n_lines = sale->line_count;
    return true;
}

static bool encode_occurred(struct arena *arena, const struct loyalty_sale *sale,
                            Loyalty__V1__Sale *message)
{
    if (sale->occurred_at_ms != 0) {
        message->occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT;
        message->occurred_at = ly_encode_instant(arena, sale->occurred_at_ms);
        return message->occurred_at != NULL;
    }
    if (sale->occurred_date != NULL) {
        message->occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_DATE;
        message->occurred_date = ly_encode_text(sale->occurred_date);
    }
    return true;
}

bool ly_encode_receipt(struct arena *arena, uint64_t number, const char *business_date,
                       Loyalty__V1__ReceiptKey **ret_receipt)
{
    *ret_receipt = NULL;
    if (number == 0) {
        return true;
    }
    Loyalty__V1__ReceiptKey *receipt = arena_alloc(arena, sizeof(*receipt));
    if (receipt == NULL) {
        return false;
    }
    loyalty__v1__receipt_key__init(receipt);
    receipt->number = number;
    receipt->business_date = ly_encode_text(business_date);
    *ret_receipt = receipt;
    return true;
}

Loyalty__V1__Sale *ly_encode_sale(struct arena *arena, const struct loyalty_sale *sale)
{
    Loyalty__V1__Sale *message = arena_alloc(arena, sizeof(*message));
    if (message == NULL) {
        return NULL;
    }
    loyalty__v1__sale__init(message);
    message->currency = ly_encode_text(sale->currency);
    message->paid_with_points_minor = sale->paid_with_points_minor;
    message->unit = ly_encode_text(sale->unit);
    message->channel = ly_encode_text(sale->channel);
    message->training = sale->training;
    message->exchange_of = ly_encode_text(sale->exchange_of);
    message->attached = sale->attached;
    if (!encode_lines(arena, sale, message) || !encode_occurred(arena, sale, message) ||
        !ly_encode_receipt(arena, sale->receipt_number, sale->business_date, &message->receipt)) {
        return NULL;
    }
    return message;
}
