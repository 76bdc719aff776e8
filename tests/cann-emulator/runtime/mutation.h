#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <type_traits>

#include "abi_types.h"

namespace emu {

/// A mistake planted into the caller: one parameter of one function arrives changed, as if the caller had given it so. What a test
/// suite does not notice then, it does not test.
namespace mutation {

/// "FUNCTION/PARAMETER"; an empty text ends it.
void order(const std::string &spec);

/// True while a mistake is ordered: looked at before every argument, and cheap.
extern std::atomic<bool> isOrdered;

/// True for the parameter that the order names. Counts it as made.
bool takes(const char *function, const char *parameter);

/// How often the ordered mistake was made.
uint64_t made();

/// The same tensor, 32 bytes further on.
const aclTensor *moved(const aclTensor *tensor);
const aclTensorList *moved(const aclTensorList *list);
const aclScalar *changed(const aclScalar *scalar);
const aclIntArray *changed(const aclIntArray *values);
/// The other layout of the same family, or no layout at all.
char *changed(const char *text);

template <class Value>
Value changed(Value value)
{
    if constexpr (std::is_same_v<Value, bool>) {
        return !value;
    } else if constexpr (std::is_floating_point_v<Value>) {
        return value * 1.5 + 0.25;
    } else if constexpr (std::is_same_v<Value, aclDataType>) {
        return value == ACL_FLOAT ? ACL_INT32 : ACL_FLOAT;
    } else if constexpr (std::is_enum_v<Value>) {
        return static_cast<Value>(static_cast<int>(value) + 1);
    } else if constexpr (std::is_integral_v<Value>) {
        return value == INT64_MAX ? 0 : static_cast<Value>(value + 1);
    } else if constexpr (std::is_same_v<Value, const aclTensor *> || std::is_same_v<Value, aclTensor *> || std::is_same_v<Value, const aclTensorList *>
        || std::is_same_v<Value, aclTensorList *>) {
        return const_cast<Value>(moved(value));
    } else if constexpr (std::is_same_v<Value, const aclScalar *> || std::is_same_v<Value, const aclIntArray *>) {
        return changed(value);
    } else if constexpr (std::is_same_v<Value, char *> || std::is_same_v<Value, const char *>) {
        return changed(static_cast<const char *>(value));
    } else if constexpr (std::is_pointer_v<Value> && std::is_void_v<std::remove_pointer_t<Value>>) {
        return reinterpret_cast<Value>(reinterpret_cast<uintptr_t>(value) + 32);
    } else {
        return value;
    }
}

/// The argument, or the mistake in its place. An absent one stays absent.
template <class Value>
Value given(const char *function, const char *parameter, Value value)
{
    if (!isOrdered.load(std::memory_order_relaxed)) {
        return value;
    }
    if constexpr (std::is_pointer_v<Value>) {
        if (value == nullptr) {
            return value;
        }
    }
    return takes(function, parameter) ? changed(value) : value;
}

} // namespace mutation

} // namespace emu
