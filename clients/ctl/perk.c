// `perk list|use|reverse|code|settlement`: what a card gives besides points.
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/perks.pb-c.h"

enum { KEY_LIFETIME = 0x200, KEY_REASON, KEY_CREATED, KEY_PARTNER };

enum { LIFETIME_MIN = 15, LIFETIME_MAX = 600, PAGE_MAX = 200 };

struct perk_line {
    struct member_line member; // the second argument is the perk, or the request
    const char *code;          // shown instead of a member; NULL: none
    int64_t lifetime_s;        // 0: the service's
    const char *reason;
    const char *created;
    const char *partner;
};

static bool is_code(const char *text)
{
    static const char prefix[] = "LY1.";
    return strncmp(text, prefix, sizeof(prefix) - 1) == 0;
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct perk_line *line = state->input;
    switch (key) {
    case KEY_LIFETIME:
        if (!parse_number(arg, LIFETIME_MIN, LIFETIME_MAX, &line->lifetime_s)) {
            argp_error(state, "%s is no number of seconds from 15 to 600", arg);
        }
        return 0;
    case KEY_REASON:
        line->reason = arg;
        return 0;
    case KEY_CREATED:
        line->created = arg;
        return 0;
    case KEY_PARTNER:
        line->partner = arg;
        return 0;
    default:
        return member_line_take(&line->member, false, key, arg, state);
    }
}

// MEMBER, or a code, and one argument more.
static error_t take_shown(int key, char *arg, struct argp_state *state)
{
    struct perk_line *line = state->input;
    if (key == ARGP_KEY_ARG && state->arg_num == 0 && is_code(arg)) {
        line->code = arg;
        return 0;
    }
    if (key == ARGP_KEY_ARG && state->arg_num == 1) {
        line->member.second = arg;
        return 0;
    }
    if (key == ARGP_KEY_END) {
        bool shown = line->code != NULL || line->member.member.value != NULL;
        if (!shown || line->member.second == NULL) {
            argp_usage(state);
        }
        return 0;
    }
    return take(key, arg, state);
}

typedef int send_fn(struct session *session, const struct perk_line *line);

static int run(const struct argp *parser, int argc, char **argv, const struct globals *globals,
               send_fn *send)
{
    struct perk_line line = {.member.globals = *globals, .reason = "", .partner = ""};
    globals_parse(parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.member.globals);
    code = code == CTL_OK ? send(&session, &line) : code;
    session_close(&session);
    return code;
}

// NULL where there is nothing to print any more: it failed, or was printed as JSON.
static int call(struct session *session, const char *method, const ProtobufCMessage *request,
                const char *request_id, const ProtobufCMessageDescriptor *type,
                ProtobufCMessage **ret_answer)
{
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, method, request, request_id, type, &answer);
    bool json = code == CTL_OK && session->globals->json;
    *ret_answer = code == CTL_OK && !json ? answer : NULL;
    return json ? print_json(session, answer, request_id != NULL) : code;
}

static void print_request(const struct session *session, const char *request_id)
{
    print_row("request", "%s%s", request_id,
              session->replayed ? " (repeated: this is the stored answer)" : "");
}

// --- list ---

static void print_perk(struct print_table *table, const Loyalty__V1__PerkLeft *perk)
{
    char left[PRINT_TEXT_BYTES] = "as often as wished";
    char from[PRINT_TEXT_BYTES] = "";
    char until[PRINT_TEXT_BYTES] = "";
    if (perk->limited) {
        (void)snprintf(left, sizeof(left), "%u of %u", perk->left, perk->count);
    }
    if (perk->period_from != NULL) {
        (void)print_instant(perk->period_from, from);
    }
    if (perk->period_until != NULL) {
        (void)print_instant(perk->period_until, until);
    }
    const char *where = perk->n_partners == 0 ? "shops" : perk->partners[0];
    const char *cells[] = {perk->perk_id, left,  from,
                           until,         where, perk->n_partners > 1 ? "and others" : ""};
    print_table_add(table, cells);
}

static int send_list(struct session *session, const struct perk_line *line)
{
    static const char *const headers[] = {"PERK", "LEFT", "FROM", "UNTIL", "AT", ""};
    Loyalty__V1__ListPerksRequest request = LOYALTY__V1__LIST_PERKS_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    ProtobufCMessage *answer = NULL;
    int code = call(session, "/loyalty.v1.PerksService/ListPerks", &request.base, NULL,
                    &loyalty__v1__list_perks_response__descriptor, &answer);
    if (answer == NULL) {
        return code;
    }
    const Loyalty__V1__ListPerksResponse *list = (const Loyalty__V1__ListPerksResponse *)answer;
    print_row("member", "%s", list->member_id);
    print_row("tier", "%s", list->tier_id);
    struct print_table *table = print_table_new(sizeof(headers) / sizeof(headers[0]), 0, headers);
    for (size_t i = 0; i < list->n_perks; i++) {
        print_perk(table, list->perks[i]);
    }
    print_table_end(table);
    return CTL_OK;
}

