// Tells a story (*.txt beside this file) to core and stops at the first line that is not so. What a
// line may say stands in README.md. Works on core alone: no store, no network, no clock of its own.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "scenario/story.h"

enum { FILE_BYTES_MAX = 64 << 20, PROGRAM_PATH_MAX = 128 };

struct member *story_member(struct story *story)
{
    const char *name = words_next(story);
    for (size_t i = 0; i < story->member_count; i++) {
        if (strcmp(story->members[i].id, name) == 0) {
            return &story->members[i];
        }
    }
    story_fail(story, "nobody is called %s", name);
}

// The whole file, ended by NUL; the caller frees it.
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    CHECK(fseek(file, 0, SEEK_END) == 0);
    long bytes = ftell(file);
    CHECK(bytes >= 0 && bytes <= FILE_BYTES_MAX);
    rewind(file);
    char *text = malloc((size_t)bytes + 1);
    CHECK(text != NULL);
    size_t len = fread(text, 1, (size_t)bytes, file);
    CHECK(len == (size_t)bytes);
    (void)fclose(file);
    text[len] = '\0';
    return text;
}

// Cuts the next line off; NULL at the end.
static char *next_line(char **rest)
{
    char *line = *rest;
    if (line == NULL || *line == '\0') {
        return NULL;
    }
    char *end = strchr(line, '\n');
    if (end != NULL) {
        *end++ = '\0';
    }
    *rest = end;
    return line;
}

// Cuts a line into words; a # begins a comment.
static void split(struct story *story, char *line)
{
    story->words.count = 0;
    story->words.at = 0;
    char *rest;
    for (char *word = strtok_r(line, " ", &rest); word != NULL && word[0] != '#';
         word = strtok_r(NULL, " ", &rest)) {
        CHECK(story->words.count < STORY_WORDS_MAX);
        story->words.items[story->words.count++] = word;
    }
}

// The indented lines that follow, as one text, put together in place.
static struct span take_block(struct story *story, char **rest)
{
    char *start = *rest;
    char *end = start;
    if (start == NULL) {
        return span_of(NULL, 0);
    }
    while (end != NULL && end[0] == ' ') {
        end = strchr(end, '\n');
        end = end == NULL ? NULL : end + 1;
        story->line++;
    }
    size_t len = end == NULL ? strlen(start) : (size_t)(end - start);
    *rest = end;
    return span_of(start, len);
}

// program FILE from INSTANT [with, and indented YAML that is laid over it]
static void program(struct story *story, char **rest)
{
    const char *name = words_next(story);
    char path[PROGRAM_PATH_MAX];
    CHECK((size_t)snprintf(path, sizeof path, "programs/%s", name) < sizeof path);
    struct span changes = {0};
    if (strcmp(story->words.items[story->words.count - 1], "with") == 0) {
        story->words.count--;
        changes = take_block(story, rest);
    }
    struct program *read = NULL;
    const char *wrong = club_read(&story->club, path, changes, &read);
    if (wrong == NULL && !words_take(story, "from")) {
        wrong = "a version takes effect from an instant";
    }
    if (wrong == NULL) {
        wrong = club_add(&story->club, read, words_instant(story));
    }
    if (wrong != NULL) {
        story_fail(story, "%s: %s", name, wrong);
    }
}

static void tell_words(struct story *story, char **rest)
{
    const char *verb = words_next(story);
    if (strcmp(verb, "program") == 0) {
        program(story, rest);
    } else if (!story_claim(story, verb) && !story_command(story, verb)) {
        story_fail(story, "what does %s mean?", verb);
    }
    if (words_left(story)) {
        story_fail(story, "what does %s mean here?", words_next(story));
    }
}

// "wrongly ...": the rest of the line must be found not to be so.
static void tell_wrongly(struct story *story, char **rest)
{
    story->wrongly = true;
    if (setjmp(story->failed) == 0) {
        tell_words(story, rest);
        story->wrongly = false;
        story_fail(story, "this is so, and should not be");
    }
    story->wrongly = false;
    for (size_t i = 0; i < story->member_count; i++) {
        if (story->members[i].looking != NULL) {
            member_look_end(&story->members[i]);
        }
    }
}

// Every log once more from its first byte.
static void fold_all(struct story *story)
{
    for (size_t i = 0; i < story->member_count; i++) {
        struct member *member = &story->members[i];
        struct account account;
        account_init(&account);
        if (member_fold(member, buffer_span(&member->log), &account) != STATUS_OK) {
            story_fail(story, "the log of %s does not fold", member->id);
        }
        const char *what = member_difference(&account, &member->folded);
        if (what != NULL) {
            story_fail(story, "the log of %s folds to another %s", member->id, what);
        }
        account_fini(&account);
    }
}

static void begin(struct story *story, const char *name)
{
    *story = (struct story){.path = name, .next_id = 1000};
    club_init(&story->club);
}

static void end(struct story *story)
{
    if (story->refusal_open) {
        story_fail(story, "the story ends in a refusal it does not mention");
    }
    fold_all(story);
    for (size_t i = 0; i < story->member_count; i++) {
        member_fini(&story->members[i]);
    }
    club_fini(&story->club);
}

static void tell(struct story *story, char **rest)
{
    if (words_take(story, "story")) {
        const char *name = words_next(story);
        end(story);
        begin(story, name);
    } else if (words_take(story, "wrongly")) {
        tell_wrongly(story, rest);
    } else {
        tell_words(story, rest);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: scenario_runner FILE\n");
        return 2;
    }
    static struct story story;
    char *text = read_file(argv[1]);
    char *rest = text;
    begin(&story, argv[1]);
    for (char *line = next_line(&rest); line != NULL; line = next_line(&rest)) {
        story.line++;
        split(&story, line);
        if (story.words.count > 0) {
            tell(&story, &rest);
        }
    }
    end(&story);
    printf("%s: %u lines\n", story.path, story.line);
    free(text);
    return 0;
}
