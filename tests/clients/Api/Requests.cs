using System.Net;
using System.Text;
using System.Text.Json;

namespace Glm5.Tests.Clients.Api;

/// <summary>Plain HTTP to a server under test.</summary>
internal static class Requests
{
    /// <summary>Posts JSON text and returns status and body.</summary>
    public static Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(
        this RunningServer server, string path, string json) =>
        server.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));

    /// <summary>Posts any content.</summary>
    public static async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(
        this RunningServer server, string path, HttpContent content)
    {
        using HttpResponseMessage response = await server.Http.PostAsync(path, content);
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }

    /// <summary>Posts JSON text that must succeed, and returns the answer.</summary>
    public static async Task<JsonElement> AnswerAsync(this RunningServer server, string path, string json)
    {
        (HttpStatusCode status, JsonElement body) = await server.PostAsync(path, json);
        Assert.AreEqual(HttpStatusCode.OK, status, body.ToString());
        return body;
    }

    /// <summary>
    /// Posts JSON text that asks for a stream, and returns its events; the last must be [DONE], which is left out.
    /// </summary>
    public static async Task<List<JsonElement>> EventsAsync(this RunningServer server, string path, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        using HttpResponseMessage response = await server.Http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead);
        string all = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, all);
        Assert.AreEqual("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith("\n\n", all);
        string[] events = all[..^2].Split("\n\n");
        Assert.AreEqual("data: [DONE]", events[^1]);
        foreach (string line in events)
            Assert.StartsWith("data: ", line);
        return [.. events[..^1].Select(line => JsonElement.Parse(line["data: ".Length..]))];
    }

    /// <summary>An object's field, a path of names and indices.</summary>
    public static JsonElement At(this JsonElement element, params object[] path)
    {
        foreach (object step in path)
            element = step is int index ? element[index] : element.GetProperty((string)step);
        return element;
    }

    /// <summary>Token ids in an array.</summary>
    public static int[] Ids(this JsonElement element) => [.. element.EnumerateArray().Select(id => id.GetInt32())];
}
