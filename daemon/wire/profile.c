// Shapes of profiles.
#include "wire/profile.h"

#include "core/calendar.h"
#include "wire/shapes.h"

enum { DATE_BYTES = 10, MONTH_AT = 5 };

static bool is_tag(struct span text, size_t bytes_max, bool upper)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (upper && c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-') {
            return false;
        }
    }
    return text.len <= bytes_max;
}

static enum status read_birthday(struct commands *commands, const char *text,
                                 const struct path *parent)
{
    struct path path = shapes_step(parent, "birthday");
    struct span given = span_of_text(text);
    struct civil_date date;
    if (given.len == 0 || civil_parse_date(given, &date) == STATUS_OK) {
        return STATUS_OK;
    }
    return shapes_fail(commands, FAULT_BAD_DATE, &path,
                       "A birthday is a day of the calendar, written YYYY-MM-DD, from 1900 on.");
}

static enum status read_consents(struct commands *commands, const Loyalty__V1__Profile *profile,
                                 const struct path *parent)
{
    struct path path = shapes_step(parent, "consents");
    bool good = profile->n_consents <= PROFILE_CONSENTS_MAX;
    for (size_t i = 0; good && i < profile->n_consents; i++) {
        struct span purpose = span_of_text(profile->consents[i]->key);
        good = purpose.len > 0 && is_tag(purpose, LIMIT_NAME_BYTES, false);
    }
    return good ? STATUS_OK
                : shapes_fail(commands, FAULT_BAD_TEXT, &path,
                              "There are at most 32 consents, each for a purpose of 1 to 64 "
                              "characters out of a-z 0-9 and -.");
}

enum status commands_profile(struct commands *commands, const Loyalty__V1__Profile *profile)
{
    struct path path = shapes_step(NULL, "profile");
    if (profile == NULL) {
        return shapes_fail(commands, FAULT_MISSING, &path, "The profile is missing; give it.");
    }
    struct path language_path = shapes_step(&path, "language");
    struct path name_path = shapes_step(&path, "display_name");
    struct path email_path = shapes_step(&path, "email");
    struct span text;
    TRY(read_birthday(commands, profile->birthday, &path));
    if (!is_tag(span_of_text(profile->language), PROFILE_LANGUAGE_BYTES, true)) {
        return shapes_fail(commands, FAULT_BAD_TEXT, &language_path,
                           "A language is a tag such as zh or en-GB.");
    }
    TRY(read_consents(commands, profile, &path));
    TRY(shapes_text(commands, profile->display_name, &name_path, LIMIT_TEXT_BYTES, &text));
    return shapes_text(commands, profile->email, &email_path, LIMIT_TEXT_BYTES, &text);
}

enum status commands_profile_mask(struct commands *commands,
                                  const Loyalty__V1__UpdateProfileRequest *request,
                                  uint32_t *ret_parts)
{
    static const char *const PARTS[PROFILE_PARTS] = {"birthday", "language", "consents",
                                                     "display_name", "email"};
    uint32_t parts = 0;
    for (size_t i = 0; i < request->n_update_mask; i++) {
        struct path mask = shapes_step(NULL, "update_mask");
        struct path path = path_element(&mask, i);
        uint32_t part = 0;
        for (uint32_t j = 0; j < PROFILE_PARTS; j++) {
            part |= strcmp(request->update_mask[i], PARTS[j]) == 0 ? UINT32_C(1) << j : 0;
        }
        if (part == 0 || (parts & part) != 0) {
            return shapes_fail(commands, FAULT_BAD_MASK, &path,
                               "This is none of birthday, language, consents, display_name and "
                               "email, or given twice.");
        }
        parts |= part;
    }
    *ret_parts = parts == 0 ? PROFILE_ALL : parts;
    return STATUS_OK;
}

void profile_take(Loyalty__V1__Profile *into, const Loyalty__V1__Profile *from, uint32_t parts)
{
    if ((parts & PROFILE_BIRTHDAY) != 0) {
        into->birthday = from->birthday;
    }
    if ((parts & PROFILE_LANGUAGE) != 0) {
        into->language = from->language;
    }
    if ((parts & PROFILE_CONSENTS) != 0) {
        into->consents = from->consents;
        into->n_consents = from->n_consents;
    }
    if ((parts & PROFILE_DISPLAY_NAME) != 0) {
        into->display_name = from->display_name;
    }
    if ((parts & PROFILE_EMAIL) != 0) {
        into->email = from->email;
    }
}

struct span profile_birth_day(const Loyalty__V1__Profile *profile)
{
    struct span birthday = span_of_text(profile->birthday);
    return birthday.len == DATE_BYTES ? span_of(birthday.data + MONTH_AT, DATE_BYTES - MONTH_AT)
                                      : (struct span){0};
}

int32_t profile_birth_month(const Loyalty__V1__Profile *profile)
{
    struct span day = profile_birth_day(profile);
    return day.len == 0 ? 0 : (day.data[0] - '0') * 10 + (day.data[1] - '0');
}
