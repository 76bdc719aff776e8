using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace Glm5.Core.Verification;

/// <summary>A digest of C# sources, by which a record knows whether it still speaks of the code in the tree.</summary>
public static class SourceDigest
{
    /// <summary>
    /// Digest of all sources below the folders, relative to the repository's root: 16 hexadecimal digits.
    /// </summary>
    public static string Of(string root, params ReadOnlySpan<string> folders)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string folder in folders)
        {
            foreach (string file in Sources(Path.Combine(root, folder)))
            {
                hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(file)));
                hash.AppendData(Encoding.UTF8.GetBytes(File.ReadAllText(file).ReplaceLineEndings("\n")));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".cs" or ".cu" or ".cuh")
            .Where(f => !Path.GetRelativePath(folder, f).Split(Path.DirectorySeparatorChar).Any(p => p is "bin" or "obj"))
            .Order(StringComparer.Ordinal);
}
