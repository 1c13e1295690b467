// loyaltyd.
#include "app/daemon.h"
#include "app/options.h"

int main(int argc, char **argv)
{
    struct options options;
    options_parse(argc, argv, &options);
    return daemon_run(&options);
}
