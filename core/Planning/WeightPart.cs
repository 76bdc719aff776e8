using Glm5.Core.Model;
using Glm5.Core.Weights;

namespace Glm5.Core.Planning;

/// <summary>What a weight belongs to, for people who ask where the memory goes.</summary>
public enum WeightPart
{
    /// <summary>The embedding table, whole on every rank.</summary>
    Embedding,

    /// <summary>The output head.</summary>
    Head,

    /// <summary>Attention, its norms included.</summary>
    Attention,

    /// <summary>The lightning indexer.</summary>
    Indexer,

    /// <summary>Networks of the dense layers.</summary>
    Dense,

    /// <summary>The router of every layer with experts.</summary>
    Router,

    /// <summary>Routed experts.</summary>
    Experts,

    /// <summary>Shared experts.</summary>
    SharedExperts,

    /// <summary>Norms between the blocks.</summary>
    Norms,

    /// <summary>The whole draft layer.</summary>
    Draft,
}

/// <summary>Finds a tensor's part by its name.</summary>
internal static class WeightParts
{
    private const string Layers = "model.layers.", Experts = "mlp.experts.";

    /// <summary>Every part, in the order in which they are shown.</summary>
    public static IReadOnlyList<WeightPart> All { get; } = Enum.GetValues<WeightPart>();

    /// <summary>The part of a tensor of the inventory, and of a routed expert its number; -1 for others.</summary>
    public static (WeightPart Part, int Expert) Of(string name, ModelConfig config)
    {
        if (!name.StartsWith(Layers, StringComparison.Ordinal))
        {
            return (name switch
            {
                WeightNames.Embedding => WeightPart.Embedding,
                WeightNames.Head => WeightPart.Head,
                _ => WeightPart.Norms,
            }, -1);
        }

        ReadOnlySpan<char> rest = name.AsSpan(Layers.Length);
        int dot = rest.IndexOf('.');
        int layer = int.Parse(rest[..dot], System.Globalization.CultureInfo.InvariantCulture);
        rest = rest[(dot + 1)..];
        int expert = -1;
        if (rest.StartsWith(Experts))
        {
            ReadOnlySpan<char> number = rest[Experts.Length..];
            expert = int.Parse(number[..number.IndexOf('.')], System.Globalization.CultureInfo.InvariantCulture);
        }

        return (layer >= config.LayerCount ? WeightPart.Draft : InMainLayer(rest), expert);
    }

    private static WeightPart InMainLayer(ReadOnlySpan<char> name) => name switch
    {
        _ when name.StartsWith("self_attn.indexer.") => WeightPart.Indexer,
        _ when name.StartsWith("self_attn.") => WeightPart.Attention,
        _ when name.StartsWith(Experts) => WeightPart.Experts,
        _ when name.StartsWith("mlp.shared_experts.") => WeightPart.SharedExperts,
        WeightNames.Router or WeightNames.RouterBias => WeightPart.Router,
        _ when name.StartsWith("mlp.") => WeightPart.Dense,
        _ => WeightPart.Norms,
    };
}
