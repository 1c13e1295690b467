// A walk over both trees. A list whose elements all have an id is a set of named parts in an order;
// one of plain values is a set of values; any other is matched by place.
#include "ctl/program_changes.h"

#include <string.h>

// What elements are known by, in lists that have such.
static const char *const id_fields[] = {"id", "tier_id", "kind"};

enum { ID_FIELDS = sizeof(id_fields) / sizeof(id_fields[0]), CAPACITY_MIN = 16 };

static enum status walk(struct program_changes *changes, const char *path, const json_t *before,
                        const json_t *after);

static enum status add(struct program_changes *changes, const char *path, const json_t *before,
                       const json_t *after)
{
    if (path == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (changes->count == changes->capacity) {
        size_t capacity = changes->capacity == 0 ? CAPACITY_MIN : 2 * changes->capacity;
        struct program_change *items = arena_alloc_array(changes->arena, capacity, sizeof(*items));
        if (items == NULL) {
            return STATUS_NO_MEMORY;
        }
        if (changes->count > 0) {
            memcpy(items, changes->items, changes->count * sizeof(*items));
        }
        changes->items = items;
        changes->capacity = capacity;
    }
    changes->items[changes->count++] =
        (struct program_change){.path = path, .before = before, .after = after};
    return STATUS_OK;
}

static const char *below(const struct program_changes *changes, const char *path, const char *name)
{
    return arena_printf(changes->arena, "%s%s%s", path, *path == '\0' ? "" : ".", name);
}

// Documents nest as deep as their type does. NOLINTBEGIN(misc-no-recursion)
static enum status walk_objects(struct program_changes *changes, const char *path,
                                const json_t *before, const json_t *after)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)before, name, value)
    {
        TRY(walk(changes, below(changes, path, name), value, json_object_get(after, name)));
    }
    json_object_foreach((json_t *)after, name, value)
    {
        if (json_object_get(before, name) == NULL) {
            TRY(walk(changes, below(changes, path, name), NULL, value));
        }
    }
    return STATUS_OK;
}

// --- lists ---

static const char *id_of(const json_t *element, const char *field)
{
    return json_string_value(json_object_get(element, field));
}

static const json_t *find_id(const json_t *list, const char *field, const char *id)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        if (strcmp(id_of(element, field), id) == 0) {
            return element;
        }
    }
    return NULL;
}

static bool all_have(const json_t *list, const char *field)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        const char *id = id_of(element, field);
        if (id == NULL || find_id(list, field, id) != element) {
            return false;
        }
    }
    return true;
}

// The ids of `list` that `other` has too, in their order; owned by `changes`.
static const json_t *common_ids(const struct program_changes *changes, const json_t *list,
                                const json_t *other, const char *field)
{
    json_t *ids = json_array();
    for (size_t i = 0; ids != NULL && i < json_array_size(list); i++) {
        const char *id = id_of(json_array_get(list, i), field);
        if (find_id(other, field, id) != NULL) {
            (void)json_array_append_new(ids, json_string(id));
        }
    }
    return json_array_append_new(changes->owned, ids) == 0 ? ids : NULL;
}

static enum status walk_named(struct program_changes *changes, const char *path,
                              const json_t *before, const json_t *after, const char *field)
{
    for (size_t i = 0; i < json_array_size(before); i++) {
        const json_t *element = json_array_get(before, i);
        const char *id = id_of(element, field);
        TRY(walk(changes, arena_printf(changes->arena, "%s[%s]", path, id), element,
                 find_id(after, field, id)));
    }
    for (size_t i = 0; i < json_array_size(after); i++) {
        const json_t *element = json_array_get(after, i);
        const char *id = id_of(element, field);
        if (find_id(before, field, id) == NULL) {
            TRY(add(changes, arena_printf(changes->arena, "%s[%s]", path, id), NULL, element));
        }
    }
    const json_t *order = common_ids(changes, before, after, field);
    const json_t *order_after = common_ids(changes, after, before, field);
    if (order == NULL || order_after == NULL) {
        return STATUS_NO_MEMORY;
    }
    return json_equal(order, order_after) ? STATUS_OK : add(changes, path, order, order_after);
}

static bool is_plain(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        if (json_is_object(element) || json_is_array(element)) {
            return false;
        }
    }
    return true;
}

static bool has_value(const json_t *list, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), value)) {
            return true;
        }
    }
    return false;
}

// What went, then what came; where only their order has changed, the lists.
static enum status walk_plain(struct program_changes *changes, const char *path,
                              const json_t *before, const json_t *after)
{
    size_t count = changes->count;
    const char *place = arena_printf(changes->arena, "%s[]", path);
    for (size_t i = 0; i < json_array_size(before); i++) {
        const json_t *value = json_array_get(before, i);
        if (!has_value(after, value)) {
            TRY(add(changes, place, value, NULL));
        }
    }
    for (size_t i = 0; i < json_array_size(after); i++) {
        const json_t *value = json_array_get(after, i);
        if (!has_value(before, value)) {
            TRY(add(changes, place, NULL, value));
        }
    }
    return changes->count > count ? STATUS_OK : add(changes, path, before, after);
}

static enum status walk_places(struct program_changes *changes, const char *path,
                               const json_t *before, const json_t *after)
{
    size_t count = json_array_size(before) > json_array_size(after) ? json_array_size(before)
                                                                    : json_array_size(after);
    for (size_t i = 0; i < count; i++) {
        TRY(walk(changes, arena_printf(changes->arena, "%s[%zu]", path, i),
                 json_array_get(before, i), json_array_get(after, i)));
    }
    return STATUS_OK;
}

static enum status walk_lists(struct program_changes *changes, const char *path,
                              const json_t *before, const json_t *after)
{
    if (is_plain(before) && is_plain(after)) {
        return walk_plain(changes, path, before, after);
    }
    for (size_t i = 0; i < ID_FIELDS; i++) {
        if (all_have(before, id_fields[i]) && all_have(after, id_fields[i])) {
            return walk_named(changes, path, before, after, id_fields[i]);
        }
    }
    return walk_places(changes, path, before, after);
}

// One that is not there is empty.
static bool is_list(const json_t *tree)
{
    return tree == NULL || json_is_array(tree);
}

static enum status walk(struct program_changes *changes, const char *path, const json_t *before,
                        const json_t *after)
{
    if (path == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (before != NULL && after != NULL && json_equal(before, after)) {
        return STATUS_OK;
    }
    if (json_is_object(before) && json_is_object(after)) {
        return walk_objects(changes, path, before, after);
    }
    if (is_list(before) && is_list(after)) {
        return walk_lists(changes, path, before, after);
    }
    return add(changes, path, before, after);
}

// NOLINTEND(misc-no-recursion)

enum status program_changes_find(const json_t *before, const json_t *after,
                                 struct program_changes *changes)
{
    changes->owned = json_array();
    return changes->owned == NULL ? STATUS_NO_MEMORY : walk(changes, "", before, after);
}

void program_changes_fini(struct program_changes *changes)
{
    json_decref(changes->owned);
    changes->owned = NULL;
}
