using System.Text.RegularExpressions;

namespace Glm5.Host.Hub;

/// <summary>
/// Which files of a repository a server reads. Repositories also hold pictures, other frameworks' weights and whole
/// originals in folders: none of those are fetched, and no name from a server is used as a path before it passed here.
/// </summary>
internal static partial class ServingFiles
{
    /// <summary>The model's shape; nothing is served without it.</summary>
    public const string Config = "config.json";

    /// <summary>All weights in one file.</summary>
    public const string SingleWeights = "model.safetensors";

    /// <summary>Which shard holds which tensor.</summary>
    public const string Index = "model.safetensors.index.json";

    private const string Tokenizer = "tokenizer.json";
    private const int LargestIndex = 256 << 20;

    private static readonly HashSet<string> s_small = new(StringComparer.Ordinal)
    {
        Config, Index, Tokenizer, "generation_config.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model", "chat_template.jinja", "chat_template.json",
        "hf_quant_config.json", "quantize_config.json", "quant_model_description.json",
    };

    /// <summary>Whether a name in a listing is one that a server reads.</summary>
    /// <exception cref="HubException">
    /// The name leads out of its folder, or is a weight file's with characters that no weight file needs: a server
    /// that sends such a name is not believed in anything else.
    /// </exception>
    public static bool IsWanted(string name, string host)
    {
        if (IsEvil(name))
        {
            throw new HubException(
                HubFault.Untrustworthy,
                $"{host} lists the file '{Printable.Text(name)}', which leads out of its folder; nothing was fetched");
        }

        if (s_small.Contains(name))
            return true;
        if (name.Contains('/', StringComparison.Ordinal)
            || !name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return IsWeights(name) ? true : throw new HubException(
            HubFault.Untrustworthy,
            $"{host} lists the weight file '{Printable.Text(name)}'; expected letters, digits, '.', '_' and '-'");
    }

    /// <summary>Whether a wanted file holds weights.</summary>
    public static bool IsWeights(string name) =>
        WeightsPattern().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal);

    /// <summary>The shards that an index file names.</summary>
    /// <exception cref="HubException">It is not an index.</exception>
    public static IReadOnlyList<string> Shards(string index) => SymbolicLinks.LengthOf(index) <= LargestIndex
        ? ShardNames.Read(File.ReadAllBytes(index))
        : throw new HubException(
            HubFault.Untrustworthy, $"{index} has more than {LargestIndex} bytes: it is not a shard index");

    /// <summary>What a folder lacks for serving; empty when it is complete.</summary>
    public static IReadOnlyList<string> MissingFrom(string folder)
    {
        List<string> missing = [.. new[] { Config, Tokenizer }.Where(name => !IsIn(folder, name))];
        if (IsIn(folder, SingleWeights))
            return missing;
        return IsIn(folder, Index)
            ? [.. missing, .. Shards(Path.Combine(folder, Index)).Where(name => !IsIn(folder, name))]
            : [.. missing, $"{SingleWeights} or {Index}"];
    }

    private static bool IsIn(string folder, string name) =>
        SymbolicLinks.LengthOf(Path.Combine(folder, name)) is not null;

    private static bool IsEvil(string name) =>
        name.Length is 0 or > 1024 || name[0] == '/' || name.Contains('\\') || (name.Length > 1 && name[1] == ':')
            || name.Any(char.IsControl)
        || name.Split('/').Any(part => part is "" or "." or "..");

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.safetensors\z")]
    private static partial Regex WeightsPattern();
}
