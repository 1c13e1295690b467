// A flag that handlers set. They restart no call, so that who sleeps wakes up and looks.
#include "ctl/ledger_stop.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile sig_atomic_t is_asked;

static void on_signal(int signal)
{
    (void)signal;
    is_asked = 1;
}

void ledger_stop_watch(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct sigaction before;
        // What whoever started us had ignored (nohup) stays so.
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            (void)sigaction(signals[i], &action, NULL);
        }
    }
}

bool ledger_stop_asked(void)
{
    return is_asked != 0;
}

bool ledger_stop_follow(pid_t parent)
{
    return setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}
