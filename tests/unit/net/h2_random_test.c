// Random clients against a random handler: good frames, bad frames and bytes of no sense, answers
// in any order, resets and broken connections at any moment. Nobody knows what must come back, but
// each exchange is gone exactly once (h2_world_free), nothing stays in flight, and a good client is
// served in the end. LOYALTY_SEED repeats a run.
#include "net/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "support/h2_world.h"
#include "support/log_capture.h"
#include "support/random_club.h"

enum {
    ROUNDS = 30,
    CLIENTS = 3,
    STEPS = 150,
    TEXT_BYTES = 20000,
    STREAMS = 12, // of which frames speak, open or not
};

static uint64_t seed;
static uint8_t text[TEXT_BYTES];

// What has been asked for an exchange, so that the handler keeps to net/http.h.
struct answer {
    bool headed;
    bool ended;
};

struct chaos {
    struct h2_world *h2;
    struct random random;
    struct tls_client *clients[CLIENTS];
    int32_t next_streams[CLIENTS];
    struct answer answers[H2_WORLD_SEEN_MAX];
};

static int64_t below(struct chaos *chaos, int64_t bound)
{
    return random_below(&chaos->random, bound);
}

static struct span some_text(struct chaos *chaos)
{
    int64_t longest = random_once_in(&chaos->random, 10) ? TEXT_BYTES : 50;
    return span_of(text, (size_t)below(chaos, longest));
}

// --- the handler ---

static void answer_on(struct chaos *chaos, struct http_exchange *exchange, struct answer *answer)
{
    static const char name[] = "name";
    const struct http_field field = {span_of_text(name), span_of(text, (size_t)below(chaos, 40))};
    struct server *server = chaos->h2->world->server;
    if (!answer->headed) {
        http_head(server, exchange, 200, &field, (size_t)below(chaos, 2));
        answer->headed = true;
    } else if (random_once_in(&chaos->random, 3)) {
        http_end(server, exchange, &field, (size_t)below(chaos, 2));
        answer->ended = true;
    } else {
        (void)http_body(server, exchange, some_text(chaos));
    }
}

static void act(struct chaos *chaos)
{
    size_t count = chaos->h2->seen_count;
    size_t index = count == 0 ? 0 : (size_t)below(chaos, (int64_t)count);
    const struct h2_seen *seen = &chaos->h2->seen[index];
    struct server *server = chaos->h2->world->server;
    if (count == 0 || seen->exchange == NULL || strcmp(seen->path, "/echo") == 0) {
        return;
    }
    assert_ptr_equal(http_find(server, seen->connection, seen->stream), seen->exchange);
    assert_true(http_unsent(seen->exchange) <= (size_t)4 * LIMIT_CONNECTION_OUTPUT_BYTES);
    if (random_once_in(&chaos->random, 12)) {
        http_reset(server, seen->exchange, (uint32_t)below(chaos, 14));
        chaos->answers[index].ended = true;
    } else if (random_once_in(&chaos->random, 4)) {
        http_want(server, seen->exchange, (size_t)below(chaos, TEXT_BYTES));
    } else if (!chaos->answers[index].ended) {
        answer_on(chaos, seen->exchange, &chaos->answers[index]);
    }
}

// --- the clients ---

static int32_t some_stream(struct chaos *chaos, size_t client)
{
    int32_t newest = chaos->next_streams[client] - 2;
    int32_t stream = newest - 2 * (int32_t)below(chaos, STREAMS);
    return stream < 1 ? 1 : stream;
}

static void send_request(struct chaos *chaos, size_t client)
{
    static const char *const paths[] = {"/echo", "/kept", "/open"};
    uint8_t flags = NGHTTP2_FLAG_END_HEADERS;
    flags |= below(chaos, 2) == 0 ? NGHTTP2_FLAG_END_STREAM : 0;
    h2_raw_request(chaos->clients[client], chaos->next_streams[client], flags,
                   paths[below(chaos, 3)]);
    chaos->next_streams[client] += 2;
}

static void send_window(struct chaos *chaos, size_t client)
{
    uint8_t more[4] = {0, 0, (uint8_t)below(chaos, 256), 1};
    int32_t stream = below(chaos, 2) == 0 ? 0 : some_stream(chaos, client);
    more[0] = random_once_in(&chaos->random, 30) ? 0x7f : 0; // too much
    h2_raw_send(chaos->clients[client], NGHTTP2_WINDOW_UPDATE, 0, stream, span_of(more, 4));
}

