// Of pieces as large as a frame the first one is the session's own (nghttp2_session_server_new3
// makes it); those that come later go soon.
#include "net/h2_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"

enum { FRAME_BYTES = 16 * 1024 };

static void *on_malloc(size_t bytes, void *context)
{
    struct h2_memory *memory = context;
    if (bytes < FRAME_BYTES || memory->pages != NULL) {
        return malloc(bytes);
    }
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        return NULL;
    }
    memory->pages = pages;
    memory->pages_bytes = bytes;
    return pages;
}

static void on_free(void *piece, void *context)
{
    struct h2_memory *memory = context;
    if (piece == NULL || piece != memory->pages) {
        free(piece);
        return;
    }
    CHECK(munmap(memory->pages, memory->pages_bytes) == 0);
    memory->pages = NULL;
}

static void *on_calloc(size_t count, size_t bytes, void *context)
{
    (void)context;
    return calloc(count, bytes);
}

static void *on_realloc(void *piece, size_t bytes, void *context)
{
    const struct h2_memory *memory = context;
    if (piece == NULL) {
        return on_malloc(bytes, context);
    }
    if (piece != memory->pages) {
        return realloc(piece, bytes);
    }
    void *grown = malloc(bytes);
    if (grown != NULL) {
        memcpy(grown, piece, bytes < memory->pages_bytes ? bytes : memory->pages_bytes);
        on_free(piece, context);
    }
    return grown;
}

void h2_memory_init(struct h2_memory *memory)
{
    *memory = (struct h2_memory){
        .calls = {.mem_user_data = memory,
                  .malloc = on_malloc,
                  .free = on_free,
                  .calloc = on_calloc,
                  .realloc = on_realloc},
    };
}
