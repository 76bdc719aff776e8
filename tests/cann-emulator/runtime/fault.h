#pragma once
#include <string>

namespace emu {

/// Faults ordered ahead: the n-th call of a function, or the n-th device task, fails with a code. Counting starts with the order.
namespace faults {

/// "WHERE@N=CODE": WHERE is an exported function or "task"; CODE a number, "oom", "lost", "timeout" or "uce". "AFTER>WHERE@N=CODE"
/// begins to count when AFTER was called: what is done while serving, not while loading.
void order(const std::string &spec);
void clear();

/// Counts a call; the code that was ordered for it, or 0.
int take_call(const char *function);

/// Counts a device task; the code that was ordered for it, or 0.
int take_task();

/// Codes that a device reports later, not the call itself.
bool is_asynchronous(int code);

/// JSON object: calls by function.
std::string report();

} // namespace faults

} // namespace emu
