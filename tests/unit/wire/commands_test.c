// Requests to commands: what is well formed arrives whole, and every fault is named with its reason
// and field. A fault's sentence is only seen to be there, and to be free of identifiers.
#include "wire/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define ID_TEXT "0b6f2f1e-5d0e-4a8e-9a57-6b7a3c1d2e4f"
#define LONG_64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"

static struct arena arena;

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

static struct commands till(void)
{
    return (struct commands){.arena = &arena, .unit = span_of_text("store-0007")};
}

static char *text(const char *borrowed)
{
    return (char *)borrowed;
}

static void assert_fault(enum status status, const struct commands *commands, const char *reason,
                         const char *field)
{
    assert_int_equal(status, STATUS_INVALID);
    assert_string_equal(commands->fault.reason, reason);
    assert_string_equal(commands->fault.field, field);
    assert_true(strlen(commands->fault.message) > 20);
}

static void assert_span(struct span span, const char *expected)
{
    assert_int_equal(span.len, strlen(expected));
    assert_memory_equal(span.data, expected, span.len);
}

static Google__Protobuf__Timestamp instant(int64_t seconds, int32_t nanos)
{
    Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    timestamp.seconds = seconds;
    timestamp.nanos = nanos;
    return timestamp;
}

// --- mutation ---

static void a_mutation_is_read(void **state)
{
    (void)state;
    struct commands commands = till();
    Google__Protobuf__Timestamp created = instant(1780000000, 123999999);
    Google__Protobuf__Timestamp deadline = instant(1780000010, 0);
    Loyalty__V1__Mutation mutation = LOYALTY__V1__MUTATION__INIT;
    mutation.request_id = text(ID_TEXT);
    mutation.created_at = &created;
    mutation.min_seq = 7;
    struct request_header header;
    assert_int_equal(commands_mutation(&commands, &mutation, &header), STATUS_OK);
    static const uint8_t id[] = {0x0b, 0x6f, 0x2f, 0x1e, 0x5d, 0x0e, 0x4a, 0x8e,
                                 0x9a, 0x57, 0x6b, 0x7a, 0x3c, 0x1d, 0x2e, 0x4f};
    assert_memory_equal(header.id, id, sizeof(id));
    assert_int_equal(header.created_ms, 1780000000123);
    assert_false(header.has_deadline);
    assert_int_equal(header.min_seq, 7);
    mutation.deadline = &deadline;
    mutation.request_id = text("0B6F2F1E-5D0E-4A8E-9A57-6B7A3C1D2E4F");
    assert_int_equal(commands_mutation(&commands, &mutation, &header), STATUS_OK);
    assert_memory_equal(header.id, id, sizeof(id));
    assert_true(header.has_deadline);
    assert_int_equal(header.deadline_ms, 1780000010000);
}

static void bad_request_ids_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        const char *reason;
    } cases[] = {
        {"", "MISSING"},
        {"0b6f2f1e-5d0e-4a8e-9a57-6b7a3c1d2e4", "NOT_A_UUID"},
        {"0b6f2f1e-5d0e-4a8e-9a57-6b7a3c1d2e4f0", "NOT_A_UUID"},
        {"0b6f2f1e05d0e04a8e09a5706b7a3c1d2e4f", "NOT_A_UUID"},
        {"0b6f2f1e-5d0e-4a8e-9a57-6b7a3c1d2e4g", "NOT_A_UUID"},
        {"{b6f2f1e-5d0e-4a8e-9a57-6b7a3c1d2e4}", "NOT_A_UUID"},
        {"00000000-0000-0000-0000-000000000000", "NOT_A_UUID"},
    };
    Google__Protobuf__Timestamp created = instant(1780000000, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct commands commands = till();
        Loyalty__V1__Mutation mutation = LOYALTY__V1__MUTATION__INIT;
        mutation.request_id = text(cases[i].id);
        mutation.created_at = &created;
        struct request_header header;
        assert_fault(commands_mutation(&commands, &mutation, &header), &commands, cases[i].reason,
                     "mutation.request_id");
        uint8_t id[REQUEST_ID_BYTES];
        assert_fault(commands_request_id(&commands, cases[i].id, "request_id", id), &commands,
                     cases[i].reason, "request_id");
    }
}

