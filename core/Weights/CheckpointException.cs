namespace Glm5.Core.Weights;

/// <summary>A checkpoint cannot be loaded; the message lists every reason at once.</summary>
public sealed class CheckpointException : Exception
{
    /// <param name="where">The folder or file.</param>
    /// <param name="problems">At least one sentence.</param>
    public CheckpointException(string where, IReadOnlyList<string> problems)
        : base(ProblemList.Describe(where, problems))
    {
        Where = where;
        Problems = problems;
    }

    /// <summary>The folder or file.</summary>
    public string Where { get; }

    /// <summary>One line per problem; many alike are one line.</summary>
    public IReadOnlyList<string> Problems { get; }
}

/// <summary>One safetensors file is damaged or hostile; the message lists every reason at once.</summary>
public sealed class SafetensorsException : Exception
{
    /// <param name="path">The file.</param>
    /// <param name="problems">At least one sentence.</param>
    public SafetensorsException(string path, IReadOnlyList<string> problems)
        : base(ProblemList.Describe(path, problems))
    {
        Problems = problems;
    }

    /// <summary>One line per problem.</summary>
    public IReadOnlyList<string> Problems { get; }
}
