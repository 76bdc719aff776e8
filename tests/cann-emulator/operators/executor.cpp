// Rules: "two-phase interface" of the operator reference; executor reuse in the operator base's reference (nnopbase/aclnn).
#include "operators/executor.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/codes.h"
#include "runtime/device.h"
#include "runtime/memory.h"
#include "runtime/profile.h"
#include "runtime/refusal.h"
#include "runtime/settings.h"
#include "runtime/stream.h"
#include "runtime/tables.h"

namespace emu {

namespace {

constexpr int kMostDimensions = 8;

/// 561003 where the product has no kernels of the operator.
void check_platform(const char *op)
{
    for (size_t i = 0; i < kOperatorPlatformCount; i++) {
        if (std::strcmp(kOperatorPlatforms[i].name, op) == 0 && std::strstr(kOperatorPlatforms[i].platforms, profile().platform) == nullptr) {
            refuse(kNnNoKernel, "%s has kernels for {%s}, not for %s", op, kOperatorPlatforms[i].platforms, profile().platform);
        }
    }
}

std::string names_of(std::initializer_list<aclDataType> types)
{
    std::string names;
    for (const aclDataType type : types) {
        names += (names.empty() ? "" : ", ") + std::string(name_of(type));
    }
    return names;
}

} // namespace

Handles<Executor> &executors()
{
    static auto *kExecutors = new Handles<Executor>("executor (single use unless made repeatable)", 6, kNnInnerNull);
    return *kExecutors;
}

Call::Call(const char *op, uint64_t *workspaceSize, aclOpExecutor **executor)
    : _executor(std::make_shared<Executor>()), _workspaceSize(workspaceSize), _result(executor)
{
    if (settings().requireOppPath && std::getenv("ASCEND_OPP_PATH") == nullptr) {
        refuse(kNnOppPath, "ASCEND_OPP_PATH is not set: no operator kernels can be found");
    }
    if (workspaceSize == nullptr || executor == nullptr) {
        refuse(kNnNull, "workspaceSize or executor is null");
    }
    current_context()->device->check();
    check_platform(op);
    _executor->op = op;
}

Call &Call::or_nz()
{
    _nz = true;
    return *this;
}

Operand Call::add(std::shared_ptr<Tensor> tensor, const char *name, std::initializer_list<aclDataType> types, bool output)
{
    if (!tensor) {
        refuse(kNnNull, "%s is null", name);
    }
    require(types.size() == 0 || std::find(types.begin(), types.end(), tensor->type) != types.end(), "%s is %s, allowed are %s", name,
        name_of(tensor->type), names_of(types).c_str());
    require(tensor->rank() <= kMostDimensions, "%s has %d dimensions, allowed are %d", name, tensor->rank(), kMostDimensions);
    require(_nz || tensor->format != ACL_FORMAT_FRACTAL_NZ, "%s is FRACTAL_NZ, allowed is ND", name);
    Executor::Slot slot;
    slot.name = name;
    slot.tensor = *tensor;
    slot.source = std::move(tensor);
    slot.output = output;
    _executor->slots.push_back(std::move(slot));
    return {static_cast<int>(_executor->slots.size()) - 1};
}

namespace {

std::shared_ptr<Tensor> described(const aclTensor *handle)
{
    return handle == nullptr ? nullptr : tensors().get(handle);
}

} // namespace

Operand Call::absent(const char *name, bool output)
{
    Executor::Slot slot;
    slot.name = name;
    slot.output = output;
    _executor->slots.push_back(std::move(slot));
    return {};
}

Operand Call::input(const aclTensor *tensor, const char *name, std::initializer_list<aclDataType> types)
{
    return add(described(tensor), name, types, false);
}

Operand Call::optional(const aclTensor *tensor, const char *name, std::initializer_list<aclDataType> types)
{
    return tensor == nullptr ? absent(name, false) : input(tensor, name, types);
}

Operand Call::output(const aclTensor *tensor, const char *name, std::initializer_list<aclDataType> types)
{
    return add(described(tensor), name, types, true);
}

Operand Call::optional_output(const aclTensor *tensor, const char *name, std::initializer_list<aclDataType> types)
{
    return tensor == nullptr ? absent(name, true) : output(tensor, name, types);
}

Operand Call::reference(const aclTensor *tensor, const char *name, std::initializer_list<aclDataType> types)
{
    return output(tensor, name, types);
}

std::vector<Operand> Call::inputs(const aclTensorList *list, const char *name, std::initializer_list<aclDataType> types)
{
    if (list == nullptr) {
        refuse(kNnNull, "%s is null", name);
    }
    std::vector<Operand> operands;
    const std::shared_ptr<TensorList> described = tensor_lists().get(list);
    for (const std::shared_ptr<Tensor> &tensor : described->tensors) {
        operands.push_back(add(tensor, name, types, false));
        _executor->slots.back().list = _lists;
    }
    _lists++;
    return operands;
}

std::vector<Operand> Call::outputs(const aclTensorList *list, const char *name, std::initializer_list<aclDataType> types)
{
    const std::vector<Operand> operands = inputs(list, name, types);
    for (const Operand operand : operands) {
        _executor->slots[static_cast<size_t>(operand.index)].output = true;
    }
    return operands;
}

const Tensor &Call::operator[](Operand operand) const
{
    return _executor->slots[static_cast<size_t>(operand.index)].tensor;
}

void Call::require(bool condition, const char *rule, ...)
{
    if (condition) {
        return;
    }
    char text[512];
    va_list arguments;
    va_start(arguments, rule);
    std::vsnprintf(text, sizeof(text), rule, arguments);
    va_end(arguments);
    refuse(kNnInvalid, "%s", text);
}

void Call::require_shape(Operand operand, const Shape &shape)
{
    const Executor::Slot &slot = _executor->slots[static_cast<size_t>(operand.index)];
    require(slot.tensor.shape == shape, "%s has shape %s, expected %s", slot.name.c_str(), text_of(slot.tensor.shape).c_str(), text_of(shape).c_str());
}

void Call::require_present(const void *argument, const char *name)
{
    if (argument == nullptr) {
        refuse(kNnNull, "%s is null", name);
    }
}

void Call::require_contiguous(Operand operand)
{
    const Executor::Slot &slot = _executor->slots[static_cast<size_t>(operand.index)];
    require(slot.tensor.is_contiguous(), "%s is not contiguous: shape %s, strides %s", slot.name.c_str(), text_of(slot.tensor.shape).c_str(),
        text_of(slot.tensor.strides).c_str());
}

aclnnStatus Call::plan(Kernel kernel)
{
    _executor->kernel = std::move(kernel);
    *_workspaceSize = _executor->workspace;
    *_result = static_cast<aclOpExecutor *>(executors().add(_executor));
    return 0;
}

namespace {

/// Every element that a view can touch must be in live memory of the device, now and when the kernel runs.
void check_operands(const Executor &executor, const std::vector<Tensor> &tensors, int device, int code)
{
    for (size_t i = 0; i < tensors.size(); i++) {
        if (executor.slots[i].source && tensors[i].count() > 0) {
            device_memory::check(device, tensors[i].first(), tensors[i].span_bytes(), code, executor.slots[i].name.c_str());
        }
    }
}

} // namespace

aclnnStatus launch(const char *op, void *workspace, uint64_t workspaceSize, aclOpExecutor *handle, aclrtStream streamHandle)
{
    if (handle == nullptr) {
        refuse(kNnInnerNull, "executor is null");
    }
    const std::shared_ptr<Executor> executor = executors().get(handle);
    if (executor->op != op) {
        refuse(kNnInvalid, "the executor was made for %s", executor->op.c_str());
    }
    const std::shared_ptr<Stream> stream = stream_of(streamHandle);
    const int device = stream->device->id;
    const uintptr_t scratch = reinterpret_cast<uintptr_t>(workspace);
    if (workspaceSize < executor->workspace) {
        refuse(kNnInvalid, "workspace of %llu bytes, %sGetWorkspaceSize asked for %llu", static_cast<unsigned long long>(workspaceSize), op,
            static_cast<unsigned long long>(executor->workspace));
    }
    if (executor->workspace > 0) {
        device_memory::check(device, scratch, executor->workspace, kNnRuntime, "the workspace");
    }
    std::vector<Tensor> operands;
    for (const Executor::Slot &slot : executor->slots) {
        operands.push_back(slot.tensor);
        if (slot.source) {
            if (slot.source->address != slot.tensor.address && !executor->launched && !executor->repeatable) {
                refuse(kNnInvalid, "the address of '%s' changed between the phases (aclSetRawTensorAddr)", slot.name.c_str());
            }
            operands.back().address = slot.source->address;
        }
    }
    check_operands(*executor, operands, device, kNnRuntime);
    executor->launched = true;
    if (!executor->repeatable) {
        executors().remove(handle);
    }
    stream->submit({op, [executor, operands, device, scratch] {
        check_operands(*executor, operands, device, kAicoreException);
        if (executor->workspace > 0) {
            // Scratch is written before the operator reads its operands: a workspace that overlaps live data destroys it visibly.
            device_memory::check(device, scratch, executor->workspace, kAicoreException, "the workspace");
            device_memory::set(scratch, 0xFF, executor->workspace);
        }
        executor->kernel(Operands(operands));
    }});
    return 0;
}

} // namespace emu
