// Weights in FRACTAL_NZ. Reference: ops-math conversion/trans_data/docs/aclnnTransMatmulWeight.md and aclnnCalculateMatmulWeightSizeV2.md,
// conversion/npu_format_cast/docs/aclnnNpuFormatCast.md, docs/zh/context/data_format.md.
#include "operators/layout.h"

#include <algorithm>

#include "abi_functions.h"
#include "operators/broadcast.h"
#include "runtime/codes.h"
#include "runtime/memory.h"
#include "runtime/refusal.h"

namespace emu {

namespace nz {

int64_t block_columns(aclDataType type)
{
    return type == ACL_INT4 ? 64 : 32 / static_cast<int64_t>(std::max<size_t>(size_of(type), 1));
}

Shape storage_of(const Shape &shape, aclDataType type)
{
    if (shape.size() < 2) {
        refuse(kNnInvalid, "FRACTAL_NZ is of matrices, not of shape %s", text_of(shape).c_str());
    }
    const int64_t rows = shape[shape.size() - 2];
    const int64_t columns = shape.back();
    const int64_t width = block_columns(type);
    Shape storage(shape.begin(), shape.end() - 2);
    storage.insert(storage.end(), {(columns + width - 1) / width, (rows + 15) / 16, 16, width});
    return storage;
}

int64_t position(int64_t row, int64_t column, int64_t rows, int64_t blockColumns)
{
    const int64_t blockRows = (rows + 15) / 16;
    return ((column / blockColumns * blockRows + row / 16) * 16 + row % 16) * blockColumns + column % blockColumns;
}

} // namespace nz

namespace {

bool is_blocked(const Tensor &tensor)
{
    return tensor.format == ACL_FORMAT_FRACTAL_NZ && tensor.shape == tensor.storage && tensor.rank() >= 4;
}

/// A matrix of 1 row or 1 column, and types other than these, have no NZ.
void check_packable(Call &call, const Tensor &tensor, const char *name)
{
    call.require(tensor.type == ACL_FLOAT16 || tensor.type == ACL_BF16 || tensor.type == ACL_INT8, "%s is %s, allowed are FLOAT16, BFLOAT16, INT8", name,
        name_of(tensor.type));
    call.require(tensor.rank() >= 2 && tensor.rank() <= 6 && tensor.count() > 0, "%s has shape %s, allowed are 2 to 6 dimensions, none empty", name,
        text_of(tensor.shape).c_str());
    call.require(tensor.dim(-1) != 1 && tensor.dim(-2) != 1, "%s has a matrix dimension of 1: it stays ND (%s)", name, text_of(tensor.shape).c_str());
}

/// Packs [.., R, C] read by strides into NZ storage at `to`; padding is zero.
void pack(const Tensor &from, uintptr_t to, const Shape &storage)
{
    const size_t size = size_of(from.type);
    const int64_t rows = from.dim(-2);
    const int64_t columns = from.dim(-1);
    const int64_t width = nz::block_columns(from.type);
    const size_t matrix = static_cast<size_t>(count_of(Shape(storage.end() - 4, storage.end())));
    std::vector<std::byte> packed(static_cast<size_t>(count_of(storage)) * size, std::byte{0});
    const std::byte *source = device_memory::bytes(from.address);
    int64_t at = 0;
    each_position(from, [&](int64_t position) {
        const int64_t inside = at % (rows * columns);
        const size_t target = static_cast<size_t>(at / (rows * columns)) * matrix
            + static_cast<size_t>(nz::position(inside / columns, inside % columns, rows, width));
        std::memcpy(packed.data() + target * size, source + static_cast<size_t>(position) * size, size);
        at++;
    });
    std::memcpy(device_memory::bytes(to), packed.data(), packed.size());
}

} // namespace

Weight weight_of(Call &call, Operand operand, const char *name)
{
    const Tensor &tensor = call[operand];
    call.require(tensor.rank() >= 2, "%s has %d dimensions, at least 2 are needed", name, tensor.rank());
    if (is_blocked(tensor)) {
        const int64_t matrices = count_of(Shape(tensor.shape.begin(), tensor.shape.end() - 4));
        call.require(tensor.dim(-2) == 16 && tensor.dim(-1) == nz::block_columns(tensor.type), "%s has NZ blocks of %lldx%lld, expected 16x%lld", name,
            static_cast<long long>(tensor.dim(-2)), static_cast<long long>(tensor.dim(-1)), static_cast<long long>(nz::block_columns(tensor.type)));
        return {matrices, tensor.dim(-3) * 16, tensor.dim(-4) * tensor.dim(-1)};
    }
    if (tensor.format == ACL_FORMAT_FRACTAL_NZ) {
        const Shape expected = nz::storage_of(tensor.shape, tensor.type);
        call.require(tensor.storage == expected, "%s is NZ %s with storage %s, expected %s", name, text_of(tensor.shape).c_str(),
            text_of(tensor.storage).c_str(), text_of(expected).c_str());
    }
    return {count_of(Shape(tensor.shape.begin(), tensor.shape.end() - 2)), tensor.dim(-2), tensor.dim(-1)};
}

std::vector<float> weight_values(const Tensor &tensor, const Weight &weight, int64_t batch)
{
    std::vector<float> values(static_cast<size_t>(weight.rows * weight.columns));
    if (tensor.format != ACL_FORMAT_FRACTAL_NZ) {
        Tensor matrix = tensor;
        matrix.shape.erase(matrix.shape.begin(), matrix.shape.end() - 2);
        matrix.strides.erase(matrix.strides.begin(), matrix.strides.end() - 2);
        for (size_t i = tensor.shape.size() - 2; i-- > 0;) {
            matrix.offset += batch % tensor.shape[i] * tensor.strides[i];
            batch /= tensor.shape[i];
        }
        for (int64_t row = 0; row < weight.rows; row++) {
            read_row(tensor, matrix.offset + row * matrix.strides[0], matrix.strides[1], weight.columns, values.data() + row * weight.columns);
        }
        return values;
    }
    const int64_t width = nz::block_columns(tensor.type);
    const int64_t matrix = (weight.columns + width - 1) / width * width * ((weight.rows + 15) / 16 * 16);
    std::vector<float> line(static_cast<size_t>(width));
    for (int64_t row = 0; row < weight.rows; row++) {
        for (int64_t column = 0; column < weight.columns; column += width) {
            const int64_t count = std::min(width, weight.columns - column);
            read_row(tensor, tensor.offset + batch * matrix + nz::position(row, column, weight.rows, width), 1, count, line.data());
            std::copy_n(line.begin(), count, values.begin() + row * weight.columns + column);
        }
    }
    return values;
}

aclnnStatus aclnnCalculateMatmulWeightSizeV2(const aclIntArray *tensorShape, aclDataType dataType, uint64_t *weightTensorSize)
{
    const Shape shape = values_of(tensorShape, "tensorShape");
    if (weightTensorSize == nullptr) {
        refuse(kNnNull, "weightTensorSize is null");
    }
    if (shape.size() < 2 || shape.size() > 6 || (dataType != ACL_FLOAT16 && dataType != ACL_BF16 && dataType != ACL_INT8)) {
        refuse(kNnInvalid, "tensorShape has 2 to 6 dimensions, dataType is FLOAT16, BFLOAT16 or INT8");
    }
    *weightTensorSize = static_cast<uint64_t>(count_of(nz::storage_of(shape, dataType)));
    return 0;
}

aclnnStatus aclnnCalculateMatmulWeightSize(const aclIntArray *tensorShape, uint64_t *weightTensorSize)
{
    return aclnnCalculateMatmulWeightSizeV2(tensorShape, ACL_FLOAT16, weightTensorSize);
}

aclnnStatus aclnnTransMatmulWeightGetWorkspaceSize(aclTensor *mmWeightRef, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnTransMatmulWeight", workspaceSize, executor);
    const Operand w = call.reference(mmWeightRef, "mmWeightRef");
    check_packable(call, call[w], "mmWeightRef");
    const Shape storage = nz::storage_of(call[w].shape, call[w].type);
    call.workspace(512);
    const std::shared_ptr<Tensor> descriptor = tensors().get(mmWeightRef);
    const aclnnStatus status = call.plan([=](const Operands &x) {
        const size_t bytes = static_cast<size_t>(count_of(storage)) * size_of(x[w].type);
        device_memory::check(-1, x[w].address, bytes, kAicoreException, "mmWeightRef in NZ (aclnnCalculateMatmulWeightSizeV2)");
        pack(x[w], x[w].address, storage);
    });
    // The descriptor is refreshed: it now tells of the packed weight.
    descriptor->format = ACL_FORMAT_FRACTAL_NZ;
    descriptor->storage = storage;
    descriptor->offset = 0;
    return status;
}

aclnnStatus aclnnNpuFormatCastCalculateSizeAndFormat(const aclTensor *srcTensor, const int dstFormat, int additionalDtype, int64_t **dstShape,
    uint64_t *dstShapeSize, int *actualFormat)
{
    if (srcTensor == nullptr || dstShape == nullptr || dstShapeSize == nullptr || actualFormat == nullptr) {
        refuse(kNnNull, "an argument is null");
    }
    const std::shared_ptr<Tensor> source = tensors().get(srcTensor);
    const aclDataType type = additionalDtype == -1 ? source->type : static_cast<aclDataType>(additionalDtype);
    const bool pack = dstFormat == ACL_FORMAT_FRACTAL_NZ && source->format == ACL_FORMAT_ND;
    const bool unpack = dstFormat == ACL_FORMAT_ND && source->format == ACL_FORMAT_FRACTAL_NZ;
    if ((!pack && !unpack) || source->rank() < 2 || source->rank() > 6 || source->count() == 0 || size_of(type) == 0) {
        refuse(kNnInvalid, "the emulator casts ND to FRACTAL_NZ and back, 2 to 6 dimensions, none empty");
    }
    const Shape shape = pack ? nz::storage_of(source->shape, type) : source->shape;
    *dstShape = new int64_t[shape.size()];
    std::copy(shape.begin(), shape.end(), *dstShape);
    *dstShapeSize = shape.size();
    *actualFormat = dstFormat;
    return 0;
}

aclnnStatus aclnnNpuFormatCastGetWorkspaceSize(const aclTensor *srcTensor, aclTensor *dstTensor, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnNpuFormatCast", workspaceSize, executor);
    const Operand from = call.or_nz().input(srcTensor, "srcTensor");
    const Operand to = call.or_nz().output(dstTensor, "dstTensor");
    call.require(call[from].type == call[to].type, "dstTensor differs from srcTensor in type");
    call.require(call[from].format != call[to].format, "srcTensor and dstTensor have one format");
    const bool packing = call[to].format == ACL_FORMAT_FRACTAL_NZ;
    const Shape &plain = packing ? call[from].shape : call[to].shape;
    const Tensor &blocked = packing ? call[to] : call[from];
    if (packing) {
        check_packable(call, call[from], "srcTensor");
    }
    const Shape storage = nz::storage_of(plain, blocked.type);
    call.require(blocked.storage == storage, "the NZ side has storage %s, expected %s", text_of(blocked.storage).c_str(), text_of(storage).c_str());
    const Weight weight = {count_of(Shape(plain.begin(), plain.end() - 2)), plain[plain.size() - 2], plain.back()};
    return call.plan([=](const Operands &x) {
        if (packing) {
            pack(x[from], x[to].address, storage);
            return;
        }
        std::vector<float> values;
        for (int64_t batch = 0; batch < weight.batches; batch++) {
            const std::vector<float> matrix = weight_values(x[from], weight, batch);
            values.insert(values.end(), matrix.begin(), matrix.end());
        }
        from_floats(x[to], values);
    });
}

} // namespace emu
