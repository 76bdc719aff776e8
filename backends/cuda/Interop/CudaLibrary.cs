using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Interop;

/// <summary>
/// One shared library of CUDA, opened by an explicit handle and never closed: it keeps threads of its own.
/// </summary>
internal sealed class CudaLibrary
{
    private readonly string _part;
    private nint _handle;

    private CudaLibrary(string part) => _part = part;

    /// <summary>The file that was opened; empty with a refusal.</summary>
    public string File { get; private set; } = "";

    /// <summary>Why it cannot be used; null when it is open.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Opens the first of the named files that is found.</summary>
    /// <param name="part">What it is called in refusals.</param>
    /// <param name="names">File names, the newest version first.</param>
    /// <param name="paths">Where they may lie.</param>
    public static CudaLibrary Open(string part, ReadOnlySpan<string> names, CudaPaths paths)
    {
        var library = new CudaLibrary(part);
        foreach (string folder in paths.Explicit)
            library.TryFolder(folder, names);
        foreach (string name in names)
            library.TryLoader(name);
        foreach (string folder in paths.Installed)
            library.TryFolder(folder, names);
        if (library._handle == 0)
        {
            library.Refusal ??= $"{part} is missing: no {string.Join(" or ", names)} on the loader's path nor in "
                + $"{paths.Explicit.Count + paths.Installed.Count} folders that were searched";
        }
        else
        {
            library.Refusal = null;
        }

        return library;
    }

    /// <summary>Address of a function; 0 when the library has none of the name.</summary>
    public nint Find(string name) =>
        _handle != 0 && NativeLibrary.TryGetExport(_handle, name, out nint address) ? address : 0;

    /// <summary>Address of a function that nothing works without.</summary>
    /// <exception cref="AcceleratorException">It is not there; says in which file.</exception>
    public nint Require(string name)
    {
        nint address = Find(name);
        return address != 0
            ? address
            : throw new AcceleratorException(Refusal ?? $"{_part}: {File} has no {name}; CUDA 12 or later is needed");
    }

    private void TryFolder(string folder, ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            string file = Path.Combine(folder, name);
            if (_handle != 0 || !System.IO.File.Exists(file))
                continue;
            OpenCompanions(folder, name);
            try
            {
                _handle = NativeLibrary.Load(file);
                File = file;
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                Refusal = $"{_part}: {file} does not load: {e.Message.ReplaceLineEndings(" ")}";
            }
        }
    }

    private void TryLoader(string name)
    {
        if (_handle == 0 && NativeLibrary.TryLoad(name, out nint handle))
            (_handle, File) = (handle, LoadedFile(name) ?? name);
    }

    /// <summary>
    /// NVRTC opens its builtins by name when it compiles; where it lies in no folder of the loader's, neither do they.
    /// </summary>
    private static void OpenCompanions(string folder, string name)
    {
        int end = name.IndexOf(".so", StringComparison.Ordinal);
        if (end < 0)
            return;
        foreach (string companion in Directory.GetFiles(folder, $"{name[..end]}-builtins.so*"))
            _ = NativeLibrary.TryLoad(companion, out _);
    }

    /// <summary>Where the loader found a name: the process's own map knows.</summary>
    private static string? LoadedFile(string name)
    {
        try
        {
            foreach (string line in System.IO.File.ReadLines("/proc/self/maps"))
            {
                int start = line.IndexOf('/');
                if (start >= 0 && Path.GetFileName(line.AsSpan(start)).StartsWith(name, StringComparison.Ordinal))
                    return line[start..];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No such file outside Linux: the name says enough.
        }

        return null;
    }
}
