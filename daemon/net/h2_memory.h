// Memory for one session of nghttp2. It keeps a buffer of a whole frame, 16 KiB, as long as it
// lives, and writes usual answers into its first few hundred bytes. That buffer is given pages of
// its own, which are resident once they are written to; from malloc they would be what a handshake
// has used and left, resident for ever. All else is malloc's.
#pragma once

#include <nghttp2/nghttp2.h>

// Lives as long as the session, and where it is.
struct h2_memory {
    nghttp2_mem calls;
    void *pages; // owned: the frame's buffer; NULL: not there
    size_t pages_bytes;
};

void h2_memory_init(struct h2_memory *memory);
