// Birthdays are announced at 00:00 local, where the program says so. No log of a member has a
// birthday; the calendar is sets beside them (service/profiles.h). A partition's announcements are
// a log of their own, ":birthdays:<partition>" (no member can have such an id), appended to by
// append_if as any: RECORD_BIRTHDAYS says how far a day has been told, its event names the members
// (service/event.h, EVENT_BIRTHDAYS). So whoever gets there, each day is told once.
//
// A day begins with everybody who is in its sets then and whose membership lives; who enters later
// is not told that day, unless a page of them was still to come. After an outage the days of at
// most a week are made up for. In common years those of 29 February come on the 28th.
#pragma once

#include <stdint.h>

#include "base/status.h"

struct birthdays;
struct service;

enum { BIRTHDAYS_MADE_UP_DAYS = 6 };

MUST_CHECK enum status birthdays_new(struct service *service, struct birthdays **ret_birthdays);
// After service_stop and the store's end.
void birthdays_free(struct birthdays *birthdays);

// A look at one partition, for the sweeper's rounds; one at a time is worked at.
void birthdays_turn(struct service *service, uint32_t partition);
