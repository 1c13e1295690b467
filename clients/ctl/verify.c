// `verify MEMBER` or `verify --all`: the service reads logs again and checks them; here the pages
// of all partitions are asked for, several at a time, and added up.
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "ctl/verify_archived.h"
#include "loyalty/v1/admin.pb-c.h"

enum {
    KEY_ALL = 0x200,
    KEY_ARCHIVED,
    WINDOW = 16,       // partitions asked for at a time
    ATTEMPTS_MAX = 40, // of one page, a RETRY_LATER each
    PAUSE_MS = 250,
    FAULTS_SHOWN = 100,
};

static const char method[] = "/loyalty.v1.AdminService/VerifyAccounts";

struct verify_line {
    struct member_line member;
    bool all;
    const char *archived; // folder
};

struct totals {
    uint64_t accounts;
    uint64_t records;
    uint64_t log_bytes;
    int64_t balance;
    int64_t points_awarded;
    int64_t score_given;
    uint64_t faults;
    uint32_t partitions;
};

struct verification;

// One partition being paged through.
struct lane {
    struct verification *whole;
    uint32_t partition;
    uint64_t cursor;
    int attempts;
    bool busy;    // a page is in flight
    bool waiting; // a page is to be asked for again
};

struct verification {
    struct session *session;
    struct totals totals;
    uint32_t next_partition;
    struct lane lanes[WINDOW];
    size_t active; // lanes with work
    int code;
};

static void add_up(struct verification *whole, const Loyalty__V1__VerifyAccountsResponse *page)
{
    struct totals *totals = &whole->totals;
    totals->accounts += page->accounts;
    totals->records += page->records;
    totals->log_bytes += page->log_bytes;
    totals->balance += page->balance;
    totals->points_awarded += page->points_awarded;
    totals->score_given += page->score_given;
    totals->partitions = page->partitions;
    for (size_t i = 0; i < page->n_faults; i++) {
        const Loyalty__V1__Fault *fault = page->faults[i];
        if (totals->faults++ < FAULTS_SHOWN) {
            (void)fprintf(stderr, "fault: member %s, record %" PRIu64 ": %s\n", fault->member_id,
                          fault->record, fault->what);
        }
    }
}

static void on_page(void *user, const struct loyalty_reply *reply);

static void ask(struct lane *lane)
{
    struct session *session = lane->whole->session;
    Loyalty__V1__VerifyAccountsRequest request = LOYALTY__V1__VERIFY_ACCOUNTS_REQUEST__INIT;
    request.partition = lane->partition;
    request.cursor = lane->cursor;
    uint8_t bytes[64];
    size_t len = loyalty__v1__verify_accounts_request__pack(&request, bytes);
    lane->busy = loyalty_submit(session->client, method, bytes, len, session->globals->timeout_ms,
                                on_page, lane);
    lane->waiting = !lane->busy;
}

// The next partition for a lane that has none.
static void begin_next(struct lane *lane)
{
    struct verification *whole = lane->whole;
    if (whole->code != CTL_OK || whole->next_partition >= whole->totals.partitions) {
        whole->active--;
        return;
    }
    lane->partition = whole->next_partition++;
    lane->cursor = 0;
    lane->attempts = 0;
    ask(lane);
}

static void unpack_and_add(struct lane *lane, const struct loyalty_reply *reply)
{
    struct verification *whole = lane->whole;
    Loyalty__V1__VerifyAccountsResponse *page =
        loyalty__v1__verify_accounts_response__unpack(NULL, reply->payload_bytes, reply->payload);
    if (page == NULL) {
        whole->code = CTL_UNKNOWN;
        whole->active--;
        return;
    }
    add_up(whole, page);
    lane->attempts = 0;
    lane->cursor = page->next_cursor;
    loyalty__v1__verify_accounts_response__free_unpacked(page, NULL);
    if (lane->cursor != 0) {
        ask(lane);
    } else {
        begin_next(lane);
    }
}

static void on_page(void *user, const struct loyalty_reply *reply)
{
    struct lane *lane = user;
    struct verification *whole = lane->whole;
    lane->busy = false;
    if (reply->outcome != LOYALTY_APPLIED) {
        // A read may be repeated whatever became of it.
        lane->attempts++;
        lane->waiting = reply->outcome != LOYALTY_REFUSED && lane->attempts < ATTEMPTS_MAX &&
                        whole->code == CTL_OK;
        if (!lane->waiting) {
            if (whole->code == CTL_OK) {
                whole->code = session_exit_code(reply->outcome);
                session_complain(whole->session, reply, NULL);
            }
            whole->active--;
        }
        return;
    }
    unpack_and_add(lane, reply);
}

static void pause_ms(long ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&wait, NULL);
}

