// `cert ca DIR` and `cert issue DIR NAME`: for trying out, tests and small installations; a chain
// with a PKI of its own issues the same certificates there.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "ctl/command.h"
#include "ctl/parse.h"
#include "ctl/x509.h"

enum {
    CA_DAYS = 3650,
    ISSUE_DAYS = 365,
    DAYS_MAX = 36500,
    NAMES_MAX = 8, // of each kind
    ARENA_BYTES = 64 * 1024,
    KEY_URI = 0x200,
    KEY_SERVER_CERT,
    KEY_IP,
    KEY_DNS,
    KEY_DAYS,
    KEY_REPLACE,
};

struct cert_line {
    struct globals globals;
    const char *folder;
    const char *name;
    bool server;
    bool replace;
    int64_t days;
    char *uris[NAMES_MAX + 1];
    char *ip_addresses[NAMES_MAX + 1];
    char *dns_names[NAMES_MAX + 1];
};

static void push(char **names, char *name, struct argp_state *state)
{
    size_t count = 0;
    while (names[count] != NULL) {
        count++;
    }
    if (count == NAMES_MAX) {
        argp_error(state, "at most %d names of a kind", NAMES_MAX);
        return;
    }
    names[count] = name;
}

static void take_argument(struct cert_line *line, char *arg, struct argp_state *state)
{
    if (state->arg_num == 0) {
        line->folder = arg;
    } else if (state->arg_num == 1) {
        if (strchr(arg, '/') != NULL || *arg == '.' || *arg == '\0') {
            argp_error(state, "%s is no name for a file", arg);
        }
        line->name = arg;
    } else {
        argp_usage(state);
    }
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct cert_line *line = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        take_argument(line, arg, state);
        return 0;
    case KEY_URI:
        push(line->uris, arg, state);
        return 0;
    case KEY_SERVER_CERT:
        line->server = true;
        return 0;
    case KEY_IP:
        push(line->ip_addresses, arg, state);
        return 0;
    case KEY_DNS:
        push(line->dns_names, arg, state);
        return 0;
    case KEY_DAYS:
        if (!parse_number(arg, -DAYS_MAX, DAYS_MAX, &line->days)) {
            argp_error(state, "%s is no number of days", arg);
        }
        return 0;
    case KEY_REPLACE:
        line->replace = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int fail(const char *what, const char *path)
{
    (void)fprintf(stderr, "loyaltyctl: %s %s: %s\n", what, path, x509_reason());
    return CTL_USAGE;
}

// Writes both files or says why not. Frees key and certificate.
static int write_pair(struct arena *arena, const struct cert_line *line, const char *name,
                      X509 *certificate, EVP_PKEY *key)
{
    const char *key_path = arena_printf(arena, "%s/%s.key", line->folder, name);
    const char *path = arena_printf(arena, "%s/%s.pem", line->folder, name);
    int code = CTL_OK;
    if (certificate == NULL || key_path == NULL || path == NULL) {
        code = fail("cannot make", name);
    } else if (!x509_write_key(key_path, key, line->replace)) {
        code = fail("cannot write", key_path);
    } else if (!x509_write_certificate(path, certificate, line->replace)) {
        code = fail("cannot write", path);
    } else {
        (void)printf("%s\n%s\n", path, key_path);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return code;
}

static const struct argp_option ca_options[] = {
    {"days", KEY_DAYS, "N", 0, "How long it is valid (3650)", 0},
    {"replace", KEY_REPLACE, NULL, 0, "Replace one that is there", 0},
    {0},
};

int cert_ca(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = ca_options,
        .parser = take,
        .args_doc = "DIR",
        .doc = "Makes a certificate authority: DIR/ca.pem, which servers and clients trust, and "
               "DIR/ca.key, which only `cert issue` needs; keep it safe.",
    };
    struct cert_line line = {.globals = *globals, .days = CA_DAYS};
    globals_parse(&parser, argc, argv, &line);
    if (line.folder == NULL || line.name != NULL) {
        (void)fprintf(stderr, "loyaltyctl cert ca: one folder\n");
        return CTL_USAGE;
    }
    if (mkdir(line.folder, 0700) != 0 && errno != EEXIST) {
        return fail("cannot make", line.folder);
    }
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    struct x509_wish wish = {.name = "loyalty CA", .authority = true, .days = line.days};
    EVP_PKEY *key = x509_key_new();
    X509 *certificate = key == NULL ? NULL : x509_issue(&wish, key, NULL, key);
    int code = write_pair(&arena, &line, "ca", certificate, key);
    arena_fini(&arena);
    return code;
}

static int issue(struct arena *arena, struct cert_line *line)
{
    struct x509_wish wish = {
        .name = line->name,
        .server = line->server,
        .uris = line->uris,
        .ip_addresses = line->ip_addresses,
        .dns_names = line->dns_names,
        .days = line->days,
    };
    const char *ca_path = arena_printf(arena, "%s/ca.pem", line->folder);
    const char *ca_key_path = arena_printf(arena, "%s/ca.key", line->folder);
    if (ca_path == NULL || ca_key_path == NULL) {
        return fail("cannot use", line->folder);
    }
    X509 *ca = x509_read_certificate(ca_path);
    if (ca == NULL) {
        return fail("cannot read", ca_path);
    }
    int code = CTL_USAGE;
    EVP_PKEY *ca_key = x509_read_key(ca_key_path);
    if (ca_key == NULL) {
        code = fail("cannot read", ca_key_path);
    } else {
        EVP_PKEY *key = x509_key_new();
        X509 *certificate = key == NULL ? NULL : x509_issue(&wish, key, ca, ca_key);
        code = write_pair(arena, line, line->name, certificate, key);
    }
    X509_free(ca);
    EVP_PKEY_free(ca_key);
    return code;
}

static const struct argp_option issue_options[] = {
    {"uri", KEY_URI, "URI", 0,
     "Who it is: spiffe://TRUST-DOMAIN/ROLE/UNIT...; role pos, partner, "
     "backend, admin or job",
     0},
    {"server", KEY_SERVER_CERT, NULL, 0, "For a server, not a client", 0},
    {"ip", KEY_IP, "ADDRESS", 0, "An address it is reached at", 0},
    {"dns", KEY_DNS, "NAME", 0, "A name it is reached by", 0},
    {"days", KEY_DAYS, "N", 0, "How long it is valid (365); negative: expired so long ago", 0},
    {"replace", KEY_REPLACE, NULL, 0, "Replace one that is there", 0},
    {0},
};

int cert_issue(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = issue_options,
        .parser = take,
        .args_doc = "DIR NAME",
        .doc = "Issues DIR/NAME.pem and DIR/NAME.key, signed by DIR/ca.key.\v"
               "A till:    --uri spiffe://vip.example/pos/store-0007/till-02\n"
               "An admin:  --uri spiffe://vip.example/admin/anna\n"
               "A server:  --server --dns points.example --ip 127.0.0.1",
    };
    struct cert_line line = {.globals = *globals, .days = ISSUE_DAYS};
    globals_parse(&parser, argc, argv, &line);
    if (line.name == NULL) {
        (void)fprintf(stderr, "loyaltyctl cert issue: a folder and a name\n");
        return CTL_USAGE;
    }
    bool named = line.uris[0] != NULL ||
                 (line.server && (line.ip_addresses[0] != NULL || line.dns_names[0] != NULL));
    if (!named) {
        (void)fprintf(stderr, "loyaltyctl cert issue: whom is it for? --uri, or for a server --ip "
                              "or --dns\n");
        return CTL_USAGE;
    }
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    int code = issue(&arena, &line);
    arena_fini(&arena);
    return code;
}
