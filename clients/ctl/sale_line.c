// Each --amount begins a line of the sale, --category belongs to the last one. The currency is what
// --currency or LOYALTY_CURRENCY says; else the program's, if this certificate may read it (a
// till's may not: it must say what money it takes).
#include "ctl/sale_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "ctl/parse.h"
#include "lib/encode.h"
#include "loyalty/v1/programs.pb-c.h"

enum {
    KEY_AMOUNT = 0x200,
    KEY_CATEGORY,
    KEY_AT,
    KEY_DATE,
    KEY_CURRENCY,
    KEY_PAID,
    KEY_RECEIPT,
    KEY_UNIT,
    KEY_CHANNEL,
    KEY_TRAINING,
    KEY_EXCHANGE_OF,
    KEY_ATTACHED,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "The sale:", 1},
    {"amount", KEY_AMOUNT, "12.34", 0, "The amount of a line; again for each further line", 0},
    {"category", KEY_CATEGORY, "NAME", 0, "The category of the line before", 0},
    {"at", KEY_AT, "INSTANT", 0, "When it happened (now)", 0},
    {"date", KEY_DATE, "YYYY-MM-DD", 0, "The day, when the time is not known", 0},
    {"currency", KEY_CURRENCY, "CODE", 0, "ISO 4217 (LOYALTY_CURRENCY; the program's)", 0},
    {"paid-with-points", KEY_PAID, "12.34", 0, "The part of it that was paid with points", 0},
    {"receipt", KEY_RECEIPT, "NUMBER:DATE", 0, "The receipt's number and business date", 0},
    {"unit", KEY_UNIT, "PATH", 0, "Where it was sold (the certificate's own unit)", 0},
    {"channel", KEY_CHANNEL, "NAME", 0, "For example shop, online", 0},
    {"exchange-of", KEY_EXCHANGE_OF, "UUID", 0, "The reversal that took the old goods back", 0},
    {"attached", KEY_ATTACHED, NULL, 0, "Sold without a card; claimed now with its receipt", 0},
    {"training", KEY_TRAINING, NULL, 0, "Answered as if real, posts nothing", 0},
    {0},
};

static void take_amount(struct sale_line *line, const char *arg, struct argp_state *state)
{
    int64_t minor = 0;
    if (!parse_amount(arg, &minor)) {
        argp_error(state, "%s is no amount: digits, at most two of them after a point", arg);
    } else if (line->line_count == SALE_LINES_MAX) {
        argp_error(state, "at most %d lines", SALE_LINES_MAX);
    } else {
        line->lines[line->line_count++].amount_minor = minor;
    }
}

static void take_category(struct sale_line *line, const char *arg, struct argp_state *state)
{
    if (line->line_count == 0) {
        argp_error(state, "--category comes behind its --amount");
        return;
    }
    line->lines[line->line_count - 1].category = arg;
}

static void take_receipt(struct sale_line *line, char *arg, struct argp_state *state)
{
    char *colon = strchr(arg, ':');
    int64_t number = 0;
    if (colon != NULL) {
        *colon = '\0';
    }
    if (colon == NULL || !parse_number(arg, 1, LIMIT_POINTS_A_BALANCE, &number) ||
        !parse_date(colon + 1)) {
        argp_error(state, "a receipt is NUMBER:YYYY-MM-DD");
        return;
    }
    line->sale.receipt_number = (uint64_t)number;
    line->sale.business_date = colon + 1;
}

static void take_date(struct sale_line *line, const char *arg, struct argp_state *state)
{
    if (!parse_date(arg)) {
        argp_error(state, "%s is no date YYYY-MM-DD", arg);
    }
    line->sale.occurred_date = arg;
}

