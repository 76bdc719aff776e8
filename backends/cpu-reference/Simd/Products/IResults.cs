using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>Where the results of a product go.</summary>
internal unsafe interface IResults
{
    /// <summary>Takes the results of an activation row with up to four neighbouring weight rows.</summary>
    /// <param name="row">The activation row.</param>
    /// <param name="chunk">The chunk of K they are summed over.</param>
    /// <param name="n">The first weight row.</param>
    /// <param name="count">Weight rows; results behind them mean nothing.</param>
    /// <param name="results">The four results.</param>
    void Put(long row, int chunk, long n, int count, Vector128<float> results);
}

/// <summary>Results as they are.</summary>
/// <param name="into">Where each activation row's results go.</param>
/// <param name="column">Where among them those with this matrix begin.</param>
internal readonly unsafe struct PlainResults(float** into, long column) : IResults
{
    private readonly float** _into = into;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(long row, int chunk, long n, int count, Vector128<float> results)
    {
        float* to = _into[row] + column + n;
        if (count == Vector128<float>.Count)
        {
            results.Store(to);
            return;
        }

        for (int i = 0; i < count; i++)
            to[i] = results.GetElement(i);
    }
}

/// <summary>
/// Results times the row's weight, added to the addend of their chunk (<see cref="RowParallelChunks"/>); or put there,
/// where they are the first.
/// </summary>
/// <param name="addends">The row's token in the first addend, for each row.</param>
/// <param name="weights">For each row; null where all are 1.</param>
/// <param name="chunkStride">Floats from one addend to the next.</param>
/// <param name="isFirst">Whether nothing was added yet.</param>
internal readonly unsafe struct AddendResults(float** addends, float* weights, long chunkStride, bool isFirst) : IResults
{
    private readonly float** _addends = addends;
    private readonly float* _weights = weights;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(long row, int chunk, long n, int count, Vector128<float> results)
    {
        float* to = _addends[row] + (chunk * chunkStride) + n;
        if (_weights != null)
            results *= Vector128.Create(_weights[row]);
        if (count == Vector128<float>.Count)
        {
            (isFirst ? results : Vector128.Load(to) + results).Store(to);
            return;
        }

        for (int i = 0; i < count; i++)
            to[i] = isFirst ? results.GetElement(i) : to[i] + results.GetElement(i);
    }
}

/// <summary>The results with a strip of weight rows, [rows, strip].</summary>
/// <param name="into">Of the first row and the strip's first column.</param>
/// <param name="first">The strip's first weight row.</param>
/// <param name="count">Its weight rows.</param>
internal readonly unsafe struct StripResults(float* into, long first, long count) : IResults
{
    private readonly float* _into = into;

    /// <summary>The results of an activation row.</summary>
    public float* Row(long row) => _into + (row * count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(long row, int chunk, long n, int count, Vector128<float> results)
    {
        float* to = Row(row) + (n - first);
        if (count == Vector128<float>.Count)
        {
            results.Store(to);
            return;
        }

        for (int i = 0; i < count; i++)
            to[i] = results.GetElement(i);
    }
}
