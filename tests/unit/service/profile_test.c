// Profiles: one of two who change it at once wins, wherever a daemon stops the retry of an
// enrolment keeps its profile, and who was forgotten stays so.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/log.h"
#include "service/profiles.h"
#include "support/service_world.h"

#define CRM "backend/crm"
#define ADMIN "admin/hq"
#define ENROLL "MembersService/Enroll"
#define GET "MembersService/GetProfile"
#define UPDATE "MembersService/UpdateProfile"
#define ERASE "MembersService/Erase"

enum { STEPS_MAX = 16, MASK = 0x5a };

static const char first_id[] = "00000000-0000-4000-8000-0000000000aa";
static struct service_world world;

// --- a toy of cryptography: bound to what it is about, and not the text itself ---

static uint64_t check_of(struct span about, struct span text)
{
    return hash_fnv1a(about) * 31 + hash_fnv1a(text);
}

static enum status toy_seal(void *context, struct span about, struct span text, uint8_t *ret_sealed)
{
    (void)context;
    uint64_t check = check_of(about, text);
    memset(ret_sealed, 0, PROFILE_SEAL_BYTES);
    memcpy(ret_sealed, &check, sizeof(check));
    for (size_t i = 0; i < text.len; i++) {
        ret_sealed[PROFILE_SEAL_BYTES + i] = text.data[i] ^ MASK;
    }
    return STATUS_OK;
}

static enum status toy_open(void *context, struct span about, struct span sealed, uint8_t *ret_text)
{
    (void)context;
    size_t len = sealed.len - PROFILE_SEAL_BYTES;
    for (size_t i = 0; i < len; i++) {
        ret_text[i] = sealed.data[PROFILE_SEAL_BYTES + i] ^ MASK;
    }
    uint64_t check = check_of(about, span_of(ret_text, len));
    return memcmp(&check, sealed.data, sizeof(check)) == 0 ? STATUS_OK : STATUS_INVALID;
}

static const struct profile_port toy = {.seal = toy_seal, .open = toy_open};

static void open_world(void)
{
    service_world_open(&world, 2);
    world.profiles = &toy;
    service_world_restart(&world.daemons[0]);
    service_world_restart(&world.daemons[1]);
}

// --- requests ---

static const char *enrol_text(const char *member)
{
    return world_text(&world,
                      "{%s, \"member_id\": \"%s\", \"profile\": {\"birthday\": \"1987-06-05\"}}",
                      world_mutation(&world, first_id), member);
}

static const char *update_text(uint64_t revision, const char *language)
{
    return world_text(&world,
                      "{\"member\": {\"member_id\": \"anna\"}, \"profile\": {\"revision\": "
                      "\"%llu\", \"language\": \"%s\"}, \"update_mask\": [\"language\"]}",
                      (unsigned long long)revision, language);
}

static const char *erase_text(void)
{
    return world_text(&world, "{%s, \"member\": {\"member_id\": \"anna\"}}",
                      world_mutation(&world, "00000000-0000-4000-8000-0000000000ee"));
}

static const char *call(size_t daemon, const char *peer, const char *method, const char *text)
{
    struct world_answer answer;
    world_call(&world.daemons[daemon], peer, method, text, &answer);
    return world_end(&answer);
}

static const Loyalty__V1__Profile *profile(size_t daemon)
{
    struct world_answer answer;
    world_call(&world.daemons[daemon], CRM, GET, world_member_text(&world, "anna"), &answer);
    assert_string_equal(world_end(&answer), "OK");
    return (const Loyalty__V1__Profile *)answer.reply;
}

// --- tests ---

static void a_profile_is_kept_and_changed(void **state)
{
    (void)state;
    open_world();
    assert_string_equal(call(0, CRM, ENROLL, enrol_text("anna")), "OK");
    assert_int_equal(profile(1)->revision, 1);
    assert_string_equal(profile(1)->birthday, "1987-06-05");
    assert_string_equal(call(1, CRM, UPDATE, update_text(1, "zh")), "OK");
    assert_string_equal(call(0, CRM, UPDATE, update_text(1, "en")), "REVISION_CHANGED");
    assert_string_equal(profile(0)->language, "zh");
    assert_string_equal(profile(0)->birthday, "1987-06-05");
    assert_string_equal(call(0, CRM, ENROLL, enrol_text("anna")), "REPLAYED");
    assert_int_equal(profile(0)->revision, 2); // the retry puts nothing back
    world.profiles = NULL;
    service_world_restart(&world.daemons[0]);
    assert_string_equal(call(0, CRM, GET, world_member_text(&world, "anna")), "NO_PROFILE_KEY");
    service_world_fini(&world);
}

