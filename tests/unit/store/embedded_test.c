// The embedded redis-server: fit for the store as it is started, started again when it dies, gone
// when its daemon is, and never two on one directory.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "store/embedded.h"
#include "store/embedded_directory.h"
#include "support/redis_world.h"

enum { WAIT_SECONDS = 20, NOTE_BYTES = 4400 };

static struct redis_process process; // only its directory and socket: this server is not its child
static struct redis_world world;
static struct event_base *base; // of the embedded server
static struct embedded_redis *embedded;
static char last_note[NOTE_BYTES];
static uint32_t starts;
static pid_t server;

static void on_note(void *context, const char *text)
{
    (void)context;
    (void)snprintf(last_note, sizeof(last_note), "%s", text);
    if (strncmp(text, "started pid=", strlen("started pid=")) == 0) {
        server = (pid_t)strtol(text + strlen("started pid="), NULL, 10);
        starts++;
    }
}

static int setup(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    process = (struct redis_process){0};
    (void)snprintf(process.directory, sizeof(process.directory), "/tmp/loyalty-XXXXXX");
    assert_non_null(mkdtemp(process.directory));
    last_note[0] = '\0';
    starts = 0;
    base = event_base_new();
    assert_non_null(base);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    redis_world_close(&world);
    embedded_redis_free(embedded);
    embedded = NULL;
    event_base_free(base);
    redis_process_end(&process);
    buffer_fini(&port_last.bytes);
    return 0;
}

static void path_in(char *path, size_t size, const char *name)
{
    (void)snprintf(path, size, "%s/%s", process.directory, name);
}

static void start_embedded(void)
{
    char path[64];
    path_in(path, sizeof(path), "with \"space");
    redis_world_close(&world);
    if (embedded_redis_new(base, path, on_note, NULL, &embedded) != STATUS_OK) {
        fail_msg("%s", last_note);
    }
    (void)snprintf(process.socket, sizeof(process.socket), "%s", embedded_redis_socket(embedded));
    redis_world_open_ready(&world, &process);
}

static void turn_embedded(void)
{
    (void)event_base_loop(base, EVLOOP_NONBLOCK);
    redis_world_turn(&world);
}

// --- as it is started ---

