// The digest of a request: blind to created_at, deadline and min_seq and to nothing else.
#include "wire/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/hash.h"
#include "unit/wire/contract_types.h"
#include "unit/wire/random_message.h"

static struct arena arena;
static struct span last_payload;

static char *text(const char *borrowed)
{
    return (char *)borrowed;
}

static void hash(struct span method, struct span payload, uint8_t *ret_digest)
{
    uint64_t both = hash_fnv1a(method) * 31 + hash_fnv1a(payload);
    memcpy(ret_digest, &both, sizeof(both));
    last_payload = payload;
}

static uint64_t digest(const char *method, ProtobufCMessage *request)
{
    uint64_t value = 0;
    uint8_t bytes[REQUEST_DIGEST_BYTES];
    assert_int_equal(commands_digest(&arena, span_of_text(method), request, hash, bytes),
                     STATUS_OK);
    memcpy(&value, bytes, sizeof(value));
    return value;
}

struct request {
    Loyalty__V1__AwardRequest award;
    Loyalty__V1__Mutation mutation;
    Loyalty__V1__MemberRef member;
    Loyalty__V1__Sale sale;
    Loyalty__V1__SaleLine line;
    Loyalty__V1__SaleLine *lines[1];
    Google__Protobuf__Timestamp created;
    Google__Protobuf__Timestamp deadline;
};

static void make(struct request *request)
{
    loyalty__v1__award_request__init(&request->award);
    loyalty__v1__mutation__init(&request->mutation);
    loyalty__v1__member_ref__init(&request->member);
    loyalty__v1__sale__init(&request->sale);
    loyalty__v1__sale_line__init(&request->line);
    google__protobuf__timestamp__init(&request->created);
    google__protobuf__timestamp__init(&request->deadline);
    request->award.mutation = &request->mutation;
    request->award.member = &request->member;
    request->award.sale = &request->sale;
    request->mutation.request_id = text("0b6f2f1e-5d0e-4a8e-9a57-6b7a3c1d2e4f");
    request->mutation.created_at = &request->created;
    request->created.seconds = 1780000000;
    request->member.by_case = LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
    request->member.member_id = text("m-1");
    request->line.amount_minor = 100;
    request->lines[0] = &request->line;
    request->sale.n_lines = 1;
    request->sale.lines = request->lines;
    request->sale.currency = text("CNY");
}

static void what_a_retry_may_change_does_not_count(void **state)
{
    (void)state;
    struct request request;
    make(&request);
    uint64_t first = digest("/Award", &request.award.base);
    request.created.seconds++;
    assert_true(digest("/Award", &request.award.base) == first);
    request.mutation.created_at = NULL;
    assert_true(digest("/Award", &request.award.base) == first);
    request.mutation.deadline = &request.deadline;
    request.mutation.min_seq = 9;
    assert_true(digest("/Award", &request.award.base) == first);
    // The request itself is left as it was.
    assert_ptr_equal(request.mutation.deadline, &request.deadline);
    assert_int_equal(request.mutation.min_seq, 9);
}

static void everything_else_counts(void **state)
{
    (void)state;
    enum { CHANGES = 9 };
    uint64_t seen[CHANGES + 1];
    for (size_t i = 0; i <= CHANGES; i++) {
        struct request request;
        make(&request);
        Google__Protobuf__Timestamp occurred = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        if (i == 1) {
            request.mutation.request_id = text("0b6f2f1e-5d0e-4a8e-9a57-6b7a3c1d2e40");
        } else if (i == 2) {
            request.member.member_id = text("m-2");
        } else if (i == 3) {
            request.line.amount_minor = 101;
        } else if (i == 4) {
            request.line.category = text("food");
        } else if (i == 5) {
            request.sale.training = 1;
        } else if (i == 6) {
            request.sale.n_lines = 0;
        } else if (i == 7) {
            request.sale.occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT;
            request.sale.occurred_at = &occurred;
        } else if (i == 8) {
            request.award.sale = NULL;
        }
        seen[i] = digest(i == 9 ? "/Backfill" : "/Award", &request.award.base);
        for (size_t j = 0; j < i; j++) {
            assert_true(seen[i] != seen[j]);
        }
    }
}

// The same fields in another order on the wire.
static void equal_meanings_have_equal_digests(void **state)
{
    (void)state;
    struct request request;
    make(&request);
    uint64_t first = digest("/Award", &request.award.base);
    Loyalty__V1__AwardRequest sale_alone = LOYALTY__V1__AWARD_REQUEST__INIT;
    sale_alone.sale = request.award.sale;
    request.award.sale = NULL;
    uint8_t bytes[512];
    size_t len = protobuf_c_message_pack(&sale_alone.base, bytes);
    len += protobuf_c_message_pack(&request.award.base, bytes + len);
    ProtobufCMessage *again = NULL;
    struct message_fault fault;
    assert_int_equal(message_decode(&loyalty__v1__award_request__descriptor, span_of(bytes, len),
                                    &arena, &again, &fault),
                     STATUS_OK);
    assert_true(digest("/Award", again) == first);
}

