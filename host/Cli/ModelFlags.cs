using System.CommandLine;
using System.CommandLine.Parsing;
using Glm5.Core;
using Glm5.Host.Serving;

namespace Glm5.Host.Cli;

/// <summary>The words that say which model runs on what, and how: one set for every command that loads one.</summary>
internal sealed class ModelFlags
{
    private readonly Argument<string> _model = new("model")
    {
        Description = $"The checkpoint's folder; without it the embedded {EmbeddedModel.Name}",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => EmbeddedModel.Name,
    };

    private readonly Option<string> _device = new("--device")
    {
        Description = "What to run on; auto takes the best that is present",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<int> _length = Count(
        "--max-model-len", "Longest context, prompt and answer together [default: the model's own]");
    private readonly Option<int> _sequences = Count("--max-num-seqs", "Most sequences that run at once", 64);
    private readonly Option<int> _batchedTokens = Count(
        "--max-num-batched-tokens", "Most tokens that a step computes", 512);
    private readonly Option<int> _waiting = Count("--max-num-waiting", "Most requests that wait; more get 503", 1024);
    private readonly Option<int> _ranks = Count("--tensor-parallel-size", "Ranks that share the model", 1, "-tp");
    private readonly Option<int> _threads = Count("--threads", "Threads that compute on a CPU [default: one a core]");
    private readonly Option<int> _blockSlots = Count(
        "--block-size", "Tokens in a block of the KV cache [default: what the device prefers]");

    private readonly Option<long> _kvBytes = WholeNumber.Option<long>(
        "--kv-cache-memory-bytes",
        "Bytes for the KV cache [default: what the sequences can need, within half of the free memory]",
        1, long.MaxValue, 0);

    private readonly Option<bool> _noPrefixCaching = new("--no-prefix-caching")
    {
        Description = "Compute every prompt whole, also where one begins like an earlier one",
    };

    private readonly Option<bool> _skipTokenizer = new("--skip-tokenizer-init")
    {
        Description = "Serve token ids in and out, without tokenizer and chat template",
    };

    private readonly Option<bool> _noMap = new("--no-mmap")
    {
        Description = "Read the weights into memory instead of mapping the files",
    };

    /// <summary>The folder in a parsed line.</summary>
    public string Folder(ParseResult line) => FolderOf(line.GetValue(_model)!);

    /// <summary>True when the line names a model itself.</summary>
    public bool NamesModel(CommandResult line) => line.GetResult(_model) is { Tokens.Count: > 0 };

    /// <summary>The device in a parsed line: a name of the catalog or <c>auto</c>.</summary>
    public string Device(ParseResult line) => line.GetValue(_device)!;

    /// <summary>Adds the words to a command.</summary>
    public void AddTo(Command command)
    {
        _device.AcceptOnlyFromAmong(BackendCatalog.DeviceNames);
        _model.Validators.Add(RequireFolder);
        command.Add(_model);
        Option[] options =
        [
            _device, _length, _sequences, _batchedTokens, _waiting, _ranks, _threads, _blockSlots, _kvBytes,
            _noPrefixCaching, _skipTokenizer, _noMap,
        ];
        foreach (Option option in options)
            command.Add(option);
    }

    /// <summary>The options in a parsed line.</summary>
    public ModelOptions Read(ParseResult line) => new()
    {
        Folder = Folder(line),
        Ranks = line.GetValue(_ranks),
        Threads = line.GetValue(_threads),
        MaxSequences = line.GetValue(_sequences),
        MaxBatchedTokens = line.GetValue(_batchedTokens),
        MaxModelLength = line.GetValue(_length),
        MaxWaiting = line.GetValue(_waiting),
        BlockSlots = line.GetValue(_blockSlots),
        KvBytes = line.GetValue(_kvBytes),
        PrefixCaching = !line.GetValue(_noPrefixCaching),
        SkipTokenizer = line.GetValue(_skipTokenizer),
        ReadInsteadOfMap = line.GetValue(_noMap),
    };

    private static Option<int> Count(string name, string description, int standard = 0, params string[] aliases) =>
        WholeNumber.Option(name, description, 1, int.MaxValue, standard, aliases);

    private static string FolderOf(string model) =>
        model == EmbeddedModel.Name && !Directory.Exists(model) ? EmbeddedModel.Folder : Path.GetFullPath(model);

    private static void RequireFolder(ArgumentResult result)
    {
        if (result.Tokens.Count == 0)
            return;
        string word = result.Tokens[0].Value;
        if (!Directory.Exists(FolderOf(word)))
        {
            result.AddError(File.Exists(word)
                ? $"'{word}' is a file; give the folder with config.json and the .safetensors files"
                : $"there is no folder '{word}'; give a checkpoint's folder, or nothing for the embedded "
                    + EmbeddedModel.Name);
        }
    }
}
