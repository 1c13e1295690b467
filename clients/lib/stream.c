// Frames in and out: a big-endian u32 length and one envelope. What comes in whole is delivered at
// once; a frame that is too long or no envelope ends the connection.
#include <openssl/err.h>
#include <string.h>

#include "lib/client.h"
#include "lib/reply.h"
#include "loyalty/v1/frame.pb-c.h"

enum {
    LENGTH_BYTES = 4,
    READ_BYTES = 16 * 1024,
    READS_A_POLL = 64,      // then the caller has its turn
    ANSWER_GRACE_MS = 2000, // the server answers at its timeout; this is for the way
    OUTPUT_BYTES_MAX = LOYALTY_IN_FLIGHT_MAX * (LY_FRAME_BYTES_MAX + LENGTH_BYTES),
};

void ly_deliver(struct loyalty *client, const struct ly_request *request,
                const struct loyalty_reply *reply)
{
    client->in_callback = true;
    request->on_reply(request->user, reply);
    client->in_callback = false;
    client->delivered++;
}

bool ly_stream_queue(struct loyalty *client, uint64_t correlation_id, const char *method,
                     struct span payload, uint32_t timeout_ms)
{
    Loyalty__V1__RequestEnvelope envelope = LOYALTY__V1__REQUEST_ENVELOPE__INIT;
    envelope.correlation_id = correlation_id;
    envelope.method = (char *)method;
    envelope.timeout_ms = timeout_ms;
    envelope.payload.data = (uint8_t *)payload.data;
    envelope.payload.len = payload.len;
    size_t len = loyalty__v1__request_envelope__get_packed_size(&envelope);
    if (len > LY_FRAME_BYTES_MAX ||
        buffer_reserve(&client->output, LENGTH_BYTES + len) != STATUS_OK) {
        return false;
    }
    uint8_t *at = client->output.data + client->output.len;
    for (int i = 0; i < LENGTH_BYTES; i++) {
        at[i] = (uint8_t)(len >> (8 * (LENGTH_BYTES - 1 - i)));
    }
    (void)loyalty__v1__request_envelope__pack(&envelope, at + LENGTH_BYTES);
    client->output.len += LENGTH_BYTES + len;
    client->queued_bytes += LENGTH_BYTES + len;
    return true;
}

bool ly_submit(struct loyalty *client, const char *method, struct span payload, uint32_t timeout_ms,
               loyalty_reply_fn *on_reply, void *user)
{
    if (timeout_ms == 0 || timeout_ms > LOYALTY_TIMEOUT_MS_MAX) {
        timeout_ms = LOYALTY_TIMEOUT_MS_MAX;
    }
    client->output.cap_bytes = OUTPUT_BYTES_MAX;
    struct ly_request *request =
        ly_requests_add(&client->requests, ly_steady_ms() + timeout_ms + ANSWER_GRACE_MS);
    if (request == NULL) {
        return false;
    }
    uint64_t id = request->correlation_id;
    if (!ly_stream_queue(client, id, method, payload, timeout_ms)) {
        struct ly_request dropped;
        (void)ly_requests_take(&client->requests, id, &dropped);
        return false;
    }
    request->end_byte = client->queued_bytes;
    request->on_reply = on_reply;
    request->user = user;
    return true;
}

// What was sent makes room once it is more than what is left.
static void trim_output(struct loyalty *client)
{
    size_t left = client->output.len - client->output_sent;
    if (left > client->output_sent) {
        return;
    }
    if (left > 0) {
        memmove(client->output.data, client->output.data + client->output_sent, left);
    }
    buffer_truncate(&client->output, left);
    client->output_sent = 0;
}

bool ly_stream_flush(struct loyalty *client)
{
    client->wants_write = false;
    while (client->output_sent < client->output.len) {
        size_t left = client->output.len - client->output_sent;
        int chunk = left > READ_BYTES ? READ_BYTES : (int)left;
        uint64_t offered = client->queued_bytes - left + (uint64_t)chunk;
        if (offered > client->attempted_bytes) {
            client->attempted_bytes = offered;
        }
        ERR_clear_error();
        int written = SSL_write(client->ssl, client->output.data + client->output_sent, chunk);
        switch (ly_tls_judge(client, written)) {
        case LY_TLS_DONE:
            client->output_sent += (size_t)written;
            break;
        case LY_TLS_AGAIN:
            trim_output(client);
            return true;
        case LY_TLS_CLOSED:
        case LY_TLS_FAILED:
            return false;
        }
    }
    trim_output(client);
    return true;
}

static uint32_t frame_length(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

static bool take_frame(struct loyalty *client, struct span frame)
{
    struct loyalty_reply reply;
    uint64_t correlation_id = 0;
    switch (ly_reply_parse(frame, &correlation_id, &reply)) {
    case LY_FRAME_BAD:
        ly_set_error(client, "The server sent what is no answer.");
        return false;
    case LY_FRAME_GOAWAY:
        client->asked_to_go = true;
        return true;
    case LY_FRAME_REPLY:
        break;
    }
    struct ly_request request;
    if (ly_requests_take(&client->requests, correlation_id, &request)) {
        ly_deliver(client, &request, &reply);
    }
    loyalty_reply_fini(&reply);
    return true;
}

// Takes the whole frames out of the input and keeps the rest.
static bool take_frames(struct loyalty *client)
{
    struct span rest = buffer_span(&client->input);
    while (rest.len >= LENGTH_BYTES) {
        uint32_t len = frame_length(rest.data);
        if (len > LY_FRAME_BYTES_MAX) {
            ly_set_error(client, "The server sent a frame of %u bytes.", len);
            return false;
        }
        if (rest.len - LENGTH_BYTES < len) {
            break;
        }
        if (!take_frame(client, span_of(rest.data + LENGTH_BYTES, len))) {
            return false;
        }
        rest = span_from(rest, LENGTH_BYTES + len);
    }
    if (rest.len > 0 && rest.len < client->input.len) {
        memmove(client->input.data, rest.data, rest.len);
    }
    buffer_truncate(&client->input, rest.len);
    return true;
}

bool ly_stream_receive(struct loyalty *client)
{
    for (int reads = 0; reads < READS_A_POLL; reads++) {
        if (buffer_reserve(&client->input, READ_BYTES) != STATUS_OK) {
            ly_set_error(client, "Out of memory.");
            return false;
        }
        ERR_clear_error();
        int got = SSL_read(client->ssl, client->input.data + client->input.len, READ_BYTES);
        switch (ly_tls_judge(client, got)) {
        case LY_TLS_DONE:
            client->received = true;
            client->input.len += (size_t)got;
            if (!take_frames(client)) {
                return false;
            }
            break;
        case LY_TLS_AGAIN:
            return true;
        case LY_TLS_CLOSED:
        case LY_TLS_FAILED:
            return false;
        }
    }
    return true;
}
