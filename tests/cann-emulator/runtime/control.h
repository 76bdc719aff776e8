#pragma once
#include <cstddef>

// What the stand-ins export beside CANN's own symbols, for tests. Reached from a handle of any stand-in.
extern "C" {

/// One command of README's list, or several with ';' between. 0, or 100000 with a text for aclGetRecentErrMsg.
int cannEmulatorControl(const char *commands);

/// How often each function was called, as a JSON object. Answers the number of bytes it needs, its end included.
size_t cannEmulatorReport(char *buffer, size_t size);
}
