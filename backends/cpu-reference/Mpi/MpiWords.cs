using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Mpi;

/// <summary>Pinned room for what is sent or received, in words of four bytes. Grows, and is reused from call to call.</summary>
internal sealed unsafe class MpiWords
{
    private int[] _words = [];

    /// <summary>Address of room for so many words; what was there before may be gone.</summary>
    public nint Room(long words)
    {
        if (words > Array.MaxLength)
            throw new AcceleratorException($"{words:N0} values at once are more than ranks can exchange; lower --max-num-batched-tokens");
        if (_words.Length < words)
            _words = GC.AllocateUninitializedArray<int>((int)words, pinned: true);
        return _words.Length == 0 ? 0 : Marshal.UnsafeAddrOfPinnedArrayElement(_words, 0);
    }

    /// <summary>The address of a matrix in one piece: its own, or that of a copy here.</summary>
    public nint Dense(Tensor matrix)
    {
        if (matrix.IsDense)
            return matrix.Address;
        nint room = Room(matrix.Count);
        int width = (int)matrix[1];
        for (long row = 0; row < matrix[0]; row++)
        {
            new ReadOnlySpan<int>((int*)matrix.Address + (row * matrix.Stride(0)), width)
                .CopyTo(new Span<int>((int*)room + (row * width), width));
        }

        return room;
    }
}
