using System.Collections.Frozen;
using System.Globalization;

namespace Glm5.Host.Cli.Flags;

/// <summary>
/// The flags of vLLM, SGLang and xLLM that people have in their scripts, and what each means here. Data alone: a new
/// spelling is one more line. xLLM's underscores are dashes by the time they are looked up.
/// </summary>
internal static class Aliases
{
    private const string Devices = "this is about another device's kernels or graphs";
    private const string Steps = "every step is filled anew from all sequences, prompts in parts, while the last one runs";
    private const string Parsing = "reasoning and tool calls are always parsed, in GLM's own form";
    private const string OneProcess = "one process has all ranks; share the model with --tensor-parallel-size";
    private const string Layout = "how ranks share the model follows from the tensor and the data parallel size";
    private const string Spread = "experts are dealt out over all ranks";
    private const string RanksOfAGroup =
        "leave it out, attention is divided over the groups of --data-parallel-size anyway; --tensor-parallel-size counts "
        + "the ranks of one group, SGLang's those of all";
    private const string Stored = "the checkpoint says how its weights are stored";
    private const string Drafts = "the draft layer is the model's own, read from its folder, and drafts one chain";
    private const string HostCache = "say how much with --host-cache-gib";
    private const string Logging = "each answer is one line of the log, without its text";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Alias> All { get; } =
    [
        // What is served.
        Same(Given.Model, "--model", "--model-path"),
        Same("--served-model-name", "--model-id"),
        Same("--cache-dir", "--download-dir"),
        Same("--config", "--config-json-file"),
        Idle(Takes.Value, Stored, "--quantization", "-q"),
        Only(Stored, ["auto", "safetensors"], "--load-format"),
        Only("the device computes in one arithmetic, see glm5 probe", ["auto", "bfloat16"], "--dtype"),
        Idle(Takes.Switch, "no code of a checkpoint is ever run", "--trust-remote-code"),
        Only("GLM is a text model that generates", ["llm"], "--backend"),
        Only("GLM is a text model that generates", ["auto", "generate"], "--task", "--runner"),
        Only("the model's own tokenizer is used", ["auto"], "--tokenizer-mode"),
        Only("generation_config.json is always read", ["auto"], "--generation-config"),
        Absent(Takes.Value, "the model's own tokenizer is used", "--tokenizer", "--tokenizer-path"),
        Absent(Takes.Value, "change the checkpoint's config.json", "--hf-overrides", "--json-model-override-args"),
        Absent(Takes.Value, "change chat_template.jinja in the model's folder", "--chat-template"),
        Absent(Takes.Value, "send chat_template_kwargs with the request", "--default-chat-template-kwargs"),
        Absent(Takes.Value, "change generation_config.json in the model's folder", "--override-generation-config"),
        Absent(Takes.Values, "adapters are not implemented", "--lora-modules", "--lora-paths"),

        // Ranks and memory.
        Same("--tensor-parallel-size", "--tp-size", "--tp"),
        Same("--max-model-len", "--context-length"),
        Same("--block-size", "--page-size"),
        Same("--gpu-memory-utilization", "--mem-fraction-static", "--max-memory-utilization"),
        new SameAlias(
            Takes.Value, "--kv-cache-memory-bytes", ["--max-cache-size"], bytes => bytes == "0" ? null : bytes,
            "bytes; leave it out instead of 0"),
        Absent(
            Takes.Value, "say --kv-cache-memory-bytes", "--num-gpu-blocks-override", "--max-total-tokens"),
        Only(OneProcess, ["1"], "--pipeline-parallel-size", "-pp", "--pp-size", "--pp"),
        Same("--data-parallel-size", "--dp-size", "--dp"),
        Only(OneProcess, ["1"], "--nnodes", "-n"),
        Only(OneProcess, ["0"], "--node-rank", "-r"),
        Only(
            Layout, ["1"], "--decode-context-parallel-size", "-dcp", "--prefill-context-parallel-size", "--attn-cp-size",
            "--cp-size"),
        Idle(
            Takes.Value, OneProcess, "--dist-init-addr", "--nccl-init-addr", "--master-addr", "--master-port",
            "--master-node-addr", "--distributed-executor-backend", "--communication-backend", "--rank-tablefile"),
        Absent(Takes.Switch, RanksOfAGroup, "--enable-dp-attention"),
        new SameAlias(
            Takes.Value, "--enable-expert-parallel", ["--expert-parallel-size", "--ep-size", "--ep", "--expert-parallel-degree"],
            ranks => FlagSwitch.Word(ranks is not ("0" or "1")), Remark: Spread),
        Idle(Takes.Switch, Layout, "--enable-dp-lm-head"),
        Idle(Takes.Switch, Layout, "--enable-eplb"),
        Idle(Takes.Value, Layout, "--eplb-config", "--redundant-experts-num", "--ep-num-redundant-experts"),
        Idle(Takes.Value, "--device says what to run on", "--devices", "--draft-devices", "--base-gpu-id"),
        Idle(
            Takes.Value, "weights stay in the device's memory; prefixes are kept with --host-cache-gib", "--swap-space",
            "--cpu-offload-gb"),
        Same("--host-cache-gib", "--kv-offloading-size"),
        new SameAlias(
            Takes.Value, "--host-cache-gib", ["--hicache-size"], Remark: "of all ranks together, not of each"),
        Only(HostCache, ["native"], "--kv-offloading-backend"),
        Only(HostCache, ["0", "0.0"], "--hicache-ratio", "--host-blocks-factor"),
        Idle(
            Takes.Value, "blocks are copied when nobody uses them, a few a step", "--hicache-write-policy",
            "--hicache-io-backend", "--hicache-mem-layout"),

        // Steps.
        Same("--max-num-seqs", "--max-running-requests", "--max-seqs-per-batch"),
        Same("--max-num-batched-tokens", "--max-tokens-per-batch"),
        new SameAlias(
            Takes.Value, "--max-num-batched-tokens", ["--chunked-prefill-size"],
            size => size.StartsWith('-') ? null : size, "a number of tokens: prompts are always computed in parts"),
        Same("--max-num-waiting", "--max-queued-requests"),
        Idle(Takes.Value, Steps, "--max-prefill-tokens", "--max-tokens-per-chunk-for-prefill"),
        Idle(
            Takes.Switch, Steps, "--enable-chunked-prefill", "--enable-mixed-chunk", "--async-scheduling",
            "--enable-schedule-overlap", "--disable-overlap-schedule"),
        new SameAlias(
            Takes.Switch, "--no-prefix-caching", ["--enable-prefix-caching", "--enable-prefix-cache"],
            enable => FlagSwitch.Word(enable == "false"), "turned round: prompts share what they begin with anyway"),
        new SameAlias(Takes.Switch, "--no-prefix-caching", ["--disable-radix-cache"]),
        Idle(Takes.Switch, "prompts of one batch share like all others", "--enable-in-batch-prefix-cache"),
        Same("--scheduling-policy", "--priority-strategy"),
        Only("--scheduling-policy says who comes next", ["fcfs", "lpm"], "--schedule-policy"),
        Absent(
            Takes.Switch, "say --scheduling-policy priority; the lowest value comes first", "--enable-priority-scheduling"),
        Idle(Takes.Switch, "the lowest value comes first anyway", "--schedule-low-priority-values-first"),
        Idle(Takes.Value, "preemption follows from the blocks that are free", "--schedule-conservativeness"),
        Idle(
            Takes.Switch, "an answer is the same in every batch", "--enable-deterministic-inference"),
        Idle(Takes.Value, "a request without seed draws its own", "--seed", "--random-seed"),

        // Drafts.
        new SameAlias(
            Takes.Value, "--speculative-method",
            ["--speculative-config.method", "--speculative-algorithm", "--speculative-algo"], DraftMethod,
            "mtp, deepseek_mtp, glm_moe_dsa_mtp, EAGLE and NEXTN are the draft layer, ngram is prompt lookup"),
        Same("--prompt-lookup-min", "--speculative-config.prompt-lookup-min", "--speculative-ngram-min-match-window-size"),
        Same("--prompt-lookup-max", "--speculative-config.prompt-lookup-max", "--speculative-ngram-max-match-window-size"),
        Same("--num-speculative-tokens", "--speculative-config.num-speculative-tokens", "--speculative-num-steps"),
        new SameAlias(
            Takes.Value, "--num-speculative-tokens", ["--speculative-num-draft-tokens"], OneLess,
            "at least 2: SGLang counts the token before the drafts"),
        Only(Drafts, ["1"], "--speculative-eagle-topk"),
        Idle(Takes.Value, Drafts, "--draft-model", "--speculative-draft-tensor-parallel-size"),
        Idle(Takes.Switch, Drafts, "--speculative-config.enforce-eager", "--enable-atb-spec-kernel"),
        Absent(
            Takes.Value, Drafts, "--speculative-config.model", "--speculative-draft-model-path", "--speculative-draft-model"),

        // Answers.
        Only(Parsing, ["auto", "glm", "glm4_moe", "glm45", "glm47", "glm5"], "--tool-call-parser"),
        Only(Parsing, ["auto", "glm45", "glm47", "glm5"], "--reasoning-parser"),
        Idle(Takes.Switch, Parsing, "--enable-auto-tool-choice", "--enable-reasoning"),
        Only("content is taken in both forms", ["auto", "string", "openai"], "--chat-template-content-format"),
        Idle(Takes.Value, "images are refused anyway", "--limit-mm-per-prompt"),
        Idle(Takes.Switch, "images are refused anyway", "--language-model-only", "--enable-multimodal"),
        Idle(Takes.Value, "every token is sent as it comes", "--stream-interval"),

        // The server.
        Idle(Takes.Value, "one process answers", "--api-server-count", "--tokenizer-worker-num", "--num-threads",
            "--num-handling-threads", "--num-response-handling-threads"),
        Idle(Takes.Value, Logging, "--uvicorn-log-level", "--log-level", "--log-level-http", "--max-log-len"),
        Idle(
            Takes.Switch, Logging, "--enable-log-requests", "--disable-log-requests", "--disable-log-stats",
            "--log-requests", "--disable-uvicorn-access-log"),
        Idle(Takes.Switch, "/metrics is always there", "--enable-metrics"),
        Idle(Takes.Value, "there is no watchdog", "--watchdog-timeout"),
        Idle(Takes.Switch, "there is no warm-up request", "--skip-server-warmup"),
        Same("--allowed-origin", "--allowed-origins", "--cors-origins"),
        Only(
            "pages of allowed origins may use all of the API", ["*", "[\"*\"]"], "--allowed-methods", "--allowed-headers",
            "--cors-methods", "--cors-headers"),
        Absent(Takes.Switch, "pages carry keys in a header, never in cookies", "--allow-credentials", "--cors-credentials"),
        Same("--ssl-certfile", "--ssl-cert-file"),
        Same("--ssl-keyfile", "--ssl-key-file"),
        Idle(Takes.Switch, "certificate and key are read again whenever they change", "--enable-ssl-refresh"),
        Absent(Takes.Value, "decrypt the key's file", "--ssl-keyfile-password"),
        Absent(
            Takes.Value, "put a proxy in front of the server", "--ssl-ca-certs", "--ssl-cert-reqs", "--root-path",
            "--fastapi-root-path"),
        Same("--shutdown-timeout", "--timeout-graceful-shutdown"),
        Idle(Takes.Switch, "x-request-id is always taken and sent", "--enable-request-id-headers"),
        Idle(Takes.Switch, "traces are sent where --otlp-traces-endpoint names a collector", "--enable-trace"),
        Idle(Takes.Value, "a trace is one span for each request", "--collect-detailed-traces"),

        // Several machines with different roles.
        Only("prefill and decode are not split", ["null", "DEFAULT"], "--disaggregation-mode", "--instance-role"),
        Absent(Takes.Value, "prefill and decode are not split", "--kv-transfer-config", "--etcd-addr"),
        Absent(Takes.Switch, "prefill and decode are not split", "--enable-disagg-pd", "--enable-service-routing"),
        Absent(Takes.Switch, HostCache, "--enable-hierarchical-cache"),
        Absent(Takes.Switch, "the KV cache is not shared between servers", "--enable-kvcache-store"),
        Absent(Takes.Switch, "stop and start the server", "--enable-sleep-mode", "--enable-memory-saver"),

        // Other devices' kernels.
        Idle(Takes.Value, Devices, "--compilation-config", "-cc", "--additional-config", "--attention-backend",
            "--sampling-backend", "--grammar-backend", "--moe-runner-backend", "--moe-a2a-backend", "--deepep-mode",
            "--nsa-prefill-backend", "--nsa-decode-backend", "--dsa-prefill-backend", "--dsa-decode-backend",
            "--cuda-graph-max-bs", "--acl-graph-decode-batch-size-limit", "--graph-decode-batch-size-limit",
            "--speculative-attention-mode", "--speculative-moe-runner-backend"),
        Idle(Takes.Values, Devices, "--cuda-graph-bs"),
        Idle(Takes.Switch, Devices, "--enforce-eager", "--disable-cuda-graph", "--disable-custom-all-reduce",
            "--enable-flashinfer-allreduce-fusion", "--enable-torch-compile", "--enable-graph", "--enable-mla",
            "--enable-shm", "--disable-shared-experts-fusion", "-O0", "-O1", "-O2", "-O3"),
    ];

    /// <summary>Flags whose value is an object: each of its fields is a flag of its own, joined by a dot.</summary>
    public static FrozenSet<string> Objects { get; } = new[] { "--speculative-config", "-sc" }.ToFrozenSet();

    private static SameAlias Same(string flag, params string[] spellings) => new(Takes.Value, flag, spellings);

    private static IdleAlias Idle(Takes takes, string reason, params string[] spellings) => new(takes, reason, spellings);

    private static IdleAlias Only(string reason, string[] accepted, params string[] spellings) =>
        new(Takes.Value, reason, spellings, accepted);

    private static AbsentAlias Absent(Takes takes, string instead, params string[] spellings) =>
        new(takes, instead, spellings);

    private static string? DraftMethod(string name) => name.ToUpperInvariant() switch
    {
        "MTP" or "DEEPSEEK_MTP" or "GLM_MOE_DSA_MTP" or "EAGLE" or "NEXTN" => "mtp",
        "NGRAM" => "ngram",
        _ => null,
    };

    private static string? OneLess(string count) =>
        int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int tokens) && tokens > 1
            ? (tokens - 1).ToString(CultureInfo.InvariantCulture)
            : null;
}
