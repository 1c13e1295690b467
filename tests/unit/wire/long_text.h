// Long texts made of one piece, for what must stay bounded.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// `head`, `count` times `piece`, `tail`; freed by the caller.
static inline char *long_text(const char *head, const char *piece, size_t count, const char *tail)
{
    size_t room = strlen(head) + count * strlen(piece) + strlen(tail) + 1;
    char *text = calloc(1, room);
    assert_non_null(text);
    size_t len = (size_t)snprintf(text, room, "%s", head);
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, room - len, "%s", piece);
    }
    len += (size_t)snprintf(text + len, room - len, "%s", tail);
    assert_int_equal(len + 1, room);
    return text;
}

// As many pieces as fit `bytes`.
static inline char *text_of_bytes(const char *head, const char *piece, size_t bytes,
                                  const char *tail)
{
    size_t ends = strlen(head) + strlen(tail);
    return long_text(head, piece, (bytes - ends) / strlen(piece), tail);
}
