// Programs for tests, on the daemon's own way from YAML to core.
#include "support/club.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "app/zone_tzdata.h"
#include "base/buffer.h"
#include "base/check.h"
#include "wire/program_wire.h"
#include "wire/tree.h"
#include "wire/yaml.h"

enum { CLUB_ARENA_BYTES = 64 * 1024 * 1024 };

void club_init(struct club *club)
{
    *club = (struct club){0};
    arena_init(&club->arena, CLUB_ARENA_BYTES);
    club->programs.versions = club->versions;
}

void club_fini(struct club *club)
{
    zone_tzdata_free(&club->zone);
    arena_fini(&club->arena);
}

static const char *read_file(struct club *club, const char *path, struct span *ret_text)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return arena_printf(&club->arena, "%s: not there", path);
    }
    char *text = arena_alloc(&club->arena, LIMIT_PROGRAM_BYTES);
    CHECK(text != NULL);
    ssize_t len = read(file, text, LIMIT_PROGRAM_BYTES);
    close(file);
    if (len < 0) {
        return arena_printf(&club->arena, "%s: cannot be read", path);
    }
    *ret_text = span_of(text, (size_t)len);
    return NULL;
}

static const char *first_problem(struct club *club, const struct problems *problems)
{
    if (problems->count == 0) {
        return NULL;
    }
    const struct problem *first = &problems->items[0];
    return arena_printf(&club->arena, "line %u: %.*s %.*s", (unsigned)first->line,
                        (int)first->path.len, (const char *)first->path.data,
                        (int)first->reason.len, (const char *)first->reason.data);
}

static const char *read_tree(struct club *club, struct span text, json_t **ret_tree)
{
    struct problems problems = {.arena = &club->arena};
    struct lines lines = {0};
    enum status status = yaml_read(text, &problems, &lines, ret_tree);
    lines_fini(&lines);
    if (status != STATUS_OK && problems.count == 0) {
        return status_name(status);
    }
    return first_problem(club, &problems);
}

static const char *read_merged(struct club *club, const char *path, struct span changes,
                               json_t **ret_tree)
{
    struct span text = {0};
    const char *wrong = read_file(club, path, &text);
    if (wrong == NULL) {
        wrong = read_tree(club, text, ret_tree);
    }
    if (wrong != NULL || changes.len == 0) {
        return wrong;
    }
    json_t *over = NULL;
    wrong = read_tree(club, changes, &over);
    if (wrong == NULL && json_object_update_recursive(*ret_tree, over) != 0) {
        wrong = "the changes are no mapping";
    }
    json_decref(over);
    return wrong;
}

const char *club_compile(struct club *club, struct program *program)
{
    struct program_problems problems = {.arena = &club->arena};
    CHECK(program_compile(program, &problems) == STATUS_OK);
    if (problems.count > 0) {
        const struct program_problem *first = &problems.items[0];
        return arena_printf(&club->arena, "%.*s %.*s", (int)first->path.len,
                            (const char *)first->path.data, (int)first->reason.len,
                            (const char *)first->reason.data);
    }
    if (club->zone.count == 0) {
        const char *name = arena_printf(&club->arena, "%.*s", (int)program->zone_name.len,
                                        (const char *)program->zone_name.data);
        if (zone_tzdata_load(name, &club->zone) != STATUS_OK) {
            return arena_printf(&club->arena, "no zone %s", name);
        }
    }
    return NULL;
}

static const char *tree_to_program(struct club *club, const json_t *tree,
                                   struct program **ret_program)
{
    struct problems problems = {.arena = &club->arena};
    ProtobufCMessage *message = NULL;
    CHECK(tree_to_message(tree, &loyalty__v1__program__descriptor, &problems, &message) ==
          STATUS_OK);
    const char *wrong = first_problem(club, &problems);
    if (wrong != NULL) {
        return wrong;
    }
    struct program *program = arena_alloc(&club->arena, sizeof *program);
    CHECK(program != NULL);
    CHECK(program_from_message((const Loyalty__V1__Program *)message, &club->arena, program) ==
          STATUS_OK);
    *ret_program = program;
    return club_compile(club, program);
}

const char *club_read(struct club *club, const char *path, struct span changes,
                      struct program **ret_program)
{
    json_t *tree = NULL;
    const char *wrong = read_merged(club, path, changes, &tree);
    if (wrong == NULL) {
        wrong = tree_to_program(club, tree, ret_program);
    }
    json_decref(tree);
    return wrong;
}

const char *club_add(struct club *club, const struct program *program, int64_t effective_from_ms)
{
    size_t count = club->programs.count;
    CHECK(count < CLUB_VERSIONS_MAX);
    if (count > 0) {
        const struct program_version *last = &club->versions[count - 1];
        struct program_problems problems = {.arena = &club->arena};
        CHECK(program_check_successor(last->program, program, &problems) == STATUS_OK);
        if (problems.count > 0) {
            return arena_printf(&club->arena, "%.*s %.*s", (int)problems.items[0].path.len,
                                (const char *)problems.items[0].path.data,
                                (int)problems.items[0].reason.len,
                                (const char *)problems.items[0].reason.data);
        }
        if (effective_from_ms <= last->effective_from_ms) {
            return "a version must take effect after the one before";
        }
    }
    club->versions[count] = (struct program_version){
        .number = (uint32_t)count + 1,
        .effective_from_ms = effective_from_ms,
        .program = program,
        .zone = &club->zone,
    };
    club->programs.count = count + 1;
    return NULL;
}

void club_chain_hash(const uint8_t *previous, struct span record, uint8_t *ret_hash)
{
    static EVP_MD_CTX *context; // for the life of the process
    static EVP_MD *sha256;
    if (context == NULL) {
        context = EVP_MD_CTX_new();
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
        CHECK(context != NULL && sha256 != NULL);
    }
    uint8_t whole[EVP_MAX_MD_SIZE];
    bool done = EVP_DigestInit_ex2(context, sha256, NULL) == 1 &&
                EVP_DigestUpdate(context, previous, CHAIN_HASH_BYTES) == 1 &&
                EVP_DigestUpdate(context, record.data, record.len) == 1 &&
                EVP_DigestFinal_ex(context, whole, NULL) == 1;
    CHECK(done);
    memcpy(ret_hash, whole, CHAIN_HASH_BYTES);
}