static void drive(struct verification *whole)
{
    struct loyalty *client = whole->session->client;
    while (whole->active > 0) {
        if (loyalty_poll(client, PAUSE_MS) < 0 && loyalty_connect(client) != LOYALTY_APPLIED) {
            (void)fprintf(stderr, "loyaltyctl: %s\n", loyalty_error(client));
            whole->code = CTL_RETRY_LATER;
            return;
        }
        bool again = false;
        for (size_t i = 0; i < WINDOW; i++) {
            again = again || whole->lanes[i].waiting;
        }
        if (again) {
            pause_ms(PAUSE_MS);
        }
        for (size_t i = 0; i < WINDOW; i++) {
            if (whole->lanes[i].waiting) {
                ask(&whole->lanes[i]);
            }
        }
    }
}

static int verify_all(struct verification *whole)
{
    for (size_t i = 0; i < WINDOW; i++) {
        whole->lanes[i].whole = whole;
    }
    Loyalty__V1__VerifyAccountsRequest request = LOYALTY__V1__VERIFY_ACCOUNTS_REQUEST__INIT;
    struct loyalty_reply reply;
    int code = session_ask(whole->session, method, &request.base, &reply);
    if (code != CTL_OK) {
        session_complain(whole->session, &reply, NULL);
        loyalty_reply_fini(&reply);
        return code;
    }
    // The first page tells how many partitions there are.
    whole->next_partition = 1;
    whole->active = 1;
    unpack_and_add(&whole->lanes[0], &reply);
    loyalty_reply_fini(&reply);
    for (size_t i = 1; i < WINDOW; i++) {
        whole->active++;
        begin_next(&whole->lanes[i]);
    }
    drive(whole);
    return whole->code;
}

static int verify_one(struct verification *whole, const struct loyalty_member *member)
{
    Loyalty__V1__VerifyAccountsRequest request = LOYALTY__V1__VERIFY_ACCOUNTS_REQUEST__INIT;
    request.member = session_member(whole->session, member);
    ProtobufCMessage *answer = NULL;
    int code = session_call(whole->session, method, &request.base, NULL,
                            &loyalty__v1__verify_accounts_response__descriptor, &answer);
    if (code == CTL_OK) {
        add_up(whole, (const Loyalty__V1__VerifyAccountsResponse *)answer);
    }
    return code;
}

static void print_totals(const struct session *session, const struct totals *totals)
{
    if (session->globals->json) {
        (void)printf("{\n  \"accounts\": %" PRIu64 ",\n  \"records\": %" PRIu64
                     ",\n  \"log_bytes\": %" PRIu64 ",\n  \"balance\": %" PRId64
                     ",\n  \"points_awarded\": %" PRId64 ",\n  \"score_given\": %" PRId64
                     ",\n  \"faults\": %" PRIu64 "\n}\n",
                     totals->accounts, totals->records, totals->log_bytes, totals->balance,
                     totals->points_awarded, totals->score_given, totals->faults);
        return;
    }
    print_row_number("accounts", (int64_t)totals->accounts);
    print_row_number("records", (int64_t)totals->records);
    print_row_number("log bytes", (int64_t)totals->log_bytes);
    print_row_number("points awarded", totals->points_awarded);
    print_row_number("balance", totals->balance);
    print_row_number("score given", totals->score_given);
    print_row_number("faults", (int64_t)totals->faults);
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct verify_line *line = state->input;
    switch (key) {
    case KEY_ALL:
        line->all = true;
        return 0;
    case KEY_ARCHIVED:
        line->archived = arg;
        return 0;
    case ARGP_KEY_END:
        if (line->archived == NULL && line->all == (line->member.member.value != NULL)) {
            argp_error(state, "a member, or --all");
        }
        return 0;
    default:
        return member_line_take(&line->member, false, key, arg, state);
    }
}

int verify_accounts(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"all", KEY_ALL, NULL, 0, "Every account of every partition", 0},
        {"archived", KEY_ARCHIVED, "DIR", 0,
         "Check here, from the first record on: what the archive in DIR has, then the log", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "MEMBER\n--all\n--archived DIR [MEMBER]",
        .doc = "Has the service read logs again and check them: the chain of hashes, every "
               "record's contents, and that the figures add up. Faults go to stderr; exit code 1 "
               "if there is one.",
        .children = globals_child,
    };
    struct verify_line line = {.member.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.member.globals);
    struct verification whole = {.session = &session};
    if (code == CTL_OK && line.archived != NULL) {
        code = verify_archived(&session, line.archived, &line.member.member);
        session_close(&session);
        return code;
    }
    if (code == CTL_OK) {
        code = line.all ? verify_all(&whole) : verify_one(&whole, &line.member.member);
    }
    if (code == CTL_OK) {
        print_totals(&session, &whole.totals);
        code = whole.totals.faults > 0 ? CTL_REFUSED : CTL_OK;
    }
    session_close(&session);
    return code;
}
