// fuzz_seeds FOLDER: writes the seeds of all corpora below it. Run in the repository's root.
#include "fuzz/seeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/check.h"

enum { PATH_BYTES_MAX = 1024 };

static const char *root;

void seed_write(const char *driver, const char *name, struct span bytes)
{
    char path[PATH_BYTES_MAX];
    CHECK(snprintf(path, sizeof(path), "%s/%s", root, driver) < PATH_BYTES_MAX);
    (void)mkdir(path, 0777);
    CHECK(snprintf(path, sizeof(path), "%s/%s/%s", root, driver, name) < PATH_BYTES_MAX);
    FILE *file = fopen(path, "we");
    CHECK(file != NULL);
    CHECK(fwrite(bytes.data, 1, bytes.len, file) == bytes.len);
    CHECK(fclose(file) == 0);
}

void seed_write_text(const char *driver, const char *name, const char *text)
{
    seed_write(driver, name, span_of_text(text));
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
        return EXIT_FAILURE;
    }
    root = argv[1];
    seeds_frames();
    seeds_messages();
    seeds_requests();
    seeds_trees();
    seeds_dispatch();
    seeds_calls();
    seeds_stored();
    seeds_programs();
    seeds_identities();
    seeds_certificates();
    seeds_redis();
    seeds_answers();
    seeds_zones();
    seeds_ctl();
    return EXIT_SUCCESS;
}
