namespace Glm5.Host.Hub;

/// <summary>
/// The variables that the hubs' own tools obey: <c>HF_HOME HF_HUB_CACHE HF_ENDPOINT HF_TOKEN HF_TOKEN_PATH
/// HF_HUB_OFFLINE</c>, <c>MODELSCOPE_CACHE MODELSCOPE_DOMAIN MODELSCOPE_API_TOKEN</c> and the older names of the same.
/// </summary>
/// <param name="variable">Reads a variable; null when it is not set.</param>
/// <param name="home">The person's home folder.</param>
internal sealed class HubEnvironment(Func<string, string?> variable, string home)
{
    private const string HuggingFaceEndpoint = "https://huggingface.co";
    private const string ModelScopeEndpoint = "https://www.modelscope.cn";

    /// <summary>This process's environment.</summary>
    public static HubEnvironment OfProcess { get; } = new(
        Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <summary>Settings for these variables, changed by what a command line said.</summary>
    /// <param name="cacheFolder">Used in place of both hubs' caches.</param>
    /// <param name="offline">Whether the command line forbids the network.</param>
    /// <param name="connections">Most transfers at once.</param>
    /// <exception cref="HubException">A variable has an unusable value.</exception>
    public HubSettings Settings(string? cacheFolder = null, bool offline = false, int connections = 4)
    {
        string cache = First("XDG_CACHE_HOME") ?? Path.Combine(home, ".cache");
        string huggingFaceHome = First("HF_HOME") is { } chosen ? Expand(chosen) : Path.Combine(cache, "huggingface");
        string huggingFaceCache = First("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")
            ?? Path.Combine(huggingFaceHome, "hub");
        // The variable stands for the folder that has models/ in it; without it that is one level deeper.
        string modelScopeCache = First("MODELSCOPE_CACHE") ?? Path.Combine(home, ".cache", "modelscope", "hub");
        return new HubSettings
        {
            HuggingFace = new HubPlace(
                Address("HF_ENDPOINT", HuggingFaceEndpoint), Expand(cacheFolder ?? huggingFaceCache),
                HuggingFaceToken(huggingFaceHome)),
            ModelScope = new HubPlace(
                Address("MODELSCOPE_DOMAIN", ModelScopeEndpoint), Expand(cacheFolder ?? modelScopeCache),
                HubToken.From(First("MODELSCOPE_API_TOKEN"), "MODELSCOPE_API_TOKEN")),
            Offline = offline || IsSet("HF_HUB_OFFLINE") || IsSet("TRANSFORMERS_OFFLINE"),
            Connections = connections,
        };
    }

    private HubToken? HuggingFaceToken(string huggingFaceHome)
    {
        foreach (string name in (ReadOnlySpan<string>)["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
        {
            if (HubToken.From(variable(name), name) is { } token)
                return token;
        }

        if (IsSet("HF_HUB_DISABLE_IMPLICIT_TOKEN"))
            return null;
        string file = Expand(First("HF_TOKEN_PATH") ?? Path.Combine(huggingFaceHome, "token"));
        try
        {
            return File.Exists(file) ? HubToken.From(File.ReadAllText(file), file) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HubException(
                HubFault.Denied, $"the token file {file} cannot be read: {exception.Message}", exception);
        }
    }

    private Uri Address(string name, string standard)
    {
        string text = First(name) ?? standard;
        if (!text.Contains("://", StringComparison.Ordinal))
            text = $"https://{text}";
        if (Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address)
            && address.Scheme is "http" or "https" && address.UserInfo.Length == 0 && address.Query.Length == 0)
        {
            return address;
        }

        throw new HubException(
            HubFault.Name, $"{name} is '{Printable.Text(text)}'; expected an address such as {standard}");
    }

    private string? First(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (variable(name) is { } value && !string.IsNullOrWhiteSpace(value))
                return value.Trim();
        }

        return null;
    }

    private bool IsSet(string name) => First(name)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

    private string Expand(string path) =>
        Path.GetFullPath(
            path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? Path.Join(home, path[1..]) : path);
}
