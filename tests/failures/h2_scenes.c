// HTTP/2 with every allocation and every socket call of the server's failing, nghttp2's among them.
// The handler echoes bodies. A client gets its whole answer, or its stream is reset, or its
// connection ends; never half an answer that ends well. Each exchange that was begun is gone
// exactly once, and the next client is served.
#include "failures/net_stage.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "failures/excluded.h"
#include "failures/harness.h"
#include "net/http.h"
#include "support/h2_client.h"

#define MEMORY (INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON))
#define ARENA INJECT_BIT(INJECT_ARENA)
#define SOCKET INJECT_BIT(INJECT_SOCKET)

enum { REQUESTS_MAX = 4, KEPT_BYTES = 50, LARGE_BYTES = 60000, HTTP_OK = 200, RESET_INTERNAL = 2 };

const uint32_t scenario_cases = 24; // all of an answer's

static struct net_stage *const stage = &net_stage;
static struct h2_client *client;
static unsigned begun;
static unsigned gone;
static bool keeps; // answers wait for the test
static uint64_t kept_connection;

// --- the handler ---

static bool on_request(void *context, struct http_exchange *exchange,
                       const struct http_request *request)
{
    (void)context;
    (void)request;
    const struct http_field field = {span_of_text("content-type"), span_of_text("x/y")};
    begun++;
    exchange->owner = &begun;
    kept_connection = exchange->connection;
    http_head(stage->server, exchange, HTTP_OK, &field, 1);
    return true;
}

static void on_body(void *context, struct http_exchange *exchange, struct span bytes, bool last)
{
    (void)context;
    const struct http_field trailer = {span_of_text("grpc-status"), span_of_text("0")};
    REQUIRE(exchange->owner == &begun, "a body of an exchange that was not begun");
    if (bytes.len > 0 && !last) {
        http_want(stage->server, exchange, bytes.len);
    }
    if (keeps) {
        return;
    }
    if (bytes.len > 0 && !http_body(stage->server, exchange, bytes)) {
        http_reset(stage->server, exchange, RESET_INTERNAL);
    }
    if (last) {
        http_end(stage->server, exchange, &trailer, 1);
    }
}

static void on_room(void *context, struct http_exchange *exchange)
{
    (void)context;
    REQUIRE(exchange->owner == &begun, "room for an exchange that was not begun");
}

static void on_gone(void *context, struct http_exchange *exchange)
{
    (void)context;
    REQUIRE(exchange->owner == &begun, "an exchange is gone twice");
    exchange->owner = NULL;
    gone++;
}

// --- the stage ---

static void serve(void)
{
    static const struct server_http http = {
        .on_request = on_request, .on_body = on_body, .on_room = on_room, .on_gone = on_gone};
    net_stage_open();
    inject_enter();
    enum status status = server_serve_http(stage->server, &http);
    inject_leave();
    if (status != STATUS_OK) {
        REQUIRE(!case_is_clean(), "no HTTP/2, though nothing failed");
        REQUIRE(server_serve_http(stage->server, &http) == STATUS_OK, "still no HTTP/2");
    }
}

static void pump(void)
{
    if (client->tls->ready) {
        h2_client_pump(client);
    }
}

#define H2_UNTIL(condition)                                                                        \
    for (int64_t since_ = net_stage_ms(); !(condition); net_stage_wait(since_, #condition)) {      \
        pump();                                                                                    \
    }

static void come(void)
{
    client = h2_client_new(net_stage_h2(), &(struct h2_client_spec){0});
    H2_UNTIL(client->tls->ended || client->tls->ready);
}

static void drop(void)
{
    net_stage_drop(client->tls);
    h2_client_free(client);
    client = NULL;
}

// The client is gone; nothing of it is left.
static void see_nothing_left(void)
{
    NET_UNTIL(server_connections(stage->server) == 0);
    REQUIRE(begun == gone, "%u exchanges were begun, %u are gone", begun, gone);
    REQUIRE(server_in_flight(stage->server) == 0, "calls are left in flight");
}

static struct span body_of(size_t len)
{
    static uint8_t body[LARGE_BYTES];
    CHECK(len <= sizeof(body));
    for (size_t i = 0; i < len; i++) {
        body[i] = (uint8_t)(i * 7 + i / 256);
    }
    return span_of(body, len);
}

// Whether the answer came; it is then the right one.
static bool judge(int32_t stream, size_t len)
{
    const struct h2_reply *reply = h2_client_reply(client, stream);
    if (!reply->ended || (reply->closed && reply->code != 0)) {
        return false;
    }
    // Net's own answer, when it could not go on, has no body.
    if (reply->status != HTTP_OK) {
        REQUIRE(reply->body.len == 0 && !case_is_clean(), "answered %u", reply->status);
        return false;
    }
    REQUIRE(span_equal(buffer_span(&reply->body), body_of(len)), "%zu bytes came back of %zu",
            reply->body.len, len);
    REQUIRE(strcmp(reply->trailers, "grpc-status: 0\n") == 0, "trailers \"%s\"", reply->trailers);
    return true;
}

// Requests of these sizes at once; whether all were answered.
static bool exchange_all(const size_t *sizes, size_t count)
{
    int32_t streams[REQUESTS_MAX];
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        streams[i] = h2_client_post(client, "/echo", body_of(sizes[i]), true);
    }
    for (size_t i = 0; i < count; i++) {
        H2_UNTIL(client->tls->ended || h2_client_reply(client, streams[i])->closed);
        all = judge(streams[i], sizes[i]) && all;
    }
    return all;
}

