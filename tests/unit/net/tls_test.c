// Who is let in: versions, ALPN, certificates; and which files make a server.
#include "net/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "support/log_capture.h"
#include "support/server_world.h"

static int start(void **state)
{
    struct world *world = world_new();
    world_start(world, &(struct server_limits){0});
    log_capture_clear();
    *state = world;
    return 0;
}

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

// One line with the reason, and `alert` (-1: a plain end) for the client; never a frame handed on,
// although the client sends one as soon as its own half of the handshake is over.
static void expect_refusal(struct world *world, const struct tls_client_spec *spec,
                           const char *reason, int alert)
{
    log_capture_clear();
    struct tls_client *client = world_client(world, spec);
    tls_client_send_frame(client, span_of_text("too early"));
    WORLD_UNTIL(world, client->ended);
    if (log_capture_count("\n") != 1 ||
        log_capture_count("connection-refused peer=127.0.0.1") != 1 ||
        log_capture_count(reason) != 1) {
        fail_msg("expected \"%s\" in: %s", reason, log_captured);
    }
    assert_int_equal(tls_client_alert(client), alert);
    assert_int_equal(world->frames, 0);
    world_drop(world, client);
    WORLD_UNTIL(world, server_connections(world->server) == 0);
}

static struct tls_client_spec spec_of(const struct world *world, const struct certificate *peer)
{
    return (struct tls_client_spec){.port = world->port, .certificate = peer, .alpn = "loyalty/1"};
}

static void without_the_right_alpn_nobody_comes_in(void **state)
{
    struct world *world = *state;
    struct tls_client_spec spec = spec_of(world, world->till);
    spec.alpn = NULL;
    expect_refusal(world, &spec, "no application protocol", SSL_AD_NO_APPLICATION_PROTOCOL);
    spec.alpn = "http/1.1";
    expect_refusal(world, &spec, "no application protocol", SSL_AD_NO_APPLICATION_PROTOCOL);
    spec.alpn = "loyalty/10";
    expect_refusal(world, &spec, "no application protocol", SSL_AD_NO_APPLICATION_PROTOCOL);
    spec.alpn = "h2"; // nobody serves it here
    expect_refusal(world, &spec, "no application protocol", SSL_AD_NO_APPLICATION_PROTOCOL);
    spec.alpn = "loyalty/";
    expect_refusal(world, &spec, "no application protocol", SSL_AD_NO_APPLICATION_PROTOCOL);
}

static void alpn_is_found_among_others(void **state)
{
    struct world *world = *state;
    struct tls_client_spec spec = spec_of(world, world->till);
    struct tls_client *client = world_client(world, &spec);
    static const uint8_t offered[] = "\x02hx\x09loyalty/1\x08http/1.1";
    assert_int_equal(SSL_set_alpn_protos(client->ssl, offered, sizeof(offered) - 1), 0);
    tls_client_send_frame(client, span_of_text("hello"));
    struct span frame = {0};
    WORLD_UNTIL(world, tls_client_take(client, &frame));
}

static void tls_1_2_is_refused(void **state)
{
    struct world *world = *state;
    struct tls_client_spec spec = spec_of(world, world->till);
    spec.version_max = TLS1_2_VERSION;
    expect_refusal(world, &spec, "unsupported protocol", SSL_AD_PROTOCOL_VERSION);
}

