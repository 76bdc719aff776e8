using System.CommandLine;
using System.CommandLine.Parsing;
using Glm5.Core.Accelerator;

namespace Glm5.Host.Cli;

/// <summary>The option that says how the KV cache is stored, in our words and those of other engines.</summary>
internal static class CacheFormat
{
    private const string Name = "--kv-cache-dtype", Device = "auto";

    private static readonly (string Word, KvFormat Format)[] s_words =
    [
        ("f32", KvFormat.F32), ("bf16", KvFormat.BF16), ("fp8", KvFormat.FP8),
        ("float32", KvFormat.F32), ("bfloat16", KvFormat.BF16), ("fp8_e4m3", KvFormat.FP8), ("fp8_ds_mla", KvFormat.FP8),
    ];

    /// <summary>The option; null means what the device chooses.</summary>
    public static Option<KvFormat?> Option()
    {
        var option = new Option<KvFormat?>(Name)
        {
            Description = "How the KV cache is stored: fp8 takes about half of bf16 and rounds more [default: auto]",
            HelpName = "auto|f32|bf16|fp8",
            CustomParser = Parse,
        };
        option.CompletionSources.Add(Device, "f32", "bf16", "fp8");
        return option;
    }

    /// <summary>The word for a format.</summary>
    public static string Word(KvFormat format)
    {
        foreach ((string word, KvFormat known) in s_words)
        {
            if (known == format)
                return word;
        }

        throw new ArgumentOutOfRangeException(nameof(format), format, "there is no word for it");
    }

    private static KvFormat? Parse(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        foreach ((string known, KvFormat format) in s_words)
        {
            if (known == word)
                return format;
        }

        if (word != Device)
            result.AddError($"{Name} is '{word}'; expected auto, f32, bf16 or fp8 (also bfloat16, fp8_e4m3, fp8_ds_mla)");
        return null;
    }
}
