// Connecting, step by step and without waiting, and ending a connection. All addresses of a host
// are tried in the resolver's order under one deadline.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/client.h"
#include "loyalty/v1/clock.pb-c.h"

static bool copy_part(const char *from, size_t len, char *to, size_t to_bytes)
{
    if (len == 0 || len >= to_bytes) {
        return false;
    }
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

bool ly_parse_server(const char *server, char ret_host[LY_HOST_BYTES], char ret_port[LY_PORT_BYTES])
{
    const char *colon = server == NULL ? NULL : strrchr(server, ':');
    if (colon == NULL) {
        return false;
    }
    const char *host = server;
    size_t host_len = (size_t)(colon - server);
    if (host_len >= 2 && host[0] == '[' && colon[-1] == ']') {
        host++;
        host_len -= 2;
    } else if (memchr(host, ':', host_len) != NULL) {
        return false;
    }
    size_t port_len = strlen(colon + 1);
    if (strspn(colon + 1, "0123456789") != port_len) {
        return false;
    }
    return copy_part(host, host_len, ret_host, LY_HOST_BYTES) &&
           copy_part(colon + 1, port_len, ret_port, LY_PORT_BYTES);
}

static void close_socket(struct loyalty *client)
{
    SSL_free(client->ssl);
    client->ssl = NULL;
    if (client->fd >= 0) {
        (void)close(client->fd);
    }
    client->fd = -1;
}

void ly_disconnect(struct loyalty *client, enum loyalty_outcome outcome)
{
    if (client->phase == LY_CLOSED) {
        return;
    }
    client->phase = LY_CLOSED;
    client->ended = outcome;
    if (client->ssl != NULL && SSL_is_init_finished(client->ssl)) {
        (void)SSL_shutdown(client->ssl);
    }
    ERR_clear_error();
    close_socket(client);
    if (client->addresses != NULL) {
        freeaddrinfo(client->addresses);
    }
    client->addresses = NULL;
    client->next_address = NULL;
    buffer_clear(&client->input);
    buffer_clear(&client->output);
    client->output_sent = 0;
    struct ly_request request;
    while (ly_requests_take_any(&client->requests, &request)) {
        bool unsent = request.end_byte > client->attempted_bytes;
        struct loyalty_reply reply = {
            .outcome = unsent ? LOYALTY_RETRY_LATER : LOYALTY_OUTCOME_UNKNOWN,
            .reason = unsent ? "NOT_SENT" : "CONNECTION_LOST",
            .field = "",
            .message = client->error[0] != '\0' ? client->error : "The connection was closed.",
        };
        ly_deliver(client, &request, &reply);
    }
}

// A socket on the way to the next address. False when none is left.
static bool next_socket(struct loyalty *client)
{
    while (client->next_address != NULL) {
        const struct addrinfo *address = client->next_address;
        client->next_address = address->ai_next;
        int fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                        address->ai_protocol);
        if (fd < 0) {
            ly_set_error(client, "No socket: %s.", strerror(errno));
            continue;
        }
        int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (connect(fd, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS) {
            client->fd = fd;
            return true;
        }
        ly_set_error(client, "%s:%s cannot be reached: %s.", client->host, client->port,
                     strerror(errno));
        (void)close(fd);
    }
    return false;
}

bool loyalty_connect_start(struct loyalty *client)
{
    if (client->in_callback) {
        ly_set_error(client, "Not from inside a callback.");
        return false;
    }
    client->error[0] = '\0';
    ly_disconnect(client, LOYALTY_RETRY_LATER);
    client->ended = LOYALTY_RETRY_LATER;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int failure = getaddrinfo(client->host, client->port, &hints, &client->addresses);
    if (failure != 0) {
        client->addresses = NULL;
        ly_set_error(client, "%s: %s.", client->host, gai_strerror(failure));
        return false;
    }
    client->next_address = client->addresses;
    client->queued_bytes = 0;
    client->attempted_bytes = 0;
    client->wants_write = false;
    client->received = false;
    client->asked_to_go = false;
    client->hello_failed = false;
    client->connect_deadline_ms = ly_steady_ms() + client->connect_timeout_ms;
    client->phase = LY_TCP;
    if (!next_socket(client)) {
        ly_disconnect(client, LOYALTY_RETRY_LATER);
        return false;
    }
    return true;
}

static void learn_clock(struct loyalty *client, const Loyalty__V1__GetClockResponse *response)
{
    client->clock_at_ms = response->now->seconds * 1000 + response->now->nanos / 1000000;
    client->clock_steady_ms = ly_steady_ms();
    client->clock_stands = response->sandbox;
    client->clock_known = true;
}

static void on_hello(void *user, const struct loyalty_reply *reply)
{
    struct loyalty *client = user;
    if (client->phase != LY_HELLO) {
        return; // the connection ended first, and says why itself
    }
    client->hello_failed = reply->outcome != LOYALTY_APPLIED;
    if (client->hello_failed) {
        client->ended = reply->outcome == LOYALTY_REFUSED ? LOYALTY_REFUSED : LOYALTY_RETRY_LATER;
        ly_set_error(client, "%s", reply->message);
        return;
    }
    Loyalty__V1__GetClockResponse *response =
        loyalty__v1__get_clock_response__unpack(NULL, reply->payload_bytes, reply->payload);
    if (response == NULL || response->now == NULL) {
        client->hello_failed = true;
        client->ended = response == NULL ? LOYALTY_RETRY_LATER : LOYALTY_REFUSED; // or no memory
        ly_set_error(client, "The server does not tell its time.");
    } else {
        learn_clock(client, response);
        client->phase = LY_OPEN;
    }
    loyalty__v1__get_clock_response__free_unpacked(response, NULL);
}

static bool begin_tls(struct loyalty *client)
{
    int failure = 0;
    socklen_t size = sizeof(failure);
    if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) {
        failure = errno;
    }
    if (failure != 0) {
        ly_set_error(client, "%s:%s cannot be reached: %s.", client->host, client->port,
                     strerror(failure));
        close_socket(client);
        return next_socket(client);
    }
    client->phase = LY_TLS;
    return ly_tls_start(client);
}