static void what_is_not_tls_is_refused(void **state)
{
    struct world *world = *state;
    struct tls_client_spec spec = spec_of(world, world->till);
    struct tls_client *client = world_client(world, &spec);
    assert_int_equal(write(client->fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    WORLD_UNTIL(world, client->ended);
    assert_int_equal(log_capture_count("reason=\"http request\""), 1);
}

static void a_look_at_the_port_leaves_no_line(void **state)
{
    struct world *world = *state;
    struct tls_client_spec spec = spec_of(world, world->till);
    struct tls_client *client = world_client(world, &spec);
    assert_int_equal(event_base_loop(world->base, EVLOOP_ONCE), 0);
    world_drop(world, client);
    WORLD_UNTIL(world, server_connections(world->server) == 0);
    assert_string_equal(log_captured, "");
}

static void without_a_certificate_nobody_comes_in(void **state)
{
    struct world *world = *state;
    struct tls_client_spec spec = spec_of(world, NULL);
    expect_refusal(world, &spec, "peer did not return a certificate",
                   TLS13_AD_CERTIFICATE_REQUIRED);
}

static void bad_certificates_are_refused(void **state)
{
    struct world *world = *state;
    struct certificate *foreign =
        certificate_new(&(struct certificate_spec){.name = "authority", .authority = true}, NULL);
    const struct {
        struct certificate_spec spec;
        const struct certificate *issuer;
        const char *reason;
        int alert;
    } rows[] = {
        {{.name = "a", .uri = WORLD_TILL, .from_s = -7200, .until_s = -3600},
         world->authority,
         "certificate has expired",
         SSL_AD_CERTIFICATE_EXPIRED},
        {{.name = "b", .uri = WORLD_TILL, .from_s = 3600, .until_s = 7200},
         world->authority,
         "certificate is not yet valid",
         SSL_AD_BAD_CERTIFICATE},
        {{.name = "c", .uri = WORLD_TILL},
         foreign, // of the same name
         "certificate signature failure",
         SSL_AD_DECRYPT_ERROR},
        {{.name = "d", .uri = WORLD_TILL}, NULL, "self-signed certificate", SSL_AD_UNKNOWN_CA},
        {{.name = "e", .uri = WORLD_TILL, .usage = "serverAuth"},
         world->authority,
         "unsuitable certificate purpose",
         SSL_AD_UNSUPPORTED_CERTIFICATE},
        {{.name = "f"}, world->authority, "certificate without a URI SAN", -1},
        {{.name = WORLD_TILL}, world->authority, "certificate without a URI SAN", -1},
        {{.name = "g", .uri = WORLD_TILL, .uris = {span_of_text(WORLD_TILL "1")}},
         world->authority,
         "certificate with several URI SANs",
         -1},
        {{.name = "h", .uri = WORLD_TILL, .uris = {span_of_text("https://vip.example/")}},
         world->authority,
         "certificate with several URI SANs",
         -1},
        {{.name = "i", .uri = "spiffe://other.example/pos/store-0007/till-02"},
         world->authority,
         "no identity of this trust domain",
         -1},
        {{.name = "j", .uris = {span_of("spiffe://vip.example/pos/a\0b", 28)}},
         world->authority,
         "no identity of this trust domain",
         -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct certificate *bad = certificate_new(&rows[i].spec, rows[i].issuer);
        struct tls_client_spec spec = spec_of(world, bad);
        expect_refusal(world, &spec, rows[i].reason, rows[i].alert);
        certificate_free(bad);
    }
    certificate_free(foreign);
}

static void client_usage_and_other_names_do_not_harm(void **state)
{
    struct world *world = *state;
    struct certificate *good = certificate_new(
        &(struct certificate_spec){
            .name = "x", .uri = "spiffe://vip.example/admin", .usage = "clientAuth,serverAuth"},
        world->authority);
    struct tls_client_spec spec = spec_of(world, good);
    struct tls_client *client = world_client(world, &spec);
    tls_client_send_frame(client, span_of_text("hello"));
    struct span frame = {0};
    WORLD_UNTIL(world, tls_client_take(client, &frame));
    assert_string_equal(world->last_peer.role, "admin");
    assert_string_equal(world->last_peer.unit, "");
    certificate_free(good);
}

static void nothing_is_given_to_resume_with(void **state)
{
    struct world *world = *state;
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("hello"));
    struct span frame = {0};
    WORLD_UNTIL(world, tls_client_take(client, &frame));
    assert_false(SSL_SESSION_is_resumable(SSL_get_session(client->ssl)));
}

// What the peer has asked for stands with its session (net/tls_chain.c).
static void records_are_as_short_as_the_peer_asks(void **state)
{
    static const uint8_t text[4000] = {0};
    struct world *world = *state;
    struct tls_client *client = world_till(world);
    assert_int_equal(
        SSL_set_tlsext_max_fragment_length(client->ssl, TLSEXT_max_fragment_length_512), 1);
    tls_client_send_frame(client, span_of(text, sizeof(text)));
    struct span frame = {0};
    WORLD_UNTIL(world, client->ended || tls_client_take(client, &frame));
    assert_int_equal(frame.len, sizeof(text));
    assert_true(client->records >= sizeof(text) / 512);
}

static void expect_bad_files(struct world *world, enum status status, const char *sentence)
{
    char error[WORLD_ERROR_BYTES] = "";
    SSL_CTX *context = NULL;
    assert_int_equal(tls_context_new(&world->tls, error, sizeof(error), &context), status);
    assert_null(context);
    if (strstr(error, sentence) == NULL) {
        fail_msg("expected \"%s\" in: %s", sentence, error);
    }
}

static void a_bad_file_is_named(void **state)
{
    struct world *world = *state;
    struct server_tls_options good = world->tls;
    world->tls.certificate_path = "/nowhere/server.pem";
    expect_bad_files(world, STATUS_INVALID,
                     "no certificate chain in /nowhere/server.pem: No such file or directory");
    world->tls = good;
    world->tls.certificate_path = world->key_path;
    expect_bad_files(world, STATUS_INVALID, "server.key: no start line");
    world->tls = good;
    world->tls.key_path = world->certificate_path;
    expect_bad_files(world, STATUS_INVALID, "no private key of the certificate in");
    world->tls = good;
    world->tls.client_ca_path = "/dev/null";
    expect_bad_files(world, STATUS_INVALID, "no client CA in /dev/null: ");
    world->tls = good;
    world->tls.crl_path = "/dev/null";
    expect_bad_files(world, STATUS_INVALID, "no revocation list in /dev/null: ");
    world->tls = good;
    world->tls.trust_domain = "vip.example/pos";
    expect_bad_files(world, STATUS_INVALID, "\"vip.example/pos\" cannot be one");
    world->tls.trust_domain = NULL;
    expect_bad_files(world, STATUS_INVALID, "cannot be one");
}

static void the_key_must_be_the_certificates_and_open(void **state)
{
    struct world *world = *state;
    certificate_write_key(world->folder, "server", world->till);
    expect_bad_files(world, STATUS_INVALID, "no private key of the certificate in");

    FILE *file = fopen(world->key_path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, world->server_certificate->key, EVP_aes_128_cbc(),
                                          (const unsigned char *)"secret", 6, NULL, NULL),
                     1);
    assert_int_equal(fclose(file), 0);
    expect_bad_files(world, STATUS_INVALID, "no private key of the certificate in");
}

#define LIVE_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, prepare, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIVE_TEST(without_the_right_alpn_nobody_comes_in),
        LIVE_TEST(alpn_is_found_among_others),
        LIVE_TEST(tls_1_2_is_refused),
        LIVE_TEST(what_is_not_tls_is_refused),
        LIVE_TEST(a_look_at_the_port_leaves_no_line),
        LIVE_TEST(without_a_certificate_nobody_comes_in),
        LIVE_TEST(bad_certificates_are_refused),
        LIVE_TEST(client_usage_and_other_names_do_not_harm),
        LIVE_TEST(nothing_is_given_to_resume_with),
        LIVE_TEST(records_are_as_short_as_the_peer_asks),
        FILE_TEST(a_bad_file_is_named),
        FILE_TEST(the_key_must_be_the_certificates_and_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
