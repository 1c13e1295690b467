// A client's life and its turns: poll drives whatever phase the connection is in, and everything
// that waits (connect, call, wait) is poll in a loop with a deadline.
#include "lib/client.h"

#include <openssl/err.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/reply.h"

enum { CONNECT_TIMEOUT_MS = 10000, INPUT_BYTES_MAX = 2 * LY_FRAME_BYTES_MAX };

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t ly_steady_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

int64_t ly_system_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

void ly_set_error(struct loyalty *client, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(client->error, sizeof(client->error), format, args);
    va_end(args);
}

static bool take_options(struct loyalty *client, const struct loyalty_options *options,
                         char ret_error[LOYALTY_ERROR_BYTES])
{
    if (!ly_parse_server(options->server, client->host, client->port)) {
        (void)snprintf(ret_error, LOYALTY_ERROR_BYTES, "%s is no server: HOST:PORT is.",
                       options->server == NULL ? "Nothing" : options->server);
        return false;
    }
    const char *name = options->server_name == NULL ? client->host : options->server_name;
    if (strlen(name) >= sizeof(client->server_name)) {
        (void)snprintf(ret_error, LOYALTY_ERROR_BYTES, "The server's name is too long.");
        return false;
    }
    (void)snprintf(client->server_name, sizeof(client->server_name), "%s", name);
    if (options->ca_path == NULL || options->certificate_path == NULL ||
        options->key_path == NULL) {
        (void)snprintf(ret_error, LOYALTY_ERROR_BYTES,
                       "A CA, a certificate and its key are needed.");
        return false;
    }
    client->connect_timeout_ms =
        options->connect_timeout_ms == 0 ? CONNECT_TIMEOUT_MS : options->connect_timeout_ms;
    client->tls = ly_tls_context(options, ret_error);
    return client->tls != NULL;
}

struct loyalty *loyalty_new(const struct loyalty_options *options,
                            char ret_error[LOYALTY_ERROR_BYTES])
{
    struct loyalty *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        (void)snprintf(ret_error, LOYALTY_ERROR_BYTES, "Out of memory.");
        return NULL;
    }
    client->fd = -1;
    buffer_init(&client->input, INPUT_BYTES_MAX);
    buffer_init(&client->output, 0);
    if (!take_options(client, options, ret_error)) {
        loyalty_free(client);
        return NULL;
    }
    return client;
}

void loyalty_free(struct loyalty *client)
{
    if (client == NULL) {
        return;
    }
    loyalty_close(client);
    ly_requests_fini(&client->requests);
    buffer_fini(&client->input);
    buffer_fini(&client->output);
    SSL_CTX_free(client->tls);
    BIO_meth_free(client->socket_method);
    free(client);
}

void loyalty_close(struct loyalty *client)
{
    if (client->in_callback) {
        return;
    }
    client->asked_to_go = false; // this is the caller's end, no call opens it again
    if (client->phase != LY_CLOSED) {
        ly_set_error(client, "The connection was closed.");
        ly_disconnect(client, LOYALTY_RETRY_LATER);
    }
}

enum loyalty_state loyalty_state(const struct loyalty *client)
{
    switch (client->phase) {
    case LY_CLOSED:
        return LOYALTY_CLOSED;
    case LY_OPEN:
        return LOYALTY_OPEN;
    default:
        return LOYALTY_CONNECTING;
    }
}

const char *loyalty_error(const struct loyalty *client)
{
    return client->error;
}

int64_t loyalty_now_ms(const struct loyalty *client)
{
    if (!client->clock_known) {
        return ly_system_ms();
    }
    int64_t passed_ms = client->clock_stands ? 0 : ly_steady_ms() - client->clock_steady_ms;
    return client->clock_at_ms + passed_ms;
}

size_t loyalty_in_flight(const struct loyalty *client)
{
    return client->phase == LY_OPEN ? client->requests.used : 0;
}

