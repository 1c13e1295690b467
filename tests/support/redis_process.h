// A redis-server of a test's own: in a fresh directory below /tmp, on a unix socket (and, if asked,
// a TCP port), with the settings the daemon wants unless told otherwise. It is killed with the
// test. Everything here fails the test when it does not work.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { REDIS_SETTINGS_SLOTS = 32, REDIS_REPLY_BYTES = 4096 };

struct redis_process {
    pid_t pid; // 0: not running
    char directory[32];
    char socket[108];
    // Pairs of a setting and its value that come after the safe ones.
    const char *settings[REDIS_SETTINGS_SLOTS];
    char reply[REDIS_REPLY_BYTES];
};

// `settings` are pairs ending in NULL, or NULL; they live as long as the process. Returns when the
// server answers.
void redis_process_start(struct redis_process *process, const char *const *settings);
// Starts it again in the same directory, with the same settings, without waiting for it.
void redis_process_launch(struct redis_process *process);
// The same, and returns when it answers.
void redis_process_restart(struct redis_process *process);
void redis_process_signal(struct redis_process *process, int signal);
// Kills it with SIGKILL and waits for its end.
void redis_process_kill(struct redis_process *process);
// Kills it and removes its directory.
void redis_process_end(struct redis_process *process);

// Sends one inline command ("CONFIG SET appendfsync always") on a connection of its own and returns
// the reply: of a string its bytes, of an array of strings its last one's, of anything else its
// line ("+OK", ":3", "-ERR ..."). Valid until the next command.
const char *redis_process_ask(struct redis_process *process, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Sends a command and does not wait for the reply.
void redis_process_tell(struct redis_process *process, const char *command);
