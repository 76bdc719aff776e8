using Glm5.Host.Cli.Flags;

namespace Glm5.Tests.Clients.Cli;

/// <summary>Commands that were written for vLLM, SGLang or xLLM, after the program's name.</summary>
[TestClass]
public sealed class OtherEnginesTests
{
    private const string Vllm =
        """
        serve zai-org/GLM-5-FP8 --tensor-parallel-size 8 --gpu-memory-utilization 0.85 --speculative-config.method mtp
        --speculative-config.num_speculative_tokens 1 --tool-call-parser glm47 --reasoning-parser glm45
        --enable-auto-tool-choice --served-model-name glm-5-fp8
        """;

    private const string Sglang =
        """
        --model-path zai-org/GLM-5-FP8 --tp-size 8 --tool-call-parser glm47 --reasoning-parser glm45
        --speculative-algorithm EAGLE --speculative-num-steps 3 --speculative-eagle-topk 1
        --speculative-num-draft-tokens 4 --mem-fraction-static 0.85 --served-model-name glm-5-fp8
        """;

    private const string Xllm =
        """
        --model=zai-org/GLM-5-FP8 --model_id=glm-5-fp8 --port=9000 --max_memory_utilization=0.85 --max_tokens_per_batch=4096
        --max_seqs_per_batch=16 --block_size=128 --enable_prefix_cache=true --enable_chunked_prefill
        --noenable_graph --enable_schedule_overlap=false --communication_backend=hccl --draft_model=/models/mtp
        --num_speculative_tokens=3 --ep_size=16 --dp_size=1 --tool_call_parser=auto --reasoning_parser=auto
        --nnodes=1 --node_rank=0 --master_node_addr=127.0.0.1:9748 --devices=npu:0
        """;

    private const string VllmAscend =
        """
        serve zai-org/GLM-5-FP8 --tensor-parallel-size 16 --enable-expert-parallel --max-num-seqs 16 --max-model-len 200000
        --max-num-batched-tokens 4096 --gpu-memory-utilization 0.95 --quantization ascend --enable-chunked-prefill
        --enable-prefix-caching --additional-config '{"multistream_overlap_shared_expert": true}'
        --compilation-config '{"cudagraph_mode":"FULL_DECODE_ONLY"}' --trust-remote-code --seed 1024
        --speculative-config '{"num_speculative_tokens":3,"method":"deepseek_mtp","enforce_eager":true}'
        """;

    [TestMethod]
    public void The_vllm_command_of_the_models_page_is_understood()
    {
        ParsedLine line = ParsedLine.Of(Vllm);
        Assert.AreEqual("zai-org/GLM-5-FP8", line.Value<string>("model"));
        Assert.AreEqual(8, line.Value<int>("--tensor-parallel-size"));
        Assert.AreEqual(0.85, line.Value<double>("--gpu-memory-utilization"));
        Assert.AreEqual(1, line.Value<int>("--num-speculative-tokens"));
        CollectionAssert.AreEqual(new[] { "glm-5-fp8" }, line.Value<string[]>("--served-model-name"));
        Assert.AreEqual(
            "--enable-auto-tool-choice --reasoning-parser --tool-call-parser", Idle(line));
        Assert.IsFalse(line.Notes.Any(note => note.HasEffect));
    }

    [TestMethod]
    public void The_sglang_command_of_the_models_page_is_understood()
    {
        ParsedLine line = ParsedLine.Of(Sglang);
        Assert.AreEqual("zai-org/GLM-5-FP8", line.Value<string>("model"));
        Assert.AreEqual(8, line.Value<int>("--tensor-parallel-size"));
        Assert.AreEqual(0.85, line.Value<double>("--gpu-memory-utilization"));
        Assert.AreEqual(3, line.Value<int>("--num-speculative-tokens"));
        Assert.AreEqual(
            "--reasoning-parser --speculative-eagle-topk --tool-call-parser", Idle(line));
    }

    [TestMethod]
    public void The_flags_of_an_xllm_script_are_understood()
    {
        ParsedLine line = ParsedLine.Of(Xllm);
        Assert.AreEqual("zai-org/GLM-5-FP8", line.Value<string>("model"));
        Assert.AreEqual(9000, line.Value<int>("--port"));
        Assert.AreEqual(16, line.Value<int>("--max-num-seqs"));
        Assert.AreEqual(4096, line.Value<int>("--max-num-batched-tokens"));
        Assert.AreEqual(128, line.Value<int>("--block-size"));
        Assert.AreEqual(3, line.Value<int>("--num-speculative-tokens"));
        CollectionAssert.AreEqual(new[] { "glm-5-fp8" }, line.Value<string[]>("--served-model-name"));
    }

