// libloyalty against a server of the test's own, in a process of its own: what each kind of answer,
// silence, broken connection and unfit certificate means to the caller.
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/x509.h"
#include "lib/loyalty.h"
#include "unit/clients/scripted_server.h"

// --- certificates and the server's start ---

static void issue(const char *name, const struct x509_wish *wish, X509 *ca, EVP_PKEY *ca_key)
{
    char file[PATH_BYTES];
    EVP_PKEY *key = x509_key_new();
    X509 *certificate = x509_issue(wish, key, ca, ca_key);
    assert_non_null(certificate);
    (void)snprintf(file, sizeof(file), "%s.pem", name);
    assert_true(x509_write_certificate(in_folder(file), certificate, false));
    (void)snprintf(file, sizeof(file), "%s.key", name);
    assert_true(x509_write_key(in_folder(file), key, false));
    X509_free(certificate);
    EVP_PKEY_free(key);
}

// A CA called `ca`, and with it a client's and, if asked for, the server's certificate.
static void make_authority(const char *ca, const char *client, bool with_server)
{
    struct x509_wish authority = {.name = "test CA", .authority = true, .days = 2};
    EVP_PKEY *key = x509_key_new();
    X509 *certificate = x509_issue(&authority, key, NULL, key);
    char file[PATH_BYTES];
    (void)snprintf(file, sizeof(file), "%s.pem", ca);
    assert_true(x509_write_certificate(in_folder(file), certificate, false));
    char *uris[] = {"spiffe://vip.example/pos/store-1/till-1", NULL};
    struct x509_wish till = {.name = client, .uris = uris, .days = 2};
    issue(client, &till, certificate, key);
    if (with_server) {
        char *ips[] = {"127.0.0.1", NULL};
        struct x509_wish server = {
            .name = "server", .server = true, .ip_addresses = ips, .days = 2};
        issue("server", &server, certificate, key);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static int start(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_DFL); // the library must not raise it
    assert_non_null(mkdtemp(folder));
    make_authority("ca", "till", true);
    make_authority("foreign-ca", "stranger", false);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(server_address, sizeof(server_address), "127.0.0.1:%d", ntohs(address.sin_port));
    server_pid = fork();
    if (server_pid == 0) {
        (void)signal(SIGPIPE, SIG_IGN);
        run_server(listener);
    }
    (void)close(listener);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    (void)kill(server_pid, SIGKILL);
    (void)waitpid(server_pid, NULL, 0);
    static const char *const files[] = {"ca.pem",       "till.pem",      "till.key",
                                        "server.pem",   "server.key",    "stranger.pem",
                                        "stranger.key", "foreign-ca.pem"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        (void)unlink(in_folder(files[i]));
    }
    return rmdir(folder);
}

// --- the tests ---

static struct loyalty *new_client(const char *ca, const char *name, const char *server_name)
{
    char certificate[PATH_BYTES];
    char key[PATH_BYTES];
    (void)snprintf(certificate, sizeof(certificate), "%s/%s.pem", folder, name);
    (void)snprintf(key, sizeof(key), "%s/%s.key", folder, name);
    struct loyalty_options options = {
        .server = server_address,
        .ca_path = in_folder(ca),
        .certificate_path = certificate,
        .key_path = key,
        .server_name = server_name,
        .connect_timeout_ms = 5000,
    };
    char error[LOYALTY_ERROR_BYTES];
    struct loyalty *client = loyalty_new(&options, error);
    assert_non_null(client);
    return client;
}

static struct loyalty *open_client(void)
{
    struct loyalty *client = new_client("ca.pem", "till", NULL);
    assert_int_equal(loyalty_connect(client), LOYALTY_APPLIED);
    assert_int_equal(loyalty_state(client), LOYALTY_OPEN);
    return client;
}

// The outcome of a call; the reason must be the one given.
static void assert_call(struct loyalty *client, const char *method, enum loyalty_outcome outcome,
                        const char *reason)
{
    struct loyalty_reply reply;
    const uint8_t payload[] = "abc";
    assert_int_equal(loyalty_call(client, method, payload, 3, 500, &reply), outcome);
    assert_string_equal(reply.reason, reason);
    if (outcome == LOYALTY_APPLIED || outcome == LOYALTY_DUPLICATE) {
        assert_int_equal(reply.payload_bytes, 3);
        assert_memory_equal(reply.payload, payload, 3);
    }
    loyalty_reply_fini(&reply);
}

static void every_answer_is_one_of_five(void **state)
{
    (void)state;
    struct loyalty *client = open_client();
    assert_int_equal(loyalty_now_ms(client), INT64_C(1000) * SERVER_TIME_S);
    assert_call(client, "/echo", LOYALTY_APPLIED, "");
    assert_call(client, "/replayed", LOYALTY_DUPLICATE, "");
    assert_call(client, "/later", LOYALTY_RETRY_LATER, "SOME_REASON");
    assert_call(client, "/unknown", LOYALTY_OUTCOME_UNKNOWN, "SOME_REASON");
    struct loyalty_reply reply;
    assert_int_equal(loyalty_call(client, "/refuse", NULL, 0, 500, &reply), LOYALTY_REFUSED);
    assert_true(reply.replayed);
    assert_int_equal(reply.code, 9);
    assert_string_equal(reply.reason, "SOME_REASON");
    assert_string_equal(reply.field, "points");
    assert_string_equal(reply.message, "A sentence.");
    assert_int_equal(reply.figure_count, 1);
    assert_string_equal(reply.figures[0].name, "available");
    assert_int_equal(reply.figures[0].value, 120);
    loyalty_reply_fini(&reply);
    loyalty_free(client);
}

static void a_connection_lost_leaves_the_outcome_open(void **state)
{
    (void)state;
    struct loyalty *client = open_client();
    assert_call(client, "/close", LOYALTY_OUTCOME_UNKNOWN, "CONNECTION_LOST");
    assert_int_equal(loyalty_state(client), LOYALTY_CLOSED);
    assert_true(*loyalty_error(client) != '\0');
    assert_call(client, "/echo", LOYALTY_RETRY_LATER, "NOT_CONNECTED");
    assert_int_equal(loyalty_connect(client), LOYALTY_APPLIED);
    assert_call(client, "/echo", LOYALTY_APPLIED, "");
    assert_call(client, "/garbage", LOYALTY_OUTCOME_UNKNOWN, "CONNECTION_LOST");
    assert_int_equal(loyalty_connect(client), LOYALTY_APPLIED);
    assert_call(client, "/huge", LOYALTY_OUTCOME_UNKNOWN, "CONNECTION_LOST");
    loyalty_free(client);
}

static void silence_leaves_the_outcome_open(void **state)
{
    (void)state;
    struct loyalty *client = open_client();
    assert_call(client, "/silence", LOYALTY_OUTCOME_UNKNOWN, "NO_ANSWER");
    assert_int_equal(loyalty_state(client), LOYALTY_OPEN);
    assert_call(client, "/echo", LOYALTY_APPLIED, "");
    loyalty_free(client);
}

struct seen {
    int order[8];
    enum loyalty_outcome outcomes[8];
    int count;
};

struct expectation {
    struct seen *seen;
    int number;
};

static void note(void *user, const struct loyalty_reply *reply)
{
    const struct expectation *expectation = user;
    struct seen *seen = expectation->seen;
    seen->outcomes[seen->count] = reply->outcome;
    seen->order[seen->count++] = expectation->number;
}

static void answers_come_in_any_order(void **state)
{
    (void)state;
    struct loyalty *client = open_client();
    struct seen seen = {0};
    struct expectation expected[] = {{&seen, 0}, {&seen, 1}, {&seen, 2}};
    assert_true(loyalty_submit(client, "/hold", NULL, 0, 0, note, &expected[0]));
    assert_true(loyalty_submit(client, "/echo", NULL, 0, 0, note, &expected[1]));
    assert_true(loyalty_submit(client, "/refuse", NULL, 0, 0, note, &expected[2]));
    assert_int_equal(loyalty_in_flight(client), 3);
    assert_true(loyalty_wait(client, 5000));
    assert_int_equal(loyalty_in_flight(client), 0);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.order[0], 1);
    assert_int_equal(seen.order[1], 0);
    assert_int_equal(seen.order[2], 2);
    assert_int_equal(seen.outcomes[2], LOYALTY_REFUSED);
    loyalty_free(client);
}