static void bad_instants_are_named(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        int32_t nanos;
        bool good;
    } cases[] = {
        {-1, 0, false},        {INT64_MIN, 0, false},
        {INT64_MAX, 0, false}, {4102444800, 0, false},
        {1, -1, false},        {1, 1000000000, false},
        {0, 0, true},          {4102444799, 999999999, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct commands commands = till();
        Google__Protobuf__Timestamp created = instant(cases[i].seconds, cases[i].nanos);
        Loyalty__V1__Mutation mutation = LOYALTY__V1__MUTATION__INIT;
        mutation.request_id = text(ID_TEXT);
        mutation.created_at = &created;
        struct request_header header;
        enum status status = commands_mutation(&commands, &mutation, &header);
        if (cases[i].good) {
            assert_int_equal(status, STATUS_OK);
            continue;
        }
        assert_fault(status, &commands, "BAD_TIMESTAMP", "mutation.created_at");
        Google__Protobuf__Timestamp good = instant(1780000000, 0);
        mutation.created_at = &good;
        mutation.deadline = &created;
        assert_fault(commands_mutation(&commands, &mutation, &header), &commands, "BAD_TIMESTAMP",
                     "mutation.deadline");
    }
}

static void what_a_mutation_lacks_is_missing(void **state)
{
    (void)state;
    struct commands commands = till();
    struct request_header header;
    assert_fault(commands_mutation(&commands, NULL, &header), &commands, "MISSING", "mutation");
    Loyalty__V1__Mutation mutation = LOYALTY__V1__MUTATION__INIT;
    mutation.request_id = text(ID_TEXT);
    assert_fault(commands_mutation(&commands, &mutation, &header), &commands, "MISSING",
                 "mutation.created_at");
}

// --- member ---

static void members_are_meant_by_id(void **state)
{
    (void)state;
    static const char *const good[] = {"m", "A-Z.a_z-09", LONG_64};
    static const char *const bad[] = {"",    "a b", "a/b",      "a:b",
                                      "{a}", "\n",  "\xc3\xa9", (LONG_64 "m")};
    Loyalty__V1__MemberRef member = LOYALTY__V1__MEMBER_REF__INIT;
    member.by_case = LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
    struct member_ref ref;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct commands commands = till();
        member.member_id = text(good[i]);
        assert_int_equal(commands_member(&commands, &member, &ref), STATUS_OK);
        assert_false(ref.by_identifier);
        assert_span(ref.member_id, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct commands commands = till();
        member.member_id = text(bad[i]);
        assert_fault(commands_member(&commands, &member, &ref), &commands, "BAD_MEMBER_ID",
                     "member.member_id");
    }
}

struct identifier_case {
    int kind;
    const char *value;
    const char *field; // below the identifier; NULL: it is good
};

static const struct identifier_case identifier_cases[] = {
    {1, "6901234567892", NULL},
    {2, "!~", NULL},
    {4, LONG_64, NULL},
    {3, "+8613800000000", NULL},
    {0, "6901234567892", "kind"},
    {5, "6901234567892", "kind"},
    {-1, "6901234567892", "kind"},
    {1, "", "value"},
    {1, "69 01", "value"},
    {1, "69\x7f", "value"},
    {1, "caf\xc3\xa9", "value"},
    {1, LONG_64 "x", "value"},
    {3, "13800000000", "value"},
    {3, "+", "value"},
    {3, "+0860000", "value"},
    {3, "+86-138", "value"},
    {3, "+8613800000000000", "value"},
};

static void members_are_meant_by_identifier(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(identifier_cases) / sizeof(identifier_cases[0]); i++) {
        const struct identifier_case *c = &identifier_cases[i];
        struct commands commands = till();
        Loyalty__V1__Identifier identifier = LOYALTY__V1__IDENTIFIER__INIT;
        identifier.kind = (Loyalty__V1__IdentifierKind)c->kind;
        identifier.value = text(c->value);
        Loyalty__V1__MemberRef member = LOYALTY__V1__MEMBER_REF__INIT;
        member.by_case = LOYALTY__V1__MEMBER_REF__BY_IDENTIFIER;
        member.identifier = &identifier;
        struct member_ref ref;
        enum status status = commands_member(&commands, &member, &ref);
        if (c->field == NULL) {
            assert_int_equal(status, STATUS_OK);
            assert_true(ref.by_identifier);
            assert_int_equal(ref.identifier.kind, c->kind);
            assert_span(ref.identifier.value, c->value);
            continue;
        }
        char field[64];
        (void)snprintf(field, sizeof(field), "member.identifier.%s", c->field);
        assert_fault(status, &commands, "BAD_IDENTIFIER", field);
        assert_true(c->value[0] == '\0' || c->value[1] == '\0' ||
                    strstr(commands.fault.message, c->value) == NULL);
    }
}

