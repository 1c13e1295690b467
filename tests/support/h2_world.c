// See the header.
#include "support/h2_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "net/h2_limits.h"

static void copy_text(char *into, size_t bytes, struct span text)
{
    (void)snprintf(into, bytes, "%.*s", (int)text.len, (const char *)text.data);
}

static struct h2_seen *seen_of(const struct http_exchange *exchange)
{
    struct h2_seen *seen = exchange->owner;
    assert_non_null(seen);
    assert_ptr_equal(seen->exchange, exchange);
    assert_int_equal(seen->gones, 0);
    return seen;
}

static bool on_request(void *context, struct http_exchange *exchange,
                       const struct http_request *request)
{
    struct h2_world *h2 = context;
    assert_null(exchange->owner);
    CHECK(h2->seen_count < H2_WORLD_SEEN_MAX);
    struct h2_seen *seen = &h2->seen[h2->seen_count++];
    *seen = (struct h2_seen){.exchange = exchange,
                             .connection = exchange->connection,
                             .stream = exchange->stream,
                             .requests = 1};
    buffer_init(&seen->body, 0);
    copy_text(seen->method, sizeof(seen->method), request->method);
    copy_text(seen->path, sizeof(seen->path), request->path);
    for (size_t i = 0; i < request->field_count; i++) {
        const struct http_field *field = &request->fields[i];
        size_t used = strlen(seen->fields);
        (void)snprintf(seen->fields + used, sizeof(seen->fields) - used, "%.*s: %.*s\n",
                       (int)field->name.len, field->name.data, (int)field->value.len,
                       field->value.data);
    }
    exchange->owner = seen;
    h2->world->last_peer = *exchange->peer;
    assert_ptr_equal(http_find(h2->world->server, exchange->connection, exchange->stream),
                     exchange);
    return strncmp(seen->path, "/open", 5) != 0;
}

static void on_body(void *context, struct http_exchange *exchange, struct span bytes, bool last)
{
    static const char *const good[] = {"grpc-status", "0", NULL};
    struct h2_world *h2 = context;
    struct h2_seen *seen = seen_of(exchange);
    assert_int_equal(seen->wholes, 0);
    CHECK(buffer_append(&seen->body, bytes) == STATUS_OK);
    seen->wholes += last;
    if (last && strcmp(seen->path, "/echo") == 0) {
        h2_world_answer(h2, seen, buffer_span(&seen->body), good);
    }
}

static void on_room(void *context, struct http_exchange *exchange)
{
    struct h2_world *h2 = context;
    struct h2_seen *seen = seen_of(exchange);
    seen->rooms++;
    if (h2->on_room != NULL) {
        h2->on_room(h2, seen);
    }
}

static void on_gone(void *context, struct http_exchange *exchange)
{
    struct h2_world *h2 = context;
    struct h2_seen *seen = seen_of(exchange);
    seen->gones++;
    if (h2->on_gone != NULL) {
        h2->on_gone(h2, seen);
    }
    seen->exchange = NULL;
}

static void on_turn(void *context)
{
    const struct h2_world *h2 = context;
    for (size_t i = 0; i < h2->client_count; i++) {
        if (h2->clients[i]->tls->ready) {
            h2_client_pump(h2->clients[i]);
        }
    }
}

struct h2_world *h2_world_new(void)
{
    struct h2_world *h2 = calloc(1, sizeof(*h2));
    CHECK(h2 != NULL);
    h2->seen = calloc(H2_WORLD_SEEN_MAX, sizeof(*h2->seen));
    CHECK(h2->seen != NULL);
    h2->world = world_new();
    h2->world->on_turn = on_turn;
    h2->world->turn_context = h2;
    return h2;
}

void h2_world_start(struct h2_world *h2, const struct server_limits *limits)
{
    const struct server_http http = {.context = h2,
                                     .on_request = on_request,
                                     .on_body = on_body,
                                     .on_room = on_room,
                                     .on_gone = on_gone};
    world_start(h2->world, limits);
    CHECK(server_serve_http(h2->world->server, &http) == STATUS_OK);
}

void h2_world_stop(struct h2_world *h2)
{
    server_free(h2->world->server);
    h2->world->server = NULL;
    for (size_t i = 0; i < h2->seen_count; i++) {
        assert_int_equal(h2->seen[i].gones, 1);
    }
}

void h2_world_free(struct h2_world *h2)
{
    h2_world_stop(h2);
    for (size_t i = 0; i < h2->client_count; i++) {
        h2_client_free(h2->clients[i]);
    }
    for (size_t i = 0; i < h2->seen_count; i++) {
        buffer_fini(&h2->seen[i].body);
    }
    world_free(h2->world);
    free(h2->seen);
    free(h2);
}

struct tls_client *h2_world_raw(struct h2_world *h2)
{
    struct world *world = h2->world;
    return world_client(world, &(struct tls_client_spec){
                                   .port = world->port, .certificate = world->till, .alpn = "h2"});
}

struct h2_client *h2_world_client(struct h2_world *h2, const struct h2_client_spec *spec)
{
    CHECK(h2->client_count < H2_WORLD_CLIENTS_MAX);
    struct h2_client *client = h2_client_new(h2_world_raw(h2), spec);
    h2->clients[h2->client_count++] = client;
    return client;
}

void h2_world_drop(struct h2_world *h2, struct h2_client *client)
{
    for (size_t i = 0; i < h2->client_count; i++) {
        if (h2->clients[i] == client) {
            h2->clients[i] = h2->clients[--h2->client_count];
            world_drop(h2->world, client->tls);
            h2_client_free(client);
            return;
        }
    }
    CHECK(false); // not a client of this world
}

struct h2_raw_frame h2_world_expect(struct h2_world *h2, struct tls_client *tls, uint8_t type)
{
    struct h2_raw_frame frame = {0};
    bool taken = false;
    do {
        H2_UNTIL(h2, (taken = h2_raw_take(tls, &frame)) || tls->ended);
    } while (taken && frame.type != type);
    if (!taken) {
        fail_msg("the connection ended before a frame of type %d", type);
    }
    return frame;
}

struct tls_client *h2_world_greet(struct h2_world *h2)
{
    struct tls_client *tls = h2_world_raw(h2);
    tls_client_send(tls, h2_raw_preface());
    (void)h2_world_expect(h2, tls, NGHTTP2_SETTINGS);
    h2_raw_send(tls, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, span_of(NULL, 0));
    return tls;
}

void h2_world_answer(struct h2_world *h2, struct h2_seen *seen, struct span body,
                     const char *const *trailers)
{
    const struct http_field kind = {span_of_text("content-type"), span_of_text("text/plain")};
    struct server *server = h2->world->server;
    http_head(server, seen->exchange, 200, &kind, 1);
    if (body.len > 0) {
        assert_true(http_body(server, seen->exchange, body));
    }
    if (trailers == NULL) {
        http_end(server, seen->exchange, NULL, 0);
    } else {
        const struct http_field field = {span_of_text(trailers[0]), span_of_text(trailers[1])};
        http_end(server, seen->exchange, &field, 1);
    }
}

void h2_world_turn_for(struct h2_world *h2, int64_t ms)
{
    for (int64_t end_us = h2_now_us() + ms * 1000; h2_now_us() < end_us;) {
        (void)world_turn(h2->world);
    }
}
