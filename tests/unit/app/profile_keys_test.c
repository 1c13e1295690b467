// Keys of profiles: what is sealed is read by whoever has the key, for the same member and
// revision, and by nobody else; the first of several keys seals, all read.
#include "app/profile_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_BYTES = 256 };

static char folder[] = "/tmp/profile-keys-XXXXXX";
static const char text[] = "1987-06-05";

static const char *path_of(const char *name)
{
    static char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path_of("a"));
    unlink(path_of("b"));
    return rmdir(folder);
}

static void keys(struct profile_keys *profiles, const char *first, const char *second)
{
    profile_keys_init(profiles);
    assert_int_equal(profile_keys_add_made(profiles, path_of(first)), STATUS_OK);
    if (second != NULL) {
        assert_int_equal(profile_keys_add(profiles, path_of(second)), STATUS_OK);
    }
}

static void seal(struct profile_keys *profiles, const char *about, uint8_t *ret_sealed)
{
    assert_int_equal(profiles->port.seal(profiles->port.context, span_of_text(about),
                                         span_of_text(text), ret_sealed),
                     STATUS_OK);
}

static enum status unseal(struct profile_keys *profiles, const char *about, const uint8_t *sealed)
{
    char opened[sizeof(text)] = "";
    enum status status =
        profiles->port.open(profiles->port.context, span_of_text(about),
                            span_of(sealed, strlen(text) + PROFILE_SEAL_BYTES), (uint8_t *)opened);
    if (status == STATUS_OK) {
        assert_string_equal(opened, text);
    }
    return status;
}

static void any_byte_changed_is_found(void **state)
{
    (void)state;
    struct profile_keys profiles;
    uint8_t sealed[sizeof(text) + PROFILE_SEAL_BYTES];
    keys(&profiles, "a", NULL);
    seal(&profiles, "anna 1", sealed);
    assert_int_equal(unseal(&profiles, "anna 1", sealed), STATUS_OK);
    assert_null(memmem(sealed, sizeof(sealed), text, strlen(text)));
    for (size_t i = 0; i < strlen(text) + PROFILE_SEAL_BYTES; i++) {
        sealed[i] ^= 1;
        assert_int_equal(unseal(&profiles, "anna 1", sealed), STATUS_INVALID);
        sealed[i] ^= 1;
    }
    assert_int_equal(unseal(&profiles, "anna 2", sealed), STATUS_INVALID);
    assert_int_equal(unseal(&profiles, "bert 1", sealed), STATUS_INVALID);
    uint8_t again[sizeof(sealed)];
    seal(&profiles, "anna 1", again);
    assert_memory_not_equal(sealed, again, sizeof(sealed) - 1); // another nonce
    profile_keys_fini(&profiles);
}

static void the_first_key_seals_and_all_read(void **state)
{
    (void)state;
    struct profile_keys old;
    struct profile_keys both;
    struct profile_keys only;
    uint8_t sealed[sizeof(text) + PROFILE_SEAL_BYTES];
    keys(&old, "a", NULL);
    keys(&only, "b", NULL);
    keys(&both, "b", "a");
    seal(&old, "anna 1", sealed);
    assert_int_equal(unseal(&both, "anna 1", sealed), STATUS_OK);
    assert_int_equal(unseal(&only, "anna 1", sealed), STATUS_INVALID);
    seal(&both, "anna 2", sealed);
    assert_int_equal(unseal(&only, "anna 2", sealed), STATUS_OK);
    assert_int_equal(unseal(&old, "anna 2", sealed), STATUS_INVALID);
    for (size_t count = both.count; count < PROFILE_KEYS_MAX; count++) {
        assert_int_equal(profile_keys_add(&both, path_of("a")), STATUS_OK);
    }
    assert_int_equal(profile_keys_add(&both, path_of("a")), STATUS_TOO_LARGE);
    assert_int_equal(profile_keys_add(&only, path_of("none")), STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_byte_changed_is_found),
        cmocka_unit_test(the_first_key_seals_and_all_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