    [TestMethod]
    public void The_command_for_ascend_is_understood_with_its_objects_in_json()
    {
        ParsedLine line = ParsedLine.Of(VllmAscend);
        Assert.AreEqual(3, line.Value<int>("--num-speculative-tokens"));
        Assert.AreEqual(200_000, line.Value<int>("--max-model-len"));
        Assert.Contains("--speculative-config.enforce_eager", Idle(line));
        Assert.Contains("--compilation-config", Idle(line));
    }

    [TestMethod]
    [DataRow("--speculative-config.method mtp", "mtp", 2, 5)]
    [DataRow("""--speculative-config '{"method": "ngram", "prompt_lookup_max": 4, "num_speculative_tokens": 5}'""", "ngram", 2, 4)]
    [DataRow("--speculative-algorithm NGRAM --speculative-ngram-min-match-window-size 1 --speculative-ngram-max-match-window-size 12", "ngram", 1, 12)]
    [DataRow("--speculative-config.method ngram --speculative-config.prompt_lookup_max 1", "ngram", 2, 1)]
    public void Who_drafts_is_said_in_every_spelling(string words, string method, int shortest, int longest)
    {
        ParsedLine line = ParsedLine.Of(words);
        Assert.AreEqual(method, line.Value<string>("--speculative-method"));
        Assert.AreEqual((shortest, longest), (line.Value<int>("--prompt-lookup-min"), line.Value<int>("--prompt-lookup-max")));
        Assert.IsEmpty(line.Notes);
    }

    [TestMethod]
    [DataRow("--kv-offloading-size 4", 4L << 30)]
    [DataRow("--hicache-size 0.5", 1L << 29)]
    [DataRow("--host-cache-gib=1.5", 3L << 29)]
    public void Host_memory_for_prefixes_is_given_in_gib(string words, long bytes) =>
        Assert.AreEqual(bytes, ParsedLine.Of(words).Value<long>("--host-cache-gib"));

    [TestMethod]
    [DataRow("--enable-prefix-caching", false)]
    [DataRow("--no-enable-prefix-caching", true)]
    [DataRow("--enable_prefix_cache=false", true)]
    [DataRow("--noenable_prefix_cache", true)]
    [DataRow("--disable-radix-cache", true)]
    [DataRow("--disable-radix-cache=false", false)]
    public void The_prefix_cache_is_switched_in_every_spelling(string words, bool isOff)
    {
        ParsedLine line = ParsedLine.Of(words);
        Assert.AreEqual(isOff, line.Value<bool>("--no-prefix-caching"));
        Assert.IsEmpty(line.Notes);
    }

    [TestMethod]
    [DataRow("org/m --served-model-name a b", "org/m", "a b")]
    [DataRow("--served-model-name a b org/m", "org/m", "a b")]
    [DataRow("--model org/m --served-model-name a b", "org/m", "a b")]
    [DataRow("--served-model-name a --port 1 org/m", "org/m", "a")]
    [DataRow("--served-model-name a --served-model-name b", "glm5-nano", "a b")]
    [DataRow("--api-key k org/m --served-model-name a", "org/m", "a")]
    public void Several_names_in_a_row_leave_the_model_alone(string words, string model, string names)
    {
        ParsedLine line = ParsedLine.Of(words);
        Assert.AreEqual(model, line.Value<string>("model"));
        Assert.AreEqual(names, string.Join(' ', line.Value<string[]>("--served-model-name")!));
    }

