using System.CommandLine;
using System.CommandLine.Parsing;
using Glm5.Core;
using Glm5.Host.Cli.Flags;

namespace Glm5.Host.Cli;

/// <summary>The words that say who guesses tokens ahead, and how many.</summary>
internal sealed class SpeculationFlags
{
    /// <summary>The longest chain of drafts that a step may verify.</summary>
    private const int MostDrafts = 7;

    /// <summary>Longer matches are as good as certain anyway.</summary>
    private const int MostLookup = 64;

    private const int LookupMin = 2;

    private const string Layer = "mtp", Lookup = "ngram";

    private readonly Option<int> _drafts = WholeNumber.Option(
        "--num-speculative-tokens", "Tokens that are guessed and verified together in a step [default: none]", 0,
        MostDrafts, 0);

    private readonly Option<string?> _method = new("--speculative-method")
    {
        Description = "Who guesses: the model's draft layer, or what followed the last tokens where they stood before",
        DefaultValueFactory = _ => Layer,
    };

    private readonly Option<int> _lookupMin = WholeNumber.Option(
        "--prompt-lookup-min", "With ngram, the fewest last tokens to find again", 1, MostLookup, LookupMin);

    private readonly Option<int> _lookupMax = WholeNumber.Option(
        "--prompt-lookup-max", "With ngram, the most last tokens that decide between places", 1, MostLookup, 5);

    /// <summary>Adds the words to a command.</summary>
    public void AddTo(LayeredCommand command)
    {
        OneOf.Take(_method, Layer, Lookup);
        command.Validators.Add(RequireOrder);
        command.Add(new FlagGroup("Speculation", _drafts, _method, _lookupMin, _lookupMax));
    }

    /// <summary>The options with what a parsed line says.</summary>
    public ModelOptions Read(ModelOptions options, ParseResult line)
    {
        int longest = line.GetValue(_lookupMax);
        return options with
        {
            SpeculativeTokens = line.GetValue(_drafts),
            DraftMethod = line.GetValue(_method) == Lookup ? DraftMethod.PromptLookup : DraftMethod.DraftLayer,
            LookupShortest = Math.Min(line.GetValue(_lookupMin), longest),
            LookupLongest = longest,
        };
    }

    /// <summary>A shortest match that was given is not longer than the longest; the default gives way.</summary>
    private void RequireOrder(CommandResult line)
    {
        if (line.GetResult(_lookupMin) is not { Tokens.Count: > 0, Errors: var wrong } || wrong.Any())
            return;
        int shortest = line.GetValue(_lookupMin), longest = line.GetValue(_lookupMax);
        if (shortest > longest)
            line.AddError($"--prompt-lookup-min is {shortest} and --prompt-lookup-max is {longest}; the first must not be larger");
    }
}
