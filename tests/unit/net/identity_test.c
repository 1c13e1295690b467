// Which URIs are an identity, and which are not. Source: design.md, decision 5.
#include "net/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DOMAIN "vip.example"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }
#define SEGMENT_OF_64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz012345678901"

static void good_ones_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        struct span uri;
        const char *role;
        const char *unit;
    } rows[] = {
        {TEXT("spiffe://vip.example/pos/store-0007/till-02"), "pos", "store-0007/till-02"},
        {TEXT("spiffe://vip.example/pos/store-0007"), "pos", "store-0007"},
        {TEXT("spiffe://vip.example/admin"), "admin", ""},
        {TEXT("spiffe://vip.example/partner/Sky_Lounge.VIE/1"), "partner", "Sky_Lounge.VIE/1"},
        {TEXT("spiffe://vip.example/pos/.../a"), "pos", ".../a"},
        {TEXT("spiffe://vip.example/abcdefghijklmnop/x"), "abcdefghijklmnop", "x"},
        {TEXT("spiffe://vip.example/pos/" SEGMENT_OF_64 "/" SEGMENT_OF_64), "pos", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct identity identity;
        memset(&identity, 0xff, sizeof(identity));
        enum status status = identity_parse(rows[i].uri, DOMAIN, &identity);
        if (rows[i].unit == NULL) { // one byte over LIMIT_UNIT_BYTES
            assert_int_equal(status, STATUS_INVALID);
            struct span shorter = span_of(rows[i].uri.data, rows[i].uri.len - 1);
            assert_int_equal(identity_parse(shorter, DOMAIN, &identity), STATUS_OK);
            assert_int_equal(strlen(identity.unit), LIMIT_UNIT_BYTES);
            continue;
        }
        assert_int_equal(status, STATUS_OK);
        assert_string_equal(identity.role, rows[i].role);
        assert_string_equal(identity.unit, rows[i].unit);
    }
}

static void bad_ones_are_refused_and_write_nothing(void **state)
{
    (void)state;
    static const struct span rows[] = {
        TEXT(""),
        TEXT("spiffe://"),
        TEXT("spiffe://vip.example"),
        TEXT("spiffe://vip.example/"),
        TEXT("spiffe:///pos/store-0007"),
        TEXT("spiffe://vip.example//store-0007"),
        TEXT("spiffe://vip.example//pos/store-0007"),
        TEXT("spiffe://vip.example/pos/"),
        TEXT("spiffe://vip.example/pos//till-02"),
        TEXT("spiffe://vip.example/pos/store-0007/"),
        TEXT("spiffe://vip.example/pos/store-0007//till-02"),
        // another scheme or domain
        TEXT("https://vip.example/pos/store-0007"),
        TEXT("SPIFFE://vip.example/pos/store-0007"),
        TEXT("Spiffe://vip.example/pos/store-0007"),
        TEXT(" spiffe://vip.example/pos/store-0007"),
        TEXT("spiffe:/vip.example/pos/store-0007"),
        TEXT("spiffe://other.example/pos/store-0007"),
        TEXT("spiffe://vip.example.evil/pos/store-0007"),
        TEXT("spiffe://evil.vip.example/pos/store-0007"),
        TEXT("spiffe://VIP.example/pos/store-0007"),
        TEXT("spiffe://vip.exampl/pos/store-0007"),
        TEXT("spiffe://vip.example:443/pos/store-0007"),
        TEXT("spiffe://user@vip.example/pos/store-0007"),
        TEXT("spiffe://vip.example\0.evil/pos/store-0007"),
        // roles
        TEXT("spiffe://vip.example/Pos/store-0007"),
        TEXT("spiffe://vip.example/po s/store-0007"),
        TEXT("spiffe://vip.example/pos1/store-0007"),
        TEXT("spiffe://vip.example/./store-0007"),
        TEXT("spiffe://vip.example/../store-0007"),
        TEXT("spiffe://vip.example/abcdefghijklmnopq/x"),
        TEXT("spiffe://vip.example/pos\0/store-0007"),
        TEXT("spiffe://vip.example/pos?x"),
        TEXT("spiffe://vip.example/pos#x"),
        // units
        TEXT("spiffe://vip.example/pos/."),
        TEXT("spiffe://vip.example/pos/.."),
        TEXT("spiffe://vip.example/pos/store-0007/../store-0008"),
        TEXT("spiffe://vip.example/pos/./store-0007"),
        TEXT("spiffe://vip.example/pos/store-0007?till=2"),
        TEXT("spiffe://vip.example/pos/store-0007#till-02"),
        TEXT("spiffe://vip.example/pos/store%2d0007"),
        TEXT("spiffe://vip.example/pos/store 0007"),
        TEXT("spiffe://vip.example/pos/store-0007\n"),
        TEXT("spiffe://vip.example/pos/store-0007\0"),
        TEXT("spiffe://vip.example/pos/store-0007\0/till-02"),
        TEXT("spiffe://vip.example/pos/st\xc3\xb6re"),
        TEXT("spiffe://vip.example/pos/store\\0007"),
        TEXT("spiffe://vip.example/pos/store:0007"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct identity identity = {.role = "untouched"};
        if (identity_parse(rows[i], DOMAIN, &identity) != STATUS_INVALID) {
            fail_msg("row %zu was accepted: %.*s", i, (int)rows[i].len, rows[i].data);
        }
        assert_string_equal(identity.role, "untouched");
    }
}

static void every_byte_in_a_unit_is_judged(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t uri[] = "spiffe://vip.example/pos/a_b";
        uri[sizeof(uri) - 3] = (uint8_t)byte;
        struct identity identity;
        bool allowed = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-' ||
                       byte == '/'; // then it is two segments
        enum status status = identity_parse(span_of(uri, sizeof(uri) - 1), DOMAIN, &identity);
        assert_int_equal(status, allowed ? STATUS_OK : STATUS_INVALID);
    }
}

static void a_trust_domain_is_judged(void **state)
{
    (void)state;
    assert_true(identity_domain_valid("vip.example"));
    assert_true(identity_domain_valid("A-1_b"));
    assert_false(identity_domain_valid(NULL));
    assert_false(identity_domain_valid(""));
    assert_false(identity_domain_valid("."));
    assert_false(identity_domain_valid("vip/example"));
    assert_false(identity_domain_valid("vip.example "));
    char domain[IDENTITY_DOMAIN_BYTES + 2] = {0};
    memset(domain, 'a', IDENTITY_DOMAIN_BYTES);
    assert_true(identity_domain_valid(domain));
    domain[IDENTITY_DOMAIN_BYTES] = 'a';
    assert_false(identity_domain_valid(domain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_are_taken_apart),
        cmocka_unit_test(bad_ones_are_refused_and_write_nothing),
        cmocka_unit_test(every_byte_in_a_unit_is_judged),
        cmocka_unit_test(a_trust_domain_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
