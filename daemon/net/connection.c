// The connection's states and timers, and its output. Callbacks only move the state and mark;
// sending, resuming and freeing happen at the end of the turn, outside any callback of the
// connection's own.
#include "net/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/connection_input.h"
#include "net/connections.h"
#include "net/h2.h"
#include "net/tls.h"

static void connection_check(const struct connection *connection)
{
    CHECK(connection->in_flight <= LIMIT_CONNECTION_IN_FLIGHT);
    CHECK(connection->in_flight <= connection->all->in_flight);
    CHECK(!connection->paused || connection->state == CONNECTION_OPEN);
    CHECK(connection->state != CONNECTION_HANDSHAKE || outbox_pending(&connection->outbox) == 0);
}

static size_t unsent_bytes(const struct connection *connection)
{
    return connection->h2 == NULL ? outbox_pending(&connection->outbox)
                                  : h2_waiting_bytes(connection->h2);
}

static void log_reason(const struct connection *connection, const char *reason)
{
    server_figures_end(&connection->all->figures, connection->state == CONNECTION_HANDSHAKE,
                       reason);
    if (connection->state == CONNECTION_HANDSHAKE) {
        log_event(LOG_WARNING, "connection-refused", "peer=%s reason=\"%s\"", connection->address,
                  reason);
        return;
    }
    log_event(LOG_WARNING, "connection-broken",
              "peer=%s role=%s unit=%s in_flight=%u unsent_bytes=%zu reason=\"%s\"",
              connection->address, connection->peer.role, connection->peer.unit,
              connection->in_flight, unsent_bytes(connection), reason);
}

// --- ends ---

static void forget_events(struct connection *connection)
{
    (void)event_del(&connection->readable);
    (void)event_del(&connection->writable);
    (void)event_del(&connection->input_timer);
    (void)event_del(&connection->output_timer);
}

static void leave_handshake(struct connection *connection, enum connection_state next)
{
    bool was_handshake = connection->state == CONNECTION_HANDSHAKE;
    connection->state = next;
    if (was_handshake) {
        connections_handshake_over(connection->all);
    }
}

static void end_connection(struct connection *connection)
{
    forget_events(connection);
    connection->paused = false;
    leave_handshake(connection, CONNECTION_ENDED);
    connections_wake(connection->all, connection);
}

// event_add for what a connection cannot live without.
void connection_await(struct connection *connection, struct event *event,
                      const struct timeval *wait)
{
    if (event_add(event, wait) != 0) {
        log_reason(connection, "the event loop takes no more");
        end_connection(connection);
    }
}

static void start_closing(struct connection *connection)
{
    forget_events(connection);
    connection->paused = false;
    leave_handshake(connection, CONNECTION_CLOSING);
    stream_finish(&connection->stream);
    connection_await(connection, &connection->input_timer, connection->all->linger_wait);
    if (connection->state == CONNECTION_CLOSING) {
        connection_await(connection, &connection->readable, NULL);
    }
    connections_wake(connection->all, connection); // what it carries is abandoned there
}

void connection_break(struct connection *connection, const char *reason)
{
    if (connection->state >= CONNECTION_CLOSING) {
        return;
    }
    log_reason(connection, reason);
    start_closing(connection);
}

static void discard_input(struct connection *connection)
{
    struct connections *all = connection->all;
    if (!stream_discard(&connection->stream, all->scratch, sizeof(all->scratch))) {
        end_connection(connection);
    }
}

// --- handshake ---

static bool start_h2(struct connection *connection)
{
    connection->h2 = h2_new(connection);
    if (connection->h2 == NULL) {
        connection_break(connection, "no memory for HTTP/2");
        return false;
    }
    h2_time_input(connection->h2);
    connections_wake(connection->all, connection);
    return connection->state == CONNECTION_OPEN;
}

static void open_connection(struct connection *connection)
{
    const struct connections *all = connection->all;
    const char *reason = NULL;
    if (tls_peer_admit(connection->stream.ssl, all->tls, all->trust_domain, &connection->peer,
                       &connection->chain, &reason) != STATUS_OK) {
        connection_break(connection, reason);
        return;
    }
    (void)event_del(&connection->input_timer);
    leave_handshake(connection, CONNECTION_OPEN);
    server_figures_admitted(&connection->all->figures,
                            connections_wall_ms(all) - connection->since_ms);
    if (tls_protocol_of(connection->stream.ssl) == TLS_PROTOCOL_HTTP && !start_h2(connection)) {
        return;
    }
    if (all->draining) {
        connection_drain(connection);
    }
    connection_input_read(connection);
}

// Somebody who only looked whether the port answers is not worth a line.
static void refuse_handshake(struct connection *connection, const char *reason)
{
    if (connection->stream.touched) {
        connection_break(connection, reason);
    } else {
        end_connection(connection);
    }
}