static void it_is_fit_and_private(void **state)
{
    (void)state;
    start_embedded(); // ready: every setting that the store asks for
    assert_int_equal(starts, 1);
    assert_int_equal(port_create(&world.port, PORT_PARTITIONS), STORE_OK);
    struct stat about;
    char path[128];
    path_in(path, sizeof(path), "with \"space");
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    assert_int_equal(stat(process.socket, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    const char *const files[] = {"with \"space/redis.conf", "with \"space/redis.log",
                                 "with \"space/lock"};
    for (size_t i = 0; i < 3; i++) {
        path_in(path, sizeof(path), files[i]);
        assert_int_equal(stat(path, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
    }
    const char *const settings[][2] = {
        {"port", "0"},
        {"databases", "1"},
        {"save", ""},
        {"aof-load-truncated", "yes"},
        {"enable-debug-command", "no"},
        {"aof-use-rdb-preamble", "yes"},
        {"appendfsync", "always"},
        {"maxmemory-policy", "noeviction"},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        assert_string_equal(redis_process_ask(&process, "CONFIG GET %s", settings[i][0]),
                            settings[i][1]);
    }
}

// --- dying ---

static void a_killed_server_is_started_again(void **state)
{
    (void)state;
    start_embedded();
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(port_create(&world.port, PORT_PARTITIONS), STORE_OK);
    for (uint32_t round = 0; round < 3; round++) {
        port_grow(&world.port, &log, round, 50);
        uint32_t before = starts;
        assert_int_equal(kill(server, SIGKILL), 0);
        time_t end = time(NULL) + WAIT_SECONDS;
        while (starts == before) {
            assert_true(time(NULL) < end);
            turn_embedded();
        }
        redis_world_load_again(&world, &log.account);
        assert_int_equal(port_bytes().len, log.bytes); // appendfsync always
    }
}

static void freeing_ends_it_in_order(void **state)
{
    (void)state;
    start_embedded();
    pid_t pid = server;
    char socket[sizeof(process.socket)];
    memcpy(socket, process.socket, sizeof(socket));
    embedded_redis_free(embedded);
    embedded = NULL;
    assert_int_not_equal(kill(pid, 0), 0);
    assert_int_not_equal(access(socket, F_OK), 0); // it has cleaned up after itself
    start_embedded();
    assert_int_not_equal(server, pid);
}

// --- one directory, one daemon ---

// In another process: a daemon whose server holds one log and is then kept busy, so that it cannot
// end at once. Tells the server's pid and waits to be killed.
static void be_another_daemon(const char *path, int tell_fd)
{
    struct embedded_redis *theirs = NULL;
    if (embedded_redis_new(event_base_new(), path, on_note, NULL, &theirs) != STATUS_OK) {
        return;
    }
    (void)snprintf(process.socket, sizeof(process.socket), "%s", embedded_redis_socket(theirs));
    redis_world_open_ready(&world, &process);
    struct port_picture log = port_picture_of_none(0, "m");
    if (port_create(&world.port, 1) != STORE_OK) {
        return;
    }
    port_grow(&world.port, &log, 1, 50);
    (void)redis_process_ask(&process, "CONFIG SET busy-reply-threshold 1");
    redis_process_tell(&process, "EVAL \"while true do end\" 0");
    while (strncmp(redis_process_ask(&process, "PING"), "-BUSY", 5) != 0) {
    }
    if (write(tell_fd, &server, sizeof(server)) == (ssize_t)sizeof(server)) {
        (void)pause();
    }
}

// Returns the pid of the server that the daemon leaves behind when it is killed.
static pid_t run_daemon_and_kill_it(const char *path)
{
    int pipe_fds[2];
    pid_t orphan = 0;
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t daemon = fork();
    assert_true(daemon >= 0);
    if (daemon == 0) {
        be_another_daemon(path, pipe_fds[1]);
        _exit(1);
    }
    (void)close(pipe_fds[1]);
    assert_int_equal(read(pipe_fds[0], &orphan, sizeof(orphan)), sizeof(orphan));
    (void)close(pipe_fds[0]);
    assert_int_equal(kill(daemon, SIGKILL), 0);
    assert_int_equal(waitpid(daemon, NULL, 0), daemon);
    return orphan;
}

static void a_new_daemon_waits_for_the_old_server(void **state)
{
    (void)state;
    char path[64];
    char problem[EMBEDDED_PROBLEM_BYTES];
    struct embedded_directory directory;
    path_in(path, sizeof(path), "with \"space");
    pid_t orphan = run_daemon_and_kill_it(path);
    // The daemon is gone, but its server still holds the directory.
    assert_int_equal(embedded_directory_open(&directory, path, 100, problem), STATUS_IO);
    assert_non_null(strstr(problem, "in use by another daemon"));
    (void)snprintf(process.socket, sizeof(process.socket), "%s/redis.sock", path);
    assert_string_equal(redis_process_ask(&process, "SCRIPT KILL"), "+OK");
    start_embedded(); // the old one takes the SIGTERM it was left with
    assert_int_not_equal(server, orphan);
    struct store_account account = port_account(0, "m");
    assert_int_equal(port_load(&world.port, &account), STORE_OK);
    assert_int_equal(port_bytes().len, 50);
}

static void a_directory_has_one_daemon(void **state)
{
    (void)state;
    char problem[EMBEDDED_PROBLEM_BYTES];
    struct embedded_directory first;
    struct embedded_directory second;
    assert_int_equal(embedded_directory_open(&first, process.directory, 0, problem), STATUS_OK);
    assert_int_equal(embedded_directory_open(&second, process.directory, 60, problem), STATUS_IO);
    assert_non_null(strstr(problem, "in use by another daemon"));
    embedded_directory_close(&second);
    embedded_directory_close(&first);
    assert_int_equal(embedded_directory_open(&second, process.directory, 0, problem), STATUS_OK);
    embedded_directory_close(&second);
}

// --- what cannot work ---

static void assert_fails(const char *path, enum status expected, const char *note_part)
{
    struct embedded_redis *none = NULL;
    last_note[0] = '\0';
    assert_int_equal(embedded_redis_new(base, path, on_note, NULL, &none), expected);
    if (strstr(last_note, note_part) == NULL) {
        fail_msg("not \"%s\": %s", note_part, last_note);
    }
}

static void what_cannot_work_is_said(void **state)
{
    (void)state;
    char path[160];
    char deep[128];
    memset(deep, 'd', 90);
    deep[90] = '\0';
    path_in(path, sizeof(path), deep);
    assert_fails(path, STATUS_TOO_LARGE, "a unix socket's path at most 107");
    assert_int_equal(rmdir(path), 0);
    path_in(path, sizeof(path), "no/such/parent");
    assert_fails(path, STATUS_IO, "cannot create");
    path_in(path, sizeof(path), "file");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_fails(path, STATUS_IO, "cannot open");
    path_in(path, sizeof(path), "shared");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0770), 0);
    assert_fails(path, STATUS_INVALID, "can be written to by other users");
    const char *path_variable = getenv("PATH");
    assert_non_null(path_variable);
    char *old_path = strdup(path_variable == NULL ? "" : path_variable);
    assert_non_null(old_path);
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    path_in(path, sizeof(path), "good");
    assert_fails(path, STATUS_IO, "cannot run redis-server: No such file");
    assert_int_equal(setenv("PATH", old_path, 1), 0);
    free(old_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_fit_and_private, setup, teardown),
        cmocka_unit_test_setup_teardown(a_killed_server_is_started_again, setup, teardown),
        cmocka_unit_test_setup_teardown(freeing_ends_it_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_daemon_waits_for_the_old_server, setup, teardown),
        cmocka_unit_test_setup_teardown(a_directory_has_one_daemon, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_work_is_said, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
