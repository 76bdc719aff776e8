#pragma once
#include <string>

namespace emu {

/// Counts a call and throws the fault that was ordered for it, if any.
void begin_call(const char *function);

/// Faults ordered ahead: the n-th call of a function, or the n-th "alloc", "launch" or device "task", fails with a code. Counting
/// starts with the order.
namespace faults {

/// "WHERE@N=CODE": CODE is a number or one of oom, illegal, ecc, lost, timeout, failed, peer.
void order(const std::string &spec);
void clear();

/// Counts one occurrence; the code that was ordered for it, or 0.
int take(const char *where);

/// JSON object: calls by function.
std::string report();

} // namespace faults

} // namespace emu