static void continue_handshake(struct connection *connection)
{
    switch (stream_handshake(&connection->stream)) {
    case STREAM_OK:
        open_connection(connection);
        break;
    case STREAM_WANT_READ:
        break;
    case STREAM_WANT_WRITE:
        connection_await(connection, &connection->writable, NULL);
        break;
    case STREAM_END:
        refuse_handshake(connection, "left during the handshake");
        break;
    case STREAM_BROKEN:
        refuse_handshake(connection, connection->stream.reason);
        break;
    }
}

// --- output ---

// What the peer does not take has so long to go.
static void time_output(struct connection *connection, bool begun_now)
{
    const struct connections *all = connection->all;
    if (begun_now || event_pending(&connection->output_timer, EV_TIMEOUT, NULL) == 0) {
        connection_await(connection, &connection->output_timer,
                         connection->h2 == NULL ? all->frame_wait : all->take_wait);
    }
}

// A record the socket does not take whole is timed as a whole, however slowly it goes.
static void wait_for_socket(struct connection *connection, bool begun_now)
{
    connection->blocked = true;
    connection_await(connection, &connection->writable, NULL);
    time_output(connection, begun_now);
}

static bool has_output(struct connection *connection)
{
    if (connection->h2 != NULL && outbox_pending(&connection->outbox) < STREAM_RECORD_BYTES) {
        h2_fill(connection->h2);
    }
    return connection->state < CONNECTION_CLOSING && outbox_pending(&connection->outbox) > 0;
}

// The socket has taken all there was; HTTP/2's windows may have more waiting.
static void rest_output(struct connection *connection)
{
    struct h2 *h2 = connection->h2;
    if (h2 != NULL && h2_waits(h2)) {
        time_output(connection, h2_has_taken(h2));
    } else {
        (void)event_del(&connection->output_timer);
    }
}

static void send_output(struct connection *connection)
{
    struct outbox *outbox = &connection->outbox;
    bool progress = false;
    while (has_output(connection)) {
        switch (stream_write(&connection->stream, outbox_record(outbox))) {
        case STREAM_OK:
            outbox_record_sent(outbox);
            progress = true;
            break;
        case STREAM_WANT_READ:
        case STREAM_WANT_WRITE:
            wait_for_socket(connection, progress);
            return;
        case STREAM_END:
            connection_break(connection, "gone before its answers");
            return;
        case STREAM_BROKEN:
            connection_break(connection, connection->stream.reason);
            return;
        }
    }
    if (connection->state < CONNECTION_CLOSING) {
        rest_output(connection);
    }
}

void connection_answer(struct connection *connection, struct span frame)
{
    connection_check(connection);
    CHECK(connection->in_flight > 0);
    connection->in_flight--;
    connection->all->in_flight--;
    if (connection->state != CONNECTION_OPEN && connection->state != CONNECTION_DRAINING) {
        return;
    }
    if (outbox_put(&connection->outbox, frame) != STATUS_OK) {
        connection_break(connection, "no memory for its answers");
        return;
    }
    connections_wake(connection->all, connection);
}

static bool owes_nothing(const struct connection *connection)
{
    return connection->in_flight == 0 && outbox_pending(&connection->outbox) == 0;
}

// While the server drains, a client of frames that is owed nothing may be silent for so long.
static void time_silence(struct connection *connection)
{
    if (connection->state == CONNECTION_OPEN && connection->h2 == NULL &&
        connection->all->draining && !connection->paused && owes_nothing(connection) &&
        !connection->frame_begun &&
        event_pending(&connection->input_timer, EV_TIMEOUT, NULL) == 0) {
        connection_await(connection, &connection->input_timer, connection->all->idle_wait);
    }
}

// A session that has broken ends its connection in whatever state: calls in flight are no reason to
// wait, for their answers have no way left.
static void end_when_done(struct connection *connection)
{
    const struct h2 *h2 = connection->h2;
    if (connection->state == CONNECTION_DRAINING && owes_nothing(connection)) {
        stream_finish(&connection->stream);
        end_connection(connection);
    } else if ((connection->state == CONNECTION_OPEN || connection->state == CONNECTION_DRAINING) &&
               h2 != NULL && h2_over(h2) && outbox_pending(&connection->outbox) == 0) {
        if (h2_reason(h2) != NULL) {
            log_reason(connection, h2_reason(h2));
        }
        start_closing(connection);
    }
}

// Given in a later turn, so that who fills the room lets the others have theirs.
static void give_room_later(struct connection *connection)
{
    if (connection->state < CONNECTION_CLOSING && connection->h2 != NULL &&
        h2_owes_room(connection->h2)) {
        connection_await(connection, &connection->writable, NULL);
    }
}

void connection_turn_end(struct connection *connection)
{
    connection_check(connection);
    end_when_done(connection);
    if (connection->state >= CONNECTION_CLOSING) {
        h2_abandon(connection->h2);
        return;
    }
    if (!connection->blocked) {
        send_output(connection);
    }
    connection_input_resume(connection);
    end_when_done(connection);
    give_room_later(connection);
    time_silence(connection);
    connection_check(connection);
}

