namespace Glm5.Backends.Cuda;

/// <summary>A compiled kernel of the device.</summary>
/// <param name="Name">As its source has it.</param>
/// <param name="Function">The driver's handle.</param>
internal readonly record struct Kernel(string Name, nint Function);

/// <summary>
/// One argument of a kernel in a slot of eight bytes. Integers are sign-extended, so that a slot serves parameters of four
/// and of eight bytes alike.
/// </summary>
internal readonly struct Argument
{
    private readonly long _bits;

    private Argument(long bits) => _bits = bits;

    public static implicit operator Argument(nint value) => new(value);

    public static implicit operator Argument(long value) => new(value);

    public static implicit operator Argument(int value) => new(value);

    public static implicit operator Argument(bool value) => new(value ? 1 : 0);

    public static implicit operator Argument(float value) => new(BitConverter.SingleToUInt32Bits(value));
}

/// <summary>How many threads run a kernel.</summary>
/// <param name="X">Blocks.</param>
/// <param name="Y">Blocks, up to 65,535.</param>
/// <param name="Z">Blocks, up to 65,535.</param>
/// <param name="Threads">Threads of a block, a multiple of 32.</param>
/// <param name="SharedBytes">Shared memory that a block gets beside what its source declares.</param>
internal readonly record struct Grid(long X, int Y, int Z, int Threads, int SharedBytes = 0)
{
    private const int ElementThreads = 256;

    /// <summary>A block a row, with threads for its width.</summary>
    public static Grid OfRows(long rows, long width, int sharedBytes = 0) =>
        new(rows, 1, 1, (int)Math.Clamp((width + 127) / 128 * 32, 32, 512), sharedBytes);

    /// <summary>A thread an element, up to what fills a device some times over; kernels stride over the rest.</summary>
    public static Grid OfElements(long count) => new(Math.Clamp((count + ElementThreads - 1) / ElementThreads, 1, 2048), 1, 1, ElementThreads);
}
