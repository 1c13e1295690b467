// Asks the environment, as LISTEN_PID and LISTEN_FDS say it.
#include "app/inherited.h"

#include <systemd/sd-daemon.h>

enum status inherited_socket(int *ret_fd)
{
    int count = sd_listen_fds(1);
    if (count < 0) {
        return STATUS_IO;
    }
    if (count > 1) {
        return STATUS_INVALID;
    }
    *ret_fd = count == 0 ? -1 : SD_LISTEN_FDS_START;
    return STATUS_OK;
}