// --- events ---

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct connection *connection = context;
    stream_allow_read(&connection->stream);
    switch (connection->state) {
    case CONNECTION_HANDSHAKE:
        continue_handshake(connection);
        break;
    case CONNECTION_OPEN:
        connection_input_read(connection);
        break;
    case CONNECTION_CLOSING:
        discard_input(connection);
        break;
    case CONNECTION_DRAINING:
    case CONNECTION_ENDED:
        CHECK(false); // nothing is read any more
    }
    connection_check(connection);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct connection *connection = context;
    connection->blocked = false;
    if (connection->state == CONNECTION_HANDSHAKE) {
        continue_handshake(connection);
        return;
    }
    if (connection->read_wants_write) {
        connection->read_wants_write = false;
        connection_input_read(connection);
    }
    if (connection->h2 != NULL && connection->state < CONNECTION_CLOSING) {
        h2_tell_room(connection->h2);
    }
    connections_wake(connection->all, connection);
}

static void on_open_timer(struct connection *connection)
{
    if (connection->h2 != NULL) {
        h2_on_input_timer(connection->h2);
    } else if (connection->frame_begun) {
        connection_break(connection, "a frame took too long");
    } else {
        start_closing(connection); // silent while the server drains
    }
}

static void on_input_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct connection *connection = context;
    switch (connection->state) {
    case CONNECTION_HANDSHAKE:
        connection_break(connection, "the handshake took too long");
        break;
    case CONNECTION_OPEN:
        on_open_timer(connection);
        break;
    case CONNECTION_CLOSING:
        end_connection(connection);
        break;
    case CONNECTION_DRAINING:
    case CONNECTION_ENDED:
        CHECK(false); // no timer of the input runs any more
    }
}

static void on_output_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    connection_break(context, "it does not take its answers");
}

// --- birth and death ---

static void assign_events(struct connection *connection, int fd)
{
    struct event_base *base = connection->all->base;
    CHECK(event_assign(&connection->readable, base, fd, EV_READ | EV_PERSIST, on_readable,
                       connection) == 0);
    CHECK(event_assign(&connection->writable, base, fd, EV_WRITE, on_writable, connection) == 0);
    CHECK(event_assign(&connection->input_timer, base, -1, 0, on_input_timer, connection) == 0);
    CHECK(event_assign(&connection->output_timer, base, -1, 0, on_output_timer, connection) == 0);
}

void connection_accept(struct connections *all, int fd, const char *address)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL || stream_init(&connection->stream, all->tls, fd) != STATUS_OK) {
        log_event(LOG_ERROR, "connection-refused", "peer=%s reason=\"no memory\"", address);
        free(connection);
        (void)close(fd);
        return;
    }
    connection->all = all;
    connection->state = CONNECTION_HANDSHAKE;
    connection->since_ms = connections_wall_ms(all);
    all->figures.accepted++;
    (void)snprintf(connection->address, sizeof(connection->address), "%s", address);
    inbox_init(&connection->inbox);
    outbox_init(&connection->outbox);
    assign_events(connection, fd);
    connection->id = connections_add(all, connection);
    connections_handshake_begun(all);
    connection_await(connection, &connection->input_timer, all->handshake_wait);
    if (connection->state == CONNECTION_HANDSHAKE) {
        connection_await(connection, &connection->readable, NULL);
    }
}

void connection_free(struct connection *connection)
{
    if (connection == NULL) {
        return;
    }
    connection_say_last(connection);
    if (connection->state == CONNECTION_OPEN || connection->state == CONNECTION_DRAINING) {
        send_output(connection);
        stream_finish(&connection->stream);
    }
    h2_abandon(connection->h2);
    forget_events(connection);
    leave_handshake(connection, CONNECTION_ENDED);
    connections_remove(connection->all, connection->id);
    connection->all->in_flight -= connection->in_flight;
    stream_fini(&connection->stream);
    inbox_fini(&connection->inbox);
    outbox_fini(&connection->outbox);
    h2_free(connection->h2);
    free(connection->chain);
    free(connection);
}

void connection_drain(struct connection *connection)
{
    const struct buffer *goaway = &connection->all->goaway;
    if (connection->state != CONNECTION_OPEN) {
        return;
    }
    if (connection->h2 != NULL) {
        h2_drain(connection->h2);
    } else if (goaway->len > 0 &&
               outbox_put(&connection->outbox, buffer_span(goaway)) != STATUS_OK) {
        connection_break(connection, "no memory for its answers");
    }
    connections_wake(connection->all, connection);
}

void connection_say_last(struct connection *connection)
{
    if (connection->state == CONNECTION_OPEN && connection->h2 != NULL) {
        h2_say_last(connection->h2);
    }
}

void connection_recheck(struct connection *connection)
{
    const char *reason = NULL;
    if ((connection->state == CONNECTION_OPEN || connection->state == CONNECTION_DRAINING) &&
        tls_peer_recheck(connection->chain, connection->all->tls, &reason) != STATUS_OK) {
        connection_break(connection, reason);
    }
}
