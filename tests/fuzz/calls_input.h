// The inputs of calls_fuzz.c: steps one after the other, each a head of six bytes (kind, three
// choices, the length of what follows) and bytes of its own. Kept by a mutator that knows what they
// are.
//
//     OPEN   a: peer, connection, method   b: content type   c: path     bytes: fields, then a path
//     BODY   a: which exchange   b: how it stands in the body, whether it is the last
//            c: the size of the pieces it comes in, 0: whole             bytes: what is sent
//     FILL   a: which            b, c: how many bytes, or times 16       bytes: of what
//     END    a: which
//     GO     a: which            b: with its whole connection
//     ROOM   b, c: so many bytes of answers are taken from now on
//     PASS   b: how              c: how long
//     DRAIN  b: that, or something that health depends on may have changed
//
// "Which" counts back from the latest one opened.
#pragma once

#include <stdbool.h>

#include "fuzz/fuzz.h"
#include "net/http.h"

enum calls_kind {
    CALLS_OPEN,
    CALLS_BODY,
    CALLS_FILL,
    CALLS_END,
    CALLS_GO,
    CALLS_ROOM,
    CALLS_PASS,
    CALLS_DRAIN,
    CALLS_KINDS,
};

enum {
    CALLS_HEAD_BYTES = 6,
    CALLS_FIELDS_MAX = 12,
    CALLS_TEXT_BYTES = 512, // of arbitrary names and values, and of a path
    CALLS_FILL_UNIT = 16,   // where b is at least
    CALLS_FILL_MUCH = 0xf0,
    // of BODY, b
    CALLS_AS_MESSAGE = 0, // binary here, there in the form that the exchange has
    CALLS_AS_FRAME = 1,   // as it is, with its prefix if the exchange has any
    CALLS_AS_IT_IS = 2,
    CALLS_FORMS = 3,
    CALLS_LAST = 0x80,
    // of OPEN, c
    CALLS_OWN_PATHS = 64, // from here on health and reflection, in the order of face/own.c
    CALLS_ODD_PATHS = 96,
    CALLS_ANY_PATH = 128, // what the bytes say
    // of PASS, b
    CALLS_RUN = 1,  // first all that waits is done
    CALLS_LONG = 2, // minutes
    // of ROOM, b and c
    CALLS_ALL_ROOM = 0xffff,
};

struct calls_step {
    enum calls_kind kind;
    uint8_t a;
    uint8_t b;
    uint8_t c;
    struct span bytes;
};

// False when there is no other one.
bool calls_take(struct fuzz_input *input, struct calls_step *ret_step);

// What an OPEN asks: texts of tables, or of `text`.
struct calls_request {
    const char *peer;
    uint64_t connection;
    struct http_request http; // `fields` are those here
    struct http_field fields[CALLS_FIELDS_MAX];
    uint8_t text[CALLS_TEXT_BYTES];
    size_t text_len;
};

void calls_read_request(const struct calls_step *step, struct calls_request *ret_request);

// A mutation that keeps steps whole; returns the new length.
size_t calls_mutate(uint8_t *data, size_t len, size_t len_max, unsigned seed);

// For seeds: the places of content types and of fields in their tables.
enum calls_type {
    CALLS_GRPC,
    CALLS_GRPC_PROTO,
    CALLS_GRPC_JSON,
    CALLS_WEB,
    CALLS_WEB_PROTO,
    CALLS_WEB_JSON,
    CALLS_CONNECT,
    CALLS_CONNECT_JSON,
    CALLS_TYPES, // that are spoken; almost-types follow
};
enum calls_field {
    CALLS_TE,
    CALLS_TIMEOUT_5S,
    CALLS_TIMEOUT_0,
    CALLS_TRACEPARENT,
    CALLS_CONNECT_VERSION,
    CALLS_CONNECT_TIMEOUT,
    CALLS_GZIP,
    CALLS_CONNECT_GZIP,
};
