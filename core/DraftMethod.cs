namespace Glm5.Core;

/// <summary>Who guesses tokens that a step verifies beyond the one it chooses anyway.</summary>
public enum DraftMethod
{
    /// <summary>The checkpoint's own draft layer.</summary>
    DraftLayer,

    /// <summary>What followed the sequence's last tokens where it had them before; works with every checkpoint.</summary>
    PromptLookup,
}
