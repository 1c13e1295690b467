// The stack.
#include "failures/stack.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/daemon.h"
#include "base/arena.h"
#include "base/check.h"
#include "ctl/x509.h"
#include "failures/inject.h"
#include "support/service_world.h"

enum { WAIT_MS = 30000, STEP_MS = 3, ARENA_BYTES = 8 << 20, NAMES = 8 };

struct stack stack;

static void pause_ms(int64_t ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

// --- files ---

const char *stack_path(const char *name)
{
    static char paths[NAMES][STACK_PATH_BYTES];
    static size_t next;
    char *path = paths[next++ % NAMES];
    CHECK(snprintf(path, STACK_PATH_BYTES, "%s/%s", stack.folder, name) < STACK_PATH_BYTES);
    return path;
}

// <name>.pem and <name>.key
static void write_certificate(const char *name, X509 *certificate, EVP_PKEY *key)
{
    char file[64];
    (void)snprintf(file, sizeof(file), "%s.pem", name);
    CHECK(certificate != NULL && x509_write_certificate(stack_path(file), certificate, true));
    (void)snprintf(file, sizeof(file), "%s.key", name);
    CHECK(key != NULL && x509_write_key(stack_path(file), key, true));
}

static void issue(const char *name, char *uri, bool server, X509 *ca, EVP_PKEY *ca_key)
{
    char *uris[] = {uri, NULL};
    char address[] = "127.0.0.1";
    char *addresses[] = {address, NULL};
    struct x509_wish wish = {.name = name, .uris = uris, .server = server, .days = 2};
    wish.ip_addresses = server ? addresses : NULL;
    EVP_PKEY *key = x509_key_new();
    X509 *certificate = x509_issue(&wish, key, ca, ca_key);
    write_certificate(name, certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void write_certificates(void)
{
    char server[] = "spiffe://vip.example/server/one";
    char till[] = "spiffe://vip.example/pos/store-1/till-1";
    char admin[] = "spiffe://vip.example/admin/office";
    struct x509_wish authority = {.name = "a test's CA", .authority = true, .days = 2};
    EVP_PKEY *key = x509_key_new();
    X509 *ca = x509_issue(&authority, key, NULL, key);
    write_certificate("ca", ca, key);
    issue("server", server, true, ca, key);
    issue("till", till, false, ca, key);
    issue("admin", admin, false, ca, key);
    X509_free(ca);
    EVP_PKEY_free(key);
}

// "--tls-ca=/tmp/.../ca.pem", kept.
static char *keep_text(size_t index, const char *option, const char *value)
{
    int len = snprintf(stack.texts[index], STACK_PATH_BYTES, "--%s=%s", option, value);
    CHECK(len > 0 && len < STACK_PATH_BYTES);
    return stack.texts[index];
}

int stack_words(char *const *line)
{
    int count = 0;
    while (line[count] != NULL) {
        count++;
    }
    return count;
}

// Nothing that begins by itself: what fails is what the scenario does.
static void write_line(void)
{
    char redis[STACK_PATH_BYTES];
    (void)snprintf(redis, sizeof(redis), "unix:%s", stack.redis.socket);
    char *const line[] = {
        "loyaltyd",
        keep_text(0, "port-file", stack.port_file),
        keep_text(1, "tls-cert", stack_path("server.pem")),
        keep_text(2, "tls-key", stack_path("server.key")),
        keep_text(3, "tls-ca", stack_path("ca.pem")),
        keep_text(4, "identifier-key-file", stack_path("identifier.key")),
        "--listen=127.0.0.1:0",
        "--partitions=8",
        "--cache-accounts=1000",
        "--compact-bytes=0",
        "--sweep=off",
        "--census-hours=0",
        "--slow-ms=0",
        keep_text(5, "redis", redis), // the last one: see start_scenes.c
        NULL,
    };
    static_assert(sizeof(line) <= sizeof(stack.line), "all words are kept");
    memcpy(stack.line, line, sizeof(line));
}

void stack_prepare(void)
{
    redis_process_start(&stack.redis, NULL);
    (void)snprintf(stack.folder, sizeof(stack.folder), "/tmp/loyalty-stack-XXXXXX");
    CHECK(mkdtemp(stack.folder) != NULL);
    write_certificates();
    FILE *key = fopen(stack_path("identifier.key"), "w");
    CHECK(key != NULL && fprintf(key, "%064d\n", 7) > 0 && fclose(key) == 0);
    (void)snprintf(stack.port_file, sizeof(stack.port_file), "%s", stack_path("port"));
    write_line();
}

void stack_finish(void)
{
    char command[STACK_PATH_BYTES];
    redis_process_end(&stack.redis);
    (void)snprintf(command, sizeof(command), "rm -r '%s'", stack.folder);
    CHECK(system(command) == 0); // NOLINT(cert-env33-c): a folder of our own
}

// --- processes ---

static int run_line(void)
{
    struct options options;
    struct option_errors errors;
    int words = stack_words(stack.line);
    CHECK(options_load(words, stack.line, &options, &errors));
    int code = daemon_run(words, stack.line, &options);
    options_fini(&options);
    return code;
}

static bool read_port(void)
{
    char text[16] = "";
    FILE *file = fopen(stack.port_file, "r");
    if (file == NULL) {
        return false;
    }
    bool read = fgets(text, sizeof(text), file) != NULL;
    (void)fclose(file);
    (void)snprintf(stack.server, sizeof(stack.server), "127.0.0.1:%lu", strtoul(text, NULL, 10));
    return read;
}

bool stack_wait_port(pid_t pid)
{
    for (int64_t waited_ms = 0; waited_ms < WAIT_MS; waited_ms += STEP_MS) {
        siginfo_t ended = {0};
        if (read_port()) {
            return true;
        }
        if (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            ended.si_pid == pid) {
            return false;
        }
        pause_ms(STEP_MS);
    }
    return false;
}

int stack_end(pid_t pid)
{
    int status = 0;
    (void)kill(pid, SIGTERM);
    while (waitpid(pid, &status, 0) != pid) {
        CHECK(errno == EINTR);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

pid_t stack_start(void)
{
    (void)unlink(stack.port_file);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        _exit(run_line());
    }
    CHECK(stack_wait_port(pid));
    return pid;
}

// --- clients ---

struct loyalty *stack_client(const char *name)
{
    char certificate[64];
    char key[64];
    char error[LOYALTY_ERROR_BYTES];
    (void)snprintf(certificate, sizeof(certificate), "%s.pem", name);
    (void)snprintf(key, sizeof(key), "%s.key", name);
    struct loyalty_options options = {
        .server = stack.server,
        .ca_path = stack_path("ca.pem"),
        .certificate_path = stack_path(certificate),
        .key_path = stack_path(key),
    };
    return loyalty_new(&options, error);
}

bool stack_connect(struct loyalty *client, int tries)
{
    for (int i = 0; i < tries; i++) {
        if (loyalty_connect(client) == LOYALTY_APPLIED) {
            return true;
        }
        pause_ms(STEP_MS);
    }
    return false;
}

void stack_publish(void)
{
    static struct service_world texts; // its arena alone
    struct loyalty_reply reply = {0};
    arena_init(&texts.arena, ARENA_BYTES);
    struct loyalty *client = stack_client("admin");
    CHECK(client != NULL && stack_connect(client, WAIT_MS / STEP_MS));
    texts.now_ms = loyalty_now_ms(client);
    struct span bytes = world_bytes(
        &texts, "ProgramsService/PublishProgram",
        world_text(&texts, "{%s, \"program\": %s, \"effective_from\": \"2020-01-01T00:00:00Z\"}",
                   world_mutation(&texts, world_id(&texts)), service_world_program(&texts, "")));
    enum loyalty_outcome outcome = LOYALTY_RETRY_LATER;
    for (int i = 0; outcome == LOYALTY_RETRY_LATER && i < WAIT_MS / STEP_MS; i++) {
        loyalty_reply_fini(&reply);
        outcome = loyalty_call(client, "/loyalty.v1.ProgramsService/PublishProgram", bytes.data,
                               bytes.len, 0, &reply);
        pause_ms(STEP_MS);
    }
    CHECK(outcome == LOYALTY_APPLIED);
    loyalty_reply_fini(&reply);
    loyalty_free(client);
    arena_fini(&texts.arena);
}
