#include "operators/product.h"

#include <cstring>

#include "operators/broadcast.h"

namespace emu {

namespace {

/// HFLOAT32 of the cube cores: 8 bits of exponent, 11 of mantissa, to nearest even.
float to_hfloat(float value)
{
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    if ((bits & 0x7f800000u) != 0x7f800000u) {
        bits += 0x7ffu + ((bits >> 12) & 1u);
        bits &= ~0xfffu;
    }
    std::memcpy(&value, &bits, sizeof(bits));
    return value;
}

} // namespace

Matrix matrix_at(const Tensor &tensor, int64_t first)
{
    const size_t rank = tensor.shape.size();
    return {&tensor, first, tensor.shape[rank - 2], tensor.shape[rank - 1], tensor.strides[rank - 2], tensor.strides[rank - 1], false};
}

namespace {

void read_line(const Matrix &matrix, int64_t at, int64_t step, int64_t count, float *to)
{
    read_row(*matrix.tensor, at, step, count, to);
    for (int64_t i = 0; matrix.reduced && i < count; i++) {
        to[i] = to_hfloat(to[i]);
    }
}

std::vector<float> rows_of(const Matrix &matrix)
{
    std::vector<float> values(static_cast<size_t>(matrix.rows * matrix.columns));
    for (int64_t row = 0; row < matrix.rows; row++) {
        read_line(matrix, matrix.first + row * matrix.rowStep, matrix.columnStep, matrix.columns, values.data() + row * matrix.columns);
    }
    return values;
}

} // namespace

std::vector<float> product(const Matrix &left, const Matrix &right)
{
    const std::vector<float> a = rows_of(left);
    std::vector<float> sums(static_cast<size_t>(left.rows * right.columns), 0.0f);
    const int64_t inner = left.columns;
    if (right.columnStep != 1 && right.rowStep == 1) {
        // A transposed right side lies by columns: each output is one dot product.
        std::vector<float> column(static_cast<size_t>(inner));
        for (int64_t n = 0; n < right.columns; n++) {
            read_line(right, right.first + n * right.columnStep, right.rowStep, inner, column.data());
            for (int64_t m = 0; m < left.rows; m++) {
                const float *row = a.data() + m * inner;
                float sum = 0;
                for (int64_t k = 0; k < inner; k++) {
                    sum += row[k] * column[static_cast<size_t>(k)];
                }
                sums[static_cast<size_t>(m * right.columns + n)] = sum;
            }
        }
        return sums;
    }
    std::vector<float> line(static_cast<size_t>(right.columns));
    for (int64_t k = 0; k < inner; k++) {
        read_line(right, right.first + k * right.rowStep, right.columnStep, right.columns, line.data());
        for (int64_t m = 0; m < left.rows; m++) {
            const float factor = a[static_cast<size_t>(m * inner + k)];
            float *to = sums.data() + m * right.columns;
            for (int64_t n = 0; n < right.columns; n++) {
                to[n] += factor * line[static_cast<size_t>(n)];
            }
        }
    }
    return sums;
}

std::vector<int64_t> product_integers(const Matrix &left, const Matrix &right)
{
    const std::vector<float> a = rows_of(left);
    std::vector<int64_t> sums(static_cast<size_t>(left.rows * right.columns), 0);
    std::vector<float> line(static_cast<size_t>(right.columns));
    for (int64_t k = 0; k < left.columns; k++) {
        read_row(*right.tensor, right.first + k * right.rowStep, right.columnStep, right.columns, line.data());
        for (int64_t m = 0; m < left.rows; m++) {
            const int32_t factor = static_cast<int32_t>(a[static_cast<size_t>(m * left.columns + k)]);
            int64_t *to = sums.data() + m * right.columns;
            for (int64_t n = 0; n < right.columns; n++) {
                to[n] += factor * static_cast<int32_t>(line[static_cast<size_t>(n)]);
            }
        }
    }
    return sums;
}

namespace {

/// A one-dimensional operand stands as a row on the left, as a column on the right.
Tensor as_matrix(const Tensor &tensor, bool left)
{
    Tensor view = tensor;
    if (view.shape.size() == 1) {
        view.shape.insert(left ? view.shape.begin() : view.shape.end(), 1);
        view.strides.insert(left ? view.strides.begin() : view.strides.end(), left ? tensor.strides[0] * tensor.shape[0] : 1);
    }
    return view;
}

/// First element of every batch, in order, for a batch shape.
std::vector<int64_t> batches_of(const Tensor &tensor, const Shape &batch)
{
    Tensor outer = tensor;
    outer.shape.resize(tensor.shape.size() - 2);
    outer.strides.resize(tensor.shape.size() - 2);
    std::vector<int64_t> firsts;
    each_position(stretch(outer, batch), [&](int64_t position) { firsts.push_back(position); });
    return firsts;
}

} // namespace

void multiply_batches(const Tensor &left, const Tensor &right, const Tensor &out, aclDataType rounded, bool reduced)
{
    const Tensor a = as_matrix(left, true);
    const Tensor b = as_matrix(right, false);
    const Shape batch = broadcast(Shape(a.shape.begin(), a.shape.end() - 2), Shape(b.shape.begin(), b.shape.end() - 2));
    const std::vector<int64_t> lefts = batches_of(a, batch);
    const std::vector<int64_t> rights = batches_of(b, batch);
    std::vector<float> results;
    results.reserve(static_cast<size_t>(out.count()));
    for (size_t i = 0; i < lefts.size(); i++) {
        Matrix x = matrix_at(a, lefts[i]);
        Matrix y = matrix_at(b, rights[i]);
        x.reduced = reduced && left.type == ACL_FLOAT;
        y.reduced = reduced && right.type == ACL_FLOAT;
        const std::vector<float> sums = product(x, y);
        results.insert(results.end(), sums.begin(), sums.end());
    }
    for (float &value : results) {
        value = round_through(rounded, value);
    }
    from_floats(out, results);
}

} // namespace emu
