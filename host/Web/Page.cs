using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Glm5.Host.Access;
using Microsoft.Net.Http.Headers;

namespace Glm5.Host.Web;

/// <summary>The chat page: the files beside this one, carried inside the program and served from memory.</summary>
internal static class Page
{
    /// <summary>Resources of the page are named by this and their file's name.</summary>
    private const string Prefix = "page/";

    private const string FirstFile = "index.html";

    /// <summary>
    /// The page loads nothing but its own files, talks to its own server alone, and is shown in nobody's frame. Trusted
    /// types without any policy make the browser refuse to turn text into markup, so the page cannot do it by mistake.
    /// </summary>
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private static readonly string[] s_readMethods = [HttpMethods.Get, HttpMethods.Head];

    private static readonly FrozenDictionary<string, string> s_types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    /// <summary>Maps <c>/</c> and the files it names.</summary>
    public static void MapPage(this IEndpointRouteBuilder routes)
    {
        Assembly program = typeof(Page).Assembly;
        foreach (string name in program.GetManifestResourceNames())
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal))
                continue;
            string file = name[Prefix.Length..];
            PageFile served = Read(program, name, s_types[Path.GetExtension(file)]);
            OpenPath.Mark(routes.MapMethods(
                file == FirstFile ? "/" : $"/{file}", s_readMethods, http => AnswerAsync(http, served)));
        }
    }

    private static PageFile Read(Assembly program, string name, string type)
    {
        using Stream stream = program.GetManifestResourceStream(name)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        string tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8))}\"";
        return new PageFile(content, type, new EntityTagHeaderValue(tag));
    }

    private static Task AnswerAsync(HttpContext http, PageFile file)
    {
        HttpResponse response = http.Response;
        response.Headers.ETag = file.Tag.ToString();
        response.Headers.CacheControl = "no-cache"; // Asked for each time; 304 answers while it is the same.
        response.Headers.ContentSecurityPolicy = ContentPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (IsKnown(http.Request, file.Tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        response.ContentType = file.Type;
        response.ContentLength = file.Content.Length;
        return HttpMethods.IsHead(http.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(file.Content, http.RequestAborted).AsTask();
    }

    private static bool IsKnown(HttpRequest request, EntityTagHeaderValue tag)
    {
        foreach (EntityTagHeaderValue known in request.GetTypedHeaders().IfNoneMatch)
        {
            if (known.Compare(tag, useStrongComparison: false) || known.Equals(EntityTagHeaderValue.Any))
                return true;
        }

        return false;
    }

    private sealed record PageFile(byte[] Content, string Type, EntityTagHeaderValue Tag);
}
