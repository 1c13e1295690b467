// loyaltyctl's import of a small file, as a scene of failures_client. A tool that runs out of
// memory ends, wherever it is; importing the same file again must then go on where it ended.
#pragma once

// The file, in the scenario's process, once there is a daemon.
void import_scene_write_file(void);
// One case.
void import_scene_run(void);
