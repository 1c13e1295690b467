// Requests and answers over HTTP/2 through a real server: heads, bodies, trailers, many at a time,
// answered early or late, reset by either side, and gone exactly once (see h2_world_free).
#include "net/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "base/limits.h"
#include "support/h2_world.h"
#include "support/log_capture.h"

static int start(void **state)
{
    struct h2_world *h2 = h2_world_new();
    h2_world_start(h2, &(struct server_limits){0});
    log_capture_clear();
    *state = h2;
    return 0;
}

static int stop(void **state)
{
    h2_world_free(*state);
    return 0;
}

static struct h2_client *new_client(struct h2_world *h2)
{
    return h2_world_client(h2, &(struct h2_client_spec){0});
}

static void expect_body(const struct h2_reply *reply, const char *text)
{
    struct span body = buffer_span(&reply->body);
    if (!span_is_text(body, text)) {
        fail_msg("got \"%.*s\" for \"%s\"", (int)body.len, body.data, text);
    }
}

// A request that the test will answer, come whole.
static struct h2_seen *ask(struct h2_world *h2, struct h2_client *client, int32_t *ret_stream)
{
    size_t before = h2->seen_count;
    *ret_stream = h2_client_post(client, "/kept", span_of_text("question"), true);
    H2_UNTIL(h2, h2->seen_count == before + 1 && h2->seen[before].wholes == 1);
    return &h2->seen[before];
}

static void expect_quiet(const struct h2_world *h2)
{
    assert_int_equal(server_in_flight(h2->world->server), 0);
    assert_string_equal(log_captured, "");
}

static void a_request_is_answered(void **state)
{
    static const char *const fields[] = {"content-type", "text/plain", "te", "trailers", NULL};
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    int32_t stream =
        h2_client_request(client, "POST", "/echo", fields, span_of_text("hello"), true);
    const struct h2_reply *reply = h2_client_reply(client, stream);
    H2_UNTIL(h2, reply->closed);
    assert_int_equal(reply->status, 200);
    assert_string_equal(reply->head, "content-type: text/plain\n");
    expect_body(reply, "hello");
    assert_string_equal(reply->trailers, "grpc-status: 0\n");
    assert_true(reply->ended);
    assert_int_equal(reply->code, NGHTTP2_NO_ERROR);
    assert_string_equal(h2->seen[0].method, "POST");
    assert_string_equal(h2->seen[0].path, "/echo");
    assert_string_equal(h2->seen[0].fields, "content-type: text/plain\nte: trailers\n");
    assert_string_equal(h2->world->last_peer.role, "pos");
    assert_string_equal(h2->world->last_peer.unit, "store-0007/till-02");
    H2_UNTIL(h2, h2->seen[0].gones == 1);
    expect_quiet(h2);
}

static void a_request_may_have_no_body(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    int32_t stream = h2_client_request(client, "GET", "/echo", NULL, span_of_text(""), true);
    const struct h2_reply *reply = h2_client_reply(client, stream);
    H2_UNTIL(h2, reply->closed);
    assert_int_equal(h2->seen[0].wholes, 1);
    assert_int_equal(reply->body.len, 0);
    assert_string_equal(reply->trailers, "grpc-status: 0\n");
}

static void a_body_may_drip(void **state)
{
    static const char hello[] = "hello";
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    int32_t stream = h2_client_post(client, "/echo", span_of_text(""), false);
    for (int i = 0; i < 5; i++) {
        h2_client_send(client, stream, span_of(&hello[i], 1), i == 4);
        H2_UNTIL(h2, h2->seen_count == 1 && h2->seen[0].body.len == (size_t)i + 1);
    }
    const struct h2_reply *reply = h2_client_reply(client, stream);
    H2_UNTIL(h2, reply->closed);
    expect_body(reply, "hello");
}

static void trailers_of_a_request_end_it(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_raw(h2);
    tls_client_send(tls, h2_raw_preface());
    h2_raw_request(tls, 1, NGHTTP2_FLAG_END_HEADERS, "/echo");
    h2_raw_send(tls, NGHTTP2_DATA, 0, 1, span_of_text("hello"));
    static const char trailers[] = "\x10\3key\5value";
    h2_raw_send(tls, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                span_of(trailers, sizeof(trailers) - 1));
    struct h2_raw_frame body = h2_world_expect(h2, tls, NGHTTP2_DATA);
    assert_true(span_is_text(body.payload, "hello"));
    assert_int_equal(h2->seen[0].wholes, 1);
    assert_string_equal(h2->seen[0].fields, "");
}

