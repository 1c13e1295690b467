// Lines are read here, one by one, for inih cuts what is long and does not number what it hands on.
#include "ctl/contexts.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 199, FAULT_BYTES = 256 };

// --- names and values ---

bool context_name_fits(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(name);
    return len > 0 && len < CONTEXT_NAME_BYTES && strspn(name, allowed) == len;
}

const char *context_value_fault(enum globals_value value, const char *text)
{
    size_t len = strlen(text);
    if (len >= CONTEXT_VALUE_BYTES) {
        return "is longer than 183 bytes";
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < ' ' || byte == 0x7f || byte == ';') {
            return "has a control character or a semicolon in it";
        }
    }
    if (len > 0 && (text[0] == ' ' || text[len - 1] == ' ')) {
        return "begins or ends with a space";
    }
    if (value == GLOBALS_OUTPUT && len > 0 && !globals_is_output(text)) {
        return "is neither table nor json";
    }
    return NULL;
}

struct context *contexts_find(struct contexts *contexts, const char *name)
{
    for (size_t i = 0; i < contexts->count; i++) {
        if (strcmp(contexts->rows[i].name, name) == 0) {
            return &contexts->rows[i];
        }
    }
    return NULL;
}

struct context *contexts_add(struct contexts *contexts, const char *name)
{
    struct context *context = contexts_find(contexts, name);
    if (context == NULL && contexts->count < CONTEXTS_MAX) {
        context = &contexts->rows[contexts->count++];
        *context = (struct context){0};
        (void)snprintf(context->name, sizeof(context->name), "%s", name);
    }
    return context;
}

void contexts_remove(struct contexts *contexts, struct context *context)
{
    if (strcmp(contexts->current, context->name) == 0) {
        contexts->current[0] = '\0';
    }
    size_t behind = contexts->count - (size_t)(context - contexts->rows) - 1;
    memmove(context, context + 1, behind * sizeof(*context));
    contexts->count--;
}

int contexts_unknown(const struct contexts *contexts, const char *name)
{
    (void)fprintf(stderr,
                  "loyaltyctl: there is no context '%s' in %s; see loyaltyctl context list\n", name,
                  *contexts->path == '\0' ? "any file" : contexts->path);
    return CTL_USAGE;
}

// --- reading ---

struct reading {
    struct contexts *contexts;
    FILE *file;
    int line;
    size_t bytes;
    int fault_line; // 0: none yet
    char fault[FAULT_BYTES];
};

static void blame(struct reading *reading, const char *what, const char *about, const char *right)
{
    if (reading->fault_line == 0) {
        reading->fault_line = reading->line;
        (void)snprintf(reading->fault, sizeof(reading->fault), "%s%.64s%s", what, about, right);
    }
}

