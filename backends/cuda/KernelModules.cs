using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>All kernel files of a rank, compiled side by side and loaded. Owned by the rank.</summary>
internal sealed unsafe class KernelModules : IDisposable
{
    /// <summary>Shared memory of a block that needs no asking.</summary>
    private const int SharedWithoutAsking = 48 * 1024;

    private readonly CudaDevice _device;
    private readonly nint[] _modules = new nint[KernelSource.Files.Count];

    /// <summary>Compiles and loads.</summary>
    /// <exception cref="AcceleratorException">A file does not compile, or the driver does not take it.</exception>
    public KernelModules(CudaDevice device)
    {
        _device = device;
        CudaInstallation cuda = device.Cuda;
        GpuFamily family = device.Facts.Family
            ?? throw new CudaException(GpuFamily.Refusal(device.Facts.Name, device.Facts.Major, device.Facts.Minor));
        var compiler = new KernelCompiler(cuda.Compiler, family, cuda.Paths.Cubins, cuda.IsEmulated);
        CompiledFile[] files = CompileAll(compiler);
        device.Enter();
        try
        {
            for (int f = 0; f < files.Length; f++)
                _modules[f] = Load(KernelSource.Files[f], files[f], compiler);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Finds a kernel.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="name">Its name.</param>
    /// <param name="sharedBytes">The most shared memory that it will be launched with.</param>
    public Kernel Find(string file, string name, int sharedBytes = 0)
    {
        nint function;
        nint module = _modules[IndexOf(file)];
        fixed (byte* text = CudaText.ToC(name))
            _device.Check(_device.Cuda.Driver.ModuleGetFunction(&function, module, text), $"cuModuleGetFunction of {name}");
        if (sharedBytes > SharedWithoutAsking)
        {
            _device.Check(
                _device.Cuda.Driver.FuncSetAttribute(function, Interop.KernelAttribute.MaxDynamicShared, sharedBytes),
                $"{sharedBytes:N0} bytes of shared memory for {name}");
        }

        return new Kernel(name, function);
    }

    /// <summary>What a thread of a kernel takes: registers, and bytes of local memory, which is where spilt ones go.</summary>
    public (int Registers, int LocalBytes) Costs(Kernel kernel)
    {
        int registers, local;
        _device.Check(
            _device.Cuda.Driver.FuncGetAttribute(&registers, Interop.KernelAttribute.Registers, kernel.Function), "cuFuncGetAttribute");
        _device.Check(
            _device.Cuda.Driver.FuncGetAttribute(&local, Interop.KernelAttribute.LocalBytes, kernel.Function), "cuFuncGetAttribute");
        return (registers, local);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _device.Enter();
        foreach (ref nint module in _modules.AsSpan())
        {
            if (module != 0)
                _ = _device.Cuda.Driver.ModuleUnload(module);
            module = 0;
        }
    }

    private static CompiledFile[] CompileAll(KernelCompiler compiler)
    {
        var files = new CompiledFile[KernelSource.Files.Count];
        try
        {
            Parallel.For(0, files.Length, f => files[f] = compiler.Compile(KernelSource.Files[f]));
        }
        catch (AggregateException e) when (e.InnerException is AcceleratorException first)
        {
            throw new CudaException(first.Message);
        }

        return files;
    }

    private nint Load(string file, CompiledFile compiled, KernelCompiler compiler)
    {
        nint module;
        int result;
        fixed (byte* image = compiled.Image)
            result = _device.Cuda.Driver.ModuleLoadDataEx(&module, image, 0, null, null);
        if (result is Interop.CudaCodes.UnsupportedPtxVersion or Interop.CudaCodes.NoBinaryForGpu)
        {
            throw new CudaException(
                $"{file}.cu, compiled for {compiler.Architecture} by NVRTC {CudaText.Version(compiler.Version)}, does not run under a driver "
                + $"for CUDA {CudaText.Version(_device.Cuda.DriverVersion)}: update the driver, or install an older NVRTC");
        }

        _device.Check(result, $"cuModuleLoadDataEx of {file}.cu");
        return module;
    }

    private static int IndexOf(string file)
    {
        for (int f = 0; f < KernelSource.Files.Count; f++)
        {
            if (KernelSource.Files[f] == file)
                return f;
        }

        throw new ArgumentOutOfRangeException(nameof(file), file, "no such kernel file");
    }
}
