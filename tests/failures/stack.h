// A whole loyaltyd in a process of its own, with a real redis-server and certificates, and
// libloyalty to talk to it. Everything here fails the scenario when it does not work.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app/options.h"
#include "lib/loyalty.h"
#include "support/redis_process.h"

enum { STACK_PATH_BYTES = 128, STACK_WORDS = 32 };

struct stack {
    struct redis_process redis;
    char folder[64];
    char port_file[STACK_PATH_BYTES];
    char texts[8][STACK_PATH_BYTES]; // of the line
    char *line[STACK_WORDS];         // the daemon's command line: any port, this Redis
    char server[32];                 // HOST:PORT of the daemon last started
};

extern struct stack stack;

void stack_prepare(void);
void stack_finish(void);
// A path in the stack's folder; valid until the 8th call after.
const char *stack_path(const char *name);

// How many words a line has, up to its NULL.
int stack_words(char *const *line);
// Waits until it has written its port; false when it ended, or took too long.
bool stack_wait_port(pid_t pid);
// Ends it by SIGTERM; its exit code, or -1 when it ended otherwise.
int stack_end(pid_t pid);
// loyaltyd, listening.
pid_t stack_start(void);

// A client with the certificate of this name ("till", "admin"), not connected.
struct loyalty *stack_client(const char *name);
// Connects, again and again if it must; false when it was tried that often.
bool stack_connect(struct loyalty *client, int tries);
// Publishes the retail program, in force since 2020.
void stack_publish(void);
