using System.CommandLine.Parsing;
using Glm5.Core.Weights;
using Glm5.Host.Hub;
using Glm5.Host.Serving;

namespace Glm5.Host.Cli;

/// <summary>
/// A model of which the shape is enough: a config.json, a folder, a model by name that a hub's cache has, or one of the
/// published configs beside the program. Nothing is fetched.
/// </summary>
/// <param name="Name">For people.</param>
/// <param name="Path">A folder or a config.json.</param>
/// <param name="Origin">Where it was found.</param>
internal sealed record ModelShape(string Name, string Path, string Origin)
{
    /// <summary>The model of lines that name none.</summary>
    public const string Default = "zai-org/GLM-5-FP8";

    private static string Shapes => System.IO.Path.Combine(AppContext.BaseDirectory, "models", "shapes");

    /// <summary>Finds what a word names.</summary>
    /// <exception cref="HubException">Nothing that is here.</exception>
    public static ModelShape Find(string word, HubFlags flags, SymbolResult line)
    {
        if (word == EmbeddedModel.Name && !Directory.Exists(word))
            return new ModelShape(word, EmbeddedModel.Folder, "the embedded model");
        if (Directory.Exists(word) || File.Exists(word))
            return new ModelShape(System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(word)), word, word);
        ModelId id = ModelSource.Parse(word, flags.Hub(line), flags.Revision(line));
        HubSettings settings = flags.Settings(line);
        string? cached = HubCache.Of(id.Hub, settings).Find(id);
        if (cached is not null && File.Exists(System.IO.Path.Combine(cached, ServingFiles.Config)))
            return new ModelShape(word, cached, cached);
        return Published(id.Repository) is { } published
            ? new ModelShape(word, published, "its published config, which lies beside the program")
            : throw new HubException(
                HubFault.Offline,
                $"{word} is not in {settings.PlaceOf(id.Hub).CacheRoot}; give its config.json, or fetch it with 'glm5 pull {word}'");
    }

    /// <summary>The folder of a published config; null where the program has none of that name.</summary>
    public static string? Published(string repository)
    {
        string folder = System.IO.Path.Combine([Shapes, .. repository.Split('/')]);
        return Directory.Exists(folder) ? folder : null;
    }

    /// <summary>The weights' shapes.</summary>
    public WeightBlueprint Read() => WeightBlueprint.Open(Path);
}
