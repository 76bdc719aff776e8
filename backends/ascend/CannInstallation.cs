using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend;

/// <summary>
/// CANN as it is installed here, opened once a process: the bound functions of each part, and the version. What is
/// missing is a sentence.
/// </summary>
internal sealed class CannInstallation
{
    private const string EmulatorSymbol = "cannEmulatorControl";

    private static readonly string[] s_runtime = ["libacl_rt.so", "libascendcl.so"];
    private static readonly string[] s_base = ["libnnopbase.so"];
    private static readonly string[] s_collectives = ["libhccl.so", "libhcomm.so"];
    private static readonly string[] s_management = ["libdcmi.so"];

    /// <summary>Since 8.5 by kind, before in one; the kinds first, as nnopbase itself looks them up.</summary>
    private static readonly string[] s_operators =
    [
        "libopapi_math.so", "libopapi_nn.so", "libopapi_transformer.so", "libopapi_cv.so", "libopapi_oam.so",
        "libopapi_legacy.so", "libopapi.so",
    ];

    /// <summary>What the driver's libraries are reached by; they need not be on the loader's path.</summary>
    private static readonly string[] s_driver = ["libc_sec.so", "libmmpa.so", "libascend_hal.so"];

    private CannInstallation(CannPaths paths)
    {
        Paths = paths;
        _ = CannLibrary.Open("the driver", s_driver, paths.Driver);
        CannLibrary management = CannLibrary.Open("the management interface", s_management, paths.Dcmi);
        Dcmi = management.Refusal is null ? new Dcmi(management) : null;
        CannLibrary runtime = CannLibrary.Open("the ACL runtime", s_runtime, paths.Toolkit);
        CannLibrary descriptors = CannLibrary.Open("the operator base", s_base, paths.Toolkit);
        CannLibrary operators = CannLibrary.Open("the operators", s_operators, paths.Toolkit);
        CannLibrary collectives = CannLibrary.Open("the collectives", s_collectives, paths.Toolkit);
        Refusal = runtime.Refusal ?? descriptors.Refusal ?? operators.Refusal;
        if (Refusal is not null)
            return;
        Runtime = new AclRuntime(runtime);
        IsEmulated = runtime.Find(EmulatorSymbol) != 0;
        Descriptors = new Nnopbase(descriptors);
        Version = CannVersions.Of(Runtime, paths);
        Operators = new AclnnOperators(new AclnnTable(operators, Version));
        CollectivesRefusal = collectives.Refusal;
        Hccl = collectives.Refusal is null ? new Hccl(collectives) : null;
    }

    /// <summary>Where it was looked for.</summary>
    public CannPaths Paths { get; }

    /// <summary>Why it cannot be used; null when it can.</summary>
    public string? Refusal { get; private set; }

    /// <summary>The toolkit's version.</summary>
    public CannVersion Version { get; } = CannVersion.Unknown;

    /// <summary>True for the emulator of the tests, which says so by a symbol that no CANN has.</summary>
    public bool IsEmulated { get; }

    /// <summary>The runtime. Null with a refusal, as the two below.</summary>
    public AclRuntime Runtime { get; } = null!;

    /// <summary>Descriptors and executors.</summary>
    public Nnopbase Descriptors { get; } = null!;

    /// <summary>Operators.</summary>
    public AclnnOperators Operators { get; } = null!;

    /// <summary>Collectives; null where <see cref="CollectivesRefusal"/> says why.</summary>
    public Hccl? Hccl { get; }

    /// <summary>Why there are no collectives.</summary>
    public string? CollectivesRefusal { get; }

    /// <summary>The management interface; null where the driver has none.</summary>
    public Dcmi? Dcmi { get; }

    /// <summary>Opens what lies under the paths. Never throws.</summary>
    public static CannInstallation Open(CannPaths paths)
    {
        try
        {
            var installation = new CannInstallation(paths);
            installation.Refusal ??= Start(installation.Runtime);
            return installation;
        }
        catch (Core.Accelerator.AcceleratorException e)
        {
            return new CannInstallation(e.Message, paths);
        }
    }

    private CannInstallation(string refusal, CannPaths paths) => (Refusal, Paths) = (refusal, paths);

    private static unsafe string? Start(AclRuntime runtime)
    {
        int status = runtime.Init(null);
        return status is 0 or CannCodes.RepeatedInit
            ? null
            : $"aclInit failed with {status} ({CannCodes.Describe(status)}): {CannText.Recent(runtime)}";
    }
}
