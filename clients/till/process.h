// Programs that stand beside loyalty-till (or in PATH): run to their end, or kept running.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum { PROCESS_PATH_BYTES = 4096 };

// Where a program of ours is: in the folder of the running one, else just its name.
void process_find(const char *name, char ret_path[PROCESS_PATH_BYTES]);
// `arguments` ends in NULL, its first is the program. Output goes behind what is in the file `log`.
// -1 with the reason on stderr.
pid_t process_start(const char *const *arguments, const char *log);
// Starts and waits; true when it ended with 0.
bool process_run(const char *const *arguments, const char *log);
// Whether a child still runs; one that has ended is reaped.
bool process_runs(pid_t pid);
// SIGKILL, and waits for its end. `pid` <= 0 is fine.
void process_kill(pid_t pid);
// SIGTERM, waits some seconds, then as above. True when it ended with 0.
bool process_stop(pid_t pid);
// A child of a child; 0: it has none.
pid_t process_child_of(pid_t pid);
