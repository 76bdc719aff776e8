using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Host.Cli.Flags;
using Glm5.Host.Hub;
using Glm5.Host.Serving;

namespace Glm5.Host.Cli;

/// <summary>The words that say which model runs on what, and how: one set for every command that loads one.</summary>
/// <param name="byShape">True for commands that need a model's shape only: a config.json will do.</param>
internal sealed class ModelFlags(bool byShape = false)
{
    private readonly Argument<string> _model = new("model")
    {
        Description = byShape
            ? $"A config.json, a checkpoint's folder, or organisation/name; without it {ModelShape.Default}"
            : $"A checkpoint's folder, or organisation/name at a hub; without it the embedded {EmbeddedModel.Name}",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => byShape ? ModelShape.Default : EmbeddedModel.Name,
    };

    private readonly HubFlags _hub = new();

    private readonly Option<string?> _device = new("--device")
    {
        Description = "What to run on; auto takes the best that is present",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<int> _length = Count(
        "--max-model-len", "Longest context, prompt and answer together [default: the model's own]");
    private readonly Option<int> _sequences = Count("--max-num-seqs", "Most sequences that run at once, in each group", 64);
    private readonly Option<int> _batchedTokens = Count(
        "--max-num-batched-tokens", "Most tokens that a step computes, in each group", 512);
    private readonly Option<int> _waiting = Count("--max-num-waiting", "Most requests that wait; more get 503", 1024);
    private readonly Option<string?> _policy = new("--scheduling-policy")
    {
        Description = "Who of those that wait comes next: fcfs, who came first, or priority, whose request says the lowest priority",
        DefaultValueFactory = _ => Fcfs,
    };

    private readonly Option<int> _lateAfter = WholeNumber.Option(
        "--late-after", "Seconds of waiting after which a request is late: one admission in eight is the longest waiting's", 1,
        86400, 30);

    private readonly Option<int> _ranks = Count(
        "--tensor-parallel-size", "Ranks that share the model, in each group", 1, "-tp");
    private readonly Option<int> _groups = Count(
        "--data-parallel-size", "Groups of ranks with sequences and caches of their own, which share the routed experts", 1, "-dp");

    private readonly Option<bool> _spreadExperts = new("--enable-expert-parallel", "-ep")
    {
        Description = "Give each rank whole experts, not a slice of each; always so with several groups",
    };

    private readonly Option<bool> _workers = new("--worker-processes")
    {
        Description = "Run each rank in a process of its own, started with mpirun, and start all anew when one is lost",
    };

    private readonly Option<int> _threads = Count("--threads", "Threads that compute on a CPU [default: one a core]");
    private readonly Option<int> _blockSlots = Count(
        "--block-size", "Tokens in a block of the KV cache [default: what the device prefers]");

    private readonly Option<long> _kvBytes = WholeNumber.Option<long>(
        "--kv-cache-memory-bytes",
        "Bytes for the KV cache [default: what the sequences can need, within --kv-memory-fraction]",
        1, long.MaxValue, 0);

    private readonly Option<bool> _noPrefixCaching = new("--no-prefix-caching")
    {
        Description = "Compute every prompt whole, also where one begins like an earlier one",
    };

    private readonly Option<KvFormat?> _kvFormat = CacheFormat.Option();

    private readonly Option<long> _hostCache = GibSize.Option(
        "--host-cache-gib",
        "GiB of host memory, over all ranks, where prefixes are kept that the KV cache has no room for [default: none]");

    private readonly Option<double> _kvFraction = Share(
        "--kv-memory-fraction",
        "On a CPU, share of the memory that is free after loading which the KV cache may take", 0.5);

    private readonly Option<double> _utilization = Share(
        "--gpu-memory-utilization",
        "Share of a device's memory for weights, activations and KV cache together [default: 0.9; on a CPU --kv-memory-fraction]");

    private readonly SpeculationFlags _speculation = new();

    private readonly Option<bool> _skipTokenizer = new("--skip-tokenizer-init")
    {
        Description = "Serve token ids in and out, without tokenizer and chat template",
    };

    private readonly Option<bool> _noMap = new("--no-mmap")
    {
        Description = "Read the weights into memory instead of mapping the files",
    };

    private const string Fcfs = "fcfs", ByPriority = "priority";

    /// <summary>True when the line names a model itself.</summary>
    public bool NamesModel(CommandResult line) => line.GetResult(_model) is { Tokens.Count: > 0 };

    /// <summary>The device in a parsed line: a name of the catalog or <c>auto</c>.</summary>
    public string Device(ParseResult line) => line.GetValue(_device)!;

    /// <summary>The model in a parsed line.</summary>
    /// <exception cref="HubException">Its name contradicts another flag.</exception>
    public ChosenModel Model(ParseResult line) => ChosenModel.Read(line.GetValue(_model)!, _hub, line);

    /// <summary>The ranks of a group that a line asks for; null where it leaves them open.</summary>
    public int? Ranks(ParseResult line) => IsGiven(line, _ranks) ? line.GetValue(_ranks) : null;

    /// <summary>True when a line says how the model is divided; false where it leaves that open.</summary>
    public bool NamesLayout(ParseResult line) => IsGiven(line, _ranks) || IsGiven(line, _groups) || IsGiven(line, _spreadExperts);

    /// <summary>The model's shape in a parsed line.</summary>
    /// <exception cref="HubException">It is not here; says what to do.</exception>
    public ModelShape Shape(ParseResult line) => ModelShape.Find(line.GetValue(_model)!, _hub, line.CommandResult);

    /// <summary>Adds the words to a command.</summary>
    public void AddTo(LayeredCommand command)
    {
        DeviceFlag.Bound(_device);
        OneOf.Take(_policy, Fcfs, ByPriority);
        if (!byShape)
        {
            _model.Validators.Add(RequireModel);
            command.Validators.Add(RequireEmbedded);
        }

        command.Add(_model);
        command.Add(new FlagGroup("The model", [.. _hub.Options, _skipTokenizer, _noMap]));
        command.Add(new FlagGroup(
            "Device and memory", _device, _ranks, _groups, _spreadExperts, _workers, _threads, _blockSlots, _kvFormat, _kvBytes,
            _kvFraction, _utilization, _hostCache));
        command.Add(new FlagGroup("Batch", _length, _sequences, _batchedTokens, _waiting, _policy, _lateAfter, _noPrefixCaching));
        _speculation.AddTo(command);
    }

    /// <summary>The options in a parsed line.</summary>
    public ModelOptions Read(ParseResult line) => Read(line, Model(line).Folder);

    /// <summary>The options in a parsed line, for a folder that is known.</summary>
    public ModelOptions Read(ParseResult line, string folder) => _speculation.Read(Options(line, folder), line);

    private static bool IsGiven(ParseResult line, Option option) => line.GetResult(option) is { Implicit: false };

    private ModelOptions Options(ParseResult line, string folder) => new()
    {
        Folder = folder,
        Ranks = line.GetValue(_ranks),
        Groups = line.GetValue(_groups),
        SpreadExperts = line.GetValue(_spreadExperts),
        WorkerProcesses = line.GetValue(_workers),
        Threads = line.GetValue(_threads),
        MaxSequences = line.GetValue(_sequences),
        MaxBatchedTokens = line.GetValue(_batchedTokens),
        MaxModelLength = line.GetValue(_length),
        MaxWaiting = line.GetValue(_waiting),
        Scheduling = line.GetValue(_policy) == ByPriority
            ? SchedulingPolicy.Priority : SchedulingPolicy.FirstComeFirstServed,
        LateAfter = TimeSpan.FromSeconds(line.GetValue(_lateAfter)),
        BlockSlots = line.GetValue(_blockSlots),
        KvBytes = line.GetValue(_kvBytes),
        PrefixCaching = !line.GetValue(_noPrefixCaching),
        KvFormat = line.GetValue(_kvFormat),
        HostCacheBytes = line.GetValue(_hostCache),
        KvMemoryFraction = line.GetValue(_kvFraction),
        MemoryUtilization = line.GetValue(_utilization),
        SkipTokenizer = line.GetValue(_skipTokenizer),
        ReadInsteadOfMap = line.GetValue(_noMap),
    };

    private static Option<int> Count(string name, string description, int standard = 0, params string[] aliases) =>
        WholeNumber.Option(name, description, 1, int.MaxValue, standard, aliases);

    private static Option<double> Share(string name, string description, double standard = 0)
    {
        var option = new Option<double>(name)
        {
            Description = description,
            HelpName = "share",
            CustomParser = result => ParseShare(result, name),
        };
        if (standard > 0)
            option.DefaultValueFactory = _ => standard;
        return option;
    }

    private static double ParseShare(ArgumentResult result, string name)
    {
        string word = result.Tokens[0].Value;
        if (double.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double share)
            && share is > 0 and <= 1)
        {
            return share;
        }

        result.AddError($"{name} is '{word}'; expected a number above 0 and up to 1, such as 0.85");
        return default;
    }

    private void RequireModel(ArgumentResult result)
    {
        if (result.Tokens.Count > 0)
            Require(result.Tokens[0].Value, result);
    }

    /// <summary>The model that nobody named agrees with the other flags.</summary>
    private void RequireEmbedded(CommandResult result)
    {
        if (result.GetResult(_model) is not { Tokens.Count: > 0 })
            Require(EmbeddedModel.Name, result);
    }

    private void Require(string word, SymbolResult result)
    {
        if (File.Exists(word))
        {
            result.AddError($"'{word}' is a file; give the folder with config.json and the .safetensors files");
            return;
        }

        try
        {
            _ = ChosenModel.Read(word, _hub, result);
        }
        catch (HubException refusal)
        {
            result.AddError(refusal.Message);
        }
    }
}
