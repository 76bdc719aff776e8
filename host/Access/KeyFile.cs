using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glm5.Host.Access;

/// <summary>
/// The file of keys: JSON with a name, a digest and limits for each. Who reads it cannot ask with it; who writes it can
/// let people in.
/// </summary>
internal static class KeyFile
{
    private const long MostBytes = 16 << 20;
    private const string Hint = "'glm5 keys add' makes one";

    /// <summary>The largest weight.</summary>
    public const int MaxWeight = 10_000;

    /// <summary>Reads every key.</summary>
    /// <exception cref="AccessException">The file is not there, or not what it should be; the message names the entry.</exception>
    public static IReadOnlyList<ApiKey> Read(string path)
    {
        KeyEntries file = Parse(path, ReadBytes(path));
        var keys = new List<ApiKey>(file.Keys.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < file.Keys.Count; i++)
        {
            ApiKey key = Check(file.Keys[i], $"{path}: keys[{i}]");
            if (!names.Add(key.Name))
                throw new AccessException($"{path}: keys[{i}]: the name {key.Name} is there twice; give each key its own");
            keys.Add(key);
        }

        return keys;
    }

    /// <summary>Replaces the file as a whole, readable by its owner alone.</summary>
    /// <exception cref="AccessException">It cannot be written.</exception>
    public static void Write(string path, IEnumerable<ApiKey> keys)
    {
        FileSystemInfo? linked = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true) : null;
        string target = linked?.FullName ?? Path.GetFullPath(path);
        string fresh = $"{target}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.new";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var file = new FileStream(fresh, options))
            {
                JsonSerializer.Serialize(file, new KeyEntries { Keys = [.. keys.Select(Entry)] }, KeyJson.Default.KeyEntries);
                file.WriteByte((byte)'\n');
                file.Flush(flushToDisk: true);
            }

            // Who could read it before still can: a server may run as somebody else.
            if (!OperatingSystem.IsWindows() && File.Exists(target))
                File.SetUnixFileMode(fresh, File.GetUnixFileMode(target));
            File.Move(fresh, target, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(fresh))
                File.Delete(fresh);
            throw new AccessException($"{path} cannot be written: {exception.Message}", exception);
        }
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            long length = new FileInfo(path) is { Exists: true } file ? file.Length : 0;
            if (length > MostBytes)
                throw new AccessException($"{path} has {length:N0} bytes; a file of keys has at most {MostBytes:N0}");
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new AccessException($"there is no file {path}; {Hint}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AccessException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    private static KeyEntries Parse(string path, byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, KeyJson.Default.KeyEntries)
                ?? throw new AccessException($"{path} holds null; expected {{\"keys\": [...]}}; {Hint}");
        }
        catch (JsonException exception)
        {
            string where = exception.Path is { Length: > 1 } at ? $" at {at[2..]}" : "";
            string line = exception.LineNumber is { } number ? $", line {number + 1}" : "";
            throw new AccessException($"{path} is not a file of keys{where}{line}; {Hint}", exception);
        }
    }

    private static ApiKey Check(KeyEntry entry, string where)
    {
        if (entry is not { Name: { } name, Sha256: { } digest })
            throw new AccessException($"{where} has no name or no sha256; {Hint}");
        if (!ApiKey.IsName(name))
            throw new AccessException($"{where}: the name has to be up to 64 letters, digits and . _ @ -");
        if (digest.Length != 64 || !digest.All(char.IsAsciiHexDigit))
            throw new AccessException($"{where}: sha256 of {name} has to be 64 hexadecimal digits");
        Require(entry.MaxRequests, int.MaxValue, $"{where}: max_requests of {name}");
        Require(entry.TokensPerMinute, int.MaxValue, $"{where}: tokens_per_minute of {name}");
        Require(entry.Weight, MaxWeight, $"{where}: weight of {name}");
        return new ApiKey(name, Convert.FromHexString(digest))
        {
            Created = entry.Created,
            Limits = new KeyLimits(entry.MaxRequests, entry.TokensPerMinute),
            Weight = entry.Weight ?? 1,
        };
    }

    private static void Require(int? value, int most, string what)
    {
        if (value is < 1 || value > most)
        {
            string bounds = most == int.MaxValue ? "at least 1" : string.Create(CultureInfo.InvariantCulture, $"1 to {most}");
            throw new AccessException($"{what} is {value}; expected {bounds}");
        }
    }

    private static KeyEntry Entry(ApiKey key) => new()
    {
        Name = key.Name,
        Sha256 = Convert.ToHexStringLower(key.Digest.Span),
        Created = key.Created,
        MaxRequests = key.Limits.MaxRequests,
        TokensPerMinute = key.Limits.TokensPerMinute,
        Weight = key.Weight == 1 ? null : key.Weight,
    };
}

/// <summary>The file as JSON.</summary>
internal sealed record KeyEntries
{
    public required IReadOnlyList<KeyEntry> Keys { get; init; }
}

/// <summary>One key as JSON.</summary>
internal sealed record KeyEntry
{
    public string? Name { get; init; }

    public string? Sha256 { get; init; }

    public DateTimeOffset? Created { get; init; }

    public int? MaxRequests { get; init; }

    public int? TokensPerMinute { get; init; }

    public int? Weight { get; init; }
}

/// <summary>Its serialisation: a field that nobody knows is an error, since it was meant to bound something.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(KeyEntries))]
internal sealed partial class KeyJson : JsonSerializerContext;
