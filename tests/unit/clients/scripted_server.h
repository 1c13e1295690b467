// The server of libloyalty's tests, in a process of its own: what it does is said by the method.
// One connection at a time; its certificates are in `folder`.
#pragma once

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "loyalty/v1/clock.pb-c.h"
#include "loyalty/v1/frame.pb-c.h"

enum { FRAME_MAX = 65536, PATH_BYTES = 128, SERVER_TIME_S = 1780243200 };

static char folder[] = "/tmp/client_test.XXXXXX";
static pid_t server_pid;
static char server_address[64];

struct peer {
    SSL *ssl;
    uint64_t held; // a request to be answered behind the next one
};

static bool read_all(SSL *ssl, uint8_t *data, size_t len)
{
    size_t got = 0;
    while (got < len) {
        int now = SSL_read(ssl, data + got, (int)(len - got));
        if (now <= 0) {
            return false;
        }
        got += (size_t)now;
    }
    return true;
}

static void send_reply(SSL *ssl, const Loyalty__V1__ReplyEnvelope *reply)
{
    static uint8_t frame[FRAME_MAX + 4];
    size_t len = loyalty__v1__reply_envelope__pack(reply, frame + 4);
    uint32_t prefix = htonl((uint32_t)len);
    memcpy(frame, &prefix, sizeof(prefix));
    (void)SSL_write(ssl, frame, (int)len + 4);
}

static void send_payload(SSL *ssl, uint64_t id, ProtobufCBinaryData payload, bool replayed)
{
    Loyalty__V1__ReplyEnvelope reply = LOYALTY__V1__REPLY_ENVELOPE__INIT;
    reply.correlation_id = id;
    reply.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_PAYLOAD;
    reply.payload = payload;
    reply.replayed = replayed;
    send_reply(ssl, &reply);
}

static void send_error(SSL *ssl, uint64_t id, Loyalty__V1__Code code, bool replayed)
{
    Loyalty__V1__Error__FiguresEntry figure = LOYALTY__V1__ERROR__FIGURES_ENTRY__INIT;
    figure.key = "available";
    figure.value = 120;
    Loyalty__V1__Error__FiguresEntry *figures[] = {&figure};
    Loyalty__V1__Error error = LOYALTY__V1__ERROR__INIT;
    error.code = code;
    error.reason = "SOME_REASON";
    error.field = "points";
    error.message = "A sentence.";
    error.n_figures = 1;
    error.figures = figures;
    Loyalty__V1__ReplyEnvelope reply = LOYALTY__V1__REPLY_ENVELOPE__INIT;
    reply.correlation_id = id;
    reply.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_ERROR;
    reply.error = &error;
    reply.replayed = replayed;
    send_reply(ssl, &reply);
}

// In one record: the client sees all of it or nothing.
static void send_goaway(SSL *ssl, uint64_t answered_id)
{
    uint8_t bytes[128];
    size_t len = 0;
    Loyalty__V1__Goaway goaway = LOYALTY__V1__GOAWAY__INIT;
    for (int i = 0; i < (answered_id == 0 ? 1 : 2); i++) {
        Loyalty__V1__ReplyEnvelope reply = LOYALTY__V1__REPLY_ENVELOPE__INIT;
        if (i == 0) {
            reply.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_GOAWAY;
            reply.goaway = &goaway;
        } else {
            reply.correlation_id = answered_id;
            reply.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_PAYLOAD;
            reply.payload = (ProtobufCBinaryData){.data = (uint8_t *)"abc", .len = 3};
        }
        size_t envelope = loyalty__v1__reply_envelope__pack(&reply, bytes + len + 4);
        uint32_t prefix = htonl((uint32_t)envelope);
        memcpy(bytes + len, &prefix, sizeof(prefix));
        len += 4 + envelope;
    }
    (void)SSL_write(ssl, bytes, (int)len);
}

