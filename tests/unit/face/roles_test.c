// Every method as every role through every protocol: what the table of methods says holds for all
// alike, and is said before a byte of the body was looked at. Frames have their walk in
// tests/unit/service/method_test.c and, all of them in one process,
// tests/integration/test_faces.py.
#include "unit/face/fake_http.h"

#include "service/method.h"

static const struct {
    const char *name;
    unsigned role;
} peers[] = {
    {"pos/some/unit", ROLE_POS},
    {"partner/some/unit", ROLE_PARTNER},
    {"backend/some/unit", ROLE_BACKEND},
    {"admin/some/unit", ROLE_ADMIN},
    {"job/some/unit", ROLE_JOB},
    {"root/some/unit", 0},
    {"Admin/some/unit", 0},
    {"/some/unit", 0},
};

enum { PEERS = sizeof(peers) / sizeof(peers[0]) };

static bool is_refused(const struct fake *fake, enum fake_protocol protocol)
{
    if (!fake_is_framed(protocol)) {
        return fake->status == 403;
    }
    return strcmp(fake_field(fake->head, "grpc-status"), "7") == 0;
}

static void check(const char *peer, enum fake_protocol protocol, const char *path, bool may)
{
    struct fake *fake = fake_begin(peer, protocol, path, "");
    if (is_refused(fake, protocol) == may || fake->ended == may) {
        fail_msg("%s of %s by %s", path, peer, fake_type(protocol));
    }
    fake_forget(fake);
}

static void every_method_role_and_protocol(void **state)
{
    (void)state;
    for (size_t i = 0; i < method_count(); i++) {
        for (size_t j = 0; j < PEERS; j++) {
            // Connect's unary types are not for streams.
            int end = method_at(i)->streams ? CONNECT : FAKE_PROTOCOLS;
            for (int protocol = 0; protocol < end; protocol++) {
                check(peers[j].name, protocol, method_at(i)->path,
                      (method_at(i)->roles & peers[j].role) != 0);
            }
        }
    }
}

static void health_and_reflection_are_open_to_every_role(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/grpc.health.v1.Health/Check",
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        for (size_t j = 0; j < PEERS; j++) {
            for (int protocol = 0; protocol < (i == 0 ? FAKE_PROTOCOLS : CONNECT); protocol++) {
                check(peers[j].name, protocol, paths[i], peers[j].role != 0);
            }
        }
    }
}

// The head's judgement is not the only one: dispatch makes it again, of the peer it is given.
static void the_peer_is_the_exchanges(void **state)
{
    (void)state;
    struct fake *fake =
        fake_begin("admin/head-office", GRPC, "/loyalty.v1.AdminService/VerifyAccounts", "");
    assert_false(fake->ended);
    snprintf(fake->peer.role, sizeof(fake->peer.role), "pos");
    fake_send(fake, fake_framed(GRPC, (struct span){0}), true);
    assert_true(is_refused(fake, GRPC));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_method_role_and_protocol),
        TEST(health_and_reflection_are_open_to_every_role),
        TEST(the_peer_is_the_exchanges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
