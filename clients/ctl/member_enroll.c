// `member enroll [ID]`.
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "lib/encode.h"
#include "loyalty/v1/members.pb-c.h"

enum { KEY_CARD = 0x200, KEY_BARCODE, KEY_PHONE, KEY_APP, KEY_AT, KEY_REFERRED_BY };

struct enroll_line {
    struct globals globals;
    const char *member_id; // NULL: the service makes one
    const char *at;
    const char *request_id;
    struct loyalty_member identifiers[LOYALTY_IDENTIFIERS_MAX];
    size_t identifier_count;
    struct loyalty_member referrer; // value NULL: nobody
};

static void add_identifier(struct enroll_line *line, enum loyalty_member_by by, const char *value,
                           struct argp_state *state)
{
    if (line->identifier_count == LOYALTY_IDENTIFIERS_MAX) {
        argp_error(state, "at most %d identifiers", LOYALTY_IDENTIFIERS_MAX);
        return;
    }
    line->identifiers[line->identifier_count++] = (struct loyalty_member){by, value};
}

static void take_argument(struct enroll_line *line, char *arg, struct argp_state *state)
{
    struct loyalty_member member;
    if (state->arg_num > 0) {
        argp_usage(state);
    } else if (!parse_member(arg, &member) || member.by != LOYALTY_BY_MEMBER_ID) {
        argp_error(state, "%s is no member's id", arg);
    }
    line->member_id = arg;
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct enroll_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        take_argument(line, arg, state);
        return 0;
    case KEY_CARD:
        add_identifier(line, LOYALTY_BY_CARD_NUMBER, arg, state);
        return 0;
    case KEY_BARCODE:
        add_identifier(line, LOYALTY_BY_BARCODE, arg, state);
        return 0;
    case KEY_PHONE:
        add_identifier(line, LOYALTY_BY_PHONE, arg, state);
        return 0;
    case KEY_APP:
        add_identifier(line, LOYALTY_BY_APP_ID, arg, state);
        return 0;
    case KEY_REFERRED_BY:
        if (!parse_member(arg, &line->referrer)) {
            argp_error(state, "%s is no member", arg);
        }
        return 0;
    case KEY_AT:
        line->at = arg;
        return 0;
    case KEY_REQUEST_ID:
        if (!parse_uuid(arg)) {
            argp_error(state, "%s is no UUID", arg);
        }
        line->request_id = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int print_enrolment(const struct session *session, const ProtobufCMessage *answer)
{
    if (session->globals->json) {
        return print_json(session, answer, true);
    }
    const Loyalty__V1__EnrollResponse *response = (const Loyalty__V1__EnrollResponse *)answer;
    print_row("member", "%s%s", response->member_id,
              session->replayed ? " (enrolled before, by this request)" : "");
    print_row_instant("enrolled", response->enrolled_at);
    print_standing(response->standing);
    if (response->n_unbound > 0) {
        print_row("without", "%zu identifier%s that another member took just now",
                  response->n_unbound, response->n_unbound == 1 ? "" : "s");
    }
    return CTL_OK;
}

static int enroll(struct session *session, const struct enroll_line *line)
{
    Loyalty__V1__EnrollRequest request = LOYALTY__V1__ENROLL_REQUEST__INIT;
    Loyalty__V1__Identifier *identifiers[LOYALTY_IDENTIFIERS_MAX];
    int64_t at_ms = 0;
    if (line->at != NULL) {
        if (!parse_instant(line->at, loyalty_now_ms(session->client), &at_ms)) {
            (void)fprintf(stderr, "loyaltyctl: %s is no instant\n", line->at);
            return CTL_USAGE;
        }
        request.enrolled_at = session_instant(session, at_ms);
    }
    for (size_t i = 0; i < line->identifier_count; i++) {
        identifiers[i] = ly_encode_identifier(&session->arena, &line->identifiers[i]);
    }
    request.identifiers = identifiers;
    request.n_identifiers = line->identifier_count;
    request.referred_by = session_person(session, &line->referrer);
    request.mutation = session_mutation(session, line->request_id);
    if (line->member_id != NULL) {
        request.member_id = (char *)line->member_id;
    }
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.MembersService/Enroll", &request.base,
                            request.mutation->request_id, &loyalty__v1__enroll_response__descriptor,
                            &answer);
    return code == CTL_OK ? print_enrolment(session, answer) : code;
}

static const struct argp_option options[] = {
    {"card", KEY_CARD, "NUMBER", 0, "A card's number", 0},
    {"barcode", KEY_BARCODE, "NUMBER", 0, "A barcode", 0},
    {"phone", KEY_PHONE, "+NUMBER", 0, "A telephone number, with country code", 0},
    {"app-id", KEY_APP, "ID", 0, "The app's id of the member", 0},
    {"referred-by", KEY_REFERRED_BY, "MEMBER", 0, "Who brought this member", 0},
    {"at", KEY_AT, "INSTANT", 0, "Enrolled in the past (admins only)", 0},
    MEMBER_LINE_REQUEST_ID,
    {0},
};

int member_enroll(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "[ID]",
        .doc = "Enrols a member under ID (letters, digits, '.', '_' and '-'; no personal datum), "
               "or under one that the service makes. Identifiers are what the member shows at the "
               "till; each belongs to one member.",
        .children = globals_child,
    };
    struct enroll_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        code = enroll(&session, &line);
    }
    session_close(&session);
    return code;
}
