using System.Text;

namespace Glm5.Backends.Cuda;

/// <summary>Kernel sources, embedded in the assembly: the prelude, and files that are compiled each for itself behind it.</summary>
internal static class KernelSource
{
    /// <summary>The files, by name.</summary>
    public static IReadOnlyList<string> Files { get; } =
        ["attention", "caches", "choices", "elementwise", "indexer", "plain", "products", "rows", "tensor"];

    /// <summary>Text of a file, the prelude before it.</summary>
    public static string Text(string file) => $"{Read("prelude.cuh")}\n#line 1 \"{file}.cu\"\n{Read($"{file}.cu")}";

    private static string Read(string name)
    {
        using Stream stream = typeof(KernelSource).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the assembly was built without {name}");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
