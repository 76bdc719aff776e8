using System.Collections.Immutable;

namespace Glm5.Host.Cli.Flags;

/// <summary>
/// Flags from the environment: <c>GLM5_PORT</c> is <c>--port</c>, <c>GLM5_MODEL</c> the model. Several values are
/// separated by commas. An empty variable says nothing, but for the key: one that was meant and is missing must not
/// open the server.
/// </summary>
internal static class EnvironmentFlags
{
    /// <summary>What every variable begins with.</summary>
    public const string Prefix = "GLM5_";

    private static readonly string s_key = NameOf("--api-key");

    /// <summary>The variable of a flag.</summary>
    public static string NameOf(string flag) => Prefix + flag.TrimStart('-').Replace('-', '_').ToUpperInvariant();

    /// <summary>The variables that are set, by name.</summary>
    public static IEnumerable<Written> Read(Vocabulary vocabulary, IEnumerable<KeyValuePair<string, string>> variables)
    {
        foreach ((string name, string value) in variables.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            bool isEmpty = string.IsNullOrWhiteSpace(value) && name != s_key;
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || isEmpty || IsOfKubernetes(name, value))
                continue;

            string key = $"--{Vocabulary.Key(name[Prefix.Length..]).ToLowerInvariant()}";
            ImmutableArray<string> values = vocabulary.Find(key) is { IsList: true }
                ? [.. value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)]
                : [value.Trim()];
            yield return new Written(Layer.Environment, key, values.IsEmpty ? [""] : values, name);
        }
    }

    /// <summary>
    /// Kubernetes gives every container the addresses of the services beside it, and one named glm5 would be
    /// <c>GLM5_PORT=tcp://10.0.0.1:8000</c>.
    /// </summary>
    private static bool IsOfKubernetes(string name, string value) =>
        name.StartsWith("GLM5_SERVICE_", StringComparison.Ordinal)
        || name.StartsWith("GLM5_PORT_", StringComparison.Ordinal)
        || (name == "GLM5_PORT" && value.Contains("://", StringComparison.Ordinal));
}