static void check(const struct sale_line *line, struct argp_state *state)
{
    if (line->line_count == 0) {
        argp_error(state, "--amount is needed");
    } else if (line->at != NULL && line->sale.occurred_date != NULL) {
        argp_error(state, "--at or --date, not both");
    }
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct sale_line *line = state->input;
    switch (key) {
    case KEY_AMOUNT:
        take_amount(line, arg, state);
        return 0;
    case KEY_CATEGORY:
        take_category(line, arg, state);
        return 0;
    case KEY_AT:
        line->at = arg;
        return 0;
    case KEY_DATE:
        take_date(line, arg, state);
        return 0;
    case KEY_CURRENCY:
        line->currency = arg;
        return 0;
    case KEY_PAID:
        if (!parse_amount(arg, &line->sale.paid_with_points_minor)) {
            argp_error(state, "%s is no amount", arg);
        }
        return 0;
    case KEY_RECEIPT:
        take_receipt(line, arg, state);
        return 0;
    case KEY_UNIT:
        line->sale.unit = arg;
        return 0;
    case KEY_CHANNEL:
        line->sale.channel = arg;
        return 0;
    case KEY_EXCHANGE_OF:
        if (!parse_uuid(arg)) {
            argp_error(state, "%s is no UUID", arg);
        }
        line->sale.exchange_of = arg;
        return 0;
    case KEY_ATTACHED:
        line->sale.attached = true;
        return 0;
    case KEY_TRAINING:
        line->sale.training = true;
        return 0;
    case ARGP_KEY_END:
        check(line, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp sale_argp = {.options = options, .parser = take};
const struct argp_child sale_line_children[] = {
    {&sale_argp, 0, NULL, 0},
    {&globals_argp, 0, NULL, 0},
    {0},
};

error_t sale_line_take(int key, char *arg, struct argp_state *state)
{
    struct sale_line *line = state->input;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = line;
        state->child_inputs[1] = &line->member.globals;
        return 0;
    }
    return member_line_take(&line->member, false, key, arg, state);
}

static const char *program_currency(struct session *session)
{
    Loyalty__V1__GetProgramRequest request = LOYALTY__V1__GET_PROGRAM_REQUEST__INIT;
    struct loyalty_reply reply;
    const char *currency = NULL;
    if (session_ask(session, "/loyalty.v1.ProgramsService/GetProgram", &request.base, &reply) ==
        CTL_OK) {
        const Loyalty__V1__GetProgramResponse *response =
            (const Loyalty__V1__GetProgramResponse *)session_unpack(
                session, &reply, &loyalty__v1__get_program_response__descriptor);
        currency =
            response == NULL || response->program == NULL ? NULL : response->program->currency;
    }
    loyalty_reply_fini(&reply);
    return currency;
}

static const char *find_currency(struct session *session, const struct sale_line *line)
{
    const char *said = line->currency != NULL ? line->currency : getenv("LOYALTY_CURRENCY");
    return said != NULL && *said != '\0' ? said : program_currency(session);
}

int sale_line_message(struct session *session, struct sale_line *line, Loyalty__V1__Sale **ret_sale)
{
    struct loyalty_sale sale = line->sale;
    sale.lines = line->lines;
    sale.line_count = line->line_count;
    int64_t now_ms = loyalty_now_ms(session->client);
    if (line->at != NULL && !parse_instant(line->at, now_ms, &sale.occurred_at_ms)) {
        (void)fprintf(stderr, "loyaltyctl: %s is no instant\n", line->at);
        return CTL_USAGE;
    }
    sale.currency = find_currency(session, line);
    if (sale.currency == NULL) {
        (void)fprintf(stderr, "loyaltyctl: which currency? --currency or LOYALTY_CURRENCY; this "
                              "certificate may not read the program's\n");
        return CTL_USAGE;
    }
    Loyalty__V1__Sale *message = ly_encode_sale(&session->arena, &sale);
    if (message == NULL) {
        (void)fprintf(stderr, "loyaltyctl: out of memory\n");
        return CTL_RETRY_LATER;
    }
    *ret_sale = message;
    return CTL_OK;
}