static void a_head_may_be_the_whole_answer(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_raw(h2);
    tls_client_send(tls, h2_raw_preface());
    h2_raw_request(tls, 1, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, "/kept");
    H2_UNTIL(h2, h2->seen_count == 1);
    h2_world_answer(h2, &h2->seen[0], span_of_text(""), NULL);
    struct h2_raw_frame head = h2_world_expect(h2, tls, NGHTTP2_HEADERS);
    assert_int_equal(head.flags, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM);
    H2_UNTIL(h2, h2->seen[0].gones == 1);
}

static void trailers_follow_a_head_without_a_body(void **state)
{
    static const char *const bad[] = {"grpc-status", "5", NULL};
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    int32_t stream = 0;
    h2_world_answer(h2, ask(h2, client, &stream), span_of_text(""), bad);
    const struct h2_reply *reply = h2_client_reply(client, stream);
    H2_UNTIL(h2, reply->closed);
    assert_int_equal(reply->data_frames, 0);
    assert_string_equal(reply->trailers, "grpc-status: 5\n");
}

static void an_answer_may_come_in_pieces(void **state)
{
    struct h2_world *h2 = *state;
    struct server *server = h2->world->server;
    struct h2_client *client = new_client(h2);
    int32_t stream = 0;
    struct h2_seen *seen = ask(h2, client, &stream);
    const struct h2_reply *reply = h2_client_reply(client, stream);
    http_head(server, seen->exchange, 200, NULL, 0);
    world_settle(h2->world);
    assert_int_equal(reply->status, 0); // it waits for the body or the end
    assert_true(http_body(server, seen->exchange, span_of_text("")));
    H2_UNTIL(h2, reply->status == 200);
    for (size_t i = 1; i <= 3; i++) {
        assert_true(http_body(server, seen->exchange, span_of_text("piece ")));
        H2_UNTIL(h2, reply->body.len == i * 6);
        assert_int_equal(http_unsent(seen->exchange), 0);
    }
    assert_false(reply->ended);
    assert_int_equal(server_in_flight(server), 1);
    http_end(server, seen->exchange, NULL, 0);
    H2_UNTIL(h2, reply->closed && seen->gones == 1);
    expect_body(reply, "piece piece piece ");
    expect_quiet(h2);
}

static void an_early_answer_ends_the_request(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    int32_t stream = h2_client_post(client, "/kept", span_of_text("half"), false);
    const struct h2_reply *reply = h2_client_reply(client, stream);
    H2_UNTIL(h2, h2->seen_count == 1);
    h2_world_answer(h2, &h2->seen[0], span_of_text("enough"), NULL);
    H2_UNTIL(h2, reply->closed && h2->seen[0].gones == 1);
    assert_true(reply->ended);
    assert_int_equal(reply->code, NGHTTP2_NO_ERROR);
    expect_body(reply, "enough");
    expect_quiet(h2);
}

static void many_answers_share_a_record(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    for (int i = 0; i < LIMIT_HTTP_STREAMS - 28; i++) {
        (void)h2_client_post(client, "/kept", span_of_text("question"), true);
    }
    H2_UNTIL(h2, h2->seen_count == 100 && h2->seen[99].wholes == 1);
    world_settle(h2->world);
    assert_int_equal(server_in_flight(h2->world->server), 100);
    size_t records = client->tls->records;
    for (size_t i = 0; i < 100; i++) {
        h2_world_answer(h2, &h2->seen[i], span_of_text("answer"), NULL);
    }
    H2_UNTIL(h2, h2_client_reply(client, 199)->closed);
    for (int32_t i = 0; i < 100; i++) {
        assert_true(h2_client_reply(client, 2 * i + 1)->closed);
    }
    assert_int_equal(client->tls->records, records + 1);
    expect_quiet(h2);
}

