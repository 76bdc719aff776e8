using System.CommandLine;
using System.CommandLine.Parsing;
using Glm5.Core.Weights;
using Glm5.Host.Hub;
using Glm5.Host.Serving;

namespace Glm5.Host.Cli;

/// <summary>The model that a line names: a folder here, or an id that a hub's cache has or the hub itself.</summary>
/// <param name="Folder">The folder; for an id its name, until it is known.</param>
/// <param name="Id">The id; null for a folder.</param>
/// <param name="Settings">Where an id is looked for.</param>
internal sealed record ChosenModel(string Folder, ModelId? Id, HubSettings? Settings)
{
    /// <summary>Names under which it is served unless others are given; clients of a hub's model say either.</summary>
    public IReadOnlyList<string> Names => Id is { } id
        ? [id.Repository, id.Name]
        : [Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder))];

    /// <summary>Where it is from, for people.</summary>
    public string Origin => Id is { } id
        ? $"{HubWord.Of(id.Hub)}{(id.Revision is { } revision ? $" at {revision}" : "")}, "
            + $"cache {Settings!.PlaceOf(id.Hub).CacheRoot}"
        : Folder;

    /// <summary>What finds its folder while the server listens already; null where it is known.</summary>
    public FindFolder? Find => Id is null ? null : Fetch;

    /// <summary>Reads the word for a model.</summary>
    /// <exception cref="HubException">It is neither a folder nor an id, or contradicts another flag.</exception>
    public static ChosenModel Read(string word, HubFlags flags, SymbolResult line)
    {
        string? revision = flags.Revision(line);
        string folder = word == EmbeddedModel.Name && !Directory.Exists(word) ? EmbeddedModel.Folder : word;
        if (!Directory.Exists(folder))
            return new ChosenModel(word, ModelSource.Parse(word, flags.Hub(line), revision), flags.Settings(line));
        return revision is null
            ? new ChosenModel(Path.GetFullPath(folder), null, null)
            : throw new HubException(HubFault.Name, $"--revision is for a model by name; '{word}' is a folder");
    }

    /// <summary>The same for a parsed line.</summary>
    public static ChosenModel Read(string word, HubFlags flags, ParseResult line) =>
        Read(word, flags, line.CommandResult);

    private string Fetch(LoadProgress progress, ILogger logger, CancellationToken cancel)
    {
        var source = new ModelSource(Settings!, logger, TimeProvider.System);
        ResolvedModel here = source.ResolveAsync(Id!.Value, new Downloading(progress), cancel).GetAwaiter().GetResult();
        return here.Folder;
    }

    /// <summary>Shows a download as the first phase of loading.</summary>
    private sealed class Downloading(LoadProgress progress) : IProgress<DownloadStatus>
    {
        public void Report(DownloadStatus value) => progress.Follow(
            LoadPhase.Downloading, value.BytesDone, value.BytesTotal, value.BytesPerSecond);
    }
}