static void no_member_is_missing(void **state)
{
    (void)state;
    struct commands commands = till();
    struct member_ref ref;
    Loyalty__V1__MemberRef member = LOYALTY__V1__MEMBER_REF__INIT;
    assert_fault(commands_member(&commands, NULL, &ref), &commands, "MISSING", "member");
    assert_fault(commands_member(&commands, &member, &ref), &commands, "MISSING", "member");
    member.by_case = LOYALTY__V1__MEMBER_REF__BY_IDENTIFIER;
    assert_fault(commands_member(&commands, &member, &ref), &commands, "MISSING",
                 "member.identifier");
}

// --- redeem, enroll, pages, texts ---

static void redemptions_are_read(void **state)
{
    (void)state;
    static const int64_t bad[] = {0, -1, INT64_MIN, INT64_MAX, LIMIT_POINTS_A_RECORD + 1};
    struct commands commands = till();
    Loyalty__V1__RedeemRequest request = LOYALTY__V1__REDEEM_REQUEST__INIT;
    struct redeem_command command;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        request.points = bad[i];
        assert_fault(commands_redeem(&commands, &request, &command), &commands,
                     "POINTS_OUT_OF_BOUNDS", "points");
    }
    request.points = LIMIT_POINTS_A_RECORD;
    assert_int_equal(commands_redeem(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.points, LIMIT_POINTS_A_RECORD);
    assert_span(command.unit, "store-0007");
    assert_int_equal(command.receipt.number, 0);
    Loyalty__V1__ReceiptKey receipt = LOYALTY__V1__RECEIPT_KEY__INIT;
    request.receipt = &receipt;
    assert_fault(commands_redeem(&commands, &request, &command), &commands, "BAD_RECEIPT",
                 "receipt.number");
    receipt.number = 3;
    assert_fault(commands_redeem(&commands, &request, &command), &commands, "MISSING",
                 "receipt.business_date");
    receipt.business_date = text("1970-02-01");
    request.unit = text("store-0008");
    assert_fault(commands_redeem(&commands, &request, &command), &commands, "WRONG_UNIT", "unit");
    request.unit = text("store-0007/till-02");
    assert_int_equal(commands_redeem(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.receipt.number, 3);
    assert_int_equal(command.receipt.business_day, 31);
    assert_span(command.unit, "store-0007/till-02");
}

static void enrolments_are_read(void **state)
{
    (void)state;
    struct commands commands = till();
    struct request_header header = {
        .id = {0xAB, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
    Loyalty__V1__EnrollRequest request = LOYALTY__V1__ENROLL_REQUEST__INIT;
    struct enroll_request enroll;
    assert_int_equal(commands_enroll(&commands, &request, &header, &enroll), STATUS_OK);
    assert_span(enroll.member_id, "ab010203-0405-0607-0809-0a0b0c0d0e0f");
    assert_int_equal(enroll.identifier_count, 0);
    assert_false(enroll.has_enrolled_at);
    Loyalty__V1__Identifier card = LOYALTY__V1__IDENTIFIER__INIT;
    card.kind = LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_CARD_NUMBER;
    card.value = text("777");
    Loyalty__V1__Identifier barcode = card;
    barcode.kind = LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_BARCODE;
    Loyalty__V1__Identifier *both[] = {&card, &barcode};
    Google__Protobuf__Timestamp at = instant(100, 0);
    request.member_id = text("m-1");
    request.n_identifiers = 2;
    request.identifiers = both;
    request.enrolled_at = &at;
    assert_int_equal(commands_enroll(&commands, &request, &header, &enroll), STATUS_OK);
    assert_span(enroll.member_id, "m-1");
    assert_int_equal(enroll.identifier_count, 2);
    assert_int_equal(enroll.identifiers[1].kind, 2);
    assert_span(enroll.identifiers[1].value, "777");
    assert_true(enroll.has_enrolled_at);
    assert_int_equal(enroll.enrolled_ms, 100000);
}

static void bad_enrolments_are_named(void **state)
{
    (void)state;
    struct commands commands = till();
    struct request_header header = {0};
    struct enroll_request enroll;
    Loyalty__V1__EnrollRequest request = LOYALTY__V1__ENROLL_REQUEST__INIT;
    request.member_id = text("m 1");
    assert_fault(commands_enroll(&commands, &request, &header, &enroll), &commands, "BAD_MEMBER_ID",
                 "member_id");
    request.member_id = text("m-1");
    Loyalty__V1__Identifier card = LOYALTY__V1__IDENTIFIER__INIT;
    card.kind = LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_CARD_NUMBER;
    card.value = text("777");
    Loyalty__V1__Identifier *many[LIMIT_IDENTIFIERS + 1];
    for (size_t i = 0; i < LIMIT_IDENTIFIERS + 1; i++) {
        many[i] = &card;
    }
    request.identifiers = many;
    request.n_identifiers = LIMIT_IDENTIFIERS + 1;
    assert_fault(commands_enroll(&commands, &request, &header, &enroll), &commands,
                 "TOO_MANY_IDENTIFIERS", "identifiers");
    request.n_identifiers = 2;
    assert_fault(commands_enroll(&commands, &request, &header, &enroll), &commands,
                 "DUPLICATE_IDENTIFIER", "identifiers[1]");
    request.n_identifiers = 1;
    card.value = text("7 7");
    assert_fault(commands_enroll(&commands, &request, &header, &enroll), &commands,
                 "BAD_IDENTIFIER", "identifiers[0].value");
    card.value = text("77");
    Google__Protobuf__Timestamp at = instant(-5, 0);
    request.enrolled_at = &at;
    assert_fault(commands_enroll(&commands, &request, &header, &enroll), &commands, "BAD_TIMESTAMP",
                 "enrolled_at");
}

static void pages_go_on_where_they_ended(void **state)
{
    (void)state;
    static const uint64_t seqs[] = {1, 15, 16, 4711, UINT64_MAX};
    static const char *const bad[] = {
        "p", "x1", "1", "p0", "p01", "pG", "pA", "p1 ", "p11111111111111111"};
    struct commands commands = till();
    struct page page;
    assert_int_equal(commands_page(&commands, 0, "", &page), STATUS_OK);
    assert_int_equal(page.size, 50);
    assert_true(page.before_seq == UINT64_MAX);
    for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
        const char *token = commands_page_token(&arena, seqs[i]);
        assert_int_equal(commands_page(&commands, 200, token, &page), STATUS_OK);
        assert_int_equal(page.size, 200);
        assert_true(page.before_seq == seqs[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_fault(commands_page(&commands, 1, bad[i], &page), &commands, "BAD_PAGE_TOKEN",
                     "page_token");
    }
    assert_fault(commands_page(&commands, 201, "", &page), &commands, "BAD_PAGE_SIZE", "page_size");
}

static void texts_are_bounded_and_clean(void **state)
{
    (void)state;
    struct commands commands = till();
    struct span kept;
    assert_int_equal(commands_text(&commands, "", "reason", 8, &kept), STATUS_OK);
    assert_int_equal(commands_text(&commands, "caf\xc3\xa9 a2", "reason", 8, &kept), STATUS_OK);
    assert_int_equal(kept.len, 8);
    static const char *const bad[] = {"123456789", "a\nb", "\x7f", "\xff", "\xc3"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_fault(commands_text(&commands, bad[i], "reason", 8, &kept), &commands, "BAD_TEXT",
                     "reason");
    }
    int64_t at_ms = 0;
    assert_fault(commands_instant(&commands, NULL, "effective_from", &at_ms), &commands, "MISSING",
                 "effective_from");
}

static void a_full_arena_is_no_fault(void **state)
{
    (void)state;
    struct arena small;
    arena_init(&small, 16);
    struct commands commands = {.arena = &small};
    struct page page;
    assert_int_equal(commands_page(&commands, 201, "", &page), STATUS_NO_MEMORY);
    assert_null(commands.fault.reason);
    arena_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mutation_is_read),
        cmocka_unit_test(bad_request_ids_are_named),
        cmocka_unit_test(bad_instants_are_named),
        cmocka_unit_test(what_a_mutation_lacks_is_missing),
        cmocka_unit_test(members_are_meant_by_id),
        cmocka_unit_test(members_are_meant_by_identifier),
        cmocka_unit_test(no_member_is_missing),
        cmocka_unit_test(redemptions_are_read),
        cmocka_unit_test(enrolments_are_read),
        cmocka_unit_test(bad_enrolments_are_named),
        cmocka_unit_test(pages_go_on_where_they_ended),
        cmocka_unit_test(texts_are_bounded_and_clean),
        cmocka_unit_test(a_full_arena_is_no_fault),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
