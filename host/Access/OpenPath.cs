namespace Glm5.Host.Access;

/// <summary>Marks an endpoint that asks for no key: what is not marked does.</summary>
internal sealed class OpenPath
{
    private static readonly OpenPath s_mark = new();

    private OpenPath()
    {
    }

    /// <summary>True where the endpoint that routing has chosen is open, and where it has chosen none.</summary>
    public static bool Is(HttpContext http) =>
        http.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<OpenPath>() is not null;

    /// <summary>Opens an endpoint.</summary>
    public static void Mark(IEndpointConventionBuilder endpoint) => endpoint.WithMetadata(s_mark);
}
