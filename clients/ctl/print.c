// Writing to stdout; nothing here fails in a way a caller could mend.
#include "ctl/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/field.h"
#include "wire/tree.h"

enum { NAME_WIDTH = 16, GROUP = 3 };

const char *print_number(int64_t number, char out[PRINT_TEXT_BYTES])
{
    char digits[PRINT_TEXT_BYTES];
    int len = snprintf(digits, sizeof(digits), "%lld", (long long)number);
    int sign = digits[0] == '-' ? 1 : 0;
    char *at = out;
    for (int i = 0; i < len; i++) {
        int left = len - i;
        if (i > sign && left % GROUP == 0) {
            *at++ = ',';
        }
        *at++ = digits[i];
    }
    *at = '\0';
    return out;
}

const char *print_amount(int64_t minor, const char *currency, char out[PRINT_TEXT_BYTES])
{
    char major[PRINT_TEXT_BYTES];
    bool negative = minor < 0;
    int64_t part = negative ? -(minor % 100) : minor % 100;
    (void)snprintf(out, PRINT_TEXT_BYTES, "%s%.40s.%02d %.8s", negative && minor > -100 ? "-" : "",
                   print_number(minor / 100, major), (int)part, currency);
    return out;
}

const char *print_instant(const Google__Protobuf__Timestamp *instant, char out[PRINT_TEXT_BYTES])
{
    if (instant == NULL) {
        return "never";
    }
    time_t seconds = (time_t)instant->seconds;
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL ||
        strftime(out, PRINT_TEXT_BYTES, "%Y-%m-%d %H:%M:%S %z", &local) == 0) {
        return "?";
    }
    return out;
}

void print_row(const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)printf("%-*s  ", NAME_WIDTH, name);
    (void)vprintf(format, args);
    (void)putchar('\n');
    va_end(args);
}

void print_row_number(const char *name, int64_t number)
{
    char text[PRINT_TEXT_BYTES];
    print_row(name, "%s", print_number(number, text));
}

void print_row_instant(const char *name, const Google__Protobuf__Timestamp *instant)
{
    char text[PRINT_TEXT_BYTES];
    print_row(name, "%s", print_instant(instant, text));
}

void print_standing(const Loyalty__V1__Standing *standing)
{
    if (standing == NULL) {
        return;
    }
    char number[PRINT_TEXT_BYTES];
    print_row_number("balance", standing->balance);
    if (standing->pending != 0) {
        print_row_number("pending", standing->pending);
    }
    if (standing->held != 0) {
        print_row_number("held", standing->held);
    }
    print_row_number("score", standing->score);
    print_row("tier", "%s", standing->tier_id);
    if (*standing->next_tier_id != '\0') {
        print_row("next tier", "%s, %s missing", standing->next_tier_id,
                  print_number(standing->missing_to_next, number));
    }
}

void print_lots(const char *name, Loyalty__V1__Lot *const *lots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char number[PRINT_TEXT_BYTES];
        char until[PRINT_TEXT_BYTES];
        print_row(i == 0 ? name : "", "%s until %s", print_number(lots[i]->points, number),
                  print_instant(lots[i]->expires_at, until));
    }
}

static const char *cause_text(Loyalty__V1__CardCause cause)
{
    switch (cause) {
    case LOYALTY__V1__CARD_CAUSE__CARD_CAUSE_ENROLLED:
        return ", at enrolment";
    case LOYALTY__V1__CARD_CAUSE__CARD_CAUSE_IMMEDIATE:
        return ", at once";
    case LOYALTY__V1__CARD_CAUSE__CARD_CAUSE_RESCORE:
        return ", at a re-scoring";
    case LOYALTY__V1__CARD_CAUSE__CARD_CAUSE_CARD_END:
        return ", at a card's end";
    case LOYALTY__V1__CARD_CAUSE__CARD_CAUSE_LATE_SCORE:
        return ", by a late sale";
    case LOYALTY__V1__CARD_CAUSE__CARD_CAUSE_OPENING:
        return ", brought over";
    default:
        return "";
    }
}

void print_card(const char *name, const Loyalty__V1__Card *card)
{
    if (card == NULL) {
        return;
    }
    char from[PRINT_TEXT_BYTES];
    char until[PRINT_TEXT_BYTES];
    if (card->until == NULL) {
        print_row(name, "%s, from %s on%s", card->tier_id, print_instant(card->from, from),
                  cause_text(card->cause));
    } else {
        print_row(name, "%s, from %s until %s%s", card->tier_id, print_instant(card->from, from),
                  print_instant(card->until, until), cause_text(card->cause));
    }
}

json_t *print_message_tree(const ProtobufCMessage *message)
{
    json_t *tree = NULL;
    unsigned options =
        TREE_PROTO_NAMES | TREE_WITH_DEFAULTS | TREE_PLAIN_INTEGERS | TREE_SHORT_ENUMS;
    if (tree_from_message(message, options, &tree) != STATUS_OK) {
        (void)fprintf(stderr, "loyaltyctl: the answer cannot be written as JSON\n");
        return NULL;
    }
    return tree;
}

void print_tree(json_t *tree)
{
    (void)json_dumpf(tree, stdout, JSON_INDENT(2));
    (void)putchar('\n');
    json_decref(tree);
}

int print_json(const struct session *session, const ProtobufCMessage *message, bool mutation)
{
    json_t *tree = print_message_tree(message);
    if (tree == NULL) {
        return CTL_UNKNOWN;
    }
    if (mutation) {
        enum loyalty_outcome outcome = session->replayed ? LOYALTY_DUPLICATE : LOYALTY_APPLIED;
        (void)json_object_set_new(tree, "outcome", json_string(loyalty_outcome_name(outcome)));
    }
    print_tree(tree);
    return CTL_OK;
}
