namespace Glm5.Backends.Cuda.Interop;

/// <summary>Where CUDA's libraries may lie on this machine.</summary>
/// <param name="Explicit">Folders that were named for it: searched before the loader's own path.</param>
/// <param name="Installed">Folders of toolkits and of pip's packages: searched behind it, the newest first.</param>
/// <param name="Cubins">Where compiled kernels are kept; null: nowhere.</param>
internal sealed record CudaPaths(IReadOnlyList<string> Explicit, IReadOnlyList<string> Installed, string? Cubins)
{
    /// <summary>Folders, separated by colons, that are searched first.</summary>
    public const string Variable = "GLM5_CUDA_PATH";

    /// <summary>The folder of compiled kernels; empty: they are not kept.</summary>
    public const string CubinVariable = "GLM5_CUBIN_CACHE";

    private static readonly string[] s_pipPackages = ["cu13", "cuda_nvrtc", "cublas", "nccl"];

    /// <summary>From the environment and the places where installers put things.</summary>
    public static CudaPaths FromEnvironment(Func<string, string?> variable)
    {
        var named = new List<string>();
        foreach (string root in (variable(Variable) ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            AddRoot(named, root);
        var installed = new List<string>();
        foreach (string name in (ReadOnlySpan<string>)["CUDA_HOME", "CUDA_PATH"])
        {
            if (variable(name) is { Length: > 0 } root)
                AddRoot(installed, root);
        }

        foreach (string root in Newest("/usr/local", "cuda*"))
            AddRoot(installed, root);
        foreach (string name in (ReadOnlySpan<string>)["VIRTUAL_ENV", "CONDA_PREFIX"])
        {
            if (variable(name) is { Length: > 0 } root)
                AddPip(installed, root);
        }

        AddPip(installed, "/usr/local");
        return new CudaPaths(named, installed, CubinFolder(variable));
    }

    /// <summary>One folder with everything, and no cubins kept: what tests use.</summary>
    public static CudaPaths Under(string folder, string? cubins = null) => new([folder], [], cubins);

    private static void AddRoot(List<string> folders, string root)
    {
        folders.Add(root);
        folders.Add(Path.Combine(root, "lib64"));
        folders.Add(Path.Combine(root, "lib"));
    }

    private static void AddPip(List<string> folders, string prefix)
    {
        foreach (string python in Newest(Path.Combine(prefix, "lib"), "python3*"))
        {
            foreach (string packages in (ReadOnlySpan<string>)["site-packages", "dist-packages"])
            {
                foreach (string package in s_pipPackages)
                    folders.Add(Path.Combine(python, packages, "nvidia", package, "lib"));
            }
        }
    }

    private static string[] Newest(string folder, string pattern)
    {
        if (!Directory.Exists(folder))
            return [];
        string[] found = Directory.GetDirectories(folder, pattern);
        Array.Sort(found, StringComparer.Ordinal);
        Array.Reverse(found);
        return found;
    }

    private static string? CubinFolder(Func<string, string?> variable)
    {
        if (variable(CubinVariable) is { } folder)
            return folder.Length > 0 ? folder : null;
        string? root = variable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : variable("HOME") is { Length: > 0 } home ? Path.Combine(home, ".cache")
            : null;
        return root is null ? null : Path.Combine(root, "glm5", "cubin");
    }
}
