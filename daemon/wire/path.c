// Paths to text. Names come from outside too (keys of a document), so they are shown, not copied.
#include "wire/path.h"

#include <stdarg.h>
#include <stdio.h>

#include "wire/text.h"

// Nothing at all when it does not fit, and nothing after that.
__attribute__((format(printf, 3, 4))) static size_t append(char *out, size_t len,
                                                           const char *format, ...)
{
    if (len >= PATH_BYTES - 1) {
        return len;
    }
    va_list args;
    va_start(args, format);
    int added = vsnprintf(out + len, PATH_BYTES - len, format, args);
    va_end(args);
    if (added < 0 || (size_t)added >= PATH_BYTES - len) {
        out[len] = '\0';
        return PATH_BYTES - 1;
    }
    return len + (size_t)added;
}

size_t path_append_name(char out[PATH_BYTES], size_t len, struct span name)
{
    char shown[TEXT_SHOWN_BYTES];
    return append(out, len, "%s%s", len == 0 ? "" : ".", text_show(name, shown));
}

size_t path_append_index(char out[PATH_BYTES], size_t len, size_t index)
{
    return append(out, len, "[%zu]", index);
}

// As deep as whoever walks. NOLINTNEXTLINE(misc-no-recursion)
static size_t write_step(const struct path *path, char *out)
{
    size_t len = path->parent == NULL ? 0 : write_step(path->parent, out);
    return path->name.data == NULL ? path_append_index(out, len, path->index)
                                   : path_append_name(out, len, path->name);
}

const char *path_write(const struct path *path, char out[PATH_BYTES])
{
    out[0] = '\0';
    if (path != NULL) {
        (void)write_step(path, out);
    }
    return out;
}
