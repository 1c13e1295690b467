// A till's queue against a real loyaltyd, with every allocation (SQLite's too) and socket call, and
// the files it opens, failing: what the cashier was told holds when it is opened again, and nothing
// is done twice. That its disk fails is in tests/till.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/stack.h"
#include "lib/till.h"

#define MEMORY (INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON))

const uint32_t scenario_cases = 15;

enum { TRIES = 2000, PATIENCE_MS = 300, TURN_MS = 20, OPENED = 1000, GIVEN = 100, SPENT = 60 };

static pid_t loyaltyd;
static char member_id[32];
static char queue_path[STACK_PATH_BYTES];
static struct loyalty_till *till;

static void prepare(void)
{
    stack_prepare();
    loyaltyd = stack_start();
    stack_publish();
}

static void finish(void)
{
    CHECK(stack_end(loyaltyd) == EXIT_SUCCESS);
    stack_finish();
}

// --- what stands before ---

static struct loyalty *connected(const char *name)
{
    struct loyalty *client = stack_client(name);
    CHECK(client != NULL);
    REQUIRE(stack_connect(client, TRIES), "no connection: %s", loyalty_error(client));
    return client;
}

static void award_first(const struct loyalty_member *member)
{
    struct loyalty *client = connected("till");
    const struct loyalty_sale_line line = {.amount_minor = INT64_C(100) * OPENED};
    const struct loyalty_sale sale = {.currency = "CNY", .lines = &line, .line_count = 1};
    struct loyalty_request request;
    struct loyalty_awarded award;
    struct loyalty_reply reply;
    CHECK(loyalty_request_init(client, &request));
    enum loyalty_outcome outcome = loyalty_award(client, &request, member, &sale, &award, &reply);
    REQUIRE(outcome == LOYALTY_APPLIED, "the first award: %s", reply.reason);
    loyalty_reply_fini(&reply);
    loyalty_free(client);
}

// A member of this case's own, with points to spend.
static struct loyalty_member new_member(void)
{
    struct loyalty_request request;
    struct loyalty_enrolment enrolment;
    struct loyalty_reply reply;
    struct loyalty_member member = {.by = LOYALTY_BY_MEMBER_ID, .value = member_id};
    (void)snprintf(member_id, sizeof(member_id), "member-%u", case_number());
    (void)snprintf(queue_path, sizeof(queue_path), "%s", stack_path(member_id));
    struct loyalty *client = connected("admin");
    CHECK(loyalty_request_init(client, &request));
    enum loyalty_outcome outcome =
        loyalty_enrol(client, &request, member_id, NULL, 0, &enrolment, &reply);
    REQUIRE(outcome == LOYALTY_APPLIED, "enrolling: %s", reply.reason);
    loyalty_reply_fini(&reply);
    loyalty_free(client);
    award_first(&member);
    return member;
}

static int64_t balance_of(const struct loyalty_member *member)
{
    struct loyalty_account account;
    struct loyalty_reply reply;
    struct loyalty *client = connected("admin");
    enum loyalty_outcome outcome = loyalty_get_member(client, member, &account, &reply);
    REQUIRE(outcome == LOYALTY_APPLIED, "afterwards a read is answered %s", reply.reason);
    int64_t balance = account.standing.balance;
    loyalty_reply_fini(&reply);
    loyalty_free(client);
    return balance;
}

static bool open_till(void)
{
    char error[LOYALTY_ERROR_BYTES] = "";
    const struct loyalty_till_options options = {
        .connection = {.server = stack.server,
                       .ca_path = stack_path("ca.pem"),
                       .certificate_path = stack_path("till.pem"),
                       .key_path = stack_path("till.key")},
        .path = queue_path,
        .retry_first_ms = 5,
        .retry_max_ms = 50,
    };
    till = loyalty_till_open(&options, error);
    REQUIRE(till != NULL || error[0] != '\0', "it does not say why there is no till");
    return till != NULL;
}

static void close_till(void)
{
    loyalty_till_close(till);
    till = NULL;
}

// --- the cashier ---

struct told {
    char request_id[LOYALTY_UUID_BYTES];
    bool asked;
    enum loyalty_till_status status;
};

static void ask(struct loyalty_intent *intent, struct told *told)
{
    struct loyalty_till_answer answer;
    intent->request_id = told->request_id;
    told->status = loyalty_till_do(till, intent, PATIENCE_MS, &answer);
    told->asked = true;
    loyalty_till_answer_fini(&answer);
}