static void late_answers_find_nothing(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    int32_t stream = 0;
    struct h2_seen *seen = ask(h2, client, &stream);
    assert_ptr_equal(http_find(h2->world->server, seen->connection, seen->stream), seen->exchange);
    assert_null(http_find(h2->world->server, seen->connection, seen->stream + 2));
    assert_null(http_find(h2->world->server, seen->connection + 1, seen->stream));
    h2_client_reset(client, stream, NGHTTP2_CANCEL);
    H2_UNTIL(h2, seen->gones == 1);
    assert_null(http_find(h2->world->server, seen->connection, seen->stream));
    seen = ask(h2, client, &stream);
    h2_world_drop(h2, client);
    H2_UNTIL(h2, server_connections(h2->world->server) == 1); // it waits for the call
    h2_world_answer(h2, seen, span_of_text("into the void"), NULL);
    H2_UNTIL(h2, server_connections(h2->world->server) == 0);
    assert_int_equal(seen->gones, 1);
    assert_null(http_find(h2->world->server, seen->connection, seen->stream));
}

enum point { WHILE_COMING, WHEN_WHOLE, HEAD_GIVEN, BODY_BEGUN, ENDED_BUT_STUCK, POINTS };

static struct h2_seen *reach(struct h2_world *h2, struct h2_client *client, enum point point,
                             int32_t *ret_stream)
{
    struct server *server = h2->world->server;
    size_t before = h2->seen_count;
    *ret_stream = h2_client_post(client, "/kept", span_of_text("question"), point > WHILE_COMING);
    H2_UNTIL(h2, h2->seen_count == before + 1 && h2->seen[before].body.len == 8);
    struct h2_seen *seen = &h2->seen[before];
    if (point >= HEAD_GIVEN) {
        http_head(server, seen->exchange, 200, NULL, 0);
    }
    if (point >= BODY_BEGUN) {
        assert_true(http_body(server, seen->exchange, span_of_text("more than the window holds")));
        H2_UNTIL(h2, h2_client_reply(client, *ret_stream)->body.len == 4);
    }
    if (point >= ENDED_BUT_STUCK) {
        http_end(server, seen->exchange, NULL, 0);
    }
    return seen;
}

static void either_side_may_reset_at_each_point(void **state)
{
    struct h2_world *h2 = *state;
    struct server *server = h2->world->server;
    struct h2_client *client =
        h2_world_client(h2, &(struct h2_client_spec){.holds_windows = true, .window = 4});
    for (enum point point = WHILE_COMING; point < POINTS; point++) {
        int32_t stream = 0;
        const struct h2_seen *seen = reach(h2, client, point, &stream);
        h2_client_reset(client, stream, NGHTTP2_CANCEL);
        H2_UNTIL(h2, seen->gones == 1);
        seen = reach(h2, client, point, &stream);
        http_reset(server, seen->exchange, NGHTTP2_REFUSED_STREAM);
        http_reset(server, seen->exchange, NGHTTP2_CANCEL);
        http_want(server, seen->exchange, 1000);
        assert_true(http_body(server, seen->exchange, span_of_text("more")));
        http_end(server, seen->exchange, NULL, 0);
        H2_UNTIL(h2, seen->gones == 1);
        H2_UNTIL(h2, h2_client_reply(client, stream)->closed);
        assert_int_equal(h2_client_reply(client, stream)->code, NGHTTP2_REFUSED_STREAM);
        assert_int_equal(server_in_flight(server), 0);
    }
    int32_t stream = 0;
    h2_world_answer(h2, ask(h2, client, &stream), span_of_text("fine"), NULL);
    H2_UNTIL(h2, h2_client_reply(client, stream)->closed);
    expect_body(h2_client_reply(client, stream), "fine");
    expect_quiet(h2);
}

static void a_lost_connection_takes_its_exchanges(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client =
        h2_world_client(h2, &(struct h2_client_spec){.holds_windows = true, .window = 4});
    int32_t stream = 0;
    for (enum point point = WHILE_COMING; point < POINTS; point++) {
        (void)reach(h2, client, point, &stream);
    }
    server_close(h2->world->server, h2->seen[0].connection, "the test says so");
    H2_UNTIL(h2, h2->seen[0].gones == 1);
    for (size_t i = 0; i < POINTS; i++) {
        assert_int_equal(h2->seen[i].gones, 1);
        assert_null(http_find(h2->world->server, h2->seen[i].connection, h2->seen[i].stream));
    }
    assert_int_equal(server_in_flight(h2->world->server), 0);
    assert_int_equal(log_capture_count("the test says so"), 1);
    H2_UNTIL(h2, server_connections(h2->world->server) == 0);
}

