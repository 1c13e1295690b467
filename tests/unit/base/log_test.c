// What a log line looks like, what is dropped, cut and made harmless. Each test logs into a pipe
// that stands in for stderr.
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

static int saved_stderr = -1;
static int pipe_read = -1;

static int redirect(void **state)
{
    (void)state;
    int ends[2];
    saved_stderr = dup(STDERR_FILENO);
    if (saved_stderr < 0 || pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0) {
        return -1;
    }
    pipe_read = ends[0];
    log_set_level(LOG_INFO);
    return close(ends[1]);
}

static int restore(void **state)
{
    (void)state;
    (void)close(pipe_read);
    return dup2(saved_stderr, STDERR_FILENO) < 0 ? -1 : close(saved_stderr);
}

// All that was written so far; closes our writing end, so one call a test.
static void read_log(char *text, size_t size)
{
    (void)dup2(saved_stderr, STDERR_FILENO);
    ssize_t len = read(pipe_read, text, size - 1);
    assert_true(len >= 0);
    text[len] = '\0';
}

static void assert_matches(const char *text, const char *pattern)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&regex, text, 0, NULL, 0) != 0) {
        fail_msg("'%s' does not match '%s'", text, pattern);
    }
    regfree(&regex);
}

static void a_line_has_time_level_event_and_pairs(void **state)
{
    (void)state;
    errno = EAGAIN;
    log_event(LOG_WARNING, "listening", "address=%s port=%d", "::1", 7443);
    assert_int_equal(errno, EAGAIN);
    char text[256];
    read_log(text, sizeof(text));
    assert_matches(text, "^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]"
                         "\\.[0-9]{3}Z warning listening address=::1 port=7443\n$");
}

static void an_event_without_pairs_has_no_trailing_space(void **state)
{
    (void)state;
    log_event(LOG_ERROR, "stopped", "%s", "");
    char text[256];
    read_log(text, sizeof(text));
    assert_matches(text, "Z error stopped\n$");
}

static void lower_levels_are_dropped(void **state)
{
    (void)state;
    log_event(LOG_DEBUG, "unseen", "n=%d", 1);
    log_set_level(LOG_DEBUG);
    log_event(LOG_DEBUG, "seen", "n=%d", 2);
    log_set_level(LOG_ERROR);
    log_event(LOG_WARNING, "unseen", "n=%d", 3);
    char text[256];
    read_log(text, sizeof(text));
    assert_null(strstr(text, "unseen"));
    assert_non_null(strstr(text, "debug seen n=2\n"));
}

static void a_value_cannot_forge_a_line(void **state)
{
    (void)state;
    log_event(LOG_INFO, "refused", "peer=%s", "a\nb\x1b[0m\x7f");
    char text[256];
    read_log(text, sizeof(text));
    assert_non_null(strstr(text, "info refused peer=a?b?[0m?\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void a_long_line_is_cut(void **state)
{
    (void)state;
    log_event(LOG_INFO, "long", "n=%05000d", 1);
    char text[2 * LIMIT_LOG_LINE_BYTES];
    read_log(text, sizeof(text));
    assert_in_range(strlen(text), LIMIT_LOG_LINE_BYTES - 2, LIMIT_LOG_LINE_BYTES);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

// Of one kind twice the rate at once; what is left out is counted, and other kinds are not held up.
static void so_many_of_a_kind(void **state)
{
    (void)state;
    log_set_rate(1);
    for (int i = 0; i < 5; i++) {
        log_event(LOG_INFO, "often", "n=%d", i);
    }
    log_event(LOG_INFO, "seldom", "n=%d", 9);
    log_tick(); // too soon for it to say what was left out
    log_set_rate(0);
    log_event(LOG_INFO, "often", "n=%d", 5);
    char text[1024];
    read_log(text, sizeof(text));
    assert_non_null(strstr(text, "often n=0\n"));
    assert_non_null(strstr(text, "often n=1\n"));
    assert_null(strstr(text, "often n=2"));
    assert_null(strstr(text, "often n=4"));
    assert_non_null(strstr(text, "seldom n=9\n"));
    assert_non_null(strstr(text, "often n=5\n"));
}

static void a_text_cannot_end_its_quotes(void **state)
{
    (void)state;
    log_event(LOG_INFO, "said", "why=\"%s\"", log_text_of(span_of_text("no\" level=\"good")).text);
    char text[256];
    read_log(text, sizeof(text));
    assert_non_null(strstr(text, "said why=\"no' level='good\"\n"));
}

static char sunk[256];

static void sink(enum log_level level, const char *event, const char *text, size_t len,
                 const char *pairs)
{
    assert_int_equal(level, LOG_WARNING);
    assert_int_equal(strlen(text), len);
    (void)snprintf(sunk, sizeof(sunk), "%s|%s|%s", event, text, pairs);
}

static void a_sink_gets_what_stderr_would(void **state)
{
    (void)state;
    log_set_sink(sink);
    log_event(LOG_WARNING, "there", "n=%d", 1);
    log_set_sink(NULL);
    char text[256];
    log_event(LOG_WARNING, "here", "n=%d", 2);
    read_log(text, sizeof(text));
    assert_string_equal(sunk, "there|there n=1| n=1");
    assert_null(strstr(text, "there"));
    assert_non_null(strstr(text, "here n=2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_has_time_level_event_and_pairs, redirect, restore),
        cmocka_unit_test_setup_teardown(an_event_without_pairs_has_no_trailing_space, redirect,
                                        restore),
        cmocka_unit_test_setup_teardown(lower_levels_are_dropped, redirect, restore),
        cmocka_unit_test_setup_teardown(a_value_cannot_forge_a_line, redirect, restore),
        cmocka_unit_test_setup_teardown(a_long_line_is_cut, redirect, restore),
        cmocka_unit_test_setup_teardown(so_many_of_a_kind, redirect, restore),
        cmocka_unit_test_setup_teardown(a_text_cannot_end_its_quotes, redirect, restore),
        cmocka_unit_test_setup_teardown(a_sink_gets_what_stderr_would, redirect, restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