static void closing_answers_what_is_in_flight(void **state)
{
    (void)state;
    struct loyalty *client = open_client();
    struct seen seen = {0};
    struct expectation expected[] = {{&seen, 0}, {&seen, 1}};
    assert_true(loyalty_submit(client, "/silence", NULL, 0, 0, note, &expected[0]));
    assert_int_equal(loyalty_poll(client, 50), 0);
    assert_true(loyalty_submit(client, "/silence", NULL, 0, 0, note, &expected[1]));
    loyalty_free(client);
    assert_int_equal(seen.count, 2);
    // The first had been sent, the second never was.
    assert_int_equal(seen.outcomes[0], LOYALTY_OUTCOME_UNKNOWN);
    assert_int_equal(seen.outcomes[1], LOYALTY_RETRY_LATER);
}

static void a_call_moves_on_from_a_server_that_ends(void **state)
{
    (void)state;
    struct loyalty *client = open_client();
    assert_call(client, "/goaway", LOYALTY_APPLIED, "");
    assert_call(client, "/echo", LOYALTY_APPLIED, ""); // on another connection
    assert_int_equal(loyalty_state(client), LOYALTY_OPEN);
    // It asked to go, and went, while nothing was going on.
    assert_call(client, "/echo, then goaway", LOYALTY_APPLIED, "");
    struct pollfd descriptor = {0};
    int wait_ms = 0;
    if (loyalty_interest(client, &descriptor.fd, &descriptor.events, &wait_ms)) {
        assert_int_equal(poll(&descriptor, 1, 10000), 1);
    }
    assert_call(client, "/echo", LOYALTY_APPLIED, "");
    // A connection the caller has closed stays closed.
    assert_call(client, "/goaway", LOYALTY_APPLIED, "");
    loyalty_close(client);
    assert_call(client, "/echo", LOYALTY_RETRY_LATER, "NOT_CONNECTED");
    loyalty_free(client);
}