static bool begin_hello(struct loyalty *client)
{
    const unsigned char *protocol = NULL;
    unsigned int len = 0;
    SSL_get0_alpn_selected(client->ssl, &protocol, &len);
    if (!span_is_text(span_of(protocol, len), "loyalty/1")) {
        ly_set_error(client, "The server does not speak loyalty/1.");
        client->ended = LOYALTY_REFUSED;
        return false;
    }
    client->phase = LY_HELLO;
    int64_t left_ms = client->connect_deadline_ms - ly_steady_ms();
    uint32_t timeout_ms = left_ms < 1 ? 1 : (uint32_t)left_ms;
    if (!ly_submit(client, "/loyalty.v1.ClockService/GetClock", (struct span){0}, timeout_ms,
                   on_hello, client)) {
        ly_set_error(client, "Out of memory.");
        return false;
    }
    return true;
}

static bool step_tcp(struct loyalty *client)
{
    struct pollfd descriptor = {.fd = client->fd, .events = POLLOUT};
    return poll(&descriptor, 1, 0) <= 0 || begin_tls(client);
}

static bool step_tls(struct loyalty *client)
{
    ERR_clear_error();
    switch (ly_tls_judge(client, SSL_connect(client->ssl))) {
    case LY_TLS_DONE:
        return begin_hello(client);
    case LY_TLS_AGAIN:
        return true;
    case LY_TLS_CLOSED:
    case LY_TLS_FAILED:
        break;
    }
    return false;
}

bool ly_connect_step(struct loyalty *client)
{
    if (ly_steady_ms() >= client->connect_deadline_ms) {
        ly_set_error(client, "%s:%s does not answer.", client->host, client->port);
        ly_disconnect(client, LOYALTY_RETRY_LATER);
        return false;
    }
    bool going = true;
    if (client->phase == LY_TCP) {
        going = step_tcp(client);
    }
    if (going && client->phase == LY_TLS) {
        going = step_tls(client);
    }
    if (!going) {
        ly_disconnect(client, client->ended);
    }
    return going;
}
