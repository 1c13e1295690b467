// Events as lines for people, and their types as people write them ("expiring-soon").
#pragma once

#include <stdbool.h>

#include "loyalty/v1/events.pb-c.h"

// False when there is no such type.
bool events_line_type(const char *text, Loyalty__V1__EventType *ret_type);
void events_line_print(const Loyalty__V1__Event *event);
void events_line_print_missed(const Loyalty__V1__Missed *missed);