static void what_is_in_flight_is_answered_before_going(void **state)
{
    (void)state;
    struct loyalty *client = open_client();
    struct seen seen = {0};
    struct expectation expected[] = {{&seen, 0}, {&seen, 1}};
    assert_true(loyalty_submit(client, "/silence", NULL, 0, 100, note, &expected[0]));
    assert_true(loyalty_submit(client, "/goaway", NULL, 0, 0, note, &expected[1]));
    while (seen.count == 0) {
        assert_true(loyalty_poll(client, 1000) >= 0);
    }
    assert_int_equal(seen.order[0], 1);
    assert_int_equal(seen.outcomes[0], LOYALTY_APPLIED);
    assert_int_equal(loyalty_in_flight(client), 1);
    assert_int_equal(loyalty_state(client), LOYALTY_OPEN);
    assert_false(loyalty_submit(client, "/echo", NULL, 0, 0, note, &expected[0]));
    (void)loyalty_wait(client, 10000);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.outcomes[1], LOYALTY_OUTCOME_UNKNOWN);
    assert_int_equal(loyalty_state(client), LOYALTY_CLOSED);
    assert_non_null(strstr(loyalty_error(client), "ending"));
    assert_int_equal(loyalty_connect(client), LOYALTY_APPLIED);
    assert_call(client, "/echo", LOYALTY_APPLIED, "");
    loyalty_free(client);
}

static void certificates_must_fit(void **state)
{
    (void)state;
    struct loyalty *client = new_client("foreign-ca.pem", "till", NULL);
    assert_int_equal(loyalty_connect(client), LOYALTY_REFUSED);
    assert_non_null(strstr(loyalty_error(client), "is not accepted"));
    loyalty_free(client);

    client = new_client("ca.pem", "till", "localhost");
    assert_int_equal(loyalty_connect(client), LOYALTY_REFUSED);
    assert_non_null(strstr(loyalty_error(client), "hostname mismatch"));
    loyalty_free(client);

    client = new_client("ca.pem", "stranger", NULL);
    assert_int_equal(loyalty_connect(client), LOYALTY_REFUSED);
    assert_non_null(strstr(loyalty_error(client), "does not accept our certificate"));
    loyalty_free(client);
}

static void nobody_there_is_retry_later(void **state)
{
    (void)state;
    char kept[sizeof(server_address)];
    memcpy(kept, server_address, sizeof(kept));
    (void)snprintf(server_address, sizeof(server_address), "127.0.0.1:1");
    struct loyalty *client = new_client("ca.pem", "till", NULL);
    assert_int_equal(loyalty_connect(client), LOYALTY_RETRY_LATER);
    assert_non_null(strstr(loyalty_error(client), "cannot be reached"));
    loyalty_free(client);
    memcpy(server_address, kept, sizeof(kept));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_one_of_five),
        cmocka_unit_test(a_connection_lost_leaves_the_outcome_open),
        cmocka_unit_test(silence_leaves_the_outcome_open),
        cmocka_unit_test(answers_come_in_any_order),
        cmocka_unit_test(closing_answers_what_is_in_flight),
        cmocka_unit_test(a_call_moves_on_from_a_server_that_ends),
        cmocka_unit_test(what_is_in_flight_is_answered_before_going),
        cmocka_unit_test(certificates_must_fit),
        cmocka_unit_test(nobody_there_is_retry_later),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
