// The requests of the loads, whichever face they go to.
#include <stdio.h>
#include <time.h>

#include "bench/bench.h"
#include "loyalty.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"

// Ids that no two runs share (the run's start is in them) and that look like UUIDs.
static void request_id(uint32_t operation, char *ret_id)
{
    static uint64_t run_ns;
    if (run_ns == 0) {
        run_ns = (uint64_t)time(NULL) * 1000000000 + (uint64_t)bench_now_ns() % 1000000000;
    }
    snprintf(ret_id, LOYALTY_UUID_BYTES, "%08x-%04x-8%03x-8%03x-%012llx",
             operation * UINT32_C(2654435761), operation >> 16, operation & 0xfff,
             (operation >> 12) & 0xfff, (unsigned long long)(run_ns & UINT64_C(0xffffffffffff)));
}

static void fill_mutation(Loyalty__V1__Mutation *mutation, Google__Protobuf__Timestamp *created,
                          char *id, int64_t now_ms)
{
    created->seconds = now_ms / 1000;
    created->nanos = (int32_t)(now_ms % 1000) * 1000000;
    mutation->request_id = id;
    mutation->created_at = created;
}

size_t bench_pack_enrol(uint32_t operation, int64_t now_ms, const struct bench_options *options,
                        uint8_t *ret_bytes)
{
    (void)options;
    char id[LOYALTY_UUID_BYTES];
    char member_id[32];
    request_id(operation, id);
    bench_member_id(operation, member_id, sizeof member_id);
    Google__Protobuf__Timestamp created = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Loyalty__V1__Mutation mutation = LOYALTY__V1__MUTATION__INIT;
    fill_mutation(&mutation, &created, id, now_ms);
    Loyalty__V1__EnrollRequest request = LOYALTY__V1__ENROLL_REQUEST__INIT;
    request.mutation = &mutation;
    request.member_id = member_id;
    return loyalty__v1__enroll_request__pack(&request, ret_bytes);
}

size_t bench_pack_award(uint32_t operation, int64_t now_ms, const struct bench_options *options,
                        uint8_t *ret_bytes)
{
    static char currency[] = "CNY";
    char id[LOYALTY_UUID_BYTES];
    char member_id[32];
    request_id(operation, id);
    bench_member_id(operation % options->members, member_id, sizeof member_id);
    Google__Protobuf__Timestamp created = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Loyalty__V1__Mutation mutation = LOYALTY__V1__MUTATION__INIT;
    fill_mutation(&mutation, &created, id, now_ms);
    Loyalty__V1__MemberRef member = LOYALTY__V1__MEMBER_REF__INIT;
    member.by_case = LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
    member.member_id = member_id;
    Loyalty__V1__SaleLine line = LOYALTY__V1__SALE_LINE__INIT;
    line.amount_minor = bench_amount(operation);
    Loyalty__V1__SaleLine *lines[] = {&line};
    Loyalty__V1__Sale sale = LOYALTY__V1__SALE__INIT;
    sale.currency = currency;
    sale.n_lines = 1;
    sale.lines = lines;
    Loyalty__V1__AwardRequest request = LOYALTY__V1__AWARD_REQUEST__INIT;
    request.mutation = &mutation;
    request.member = &member;
    request.sale = &sale;
    return loyalty__v1__award_request__pack(&request, ret_bytes);
}
