// loyaltyd as a whole, from its start to its end by a signal, with every allocation, socket call
// and file call failing: it says why it cannot start and ends with that, or it serves. Beside it a
// watcher, a process of its own, is served and then sends the signals.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/daemon.h"
#include "base/check.h"
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/stack.h"
#include "store/redis_pool.h"

#define ALLOCATIONS (INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON))
#define ALL (ALLOCATIONS | INJECT_BIT(INJECT_SOCKET) | INJECT_BIT(INJECT_FILE))

const uint32_t scenario_cases = 4;

enum {
    TRIES_WHILE_FAILING = 20,
    TRIES_AFTERWARDS = 5000,
    STORY_SALES = 4,
    CONNECTIONS_WAITED = 500,
    IDENTIFIER_WORD = 5, // of the line: an embedded ledger makes its own key
};

// --- the watcher ---

// What it does with a daemon that listens; false: it was not served.
typedef bool watch_fn(pid_t daemon);

static struct redis_process ledger; // where the case's daemon has it

static bool ledger_answers(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", ledger.socket);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool connected = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    (void)close(fd);
    return connected;
}

// The daemon's connections to Redis have all been found fit, which goes on after it is ready.
static void wait_for_store(void)
{
    uint32_t fit = 0;
    for (int i = 0; fit < REDIS_CONNECTIONS && i < CONNECTIONS_WAITED; i++) {
        struct timespec pause = {.tv_nsec = 1000000};
        (void)nanosleep(&pause, NULL);
        const char *at = ledger_answers() ? redis_process_ask(&ledger, "CLIENT LIST") : "";
        for (fit = 0; (at = strstr(at, "cmd=fcall")) != NULL; at++) {
            fit++;
        }
    }
}

// What fails for good is over after a while.
static bool connect_at_last(struct loyalty *client, pid_t daemon)
{
    if (stack_connect(client, TRIES_WHILE_FAILING)) {
        return true;
    }
    (void)kill(daemon, SIGUSR2);
    return stack_connect(client, TRIES_AFTERWARDS);
}

static bool watch_connect(pid_t daemon)
{
    wait_for_store();
    struct loyalty *client = stack_client("till");
    bool served = client != NULL && connect_at_last(client, daemon);
    loyalty_free(client);
    return served;
}

// Whether a mutation has to be sent again, when there is a connection to do it with.
static bool goes_on(struct loyalty *client, pid_t daemon, enum loyalty_outcome outcome, int tries)
{
    bool is_open = outcome == LOYALTY_RETRY_LATER || outcome == LOYALTY_OUTCOME_UNKNOWN;
    if (tries == TRIES_WHILE_FAILING) {
        (void)kill(daemon, SIGUSR2);
    }
    return is_open && tries < TRIES_AFTERWARDS &&
           (loyalty_state(client) == LOYALTY_OPEN || connect_at_last(client, daemon));
}

static bool enrol(struct loyalty *client, pid_t daemon, const char *member)
{
    struct loyalty_request request;
    enum loyalty_outcome outcome = LOYALTY_RETRY_LATER;
    bool made = loyalty_request_init(client, &request);
    struct loyalty_member card = {.by = LOYALTY_BY_CARD_NUMBER, .value = member};
    for (int i = 0; made && goes_on(client, daemon, outcome, i); i++) {
        struct loyalty_enrolment enrolment;
        struct loyalty_reply reply;
        outcome = loyalty_enrol(client, &request, member, &card, 1, &enrolment, &reply);
        loyalty_reply_fini(&reply);
    }
    return outcome <= LOYALTY_DUPLICATE;
}

static bool award(struct loyalty *client, pid_t daemon, const char *member, int64_t balance)
{
    struct loyalty_request request;
    enum loyalty_outcome outcome = LOYALTY_RETRY_LATER;
    bool made = loyalty_request_init(client, &request);
    struct loyalty_member by_card = {.by = LOYALTY_BY_CARD_NUMBER, .value = member};
    struct loyalty_sale_line line = {.amount_minor = 10000};
    struct loyalty_sale sale = {.currency = "CNY", .lines = &line, .line_count = 1};
    bool right = false;
    for (int i = 0; made && goes_on(client, daemon, outcome, i); i++) {
        struct loyalty_awarded awarded;
        struct loyalty_reply reply;
        outcome = loyalty_award(client, &request, &by_card, &sale, &awarded, &reply);
        right = outcome <= LOYALTY_DUPLICATE && awarded.points == 100 &&
                awarded.standing.balance == balance;
        loyalty_reply_fini(&reply);
    }
    return right;
}

