// cublasLtMatmul against plain loops, and what it refuses.
#include "harness.h"

#include <cmath>
#include <random>

#include "abi/cublaslt.h"

namespace {

struct Matrix {
    int type;
    uint64_t rows, columns;
    int64_t ld;
    int batches = 1;
    int64_t stride = 0;
};

struct Multiplication {
    Multiplication()
    {
        OK(cublasLtCreate(&handle));
        OK(cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_32F, CUDA_R_32F));
        OK(cublasLtMatmulPreferenceCreate(&preference));
    }

    ~Multiplication()
    {
        for (cublasLtMatrixLayout_t layout : layouts) {
            cublasLtMatrixLayoutDestroy(layout);
        }
        cublasLtMatmulPreferenceDestroy(preference);
        cublasLtMatmulDescDestroy(desc);
        cublasLtDestroy(handle);
    }

    void set(int attribute, const void *value, size_t size) { OK(cublasLtMatmulDescSetAttribute(desc, attribute, value, size)); }

    cublasLtMatrixLayout_t layout(const Matrix &matrix)
    {
        cublasLtMatrixLayout_t made = nullptr;
        OK(cublasLtMatrixLayoutCreate(&made, matrix.type, matrix.rows, matrix.columns, matrix.ld));
        OK(cublasLtMatrixLayoutSetAttribute(made, 5, &matrix.batches, 4));
        OK(cublasLtMatrixLayoutSetAttribute(made, 6, &matrix.stride, 8));
        layouts.push_back(made);
        return made;
    }

    cublasLtHandle_t handle = nullptr;
    cublasLtMatmulDesc_t desc = nullptr;
    cublasLtMatmulPreference_t preference = nullptr;
    std::vector<cublasLtMatrixLayout_t> layouts;
};

uint16_t to_bf16(float value)
{
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

float from_bf16(uint16_t value)
{
    const uint32_t bits = static_cast<uint32_t>(value) << 16;
    float result;
    std::memcpy(&result, &bits, 4);
    return result;
}

} // namespace

CASE(Products_equal_plain_loops)
{
    Scene scene;
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    for (int round = 0; round < 12; round++) {
        const size_t m = 1 + random() % 70, n = 1 + random() % 20, k = 1 + random() % 300, batches = 1 + random() % 3;
        const int transA = static_cast<int>(random() % 2), transB = static_cast<int>(random() % 2);
        const size_t ldA = (transA != 0 ? k : m) + random() % 3, ldB = (transB != 0 ? n : k) + random() % 3, ldD = m + random() % 3;
        const size_t strideA = ldA * (transA != 0 ? m : k), strideB = ldB * (transB != 0 ? k : n), strideD = ldD * n;
        std::vector<uint16_t> a(strideA * batches), b(strideB * batches);
        for (uint16_t &value : a) {
            value = to_bf16(normal(random));
        }
        for (uint16_t &value : b) {
            value = to_bf16(normal(random));
        }
        std::vector<float> c(strideD * batches);
        for (float &value : c) {
            value = normal(random);
        }
        Buffer<uint16_t> aDevice(a), bDevice(b);
        Buffer<float> cDevice(c), dDevice(c.size());
        Multiplication product;
        product.set(3, &transA, 4);
        product.set(4, &transB, 4);
        const int count = static_cast<int>(batches);
        const auto signedSize = [](size_t value) { return static_cast<int64_t>(value); };
        const auto aLayout = product.layout({CUDA_R_16BF, transA != 0 ? k : m, transA != 0 ? m : k, signedSize(ldA), count, signedSize(strideA)});
        const auto bLayout = product.layout({CUDA_R_16BF, transB != 0 ? n : k, transB != 0 ? k : n, signedSize(ldB), count, signedSize(strideB)});
        const auto dLayout = product.layout({CUDA_R_32F, m, n, signedSize(ldD), count, signedSize(strideD)});
        const uint64_t room = 1 << 20;
        OK(cublasLtMatmulPreferenceSetAttribute(product.preference, 1, &room, 8));
        cublasLtMatmulHeuristicResult_t found{};
        int returned = 0;
        OK(cublasLtMatmulAlgoGetHeuristic(product.handle, product.desc, aLayout, bLayout, dLayout, dLayout, product.preference, 1, &found, &returned));
        EXPECT(returned == 1 && found.workspaceSize > 0 && found.workspaceSize <= room);
        Buffer<char> workspace(found.workspaceSize);
        const float alpha = 0.5f, beta = 2.0f;
        const auto address = [](CUdeviceptr value) { return reinterpret_cast<void *>(static_cast<uintptr_t>(value)); };
        EXPECT_CODE(CUBLAS_STATUS_INVALID_VALUE, cublasLtMatmul(product.handle, product.desc, &alpha, address(aDevice.address), aLayout,
            address(bDevice.address), bLayout, &beta, address(cDevice.address), dLayout, address(dDevice.address), dLayout, &found.algo,
            address(workspace.address), found.workspaceSize - 1, scene.stream));
        OK(cublasLtMatmul(product.handle, product.desc, &alpha, address(aDevice.address), aLayout, address(bDevice.address), bLayout, &beta,
            address(cDevice.address), dLayout, address(dDevice.address), dLayout, &found.algo, address(workspace.address), found.workspaceSize,
            scene.stream));
        OK(cuStreamSynchronize(scene.stream));
        const std::vector<float> d = dDevice.read();
        for (size_t batch = 0; batch < batches; batch++) {
            for (size_t row = 0; row < m; row++) {
                for (size_t column = 0; column < n; column++) {
                    double sum = 0, size = 0;
                    for (size_t i = 0; i < k; i++) {
                        const double left = from_bf16(a[batch * strideA + (transA != 0 ? row * ldA + i : i * ldA + row)]);
                        const double right = from_bf16(b[batch * strideB + (transB != 0 ? i * ldB + column : column * ldB + i)]);
                        sum += left * right;
                        size += std::fabs(left * right);
                    }
                    const size_t at = batch * strideD + column * ldD + row;
                    const double expected = 0.5 * sum + 2.0 * static_cast<double>(c[at]);
                    EXPECT(std::fabs(static_cast<double>(d[at]) - expected) <= 1e-6 * size + 1e-5);
                }
            }
        }
    }
}