static void wherever_it_stops_the_profile_is_kept(void **state)
{
    (void)state;
    bool done = false;
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        struct world_answer answer;
        open_world();
        world_ask(&world.daemons[0], CRM, ENROLL, enrol_text("anna"), &answer);
        for (size_t i = 0; i < steps; i++) {
            (void)world_step(&world.daemons[0]);
        }
        service_world_restart(&world.daemons[0]);
        done = strcmp(world_end(&answer), "OK") == 0;
        bool opened = world_log(&world, "anna").len > 0;
        assert_string_equal(call(1, CRM, ENROLL, enrol_text("anna")), opened ? "REPLAYED" : "OK");
        assert_int_equal(profile(0)->revision, 1);
        service_world_fini(&world);
    }
    assert_true(done);
}

static void one_of_two_changes_wins(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < STEPS_MAX; lead++) {
        struct world_answer answers[2];
        open_world();
        assert_string_equal(call(0, CRM, ENROLL, enrol_text("anna")), "OK");
        for (size_t i = 0; i < 2; i++) {
            world_ask(&world.daemons[i], CRM, UPDATE, update_text(1, i == 0 ? "zh" : "en"),
                      &answers[i]);
        }
        for (size_t i = 0; i < lead; i++) {
            (void)world_step(&world.daemons[0]);
        }
        world_run(&world);
        bool first = strcmp(world_end(&answers[0]), "OK") == 0;
        assert_string_equal(world_end(&answers[first ? 1 : 0]), "REVISION_CHANGED");
        assert_string_equal(world_end(&answers[first ? 0 : 1]), "OK");
        assert_string_equal(profile(0)->language, first ? "zh" : "en");
        assert_int_equal(profile(1)->revision, 2);
        service_world_fini(&world);
    }
}

// Also by who was changing the profile at that moment, in every mixture of their steps.
static void who_was_forgotten_stays_so(void **state)
{
    (void)state;
    for (uint64_t revision = 0; revision < 2; revision++) {
        for (size_t lead = 0; lead < STEPS_MAX; lead++) {
            struct world_answer answers[2];
            open_world();
            if (revision == 0) {
                world_enroll(&world, "anna"); // has none yet: nothing tells the put off
            } else {
                assert_string_equal(call(0, CRM, ENROLL, enrol_text("anna")), "OK");
            }
            world_ask(&world.daemons[0], CRM, UPDATE, update_text(revision, "zh"), &answers[0]);
            for (size_t i = 0; i < lead; i++) {
                (void)world_step(&world.daemons[0]);
            }
            world_ask(&world.daemons[1], ADMIN, ERASE, erase_text(), &answers[1]);
            world_run_daemon(&world.daemons[1]);
            world_run(&world);
            assert_string_equal(world_end(&answers[1]), "OK");
            assert_int_equal(answers[0].times, 1);
            assert_int_equal(profile(0)->revision, 0);
            assert_string_equal(call(1, CRM, UPDATE, update_text(0, "zh")), "CLOSED");
            service_world_fini(&world);
        }
    }
}

static void an_enrolment_that_is_forgotten_leaves_nothing(void **state)
{
    (void)state;
    size_t forgotten = 0;
    for (size_t lead = 0; lead < STEPS_MAX; lead++) {
        struct world_answer answer;
        open_world();
        world_ask(&world.daemons[0], CRM, ENROLL, enrol_text("anna"), &answer);
        for (size_t i = 0; i < lead; i++) {
            (void)world_step(&world.daemons[0]);
        }
        bool erased = strcmp(call(1, ADMIN, ERASE, erase_text()), "OK") == 0;
        world_run(&world);
        assert_string_equal(world_end(&answer), "OK");
        assert_int_equal(profile(1)->revision, erased ? 0 : 1);
        forgotten += erased ? 1 : 0;
        service_world_fini(&world);
    }
    assert_true(forgotten > 0 && forgotten < STEPS_MAX);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_is_kept_and_changed),
        cmocka_unit_test(wherever_it_stops_the_profile_is_kept),
        cmocka_unit_test(one_of_two_changes_wins),
        cmocka_unit_test(who_was_forgotten_stays_so),
        cmocka_unit_test(an_enrolment_that_is_forgotten_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
