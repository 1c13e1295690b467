// A program of somebody else, with what `cmake --install` gave: headers in a folder of their own,
// both of them, and a call into the library that was found.
#include <loyalty/till.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    char error[LOYALTY_ERROR_BYTES];
    const struct loyalty_till_options options = {
        .connection = {.server = "127.0.0.1:1", .ca_path = "/nowhere"}, .path = "queue"};
    struct loyalty_till *till = loyalty_till_open(&options, error);
    printf("%s %s\n", loyalty_version(), loyalty_till_status_name(LOYALTY_TILL_ACCEPTED_OFFLINE));
    loyalty_till_close(till);
    return till == NULL && strlen(error) > 0 ? 0 : 1;
}
