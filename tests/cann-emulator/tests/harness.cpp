#include "harness.h"

#include <sys/stat.h>

#include <cmath>

Stand *g_stand = nullptr;
std::string g_root;
std::string g_maps;

Stand::Stand(const std::string &root)
{
    static const char *const kFiles[] = {"lib64/libascendcl.so", "lib64/libnnopbase.so", "lib64/libopapi.so", "lib64/libhccl.so",
        "driver/dcmi/libdcmi.so"};
    for (const char *file : kFiles) {
        void *handle = dlopen((root + "/" + file).c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr) {
            throw Failure(dlerror());
        }
        handles.emplace_back(file, handle);
    }
}

void *Stand::find(const char *symbol) const
{
    for (const auto &entry : handles) {
        if (void *address = dlsym(entry.second, symbol)) {
            return address;
        }
    }
    return nullptr;
}

Case::Case(const char *claim, std::function<void()> body)
{
    all().emplace_back(claim, std::move(body));
}

std::vector<std::pair<const char *, std::function<void()>>> &Case::all()
{
    static std::vector<std::pair<const char *, std::function<void()>>> cases;
    return cases;
}

void control(const char *commands)
{
    const auto send = reinterpret_cast<int (*)(const char *)>(g_stand->find("cannEmulatorControl"));
    EXPECT(send != nullptr);
    OK(send(commands));
}

namespace {

std::vector<int64_t> contiguous(const std::vector<int64_t> &shape)
{
    std::vector<int64_t> strides(shape.size());
    int64_t step = 1;
    for (size_t i = shape.size(); i-- > 0;) {
        strides[i] = step;
        step *= shape[i];
    }
    return strides;
}

size_t count(const std::vector<int64_t> &shape)
{
    size_t product = 1;
    for (const int64_t dimension : shape) {
        product *= static_cast<size_t>(dimension);
    }
    return product;
}

size_t width(aclDataType type)
{
    return CANN(aclDataTypeSize)(type);
}

} // namespace

Buffer::Buffer(std::vector<int64_t> dimensions, aclDataType elements) : shape(std::move(dimensions)), type(elements)
{
    OK(CANN(aclrtMalloc)(&address, bytes() + 32, ACL_MEM_MALLOC_HUGE_FIRST));
    tensor = CANN(aclCreateTensor)(shape.data(), shape.size(), type, contiguous(shape).data(), 0, ACL_FORMAT_ND, shape.data(), shape.size(), address);
    EXPECT(tensor != nullptr);
}

Buffer::Buffer(std::vector<int64_t> dimensions, aclDataType elements, const std::vector<double> &values) : Buffer(std::move(dimensions), elements)
{
    write(values);
}

Buffer::~Buffer()
{
    for (aclTensor *view : _views) {
        CANN(aclDestroyTensor)(view);
    }
    CANN(aclDestroyTensor)(tensor);
    CANN(aclrtFree)(address);
}

size_t Buffer::bytes() const
{
    return count(shape) * width(type);
}

aclTensor *Buffer::view(std::vector<int64_t> dimensions, std::vector<int64_t> strides, int64_t offset)
{
    _views.push_back(CANN(aclCreateTensor)(dimensions.data(), dimensions.size(), type, strides.data(), offset, ACL_FORMAT_ND, shape.data(), shape.size(),
        address));
    EXPECT(_views.back() != nullptr);
    return _views.back();
}

void Buffer::write(const std::vector<double> &values)
{
    EXPECT(values.size() == count(shape));
    std::vector<uint8_t> raw(bytes());
    for (size_t i = 0; i < values.size(); i++) {
        uint8_t *to = raw.data() + i * width(type);
        const float single = static_cast<float>(values[i]);
        const int64_t whole = static_cast<int64_t>(values[i]);
        const uint16_t half = type == ACL_BF16 ? emu::to_bfloat(single) : CANN(aclFloatToFloat16)(single);
        const void *from = type == ACL_FLOAT ? static_cast<const void *>(&single)
            : type == ACL_BF16 || type == ACL_FLOAT16 ? static_cast<const void *>(&half) : static_cast<const void *>(&whole);
        std::memcpy(to, from, width(type));
    }
    OK(CANN(aclrtMemcpy)(address, raw.size(), raw.data(), raw.size(), ACL_MEMCPY_HOST_TO_DEVICE));
}

