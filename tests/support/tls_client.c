// The server's certificate is not checked here: the client library's tests do that.
#include "support/tls_client.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/check.h"

enum { READ_BYTES = 16 * 1024 };

static void on_message(int sent, int version, int type, const void *bytes, size_t len, SSL *ssl,
                       void *context)
{
    (void)version;
    (void)len;
    (void)ssl;
    struct tls_client *client = context;
    if (sent == 0 && type == SSL3_RT_INNER_CONTENT_TYPE &&
        *(const uint8_t *)bytes == SSL3_RT_APPLICATION_DATA) {
        client->records++;
    }
}

static void offer(struct tls_client *client, const char *alpn)
{
    uint8_t list[64] = {(uint8_t)strlen(alpn)};
    CHECK(strlen(alpn) < sizeof(list));
    memcpy(list + 1, alpn, strlen(alpn));
    CHECK(SSL_set_alpn_protos(client->ssl, list, (unsigned)strlen(alpn) + 1) == 0);
}

static int open_socket(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    const int on = 1;
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    return fd;
}

struct tls_client *tls_client_new(const struct tls_client_spec *spec)
{
    (void)signal(SIGPIPE, SIG_IGN);
    struct tls_client *client = calloc(1, sizeof(*client));
    CHECK(client != NULL);
    buffer_init(&client->input, 0);
    buffer_init(&client->output, 0);
    client->context = SSL_CTX_new(TLS_client_method());
    CHECK(client->context != NULL);
    (void)SSL_CTX_set_mode(client->context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    client->ssl = SSL_new(client->context);
    CHECK(client->ssl != NULL);
    if (spec->version_max != 0) {
        CHECK(SSL_set_max_proto_version(client->ssl, spec->version_max) == 1);
    }
    if (spec->certificate != NULL) {
        CHECK(SSL_use_certificate(client->ssl, spec->certificate->x509) == 1 &&
              SSL_use_PrivateKey(client->ssl, spec->certificate->key) == 1);
    }
    if (spec->chain != NULL) {
        CHECK(SSL_add1_chain_cert(client->ssl, spec->chain->x509) == 1);
    }
    if (spec->alpn != NULL) {
        offer(client, spec->alpn);
    }
    client->fd = open_socket(spec->port);
    CHECK(SSL_set_fd(client->ssl, client->fd) == 1);
    SSL_set_connect_state(client->ssl);
    SSL_set_msg_callback(client->ssl, on_message);
    SSL_set_msg_callback_arg(client->ssl, client);
    return client;
}

void tls_client_free(struct tls_client *client)
{
    if (client != NULL) {
        SSL_free(client->ssl);
        SSL_CTX_free(client->context);
        (void)close(client->fd);
        buffer_fini(&client->input);
        buffer_fini(&client->output);
        free(client);
    }
}

// Returns true when the call only has to be repeated; else the client has ended.
static bool must_wait(struct tls_client *client, int returned)
{
    int error = SSL_get_error(client->ssl, returned);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        return true;
    }
    client->ended = true;
    client->clean = error == SSL_ERROR_ZERO_RETURN;
    client->error = ERR_get_error();
    return false;
}

static bool step_handshake(struct tls_client *client)
{
    ERR_clear_error();
    int returned = SSL_do_handshake(client->ssl);
    client->ready = returned == 1;
    return client->ready || !must_wait(client, returned);
}

static bool step_output(struct tls_client *client)
{
    if (client->output.len == 0) {
        return false;
    }
    ERR_clear_error();
    int returned = SSL_write(client->ssl, client->output.data, (int)client->output.len);
    if (returned > 0) {
        CHECK((size_t)returned == client->output.len);
        buffer_clear(&client->output);
        return true;
    }
    return !must_wait(client, returned);
}

static bool step_input(struct tls_client *client)
{
    CHECK(buffer_reserve(&client->input, READ_BYTES) == STATUS_OK);
    ERR_clear_error();
    int returned = SSL_read(client->ssl, client->input.data + client->input.len, READ_BYTES);
    if (returned > 0) {
        client->input.len += (size_t)returned;
        return true;
    }
    return !must_wait(client, returned);
}

bool tls_client_step(struct tls_client *client)
{
    if (client->ended) {
        return false;
    }
    if (!client->ready) {
        return step_handshake(client);
    }
    bool moved = step_output(client);
    return (!client->ended && !client->stopped_reading && step_input(client)) || moved;
}

void tls_client_send(struct tls_client *client, struct span bytes)
{
    CHECK(buffer_append(&client->output, bytes) == STATUS_OK);
}

void tls_client_send_frame(struct tls_client *client, struct span frame)
{
    const uint8_t length[4] = {(uint8_t)(frame.len >> 24), (uint8_t)(frame.len >> 16),
                               (uint8_t)(frame.len >> 8), (uint8_t)frame.len};
    tls_client_send(client, span_of(length, sizeof(length)));
    tls_client_send(client, frame);
}

bool tls_client_sent(const struct tls_client *client)
{
    return client->output.len == 0;
}

bool tls_client_take(struct tls_client *client, struct span *ret_frame)
{
    struct span rest = span_from(buffer_span(&client->input), client->taken);
    if (rest.data == NULL || rest.len < 4) {
        return false;
    }
    size_t len = (size_t)rest.data[0] << 24 | (size_t)rest.data[1] << 16 |
                 (size_t)rest.data[2] << 8 | (size_t)rest.data[3];
    if (rest.len - 4 < len) {
        return false;
    }
    *ret_frame = span_of(rest.data + 4, len);
    client->taken += 4 + len;
    return true;
}

void tls_client_end(struct tls_client *client)
{
    CHECK(tls_client_sent(client));
    ERR_clear_error();
    (void)SSL_shutdown(client->ssl);
    CHECK(shutdown(client->fd, SHUT_WR) == 0);
}

int tls_client_alert(const struct tls_client *client)
{
    int reason = ERR_GET_REASON(client->error);
    bool alert = ERR_GET_LIB(client->error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET;
    return alert ? reason - SSL_AD_REASON_OFFSET : -1;
}
