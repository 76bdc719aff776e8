using System.Collections.Immutable;

namespace Glm5.Core.Model;

/// <summary>
/// Which main layers have an indexer (GLM-5.2's shared indexers). <c>indexer_types</c> decides; else
/// <c>index_topk_pattern</c>; else <c>index_topk_freq</c> with <c>index_skip_topk_offset</c>; with none of them every
/// layer has one.
/// </summary>
internal static class IndexerPlan
{
    public static ImmutableArray<IndexerKind> Read(JsonFields fields, int layers)
    {
        ImmutableArray<IndexerKind> kinds = ReadKinds(fields, layers);
        if (kinds[0] == IndexerKind.Shared)
        {
            fields.Problems.Add(
                "layer 0 shares an indexer, but no layer before it has one; expected layer 0 to be full");
        }

        return kinds;
    }

    private static ImmutableArray<IndexerKind> ReadKinds(JsonFields fields, int layers)
    {
        if (fields.Texts("indexer_types") is { } names)
        {
            return FromWords("indexer_types", names, "full", "shared", layers, fields);
        }

        if (fields.Text("index_topk_pattern") is { } pattern)
        {
            string[] letters = Array.ConvertAll(pattern.ToCharArray(), static letter => letter.ToString());
            return FromWords("index_topk_pattern", letters, "F", "S", layers, fields);
        }

        return FromFrequency(fields, layers);
    }

    private static ImmutableArray<IndexerKind> FromWords(
        string key, string[] words, string full, string shared, int layers, JsonFields fields)
    {
        var kinds = new IndexerKind[layers];
        if (words.Length != layers)
        {
            fields.Problems.Add($"{key} has {words.Length} entries; expected one per main layer, {layers}");
            return [.. kinds];
        }

        for (int l = 0; l < layers; l++)
        {
            if (words[l] != full && words[l] != shared)
            {
                fields.Problems.Add($"{key}[{l}] is \"{words[l]}\"; expected \"{full}\" or \"{shared}\"");
            }

            kinds[l] = words[l] == shared ? IndexerKind.Shared : IndexerKind.Full;
        }

        return [.. kinds];
    }

    private static ImmutableArray<IndexerKind> FromFrequency(JsonFields fields, int layers)
    {
        int frequency = fields.Integer("index_topk_freq", 1, JsonFields.LargestDimension, fallback: 1);
        // Published loaders disagree on the offset's default, so with a frequency above 1 it has to be written down.
        int? fallback = frequency == 1 ? 1 : null;
        int offset = fields.Integer("index_skip_topk_offset", 0, JsonFields.LargestDimension, fallback);

        var kinds = new IndexerKind[layers];
        for (int l = 0; l < layers; l++)
        {
            kinds[l] = Math.Max(l - offset + 1, 0) % frequency == 0 ? IndexerKind.Full : IndexerKind.Shared;
        }

        return [.. kinds];
    }
}
