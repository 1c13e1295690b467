// `pool create`, `pool member` and `pool list`: group members.
#include <stdio.h>

#include "base/limits.h"
#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "lib/encode.h"
#include "loyalty/v1/pools.pb-c.h"

enum { KEY_CARD = 0x200, KEY_AWARD, KEY_REDEEM, KEY_A_MONTH };

// --- pool create ---

struct pool_line {
    struct globals globals;
    const char *pool_id; // NULL: the service makes one
    const char *card;
    const char *request_id;
};

static error_t take_create(int key, char *arg, struct argp_state *state)
{
    struct pool_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_usage(state);
        }
        line->pool_id = arg;
        return 0;
    case KEY_CARD:
        line->card = arg;
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

static int create(struct session *session, const struct pool_line *line)
{
    Loyalty__V1__CreatePoolRequest request = LOYALTY__V1__CREATE_POOL_REQUEST__INIT;
    struct loyalty_member card = {.by = LOYALTY_BY_CARD_NUMBER, .value = line->card};
    Loyalty__V1__Identifier *identifier = NULL;
    if (line->card != NULL) {
        identifier = ly_encode_identifier(&session->arena, &card);
        request.identifiers = &identifier;
        request.n_identifiers = 1;
    }
    request.mutation = session_mutation(session, line->request_id);
    if (line->pool_id != NULL) {
        request.pool_id = (char *)line->pool_id;
    }
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.PoolsService/CreatePool", &request.base,
                            request.mutation->request_id,
                            &loyalty__v1__create_pool_response__descriptor, &answer);
    if (code != CTL_OK || session->globals->json) {
        return code == CTL_OK ? print_json(session, answer, true) : code;
    }
    const Loyalty__V1__CreatePoolResponse *response =
        (const Loyalty__V1__CreatePoolResponse *)answer;
    print_row("pool", "%s%s", response->pool_id,
              session->replayed ? " (made before, by this request)" : "");
    print_row_instant("made", response->recorded_at);
    return CTL_OK;
}

int pool_create(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"card", KEY_CARD, "NUMBER", 0, "A card's number, by which the pool is found", 0},
        MEMBER_LINE_REQUEST_ID,
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take_create,
        .args_doc = "[ID]",
        .doc = "Makes a pool, one account of points for several members, under ID or one that "
               "the service makes.",
        .children = globals_child,
    };
    struct pool_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        code = create(&session, &line);
    }
    session_close(&session);
    return code;
}

// --- pool member ---

struct pool_member_line {
    struct member_line pool; // the second argument is who comes or goes
    bool award;
    bool redeem;
    int64_t a_month;
};

static error_t take_member(int key, char *arg, struct argp_state *state)
{
    struct pool_member_line *line = state->input;
    switch (key) {
    case KEY_AWARD:
        line->award = true;
        return 0;
    case KEY_REDEEM:
        line->redeem = true;
        return 0;
    case KEY_A_MONTH:
        if (!parse_number(arg, 1, LIMIT_POINTS_A_RECORD, &line->a_month)) {
            argp_error(state, "%s is no number of points", arg);
        }
        return 0;
    default:
        return member_line_take(&line->pool, true, key, arg, state);
    }
}

static int set_member(struct session *session, const struct pool_member_line *line)
{
    struct loyalty_member person;
    if (!parse_member(line->pool.second, &person)) {
        (void)fprintf(stderr, "loyaltyctl: the second argument is no member\n");
        return CTL_USAGE;
    }
    Loyalty__V1__SetPoolMemberRequest request = LOYALTY__V1__SET_POOL_MEMBER_REQUEST__INIT;
    request.mutation = session_mutation(session, line->pool.request_id);
    request.member = session_member(session, &line->pool.member);
    request.pool_member = session_member(session, &person);
    request.may_award = line->award;
    request.may_redeem = line->redeem;
    request.redeem_a_month = line->a_month;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.PoolsService/SetPoolMember", &request.base,
                            request.mutation->request_id,
                            &loyalty__v1__set_pool_member_response__descriptor, &answer);
    if (code != CTL_OK || session->globals->json) {
        return code == CTL_OK ? print_json(session, answer, true) : code;
    }
    print_row("pool", "%s", ((const Loyalty__V1__SetPoolMemberResponse *)answer)->pool_id);
    print_row("member", "%s", line->award || line->redeem ? "belongs to it" : "has left it");
    return CTL_OK;
}

int pool_member(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"award", KEY_AWARD, NULL, 0, "What it buys goes to the pool", 0},
        {"redeem", KEY_REDEEM, NULL, 0, "It spends from the pool", 0},
        {"a-month", KEY_A_MONTH, "POINTS", 0, "The most it spends a civil month (no limit)", 0},
        MEMBER_LINE_REQUEST_ID,
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take_member,
        .args_doc = "POOL MEMBER",
        .doc = "Takes a member into a pool or changes what it may there; with neither --award nor "
               "--redeem it leaves.",
        .children = globals_child,
    };
    struct pool_member_line line = {.pool.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.pool.globals);
    if (code == CTL_OK) {
        code = set_member(&session, &line);
    }
    session_close(&session);
    return code;
}

// --- pool list ---

static error_t take_list(int key, char *arg, struct argp_state *state)
{
    return key == KEY_REQUEST_ID ? ARGP_ERR_UNKNOWN
                                 : member_line_take(state->input, false, key, arg, state);
}

static void print_members(const Loyalty__V1__ListPoolMembersResponse *response)
{
    static const char *const headers[] = {"member", "awards", "spends", "a month", "this month"};
    struct print_table *table = print_table_new(5, 0x18, headers);
    for (size_t i = 0; i < response->n_members; i++) {
        const Loyalty__V1__PoolMember *member = response->members[i];
        char limit[PRINT_TEXT_BYTES];
        char spent[PRINT_TEXT_BYTES];
        bool limited = member->redeem_a_month > 0;
        const char *cells[] = {member->member_id, member->may_award ? "yes" : "no",
                               member->may_redeem ? "yes" : "no",
                               limited ? print_number(member->redeem_a_month, limit) : "no limit",
                               print_number(member->redeemed_this_month, spent)};
        print_table_add(table, cells);
    }
    print_table_end(table);
}

int pool_list(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take_list,
        .args_doc = "POOL",
        .doc = "Lists who belongs to a pool, what each may, and what each has spent this month.",
        .children = globals_child,
    };
    struct member_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        Loyalty__V1__ListPoolMembersRequest request = LOYALTY__V1__LIST_POOL_MEMBERS_REQUEST__INIT;
        ProtobufCMessage *answer = NULL;
        request.member = session_member(&session, &line.member);
        code = session_call(&session, "/loyalty.v1.PoolsService/ListPoolMembers", &request.base,
                            NULL, &loyalty__v1__list_pool_members_response__descriptor, &answer);
        if (code == CTL_OK && session.globals->json) {
            code = print_json(&session, answer, false);
        } else if (code == CTL_OK) {
            print_members((const Loyalty__V1__ListPoolMembersResponse *)answer);
        }
    }
    session_close(&session);
    return code;
}
