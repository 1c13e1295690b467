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

struct span names_text(const struct names *names, uint32_t ref)
{
    if (ref == 0 || ref > names->places.count) {
        return span_of(NULL, 0);
    }
    const struct name_place *place = &names->places.items[ref - 1];
    return span_of(names->bytes.data + place->offset, place->len);
}

uint32_t names_find(const struct names *names, struct span text)
{
    for (uint32_t ref = 1; ref <= names->places.count; ref++) {
        if (span_equal(names_text(names, ref), text)) {
            return ref;
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
