// A wish to stop (SIGINT, SIGTERM, SIGHUP) that is looked at where it can be followed: what was
// begun is undone before the program ends. Children stand in a group of their own, so that a
// terminal's Ctrl-C is this program's alone.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

// From now on these signals are only noted. A second one ends the program at once.
void ledger_stop_watch(void);
bool ledger_stop_asked(void);

// In a child, before it becomes another program: it ends with us, however that is. False when we
// have ended already.
bool ledger_stop_follow(pid_t parent);
