// A failed CHECK ends the process at once: state that broke an invariant must not be written on.
// The core dump is the report; nothing is flushed, no exit handler runs.
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "CHECK failed: %s at %s:%d\n", condition, file, line);
    abort();
}
