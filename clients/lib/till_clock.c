// Two clocks of this machine and which to believe. A test's own clock stands for a civil one, so
// then the time since the start is not looked at.
#include "lib/till_clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/client.h"

static void read_boot_id(char ret_id[LOYALTY_UUID_BYTES])
{
    ret_id[0] = '\0';
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    ssize_t got = read(fd, ret_id, LOYALTY_UUID_BYTES - 1);
    ret_id[got == LOYALTY_UUID_BYTES - 1 ? got : 0] = '\0';
    (void)close(fd);
}

static int64_t boot_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wall_ms(const struct ly_clock *clock)
{
    return clock->wall_ms == NULL ? ly_system_ms() : clock->wall_ms(clock->user);
}

void ly_clock_init(struct ly_clock *clock, const struct loyalty_till_options *options,
                   const struct ly_learned_clock *learned)
{
    *clock =
        (struct ly_clock){.learned = *learned, .wall_ms = options->wall_ms, .user = options->user};
    if (options->wall_ms == NULL) {
        read_boot_id(clock->boot_id);
    }
}

void ly_clock_learn(struct ly_clock *clock, int64_t server_ms, bool stands)
{
    clock->learned = (struct ly_learned_clock){
        .server_ms = server_ms, .wall_ms = wall_ms(clock), .boot_ms = boot_ms(), .stands = stands};
    memcpy(clock->learned.boot_id, clock->boot_id, sizeof(clock->boot_id));
}

int64_t ly_clock_now(const struct ly_clock *clock)
{
    const struct ly_learned_clock *learned = &clock->learned;
    if (learned->server_ms == 0) {
        return wall_ms(clock);
    }
    if (learned->stands) {
        return learned->server_ms;
    }
    bool same_start = clock->boot_id[0] != '\0' && strcmp(clock->boot_id, learned->boot_id) == 0;
    int64_t passed_ms =
        same_start ? boot_ms() - learned->boot_ms : wall_ms(clock) - learned->wall_ms;
    return learned->server_ms + (passed_ms < 0 ? 0 : passed_ms);
}
