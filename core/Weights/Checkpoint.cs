using System.Diagnostics.CodeAnalysis;
using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Weights.Formats;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Core.Weights;

/// <summary>How a checkpoint is opened.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Map the files (true), or read them into memory (false: for network storage that maps badly).</summary>
    public bool MapFiles { get; init; } = true;

    /// <summary>Receives the notices once, and every read that has to be repeated.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}

/// <summary>
/// A model folder whose config, headers and tensor inventory have been found right. Opening reads no weight; a file is
/// mapped when its first weight is asked for. Safe to use from several threads. Weights are valid until it is disposed.
/// </summary>
public sealed partial class Checkpoint : IWeightCatalog
{
    private readonly Dictionary<string, (int File, StoredTensor Tensor)> _tensors;
    private readonly Shard[] _shards;
    private readonly Fp8BlockQuantisation _block;

    private Checkpoint(
        string folder, ModelConfig config, Dictionary<string, (int File, StoredTensor Tensor)> tensors, Shard[] shards)
    {
        Folder = folder;
        Config = config;
        Files = Array.ConvertAll(shards, static shard => shard.File);
        _tensors = tensors;
        _shards = shards;
        _block = config.Quantisation ?? Fp8BlockQuantisation.Standard;
        foreach ((_, StoredTensor tensor) in tensors.Values)
        {
            TotalBytes += tensor.Length;
        }
    }

    public string Folder { get; }

    /// <summary>The model as these files can serve it: without a draft layer when they lack it.</summary>
    public ModelConfig Config { get; }

    /// <summary>generation_config.json, or no advice.</summary>
    public required GenerationDefaults Generation { get; init; }

    /// <summary>The files, in the order of their names.</summary>
    public IReadOnlyList<SafetensorsFile> Files { get; }

    /// <summary>
    /// What is odd but harmless, one sentence each: ignored tensors, an absent draft layer, unused bytes.
    /// </summary>
    public required IReadOnlyList<string> Notices { get; init; }

    /// <summary>Tensors the model uses, scales counted as tensors.</summary>
    public int TensorCount => _tensors.Count;

    /// <summary>Bytes of those tensors, draft layer and scales included.</summary>
    public long TotalBytes { get; }

    /// <summary>The files' storage, for <see cref="CheckpointReader"/>.</summary>
    internal ReadOnlySpan<Shard> Shards => _shards;

    /// <summary>Opens and checks a folder.</summary>
    /// <exception cref="CheckpointException">With every problem of the weights.</exception>
    /// <exception cref="ModelConfigException">With every problem of config.json.</exception>
    public static Checkpoint Open(string folder, CheckpointOptions? options = null)
    {
        options ??= new CheckpointOptions();
        FileReads reads = new(options.Logger, TimeProvider.System);
        ModelConfig config = ReadConfig(folder, reads);
        List<string> notices = [];
        GenerationDefaults generation = ReadGeneration(folder, reads, notices);

        ProblemList problems = new();
        CheckpointFiles files = CheckpointFiles.Open(folder, reads, problems, notices);
        if (files.Files.Count == 0)
        {
            throw new CheckpointException(folder, problems.ToLines());
        }

        (Dictionary<string, (int File, StoredTensor Tensor)> used, ModelConfig served) =
            CheckpointCheck.Run(config, files, problems, notices);
        QuantDescription.Check(folder, reads, used, problems);
        if (!problems.IsEmpty)
        {
            throw new CheckpointException(folder, problems.ToLines());
        }

        foreach (string notice in notices)
        {
            LogNotice(options.Logger, folder, notice);
        }

        return new Checkpoint(folder, served, used, Array.ConvertAll(
            [.. files.Files], file => new Shard(file, options.MapFiles, reads)))
        {
            Generation = generation,
            Notices = notices,
        };
    }

    /// <summary>Whether the model uses a tensor of that name and it can be asked for.</summary>
    public bool Contains(string name) => TryLocate(name, out _, out _);

