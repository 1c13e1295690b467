// TLS over sockets, for all faces alike.
#include "bench/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"

enum { PATH_BYTES = 4096, PROTOCOLS_MAX = 4, PROTOCOL_BYTES = 16 };

SSL_CTX *bench_wire_context(const struct bench_options *options, const char *alpn)
{
    char ca[PATH_BYTES];
    char certificate[PATH_BYTES];
    char key[PATH_BYTES];
    snprintf(ca, sizeof ca, "%s/ca.pem", options->tls);
    snprintf(certificate, sizeof certificate, "%s/%s.pem", options->tls, options->as);
    snprintf(key, sizeof key, "%s/%s.key", options->tls, options->as);
    uint8_t protocols[PROTOCOL_BYTES];
    size_t len = strlen(alpn);
    bench_must(len < sizeof protocols, "a protocol's name is too long");
    protocols[0] = (uint8_t)len;
    memcpy(protocols + 1, alpn, len);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    bench_must(context != NULL && SSL_CTX_load_verify_locations(context, ca, NULL) == 1 &&
                   SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
                   SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 &&
                   SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_alpn_protos(context, protocols, (unsigned)len + 1) == 0,
               "the certificates cannot be read");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    return context;
}

int bench_wire_connect(const struct bench_options *options)
{
    char host[PATH_BYTES];
    snprintf(host, sizeof host, "%s", options->server);
    char *colon = strrchr(host, ':');
    bench_must(colon != NULL, "--server is HOST:PORT");
    *colon = '\0';
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    bench_must(getaddrinfo(host, colon + 1, &hints, &found) == 0, "the server is not found");
    int fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
    bench_must(fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0,
               "cannot connect to the server");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    freeaddrinfo(found);
    return fd;
}

// One context a protocol, for as long as the process lives.
static SSL_CTX *context_for(const struct bench_options *options, const char *alpn)
{
    static struct {
        char alpn[PROTOCOL_BYTES];
        SSL_CTX *context;
    } kept[PROTOCOLS_MAX];
    size_t i = 0;
    while (i < PROTOCOLS_MAX && kept[i].context != NULL && strcmp(kept[i].alpn, alpn) != 0) {
        i++;
    }
    bench_must(i < PROTOCOLS_MAX, "too many protocols");
    if (kept[i].context == NULL) {
        signal(SIGPIPE, SIG_IGN);
        kept[i].context = bench_wire_context(options, alpn);
        snprintf(kept[i].alpn, sizeof kept[i].alpn, "%s", alpn);
    }
    return kept[i].context;
}

void bench_wire_open(struct bench_wire *wire, const struct bench_options *options, const char *alpn)
{
    wire->fd = bench_wire_connect(options);
    wire->ssl = SSL_new(context_for(options, alpn));
    bench_must(wire->ssl != NULL && SSL_set_fd(wire->ssl, wire->fd) == 1 &&
                   SSL_connect(wire->ssl) == 1,
               "the TLS handshake failed");
    bench_must(fcntl(wire->fd, F_SETFL, O_NONBLOCK) == 0, "a socket stays blocking");
    buffer_init(&wire->output, 0);
}

void bench_wire_close(struct bench_wire *wire)
{
    SSL_free(wire->ssl);
    close(wire->fd);
    buffer_fini(&wire->output);
}

// Ends the process unless the socket is only not ready.
static void must_be_busy(const struct bench_wire *wire, int outcome, int busy)
{
    if (SSL_get_error(wire->ssl, outcome) == busy) {
        ERR_clear_error();
        return;
    }
    unsigned long error = ERR_peek_error();
    const char *why = error == 0 ? NULL : ERR_reason_error_string(error);
    bench_must(false, why != NULL ? why : "the server closed a connection");
}

void bench_wire_write(struct bench_wire *wire)
{
    size_t sent = 0;
    while (sent < wire->output.len) {
        int outcome =
            SSL_write(wire->ssl, wire->output.data + sent, (int)(wire->output.len - sent));
        if (outcome <= 0) {
            must_be_busy(wire, outcome, SSL_ERROR_WANT_WRITE);
            break;
        }
        sent += (size_t)outcome;
    }
    size_t left = wire->output.len - sent;
    if (sent > 0 && left > 0) {
        memmove(wire->output.data, wire->output.data + sent, left);
    }
    buffer_truncate(&wire->output, left);
}

size_t bench_wire_read(struct bench_wire *wire, void *bytes, size_t room)
{
    if (wire->drained) {
        wire->drained = false;
        return 0;
    }
    int outcome = SSL_read(wire->ssl, bytes, (int)room);
    if (outcome > 0) {
        wire->drained = SSL_has_pending(wire->ssl) == 0;
        return (size_t)outcome;
    }
    must_be_busy(wire, outcome, SSL_ERROR_WANT_READ);
    return 0;
}

int bench_wire_interest(const struct bench_wire *wire, short *ret_events)
{
    *ret_events = (short)(POLLIN | (wire->output.len > 0 ? POLLOUT : 0));
    return wire->fd;
}
