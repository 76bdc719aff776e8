using System.Text.Json;
using Glm5.Core.Model;

namespace Glm5.Core.Tokenization;

/// <summary>
/// The steps around the model in tokenizer.json: no normalizer, a split and the byte alphabet before, the byte alphabet
/// after. Whatever else a file asks for would change ids silently if it were ignored, so it is refused by name.
/// Truncation and padding concern batches of training and are not read.
/// </summary>
internal static class TokenizerPipeline
{
    /// <summary>Checks all steps; returns the split, or null after a complaint about it.</summary>
    public static TextSplit? Read(JsonElement root, List<string> problems)
    {
        if (root.TryGetProperty("normalizer", out JsonElement normalizer) && normalizer.ValueKind != JsonValueKind.Null)
            problems.Add($"normalizer is {Describe(normalizer)}; expected null, the only supported value");

        JsonFields fields = new(root, "", problems);
        ReadByteLevel(fields.Object("post_processor"), required: false, "post_processor", problems);
        ReadByteLevel(fields.Object("decoder"), required: true, "decoder", problems);
        return ReadPreTokenizer(root, problems);
    }

    private static void ReadByteLevel(JsonFields? step, bool required, string name, List<string> problems)
    {
        step?.Only("type", "ByteLevel");
        if (required && step is null)
            problems.Add($"{name} is missing; expected one of type \"ByteLevel\"");
    }

    private static TextSplit? ReadPreTokenizer(JsonElement root, List<string> problems)
    {
        const string Expected = "a Sequence of one Split and one ByteLevel";
        if (!root.TryGetProperty("pre_tokenizer", out JsonElement sequence)
            || sequence.ValueKind != JsonValueKind.Object
            || !sequence.TryGetProperty("pretokenizers", out JsonElement steps)
            || steps.ValueKind != JsonValueKind.Array
            || steps.GetArrayLength() != 2
            || steps[0].ValueKind != JsonValueKind.Object
            || steps[1].ValueKind != JsonValueKind.Object)
        {
            problems.Add($"pre_tokenizer is {Describe(sequence)}; expected {Expected}");
            return null;
        }

        new JsonFields(sequence, "pre_tokenizer.", problems).Only("type", "Sequence");
        JsonFields split = new(steps[0], "pre_tokenizer.pretokenizers[0].", problems);
        split.Only("type", "Split");
        split.Only("behavior", "Isolated");
        split.Only("invert", false);

        const string Alphabet = "pre_tokenizer.pretokenizers[1].";
        JsonFields alphabet = new(steps[1], Alphabet, problems);
        alphabet.Only("type", "ByteLevel");
        foreach (string flag in (ReadOnlySpan<string>)["add_prefix_space", "use_regex"])
        {
            if (alphabet.Flag(flag, fallback: true))
                problems.Add($"{Alphabet}{flag} is true; expected false, the only supported value");
        }

        return ReadPattern(split, problems);
    }

    private static TextSplit? ReadPattern(JsonFields split, List<string> problems)
    {
        const string Name = "pre_tokenizer.pretokenizers[0].pattern";
        if (split.Object("pattern")?.Text("Regex") is not { } pattern)
        {
            problems.Add($"{Name}.Regex is missing; expected a regular expression");
            return null;
        }

        try
        {
            return TextSplit.For(pattern);
        }
        catch (NotSupportedException exception)
        {
            problems.Add($"{Name}.Regex is {Shorten(pattern)}; expected the pattern of the GLM family or one that "
                + $"needs no look-around and no backtracking: {exception.Message}");
            return null;
        }
    }

    /// <summary>A step by its type and, of a sequence, the types inside.</summary>
    private static string Describe(JsonElement step)
    {
        if (step.ValueKind == JsonValueKind.Undefined)
            return "missing";
        if (step.ValueKind != JsonValueKind.Object || !step.TryGetProperty("type", out JsonElement type))
            return Shorten(step.GetRawText());

        List<string> inner = [];
        foreach (JsonProperty property in step.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Array)
                continue;
            foreach (JsonElement item in property.Value.EnumerateArray())
            {
                if (item.ValueKind == JsonValueKind.Object)
                    inner.Add(Describe(item));
            }
        }

        string name = $"a {type}";
        return Shorten(inner.Count == 0 ? name : $"{name} of {string.Join(", ", inner)}");
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "...");
}
