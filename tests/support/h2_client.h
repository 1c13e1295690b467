// An HTTP/2 client over a tls_client, stepped beside the server: nghttp2 on the client's side, what
// came back kept for each stream. And raw frames, for what nghttp2 would never send.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nghttp2/nghttp2.h>

#include "base/buffer.h"
#include "base/span.h"
#include "support/tls_client.h"

enum { H2_CLIENT_STREAMS = 4096, H2_CLIENT_TEXT_BYTES = 512 };

struct h2_client_spec {
    bool holds_windows;     // windows are given back by h2_client_give alone
    uint32_t window;        // its SETTINGS_INITIAL_WINDOW_SIZE; 0: 65535
    bool minds_no_settings; // sends what it likes: streams beyond the server's limit too
};

// What one stream has brought.
struct h2_reply {
    int32_t stream;
    uint32_t status;                     // 0: none yet
    char head[H2_CLIENT_TEXT_BYTES];     // "name: value\n" each, without the status
    char trailers[H2_CLIENT_TEXT_BYTES]; // the same
    struct buffer body;
    size_t data_frames;
    bool ended;    // by END_STREAM
    bool closed;   // for whatever reason
    uint32_t code; // with which it was closed

    struct buffer request; // body bytes to be sent; the first `sent` have been
    size_t sent;
    bool request_ended;
};

struct h2_client {
    struct tls_client *tls; // the world's
    nghttp2_session *session;
    size_t fed;                                  // of what TLS has received
    struct h2_reply *replies[H2_CLIENT_STREAMS]; // owned; by stream / 2
    unsigned goaways;
    uint32_t goaway_code; // of the last one
    int32_t goaway_last;
    char goaway_text[H2_CLIENT_TEXT_BYTES];
    unsigned pongs;
    int failed; // what nghttp2 said of the server's bytes; 0: nothing
};

struct h2_client *h2_client_new(struct tls_client *tls, const struct h2_client_spec *spec);
void h2_client_free(struct h2_client *client);

// Takes what has come and hands TLS what is to go.
void h2_client_pump(struct h2_client *client);

// A request to `path`; `last`: with nothing after `body` (with an empty one: no DATA at all).
int32_t h2_client_post(struct h2_client *client, const char *path, struct span body, bool last);
// The same with all fields but the pseudo ones the caller's: name, value, name, value ..., NULL.
int32_t h2_client_request(struct h2_client *client, const char *method, const char *path,
                          const char *const *fields, struct span body, bool last);
void h2_client_send(struct h2_client *client, int32_t stream, struct span bytes, bool last);
void h2_client_reset(struct h2_client *client, int32_t stream, uint32_t code);
void h2_client_give(struct h2_client *client, int32_t stream, int32_t bytes);
struct h2_reply *h2_client_reply(const struct h2_client *client, int32_t stream);

// --- raw ---

enum { H2_FRAME_HEAD_BYTES = 9 };

// What a client says first, with an empty SETTINGS.
struct span h2_raw_preface(void);
void h2_raw_send(struct tls_client *tls, uint8_t type, uint8_t flags, int32_t stream,
                 struct span payload);
// A request's head, HPACK without tables. `flags` as given.
void h2_raw_request(struct tls_client *tls, int32_t stream, uint8_t flags, const char *path);

struct h2_raw_frame {
    uint8_t type;
    uint8_t flags;
    int32_t stream;
    struct span payload; // valid until the next step
};

// The next whole frame received; false: none yet.
bool h2_raw_take(struct tls_client *tls, struct h2_raw_frame *ret_frame);
// A big-endian number at an offset of the payload.
uint32_t h2_raw_number(const struct h2_raw_frame *frame, size_t at);
