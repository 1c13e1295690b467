// One line, drawn over itself.
#include "ctl/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/print.h"

enum { BAR_CHARACTERS = 30, REDRAW_MS = 100 };

int64_t progress_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, uint64_t total)
{
    *progress = (struct progress){
        .shown = isatty(STDERR_FILENO) == 1,
        .total = total == 0 ? 1 : total,
        .began_ms = progress_now_ms(),
    };
}

void progress_update(struct progress *progress, uint64_t done, const char *note)
{
    int64_t now_ms = progress_now_ms();
    if (!progress->shown || now_ms < progress->drawn_ms + REDRAW_MS) {
        return;
    }
    progress->drawn_ms = now_ms;
    uint64_t full = done * BAR_CHARACTERS / progress->total;
    char bar[BAR_CHARACTERS + 1] = {0};
    for (size_t i = 0; i < BAR_CHARACTERS; i++) {
        bar[i] = i < full ? '#' : '.';
    }
    int64_t passed_ms = now_ms - progress->began_ms;
    int64_t rate = passed_ms <= 0 ? 0 : (int64_t)done * 1000 / passed_ms;
    char done_text[PRINT_TEXT_BYTES];
    char total_text[PRINT_TEXT_BYTES];
    char rate_text[PRINT_TEXT_BYTES];
    (void)fprintf(stderr, "\r[%s] %s of %s, %s a second %s\033[K", bar,
                  print_number((int64_t)done, done_text),
                  print_number((int64_t)progress->total, total_text), print_number(rate, rate_text),
                  note);
}

void progress_end(struct progress *progress)
{
    if (progress->shown && progress->drawn_ms != 0) {
        (void)fprintf(stderr, "\r\033[K");
    }
}