static bool is_text(int byte)
{
    return byte >= ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

// inih's fgets.
static char *read_line(char *out, int bytes, void *stream)
{
    struct reading *reading = stream;
    int len = 0;
    int byte = getc(reading->file);
    reading->line++;
    for (; byte != EOF; byte = getc(reading->file)) {
        if (!is_text(byte) || ++reading->bytes > CONTEXTS_FILE_BYTES_MAX) {
            blame(reading, is_text(byte) ? "the file is longer than 64 KiB" : "this is no text", "",
                  "");
            return NULL;
        }
        if (len >= LINE_BYTES_MAX - 1 || len >= bytes - 1) {
            blame(reading, "a line has at most 198 bytes", "", "");
            return NULL;
        }
        out[len++] = (char)byte;
        if (byte == '\n') {
            break;
        }
    }
    out[len] = '\0';
    return len == 0 ? NULL : out;
}

static int take_current(struct reading *reading, const char *name, const char *value)
{
    if (strcmp(name, "current") != 0) {
        blame(reading, "'", name, "' stands before any [CONTEXT]; only current may");
    } else if (!context_name_fits(value)) {
        blame(reading, "'", value, "' cannot name a context");
    } else if (*reading->contexts->current != '\0') {
        blame(reading, "'", name, "' is given twice");
    } else {
        (void)snprintf(reading->contexts->current, CONTEXT_NAME_BYTES, "%s", value);
    }
    return reading->fault_line == 0;
}

static enum globals_value value_named(const char *name)
{
    enum globals_value value = 0;
    while (value < GLOBALS_VALUES && strcmp(name, globals_name(value)) != 0) {
        value++;
    }
    return value;
}

// inih's handler: 0 is an error.
static int take_value(void *user, const char *section, const char *name, const char *text)
{
    struct reading *reading = user;
    if (*section == '\0') {
        return take_current(reading, name, text);
    }
    enum globals_value value = value_named(name);
    struct context *context =
        context_name_fits(section) ? contexts_add(reading->contexts, section) : NULL;
    if (value == GLOBALS_VALUES) {
        blame(reading, "there is no '", name,
              "'; there are server, tls, as, ca, cert, key and output");
    } else if (!context_name_fits(section)) {
        blame(reading, "'", section, "' cannot name a context");
    } else if (context == NULL) {
        blame(reading, "there are more than 64 contexts", "", "");
    } else if (context_value_fault(value, text) != NULL) {
        blame(reading, name, " ", context_value_fault(value, text));
    } else if (*context->values[value] != '\0') {
        blame(reading, "'", name, "' is given twice");
    } else {
        (void)snprintf(context->values[value], CONTEXT_VALUE_BYTES, "%s", text);
    }
    return reading->fault_line == 0;
}

// The folder of all, and whether there is one.
static bool find_path(char path[CONTEXTS_PATH_BYTES])
{
    const char *folder = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int len = 0;
    if (folder != NULL && *folder == '/') {
        len = snprintf(path, CONTEXTS_PATH_BYTES, "%s/loyalty/contexts", folder);
    } else if (home != NULL && *home == '/') {
        len = snprintf(path, CONTEXTS_PATH_BYTES, "%s/.config/loyalty/contexts", home);
    }
    if (len <= 0 || len >= CONTEXTS_PATH_BYTES) {
        *path = '\0';
    }
    return *path != '\0';
}

static int complain(const char *path, const char *what)
{
    (void)fprintf(stderr, "loyaltyctl: %s: %s: %s\n", path, what, strerror(errno));
    return CTL_USAGE;
}

int contexts_read(struct contexts *ret_contexts)
{
    *ret_contexts = (struct contexts){0};
    if (!find_path(ret_contexts->path)) {
        return CTL_OK;
    }
    struct reading reading = {.contexts = ret_contexts, .file = fopen(ret_contexts->path, "re")};
    if (reading.file == NULL) {
        return errno == ENOENT ? CTL_OK : complain(ret_contexts->path, "cannot be read");
    }
    int line = ini_parse_stream(read_line, &reading, take_value, &reading);
    bool failed = ferror(reading.file) != 0;
    (void)fclose(reading.file);
    if (failed) {
        return complain(ret_contexts->path, "cannot be read");
    }
    if (line > 0 && (reading.fault_line == 0 || line < reading.fault_line)) {
        reading.line = line;
        reading.fault_line = 0;
        blame(&reading, "neither [CONTEXT] nor NAME = VALUE", "", "");
    }
    if (reading.fault_line != 0) {
        (void)fprintf(stderr, "loyaltyctl: %s:%d: %s\n", ret_contexts->path, reading.fault_line,
                      reading.fault);
        return CTL_USAGE;
    }
    return CTL_OK;
}

// --- writing ---

static bool make_folders(const char *path)
{
    char folder[CONTEXTS_PATH_BYTES];
    (void)snprintf(folder, sizeof(folder), "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
            return false;
        }
        *slash = '/';
    }
    return true;
}

static void write_rows(const struct contexts *contexts, FILE *out)
{
    (void)fprintf(out, "# Servers that loyaltyctl knows by name; loyalty-contexts(5) says how.\n");
    if (*contexts->current != '\0') {
        (void)fprintf(out, "current = %s\n", contexts->current);
    }
    for (size_t i = 0; i < contexts->count; i++) {
        (void)fprintf(out, "\n[%s]\n", contexts->rows[i].name);
        for (enum globals_value value = 0; value < GLOBALS_VALUES; value++) {
            if (*contexts->rows[i].values[value] != '\0') {
                (void)fprintf(out, "%s = %s\n", globals_name(value),
                              contexts->rows[i].values[value]);
            }
        }
    }
}

static bool write_file(const struct contexts *contexts, int file)
{
    FILE *out = fdopen(file, "w");
    if (out == NULL) {
        (void)close(file);
        return false;
    }
    write_rows(contexts, out);
    bool written = ferror(out) == 0 && fflush(out) == 0 && fsync(file) == 0;
    return fclose(out) == 0 && written;
}

int contexts_write(const struct contexts *contexts)
{
    if (*contexts->path == '\0') {
        (void)fprintf(stderr, "loyaltyctl: neither XDG_CONFIG_HOME nor HOME says where contexts "
                              "are kept\n");
        return CTL_USAGE;
    }
    char fresh[CONTEXTS_PATH_BYTES + 8];
    (void)snprintf(fresh, sizeof(fresh), "%s.XXXXXX", contexts->path);
    int file = make_folders(contexts->path) ? mkostemp(fresh, O_CLOEXEC) : -1;
    if (file < 0) {
        return complain(contexts->path, "cannot be written");
    }
    if (!write_file(contexts, file) || rename(fresh, contexts->path) != 0) {
        int code = complain(contexts->path, "cannot be written");
        (void)unlink(fresh);
        return code;
    }
    return CTL_OK;
}
