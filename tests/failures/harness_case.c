// Running a case and judging how its process ended.
#include "failures/harness_case.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/check.h"
#include "failures/harness_options.h"

enum {
    HANG_S = 60,
    DESCRIPTORS_MAX = 256,
    OUTPUT_BYTES = 24 * 1024, // shown of a failed case
    PROBLEMS_SHOWN = 3,       // of a scenario with all they wrote
};

struct harness_board *board;

static struct inject_plan present; // of this process's case
static int output_fd = -1;         // what a case writes to stderr

// --- inside a case ---

void *case_memory(void)
{
    return board->memory;
}

bool case_is_clean(void)
{
    return present.kind == INJECT_NOTHING;
}

bool case_is_pair(void)
{
    return present.second.nth > 0;
}

uint32_t case_number(void)
{
    return board->cases;
}

// The last of what was written, as a text that lives until the next time.
static const char *read_output(void)
{
    static char text[OUTPUT_BYTES + 1];
    off_t end = lseek(output_fd, 0, SEEK_END);
    ssize_t len = pread(output_fd, text, OUTPUT_BYTES, end > OUTPUT_BYTES ? end - OUTPUT_BYTES : 0);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

bool case_failed_by(const char *how)
{
    return strstr(board->report.what, how) != NULL;
}

bool case_wrote(const char *text)
{
    return strstr(read_output(), text) != NULL;
}

void case_fail(const char *file, int line, const char *format, ...)
{
    inject_disarm();
    int len = snprintf(board->problem, sizeof(board->problem), "%s:%d: ", file, line);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(board->problem + len, sizeof(board->problem) - (size_t)len, format, args);
    va_end(args);
    _exit(EXIT_FAILURE);
}

static bool may_leak;

void case_leaks_no_more(void)
{
    may_leak = true;
}

#if defined(__SANITIZE_ADDRESS__)
// NOLINTBEGIN(bugprone-reserved-identifier)
extern int __lsan_do_recoverable_leak_check(void);
extern int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
    return may_leak;
}
// NOLINTEND(bugprone-reserved-identifier)

static bool has_leaked(void)
{
    return __lsan_do_recoverable_leak_check() != 0;
}
#else
static bool has_leaked(void)
{
    return false; // what a library keeps for later looks the same
}
#endif

// Looking for leaks takes long, so it is done where more is left than without a failure.
static void judge_memory(int64_t blocks_before)
{
    ERR_clear_error();
    board->blocks = inject_blocks() - blocks_before;
    bool suspect = case_is_clean() || board->blocks > board->clean_blocks;
    REQUIRE(!suspect || !has_leaked(), "a leak: %lld blocks are left, without failures %lld",
            (long long)board->blocks, (long long)board->clean_blocks);
}

// Of the lowest; a scenario has few.
static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

__attribute__((noreturn)) static void run_here(const struct scenario *scenario,
                                               const struct inject_plan *plan)
{
    present = *plan;
    (void)alarm(HANG_S);
    if (options.nth.nth > 0) {
        inject_show_place();
    }
    int descriptors_before = count_descriptors();
    int64_t blocks_before = inject_blocks();
    inject_arm(plan, &board->report);
    scenario->run();
    inject_disarm();
    int descriptors = count_descriptors();
    REQUIRE(descriptors == descriptors_before, "%d descriptors are open, before %d", descriptors,
            descriptors_before);
    judge_memory(blocks_before);
    _exit(EXIT_SUCCESS);
}

// --- from outside ---

void harness_case_init(void)
{
    board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(board != MAP_FAILED);
    output_fd = memfd_create("output", MFD_CLOEXEC);
    CHECK(output_fd >= 0);
}

void harness_case_keep_output(void)
{
    CHECK(ftruncate(output_fd, 0) == 0 && dup2(output_fd, STDERR_FILENO) >= 0);
}

void harness_case_show_output(void)
{
    const char *text = read_output();
    size_t len = strlen(text);
    (void)printf("%s%s", text, len == 0 || text[len - 1] == '\n' ? "" : "\n");
}

static const char *describe_end(int status)
{
    static char text[32];
    if (WIFSIGNALED(status)) {
        return WTERMSIG(status) == SIGALRM ? "it hangs" : strsignal(WTERMSIG(status));
    }
    (void)snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
    return board->problem[0] != '\0' ? board->problem : text;
}

static void tell_problem(const struct scenario *scenario, const struct inject_plan *plan,
                         int status)
{
    static uint32_t told;
    (void)printf("FAILED %s: %s\n    %s\n    again: --only %s --kind %s --nth %u:%u",
                 scenario->name, describe_end(status), board->report.what, scenario->name,
                 inject_kind_name(plan->kind), plan->first.nth, plan->first.way);
    if (plan->second.nth > 0) {
        (void)printf(" --then %u:%u", plan->second.nth, plan->second.way);
    }
    (void)printf("\n");
    if (told++ < PROBLEMS_SHOWN) {
        harness_case_show_output();
    }
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) != pid) {
        CHECK(errno == EINTR);
    }
    return status;
}

static void count_failed(const struct inject_plan *plan)
{
    const struct inject_report *report = &board->report;
    if (plan->kind == INJECT_NOTHING) {
        return;
    }
    board->excluded += report->excluded != NULL;
    bool first = report->ways[0] > 0 && report->excluded == NULL;
    board->failed[plan->kind] += (uint32_t)first + (report->ways[1] > 0);
}

bool harness_case_run(const struct scenario *scenario, const struct inject_plan *plan)
{
    board->cases++;
    board->problem[0] = '\0';
    CHECK(ftruncate(output_fd, 0) == 0 && lseek(output_fd, 0, SEEK_SET) == 0);
    (void)fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        run_here(scenario, plan);
    }
    int status = wait_for(pid);
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    count_failed(plan);
    if (!good) {
        board->problems++;
        tell_problem(scenario, plan, status);
    } else if (options.nth.nth > 0) {
        harness_case_show_output();
    }
    return good;
}

bool harness_case_run_clean(const struct scenario *scenario)
{
    const struct inject_plan nothing = {.kind = INJECT_NOTHING};
    inject_trace(board->ways);
    bool good = harness_case_run(scenario, &nothing);
    inject_trace(NULL);
    board->clean_blocks = board->blocks;
    return good;
}
