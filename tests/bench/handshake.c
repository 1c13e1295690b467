// Handshakes a second: full ones, both sides with a certificate, nothing resumed. Each connection
// asks one trivial request over frames and is closed when the answer is there, for only that shows
// that the server is done, too. So many are under way at a time.
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "bench/bench.h"
#include "bench/wire.h"
#include "wire/frame.h"
#include "wire/message.h"

enum { FRAME_BYTES = 512, ARENA_BYTES = 16384, CORRELATION = 1 };

struct crowd {
    const struct bench_options *options;
    SSL_CTX *tls;
    uint8_t request[FRAME_BYTES];
    size_t request_bytes;
    struct arena arena; // one answer
    uint32_t begun;
    struct bench_result result;
};

// One connection of the crowd, from its connect to its answer; `ssl` is NULL after the last.
struct guest {
    SSL *ssl;
    int fd;
    short events; // to wait for
    bool asked;
    int64_t since_ns;
    uint8_t answer[FRAME_BYTES];
    size_t answer_bytes;
};

static void make_request(struct crowd *crowd)
{
    const struct frame_request request = {.correlation_id = CORRELATION,
                                          .method = span_of_text(BENCH_CLOCK)};
    struct span envelope;
    arena_init(&crowd->arena, ARENA_BYTES);
    bench_must(frame_encode_request(&request, &crowd->arena, &envelope) == STATUS_OK &&
                   envelope.len <= FRAME_BYTES - FRAME_PREFIX_BYTES,
               "the request cannot be written");
    frame_prefix(envelope.len, crowd->request);
    memcpy(crowd->request + FRAME_PREFIX_BYTES, envelope.data, envelope.len);
    crowd->request_bytes = FRAME_PREFIX_BYTES + envelope.len;
}

static void begin(struct crowd *crowd, struct guest *guest)
{
    *guest = (struct guest){0};
    if (crowd->begun == crowd->options->operations) {
        return;
    }
    crowd->begun++;
    guest->since_ns = bench_now_ns();
    guest->fd = bench_wire_connect(crowd->options);
    guest->ssl = SSL_new(crowd->tls);
    bench_must(fcntl(guest->fd, F_SETFL, O_NONBLOCK) == 0 && guest->ssl != NULL &&
                   SSL_set_fd(guest->ssl, guest->fd) == 1,
               "no memory for a connection");
    SSL_set_connect_state(guest->ssl);
}

// Whether one call of OpenSSL did its work; when it has to wait, what for is in the guest.
static bool did(struct guest *guest, int outcome)
{
    if (outcome > 0) {
        return true;
    }
    switch (SSL_get_error(guest->ssl, outcome)) {
    case SSL_ERROR_WANT_READ:
        guest->events = POLLIN;
        return false;
    case SSL_ERROR_WANT_WRITE:
        guest->events = POLLOUT;
        return false;
    default: {
        const char *why = ERR_reason_error_string(ERR_peek_error());
        bench_must(false, why != NULL ? why : "the server closed a connection");
        return false;
    }
    }
}

static bool has_answer(const struct guest *guest)
{
    return guest->answer_bytes >= FRAME_PREFIX_BYTES &&
           guest->answer_bytes >= FRAME_PREFIX_BYTES + frame_prefix_length(guest->answer);
}

static void check_answer(struct crowd *crowd, const struct guest *guest)
{
    struct frame_reply reply;
    struct message_fault fault;
    struct span envelope =
        span_of(guest->answer + FRAME_PREFIX_BYTES, guest->answer_bytes - FRAME_PREFIX_BYTES);
    arena_reset(&crowd->arena);
    bench_must(frame_decode_reply(envelope, &crowd->arena, &reply, &fault) == STATUS_OK &&
                   !reply.goaway && reply.error == NULL && reply.correlation_id == CORRELATION &&
                   reply.payload.len > 0,
               "a connection was not answered well");
}

static void finish(struct crowd *crowd, struct guest *guest)
{
    check_answer(crowd, guest);
    bench_sample(&crowd->result, guest->since_ns);
    (void)SSL_shutdown(guest->ssl);
    SSL_free(guest->ssl);
    (void)close(guest->fd);
}

// As far as it goes without waiting.
static void advance(struct crowd *crowd, struct guest *guest)
{
    ERR_clear_error();
    if (!guest->asked) {
        if (!did(guest, SSL_do_handshake(guest->ssl)) ||
            !did(guest, SSL_write(guest->ssl, crowd->request, (int)crowd->request_bytes))) {
            return;
        }
        guest->asked = true;
    }
    while (!has_answer(guest)) {
        bench_must(guest->answer_bytes < sizeof guest->answer, "an answer is too long");
        int count = SSL_read(guest->ssl, guest->answer + guest->answer_bytes,
                             (int)(sizeof guest->answer - guest->answer_bytes));
        if (!did(guest, count)) {
            return;
        }
        guest->answer_bytes += (size_t)count;
    }
    finish(crowd, guest);
    begin(crowd, guest);
    if (guest->ssl != NULL) {
        guest->events = POLLOUT;
    }
}

static void drive(struct crowd *crowd, struct guest *guests, struct pollfd *polled)
{
    uint32_t count = crowd->options->connections;
    while (crowd->result.done < crowd->options->operations) {
        for (uint32_t i = 0; i < count; i++) {
            polled[i].fd = guests[i].ssl == NULL ? -1 : guests[i].fd;
            polled[i].events = guests[i].events;
        }
        int ready = poll(polled, count, BENCH_PATIENCE_MS);
        bench_must(ready > 0 || (ready < 0 && errno == EINTR), "no answer comes");
        for (uint32_t i = 0; i < count; i++) {
            if (ready > 0 && polled[i].revents != 0) {
                advance(crowd, &guests[i]);
            }
        }
    }
}

int bench_handshake(const struct bench_options *options)
{
    static struct crowd crowd;
    struct guest *guests = calloc(options->connections, sizeof *guests);
    struct pollfd *polled = calloc(options->connections, sizeof *polled);
    bench_must(guests != NULL && polled != NULL, "no memory for the connections");
    (void)signal(SIGPIPE, SIG_IGN);
    crowd.options = options;
    crowd.tls = bench_wire_context(options, "loyalty/1");
    make_request(&crowd);
    bench_begin(&crowd.result);
    for (uint32_t i = 0; i < options->connections; i++) {
        begin(&crowd, &guests[i]);
        guests[i].events = POLLOUT;
    }
    drive(&crowd, guests, polled);
    bench_pause(&crowd.result);
    arena_fini(&crowd.arena);
    SSL_CTX_free(crowd.tls);
    free(polled);
    free(guests);
    return bench_end(&crowd.result);
}
