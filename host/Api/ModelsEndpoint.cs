using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// <c>GET /v1/models</c> and <c>/v1/models/{id}</c>: the served names, known before the model is loaded.
/// </summary>
internal static class ModelsEndpoint
{
    public static Task ListAsync(HttpContext http)
    {
        ServedModel model = http.RequestServices.GetRequiredService<ServedModel>();
        return http.Response.WriteAsJsonAsync(
            new ModelList("list", [.. model.Names.Select(name => Entry(model, name))]), WireJson.Readable.ModelList);
    }

    public static Task FindAsync(HttpContext http)
    {
        ServedModel model = http.RequestServices.GetRequiredService<ServedModel>();
        string name = (string)http.Request.RouteValues["id"]!;
        RequireServed(model, name);
        return http.Response.WriteAsJsonAsync(Entry(model, name), WireJson.Readable.ModelEntry);
    }

    /// <summary>Refuses a name that is not served, with the list of those that are.</summary>
    public static void RequireServed(ServedModel model, string name)
    {
        if (!model.Names.Contains(name, StringComparer.Ordinal))
        {
            throw new ApiException(
                StatusCodes.Status404NotFound,
                $"the model '{name}' is not served here; served: {string.Join(", ", model.Names)}")
            {
                Param = "model",
                Code = "model_not_found",
            };
        }
    }

    private static ModelEntry Entry(ServedModel model, string name) => new(
        name, "model", model.Created.ToUnixTimeSeconds(), "glm5", model.Names[0],
        model.TryGetReady(out ReadyModel? ready) ? ready.Model.ContextLength : null);
}
