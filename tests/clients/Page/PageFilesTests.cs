using System.Net;
using System.Text.RegularExpressions;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Page;

/// <summary>How the page's files are served; no browser needed.</summary>
[TestClass]
public sealed partial class PageFilesTests
{
    private static RunningServer _server = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) => _server = await SharedServer.Server;

    [TestMethod]
    [DataRow("/", "text/html")]
    [DataRow("/chat.js", "text/javascript")]
    [DataRow("/chat.css", "text/css")]
    [DataRow("/icon.svg", "image/svg+xml")]
    public async Task A_file_has_its_type_and_the_strict_headers(string path, string type)
    {
        using HttpResponseMessage response = await _server.Http.GetAsync(path);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual(type, response.Content.Headers.ContentType!.MediaType);
        Assert.AreEqual("nosniff", Header(response, "X-Content-Type-Options"));
        string policy = Header(response, "Content-Security-Policy");
        Assert.StartsWith("default-src 'none'", policy);
        foreach (string loose in new[] { "unsafe-inline", "unsafe-eval", "http:", "https:", "*", "data:" })
            Assert.DoesNotContain(loose, policy);
    }

    [TestMethod]
    public async Task A_known_file_is_not_sent_again()
    {
        using HttpResponseMessage first = await _server.Http.GetAsync("/chat.js");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/chat.js");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using HttpResponseMessage second = await _server.Http.SendAsync(again);
        Assert.AreEqual(HttpStatusCode.NotModified, second.StatusCode);
        Assert.AreEqual(first.Headers.ETag, second.Headers.ETag);
        Assert.IsEmpty(await second.Content.ReadAsByteArrayAsync());
    }

    [TestMethod]
    public async Task Head_answers_with_the_length_alone()
    {
        using HttpResponseMessage head = await _server.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/"));
        byte[] whole = await _server.Http.GetByteArrayAsync("/");
        Assert.AreEqual(whole.Length, head.Content.Headers.ContentLength);
        Assert.IsEmpty(await head.Content.ReadAsByteArrayAsync());
    }

    [TestMethod]
    public async Task Everything_the_page_names_is_there_and_nothing_comes_from_elsewhere()
    {
        var seen = new HashSet<string>();
        var open = new Queue<string>(["/"]);
        while (open.TryDequeue(out string? path))
        {
            if (!seen.Add(path))
                continue;
            using HttpResponseMessage response = await _server.Http.GetAsync(path);
            Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, path);
            string text = await response.Content.ReadAsStringAsync();
            Assert.DoesNotContain("innerHTML", text, path);
            foreach (Match named in NamedFile().Matches(text))
                open.Enqueue($"/{named.Groups[1].Value}");
        }

        Assert.IsGreaterThan(8, seen.Count);
    }

    [TestMethod]
    public async Task A_path_that_is_no_file_of_the_page_is_not_found()
    {
        foreach (string path in new[] { "/index.html", "/Page.cs", "/..%2fPage.cs", "/chat" })
        {
            using HttpResponseMessage response = await _server.Http.GetAsync(path);
            Assert.AreEqual(HttpStatusCode.NotFound, response.StatusCode, path);
        }
    }

    private static string Header(HttpResponseMessage response, string name) => string.Join(", ", response.Headers.GetValues(name));

    /// <summary>A file in src, href or import.</summary>
    [GeneratedRegex("""(?:src="|href="|from '\./)([\w-]+\.(?:js|css|svg))""")]
    private static partial Regex NamedFile();
}
