// libloyalty against a real loyaltyd, with every allocation, socket call and file call of its own
// failing: one answer to each request, nothing told that is not so, and what is repeated happens
// once.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/import_scene.h"
#include "failures/stack.h"

#define ALLOCATIONS                                                                                \
    (INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_ARENA))
#define BOTH (ALLOCATIONS | INJECT_BIT(INJECT_SOCKET))

const uint32_t scenario_cases = 6;

enum { TRIES = 2000, PIPELINED = 20 };

static pid_t loyaltyd;
static struct loyalty *client;
static char member_id[32];
static struct loyalty_member member = {.by = LOYALTY_BY_MEMBER_ID, .value = member_id};

// --- what stands before and after ---

static void prepare(void)
{
    stack_prepare();
    loyaltyd = stack_start();
    stack_publish();
    import_scene_write_file();
}

static void finish(void)
{
    CHECK(stack_end(loyaltyd) == EXIT_SUCCESS);
    stack_finish();
}

static void end_client(void)
{
    loyalty_free(client);
    client = NULL;
}

// Makes `client` anew, with nothing failing.
static void be(const char *name)
{
    end_client();
    client = stack_client(name);
    CHECK(client != NULL);
    REQUIRE(stack_connect(client, TRIES), "no connection: %s", loyalty_error(client));
}

// A member of this case's own, with 100 points; then a till that is connected.
static void open_with_member(void)
{
    struct loyalty_request request;
    struct loyalty_enrolment enrolment;
    struct loyalty_reply reply;
    inject_hold(true);
    (void)snprintf(member_id, sizeof(member_id), "member-%u", case_number());
    be("admin");
    CHECK(loyalty_request_init(client, &request));
    enum loyalty_outcome outcome =
        loyalty_enrol(client, &request, member_id, NULL, 0, &enrolment, &reply);
    REQUIRE(outcome == LOYALTY_APPLIED, "enrolling: %s", reply.reason);
    loyalty_reply_fini(&reply);
    be("till");
    inject_hold(false);
}

static int64_t balance_of_member(void)
{
    struct loyalty_account account;
    struct loyalty_reply reply;
    be("admin");
    enum loyalty_outcome outcome = loyalty_get_member(client, &member, &account, &reply);
    REQUIRE(outcome == LOYALTY_APPLIED, "afterwards a read is answered %s", reply.reason);
    int64_t balance = account.standing.balance;
    loyalty_reply_fini(&reply);
    return balance;
}

// --- making and connecting ---

static void run_new(void)
{
    char error[LOYALTY_ERROR_BYTES] = "";
    struct loyalty_options options = {
        .server = stack.server,
        .ca_path = stack_path("ca.pem"),
        .certificate_path = stack_path("till.pem"),
        .key_path = stack_path("till.key"),
    };
    inject_enter();
    client = loyalty_new(&options, error);
    inject_leave();
    inject_disarm();
    REQUIRE(client != NULL || error[0] != '\0', "it does not say why there is no client");
    if (client != NULL) {
        REQUIRE(stack_connect(client, 5), "it never connects: %s", loyalty_error(client));
    }
    end_client();
}

static void run_connect(void)
{
    inject_hold(true);
    be("till");
    loyalty_close(client);
    inject_hold(false);
    inject_enter();
    enum loyalty_outcome outcome = loyalty_connect(client);
    inject_leave();
    inject_disarm();
    REQUIRE(outcome == LOYALTY_APPLIED || outcome == LOYALTY_RETRY_LATER, "it is %s: %s",
            loyalty_outcome_name(outcome), loyalty_error(client));
    REQUIRE(outcome == LOYALTY_APPLIED || loyalty_error(client)[0] != '\0',
            "it does not say why there is no connection");
    REQUIRE(stack_connect(client, 5), "it does not connect afterwards: %s", loyalty_error(client));
    end_client();
}

// --- one request ---

static const struct loyalty_sale_line line = {.amount_minor = 10000, .category = "tea"};
static const struct loyalty_sale sale = {.currency = "CNY", .lines = &line, .line_count = 1};

