// A Redis that holds a ledger, asked directly and one command at a time: for backups and restores,
// which no daemon has a part in. Names of keys are those of daemon/store/keys.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

#include "base/span.h"

enum { LEDGER_ERROR_BYTES = 1024, LEDGER_PASSWORD_BYTES = 512 };

// Where it is: "unix:PATH" or "HOST:PORT".
struct ledger_address {
    const char *text;
    const char *user;          // NULL: none
    const char *password_file; // NULL: none; its first line
};

struct ledger_redis {
    redisContext *context;
    char password[LEDGER_PASSWORD_BYTES]; // empty: none
    char error[LEDGER_ERROR_BYTES];       // of the last call that failed
};

// False with `error`; ledger_redis_close is due all the same.
bool ledger_redis_open(struct ledger_redis *redis, const struct ledger_address *address);
void ledger_redis_close(struct ledger_redis *redis);

// The words of a command, by their lengths. NULL with `error` when there is no answer, or it is an
// error; else the caller's, freed with freeReplyObject.
redisReply *ledger_redis_ask(struct ledger_redis *redis, size_t count, const struct span *words);
// Many at once: each is sent, then each reply is taken, in that order. A reply that is an error is
// the caller's like any other; NULL with `error` when there is none, and then none of the rest.
bool ledger_redis_send(struct ledger_redis *redis, size_t count, const struct span *words);
redisReply *ledger_redis_take(struct ledger_redis *redis);
// Words without spaces, in one text: "CONFIG GET appendonly".
redisReply *ledger_redis_say(struct ledger_redis *redis, const char *words);
// The same, where only that it went well matters.
bool ledger_redis_do(struct ledger_redis *redis, const char *words);

// A field of INFO, in `ret_text`; empty when there is none. False with `error`.
enum { LEDGER_FIELD_BYTES = 64 };
bool ledger_redis_info(struct ledger_redis *redis, const char *section, const char *field,
                       char ret_text[LEDGER_FIELD_BYTES]);
// A setting; false with `error` also when there is none of that name.
bool ledger_redis_setting(struct ledger_redis *redis, const char *name,
                          char ret_text[LEDGER_PASSWORD_BYTES]);
