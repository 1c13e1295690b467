// Reading, cutting into frames, handing on, and pausing when too many answers are owed.
//
// A paused connection may hold whole frames: its inbox is worked off before the socket is read
// again, and so is what TLS holds, since the socket will announce neither.
#include "net/connection_input.h"

#include "base/limits.h"
#include "net/connections.h"
#include "net/h2.h"

static bool has_too_much(const struct connection *connection)
{
    if (connection->h2 != NULL) {
        return h2_is_crowded(connection->h2);
    }
    return connection->in_flight >= connection->all->limits.in_flight ||
           outbox_pending(&connection->outbox) > LIMIT_CONNECTION_OUTPUT_BYTES;
}

static bool may_resume(const struct connection *connection)
{
    if (connection->h2 != NULL) {
        return h2_has_room(connection->h2);
    }
    return connection->in_flight <= connection->all->limits.in_flight / 2 &&
           outbox_pending(&connection->outbox) <= LIMIT_CONNECTION_OUTPUT_BYTES / 2;
}

// The frame that has begun is not late by the peer's fault: its timer starts anew when we read on.
// That of HTTP/2 goes on, for there it is.
static void pause_reading(struct connection *connection)
{
    connection->paused = true;
    (void)event_del(&connection->readable);
    if (connection->h2 == NULL) {
        (void)event_del(&connection->input_timer);
        connection->frame_begun = false;
    }
}

static void hand_on(struct connection *connection, struct span frame)
{
    struct connections *all = connection->all;
    connection->in_flight++;
    connection->requests++;
    all->in_flight++;
    stream_credit(&connection->stream);
    all->on_frame(all->frame_context, connection->id, &connection->peer, frame);
    if (connection->state == CONNECTION_OPEN && has_too_much(connection)) {
        pause_reading(connection);
    }
}

// Returns how many frames there were.
static uint32_t hand_on_frames(struct connection *connection)
{
    uint32_t count = 0;
    while (connection->state == CONNECTION_OPEN && !connection->paused) {
        struct span frame = {0};
        switch (inbox_next(&connection->inbox, &frame)) {
        case INBOX_FRAME:
            hand_on(connection, frame);
            count++;
            break;
        case INBOX_PARTIAL:
            return count;
        case INBOX_EMPTY:
            connection_break(connection, "a frame of length 0");
            return count;
        case INBOX_TOO_LONG:
            connection_break(connection, "a frame over the limit");
            return count;
        }
    }
    return count;
}

static void take_h2(struct connection *connection, struct span fresh)
{
    h2_take(connection->h2, fresh);
    if (connection->state == CONNECTION_OPEN && has_too_much(connection)) {
        pause_reading(connection);
    }
}

static void take_frames(struct connection *connection, struct span fresh)
{
    if (inbox_offer(&connection->inbox, fresh) != STATUS_OK) {
        connection_break(connection, "no memory for its input");
        return;
    }
    uint32_t frames = hand_on_frames(connection);
    if (inbox_settle(&connection->inbox) != STATUS_OK) {
        connection_break(connection, "no memory for its input");
        return;
    }
    connection->frame_begun = connection->frame_begun && frames == 0;
}

static void take_input(struct connection *connection, struct span fresh)
{
    if (connection->h2 != NULL) {
        take_h2(connection, fresh);
    } else {
        take_frames(connection, fresh);
    }
}

static void end_h2_input(struct connection *connection)
{
    const char *reason = h2_reason(connection->h2);
    if (reason != NULL) {
        connection_break(connection, reason);
    } else {
        h2_end_input(connection->h2);
    }
}

// The peer will send no more; what it has asked is still answered.
static void end_input(struct connection *connection)
{
    if (inbox_holds(&connection->inbox)) {
        connection_break(connection, "ended inside a frame");
        return;
    }
    if (connection->h2 != NULL) {
        end_h2_input(connection);
    }
    if (connection->state != CONNECTION_OPEN) {
        return;
    }
    (void)event_del(&connection->readable);
    (void)event_del(&connection->input_timer);
    connection->state = CONNECTION_DRAINING;
    connections_wake(connection->all, connection);
}

// Returns whether to go on.
static bool read_record(struct connection *connection)
{
    struct connections *all = connection->all;
    struct stream *stream = &connection->stream;
    size_t len = 0;
    switch (stream_read(stream, all->scratch, sizeof(all->scratch), &len)) {
    case STREAM_OK:
        take_input(connection, span_of(all->scratch, len));
        return stream_holds(stream);
    case STREAM_WANT_READ:
        return false;
    case STREAM_WANT_WRITE:
        connection->read_wants_write = true;
        connection_await(connection, &connection->writable, NULL);
        return false;
    case STREAM_END:
        end_input(connection);
        return false;
    case STREAM_BROKEN:
        connection_break(connection, stream->reason);
        return false;
    }
    return false;
}

// From the first byte of a frame to its last, however slowly they come; that the first has come
// may still be hidden in half a record.
static void time_frame(struct connection *connection)
{
    if (connection->state != CONNECTION_OPEN || connection->paused || connection->h2 != NULL) {
        return;
    }
    if (!inbox_holds(&connection->inbox) && !stream_holds(&connection->stream)) {
        (void)event_del(&connection->input_timer);
        connection->frame_begun = false;
    } else if (!connection->frame_begun) {
        connection_await(connection, &connection->input_timer, connection->all->frame_wait);
        connection->frame_begun = true;
    }
}

void connection_input_read(struct connection *connection)
{
    while (connection->state == CONNECTION_OPEN && !connection->paused) {
        if (!read_record(connection)) {
            time_frame(connection);
            return;
        }
    }
}

void connection_input_resume(struct connection *connection)
{
    if (!connection->paused || !may_resume(connection)) {
        return;
    }
    connection->paused = false;
    take_input(connection, span_of(NULL, 0));
    if (connection->state == CONNECTION_OPEN && !connection->paused) {
        connection_await(connection, &connection->readable, NULL);
        // What TLS holds already, the socket will not announce.
        event_active(&connection->readable, EV_READ, 0);
    }
}