// An outcome of a request that is all right: what else is there to say than that it was not done
// or is not known.
static void judge_outcome(enum loyalty_outcome outcome, const struct loyalty_reply *reply)
{
    REQUIRE(outcome == reply->outcome, "%s, but the reply says %s", loyalty_outcome_name(outcome),
            loyalty_outcome_name(reply->outcome));
    REQUIRE(outcome != LOYALTY_REFUSED, "refused: %s, %s", reply->reason, reply->message);
    REQUIRE(reply->reason != NULL && reply->field != NULL && reply->message != NULL, "no texts");
}

// Sends it until its outcome is known; then it has taken effect once.
static void complete_award(const struct loyalty_request *request, bool done)
{
    enum loyalty_outcome outcome = LOYALTY_RETRY_LATER;
    struct loyalty_awarded award = {0};
    struct loyalty_reply reply;
    for (int i = 0; outcome > LOYALTY_DUPLICATE && i < TRIES; i++) {
        be("till");
        outcome = loyalty_award(client, request, &member, &sale, &award, &reply);
        judge_outcome(outcome, &reply);
        loyalty_reply_fini(&reply);
    }
    REQUIRE(outcome <= LOYALTY_DUPLICATE, "afterwards it is %s", loyalty_outcome_name(outcome));
    REQUIRE(!done || outcome == LOYALTY_DUPLICATE, "told as done, and was not");
    REQUIRE(award.points == 100 && award.seq == 2, "%lld points, record %llu",
            (long long)award.points, (unsigned long long)award.seq);
    int64_t balance = balance_of_member();
    REQUIRE(balance == 100, "the balance is %lld", (long long)balance);
}

static void run_award(void)
{
    struct loyalty_request request;
    struct loyalty_awarded award;
    struct loyalty_reply reply;
    open_with_member();
    CHECK(loyalty_request_init(client, &request));
    inject_enter();
    enum loyalty_outcome outcome = loyalty_award(client, &request, &member, &sale, &award, &reply);
    inject_leave();
    inject_disarm();
    judge_outcome(outcome, &reply);
    bool done = outcome <= LOYALTY_DUPLICATE;
    REQUIRE(!done || (award.points == 100 && award.score == 100 && award.standing.balance == 100 &&
                      strcmp(award.member_id, member_id) == 0 && award.receipt_line_count > 0),
            "applied, with %lld points", (long long)award.points);
    loyalty_reply_fini(&reply);
    complete_award(&request, done);
    end_client();
}

static void run_redeem_refused(void)
{
    struct loyalty_request request;
    struct loyalty_redemption redemption;
    struct loyalty_reply reply;
    const struct loyalty_spend spend = {.points = 5000};
    open_with_member();
    CHECK(loyalty_request_init(client, &request));
    inject_enter();
    enum loyalty_outcome outcome =
        loyalty_redeem(client, &request, &member, &spend, &redemption, &reply);
    inject_leave();
    inject_disarm();
    REQUIRE(outcome >= LOYALTY_REFUSED, "spent what is not there");
    REQUIRE(outcome != LOYALTY_REFUSED || (strcmp(reply.reason, "INSUFFICIENT_POINTS") == 0 &&
                                           reply.figure_count > 0 && reply.message[0] != '\0'),
            "refused: %s, %zu figures", reply.reason, reply.figure_count);
    loyalty_reply_fini(&reply);
    int64_t balance = balance_of_member();
    REQUIRE(balance == 0, "the balance is %lld", (long long)balance);
    end_client();
}

