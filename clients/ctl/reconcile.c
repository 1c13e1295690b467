// `till terms` and `till reconcile DATE`: what a till has to know of the program in force, and its
// business day against the service's. Exit code 0: in balance and closed; 1: they differ.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "ctl/command.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/tills.pb-c.h"

enum { KEY_OPERATION = 0x200, KEY_UNIT = 0x220, KEY_ID, KEY_REQUEST, KEY_PAGE };
enum { OPERATIONS = 4, FIGURES = 3 };

static const char *const operation_names[OPERATIONS + 1] = {"", "award", "redeem", "reverse award",
                                                            "reverse redeem"};

struct reconcile_line {
    struct globals globals;
    char *date;
    char *unit;
    char *page_token;
    const char *request_id;
    Loyalty__V1__OperationTotal totals[OPERATIONS]; // an operation of 0: not given
    char *ids[LIMIT_RECONCILED_IDS];
    size_t id_count;
};

// "1,234.56": the totals are in the program's currency, whatever that is.
static const char *print_minor(int64_t minor, char out[PRINT_TEXT_BYTES])
{
    char major[PRINT_TEXT_BYTES];
    (void)snprintf(out, PRINT_TEXT_BYTES, "%.40s.%02d", print_number(minor / 100, major),
                   (int)(minor % 100));
    return out;
}

// "COUNT:POINTS" or "COUNT:POINTS:AMOUNT", cut in place.
static bool parse_total(char *text, Loyalty__V1__OperationTotal *total)
{
    char *parts[FIGURES] = {0};
    size_t count = 0;
    char *rest = text;
    while (rest != NULL) {
        char *part = strsep(&rest, ":");
        if (count == FIGURES) {
            return false;
        }
        parts[count++] = part;
    }
    int64_t sales = 0;
    bool good = count >= 2 && parse_number(parts[0], 0, INT64_MAX, &sales) &&
                parse_number(parts[1], 0, INT64_MAX, &total->points) &&
                (count == 2 || parse_amount(parts[2], &total->amount_minor));
    total->count = (uint64_t)sales;
    return good;
}

static void take_total(struct reconcile_line *line, int operation, char *arg,
                       struct argp_state *state)
{
    Loyalty__V1__OperationTotal *total = &line->totals[operation - 1];
    loyalty__v1__operation_total__init(total);
    total->operation = (Loyalty__V1__Operation)operation;
    if (!parse_total(arg, total)) {
        argp_error(state, "a total is COUNT:POINTS or COUNT:POINTS:AMOUNT");
    }
}

static void take_id(struct reconcile_line *line, char *arg, struct argp_state *state)
{
    if (!parse_uuid(arg)) {
        argp_error(state, "%s is no UUID", arg);
    } else if (line->id_count == LIMIT_RECONCILED_IDS) {
        argp_error(state, "at most %d ids", LIMIT_RECONCILED_IDS);
    } else {
        line->ids[line->id_count++] = arg;
    }
}

static void take_date(struct reconcile_line *line, char *arg, struct argp_state *state)
{
    if (state->arg_num > 0) {
        argp_usage(state);
    }
    if (!parse_date(arg)) {
        argp_error(state, "%s is no date YYYY-MM-DD", arg);
    }
    line->date = arg;
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct reconcile_line *line = state->input;
    if (key > KEY_OPERATION && key <= KEY_OPERATION + OPERATIONS) {
        take_total(line, key - KEY_OPERATION, arg, state);
        return 0;
    }
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        take_date(line, arg, state);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    case KEY_UNIT:
        line->unit = arg;
        return 0;
    case KEY_PAGE:
        line->page_token = arg;
        return 0;
    case KEY_ID:
        take_id(line, arg, state);
        return 0;
    case KEY_REQUEST:
        if (!parse_uuid(arg)) {
            argp_error(state, "%s is no UUID", arg);
        }
        line->request_id = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *side_name(Loyalty__V1__DifferenceSide side)
{
    return side == LOYALTY__V1__DIFFERENCE_SIDE__DIFFERENCE_SIDE_SERVICE_ONLY ? "service only"
                                                                              : "till only";
}

static void print_differences(const Loyalty__V1__ReconcileResponse *response)
{
    static const char *const headers[] = {"side",    "request", "operation",
                                          "receipt", "points",  "amount"};
    struct print_table *table = print_table_new(6, 0x38, headers);
    for (size_t i = 0; i < response->n_differences; i++) {
        const Loyalty__V1__Difference *difference = response->differences[i];
        uint32_t operation = (uint32_t)difference->operation;
        char texts[FIGURES][PRINT_TEXT_BYTES] = {"", "", ""};
        if (operation != 0) {
            (void)snprintf(texts[0], PRINT_TEXT_BYTES, "%" PRIu64, difference->receipt_number);
            (void)print_number(difference->points, texts[1]);
            (void)print_minor(difference->amount_minor, texts[2]);
        }
        const char *cells[] = {side_name(difference->side),
                               difference->request_id,
                               operation <= OPERATIONS ? operation_names[operation] : "?",
                               texts[0],
                               texts[1],
                               texts[2]};
        print_table_add(table, cells);
    }
    print_table_end(table);
}

static void print_reconciled(const Loyalty__V1__ReconcileResponse *response)
{
    print_row("day", response->closed ? "in balance, closed" : "differs");
    for (size_t i = 0; i < response->n_totals; i++) {
        const Loyalty__V1__OperationTotal *total = response->totals[i];
        uint32_t operation = (uint32_t)total->operation;
        char points[PRINT_TEXT_BYTES];
        char amount[PRINT_TEXT_BYTES];
        print_row(operation <= OPERATIONS ? operation_names[operation] : "?",
                  "%" PRIu64 ", %s points, %s", total->count, print_number(total->points, points),
                  print_minor(total->amount_minor, amount));
    }
    if (response->n_differences > 0) {
        print_differences(response);
    }
    if (response->next_page_token[0] != '\0') {
        print_row("more", "--page-token %s", response->next_page_token);
    }
}

static int reconcile(struct session *session, struct reconcile_line *line)
{
    Loyalty__V1__OperationTotal *totals[OPERATIONS];
    Loyalty__V1__ReconcileRequest request = LOYALTY__V1__RECONCILE_REQUEST__INIT;
    request.mutation = session_mutation(session, line->request_id);
    request.business_date = line->date;
    request.totals = totals;
    request.request_ids = line->ids;
    request.n_request_ids = line->id_count;
    for (size_t i = 0; i < OPERATIONS; i++) {
        if (line->totals[i].operation != 0) {
            totals[request.n_totals++] = &line->totals[i];
        }
    }
    if (line->unit != NULL) {
        request.unit = line->unit;
    }
    if (line->page_token != NULL) {
        request.page_token = line->page_token;
    }
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.TillsService/Reconcile", &request.base,
                            request.mutation->request_id,
                            &loyalty__v1__reconcile_response__descriptor, &answer);
    if (code != CTL_OK) {
        return code;
    }
    const Loyalty__V1__ReconcileResponse *response = (const Loyalty__V1__ReconcileResponse *)answer;
    if (session->globals->json) {
        code = print_json(session, answer, true);
    } else {
        print_reconciled(response);
    }
    return code == CTL_OK && !response->in_balance ? CTL_REFUSED : code;
}

