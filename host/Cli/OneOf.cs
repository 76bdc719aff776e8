using System.CommandLine;

namespace Glm5.Host.Cli;

/// <summary>Flags that take one of a few words: others are refused with all of them, and shells offer them.</summary>
internal static class OneOf
{
    /// <summary>Bounds a flag to words.</summary>
    public static void Take(Option<string?> option, params string[] words)
    {
        option.HelpName = string.Join('|', words);
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !words.Contains(result.Tokens[0].Value))
            {
                result.AddError(
                    $"{option.Name} is '{result.Tokens[0].Value}'; expected {string.Join(", ", words[..^1])} or {words[^1]}");
            }
        });
    }
}