static void work(const struct loyalty_member *member, struct told *award, struct told *redeem)
{
    const struct loyalty_sale_line line = {.amount_minor = INT64_C(100) * GIVEN};
    const struct loyalty_sale sale = {.currency = "CNY", .lines = &line, .line_count = 1};
    const struct loyalty_spend spend = {.points = SPENT};
    struct loyalty_intent intent = {.kind = LOYALTY_TILL_AWARD, .member = *member, .sale = &sale};
    ask(&intent, award);
    intent =
        (struct loyalty_intent){.kind = LOYALTY_TILL_REDEEM, .member = *member, .spend = &spend};
    ask(&intent, redeem);
    (void)loyalty_till_poll(till, 0);
}

// --- the next day, with nothing failing ---

static void drain(void)
{
    struct loyalty_till_state state;
    loyalty_till_look(till, &state);
    for (int i = 0; state.open > 0 && i < TRIES; i++) {
        (void)loyalty_till_poll(till, TURN_MS);
        loyalty_till_look(till, &state);
    }
    REQUIRE(state.open == 0, "%llu rows stay open: %s", (unsigned long long)state.open,
            loyalty_till_error(till));
    REQUIRE(state.exceptions == 0, "%llu exceptions", (unsigned long long)state.exceptions);
}

// Whether it took effect, as its row says; what was told before must be so.
static bool is_done(const struct told *told, const char *what)
{
    struct loyalty_till_answer answer = {.status = LOYALTY_TILL_RETRY_LATER};
    bool there = loyalty_till_find(till, told->request_id, &answer);
    enum loyalty_till_status status = answer.status;
    bool done = there && (status == LOYALTY_TILL_APPLIED || status == LOYALTY_TILL_DUPLICATE);
    loyalty_till_answer_fini(&answer);
    if (!told->asked) {
        return done;
    }
    const char *before = loyalty_till_status_name(told->status);
    const char *now = loyalty_till_status_name(status);
    REQUIRE(told->status != LOYALTY_TILL_REFUSED, "the %s was refused", what);
    REQUIRE(told->status != LOYALTY_TILL_RETRY_LATER || !there, "the %s: %s, but it is %s", what,
            before, now);
    REQUIRE(told->status != LOYALTY_TILL_OFFLINE_REFUSED || !done, "the %s: %s, but it is %s", what,
            before, now);
    bool promised = told->status == LOYALTY_TILL_APPLIED ||
                    told->status == LOYALTY_TILL_DUPLICATE ||
                    told->status == LOYALTY_TILL_ACCEPTED_OFFLINE;
    REQUIRE(!promised || done, "the %s: %s, but it is %s", what, before, now);
    return done;
}

static void judge(const struct loyalty_member *member, const struct told *award,
                  const struct told *redeem)
{
    REQUIRE(open_till(), "it does not open again");
    drain();
    int64_t expected = OPENED + (is_done(award, "award") ? GIVEN : 0);
    expected -= is_done(redeem, "redemption") ? SPENT : 0;
    close_till();
    int64_t balance = balance_of(member);
    REQUIRE(balance == expected, "the balance is %lld, not %lld", (long long)balance,
            (long long)expected);
}

// --- scenes ---

static void run_open(void)
{
    struct told award = {0};
    struct told redeem = {0};
    inject_hold(true);
    struct loyalty_member member = new_member();
    CHECK(loyalty_uuid(award.request_id) && loyalty_uuid(redeem.request_id));
    inject_hold(false);
    inject_enter();
    (void)open_till();
    inject_leave();
    inject_disarm();
    if (till != NULL) {
        work(&member, &award, &redeem);
    }
    close_till();
    judge(&member, &award, &redeem);
}

static void run_work(void)
{
    struct told award = {0};
    struct told redeem = {0};
    inject_hold(true);
    struct loyalty_member member = new_member();
    CHECK(loyalty_uuid(award.request_id) && loyalty_uuid(redeem.request_id));
    CHECK(open_till());
    inject_hold(false);
    inject_enter();
    work(&member, &award, &redeem);
    inject_leave();
    inject_disarm();
    close_till();
    judge(&member, &award, &redeem);
}

#define SCENE(name_, kinds_)                                                                       \
    {                                                                                              \
        .name = #name_, .kinds = (kinds_), .loose = true, .prepare = prepare, .run = run_##name_,  \
        .finish = finish                                                                           \
    }

const struct excluded excluded[] = {
    {"X509_verify_cert", "OpenSSL may judge the certificate by it, as if it were a bad one"},
    {NULL, NULL},
};

const struct scenario scenarios[] = {
    SCENE(open, MEMORY | INJECT_BIT(INJECT_FILE)),
    SCENE(work, MEMORY | INJECT_BIT(INJECT_ARENA) | INJECT_BIT(INJECT_SOCKET)),
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