std::vector<double> Buffer::read() const
{
    std::vector<uint8_t> raw(bytes());
    OK(CANN(aclrtMemcpy)(raw.data(), raw.size(), address, raw.size(), ACL_MEMCPY_DEVICE_TO_HOST));
    std::vector<double> values(count(shape));
    for (size_t i = 0; i < values.size(); i++) {
        const uint8_t *from = raw.data() + i * width(type);
        if (type == ACL_FLOAT) {
            float value;
            std::memcpy(&value, from, sizeof(value));
            values[i] = value;
        } else if (type == ACL_BF16 || type == ACL_FLOAT16) {
            uint16_t value;
            std::memcpy(&value, from, sizeof(value));
            values[i] = type == ACL_BF16 ? emu::from_bfloat(value) : CANN(aclFloat16ToFloat)(value);
        } else if (width(type) == 1) {
            values[i] = type == ACL_INT8 ? static_cast<double>(static_cast<int8_t>(*from)) : *from;
        } else if (width(type) == 4) {
            int32_t value;
            std::memcpy(&value, from, sizeof(value));
            values[i] = value;
        } else {
            int64_t value;
            std::memcpy(&value, from, sizeof(value));
            values[i] = static_cast<double>(value);
        }
    }
    return values;
}

int run(const char *op, uint64_t workspaceSize, aclOpExecutor *executor)
{
    using Launch = aclnnStatus (*)(void *, uint64_t, aclOpExecutor *, aclrtStream);
    const auto launch = reinterpret_cast<Launch>(g_stand->find(op));
    EXPECT(launch != nullptr);
    void *workspace = nullptr;
    if (workspaceSize > 0) {
        OK(CANN(aclrtMalloc)(&workspace, workspaceSize, ACL_MEM_MALLOC_HUGE_FIRST));
    }
    aclrtStream stream = nullptr;
    OK(CANN(aclrtCreateStream)(&stream));
    int code = launch(workspace, workspaceSize, executor, stream);
    if (code == 0) {
        code = CANN(aclrtSynchronizeStream)(stream);
    }
    if (code / 1000 != 507) {
        OK(CANN(aclrtDestroyStream)(stream));
    }
    if (workspace != nullptr) {
        OK(CANN(aclrtFree)(workspace));
    }
    return code;
}

std::vector<double> ramp(size_t length, double from, double step)
{
    std::vector<double> values(length);
    for (size_t i = 0; i < length; i++) {
        values[i] = from + static_cast<double>(i) * step;
    }
    return values;
}

bool near(const std::vector<double> &actual, const std::vector<double> &expected, double relative)
{
    if (actual.size() != expected.size()) {
        return false;
    }
    for (size_t i = 0; i < actual.size(); i++) {
        if (!(std::fabs(actual[i] - expected[i]) <= relative * std::fmax(1.0, std::fabs(expected[i])))) {
            std::fprintf(stderr, "element %zu: %.9g, expected %.9g\n", i, actual[i], expected[i]);
            return false;
        }
    }
    return true;
}

/// Usage: emulator_tests PROFILE_FOLDER MAPS_FOLDER [PART_OF_A_NAME]
int main(int argc, char **argv)
{
    if (argc < 3) {
        std::fprintf(stderr, "usage: emulator_tests PROFILE_FOLDER MAPS_FOLDER [PART_OF_A_NAME]\n");
        return 2;
    }
    Stand stand(argv[1]);
    g_stand = &stand;
    g_root = argv[1];
    g_maps = argv[2];
    OK(CANN(aclInit)(nullptr));
    if (argc > 3 && std::strcmp(argv[3], "--rank-1") == 0) {
        HcclRootInfo root;
        return std::fread(&root, sizeof(root), 1, stdin) == 1 && meet_as_rank(1, root) ? 0 : 1;
    }
    int failed = 0;
    int ran = 0;
    for (const auto &entry : Case::all()) {
        if (argc > 3 && std::strstr(entry.first, argv[3]) == nullptr) {
            continue;
        }
        ran++;
        std::fprintf(stderr, "%s\n", entry.first); // a case that hangs is the last one named
        try {
            OK(CANN(aclrtSetDevice)(0));
            entry.second();
        } catch (const std::exception &error) {
            failed++;
            std::printf("FAILED %s\n    %s\n", entry.first, error.what());
        }
        control("heal;schedule=eager;delay-us=0;hbm-mib=0;unpinned=0;require-opp=0");
        CANN(aclrtResetDeviceForce)(0);
    }
    std::printf("%d of %d passed on %s\n", ran - failed, ran, argv[1]);
    return failed == 0 && ran > 0 ? 0 : 1;
}
