using Glm5.Host.Hub;

namespace Glm5.Host.Cli;

/// <summary>The words for hubs, which <c>--hub</c> takes.</summary>
internal static class HubWord
{
    private const string HuggingFace = "huggingface";
    private const string ModelScope = "modelscope";

    /// <summary>All of them.</summary>
    public static string[] All => [HuggingFace, ModelScope];

    /// <summary>The hub of a word; null for none.</summary>
    public static HubKind? Read(string? word) => word switch
    {
        ModelScope => HubKind.ModelScope,
        HuggingFace => HubKind.HuggingFace,
        _ => null,
    };

    /// <summary>The word of a hub.</summary>
    public static string Of(HubKind hub) => hub == HubKind.ModelScope ? ModelScope : HuggingFace;
}
