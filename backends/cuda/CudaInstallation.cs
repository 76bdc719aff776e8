using Glm5.Backends.Cuda.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>
/// CUDA as it is installed here: the bound functions of each library. The driver is opened at once, what only a rank needs
/// when a rank asks. What is missing is a sentence.
/// </summary>
internal sealed class CudaInstallation
{
    private const string EmulatorSymbol = "cudaEmulatorControl";

    private static readonly string[] s_driver = ["libcuda.so.1"];
    private static readonly string[] s_compiler = ["libnvrtc.so.13", "libnvrtc.so.12"];
    private static readonly string[] s_products = ["libcublasLt.so.13", "libcublasLt.so.12"];
    private static readonly string[] s_exchange = ["libnccl.so.2"];
    private static readonly string[] s_management = ["libnvidia-ml.so.1"];

    private readonly Lazy<CudaLibrary> _compiler, _products, _exchange, _management;
    private readonly Lazy<Nvrtc> _nvrtc;
    private readonly Lazy<CublasLt> _cublas;
    private readonly Lazy<Nccl> _nccl;

    private CudaInstallation(CudaPaths paths)
    {
        Paths = paths;
        _compiler = new(() => CudaLibrary.Open("the run-time compiler (NVRTC)", s_compiler, paths));
        _products = new(() => CudaLibrary.Open("cuBLASLt", s_products, paths));
        _exchange = new(() => CudaLibrary.Open("NCCL", s_exchange, paths));
        _management = new(() => CudaLibrary.Open("NVML", s_management, paths));
        _nvrtc = new(() => new Nvrtc(_compiler.Value));
        _cublas = new(() => new CublasLt(_products.Value));
        _nccl = new(() => new Nccl(_exchange.Value));
        CudaLibrary driver = CudaLibrary.Open("the CUDA driver", s_driver, paths);
        (DriverFile, Refusal) = (driver.File, driver.Refusal);
        if (Refusal is not null)
            return;
        Driver = new CudaDriver(driver);
        IsEmulated = driver.Find(EmulatorSymbol) != 0;
    }

    /// <summary>Where it was looked for.</summary>
    public CudaPaths Paths { get; }

    /// <summary>Why it cannot be used; null when it can.</summary>
    public string? Refusal { get; private set; }

    /// <summary>True for the emulator of the tests, which says so by a symbol that no driver has.</summary>
    public bool IsEmulated { get; }

    /// <summary>The file that the driver's library was loaded from.</summary>
    public string DriverFile { get; }

    /// <summary>The driver. Null with a refusal.</summary>
    public CudaDriver Driver { get; } = null!;

    /// <summary>CUDA that the driver runs: 13000 for 13.0.</summary>
    public int DriverVersion { get; private set; }

    /// <summary>The run-time compiler.</summary>
    /// <exception cref="AcceleratorException">There is none.</exception>
    public Nvrtc Compiler => _nvrtc.Value;

    /// <summary>Matrix products.</summary>
    /// <exception cref="AcceleratorException">There are none.</exception>
    public CublasLt Products => _cublas.Value;

    /// <summary>Exchange between ranks.</summary>
    /// <exception cref="AcceleratorException">There is none.</exception>
    public Nccl Exchange => _nccl.Value;

    /// <summary>The compiler's library, for its file and what is wrong with it.</summary>
    public CudaLibrary CompilerLibrary => _compiler.Value;

    /// <summary>The products' library.</summary>
    public CudaLibrary ProductsLibrary => _products.Value;

    /// <summary>The exchange's library.</summary>
    public CudaLibrary ExchangeLibrary => _exchange.Value;

    /// <summary>The management library.</summary>
    public CudaLibrary ManagementLibrary => _management.Value;

    /// <summary>Opens what lies under the paths. Never throws.</summary>
    public static CudaInstallation Open(CudaPaths paths)
    {
        try
        {
            var installation = new CudaInstallation(paths);
            installation.Refusal ??= installation.Start();
            return installation;
        }
        catch (AcceleratorException e)
        {
            return new CudaInstallation(paths, e.Message);
        }
    }

    private CudaInstallation(CudaPaths paths, string refusal)
        : this(paths with { Explicit = [], Installed = [] }) => Refusal = refusal;

    private unsafe string? Start()
    {
        int result = Driver.Init(0);
        if (result != 0)
        {
            return result switch
            {
                CudaCodes.NoDevice => $"{DriverFile} is there, but it shows no device: {Visible()}",
                CudaCodes.SystemDriverMismatch =>
                    $"{DriverFile} and the kernel's module are of different versions: reload the module or reboot",
                _ => $"cuInit failed with {CudaText.Result(Driver, result)}; see nvidia-smi",
            };
        }

        int version;
        DriverVersion = Driver.DriverGetVersion(&version) == 0 ? version : 0;
        return null;
    }

    /// <summary>Why devices may be hidden.</summary>
    public static string Visible() => Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES") is { } value
        ? $"CUDA_VISIBLE_DEVICES is \"{value}\""
        : "see nvidia-smi";
}
