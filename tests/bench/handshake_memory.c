// What a handshake costs OpenSSL itself: client and server in one process with the certificates of
// the handshake load, their bytes passed through memory BIOs; no sockets, no other code. Each
// side's CPU is counted by the thread's own clock, its set-up and release included, so that others
// on the machine do not matter.
#include <inttypes.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/bench.h"
#include "bench/wire.h"

enum { PATH_BYTES = 4096, TURNS_MAX = 16, WARM_UP = 20, NS_A_S = 1000000000 };

struct side {
    SSL_CTX *tls;
    SSL *ssl;
    int64_t cpu_ns;
};

static int64_t thread_ns(void)
{
    struct timespec used;
    bench_must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0, "the thread has no clock");
    return (int64_t)used.tv_sec * NS_A_S + used.tv_nsec;
}

static int on_alpn(SSL *ssl, const unsigned char **ret_id, unsigned char *ret_bytes,
                   const unsigned char *offered, unsigned int offered_bytes, void *context)
{
    (void)ssl;
    (void)offered_bytes;
    (void)context;
    *ret_id = offered + 1; // the one there is
    *ret_bytes = offered[0];
    return SSL_TLSEXT_ERR_OK;
}

// As a server of full handshakes is set up: TLS 1.3, the client's certificate required, no tickets.
static SSL_CTX *server_context(const struct bench_options *options)
{
    char ca[PATH_BYTES];
    char certificate[PATH_BYTES];
    char key[PATH_BYTES];
    (void)snprintf(ca, sizeof ca, "%s/ca.pem", options->tls);
    (void)snprintf(certificate, sizeof certificate, "%s/server.pem", options->tls);
    (void)snprintf(key, sizeof key, "%s/server.key", options->tls);
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    bench_must(tls != NULL && SSL_CTX_load_verify_locations(tls, ca, NULL) == 1 &&
                   SSL_CTX_use_certificate_chain_file(tls, certificate) == 1 &&
                   SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) == 1 &&
                   SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_num_tickets(tls, 0) == 1,
               "the server's certificates cannot be read");
    (void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(tls, on_alpn, NULL);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return tls;
}

// A side's end of the cable; each of its two BIOs is the other side's as well.
static void set_up(struct side *side, BIO *in, BIO *out)
{
    int64_t began_ns = thread_ns();
    side->ssl = SSL_new(side->tls);
    bench_must(side->ssl != NULL && BIO_up_ref(in) == 1 && BIO_up_ref(out) == 1,
               "no memory for a connection");
    SSL_set_bio(side->ssl, in, out);
    side->cpu_ns += thread_ns() - began_ns;
}

static void release(struct side *side)
{
    int64_t began_ns = thread_ns();
    SSL_free(side->ssl);
    side->ssl = NULL;
    side->cpu_ns += thread_ns() - began_ns;
}

// Whether the side is done; it goes as far as what has come allows.
static bool shake(struct side *side, int (*step)(SSL *))
{
    int64_t began_ns = thread_ns();
    int outcome = step(side->ssl);
    side->cpu_ns += thread_ns() - began_ns;
    bench_must(outcome == 1 || SSL_get_error(side->ssl, outcome) == SSL_ERROR_WANT_READ,
               "the handshake in memory failed");
    return outcome == 1;
}

static BIO *new_direction(void)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bench_must(bio != NULL, "no memory for a connection");
    (void)BIO_set_mem_eof_return(bio, -1); // empty is not ended
    return bio;
}

static void shake_hands(struct side *client, struct side *server)
{
    BIO *to_server = new_direction();
    BIO *to_client = new_direction();
    set_up(client, to_client, to_server);
    set_up(server, to_server, to_client);
    bool done = false;
    for (int turn = 0; turn < TURNS_MAX && !done; turn++) {
        bool client_done = shake(client, SSL_connect);
        done = shake(server, SSL_accept) && client_done;
    }
    bench_must(done && !SSL_session_reused(server->ssl) &&
                   SSL_get_verify_result(server->ssl) == X509_V_OK &&
                   SSL_get_verify_result(client->ssl) == X509_V_OK,
               "the handshake in memory did not end well");
    release(client);
    release(server);
    BIO_free(to_server);
    BIO_free(to_client);
}

int bench_handshake_memory(const struct bench_options *options)
{
    struct side client = {.tls = bench_wire_context(options, "loyalty/1")};
    struct side server = {.tls = server_context(options)};
    for (uint32_t i = 0; i < WARM_UP; i++) {
        shake_hands(&client, &server);
    }
    client.cpu_ns = 0;
    server.cpu_ns = 0;
    for (uint32_t i = 0; i < options->operations; i++) {
        shake_hands(&client, &server);
    }
    SSL_CTX_free(client.tls);
    SSL_CTX_free(server.tls);
    double operations = options->operations;
    printf("rate %.0f\nserver_cpu_us %.1f\nclient_cpu_us %.1f\n",
           operations * NS_A_S / (double)(client.cpu_ns + server.cpu_ns),
           (double)server.cpu_ns / 1000 / operations, (double)client.cpu_ns / 1000 / operations);
    return EXIT_SUCCESS;
}
