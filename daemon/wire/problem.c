// The list of problems: all room is taken at the first one, so that a later one costs its texts.
#include "wire/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REASON_BYTES = 1024 };

enum status problem_add_text(struct problems *problems, struct span path, struct span reason,
                             uint32_t line)
{
    if (problems->count == LIMIT_PROGRAM_PROBLEMS) {
        return STATUS_OK;
    }
    if (problems->items == NULL) {
        problems->items =
            arena_alloc_array(problems->arena, LIMIT_PROGRAM_PROBLEMS, sizeof(*problems->items));
        if (problems->items == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    struct problem problem = {.line = line};
    if (problems->count == LIMIT_PROGRAM_PROBLEMS - 1) {
        path = (struct span){0};
        reason = span_of_text("there are more problems than are listed here");
        problem.line = 0;
    }
    TRY(arena_copy(problems->arena, path, &problem.path));
    TRY(arena_copy(problems->arena, reason, &problem.reason));
    problems->items[problems->count++] = problem;
    return STATUS_OK;
}

static enum status add_formatted(struct problems *problems, const struct path *path, uint32_t line,
                                 const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

static enum status add_formatted(struct problems *problems, const struct path *path, uint32_t line,
                                 const char *format, va_list args)
{
    char reason[REASON_BYTES];
    if (vsnprintf(reason, sizeof(reason), format, args) < 0) {
        reason[0] = '\0';
    }
    char text[PATH_BYTES];
    return problem_add_text(problems, span_of_text(path_write(path, text)), span_of_text(reason),
                            line);
}

enum status problem_add(struct problems *problems, const struct path *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum status status = add_formatted(problems, path, 0, format, args);
    va_end(args);
    return status;
}

enum status problem_add_line(struct problems *problems, const struct path *path, uint32_t line,
                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum status status = add_formatted(problems, path, line, format, args);
    va_end(args);
    return status;
}
