// Keys from files.
#include "app/keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/secrets.h"

enum { PATH_BYTES = 4096 };

static const char *in_folder(const struct options *options, const char *name, char path[PATH_BYTES])
{
    (void)snprintf(path, PATH_BYTES, "%s/%s", options->embedded, name);
    return path;
}

static enum status read_identifier(struct keys *keys, const struct options *options)
{
    char made[PATH_BYTES];
    const char *path = options->identifier_key_file;
    keys->has_identifier = path != NULL || options->embedded != NULL;
    if (path != NULL) {
        return secrets_key(path, keys->identifier);
    }
    return options->embedded == NULL
               ? STATUS_OK
               : secrets_key_made(in_folder(options, "identifier.key", made), keys->identifier);
}

static enum status read_codes(struct keys *keys, const struct options *options)
{
    char made[PATH_BYTES];
    for (size_t i = 0; i < options->code_keys.count; i++) {
        TRY(code_keys_add(&keys->codes, options->code_keys.items[i]));
    }
    return options->embedded == NULL || options->code_keys.count > 0
               ? STATUS_OK
               : code_keys_add_made(&keys->codes, in_folder(options, "code.key", made));
}

static enum status read_profiles(struct keys *keys, const struct options *options)
{
    char made[PATH_BYTES];
    for (size_t i = 0; i < options->profile_keys.count; i++) {
        TRY(profile_keys_add(&keys->profiles, options->profile_keys.items[i]));
    }
    return options->embedded == NULL || options->profile_keys.count > 0
               ? STATUS_OK
               : profile_keys_add_made(&keys->profiles, in_folder(options, "profile.key", made));
}

enum status keys_read(struct keys *keys, const struct options *options, const char **ret_what,
                      const char **ret_why)
{
    static const struct {
        enum status (*read)(struct keys *keys, const struct options *options);
        const char *what;
        const char *form;
    } parts[] = {
        {read_identifier, "identifier-key-file", "it holds 64 hex digits"},
        {read_codes, "code-key", "it is a private Ed25519 key, PEM"},
        {read_profiles, "profile-key", "it holds 64 hex digits"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        enum status status = parts[i].read(keys, options);
        if (status != STATUS_OK) {
            *ret_what = parts[i].what;
            *ret_why = status == STATUS_IO ? strerror(errno) : parts[i].form;
            return status;
        }
    }
    *ret_what = "";
    *ret_why = "";
    return STATUS_OK;
}

void keys_init(struct keys *keys)
{
    *keys = (struct keys){0};
    code_keys_init(&keys->codes);
    profile_keys_init(&keys->profiles);
}

void keys_fini(struct keys *keys)
{
    secrets_wipe(keys->identifier, sizeof keys->identifier);
    code_keys_fini(&keys->codes);
    profile_keys_fini(&keys->profiles);
}
