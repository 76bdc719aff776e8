// Hostile arguments: whatever an operator is given, it answers a code. A call that ends the process is named on standard error before.
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <utility>

#include "harness.h"
#include "signatures.h"

namespace {

constexpr size_t kMostWords = 64;
constexpr size_t kMostFloats = 8;

template <size_t>
using Word = int64_t;

/// Every operator's first phase as a machine sees it: words travel in one sequence, floating numbers in another; those behind an
/// operator's own are not looked at.
template <size_t... W, size_t... F>
int call_with(void *first, const int64_t *words, std::index_sequence<W...>, const double *floats, std::index_sequence<F...>)
{
    using FirstPhase = aclnnStatus (*)(Word<W>..., std::conditional_t<true, double, Word<F>>...);
    return reinterpret_cast<FirstPhase>(first)(words[W]..., floats[F]...);
}

class Hostile {
public:
    /// Every other seed draws from few sizes and types, so that arguments often fit each other.
    explicit Hostile(unsigned seed) : _narrow(seed % 2 == 0), _random(seed)
    {
        OK(CANN(aclrtMalloc)(&_memory, kBytes, ACL_MEM_MALLOC_HUGE_FIRST));
        OK(CANN(aclrtMemset)(_memory, kBytes, 1, kBytes));
        OK(CANN(aclrtCreateStream)(&_stream));
        for (int i = 0; i < 96; i++) {
            _tensors.push_back(reinterpret_cast<int64_t>(tensor()));
        }
        for (int i = 0; i < 24; i++) {
            std::vector<int64_t> values(static_cast<size_t>(below(5)));
            for (int64_t &value : values) {
                value = number();
            }
            _arrays.push_back(reinterpret_cast<int64_t>(CANN(aclCreateIntArray)(values.data(), values.size())));
            std::unique_ptr<bool[]> flags(new bool[4]{true, false, true, false});
            _flags.push_back(reinterpret_cast<int64_t>(CANN(aclCreateBoolArray)(flags.get(), static_cast<uint64_t>(below(5)))));
            float scalar = static_cast<float>(number());
            _scalars.push_back(reinterpret_cast<int64_t>(CANN(aclCreateScalar)(&scalar, ACL_FLOAT)));
            std::vector<const aclTensor *> members;
            for (int64_t n = below(4); n > 0; n--) {
                members.push_back(tensor());
            }
            _lists.push_back(reinterpret_cast<int64_t>(CANN(aclCreateTensorList)(members.data(), members.size())));
        }
        const aclTensor *gone = tensor();
        OK(CANN(aclDestroyTensor)(gone));
        _tensors.push_back(reinterpret_cast<int64_t>(gone));
    }

    ~Hostile()
    {
        CANN(aclrtDestroyStream)(_stream);
        CANN(aclrtFree)(_memory);
    }

    /// Plans an operator with arguments of the right kinds and any values; runs what it accepts.
    void call(const Signature &signature)
    {
        const std::string name = signature.op;
        void *first = g_stand->find((name + "GetWorkspaceSize").c_str());
        if (first == nullptr) {
            return;
        }
        int64_t words[kMostWords] = {};
        double floats[kMostFloats] = {};
        uint64_t size = 0;
        aclOpExecutor *executor = nullptr;
        size_t word = 0;
        size_t number = 0;
        for (const char *kind = signature.kinds; *kind != 0; kind++) {
            if (*kind == 'D' || *kind == 'F') {
                floats[number++] = floating(*kind == 'F');
            } else if (*kind == 'W') {
                words[word++] = below(50) == 0 ? 0 : reinterpret_cast<int64_t>(&size);
            } else if (*kind == 'X') {
                words[word++] = below(50) == 0 ? 0 : reinterpret_cast<int64_t>(&executor);
            } else {
                words[word++] = argument(*kind);
            }
        }
        EXPECT(word <= kMostWords && number <= kMostFloats);
        const int code = call_with(first, words, std::make_index_sequence<kMostWords>(), floats, std::make_index_sequence<kMostFloats>());
        if (code == 0) {
            accepted++;
            launch(name, size, executor);
        }
    }

    int64_t below(int64_t bound) { return static_cast<int64_t>(_random() % static_cast<uint64_t>(bound)); }

    int accepted = 0;

private:
    static constexpr size_t kBytes = 1 << 20;

    void launch(const std::string &name, uint64_t size, aclOpExecutor *executor)
    {
        using Launch = aclnnStatus (*)(void *, uint64_t, aclOpExecutor *, aclrtStream);
        const auto second = reinterpret_cast<Launch>(g_stand->find(name.c_str()));
        void *workspace = size > 0 && size < (64u << 20) ? _memory : nullptr;
        second(workspace, below(20) == 0 ? size / 2 : size, executor, _stream);
        if (CANN(aclrtSynchronizeStream)(_stream) != 0) {
            control("heal");
        }
    }

