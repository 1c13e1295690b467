// Each file is read as the daemon reads it, then forgotten.
#include "app/config_check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/ssl.h>

#include "app/code_keys.h"
#include "app/option_parts.h"
#include "app/profile_keys.h"
#include "app/secrets.h"
#include "net/tls.h"

struct server_tls_options config_tls(const struct options *options)
{
    return (struct server_tls_options){
        .certificate_path = options->tls_certificate,
        .key_path = options->tls_key,
        .client_ca_path = options->tls_ca,
        .crl_path = options->tls_crl,
        .trust_domain = options->trust_domain,
    };
}

struct server_limits config_limits(const struct options *options)
{
    return (struct server_limits){
        .connections = options->max_connections,
        .handshakes = options->max_handshakes,
        .in_flight = options->max_in_flight,
        .handshake_ms = options->handshake_ms,
        .frame_ms = options->frame_ms,
    };
}

struct checking {
    struct options *options;
    struct option_errors *errors;
};

static void judge(struct checking *checking, const char *name, const char *path, enum status status,
                  const char *form)
{
    if (status != STATUS_OK) {
        option_error(checking->options, checking->errors, "%s: %s: %s",
                     checking->options->given[option_find(name)].source, path,
                     status == STATUS_IO ? strerrordesc_np(errno) : form);
    }
}

static void check_tls(struct checking *checking)
{
    const struct server_tls_options tls = config_tls(checking->options);
    char error[LIMIT_TEXT_BYTES] = "";
    SSL_CTX *context = NULL;
    if (tls_context_new(&tls, error, sizeof error, &context) != STATUS_OK) {
        option_error(checking->options, checking->errors, "TLS: %s", error);
    }
    SSL_CTX_free(context);
}

static void check_secrets(struct checking *checking)
{
    const struct options *options = checking->options;
    if (options->redis_password_file != NULL) {
        char password[SECRETS_PASSWORD_BYTES];
        judge(checking, "redis-password-file", options->redis_password_file,
              secrets_password(options->redis_password_file, password),
              "its first line is the password");
        secrets_wipe(password, sizeof password);
    }
    if (options->identifier_key_file != NULL) {
        uint8_t key[IDENTIFIER_SECRET_BYTES];
        judge(checking, "identifier-key-file", options->identifier_key_file,
              secrets_key(options->identifier_key_file, key), "it holds 64 hex digits");
        secrets_wipe(key, sizeof key);
    }
}

static void check_code_keys(struct checking *checking)
{
    struct code_keys keys;
    code_keys_init(&keys);
    for (size_t i = 0; i < checking->options->code_keys.count; i++) {
        const char *path = checking->options->code_keys.items[i];
        judge(checking, "code-key", path, code_keys_add(&keys, path),
              "it is a private Ed25519 key, PEM, given once");
    }
    code_keys_fini(&keys);
}

static void check_profile_keys(struct checking *checking)
{
    struct profile_keys keys;
    profile_keys_init(&keys);
    for (size_t i = 0; i < checking->options->profile_keys.count; i++) {
        const char *path = checking->options->profile_keys.items[i];
        judge(checking, "profile-key", path, profile_keys_add(&keys, path),
              "it holds 64 hex digits");
    }
    profile_keys_fini(&keys);
}

// A folder that is not there yet is made at the start, in one that is.
static void check_embedded(struct checking *checking)
{
    const char *path = checking->options->embedded;
    struct stat entry;
    if (path != NULL && stat(path, &entry) == 0 && !S_ISDIR(entry.st_mode)) {
        judge(checking, "embedded", path, STATUS_INVALID, "it is no folder");
    }
}

bool config_check(struct options *options, struct option_errors *ret_errors)
{
    struct checking checking = {.options = options, .errors = ret_errors};
    check_tls(&checking);
    check_secrets(&checking);
    check_code_keys(&checking);
    check_profile_keys(&checking);
    check_embedded(&checking);
    return ret_errors->count + ret_errors->more == 0;
}