    [TestMethod]
    [DataRow("--tool-call-parser hermes", "expected auto, glm, glm4_moe, glm45, glm47 or glm5")]
    [DataRow("--reasoning-parser deepseek_r1", "expected auto, glm45, glm47 or glm5")]
    [DataRow("--enable-dp-attention", "--tensor-parallel-size counts the ranks of one group")]
    [DataRow("--nnodes=16", "--nnodes is '16'; expected 1")]
    [DataRow("--speculative-algorithm STANDALONE", "expected mtp, deepseek_mtp")]
    [DataRow("--prompt-lookup-min 4 --speculative-config.prompt_lookup_max 3", "the first must not be larger")]
    [DataRow("--speculative-eagle-topk 4", "expected 1")]
    [DataRow("--speculative-num-draft-tokens 1", "expected at least 2")]
    [DataRow("--num_speculative_tokens=8", "expected a whole number from 0 to 7 (given as --num_speculative_tokens)")]
    [DataRow("--mem-fraction-static 85", "expected a number above 0 and up to 1, such as 0.85 (given as --mem-fraction-static)")]
    [DataRow("--chunked-prefill-size -1", "expected a number of tokens")]
    [DataRow("--lora-modules a=b c=d", "--lora-modules is 'a=b c=d'; expected nothing: adapters are not implemented")]
    [DataRow("--ssl-ca-certs k", "put a proxy in front of the server")]
    [DataRow("--enable-disagg-pd", "prefill and decode are not split")]
    [DataRow("--speculative-config mtp", "expected a JSON object")]
    [DataRow("--enable-chunked-prefill=perhaps", "expected true or false")]
    [DataRow("--max-running-requests", "--max-running-requests needs a value")]
    [DataRow("--model a/b --model-path a/c", "contradict each other: they mean model a/b and a/c")]
    [DataRow("a/b --model a/c", "contradict each other")]
    [DataRow("--max-num-seqs 3 --max-running-requests 4", "--max-num-seqs 3 and --max-running-requests 4 contradict")]
    [DataRow("--enable-prefix-caching --disable-radix-cache", "contradict each other: they mean --no-prefix-caching")]
    [DataRow("--port 1 --port 2", "--port 1 and --port 2 contradict each other; give one")]
    [DataRow("--speculative-num-steps 3 --speculative-num-draft-tokens 8", "they mean --num-speculative-tokens 3 and 7")]
    public void A_value_that_means_nothing_here_is_refused_with_what_is_accepted(string words, string sentence) =>
        Assert.Contains(sentence, ParsedLine.ErrorsOf(words));

    [TestMethod]
    [DataRow("--max-num-seq 3", "--max-num-seqs")]
    [DataRow("--tensor-parralel-size 8", "--tensor-parallel-size")]
    [DataRow("--tp-sise 8", "--tp-size")]
    [DataRow("--tool_cal_parser=glm47", "--tool-call-parser")]
    [DataRow("--shutdown", "--shutdown-timeout")]
    public void An_unknown_flag_is_refused_with_the_nearest_that_is_known(string words, string near) =>
        Assert.AreEqual($"{words.Split(' ', '=')[0]} is not known; did you mean {near}?", ParsedLine.ErrorsOf(words));

    [TestMethod]
    public void All_errors_of_a_line_are_told_at_once() =>
        Assert.HasCount(3, ParsedLine.ErrorsOf("--nnodes 2 --no-such-thing --tool-call-parser x").Split('\n'));

    [TestMethod]
    public void The_same_value_twice_is_no_contradiction() =>
        Assert.AreEqual(4, ParsedLine.Of("--tp 4 -tp 4 --tensor_parallel_size=4").Value<int>("--tensor-parallel-size"));

    [TestMethod]
    [DataRow("200k", 200_000)]
    [DataRow("128K", 131_072)]
    [DataRow("1m", 1_000_000)]
    [DataRow("4096", 4096)]
    public void Lengths_may_be_in_thousands(string word, int tokens) =>
        Assert.AreEqual(tokens, ParsedLine.Of($"--max-model-len {word}").Value<int>("--max-model-len"));

    [TestMethod]
    [DataRow("9999999g")]
    [DataRow("k")]
    [DataRow("1kk")]
    public void A_length_that_is_no_number_is_refused(string word) =>
        Assert.Contains("expected a whole number", ParsedLine.ErrorsOf($"--max-model-len {word}"));

    [TestMethod]
    public void Every_spelling_is_in_the_table_once()
    {
        string[] spellings = [.. Aliases.All.SelectMany(alias => alias.Spellings)];
        Assert.AreEqual("", string.Join(' ', spellings.GroupBy(s => s).Where(s => s.Count() > 1).Select(s => s.Key)));
        Assert.AreEqual("", string.Join(' ', spellings.Where(s => s[0] != '-' || s.Contains('_'))));
        var own = new Vocabulary(ParsedLine.Of("").Command);
        foreach (SameAlias same in Aliases.All.OfType<SameAlias>().Where(same => same.Flag != Given.Model))
            Assert.AreEqual(same.Flag, own.Find(same.Flag)?.Own, string.Join(' ', same.Spellings));
    }

    [TestMethod]
    public void Docs_list_every_spelling_with_its_meaning()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "other-engines.md"));
        string table = string.Join('\n', Aliases.All.Select(alias =>
            $"| {string.Join(", ", alias.Spellings.Select(spelling => $"`{spelling}`"))} | {alias.Here} |"));
        Assert.Contains(table, page, $"the table of docs/other-engines.md has to be:\n{table}\n");
    }

    private static string Idle(ParsedLine line) => string.Join(
        ' ', line.Notes.Where(note => !note.HasEffect).Select(note => note.Spelling).Order(StringComparer.Ordinal));
}
