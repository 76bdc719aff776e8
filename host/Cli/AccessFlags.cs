using System.CommandLine;
using System.Text.Json;
using Glm5.Host.Access;
using Glm5.Host.Cli.Flags;
using Glm5.Host.Serving;

namespace Glm5.Host.Cli;

/// <summary>The flags that say who may ask: keys and what each may use, pages of other origins, TLS.</summary>
internal sealed class AccessFlags
{
    private readonly Option<string[]> _keys = new("--api-key")
    {
        Description = "Key that requests must carry; repeat it for more. Others on this machine cannot read it from GLM5_API_KEY",
    };

    private readonly Option<string?> _keyFile = new("--api-key-file")
    {
        Description = "File of keys that 'glm5 keys' has made; read again when it changes",
        HelpName = "file",
    };

    private readonly Option<int> _requests = WholeNumber.Option(
        "--max-requests-per-key", "Requests that a key may have in flight [default: any number]", 1, int.MaxValue, 0);

    private readonly Option<int> _tokens = WholeNumber.Option(
        "--tokens-per-minute-per-key", "Tokens of prompts and answers that a key may use a minute [default: any number]",
        1, int.MaxValue, 0);

    private readonly Option<string[]> _origins = new("--allowed-origin")
    {
        Description = "Origin of web pages elsewhere that may send requests, as in https://chat.example, or *; repeat it for more",
    };

    private readonly Option<string?> _certificate = new("--ssl-certfile")
    {
        Description = "PEM file of the server's certificate and those that signed it: https; read again when it changes",
        HelpName = "file",
    };

    private readonly Option<string?> _certificateKey = new("--ssl-keyfile")
    {
        Description = "PEM file of its key [default: the certificate's file]",
        HelpName = "file",
    };

    /// <summary>Adds the flags to a command.</summary>
    public void AddTo(LayeredCommand command)
    {
        command.Add(new FlagGroup(
            "Who may ask", _keys, _keyFile, _requests, _tokens, _origins, _certificate, _certificateKey));
        command.Validators.Add(result =>
        {
            if (result.GetResult(_keys)?.Tokens.Any(key => string.IsNullOrWhiteSpace(key.Value)) == true)
                result.AddError("an API key is empty (--api-key or GLM5_API_KEY); give one, or neither for a server without");
            bool hasKeys = result.GetResult(_keys) is { Tokens.Count: > 0 } || result.GetValue(_keyFile) is not null;
            if (!hasKeys && (result.GetValue(_requests) > 0 || result.GetValue(_tokens) > 0))
                result.AddError("limits of keys are for servers with keys: say --api-key-file or --api-key, or leave the limits out");
            if (result.GetValue(_certificate) is null && result.GetValue(_certificateKey) is not null)
                result.AddError("--ssl-keyfile is the key of a certificate; name that with --ssl-certfile");
        });
        command.Validators.Add(result =>
        {
            foreach (string origin in Origins(result.GetValue(_origins)).Where(origin => !IsOrigin(origin)))
                result.AddError($"--allowed-origin is '{origin}'; expected scheme and host as in https://chat.example, or *");
        });
    }

    /// <summary>The same options with what a line says of access.</summary>
    public ServeOptions Read(ParseResult line, ServeOptions options) => options with
    {
        ApiKeys = line.GetValue(_keys) ?? [],
        ApiKeyFile = line.GetValue(_keyFile),
        KeyLimits = new KeyLimits(Bound(line.GetValue(_requests)), Bound(line.GetValue(_tokens))),
        AllowedOrigins = [.. Origins(line.GetValue(_origins))],
        Certificate = line.GetValue(_certificate) is { } certificate
            ? new CertificateFiles(certificate, line.GetValue(_certificateKey))
            : null,
    };

    private static int? Bound(int given) => given > 0 ? given : null;

    /// <summary>One by one, or a list in JSON, which is vLLM's form.</summary>
    private static IEnumerable<string> Origins(string[]? words) => (words ?? []).SelectMany(word =>
    {
        if (!word.StartsWith('['))
            return [word];
        try
        {
            using JsonDocument list = JsonDocument.Parse(word);
            return [.. list.RootElement.EnumerateArray().Select(origin => origin.GetString() ?? "")];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return new[] { word };
        }
    });

    private static bool IsOrigin(string origin) => origin == "*"
        || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            && uri.GetLeftPart(UriPartial.Authority).Equals(origin, StringComparison.OrdinalIgnoreCase));
}