static void answer_all(struct h2_world *h2, struct h2_seen *seen)
{
    for (size_t i = 0; i < h2->seen_count; i++) {
        struct h2_seen *other = &h2->seen[i];
        struct http_exchange *found =
            http_find(h2->world->server, other->connection, other->stream);
        assert_ptr_equal(found, other == seen ? NULL : other->exchange);
        if (found != NULL && other->wholes == 1) {
            other->wholes = 2;
            h2_world_answer(h2, other, span_of_text("answer"), NULL);
        }
    }
}

// What on_gone does may be anything: here it answers all others that are still there.
static void going_may_answer_others(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    h2->on_gone = answer_all;
    int32_t streams[4];
    for (size_t i = 0; i < 4; i++) {
        (void)ask(h2, client, &streams[i]);
    }
    h2_client_reset(client, streams[1], NGHTTP2_CANCEL);
    H2_UNTIL(h2, h2_client_reply(client, streams[0])->closed &&
                     h2_client_reply(client, streams[2])->closed &&
                     h2_client_reply(client, streams[3])->closed);
    expect_body(h2_client_reply(client, streams[3]), "answer");
    for (size_t i = 0; i < 4; i++) {
        (void)ask(h2, client, &streams[i]);
    }
    server_close(h2->world->server, h2->seen[4].connection, "the test says so");
    H2_UNTIL(h2, h2->seen[7].gones == 1);
}

static void who_ends_his_side_gets_his_answers(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    int32_t stream = 0;
    struct h2_seen *whole = ask(h2, client, &stream);
    (void)h2_client_post(client, "/kept", span_of_text("half"), false);
    (void)h2_client_post(client, "/open", span_of_text("whole, but no call"), true);
    H2_UNTIL(h2, h2->seen_count == 3 && h2->seen[2].wholes == 1);
    world_settle(h2->world);
    tls_client_end(client->tls);
    H2_UNTIL(h2, h2->seen[1].gones == 1 && h2->seen[2].gones == 1);
    assert_int_equal(whole->gones, 0);
    h2_world_answer(h2, whole, span_of_text("answer"), NULL);
    H2_UNTIL(h2, h2_client_reply(client, stream)->closed);
    expect_body(h2_client_reply(client, stream), "answer");
    H2_UNTIL(h2, client->tls->ended);
    assert_true(client->tls->clean);
    expect_quiet(h2);
}

static void ordinary_closes_leave_no_line(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *polite = new_client(h2);
    int32_t stream = h2_client_post(polite, "/echo", span_of_text("hello"), true);
    H2_UNTIL(h2, h2_client_reply(polite, stream)->closed);
    (void)nghttp2_session_terminate_session(polite->session, NGHTTP2_NO_ERROR);
    H2_UNTIL(h2, polite->tls->ended);
    assert_true(polite->tls->clean);
    struct h2_client *abrupt = new_client(h2);
    stream = h2_client_post(abrupt, "/echo", span_of_text("hello"), true);
    H2_UNTIL(h2, h2_client_reply(abrupt, stream)->closed);
    h2_world_drop(h2, abrupt);
    h2_world_drop(h2, polite);
    H2_UNTIL(h2, server_connections(h2->world->server) == 0);
    expect_quiet(h2);
}

static void freeing_the_server_sends_what_is_given(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    int32_t stream = 0;
    h2_world_answer(h2, ask(h2, client, &stream), span_of_text("answer"), NULL);
    h2_world_stop(h2);
    H2_UNTIL(h2, client->tls->ended);
    expect_body(h2_client_reply(client, stream), "answer");
    assert_int_equal(client->goaways, 1);
    assert_int_equal(client->goaway_code, NGHTTP2_NO_ERROR);
}