int perk_list(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .args_doc = "MEMBER",
        .doc = "What a member's card gives, and what is left of it in this period.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_list);
}

// --- use ---

static int send_use(struct session *session, const struct perk_line *line)
{
    Loyalty__V1__UsePerkRequest request = LOYALTY__V1__USE_PERK_REQUEST__INIT;
    request.mutation = session_mutation(session, line->member.request_id);
    request.perk_id = (char *)line->member.second;
    if (line->code != NULL) {
        request.by_case = LOYALTY__V1__USE_PERK_REQUEST__BY_CODE;
        request.code = (char *)line->code;
    } else {
        request.by_case = LOYALTY__V1__USE_PERK_REQUEST__BY_MEMBER;
        request.member = session_member(session, &line->member.member);
    }
    const char *request_id = request.mutation->request_id;
    ProtobufCMessage *answer = NULL;
    int code = call(session, "/loyalty.v1.PerksService/UsePerk", &request.base, request_id,
                    &loyalty__v1__use_perk_response__descriptor, &answer);
    if (answer == NULL) {
        return code;
    }
    const Loyalty__V1__UsePerkResponse *used = (const Loyalty__V1__UsePerkResponse *)answer;
    print_row("perk", "%s", used->perk_id);
    print_row_instant("used", used->recorded_at);
    if (used->member_id[0] != '\0') {
        print_row("member", "%s", used->member_id);
        print_row("tier", "%s", used->tier_id);
    }
    if (used->limited) {
        print_row_number("left", used->left);
    }
    print_request(session, request_id);
    return CTL_OK;
}

int perk_use(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {MEMBER_LINE_REQUEST_ID, {0}};
    static const struct argp parser = {
        .options = options,
        .parser = take_shown,
        .args_doc = "MEMBER|CODE PERK",
        .doc = "Uses a perk once, for a member or for whoever shows the code (LY1...).",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_use);
}

// --- reverse ---

static const char *result_text(Loyalty__V1__PerkReversal result)
{
    switch (result) {
    case LOYALTY__V1__PERK_REVERSAL__PERK_REVERSAL_REVERSED:
        return "taken back";
    case LOYALTY__V1__PERK_REVERSAL__PERK_REVERSAL_PREVIOUSLY_REVERSED:
        return "was taken back before";
    case LOYALTY__V1__PERK_REVERSAL__PERK_REVERSAL_ORIGINAL_NOT_FOUND:
        return "not known here: it is refused if it arrives later";
    default:
        return "?";
    }
}

static Google__Protobuf__Timestamp *created_of(struct session *session, const char *text)
{
    Loyalty__V1__Mutation *now = session_mutation(session, NULL);
    int64_t now_ms = now->created_at->seconds * 1000 + now->created_at->nanos / 1000000;
    int64_t created_ms = now_ms;
    if (text != NULL && !parse_instant(text, now_ms, &created_ms)) {
        (void)fprintf(stderr, "loyaltyctl perk reverse: %s is no instant\n", text);
        return NULL;
    }
    return session_instant(session, created_ms);
}

static int send_reverse(struct session *session, const struct perk_line *line)
{
    Loyalty__V1__ReversePerkRequest request = LOYALTY__V1__REVERSE_PERK_REQUEST__INIT;
    request.mutation = session_mutation(session, line->member.request_id);
    request.original_request_id = (char *)line->member.second;
    request.original_created_at = created_of(session, line->created);
    request.reason = (char *)line->reason;
    if (request.original_created_at == NULL) {
        return CTL_USAGE;
    }
    if (line->code != NULL) {
        request.by_case = LOYALTY__V1__REVERSE_PERK_REQUEST__BY_CODE;
        request.code = (char *)line->code;
    } else {
        request.by_case = LOYALTY__V1__REVERSE_PERK_REQUEST__BY_MEMBER;
        request.member = session_member(session, &line->member.member);
    }
    const char *request_id = request.mutation->request_id;
    ProtobufCMessage *answer = NULL;
    int code = call(session, "/loyalty.v1.PerksService/ReversePerk", &request.base, request_id,
                    &loyalty__v1__reverse_perk_response__descriptor, &answer);
    if (answer == NULL) {
        return code;
    }
    const Loyalty__V1__ReversePerkResponse *back = (const Loyalty__V1__ReversePerkResponse *)answer;
    print_row("result", "%s", result_text(back->result));
    if (back->perk_id[0] != '\0') {
        print_row("perk", "%s", back->perk_id);
    }
    print_request(session, request_id);
    return CTL_OK;
}

