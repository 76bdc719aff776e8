namespace Glm5.Core.Weights;

/// <summary>
/// The safetensors files of a folder and where each tensor is: one <c>model.safetensors</c>, or the shards an index
/// names. Only headers are read.
/// </summary>
internal sealed class CheckpointFiles
{
    /// <summary>All weights in one file.</summary>
    public const string SingleFile = "model.safetensors";

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, (int File, StoredTensor Tensor)> _tensors = new(StringComparer.Ordinal);

    private readonly FileReads _reads;

    private CheckpointFiles(FileReads reads) => _reads = reads;

    public IReadOnlyList<SafetensorsFile> Files => _files;

    public IReadOnlyDictionary<string, (int File, StoredTensor Tensor)> Tensors => _tensors;

    /// <summary>Whether a file is missing or damaged, so that missing tensors are its consequence.</summary>
    public bool Unreadable { get; private set; }

    /// <summary>
    /// Reads every header; what is wrong goes to <paramref name="problems"/>, what is odd to <paramref
    /// name="notices"/>.
    /// </summary>
    public static CheckpointFiles Open(string folder, FileReads reads, ProblemList problems, List<string> notices)
    {
        CheckpointFiles found = new(reads);
        string single = Path.Combine(folder, SingleFile);
        string index = Path.Combine(folder, ShardIndex.FileName);
        if (File.Exists(single))
        {
            found.OpenFile(single, problems, notices);
            if (File.Exists(index))
            {
                notices.Add($"both {SingleFile} and {ShardIndex.FileName} are present: the index is not used");
            }
        }
        else if (File.Exists(index))
        {
            found.OpenShards(folder, ShardIndex.Read(index, reads, problems), problems, notices);
        }
        else
        {
            problems.Add($"there is no {SingleFile} and no {ShardIndex.FileName}; is this the model's folder?");
        }

        return found;
    }

    private void OpenShards(
        string folder, Dictionary<string, string> index, ProblemList problems, List<string> notices)
    {
        SortedDictionary<string, int> tensorsByFile = new(StringComparer.Ordinal);
        foreach (string file in index.Values)
        {
            tensorsByFile[file] = tensorsByFile.GetValueOrDefault(file) + 1;
        }

        if (tensorsByFile.Count == 0 && problems.IsEmpty)
        {
            problems.Add($"{ShardIndex.FileName} names no tensor");
        }

        HashSet<string> unusable = new(StringComparer.Ordinal);
        foreach ((string file, int tensors) in tensorsByFile)
        {
            string path = Path.Combine(folder, file);
            if (!File.Exists(path))
            {
                problems.Add($"shard {TensorNameSet.Printable(file)} is missing: "
                    + $"{ShardIndex.FileName} places {tensors} tensors in it");
                unusable.Add(file);
                Unreadable = true;
            }
            else if (!OpenFile(path, problems, notices))
            {
                unusable.Add(file);
            }
        }

        CompareWithIndex(index, unusable, problems, notices);
    }

    private void CompareWithIndex(
        Dictionary<string, string> index, HashSet<string> unusable, ProblemList problems, List<string> notices)
    {
        foreach ((string tensor, string file) in index)
        {
            // A shard that is missing or damaged has its line; its tensors would be hundreds more.
            if (!unusable.Contains(file) && FileOf(tensor) != file)
            {
                problems.Add($"{ShardIndex.FileName} places", tensor,
                    $" in {TensorNameSet.Printable(file)}, which does not hold it");
            }
        }

        int unnamed = 0;
        foreach (string tensor in _tensors.Keys)
        {
            unnamed += index.ContainsKey(tensor) ? 0 : 1;
        }

        if (unnamed > 0)
        {
            notices.Add($"{unnamed} tensors are in the shards but not in {ShardIndex.FileName}");
        }

    }

    private string? FileOf(string tensor) =>
        _tensors.TryGetValue(tensor, out (int File, StoredTensor Tensor) at) ? _files[at.File].Name : null;

    private bool OpenFile(string path, ProblemList problems, List<string> notices)
    {
        SafetensorsFile file;
        try
        {
            file = SafetensorsFile.Open(path, _reads);
        }
        catch (SafetensorsException exception)
        {
            foreach (string problem in exception.Problems)
            {
                problems.Add($"{TensorNameSet.Printable(Path.GetFileName(path))}: {problem}");
            }

            Unreadable = true;
            return false;
        }

        foreach (string notice in file.Notices)
        {
            notices.Add($"{file.Name}: {notice}");
        }

        foreach (StoredTensor tensor in file.Tensors.Values)
        {
            if (!_tensors.TryAdd(tensor.Name, (_files.Count, tensor)))
            {
                problems.Add($"{file.Name} and {_files[_tensors[tensor.Name].File].Name} both hold", tensor.Name, "");
            }
        }

        _files.Add(file);
        return true;
    }
}