static void both_protocols_are_spoken(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    struct tls_client *till = world_till(h2->world);
    struct tls_client *choosy = world_till(h2->world);
    static const uint8_t both[] = "\2h2\11loyalty/1";
    assert_int_equal(SSL_set_alpn_protos(choosy->ssl, both, sizeof(both) - 1), 0);
    struct span frame = {0};
    tls_client_send_frame(till, span_of_text("hello"));
    H2_UNTIL(h2, tls_client_take(till, &frame));
    tls_client_send_frame(choosy, span_of_text("ours comes first"));
    H2_UNTIL(h2, tls_client_take(choosy, &frame));
    int32_t stream = h2_client_post(client, "/echo", span_of_text("hello"), true);
    H2_UNTIL(h2, h2_client_reply(client, stream)->closed);
    assert_int_equal(h2->world->frames, 2);
}

static void a_reload_keeps_it_spoken(void **state)
{
    struct h2_world *h2 = *state;
    char error[WORLD_ERROR_BYTES];
    struct h2_client *before = new_client(h2);
    int32_t stream = h2_client_post(before, "/echo", span_of_text("hello"), true);
    H2_UNTIL(h2, h2_client_reply(before, stream)->closed);
    assert_int_equal(server_reload(h2->world->server, NULL, error, sizeof(error)), STATUS_OK);
    struct h2_client *after = new_client(h2);
    int32_t stream_after = h2_client_post(after, "/echo", span_of_text("hello"), true);
    stream = h2_client_post(before, "/echo", span_of_text("hello"), true);
    H2_UNTIL(h2, h2_client_reply(after, stream_after)->closed &&
                     h2_client_reply(before, stream)->closed);
    expect_quiet(h2);
}

// Fields over 64 KiB: the stream must not wait for them for ever.
static void an_answer_nghttp2_cannot_send_is_reset(void **state)
{
    static char large[80 * 1024];
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    int32_t stream = 0;
    struct h2_seen *seen = ask(h2, client, &stream);
    memset(large, 'v', sizeof(large));
    const struct http_field field = {span_of_text("name"), span_of(large, sizeof(large))};
    http_head(h2->world->server, seen->exchange, 200, &field, 1);
    http_end(h2->world->server, seen->exchange, NULL, 0);
    H2_UNTIL(h2, seen->gones == 1 && h2_client_reply(client, stream)->closed);
    assert_int_equal(h2_client_reply(client, stream)->code, NGHTTP2_INTERNAL_ERROR);
    seen = ask(h2, client, &stream);
    http_head(h2->world->server, seen->exchange, 200, NULL, 0);
    assert_true(http_body(h2->world->server, seen->exchange, span_of_text("body")));
    http_end(h2->world->server, seen->exchange, &field, 1);
    H2_UNTIL(h2, seen->gones == 1 && h2_client_reply(client, stream)->closed);
    assert_int_equal(h2_client_reply(client, stream)->code, NGHTTP2_INTERNAL_ERROR);
    expect_quiet(h2);
}

#define EXCHANGE_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXCHANGE_TEST(a_request_is_answered),
        EXCHANGE_TEST(a_request_may_have_no_body),
        EXCHANGE_TEST(a_body_may_drip),
        EXCHANGE_TEST(trailers_of_a_request_end_it),
        EXCHANGE_TEST(a_head_may_be_the_whole_answer),
        EXCHANGE_TEST(trailers_follow_a_head_without_a_body),
        EXCHANGE_TEST(an_answer_may_come_in_pieces),
        EXCHANGE_TEST(an_early_answer_ends_the_request),
        EXCHANGE_TEST(many_answers_share_a_record),
        EXCHANGE_TEST(late_answers_find_nothing),
        EXCHANGE_TEST(either_side_may_reset_at_each_point),
        EXCHANGE_TEST(a_lost_connection_takes_its_exchanges),
        EXCHANGE_TEST(going_may_answer_others),
        EXCHANGE_TEST(who_ends_his_side_gets_his_answers),
        EXCHANGE_TEST(ordinary_closes_leave_no_line),
        EXCHANGE_TEST(both_protocols_are_spoken),
        EXCHANGE_TEST(a_reload_keeps_it_spoken),
        EXCHANGE_TEST(an_answer_nghttp2_cannot_send_is_reset),
        EXCHANGE_TEST(freeing_the_server_sends_what_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
