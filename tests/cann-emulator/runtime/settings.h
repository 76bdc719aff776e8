#pragma once
#include <string>

namespace emu {

/// How the stand-ins behave; set by CANN_EMULATOR_* variables at load and by cannEmulatorControl later (README).
struct Settings {
    bool lazy = false;           ///< streams run only when somebody waits for them: a missing synchronisation always shows
    int delayMicroseconds = 0;   ///< before every device task
    bool requireOppPath = false; ///< 561107 unless ASCEND_OPP_PATH is set, as on a real installation
    bool allowUnpinned = false;  ///< aclrtMemcpyAsync on pageable host memory copies at once, as the newest reference allows
    int hcclTimeout = 0;         ///< milliseconds for joins and collectives in place of the HCCL_* variables; 0: theirs
};

Settings &settings();

/// One command, or several with ';' between: "schedule=lazy", "delay-us=50", "hbm-mib=64", "fault=WHERE@N=CODE", "heal", ...
void control(const std::string &commands);

} // namespace emu
