// By hiredis's blocking calls.
#include "ctl/ledger_redis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "ctl/parse.h"

enum { CONNECT_S = 10, ANSWER_S = 300, WORDS_MAX = 16, WORDS_BYTES = 1024 };

static bool fail(struct ledger_redis *redis, const char *what, const char *why)
{
    (void)snprintf(redis->error, sizeof(redis->error), "%s%s%s", what, *why == '\0' ? "" : ": ",
                   why);
    return false;
}

static bool read_password(struct ledger_redis *redis, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fail(redis, path, strerror(errno));
    }
    bool good = fgets(redis->password, sizeof(redis->password), file) != NULL;
    (void)fclose(file);
    redis->password[strcspn(redis->password, "\r\n")] = '\0';
    return (good && redis->password[0] != '\0') || fail(redis, path, "its first line is empty");
}

static redisContext *connect_to(struct ledger_redis *redis, const char *address)
{
    static const char prefix[] = "unix:";
    const struct timeval wait = {.tv_sec = CONNECT_S};
    if (strncmp(address, prefix, sizeof(prefix) - 1) == 0) {
        return redisConnectUnixWithTimeout(address + sizeof(prefix) - 1, wait);
    }
    char host[LEDGER_FIELD_BYTES];
    const char *colon = strrchr(address, ':');
    int64_t port = 0;
    if (colon == NULL || (size_t)(colon - address) >= sizeof(host) || colon == address ||
        !parse_number(colon + 1, 1, UINT16_MAX, &port)) {
        (void)fail(redis, address, "an address is unix:PATH or HOST:PORT");
        return NULL;
    }
    (void)snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    return redisConnectWithTimeout(host, (int)port, wait);
}

static bool log_in(struct ledger_redis *redis, const char *user)
{
    struct span words[3] = {span_of_text("AUTH")};
    size_t count = 1;
    if (redis->password[0] == '\0') {
        return user == NULL ||
               fail(redis, user, "a user of Redis needs its password: --redis-password-file");
    }
    if (user != NULL) {
        words[count++] = span_of_text(user);
    }
    words[count++] = span_of_text(redis->password);
    redisReply *reply = ledger_redis_ask(redis, count, words);
    freeReplyObject(reply);
    return reply != NULL;
}

bool ledger_redis_open(struct ledger_redis *redis, const struct ledger_address *address)
{
    const struct timeval wait = {.tv_sec = ANSWER_S};
    *redis = (struct ledger_redis){0};
    if (address->password_file != NULL && !read_password(redis, address->password_file)) {
        return false;
    }
    redis->context = connect_to(redis, address->text);
    if (redis->context == NULL) {
        return redis->error[0] != '\0' ? false : fail(redis, address->text, "no memory");
    }
    if (redis->context->err != 0) {
        return fail(redis, address->text, redis->context->errstr);
    }
    if (redisSetTimeout(redis->context, wait) != REDIS_OK) {
        return fail(redis, address->text, redis->context->errstr);
    }
    return log_in(redis, address->user);
}

void ledger_redis_close(struct ledger_redis *redis)
{
    if (redis->context != NULL) {
        redisFree(redis->context);
        redis->context = NULL;
    }
    explicit_bzero(redis->password, sizeof(redis->password));
}

redisReply *ledger_redis_ask(struct ledger_redis *redis, size_t count, const struct span *words)
{
    const char *texts[WORDS_MAX];
    size_t lengths[WORDS_MAX];
    for (size_t i = 0; i < count; i++) {
        texts[i] = (const char *)words[i].data;
        lengths[i] = words[i].len;
    }
    redisReply *reply = redisCommandArgv(redis->context, (int)count, texts, lengths);
    if (reply == NULL) {
        (void)fail(redis, "Redis does not answer", redis->context->errstr);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        (void)fail(redis, "Redis says", reply->str);
        freeReplyObject(reply);
        reply = NULL;
    }
    return reply;
}

bool ledger_redis_send(struct ledger_redis *redis, size_t count, const struct span *words)
{
    const char *texts[WORDS_MAX];
    size_t lengths[WORDS_MAX];
    for (size_t i = 0; i < count; i++) {
        texts[i] = (const char *)words[i].data;
        lengths[i] = words[i].len;
    }
    return redisAppendCommandArgv(redis->context, (int)count, texts, lengths) == REDIS_OK ||
           fail(redis, "Redis cannot be asked", redis->context->errstr);
}

redisReply *ledger_redis_take(struct ledger_redis *redis)
{
    void *reply = NULL;
    if (redisGetReply(redis->context, &reply) != REDIS_OK) {
        (void)fail(redis, "Redis does not answer", redis->context->errstr);
        return NULL;
    }
    return reply;
}

redisReply *ledger_redis_say(struct ledger_redis *redis, const char *text)
{
    char copy[WORDS_BYTES];
    struct span words[WORDS_MAX];
    size_t count = 0;
    char *rest = NULL;
    (void)snprintf(copy, sizeof(copy), "%s", text);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL && count < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest)) {
        words[count++] = span_of_text(word);
    }
    return ledger_redis_ask(redis, count, words);
}

bool ledger_redis_do(struct ledger_redis *redis, const char *words)
{
    redisReply *reply = ledger_redis_say(redis, words);
    bool good = reply != NULL;
    freeReplyObject(reply);
    return good;
}

bool ledger_redis_info(struct ledger_redis *redis, const char *section, const char *field,
                       char ret_text[LEDGER_FIELD_BYTES])
{
    struct span words[] = {span_of_text("INFO"), span_of_text(section)};
    redisReply *reply = ledger_redis_ask(redis, 2, words);
    ret_text[0] = '\0';
    if (reply == NULL) {
        return false;
    }
    char line[LEDGER_FIELD_BYTES];
    (void)snprintf(line, sizeof(line), "\n%s:", field);
    const char *at = reply->str == NULL ? NULL : strstr(reply->str, line);
    if (at != NULL) {
        at += strlen(line);
        (void)snprintf(ret_text, LEDGER_FIELD_BYTES, "%.*s", (int)strcspn(at, "\r\n"), at);
    }
    freeReplyObject(reply);
    return true;
}

bool ledger_redis_setting(struct ledger_redis *redis, const char *name,
                          char ret_text[LEDGER_PASSWORD_BYTES])
{
    struct span words[] = {span_of_text("CONFIG"), span_of_text("GET"), span_of_text(name)};
    redisReply *reply = ledger_redis_ask(redis, 3, words);
    ret_text[0] = '\0';
    if (reply == NULL) {
        return false;
    }
    bool known = reply->elements == 2;
    if (known) {
        (void)snprintf(ret_text, LEDGER_PASSWORD_BYTES, "%s", reply->element[1]->str);
    }
    freeReplyObject(reply);
    return known || fail(redis, name, "Redis has no such setting");
}
