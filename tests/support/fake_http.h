// net/http.h without a net: it keeps what the face says of each exchange and takes as many bytes as
// the test lets it. Chosen by linking: what is defined here is not looked for in net. It holds the
// face to that header: one head, one end, nothing after it, and no more of a body asked for than
// has come.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "face/face.h"
#include "net/http.h"
#include "support/rpc_answer.h"

enum { FAKE_EXCHANGES = 512, FAKE_TEXT_BYTES = 4096 };

struct fake {
    struct http_exchange shared; // first
    size_t sent;                 // bytes of the request's body
    size_t wanted;               // of them granted anew
    struct buffer body;          // of the answer
    uint32_t status;             // 0: no head yet
    uint32_t code;               // of the reset
    bool open;                   // on_gone has not come
    bool is_call;
    bool half_closed;
    bool ended;
    bool was_reset;
    char head[FAKE_TEXT_BYTES];
    char trailers[FAKE_TEXT_BYTES];
    struct identity peer;
};

static struct fake fakes[FAKE_EXCHANGES];
static size_t fake_count;
static size_t fake_room = SIZE_MAX; // bytes that are still taken, of all exchanges
static uint64_t fake_connection = 1;
static struct face *fake_face;
// For who counts allocations: the fake's own are between these. NULL: nobody does.
static unsigned (*fake_pause)(void);
static void (*fake_resume)(unsigned paused);

// --- net's functions ---

static inline struct fake *fake_of(struct http_exchange *exchange)
{
    struct fake *fake = (struct fake *)exchange;
    CHECK(fake->open);
    return fake;
}

static inline bool fake_is_over(const struct fake *fake)
{
    return fake->ended || fake->was_reset;
}

struct http_exchange *http_find(struct server *server, uint64_t connection, int32_t stream)
{
    CHECK(server != NULL);
    for (size_t i = 0; i < fake_count; i++) {
        if (fakes[i].open && fakes[i].shared.connection == connection &&
            fakes[i].shared.stream == stream) {
            return &fakes[i].shared;
        }
    }
    return NULL;
}

void http_want(struct server *server, struct http_exchange *exchange, size_t bytes)
{
    (void)server;
    struct fake *fake = fake_of(exchange);
    CHECK(!fake_is_over(fake) && !fake->half_closed);
    fake->wanted += bytes;
    CHECK(fake->wanted <= fake->sent);
}

static inline void fake_write_fields(char *out, const struct http_field *fields, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(out + len, FAKE_TEXT_BYTES - len, "%.*s: %.*s\n",
                                (int)fields[i].name.len, (const char *)fields[i].name.data,
                                (int)fields[i].value.len, (const char *)fields[i].value.data);
        CHECK(len < FAKE_TEXT_BYTES);
    }
}

void http_head(struct server *server, struct http_exchange *exchange, uint32_t status,
               const struct http_field *fields, size_t count)
{
    (void)server;
    struct fake *fake = fake_of(exchange);
    CHECK(fake->status == 0 && !fake_is_over(fake));
    fake->status = status;
    fake_write_fields(fake->head, fields, count);
}

bool http_body(struct server *server, struct http_exchange *exchange, struct span bytes)
{
    (void)server;
    struct fake *fake = fake_of(exchange);
    CHECK(fake->status != 0 && !fake_is_over(fake));
    if (bytes.len > fake_room) {
        return false;
    }
    fake_room -= fake_room == SIZE_MAX ? 0 : bytes.len;
    unsigned paused = fake_pause == NULL ? 0 : fake_pause();
    CHECK(buffer_append(&fake->body, bytes) == STATUS_OK);
    if (fake_resume != NULL) {
        fake_resume(paused);
    }
    return true;
}

void http_end(struct server *server, struct http_exchange *exchange,
              const struct http_field *trailers, size_t count)
{
    (void)server;
    struct fake *fake = fake_of(exchange);
    CHECK(fake->status != 0 && !fake_is_over(fake));
    fake->ended = true;
    fake_write_fields(fake->trailers, trailers, count);
}

void http_reset(struct server *server, struct http_exchange *exchange, uint32_t code)
{
    (void)server;
    struct fake *fake = fake_of(exchange);
    CHECK(!fake_is_over(fake));
    fake->was_reset = true;
    fake->code = code;
}

size_t http_unsent(const struct http_exchange *exchange)
{
    (void)exchange;
    return 0;
}

// --- the face ---

static inline const struct server_http *fake_handlers(void)
{
    return face_http(fake_face);
}

// A face that answers here; it goes with face_free.
static inline bool fake_serve(struct service *service)
{
    if (face_new(service, &fake_face) != STATUS_OK) {
        return false;
    }
    face_set_server(fake_face, (struct server *)(void *)&fakes);
    return true;
}

static inline void fake_gone(struct fake *fake)
{
    if (fake->open) {
        fake_handlers()->on_gone(fake_handlers()->context, &fake->shared);
        fake->open = false;
        CHECK(fake->shared.owner == NULL);
    }
}

// The latest one, for tests with more of them than there is room for.
static inline void fake_forget(struct fake *fake)
{
    CHECK(fake == &fakes[fake_count - 1]);
    fake_gone(fake);
    buffer_fini(&fake->body);
    fake_count--;
}

static inline void fake_forget_all(void)
{
    while (fake_count > 0) {
        fake_forget(&fakes[fake_count - 1]);
    }
    fake_room = SIZE_MAX;
    fake_connection = 1;
}

// --- exchanges ---

// An exchange of a peer, "pos/store-1/till-1", on the present connection.
static inline struct fake *fake_exchange(const char *peer)
{
    CHECK(fake_count < FAKE_EXCHANGES);
    struct fake *fake = &fakes[fake_count++];
    *fake = (struct fake){.open = true};
    const char *slash = strchr(peer, '/');
    CHECK(slash != NULL);
    snprintf(fake->peer.role, sizeof(fake->peer.role), "%.*s", (int)(slash - peer), peer);
    snprintf(fake->peer.unit, sizeof(fake->peer.unit), "%s", slash + 1);
    fake->shared = (struct http_exchange){
        .connection = fake_connection,
        .stream = (int32_t)(2 * fake_count - 1),
        .peer = &fake->peer,
    };
    buffer_init(&fake->body, 0);
    return fake;
}

static inline void fake_open_request(struct fake *fake, const struct http_request *request)
{
    fake->is_call = fake_handlers()->on_request(fake_handlers()->context, &fake->shared, request);
}

static inline void fake_send(struct fake *fake, struct span bytes, bool last)
{
    fake->sent += bytes.len;
    fake->half_closed = last;
    fake_handlers()->on_body(fake_handlers()->context, &fake->shared, bytes, last);
}

static inline void fake_make_room(size_t bytes)
{
    fake_room = bytes;
    for (size_t i = 0; i < fake_count; i++) {
        if (fakes[i].open && !fake_is_over(&fakes[i])) {
            fake_handlers()->on_room(fake_handlers()->context, &fakes[i].shared);
        }
    }
}

// What came, as a client of this protocol reads it.
static inline void fake_read(const struct fake *fake, const struct media *media,
                             struct arena *arena, struct rpc_answer *ret_answer)
{
    const struct rpc_came came = {fake->status, fake->head, fake->trailers,
                                  buffer_span(&fake->body)};
    rpc_answer_read(&came, media, arena, ret_answer);
}
