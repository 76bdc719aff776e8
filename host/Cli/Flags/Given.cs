using System.Collections.Immutable;

namespace Glm5.Host.Cli.Flags;

/// <summary>Where a value comes from; a later one prevails.</summary>
internal enum Layer
{
    /// <summary>The file that <c>--config</c> names.</summary>
    File,

    /// <summary>A variable of the environment.</summary>
    Environment,

    /// <summary>The command line.</summary>
    Line,
}

/// <summary>A flag as somebody wrote it, before its spelling is understood.</summary>
/// <param name="Layer">Where.</param>
/// <param name="Key">
/// The spelling that is looked up: dashes for underscores and, outside of the command line, dashes in front.
/// </param>
/// <param name="Values">Empty for a switch that stands alone.</param>
/// <param name="Spelling">What messages call it: <c>--tp</c>, <c>GLM5_PORT</c>, <c>port in glm5.yaml line 3</c>.</param>
internal sealed record Written(Layer Layer, string Key, ImmutableArray<string> Values, string Spelling)
{
    /// <summary>The same as a person would type it.</summary>
    public string Words => Values.IsEmpty ? Spelling : $"{Spelling} {string.Join(' ', Values)}";
}

/// <summary>A value for one of our own flags.</summary>
/// <param name="Flag">Our name of it, or <see cref="Model"/>.</param>
/// <param name="Values">Its values in our own terms.</param>
/// <param name="From">What it was read from.</param>
internal sealed record Given(string Flag, ImmutableArray<string> Values, Written From)
{
    /// <summary>Stands for the flag that the model does not have: it is the one word without a name.</summary>
    public const string Model = "model";
}
