using System.CommandLine;
using System.CommandLine.Parsing;
using Glm5.Host.Hub;

namespace Glm5.Host.Cli;

/// <summary>The words that say where a model by name is from: one set for every command that may fetch one.</summary>
internal sealed class HubFlags
{
    private readonly Option<string?> _revision = new("--revision")
    {
        Description = "Branch, tag or commit of a model by name [default: the main branch]",
        HelpName = "revision",
    };

    private readonly Option<string?> _hub = new("--hub") { Description = "Where it is published [default: huggingface]" };

    private readonly Option<string?> _cache = new("--cache-dir")
    {
        Description = "Folder of the hub's models [default: HF_HUB_CACHE, HF_HOME/hub or ~/.cache/huggingface/hub; "
            + "MODELSCOPE_CACHE or ~/.cache/modelscope/hub]",
        HelpName = "folder",
    };

    private readonly Option<bool> _offline = new("--offline")
    {
        Description = "Use no network: the model has to be here",
    };

    /// <summary>The words.</summary>
    public HubFlags() => OneOf.Take(_hub, HubWord.All);

    /// <summary>All of them, in the order of the help.</summary>
    public Option[] Options => [_hub, _revision, _cache, _offline];

    /// <summary>The hub; null where none was said.</summary>
    public HubKind? Hub(SymbolResult line) =>
        HubWord.Read(line.GetResult(_hub)?.Tokens is [.., var word] ? word.Value : null);

    /// <summary>The revision; null where none was said.</summary>
    public string? Revision(SymbolResult line) => line.GetValue(_revision);

    /// <summary>Places and bounds, from these words and the hubs' own variables.</summary>
    /// <exception cref="HubException">A variable has an unusable value.</exception>
    public HubSettings Settings(SymbolResult line, int connections = 4) =>
        HubEnvironment.OfProcess.Settings(line.GetValue(_cache), line.GetValue(_offline), connections);
}
