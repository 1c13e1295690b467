// loyaltyd: reads its options, and serves, or says what they come to.
#include <stdio.h>
#include <stdlib.h>

#include "app/config_check.h"
#include "app/daemon.h"
#include "app/option_dump.h"
#include "app/options.h"

enum { EXIT_WRONG_OPTIONS = 2 };

int main(int argc, char **argv)
{
    struct options options;
    struct option_errors errors;
    int code = EXIT_WRONG_OPTIONS;
    if (!options_load(argc, argv, &options, &errors)) {
        options_errors_print(&errors);
    } else if (options.dump_reference != NULL) {
        option_dump_reference(options.dump_reference);
        code = EXIT_SUCCESS;
    } else if (options.dump_config) {
        options_dump(&options);
        code = EXIT_SUCCESS;
    } else if (!options.check_config) {
        code = daemon_run(argc, argv, &options);
    } else if (config_check(&options, &errors)) {
        puts("good");
        code = EXIT_SUCCESS;
    } else {
        options_errors_print(&errors);
    }
    options_fini(&options);
    return code;
}
