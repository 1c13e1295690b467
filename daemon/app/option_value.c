// Texts to values, by the table's kinds.
#include "app/option_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"

static void *field(const struct option_row *row, struct options *options)
{
    return (char *)options + row->offset;
}

static bool take_number(const char *text, int64_t least, int64_t most, int64_t *ret_value)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool digits = *text == '-' ? text[1] >= '0' && text[1] <= '9' : *text >= '0' && *text <= '9';
    if (!digits || *end != '\0' || errno != 0 || value < least || value > most) {
        return false;
    }
    *ret_value = value;
    return true;
}

// "127.0.0.1:7411" or "[::1]:7411".
static bool take_address(const char *text, struct option_address *ret_address)
{
    const char *colon = strrchr(text, ':');
    int64_t port = 0;
    if (colon == NULL || !take_number(colon + 1, 0, UINT16_MAX, &port)) {
        return false;
    }
    size_t len = (size_t)(colon - text);
    bool six = len > 2 && text[0] == '[' && colon[-1] == ']';
    text += six ? 1 : 0;
    len -= six ? 2 : 0;
    struct option_address address = {.port = (uint16_t)port};
    if (len == 0 || len >= sizeof address.host) {
        return false;
    }
    memcpy(address.host, text, len);
    struct in6_addr bytes;
    if (inet_pton(six ? AF_INET6 : AF_INET, address.host, &bytes) != 1) {
        return false;
    }
    *ret_address = address;
    return true;
}

static bool is_loopback(const struct option_address *address)
{
    return strncmp(address->host, "127.", 4) == 0 || strcmp(address->host, "::1") == 0;
}

static bool take_store(const char *text, struct option_store *ret_store)
{
    static const char unix_prefix[] = "unix:";
    size_t prefix = sizeof unix_prefix - 1;
    struct option_store store = {0};
    if (strncmp(text, unix_prefix, prefix) == 0) {
        store.path = text + prefix;
    }
    if (store.path != NULL ? *store.path == '\0' : !take_address(text, &store.at)) {
        return false;
    }
    *ret_store = store;
    return true;
}

static bool take_word(const char *const *words, const char *text, uint32_t *ret_index)
{
    for (uint32_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static bool take_bool(const char *no, const char *yes, const char *text, bool *ret_value)
{
    const char *const words[] = {no, yes, NULL};
    uint32_t index = 0;
    if (!take_word(words, text, &index)) {
        return false;
    }
    *ret_value = index == 1;
    return true;
}

static bool take_path(struct option_list *list, const char *text, int64_t most)
{
    if (*text == '\0' || list->count >= (size_t)most) {
        return false;
    }
    list->items[list->count++] = text;
    return true;
}

static bool take_sized_number(const struct option_row *row, const char *text,
                              struct options *options)
{
    int64_t number = 0;
    if (!take_number(text, row->least, row->most, &number)) {
        return false;
    }
    if (row->kind == OPTION_OFFSET) {
        *(int64_t *)field(row, options) = number;
    } else {
        *(uint32_t *)field(row, options) = (uint32_t)number;
    }
    return true;
}

static bool take_listener(const struct option_row *row, const char *text, struct options *options)
{
    struct option_address address;
    if (!take_address(text, &address) || (row->kind == OPTION_LOOPBACK && !is_loopback(&address))) {
        return false;
    }
    *(struct option_address *)field(row, options) = address;
    return true;
}

bool option_set(const struct option_row *row, const char *text, struct options *options)
{
    void *value = field(row, options);
    switch (row->kind) {
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_FOLDER:
        *(const char **)value = text;
        return *text != '\0';
    case OPTION_ADDRESS:
    case OPTION_LOOPBACK:
        return take_listener(row, text, options);
    case OPTION_STORE:
        return take_store(text, value);
    case OPTION_NUMBER:
    case OPTION_OFFSET:
        return take_sized_number(row, text, options);
    case OPTION_WORD:
        return take_word(row->words, text, value);
    case OPTION_SWITCH:
        return take_bool("off", "on", text, value);
    case OPTION_FLAG:
        return take_bool("no", "yes", text, value);
    case OPTION_FILES:
        return take_path(value, text, row->most);
    }
    return false;
}
