// The parts in the order they were read, each after its parent; looked up a step at a time. Few
// problems are looked up in a document, so nothing is sorted.
#include "wire/lines.h"

#include "base/check.h"

void lines_fini(struct lines *lines)
{
    if (lines != NULL) {
        vec_fini(&lines->parts);
    }
}

enum status lines_add(struct lines *lines, struct lines_part part, uint32_t *ret_place)
{
    CHECK(lines->parts.count == 0 || part.parent < lines->parts.count);
    TRY(vec_reserve_one(&lines->parts, WIRE_DOCUMENT_PARTS));
    *ret_place = lines->parts.count;
    lines->parts.items[lines->parts.count++] = part;
    return STATUS_OK;
}

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

// late_days as lateDays: an underscore and the letter behind it count as that letter raised.
static bool same_name(struct span a, struct span b)
{
    size_t j = 0;
    for (size_t i = 0; i < a.len; i++, j++) {
        if (j < b.len && a.data[i] == b.data[j]) {
            continue;
        }
        if (j + 1 < b.len && is_upper(a.data[i]) && b.data[j] == '_' &&
            b.data[j + 1] == (a.data[i] | 0x20)) {
            j++;
        } else if (j < b.len && i + 1 < a.len && is_upper(b.data[j]) && a.data[i] == '_' &&
                   a.data[i + 1] == (b.data[j] | 0x20)) {
            i++;
        } else {
            return false;
        }
    }
    return j == b.len;
}

// Takes "[12]" or "name" off the front of a path; false at its end, or when it is no path.
static bool take_step(struct span *path, struct lines_part *ret_step)
{
    size_t at = 0;
    *ret_step = (struct lines_part){0};
    if (path->len > 0 && path->data[0] == '[') {
        for (at = 1; at < path->len && path->data[at] != ']' && at < 10; at++) {
            ret_step->index = ret_step->index * 10 + (uint32_t)(path->data[at] - '0');
        }
        *path = span_from(*path, at < path->len ? at + 1 : at);
        return true;
    }
    if (path->len > 0 && path->data[0] == '.') {
        *path = span_from(*path, 1);
    }
    while (at < path->len && path->data[at] != '.' && path->data[at] != '[') {
        at++;
    }
    ret_step->name = span_of(path->data, at);
    *path = span_from(*path, at);
    return at > 0;
}

static bool is_step(const struct lines_part *part, const struct lines_part *step)
{
    if (step->name.data == NULL || part->name.data == NULL) {
        return step->name.data == part->name.data && step->index == part->index;
    }
    return same_name(part->name, step->name);
}

// The place `path` leads to, or the last one on the way with a rest left.
static uint32_t follow(const struct lines *lines, struct span path, bool *ret_whole)
{
    uint32_t place = 0;
    struct lines_part step;
    while (take_step(&path, &step)) {
        step.parent = place;
        for (uint32_t i = place + 1; i < lines->parts.count; i++) {
            const struct lines_part *part = &lines->parts.items[i];
            if (part->parent == place && is_step(part, &step)) {
                place = i;
                break;
            }
        }
        if (place == step.parent) {
            *ret_whole = false;
            return place;
        }
    }
    *ret_whole = true;
    return place;
}

uint32_t lines_find(const struct lines *lines, struct span path)
{
    bool whole = false;
    return lines->parts.count == 0 ? 0 : lines->parts.items[follow(lines, path, &whole)].line;
}

bool lines_holds(const struct lines *lines, struct span path)
{
    bool whole = false;
    if (lines->parts.count > 0) {
        (void)follow(lines, path, &whole);
    }
    return whole;
}
