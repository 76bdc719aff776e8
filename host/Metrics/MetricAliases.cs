namespace Glm5.Host.Metrics;

/// <summary>
/// Names under which dashboards, autoscalers and gateways already look for a model server's figures: those of vLLM, SGLang,
/// xLLM and llama.cpp, and OpenTelemetry's for generative AI. Data alone. What another server counts and nothing here
/// corresponds to is left out rather than set to zero.
/// </summary>
internal static class MetricAliases
{
    private const string Running = "glm5_sequences_running", Waiting = "glm5_sequences_waiting";
    private const string BlocksUsed = "glm5_kv_blocks_used", Blocks = "glm5_kv_blocks_total";
    private const string Queried = "glm5_prefix_cache_queried_tokens_total", Hit = "glm5_prefix_cache_hit_tokens_total";
    private const string Prompt = "glm5_prompt_tokens_total", Generated = "glm5_generated_tokens_total";
    private const string Drafts = "glm5_draft_tokens_total", Accepted = "glm5_draft_tokens_accepted_total";
    private const string Preemptions = "glm5_preemptions_total", Finished = "glm5_requests_finished_total";
    private const string FirstToken = "glm5_request_time_to_first_token_seconds";
    private const string InterToken = "glm5_inter_token_latency_seconds";
    private const string PerToken = "glm5_request_time_per_output_token_seconds";
    private const string Duration = "glm5_request_duration_seconds", Queue = "glm5_queue_duration_seconds";
    private const string Rate = "glm5_generated_tokens_per_second", Steps = "glm5_step_duration_seconds_count";

    private static readonly Figure s_rounds = new(Drafts, "position", "1");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MetricAlias> All { get; } =
    [
        // vLLM.
        new CopiedMetric("vllm:num_requests_running", Running),
        new CopiedMetric("vllm:num_requests_waiting", Waiting),
        Share("vllm:kv_cache_usage_perc", BlocksUsed, Blocks),
        Share("vllm:gpu_cache_usage_perc", BlocksUsed, Blocks),
        new CopiedMetric("vllm:prefix_cache_queries_total", Queried),
        new CopiedMetric("vllm:prefix_cache_hits_total", Hit),
        Count("vllm:num_preemptions_total", "Sequences that gave their blocks up.", new Figure(Preemptions)),
        new CopiedMetric("vllm:prompt_tokens_total", Prompt),
        new CopiedMetric("vllm:generation_tokens_total", Generated),
        new CopiedMetric("vllm:iteration_tokens_total", "glm5_step_tokens"),
        new RelabelledMetric(
            "vllm:request_success_total", Finished, "finish_reason", "finished_reason", VllmReason,
            ": `tool_calls` as `stop`, `disconnected` as `abort`"),
        new CopiedMetric("vllm:request_prompt_tokens", "glm5_request_prompt_tokens"),
        new CopiedMetric("vllm:request_generation_tokens", "glm5_request_generated_tokens"),
        new CopiedMetric("vllm:time_to_first_token_seconds", FirstToken),
        new CopiedMetric("vllm:inter_token_latency_seconds", InterToken),
        new CopiedMetric("vllm:time_per_output_token_seconds", InterToken),
        new CopiedMetric("vllm:request_time_per_output_token_seconds", PerToken),
        new CopiedMetric("vllm:e2e_request_latency_seconds", Duration),
        new CopiedMetric("vllm:request_queue_time_seconds", Queue),
        new CopiedMetric("vllm:request_prefill_time_seconds", "glm5_prefill_duration_seconds"),
        new CopiedMetric("vllm:request_decode_time_seconds", "glm5_request_decode_duration_seconds"),
        Count("vllm:spec_decode_num_drafts_total", "Chains of drafts verified.", s_rounds),
        Count("vllm:spec_decode_num_draft_tokens_total", "Drafts verified.", new Figure(Drafts)),
        Count("vllm:spec_decode_num_accepted_tokens_total", "Drafts accepted.", new Figure(Accepted)),
        new RelabelledMetric(
            "vllm:spec_decode_num_accepted_tokens_per_pos_total", Accepted, "position", "position", OneLess, " from 0"),

        // SGLang.
        new CopiedMetric("sglang:num_running_reqs", Running),
        new CopiedMetric("sglang:num_queue_reqs", Waiting),
        Share("sglang:token_usage", BlocksUsed, Blocks),
        Share("sglang:cache_hit_rate", Hit, Queried),
        new CopiedMetric("sglang:gen_throughput", Rate),
        Share("sglang:spec_accept_length", [s_rounds, new Figure(Accepted)], s_rounds),
        Share("sglang:spec_accept_rate", Accepted, Drafts),
        new CopiedMetric("sglang:prompt_tokens_total", Prompt),
        new CopiedMetric("sglang:generation_tokens_total", Generated),
        new CopiedMetric("sglang:cached_tokens_total", Hit),
        Count("sglang:num_requests_total", "Answers ended.", new Figure(Finished)),
        new CopiedMetric("sglang:time_to_first_token_seconds", FirstToken),
        new CopiedMetric("sglang:inter_token_latency_seconds", InterToken),
        new CopiedMetric("sglang:e2e_request_latency_seconds", Duration),
        new CopiedMetric("sglang:queue_time_seconds", Queue),

        // xLLM.
        Count("server_request_in_total", "Answers ended.", new Figure(Finished)),
        new CopiedMetric("num_running_requests", Running),
        new CopiedMetric("num_waiting_requests", Waiting),
        Share("kv_cache_utilization_perc", BlocksUsed, Blocks),
        new CopiedMetric("num_blocks_in_prefix_cache", "glm5_kv_blocks_cached"),
        new CopiedMetric("time_to_first_token_latency_milliseconds", FirstToken, 1000),
        new CopiedMetric("inter_token_latency_milliseconds", InterToken, 1000),

        // llama.cpp.
        new CopiedMetric("llamacpp:requests_processing", Running),
        new CopiedMetric("llamacpp:requests_deferred", Waiting),
        new CopiedMetric("llamacpp:prompt_tokens_total", Prompt),
        new CopiedMetric("llamacpp:tokens_predicted_total", Generated),
        new CopiedMetric("llamacpp:predicted_tokens_seconds", Rate),
        Count("llamacpp:n_decode_total", "Steps.", new Figure(Steps)),
        Share("llamacpp:n_busy_slots_per_decode", [new Figure("glm5_step_sequences_sum")], new Figure(Steps)),

        // OpenTelemetry's conventions for generative AI.
        new CopiedMetric("gen_ai_server_request_duration_seconds", Duration),
        new CopiedMetric("gen_ai_server_time_to_first_token_seconds", FirstToken),
        new CopiedMetric("gen_ai_server_time_per_output_token_seconds", PerToken),
    ];

    private static ComputedMetric Count(string name, string help, Figure figure) => new(name, "counter", help, [figure]);

    private static ComputedMetric Share(string name, string part, string whole) =>
        Share(name, [new Figure(part)], new Figure(whole));

    private static ComputedMetric Share(string name, Figure[] part, Figure whole) =>
        new(name, "gauge", $"{string.Join(" + ", part)} / {whole}".Replace("`", "", StringComparison.Ordinal), part, whole);

    private static string VllmReason(string reason) => reason switch
    {
        "tool_calls" => "stop",
        "disconnected" => "abort",
        _ => reason,
    };

    private static string OneLess(string position) => int.TryParse(position, out int place) ? $"{place - 1}" : position;
}