static void send_window_setting(struct chaos *chaos, size_t client)
{
    const uint8_t setting[6] = {0, 4, 0, 0, (uint8_t)below(chaos, 256), 0};
    h2_raw_send(chaos->clients[client], NGHTTP2_SETTINGS, 0, 0, span_of(setting, 6));
}

static void send_data(struct chaos *chaos, size_t client)
{
    struct span bytes = some_text(chaos);
    bytes.len = bytes.len > 16384 ? 16384 : bytes.len;
    h2_raw_send(chaos->clients[client], NGHTTP2_DATA, (uint8_t)below(chaos, 2),
                some_stream(chaos, client), bytes);
}

static void send_reset(struct chaos *chaos, size_t client)
{
    h2_raw_send(chaos->clients[client], NGHTTP2_RST_STREAM, 0, some_stream(chaos, client),
                span_of("\0\0\0\10", 4));
}

static void send_nonsense(struct chaos *chaos, size_t client)
{
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)below(chaos, 256);
    }
    size_t len = (size_t)below(chaos, (int64_t)sizeof(bytes));
    if (below(chaos, 8) == 0) {
        tls_client_send(chaos->clients[client], span_of(bytes, len));
    } else {
        h2_raw_send(chaos->clients[client], (uint8_t)below(chaos, 12), (uint8_t)below(chaos, 64),
                    (int32_t)below(chaos, 20), span_of(bytes, len));
    }
}

static void leave(struct chaos *chaos, size_t client)
{
    world_drop(chaos->h2->world, chaos->clients[client]);
    chaos->clients[client] = NULL;
}

static void come(struct chaos *chaos, size_t client)
{
    chaos->clients[client] = h2_world_raw(chaos->h2);
    chaos->next_streams[client] = 1;
    tls_client_send(chaos->clients[client], h2_raw_preface());
}

static void step_client(struct chaos *chaos, size_t client)
{
    struct tls_client *tls = chaos->clients[client];
    int64_t what = below(chaos, 100);
    if (tls == NULL || tls->ended) {
        if (tls != NULL) {
            leave(chaos, client);
        }
        come(chaos, client);
    } else if (what < 30) {
        send_request(chaos, client);
    } else if (what < 55) {
        send_data(chaos, client);
    } else if (what < 75) {
        send_window(chaos, client);
    } else if (what < 85) {
        send_reset(chaos, client);
    } else if (what < 90) {
        send_window_setting(chaos, client);
    } else if (what < 94) {
        tls->stopped_reading = !tls->stopped_reading;
    } else if (what < 96) {
        h2_raw_send(tls, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, span_of(NULL, 0));
    } else if (what < 98) {
        send_nonsense(chaos, client);
    } else if (what == 98) {
        leave(chaos, client);
    }
}

static void a_good_client_is_served(struct h2_world *h2)
{
    struct h2_client *client = h2_world_client(h2, &(struct h2_client_spec){0});
    int32_t stream = h2_client_post(client, "/echo", span_of_text("hello"), true);
    H2_UNTIL(h2, h2_client_reply(client, stream)->closed);
    assert_int_equal(h2_client_reply(client, stream)->status, 200);
    h2_world_drop(h2, client);
}

static void run_round(struct chaos *chaos, uint64_t round)
{
    memset(chaos, 0, sizeof(*chaos));
    chaos->random = random_of(seed, round);
    chaos->h2 = h2_world_new();
    h2_world_start(chaos->h2, &(struct server_limits){.linger_ms = 1});
    for (int i = 0; i < STEPS; i++) {
        for (size_t client = 0; client < CLIENTS; client++) {
            step_client(chaos, client);
            act(chaos);
        }
        if (below(chaos, 3) != 0) {
            (void)world_turn(chaos->h2->world);
        }
    }
    a_good_client_is_served(chaos->h2);
    if (below(chaos, 2) == 0) { // else the server is freed with all of them open
        for (size_t client = 0; client < CLIENTS; client++) {
            if (chaos->clients[client] != NULL) {
                leave(chaos, client);
            }
        }
        world_settle(chaos->h2->world);
    }
    h2_world_free(chaos->h2);
}

static void chaos_is_survived(void **state)
{
    (void)state;
    static struct chaos chaos;
    memset(text, 't', sizeof(text));
    for (uint64_t round = 0; round < ROUNDS; round++) {
        log_capture_clear();
        run_round(&chaos, round);
    }
}

int main(void)
{
    seed = random_seed("h2_random");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chaos_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
