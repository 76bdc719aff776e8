using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Weights.Formats;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Core.Weights;

/// <summary>
/// A model's weights without a byte of them: names, shapes and stored types, from a config.json alone or from a checkpoint's
/// headers. What it gives out can be cut and counted and must not be read.
/// </summary>
public sealed class WeightBlueprint : IWeightCatalog
{
    private readonly Dictionary<string, (TensorSpec Spec, ElementType Type)> _tensors = new(StringComparer.Ordinal);
    private readonly Fp8BlockQuantisation _block;

    private WeightBlueprint(ModelConfig config, Func<TensorSpec, ElementType?> typeOf)
    {
        Config = config;
        _block = config.Quantisation ?? Fp8BlockQuantisation.Standard;
        foreach (TensorSpec spec in TensorInventory.Expected(config))
        {
            if (typeOf(spec) is { } type)
                Add(spec, type);
        }
    }

    /// <inheritdoc/>
    public ModelConfig Config { get; }

    /// <inheritdoc/>
    public GenerationDefaults Generation { get; private init; } = GenerationDefaults.None;

    /// <inheritdoc/>
    public int TensorCount { get; private set; }

    /// <inheritdoc/>
    public long TotalBytes { get; private set; }

    /// <summary>
    /// The tensors of a published release with this config: BF16, and where it says that it is quantised, FP8 for the
    /// matrices that those releases convert.
    /// </summary>
    public static WeightBlueprint FromConfig(ModelConfig config)
    {
        ElementType matrices = config.Quantisation is null ? ElementType.BF16 : ElementType.F8E4M3;
        return new WeightBlueprint(config, spec => spec switch
        {
            { Role: TensorRole.RouterBias } => ElementType.F32,
            { Name: WeightNames.Head } when config.TieWordEmbeddings => null,
            { MayBeQuantised: true } => matrices,
            _ => ElementType.BF16,
        });
    }

    /// <summary>What other weights look like, without keeping hold of them.</summary>
    public static WeightBlueprint Of(IWeightCatalog weights) =>
        new(weights.Config, spec => weights.TypeOf(spec.Name)) { Generation = weights.Generation };

    /// <summary>
    /// Reads a config.json, or a folder: from the headers of its weights where they are all here, else from its
    /// config.json.
    /// </summary>
    /// <param name="path">The folder or the file.</param>
    /// <exception cref="CheckpointException">There is neither, or the weights that are here are damaged.</exception>
    /// <exception cref="ModelConfigException">config.json is not usable; lists every problem.</exception>
    public static WeightBlueprint Open(string path)
    {
        if (HasWeights(path))
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            return Of(checkpoint);
        }

        string config = Directory.Exists(path) ? Path.Combine(path, "config.json") : path;
        try
        {
            return FromConfig(ModelConfig.Parse(File.ReadAllBytes(config), config));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, [$"config.json cannot be read: {exception.Message}"]);
        }
    }

    /// <summary>True for a folder with every file of its weights, so that their headers are what counts.</summary>
    public static bool HasWeights(string path)
    {
        if (File.Exists(Path.Combine(path, CheckpointFiles.SingleFile)))
            return true;
        string index = Path.Combine(path, ShardIndex.FileName);
        if (!File.Exists(index))
            return false;
        ProblemList problems = new();
        Dictionary<string, string> files =
            ShardIndex.Read(index, new FileReads(NullLogger.Instance, TimeProvider.System), problems);
        foreach (string file in files.Values)
        {
            if (!File.Exists(Path.Combine(path, file)))
                return false;
        }

        return files.Count > 0 && problems.IsEmpty;
    }

    /// <inheritdoc/>
    public ElementType? TypeOf(string name) =>
        _tensors.TryGetValue(name, out (TensorSpec Spec, ElementType Type) tensor) ? tensor.Type : null;

    /// <inheritdoc/>
    public WeightSource Weight(string name)
    {
        bool found = _tensors.TryGetValue(name, out (TensorSpec Spec, ElementType Type) tensor)
            || (name == WeightNames.Head && Config.TieWordEmbeddings
                && _tensors.TryGetValue(WeightNames.Embedding, out tensor));
        return found
            ? Source(name, tensor.Spec, tensor.Type)
            : throw new CheckpointException("the model", [$"{name} was asked for, but it is not a tensor of this model"]);
    }

    /// <summary>Nothing is held.</summary>
    public void Dispose()
    {
    }

    private WeightSource Source(string name, TensorSpec spec, ElementType type) => new()
    {
        Name = name,
        Type = type,
        Address = 0,
        Rows = spec.Rows,
        Columns = spec.Columns,
        RowStride = spec.Columns,
        Scales = type != ElementType.F8E4M3
            ? null
            : new BlockScales(0, _block.BlockRows, _block.BlockColumns, ScaleShape(spec).Columns),
    };

    private void Add(TensorSpec spec, ElementType type)
    {
        _tensors.Add(spec.Name, (spec, type));
        TensorCount++;
        TotalBytes += spec.Rows * spec.Columns * type.Bytes();
        if (type != ElementType.F8E4M3)
            return;
        (long rows, long columns) = ScaleShape(spec);
        TensorCount++;
        TotalBytes += rows * columns * sizeof(float);
    }

    private (long Rows, long Columns) ScaleShape(TensorSpec spec) =>
        BlockScaled.ScaleShape(spec.Rows, spec.Columns, _block);
}
