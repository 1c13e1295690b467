// Not there yet.
#include <stdio.h>

#include "ctl/command.h"

static int not_yet(const char *name)
{
    (void)fprintf(stderr, "%s: not there yet\n", name);
    return CTL_USAGE;
}

int context_list(int argc, char **argv, const struct globals *globals)
{
    (void)argc;
    (void)globals;
    return not_yet(argv[0]);
}

int context_show(int argc, char **argv, const struct globals *globals)
{
    (void)argc;
    (void)globals;
    return not_yet(argv[0]);
}

int context_set(int argc, char **argv, const struct globals *globals)
{
    (void)argc;
    (void)globals;
    return not_yet(argv[0]);
}

int context_use(int argc, char **argv, const struct globals *globals)
{
    (void)argc;
    (void)globals;
    return not_yet(argv[0]);
}

int context_delete(int argc, char **argv, const struct globals *globals)
{
    (void)argc;
    (void)globals;
    return not_yet(argv[0]);
}