static void the_order_of_a_map_does_not_count(void **state)
{
    (void)state;
    Loyalty__V1__Tier__NamesEntry english = LOYALTY__V1__TIER__NAMES_ENTRY__INIT;
    Loyalty__V1__Tier__NamesEntry chinese = LOYALTY__V1__TIER__NAMES_ENTRY__INIT;
    english.key = text("en");
    english.value = text("Silver");
    chinese.key = text("zh");
    chinese.value = text("Yin");
    Loyalty__V1__Tier__NamesEntry *names[] = {&english, &chinese};
    Loyalty__V1__Tier tier = LOYALTY__V1__TIER__INIT;
    tier.n_names = 2;
    tier.names = names;
    Loyalty__V1__Tier *tiers[] = {&tier};
    Loyalty__V1__Program program = LOYALTY__V1__PROGRAM__INIT;
    program.n_tiers = 1;
    program.tiers = tiers;
    Loyalty__V1__PublishProgramRequest request = LOYALTY__V1__PUBLISH_PROGRAM_REQUEST__INIT;
    request.program = &program;
    uint64_t first = digest("/PublishProgram", &request.base);
    names[0] = &chinese;
    names[1] = &english;
    assert_true(digest("/PublishProgram", &request.base) == first);
    chinese.value = text("Jin");
    assert_true(digest("/PublishProgram", &request.base) != first);
}

// Whatever type: read off canonical bytes it is the digest of what was decoded.
static void canonical_bytes_have_the_same_digest(void **state)
{
    (void)state;
    struct dice dice = dice_from_environment();
    struct contract_types types = contract_types();
    size_t canonical_count = 0;
    for (size_t i = 0; i < types.count * 100; i++) {
        const ProtobufCMessageDescriptor *type = types.items[i % types.count];
        arena_reset(&arena);
        ProtobufCMessage *message = random_message(&dice, &arena, type);
        struct span bytes;
        ProtobufCMessage *back = NULL;
        bool canonical = false;
        struct message_fault fault;
        uint64_t value = 0;
        assert_int_equal(message_encode(message, &arena, &bytes), STATUS_OK);
        assert_int_equal(message_decode_noting(type, bytes, &arena, &back, &canonical, &fault),
                         STATUS_OK);
        if (!canonical) {
            continue;
        }
        canonical_count += commands_find_mutation(back) != NULL;
        assert_int_equal(commands_digest_canonical(&arena, span_of_text("/Award"), back, bytes,
                                                   hash, (uint8_t *)&value),
                         STATUS_OK);
        assert_true(digest("/Award", back) == value);
    }
    assert_in_range(canonical_count, 100, SIZE_MAX);
}

// An award as a till sends it is known to be canonical, also when fields of it have no value.
static void an_award_is_canonical(void **state)
{
    (void)state;
    struct request request;
    make(&request);
    for (int i = 0; i < 4; i++) {
        request.mutation.deadline = i == 1 ? &request.deadline : NULL;
        request.mutation.min_seq = i == 2 ? 300 : 0;
        request.line.category = text(i == 3 ? "food" : "");
        struct span bytes;
        bool canonical = false;
        struct message_fault fault;
        assert_int_equal(message_encode(&request.award.base, &arena, &bytes), STATUS_OK);
        assert_int_equal(
            message_scan(&loyalty__v1__award_request__descriptor, bytes, &canonical, &fault),
            STATUS_OK);
        assert_true(canonical);
    }
}

static void the_mutation_is_found(void **state)
{
    (void)state;
    struct request request;
    make(&request);
    assert_ptr_equal(commands_find_mutation(&request.award.base), &request.mutation);
    Loyalty__V1__GetMemberRequest read = LOYALTY__V1__GET_MEMBER_REQUEST__INIT;
    assert_null(commands_find_mutation(&read.base));
    (void)digest("/GetMember", &read.base);
    assert_int_equal(last_payload.len, 0);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, LIMIT_ARENA_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_retry_may_change_does_not_count),
        cmocka_unit_test(everything_else_counts),
        cmocka_unit_test(equal_meanings_have_equal_digests),
        cmocka_unit_test(the_order_of_a_map_does_not_count),
        cmocka_unit_test(canonical_bytes_have_the_same_digest),
        cmocka_unit_test(an_award_is_canonical),
        cmocka_unit_test(the_mutation_is_found),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
