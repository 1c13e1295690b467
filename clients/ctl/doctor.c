// Not there yet.
#include <stdio.h>

#include "ctl/command.h"

static int not_yet(const char *name)
{
    (void)fprintf(stderr, "%s: not there yet\n", name);
    return CTL_USAGE;
}

int doctor(int argc, char **argv, const struct globals *globals)
{
    (void)argc;
    (void)globals;
    return not_yet(argv[0]);
}
