// Assertions that stay on in release builds. For programmer errors alone: a CHECK that bytes from
// outside can reach is a vulnerability.
#pragma once

// Prints the condition and its place to stderr and aborts.
__attribute__((noreturn, cold)) void check_failed(const char *condition, const char *file,
                                                  int line);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            check_failed(#condition, __FILE__, __LINE__);                                          \
        }                                                                                          \
    } while (0)
