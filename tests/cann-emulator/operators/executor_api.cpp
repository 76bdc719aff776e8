// Executor reuse. Rules: aclSetAclOpExecutorRepeatable, aclSet*TensorAddr in the operator base's API reference (nnopbase/aclnn).
#include "abi_functions.h"
#include "operators/executor.h"
#include "runtime/codes.h"
#include "runtime/refusal.h"

namespace emu {

namespace {

enum class Side { Input, Output, Any };

bool is_on(const Executor::Slot &slot, Side side)
{
    return side == Side::Any || (side == Side::Output) == slot.output;
}

std::shared_ptr<Executor> reusable(aclOpExecutor *handle)
{
    if (handle == nullptr) {
        refuse(kNnInnerNull, "executor is null");
    }
    std::shared_ptr<Executor> executor = executors().get(handle);
    if (!executor->repeatable) {
        refuse(kNnInvalid, "addresses are updated on an executor that aclSetAclOpExecutorRepeatable made reusable");
    }
    return executor;
}

void patch(Executor::Slot &slot, void *addr)
{
    if (reinterpret_cast<uintptr_t>(addr) % 32 != 0) {
        refuse(kNnInvalid, "tensor address %p is not 32-byte aligned", addr);
    }
    slot.source->address = reinterpret_cast<uintptr_t>(addr);
}

/// `index` counts the tensors of the side that stand alone, in the order of the call's parameters, absent ones included.
aclnnStatus set_address(aclOpExecutor *handle, size_t index, const aclTensor *tensor, void *addr, Side side)
{
    const std::shared_ptr<Executor> executor = reusable(handle);
    if (tensor == nullptr) {
        refuse(kNnInnerNull, "tensor is null");
    }
    const std::shared_ptr<Tensor> described = tensors().get(tensor);
    size_t seen = 0;
    for (Executor::Slot &slot : executor->slots) {
        if (slot.list < 0 && is_on(slot, side) && seen++ == index) {
            if (!slot.source) {
                refuse(kNnInvalid, "tensor %zu of %s, '%s', was null in the first phase", index, executor->op.c_str(), slot.name.c_str());
            }
            if (slot.source != described) {
                refuse(kNnInvalid, "tensor %zu of %s is '%s', another descriptor was given", index, executor->op.c_str(), slot.name.c_str());
            }
            patch(slot, addr);
            return 0;
        }
    }
    refuse(kNnInvalid, "index %zu: %s has %zu such tensors", index, executor->op.c_str(), seen);
}

aclnnStatus set_list_address(aclOpExecutor *handle, size_t relative, const aclTensorList *list, void *addr, Side side)
{
    const std::shared_ptr<Executor> executor = reusable(handle);
    if (list == nullptr) {
        refuse(kNnInnerNull, "tensors is null");
    }
    const std::shared_ptr<TensorList> described = tensor_lists().get(list);
    if (relative >= described->tensors.size()) {
        refuse(kNnInvalid, "index %zu: the list has %zu tensors", relative, described->tensors.size());
    }
    for (Executor::Slot &slot : executor->slots) {
        if (slot.list >= 0 && is_on(slot, side) && slot.source == described->tensors[relative]) {
            patch(slot, addr);
            return 0;
        }
    }
    refuse(kNnInvalid, "the list is none of %s", executor->op.c_str());
}

} // namespace

aclnnStatus aclSetAclOpExecutorRepeatable(aclOpExecutor *executor)
{
    if (executor == nullptr) {
        refuse(kNnInnerNull, "executor is null");
    }
    executors().get(executor)->repeatable = true;
    return 0;
}

aclnnStatus aclDestroyAclOpExecutor(aclOpExecutor *executor)
{
    if (executor == nullptr) {
        refuse(kNnInnerNull, "executor is null");
    }
    executors().remove(executor);
    return 0;
}

aclnnStatus aclSetInputTensorAddr(aclOpExecutor *executor, const size_t index, aclTensor *tensor, void *addr)
{
    return set_address(executor, index, tensor, addr, Side::Input);
}

aclnnStatus aclSetOutputTensorAddr(aclOpExecutor *executor, const size_t index, aclTensor *tensor, void *addr)
{
    return set_address(executor, index, tensor, addr, Side::Output);
}

aclnnStatus aclSetTensorAddr(aclOpExecutor *executor, const size_t index, aclTensor *tensor, void *addr)
{
    return set_address(executor, index, tensor, addr, Side::Any);
}

aclnnStatus AclSetInputTensorAddr(aclOpExecutor *executor, const size_t index, aclTensor *tensor, void *addr)
{
    return set_address(executor, index, tensor, addr, Side::Input);
}

aclnnStatus AclSetOutputTensorAddr(aclOpExecutor *executor, const size_t index, aclTensor *tensor, void *addr)
{
    return set_address(executor, index, tensor, addr, Side::Output);
}

aclnnStatus AclSetTensorAddr(aclOpExecutor *executor, const size_t index, aclTensor *tensor, void *addr)
{
    return set_address(executor, index, tensor, addr, Side::Any);
}

aclnnStatus aclSetDynamicInputTensorAddr(aclOpExecutor *executor, size_t, const size_t relativeIndex, aclTensorList *tensors, void *addr)
{
    return set_list_address(executor, relativeIndex, tensors, addr, Side::Input);
}

aclnnStatus aclSetDynamicOutputTensorAddr(aclOpExecutor *executor, size_t, const size_t relativeIndex, aclTensorList *tensors, void *addr)
{
    return set_list_address(executor, relativeIndex, tensors, addr, Side::Output);
}

aclnnStatus aclSetDynamicTensorAddr(aclOpExecutor *executor, size_t, const size_t relativeIndex, aclTensorList *tensors, void *addr)
{
    return set_list_address(executor, relativeIndex, tensors, addr, Side::Any);
}

aclnnStatus AclSetDynamicInputTensorAddr(aclOpExecutor *executor, size_t, const size_t relativeIndex, aclTensorList *tensors, void *addr)
{
    return set_list_address(executor, relativeIndex, tensors, addr, Side::Input);
}

aclnnStatus AclSetDynamicOutputTensorAddr(aclOpExecutor *executor, size_t, const size_t relativeIndex, aclTensorList *tensors, void *addr)
{
    return set_list_address(executor, relativeIndex, tensors, addr, Side::Output);
}

aclnnStatus AclSetDynamicTensorAddr(aclOpExecutor *executor, size_t, const size_t relativeIndex, aclTensorList *tensors, void *addr)
{
    return set_list_address(executor, relativeIndex, tensors, addr, Side::Any);
}

} // namespace emu
