// By lines: behind "redeem:" stands what a line of it may be.
#include "till/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 4096, FLOOR_POINTS = 100 };

static bool has_floor(FILE *file)
{
    char line[LINE_BYTES];
    bool found = false;
    while (!found && fgets(line, sizeof(line), file) != NULL) {
        found = strstr(line, "offline_floor_points") != NULL;
    }
    rewind(file);
    return found;
}

static bool copy(FILE *in, FILE *out)
{
    bool missing = !has_floor(in);
    char line[LINE_BYTES];
    while (fgets(line, sizeof(line), in) != NULL) {
        if (fputs(line, out) == EOF) {
            return false;
        }
        if (missing && strcmp(line, "redeem:\n") == 0 &&
            fprintf(out, "  offline_floor_points: %d\n", FLOOR_POINTS) < 0) {
            return false;
        }
    }
    return ferror(in) == 0;
}

bool program_write(const char *from, const char *to)
{
    FILE *in = fopen(from, "re");
    FILE *out = in == NULL ? NULL : fopen(to, "we");
    bool good = out != NULL && copy(in, out);
    int error = errno;
    if (in != NULL) {
        (void)fclose(in);
    }
    good = out != NULL && fclose(out) == 0 && good;
    if (!good) {
        (void)fprintf(stderr, "loyalty-till: the program %s cannot be used: %s\n", from,
                      strerror(error));
    }
    return good;
}