CASE(Fp8_products_scale_and_add_a_bias)
{
    Scene scene;
    constexpr size_t kM = 32, kN = 16, kK = 64;
    // E4M3: 0x38 is 1, 0x40 is 2, 0xB8 is -1.
    std::vector<uint8_t> a(kM * kK, 0x40), b(kN * kK, 0xB8);
    a[0] = 0x38;
    std::vector<float> scales = {0.5f, 4.0f};
    std::vector<uint16_t> bias(kM);
    for (size_t i = 0; i < kM; i++) {
        bias[i] = to_bf16(static_cast<float>(i));
    }
    Buffer<uint8_t> aDevice(a), bDevice(b);
    Buffer<float> scaleDevice(scales);
    Buffer<uint16_t> biasDevice(bias), dDevice(kM * kN);
    Multiplication product;
    const int transposed = 1, epilogue = 4;
    const CUdeviceptr scaleA = scaleDevice.address, scaleB = scaleDevice.address + 4;
    product.set(3, &transposed, 4);
    product.set(7, &epilogue, 4);
    product.set(8, &biasDevice.address, 8);
    product.set(17, &scaleA, 8);
    product.set(18, &scaleB, 8);
    const auto aLayout = product.layout({CUDA_R_8F_E4M3, kK, kM, kK}), bLayout = product.layout({CUDA_R_8F_E4M3, kK, kN, kK});
    const auto dLayout = product.layout({CUDA_R_16BF, kM, kN, kM});
    const float one = 1, zero = 0;
    const auto multiply = [&](cublasLtMatmulDesc_t desc) {
        return cublasLtMatmul(product.handle, desc, &one, reinterpret_cast<void *>(static_cast<uintptr_t>(aDevice.address)), aLayout,
            reinterpret_cast<void *>(static_cast<uintptr_t>(bDevice.address)), bLayout, &zero, nullptr, dLayout,
            reinterpret_cast<void *>(static_cast<uintptr_t>(dDevice.address)), dLayout, nullptr, nullptr, 0, scene.stream);
    };
    OK(multiply(product.desc));
    OK(cuStreamSynchronize(scene.stream));
    const std::vector<uint16_t> d = dDevice.read();
    EXPECT(from_bf16(d[1]) == -2 * 64 * 2.0f + 1);
    EXPECT(from_bf16(d[0]) == (-2 * 63 - 1) * 2.0f);
    cublasLtMatmulDesc_t plain = nullptr;
    OK(cublasLtMatmulDescCreate(&plain, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    EXPECT_CODE(CUBLAS_STATUS_INVALID_VALUE, multiply(plain)); // shapes do not fit without the transposition
    OK(cublasLtMatmulDescDestroy(plain));
}

CASE(Matmul_refuses_what_the_documents_refuse)
{
    Scene scene;
    Multiplication product;
    Buffer<uint16_t> a(size_t{64 * 64}), b(size_t{64 * 64});
    Buffer<float> d(size_t{64 * 64});
    const auto at = [](CUdeviceptr value) { return reinterpret_cast<void *>(static_cast<uintptr_t>(value)); };
    const float one = 1, zero = 0;
    const auto aLayout = product.layout({CUDA_R_16BF, 64, 64, 64}), dLayout = product.layout({CUDA_R_32F, 64, 64, 64});
    const auto multiply = [&](void *left, cublasLtMatrixLayout_t leftLayout, const cublasLtMatmulAlgo_t *algo) {
        return cublasLtMatmul(product.handle, product.desc, &one, left, leftLayout, at(b.address), aLayout, &zero, at(d.address), dLayout, at(d.address),
            dLayout, algo, nullptr, 0, scene.stream);
    };
    OK(multiply(at(a.address), aLayout, nullptr));
    EXPECT_CODE(CUBLAS_STATUS_INVALID_VALUE, multiply(at(a.address + 1), aLayout, nullptr));
    EXPECT_CODE(CUBLAS_STATUS_INVALID_VALUE, multiply(at(a.address + 128), aLayout, nullptr)); // runs past the end
    EXPECT_CODE(CUBLAS_STATUS_INVALID_VALUE, multiply(at(a.address), product.layout({CUDA_R_16BF, 64, 64, 63}), nullptr));
    EXPECT_CODE(CUBLAS_STATUS_INVALID_VALUE, multiply(at(a.address), product.layout({CUDA_R_16BF, 64, 32, 64}), nullptr));
    EXPECT_CODE(CUBLAS_STATUS_NOT_SUPPORTED, multiply(at(a.address), product.layout({CUDA_R_16F, 64, 64, 64}), nullptr));
    EXPECT_CODE(CUBLAS_STATUS_INVALID_VALUE, multiply(nullptr, aLayout, nullptr));
    cublasLtMatmulAlgo_t foreign{};
    EXPECT_CODE(CUBLAS_STATUS_INVALID_VALUE, multiply(at(a.address), aLayout, &foreign));
    // The preference promised 256 bytes of alignment.
    cublasLtMatmulHeuristicResult_t found{};
    int returned = 0;
    const auto small = product.layout({CUDA_R_16BF, 64, 32, 64}), narrow = product.layout({CUDA_R_16BF, 32, 64, 64});
    OK(cublasLtMatmulAlgoGetHeuristic(product.handle, product.desc, small, narrow, dLayout, dLayout, product.preference, 1, &found, &returned));
    const auto sliced = [&] {
        return cublasLtMatmul(product.handle, product.desc, &one, at(a.address + 64), small, at(b.address), narrow, &zero, at(d.address), dLayout,
            at(d.address), dLayout, &found.algo, nullptr, 0, scene.stream);
    };
    EXPECT_CODE(CUBLAS_STATUS_INVALID_VALUE, sliced());
    const uint32_t alignment = 16;
    OK(cublasLtMatmulPreferenceSetAttribute(product.preference, 5, &alignment, 4));
    OK(cublasLtMatmulAlgoGetHeuristic(product.handle, product.desc, small, narrow, dLayout, dLayout, product.preference, 1, &found, &returned));
    OK(sliced());
    OK(cuStreamSynchronize(scene.stream));
    EXPECT_CODE(CUBLAS_STATUS_INVALID_VALUE, cublasLtMatmulDescSetAttribute(product.desc, 3, &one, 2));
    EXPECT_CODE(CUBLAS_STATUS_INVALID_VALUE, cublasLtMatmulDescSetAttribute(product.desc, 99, &one, 4));
    EXPECT_CODE(CUBLAS_STATUS_NOT_INITIALIZED, cublasLtDestroy(nullptr));
}