// The failures are over: another client gets all it asks for.
static void serve_next(void)
{
    static const size_t sizes[] = {300};
    inject_disarm();
    keeps = false;
    come();
    REQUIRE(exchange_all(sizes, 1), "afterwards nobody is served");
    drop();
    see_nothing_left();
    net_stage_close();
}

// --- scenes ---

// The handshake is another program's: failures.net.
static void come_unharmed(void)
{
    inject_hold(true);
    serve();
    come();
    H2_UNTIL(client->fed > 0); // its settings
    inject_hold(false);
}

static void run_h2(void)
{
    static const size_t sizes[] = {100};
    come_unharmed();
    REQUIRE(exchange_all(sizes, 1) || !case_is_clean(), "not answered");
    drop();
    see_nothing_left();
    serve_next();
}

// More than windows and records take at a time, and several at once.
static void run_h2_large(void)
{
    static const size_t sizes[] = {LARGE_BYTES, 0, 20000, 1};
    come_unharmed();
    REQUIRE(exchange_all(sizes, 4) || !case_is_clean(), "not answered");
    drop();
    see_nothing_left();
    serve_next();
}

static void answer(int32_t stream, bool resets)
{
    const struct http_field trailer = {span_of_text("grpc-status"), span_of_text("0")};
    inject_enter();
    struct http_exchange *exchange = http_find(stage->server, kept_connection, stream);
    if (exchange != NULL && resets) {
        http_reset(stage->server, exchange, RESET_INTERNAL);
    } else if (exchange != NULL && http_body(stage->server, exchange, body_of(KEPT_BYTES))) {
        http_end(stage->server, exchange, &trailer, 1);
    }
    inject_leave();
}

static unsigned closed_streams(int32_t last)
{
    unsigned count = 0;
    for (int32_t stream = 1; stream <= last; stream += 2) {
        count += h2_client_reply(client, stream)->closed;
    }
    return count;
}

// An answer that the client takes back, one that the server resets, and one that comes after the
// client has gone.
static void run_h2_late(void)
{
    keeps = true;
    come_unharmed();
    for (int i = 0; i < 3; i++) {
        (void)h2_client_post(client, "/kept", body_of(KEPT_BYTES), true);
    }
    H2_UNTIL(client->tls->ended || begun + closed_streams(5) >= 3);
    if (!client->tls->ended) {
        h2_client_reset(client, 1, NGHTTP2_CANCEL);
        answer(3, true);
        H2_UNTIL(client->tls->ended || h2_client_reply(client, 3)->closed);
    }
    drop();
    net_stage_turn();
    answer(1, false);
    answer(3, false);
    answer(5, false);
    see_nothing_left();
    serve_next();
}

// A request that is served, with nothing failing yet.
static int32_t ask_unharmed(void)
{
    keeps = true;
    come_unharmed();
    inject_hold(true);
    int32_t stream = h2_client_post(client, "/kept", body_of(KEPT_BYTES), true);
    H2_UNTIL(begun == 1);
    net_stage_turn();
    inject_hold(false);
    return stream;
}

// Nothing but an answer's way out.
static void run_h2_answer(void)
{
    int32_t stream = ask_unharmed();
    answer(stream, false);
    H2_UNTIL(client->tls->ended || h2_client_reply(client, stream)->closed);
    REQUIRE(judge(stream, KEPT_BYTES) || !case_is_clean(), "not answered");
    drop();
    see_nothing_left();
    serve_next();
}

// The same, to a client that has ended its side.
static void run_h2_answer_late(void)
{
    int32_t stream = ask_unharmed();
    inject_hold(true);
    drop();
    for (int i = 0; i < 5; i++) {
        net_stage_turn();
    }
    inject_hold(false);
    answer(stream, false);
    see_nothing_left();
    serve_next();
}

// The server ends while an exchange is open.
static void run_h2_end(void)
{
    keeps = true;
    come_unharmed();
    (void)h2_client_post(client, "/kept", body_of(KEPT_BYTES), true);
    H2_UNTIL(client->tls->ended || begun + closed_streams(1) >= 1);
    inject_enter();
    server_free(stage->server);
    inject_leave();
    inject_disarm();
    stage->server = NULL;
    REQUIRE(begun == gone, "%u exchanges were begun, %u are gone", begun, gone);
    drop();
    event_base_free(stage->base);
}

const struct excluded excluded[] = {
    {NULL, NULL},
};

#define SCENE(name_, kinds_)                                                                       \
    {                                                                                              \
        .name = #name_, .kinds = (kinds_), .prepare = net_stage_prepare_warm, .run = run_##name_,  \
        .finish = net_stage_finish                                                                 \
    }

const struct scenario scenarios[] = {
    SCENE(h2, MEMORY | ARENA),
    SCENE(h2_large, INJECT_BIT(INJECT_MEMORY) | ARENA | SOCKET),
    SCENE(h2_late, INJECT_BIT(INJECT_MEMORY)),
    SCENE(h2_answer, MEMORY),
    SCENE(h2_answer_late, MEMORY),
    SCENE(h2_end, INJECT_BIT(INJECT_MEMORY) | SOCKET),
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