int till_reconcile(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"award", KEY_OPERATION + 1, "COUNT:POINTS:AMOUNT", 0, "The till's own sum of sales", 0},
        {"redeem", KEY_OPERATION + 2, "COUNT:POINTS", 0, "Of redemptions and captures", 0},
        {"reverse-award", KEY_OPERATION + 3, "COUNT:POINTS:AMOUNT", 0, "Of sales taken back", 0},
        {"reverse-redeem", KEY_OPERATION + 4, "COUNT:POINTS", 0, "Of redemptions taken back", 0},
        {"unit", KEY_UNIT, "UNIT", 0, "The terminal (the certificate's own)", 0},
        {"id", KEY_ID, "UUID", 0, "A request that the till counts; may be given again", 0},
        {"page-token", KEY_PAGE, "TOKEN", 0, "Goes on with a list of differences", 0},
        {"request-id", KEY_REQUEST, "UUID", 0,
         "The request's id; the same for every repetition (a new one)", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "DATE",
        .doc = "Compares a terminal's business day with what the service has counted under its "
               "receipts, and closes it when both agree.",
        .children = globals_child,
    };
    static struct reconcile_line line; // large, and one is enough
    line = (struct reconcile_line){.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.globals);
    code = code == CTL_OK ? reconcile(&session, &line) : code;
    session_close(&session);
    return code;
}

// --- terms ---

// argp's signature. NOLINTNEXTLINE(readability-non-const-parameter)
static error_t take_nothing(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = state->input;
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        argp_usage(state);
    }
    return ARGP_ERR_UNKNOWN;
}

static void print_terms(const Loyalty__V1__GetTermsResponse *terms)
{
    char amount[PRINT_TEXT_BYTES];
    print_row("program", "%s, version %" PRIu32, terms->program_id, terms->program_version);
    print_row("business dates", "in %s", terms->zone);
    print_row_number("redeem at least", terms->redeem_minimum_points);
    print_row_number("in steps of", terms->redeem_step_points);
    if (terms->value_points > 0) {
        print_row("worth", "%" PRId64 " points %s", terms->value_points,
                  print_amount(terms->value_minor, terms->currency, amount));
    }
    print_row_number("offline at most", terms->offline_floor_points);
    print_row("held for", "%" PRIu32 " s", terms->hold_seconds);
    print_row("late by", "%" PRIu32 " days", terms->late_days);
    print_row_instant("as of", terms->as_of);
}

int till_terms(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take_nothing,
        .doc = "Shows what a till has to know of the program in force.",
        .children = globals_child,
    };
    struct globals line = *globals;
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line);
    if (code == CTL_OK) {
        Loyalty__V1__GetTermsRequest request = LOYALTY__V1__GET_TERMS_REQUEST__INIT;
        ProtobufCMessage *answer = NULL;
        code = session_call(&session, "/loyalty.v1.TillsService/GetTerms", &request.base, NULL,
                            &loyalty__v1__get_terms_response__descriptor, &answer);
        if (code == CTL_OK && line.json) {
            code = print_json(&session, answer, false);
        } else if (code == CTL_OK) {
            print_terms((const Loyalty__V1__GetTermsResponse *)answer);
        }
    }
    session_close(&session);
    return code;
}
