using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Glm5.Tests.Clients.Hub;

/// <summary>One request that the stand-in saw.</summary>
internal sealed record SeenRequest(
    string Host, string Path, string? Authorization, string? Cookie, string? Range, string? IfRange);

/// <summary>How the bytes of one answer are spoilt.</summary>
/// <param name="CutAfter">The connection is cut after so many bytes.</param>
/// <param name="StallAfter">Nothing comes after so many bytes, and the connection stays.</param>
/// <param name="Corrupt">One byte is another.</param>
internal readonly record struct Spoilt(int? CutAfter = null, int? StallAfter = null, bool Corrupt = false);

/// <summary>
/// A hub in this process on a free port: both APIs, bytes by way of a redirect to another host name (as the real ones
/// have it), ranges, entity tags, and faults to order.
/// </summary>
internal sealed class StandInHub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<SeenRequest> _seen = new();

    private StandInHub(WebApplication app, PublishedModel model) => (_app, Model) = (app, model);

    public PublishedModel Model { get; }

    /// <summary>The hub's own address; the bytes are at another host name with the same port.</summary>
    public Uri Address { get; private set; } = null!;

    public SeenRequest[] Seen => [.. _seen];

    /// <summary>Answers in place of the hub: returns true when it did.</summary>
    public Func<HttpContext, Task<bool>> Instead { get; set; } = _ => Task.FromResult(false);

    /// <summary>Spoils an answer with a file's bytes: name, first byte.</summary>
    public Func<string, long, Spoilt> Spoil { get; set; } = (_, _) => default;

    /// <summary>The strong entity tag of a file; empty for none.</summary>
    public Func<string, string> TagOf { get; set; } = name => $"\"{name}\"";

    /// <summary>The bytes sent for a file now.</summary>
    public Func<string, byte[]>? BytesOf { get; set; }

    /// <summary>Whether ranges are heeded.</summary>
    public bool KnowsRanges { get; set; } = true;

    /// <summary>Changes the list of files before it is sent.</summary>
    public Action<JsonNode> ChangeListing { get; set; } = _ => { };

    public static async Task<StandInHub> StartAsync(PublishedModel? model = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        StandInHub hub = new(builder.Build(), model ?? new PublishedModel());
        hub._app.Run(hub.AnswerAsync);
        await hub._app.StartAsync();
        hub.Address = new Uri(hub._app.Urls.First() + "/");
        return hub;
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(50));
        await _app.StopAsync(soon.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        IHeaderDictionary asked = http.Request.Headers;
        string path = http.Request.Path.Value!;
        string host = http.Request.Host.Host;
        _seen.Enqueue(new SeenRequest(host, path, asked.Authorization, asked.Cookie, asked.Range, asked.IfRange));
        if (await Instead(http))
            return;
        if (path.StartsWith("/api/models/org/name/revision/", StringComparison.Ordinal))
            await SendAsync(http, HuggingFaceListing());
        else if (path == "/api/v1/models/org/name/repo/files")
            await SendAsync(http, ModelScopeListing());
        else if (path.StartsWith($"/org/name/resolve/{Model.Commit}/", StringComparison.Ordinal))
            http.Response.Redirect($"http://localhost:{Address.Port}/cdn/{path[(path.LastIndexOf('/') + 1)..]}");
        else if (path == "/api/v1/models/org/name/repo")
            http.Response.Redirect($"http://localhost:{Address.Port}/cdn/{http.Request.Query["FilePath"]}");
        else if (path.StartsWith("/cdn/", StringComparison.Ordinal) && Model.Files.ContainsKey(path[5..]))
            await SendFileAsync(http, path[5..]);
        else
            http.Response.StatusCode = 404;
    }

    private JsonObject HuggingFaceListing() => new()
    {
        ["id"] = "org/name",
        ["sha"] = Model.Commit,
        ["siblings"] = new JsonArray([.. Model.Files.Keys.Select(Sibling)]),
    };

    private JsonNode Sibling(string name)
    {
        int size = Model.Files[name].Length;
        string digest = Model.DigestOf(name);
        if (!PublishedModel.IsLarge(name))
            return new JsonObject { ["rfilename"] = name, ["size"] = size, ["blobId"] = digest };
        JsonObject stored = new() { ["sha256"] = digest, ["size"] = size, ["pointerSize"] = 134 };
        string pointer = new('0', 40);
        return new JsonObject { ["rfilename"] = name, ["size"] = size, ["blobId"] = pointer, ["lfs"] = stored };
    }

    private JsonObject ModelScopeListing() => new()
    {
        ["Code"] = 200,
        ["Success"] = true,
        ["Data"] = new JsonObject
        {
            ["Files"] = new JsonArray([
                new JsonObject { ["Path"] = "figures", ["Type"] = "tree", ["Size"] = 0 },
                .. Model.Files.Select(file => (JsonNode)new JsonObject
                {
                    ["Path"] = file.Key,
                    ["Type"] = "blob",
                    ["Size"] = file.Value.Length,
                    ["Sha256"] = Convert.ToHexStringLower(SHA256.HashData(file.Value)),
                }),
            ]),
        },
    };

    private async Task SendAsync(HttpContext http, JsonNode listing)
    {
        ChangeListing(listing);
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(listing.ToJsonString(JsonSerializerOptions.Default));
    }

    private async Task SendFileAsync(HttpContext http, string name)
    {
        byte[] bytes = BytesOf?.Invoke(name) ?? Model.Files[name];
        string tag = TagOf(name);
        string ifRange = http.Request.Headers.IfRange.ToString(), range = http.Request.Headers.Range.ToString();
        (long from, long to) = (0, bytes.Length - 1);
        if (KnowsRanges && range.Length > 0 && (ifRange.Length == 0 || ifRange == tag))
        {
            string[] ends = range["bytes=".Length..].Split('-');
            (from, to) = (long.Parse(ends[0]), Math.Min(long.Parse(ends[1]), bytes.Length - 1));
            http.Response.StatusCode = 206;
            http.Response.Headers.ContentRange = $"bytes {from}-{to}/{bytes.Length}";
        }

        if (tag.Length > 0)
            http.Response.Headers.ETag = tag;
        Spoilt spoilt = Spoil(name, from);
        byte[] body = bytes[(int)from..(int)(to + 1)];
        if (spoilt.Corrupt)
            body[body.Length / 2] ^= 0x10;
        http.Response.ContentLength = body.Length;
        int sent = Math.Min(spoilt.CutAfter ?? spoilt.StallAfter ?? body.Length, body.Length);
        await http.Response.Body.WriteAsync(body.AsMemory(0, sent));
        await http.Response.Body.FlushAsync();
        if (spoilt.StallAfter is not null)
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        else if (sent < body.Length)
            http.Abort();
    }
}
