// Codes with real keys: what is issued is read again, what was touched or is another key's is none,
// and the worked example of proto/PROTOCOL.md is anna's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/code_keys.h"
#include "wire/base64.h"

enum { NOW_S = 1769911200, LIFETIME_S = 120, CODE_CHARACTERS = 236 };

// The private key 00 01 02 ... 1f.
static const char PEM[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
                          "-----END PRIVATE KEY-----\n";

static const char EXAMPLE[] =
    "LY1.AVZHWqdUY2l-s6AAeCAhIiMkJSYnKCkqKywtLi8Y_wUiVbixd5Wcou7PUOeAoOuEURw1SRGZecQmiABAwc1qqrBV"
    "1MOAi3QoWcdEsAKHbBCEyby5E4_lh6dj4Seh2VYsOPZMZB-sZXEMlvKm2PZJXVo1Zc0pSGmA4XQAxHVJnYdB4xNy9LXw"
    "IHeBOjuk0tVQt_W-4cftFt3LMLmOqGwsW1lMGXiOxCoEvBJwlegK";

struct fixture {
    struct arena arena;
    struct code_keys codes;
    char folder[64];
    char path[128];
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    arena_init(&fixture.arena, 1 << 20);
    code_keys_init(&fixture.codes);
    strcpy(fixture.folder, "/tmp/code-keys-XXXXXX");
    assert_non_null(mkdtemp(fixture.folder));
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/code.pem", fixture.folder);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    code_keys_fini(&fixture->codes);
    arena_fini(&fixture->arena);
    (void)unlink(fixture->path);
    (void)rmdir(fixture->folder);
    return 0;
}

static void add_example(struct fixture *fixture)
{
    write_file(fixture->path, PEM);
    assert_int_equal(code_keys_add(&fixture->codes, fixture->path), STATUS_OK);
}

static void reads_the_worked_example(void **state)
{
    struct fixture *fixture = *state;
    struct code code;
    char *key_id = NULL;
    add_example(fixture);
    assert_int_equal(codes_read(&fixture->codes.port, EXAMPLE, &fixture->arena, &code), STATUS_OK);
    assert_int_equal(code.member_id_len, 4);
    assert_memory_equal(code.member_id, "anna", 4);
    assert_int_equal(code.ends_ms, (NOW_S + LIFETIME_S) * INT64_C(1000));
    assert_int_equal(code.nonce[0], 0x20);
    assert_int_equal(codes_key_text(&fixture->codes.keys[0], &fixture->arena, &key_id), STATUS_OK);
    assert_string_equal(key_id, "Vkdap1Rj");
}

static void reads_what_it_issued(void **state)
{
    struct fixture *fixture = *state;
    const struct code_port *port = &fixture->codes.port;
    add_example(fixture);
    char id[LIMIT_MEMBER_ID_BYTES];
    memset(id, 'm', sizeof id);
    for (size_t len = 1; len <= sizeof id; len += 63) {
        char *text = NULL;
        int64_t ends_ms = 0;
        struct code code;
        assert_int_equal(codes_issue(port, span_of(id, len), NOW_S * INT64_C(1000) + 999,
                                     LIFETIME_S, &fixture->arena, &text, &ends_ms),
                         STATUS_OK);
        assert_int_equal(strlen(text), CODE_CHARACTERS);
        assert_int_equal(codes_read(port, text, &fixture->arena, &code), STATUS_OK);
        assert_int_equal(code.member_id_len, len);
        assert_memory_equal(code.member_id, id, len);
        assert_int_equal(code.ends_ms, ends_ms);
        assert_int_equal(ends_ms, (NOW_S + LIFETIME_S) * INT64_C(1000));
    }
}

static void refuses_what_was_touched(void **state)
{
    struct fixture *fixture = *state;
    struct code code;
    struct span bytes;
    add_example(fixture);
    assert_int_equal(base64_decode(span_of_text(EXAMPLE + 4), &fixture->arena, &bytes), STATUS_OK);
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t forged[256];
        char text[CODE_CHARACTERS + 1];
        struct span encoded;
        memcpy(forged, bytes.data, bytes.len);
        forged[i] ^= 0x10;
        assert_int_equal(base64_encode_url(span_of(forged, bytes.len), &fixture->arena, &encoded),
                         STATUS_OK);
        (void)snprintf(text, sizeof text, "LY1.%s", (const char *)encoded.data);
        assert_int_equal(codes_read(&fixture->codes.port, text, &fixture->arena, &code),
                         STATUS_INVALID);
    }
}

static void refuses_what_is_no_code(void **state)
{
    struct fixture *fixture = *state;
    struct code code;
    char text[sizeof EXAMPLE + 1];
    add_example(fixture);
    const char *wrong[] = {"", "LY1.", "LY2.", EXAMPLE + 1, EXAMPLE + 4};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(codes_read(&fixture->codes.port, wrong[i], &fixture->arena, &code),
                         STATUS_INVALID);
    }
    (void)snprintf(text, sizeof text, "%sA", EXAMPLE);
    assert_int_equal(codes_read(&fixture->codes.port, text, &fixture->arena, &code),
                     STATUS_INVALID);
    (void)snprintf(text, sizeof text, "%s", EXAMPLE);
    text[CODE_CHARACTERS - 1] = '=';
    assert_int_equal(codes_read(&fixture->codes.port, text, &fixture->arena, &code),
                     STATUS_INVALID);
    text[40] = '*';
    assert_int_equal(codes_read(&fixture->codes.port, text, &fixture->arena, &code),
                     STATUS_INVALID);
}

static void honours_an_older_key(void **state)
{
    struct fixture *fixture = *state;
    struct code code;
    assert_int_equal(code_keys_add_made(&fixture->codes, fixture->path), STATUS_OK);
    assert_int_equal(codes_read(&fixture->codes.port, EXAMPLE, &fixture->arena, &code),
                     STATUS_INVALID);
    add_example(fixture);
    assert_int_equal(codes_read(&fixture->codes.port, EXAMPLE, &fixture->arena, &code), STATUS_OK);
    assert_int_equal(fixture->codes.port.key_count, 2);
}

static void makes_a_key_once(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(code_keys_add_made(&fixture->codes, fixture->path), STATUS_OK);
    assert_int_equal(code_keys_add_made(&fixture->codes, fixture->path), STATUS_OK);
    assert_memory_equal(&fixture->codes.keys[0], &fixture->codes.keys[1], sizeof(struct code_key));
}

static void refuses_other_files(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(code_keys_add(&fixture->codes, fixture->path), STATUS_IO);
    write_file(fixture->path, "no key\n");
    assert_int_equal(code_keys_add(&fixture->codes, fixture->path), STATUS_INVALID);
    for (int i = 0; i < CODE_KEYS_MAX; i++) {
        add_example(fixture);
    }
    assert_int_equal(code_keys_add(&fixture->codes, fixture->path), STATUS_TOO_LARGE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_the_worked_example), TEST(reads_what_it_issued), TEST(refuses_what_was_touched),
        TEST(refuses_what_is_no_code),  TEST(honours_an_older_key), TEST(makes_a_key_once),
        TEST(refuses_other_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