bool loyalty_interest(const struct loyalty *client, int *ret_fd, short *ret_events,
                      int *ret_timeout_ms)
{
    if (client->phase == LY_CLOSED) {
        return false;
    }
    bool writes =
        client->phase == LY_TCP || client->wants_write || client->output_sent < client->output.len;
    int64_t deadline_ms = INT64_MAX;
    if (client->phase != LY_OPEN) {
        deadline_ms = client->connect_deadline_ms;
    }
    if (client->requests.used > 0 && client->requests.earliest_ms < deadline_ms) {
        deadline_ms = client->requests.earliest_ms;
    }
    int64_t left_ms = deadline_ms == INT64_MAX ? -1 : deadline_ms - ly_steady_ms();
    if (deadline_ms != INT64_MAX && left_ms < 0) {
        left_ms = 0;
    }
    *ret_fd = client->fd;
    *ret_events = (short)(writes ? POLLIN | POLLOUT : POLLIN);
    *ret_timeout_ms = (int)left_ms;
    return true;
}

static void expire_requests(struct loyalty *client)
{
    struct ly_request request;
    int64_t now_ms = ly_steady_ms();
    while (ly_requests_take_expired(&client->requests, now_ms, &request)) {
        struct loyalty_reply reply;
        bool unsent = request.end_byte > client->attempted_bytes;
        // Not sent yet, but queued: it may still leave, so its outcome is open all the same.
        ly_reply_set(&reply, LOYALTY_OUTCOME_UNKNOWN, unsent ? "NOT_SENT_IN_TIME" : "NO_ANSWER",
                     "The server has not answered in time.");
        ly_deliver(client, &request, &reply);
    }
}

// Sends. When that fails, what had arrived before is taken first: answers, or the alert that says
// why the server ends the connection.
static bool flush(struct loyalty *client)
{
    if (ly_stream_flush(client)) {
        return true;
    }
    (void)ly_stream_receive(client);
    return false;
}

// The server has asked to go and owes nothing any more.
static void go(struct loyalty *client)
{
    ly_set_error(client, "The server is ending; connect again.");
    ly_disconnect(client, LOYALTY_RETRY_LATER);
}

static bool is_done(const struct loyalty *client)
{
    return client->phase == LY_OPEN && client->asked_to_go && client->requests.used == 0;
}

// One turn after the socket was waited for.
static bool turn(struct loyalty *client)
{
    if (client->phase == LY_TCP || client->phase == LY_TLS) {
        client->wants_write = false;
        if (!ly_connect_step(client)) {
            return false;
        }
    }
    bool going = true;
    if (client->phase == LY_HELLO || client->phase == LY_OPEN) {
        // What callbacks submit leaves at once.
        going = flush(client) && ly_stream_receive(client) && flush(client);
    }
    if (client->phase == LY_HELLO && going) {
        going = !client->hello_failed;
        if (going && ly_steady_ms() >= client->connect_deadline_ms) {
            ly_set_error(client, "%s:%s does not answer.", client->host, client->port);
            client->ended = LOYALTY_RETRY_LATER;
            going = false;
        }
    }
    if (!going) {
        ly_disconnect(client, client->ended);
        return false;
    }
    expire_requests(client);
    if (is_done(client)) {
        go(client);
        return false;
    }
    return true;
}

int loyalty_poll(struct loyalty *client, uint32_t timeout_ms)
{
    if (client->in_callback) {
        return -1;
    }
    client->delivered = 0;
    struct pollfd descriptor = {0};
    int wait_ms = 0;
    if ((client->phase == LY_HELLO || client->phase == LY_OPEN) && !flush(client)) {
        ly_disconnect(client, client->ended);
        return -1;
    }
    if (!loyalty_interest(client, &descriptor.fd, &descriptor.events, &wait_ms)) {
        return -1;
    }
    if (wait_ms < 0 || (uint32_t)wait_ms > timeout_ms) {
        wait_ms = timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms;
    }
    (void)poll(&descriptor, 1, wait_ms);
    return turn(client) ? client->delivered : -1;
}

