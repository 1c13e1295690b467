// Revocation: lists at start, lists and certificates that change under live connections.
#include "net/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "support/log_capture.h"
#include "support/server_world.h"

static int prepare(void **state)
{
    *state = world_new();
    log_capture_clear();
    return 0;
}

static int stop(void **state)
{
    world_free(*state);
    return 0;
}

static struct certificate *new_till(struct world *world, const char *uri)
{
    return certificate_new(&(struct certificate_spec){.name = "till", .uri = uri},
                           world->authority);
}

static void reload(struct world *world)
{
    char error[WORLD_ERROR_BYTES];
    assert_int_equal(server_reload(world->server, NULL, error, sizeof(error)), STATUS_OK);
}

static struct tls_client *connect_with(struct world *world, const struct certificate *certificate,
                                       const struct certificate *chain)
{
    return world_client(world, &(struct tls_client_spec){.port = world->port,
                                                         .certificate = certificate,
                                                         .chain = chain,
                                                         .alpn = "loyalty/1"});
}

static void expect_answer(struct world *world, struct tls_client *client)
{
    struct span frame = {0};
    tls_client_send_frame(client, span_of_text("hello"));
    WORLD_UNTIL(world, client->ended || tls_client_take(client, &frame));
    if (!span_is_text(frame, "hello")) {
        fail_msg("no answer; log: %s", log_captured);
    }
}

static void expect_refusal(struct world *world, struct tls_client *client, const char *reason,
                           int alert)
{
    WORLD_UNTIL(world, client->ended);
    if (log_capture_count(reason) != 1) {
        fail_msg("expected \"%s\" in: %s", reason, log_captured);
    }
    assert_int_equal(tls_client_alert(client), alert);
    log_capture_clear();
}

static void the_revoked_stay_outside(void **state)
{
    struct world *world = *state;
    const struct certificate_list list = {world->authority, world->till, 3600};
    world_write_lists(world, &list, 1);
    world_start(world, &(struct server_limits){0});
    expect_refusal(world, world_till(world), "certificate revoked", SSL_AD_CERTIFICATE_REVOKED);
    struct certificate *other = new_till(world, WORLD_TILL);
    expect_answer(world, connect_with(world, other, NULL));
    certificate_free(other);
}

static void an_expired_list_refuses_all(void **state)
{
    struct world *world = *state;
    const struct certificate_list list = {world->authority, NULL, -60};
    world_write_lists(world, &list, 1);
    world_start(world, &(struct server_limits){0});
    assert_int_equal(log_capture_count("crl-expired"), 1);
    log_capture_clear();
    expect_refusal(world, world_till(world), "CRL has expired", SSL_AD_CERTIFICATE_EXPIRED);
}

static void a_list_of_somebody_else_refuses_all(void **state)
{
    struct world *world = *state;
    struct certificate *other =
        certificate_new(&(struct certificate_spec){.name = "other", .authority = true}, NULL);
    const struct certificate_list list = {other, NULL, 3600};
    world_write_lists(world, &list, 1);
    world_start(world, &(struct server_limits){0});
    expect_refusal(world, world_till(world), "unable to get certificate CRL", SSL_AD_UNKNOWN_CA);
    certificate_free(other);
}

static void the_revoked_are_closed_by_reload(void **state)
{
    struct world *world = *state;
    const struct certificate_list none = {world->authority, NULL, 3600};
    world_write_lists(world, &none, 1);
    world_start(world, &(struct server_limits){0});
    struct certificate *other = new_till(world, "spiffe://vip.example/pos/store-0007/till-03");
    struct tls_client *stays = connect_with(world, other, NULL);
    struct tls_client *goes = world_till(world);
    expect_answer(world, stays);
    expect_answer(world, goes);

    reload(world); // nothing has changed
    world_settle(world);
    expect_answer(world, goes);

    const struct certificate_list list = {world->authority, world->till, 3600};
    world_write_lists(world, &list, 1);
    reload(world);
    WORLD_UNTIL(world, goes->ended);
    assert_true(goes->clean);
    assert_int_equal(log_capture_count("\n"), 1);
    assert_int_equal(log_capture_count("unit=store-0007/till-02"), 1);
    assert_int_equal(log_capture_count("reason=\"certificate revoked\""), 1);
    world_settle(world);
    expect_answer(world, stays);
    certificate_free(other);
}

static void all_of_many_are_judged_again(void **state)
{
    struct world *world = *state;
    const struct certificate_list none = {world->authority, NULL, 3600};
    world_write_lists(world, &none, 1);
    world_start(world, &(struct server_limits){0});
    enum { MANY = 100 };
    struct tls_client *clients[MANY];
    for (int i = 0; i < MANY; i++) {
        clients[i] = world_till(world);
    }
    for (int i = 0; i < MANY; i++) {
        expect_answer(world, clients[i]);
    }
    const struct certificate_list list = {world->authority, world->till, 3600};
    world_write_lists(world, &list, 1);
    reload(world);
    for (int i = 0; i < MANY; i++) {
        WORLD_UNTIL(world, clients[i]->ended);
    }
    WORLD_UNTIL(world, server_connections(world->server) == 0);
    assert_int_equal(log_capture_count("certificate revoked"), MANY);
}

