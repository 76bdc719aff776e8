using System.Text.Json;

namespace Glm5.Host.Hub;

/// <summary>The API of a hub: addresses, who asks, and how it lists files.</summary>
/// <param name="place">Where it is.</param>
internal abstract class ModelHub(HubPlace place)
{
    // 2^50: no file of a model comes near, and sums of all files of a listing fit 64 bits.
    private const long LargestFile = 1L << 50;
    private const int MostFiles = 8192;

    /// <summary>Where it is.</summary>
    public HubPlace Place { get; } = place;

    /// <summary>Its host, for messages.</summary>
    public string Host => Place.Endpoint.Host;

    /// <summary>The branch that stands for no revision.</summary>
    public abstract string MainBranch { get; }

    /// <summary>The variable that holds a token for it, for messages.</summary>
    public abstract string TokenVariable { get; }

    /// <summary>The hub of an id.</summary>
    public static ModelHub Of(HubKind kind, HubSettings settings) =>
        kind == HubKind.ModelScope ? new ModelScopeHub(settings.ModelScope) : new HuggingFaceHub(settings.HuggingFace);

    /// <summary>Where the files of a model are listed.</summary>
    public abstract Uri ListAddress(ModelId model);

    /// <summary>Where the bytes of a file are.</summary>
    public abstract Uri FileAddress(HubListing listing, HubFile file);

    /// <summary>A page about the model, for people.</summary>
    public abstract Uri PageOf(ModelId model);

    /// <summary>Puts the token into a request that goes to this hub itself.</summary>
    public abstract void Authorise(HttpRequestMessage request, HubToken token);

    /// <summary>Reads a listing and keeps what serving needs.</summary>
    /// <exception cref="HubException">It is not a listing, contradicts itself, or has hostile names.</exception>
    public HubListing ReadListing(ModelId model, ReadOnlySpan<byte> json)
    {
        try
        {
            return Parse(model, json);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Wrong(exception.Message);
        }
    }

    /// <summary>Reads a listing; may throw what the JSON reader throws.</summary>
    protected abstract HubListing Parse(ModelId model, ReadOnlySpan<byte> json);

    /// <summary>Adds a file of a listing when serving needs it.</summary>
    protected void Take(List<HubFile> files, HashSet<string> names, string? name, long? size, FileDigest? digest)
    {
        if (name is null)
            throw Wrong("a file has no name");
        if (!ServingFiles.IsWanted(name, Host))
            return;
        if (size is not (>= 0 and <= LargestFile))
            throw Wrong($"{name} has the size {size?.ToString() ?? "none"}");
        if (digest is not { } known)
            throw Wrong($"{name} has no checksum");
        if (!names.Add(name))
            throw Wrong($"{name} is listed twice");
        if (files.Count == MostFiles)
            throw Wrong($"it has more than {MostFiles} files");
        files.Add(new HubFile(name, size.Value, known));
    }

    /// <summary>An answer that cannot be used.</summary>
    protected HubException Wrong(string why) =>
        new(HubFault.Untrustworthy, $"{Host} answered with something that is no list of files: {why}");

    /// <summary>An address below the endpoint, which may have a path of its own.</summary>
    protected Uri Below(string path) => new(Place.Endpoint, path);

    /// <summary>A revision in a path: its slashes are part of its name.</summary>
    protected static string Escape(string text) => Uri.EscapeDataString(text);
}
