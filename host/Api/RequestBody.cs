using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace Glm5.Host.Api;

/// <summary>
/// A request's body as JSON, read within bounds: size, UTF-8, depth, one value for each name, and no half characters.
/// Its elements live until it is disposed.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    /// <summary>What a request may hold by having been announced: the rest is taken as it arrives.</summary>
    private const int FirstRead = 16 * 1024;

    /// <summary>How deeply JSON may be nested.</summary>
    public const int Depth = 64;


    private readonly BodyBudget _budget;
    private byte[] _bytes = [];
    private JsonDocument? _document;

    private RequestBody(BodyBudget budget) => _budget = budget;

    /// <summary>The body's object.</summary>
    public JsonElement Root => _document!.RootElement;

    /// <summary>Reads and checks the body.</summary>
    /// <exception cref="ApiException">413 when it is too large, 415 when it is not JSON by name, 400 when it is not
    /// JSON in fact.</exception>
    public static async Task<RequestBody> ReadAsync(HttpContext http)
    {
        RequireJson(http.Request);
        var body = new RequestBody(http.RequestServices.GetRequiredService<BodyBudget>());
        try
        {
            int length = await body.FillAsync(http.Request, http.RequestAborted);
            body._document = Parse(body._bytes.AsMemory(0, length));
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _document?.Dispose();
        Hold([]);
    }

    /// <summary>Checks and parses bytes; what <see cref="ReadAsync"/> does once it has them.</summary>
    internal static JsonDocument Parse(ReadOnlyMemory<byte> json, int depth = Depth)
    {
        if (json.IsEmpty)
            throw new ApiException(StatusCodes.Status400BadRequest, "the request has no body; expected a JSON object");
        if (!Utf8.IsValid(json.Span))
        {
            throw new ApiException(
                StatusCodes.Status400BadRequest,
                $"the body is not UTF-8: the byte at {FirstInvalidByte(json.Span)} begins no character");
        }

        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(
                json, new JsonDocumentOptions { MaxDepth = depth, AllowDuplicateProperties = false });
            RequireWholeCharacters(json.Span);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ApiException(
                    StatusCodes.Status400BadRequest,
                    $"the body is {JsonWords.Kind(document.RootElement)}; expected a JSON object");
            }

            return document;
        }
        catch (JsonException exception)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, Describe(exception));
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair in a name, which the search for duplicates trips over.
            RequireWholeCharacters(json.Span);
            throw;
        }
        catch (ApiException)
        {
            document?.Dispose();
            throw;
        }
    }

    // The reader's own sentence, without its advice about options, which clients do not have.
    private static string Describe(JsonException exception)
    {
        string sentence = exception.Message.Split(" LineNumber:")[0]
            .Replace(" Change the reader options.", "", StringComparison.Ordinal);
        return $"the body is not valid JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}: "
            + sentence;
    }

    private static void RequireJson(HttpRequest request)
    {
        // Asked for always: pages of other sites can send everything else without asking.
        if (!request.HasJsonContentType())
        {
            throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType,
                $"Content-Type is {request.ContentType ?? "missing"}; expected application/json")
            {
                Code = "unsupported_media_type",
            };
        }
    }

    private async Task<int> FillAsync(HttpRequest request, CancellationToken cancel)
    {
        long limit = _budget.MaxBody;
        if (request.ContentLength > limit)
            throw TooLarge($"{request.ContentLength:N0} bytes");
        int length = 0;
        while (length != request.ContentLength)
        {
            if (length == _bytes.Length)
                Grow(length);
            int read = await ReadSomeAsync(request, _bytes.AsMemory(length), cancel);
            if (read == 0)
                return length;
            length += read;
            if (length > limit)
                throw TooLarge("more");
        }

        return length;
    }

    // A chunk's size may be written so that it fits no number, which the server below does not take for a bad request.
    private static async ValueTask<int> ReadSomeAsync(HttpRequest request, Memory<byte> into, CancellationToken cancel)
    {
        try
        {
            return await request.Body.ReadAsync(into, cancel);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException && !cancel.IsCancellationRequested)
        {
            throw new ApiException(
                StatusCodes.Status400BadRequest, "the body's framing is broken: its chunks or its length are not what they say");
        }
    }

    private ApiException TooLarge(string got) => new(
        StatusCodes.Status413PayloadTooLarge,
        $"the request body has {got}; this server takes at most {_budget.MaxBody:N0} bytes (--max-body-mb)")
    {
        Code = "request_too_large",
    };

    // Doubles what is held: it follows the bytes that have arrived, not those that were announced. What counts is what the
    // pool handed out, which may be more than was asked for.
    private void Grow(int keep)
    {
        long size = Math.Max(FirstRead, Math.Min(2L * keep, _budget.MaxBody + 1));
        byte[] grown = ArrayPool<byte>.Shared.Rent((int)size);
        try
        {
            _budget.Take(grown.Length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(grown);
            throw;
        }

        _bytes.AsSpan(0, keep).CopyTo(grown);
        Hold(grown);
    }

    private void Hold(byte[] bytes)
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _budget.Return(_bytes.Length);
        _bytes = bytes;
    }

    private static int FirstInvalidByte(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (System.Text.Rune.DecodeFromUtf8(bytes[at..], out _, out int consumed) == OperationStatus.Done)
            at += consumed;
        return at;
    }

    // JSON can spell half of a surrogate pair, "\ud83d" alone. No text can hold it, so it is refused here, once for all
    // fields.
    private static void RequireWholeCharacters(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Depth });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped)
                continue;
            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException)
            {
                throw new ApiException(
                    StatusCodes.Status400BadRequest,
                    $"the string at byte {reader.TokenStartIndex} holds half of a surrogate pair (\\ud800 to \\udfff); "
                    + "write both halves or the character itself");
            }
        }
    }
}
