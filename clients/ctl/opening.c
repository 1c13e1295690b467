// `opening MEMBER`: points, score and card that a member has in another system, brought over once.
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/opening_parts.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/admin.pb-c.h"

enum { KEY_LOT = 0x200, KEY_SCORE, KEY_CARD };

struct opening_line {
    struct member_line member;
    Loyalty__V1__OpeningLot lots[LIMIT_OPENING_ITEMS];
    size_t lot_count;
    Loyalty__V1__OpeningScore scores[LIMIT_OPENING_ITEMS];
    size_t score_count;
    Loyalty__V1__OpeningCard card;
    bool has_card;
};

static void take_lot(struct opening_line *line, char *arg, struct argp_state *state)
{
    if (line->lot_count == LIMIT_OPENING_ITEMS) {
        argp_error(state, "at most %d lots", LIMIT_OPENING_ITEMS);
    } else if (!opening_take_lot(arg, &line->lots[line->lot_count++])) {
        argp_error(state, "a lot is POINTS or POINTS:YYYY-MM-DD");
    }
}

static void take_score(struct opening_line *line, char *arg, struct argp_state *state)
{
    if (line->score_count == LIMIT_OPENING_ITEMS) {
        argp_error(state, "at most %d scores", LIMIT_OPENING_ITEMS);
    } else if (!opening_take_score(arg, &line->scores[line->score_count++])) {
        argp_error(state, "a score is N, N:FROM, N::UNTIL or N:FROM:UNTIL, dates YYYY-MM-DD");
    }
}

static void take_card(struct opening_line *line, char *arg, struct argp_state *state)
{
    if (!opening_take_card(arg, &line->card)) {
        argp_error(state, "a card is TIER:FROM:UNTIL, dates YYYY-MM-DD");
    }
    line->has_card = true;
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct opening_line *line = state->input;
    switch (key) {
    case KEY_LOT:
        take_lot(line, arg, state);
        return 0;
    case KEY_SCORE:
        take_score(line, arg, state);
        return 0;
    case KEY_CARD:
        take_card(line, arg, state);
        return 0;
    default:
        return member_line_take(&line->member, false, key, arg, state);
    }
}

static int send_opening(struct session *session, struct opening_line *line)
{
    Loyalty__V1__OpeningLot *lots[LIMIT_OPENING_ITEMS];
    Loyalty__V1__OpeningScore *scores[LIMIT_OPENING_ITEMS];
    for (size_t i = 0; i < line->lot_count; i++) {
        lots[i] = &line->lots[i];
    }
    for (size_t i = 0; i < line->score_count; i++) {
        scores[i] = &line->scores[i];
    }
    Loyalty__V1__OpeningBalanceRequest request = LOYALTY__V1__OPENING_BALANCE_REQUEST__INIT;
    request.mutation = session_mutation(session, line->member.request_id);
    request.member = session_member(session, &line->member.member);
    request.lots = lots;
    request.n_lots = line->lot_count;
    request.scores = scores;
    request.n_scores = line->score_count;
    request.card = line->has_card ? &line->card : NULL;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.AdminService/OpeningBalance", &request.base,
                            request.mutation->request_id,
                            &loyalty__v1__opening_balance_response__descriptor, &answer);
    if (code == CTL_OK && session->globals->json) {
        return print_json(session, answer, true);
    }
    if (code == CTL_OK) {
        const Loyalty__V1__OpeningBalanceResponse *response =
            (const Loyalty__V1__OpeningBalanceResponse *)answer;
        print_row("member", "%s", response->member_id);
        print_standing(response->standing);
        print_row("request", "%s%s", request.mutation->request_id,
                  session->replayed ? " (repeated: this is the stored answer)" : "");
    }
    return code;
}

int opening_balance(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"lot", KEY_LOT, "POINTS[:DATE]", 0,
         "Points that end at 00:00 of DATE, or never; may be given again", 0},
        {"score", KEY_SCORE, "N[:FROM][:UNTIL]", 0,
         "Score that counts from FROM (now) until UNTIL (no end); may be given again", 0},
        {"card", KEY_CARD, "TIER:FROM:UNTIL", 0, "The card the member holds", 0},
        MEMBER_LINE_REQUEST_ID,
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "MEMBER",
        .doc = "Brings over what a member has in another system: points by expiry, score by end, "
               "and the card.",
        .children = globals_child,
    };
    static struct opening_line line; // large, and one is enough
    line = (struct opening_line){.member.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.member.globals);
    if (code == CTL_OK) {
        code = send_opening(&session, &line);
    }
    session_close(&session);
    return code;
}
