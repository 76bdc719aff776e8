using Glm5.Core.Accelerator;

namespace Glm5.Core;

/// <summary>How a model is to be served. Zero and null mean: decide from the checkpoint and the machine.</summary>
public sealed record ModelOptions
{
    /// <summary>The checkpoint's folder: config.json, safetensors, and unless skipped tokenizer.json and chat_template.jinja.</summary>
    public required string Folder { get; init; }

    /// <summary>Ranks of each group, the tensor parallel size.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>
    /// Groups of ranks, the data parallel size: each decodes sequences of its own with caches of its own, and all of them
    /// share the routed experts, which are spread over all ranks then.
    /// </summary>
    public int Groups { get; init; } = 1;

    /// <summary>Give each rank whole experts instead of a slice of each, also where there is one group.</summary>
    public bool SpreadExperts { get; init; }

    /// <summary>Run each rank in a process of its own instead of on a thread of this one.</summary>
    public bool WorkerProcesses { get; init; }

    /// <summary>Ranks of all groups.</summary>
    public int TotalRanks => Groups * Ranks;

    /// <summary>True when ranks hold whole experts.</summary>
    public bool ExpertsAreSpread => Groups > 1 || (SpreadExperts && Ranks > 1);

    /// <summary>Host threads that compute, over all ranks; 0: one a core.</summary>
    public int Threads { get; init; }

    /// <summary>The most sequences that run at once, in each group.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>The most tokens that a step computes, in each group.</summary>
    public int MaxBatchedTokens { get; init; } = 512;

    /// <summary>The longest context, prompt and answer together; 0: the checkpoint's max_position_embeddings.</summary>
    public int MaxModelLength { get; init; }

    /// <summary>The most requests that wait; more are refused with 503.</summary>
    public int MaxWaiting { get; init; } = 1024;

    /// <summary>Who of those that wait comes next.</summary>
    public SchedulingPolicy Scheduling { get; init; }

    /// <summary>
    /// After so long a request is late: of some admissions in a row one is the longest waiting late request's, whatever
    /// the priorities and shares of others, so that nobody waits for ever.
    /// </summary>
    public TimeSpan LateAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Slots in a KV block; 0: what the device prefers.</summary>
    public int BlockSlots { get; init; }

    /// <summary>Bytes for the KV caches over all ranks; 0: what the running sequences could need, within <see cref="KvMemoryFraction"/>.</summary>
    public long KvBytes { get; init; }

    /// <summary>How the caches are stored; null: what the device chooses.</summary>
    public KvFormat? KvFormat { get; init; }

    /// <summary>
    /// Where ranks share the machine's memory, the share of what is free after loading which the KV caches may take.
    /// </summary>
    public double KvMemoryFraction { get; init; } = 0.5;

    /// <summary>
    /// Share of each device's whole memory that weights, activations and caches may take together, the caches what the
    /// others leave of it; 0: <see cref="DefaultUtilization"/> of a device with memory of its own, and where ranks share
    /// the machine's <see cref="KvMemoryFraction"/> decides.
    /// </summary>
    public double MemoryUtilization { get; init; }

    /// <summary>What drivers, graphs and libraries take beside the model is left to them.</summary>
    public const double DefaultUtilization = 0.9;

    /// <summary>
    /// Tokens that are drafted for each next step of a sequence, 1 to 7; 0 decodes without drafts.
    /// </summary>
    public int SpeculativeTokens { get; init; }

    /// <summary>Who drafts them.</summary>
    public DraftMethod DraftMethod { get; init; }

    /// <summary>The fewest last tokens that prompt lookup wants to find again.</summary>
    public int LookupShortest { get; init; } = 2;

    /// <summary>The most last tokens that count when prompt lookup chooses between places.</summary>
    public int LookupLongest { get; init; } = 5;

    /// <summary>Tokens that the ranks draft behind each step; 0 unless the draft layer does it.</summary>
    public int LayerDrafts => DraftMethod == DraftMethod.DraftLayer ? SpeculativeTokens : 0;

    /// <summary>Draft fewer tokens, or none, where that is faster.</summary>
    public bool AdaptSpeculation { get; init; } = true;

    /// <summary>Share the rows of prompts that begin alike.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>
    /// Host memory over all ranks for copies of blocks that hold prefixes, which outlive the device's; 0: no copies.
    /// </summary>
    public long HostCacheBytes { get; init; }

    /// <summary>Serve token ids in and out, without tokenizer and template.</summary>
    public bool SkipTokenizer { get; init; }

    /// <summary>Read the weights into memory instead of mapping the files.</summary>
    public bool ReadInsteadOfMap { get; init; }

    /// <summary>The share of a device's whole memory that counts; 0 where <see cref="KvMemoryFraction"/> does instead.</summary>
    internal double UtilizationOf(bool sharesMemory) =>
        MemoryUtilization > 0 ? MemoryUtilization : sharesMemory ? 0 : DefaultUtilization;
}

/// <summary>Who of the requests that wait comes next. Either way keys get their shares.</summary>
public enum SchedulingPolicy
{
    /// <summary>Who came first, of each key.</summary>
    FirstComeFirstServed,

    /// <summary>Who is most urgent; among equals, who came first of each key.</summary>
    Priority,
}
