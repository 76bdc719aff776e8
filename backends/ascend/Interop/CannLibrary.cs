using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Interop;

/// <summary>
/// A part of CANN: one shared library, or several since parts were split. Each is opened by an explicit handle with local
/// visibility, because operator packages of others export the same names with other parameters. Never closed: CANN keeps
/// threads of its own.
/// </summary>
internal sealed class CannLibrary
{
    private readonly string _part;
    private readonly List<nint> _handles = [];

    private CannLibrary(string part) => _part = part;

    /// <summary>Files that were opened, in the order in which symbols are looked up.</summary>
    public List<string> Files { get; } = [];

    /// <summary>Why it cannot be used; null when at least one file is open.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Opens every one of the named files that some folder holds.</summary>
    /// <param name="part">What it is called in refusals.</param>
    /// <param name="names">File names, the first looked up first.</param>
    /// <param name="folders">Where they may lie, the first found wins.</param>
    public static CannLibrary Open(string part, ReadOnlySpan<string> names, IReadOnlyList<string> folders)
    {
        var library = new CannLibrary(part);
        string? failure = null;
        foreach (string name in names)
            failure ??= library.TryOpen(name, folders);
        if (library.Files.Count == 0)
        {
            library.Refusal = failure
                ?? $"{part} is missing: no {string.Join(", ", names)} in {folders[0]}"
                + (folders.Count > 1 ? $" and {folders.Count - 1} folders more" : "");
        }

        return library;
    }

    /// <summary>Address of a symbol; 0 when no file of the part has it.</summary>
    public nint Find(string symbol)
    {
        foreach (nint handle in _handles)
        {
            if (NativeLibrary.TryGetExport(handle, symbol, out nint address))
                return address;
        }

        return 0;
    }

    /// <summary>Address of a symbol that nothing works without.</summary>
    /// <exception cref="AcceleratorException">It is not there; says where it was looked for.</exception>
    public nint Require(string symbol)
    {
        nint address = Find(symbol);
        return address != 0
            ? address
            : throw new AcceleratorException(Refusal
                ?? $"{_part}: {string.Join(", ", Files)} has no {symbol}; CANN 8.1.RC1 or later is needed");
    }

    /// <summary>Opens the first file of the name; a sentence when one is there and does not load.</summary>
    private string? TryOpen(string name, IReadOnlyList<string> folders)
    {
        foreach (string folder in folders)
        {
            string file = Path.Combine(folder, name);
            if (!File.Exists(file))
                continue;
            try
            {
                _handles.Add(NativeLibrary.Load(file));
                Files.Add(file);
                return null;
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                return $"{_part}: {file} does not load: {e.Message.ReplaceLineEndings(" ")}";
            }
        }

        return null;
    }
}
