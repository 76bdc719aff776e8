// What a probe asks of driver and NVML, by profile.
#include "harness.h"

#include "abi/nvml.h"

namespace {

std::string profile_name()
{
    const char *name = std::getenv("CUDA_EMULATOR_PROFILE");
    return name != nullptr ? name : "h200";
}

int attribute(int number)
{
    int value = -1;
    OK(cuDeviceGetAttribute(&value, number, 0));
    return value;
}

} // namespace

CASE(Cards_answer_as_their_profile)
{
    Scene scene;
    const std::string name = profile_name();
    char text[96];
    OK(cuDeviceGetName(text, sizeof(text), 0));
    const bool blackwell = name == "b200", slice = name == "h200-mig";
    EXPECT(std::string(text).find(blackwell ? "B200" : name == "h100" ? "H100" : "H200") != std::string::npos);
    EXPECT(attribute(75) == (blackwell ? 10 : 9) && attribute(76) == 0);
    EXPECT(attribute(16) == (slice ? 16 : blackwell ? 148 : 132));
    EXPECT(attribute(97) == 227 << 10 && attribute(10) == 32 && attribute(1) == 1024);
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuDeviceGetAttribute(&scene.device, 4711, 0));
    size_t bytes = 0;
    OK(cuDeviceTotalMem_v2(&bytes, 0));
    EXPECT(bytes > (size_t{15} << 30));
    int version = 0;
    OK(cuDriverGetVersion(&version));
    EXPECT(version == (name == "h200-old" ? 11080 : 12080));
}

CASE(An_old_driver_refuses_new_images)
{
    Scene scene;
    const std::string name = profile_name();
    const char *source = "extern \"C\" __global__ void k() { }\n";
    CUmodule module = nullptr;
    const CUresult hopper = cuModuleLoadData(&module, compile(source, {"-arch=sm_90a"}).data());
    EXPECT_CODE(name == "h200-old" ? CUDA_ERROR_INVALID_IMAGE : name == "b200" ? CUDA_ERROR_NO_BINARY_FOR_GPU : CUDA_SUCCESS, hopper);
    if (name == "b200") {
        OK(cuModuleLoadData(&module, compile(source, {"-arch=sm_100a"}).data()));
    }
    if (module != nullptr) {
        OK(cuModuleUnload(module));
    }
}

CASE(Nvml_tells_driver_memory_and_partitions)
{
    char text[96];
    EXPECT_CODE(NVML_ERROR_UNINITIALIZED, nvmlSystemGetDriverVersion(text, sizeof(text)));
    OK(nvmlInit_v2());
    OK(nvmlSystemGetDriverVersion(text, sizeof(text)));
    EXPECT(std::string(text) == (profile_name() == "h200-old" ? "520.61.05" : "570.124.06"));
    EXPECT_CODE(NVML_ERROR_INSUFFICIENT_SIZE, nvmlSystemGetDriverVersion(text, 4));
    OK(cuInit(0));
    OK(cuDeviceGetPCIBusId(text, sizeof(text), 0));
    nvmlDevice_t device = nullptr;
    OK(nvmlDeviceGetHandleByPciBusId_v2(text, &device));
    unsigned current = 9, pending = 9;
    OK(nvmlDeviceGetMigMode(device, &current, &pending));
    EXPECT(current == (profile_name() == "h200-mig" ? 1u : 0u));
    nvmlMemory_t memory{};
    OK(nvmlDeviceGetMemoryInfo(device, &memory));
    EXPECT(memory.total == memory.free + memory.used && memory.total > 0);
    EXPECT_CODE(NVML_ERROR_INVALID_ARGUMENT, nvmlDeviceGetMigMode(nullptr, &current, &pending));
    EXPECT_CODE(NVML_ERROR_NOT_FOUND, nvmlDeviceGetHandleByPciBusId_v2("0000:FF:00.0", &device));
    OK(nvmlShutdown());
    EXPECT_CODE(NVML_ERROR_UNINITIALIZED, nvmlShutdown());
}
