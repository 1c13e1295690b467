// A stored value that many change: whoever is second changes what the first has left, nothing is
// lost; it gives up after so many rounds and says so; what is broken or too large is not put; a
// lost answer is said to be unknown.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "service/job_update.h"
#include "support/service_world.h"

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 2);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

// A change of one job, by one of the daemons.
struct editor {
    struct job_update update;
    uint64_t add; // to `members`
    enum job_change want;
    enum status fail; // of the callback
    bool huge;        // makes it too large
    bool rival;       // another daemon changes it between each reading and its put
    uint32_t calls;
    bool existed;
    uint32_t ended;
    enum store_result result;
    uint64_t members; // as it stands
};

static struct editor *editor_of(struct job_update *update)
{
    return (struct editor *)(void *)((char *)update - offsetof(struct editor, update));
}

static void rival_edit(void);

static enum status change(struct job_update *update, ProtobufCMessage *message, bool exists,
                          enum job_change *ret_change)
{
    struct editor *editor = editor_of(update);
    Loyaltyd__Job *job = (Loyaltyd__Job *)message;
    editor->calls++;
    editor->existed = exists;
    job->members += editor->add;
    *ret_change = editor->want;
    if (editor->huge) {
        char *reason = arena_alloc(&update->arena, STORE_VALUE_BYTES_MAX + 1);
        assert_non_null(reason);
        memset(reason, 'x', STORE_VALUE_BYTES_MAX);
        reason[STORE_VALUE_BYTES_MAX] = '\0';
        job->reason = reason;
    }
    if (editor->rival) {
        rival_edit();
    }
    return editor->fail;
}

static void on_done(struct job_update *update, enum store_result result,
                    const ProtobufCMessage *message)
{
    struct editor *editor = editor_of(update);
    editor->ended++;
    editor->result = result;
    assert_true((message != NULL) == (result == STORE_OK));
    editor->members = message == NULL ? 0 : ((const Loyaltyd__Job *)message)->members;
}

static void begin(struct editor *editor, size_t daemon)
{
    struct job_update *update = &editor->update;
    update->service = world.daemons[daemon].service;
    update->type = &loyaltyd__job__descriptor;
    update->change = change;
    update->on_done = on_done;
    memcpy(update->id, "plan-1", sizeof "plan-1");
    job_update_begin(update);
}

static void edit(struct editor *editor, size_t daemon)
{
    begin(editor, daemon);
    memory_run(world.daemons[daemon].store);
    assert_int_equal(editor->ended, 1);
    assert_false(editor->update.busy);
}

static void rival_edit(void)
{
    struct editor rival = {.add = 1000, .want = JOB_CHANGE_PUT};
    edit(&rival, 1);
    assert_int_equal(rival.result, STORE_OK);
}

static uint64_t members_now(void)
{
    struct editor reader = {.want = JOB_CHANGE_NONE};
    edit(&reader, 0);
    assert_int_equal(reader.result, STORE_OK);
    return reader.members;
}

static void the_second_changes_what_the_first_left(void **state)
{
    (void)state;
    struct editor first = {.add = 3, .want = JOB_CHANGE_PUT};
    struct editor second = {.add = 5, .want = JOB_CHANGE_PUT};
    begin(&first, 0);
    begin(&second, 1);
    // Both read, both put; the second finds the first one's revision.
    assert_true(memory_step(world.daemons[0].store));
    assert_true(memory_step(world.daemons[1].store));
    assert_true(memory_step(world.daemons[0].store));
    memory_run(world.daemons[1].store);
    assert_int_equal(first.result, STORE_OK);
    assert_int_equal(second.result, STORE_OK);
    assert_int_equal(first.calls, 1);
    assert_int_equal(second.calls, 2);
    assert_int_equal(second.members, 8);
    assert_int_equal(members_now(), 8);
}

static void it_gives_up_after_so_many_rounds(void **state)
{
    (void)state;
    struct editor editor = {.add = 1, .want = JOB_CHANGE_PUT, .rival = true};
    edit(&editor, 0);
    assert_int_equal(editor.result, STORE_FAILED);
    assert_int_equal(editor.calls, JOB_UPDATE_ROUNDS);
    assert_int_equal(members_now(), JOB_UPDATE_ROUNDS * 1000); // nothing of ours
}

static void what_is_there_may_be_left_or_deleted(void **state)
{
    (void)state;
    struct editor none = {.add = 1, .want = JOB_CHANGE_NONE};
    edit(&none, 0);
    assert_false(none.existed);
    struct editor made = {.add = 1, .want = JOB_CHANGE_PUT};
    edit(&made, 0);
    assert_false(made.existed);
    struct editor left = {.add = 1, .want = JOB_CHANGE_NONE};
    edit(&left, 1);
    assert_true(left.existed);
    assert_int_equal(members_now(), 1);
    struct editor gone = {.want = JOB_CHANGE_DELETE};
    edit(&gone, 1);
    assert_int_equal(gone.result, STORE_OK);
    struct editor again = {.want = JOB_CHANGE_NONE};
    edit(&again, 0);
    assert_false(again.existed);
}

static void what_cannot_be_is_not_put(void **state)
{
    (void)state;
    struct editor huge = {.want = JOB_CHANGE_PUT, .huge = true};
    edit(&huge, 0);
    assert_int_equal(huge.result, STORE_FAILED);
    struct editor refused = {.want = JOB_CHANGE_PUT, .fail = STATUS_CORRUPT};
    edit(&refused, 0);
    assert_int_equal(refused.result, STORE_FAILED);
    struct editor starved = {.want = JOB_CHANGE_PUT, .fail = STATUS_NO_MEMORY};
    edit(&starved, 0);
    assert_int_equal(starved.result, STORE_UNAVAILABLE);
    struct editor after = {.want = JOB_CHANGE_NONE};
    edit(&after, 0);
    assert_false(after.existed);
}

static void a_store_that_fails_is_told(void **state)
{
    (void)state;
    struct store *store = world.daemons[0].store;
    struct editor unread = {.add = 1, .want = JOB_CHANGE_PUT};
    memory_fail_next(store, MEMORY_FAULT_BEFORE);
    edit(&unread, 0);
    assert_int_equal(unread.result, STORE_UNAVAILABLE);
    assert_int_equal(unread.calls, 0);
    struct editor lost = {.add = 1, .want = JOB_CHANGE_PUT};
    begin(&lost, 0);
    assert_true(memory_step(store));
    memory_fail_next(store, MEMORY_FAULT_LOST_REPLY);
    memory_run(store);
    assert_int_equal(lost.result, STORE_UNKNOWN);
    assert_int_equal(members_now(), 1); // it was done
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_second_changes_what_the_first_left, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(it_gives_up_after_so_many_rounds, open_world, close_world),
        cmocka_unit_test_setup_teardown(what_is_there_may_be_left_or_deleted, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_not_put, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_store_that_fails_is_told, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
