using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>Kernels of a rank, found once by name and launched on its stream.</summary>
internal sealed unsafe class Kernels(CudaDevice device, KernelModules modules)
{
    /// <summary>Parameters that the widest kernel takes.</summary>
    private const int MostArguments = 32;

    private readonly Dictionary<(string File, string Name), Kernel> _found = [];

    /// <summary>Blocks that fill the device: what a grid has that deals out its work itself.</summary>
    public int FullGrid { get; } = Math.Max(1, device.Facts.Multiprocessors) * 8;

    /// <summary>Launches so far, for tests.</summary>
    public long Launches { get; private set; }

    /// <summary>Finds a kernel, once.</summary>
    public Kernel Find(string file, string name, int sharedBytes = 0)
    {
        if (_found.TryGetValue((file, name), out Kernel kernel))
            return kernel;
        return _found[(file, name)] = modules.Find(file, name, sharedBytes);
    }

    /// <summary>Gives a kernel to the stream. A grid of nothing does nothing.</summary>
    public void Launch(Kernel kernel, Grid grid, params ReadOnlySpan<Argument> arguments)
    {
        if (grid.X == 0 || grid.Y == 0 || grid.Z == 0)
            return;
        device.Enter();
        void** pointers = stackalloc void*[MostArguments];
        fixed (Argument* first = arguments)
        {
            for (int i = 0; i < arguments.Length; i++)
                pointers[i] = first + i;
            int result = device.Cuda.Driver.LaunchKernel(
                kernel.Function, checked((uint)grid.X), (uint)grid.Y, (uint)grid.Z, (uint)grid.Threads, 1, 1,
                (uint)grid.SharedBytes, device.Stream, pointers, null);
            if (result != 0)
                throw device.Failure(result, $"cuLaunchKernel of {kernel.Name} {grid}");
        }

        Launches++;
    }

    /// <summary>A tensor's element, for messages and refusals: what the kernels of this file take is F32.</summary>
    public static void RequireFloats(string op, Tensor tensor)
    {
        if (tensor.Type != ElementType.F32)
            throw new ShapeException($"{op}: expected F32 values, got {tensor.Describe()}");
    }
}
