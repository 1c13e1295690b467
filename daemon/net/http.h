// HTTP/2 exchanges: the layer above's view of what comes over connections that speak ALPN "h2". It
// knows methods, paths, fields, bodies and trailers; what they mean is the business of the layer
// above (face/). Source: RFC 9113, as nghttp2 keeps it.
//
//     on_request -> on_body ... (last) -> on_gone
//                   http_head, http_body ..., http_end | http_reset
//
// * An exchange is named by its connection and its stream, neither ever reused: an answer that
//   comes after the client has gone finds nothing (http_find). Its pointer is valid from on_request
//   until on_gone returns, and on_gone comes exactly once, also when the connection breaks.
// * Only whole and well-formed requests' headers come up: pseudo-fields present and in order, names
//   lower-case, at most LIMIT_HTTP_HEADER_BYTES; everything else net has already refused.
// * The peer may send HTTP_WINDOW_BYTES of a body unasked (64 KiB until it has seen our settings);
//   more comes only as http_want asks for it, so what the layer above keeps is bounded by what it
//   asked for.
// * An answer's bytes are copied and wait for the client's windows; at most
//   LIMIT_CONNECTION_OUTPUT_BYTES of one connection, above which new streams are refused with
//   REFUSED_STREAM. on_room tells who writes a long answer that there is room again.
// * All functions may be called from inside the callbacks, and later. None calls back at once.
//   After http_reset, or when net itself has ended the exchange (it came too slowly, it is going),
//   they do nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "net/identity.h"

struct server;

enum {
    HTTP_WINDOW_BYTES = 16 * 1024,
    HTTP_ROOM_BYTES = 64 * 1024, // what one exchange should keep waiting
};

struct http_field {
    struct span name; // lower-case
    struct span value;
};

// One request and its answer; net's, but for `owner`.
struct http_exchange {
    uint64_t connection;
    int32_t stream;
    const struct identity *peer;
    void *owner; // the layer above's; NULL at first
};

struct http_request {
    struct span method;
    struct span path;
    const struct http_field *fields; // without the pseudo-fields
    size_t field_count;
};

struct server_http {
    void *context;
    // The fields are valid during the call. Returns whether it is a call to be answered soon, which
    // must have come whole within LIMIT_FRAME_MS, counts as in flight and is waited for in a drain;
    // false: it may stay open as long as both sides like.
    bool (*on_request)(void *context, struct http_exchange *exchange,
                       const struct http_request *request);
    // Body bytes, valid during the call; `last`: nothing follows (bytes may be empty).
    void (*on_body)(void *context, struct http_exchange *exchange, struct span bytes, bool last);
    // After http_body has returned false, or has left more than half of HTTP_ROOM_BYTES waiting:
    // now no more than half waits, and http_body takes bytes.
    void (*on_room)(void *context, struct http_exchange *exchange);
    void (*on_gone)(void *context, struct http_exchange *exchange);
};

// Offers ALPN "h2" from now on; `http` is copied. Once, before the loop runs. STATUS_NO_MEMORY.
MUST_CHECK enum status server_serve_http(struct server *server, const struct server_http *http);

// NULL: gone.
struct http_exchange *http_find(struct server *server, uint64_t connection, int32_t stream);

// So many more bytes of the body are welcome.
void http_want(struct server *server, struct http_exchange *exchange, size_t bytes);

// The answer's head. It leaves with the first bytes of the body, or with http_end, which then makes
// it the whole answer (what gRPC calls Trailers-Only has its fields here and ends without
// trailers). Fields are copied.
void http_head(struct server *server, struct http_exchange *exchange, uint32_t status,
               const struct http_field *fields, size_t count);
// After http_head. Bytes are copied; without any the head leaves alone. False when more than
// LIMIT_CONNECTION_OUTPUT_BYTES of the connection wait: nothing was taken, wait for on_room (or
// reset).
bool http_body(struct server *server, struct http_exchange *exchange, struct span bytes);
// Ends the answer, with trailers unless `count` is 0. If the request has not come whole, the stream
// is reset with NO_ERROR after it.
void http_end(struct server *server, struct http_exchange *exchange,
              const struct http_field *trailers, size_t count);
// RST_STREAM with a code of RFC 9113, 7; REFUSED_STREAM (7) promises that nothing was done.
void http_reset(struct server *server, struct http_exchange *exchange, uint32_t code);
// Bytes of this exchange that have not left yet.
size_t http_unsent(const struct http_exchange *exchange);