enum loyalty_outcome loyalty_connect(struct loyalty *client)
{
    if (!loyalty_connect_start(client)) {
        return LOYALTY_RETRY_LATER;
    }
    while (client->phase != LY_OPEN) {
        if (loyalty_poll(client, client->connect_timeout_ms) < 0) {
            return client->ended;
        }
    }
    return LOYALTY_APPLIED;
}

bool loyalty_wait(struct loyalty *client, uint32_t timeout_ms)
{
    int64_t deadline_ms = ly_steady_ms() + timeout_ms;
    while (client->phase != LY_CLOSED && client->requests.used > 0) {
        int64_t left_ms = deadline_ms - ly_steady_ms();
        if (left_ms <= 0 || loyalty_poll(client, (uint32_t)left_ms) < 0) {
            return false;
        }
    }
    return client->phase != LY_CLOSED;
}

// A connection that was idle may have ended meanwhile: better to know before something is sent.
static void notice_end(struct loyalty *client)
{
    if (client->phase != LY_OPEN || client->requests.used > 0 || client->in_callback) {
        return;
    }
    if (!ly_stream_receive(client)) {
        ly_disconnect(client, client->ended);
    } else if (is_done(client)) {
        go(client);
    }
}

bool loyalty_submit(struct loyalty *client, const char *method, const uint8_t *request,
                    size_t request_bytes, uint32_t timeout_ms, loyalty_reply_fn *on_reply,
                    void *user)
{
    notice_end(client);
    if (client->phase != LY_OPEN || client->asked_to_go ||
        request_bytes > LOYALTY_REQUEST_BYTES_MAX) {
        return false;
    }
    return ly_submit(client, method, span_of(request, request_bytes), timeout_ms, on_reply, user);
}

// Leaves a server that has asked to go, once it has answered, and connects for the next call.
static void move_on(struct loyalty *client)
{
    notice_end(client);
    while (client->asked_to_go && client->phase == LY_OPEN) {
        (void)loyalty_poll(client, LOYALTY_TIMEOUT_MS_MAX);
    }
    if (client->asked_to_go && client->phase == LY_CLOSED) {
        (void)loyalty_connect(client);
    }
}

struct call {
    struct loyalty_reply *reply;
    bool done;
};

static void on_call(void *user, const struct loyalty_reply *reply)
{
    struct call *call = user;
    ly_reply_copy(reply, call->reply);
    call->done = true;
}

enum loyalty_outcome loyalty_call(struct loyalty *client, const char *method,
                                  const uint8_t *request, size_t request_bytes, uint32_t timeout_ms,
                                  struct loyalty_reply *ret_reply)
{
    struct call call = {.reply = ret_reply};
    if (!client->in_callback) {
        move_on(client);
    }
    ly_reply_set(ret_reply, LOYALTY_RETRY_LATER, "NOT_CONNECTED", "There is no connection.");
    if (client->in_callback) {
        ly_reply_set(ret_reply, LOYALTY_RETRY_LATER, "IN_CALLBACK", "Not from inside a callback.");
    } else if (request_bytes > LOYALTY_REQUEST_BYTES_MAX) {
        ly_reply_set(ret_reply, LOYALTY_REFUSED, "BAD_REQUEST", "The request is too large.");
    } else if (client->phase == LY_OPEN && !loyalty_submit(client, method, request, request_bytes,
                                                           timeout_ms, on_call, &call)) {
        ly_reply_set(ret_reply, LOYALTY_RETRY_LATER, "TOO_MANY_REQUESTS",
                     "Too many requests are in flight.");
    } else if (client->phase == LY_OPEN) {
        // Losing the connection answers every request, so this ends.
        while (!call.done) {
            (void)loyalty_poll(client, LOYALTY_TIMEOUT_MS_MAX);
        }
    }
    return ret_reply->outcome;
}
