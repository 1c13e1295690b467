// The dictionary of an account: one run of bytes and the places of the texts in it. Looking a text
// up is a linear search: an account knows a dozen names, and most commands use the same few.
#include "core/names.h"

#include "base/limits.h"

void names_init(struct names *names)
{
    *names = (struct names){0};
    buffer_init(&names->bytes, 0);
}

void names_fini(struct names *names)
{
    buffer_fini(&names->bytes);
    vec_fini(&names->places);
}

void names_truncate(struct names *names, uint32_t count)
{
    if (count < names->places.count) {
        buffer_truncate(&names->bytes, names->places.items[count].offset);
        names->places.count = count;
    }
}

// Lengths mostly differ, and so do first bytes: texts are hardly ever compared in vain.
uint32_t names_find(const struct names *names, struct span text)
{
    const struct name_place *places = names->places.items;
    uint32_t count = names->places.count;
    for (uint32_t i = 0; i < count; i++) {
        if (places[i].len == text.len &&
            (text.len == 0 || (names->bytes.data[places[i].offset] == text.data[0] &&
                               span_equal(names_text(names, i + 1), text)))) {
            return i + 1;
        }
    }
    return 0;
}

enum status names_add(struct names *names, struct span text, uint32_t *ret_ref)
{
    TRY(vec_reserve_one(&names->places, LIMIT_NAMES_AN_ACCOUNT));
    uint32_t offset = (uint32_t)names->bytes.len;
    TRY(buffer_append(&names->bytes, text));
    names->places.items[names->places.count] =
        (struct name_place){.offset = offset, .len = (uint32_t)text.len};
    names->places.count++;
    *ret_ref = names->places.count;
    return STATUS_OK;
}
