// The audit's pages: what is asked, tokens, entries.
#include "unit/wire/commands_fixture.h"

#include "wire/audit.h"

static void a_month_and_a_page_are_read(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__ListAuditRequest request = LOYALTY__V1__LIST_AUDIT_REQUEST__INIT;
    struct audit_ask ask;
    assert_int_equal(audit_read(&commands, &request, &ask), STATUS_OK);
    assert_false(ask.has_month);
    assert_int_equal(ask.size, 50);
    assert_int_equal(ask.after_records, 0);
    assert_int_equal(ask.after_program, 0);
    request.month = text("2026-12");
    request.page_size = LIMIT_PAGE_SIZE;
    request.page_token = audit_page_token(&arena, 123456, 511);
    assert_int_equal(audit_read(&commands, &request, &ask), STATUS_OK);
    assert_true(ask.has_month);
    assert_int_equal(ask.year, 2026);
    assert_int_equal(ask.month, 12);
    assert_int_equal(ask.size, LIMIT_PAGE_SIZE);
    assert_int_equal(ask.after_records, 123456);
    assert_int_equal(ask.after_program, 511);
    request.month = text("2026-13");
    assert_fault(audit_read(&commands, &request, &ask), &commands, "BAD_MONTH", "month");
    request.month = text("");
    request.page_token = text("q1");
    assert_fault(audit_read(&commands, &request, &ask), &commands, "BAD_PAGE_TOKEN", "page_token");
    request.page_size = LIMIT_PAGE_SIZE + 1;
    assert_fault(audit_read(&commands, &request, &ask), &commands, "BAD_PAGE_SIZE", "page_size");
}

static void entries_are_whole(void **state)
{
    (void)state;
    arena_reset(&arena);
    struct record_audited audited = {.act = AUDIT_TIER_REVOKED,
                                     .acted_ms = 1000,
                                     .subject = span_of_text("anna"),
                                     .actor = span_of_text("admin/hq"),
                                     .seq = 9,
                                     .reason_code = 4,
                                     .reason = span_of_text("fraud")};
    Loyalty__V1__AuditEntry *entry = NULL;
    assert_int_equal(audit_entry(&arena, &audited, &entry), STATUS_OK);
    assert_int_equal(entry->act, LOYALTY__V1__AUDIT_ACT__AUDIT_ACT_TIER_REVOKED);
    assert_int_equal(entry->reason_code, LOYALTY__V1__ACT_REASON__ACT_REASON_FRAUD);
    assert_int_equal(entry->at->seconds, 1);
    assert_int_equal(entry->seq, 9);
    assert_string_equal(entry->subject, "anna");
    assert_string_equal(entry->actor, "admin/hq");
    assert_string_equal(entry->reason, "fraud");
    assert_string_equal(entry->request_id, ""); // of the service's own
    audited.request[15] = 1;
    assert_int_equal(audit_entry(&arena, &audited, &entry), STATUS_OK);
    assert_string_equal(entry->request_id, "00000000-0000-0000-0000-000000000001");
}

static void the_program_s_edits_are_entries(void **state)
{
    (void)state;
    arena_reset(&arena);
    struct record record = {.type = RECORD_WITHDRAWN, .at_ms = 2000};
    record.withdrawn.number = 3;
    record.withdrawn.by = span_of_text("admin/hq");
    record.withdrawn.reason = span_of_text("too dear");
    Loyalty__V1__AuditEntry *entry = NULL;
    assert_int_equal(audit_program_entry(&arena, &record, &entry), STATUS_OK);
    assert_int_equal(entry->act, LOYALTY__V1__AUDIT_ACT__AUDIT_ACT_PROGRAM_WITHDRAWN);
    assert_string_equal(entry->subject, "program/3");
    assert_string_equal(entry->reason, "too dear");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_month_and_a_page_are_read),
        cmocka_unit_test(entries_are_whole),
        cmocka_unit_test(the_program_s_edits_are_entries),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
