// One stream's request and answer inside net: what net/http.h shows, and what is behind it.
//
//     h2_exchange_begin -> (h2_exchange_body ...) -> h2_exchange_whole
//                        http_head, http_body ..., http_end -> h2_exchange_left
//     h2_exchange_gone, from any point on
//
// nghttp2 holds the stream; its user data is the exchange. The answer's head is kept here until the
// body or the end says how it must leave, the body until windows let it, the trailers until the
// body has left.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "net/h2.h"
#include "net/h2_fields.h"
#include "net/http.h"
#include "net/outbox.h"

struct h2_exchange {
    struct http_exchange shared; // first, so that one pointer is both
    struct h2 *h2;
    TAILQ_ENTRY(h2_exchange) next;        // in h2->exchanges
    TAILQ_ENTRY(h2_exchange) next_coming; // in h2->coming
    int64_t begun_us;
    struct h2_fields *head;     // owned: given, not yet with nghttp2
    struct h2_fields *trailers; // owned: the same
    struct outbox body;
    uint32_t code_after; // resets the stream when the answer leaves before the request is whole
    bool told;           // the layer above knows of it
    bool is_call;
    bool whole;  // the request has come to its end
    bool coming; // in h2->coming
    bool headed;
    bool started; // the head is with nghttp2
    bool ended;
    bool over; // reset, or answered by net: the layer above has no more say
    bool wants_room;
};

// NULL: no memory.
struct h2_exchange *h2_exchange_new(struct h2 *h2, int32_t stream);
// NULL: none.
struct h2_exchange *h2_exchange_of(const struct h2 *h2, int32_t stream);

// Tells the layer above; `whole`: there is no body.
void h2_exchange_begin(struct h2_exchange *exchange, const struct h2_block *block, bool whole);
void h2_exchange_body(struct h2_exchange *exchange, struct span bytes);
void h2_exchange_whole(struct h2_exchange *exchange);
// Net's own answer, without a body, or only a reset when one has begun; then the stream is reset
// with `code` unless the request is whole.
void h2_exchange_answer(struct h2_exchange *exchange, uint32_t status, uint32_t code);
void h2_exchange_reset(struct h2_exchange *exchange, uint32_t code);
// The last frame of the answer has left.
void h2_exchange_left(struct h2_exchange *exchange);
// on_gone, and frees it.
void h2_exchange_gone(struct h2_exchange *exchange);

bool h2_exchange_is_owed_room(const struct h2_exchange *exchange);
