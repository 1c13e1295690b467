// An encrypted byte stream over one accepted, non-blocking socket: SSL_* calls turned into plain
// results. It has no events and no timers; connection.c drives it.
//
// * The socket is read once for each stream_allow_read, taking all that fits a record, and never
//   otherwise: whatever a peer sends, a turn of the loop costs a bounded number of bytes. After the
//   allowed read call stream_read until STREAM_WANT_READ, or until nothing is held any more after
//   STREAM_OK; then at most a part of a record is held inside and all else is still in the socket,
//   which will say so.
// * Records without data (KeyUpdate) are counted: more than STREAM_KEY_UPDATES without a
//   stream_credit between is STREAM_BROKEN.
// * Why not bufferevent_openssl: it waits for a turn of its own to write, and writes a record for
//   each chunk of its buffer. Measured with frames of 100 bytes on one connection 64 deep: 14
//   answers a record and 0.53 million a second, here 64 and 1.3. CPU a frame at 50 connections: 1
//   deep 11 us, here 9 to 10; 16 deep 1.3 us, here 0.8.
// * After STREAM_BROKEN only stream_finish and stream_fini may follow.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "base/span.h"
#include "base/status.h"

enum {
    STREAM_RECORD_BYTES = 16 * 1024, // the most one TLS record carries
    STREAM_KEY_UPDATES = 32,
};

enum stream_result {
    STREAM_OK,
    STREAM_WANT_READ,
    STREAM_WANT_WRITE,
    STREAM_END,    // the peer has ended its side, with close_notify or without
    STREAM_BROKEN, // `reason` says why
};

struct stream {
    SSL *ssl; // owned
    int fd;   // owned
    uint32_t key_updates;
    bool may_read; // one more read of the socket is allowed
    bool touched;  // the peer has sent something
    bool ended;    // the socket is at its end
    bool broken;
    const char *reason; // static text, set with STREAM_BROKEN
};

// Takes `fd` on success only. STATUS_NO_MEMORY. The struct must not move afterwards.
MUST_CHECK enum status stream_init(struct stream *stream, SSL_CTX *context, int fd);
void stream_fini(struct stream *stream);

void stream_allow_read(struct stream *stream);
enum stream_result stream_handshake(struct stream *stream);
// At most one record's bytes; more than 0 with STREAM_OK.
enum stream_result stream_read(struct stream *stream, uint8_t *into, size_t bytes, size_t *ret_len);
// Between reads: whether records, or a part of one, are held.
bool stream_holds(const struct stream *stream);
// The peer has done something useful.
void stream_credit(struct stream *stream);

// All of `bytes` (1 to STREAM_RECORD_BYTES) as one record, or nothing; after STREAM_WANT_WRITE the
// next call must bring the same bytes, though they may stand elsewhere.
enum stream_result stream_write(struct stream *stream, struct span bytes);

// Says goodbye (close_notify, unless broken) and ends our side of the socket; the peer's side stays
// open, so that what it still sends does not reset the connection before it has read our last
// words.
void stream_finish(struct stream *stream);
// Takes from the socket without understanding it. False when the peer has ended or is gone.
bool stream_discard(struct stream *stream, uint8_t *scratch, size_t bytes);
