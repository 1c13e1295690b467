// loyalty-till: opens shops, sells while everything goes wrong, closes, and compares the books.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "till/club.h"
#include "till/evening.h"
#include "till/opening.h"
#include "till/plan.h"
#include "till/trouble.h"
#include "till/view.h"

// Ctrl-C closes the shops; all is compared as if it had been time.
static volatile sig_atomic_t closing;

static void on_interrupt(int number)
{
    (void)number;
    closing = 1;
}

enum { TURN_MS = 20, EXIT_DIFFERENCE = 1, EXIT_NOT_DONE = 3 };

// Until the shops close.
static bool sell(struct world *world, struct view *view, struct trouble *trouble)
{
    if (!trouble_begin(trouble, world)) {
        return false;
    }
    int64_t until_ms = world_now_ms() + world->plan->run_ms;
    world->selling = true;
    while (world_now_ms() < until_ms && closing == 0) {
        trouble_step(trouble, world, world_now_ms());
        world_turn(world, TURN_MS);
        view_draw(view, world, false);
        if (!service_lives(&world->service)) {
            book_fault(world->book, "loyaltyd has ended by itself");
            break;
        }
    }
    world->selling = false;
    trouble_end(trouble, world);
    return true;
}

int main(int argc, char **argv)
{
    struct plan plan;
    struct world world;
    struct view view;
    struct trouble trouble = {0};
    plan_parse(argc, argv, &plan);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGINT, on_interrupt);
    int code = EXIT_NOT_DONE;
    if (opening_do(&world, &plan)) {
        view_begin(&view, plan.json);
        if (sell(&world, &view, &trouble)) {
            struct evening evening;
            evening_do(&world, &view, &evening);
            struct result result = {.compared = club_compare(&world),
                                    .closed = evening.closed,
                                    .exceptions = evening.exceptions,
                                    .chaos = trouble.done};
            view_draw(&view, &world, true);
            code = view_result(&view, &world, &result) ? EXIT_SUCCESS : EXIT_DIFFERENCE;
        }
    }
    if (code != EXIT_SUCCESS && world.service.folder[0] != '\0') {
        (void)fprintf(stderr, "loyalty-till: seed %llu; everything is kept in %s\n",
                      (unsigned long long)plan.seed, world.service.folder);
    }
    opening_undo(&world, code != EXIT_SUCCESS);
    return code;
}