static void run_reads(void)
{
    struct loyalty_account account;
    struct loyalty_awarded quote;
    struct loyalty_reply replies[2];
    open_with_member();
    inject_enter();
    enum loyalty_outcome got = loyalty_get_member(client, &member, &account, &replies[0]);
    enum loyalty_outcome quoted = loyalty_quote(client, &member, &sale, &quote, &replies[1]);
    inject_leave();
    inject_disarm();
    judge_outcome(got, &replies[0]);
    judge_outcome(quoted, &replies[1]);
    REQUIRE(got != LOYALTY_APPLIED || (account.seq == 1 && account.standing.tier_id[0] != '\0'),
            "a member of %llu records", (unsigned long long)account.seq);
    REQUIRE(quoted != LOYALTY_APPLIED || quote.points == 100, "a quote of %lld points",
            (long long)quote.points);
    loyalty_reply_fini(&replies[0]);
    loyalty_reply_fini(&replies[1]);
    end_client();
}

static void run_outcome(void)
{
    struct loyalty_request request;
    struct loyalty_reply reply;
    enum loyalty_fate fate = LOYALTY_FATE_REFUSED;
    open_with_member();
    CHECK(loyalty_request_init(client, &request));
    inject_enter();
    enum loyalty_outcome outcome =
        loyalty_get_outcome(client, &member, request.request_id, &fate, &reply);
    inject_leave();
    inject_disarm();
    judge_outcome(outcome, &reply);
    REQUIRE(outcome != LOYALTY_APPLIED || fate == LOYALTY_FATE_NOT_SEEN_YET, "its fate is %d",
            (int)fate);
    loyalty_reply_fini(&reply);
    end_client();
}

// --- many requests ---

struct pipelined {
    bool accepted;
    uint32_t times;
    enum loyalty_outcome outcome;
    size_t bytes;
};

static void on_reply(void *user, const struct loyalty_reply *reply)
{
    unsigned depth = inject_pause();
    struct pipelined *one = user;
    one->times++;
    one->outcome = reply->outcome;
    one->bytes = reply->payload_bytes;
    inject_resume(depth);
}

static void submit_all(struct pipelined *requests)
{
    static const char method[] = "/loyalty.v1.ClockService/GetClock";
    for (size_t i = 0; i < PIPELINED; i++) {
        requests[i].accepted = loyalty_submit(client, method, NULL, 0, 0, on_reply, &requests[i]);
    }
}

// Each that was taken is answered, and just once.
static void judge_all(const struct pipelined *requests)
{
    for (size_t i = 0; i < PIPELINED; i++) {
        const struct pipelined *one = &requests[i];
        REQUIRE(one->times == (one->accepted ? 1U : 0U), "request %zu is answered %u times", i,
                one->times);
        REQUIRE(one->times == 0 || one->outcome != LOYALTY_APPLIED || one->bytes > 0,
                "request %zu has an empty answer", i);
        REQUIRE(one->times == 0 || one->outcome != LOYALTY_REFUSED, "request %zu is refused", i);
    }
}

static void run_pipelined(void)
{
    struct pipelined requests[PIPELINED] = {0};
    open_with_member();
    inject_enter();
    submit_all(requests);
    (void)loyalty_wait(client, LOYALTY_TIMEOUT_MS_MAX);
    inject_leave();
    inject_disarm();
    loyalty_close(client);
    judge_all(requests);
    end_client();
}

// Closing answers what is under way.
static void run_close(void)
{
    struct pipelined requests[PIPELINED] = {0};
    open_with_member();
    inject_enter();
    submit_all(requests);
    (void)loyalty_poll(client, 0);
    loyalty_close(client);
    inject_leave();
    inject_disarm();
    judge_all(requests);
    end_client();
}

// Whether answers come in one reading or two is the daemon's and the machine's.
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
    SCENE(new, INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_FILE)),
    SCENE(connect, BOTH),
    SCENE(award, BOTH),
    SCENE(redeem_refused, BOTH),
    SCENE(reads, BOTH),
    SCENE(outcome, BOTH),
    SCENE(pipelined, BOTH),
    SCENE(close, BOTH),
    {
        .name = "import",
        .kinds = BOTH | INJECT_BIT(INJECT_FILE),
        .loose = true,
        .prepare = prepare,
        .run = import_scene_run,
        .finish = finish,
    },
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