int perk_reverse(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"created", KEY_CREATED, "INSTANT", 0, "When the use was asked for (now)", 0},
        {"reason", KEY_REASON, "TEXT", 0, "For the record", 0},
        MEMBER_LINE_REQUEST_ID,
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take_shown,
        .args_doc = "MEMBER|CODE REQUEST-ID",
        .doc = "Takes back the use that an earlier request made; it counts no more.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_reverse);
}

// --- code ---

static int send_code(struct session *session, const struct perk_line *line)
{
    Loyalty__V1__IssueCodeRequest request = LOYALTY__V1__ISSUE_CODE_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    request.lifetime_seconds = (uint32_t)line->lifetime_s;
    ProtobufCMessage *answer = NULL;
    int code = call(session, "/loyalty.v1.PerksService/IssueCode", &request.base, NULL,
                    &loyalty__v1__issue_code_response__descriptor, &answer);
    if (answer == NULL) {
        return code;
    }
    const Loyalty__V1__IssueCodeResponse *issued = (const Loyalty__V1__IssueCodeResponse *)answer;
    print_row("code", "%s", issued->code);
    print_row_instant("until", issued->expires_at);
    return CTL_OK;
}

int perk_code(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"for", KEY_LIFETIME, "SECONDS", 0, "How long it is good, 15 to 600 (120)", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "MEMBER",
        .doc = "A code for the member's app to show, used once.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_code);
}

// --- settlement ---

// MONTH alone.
static error_t take_month(int key, char *arg, struct argp_state *state)
{
    struct perk_line *line = state->input;
    if (key == ARGP_KEY_ARG && state->arg_num == 0) {
        line->member.second = arg;
        return 0;
    }
    if (key == ARGP_KEY_END) {
        if (line->member.second == NULL) {
            argp_usage(state);
        }
        return 0;
    }
    return key == ARGP_KEY_ARG ? ARGP_ERR_UNKNOWN : take(key, arg, state);
}

static void print_uses(struct print_table *table, const Loyalty__V1__ListSettlementResponse *answer)
{
    for (size_t i = 0; i < answer->n_uses; i++) {
        const Loyalty__V1__SettledUse *use = answer->uses[i];
        char at[PRINT_TEXT_BYTES];
        const char *cells[] = {print_instant(use->used_at, at), use->perk_id, use->unit,
                               use->reversal ? "taken back" : "", use->request_id};
        print_table_add(table, cells);
    }
}

static int ask_settlement(struct session *session, const struct perk_line *line,
                          const char *page_token, Loyalty__V1__ListSettlementResponse **ret_answer)
{
    Loyalty__V1__ListSettlementRequest request = LOYALTY__V1__LIST_SETTLEMENT_REQUEST__INIT;
    request.partner = (char *)line->partner;
    request.month = (char *)line->member.second;
    request.page_size = PAGE_MAX;
    request.page_token = (char *)page_token;
    return session_call(session, "/loyalty.v1.PerksService/ListSettlement", &request.base, NULL,
                        &loyalty__v1__list_settlement_response__descriptor,
                        (ProtobufCMessage **)ret_answer);
}

// All pages; as JSON one object a page.
static int send_settlement(struct session *session, const struct perk_line *line)
{
    static const char *const headers[] = {"AT", "PERK", "UNIT", "", "REQUEST"};
    struct print_table *table = NULL;
    Loyalty__V1__ListSettlementResponse *answer = NULL;
    const char *token = "";
    int code = CTL_OK;
    if (!session->globals->json) {
        table = print_table_new(sizeof(headers) / sizeof(headers[0]), 0, headers);
    }
    do {
        code = ask_settlement(session, line, token, &answer);
        if (code == CTL_OK && table != NULL) {
            print_uses(table, answer);
        } else if (code == CTL_OK) {
            code = print_json(session, &answer->base, false);
        }
        token = code == CTL_OK ? answer->next_page_token : "";
    } while (token[0] != '\0');
    if (table == NULL) {
        return code;
    }
    print_table_end(table);
    for (size_t i = 0; code == CTL_OK && i < answer->n_totals; i++) {
        print_row_number(answer->totals[i]->perk_id, (int64_t)answer->totals[i]->count);
    }
    return code;
}

int perk_settlement(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"partner", KEY_PARTNER, "NAME", 0, "Whose (the certificate's own)", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take_month,
        .args_doc = "YYYY-MM",
        .doc = "What a partner did in a month, newest first, and how often each perk.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_settlement);
}