    int64_t argument(char kind)
    {
        if (below(24) == 0) { // nothing, rubbish, a handle of another kind, or the host's own memory
            static int64_t own[64];
            const int64_t rubbish[] = {0, 0, 0x10, -1, pick(_arrays), pick(_scalars), pick(_tensors), reinterpret_cast<int64_t>(own)};
            return kind == 'C' ? 0 : rubbish[below(8)];
        }
        switch (kind) {
            case 'T': return below(5) == 0 ? 0 : pick(_tensors);
            case 'L': return below(5) == 0 ? 0 : pick(_lists);
            case 'A': return below(5) == 0 ? 0 : pick(_arrays);
            case 'B': return pick(_flags);
            case 'S': return pick(_scalars);
            case 'C': return reinterpret_cast<int64_t>(text());
            case 'b': return below(2);
            case 'Y': return below(40) - 2;
            default: return number();
        }
    }

    int64_t number()
    {
        static const int64_t kNumbers[] = {0, 1, 1, 2, 3, -1, -2, 4, 8, 16, 31, 32, 64, 128, 512, 65535, 65536, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN,
            INT64_MAX - 1, INT64_C(1) << 40};
        return kNumbers[below(static_cast<int64_t>(sizeof(kNumbers) / sizeof(kNumbers[0])))];
    }

    double floating(bool single)
    {
        static const double kNumbers[] = {0, 1, -1, 0.5, 1e-6, 1e300, -1e300, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()};
        const double value = kNumbers[below(9)];
        if (!single) {
            return value;
        }
        const float narrow = static_cast<float>(value);
        double carried = 0;
        std::memcpy(&carried, &narrow, sizeof(narrow));
        return carried;
    }

    const char *text()
    {
        static const char *const kTexts[] = {"", "TND", "BSND", "PA_BSND", "PA_BNSD", "PA", "Norm", "none", "mean", "half", "interleave", "a text that no page has"};
        return kTexts[below(12)];
    }

    aclTensor *tensor()
    {
        for (;;) { // many a description is refused, and rightly
            if (aclTensor *described = description()) {
                return described;
            }
        }
    }

    aclTensor *description()
    {
        static const aclDataType kTypes[] = {ACL_FLOAT, ACL_FLOAT, ACL_BF16, ACL_BF16, ACL_FLOAT16, ACL_INT8, ACL_INT32, ACL_INT64, ACL_BOOL, ACL_UINT8,
            ACL_DOUBLE, ACL_INT4};
        static const int64_t kFew[] = {1, 2, 2, 16};
        static const int64_t kDims[] = {0, 1, 1, 2, 2, 3, 4, 8, 16, 16, 32, 64, 64};
        std::vector<int64_t> shape(static_cast<size_t>(_narrow ? 1 + below(4) : below(6)));
        int64_t count = 1;
        for (int64_t &dim : shape) {
            dim = _narrow ? kFew[below(4)] : kDims[below(13)];
            dim = count * std::max<int64_t>(dim, 1) > 65536 ? 1 : dim;
            count *= std::max<int64_t>(dim, 1);
        }
        std::vector<int64_t> strides(shape.size());
        int64_t step = 1;
        for (size_t i = shape.size(); i-- > 0;) {
            strides[i] = below(8) == 0 ? below(3) : step;
            step *= shape[i];
        }
        const bool blocked = below(6) == 0;
        std::vector<int64_t> storage = below(6) == 0 ? std::vector<int64_t>{below(70000)} : shape;
        void *address = static_cast<char *>(_memory) + 32 * below(64);
        return CANN(aclCreateTensor)(shape.data(), shape.size(), kTypes[below(_narrow ? 9 : 12)], below(10) == 0 ? nullptr : strides.data(), below(12) == 0 ? below(100) : 0,
            blocked ? ACL_FORMAT_FRACTAL_NZ : ACL_FORMAT_ND, storage.data(), storage.size(), below(30) == 0 ? nullptr : address);
    }

    int64_t pick(const std::vector<int64_t> &pool) { return pool[static_cast<size_t>(below(static_cast<int64_t>(pool.size())))]; }

    bool _narrow;
    std::mt19937_64 _random;
    void *_memory = nullptr;
    aclrtStream _stream = nullptr;
    std::vector<int64_t> _tensors, _arrays, _flags, _scalars, _lists;
};

} // namespace

/// EMULATOR_HOSTILE_ROUNDS and EMULATOR_HOSTILE_SEED: more of it, or one run again.
CASE(hostile_arguments_get_a_code)
{
    const char *rounds = std::getenv("EMULATOR_HOSTILE_ROUNDS");
    const char *seed = std::getenv("EMULATOR_HOSTILE_SEED");
    const unsigned first = seed != nullptr ? static_cast<unsigned>(std::atoi(seed)) : 1;
    const int all = rounds != nullptr ? std::atoi(rounds) : 3;
    int accepted = 0;
    for (int round = 0; round < all; round++) {
        Hostile hostile(first + static_cast<unsigned>(round));
        for (const Signature &signature : kSignatures) {
            std::fprintf(stderr, "\r%s, seed %u %40s\r", signature.op, first + static_cast<unsigned>(round), "");
            for (int i = 0; i < 24; i++) {
                hostile.call(signature);
            }
        }
        accepted += hostile.accepted;
        control("heal");
        CANN(aclrtResetDeviceForce)(0);
        OK(CANN(aclrtSetDevice)(0));
    }
    std::fprintf(stderr, "%d hostile calls were accepted and ran\n", accepted);
    EXPECT(accepted > all); // some arguments are right by chance, or nothing behind the checks is tried
}