    /// <summary>
    /// A whole tensor. A tied head answers with the embedding's bytes. Without mapping, what <see
    /// cref="CheckpointReader"/> has not read yet is read here.
    /// </summary>
    /// <exception cref="CheckpointException">The model has no such tensor, or its file shrank.</exception>
    public WeightSource Weight(string name)
    {
        if (!TryLocate(name, out Shard? shard, out StoredTensor tensor))
        {
            throw new CheckpointException(Folder, [$"{name} was asked for, but it is not a tensor of this model"]);
        }

        bool isVector = tensor.Shape.Length == 1;
        long columns = tensor.Shape[^1];
        return new WeightSource
        {
            Name = name,
            Type = tensor.Type.AsWeight()!.Value,
            Address = shard.AddressOf(tensor),
            Rows = isVector ? 1 : tensor.Shape[0],
            Columns = columns,
            RowStride = columns,
            Scales = tensor.Type switch
            {
                StoredType.F8E4M3 => BlockScalesOf(tensor.Name),
                StoredType.I8 => ChannelScalesOf(tensor.Name),
                _ => null,
            },
        };
    }

    /// <inheritdoc/>
    public ElementType? TypeOf(string name) =>
        _tensors.TryGetValue(name, out (int File, StoredTensor Tensor) at) ? at.Tensor.Type.AsWeight() : null;

    public void Dispose()
    {
        foreach (Shard shard in _shards)
        {
            shard.Dispose();
        }
    }

    private BlockScales BlockScalesOf(string weight)
    {
        (int file, StoredTensor scales) = _tensors[WeightNames.Scales(weight)];
        return new BlockScales(_shards[file].AddressOf(scales), _block.BlockRows, _block.BlockColumns, scales.Shape[1]);
    }

    /// <summary>A scale a row; zero points that are there have to be zero.</summary>
    private BlockScales ChannelScalesOf(string weight)
    {
        (int file, StoredTensor scales) = _tensors[WeightNames.ChannelScales(weight)];
        if (_tensors.TryGetValue(WeightNames.ChannelOffsets(weight), out (int File, StoredTensor Tensor) offsets)
            && MappedRegion.At(_shards[offsets.File].AddressOf(offsets.Tensor), checked((int)offsets.Tensor.Length))
                .ContainsAnyExcept((byte)0))
        {
            throw new CheckpointException(Folder,
            [
                $"{offsets.Tensor.Name} is not zero: weights are served that were quantised symmetrically "
                + "(msModelSlim: w_sym True)",
            ]);
        }

        return new BlockScales(_shards[file].AddressOf(scales), 1, ChannelScaled.AllColumns, 1);
    }

    private bool TryLocate(string name, [NotNullWhen(true)] out Shard? shard, out StoredTensor tensor)
    {
        bool found = _tensors.TryGetValue(name, out (int File, StoredTensor Tensor) at)
            || (name == WeightNames.Head && Config.TieWordEmbeddings
                && _tensors.TryGetValue(WeightNames.Embedding, out at));
        shard = found ? _shards[at.File] : null;
        tensor = at.Tensor;
        return found;
    }

    private static ModelConfig ReadConfig(string folder, FileReads reads)
    {
        string path = Path.Combine(folder, "config.json");
        if (!Directory.Exists(folder))
        {
            throw new CheckpointException(folder, ["there is no such folder"]);
        }

        try
        {
            return ModelConfig.Parse(reads.All(path), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(folder, [$"config.json cannot be read: {exception.Message}"]);
        }
    }

    private static GenerationDefaults ReadGeneration(string folder, FileReads reads, List<string> notices)
    {
        string path = Path.Combine(folder, "generation_config.json");
        if (!File.Exists(path))
        {
            return GenerationDefaults.None;
        }

        try
        {
            GenerationDefaults defaults = GenerationDefaults.Parse(reads.All(path));
            foreach (string ignored in defaults.Ignored)
            {
                notices.Add($"generation_config.json: not used: {ignored}");
            }

            return defaults;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            notices.Add($"generation_config.json cannot be read and is ignored: {exception.Message}");
            return GenerationDefaults.None;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Folder}: {Notice}")]
    private static partial void LogNotice(ILogger logger, string folder, string notice);
}
