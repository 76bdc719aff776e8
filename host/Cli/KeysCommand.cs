using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Glm5.Host.Access;
using Glm5.Host.Hub;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Glm5.Host.Cli;

/// <summary>
/// <c>glm5 keys</c>: the file of keys that <c>serve --api-key-file</c> reads. A new key is told once, on standard output
/// alone; the file keeps its digest.
/// </summary>
internal sealed class KeysCommand
{
    private readonly Argument<string> _name = new("name") { Description = "What the log and the metrics call the key" };

    private readonly Option<string> _file = new("--file")
    {
        Description = "The file of keys",
        HelpName = "file",
        Required = true,
    };

    private readonly Option<int> _requests = WholeNumber.Option(
        "--max-requests", "Requests that it may have in flight [default: what the server says]", 1, int.MaxValue, 0);

    private readonly Option<int> _tokens = WholeNumber.Option(
        "--tokens-per-minute", "Tokens of prompts and answers that it may use a minute [default: what the server says]",
        1, int.MaxValue, 0);

    private readonly Option<int> _weight = WholeNumber.Option(
        "--weight", "Its share of tokens where keys wait for each other", 1, KeyFile.MaxWeight, 1);

    private readonly Option<bool> _stdin = new("--stdin")
    {
        Description = "Take the key from standard input instead of making one",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON for programs" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var keys = new KeysCommand();
        Command add = new("add", "Make a key and print it, once: the file keeps only its digest")
        {
            keys._name, keys._file, keys._requests, keys._tokens, keys._weight, keys._stdin, keys._json,
        };
        add.SetAction((line, cancel) => GuardAsync(() => keys.AddAsync(line, cancel)));
        Command list = new("list", "Show the names and limits of a file's keys") { keys._file, keys._json };
        list.SetAction((line, _) => GuardAsync(() => Task.FromResult(keys.List(line))));
        Command remove = new("remove", "Take a key away; servers notice within seconds") { keys._name, keys._file };
        remove.SetAction((line, cancel) => GuardAsync(() => keys.RemoveAsync(line, cancel)));
        return new Command("keys", "Make, list and remove the keys of a file that serve --api-key-file reads")
        {
            add, list, remove,
        };
    }

    private static async Task<int> GuardAsync(Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (AccessException exception)
        {
            return Say.Error(exception.Message, ExitCode.Usage);
        }
    }

    private async Task<int> AddAsync(ParseResult line, CancellationToken cancel)
    {
        string name = line.GetRequiredValue(_name), path = line.GetRequiredValue(_file);
        if (!ApiKey.IsName(name))
            throw new AccessException($"'{name}' is no name for a key; expected up to 64 letters, digits and . _ @ -");
        string secret = line.GetValue(_stdin) ? await ReadSecretAsync(cancel) : ApiKey.NewSecret();
        using FileLock alone = await LockAsync(path, cancel);
        IReadOnlyList<ApiKey> keys = File.Exists(path) ? KeyFile.Read(path) : [];
        if (keys.Any(key => key.Name == name))
            throw new AccessException($"{path} has a key called {name}; remove it first, or choose another name");
        var key = new ApiKey(name, ApiKey.DigestOf(secret))
        {
            Created = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()),
            Limits = new KeyLimits(Bound(line.GetValue(_requests)), Bound(line.GetValue(_tokens))),
            Weight = line.GetValue(_weight),
        };
        KeyFile.Write(path, keys.Append(key));
        if (line.GetValue(_json))
            Console.Out.WriteLine(JsonSerializer.Serialize(new MadeKey(name, secret), KeysJson.Default.MadeKey));
        else if (!line.GetValue(_stdin))
            Console.Out.WriteLine(secret);
        if (!Console.IsOutputRedirected)
            Console.Error.WriteLine($"The key of {name} is shown this once; {path} keeps its digest.");
        return ExitCode.Done;
    }

    private int List(ParseResult line)
    {
        IReadOnlyList<ApiKey> keys = KeyFile.Read(line.GetRequiredValue(_file));
        if (line.GetValue(_json))
        {
            ListedKey[] listed = [.. keys.Select(key => new ListedKey(
                key.Name, key.Created, key.Limits.MaxRequests, key.Limits.TokensPerMinute, key.Weight))];
            Console.Out.WriteLine(JsonSerializer.Serialize(listed, KeysJson.Default.ListedKeyArray));
            return ExitCode.Done;
        }

        Table table = new Table().Border(TableBorder.Rounded)
            .AddColumns("name", "made", "requests in flight", "tokens a minute", "weight");
        foreach (ApiKey key in keys)
        {
            table.AddRow(
                new Text(key.Name), new Text(key.Created?.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) ?? ""),
                new Text(Words(key.Limits.MaxRequests)), new Text(Words(key.Limits.TokensPerMinute)), new Text($"{key.Weight}"));
        }

        AnsiConsole.Write(table);
        return ExitCode.Done;
    }

    private async Task<int> RemoveAsync(ParseResult line, CancellationToken cancel)
    {
        string name = line.GetRequiredValue(_name), path = line.GetRequiredValue(_file);
        using FileLock alone = await LockAsync(path, cancel);
        IReadOnlyList<ApiKey> keys = KeyFile.Read(path);
        if (keys.All(key => key.Name != name))
            throw new AccessException($"{path} has no key called {name}; it has {string.Join(", ", keys.Select(key => key.Name))}");
        KeyFile.Write(path, keys.Where(key => key.Name != name));
        return ExitCode.Done;
    }

    private static async Task<string> ReadSecretAsync(CancellationToken cancel)
    {
        string secret = (await Console.In.ReadLineAsync(cancel))?.Trim() ?? "";
        if (secret.Length is < ApiKey.Shortest or > ApiKey.Longest || secret.Any(c => c is <= ' ' or > '~'))
        {
            throw new AccessException(
                $"the key on standard input has {secret.Length} characters; expected {ApiKey.Shortest} to {ApiKey.Longest} of "
                + "ASCII without spaces, and hard to guess: the file keeps a plain digest");
        }

        return secret;
    }

    /// <summary>One change of the file at a time.</summary>
    private static async Task<FileLock> LockAsync(string path, CancellationToken cancel)
    {
        try
        {
            return await FileLock.TakeAsync(Path.GetFullPath(path) + ".lock", NullLogger.Instance, TimeProvider.System, cancel);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AccessException($"{path} cannot be changed: {exception.Message}", exception);
        }
    }

    private static int? Bound(int given) => given > 0 ? given : null;

    private static string Words(int? limit) => limit?.ToString("N0", CultureInfo.InvariantCulture) ?? "the server's";
}

/// <summary>What <c>glm5 keys add --json</c> prints.</summary>
internal sealed record MadeKey(string Name, string Key);

/// <summary>One of those that <c>glm5 keys list --json</c> prints; what is null is the server's to say.</summary>
internal sealed record ListedKey(
    string Name, DateTimeOffset? Created, int? MaxRequests, int? TokensPerMinute, int Weight);

/// <summary>Their serialisation.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(MadeKey))]
[JsonSerializable(typeof(ListedKey[]))]
internal sealed partial class KeysJson : JsonSerializerContext;
