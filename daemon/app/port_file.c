// Written beside it, then renamed.
#include "app/port_file.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

enum { PATH_BYTES = 4096 };

enum status port_file_write(const char *path, uint16_t port)
{
    char partial[PATH_BYTES];
    snprintf(partial, sizeof partial, "%s.part", path);
    FILE *file = fopen(partial, "we");
    if (file == NULL) {
        return STATUS_IO;
    }
    bool written = fprintf(file, "%" PRIu16 "\n", port) > 0;
    written = fclose(file) == 0 && written;
    return written && rename(partial, path) == 0 ? STATUS_OK : STATUS_IO;
}
