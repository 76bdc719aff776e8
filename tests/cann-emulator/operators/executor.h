#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "abi_types.h"
#include "operators/tensor.h"
#include "runtime/handles.h"

namespace emu {

/// A tensor of an operator call: its position among the call's operands. Absent optional ones are negative.
struct Operand {
    int index = -1;
    explicit operator bool() const { return index >= 0; }
};

/// The operands of one launch, with the addresses they had when it was submitted.
class Operands {
public:
    explicit Operands(std::vector<Tensor> tensors) : _tensors(std::move(tensors)) {}
    const Tensor &operator[](Operand operand) const { return _tensors[static_cast<size_t>(operand.index)]; }

private:
    std::vector<Tensor> _tensors;
};

using Kernel = std::function<void(const Operands &)>;

/// What aclnnXxxGetWorkspaceSize hands to aclnnXxx.
struct Executor {
    struct Slot {
        std::string name;
        Tensor tensor;
        std::shared_ptr<Tensor> source; ///< the descriptor; null for an absent optional operand, which keeps its place in the order
        bool output = false;
        int list = -1; ///< position of its aclTensorList among the call's lists
    };

    std::string op;
    std::vector<Slot> slots;
    uint64_t workspace = 0;
    Kernel kernel;
    bool repeatable = false;
    bool launched = false;
};

Handles<Executor> &executors();

/// The first phase of an operator: checks operands, says what it needs, and leaves the kernel for the second phase.
class Call {
public:
    Call(const char *op, uint64_t *workspaceSize, aclOpExecutor **executor);

    /// A required tensor of one of the types (none given: any). Refuses null with 161001, the rest with 161002. Format ND unless `nz`.
    Operand input(const aclTensor *tensor, const char *name, std::initializer_list<aclDataType> types = {});
    /// The same, but absent when null.
    Operand optional(const aclTensor *tensor, const char *name, std::initializer_list<aclDataType> types = {});
    Operand output(const aclTensor *tensor, const char *name, std::initializer_list<aclDataType> types = {});
    Operand optional_output(const aclTensor *tensor, const char *name, std::initializer_list<aclDataType> types = {});
    /// A tensor that is read and written.
    Operand reference(const aclTensor *tensor, const char *name, std::initializer_list<aclDataType> types = {});
    std::vector<Operand> inputs(const aclTensorList *list, const char *name, std::initializer_list<aclDataType> types = {});
    std::vector<Operand> outputs(const aclTensorList *list, const char *name, std::initializer_list<aclDataType> types = {});
    /// The next operands may be FRACTAL_NZ (format 29).
    Call &or_nz();

    const Tensor &operator[](Operand operand) const;

    /// Refuses with 161002 unless the condition holds; the text names the rule.
    void require(bool condition, const char *rule, ...) __attribute__((format(printf, 3, 4)));
    void require_shape(Operand operand, const Shape &shape);
    void require_present(const void *argument, const char *name);
    void require_contiguous(Operand operand);

    /// Device bytes the kernel asks for besides its operands.
    void workspace(uint64_t bytes) { _executor->workspace = bytes; }

    /// Ends the first phase.
    aclnnStatus plan(Kernel kernel);

private:
    Operand add(std::shared_ptr<Tensor> tensor, const char *name, std::initializer_list<aclDataType> types, bool output);
    Operand absent(const char *name, bool output);

    std::shared_ptr<Executor> _executor;
    uint64_t *_workspaceSize;
    aclOpExecutor **_result;
    bool _nz = false;
    int _lists = 0;
};

/// The second phase of every operator.
aclnnStatus launch(const char *op, void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

} // namespace emu