static void a_handshake_across_a_reload_is_judged_by_the_new(void **state)
{
    struct world *world = *state;
    const struct certificate_list none = {world->authority, NULL, 3600};
    world_write_lists(world, &none, 1);
    world_start(world, &(struct server_limits){0});
    struct tls_client *client = world_till(world);
    while (SSL_get_state(client->ssl) != TLS_ST_OK) { // our half ends before the server's
        if (SSL_do_handshake(client->ssl) == 1) {
            break;
        }
        assert_int_equal(event_base_loop(world->base, EVLOOP_NONBLOCK), 0);
    }
    client->ready = true;
    assert_int_equal(server_connections(world->server), 1);
    const struct certificate_list list = {world->authority, world->till, 3600};
    world_write_lists(world, &list, 1);
    reload(world);
    tls_client_send_frame(client, span_of_text("hello"));
    WORLD_UNTIL(world, client->ended);
    assert_int_equal(log_capture_count("connection-refused"), 1);
    assert_int_equal(log_capture_count("certificate revoked"), 1);
    assert_int_equal(world->frames, 0);
}

static void a_bad_reload_changes_nothing(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){0});
    struct tls_client *client = world_till(world);
    expect_answer(world, client);
    certificate_write_key(world->folder, "server", world->till);
    char error[WORLD_ERROR_BYTES] = "";
    assert_int_equal(server_reload(world->server, NULL, error, sizeof(error)), STATUS_INVALID);
    assert_non_null(strstr(error, "no private key of the certificate"));
    world_settle(world);
    expect_answer(world, client);
    expect_answer(world, world_till(world));
}

static void a_withdrawn_authority_closes(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){0});
    struct tls_client *client = world_till(world);
    expect_answer(world, client);
    struct certificate *other =
        certificate_new(&(struct certificate_spec){.name = "other", .authority = true}, NULL);
    certificate_write(world->folder, "ca", other, NULL);
    reload(world);
    WORLD_UNTIL(world, client->ended);
    assert_int_equal(log_capture_count("unable to get local issuer certificate"), 1);
    certificate_free(other);
}

struct chain {
    struct certificate *intermediate;
    struct certificate *till;
};

static struct chain new_chain(struct world *world)
{
    struct chain chain = {0};
    chain.intermediate = certificate_new(
        &(struct certificate_spec){.name = "stores", .authority = true}, world->authority);
    chain.till = certificate_new(&(struct certificate_spec){.name = "till", .uri = WORLD_TILL},
                                 chain.intermediate);
    return chain;
}

static void free_chain(struct chain *chain)
{
    certificate_free(chain->intermediate);
    certificate_free(chain->till);
}

// Root as anchor: the intermediate needs a list too.
static void every_issuer_of_a_chain_needs_its_list(void **state)
{
    struct world *world = *state;
    struct chain chain = new_chain(world);
    const struct certificate_list both[] = {
        {world->authority, NULL, 3600},
        {chain.intermediate, NULL, 3600},
    };
    world_write_lists(world, both, 2);
    world_start(world, &(struct server_limits){0});
    struct tls_client *client = connect_with(world, chain.till, chain.intermediate);
    expect_answer(world, client);
    reload(world); // judged again by the chain it sent
    world_settle(world);
    expect_answer(world, client);

    world_write_lists(world, both, 1); // the intermediate's is missing
    reload(world);
    WORLD_UNTIL(world, client->ended);
    assert_int_equal(log_capture_count("unable to get certificate CRL"), 1);

    log_capture_clear();
    world_write_lists(world, both + 1, 1); // the root's is missing
    reload(world);
    expect_refusal(world, connect_with(world, chain.till, chain.intermediate),
                   "unable to get certificate CRL", SSL_AD_UNKNOWN_CA);

    const struct certificate_list revoked[] = {
        {world->authority, chain.intermediate, 3600},
        {chain.intermediate, NULL, 3600},
    };
    world_write_lists(world, revoked, 2);
    reload(world);
    expect_refusal(world, connect_with(world, chain.till, chain.intermediate),
                   "certificate revoked", SSL_AD_CERTIFICATE_REVOKED);
    free_chain(&chain);
}

// Intermediate as anchor: it needs none, and others of the root are not let in.
static void an_anchor_needs_no_list_of_its_own(void **state)
{
    struct world *world = *state;
    struct chain chain = new_chain(world);
    certificate_write(world->folder, "ca", chain.intermediate, NULL);
    const struct certificate_list list = {chain.intermediate, NULL, 3600};
    world_write_lists(world, &list, 1);
    world_start(world, &(struct server_limits){0});
    expect_answer(world, connect_with(world, chain.till, NULL));
    expect_refusal(world, world_till(world), "unable to get local issuer certificate",
                   SSL_AD_UNKNOWN_CA);
    const struct certificate_list revoked = {chain.intermediate, chain.till, 3600};
    world_write_lists(world, &revoked, 1);
    reload(world);
    log_capture_clear();
    expect_refusal(world, connect_with(world, chain.till, NULL), "connection-refused",
                   SSL_AD_CERTIFICATE_REVOKED);
    free_chain(&chain);
}

#define RELOAD_TEST(test) cmocka_unit_test_setup_teardown(test, prepare, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RELOAD_TEST(the_revoked_stay_outside),
        RELOAD_TEST(an_expired_list_refuses_all),
        RELOAD_TEST(a_list_of_somebody_else_refuses_all),
        RELOAD_TEST(the_revoked_are_closed_by_reload),
        RELOAD_TEST(all_of_many_are_judged_again),
        RELOAD_TEST(a_handshake_across_a_reload_is_judged_by_the_new),
        RELOAD_TEST(a_bad_reload_changes_nothing),
        RELOAD_TEST(a_withdrawn_authority_closes),
        RELOAD_TEST(every_issuer_of_a_chain_needs_its_list),
        RELOAD_TEST(an_anchor_needs_no_list_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
