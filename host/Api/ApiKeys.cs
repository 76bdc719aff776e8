using System.Security.Cryptography;
using System.Text;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// Asks for a key where the server has keys. Compared as digests in constant time, so that nothing of a key can be
/// measured.
/// </summary>
internal sealed class ApiKeys(ServeOptions options)
{
    private readonly byte[][] _digests = [.. options.ApiKeys.Select(Digest)];

    /// <summary>
    /// Refuses a request of the API that carries no valid key. Health, metrics, version and page stay open.
    /// </summary>
    public void Check(HttpRequest request)
    {
        if (_digests.Length == 0 || IsOpen(request.Path))
            return;
        (string? key, string name) = Read(request);
        if (key is null)
        {
            throw Refusal("this server asks for a key: send the header Authorization: Bearer <key>, or x-api-key: <key>");
        }

        if (!IsKnown(Digest(key)))
            throw Refusal($"the key in the header {name} is not one of this server's");
    }

    // Anthropic's clients have a header of their own.
    private static (string? Key, string Header) Read(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return (header["Bearer ".Length..].Trim(), "Authorization");
        string key = request.Headers["x-api-key"].ToString();
        return (key.Length > 0 ? key.Trim() : null, "x-api-key");
    }

    private static bool IsOpen(PathString path) =>
        !path.StartsWithSegments("/v1") && !path.StartsWithSegments("/tokenize")
            && !path.StartsWithSegments("/detokenize") && !path.StartsWithSegments("/parse_function_call")
            && !path.StartsWithSegments("/separate_reasoning");

    private bool IsKnown(byte[] digest)
    {
        bool known = false;
        foreach (byte[] accepted in _digests)
            known |= CryptographicOperations.FixedTimeEquals(accepted, digest);
        return known;
    }

    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static ApiException Refusal(string message) =>
        new(StatusCodes.Status401Unauthorized, message) { Code = "invalid_api_key" };
}
