// `audit list` and `audit verify`: what was done by hand in a month. To verify, the month's log is
// read as it is stored and its chain checked here, from the first record to the last.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ledger.h"
#include "core/record.h"
#include "ctl/acts.h"
#include "ctl/chain_hash.h"
#include "ctl/command.h"
#include "ctl/export.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/admin.pb-c.h"

enum {
    KEY_MONTH = 0x200,
    PAGE_ENTRIES = 200,
    FOLD_ARENA_BYTES = 4 << 20,
    ROUNDS_MAX = 5, // readings of one month
};

struct audit_line {
    struct globals globals;
    const char *month; // NULL: this one
};

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct audit_line *line = state->input;
    char day[sizeof("YYYY-MM-DD")];
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case KEY_MONTH:
        (void)snprintf(day, sizeof(day), "%.7s-01", arg);
        if (strlen(arg) != strlen("YYYY-MM") || !parse_date(day)) {
            argp_error(state, "%s is no month; write it as YYYY-MM", arg);
        }
        line->month = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"month", KEY_MONTH, "YYYY-MM", 0, "In the program's zone (this month)", 0},
    {0},
};

static int run(const struct argp *parser, int argc, char **argv, const struct globals *globals,
               int (*send)(struct session *session, const struct audit_line *line))
{
    struct audit_line line = {.globals = *globals};
    globals_parse(parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        code = send(&session, &line);
    }
    session_close(&session);
    return code;
}

// A page; the token is the last one's.
static int ask(struct session *session, const struct audit_line *line, const char *token,
               const Loyalty__V1__ListAuditResponse **ret_page)
{
    Loyalty__V1__ListAuditRequest request = LOYALTY__V1__LIST_AUDIT_REQUEST__INIT;
    request.month = line->month == NULL ? request.month : (char *)line->month;
    request.page_size = PAGE_ENTRIES;
    request.page_token = (char *)token;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.AdminService/ListAudit", &request.base, NULL,
                            &loyalty__v1__list_audit_response__descriptor, &answer);
    *ret_page = (const Loyalty__V1__ListAuditResponse *)answer;
    return code;
}

// --- list ---

static void add_row(struct print_table *table, const Loyalty__V1__AuditEntry *entry)
{
    char at[PRINT_TEXT_BYTES];
    char act[ACTS_WORD_BYTES];
    char code[ACTS_WORD_BYTES];
    const char *const cells[] = {print_instant(entry->at, at),
                                 acts_act_word(entry->act, act),
                                 entry->subject,
                                 entry->actor,
                                 acts_reason_word(entry->reason_code, code),
                                 entry->reason};
    print_table_add(table, cells);
}

static int list_pages(struct session *session, const struct audit_line *line,
                      struct print_table *table)
{
    const char *token = "";
    do {
        const Loyalty__V1__ListAuditResponse *page = NULL;
        int code = ask(session, line, token, &page);
        if (code == CTL_OK && table == NULL) {
            code = print_json(session, &page->base, false);
        }
        for (size_t i = 0; code == CTL_OK && table != NULL && i < page->n_entries; i++) {
            add_row(table, page->entries[i]);
        }
        if (code != CTL_OK) {
            return code;
        }
        token = page->next_page_token;
    } while (*token != '\0');
    return CTL_OK;
}

static int send_list(struct session *session, const struct audit_line *line)
{
    static const char *const headers[] = {"at", "act", "of", "by", "code", "reason"};
    if (session->globals->json) {
        return list_pages(session, line, NULL);
    }
    struct print_table *table = print_table_new(sizeof(headers) / sizeof(headers[0]), 0, headers);
    int code = list_pages(session, line, table);
    print_table_end(table);
    return code;
}

int audit_list(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .doc = "Lists what was done by hand in a month: when, by whom, to whom and why. With "
               "-o json each page of the answer is an object.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_list);
}

// --- verify ---

static enum status first_partition(struct span log, struct arena *arena, uint32_t *ret_partition)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    struct record record;
    TRY(record_next(&cursor, &place));
    TRY(record_decode(place.body, arena, &record));
    *ret_partition = record.opened.partition;
    return record.type == RECORD_OPENED ? STATUS_OK : STATUS_CORRUPT;
}

// Checks the chain of all records.
static int fold(const struct export_log *log, const char *id, struct account *account)
{
    struct arena arena;
    arena_init(&arena, FOLD_ARENA_BYTES);
    struct ledger_fault fault = {.what = "the log does not begin as one of a month"};
    struct span bytes = span_of(log->bytes, log->len);
    uint32_t partition = 0;
    enum status status = first_partition(bytes, &arena, &partition);
    arena_reset(&arena);
    if (status == STATUS_OK) {
        status = ledger_fold(account, bytes, span_of_text(id), partition, chain_hash_sha256, &arena,
                             &fault);
    }
    arena_fini(&arena);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "fault: %s, record %" PRIu64 ": %s\n", id, fault.record, fault.what);
        return CTL_REFUSED;
    }
    return CTL_OK;
}

static bool is_end(const struct account *account, const Loyalty__V1__ListAuditResponse *said)
{
    char chain[2 * CHAIN_HASH_BYTES + 1];
    for (size_t i = 0; i < CHAIN_HASH_BYTES; i++) {
        (void)snprintf(chain + 2 * i, 3, "%02x", account->tail[i]);
    }
    return account->seq == said->records && strcmp(chain, said->chain) == 0;
}

// One try; `ret_again` when something was listed meanwhile.
static int check(struct session *session, const struct audit_line *line, bool *ret_again)
{
    char id[sizeof("@audit-YYYY-MM")];
    const Loyalty__V1__ListAuditResponse *said = NULL;
    struct export_log log = {0};
    struct account account;
    *ret_again = false;
    int code = ask(session, line, "", &said);
    if (code == CTL_OK && said->records == 0) {
        print_row_number("records", 0);
        return CTL_OK;
    }
    if (code == CTL_OK) {
        (void)snprintf(id, sizeof(id), "@audit-%.7s", said->month);
        code = export_read_log(session, id, &log);
    }
    if (code != CTL_OK) {
        return code;
    }
    account_init(&account);
    code = fold(&log, id, &account);
    if (code == CTL_OK && !is_end(&account, said)) {
        *ret_again = account.seq > said->records;
        code = CTL_REFUSED;
    }
    if (code == CTL_OK) {
        print_row_number("records", (int64_t)said->records);
        print_row("chain", "%s", said->chain);
    }
    account_fini(&account);
    free(log.bytes);
    return code;
}

static int send_verify(struct session *session, const struct audit_line *line)
{
    bool again = true;
    int code = CTL_OK;
    for (int round = 0; again && round < ROUNDS_MAX; round++) {
        code = check(session, line, &again);
    }
    if (again) {
        (void)fprintf(stderr, "loyaltyctl: the month grows as it is read; try again\n");
        return CTL_RETRY_LATER;
    }
    if (code == CTL_REFUSED) {
        (void)fprintf(stderr, "loyaltyctl: the month's log does not hold together\n");
    }
    return code;
}

int audit_verify(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .doc = "Reads a month's log of what was done by hand, as it is stored, and checks its "
               "chain here, record by record.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_verify);
}
