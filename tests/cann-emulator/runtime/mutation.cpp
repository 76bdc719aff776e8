#include "runtime/mutation.h"

#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#include "operators/tensor.h"

namespace emu::mutation {

std::atomic<bool> isOrdered{false};

namespace {

struct State {
    std::mutex mutex;
    std::string spec;
    uint64_t made = 0;
    std::vector<std::unique_ptr<char[]>> texts;
};

State &state()
{
    static State &only = *new State;
    return only;
}

std::shared_ptr<Tensor> further(const std::shared_ptr<Tensor> &tensor)
{
    auto copy = std::make_shared<Tensor>(*tensor);
    copy->address += 32;
    return copy;
}

} // namespace

void order(const std::string &spec)
{
    std::lock_guard<std::mutex> lock(state().mutex);
    state().spec = spec;
    state().made = 0;
    isOrdered = !spec.empty();
}

bool takes(const char *function, const char *parameter)
{
    std::lock_guard<std::mutex> lock(state().mutex);
    const std::string &spec = state().spec;
    const size_t length = std::strlen(function);
    const bool is = spec.size() > length && spec.compare(0, length, function) == 0 && spec[length] == '/' && spec.compare(length + 1, std::string::npos, parameter) == 0;
    state().made += is ? 1 : 0;
    return is;
}

uint64_t made()
{
    std::lock_guard<std::mutex> lock(state().mutex);
    return state().made;
}

// The changed descriptors are never destroyed: a mutation run is a process of its own, and short.

const aclTensor *moved(const aclTensor *tensor)
{
    return static_cast<const aclTensor *>(tensors().add(further(tensors().get(tensor))));
}

const aclTensorList *moved(const aclTensorList *list)
{
    auto copy = std::make_shared<TensorList>(*tensor_lists().get(list));
    for (size_t i = 0; i < copy->tensors.size(); i++) {
        if (copy->tensors[i]) {
            copy->tensors[i] = further(copy->tensors[i]);
        }
    }
    return static_cast<const aclTensorList *>(tensor_lists().add(copy));
}

const aclScalar *changed(const aclScalar *scalar)
{
    auto copy = std::make_shared<Scalar>(*scalars().get(scalar));
    copy->number = std::isfinite(copy->number) ? copy->number * 1.5 + 0.25 : 0;
    copy->integer += 1;
    return static_cast<const aclScalar *>(scalars().add(copy));
}

const aclIntArray *changed(const aclIntArray *values)
{
    auto copy = std::make_shared<std::vector<int64_t>>(*int_arrays().get(values));
    if (!copy->empty()) {
        copy->front() += 1;
    }
    return static_cast<const aclIntArray *>(int_arrays().add(copy));
}

char *changed(const char *text)
{
    // Layouts and cache modes that an operator takes beside the one that was given.
    static const char *const kPairs[][2] = {{"TND", "BSND"}, {"PA_BSND", "BSND"}, {"PA_BNSD", "Norm"}, {"PA_BSND", "PA_BNSD"}};
    std::string other = "?";
    for (const auto &pair : kPairs) {
        if (std::strcmp(text, pair[0]) == 0) {
            other = pair[1];
            break;
        }
    }
    std::lock_guard<std::mutex> lock(state().mutex);
    auto &kept = state().texts.emplace_back(new char[other.size() + 1]);
    std::memcpy(kept.get(), other.c_str(), other.size() + 1);
    return kept.get();
}

} // namespace emu::mutation
