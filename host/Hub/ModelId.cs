using System.Text.RegularExpressions;

namespace Glm5.Host.Hub;

/// <summary>The places that models are published at.</summary>
internal enum HubKind
{
    /// <summary>Hugging Face, or a mirror that speaks its API.</summary>
    HuggingFace,

    /// <summary>ModelScope.</summary>
    ModelScope,
}

/// <summary>
/// A model by name: <c>zai-org/GLM-5-FP8</c>, <c>zai-org/GLM-5@main</c>, <c>modelscope:ZhipuAI/GLM-5</c>.
/// </summary>
/// <param name="Hub">Where it is published.</param>
/// <param name="Organisation">The account that publishes it.</param>
/// <param name="Name">The repository's name in that account.</param>
/// <param name="Revision">A branch, tag or commit; null for the hub's main branch.</param>
internal readonly partial record struct ModelId(HubKind Hub, string Organisation, string Name, string? Revision)
{
    private const string ModelScopePrefix = "modelscope:";

    /// <summary>The name within its hub, <c>organisation/name</c>.</summary>
    public string Repository => $"{Organisation}/{Name}";

    /// <summary>
    /// Reads an id. A prefix decides the hub and must not contradict <paramref name="hub"/>; null there means
    /// Hugging Face. A revision may be in the word or beside it.
    /// </summary>
    /// <exception cref="HubException">The word is not an id; the message says what was expected.</exception>
    public static ModelId Parse(string word, HubKind? hub = null, string? revision = null)
    {
        string rest = word;
        if (word.StartsWith(ModelScopePrefix, StringComparison.OrdinalIgnoreCase))
        {
            if (hub == HubKind.HuggingFace)
                throw Wrong(word, "its prefix names another hub than --hub does");
            (hub, rest) = (HubKind.ModelScope, word[ModelScopePrefix.Length..]);
        }

        int at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            if (revision is not null && revision != rest[(at + 1)..])
                throw Wrong(word, "it names another revision than --revision does");
            (revision, rest) = (rest[(at + 1)..], rest[..at]);
        }

        string[] names = rest.Split('/');
        if (names.Length != 2 || !IsName(names[0]) || !IsName(names[1]))
        {
            throw Wrong(
                word,
                "a name has letters, digits, '.', '_' and '-', begins with a letter or digit, and has no '..' or '--'");
        }

        if (revision is not null && !IsRevision(revision))
            throw Wrong(word, "its revision is not the name of a branch, tag or commit");
        return new ModelId(hub ?? HubKind.HuggingFace, names[0], names[1], revision);
    }

    /// <summary>The id as it can be typed.</summary>
    public override string ToString() =>
        (Hub == HubKind.ModelScope ? ModelScopePrefix : "") + Repository + (Revision is null ? "" : $"@{Revision}");

    private static bool IsName(string name) =>
        NamePattern().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal)
            && !name.Contains("--", StringComparison.Ordinal);

    // A revision becomes a path below refs/, so each part of it is held to the rules of a file's name.
    private static bool IsRevision(string revision) =>
        revision.Length <= 200 && revision.Split('/').All(IsRevisionPart);

    private static bool IsRevisionPart(string part) =>
        RevisionPartPattern().IsMatch(part) && !part.Contains("..", StringComparison.Ordinal);

    private static HubException Wrong(string word, string why) => new(
        HubFault.Name,
        $"'{Printable.Text(word)}' is not a model's id, organisation/name or organisation/name@revision: {why}");

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,95}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}\z")]
    private static partial Regex RevisionPartPattern();
}