// A member is enrolled and buys, each sale once.
static bool watch_story(pid_t daemon)
{
    char member[32];
    (void)snprintf(member, sizeof(member), "member-%u", case_number());
    wait_for_store();
    struct loyalty *client = stack_client("admin");
    (void)kill(daemon, SIGUSR1); // from here on calls fail
    bool good = client != NULL && enrol(client, daemon, member);
    loyalty_free(client);
    client = good ? stack_client("till") : NULL;
    for (int i = 1; good && i <= STORY_SALES; i++) {
        good = award(client, daemon, member, 100 * i);
    }
    loyalty_free(client);
    return good;
}

// Certificates are read again; who is there stays, who comes is served.
static bool watch_reload(pid_t daemon)
{
    wait_for_store();
    struct loyalty *client = stack_client("till");
    bool good = client != NULL && stack_connect(client, TRIES_AFTERWARDS);
    (void)kill(daemon, SIGUSR1);
    (void)kill(daemon, SIGHUP);
    for (int i = 0; good && i < 3; i++) {
        good = connect_at_last(client, daemon);
    }
    loyalty_free(client);
    return good;
}

static pid_t watched; // in the watcher

static void end_watched(void)
{
    (void)kill(watched, SIGTERM);
}

static pid_t start_watcher(watch_fn *watch)
{
    pid_t daemon = getpid();
    (void)unlink(stack.port_file);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        inject_disarm();
        watched = daemon;
        CHECK(atexit(end_watched) == 0); // a check that fails must not leave it running
        bool served = stack_wait_port(daemon) && watch(daemon);
        end_watched();
        _exit(served ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    return pid;
}

static bool watcher_was_served(pid_t pid)
{
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

// --- the daemon ---

static void on_signal(int signal_number)
{
    inject_hold(signal_number == SIGUSR2);
}

// Whether it started; if not, it has said why.
static bool try_daemon(char **line, watch_fn *watch)
{
    struct options options;
    struct option_errors errors;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR2, &action, NULL) == 0);
    pid_t watcher = start_watcher(watch);
    CHECK(options_load(stack_words(line), line, &options, &errors));
    inject_enter();
    int code = daemon_run(stack_words(line), line, &options);
    inject_leave();
    options_fini(&options);
    if (code != EXIT_SUCCESS) {
        (void)kill(watcher, SIGKILL);
        (void)watcher_was_served(watcher);
        REQUIRE(case_wrote("cannot-start"), "it does not say why it cannot start");
        return false;
    }
    REQUIRE(watcher_was_served(watcher), "it has started, but serves nobody");
    return true;
}

static void run_daemon(char **line, watch_fn *watch)
{
    bool started = try_daemon(line, watch);
    inject_disarm();
    REQUIRE(started || !case_is_clean(), "it does not start");
}

static void run_start(void)
{
    ledger = stack.redis;
    run_daemon(stack.line, watch_connect);
}

static void run_story(void)
{
    ledger = stack.redis;
    inject_hold(true);
    run_daemon(stack.line, watch_story);
}

static void run_reload(void)
{
    ledger = stack.redis;
    inject_hold(true);
    run_daemon(stack.line, watch_reload);
}

// What a start that failed has left in the directory is no hindrance to the next.
static void run_embedded(void)
{
    char *line[STACK_WORDS];
    char name[32];
    char embedded[STACK_PATH_BYTES + 16];
    (void)snprintf(name, sizeof(name), "state-%u", case_number());
    (void)snprintf(embedded, sizeof(embedded), "--embedded=%s", stack_path(name));
    (void)snprintf(ledger.socket, sizeof(ledger.socket), "%s/redis.sock", stack_path(name));
    memcpy(line, stack.line, sizeof(line));
    line[stack_words(line) - 1] = embedded; // in place of --redis
    line[IDENTIFIER_WORD] = "--log-level=info";
    run_daemon(line, watch_connect);
    REQUIRE(try_daemon(line, watch_connect), "afterwards it does not start");
}

// --- what stands before ---

static void prepare_with_program(void)
{
    stack_prepare();
    pid_t daemon = stack_start();
    stack_publish();
    CHECK(stack_end(daemon) == EXIT_SUCCESS);
}

// A watcher and Redis run beside the daemon, so a count may differ by a call or two.
#define SCENE(name_, kinds_)                                                                       \
    {                                                                                              \
        .name = #name_, .kinds = (kinds_), .loose = true, .prepare = prepare_with_program,         \
        .run = run_##name_, .finish = stack_finish                                                 \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {
    SCENE(start, ALL),
    SCENE(embedded,
          INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_SOCKET) | INJECT_BIT(INJECT_FILE)),
    SCENE(story, ALLOCATIONS | INJECT_BIT(INJECT_SOCKET)),
    SCENE(reload, ALLOCATIONS | INJECT_BIT(INJECT_FILE)),
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
