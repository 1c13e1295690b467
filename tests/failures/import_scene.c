// The tool is a process of its own, forked from the case: it may end by itself. It is judged by its
// exit code, by what it says it has done, and by what it has done.
#include "failures/import_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "ctl/command.h"
#include "failures/harness.h"
#include "failures/stack.h"
#include "loyalty/v1/admin.pb-c.h"

enum { CUSTOMERS = 3, OUTPUT_BYTES = 1024, HANG_S = 50, TRIES = 100 };

// A point a yuan, rounded down; the members' sums.
static const char sales[] = " customer_id  date number_of_cds  dollar_value\n"
                            " 00001 20200105 1   11.77\n"
                            " 00002 20200112 1   12.00\n"
                            " 00002 20200112 5   77.00\n"
                            " 00003 20200102 2   20.76\n"
                            " 00003 20200330 2   20.76\n"
                            " 00003 20200402 2   19.54\n";

static const int64_t points[CUSTOMERS] = {11, 89, 59};

void import_scene_write_file(void)
{
    FILE *file = fopen(stack_path("sales.txt"), "w");
    CHECK(file != NULL && fputs(sales, file) >= 0 && fclose(file) == 0);
}

// --- the tool ---

static void prefix_of_case(char prefix[32])
{
    (void)snprintf(prefix, 32, "import-%u-", case_number());
}

__attribute__((noreturn)) static void run_tool(int output_fd)
{
    char prefix[32];
    char name[] = "loyaltyctl import sales";
    char path[STACK_PATH_BYTES];
    prefix_of_case(prefix);
    (void)snprintf(path, sizeof(path), "%s", stack_path("sales.txt"));
    char *arguments[] = {
        name,   "--format", "cdnow", "--enrol-prefix", prefix, "--retry-seconds", "2", "--output",
        "json", path,       NULL};
    struct globals globals = {.server = stack.server, .tls = stack.folder, .as = "admin"};
    int count = (int)(sizeof(arguments) / sizeof(arguments[0])) - 1;
    (void)dup2(output_fd, STDOUT_FILENO);
    (void)alarm(HANG_S);
    case_leaks_no_more();
    inject_enter();
    int code = import_sales(count, arguments, &globals);
    inject_leave();
    inject_disarm();
    exit(code);
}

// Runs it; what it has printed is in `output`. Its exit code.
static int import(char output[OUTPUT_BYTES])
{
    int status = 0;
    int fd = memfd_create("totals", MFD_CLOEXEC);
    CHECK(fd >= 0);
    (void)fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        run_tool(fd);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    ssize_t len = pread(fd, output, OUTPUT_BYTES - 1, 0);
    output[len > 0 ? len : 0] = '\0';
    (void)close(fd);
    REQUIRE(WIFEXITED(status), "loyaltyctl has crashed");
    return WEXITSTATUS(status);
}

static int64_t total(const char *output, const char *name)
{
    char field[64];
    (void)snprintf(field, sizeof(field), "\"%s\": ", name);
    const char *at = strstr(output, field);
    REQUIRE(at != NULL, "there is no %s in: %s", name, output);
    return strtoll(at + strlen(field), NULL, 10);
}

// --- what it has done ---

// All that was ever awarded to a member, expired or not; his log holds together.
static int64_t awarded_to(struct loyalty *client, int customer)
{
    char prefix[32];
    char id[64];
    uint8_t bytes[256];
    struct loyalty_reply reply;
    prefix_of_case(prefix);
    (void)snprintf(id, sizeof(id), "%s%05d", prefix, customer + 1);
    Loyalty__V1__MemberRef member = LOYALTY__V1__MEMBER_REF__INIT;
    member.by_case = LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
    member.member_id = id;
    Loyalty__V1__VerifyAccountsRequest request = LOYALTY__V1__VERIFY_ACCOUNTS_REQUEST__INIT;
    request.member = &member;
    size_t len = loyalty__v1__verify_accounts_request__pack(&request, bytes);
    enum loyalty_outcome outcome =
        loyalty_call(client, "/loyalty.v1.AdminService/VerifyAccounts", bytes, len, 0, &reply);
    REQUIRE(outcome == LOYALTY_APPLIED, "verifying %s: %s", id, reply.message);
    Loyalty__V1__VerifyAccountsResponse *answer =
        loyalty__v1__verify_accounts_response__unpack(NULL, reply.payload_bytes, reply.payload);
    CHECK(answer != NULL);
    REQUIRE(answer->n_faults == 0 && answer->accounts == 1, "%s does not hold together", id);
    int64_t awarded = answer->points_awarded;
    loyalty__v1__verify_accounts_response__free_unpacked(answer, NULL);
    loyalty_reply_fini(&reply);
    return awarded;
}

static void judge_totals(const char *output)
{
    int64_t all = 0;
    for (int i = 0; i < CUSTOMERS; i++) {
        all += points[i];
    }
    REQUIRE(total(output, "sales") == 6 && total(output, "members") == CUSTOMERS &&
                total(output, "points") == all && total(output, "refused") == 0,
            "it says: %s", output);
}

void import_scene_run(void)
{
    char output[OUTPUT_BYTES];
    int code = import(output);
    inject_disarm();
    REQUIRE(code == CTL_OK || code == CTL_USAGE || code == CTL_RETRY_LATER || code == CTL_UNKNOWN,
            "exit code %d", code);
    REQUIRE(code == CTL_OK || !case_is_clean(), "exit code %d, nothing failing", code);
    if (code == CTL_OK) {
        judge_totals(output);
    }
    code = import(output);
    REQUIRE(code == CTL_OK, "importing again: exit code %d", code);
    judge_totals(output);
    struct loyalty *client = stack_client("admin");
    CHECK(client != NULL && stack_connect(client, TRIES));
    for (int i = 0; i < CUSTOMERS; i++) {
        int64_t awarded = awarded_to(client, i);
        REQUIRE(awarded == points[i], "customer %d was awarded %lld points", i, (long long)awarded);
    }
    loyalty_free(client);
}
