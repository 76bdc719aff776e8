using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Glm5.Host.Hub;

namespace Glm5.Host.Cli;

/// <summary>
/// <c>glm5 pull</c>: bring a model's files here. Standard output gets the answer alone, the model's folder or JSON;
/// progress and waits go to standard error.
/// </summary>
internal sealed class PullCommand
{
    private readonly Argument<string?> _model = new("model")
    {
        // Asked for by hand, so that --help works without it.
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The model's id: organisation/name, organisation/name@revision, or modelscope:organisation/name",
    };

    private readonly HubFlags _hub = new();
    private readonly Option<int> _connections = WholeNumber.Option("--connections", "Transfers at once", 1, 64, 4);
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON for programs" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        PullCommand pull = new();
        Command command = new("pull", "Fetch a model from a hub, or bring it up to date")
        {
            pull._model, pull._connections, pull._json,
        };
        foreach (Option option in pull._hub.Options)
            command.Add(option);
        command.SetAction((line, _) => pull.RunAsync(line));
        return command;
    }

    private async Task<int> RunAsync(ParseResult line)
    {
        if (line.GetValue(_model) is not { } word)
            return Say.Error("which model? Expected 'glm5 pull organisation/name'", ExitCode.Usage);
        using StopSignals signals = new();
        PullDisplay display = new();
        try
        {
            ModelId model = ModelId.Parse(word, _hub.Hub(line.CommandResult), _hub.Revision(line.CommandResult));
            HubSettings settings = _hub.Settings(line.CommandResult, line.GetValue(_connections));
            ModelSource source = new(settings, display, TimeProvider.System);
            ResolvedModel here = await display.ShowAsync(
                model, observer => source.PullAsync(model, observer, signals.Stop));
            Print(here, line.GetValue(_json));
            return ExitCode.Done;
        }
        catch (HubException refusal)
        {
            return Say.Error(refusal.Message, LoadFailure.CodeOf(refusal));
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return Say.Error(
                "stopped; what has arrived is kept, and the same command goes on from there", ExitCode.Interrupted);
        }
    }

    private static void Print(ResolvedModel model, bool json)
    {
        if (!json)
        {
            Console.Out.WriteLine(model.Folder);
            return;
        }

        ModelId id = model.Model!.Value;
        DownloadStatus done = model.Download;
        bool asked = model.Origin == ModelOrigin.Hub;
        PullAnswer answer = new(
            id.Repository, HubWord.Of(id.Hub), model.Revision, model.Folder,
            asked ? done.FilesTotal : null, asked ? done.BytesTotal : null, done.BytesFetched,
            done.Elapsed.TotalSeconds);
        Console.Out.WriteLine(JsonSerializer.Serialize(answer, PullJson.Default.PullAnswer));
    }
}

/// <summary>What <c>glm5 pull --json</c> prints.</summary>
/// <param name="Model">Organisation and name.</param>
/// <param name="Hub"><c>huggingface</c> or <c>modelscope</c>.</param>
/// <param name="Revision">The commit, or the branch where the hub tells no commit; null offline.</param>
/// <param name="Folder">Where the files are.</param>
/// <param name="Files">How many serving reads; null offline.</param>
/// <param name="Bytes">Their size together; null offline.</param>
/// <param name="FetchedBytes">What came over the network now.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record PullAnswer(
    string Model, string Hub, string? Revision, string Folder, int? Files, long? Bytes, long FetchedBytes,
    double Seconds);

/// <summary>Its serialisation.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(PullAnswer))]
internal sealed partial class PullJson : JsonSerializerContext;
