// The HTTP face of a loyalty-bench that was built without libhttp-parser-dev: says so when a load
// asks for it. tests/bench/run installs the package before it builds; the other tests do not.
#include <stdio.h>
#include <stdlib.h>

#include "bench/face.h"

static struct bench_link *absent_open(const struct bench_options *options, bench_done_fn *done)
{
    (void)options;
    (void)done;
    fprintf(stderr, "loyalty-bench: no face http: it was built without libhttp-parser-dev\n");
    exit(EXIT_FAILURE);
}

const struct bench_face bench_face_http = {.name = "http", .json = true, .open = absent_open};
