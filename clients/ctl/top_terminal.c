// Keys are read without waiting for a line and are not echoed. Signals only set a flag; the
// terminal is put back by the way out of the loop.
#include "ctl/top_terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 80, HEIGHT = 24, KEY_CTRL_C = 3, KEY_CTRL_D = 4 };

// The other screen, so that what stood there before comes back.
static const char hide_cursor[] = "\033[?1049h\033[?25l";
static const char show_cursor[] = "\033[?25h\033[?1049l";

static struct termios before;
static bool has_keys; // standard input is one too, and was changed
static bool is_open;
static volatile sig_atomic_t is_over;

static void on_signal(int number)
{
    (void)number;
    is_over = 1;
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    const struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        (void)sigaction(numbers[i], &action, NULL);
    }
    // Only so that a wait ends: the size is read for each screen.
    const struct sigaction resized = {.sa_handler = SIG_DFL};
    (void)sigaction(SIGWINCH, &resized, NULL);
}

void top_terminal_measure(struct top_terminal *terminal)
{
    struct winsize size = {0};
    terminal->width = WIDTH;
    terminal->height = HEIGHT;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        terminal->width = size.ws_col;
        terminal->height = size.ws_row;
    }
}

void top_terminal_open(struct top_terminal *terminal)
{
    *terminal = (struct top_terminal){.is_one = isatty(STDOUT_FILENO) == 1};
    top_terminal_measure(terminal);
    catch_signals();
    if (!terminal->is_one) {
        return;
    }
    (void)atexit(top_terminal_close);
    is_open = true;
    if (tcgetattr(STDIN_FILENO, &before) == 0) {
        struct termios raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        has_keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    (void)fputs(hide_cursor, stdout);
    (void)fflush(stdout);
}

void top_terminal_close(void)
{
    if (has_keys) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
    }
    if (is_open) {
        (void)fputs(show_cursor, stdout);
        (void)fflush(stdout);
    }
    has_keys = false;
    is_open = false;
}

static int64_t steady_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool key_ends(void)
{
    char key = 0;
    ssize_t got = read(STDIN_FILENO, &key, 1);
    return got == 0 ||
           (got == 1 && (key == 'q' || key == 'Q' || key == KEY_CTRL_C || key == KEY_CTRL_D));
}

bool top_terminal_wait(int64_t ms)
{
    int64_t until_ms = steady_ms() + ms;
    int64_t left_ms = ms;
    while (!is_over && left_ms > 0) {
        struct pollfd keys = {.fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN};
        int ready = poll(&keys, 1, (int)left_ms);
        if (ready > 0 && key_ends()) {
            return true;
        }
        left_ms = until_ms - steady_ms();
    }
    return is_over != 0;
}