static void send_clock(SSL *ssl, uint64_t id)
{
    Google__Protobuf__Timestamp now = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    now.seconds = SERVER_TIME_S;
    Loyalty__V1__GetClockResponse response = LOYALTY__V1__GET_CLOCK_RESPONSE__INIT;
    response.now = &now;
    response.sandbox = true;
    uint8_t bytes[64];
    size_t len = loyalty__v1__get_clock_response__pack(&response, bytes);
    send_payload(ssl, id, (ProtobufCBinaryData){.data = bytes, .len = len}, false);
}

static bool is(const Loyalty__V1__RequestEnvelope *request, const char *method)
{
    return strcmp(request->method, method) == 0;
}

// False: the connection is to be closed.
static bool serve(struct peer *peer, const Loyalty__V1__RequestEnvelope *request)
{
    SSL *ssl = peer->ssl;
    uint64_t id = request->correlation_id;
    if (is(request, "/loyalty.v1.ClockService/GetClock")) {
        send_clock(ssl, id);
    } else if (is(request, "/echo")) {
        send_payload(ssl, id, request->payload, false);
    } else if (is(request, "/replayed")) {
        send_payload(ssl, id, request->payload, true);
    } else if (is(request, "/refuse")) {
        send_error(ssl, id, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, true);
    } else if (is(request, "/later")) {
        send_error(ssl, id, LOYALTY__V1__CODE__CODE_UNAVAILABLE, false);
    } else if (is(request, "/unknown")) {
        send_error(ssl, id, LOYALTY__V1__CODE__CODE_DEADLINE_EXCEEDED, false);
    } else if (is(request, "/hold")) {
        peer->held = id;
    } else if (is(request, "/goaway")) {
        send_goaway(ssl, id);
    } else if (is(request, "/echo, then goaway")) {
        send_payload(ssl, id, request->payload, false);
        send_goaway(ssl, 0);
        return false;
    } else if (is(request, "/close")) {
        return false;
    } else if (is(request, "/garbage")) {
        (void)SSL_write(ssl, "\0\0\0\3\xff\xff\xff", 7);
    } else if (is(request, "/huge")) {
        (void)SSL_write(ssl, "\x7f\xff\xff\xff", 4);
    }
    if (peer->held != 0 && peer->held != id) {
        send_payload(ssl, peer->held, (ProtobufCBinaryData){0}, false);
        peer->held = 0;
    }
    return true; // "/silence" and all else: no answer
}

static void serve_connection(SSL *ssl)
{
    struct peer peer = {.ssl = ssl};
    bool going = SSL_accept(ssl) == 1;
    while (going) {
        static uint8_t frame[FRAME_MAX];
        uint32_t prefix = 0;
        going = read_all(ssl, (uint8_t *)&prefix, sizeof(prefix)) && ntohl(prefix) <= FRAME_MAX &&
                read_all(ssl, frame, ntohl(prefix));
        Loyalty__V1__RequestEnvelope *request =
            going ? loyalty__v1__request_envelope__unpack(NULL, ntohl(prefix), frame) : NULL;
        going = request != NULL && serve(&peer, request);
        loyalty__v1__request_envelope__free_unpacked(request, NULL);
    }
}

static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned int in_len, void *user)
{
    (void)ssl;
    (void)user;
    unsigned char *chosen = NULL;
    static const unsigned char ours[] = "\x09loyalty/1";
    int result = SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static const char *in_folder(const char *name)
{
    static char paths[4][2 * PATH_BYTES];
    static int next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void run_server(int listener)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_chain_file(context, in_folder("server.pem"));
    SSL_CTX_use_PrivateKey_file(context, in_folder("server.key"), SSL_FILETYPE_PEM);
    SSL_CTX_load_verify_file(context, in_folder("ca.pem"));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_alpn_select_cb(context, select_protocol, NULL);
    SSL_CTX_set_num_tickets(context, 0);
    while (true) {
        int fd = accept(listener, NULL, NULL);
        SSL *ssl = SSL_new(context);
        SSL_set_fd(ssl, fd);
        serve_connection(ssl);
        SSL_free(ssl);
        close(fd);
    }
}
