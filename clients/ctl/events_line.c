// One line an event: when, who, what, and the figures it has.
#include "ctl/events_line.h"

#include <stdio.h>
#include <string.h>

#include "ctl/print.h"

enum { TYPE_BYTES = 64 };

static const char prefix[] = "EVENT_TYPE_";
static const char lowers[] = "abcdefghijklmnopqrstuvwxyz-";
static const char uppers[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

// The same place in the other alphabet; itself when it has none.
static char other(char c, const char *from, const char *to)
{
    const char *place = strchr(from, c);
    return place == NULL || c == '\0' ? c : to[place - from];
}

static char upper(char c)
{
    return other(c, lowers, uppers);
}

static char lower(char c)
{
    return other(c, uppers, lowers);
}

bool events_line_type(const char *text, Loyalty__V1__EventType *ret_type)
{
    char name[TYPE_BYTES];
    int len = snprintf(name, sizeof(name), "%s%s", prefix, text);
    if (len < 0 || (size_t)len >= sizeof(name)) {
        return false;
    }
    for (char *c = name; *c != '\0'; c++) {
        *c = upper(*c);
    }
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(&loyalty__v1__event_type__descriptor, name);
    if (value == NULL || value->value == 0) {
        return false;
    }
    *ret_type = (Loyalty__V1__EventType)value->value;
    return true;
}

// "expiring-soon"; "?" for one of a later contract.
static const char *type_text(Loyalty__V1__EventType type, char out[TYPE_BYTES])
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&loyalty__v1__event_type__descriptor, (int)type);
    (void)snprintf(out, TYPE_BYTES, "%s", value == NULL ? "?" : value->name + sizeof(prefix) - 1);
    for (char *c = out; *c != '\0'; c++) {
        *c = lower(*c);
    }
    return out;
}

static void print_figures(const Loyalty__V1__Event *event)
{
    char text[PRINT_TEXT_BYTES];
    const Loyalty__V1__Activity *activity = event->activity;
    if (event->points != 0) {
        (void)printf("  %s points", print_number(event->points, text));
    } else if (activity != NULL && activity->points != 0 && event->part == 0) {
        (void)printf("  %s%s points", activity->points > 0 ? "+" : "",
                     print_number(activity->points, text));
    }
    if (event->card != NULL) {
        (void)printf("  %s until %s", event->card->tier_id,
                     print_instant(event->card->until, text));
    }
    if (event->due_at != NULL) {
        (void)printf("  due %s", print_instant(event->due_at, text));
    }
    if (activity != NULL && *activity->unit != '\0') {
        (void)printf("  %s", activity->unit);
    }
    if (activity != NULL && *activity->perk_id != '\0') {
        (void)printf("  %s", activity->perk_id);
    }
}

void events_line_print(const Loyalty__V1__Event *event)
{
    char at[PRINT_TEXT_BYTES];
    char type[TYPE_BYTES];
    (void)printf("%s  %-20s %-16s", event->at == NULL ? "?" : print_instant(event->at, at),
                 event->member_id, type_text(event->type, type));
    print_figures(event);
    (void)putchar('\n');
}

void events_line_print_missed(const Loyalty__V1__Missed *missed)
{
    if (missed->last_number == 0) {
        (void)printf("missed: partition %u, all from %llu on of an epoch that has ended\n",
                     missed->partition, (unsigned long long)missed->first_number);
    } else {
        (void)printf("missed: partition %u, %llu to %llu\n", missed->partition,
                     (unsigned long long)missed->first_number,
                     (unsigned long long)missed->last_number);
    }
}
