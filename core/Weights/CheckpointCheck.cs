using Glm5.Core.Model;
using Glm5.Core.Weights.Formats;

namespace Glm5.Core.Weights;

/// <summary>
/// Compares what the headers hold with what the model needs. A matrix is FP8 exactly when its header says F8_E4M3, and
/// then its block scales must be there; I8 exactly when it says I8, and then a scale a row; the config's list of unconverted modules is not consulted.
/// </summary>
internal sealed class CheckpointCheck
{
    private readonly ModelConfig _config;
    private readonly CheckpointFiles _files;
    private readonly ProblemList _problems;
    private readonly List<string> _notices;
    private readonly Dictionary<string, (int File, StoredTensor Tensor)> _used = new(StringComparer.Ordinal);

    private CheckpointCheck(ModelConfig config, CheckpointFiles files, ProblemList problems, List<string> notices)
    {
        _config = config;
        _files = files;
        _problems = problems;
        _notices = notices;
    }

    /// <returns>The tensors the model uses, by name, and the config with the draft layer taken out if the files lack
    /// it.</returns>
    public static (Dictionary<string, (int File, StoredTensor Tensor)> Used, ModelConfig Config) Run(
        ModelConfig config, CheckpointFiles files, ProblemList problems, List<string> notices)
    {
        ModelConfig served = WithoutAbsentDraft(config, files, notices);
        CheckpointCheck check = new(served, files, problems, notices);
        foreach (TensorSpec spec in TensorInventory.Expected(served))
        {
            check.Compare(spec);
        }

        check.NoteExtras();
        return (check._used, served);
    }

    /// <summary>
    /// A checkpoint may leave the draft layer out, but only as a whole: then it is served without drafting.
    /// </summary>
    private static ModelConfig WithoutAbsentDraft(ModelConfig config, CheckpointFiles files, List<string> notices)
    {
        if (config.DraftLayerCount == 0 || files.Unreadable)
        {
            return config;
        }

        foreach (TensorSpec spec in TensorInventory.OfLayer(config, config.LayerCount))
        {
            if (files.Tensors.ContainsKey(spec.Name))
            {
                return config;
            }
        }

        string draft = WeightNames.InLayer(config.LayerCount, "*");
        notices.Add($"config.json announces a draft layer, but no tensor {draft} is there: "
            + "the model is served without drafting");
        return config with { DraftLayerCount = 0 };
    }

    private void Compare(TensorSpec spec)
    {
        if (!_files.Tensors.TryGetValue(spec.Name, out (int File, StoredTensor Tensor) found))
        {
            bool tied = spec.Name == WeightNames.Head && _config.TieWordEmbeddings;
            if (!tied)
            {
                _problems.Add("missing", spec.Name, $": expected {spec.ShapeText}{AfterDamage()}");
            }

            return;
        }

        _used.Add(spec.Name, found);
        string file = _files.Files[found.File].Name;
        bool shapeFits = spec.IsVector
            ? found.Tensor.Shape is [var length] && length == spec.Columns
            : found.Tensor.Shape is [var rows, var columns] && rows == spec.Rows && columns == spec.Columns;
        if (!shapeFits)
        {
            _problems.Add("wrong shape of", spec.Name,
                $": expected {spec.ShapeText}, got {ShapeText(found.Tensor)}, in {file}");
        }

        if (!spec.Allows(found.Tensor.Type))
        {
            _problems.Add("wrong type of", spec.Name,
                $": expected {spec.AllowedTypes}, got {found.Tensor.Type.Name()}, in {file}");
        }
        else if (found.Tensor.Type == StoredType.F8E4M3)
        {
            CompareScales(spec);
        }
        else if (found.Tensor.Type == StoredType.I8)
        {
            CompareChannelScales(spec);
        }
    }

    private void CompareChannelScales(TensorSpec spec)
    {
        string name = WeightNames.ChannelScales(spec.Name);
        if (!_files.Tensors.TryGetValue(name, out (int File, StoredTensor Tensor) found))
        {
            _problems.Add("missing", name, $": an I8 matrix needs F32 scales [{spec.Rows}, 1]{AfterDamage()}");
            return;
        }

        CompareColumn(name, found, spec.Rows, [StoredType.F32], "F32");
        string offsets = WeightNames.ChannelOffsets(spec.Name);
        if (_files.Tensors.TryGetValue(offsets, out found))
        {
            CompareColumn(offsets, found, spec.Rows, [StoredType.F32, StoredType.BF16, StoredType.I8], "F32, BF16 or I8");
        }
    }

    /// <summary>[rows, 1] or [rows].</summary>
    private void CompareColumn(
        string name, (int File, StoredTensor Tensor) found, long rows, ReadOnlySpan<StoredType> types, string typeNames)
    {
        _used.Add(name, found);
        bool shapeFits = found.Tensor.Shape is [_] or [_, 1] && found.Tensor.Shape[0] == rows;
        if (!shapeFits || !types.Contains(found.Tensor.Type))
        {
            _problems.Add("wrong scales", name,
                $": expected {typeNames} [{rows}, 1], got {found.Tensor.Type.Name()} {ShapeText(found.Tensor)}, "
                + $"in {_files.Files[found.File].Name}");
        }
    }

    private void CompareScales(TensorSpec spec)
    {
        string name = WeightNames.Scales(spec.Name);
        (long rows, long columns) = BlockScaled.ScaleShape(
            spec.Rows, spec.Columns, _config.Quantisation ?? Fp8BlockQuantisation.Standard);
        if (!_files.Tensors.TryGetValue(name, out (int File, StoredTensor Tensor) found))
        {
            _problems.Add("missing", name, $": an F8_E4M3 matrix needs F32 scales [{rows}, {columns}]{AfterDamage()}");
            return;
        }

        _used.Add(name, found);
        bool shapeFits = found.Tensor.Shape is [var r, var c] && r == rows && c == columns;
        if (!shapeFits || found.Tensor.Type != StoredType.F32)
        {
            _problems.Add("wrong scales", name,
                $": expected F32 [{rows}, {columns}], got {found.Tensor.Type.Name()} {ShapeText(found.Tensor)}, "
                + $"in {_files.Files[found.File].Name}");
        }
    }

    private void NoteExtras()
    {
        TensorNameSet extras = new();
        int count = 0;
        foreach (string name in _files.Tensors.Keys)
        {
            if (!_used.ContainsKey(name) && !IsDraftCopy(name))
            {
                extras.Add(name);
                count++;
            }
        }

        if (count == 0)
        {
            return;
        }

        List<string> names = [];
        foreach ((string name, _) in extras.Condense())
        {
            if (names.Count == 10)
            {
                names.Add("...");
                break;
            }

            names.Add(name);
        }

        string are = count == 1 ? "tensor is" : "tensors are";
        _notices.Add($"{count} {are} not part of this model and ignored: {string.Join(", ", names)}");
    }

    private bool IsDraftCopy(string name)
    {
        foreach (string copy in WeightNames.DraftCopies)
        {
            if (name == WeightNames.InLayer(_config.LayerCount, copy))
            {
                return true;
            }
        }

        return false;
    }

    private string AfterDamage() => _files.Unreadable ? " (a file is missing or damaged, see above)" : "";

    private static string ShapeText(StoredTensor tensor) => $"[{string.Join(", ", tensor.Shape)}]";
}
